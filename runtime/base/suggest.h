/* runtime/base/suggest.h: "did you mean": the nearest of the names that would have been right.
 *
 * Context   Pure functions: any thread, no allocation.
 * Cost      O(count * bytes^2); for error messages only.
 * Source    Optimal string alignment: insert, delete, replace, swap two neighbours.
 */
#pragma once

#include "runtime/base/bytes.h"

/* Names longer than this are never suggested, nor anything for them. */
#define CAIRN_SUGGEST_BYTES_MAX 63

/* Edits between `a` and `b`, without regard to ASCII case; anything over `limit` is limit + 1. */
uint32_t cairn_suggest_distance(struct cairn_slice a, struct cairn_slice b, uint32_t limit);

/* The nearest of `names` to `wrong`, within a third of its length (at least 1 edit, at most 3), or
 * the only one that `wrong` begins. NULL if there is none. */
const char *cairn_suggest(struct cairn_slice wrong, const char *const names[], size_t count);
