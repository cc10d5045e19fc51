/* actors/shards.h: which projection actor holds which space.
 *
 * shard = XXH3-64(space) mod count, the same for all four projections. One shard (the switch's off
 * side) gives the same answers and the same digest.
 *
 * Ownership   system.c owns it; everyone else borrows it, unchanged after start-up.
 */
#pragma once

#include <stdint.h>

#include "actors/projection.h"
#include "runtime/base/assert.h"
#include "runtime/base/hash.h"

struct cairn_shards {
    uint32_t count;
    uint64_t kinds[CAIRN_PROJECTION_COUNT];               /* bit kind: it is sent such events */
    struct cairn_actor_ref *refs[CAIRN_PROJECTION_COUNT]; /* count each */
    struct cairn_watermark *watermarks[CAIRN_PROJECTION_COUNT];    /* count each */
    struct cairn_projection **projections[CAIRN_PROJECTION_COUNT]; /* count each: for checkpoints */
};

static inline uint32_t cairn_shards_of(const struct cairn_shards *shards, struct cairn_slice space)
{
    cairn_assert(shards->count > 0);

    return (uint32_t)(cairn_hash64_slice(space) % shards->count);
}

/* Hand `batch` (of one shard) to the projections that its kinds concern; takes the caller's
 * reference. */
void cairn_shards_publish(const struct cairn_shards *shards, struct cairn_turn *turn,
                          struct cairn_batch *batch);

/* How many events the slowest shard is behind what was routed to it, at most. */
uint64_t cairn_shards_lag(const struct cairn_shards *shards);
/* The sequence up to which every projection has applied what was routed to it, given that all up to
 * `head` was routed. */
uint64_t cairn_shards_applied(const struct cairn_shards *shards, enum cairn_projection_id id,
                              uint64_t head);
