#include "actors/training/successors.h"

#define HASHED_BYTES_MIN 192u /* a class of the heap; doubled from there */

struct block {
    uint32_t fanout;
    uint32_t capacity;
    uint32_t total;
    uint32_t stamp;
    struct cairn_successor entries[];
};

static struct block *block_at(const struct cairn_heap *heap, cairn_ref ref)
{
    return cairn_heap_at(heap, ref);
}

static bool is_list(const struct block *block)
{
    return block->capacity <= CAIRN_SUCCESSORS_LIST_MAX;
}

static uint64_t bytes_of(uint32_t capacity)
{
    return sizeof(struct block) + (uint64_t)capacity * sizeof(struct cairn_successor);
}

/* 2, 3, 4, 6, 9 in a list; then what fits into 192, 384, 768 ... bytes. */
static uint32_t next_capacity(uint32_t capacity)
{
    if (capacity < CAIRN_SUCCESSORS_LIST_MAX)
        return capacity + (capacity + 1) / 2 - (capacity == 3);
    uint64_t bytes = HASHED_BYTES_MIN;
    while (bytes < bytes_of(capacity + 1))
        bytes *= 2;
    return (uint32_t)((bytes - sizeof(struct block)) / sizeof(struct cairn_successor));
}

static cairn_ref create(struct cairn_heap *heap, uint32_t capacity)
{
    cairn_ref ref = cairn_heap_alloc(heap, bytes_of(capacity));
    if (ref != 0)
        block_at(heap, ref)->capacity = capacity;
    return ref;
}

cairn_ref cairn_successors_create(struct cairn_heap *heap, struct cairn_successor first)
{
    cairn_ref ref = create(heap, 2);
    if (ref == 0)
        return 0;
    struct block *block = block_at(heap, ref);
    block->fanout = 1;
    block->total = first.count;
    block->entries[0] = first;
    return ref;
}

void cairn_successors_destroy(struct cairn_heap *heap, cairn_ref ref)
{
    cairn_heap_free(heap, ref, bytes_of(block_at(heap, ref)->capacity));
}

/* Ids are dense: a multiplication spreads them (Knuth 6.4). */
static uint32_t home_of(const struct block *block, uint32_t token)
{
    uint32_t hash = (token + 1) * UINT32_C(2654435769);
    return (uint32_t)((uint64_t)hash * block->capacity >> 32);
}

/* The entry of `token`, or the empty one where it belongs. A list may be full: then NULL. */
static struct cairn_successor *probe(struct block *block, uint32_t token)
{
    if (is_list(block)) {
        uint32_t i = 0;
        while (i < block->fanout && block->entries[i].token != token)
            i++;
        return i < block->capacity ? &block->entries[i] : NULL;
    }
    uint32_t slot = home_of(block, token);
    while (block->entries[slot].count != 0 && block->entries[slot].token != token)
        slot = slot + 1 == block->capacity ? 0 : slot + 1;
    return &block->entries[slot];
}

struct cairn_successor *cairn_successors_find(const struct cairn_heap *heap, cairn_ref ref,
                                              uint32_t token)
{
    struct cairn_successor *entry = probe(block_at(heap, ref), token);
    return entry != NULL && entry->count != 0 ? entry : NULL;
}

static bool has_room(const struct block *block)
{
    if (is_list(block))
        return block->fanout < block->capacity;
    return block->fanout < block->capacity - block->capacity / 8;
}

static cairn_ref enlarge(struct cairn_heap *heap, cairn_ref ref)
{
    cairn_ref larger = create(heap, next_capacity(block_at(heap, ref)->capacity));
    if (larger == 0)
        return 0;
    const struct block *old = block_at(heap, ref);
    struct block *block = block_at(heap, larger);
    for (uint32_t i = 0; i < old->capacity; i++) {
        if (old->entries[i].count == 0)
            continue;
        *probe(block, old->entries[i].token) = old->entries[i];
        block->fanout++;
    }
    block->total = old->total;
    cairn_successors_destroy(heap, ref);
    return larger;
}

cairn_ref cairn_successors_add(struct cairn_heap *heap, cairn_ref ref, uint32_t token,
                               uint32_t reference, uint32_t stamp)
{
    struct block *block = block_at(heap, ref);
    struct cairn_successor *entry = probe(block, token);
    if (entry == NULL || (entry->count == 0 && !has_room(block))) {
        ref = enlarge(heap, ref);
        if (ref == 0)
            return 0;
        block = block_at(heap, ref);
        entry = probe(block, token);
    }
    if (entry->count == 0) {
        *entry = (struct cairn_successor){.token = token, .reference = reference};
        block->fanout++;
    }
    entry->count++;
    block->total++;
    block->stamp = stamp;
    return ref;
}

/* Move back what probing pushed past the gap at `hole`, until an entry is empty (Knuth 6.4, R). */
static void close_gap(struct block *block, uint32_t hole)
{
    uint32_t capacity = block->capacity;
    for (uint32_t at = (hole + 1) % capacity; block->entries[at].count != 0;
         at = (at + 1) % capacity) {
        uint32_t home = home_of(block, block->entries[at].token);
        if ((at + capacity - home) % capacity < (at + capacity - hole) % capacity)
            continue;
        block->entries[hole] = block->entries[at];
        hole = at;
    }
    block->entries[hole] = (struct cairn_successor){0};
}

uint32_t cairn_successors_remove(struct cairn_heap *heap, cairn_ref ref, uint32_t token,
                                 uint32_t stamp)
{
    struct block *block = block_at(heap, ref);
    struct cairn_successor *entry = cairn_successors_find(heap, ref, token);
    cairn_assert(entry != NULL);
    block->stamp = stamp;
    block->total--;
    if (--entry->count > 0)
        return block->fanout;

    block->fanout--;
    if (is_list(block)) {
        *entry = block->entries[block->fanout];
        block->entries[block->fanout] = (struct cairn_successor){0};
    } else {
        close_gap(block, (uint32_t)(entry - block->entries));
    }
    return block->fanout;
}

struct cairn_successors cairn_successors_view(const struct cairn_heap *heap, cairn_ref ref)
{
    const struct block *block = block_at(heap, ref);
    return (struct cairn_successors){.entries = block->entries,
                                     .slots = is_list(block) ? block->fanout : block->capacity,
                                     .fanout = block->fanout,
                                     .total = block->total,
                                     .stamp = block->stamp,
                                     .block = ref};
}

void cairn_successors_prefetch(const struct cairn_heap *heap, cairn_ref ref)
{
    __builtin_prefetch(block_at(heap, ref));
}

void cairn_successors_prefetch_entry(const struct cairn_heap *heap, cairn_ref ref, uint32_t token)
{
    const struct block *block = block_at(heap, ref);
    if (!is_list(block))
        __builtin_prefetch(&block->entries[home_of(block, token)]);
}
