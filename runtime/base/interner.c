#include "runtime/base/interner.h"

#include "runtime/base/hash.h"

#define SLOTS_MIN   16u
#define ENTRIES_MIN 8u

struct interner {
    cairn_ref slots; /* u32 ids, open addressing, a power of two, at most 3/4 full */
    uint32_t slot_count;
    cairn_ref entries; /* struct entry, id - 1 */
    uint32_t entry_capacity;
    uint32_t count;
    uint32_t reserved;
};

struct entry {
    uint32_t hash;
    cairn_ref text; /* u32 length, then the bytes */
};

static struct interner *interner_at(const struct cairn_heap *heap, cairn_ref ref)
{
    return cairn_heap_at(heap, ref);
}

static struct slot_view {
    uint32_t *slots;
    struct entry *entries;
    uint32_t mask;
} view_of(const struct cairn_heap *heap, cairn_ref ref)
{
    const struct interner *interner = interner_at(heap, ref);
    return (struct slot_view){.slots = cairn_heap_at(heap, interner->slots),
                              .entries = cairn_heap_at(heap, interner->entries),
                              .mask = interner->slot_count - 1};
}

static struct cairn_slice text_at(const struct cairn_heap *heap, cairn_ref ref)
{
    const uint8_t *block = cairn_heap_at(heap, ref);
    return cairn_slice(block + 4, cairn_load_u32(block));
}

cairn_ref cairn_interner_create(struct cairn_heap *heap)
{
    cairn_ref slots = cairn_heap_alloc(heap, SLOTS_MIN * sizeof(uint32_t));
    cairn_ref entries = cairn_heap_alloc(heap, ENTRIES_MIN * sizeof(struct entry));
    cairn_ref ref = cairn_heap_alloc(heap, sizeof(struct interner));
    if (slots == 0 || entries == 0 || ref == 0)
        return 0;
    *interner_at(heap, ref) = (struct interner){
        .slots = slots, .slot_count = SLOTS_MIN, .entries = entries, .entry_capacity = ENTRIES_MIN};
    return ref;
}

/* The slot that holds `text`, or the empty one where it belongs. */
static uint32_t probe(const struct cairn_heap *heap, const struct slot_view *view, uint32_t hash,
                      struct cairn_slice text)
{
    uint32_t slot = hash & view->mask;
    while (view->slots[slot] != 0) {
        const struct entry *entry = &view->entries[view->slots[slot] - 1];
        if (entry->hash == hash && cairn_slice_equal(text_at(heap, entry->text), text))
            break;
        slot = (slot + 1) & view->mask;
    }
    return slot;
}

static bool grow_slots(struct cairn_heap *heap, cairn_ref ref)
{
    uint32_t slot_count = interner_at(heap, ref)->slot_count * 2;
    cairn_ref slots = cairn_heap_alloc(heap, (uint64_t)slot_count * sizeof(uint32_t));
    if (slots == 0)
        return false;
    struct interner *interner = interner_at(heap, ref);
    cairn_heap_free(heap, interner->slots, (uint64_t)interner->slot_count * sizeof(uint32_t));
    interner->slots = slots;
    interner->slot_count = slot_count;

    struct slot_view view = view_of(heap, ref);
    for (uint32_t id = 1; id <= interner->count; id++) {
        uint32_t slot = view.entries[id - 1].hash & view.mask;
        while (view.slots[slot] != 0)
            slot = (slot + 1) & view.mask;
        view.slots[slot] = id;
    }
    return true;
}

static bool ensure_room(struct cairn_heap *heap, cairn_ref ref)
{
    struct interner *interner = interner_at(heap, ref);
    if ((interner->count + 1) * UINT64_C(4) > interner->slot_count * UINT64_C(3) &&
        !grow_slots(heap, ref))
        return false;

    interner = interner_at(heap, ref);
    if (interner->count < interner->entry_capacity)
        return true;
    uint64_t bytes = interner->entry_capacity * sizeof(struct entry);
    cairn_ref entries = cairn_heap_grow(heap, interner->entries, bytes, bytes * 2);
    if (entries == 0)
        return false;
    interner = interner_at(heap, ref);
    interner->entries = entries;
    interner->entry_capacity *= 2;
    return true;
}

uint32_t cairn_interner_add(struct cairn_heap *heap, cairn_ref ref, struct cairn_slice text)
{
    uint32_t hash = (uint32_t)cairn_hash64_slice(text);
    struct slot_view view = view_of(heap, ref);
    uint32_t slot = probe(heap, &view, hash, text);
    if (view.slots[slot] != 0)
        return view.slots[slot];

    if (text.bytes > UINT32_MAX - 8 || !ensure_room(heap, ref))
        return 0;
    cairn_ref block = cairn_heap_alloc(heap, 4 + text.bytes);
    if (block == 0)
        return 0;
    uint8_t *bytes = cairn_heap_at(heap, block);
    cairn_store_u32(bytes, (uint32_t)text.bytes);
    if (text.bytes > 0)
        memcpy(bytes + 4, text.data, text.bytes);

    view = view_of(heap, ref);
    slot = probe(heap, &view, hash, text);
    uint32_t id = ++interner_at(heap, ref)->count;
    view.entries[id - 1] = (struct entry){.hash = hash, .text = block};
    view.slots[slot] = id;
    return id;
}

uint32_t cairn_interner_find(const struct cairn_heap *heap, cairn_ref ref, struct cairn_slice text)
{
    struct slot_view view = view_of(heap, ref);
    return view.slots[probe(heap, &view, (uint32_t)cairn_hash64_slice(text), text)];
}

struct cairn_slice cairn_interner_text(const struct cairn_heap *heap, cairn_ref ref, uint32_t id)
{
    cairn_assert(id >= 1 && id <= interner_at(heap, ref)->count);
    return text_at(heap, view_of(heap, ref).entries[id - 1].text);
}

uint32_t cairn_interner_count(const struct cairn_heap *heap, cairn_ref ref)
{
    return interner_at(heap, ref)->count;
}
