/* actors/percent.h: percent-encoding in paths and query strings.
 *
 * Ownership   Borrows its input; writes where it is told.
 * Context     Pure functions: any thread, no allocation.
 * Errors      -EINVAL: a '%' without two hexadecimal digits.
 * Cost        O(bytes).
 * Source      RFC 3986, 2.1; '+' for a space in queries as in HTML forms.
 */
#pragma once

#include "runtime/base/bytes.h"

/* Decode `text` to `target`, which has room for text.bytes (and may be text.data itself). Returns
 * the bytes written. */
int cairn_percent_decode(struct cairn_slice text, bool plus_is_space, char *target);

/* Append `text` with everything but the unreserved characters encoded. */
void cairn_percent_append(struct cairn_buffer *buffer, struct cairn_slice text);
