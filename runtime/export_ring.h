/* runtime/export_ring.h: actors that a busy worker offers to idle ones.
 *
 * The owner puts a batch in; any worker, the owner too, takes from the other end.
 *
 * Context     push: the owner. take and length: any worker.
 * Cost        push: no read-modify-write. take: one compare-and-swap; it gives up rather than wait.
 * Source      ck_ring, single producer and many consumers.
 */
#pragma once

#include <ck_ring.h>

#include "runtime/actor_internal.h"

#define CAIRN_EXPORT_RING_SLOTS 256 /* one stays empty */

struct cairn_export_ring {
    _Alignas(64) ck_ring_t ring;
    ck_ring_buffer_t slots[CAIRN_EXPORT_RING_SLOTS];
};

static inline void cairn_export_ring_init(struct cairn_export_ring *exports)
{
    ck_ring_init(&exports->ring, CAIRN_EXPORT_RING_SLOTS);
}

/* False when it is full. */
static inline bool cairn_export_ring_push_spmc(struct cairn_export_ring *exports,
                                               struct cairn_actor *actor)
{
    return ck_ring_enqueue_spmc(&exports->ring, exports->slots, actor);
}

/* NULL: empty, or another worker was quicker. */
static inline struct cairn_actor *cairn_export_ring_take_spmc(struct cairn_export_ring *exports)
{
    void *actor = NULL;
    if (!ck_ring_trydequeue_spmc(&exports->ring, exports->slots, (void *)&actor))
        return NULL;
    return actor;
}

static inline uint32_t cairn_export_ring_length(const struct cairn_export_ring *exports)
{
    return ck_ring_size(&exports->ring);
}
