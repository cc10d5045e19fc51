#include "actors/training/training_internal.h"
#include "runtime/base/heap_names.h"

/* What kind of item a hash is of: no item of one kind is an item of another. */
enum item { ITEM_TRANSITION = 1, ITEM_MESSAGE, ITEM_SHAPE };

#define BEGIN_HASH UINT64_C(0x6e69676562) /* stands for the symbol before a message */
#define END_HASH   UINT64_C(0x646e65)

struct context {
    const struct cairn_heap *heap;
    struct cairn_corpus corpus;
    uint64_t space; /* hash of its name */
    struct cairn_digest *digest;
};

static void add_item(const struct context *context, enum item kind, const uint64_t *words,
                     size_t count)
{
    struct cairn_digest item =
        cairn_digest_item(words, count * sizeof(*words), context->space + kind);
    cairn_digest_add(context->digest, item);
}

static uint64_t hash_of(const struct context *context, uint32_t symbol)
{
    if (symbol == CAIRN_CHAIN_BEGIN)
        return BEGIN_HASH;
    if (symbol == CAIRN_CHAIN_END)
        return END_HASH;
    return cairn_heap_names_hash(context->heap, context->corpus.words, symbol);
}

static void add_prefix(const struct context *context, const uint32_t *prefix, uint32_t order,
                       const struct cairn_successors *successors)
{
    uint64_t words[CAIRN_CHAIN_ORDER_MAX + 2];
    for (uint32_t i = 0; i < order; i++)
        words[i] = hash_of(context, prefix[i]);
    for (uint32_t i = 0; i < successors->slots; i++) {
        if (successors->entries[i].count == 0)
            continue;
        words[order] = hash_of(context, successors->entries[i].token);
        words[order + 1] = successors->entries[i].count;
        add_item(context, ITEM_TRANSITION, words, order + 2);
    }
}

static void add_chain(const struct context *context)
{
    uint32_t order = cairn_chain_order(context->heap, context->corpus.chain);
    struct cairn_paged_table_cursor cursor = {0};
    struct cairn_successors successors;
    const uint32_t *prefix;
    while ((prefix = cairn_chain_next(context->heap, context->corpus.chain, &cursor,
                                      &successors)) != NULL)
        add_prefix(context, prefix, order, &successors);
}

static void add_messages(const struct context *context)
{
    struct cairn_forward_cursor cursor = {0};
    struct cairn_forward_message message;
    while (cairn_forward_next(context->heap, context->corpus.forward, &cursor, &message)) {
        uint64_t channel =
            message.channel == 0
                ? 0
                : cairn_heap_names_hash(context->heap, context->corpus.channels, message.channel);
        uint64_t words[] = {message.seq, channel, cairn_corpus_hash(context->heap, message.tokens)};
        add_item(context, ITEM_MESSAGE, words, sizeof(words) / sizeof(*words));
    }
}

/* Defaults are not state: a space whose settings nobody told adds nothing. */
static void add_shape(const struct context *context)
{
    if (cairn_shape_count(context->heap, context->corpus.shape) == 0)
        return;
    struct cairn_shape shape =
        cairn_shape_now(context->heap, context->corpus.shape, context->corpus.state_size_default);
    uint64_t words[] = {shape.state_size, shape.channel_chains};
    add_item(context, ITEM_SHAPE, words, sizeof(words) / sizeof(*words));
}

void cairn_training_digest(const struct cairn_projection_space *space, struct cairn_digest *digest)
{
    struct context context = {.heap = &space->heap,
                              .corpus = *cairn_corpus_of(&space->heap),
                              .space = cairn_hash64_slice(space->name),
                              .digest = digest};
    add_chain(&context);
    add_messages(&context);
    add_shape(&context);
}
