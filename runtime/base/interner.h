/* runtime/base/interner.h: strings to dense 32-bit ids, inside a heap.
 *
 * Ids count from 1 in order of first sight; 0 is "none". The interner is a block of the heap and is
 * named by its reference, since the heap may move. Strings stay for the heap's lifetime.
 *
 * Context   One owner, as the heap.
 * Errors    cairn_interner_add returns 0 when the heap is full. Finding never fails, it may miss.
 * Cost      One hash and about one cache line a lookup; about 30 bytes a string and its text.
 */
#pragma once

#include "runtime/base/heap.h"

/* A new, empty interner in `heap`; 0 when there is no room. */
cairn_ref cairn_interner_create(struct cairn_heap *heap);

/* The id of `text`, added if it is new. Moves the heap: pointers into it are void afterwards. */
uint32_t cairn_interner_add(struct cairn_heap *heap, cairn_ref interner, struct cairn_slice text);

/* The id of `text`, 0 if it was never added. */
uint32_t cairn_interner_find(const struct cairn_heap *heap, cairn_ref interner,
                             struct cairn_slice text);

/* The text of `id` (1..count): borrowed from the heap, good until it grows. */
struct cairn_slice cairn_interner_text(const struct cairn_heap *heap, cairn_ref interner,
                                       uint32_t id);

/* Highest id given out. */
uint32_t cairn_interner_count(const struct cairn_heap *heap, cairn_ref interner);
