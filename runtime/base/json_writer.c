#include "runtime/base/json_writer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/assert.h"
#include "runtime/base/json_internal.h"

/* What follows the backslash in place of a special byte: 'u' for those without a short form. */
static char escape_letter(uint8_t byte)
{
    switch (byte) {
    case '"':
    case '\\':
        return (char)byte;
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return 'u';
    }
}

static void append_escape(struct cairn_buffer *buffer, uint8_t byte)
{
    static const char HEX[] = "0123456789abcdef";
    char escape[] = {'\\', escape_letter(byte), '0', '0', HEX[byte >> 4], HEX[byte & 15]};
    cairn_buffer_append(buffer, escape, escape[1] == 'u' ? 6 : 2);
}

void cairn_json_append_quoted(struct cairn_buffer *buffer, struct cairn_slice text)
{
    const char *at = text.data;
    const char *end = text.data + text.bytes;
    bool is_ascii;

    cairn_buffer_append_byte(buffer, '"');
    while (at < end) {
        const char *special = cairn_json_find_special(at, end, &is_ascii);
        cairn_buffer_append(buffer, at, (size_t)(special - at));
        if (special < end)
            append_escape(buffer, (uint8_t)*special++);
        at = special;
    }
    cairn_buffer_append_byte(buffer, '"');
}

void cairn_json_append_double(struct cairn_buffer *buffer, double value)
{
    cairn_assert(isfinite(value));

    /* 2^53: whole numbers below it are exact, and printing them needs no trials. */
    if (value == floor(value) && fabs(value) < 9007199254740992.0 &&
        (value != 0 || !signbit(value))) {
        cairn_buffer_append_i64(buffer, (int64_t)value);
        return;
    }
    char digits[32];
    int length = 0;
    for (int precision = 15; precision <= 17; precision++) {
        length = snprintf(digits, sizeof(digits), "%.*g", precision, value);
        if (strtod(digits, NULL) == value)
            break;
    }
    cairn_buffer_append(buffer, digits, (size_t)length);
}

static void begin_value(struct cairn_json_writer *writer)
{
    if (writer->is_comma_due)
        cairn_buffer_append_byte(writer->buffer, ',');
    writer->is_comma_due = true;
}

static void begin(struct cairn_json_writer *writer, char opening)
{
    begin_value(writer);
    cairn_buffer_append_byte(writer->buffer, opening);
    writer->is_comma_due = false;
}

static void end(struct cairn_json_writer *writer, char closing)
{
    cairn_buffer_append_byte(writer->buffer, closing);
    writer->is_comma_due = true;
}

void cairn_json_begin_object(struct cairn_json_writer *writer)
{
    begin(writer, '{');
}

void cairn_json_end_object(struct cairn_json_writer *writer)
{
    end(writer, '}');
}

void cairn_json_begin_array(struct cairn_json_writer *writer)
{
    begin(writer, '[');
}

void cairn_json_end_array(struct cairn_json_writer *writer)
{
    end(writer, ']');
}

void cairn_json_key_slice(struct cairn_json_writer *writer, struct cairn_slice key)
{
    begin_value(writer);
    cairn_json_append_quoted(writer->buffer, key);
    cairn_buffer_append_byte(writer->buffer, ':');
    writer->is_comma_due = false;
}

void cairn_json_key(struct cairn_json_writer *writer, const char *key)
{
    cairn_json_key_slice(writer, cairn_slice_of(key));
}

void cairn_json_write_string(struct cairn_json_writer *writer, struct cairn_slice text)
{
    begin_value(writer);
    cairn_json_append_quoted(writer->buffer, text);
}

void cairn_json_write_raw(struct cairn_json_writer *writer, struct cairn_slice raw)
{
    begin_value(writer);
    cairn_buffer_append_slice(writer->buffer, raw);
}

void cairn_json_write_u64(struct cairn_json_writer *writer, uint64_t value)
{
    begin_value(writer);
    cairn_buffer_append_u64(writer->buffer, value);
}

void cairn_json_write_i64(struct cairn_json_writer *writer, int64_t value)
{
    begin_value(writer);
    cairn_buffer_append_i64(writer->buffer, value);
}

void cairn_json_write_double(struct cairn_json_writer *writer, double value)
{
    if (!isfinite(value)) {
        cairn_json_write_null(writer);
        return;
    }
    begin_value(writer);
    cairn_json_append_double(writer->buffer, value);
}

void cairn_json_write_bool(struct cairn_json_writer *writer, bool value)
{
    cairn_json_write_raw(writer, cairn_slice_of(value ? "true" : "false"));
}

void cairn_json_write_null(struct cairn_json_writer *writer)
{
    cairn_json_write_raw(writer, cairn_slice_of("null"));
}

void cairn_json_member_string(struct cairn_json_writer *writer, const char *key,
                              struct cairn_slice text)
{
    cairn_json_key(writer, key);
    cairn_json_write_string(writer, text);
}

void cairn_json_member_text(struct cairn_json_writer *writer, const char *key, const char *text)
{
    cairn_json_member_string(writer, key, cairn_slice_of(text));
}

void cairn_json_member_raw(struct cairn_json_writer *writer, const char *key,
                           struct cairn_slice raw)
{
    cairn_json_key(writer, key);
    cairn_json_write_raw(writer, raw);
}

void cairn_json_member_u64(struct cairn_json_writer *writer, const char *key, uint64_t value)
{
    cairn_json_key(writer, key);
    cairn_json_write_u64(writer, value);
}

void cairn_json_member_i64(struct cairn_json_writer *writer, const char *key, int64_t value)
{
    cairn_json_key(writer, key);
    cairn_json_write_i64(writer, value);
}

void cairn_json_member_double(struct cairn_json_writer *writer, const char *key, double value)
{
    cairn_json_key(writer, key);
    cairn_json_write_double(writer, value);
}

void cairn_json_member_bool(struct cairn_json_writer *writer, const char *key, bool value)
{
    cairn_json_key(writer, key);
    cairn_json_write_bool(writer, value);
}

void cairn_json_member_null(struct cairn_json_writer *writer, const char *key)
{
    cairn_json_key(writer, key);
    cairn_json_write_null(writer);
}

void cairn_json_member_object(struct cairn_json_writer *writer, const char *key)
{
    cairn_json_key(writer, key);
    cairn_json_begin_object(writer);
}

void cairn_json_member_array(struct cairn_json_writer *writer, const char *key)
{
    cairn_json_key(writer, key);
    cairn_json_begin_array(writer);
}
