/* runtime/base/json_writer.h: appends JSON to a buffer; commas come by themselves.
 *
 *     cairn_json_begin_object(&writer);
 *     cairn_json_member_u64(&writer, "seq", 7);
 *     cairn_json_key(&writer, "hits");
 *     cairn_json_begin_array(&writer);
 *     ...
 *     cairn_json_end_array(&writer);
 *     cairn_json_end_object(&writer);
 *
 * Ownership   Borrows the buffer.
 * Context     One thread.
 * Errors      None of its own: a buffer without memory is `failed`, which the caller checks once.
 * Cost        O(bytes written).
 */
#pragma once

#include "runtime/base/bytes.h"

struct cairn_json_writer {
    struct cairn_buffer *buffer; /* borrowed */
    bool is_comma_due;
};

static inline void cairn_json_writer_init(struct cairn_json_writer *writer,
                                          struct cairn_buffer *buffer)
{
    *writer = (struct cairn_json_writer){.buffer = buffer};
}

void cairn_json_begin_object(struct cairn_json_writer *writer);
void cairn_json_end_object(struct cairn_json_writer *writer);
void cairn_json_begin_array(struct cairn_json_writer *writer);
void cairn_json_end_array(struct cairn_json_writer *writer);
void cairn_json_key(struct cairn_json_writer *writer, const char *key);
void cairn_json_key_slice(struct cairn_json_writer *writer, struct cairn_slice key);

/* `text` is valid UTF-8. */
void cairn_json_write_string(struct cairn_json_writer *writer, struct cairn_slice text);
/* One valid JSON value, appended as it is. */
void cairn_json_write_raw(struct cairn_json_writer *writer, struct cairn_slice raw);
void cairn_json_write_u64(struct cairn_json_writer *writer, uint64_t value);
void cairn_json_write_i64(struct cairn_json_writer *writer, int64_t value);
/* Reads back as the same double; null if it is not finite. */
void cairn_json_write_double(struct cairn_json_writer *writer, double value);
void cairn_json_write_bool(struct cairn_json_writer *writer, bool value);
void cairn_json_write_null(struct cairn_json_writer *writer);

/* A key and its value. */
void cairn_json_member_string(struct cairn_json_writer *writer, const char *key,
                              struct cairn_slice text);
void cairn_json_member_text(struct cairn_json_writer *writer, const char *key, const char *text);
void cairn_json_member_raw(struct cairn_json_writer *writer, const char *key,
                           struct cairn_slice raw);
void cairn_json_member_u64(struct cairn_json_writer *writer, const char *key, uint64_t value);
void cairn_json_member_i64(struct cairn_json_writer *writer, const char *key, int64_t value);
void cairn_json_member_double(struct cairn_json_writer *writer, const char *key, double value);
void cairn_json_member_bool(struct cairn_json_writer *writer, const char *key, bool value);
void cairn_json_member_null(struct cairn_json_writer *writer, const char *key);
/* A key whose value is a container, which stands open afterwards. */
void cairn_json_member_object(struct cairn_json_writer *writer, const char *key);
void cairn_json_member_array(struct cairn_json_writer *writer, const char *key);

/* `text` between double quotes, escaped: a JSON string without a writer around it. */
void cairn_json_append_quoted(struct cairn_buffer *buffer, struct cairn_slice text);
/* The shortest of 15, 16 or 17 digits that reads back as the same double; `value` is finite. */
void cairn_json_append_double(struct cairn_buffer *buffer, double value);
