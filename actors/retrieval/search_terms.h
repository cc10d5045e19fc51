/* actors/retrieval/search_terms.h: a query to the terms that are looked up.
 *
 * Stopwords are left out, unless there is nothing else. Terms that no document has are dropped.
 *
 * Ownership   Owns its memory; entries are borrowed from the heap, which must not move.
 * Context     One owner.
 * Errors      -ENOMEM, with nothing to undo but _deinit.
 */
#pragma once

#include "actors/retrieval/scorer.h"

struct cairn_search_terms {
    struct cairn_buffer texts;       /* behind the terms */
    struct cairn_scorer_term *terms; /* in byte order, none twice */
    uint32_t count;
};

int cairn_search_terms_init(struct cairn_search_terms *terms, const struct cairn_heap *heap,
                            struct cairn_analyzer *analyzer, struct cairn_slice query);
void cairn_search_terms_deinit(struct cairn_search_terms *terms);
