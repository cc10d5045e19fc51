/* A string is read in two steps. The scan finds its end and checks all of it: escapes, surrogate
 * pairs, control characters, UTF-8. Unescaping, only where there are escapes, then cannot fail but
 * for want of memory. */
#include "runtime/base/json_internal.h"

#include "runtime/base/assert.h"
#include "runtime/base/error.h"
#include "runtime/base/utf8.h"

static int hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    if (byte >= 'A' && byte <= 'F')
        return byte - 'A' + 10;
    return -1;
}

/* The code unit of a \uXXXX at `at`, -1 if there is none. */
static int32_t code_unit(const char *at, const char *end)
{
    if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
        return -1;
    int32_t unit = 0;
    for (int i = 2; i < 6; i++) {
        int digit = hex_digit(at[i]);
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

static bool is_high_surrogate(int32_t unit)
{
    return unit >= 0xd800 && unit <= 0xdbff;
}

static bool is_low_surrogate(int32_t unit)
{
    return unit >= 0xdc00 && unit <= 0xdfff;
}

/* Bytes of the escape at `at` (2, 6 or 12), or 0 and why it is none. */
static size_t escape_bytes(const char *at, const char *end, const char **why)
{
    *why = "no such escape in a string";
    if (end - at < 2)
        return 0;
    if (at[1] != 'u')
        return at[1] != '\0' && strchr("\"\\/bfnrt", at[1]) != NULL ? 2 : 0;

    int32_t unit = code_unit(at, end);
    if (unit < 0) {
        *why = "\\u needs four hexadecimal digits";
        return 0;
    }
    if (is_high_surrogate(unit) && is_low_surrogate(code_unit(at + 6, end)))
        return 12;
    *why = "half a surrogate pair";
    return is_high_surrogate(unit) || is_low_surrogate(unit) ? 0 : 6;
}

static int check_utf8(struct cairn_json_reader *reader, const char *start, const char *end)
{
    size_t bytes = (size_t)(end - start);
    size_t valid = cairn_utf8_valid_prefix(cairn_slice(start, bytes));
    if (valid == bytes)
        return 0;
    return cairn_json_refuse(reader, -EBADMSG, (size_t)(start - reader->data) + valid,
                             "not valid UTF-8");
}

int cairn_json_scan_string(struct cairn_json_reader *reader, struct cairn_slice *raw,
                           bool *has_escapes)
{
    const char *start = reader->data + reader->offset + 1;
    const char *end = reader->data + reader->bytes;
    const char *at = start;
    const char *why = NULL;
    bool is_ascii = true;
    *has_escapes = false;

    while ((at = cairn_json_find_special(at, end, &is_ascii)) < end && *at == '\\') {
        size_t length = escape_bytes(at, end, &why);
        if (length == 0)
            return cairn_json_refuse(reader, -EBADMSG, (size_t)(at - reader->data), why);
        *has_escapes = true;
        at += length;
    }
    if (at == end)
        return cairn_json_refuse(reader, -EBADMSG, reader->bytes, "the string is not closed");
    if (*at != '"')
        return cairn_json_refuse(reader, -EBADMSG, (size_t)(at - reader->data),
                                 "a control character in a string must be escaped");
    if (!is_ascii && check_utf8(reader, start, at) < 0)
        return reader->result;

    *raw = cairn_slice(start, (size_t)(at - start));
    reader->offset = (uint32_t)(at + 1 - reader->data);
    return 0;
}

/* Write what the valid escape at `at` means; returns the bytes that it took. */
static size_t unescape_one(const char *at, const char *end, struct cairn_buffer *text)
{
    static const char LETTERS[] = "bfnrt";
    static const char MEANINGS[] = "\b\f\n\r\t";

    if (at[1] != 'u') {
        const char *letter = strchr(LETTERS, at[1]);
        text->data[text->bytes++] = letter == NULL ? at[1] : MEANINGS[letter - LETTERS];
        return 2;
    }
    int32_t unit = code_unit(at, end);
    size_t length = 6;
    if (is_high_surrogate(unit)) {
        unit = 0x10000 + ((unit - 0xd800) << 10) + (code_unit(at + 6, end) - 0xdc00);
        length = 12;
    }
    text->bytes += cairn_utf8_encode(text->data + text->bytes, (uint32_t)unit);
    return length;
}

/* Unescaped text is never longer than its spelling. So once there is room for all the text still to
 * come, there always will be, and no string ever moves. */
static bool make_room(struct cairn_json_reader *reader, const char *start)
{
    struct cairn_json_scratch *scratch = reader->scratch;
    size_t wanted = (size_t)(reader->data + reader->bytes - start);
    if (scratch->text_bytes_max > scratch->text.bytes + wanted)
        wanted = scratch->text_bytes_max - scratch->text.bytes;
    return cairn_buffer_reserve(&scratch->text, wanted) != NULL;
}

int cairn_json_unescape(struct cairn_json_reader *reader, struct cairn_slice raw,
                        struct cairn_slice *text)
{
    struct cairn_buffer *scratch = &reader->scratch->text;
    if (!make_room(reader, raw.data))
        return cairn_json_refuse(reader, -ENOMEM, reader->value_offset, "out of memory");

    size_t begin = scratch->bytes;
    const char *at = raw.data;
    const char *end = raw.data + raw.bytes;
    while (at < end) {
        if (*at == '\\') {
            at += unescape_one(at, end, scratch);
            continue;
        }
        const char *next = memchr(at, '\\', (size_t)(end - at));
        cairn_buffer_append(scratch, at, (size_t)((next == NULL ? end : next) - at));
        at = next == NULL ? end : next;
    }
    cairn_assert(scratch->bytes - begin <= raw.bytes);
    *text = cairn_slice(scratch->data + begin, scratch->bytes - begin);
    return 0;
}
