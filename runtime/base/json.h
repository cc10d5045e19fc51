/* runtime/base/json.h: a cursor over JSON: one pass, no tree, no allocation per value.
 *
 *     cairn_json_scratch_begin(&scratch, body.bytes);
 *     cairn_json_reader_init(&reader, line, &scratch);
 *     cairn_json_enter_object(&reader);
 *     while (cairn_json_next_member(&reader, &key)) {
 *         switch (cairn_json_key_index(key, NAMES, NAME_COUNT)) {
 *         case TEXT:
 *             cairn_json_read_string(&reader, &message->text);
 *             break;
 *         default:
 *             cairn_json_fail(&reader, "unknown field");
 *         }
 *     }
 *     if (cairn_json_finish(&reader) < 0)
 *         tell(reader.error, reader.error_offset);
 *
 * The first error stays: every later read returns it and every loop ends, so that a caller checks
 * once, in finish. A member that is not read is skipped, and checked, by the next step.
 *
 * Accepted is RFC 8259 in strict UTF-8 and nothing else. Refused as well: a key twice in an object
 * (compared unescaped), half a surrogate pair, and containers more than 64 deep.
 *
 * Ownership   Borrows the text. A string without escapes points into it; one with escapes points
 *             into the scratch and stays until the next cairn_json_scratch_begin there.
 * Context     One thread. A scratch serves one unfinished reader at a time, and any number in turn.
 * Errors      -EBADMSG: not JSON. -EINVAL: JSON, but not what was asked for. -EFBIG: over
 *             CAIRN_JSON_KEYS_MAX open keys, or 4 GiB. -ENOMEM. Offsets are in bytes from the
 * start. Cost        O(bytes). Memory: the unescaped text and 40 bytes for each key of the open
 * objects. Source      RFC 8259.
 */
#pragma once

#include "runtime/base/bytes.h"

#define CAIRN_JSON_DEPTH_MAX 64
#define CAIRN_JSON_KEYS_MAX  65536

enum cairn_json_type {
    CAIRN_JSON_NONE, /* after an error, or where no value begins */
    CAIRN_JSON_NULL,
    CAIRN_JSON_BOOL,
    CAIRN_JSON_NUMBER,
    CAIRN_JSON_STRING,
    CAIRN_JSON_ARRAY,
    CAIRN_JSON_OBJECT,
};

struct cairn_json_key;
struct cairn_json_reader;

/* Memory that readers share, so that reading in a loop allocates nothing. Zeroed is ready. */
struct cairn_json_scratch {
    uint64_t seed;               /* of the key hashes: random where strangers choose the keys */
    struct cairn_buffer text;    /* unescaped strings */
    size_t text_bytes_max;       /* of all texts until the next begin */
    struct cairn_json_key *keys; /* keys of the open objects, a stack */
    uint32_t *slots;             /* hash table over them: 1 + index, 0 is free */
    uint32_t keys_count;
    uint32_t slots_count;             /* a power of two, at least twice the keys' capacity */
    struct cairn_json_reader *reader; /* the one in progress */
};

/* Forget all strings. `text_bytes` is the sum of the texts to be read until the next begin: it is
 * what keeps their strings where they are. */
void cairn_json_scratch_begin(struct cairn_json_scratch *scratch, size_t text_bytes);
void cairn_json_scratch_deinit(struct cairn_json_scratch *scratch);

struct cairn_json_reader {
    const char *data; /* borrowed */
    uint32_t bytes;
    uint32_t offset;
    uint32_t value_offset; /* where the last key or value began */
    uint32_t depth;        /* of open containers */
    uint64_t objects;      /* bit depth-1: that container is an object */
    bool is_value_due;     /* a value comes next */
    bool is_first;         /* the innermost container has had no item yet */
    int result;            /* 0, or the first error */
    uint32_t error_offset;
    const char *error; /* static text, NULL without an error */
    struct cairn_json_scratch *scratch;
};

void cairn_json_reader_init(struct cairn_json_reader *reader, struct cairn_slice text,
                            struct cairn_json_scratch *scratch);

/* The type of the value that comes next. Looks at one byte, consumes white space only. */
enum cairn_json_type cairn_json_peek(struct cairn_json_reader *reader);

int cairn_json_enter_object(struct cairn_json_reader *reader);
int cairn_json_enter_array(struct cairn_json_reader *reader);
/* True with the next key, and its value due. False when the object has ended and been left, or on
 * an error. */
bool cairn_json_next_member(struct cairn_json_reader *reader, struct cairn_slice *key);
bool cairn_json_next_element(struct cairn_json_reader *reader);

int cairn_json_read_string(struct cairn_json_reader *reader, struct cairn_slice *text);
/* A number as it is spelled. */
int cairn_json_read_number(struct cairn_json_reader *reader, struct cairn_slice *spelled);
/* Integers are spelled without fraction and exponent, and fit. */
int cairn_json_read_i64(struct cairn_json_reader *reader, int64_t *value);
int cairn_json_read_u64(struct cairn_json_reader *reader, uint64_t *value);
/* Finite, and spelled in at most 127 bytes. */
int cairn_json_read_double(struct cairn_json_reader *reader, double *value);
int cairn_json_read_bool(struct cairn_json_reader *reader, bool *value);
/* Consumes a null and returns true; anything else stays due. */
bool cairn_json_take_null(struct cairn_json_reader *reader);
/* Any value exactly as it was sent, checked to the last byte. */
int cairn_json_read_raw(struct cairn_json_reader *reader, struct cairn_slice *raw);
int cairn_json_skip(struct cairn_json_reader *reader);

/* Refuse what was just read (-EINVAL): `why` is static text. The first error stays. */
int cairn_json_fail(struct cairn_json_reader *reader, const char *why);
/* Nothing but white space is left: 0. Otherwise the first error. */
int cairn_json_finish(struct cairn_json_reader *reader);

/* The index of `key` among `names`, -1 if it is none of them. */
int cairn_json_key_index(struct cairn_slice key, const char *const names[], int count);

/* Append a valid value without its insignificant white space; strings and numbers as spelled. */
void cairn_json_append_compact(struct cairn_buffer *buffer, struct cairn_slice raw);
