/* actors/retrieval/search_cursor.h: where a page of a ranking ended, as an opaque string.
 *
 *     hexadecimal of   fingerprint u64 | score (the bits of a double) u64 | seq u64
 *
 * The next page is what ranks behind (score, seq). The fingerprint is of the question, so that a
 * cursor cannot go on with another one.
 *
 * Context   Pure functions.
 * Errors    -EINVAL: not a cursor of ours.
 */
#pragma once

#include "actors/retrieval/scorer.h"

#define CAIRN_SEARCH_CURSOR_BYTES 48

struct cairn_search_cursor {
    uint64_t fingerprint;
    struct cairn_hit after;
};

void cairn_search_cursor_encode(struct cairn_search_cursor cursor,
                                char text[CAIRN_SEARCH_CURSOR_BYTES]);
int cairn_search_cursor_decode(struct cairn_slice text, struct cairn_search_cursor *cursor);
