#include "actors/training/alias.h"

#include "runtime/base/assert.h"

void cairn_alias_build(struct cairn_alias_cell *cells, struct cairn_alias_work *work,
                       uint32_t count, uint32_t total)
{
    cairn_assert(count > 0 && total > 0);
    /* Scaled by n, a cell's fair share is exactly T. Cells below it stand on the left stack, the
     * others on the right one; together they are never more than n. */
    uint32_t below = 0;
    uint32_t above = count;
    for (uint32_t i = 0; i < count; i++) {
        work[i].weight *= count;
        if (work[i].weight < total)
            work[below++].list = i;
        else
            work[--above].list = i;
    }
    while (below > 0) {
        cairn_assert(above < count);
        uint32_t poor = work[--below].list;
        uint32_t rich = work[above].list;
        /* The poor cell is final now: its cut is written once and never again. */
        cells[poor] = (struct cairn_alias_cell){.cut = (uint32_t)work[poor].weight, .alias = rich};
        work[rich].weight -= total - work[poor].weight;
        if (work[rich].weight < total) {
            above++;
            work[below++].list = rich;
        }
    }
    for (; above < count; above++) {
        uint32_t full = work[above].list;
        cairn_assert(work[full].weight == total);
        cells[full] = (struct cairn_alias_cell){.cut = total, .alias = full};
    }
}
