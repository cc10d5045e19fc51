#include "runtime/base/heap_table.h"

#include <errno.h>

#define SLOTS_MIN 8u
#define SLOTS_MAX (1u << 30)

struct slot {
    uint64_t key;
    uint32_t value; /* 0: the slot is empty */
    uint32_t reserved;
};

struct table {
    cairn_ref slots;
    uint32_t slot_count; /* a power of two */
    uint32_t count;
    uint32_t reserved;
};

static struct table *table_at(const struct cairn_heap *heap, cairn_ref ref)
{
    return cairn_heap_at(heap, ref);
}

static struct slot *slots_of(const struct cairn_heap *heap, const struct table *table)
{
    return cairn_heap_at(heap, table->slots);
}

/* Sequence numbers come densely: spread them (the finalizer of splitmix64). */
static uint32_t home_of(uint64_t key, uint32_t slot_count)
{
    key = (key ^ (key >> 30)) * 0xbf58476d1ce4e5b9u;
    key = (key ^ (key >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)(key ^ (key >> 31)) & (slot_count - 1);
}

cairn_ref cairn_heap_table_create(struct cairn_heap *heap)
{
    cairn_ref ref = cairn_heap_alloc(heap, sizeof(struct table));
    if (ref == 0)
        return 0;
    cairn_ref slots = cairn_heap_alloc(heap, SLOTS_MIN * sizeof(struct slot));
    if (slots == 0) {
        cairn_heap_free(heap, ref, sizeof(struct table));
        return 0;
    }
    *table_at(heap, ref) = (struct table){.slots = slots, .slot_count = SLOTS_MIN};
    return ref;
}

static void place(struct slot *slots, uint32_t slot_count, uint64_t key, uint32_t value)
{
    uint32_t at = home_of(key, slot_count);
    while (slots[at].value != 0)
        at = (at + 1) & (slot_count - 1);
    slots[at] = (struct slot){.key = key, .value = value};
}

static int rebuild(struct cairn_heap *heap, cairn_ref ref, uint32_t slot_count)
{
    cairn_ref slots = cairn_heap_alloc(heap, (uint64_t)slot_count * sizeof(struct slot));
    if (slots == 0)
        return -ENOMEM;
    struct table *table = table_at(heap, ref);
    const struct slot *old = slots_of(heap, table);
    for (uint32_t i = 0; i < table->slot_count; i++) {
        if (old[i].value != 0)
            place(cairn_heap_at(heap, slots), slot_count, old[i].key, old[i].value);
    }
    cairn_heap_free(heap, table->slots, (uint64_t)table->slot_count * sizeof(struct slot));
    table->slots = slots;
    table->slot_count = slot_count;
    return 0;
}

int cairn_heap_table_reserve(struct cairn_heap *heap, cairn_ref ref, uint32_t count)
{
    const struct table *table = table_at(heap, ref);
    uint64_t wanted = (uint64_t)table->count + count;
    uint64_t slot_count = table->slot_count;
    while (wanted * 4 > slot_count * 3)
        slot_count *= 2;
    if (slot_count > SLOTS_MAX)
        return -ENOMEM;
    return slot_count == table->slot_count ? 0 : rebuild(heap, ref, (uint32_t)slot_count);
}

int cairn_heap_table_add(struct cairn_heap *heap, cairn_ref ref, uint64_t key, uint32_t value)
{
    cairn_assert(value != 0);
    int result = cairn_heap_table_reserve(heap, ref, 1);
    if (result < 0)
        return result;
    struct table *table = table_at(heap, ref);
    place(slots_of(heap, table), table->slot_count, key, value);
    table->count++;
    return 0;
}

/* The cursor counts the slots that were looked at. */
uint32_t cairn_heap_table_find(const struct cairn_heap *heap, cairn_ref ref, uint64_t key,
                               uint32_t *cursor)
{
    const struct table *table = table_at(heap, ref);
    const struct slot *slots = slots_of(heap, table);
    uint32_t home = home_of(key, table->slot_count);
    while (*cursor < table->slot_count) {
        const struct slot *slot = &slots[(home + *cursor) & (table->slot_count - 1)];
        if (slot->value == 0)
            return 0;
        (*cursor)++;
        if (slot->key == key)
            return slot->value;
    }
    return 0;
}

void cairn_heap_table_prefetch(const struct cairn_heap *heap, cairn_ref ref, uint64_t key)
{
    const struct table *table = table_at(heap, ref);
    __builtin_prefetch(&slots_of(heap, table)[home_of(key, table->slot_count)]);
}

uint32_t cairn_heap_table_get(const struct cairn_heap *heap, cairn_ref ref, uint64_t key)
{
    uint32_t cursor = 0;
    return cairn_heap_table_find(heap, ref, key, &cursor);
}

/* Move back what probing pushed past the gap at `hole`, until a slot is empty (Knuth 6.4, R). */
static void close_gap(struct slot *slots, uint32_t slot_count, uint32_t hole)
{
    uint32_t mask = slot_count - 1;
    for (uint32_t at = (hole + 1) & mask; slots[at].value != 0; at = (at + 1) & mask) {
        uint32_t distance = (at - home_of(slots[at].key, slot_count)) & mask;
        if (distance < ((at - hole) & mask))
            continue;
        slots[hole] = slots[at];
        hole = at;
    }
    slots[hole] = (struct slot){0};
}

bool cairn_heap_table_remove(struct cairn_heap *heap, cairn_ref ref, uint64_t key, uint32_t value)
{
    struct table *table = table_at(heap, ref);
    struct slot *slots = slots_of(heap, table);
    uint32_t mask = table->slot_count - 1;
    uint32_t at = home_of(key, table->slot_count);
    while (slots[at].value != 0 && (slots[at].key != key || slots[at].value != value))
        at = (at + 1) & mask;
    if (slots[at].value == 0)
        return false;
    close_gap(slots, table->slot_count, at);
    table->count--;
    return true;
}

uint32_t cairn_heap_table_next(const struct cairn_heap *heap, cairn_ref ref, uint32_t *cursor)
{
    const struct table *table = table_at(heap, ref);
    const struct slot *slots = slots_of(heap, table);
    while (*cursor < table->slot_count) {
        uint32_t value = slots[(*cursor)++].value;
        if (value != 0)
            return value;
    }
    return 0;
}

uint32_t cairn_heap_table_count(const struct cairn_heap *heap, cairn_ref ref)
{
    return table_at(heap, ref)->count;
}
