/* actors/training/paged_table.h: records of 32-bit words in a heap, found by their first words.
 *
 *     directory (2^depth)        pages
 *     +-----+                    +--------+----------------------------------+
 *     | 00  |------------------> | header | key words | value words | . . .  |
 *     +-----+                    +--------+----------------------------------+
 *     | 01  |------------------> | ...                                       |
 *     +-----+                    +-------------------------------------------+
 *     | 10  |--+---------------> | ... (this page serves 10 and 11)          |
 *     +-----+  |
 *     | 11  |--+
 *     +-----+
 *
 * The high bits of a key's hash choose the page, the low ones the place in it. A full page is split
 * in two, so the table grows a page at a time: no pause of a whole rehash, no second copy beside the
 * first. (A page whose keys do not separate grows instead, and the directory never has more entries
 * than there are records: keys chosen to collide cost time, not memory.)
 *
 * Ownership   A block of the heap, named by its reference. Returned pointers go into the heap: good
 *             until the next allocation there or the next addition or removal here.
 * Context     One owner, as the heap. The order of _next depends on history.
 * Errors      Adding returns NULL when the heap is full; the table is as it was. Removing allocates
 *             nothing.
 * Units       Keys are at least one word, and the first word is not 0.
 * Cost        O(1), one cache line of the directory and one or two of a page.
 * Source      Fagin et al., Extendible Hashing, 1979.
 */
#pragma once

#include "runtime/base/heap.h"

/* A new, empty table; 0 when there is no room. */
cairn_ref cairn_paged_table_create(struct cairn_heap *heap, uint32_t key_words,
                                   uint32_t value_words);
void cairn_paged_table_destroy(struct cairn_heap *heap, cairn_ref table);

/* A multiplication a word, each folded back so that high and low bits both depend on all of them. */
static inline uint64_t cairn_paged_table_hash(const uint32_t *key, uint32_t key_words)
{
    uint64_t hash = key_words;
    for (uint32_t i = 0; i < key_words; i++) {
        hash = (hash ^ key[i]) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
    }
    return hash * UINT64_C(0xbf58476d1ce4e5b9);
}

/* Ask for the memory that a lookup of this hash will touch first. */
void cairn_paged_table_prefetch(const struct cairn_heap *heap, cairn_ref table, uint64_t hash);

/* The value words under `key`, NULL if it is not there. */
uint32_t *cairn_paged_table_find(const struct cairn_heap *heap, cairn_ref table,
                                 const uint32_t *key, uint64_t hash);
/* Add `key`, which is not there yet: its value words, zero. `key` does not point into the heap. */
uint32_t *cairn_paged_table_add(struct cairn_heap *heap, cairn_ref table, const uint32_t *key,
                                uint64_t hash);
/* Remove `key`, which is there. */
void cairn_paged_table_remove(struct cairn_heap *heap, cairn_ref table, const uint32_t *key,
                              uint64_t hash);

/* Counts the times that records may have moved within the heap: while it stays, an offset does. */
uint32_t cairn_paged_table_moves(const struct cairn_heap *heap, cairn_ref table);

uint64_t cairn_paged_table_count(const struct cairn_heap *heap, cairn_ref table);

/* Each record once: key words, then value words. A zeroed cursor starts. NULL: no more. */
struct cairn_paged_table_cursor {
    uint32_t entry; /* of the directory */
    uint32_t slot;
};
const uint32_t *cairn_paged_table_next(const struct cairn_heap *heap, cairn_ref table,
                                       struct cairn_paged_table_cursor *cursor);
