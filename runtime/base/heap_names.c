#include "runtime/base/heap_names.h"

#include "runtime/base/hash.h"
#include "runtime/base/heap_table.h"

#define ENTRIES_MIN    8u
#define TEXT_BYTES_MAX (1u << 30)

struct entry {
    uint64_t hash;
    cairn_ref text; /* u32 length, then the bytes; of a free entry: the id of the next free one */
    uint32_t holds; /* 0: the entry is free */
};

struct names {
    cairn_ref ids;     /* table: hash of the text -> id */
    cairn_ref entries; /* struct entry, by id - 1 */
    uint32_t capacity;
    uint32_t count; /* highest id ever given */
    uint32_t free;  /* first free id, 0: none */
    uint32_t held;
};

static struct names *names_at(const struct cairn_heap *heap, cairn_ref ref)
{
    return cairn_heap_at(heap, ref);
}

static struct entry *entry_at(const struct cairn_heap *heap, cairn_ref ref, uint32_t id)
{
    const struct names *names = names_at(heap, ref);
    cairn_assert(id >= 1 && id <= names->count);
    struct entry *entries = cairn_heap_at(heap, names->entries);
    return &entries[id - 1];
}

static struct cairn_slice text_at(const struct cairn_heap *heap, cairn_ref text)
{
    const uint8_t *block = cairn_heap_at(heap, text);
    return cairn_slice(block + 4, cairn_load_u32(block));
}

cairn_ref cairn_heap_names_create(struct cairn_heap *heap)
{
    cairn_ref ref = cairn_heap_alloc(heap, sizeof(struct names));
    cairn_ref ids = ref == 0 ? 0 : cairn_heap_table_create(heap);
    cairn_ref entries = ids == 0 ? 0 : cairn_heap_alloc(heap, ENTRIES_MIN * sizeof(struct entry));
    if (entries == 0)
        return 0;
    *names_at(heap, ref) = (struct names){.ids = ids, .entries = entries, .capacity = ENTRIES_MIN};
    return ref;
}

static uint32_t find(const struct cairn_heap *heap, cairn_ref ref, uint64_t hash,
                     struct cairn_slice text)
{
    cairn_ref ids = names_at(heap, ref)->ids;
    uint32_t cursor = 0;
    uint32_t id;
    while ((id = cairn_heap_table_find(heap, ids, hash, &cursor)) != 0) {
        if (cairn_slice_equal(text_at(heap, entry_at(heap, ref, id)->text), text))
            break;
    }
    return id;
}

static bool ensure_entry(struct cairn_heap *heap, cairn_ref ref)
{
    const struct names *names = names_at(heap, ref);
    if (cairn_heap_table_reserve(heap, names->ids, 1) < 0)
        return false;
    names = names_at(heap, ref);
    if (names->free != 0 || names->count < names->capacity)
        return true;
    uint32_t capacity = names->capacity;
    cairn_ref entries = cairn_heap_grow(heap, names->entries, capacity * sizeof(struct entry),
                                        (uint64_t)capacity * 2 * sizeof(struct entry));
    if (entries == 0)
        return false;
    names_at(heap, ref)->entries = entries;
    names_at(heap, ref)->capacity = capacity * 2;
    return true;
}

static cairn_ref store_text(struct cairn_heap *heap, struct cairn_slice text)
{
    if (text.bytes > TEXT_BYTES_MAX)
        return 0;
    cairn_ref ref = cairn_heap_alloc(heap, 4 + text.bytes);
    if (ref == 0)
        return 0;
    uint8_t *block = cairn_heap_at(heap, ref);
    cairn_store_u32(block, (uint32_t)text.bytes);
    if (text.bytes > 0)
        memcpy(block + 4, text.data, text.bytes);
    return ref;
}

static uint32_t take_id(struct cairn_heap *heap, cairn_ref ref)
{
    struct names *names = names_at(heap, ref);
    if (names->free == 0)
        return ++names->count;
    uint32_t id = names->free;
    names->free = entry_at(heap, ref, id)->text;
    return id;
}

static uint32_t add(struct cairn_heap *heap, cairn_ref ref, uint64_t hash, struct cairn_slice text)
{
    if (!ensure_entry(heap, ref))
        return 0;
    cairn_ref block = store_text(heap, text);
    if (block == 0)
        return 0;
    uint32_t id = take_id(heap, ref);
    *entry_at(heap, ref, id) = (struct entry){.hash = hash, .text = block, .holds = 1};
    names_at(heap, ref)->held++;
    int result = cairn_heap_table_add(heap, names_at(heap, ref)->ids, hash, id);
    cairn_assert(result == 0);
    return id;
}

void cairn_heap_names_prefetch(const struct cairn_heap *heap, cairn_ref ref, uint64_t hash)
{
    cairn_heap_table_prefetch(heap, names_at(heap, ref)->ids, hash);
}

uint32_t cairn_heap_names_acquire_hashed(struct cairn_heap *heap, cairn_ref ref,
                                         struct cairn_slice text, uint64_t hash)
{
    uint32_t id = find(heap, ref, hash, text);
    if (id == 0)
        return add(heap, ref, hash, text);
    entry_at(heap, ref, id)->holds++;
    return id;
}

uint32_t cairn_heap_names_acquire(struct cairn_heap *heap, cairn_ref ref, struct cairn_slice text)
{
    return cairn_heap_names_acquire_hashed(heap, ref, text, cairn_hash64_slice(text));
}

void cairn_heap_names_release(struct cairn_heap *heap, cairn_ref ref, uint32_t id)
{
    if (id == 0)
        return;
    struct names *names = names_at(heap, ref);
    struct entry *entry = entry_at(heap, ref, id);
    cairn_assert(entry->holds > 0);
    if (--entry->holds > 0)
        return;

    bool was_there = cairn_heap_table_remove(heap, names->ids, entry->hash, id);
    cairn_assert(was_there);
    uint64_t bytes = 4 + text_at(heap, entry->text).bytes;
    memset(cairn_heap_at(heap, entry->text), 0, bytes);
    cairn_heap_free(heap, entry->text, bytes);
    *entry = (struct entry){.text = names->free};
    names->free = id;
    names->held--;
}

uint32_t cairn_heap_names_find(const struct cairn_heap *heap, cairn_ref ref,
                               struct cairn_slice text)
{
    return find(heap, ref, cairn_hash64_slice(text), text);
}

struct cairn_slice cairn_heap_names_text(const struct cairn_heap *heap, cairn_ref ref, uint32_t id)
{
    if (id == 0)
        return CAIRN_SLICE_EMPTY;
    const struct entry *entry = entry_at(heap, ref, id);
    cairn_assert(entry->holds > 0);
    return text_at(heap, entry->text);
}

uint64_t cairn_heap_names_hash(const struct cairn_heap *heap, cairn_ref ref, uint32_t id)
{
    return entry_at(heap, ref, id)->hash;
}

uint32_t cairn_heap_names_count(const struct cairn_heap *heap, cairn_ref ref)
{
    return names_at(heap, ref)->held;
}
