/* actors/training/generator.h: texts from a chain, and what they were made of.
 *
 * A walk starts at the beginning of a message, or at given words, and draws each next token by its
 * count until a message ends or `words_max` is reached: there the text is cut. The score is the sum
 * over the drawn steps of (distinct successors - 1): how often it could have gone elsewhere.
 *
 * Ownership   Borrows everything; the caller gives room for the tokens.
 * Context     One owner, the space's.
 * Errors      -ENOMEM: no memory for a draw.
 * Cost        A walk: a lookup and a draw a word. References: see cairn_generator_references.
 * Source      features.md, R1 and R2.
 */
#pragma once

#include "actors/training/corpus.h"
#include "actors/training/draws.h"

struct cairn_generator {
    const struct cairn_heap *space; /* the words, and the messages behind references */
    struct cairn_heap *heap;        /* the chain's; may be the space's */
    cairn_ref chain;
    uint64_t serial;  /* tells the chain apart, for draws */
    uint32_t channel; /* whose messages references may name; 0: all */
    struct cairn_draws *draws;
    bool is_ordered; /* draws are a function of strings and counts */
};

struct cairn_generator_text {
    uint32_t *tokens; /* the caller's, room for words_max (at least the start's) */
    uint32_t
        *references; /* the caller's, as many: where each drawn step was first seen, by ordinal */
    uint32_t count;
    uint32_t start_count; /* tokens in front that were given, not drawn */
    uint32_t steps;       /* drawn: the tokens behind the start, and the end if it was reached */
    uint64_t score;
};

/* The words a walk may start with: the first ones of `start`, as many as the chain's order. Fills
 * tokens[CAIRN_CHAIN_ORDER_MAX] and returns how many; 0 if the chain has nothing to go on from. Fewer
 * words than the order are a start only where a message begins with them. */
uint32_t cairn_generator_start(const struct cairn_generator *generator, struct cairn_slice start,
                               uint32_t *tokens);

/* One text. text->tokens holds the start; `references` has room for words_max + 1. */
int cairn_generator_walk(const struct cairn_generator *generator, struct cairn_random *random,
                         uint32_t words_max, struct cairn_generator_text *text);

/* The sequences of trained messages that have the drawn transitions: the earliest of each, sorted,
 * each once. `seqs` has room for text->steps. Returns how many. A reference whose message was
 * forgotten is looked up by going along the messages, once: O(corpus) at worst. */
uint32_t cairn_generator_references(const struct cairn_generator *generator,
                                    const struct cairn_generator_text *text, uint64_t *seqs);

/* The text's words with a space between them. */
void cairn_generator_write(const struct cairn_generator *generator,
                           const struct cairn_generator_text *text, struct cairn_buffer *buffer);
uint64_t cairn_generator_bytes(const struct cairn_generator *generator,
                               const struct cairn_generator_text *text);
