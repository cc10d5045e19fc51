/* runtime/base/json_internal.h: the parts of the JSON cursor: strings and the keys already seen. */
#pragma once

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "runtime/base/json.h"

/* What cannot stand for itself in a JSON string. */
static inline bool cairn_json_is_special(uint8_t byte)
{
    return byte == '"' || byte == '\\' || byte < 0x20;
}

#ifdef __SSE2__
/* A bit for each special byte among the sixteen. */
static inline uint32_t cairn_json_specials_of_16(__m128i block)
{
    __m128i is_quote = _mm_cmpeq_epi8(block, _mm_set1_epi8('"'));
    __m128i is_backslash = _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'));
    __m128i is_control = _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(0x1f)), block);
    return (uint32_t)_mm_movemask_epi8(
        _mm_or_si128(_mm_or_si128(is_quote, is_backslash), is_control));
}
#endif

/* The first special byte at or after `at`, `end` if there is none. Clears `*is_ascii` when it
 * passed a byte above 0x7f. */
static inline const char *cairn_json_find_special(const char *at, const char *end, bool *is_ascii)
{
#ifdef __SSE2__
    while (end - at >= 16) {
        __m128i block = _mm_loadu_si128((const __m128i *)(const void *)at);
        uint32_t specials = cairn_json_specials_of_16(block);
        uint32_t high = (uint32_t)_mm_movemask_epi8(block);
        uint32_t before = specials - 1; /* the bits below the first special, all if there is none */
        if ((high & ~specials & before) != 0)
            *is_ascii = false;
        if (specials != 0)
            return at + __builtin_ctz(specials);
        at += 16;
    }
#endif
    while (at < end && !cairn_json_is_special((uint8_t)*at)) {
        if ((uint8_t)*at >= 0x80)
            *is_ascii = false;
        at++;
    }
    return at;
}

/* Record the first error, at `offset`; returns it. */
int cairn_json_refuse(struct cairn_json_reader *reader, int result, size_t offset, const char *why);

/* Read the string whose opening quote is at the cursor and move past its closing quote. `raw` is
 * what stands between the quotes; `has_escapes` tells whether it must be unescaped. */
int cairn_json_scan_string(struct cairn_json_reader *reader, struct cairn_slice *raw,
                           bool *has_escapes);

/* Turn a scanned string into the text that it means. */
int cairn_json_unescape(struct cairn_json_reader *reader, struct cairn_slice raw,
                        struct cairn_slice *text);

/* Remember a key of the innermost object. -EBADMSG: that object has it already. */
int cairn_json_keys_add(struct cairn_json_scratch *scratch, struct cairn_slice key, uint32_t depth);
/* Forget the keys of the innermost object, which is at `depth`. */
void cairn_json_keys_leave(struct cairn_json_scratch *scratch, uint32_t depth);
/* Forget all keys. */
void cairn_json_keys_clear(struct cairn_json_scratch *scratch);
