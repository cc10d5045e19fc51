/* actors/training/tokens.h: a text as the words between its white space.
 *
 * White space is Unicode's White_Space property, in UTF-8; everything else belongs to a word as it
 * stands: case, punctuation, emoji. Empty words do not exist.
 *
 * Ownership   Words point into the text.
 * Context     Pure functions.
 * Cost        O(bytes).
 * Source      Unicode 15, PropList.txt, White_Space.
 */
#pragma once

#include "runtime/base/bytes.h"

/* The first word of `*rest`, which is moved behind it. False when there is none left. */
bool cairn_tokens_next(struct cairn_slice *rest, struct cairn_slice *token);

/* How many words `text` has. */
size_t cairn_tokens_count(struct cairn_slice text);
