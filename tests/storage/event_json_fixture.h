/* tests/storage/event_json_fixture.h: a parser, what the path gives, and a value of every type. */
#pragma once

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/utf8.h"
#include "storage/event_json.h"
#include "storage/event_schema.h"
#include "tests/support/unit.h"

#define TS_GIVEN 1700000000000

static const char uuid_bytes[] = "\x01\x90\x00\x01\x02\x03\x70\x04\x80\x05\x06\x07\x08\x09\x0a\x0b";
#define UUID_TEXT "01900001-0203-7004-8005-060708090a0b"

struct fixture {
    struct cairn_event_parser parser;
    struct cairn_event_given given;
    struct cairn_event event;
    struct cairn_buffer text; /* of the last thing written, terminated */
};

static inline int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    fixture->given = (struct cairn_event_given){.space = cairn_slice_of("lab"), .ts_ms = TS_GIVEN};
    *state = fixture;
    return 0;
}

static inline int tear_down(void **state)
{
    struct fixture *fixture = *state;
    cairn_event_parser_deinit(&fixture->parser);
    cairn_buffer_deinit(&fixture->text);
    free(fixture);
    return 0;
}

/* The text stands in memory of its own size, so that reading past its end is seen. */
static inline int parse_slice(struct fixture *fixture, uint8_t kind, struct cairn_slice json)
{
    char *copy = malloc(json.bytes == 0 ? 1 : json.bytes);
    memcpy(copy, json.data, json.bytes);
    struct cairn_event event = {0};
    int result = cairn_event_parse(&fixture->parser, kind, cairn_slice(copy, json.bytes),
                                   &fixture->given, &event);
    if (result == 0) {
        cairn_buffer_clear(&fixture->text);
        struct cairn_json_writer writer;
        cairn_json_writer_init(&writer, &fixture->text);
        cairn_json_begin_object(&writer);
        cairn_event_write_members(&writer, &event);
        cairn_json_end_object(&writer);
        cairn_buffer_append_byte(&fixture->text, '\0');
        assert_true(cairn_event_payload_is_valid(event.payload));
        event.channel = CAIRN_SLICE_EMPTY; /* they lie in `copy` */
        event.author = CAIRN_SLICE_EMPTY;
        fixture->event = event;
    }
    free(copy);
    return result;
}

static inline int parse(struct fixture *fixture, uint8_t kind, const char *json)
{
    return parse_slice(fixture, kind, cairn_slice_of(json));
}

/* Parsed, and written again it reads `expected`. */
static inline void expect(struct fixture *fixture, uint8_t kind, const char *json,
                          const char *expected)
{
    int result = parse(fixture, kind, json);
    if (result < 0)
        fail_msg("%.200s: %s", json, fixture->parser.error);
    assert_string_equal(fixture->text.data, expected);
}

/* Refused, with a sentence that holds `why`; what was there before is left alone. */
static inline void expect_refused(struct fixture *fixture, uint8_t kind, const char *json,
                                  const char *why)
{
    fixture->event = (struct cairn_event){.seq = 77};
    int result = parse(fixture, kind, json);
    if (result == 0)
        fail_msg("taken: %.200s", json);
    assert_true(result == -EINVAL || result == -EBADMSG);
    assert_int_equal(fixture->event.seq, 77);
    if (strstr(fixture->parser.error, why) == NULL)
        fail_msg("%.200s: \"%s\" does not say \"%s\"", json, fixture->parser.error, why);
    assert_true(cairn_utf8_is_valid(cairn_slice_of(fixture->parser.error)));
}

/* ---- tables ---- */

static const uint8_t posted_kinds[] = {
    CAIRN_EVENT_MESSAGE, CAIRN_EVENT_EPISODE,  CAIRN_EVENT_STEP,  CAIRN_EVENT_COMPLETION,
    CAIRN_EVENT_FACT,    CAIRN_EVENT_FEEDBACK, CAIRN_EVENT_CUSTOM};
#define POSTED_KINDS (sizeof(posted_kinds) / sizeof(posted_kinds[0]))

/* A value that a member of the type takes. */
static inline const char *sample_of(uint8_t type)
{
    switch (type) {
    case CAIRN_SCHEMA_COUNT:
    case CAIRN_SCHEMA_SEQ:
    case CAIRN_SCHEMA_TIME:
    case CAIRN_SCHEMA_SESSION:
        return "7";
    case CAIRN_SCHEMA_BOOL:
        return "true";
    case CAIRN_SCHEMA_ROLE:
        return "\"assistant\"";
    case CAIRN_SCHEMA_OUTCOME:
        return "\"partial\"";
    case CAIRN_SCHEMA_TAGS:
        return "[\"x\",\"y\"]";
    case CAIRN_SCHEMA_ATTACHMENTS:
        return "[{\"url\":\"u\",\"caption\":\"c\"}]";
    case CAIRN_SCHEMA_OBJECT:
    case CAIRN_SCHEMA_JSON:
        return "{\"a\":[1,2.50]}";
    default:
        return "\"x\"";
    }
}

static inline bool is_posted(const struct cairn_schema_member *member)
{
    return (member->flags & (CAIRN_SCHEMA_STORED | CAIRN_SCHEMA_ALIAS)) == 0;
}

/* An object with what the kind requires, but for `left_out`, and `name` with `value` besides. */
static inline void make_object(struct cairn_buffer *json, uint8_t kind,
                               const struct cairn_schema_member *left_out, const char *name,
                               const char *value)
{
    const struct cairn_schema *schema = cairn_schema_of(kind);
    cairn_buffer_clear(json);
    cairn_buffer_append_byte(json, '{');
    for (uint8_t i = 0; i < schema->count; i++) {
        const struct cairn_schema_member *member = &schema->members[i];
        if ((member->flags & CAIRN_SCHEMA_REQUIRED) == 0 || member == left_out)
            continue;
        cairn_buffer_printf(json, "%s\"%s\":%s", json->bytes > 1 ? "," : "", member->name,
                            sample_of(member->type));
    }
    if (name != NULL)
        cairn_buffer_printf(json, "%s\"%s\":%s", json->bytes > 1 ? "," : "", name, value);
    cairn_buffer_append_text(json, "}");
    cairn_buffer_append_byte(json, '\0');
}
