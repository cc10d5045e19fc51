/* actors/retrieval/collector.h: term ids in the order of a text to tallies in the order of ids.
 *
 * Ownership   Owns its arrays, which grow with the longest text and shrink again after a huge one.
 * Context     One owner.
 * Errors      -ENOMEM: the id was not taken.
 * Cost        Sorting: insertion for chat, qsort for the rest.
 */
#pragma once

#include "actors/retrieval/documents.h"

struct cairn_collector {
    uint32_t *ids; /* owned; as they came, with repetition */
    uint32_t count;
    uint32_t capacity;
    struct cairn_tally *tallies; /* owned; good after _finish */
    uint32_t tally_count;
    uint32_t tally_capacity;
};

void cairn_collector_deinit(struct cairn_collector *collector);
/* Empty it for the next text. */
void cairn_collector_begin(struct cairn_collector *collector);
int cairn_collector_add(struct cairn_collector *collector, uint32_t id);
/* Sort and count: `ids` is in order afterwards. */
int cairn_collector_finish(struct cairn_collector *collector);
