/* The cursor's whole state is the offset, the kind of each open container (a bit), whether the
 * innermost one is still empty, and whether a value comes next. Leaving a container completes a
 * value, so the one around it cannot be empty any more: no stack is needed. */
#include "runtime/base/json.h"

#include <math.h>
#include <stdlib.h>

#include "runtime/base/assert.h"
#include "runtime/base/error.h"
#include "runtime/base/json_internal.h"

#define NUMBER_BYTES_MAX 127

int cairn_json_refuse(struct cairn_json_reader *reader, int result, size_t offset, const char *why)
{
    cairn_assert(result < 0);
    if (reader->result == 0) {
        reader->result = result;
        reader->error_offset = (uint32_t)offset;
        reader->error = why;
    }
    return reader->result;
}

void cairn_json_reader_init(struct cairn_json_reader *reader, struct cairn_slice text,
                            struct cairn_json_scratch *scratch)
{
    cairn_assert(scratch != NULL);
    bool is_too_long = text.bytes >= UINT32_MAX;
    *reader = (struct cairn_json_reader){
        .data = text.data,
        .bytes = is_too_long ? 0 : (uint32_t)text.bytes,
        .is_value_due = true,
        .scratch = scratch,
    };
    scratch->reader = reader;
    cairn_json_keys_clear(scratch);
    if (is_too_long)
        cairn_json_refuse(reader, -EFBIG, 0, "longer than 4 GiB");
}

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

static void skip_spaces(struct cairn_json_reader *reader)
{
    uint32_t at = reader->offset;
    while (at < reader->bytes && is_space(reader->data[at]))
        at++;
    reader->offset = at;
}

/* Most tokens have no white space before them, and one comparison says so. */
static inline void skip_space(struct cairn_json_reader *reader)
{
    if (reader->offset < reader->bytes && (uint8_t)reader->data[reader->offset] <= ' ')
        skip_spaces(reader);
}

/* The next byte, or NUL at the end; a NUL in the text is no better than an end. */
static char next_byte(const struct cairn_json_reader *reader)
{
    return reader->offset < reader->bytes ? reader->data[reader->offset] : '\0';
}

static int refuse_here(struct cairn_json_reader *reader, const char *why)
{
    bool is_cut = reader->offset >= reader->bytes;
    return cairn_json_refuse(reader, -EBADMSG, reader->offset, is_cut ? "cut short" : why);
}

static bool is_in_object(const struct cairn_json_reader *reader)
{
    return reader->depth > 0 && (reader->objects >> (reader->depth - 1) & 1) != 0;
}

/* Values. */

enum cairn_json_type cairn_json_peek(struct cairn_json_reader *reader)
{
    if (reader->result < 0)
        return CAIRN_JSON_NONE;
    cairn_assert(reader->is_value_due);
    skip_space(reader);
    reader->value_offset = reader->offset;
    switch (next_byte(reader)) {
    case '"':
        return CAIRN_JSON_STRING;
    case '{':
        return CAIRN_JSON_OBJECT;
    case '[':
        return CAIRN_JSON_ARRAY;
    case 't':
    case 'f':
        return CAIRN_JSON_BOOL;
    case 'n':
        return CAIRN_JSON_NULL;
    case '-':
    case '0' ... '9':
        return CAIRN_JSON_NUMBER;
    default:
        return CAIRN_JSON_NONE;
    }
}

/* Stand before a value of type `wanted`. */
static int expect(struct cairn_json_reader *reader, enum cairn_json_type wanted, const char *why)
{
    enum cairn_json_type type = cairn_json_peek(reader);
    if (type == wanted)
        return 0;
    if (type == CAIRN_JSON_NONE)
        return refuse_here(reader, "a value is expected");
    return cairn_json_refuse(reader, -EINVAL, reader->offset, why);
}

static int scan_literal(struct cairn_json_reader *reader, const char *literal)
{
    size_t length = strlen(literal);
    if (reader->bytes - reader->offset < length ||
        memcmp(reader->data + reader->offset, literal, length) != 0)
        return cairn_json_refuse(reader, -EBADMSG, reader->offset, "a value is expected");
    reader->offset += (uint32_t)length;
    reader->is_value_due = false;
    return 0;
}

static bool scan_digits(struct cairn_json_reader *reader)
{
    uint32_t start = reader->offset;
    uint32_t at = start;
    while (at < reader->bytes && reader->data[at] >= '0' && reader->data[at] <= '9')
        at++;
    reader->offset = at;
    return at > start;
}

static int scan_number(struct cairn_json_reader *reader)
{
    reader->offset += next_byte(reader) == '-';
    if (next_byte(reader) == '0')
        reader->offset++;
    else if (!scan_digits(reader))
        return refuse_here(reader, "a digit is expected");
    if (next_byte(reader) == '.') {
        reader->offset++;
        if (!scan_digits(reader))
            return refuse_here(reader, "a digit is expected");
    }
    if (next_byte(reader) == 'e' || next_byte(reader) == 'E') {
        reader->offset++;
        reader->offset += next_byte(reader) == '+' || next_byte(reader) == '-';
        if (!scan_digits(reader))
            return refuse_here(reader, "a digit is expected");
    }
    reader->is_value_due = false;
    return 0;
}

int cairn_json_read_string(struct cairn_json_reader *reader, struct cairn_slice *text)
{
    struct cairn_slice raw;
    bool has_escapes;
    if (expect(reader, CAIRN_JSON_STRING, "a string is expected") < 0 ||
        cairn_json_scan_string(reader, &raw, &has_escapes) < 0)
        return reader->result;
    if (has_escapes && cairn_json_unescape(reader, raw, &raw) < 0)
        return reader->result;
    reader->is_value_due = false;
    *text = raw;
    return 0;
}

int cairn_json_read_number(struct cairn_json_reader *reader, struct cairn_slice *spelled)
{
    int result = expect(reader, CAIRN_JSON_NUMBER, "a number is expected");
    if (result == 0)
        result = scan_number(reader);
    if (result < 0)
        return result;
    *spelled =
        cairn_slice(reader->data + reader->value_offset, reader->offset - reader->value_offset);
    return 0;
}

int cairn_json_read_i64(struct cairn_json_reader *reader, int64_t *value)
{
    struct cairn_slice spelled;
    if (cairn_json_read_number(reader, &spelled) < 0)
        return reader->result;
    if (!cairn_slice_to_i64(spelled, value))
        return cairn_json_fail(reader, "an integer of 64 bits is expected");
    return 0;
}

int cairn_json_read_u64(struct cairn_json_reader *reader, uint64_t *value)
{
    struct cairn_slice spelled;
    if (cairn_json_read_number(reader, &spelled) < 0)
        return reader->result;
    if (!cairn_slice_to_u64(spelled, value))
        return cairn_json_fail(reader, "an integer of 64 bits, not negative, is expected");
    return 0;
}

int cairn_json_read_double(struct cairn_json_reader *reader, double *value)
{
    struct cairn_slice spelled;
    char terminated[NUMBER_BYTES_MAX + 1];
    if (cairn_json_read_number(reader, &spelled) < 0)
        return reader->result;
    if (spelled.bytes > NUMBER_BYTES_MAX)
        return cairn_json_fail(reader, "the number has too many digits");
    memcpy(terminated, spelled.data, spelled.bytes);
    terminated[spelled.bytes] = '\0';
    double parsed = strtod(terminated, NULL);
    if (!isfinite(parsed))
        return cairn_json_fail(reader, "the number is too large");
    *value = parsed;
    return 0;
}

int cairn_json_read_bool(struct cairn_json_reader *reader, bool *value)
{
    if (expect(reader, CAIRN_JSON_BOOL, "true or false is expected") < 0)
        return reader->result;
    bool is_true = next_byte(reader) == 't';
    if (scan_literal(reader, is_true ? "true" : "false") < 0)
        return reader->result;
    *value = is_true;
    return 0;
}

bool cairn_json_take_null(struct cairn_json_reader *reader)
{
    return cairn_json_peek(reader) == CAIRN_JSON_NULL && scan_literal(reader, "null") == 0;
}

/* Containers. */

static int enter(struct cairn_json_reader *reader, bool is_object)
{
    if (reader->depth == CAIRN_JSON_DEPTH_MAX)
        return cairn_json_refuse(reader, -EBADMSG, reader->offset, "nested more than 64 deep");
    uint64_t bit = UINT64_C(1) << reader->depth;
    reader->objects = is_object ? reader->objects | bit : reader->objects & ~bit;
    reader->depth++;
    reader->offset++;
    reader->is_first = true;
    reader->is_value_due = false;
    return 0;
}

int cairn_json_enter_object(struct cairn_json_reader *reader)
{
    if (expect(reader, CAIRN_JSON_OBJECT, "an object is expected") < 0)
        return reader->result;
    return enter(reader, true);
}

int cairn_json_enter_array(struct cairn_json_reader *reader)
{
    if (expect(reader, CAIRN_JSON_ARRAY, "an array is expected") < 0)
        return reader->result;
    return enter(reader, false);
}

/* Step over the comma between two items. False when `closing` was there and the container has been
 * left, or on an error. */
static bool next_item(struct cairn_json_reader *reader, char closing)
{
    skip_space(reader);
    if (next_byte(reader) == closing) {
        reader->offset++;
        reader->depth--;
        reader->is_first = false;
        return false;
    }
    if (!reader->is_first) {
        if (next_byte(reader) != ',') {
            refuse_here(reader,
                        closing == '}' ? "a comma or } is expected" : "a comma or ] is expected");
            return false;
        }
        reader->offset++;
        skip_space(reader);
    }
    reader->is_first = false;
    return true;
}

static int remember_key(struct cairn_json_reader *reader, struct cairn_slice key)
{
    cairn_assert(reader->scratch->reader == reader);
    int result = cairn_json_keys_add(reader->scratch, key, reader->depth);
    if (result == 0)
        return 0;
    const char *why = result == -EBADMSG ? "the object has this key already"
                      : result == -EFBIG ? "too many keys"
                                         : "out of memory";
    return cairn_json_refuse(reader, result, reader->value_offset, why);
}

static bool read_key(struct cairn_json_reader *reader, struct cairn_slice *key)
{
    struct cairn_slice raw;
    bool has_escapes;
    reader->value_offset = reader->offset;
    if (next_byte(reader) != '"') {
        refuse_here(reader, "a key in double quotes is expected");
        return false;
    }
    if (cairn_json_scan_string(reader, &raw, &has_escapes) < 0)
        return false;
    if (has_escapes && cairn_json_unescape(reader, raw, &raw) < 0)
        return false;
    if (remember_key(reader, raw) < 0)
        return false;
    skip_space(reader);
    if (next_byte(reader) != ':') {
        refuse_here(reader, "a colon is expected");
        return false;
    }
    reader->offset++;
    reader->is_value_due = true;
    *key = raw;
    return true;
}

static bool step_member(struct cairn_json_reader *reader, struct cairn_slice *key)
{
    if (next_item(reader, '}'))
        return read_key(reader, key);
    if (reader->result == 0)
        cairn_json_keys_leave(reader->scratch, reader->depth + 1);
    return false;
}

static bool step_element(struct cairn_json_reader *reader)
{
    if (!next_item(reader, ']'))
        return false;
    reader->is_value_due = true;
    return true;
}

bool cairn_json_next_member(struct cairn_json_reader *reader, struct cairn_slice *key)
{
    if (reader->result < 0 || (reader->is_value_due && cairn_json_skip(reader) < 0))
        return false;
    cairn_assert(is_in_object(reader));
    return step_member(reader, key);
}

bool cairn_json_next_element(struct cairn_json_reader *reader)
{
    if (reader->result < 0 || (reader->is_value_due && cairn_json_skip(reader) < 0))
        return false;
    cairn_assert(reader->depth > 0);
    cairn_assert(!is_in_object(reader));
    return step_element(reader);
}

/* Consume a scalar, or enter a container. */
static int begin_value(struct cairn_json_reader *reader)
{
    struct cairn_slice raw;
    bool has_escapes;
    switch (cairn_json_peek(reader)) {
    case CAIRN_JSON_OBJECT:
        return enter(reader, true);
    case CAIRN_JSON_ARRAY:
        return enter(reader, false);
    case CAIRN_JSON_STRING:
        reader->is_value_due = false;
        return cairn_json_scan_string(reader, &raw, &has_escapes);
    case CAIRN_JSON_NUMBER:
        return scan_number(reader);
    case CAIRN_JSON_BOOL:
        return scan_literal(reader, next_byte(reader) == 't' ? "true" : "false");
    case CAIRN_JSON_NULL:
        return scan_literal(reader, "null");
    case CAIRN_JSON_NONE:
        break;
    }
    return refuse_here(reader, "a value is expected");
}

int cairn_json_skip(struct cairn_json_reader *reader)
{
    uint32_t outer = reader->depth;
    struct cairn_slice key;
    if (reader->result < 0)
        return reader->result;
    cairn_assert(reader->is_value_due);
    do {
        if (reader->is_value_due)
            begin_value(reader);
        else if (is_in_object(reader))
            step_member(reader, &key);
        else
            step_element(reader);
    } while (reader->result == 0 && (reader->is_value_due || reader->depth > outer));
    return reader->result;
}

int cairn_json_read_raw(struct cairn_json_reader *reader, struct cairn_slice *raw)
{
    cairn_json_peek(reader);
    uint32_t start = reader->offset;
    if (cairn_json_skip(reader) < 0)
        return reader->result;
    reader->value_offset = start;
    *raw = cairn_slice(reader->data + start, reader->offset - start);
    return 0;
}

int cairn_json_fail(struct cairn_json_reader *reader, const char *why)
{
    return cairn_json_refuse(reader, -EINVAL, reader->value_offset, why);
}

int cairn_json_finish(struct cairn_json_reader *reader)
{
    if (reader->result == 0 && reader->is_value_due)
        cairn_json_skip(reader);
    if (reader->result < 0)
        return reader->result;
    cairn_assert(reader->depth == 0);
    skip_space(reader);
    if (reader->offset < reader->bytes)
        return cairn_json_refuse(reader, -EBADMSG, reader->offset,
                                 "more after the end of the value");
    return 0;
}

int cairn_json_key_index(struct cairn_slice key, const char *const names[], int count)
{
    char first = key.bytes > 0 ? key.data[0] : '\0';
    for (int i = 0; i < count; i++) {
        if (names[i][0] == first && cairn_slice_is(key, names[i]))
            return i;
    }
    return -1;
}

static size_t quoted_bytes(struct cairn_slice raw, size_t start)
{
    size_t at = start + 1;
    while (at < raw.bytes && raw.data[at] != '"')
        at += raw.data[at] == '\\' ? 2 : 1;
    return (at < raw.bytes ? at + 1 : raw.bytes) - start;
}

void cairn_json_append_compact(struct cairn_buffer *buffer, struct cairn_slice raw)
{
    char *target = cairn_buffer_reserve(buffer, raw.bytes);
    if (target == NULL)
        return;
    size_t at = 0;
    while (at < raw.bytes) {
        size_t length = raw.data[at] == '"' ? quoted_bytes(raw, at) : 1;
        if (length > 1 || !is_space(raw.data[at])) {
            memcpy(target, raw.data + at, length);
            target += length;
        }
        at += length;
    }
    buffer->bytes = (size_t)(target - buffer->data);
}
