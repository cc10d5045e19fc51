/* actors/training/alias.h: a weighted draw in constant time.
 *
 * Each of n cells is drawn with the same chance; a second draw below the total weight T decides
 * between the cell itself (below `cut`) and its alias. All arithmetic is in integers over n x T, so
 * the distribution is that of the weights exactly, not nearly.
 *
 * Ownership   The caller's memory throughout.
 * Context     Pure functions.
 * Cost        Building O(n), drawing O(1).
 * Source      Vose, A linear algorithm for generating random numbers with a given distribution, 1991.
 */
#pragma once

#include <stdint.h>

#include "runtime/base/random.h"

struct cairn_alias_cell {
    uint32_t cut;
    uint32_t alias;
};

/* What building needs besides. */
struct cairn_alias_work {
    uint64_t weight; /* in: the weight; scaled while building */
    uint32_t list;   /* two stacks that grow towards each other */
};

/* Fill `cells` from work[i].weight, which sum up to `total` (1 .. 2^32-1). Zero weights are never
 * drawn. */
void cairn_alias_build(struct cairn_alias_cell *cells, struct cairn_alias_work *work,
                       uint32_t count, uint32_t total);

static inline uint32_t cairn_alias_draw(const struct cairn_alias_cell *cells, uint32_t count,
                                        uint32_t total, struct cairn_random *random)
{
    uint32_t i = (uint32_t)cairn_random_below(random, count);
    uint32_t point = (uint32_t)cairn_random_below(random, total);
    return point < cells[i].cut ? i : cells[i].alias;
}
