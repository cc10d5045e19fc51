/* storage/event.h: what a ledger records, and how one event is laid out in bytes.
 *
 * An event has a header (sequence, time, kind, space, channel, author) and a payload: fields, each
 *
 *     tag u8 | length varint | bytes
 *
 * in ascending order of tag, each at most once. Which fields a kind may have, and how they are
 * spelled in JSON, is one table (storage/event_schema.c); JSON in and out (storage/event_json.h) and
 * validation read it. Payloads are decoded on demand: a projection asks for the field it needs.
 *
 * Ownership   An event borrows all its bytes.
 * Context     Pure functions.
 * Units       Times are Unix milliseconds.
 * Cost        cairn_event_field scans the payload: tens of nanoseconds.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/bytes.h"

/* Stored; never renumber. 0-15 are the ledger's own control records (storage/record.h). */
enum cairn_event_kind {
    CAIRN_EVENT_NONE = 0,
    CAIRN_EVENT_MESSAGE = 16,
    CAIRN_EVENT_EDIT,
    CAIRN_EVENT_FORGET,
    CAIRN_EVENT_EPISODE,
    CAIRN_EVENT_STEP,
    CAIRN_EVENT_COMPLETION,
    CAIRN_EVENT_RELATION,
    CAIRN_EVENT_TAGS,
    CAIRN_EVENT_FACT,
    CAIRN_EVENT_FEEDBACK,
    CAIRN_EVENT_APPLICATION,
    CAIRN_EVENT_REACTION,
    CAIRN_EVENT_SETTINGS,
    CAIRN_EVENT_EVICTION,
    CAIRN_EVENT_TRACE,
    CAIRN_EVENT_CUSTOM, /* a client's own, with CAIRN_FIELD_NAME */
    CAIRN_EVENT_KIND_END,
};

/* Stored; never renumber, add at the end. */
enum cairn_field {
    CAIRN_FIELD_TEXT = 1,
    CAIRN_FIELD_CLIENT_ID, /* idempotency key */
    CAIRN_FIELD_REPLY_TO,
    CAIRN_FIELD_SESSION, /* JSON: a string or an integer, as sent */
    CAIRN_FIELD_TITLE,
    CAIRN_FIELD_ROLE,
    CAIRN_FIELD_BOT,
    CAIRN_FIELD_EXPIRES_AT,
    CAIRN_FIELD_ATTACHMENTS, /* JSON array of {url?, caption?} */
    CAIRN_FIELD_META,        /* JSON */
    CAIRN_FIELD_EPISODE,     /* 16 bytes: UUIDv7 */
    CAIRN_FIELD_TASK,
    CAIRN_FIELD_TYPE,
    CAIRN_FIELD_DOMAIN,
    CAIRN_FIELD_TAGS,    /* JSON array of strings */
    CAIRN_FIELD_CONTEXT, /* JSON */
    CAIRN_FIELD_TOOL,
    CAIRN_FIELD_ACTION,
    CAIRN_FIELD_OK,
    CAIRN_FIELD_ARGS, /* JSON */
    CAIRN_FIELD_OBSERVATION,
    CAIRN_FIELD_ERROR,
    CAIRN_FIELD_LATENCY_MS,
    CAIRN_FIELD_TOKENS,
    CAIRN_FIELD_OUTCOME,
    CAIRN_FIELD_REASON,
    CAIRN_FIELD_ARTIFACTS, /* JSON */
    CAIRN_FIELD_KEY,       /* fact: key; episode: the client's key */
    CAIRN_FIELD_VALUE,     /* JSON */
    CAIRN_FIELD_NAME,      /* custom: the kind's name */
    CAIRN_FIELD_CONTENT,
    CAIRN_FIELD_SCOPE,   /* forget: message | author | channel | space | episode | fact */
    CAIRN_FIELD_TARGET,  /* forget: the sequence number of the one event, for scope message */
    CAIRN_FIELD_COUNT,   /* forget: events removed */
    CAIRN_FIELD_PATTERN, /* feedback: pattern id */
    CAIRN_FIELD_HELPED,
    CAIRN_FIELD_SETTINGS, /* JSON object */
    CAIRN_FIELD_END,
};

struct cairn_event {
    uint64_t seq; /* 0 until ingest numbers it */
    int64_t ts_ms;
    uint8_t kind; /* enum cairn_event_kind */
    uint8_t flags;
    struct cairn_slice space;
    struct cairn_slice channel; /* empty: none */
    struct cairn_slice author;  /* for a fact, its subject */
    struct cairn_slice payload;
};

/* False when the payload has no such field; *value is then empty. An invalid payload has no
 * fields. */
bool cairn_event_field(const struct cairn_event *event, enum cairn_field field,
                       struct cairn_slice *value);
bool cairn_event_field_i64(const struct cairn_event *event, enum cairn_field field, int64_t *value);
/* `fallback` when absent. */
bool cairn_event_field_bool(const struct cairn_event *event, enum cairn_field field, bool fallback);

/* Whether `payload` is a well-formed list of fields. Bytes from disk are checked once with this. */
bool cairn_event_payload_is_valid(struct cairn_slice payload);

/* Append a field to a payload under construction. Fields must come in ascending order. */
void cairn_event_put(struct cairn_buffer *payload, enum cairn_field field,
                     struct cairn_slice value);
void cairn_event_put_i64(struct cairn_buffer *payload, enum cairn_field field, int64_t value);
void cairn_event_put_bool(struct cairn_buffer *payload, enum cairn_field field, bool value);

/* "message", "step" ...; a custom event's own name is in its payload. */
const char *cairn_event_kind_name(uint8_t kind);
/* CAIRN_EVENT_NONE for a name that is not a kind (then it may be a custom one). */
uint8_t cairn_event_kind_of(struct cairn_slice name);
