/* actors/system_checkpoint.h: storing every model, and loading them again. Private to system*.c.
 *
 * A checkpoint is a cache: one that is damaged, old or of another schema is told and ignored, and the
 * models are rebuilt from the ledger.
 */
#pragma once

#include "actors/system_models.h"

/* Write a checkpoint of the models as they are. Called in a forked child, or when all actors have
 * ended; every model has applied everything up to `head_seq`. */
int cairn_models_save(struct cairn_models *models, struct cairn_io *io, const char *directory,
                      uint64_t head_seq);

/* Load the newest checkpoint that is whole, and not of more than the ledger holds, into empty models.
 * *replay_from_seq is the first event that they lack (1 without a checkpoint). -ENOMEM only. */
int cairn_models_load(struct cairn_models *models, const struct cairn_settings *settings,
                      struct cairn_io *io, const char *directory, const char *ledger_directory,
                      uint64_t *replay_from_seq);
