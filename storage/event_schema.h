/* storage/event_schema.h: which fields each kind of event has, and how JSON spells them.
 *
 * One table for reading what is posted, for printing what is stored, and for the documentation.
 * Source    api.md, section 3.
 */
#pragma once

#include "storage/event.h"

#define CAIRN_TEXT_BYTES_MAX   (1u << 20)
#define CAIRN_NAME_BYTES_MAX   128u
#define CAIRN_AUTHOR_BYTES_MAX 256u

enum cairn_schema_type {
    CAIRN_SCHEMA_TEXT,         /* 1 byte to 1 MiB */
    CAIRN_SCHEMA_TEXT_OR_NONE, /* 0 bytes to 1 MiB */
    CAIRN_SCHEMA_NAME,         /* 1..128 bytes without control characters */
    CAIRN_SCHEMA_AUTHOR,       /* 1..256 bytes likewise */
    CAIRN_SCHEMA_UUID,         /* 16 bytes, spelled as a UUID; never posted */
    CAIRN_SCHEMA_COUNT,        /* integer >= 0 */
    CAIRN_SCHEMA_SEQ,          /* integer >= 1 */
    CAIRN_SCHEMA_TIME,         /* integer, Unix milliseconds */
    CAIRN_SCHEMA_BOOL,
    CAIRN_SCHEMA_ROLE,        /* user | assistant | system | tool */
    CAIRN_SCHEMA_OUTCOME,     /* success | partial | failure */
    CAIRN_SCHEMA_SESSION,     /* string or integer */
    CAIRN_SCHEMA_TAGS,        /* array of strings */
    CAIRN_SCHEMA_ATTACHMENTS, /* array of {"url"?, "caption"?} */
    CAIRN_SCHEMA_OBJECT,      /* any object */
    CAIRN_SCHEMA_JSON,        /* any value */
};

/* Header fields of an event, beside enum cairn_field. */
#define CAIRN_SCHEMA_FIELD_CHANNEL 240
#define CAIRN_SCHEMA_FIELD_AUTHOR  241
#define CAIRN_SCHEMA_FIELD_TS      242

#define CAIRN_SCHEMA_REQUIRED (1u << 0)
#define CAIRN_SCHEMA_ALIAS    (1u << 1) /* another spelling; printed under the first */
#define CAIRN_SCHEMA_STORED   (1u << 2) /* printed, but not to be posted */

struct cairn_schema_member {
    const char *name;
    uint8_t field; /* enum cairn_field or CAIRN_SCHEMA_FIELD_* */
    uint8_t type;  /* enum cairn_schema_type */
    uint8_t flags;
};

struct cairn_schema {
    uint8_t kind;
    bool keeps_unknown; /* what is not in the table goes to `meta` */
    uint8_t count;
    const struct cairn_schema_member *members;
};

/* Every kind has one. */
const struct cairn_schema *cairn_schema_of(uint8_t kind);
