/* actors/ingest/feeder.h: feeds a ledger to the projections without writing one: `cairn replay`.
 *
 * Context   One actor; `done` is called once, on its worker, when every projection has applied all
 *           that was fed, or with a negative errno.
 */
#pragma once

#include "actors/shards.h"

struct cairn_feeder_options {
    const char *directory;                    /* the ledger's; borrowed */
    struct cairn_projection *directory_model; /* ingest's model, rebuilt along */
    const struct cairn_shards *shards;
    uint64_t from_seq, to_seq;
    uint64_t lag_events_max;
    _Atomic uint64_t *fed_seq; /* progress; borrowed */
    void (*done)(void *context, int result, uint64_t last_seq, uint64_t events);
    void *context;
};

struct cairn_feeder;

int cairn_feeder_create(const struct cairn_feeder_options *options, struct cairn_feeder **feeder);
void cairn_feeder_destroy(struct cairn_feeder *feeder);
int cairn_feeder_behaviour(struct cairn_turn *turn, void *state, struct cairn_message *message);
