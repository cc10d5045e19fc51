/* actors/training/channels.h: chains of single channels, made when asked for and kept a while.
 *
 * A channel's chain is made from the space's messages, some hundreds at a time, so that whoever asks
 * comes again a few times and others are served in between. Once it is complete it learns and
 * unlearns with the space. The least recently used ones go when all together are over the budget.
 *
 * One chain is being made at a time, by whoever calls: two requests for chains that do not fit
 * together are served one after the other instead of undoing each other's work.
 *
 * Ownership   Owns its chains, each in a heap of its own; borrows the space's heap for each call.
 * Context     One owner, the space's.
 * Errors      -ENOBUFS: that chain alone is over the budget. -ENOMEM.
 * Cost        Making one: a walk over all the space's messages, O(1) for those of other channels.
 */
#pragma once

#include "actors/training/corpus.h"

struct cairn_channels;

struct cairn_channels_chain {
    struct cairn_heap *heap; /* borrowed until the next call here */
    cairn_ref chain;
    uint64_t serial; /* of this making: never the same twice, never 0 */
};

struct cairn_channels *cairn_channels_create(uint64_t bytes_max);
void cairn_channels_destroy(struct cairn_channels *channels); /* NULL is fine */
void cairn_channels_clear(struct cairn_channels *channels);

/* Go on with the chain of `channel`: 1 and *chain when it is complete, 0 to call again. */
int cairn_channels_get(struct cairn_channels *channels, const struct cairn_heap *space,
                       uint32_t channel, struct cairn_channels_chain *chain);

/* The space has learned this message, or is about to unlearn it. */
void cairn_channels_learn(struct cairn_channels *channels, const struct cairn_heap *space,
                          const struct cairn_forward_message *message);
void cairn_channels_unlearn(struct cairn_channels *channels, const struct cairn_heap *space,
                            const struct cairn_forward_message *message);

/* Chains kept, and the bytes of their heaps. */
uint32_t cairn_channels_count(const struct cairn_channels *channels);
uint64_t cairn_channels_bytes(const struct cairn_channels *channels);
