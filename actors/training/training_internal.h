/* actors/training/training_internal.h: what the parts of the training module share. */
#pragma once

#include "actors/training/channels.h"
#include "actors/training/draws.h"
#include "actors/training/training.h"

/* What can be made again, for one space. */
struct cairn_training_cache {
    struct cairn_draws *draws;
    struct cairn_channels *channels;
};

/* Answer POST /v1/spaces/{space}/generate. */
enum cairn_answer cairn_training_answer(struct cairn_projection_space *space,
                                        struct cairn_request *request);

/* Add what the space has learned to the digest. */
void cairn_training_digest(const struct cairn_projection_space *space, struct cairn_digest *digest);
