/* storage/event_json.h: events from JSON and to JSON, by the table of storage/event_schema.h.
 *
 * Ownership   A parsed event borrows from the parser and from the text, until the next parse.
 * Context     A parser has one owner; it keeps its memory between parses.
 * Errors      A refused text leaves a sentence in parser->error: what, where, "did you mean".
 * Cost        One pass over the text; no allocation once the parser is warm.
 */
#pragma once

#include "runtime/base/json.h"
#include "runtime/base/json_writer.h"
#include "storage/event.h"

struct cairn_event_parser {
    struct cairn_json_scratch scratch;
    struct cairn_buffer payload; /* of the last event */
    struct cairn_buffer extra;   /* unknown members on their way to `meta` */
    struct cairn_buffer raw;     /* compacted JSON values of the last event */
    char error[256];
};

void cairn_event_parser_deinit(struct cairn_event_parser *parser);

/* What the path gives, beside the object: these fields are put in front or behind it. */
struct cairn_event_given {
    struct cairn_slice space;
    struct cairn_slice author;  /* a fact's subject */
    struct cairn_slice episode; /* 16 bytes: of a step, a completion, an episode's id */
    struct cairn_slice key;     /* a fact's key, an episode's client key */
    struct cairn_slice pattern; /* a feedback's pattern */
    int64_t ts_ms;              /* when the object has none */
};

/* Parse one posted object of `kind`. 0, or -EINVAL / -EBADMSG / -EFBIG / -ENOMEM with
 * parser->error set. */
int cairn_event_parse(struct cairn_event_parser *parser, uint8_t kind, struct cairn_slice json,
                      const struct cairn_event_given *given, struct cairn_event *event);

/* The same for an object already entered: reads members up to its end. A member for which
 * `member` (may be NULL) returns 1 has been read by it; 0 leaves it to the table; negative fails.
 */
int cairn_event_parse_members(struct cairn_event_parser *parser, uint8_t kind,
                              struct cairn_json_reader *reader,
                              const struct cairn_event_given *given, struct cairn_event *event,
                              int (*member)(void *context, struct cairn_slice key,
                                            struct cairn_json_reader *reader),
                              void *context);

/* {"seq","ts","kind","space", ...the fields it was posted with}. */
void cairn_event_write(struct cairn_json_writer *writer, const struct cairn_event *event);
/* The members alone, into an object already begun: channel, author and payload. */
void cairn_event_write_members(struct cairn_json_writer *writer, const struct cairn_event *event);
