/* actors/training/training.h: the projection that learns how a space talks.
 *
 * Learned are messages that people wrote: `bot` is not true, and `role` is absent or "user". Edits,
 * steps, facts and all the rest are not. A message of white space alone teaches nothing.
 *
 * Settings events say the chains' order (`state_size`, 1 to 5) and whether single channels may be
 * asked for (`channel_chains`); what an event does not say stays as it was. A new order makes the
 * chain again from the messages at hand, in one piece.
 *
 * The digest is a sum over: each transition (space, prefix, next, count), each message (space,
 * sequence, channel, words), and the settings, if any event told them.
 *
 * A checkpoint holds the order that options gave when the space was new: treat options.state_size as
 * part of what a checkpoint is valid for.
 *
 * Context   As actors/projection.h says.
 * Errors    -ENOMEM: the space's budget is used up, the model is as it was.
 * Source    features.md, M-01 to M-07, R1 to R3; design.md, sections 3 and 7.
 */
#pragma once

#include "actors/projection.h"

struct cairn_training_options {
    bool alias_tables;         /* tables for draws; off: every draw walks the counts */
    uint32_t channel_cache_mb; /* a space's chains of single channels; a quarter more for tables */
    uint32_t state_size;       /* 1..5, for spaces whose ledger does not say */
};

extern const struct cairn_projection_module cairn_training_module;
