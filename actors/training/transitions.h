/* actors/training/transitions.h: between a stored message and a chain.
 *
 * A message may be longer than anything that fits on a stack, so it goes through a window: the
 * symbols of some tens of transitions, the chain's order of them kept from one window to the next.
 * The chain may lie in another heap than the message.
 *
 * Context     One owner, as the heaps.
 * Errors      -ENOMEM: the chain's heap is full, the chain is as it was.
 * Cost        O(tokens).
 */
#pragma once

#include "actors/training/chain.h"
#include "actors/training/forward.h"

/* Count all transitions of a message. */
int cairn_transitions_train(const struct cairn_heap *messages, struct cairn_forward_reader tokens,
                            struct cairn_heap *heap, cairn_ref chain, uint32_t reference);
/* The reverse; the message was trained. */
void cairn_transitions_untrain(const struct cairn_heap *messages,
                               struct cairn_forward_reader tokens, struct cairn_heap *heap,
                               cairn_ref chain);

/* Whether the message contains `prefix` (of `order` symbols) followed by `next`. */
bool cairn_transitions_contain(const struct cairn_heap *messages,
                               struct cairn_forward_reader tokens, const uint32_t *prefix,
                               uint32_t order, uint32_t next);
