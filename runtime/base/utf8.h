/* runtime/base/utf8.h: is it UTF-8, how many code points, any control characters.
 *
 * Strict UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
 *
 * Context   Pure functions: any thread, no allocation.
 * Cost      O(bytes), one pass; plain ASCII goes sixteen bytes at a time.
 * Source    RFC 3629, section 4; Unicode 15, table 3-7.
 */
#pragma once

#include "runtime/base/bytes.h"

/* The offset of the first byte that does not belong to valid UTF-8; `text.bytes` if all do. */
size_t cairn_utf8_valid_prefix(struct cairn_slice text);

static inline bool cairn_utf8_is_valid(struct cairn_slice text)
{
    return cairn_utf8_valid_prefix(text) == text.bytes;
}

/* Bytes of the code point at the start of `text` (1..4), 0 if it is not valid or cut short. */
size_t cairn_utf8_sequence_bytes(struct cairn_slice text);

/* Code points in valid UTF-8. */
size_t cairn_utf8_count(struct cairn_slice text);

/* True if valid UTF-8 holds U+0000..U+001F, U+007F or U+0080..U+009F. */
bool cairn_utf8_has_control(struct cairn_slice text);

/* Write one code point (not a surrogate, at most U+10FFFF); returns the bytes written, 1..4. */
size_t cairn_utf8_encode(char target[4], uint32_t code_point);
