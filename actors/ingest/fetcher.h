/* actors/ingest/fetcher.h: brings events back from the ledger for answers that show them.
 *
 * A request comes with `fetch` (sequences) and `render`; the fetcher reads the blocks, fills
 * `fetched` in the same order, and sends it on to its connection. Blocks that were decoded lately
 * are kept, so that a page of hits costs a few decompressions at most.
 *
 * Context   A pinned actor: its reader's platform is its worker's.
 * Cost      About 35 us for a block that is not cached.
 */
#pragma once

#include "runtime/actor.h"

struct cairn_fetcher_options {
    const char *directory; /* the ledger's; borrowed */
    uint32_t cache_blocks;
};

struct cairn_fetcher;

int cairn_fetcher_create(const struct cairn_fetcher_options *options,
                         struct cairn_fetcher **fetcher);
void cairn_fetcher_destroy(struct cairn_fetcher *fetcher);
int cairn_fetcher_behaviour(struct cairn_turn *turn, void *state, struct cairn_message *message);
