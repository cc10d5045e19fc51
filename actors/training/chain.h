/* actors/training/chain.h: a Markov chain of order k: how often each token followed each k tokens.
 *
 * A message t1 t2 ... tn is the symbols BOS x k, t1 ... tn, END. Each window of k symbols and the one
 * behind it is a transition; so starts and ends are learned like everything else, and every message
 * counts, however short. Counts are exact: what is added n times and removed n times is gone.
 *
 * A prefix with one successor, the usual case, is a single record; the others own a block
 * (successors.h).
 *
 *     prefix (k symbols) | token, count, reference       one successor
 *     prefix (k symbols) | SEVERAL, -, block             two or more
 *
 * Ownership   A block of the heap, named by its reference, since the heap may move. Tokens are ids
 *             whose meaning is the caller's.
 * Context     One owner, as the heap.
 * Errors      -ENOMEM: the heap is full, the chain is as it was. Removing allocates nothing.
 * Cost        O(1) a transition, independent of the chain's size.
 * Source      features.md, R1.
 */
#pragma once

#include "actors/training/paged_table.h"
#include "actors/training/successors.h"

#define CAIRN_CHAIN_ORDER_MAX  5u
#define CAIRN_CHAIN_WINDOW_MAX 64u /* transitions in one call */

#define CAIRN_CHAIN_END   0u         /* only as a successor; tokens are 1 and up */
#define CAIRN_CHAIN_BEGIN UINT32_MAX /* only in a prefix */

cairn_ref cairn_chain_create(struct cairn_heap *heap, uint32_t order);
void cairn_chain_destroy(struct cairn_heap *heap, cairn_ref chain);
uint32_t cairn_chain_order(const struct cairn_heap *heap, cairn_ref chain);

/* Count the `count` (at most CAIRN_CHAIN_WINDOW_MAX) transitions in `symbols`, which are order +
 * count many. `reference` is kept by those that are new. All or nothing. */
int cairn_chain_add(struct cairn_heap *heap, cairn_ref chain, const uint32_t *symbols,
                    uint32_t count, uint32_t reference);
/* The reverse; all of them are there. */
void cairn_chain_remove(struct cairn_heap *heap, cairn_ref chain, const uint32_t *symbols,
                        uint32_t count);

/* False if nothing ever followed `prefix`; *successors is good until the heap grows. */
bool cairn_chain_find(const struct cairn_heap *heap, cairn_ref chain, const uint32_t *prefix,
                      struct cairn_successors *successors);

/* Let the transition, which is there, name another message. */
void cairn_chain_refer(struct cairn_heap *heap, cairn_ref chain, const uint32_t *prefix,
                       uint32_t token, uint32_t reference);

/* Stamps of blocks are unique within an epoch; a table made in another one is stale. */
uint32_t cairn_chain_epoch(const struct cairn_heap *heap, cairn_ref chain);

uint64_t cairn_chain_prefix_count(const struct cairn_heap *heap, cairn_ref chain);

/* Each prefix with its successors, in no order. A zeroed cursor starts. NULL: no more. */
const uint32_t *cairn_chain_next(const struct cairn_heap *heap, cairn_ref chain,
                                 struct cairn_paged_table_cursor *cursor,
                                 struct cairn_successors *successors);
