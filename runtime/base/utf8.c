#include "runtime/base/utf8.h"

#include "runtime/base/assert.h"

#define HIGH_BITS UINT64_C(0x8080808080808080)

static size_t ascii_prefix(const char *data, size_t bytes)
{
    size_t at = 0;
    while (bytes - at >= 16) {
        uint64_t both = cairn_load_u64(data + at) | cairn_load_u64(data + at + 8);
        if ((both & HIGH_BITS) != 0)
            break;
        at += 16;
    }
    while (at < bytes && (uint8_t)data[at] < 0x80)
        at++;
    return at;
}

static bool is_continuation(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

static size_t three_bytes(const uint8_t *at, size_t bytes)
{
    if (bytes < 3 || !is_continuation(at[1]) || !is_continuation(at[2]))
        return 0;
    bool is_overlong = at[0] == 0xe0 && at[1] < 0xa0;
    bool is_surrogate = at[0] == 0xed && at[1] >= 0xa0;
    return is_overlong || is_surrogate ? 0 : 3;
}

static size_t four_bytes(const uint8_t *at, size_t bytes)
{
    if (bytes < 4 || !is_continuation(at[1]) || !is_continuation(at[2]) || !is_continuation(at[3]))
        return 0;
    bool is_overlong = at[0] == 0xf0 && at[1] < 0x90;
    bool is_too_high = at[0] == 0xf4 && at[1] >= 0x90;
    return is_overlong || is_too_high ? 0 : 4;
}

static inline size_t sequence_bytes(const uint8_t *at, size_t bytes)
{
    if (at[0] < 0x80)
        return 1;
    if (at[0] < 0xc2) /* a stray continuation, or an overlong form of ASCII */
        return 0;
    if (at[0] < 0xe0)
        return bytes >= 2 && is_continuation(at[1]) ? 2 : 0;
    if (at[0] < 0xf0)
        return three_bytes(at, bytes);
    return at[0] < 0xf5 ? four_bytes(at, bytes) : 0;
}

size_t cairn_utf8_sequence_bytes(struct cairn_slice text)
{
    return text.bytes == 0 ? 0 : sequence_bytes((const uint8_t *)text.data, text.bytes);
}

size_t cairn_utf8_valid_prefix(struct cairn_slice text)
{
    size_t at = 0;
    while (at < text.bytes) {
        if ((uint8_t)text.data[at] < 0x80) {
            at += ascii_prefix(text.data + at, text.bytes - at);
            continue;
        }
        size_t length = sequence_bytes((const uint8_t *)text.data + at, text.bytes - at);
        if (length == 0)
            break;
        at += length;
    }
    return at;
}

size_t cairn_utf8_count(struct cairn_slice text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.bytes; i++)
        count += !is_continuation((uint8_t)text.data[i]);
    return count;
}

bool cairn_utf8_has_control(struct cairn_slice text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        uint8_t byte = (uint8_t)text.data[i];
        if (byte < 0x20 || byte == 0x7f)
            return true;
        /* U+0080..U+009F are C2 80 .. C2 9F. */
        if (byte == 0xc2 && i + 1 < text.bytes && (uint8_t)text.data[i + 1] < 0xa0)
            return true;
    }
    return false;
}

size_t cairn_utf8_encode(char target[4], uint32_t code_point)
{
    cairn_assert(code_point <= 0x10ffff);
    cairn_assert(code_point < 0xd800 || code_point > 0xdfff);

    if (code_point < 0x80) {
        target[0] = (char)code_point;
        return 1;
    }
    size_t length = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
    static const uint8_t LEAD[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = length - 1; i > 0; i--) {
        target[i] = (char)(0x80 | (code_point & 0x3f));
        code_point >>= 6;
    }
    target[0] = (char)(LEAD[length] | code_point);
    return length;
}
