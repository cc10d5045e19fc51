/* tools/forgotten.h: which events of a ledger later ones forget, for tools that read it alone.
 *
 * The directory of ingest (actors/ingest/directory.h) is built once over the whole ledger, and what
 * its forgets selected is remembered as a bitmap.
 *
 * Cost   One pass over the ledger; a bit an event.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "storage/reader.h"

struct cairn_forgotten {
    uint64_t *bits; /* owned; bit seq */
    uint64_t capacity;
};

/* 0, or what reading gave. A ledger without forgets costs the pass and no memory. */
int cairn_forgotten_init(struct cairn_forgotten *forgotten, struct cairn_reader *reader);
void cairn_forgotten_deinit(struct cairn_forgotten *forgotten);
bool cairn_forgotten_is(const struct cairn_forgotten *forgotten, uint64_t seq);
