/* actors/system_models.h: the models of a data directory and the actors that keep them, as settings
 * ask for them; the part that serving and replaying share. Private to system*.c.
 *
 * Ownership   cairn_models owns the models; actors borrow them, so that they can be stored when the
 *             actors have ended.
 */
#pragma once

#include "actors/facts/facts.h"
#include "actors/patterns/patterns.h"
#include "actors/retrieval/retrieval.h"
#include "actors/shards.h"
#include "actors/system.h"
#include "actors/training/training.h"

struct cairn_models {
    struct cairn_shards shards;
    struct cairn_projection *directory;
    struct cairn_watermark directory_watermark;
    struct cairn_training_options training;
    struct cairn_patterns_options patterns;
    struct cairn_retrieval_options retrieval;
    _Atomic uint64_t committed_seq;
};

int cairn_models_init(struct cairn_models *models, const struct cairn_settings *settings);
void cairn_models_deinit(struct cairn_models *models);

/* One actor for each projection and shard. They may answer through `reader`. */
int cairn_models_spawn(struct cairn_models *models, struct cairn_system *system);
/* They end when they have applied everything. */
void cairn_models_stop(struct cairn_models *models, struct cairn_system *system);

/* Where answers go to fetch events; before spawn. */
void cairn_models_set_reader(struct cairn_models *models, struct cairn_actor_ref reader);

void cairn_models_digest(const struct cairn_models *models,
                         struct cairn_digest digests[CAIRN_PROJECTION_COUNT]);

/* The runtime's options from settings. */
void cairn_models_system_options(const struct cairn_settings *settings,
                                 struct cairn_system_options *options);
