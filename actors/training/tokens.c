#include "actors/training/tokens.h"

/* Bytes of the white space character of three bytes at `at`, 0 if it is none. */
static size_t wide_space_bytes(const uint8_t *at)
{
    uint32_t bytes = (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];
    bool is_space = bytes == 0xe19a80 ||                        /* U+1680 */
                    (bytes >= 0xe28080 && bytes <= 0xe2808a) || /* U+2000..U+200A */
                    bytes == 0xe280a8 || bytes == 0xe280a9 ||   /* U+2028, U+2029 */
                    bytes == 0xe280af || bytes == 0xe2819f ||   /* U+202F, U+205F */
                    bytes == 0xe38080;                          /* U+3000 */
    return is_space ? 3 : 0;
}

/* Bytes of the white space character at the start of `text` (not empty), 0 if it is none. */
static size_t space_bytes(const uint8_t *at, size_t bytes)
{
    if (at[0] < 0x80)
        return at[0] == ' ' || (at[0] >= '\t' && at[0] <= '\r');
    if (at[0] == 0xc2 && bytes >= 2)
        return at[1] == 0x85 || at[1] == 0xa0 ? 2 : 0;
    if (at[0] >= 0xe1 && at[0] <= 0xe3 && bytes >= 3)
        return wide_space_bytes(at);
    return 0;
}

/* Bytes that may begin a white space character. */
static const uint8_t MAY_BE_SPACE[256] = {
    ['\t'] = 1, ['\n'] = 1, ['\v'] = 1, ['\f'] = 1, ['\r'] = 1,
    [' '] = 1,  [0xc2] = 1, [0xe1] = 1, [0xe2] = 1, [0xe3] = 1,
};

bool cairn_tokens_next(struct cairn_slice *rest, struct cairn_slice *token)
{
    const uint8_t *text = (const uint8_t *)rest->data;
    size_t end = rest->bytes;
    size_t start = 0;
    size_t space;
    while (start < end && (space = space_bytes(text + start, end - start)) > 0)
        start += space;

    size_t at = start;
    while (at < end && (!MAY_BE_SPACE[text[at]] || space_bytes(text + at, end - at) == 0))
        at++;
    *rest = cairn_slice(rest->data + at, end - at);
    if (start == end)
        return false;
    *token = cairn_slice(text + start, at - start);
    return true;
}

size_t cairn_tokens_count(struct cairn_slice text)
{
    size_t count = 0;
    struct cairn_slice token;
    while (cairn_tokens_next(&text, &token))
        count++;
    return count;
}
