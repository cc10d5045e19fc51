#include "actors/retrieval/search_cursor.h"

#include <errno.h>
#include <math.h>

#define FIELDS       3u
#define DIGITS_FIELD 16u

static_assert(FIELDS * DIGITS_FIELD == CAIRN_SEARCH_CURSOR_BYTES, "three numbers of 16 digits");

void cairn_search_cursor_encode(struct cairn_search_cursor cursor,
                                char text[CAIRN_SEARCH_CURSOR_BYTES])
{
    static const char DIGITS[] = "0123456789abcdef";
    uint64_t score_bits;
    memcpy(&score_bits, &cursor.after.score, sizeof(score_bits));
    const uint64_t fields[FIELDS] = {cursor.fingerprint, score_bits, cursor.after.seq};
    for (unsigned i = 0; i < CAIRN_SEARCH_CURSOR_BYTES; i++) {
        unsigned shift = 60 - i % DIGITS_FIELD * 4;
        text[i] = DIGITS[fields[i / DIGITS_FIELD] >> shift & 15];
    }
}

static int digit_of(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

int cairn_search_cursor_decode(struct cairn_slice text, struct cairn_search_cursor *cursor)
{
    uint64_t fields[FIELDS] = {0};
    if (text.bytes != CAIRN_SEARCH_CURSOR_BYTES)
        return -EINVAL;
    for (unsigned i = 0; i < CAIRN_SEARCH_CURSOR_BYTES; i++) {
        int digit = digit_of(text.data[i]);
        if (digit < 0)
            return -EINVAL;
        fields[i / DIGITS_FIELD] = fields[i / DIGITS_FIELD] << 4 | (uint64_t)digit;
    }
    double score;
    memcpy(&score, &fields[1], sizeof(score));
    if (!isfinite(score))
        return -EINVAL;
    *cursor = (struct cairn_search_cursor){.fingerprint = fields[0],
                                           .after = {.score = score, .seq = fields[2]}};
    return 0;
}
