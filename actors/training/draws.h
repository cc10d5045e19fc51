/* actors/training/draws.h: weighted draws among successors, with tables where they pay.
 *
 * A plain draw goes along the counts. Where a prefix with many successors is drawn from again and
 * again, a table is made of it: alias cells (alias.h) for a draw that need not be repeatable, sorted
 * cumulative counts (order.h) for one that must be. The block's stamp says whether a table still
 * fits. With tables off, every draw is a plain one: the same distribution, and for an ordered draw
 * the same outcome. Gain: a draw no longer grows with the fan-out. Cost: up to 12 bytes a successor.
 *
 * Ownership   Owns its tables, in ordinary memory, at most `bytes_max` of it.
 * Context     One owner.
 * Errors      NULL: no memory. Without memory for a table, a draw is a plain one.
 * Cost        O(1) from a table; else O(fan-out), an ordered plain draw about ten times as much.
 */
#pragma once

#include "actors/training/order.h"
#include "runtime/base/random.h"

#define CAIRN_DRAWS_FANOUT_MIN 8u  /* from here on a table pays */
#define CAIRN_DRAWS_WAIT       16u /* plain draws from an unchanged prefix before one is made */

struct cairn_draws;

/* How draws were served: each arm counts itself. */
struct cairn_draws_counts {
    uint64_t from_table;
    uint64_t plain;
    uint64_t tables_made;
    uint64_t bytes;
};

struct cairn_draws *cairn_draws_create(bool use_tables, uint64_t bytes_max);
void cairn_draws_destroy(struct cairn_draws *draws); /* NULL is fine */
void cairn_draws_clear(struct cairn_draws *draws);

/* One successor, by weight. `chain` tells chains, and their epochs, apart. Never NULL. */
const struct cairn_successor *cairn_draws_pick(struct cairn_draws *draws, uint64_t chain,
                                               const struct cairn_successors *successors,
                                               struct cairn_random *random);
/* The same, as a function of the strings, the counts and `random` alone. NULL: no memory. */
const struct cairn_successor *cairn_draws_pick_ordered(struct cairn_draws *draws, uint64_t chain,
                                                       const struct cairn_successors *successors,
                                                       const struct cairn_order_words *words,
                                                       struct cairn_random *random);

struct cairn_draws_counts cairn_draws_counts(const struct cairn_draws *draws);
