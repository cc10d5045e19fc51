#include "actors/training/chain.h"

#include <errno.h>

#define SEVERAL UINT32_MAX /* in place of a token: the record's reference is a block */

#define VALUE_WORDS 3u
static_assert(sizeof(struct cairn_successor) == VALUE_WORDS * sizeof(uint32_t),
              "a record's value is a successor");

struct chain {
    cairn_ref prefixes; /* table: prefix -> struct cairn_successor */
    uint32_t order;
    uint32_t stamp; /* last one given to a block */
    uint32_t epoch; /* counts the times that stamps began anew */
};

static struct chain *chain_at(const struct cairn_heap *heap, cairn_ref ref)
{
    return cairn_heap_at(heap, ref);
}

cairn_ref cairn_chain_create(struct cairn_heap *heap, uint32_t order)
{
    cairn_assert(order >= 1 && order <= CAIRN_CHAIN_ORDER_MAX);
    cairn_ref ref = cairn_heap_alloc(heap, sizeof(struct chain));
    cairn_ref prefixes = ref == 0 ? 0 : cairn_paged_table_create(heap, order, VALUE_WORDS);
    if (prefixes == 0) {
        cairn_heap_free(heap, ref, sizeof(struct chain));
        return 0;
    }
    *chain_at(heap, ref) = (struct chain){.prefixes = prefixes, .order = order};
    return ref;
}

static const struct cairn_successor *value_of(const struct chain *chain, const uint32_t *record)
{
    return (const struct cairn_successor *)(const void *)(record + chain->order);
}

void cairn_chain_destroy(struct cairn_heap *heap, cairn_ref ref)
{
    if (ref == 0)
        return;
    struct chain *chain = chain_at(heap, ref);
    struct cairn_paged_table_cursor cursor = {0};
    const uint32_t *record;
    while ((record = cairn_paged_table_next(heap, chain->prefixes, &cursor)) != NULL) {
        if (value_of(chain, record)->token == SEVERAL)
            cairn_successors_destroy(heap, value_of(chain, record)->reference);
    }
    cairn_paged_table_destroy(heap, chain->prefixes);
    cairn_heap_free(heap, ref, sizeof(*chain));
}

uint32_t cairn_chain_order(const struct cairn_heap *heap, cairn_ref ref)
{
    return chain_at(heap, ref)->order;
}

uint32_t cairn_chain_epoch(const struct cairn_heap *heap, cairn_ref ref)
{
    return chain_at(heap, ref)->epoch;
}

uint64_t cairn_chain_prefix_count(const struct cairn_heap *heap, cairn_ref ref)
{
    return cairn_paged_table_count(heap, chain_at(heap, ref)->prefixes);
}

static uint32_t next_stamp(struct cairn_heap *heap, cairn_ref ref)
{
    struct chain *chain = chain_at(heap, ref);
    if (++chain->stamp == 0)
        chain->epoch++;
    return chain->stamp;
}

static struct cairn_successor *find_value(const struct cairn_heap *heap, cairn_ref ref,
                                          const uint32_t *prefix, uint64_t hash)
{
    void *value = cairn_paged_table_find(heap, chain_at(heap, ref)->prefixes, prefix, hash);
    return value;
}

static int add_prefix(struct cairn_heap *heap, cairn_ref ref, const uint32_t *prefix, uint64_t hash,
                      struct cairn_successor first)
{
    void *value = cairn_paged_table_add(heap, chain_at(heap, ref)->prefixes, prefix, hash);
    if (value == NULL)
        return -ENOMEM;
    memcpy(value, &first, sizeof(first));
    return 0;
}

/* The record has one successor and gets a second: both move into a block. */
static int add_second(struct cairn_heap *heap, cairn_ref ref, const uint32_t *prefix, uint64_t hash,
                      struct cairn_successor second)
{
    struct cairn_successor first = *find_value(heap, ref, prefix, hash);
    cairn_ref block = cairn_successors_create(heap, first);
    if (block == 0)
        return -ENOMEM;
    cairn_ref filled =
        cairn_successors_add(heap, block, second.token, second.reference, next_stamp(heap, ref));
    cairn_assert(filled == block);
    *find_value(heap, ref, prefix, hash) =
        (struct cairn_successor){.token = SEVERAL, .reference = block};
    return 0;
}

static int add_further(struct cairn_heap *heap, cairn_ref ref, const uint32_t *prefix,
                       uint64_t hash, cairn_ref block, struct cairn_successor added)
{
    uint32_t stamp = next_stamp(heap, ref);
    cairn_ref moved = cairn_successors_add(heap, block, added.token, added.reference, stamp);
    if (moved == 0)
        return -ENOMEM;
    if (moved != block)
        find_value(heap, ref, prefix, hash)->reference = moved;
    return 0;
}

/* `value` is the prefix's record, NULL if there is none. */
static int add_one(struct cairn_heap *heap, cairn_ref ref, const uint32_t *prefix, uint64_t hash,
                   struct cairn_successor *value, struct cairn_successor added)
{
    if (value == NULL)
        return add_prefix(heap, ref, prefix, hash, added);
    if (value->token == SEVERAL)
        return add_further(heap, ref, prefix, hash, value->reference, added);
    if (value->token != added.token)
        return add_second(heap, ref, prefix, hash, added);
    value->count++;
    return 0;
}

/* What is known of a window before it is counted. */
struct lookups {
    uint32_t moves; /* of the table, when they were made */
    uint64_t hashes[CAIRN_CHAIN_WINDOW_MAX];
    uint64_t offsets[CAIRN_CHAIN_WINDOW_MAX]; /* of the prefixes' records in the heap; 0: none */
};

/* A chain is larger than the processor's caches: ask for all records of a window, then for their
 * blocks, then for the entries in them, before the first is used. */
static void look_up(const struct cairn_heap *heap, cairn_ref ref, const uint32_t *symbols,
                    uint32_t count, struct lookups *lookups)
{
    const struct chain *chain = chain_at(heap, ref);
    cairn_ref blocks[CAIRN_CHAIN_WINDOW_MAX];
    lookups->moves = cairn_paged_table_moves(heap, chain->prefixes);
    for (uint32_t i = 0; i < count; i++) {
        lookups->hashes[i] = cairn_paged_table_hash(symbols + i, chain->order);
        cairn_paged_table_prefetch(heap, chain->prefixes, lookups->hashes[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct cairn_successor *value =
            find_value(heap, ref, symbols + i, lookups->hashes[i]);
        lookups->offsets[i] = value == NULL ? 0 : (uint64_t)((const uint8_t *)value - heap->base);
        blocks[i] = value != NULL && value->token == SEVERAL ? value->reference : 0;
        if (blocks[i] != 0)
            cairn_successors_prefetch(heap, blocks[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (blocks[i] != 0)
            cairn_successors_prefetch_entry(heap, blocks[i], symbols[i + chain->order]);
    }
}

/* The record found before; looked for again if it was not there yet, or may have moved. */
static struct cairn_successor *found_value(const struct cairn_heap *heap, cairn_ref ref,
                                           const uint32_t *prefix, const struct lookups *lookups,
                                           uint32_t i)
{
    uint32_t moves = cairn_paged_table_moves(heap, chain_at(heap, ref)->prefixes);
    if (lookups->offsets[i] == 0 || lookups->moves != moves)
        return find_value(heap, ref, prefix, lookups->hashes[i]);
    return (struct cairn_successor *)(void *)(heap->base + lookups->offsets[i]);
}

int cairn_chain_add(struct cairn_heap *heap, cairn_ref ref, const uint32_t *symbols, uint32_t count,
                    uint32_t reference)
{
    cairn_assert(count <= CAIRN_CHAIN_WINDOW_MAX);
    uint32_t order = cairn_chain_order(heap, ref);
    struct lookups lookups;
    look_up(heap, ref, symbols, count, &lookups);
    for (uint32_t i = 0; i < count; i++) {
        struct cairn_successor added = {
            .token = symbols[i + order], .count = 1, .reference = reference};
        struct cairn_successor *value = found_value(heap, ref, symbols + i, &lookups, i);
        int result = add_one(heap, ref, symbols + i, lookups.hashes[i], value, added);
        if (result < 0) {
            cairn_chain_remove(heap, ref, symbols, i);
            return result;
        }
    }
    return 0;
}

/* Back from a block to a plain record: what is left is one successor. */
static void unblock(struct cairn_heap *heap, struct cairn_successor *value)
{
    cairn_ref block = value->reference;
    struct cairn_successors left = cairn_successors_view(heap, block);
    uint32_t i = 0;
    while (left.entries[i].count == 0)
        i++;
    *value = left.entries[i];
    cairn_successors_destroy(heap, block);
}

static void remove_one(struct cairn_heap *heap, cairn_ref ref, const uint32_t *prefix,
                       uint64_t hash, uint32_t token)
{
    struct cairn_successor *value = find_value(heap, ref, prefix, hash);
    cairn_assert(value != NULL);
    if (value->token == SEVERAL) {
        uint32_t stamp = next_stamp(heap, ref);
        if (cairn_successors_remove(heap, value->reference, token, stamp) == 1)
            unblock(heap, value);
        return;
    }
    cairn_assert(value->token == token && value->count > 0);
    if (--value->count == 0)
        cairn_paged_table_remove(heap, chain_at(heap, ref)->prefixes, prefix, hash);
}

void cairn_chain_remove(struct cairn_heap *heap, cairn_ref ref, const uint32_t *symbols,
                        uint32_t count)
{
    uint32_t order = cairn_chain_order(heap, ref);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t hash = cairn_paged_table_hash(symbols + i, order);
        remove_one(heap, ref, symbols + i, hash, symbols[i + order]);
    }
}

static struct cairn_successors view_of(const struct cairn_heap *heap,
                                       const struct cairn_successor *value)
{
    if (value->token == SEVERAL)
        return cairn_successors_view(heap, value->reference);
    return (struct cairn_successors){
        .entries = value, .slots = 1, .fanout = 1, .total = value->count};
}

bool cairn_chain_find(const struct cairn_heap *heap, cairn_ref ref, const uint32_t *prefix,
                      struct cairn_successors *successors)
{
    uint64_t hash = cairn_paged_table_hash(prefix, cairn_chain_order(heap, ref));
    const struct cairn_successor *value = find_value(heap, ref, prefix, hash);
    if (value == NULL)
        return false;
    *successors = view_of(heap, value);
    return true;
}

void cairn_chain_refer(struct cairn_heap *heap, cairn_ref ref, const uint32_t *prefix,
                       uint32_t token, uint32_t reference)
{
    uint64_t hash = cairn_paged_table_hash(prefix, cairn_chain_order(heap, ref));
    struct cairn_successor *value = find_value(heap, ref, prefix, hash);
    cairn_assert(value != NULL);
    if (value->token == SEVERAL)
        value = cairn_successors_find(heap, value->reference, token);
    cairn_assert(value != NULL && value->token == token);
    value->reference = reference;
}

const uint32_t *cairn_chain_next(const struct cairn_heap *heap, cairn_ref ref,
                                 struct cairn_paged_table_cursor *cursor,
                                 struct cairn_successors *successors)
{
    const struct chain *chain = chain_at(heap, ref);
    const uint32_t *record = cairn_paged_table_next(heap, chain->prefixes, cursor);
    if (record != NULL)
        *successors = view_of(heap, value_of(chain, record));
    return record;
}
