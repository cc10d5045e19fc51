/* runtime/base/heap_names.h: strings to 32-bit ids inside a heap, counted, and forgotten when
 * unused.
 *
 * The interner (interner.h) keeps its strings for ever; here each id is held as often as it was
 * acquired, and with the last release its text is overwritten and its memory and id used again. It
 * is for what people may ask to be forgotten: then no byte of it stays in a checkpoint.
 *
 * Ids are never 0. An id means nothing outside its heap, and nothing after its last release.
 *
 * Ownership   A block of the heap, named by its reference, since the heap may move.
 * Context     One owner, as the heap.
 * Errors      Acquiring returns 0 when the heap is full; all is then as it was.
 * Cost        O(1) and the length of the text; 40 bytes a string beside its text.
 */
#pragma once

#include "runtime/base/heap.h"

/* A new, empty set of names in `heap`; 0 when there is no room. */
cairn_ref cairn_heap_names_create(struct cairn_heap *heap);

/* The id of `text`, held once more. May move the heap. */
uint32_t cairn_heap_names_acquire(struct cairn_heap *heap, cairn_ref names,
                                  struct cairn_slice text);

/* The same in two steps, for callers with several strings at hand: ask for the memory that each will
 * touch, then acquire them. `hash` is the text's XXH3-64. */
void cairn_heap_names_prefetch(const struct cairn_heap *heap, cairn_ref names, uint64_t hash);
uint32_t cairn_heap_names_acquire_hashed(struct cairn_heap *heap, cairn_ref names,
                                         struct cairn_slice text, uint64_t hash);

/* Give one hold back. Id 0 is fine. */
void cairn_heap_names_release(struct cairn_heap *heap, cairn_ref names, uint32_t id);

/* The id of `text` without a hold; 0 if nobody holds it. */
uint32_t cairn_heap_names_find(const struct cairn_heap *heap, cairn_ref names,
                               struct cairn_slice text);

/* Borrowed from the heap, good until it grows. Id 0 gives the empty slice. */
struct cairn_slice cairn_heap_names_text(const struct cairn_heap *heap, cairn_ref names,
                                         uint32_t id);

/* XXH3-64 of the text: the same everywhere. */
uint64_t cairn_heap_names_hash(const struct cairn_heap *heap, cairn_ref names, uint32_t id);

/* How many strings are held. */
uint32_t cairn_heap_names_count(const struct cairn_heap *heap, cairn_ref names);
