/* actors/training/order.h: successors in the order of their tokens' bytes.
 *
 * A seeded draw takes a point below the total and goes along the counts in this order, the end of a
 * message first. So the outcome is a function of strings and counts, never of ids or of history.
 *
 * Ownership   Items are the caller's memory.
 * Context     Pure functions.
 * Cost        Gathering O(n); sorting O(n log n); selecting O(n) on average.
 */
#pragma once

#include "actors/training/successors.h"

struct cairn_order_item {
    uint64_t key; /* the first eight bytes of the text, most significant first */
    uint32_t slot;
    uint32_t token;
    uint32_t count;
};

/* Where the tokens' texts are. */
struct cairn_order_words {
    const struct cairn_heap *heap;
    cairn_ref words;
};

/* Fill items[fanout] from all successors. */
void cairn_order_gather(const struct cairn_order_words *words,
                        const struct cairn_successors *successors, struct cairn_order_item *items);

void cairn_order_sort(const struct cairn_order_words *words, struct cairn_order_item *items,
                      uint32_t count);

/* The slot that covers `point` (below the sum of the counts), as a walk along the sorted items would
 * find it. Rearranges them. */
uint32_t cairn_order_select(const struct cairn_order_words *words, struct cairn_order_item *items,
                            uint32_t count, uint32_t point);
