/* runtime/base/heap_table.h: a hash table from 64-bit keys to references, inside a heap.
 *
 * A key may be there several times: where it is a hash of something longer, the caller walks the
 * values under it and compares what they stand for. So two things whose hashes meet stay two
 * things.
 *
 *     uint32_t cursor = 0, value;
 *     while ((value = cairn_heap_table_find(heap, table, key, &cursor)) != 0)
 *         if (is_the_one(value))
 *             return value;
 *
 * Open addressing, linear probing, at most three quarters full; removing closes the gap, so that
 * there are no tombstones and a table that shrank is as good as new.
 *
 * Ownership   A block of the heap, named by its reference, since the heap may move.
 * Context     One owner, as the heap. The order of _next depends on history: sort what users see.
 * Errors      -ENOMEM: the heap is full, the table is as it was.
 * Cost        O(1), about one cache line a lookup; 16 bytes a slot.
 */
#pragma once

#include "runtime/base/heap.h"

/* A new, empty table in `heap`; 0 when there is no room. */
cairn_ref cairn_heap_table_create(struct cairn_heap *heap);

/* Make room, so that the next `count` additions cannot fail. May move the heap. */
int cairn_heap_table_reserve(struct cairn_heap *heap, cairn_ref table, uint32_t count);

/* Add `value` (not 0) under `key`. May move the heap, unless room was reserved. */
int cairn_heap_table_add(struct cairn_heap *heap, cairn_ref table, uint64_t key, uint32_t value);

/* The next value under `key`; `*cursor` is 0 at first. 0: there is none. */
uint32_t cairn_heap_table_find(const struct cairn_heap *heap, cairn_ref table, uint64_t key,
                               uint32_t *cursor);

/* Ask for the memory that finding `key` will touch first. */
void cairn_heap_table_prefetch(const struct cairn_heap *heap, cairn_ref table, uint64_t key);

/* The first value under `key`, for keys that are there once at most; 0: none. */
uint32_t cairn_heap_table_get(const struct cairn_heap *heap, cairn_ref table, uint64_t key);

/* False when `value` is not there under `key`. */
bool cairn_heap_table_remove(struct cairn_heap *heap, cairn_ref table, uint64_t key,
                             uint32_t value);

/* Each value once, in no order; `*cursor` is 0 at first. 0: no more. */
uint32_t cairn_heap_table_next(const struct cairn_heap *heap, cairn_ref table, uint32_t *cursor);

uint32_t cairn_heap_table_count(const struct cairn_heap *heap, cairn_ref table);
