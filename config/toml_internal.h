/* config/toml_internal.h: what the parts of the TOML reader share: the cursor, the tree, scalars.
 */
#pragma once

#include "config/toml.h"

struct cairn_toml_parser {
    struct cairn_toml *toml;
    const char *data;
    uint32_t bytes;
    uint32_t at;
    int result; /* 0, or the first error */
};

/* Record the first error; returns it. */
int cairn_toml_refuse(struct cairn_toml_parser *parser, uint32_t offset, const char *why);

/* The byte `ahead` of the cursor, NUL beyond the end; a NUL is valid nowhere in TOML. */
static inline char cairn_toml_peek(const struct cairn_toml_parser *parser, uint32_t ahead)
{
    return ahead < parser->bytes - parser->at ? parser->data[parser->at + ahead] : '\0';
}

static inline bool cairn_toml_is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* A new, empty child of `parent`; 0 when there is no memory. Moves the nodes. */
uint32_t cairn_toml_add(struct cairn_toml *toml, uint32_t parent, struct cairn_slice key,
                        enum cairn_toml_type type, enum cairn_toml_origin origin);

/* The string at the cursor, "..." or '...', or """...""" or '''...''' where `may_span_lines`. */
int cairn_toml_scan_string(struct cairn_toml_parser *parser, bool may_span_lines,
                           struct cairn_slice *text);

/* The number, boolean, date or time at the cursor, into `node`. */
int cairn_toml_scan_plain(struct cairn_toml_parser *parser, struct cairn_toml_node *node);

/* The type of a date or time, or CAIRN_TOML_TABLE if `text` is none. */
enum cairn_toml_type cairn_toml_time_type(struct cairn_slice text);
