/* actors/ingest/replay.h: feeding the ledger to the models, in slices.
 *
 * Recovery, `cairn replay` and the simulator rebuild with the same code that serves: blocks are
 * read back, recorded in the directory, split by shard and published like fresh batches, and no
 * more are read while a projection lags.
 *
 * Context   One actor, in its turns.
 */
#pragma once

#include "actors/shards.h"
#include "storage/reader.h"

struct cairn_replay_options {
    struct cairn_reader *reader;        /* borrowed */
    struct cairn_projection *directory; /* borrowed */
    const struct cairn_shards *shards;  /* borrowed */
    uint64_t from_seq;                  /* first to feed */
    uint64_t to_seq;                    /* last; beyond the end: the end */
    uint64_t lag_events_max;
};

struct cairn_replay {
    struct cairn_replay_options options;
    uint64_t next_seq;
    uint64_t events;
    struct cairn_batch **open; /* one per shard, under construction */
};

int cairn_replay_init(struct cairn_replay *replay, const struct cairn_replay_options *options);
void cairn_replay_deinit(struct cairn_replay *replay);

/* Feed one block. 1: more to do. 0: all fed. -EAGAIN: a projection lags, come back soon. -EBADMSG,
 * -ENOMEM. */
int cairn_replay_step(struct cairn_replay *replay, struct cairn_turn *turn);
