/* actors/metrics/metrics.h: the actor that knows how long everything took.
 *
 * Connections report each finished request, ingest each commit; what others count (workers, actors,
 * watermarks) is read when somebody asks. It answers /metrics, /v1/stats and /v1/slow.
 *
 * Context   One actor; every number here has this one writer.
 */
#pragma once

#include <stdatomic.h>

#include "actors/shards.h"

struct cairn_metrics_options {
    struct cairn_system *system;           /* borrowed */
    const struct cairn_shards *shards;     /* borrowed */
    const _Atomic uint64_t *committed_seq; /* borrowed */
    uint32_t slow_ms;                      /* slower requests go to the slow log */
    uint32_t slow_entries;                 /* newest kept */
    const char *version;
};

struct cairn_metrics;

int cairn_metrics_create(const struct cairn_metrics_options *options,
                         struct cairn_metrics **metrics);
void cairn_metrics_destroy(struct cairn_metrics *metrics);
int cairn_metrics_behaviour(struct cairn_turn *turn, void *state, struct cairn_message *message);
