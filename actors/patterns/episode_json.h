/* actors/patterns/episode_json.h: episodes as JSON, from what the model knows and what the ledger
 * has.
 *
 * Context     The renderers run on a connection's worker: they see the request, never the model.
 */
#pragma once

#include "actors/patterns/reflection.h"
#include "actors/request.h"
#include "runtime/base/json_writer.h"

/* What the model adds to an episode's events: request->results of the renderers. */
struct cairn_episode_summary {
    uint64_t seq;
    int64_t completed_ms;
    struct cairn_reward reward;
    enum cairn_outcome outcome;
    uint32_t step_count;
};

void cairn_episode_json_reward(struct cairn_json_writer *writer, const struct cairn_reward *reward);
void cairn_episode_json_reflection(struct cairn_json_writer *writer,
                                   const struct cairn_reflection *reflection);

/* One episode whole. fetched: its first event, its steps, its completion. notes: its reflection. */
void cairn_episode_json_render_one(struct cairn_request *request);
/* A page of them. fetched: the first event of each. */
void cairn_episode_json_render_list(struct cairn_request *request);
