#include "actors/training/paged_table.h"

/* Sizes of the heap's classes, so that a page wastes nothing. */
#define PAGE_BYTES_MIN 160u
#define PAGE_BYTES_MAX 5120u
#define PAGE_BYTES_END (1u << 30)

struct table {
    uint64_t count;
    cairn_ref directory; /* cairn_ref of pages, 2^depth */
    uint32_t depth;
    uint16_t key_words;
    uint16_t record_words;
    uint32_t moves;
    uint32_t homes; /* slots of a page that can be a key's first; the same for all pages */
};

struct page {
    uint32_t bytes;
    uint32_t capacity; /* slots */
    uint32_t count;
    uint32_t depth; /* bits of the hash that all its keys share */
    uint32_t slots[];
};

static struct table *table_at(const struct cairn_heap *heap, cairn_ref ref)
{
    return cairn_heap_at(heap, ref);
}

static struct page *page_at(const struct cairn_heap *heap, cairn_ref ref)
{
    return cairn_heap_at(heap, ref);
}

static cairn_ref *directory_of(const struct cairn_heap *heap, const struct table *table)
{
    return cairn_heap_at(heap, table->directory);
}

static uint64_t entry_of(uint64_t hash, uint32_t depth)
{
    return hash >> 1 >> (63 - depth);
}

/* Does not look at the page: a lookup touches the directory and the record, nothing else. */
static uint32_t home_of(const struct table *table, uint64_t hash)
{
    return (uint32_t)((uint64_t)(uint32_t)hash * table->homes >> 32);
}

/* An eighth stays empty, one slot at least: that ends every probe. */
static uint32_t limit_of(const struct page *page)
{
    return page->capacity - page->capacity / 8 - 1;
}

static cairn_ref create_page(struct cairn_heap *heap, uint32_t record_words, uint32_t bytes,
                             uint32_t depth)
{
    cairn_ref ref = cairn_heap_alloc(heap, bytes);
    if (ref == 0)
        return 0;
    struct page *page = page_at(heap, ref);
    page->bytes = bytes;
    page->capacity =
        (bytes - (uint32_t)sizeof(*page)) / (record_words * (uint32_t)sizeof(uint32_t));
    page->depth = depth;
    return ref;
}

static void free_page(struct cairn_heap *heap, cairn_ref ref)
{
    cairn_heap_free(heap, ref, page_at(heap, ref)->bytes);
}

cairn_ref cairn_paged_table_create(struct cairn_heap *heap, uint32_t key_words,
                                   uint32_t value_words)
{
    uint32_t record_words = key_words + value_words;
    cairn_assert(key_words >= 1 && record_words <= 16);

    cairn_ref ref = cairn_heap_alloc(heap, sizeof(struct table));
    cairn_ref directory = ref == 0 ? 0 : cairn_heap_alloc(heap, sizeof(cairn_ref));
    cairn_ref page = directory == 0 ? 0 : create_page(heap, record_words, PAGE_BYTES_MIN, 0);
    if (page == 0) {
        cairn_heap_free(heap, directory, sizeof(cairn_ref));
        cairn_heap_free(heap, ref, sizeof(struct table));
        return 0;
    }
    *table_at(heap, ref) = (struct table){.directory = directory,
                                          .key_words = (uint16_t)key_words,
                                          .record_words = (uint16_t)record_words};
    directory_of(heap, table_at(heap, ref))[0] = page;
    table_at(heap, ref)->homes = page_at(heap, page)->capacity;
    return ref;
}

/* How many entries of the directory name this page. */
static uint64_t span_of(const struct table *table, const struct page *page)
{
    return UINT64_C(1) << (table->depth - page->depth);
}

void cairn_paged_table_destroy(struct cairn_heap *heap, cairn_ref ref)
{
    if (ref == 0)
        return;
    struct table *table = table_at(heap, ref);
    uint64_t entries = UINT64_C(1) << table->depth;
    for (uint64_t entry = 0; entry < entries;) {
        cairn_ref page = directory_of(heap, table)[entry];
        entry += span_of(table, page_at(heap, page));
        free_page(heap, page);
    }
    cairn_heap_free(heap, table->directory, entries * sizeof(cairn_ref));
    cairn_heap_free(heap, ref, sizeof(*table));
}

void cairn_paged_table_prefetch(const struct cairn_heap *heap, cairn_ref ref, uint64_t hash)
{
    const struct table *table = table_at(heap, ref);
    cairn_ref at = directory_of(heap, table)[entry_of(hash, table->depth)];
    const struct page *page = page_at(heap, at);
    __builtin_prefetch(page->slots + (uint64_t)home_of(table, hash) * table->record_words);
}

/* The first words are known to be equal. */
static bool has_key(const uint32_t *record, const uint32_t *key, uint32_t key_words)
{
    for (uint32_t i = 1; i < key_words; i++) {
        if (record[i] != key[i])
            return false;
    }
    return true;
}

/* The slot that holds `key`, or the empty one where it belongs. */
static uint32_t probe(const struct table *table, const struct page *page, const uint32_t *key,
                      uint64_t hash)
{
    uint32_t slot = home_of(table, hash);
    const uint32_t *record = page->slots + (uint64_t)slot * table->record_words;
    while (record[0] != 0 && (record[0] != key[0] || !has_key(record, key, table->key_words))) {
        record += table->record_words;
        if (++slot >= table->homes && slot == page->capacity) {
            slot = 0;
            record = page->slots;
        }
    }
    return slot;
}

static uint32_t *record_at(const struct table *table, struct page *page, uint32_t slot)
{
    return page->slots + (uint64_t)slot * table->record_words;
}

static struct page *page_of(const struct cairn_heap *heap, const struct table *table, uint64_t hash)
{
    return page_at(heap, directory_of(heap, table)[entry_of(hash, table->depth)]);
}

uint32_t *cairn_paged_table_find(const struct cairn_heap *heap, cairn_ref ref, const uint32_t *key,
                                 uint64_t hash)
{
    const struct table *table = table_at(heap, ref);
    struct page *page = page_of(heap, table, hash);
    uint32_t *record = record_at(table, page, probe(table, page, key, hash));
    return record[0] == 0 ? NULL : record + table->key_words;
}

/* Put the records of `from` into `to`, and where `other` is given into the one of both that bit
 * `depth` of their hashes (from the top) names. */
static void move_records(const struct table *table, const struct page *from, struct page *to,
                         struct page *other, uint32_t depth)
{
    for (uint32_t i = 0; i < from->capacity; i++) {
        const uint32_t *record = from->slots + (uint64_t)i * table->record_words;
        if (record[0] == 0)
            continue;
        uint64_t hash = cairn_paged_table_hash(record, table->key_words);
        struct page *page = other != NULL && (hash << depth) >> 63 ? other : to;
        uint32_t *target = record_at(table, page, probe(table, page, record, hash));
        memcpy(target, record, table->record_words * sizeof(*record));
        page->count++;
    }
}

static void point(struct cairn_heap *heap, struct table *table, uint64_t first, uint64_t count,
                  cairn_ref page)
{
    cairn_ref *directory = directory_of(heap, table);
    for (uint64_t i = 0; i < count; i++)
        directory[first + i] = page;
}

static bool enlarge_page(struct cairn_heap *heap, cairn_ref ref, uint64_t first, cairn_ref old)
{
    const struct page *from = page_at(heap, old);
    if (from->bytes >= PAGE_BYTES_END)
        return false;
    cairn_ref page =
        create_page(heap, table_at(heap, ref)->record_words, from->bytes * 2, from->depth);
    if (page == 0)
        return false;
    struct table *table = table_at(heap, ref);
    /* The only page grows to full size with all its slots; one that does not separate later is
     * longer than its homes. */
    if (page_at(heap, page)->bytes <= PAGE_BYTES_MAX)
        table->homes = page_at(heap, page)->capacity;
    move_records(table, page_at(heap, old), page_at(heap, page), NULL, 0);
    point(heap, table, first, span_of(table, page_at(heap, page)), page);
    free_page(heap, old);
    return true;
}

static bool split_page(struct cairn_heap *heap, cairn_ref ref, uint64_t first, cairn_ref old)
{
    uint32_t depth = page_at(heap, old)->depth;
    uint32_t bytes = page_at(heap, old)->bytes;
    cairn_ref low = create_page(heap, table_at(heap, ref)->record_words, bytes, depth + 1);
    cairn_ref high =
        low == 0 ? 0 : create_page(heap, table_at(heap, ref)->record_words, bytes, depth + 1);
    if (high == 0) {
        cairn_heap_free(heap, low, bytes);
        return false;
    }
    struct table *table = table_at(heap, ref);
    move_records(table, page_at(heap, old), page_at(heap, low), page_at(heap, high), depth);
    uint64_t half = span_of(table, page_at(heap, low));
    point(heap, table, first, half, low);
    point(heap, table, first + half, half, high);
    free_page(heap, old);
    return true;
}

static bool double_directory(struct cairn_heap *heap, cairn_ref ref)
{
    uint64_t entries = UINT64_C(1) << table_at(heap, ref)->depth;
    cairn_ref doubled = cairn_heap_alloc(heap, entries * 2 * sizeof(cairn_ref));
    if (doubled == 0)
        return false;
    struct table *table = table_at(heap, ref);
    const cairn_ref *old = directory_of(heap, table);
    cairn_ref *directory = cairn_heap_at(heap, doubled);
    for (uint64_t i = 0; i < entries * 2; i++)
        directory[i] = old[i / 2];
    cairn_heap_free(heap, table->directory, entries * sizeof(cairn_ref));
    table->directory = doubled;
    table->depth++;
    return true;
}

/* One step towards room in the page of `hash`; the caller looks again. */
static bool make_room(struct cairn_heap *heap, cairn_ref ref, uint64_t hash)
{
    struct table *table = table_at(heap, ref);
    table->moves++;
    uint64_t entry = entry_of(hash, table->depth);
    cairn_ref at = directory_of(heap, table)[entry];
    const struct page *page = page_at(heap, at);
    uint64_t first = entry & ~(span_of(table, page) - 1);

    if (page->bytes < PAGE_BYTES_MAX)
        return enlarge_page(heap, ref, first, at);
    if (page->depth < table->depth)
        return split_page(heap, ref, first, at);
    if (UINT64_C(2) << table->depth <= table->count && table->depth < 31)
        return double_directory(heap, ref);
    return enlarge_page(heap, ref, first, at);
}

uint32_t *cairn_paged_table_add(struct cairn_heap *heap, cairn_ref ref, const uint32_t *key,
                                uint64_t hash)
{
    cairn_assert(key[0] != 0);
    struct table *table = table_at(heap, ref);
    struct page *page = page_of(heap, table, hash);
    while (page->count >= limit_of(page)) {
        if (!make_room(heap, ref, hash))
            return NULL;
        table = table_at(heap, ref);
        page = page_of(heap, table, hash);
    }
    uint32_t *record = record_at(table, page, probe(table, page, key, hash));
    cairn_assert(record[0] == 0);
    memcpy(record, key, table->key_words * sizeof(*key));
    page->count++;
    table->count++;
    return record + table->key_words;
}

/* Move back what probing pushed past the gap at `hole`, until a slot is empty (Knuth 6.4, R). */
static void close_gap(const struct table *table, struct page *page, uint32_t hole)
{
    size_t bytes = table->record_words * sizeof(uint32_t);
    uint32_t capacity = page->capacity;
    for (uint32_t i = 1; i < capacity; i++) {
        uint32_t at = (hole + i) % capacity;
        uint32_t *record = record_at(table, page, at);
        if (record[0] == 0)
            break;
        uint32_t home = home_of(table, cairn_paged_table_hash(record, table->key_words));
        uint32_t distance = (at + capacity - home) % capacity;
        if (distance < i)
            continue;
        memcpy(record_at(table, page, hole), record, bytes);
        hole = at;
        i = 0;
    }
    memset(record_at(table, page, hole), 0, bytes);
}

void cairn_paged_table_remove(struct cairn_heap *heap, cairn_ref ref, const uint32_t *key,
                              uint64_t hash)
{
    struct table *table = table_at(heap, ref);
    struct page *page = page_of(heap, table, hash);
    uint32_t slot = probe(table, page, key, hash);
    cairn_assert(record_at(table, page, slot)[0] != 0);
    close_gap(table, page, slot);
    page->count--;
    table->count--;
    table->moves++;
}

uint32_t cairn_paged_table_moves(const struct cairn_heap *heap, cairn_ref ref)
{
    return table_at(heap, ref)->moves;
}

uint64_t cairn_paged_table_count(const struct cairn_heap *heap, cairn_ref ref)
{
    return table_at(heap, ref)->count;
}

const uint32_t *cairn_paged_table_next(const struct cairn_heap *heap, cairn_ref ref,
                                       struct cairn_paged_table_cursor *cursor)
{
    const struct table *table = table_at(heap, ref);
    while (cursor->entry >> table->depth == 0) {
        struct page *page = page_at(heap, directory_of(heap, table)[cursor->entry]);
        while (cursor->slot < page->capacity) {
            const uint32_t *record = record_at(table, page, cursor->slot++);
            if (record[0] != 0)
                return record;
        }
        cursor->entry += (uint32_t)span_of(table, page);
        cursor->slot = 0;
    }
    return NULL;
}
