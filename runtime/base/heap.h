/* runtime/base/heap.h: a growing arena addressed by offset, in which a whole model lives.
 *
 *     0          8       12       16        24                     H
 *     +----------+-------+--------+---------+----------------------+--------- - - - ---------+
 *     | magic    | root  | region | used ...| free lists by class  | blocks, 8-byte aligned  |
 *     +----------+-------+--------+---------+----------------------+--------- - - - ---------+
 *
 * A reference is an offset in units of 8 bytes (u32: 32 GiB); 0 is "none". Because nothing inside
 * is an address, the bytes [0, image) are the model: a checkpoint writes them, loading is reading
 * them back, and growing may move them. Therefore:
 *
 *     A pointer from cairn_heap_at is good until the next cairn_heap_alloc or _grow on that heap.
 *
 * Ownership   The heap owns its memory. Blocks are freed with the size they were asked for.
 * Context     One owner; no locks.
 * Errors      Allocation returns 0 when the budget is used up or the system has no memory; the heap
 *             stays as it was.
 * Cost        alloc and free O(1); growing the heap moves pages, it does not copy large ones.
 */
#pragma once

#include <stdint.h>

#include "runtime/base/assert.h"
#include "runtime/base/bytes.h"

typedef uint32_t cairn_ref; /* the one typedef of the project: 8-byte units, 0 is none */

struct cairn_heap {
    uint8_t *base;           /* owned; NULL until the first allocation */
    uint64_t capacity_bytes; /* mapped or allocated behind base */
    uint64_t budget_bytes;   /* used_bytes never passes this */
};

void cairn_heap_init(struct cairn_heap *heap, uint64_t budget_bytes);
void cairn_heap_deinit(struct cairn_heap *heap);

/* A zeroed block of at least `bytes` (> 0). 0 when there is no room. */
cairn_ref cairn_heap_alloc(struct cairn_heap *heap, uint64_t bytes);
void cairn_heap_free(struct cairn_heap *heap, cairn_ref ref, uint64_t bytes);
/* A larger block with the old content in front and zeros behind; the old block is freed. On
 * failure 0, and the old block is untouched. `ref` may be 0 with `bytes` 0. */
cairn_ref cairn_heap_grow(struct cairn_heap *heap, cairn_ref ref, uint64_t bytes,
                          uint64_t bytes_new);

static inline void *cairn_heap_at(const struct cairn_heap *heap, cairn_ref ref)
{
    cairn_debug_assert(ref != 0);
    return heap->base + (uint64_t)ref * 8;
}

/* The block that everything else hangs from; 0 until set. */
cairn_ref cairn_heap_root(const struct cairn_heap *heap);
void cairn_heap_set_root(struct cairn_heap *heap, cairn_ref root);

uint64_t cairn_heap_used_bytes(const struct cairn_heap *heap); /* image length */
uint64_t cairn_heap_live_bytes(const struct cairn_heap *heap); /* without freed blocks */

/* The image to store: borrowed, good until the next allocation. Empty heap: empty slice. */
struct cairn_slice cairn_heap_image(const struct cairn_heap *heap);
/* Memory of an initialised, empty heap to read an image of `bytes` into; then call _adopt, which
 * checks it. NULL when there is no memory or the image is over the budget. */
uint8_t *cairn_heap_prepare(struct cairn_heap *heap, uint64_t bytes);
/* 0, or -EBADMSG when the bytes are not an image of this version (the heap is then empty). */
int cairn_heap_adopt(struct cairn_heap *heap, uint64_t bytes);
