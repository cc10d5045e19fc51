#include "actors/training/generator.h"

#include <errno.h>
#include <stdlib.h>

#include "actors/training/tokens.h"
#include "runtime/base/heap_names.h"

/* The last `order` symbols in front of token `at`. */
static void prefix_of(const struct cairn_generator_text *text, uint32_t at, uint32_t order,
                      uint32_t *prefix)
{
    for (uint32_t i = 0; i < order; i++) {
        uint32_t back = order - i;
        prefix[i] = back > at ? CAIRN_CHAIN_BEGIN : text->tokens[at - back];
    }
}

uint32_t cairn_generator_start(const struct cairn_generator *generator, struct cairn_slice start,
                               uint32_t *tokens)
{
    cairn_ref words = cairn_corpus_of(generator->space)->words;
    uint32_t order = cairn_chain_order(generator->heap, generator->chain);
    struct cairn_generator_text text = {.tokens = tokens};
    struct cairn_slice token;
    while (text.count < order && cairn_tokens_next(&start, &token)) {
        tokens[text.count] = cairn_heap_names_find(generator->space, words, token);
        if (tokens[text.count++] == 0)
            return 0;
    }
    uint32_t prefix[CAIRN_CHAIN_ORDER_MAX];
    struct cairn_successors successors;
    prefix_of(&text, text.count, order, prefix);
    bool is_known = cairn_chain_find(generator->heap, generator->chain, prefix, &successors);
    return is_known ? text.count : 0;
}

static const struct cairn_successor *draw(const struct cairn_generator *generator,
                                          const struct cairn_successors *successors,
                                          struct cairn_random *random)
{
    uint64_t epoch = cairn_chain_epoch(generator->heap, generator->chain);
    uint64_t chain = generator->serial << 32 | epoch;
    if (!generator->is_ordered)
        return cairn_draws_pick(generator->draws, chain, successors, random);
    struct cairn_order_words words = {.heap = generator->space,
                                      .words = cairn_corpus_of(generator->space)->words};
    return cairn_draws_pick_ordered(generator->draws, chain, successors, &words, random);
}

int cairn_generator_walk(const struct cairn_generator *generator, struct cairn_random *random,
                         uint32_t words_max, struct cairn_generator_text *text)
{
    uint32_t order = cairn_chain_order(generator->heap, generator->chain);
    text->count = text->start_count;
    text->steps = 0;
    text->score = 0;
    while (text->count < words_max) {
        uint32_t prefix[CAIRN_CHAIN_ORDER_MAX];
        struct cairn_successors successors;
        prefix_of(text, text->count, order, prefix);
        /* Whatever a trained transition leads to has a successor, the end at least. */
        bool is_known = cairn_chain_find(generator->heap, generator->chain, prefix, &successors);
        cairn_assert(is_known);
        const struct cairn_successor *next = draw(generator, &successors, random);
        if (next == NULL)
            return -ENOMEM;
        text->references[text->steps++] = next->reference;
        text->score += successors.fanout - 1;
        if (next->token == CAIRN_CHAIN_END)
            break;
        text->tokens[text->count++] = next->token;
    }
    return 0;
}

/* The message that step `at` refers to now. */
static uint64_t reference_of(const struct cairn_generator *generator,
                             const struct cairn_generator_text *text, uint32_t at)
{
    struct cairn_forward_message message;
    cairn_ref forward = cairn_corpus_of(generator->space)->forward;
    uint32_t reference = text->references[at];
    if (cairn_forward_at(generator->space, forward, reference, &message))
        return message.seq;

    /* It was forgotten. Its place says where to look from: nothing before it had the transition. */
    uint32_t order = cairn_chain_order(generator->heap, generator->chain);
    uint32_t place = text->start_count + at;
    uint32_t next = place < text->count ? text->tokens[place] : CAIRN_CHAIN_END;
    uint32_t prefix[CAIRN_CHAIN_ORDER_MAX];
    prefix_of(text, place, order, prefix);
    bool is_there = cairn_corpus_find_transition(generator->space, reference, generator->channel,
                                                 prefix, order, next, &message);
    cairn_assert(is_there);
    cairn_chain_refer(generator->heap, generator->chain, prefix, next, message.ordinal);
    return message.seq;
}

static int compare_seqs(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

uint32_t cairn_generator_references(const struct cairn_generator *generator,
                                    const struct cairn_generator_text *text, uint64_t *seqs)
{
    for (uint32_t i = 0; i < text->steps; i++)
        seqs[i] = reference_of(generator, text, i);
    qsort(seqs, text->steps, sizeof(*seqs), compare_seqs);
    uint32_t count = 0;
    for (uint32_t i = 0; i < text->steps; i++) {
        if (count == 0 || seqs[count - 1] != seqs[i])
            seqs[count++] = seqs[i];
    }
    return count;
}

static struct cairn_slice word_at(const struct cairn_generator *generator,
                                  const struct cairn_generator_text *text, uint32_t at)
{
    return cairn_heap_names_text(generator->space, cairn_corpus_of(generator->space)->words,
                                 text->tokens[at]);
}

uint64_t cairn_generator_bytes(const struct cairn_generator *generator,
                               const struct cairn_generator_text *text)
{
    uint64_t bytes = text->count == 0 ? 0 : text->count - 1;
    for (uint32_t i = 0; i < text->count; i++)
        bytes += word_at(generator, text, i).bytes;
    return bytes;
}

void cairn_generator_write(const struct cairn_generator *generator,
                           const struct cairn_generator_text *text, struct cairn_buffer *buffer)
{
    for (uint32_t i = 0; i < text->count; i++) {
        if (i > 0)
            cairn_buffer_append_byte(buffer, ' ');
        cairn_buffer_append_slice(buffer, word_at(generator, text, i));
    }
}
