/* config/toml.h: a TOML 1.0 document as a tree that remembers where everything stood.
 *
 * Nodes lie in one array and name each other by index: 0 is the root table, and, as nothing
 * contains the root, 0 also ends every list of children. Children keep the order of the text.
 *
 * Ownership   The tree borrows the text: keys and strings without escapes point into it.
 * Context     One thread; no I/O.
 * Errors      -EBADMSG: not TOML; -EFBIG: over CAIRN_TOML_BYTES_MAX; -ENOMEM. What is wrong and
 * where is in `error`, `error_offset`. A failed parse leaves an empty tree. Cost        O(bytes);
 * about 100 bytes a node. Source      toml.io/en/v1.0.0
 */
#pragma once

#include "runtime/base/bytes.h"

#define CAIRN_TOML_BYTES_MAX (1u << 20)
#define CAIRN_TOML_DEPTH_MAX 64 /* of arrays and inline tables, and parts of a dotted key */

enum cairn_toml_type {
    CAIRN_TOML_TABLE,
    CAIRN_TOML_ARRAY,
    CAIRN_TOML_STRING,
    CAIRN_TOML_INTEGER,
    CAIRN_TOML_FLOAT,
    CAIRN_TOML_BOOL,
    CAIRN_TOML_OFFSET_DATETIME,
    CAIRN_TOML_LOCAL_DATETIME,
    CAIRN_TOML_LOCAL_DATE,
    CAIRN_TOML_LOCAL_TIME,
};

/* Which syntax made a container decides what may be added to it later. */
enum cairn_toml_origin {
    CAIRN_TOML_OF_VALUE,  /* a scalar, [1, 2] or {a = 1}: complete */
    CAIRN_TOML_OF_PATH,   /* a table on the way to a header: [a.b] makes `a` */
    CAIRN_TOML_OF_HEADER, /* [a], or an element of [[a]] */
    CAIRN_TOML_OF_DOTS,   /* a table on the way to a dotted key: a.b = 1 makes `a` */
    CAIRN_TOML_OF_TABLES, /* the array of [[a]] */
};

struct cairn_toml_node {
    struct cairn_slice key; /* empty for elements of an array */
    enum cairn_toml_type type;
    enum cairn_toml_origin origin;
    uint32_t parent;
    uint32_t next;    /* sibling */
    uint32_t first;   /* child */
    uint32_t last;    /* child */
    uint32_t section; /* OF_DOTS: the table whose lines may still add to it */
    uint32_t key_offset;
    uint32_t value_offset;
    union {
        struct cairn_slice text; /* a string; dates and times as they are spelled */
        int64_t integer;
        double number;
        bool boolean;
    } value;
};

struct cairn_toml {
    struct cairn_slice source;     /* borrowed */
    struct cairn_toml_node *nodes; /* owned */
    uint32_t *slots;               /* owned: hash table of members by table and key */
    uint32_t nodes_count;
    uint32_t nodes_capacity;
    uint32_t slots_count;
    struct cairn_buffer text; /* unescaped strings */
    const char *error;        /* static text */
    uint32_t error_offset;
};

/* `toml` needs no preparation and, after success, one deinit. */
int cairn_toml_parse(struct cairn_toml *toml, struct cairn_slice text);
void cairn_toml_deinit(struct cairn_toml *toml);

/* The member of a table; 0 if it has none by that name. */
uint32_t cairn_toml_find(const struct cairn_toml *toml, uint32_t table, struct cairn_slice key);

static inline const struct cairn_toml_node *cairn_toml_at(const struct cairn_toml *toml,
                                                          uint32_t index)
{
    return &toml->nodes[index];
}

/* "a string", "an integer" ... for messages. */
const char *cairn_toml_type_name(enum cairn_toml_type type);

/* Line and column of an offset, both from 1; columns count code points. */
struct cairn_toml_place {
    uint32_t line;
    uint32_t column;
};
struct cairn_toml_place cairn_toml_place(struct cairn_slice text, uint32_t offset);
