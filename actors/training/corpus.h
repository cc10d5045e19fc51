/* actors/training/corpus.h: what a space has learned: its words, its messages and their chain.
 *
 *     words     token -> id, held once per occurrence         (runtime/base/heap_names.h)
 *     channels  channel -> id, held once per message
 *     forward   each message as ids, by sequence              (forward.h)
 *     texts     which texts are trained                       (texts.h)
 *     chain     transitions of the whole space, counted       (chain.h)
 *     shape     settings events                               (shape.h)
 *
 * Adding a message and removing it leaves no trace: counts, words and texts are what they would be
 * had it never been, and the bytes of a word that nobody uses any more are overwritten.
 *
 * Ownership   The corpus is the root of its heap.
 * Context     One owner, as the heap.
 * Errors      -ENOMEM: the heap is full, the corpus is as it was. Removing allocates nothing.
 * Cost        O(tokens) a message, independent of the corpus.
 */
#pragma once

#include "actors/training/chain.h"
#include "actors/training/forward.h"
#include "actors/training/shape.h"

struct cairn_corpus {
    cairn_ref words;
    cairn_ref channels;
    cairn_ref forward;
    cairn_ref texts;
    cairn_ref chain;
    cairn_ref shape;
    uint64_t tokens;             /* trained occurrences; below 2^32, so that no count overflows */
    uint32_t state_size_default; /* where no settings event says one */
    uint32_t unchanneled;        /* messages without a channel */
};

static inline struct cairn_corpus *cairn_corpus_of(const struct cairn_heap *heap)
{
    return (struct cairn_corpus *)cairn_heap_at(heap, cairn_heap_root(heap));
}

/* Build an empty corpus in an empty heap. */
int cairn_corpus_create(struct cairn_heap *heap, uint32_t state_size_default);

/* Learn a text. 1; 0 if it has no words; `seq` is above all before. */
int cairn_corpus_add(struct cairn_heap *heap, uint64_t seq, struct cairn_slice channel,
                     struct cairn_slice text);
/* Unlearn a message that cairn_forward_find found. */
void cairn_corpus_remove(struct cairn_heap *heap, const struct cairn_forward_message *message);

/* Give the chain another order, made from the messages. */
int cairn_corpus_set_state_size(struct cairn_heap *heap, uint32_t state_size);

/* Whether a trained message consists of exactly these tokens. */
bool cairn_corpus_has_text(const struct cairn_heap *heap, const uint32_t *tokens, uint32_t count);

/* The first message from `ordinal` on, of this channel (0: of any), with this transition. False if
 * there is none. O(corpus). */
bool cairn_corpus_find_transition(const struct cairn_heap *heap, uint32_t ordinal, uint32_t channel,
                                  const uint32_t *prefix, uint32_t order, uint32_t next,
                                  struct cairn_forward_message *found);

/* A hash of a message's tokens in their order, the same everywhere. */
uint64_t cairn_corpus_hash(const struct cairn_heap *heap, struct cairn_forward_reader tokens);
