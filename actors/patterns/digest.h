/* actors/patterns/digest.h: the model's logical content as a sum of item hashes (api.md, section
 * 5).
 *
 * Items, each with the space's name in front and every string with its length: an episode's head, a
 * step, a sequence with its counts, a pattern's votes. Strings and numbers only; ids of names,
 * addresses and the order of tables are not in it.
 *
 * Context     As the heap's owner, or while it stands still; nothing changes.
 * Errors      None. Without memory for its scratch the process stops: a digest is never half a
 * digest. Cost        O(model).
 */
#pragma once

#include "runtime/base/hash.h"
#include "runtime/base/heap.h"

void cairn_patterns_digest(const struct cairn_heap *heap, struct cairn_slice space,
                           struct cairn_digest *digest);
