#include "storage/event_json.h"

#include <errno.h>
#include <stdio.h>

#include "runtime/base/assert.h"
#include "runtime/base/suggest.h"
#include "runtime/base/utf8.h"
#include "runtime/base/uuid.h"
#include "storage/event_schema.h"

#define MEMBERS_MAX 16

void cairn_event_parser_deinit(struct cairn_event_parser *parser)
{
    cairn_json_scratch_deinit(&parser->scratch);
    cairn_buffer_deinit(&parser->payload);
    cairn_buffer_deinit(&parser->extra);
    cairn_buffer_deinit(&parser->raw);
}

/* ---- reading ---- */

/* A value on its way into the payload. Compacted JSON lies in parser->raw, which may move while it
 * grows: so it is remembered by its offset. */
struct value {
    struct cairn_slice text;
    size_t raw_offset;
    size_t raw_bytes;
    int64_t number;
    bool is_set, is_raw, is_number, is_bool;
};

struct draft {
    struct cairn_event_parser *parser;
    const struct cairn_schema *schema;
    struct cairn_json_reader *reader;
    struct cairn_event *event;
    struct value values[CAIRN_FIELD_END];
    bool has_channel, has_author, has_ts;
};

static int refuse(struct draft *draft, const struct cairn_schema_member *member, const char *why)
{
    snprintf(draft->parser->error, sizeof(draft->parser->error), "\"%s\" %s", member->name, why);
    return cairn_json_fail(draft->reader, "refused");
}

static int check_length(struct draft *draft, const struct cairn_schema_member *member,
                        struct cairn_slice text, size_t bytes_min, size_t bytes_max)
{
    char why[64];
    if (text.bytes >= bytes_min && text.bytes <= bytes_max)
        return 0;
    snprintf(why, sizeof(why), "must be %zu to %zu bytes, not %zu", bytes_min, bytes_max,
             text.bytes);
    return refuse(draft, member, why);
}

static int check_name(struct draft *draft, const struct cairn_schema_member *member,
                      struct cairn_slice text, size_t bytes_max)
{
    int result = check_length(draft, member, text, 1, bytes_max);
    if (result == 0 && cairn_utf8_has_control(text))
        result = refuse(draft, member, "must not hold control characters");
    return result;
}

static int check_choice(struct draft *draft, const struct cairn_schema_member *member,
                        struct cairn_slice text, const char *const choices[], size_t count,
                        const char *listed)
{
    char why[128];
    for (size_t i = 0; i < count; i++) {
        if (cairn_slice_is(text, choices[i]))
            return 0;
    }
    snprintf(why, sizeof(why), "must be one of %s", listed);
    return refuse(draft, member, why);
}

static int check_string(struct draft *draft, const struct cairn_schema_member *member,
                        struct cairn_slice text)
{
    static const char *const roles[] = {"user", "assistant", "system", "tool"};
    static const char *const outcomes[] = {"success", "partial", "failure"};
    switch (member->type) {
    case CAIRN_SCHEMA_TEXT:
        return check_length(draft, member, text, 1, CAIRN_TEXT_BYTES_MAX);
    case CAIRN_SCHEMA_TEXT_OR_NONE:
        return check_length(draft, member, text, 0, CAIRN_TEXT_BYTES_MAX);
    case CAIRN_SCHEMA_NAME:
        return check_name(draft, member, text, CAIRN_NAME_BYTES_MAX);
    case CAIRN_SCHEMA_AUTHOR:
        return check_name(draft, member, text, CAIRN_AUTHOR_BYTES_MAX);
    case CAIRN_SCHEMA_ROLE:
        return check_choice(draft, member, text, roles, 4, "user, assistant, system, tool");
    default:
        return check_choice(draft, member, text, outcomes, 3, "success, partial, failure");
    }
}

static int wrong_type(struct draft *draft, const struct cairn_schema_member *member,
                      const char *wanted)
{
    char why[64];
    /* What is not JSON at all is the reader's to tell. */
    if (cairn_json_peek(draft->reader) == CAIRN_JSON_NONE)
        return draft->reader->result;
    snprintf(why, sizeof(why), "must be %s", wanted);
    return refuse(draft, member, why);
}

static int read_string(struct draft *draft, const struct cairn_schema_member *member,
                       struct value *value)
{
    if (cairn_json_peek(draft->reader) != CAIRN_JSON_STRING)
        return wrong_type(draft, member, "a string");
    int result = cairn_json_read_string(draft->reader, &value->text);
    return result < 0 ? result : check_string(draft, member, value->text);
}

static int read_integer(struct draft *draft, const struct cairn_schema_member *member,
                        struct value *value)
{
    value->is_number = true;
    if (cairn_json_peek(draft->reader) != CAIRN_JSON_NUMBER)
        return wrong_type(draft, member, "an integer");
    if (cairn_json_read_i64(draft->reader, &value->number) < 0)
        return refuse(draft, member, "must be an integer within 64 bits");
    if (member->type == CAIRN_SCHEMA_COUNT && value->number < 0)
        return refuse(draft, member, "must not be negative");
    if (member->type == CAIRN_SCHEMA_SEQ && value->number < 1)
        return refuse(draft, member, "must be a sequence number, from 1");
    return 0;
}

static int read_bool(struct draft *draft, const struct cairn_schema_member *member,
                     struct value *value)
{
    bool is_true = false;
    if (cairn_json_peek(draft->reader) != CAIRN_JSON_BOOL)
        return wrong_type(draft, member, "true or false");
    int result = cairn_json_read_bool(draft->reader, &is_true);
    value->is_bool = true;
    value->number = is_true;
    return result;
}

/* What lies inside tags and attachments is checked with a reader of its own, on the raw text. */
static int check_tags(struct draft *draft, const struct cairn_schema_member *member,
                      struct cairn_slice raw)
{
    struct cairn_json_scratch scratch = {0};
    struct cairn_json_reader reader;
    struct cairn_slice tag;
    int result = 0;
    cairn_json_scratch_begin(&scratch, raw.bytes);
    cairn_json_reader_init(&reader, raw, &scratch);
    cairn_json_enter_array(&reader);
    while (result == 0 && cairn_json_next_element(&reader)) {
        if (cairn_json_read_string(&reader, &tag) < 0 || tag.bytes == 0 ||
            tag.bytes > CAIRN_NAME_BYTES_MAX)
            result = refuse(draft, member, "must be an array of strings of 1 to 128 bytes");
    }
    cairn_json_scratch_deinit(&scratch);
    return result;
}

static int check_attachments(struct draft *draft, const struct cairn_schema_member *member,
                             struct cairn_slice raw)
{
    struct cairn_json_scratch scratch = {0};
    struct cairn_json_reader reader;
    struct cairn_slice key, text;
    cairn_json_scratch_begin(&scratch, raw.bytes);
    cairn_json_reader_init(&reader, raw, &scratch);
    cairn_json_enter_array(&reader);
    while (cairn_json_next_element(&reader)) {
        cairn_json_enter_object(&reader);
        while (cairn_json_next_member(&reader, &key)) {
            if (!cairn_slice_is(key, "url") && !cairn_slice_is(key, "caption"))
                cairn_json_fail(&reader, "unknown member");
            cairn_json_read_string(&reader, &text);
        }
    }
    int result = cairn_json_finish(&reader);
    cairn_json_scratch_deinit(&scratch);
    return result == 0 ? 0 : refuse(draft, member, "must be an array of {\"url\"?, \"caption\"?}");
}

static int check_session(struct draft *draft, const struct cairn_schema_member *member,
                         enum cairn_json_type type, struct cairn_slice raw)
{
    int64_t number;
    if (type != CAIRN_JSON_STRING &&
        (type != CAIRN_JSON_NUMBER || !cairn_slice_to_i64(raw, &number)))
        return refuse(draft, member, "must be a string or an integer");
    return check_length(draft, member, raw, 1, 6 * CAIRN_NAME_BYTES_MAX);
}

static int check_raw(struct draft *draft, const struct cairn_schema_member *member,
                     enum cairn_json_type type, struct cairn_slice raw)
{
    switch (member->type) {
    case CAIRN_SCHEMA_TAGS:
        return type == CAIRN_JSON_ARRAY ? check_tags(draft, member, raw)
                                        : refuse(draft, member, "must be an array of strings");
    case CAIRN_SCHEMA_ATTACHMENTS:
        return type == CAIRN_JSON_ARRAY ? check_attachments(draft, member, raw)
                                        : refuse(draft, member, "must be an array");
    case CAIRN_SCHEMA_OBJECT:
        return type == CAIRN_JSON_OBJECT ? 0 : refuse(draft, member, "must be an object");
    case CAIRN_SCHEMA_SESSION:
        return check_session(draft, member, type, raw);
    default:
        return 0;
    }
}

static int read_raw(struct draft *draft, const struct cairn_schema_member *member,
                    struct value *value)
{
    struct cairn_slice raw;
    enum cairn_json_type type = cairn_json_peek(draft->reader);
    int result = cairn_json_read_raw(draft->reader, &raw);
    if (result < 0)
        return result;
    struct cairn_buffer *buffer = &draft->parser->raw;
    value->is_raw = true;
    value->raw_offset = buffer->bytes;
    cairn_json_append_compact(buffer, raw);
    value->raw_bytes = buffer->bytes - value->raw_offset;
    return check_raw(draft, member, type, raw);
}

static int read_value(struct draft *draft, const struct cairn_schema_member *member,
                      struct value *value)
{
    value->is_set = true;
    switch (member->type) {
    case CAIRN_SCHEMA_COUNT:
    case CAIRN_SCHEMA_SEQ:
    case CAIRN_SCHEMA_TIME:
        return read_integer(draft, member, value);
    case CAIRN_SCHEMA_BOOL:
        return read_bool(draft, member, value);
    case CAIRN_SCHEMA_SESSION:
    case CAIRN_SCHEMA_TAGS:
    case CAIRN_SCHEMA_ATTACHMENTS:
    case CAIRN_SCHEMA_OBJECT:
    case CAIRN_SCHEMA_JSON:
        return read_raw(draft, member, value);
    default:
        return read_string(draft, member, value);
    }
}

static int read_member(struct draft *draft, const struct cairn_schema_member *member)
{
    struct value header = {0};
    struct cairn_event *event = draft->event;
    int result;
    /* null is the same as leaving an optional member out; "value": null is a fact like others. */
    if (member->type != CAIRN_SCHEMA_JSON && (member->flags & CAIRN_SCHEMA_REQUIRED) == 0 &&
        cairn_json_take_null(draft->reader))
        return 0;
    switch (member->field) {
    case CAIRN_SCHEMA_FIELD_CHANNEL:
        result = read_value(draft, member, &header);
        event->channel = header.text;
        draft->has_channel = true;
        return result;
    case CAIRN_SCHEMA_FIELD_AUTHOR:
        result = read_value(draft, member, &header);
        event->author = header.text;
        draft->has_author = true;
        return result;
    case CAIRN_SCHEMA_FIELD_TS:
        result = read_value(draft, member, &header);
        event->ts_ms = header.number;
        draft->has_ts = true;
        return result;
    default:
        if (draft->values[member->field].is_set)
            return refuse(draft, member, "is given twice, by two names");
        return read_value(draft, member, &draft->values[member->field]);
    }
}

static const struct cairn_schema_member *find_member(const struct cairn_schema *schema,
                                                     struct cairn_slice key)
{
    for (uint8_t i = 0; i < schema->count; i++) {
        const struct cairn_schema_member *member = &schema->members[i];
        if ((member->flags & CAIRN_SCHEMA_STORED) == 0 && cairn_slice_is(key, member->name))
            return member;
    }
    return NULL;
}

static int refuse_unknown(struct draft *draft, struct cairn_slice key)
{
    const char *names[MEMBERS_MAX];
    size_t count = 0;
    for (uint8_t i = 0; i < draft->schema->count; i++) {
        if ((draft->schema->members[i].flags & CAIRN_SCHEMA_STORED) == 0)
            names[count++] = draft->schema->members[i].name;
    }
    const char *nearest = cairn_suggest(key, names, count);
    /* Cut between characters: the sentence goes into an answer. */
    int shown =
        (int)cairn_utf8_valid_prefix(cairn_slice(key.data, key.bytes > 64 ? 64 : key.bytes));
    snprintf(draft->parser->error, sizeof(draft->parser->error),
             nearest == NULL ? "unknown field \"%.*s\"%s"
                             : "unknown field \"%.*s\"; did you mean \"%s\"?",
             shown, key.data, nearest == NULL ? "" : nearest);
    return cairn_json_fail(draft->reader, "refused");
}

/* Keep an unknown member for `meta`. */
static int keep_unknown(struct draft *draft, struct cairn_slice key)
{
    struct cairn_buffer *extra = &draft->parser->extra;
    struct cairn_slice raw;
    int result = cairn_json_read_raw(draft->reader, &raw);
    if (result < 0)
        return result;
    if (extra->bytes > 0)
        cairn_buffer_append_byte(extra, ',');
    cairn_json_append_quoted(extra, key);
    cairn_buffer_append_byte(extra, ':');
    cairn_json_append_compact(extra, raw);
    return 0;
}

#define META_MEMBER "{\"meta\":"

/* What joined `meta` must be JSON that cairn itself would take back: no name twice, not too deep. */
static int check_joined(struct draft *draft, struct cairn_slice object)
{
    struct cairn_json_scratch scratch = {0};
    struct cairn_json_reader reader;
    cairn_json_scratch_begin(&scratch, object.bytes);
    cairn_json_reader_init(&reader, object, &scratch);
    cairn_json_skip(&reader);
    int result = cairn_json_finish(&reader);
    cairn_json_scratch_deinit(&scratch);
    if (result == 0)
        return 0;
    snprintf(draft->parser->error, sizeof(draft->parser->error),
             "unknown fields cannot join \"meta\": %s", reader.error);
    return cairn_json_fail(draft->reader, "refused");
}

/* {meta's members, extra}: unknown members join the object that the client sent as meta. */
static int merge_extra_into_meta(struct draft *draft)
{
    struct cairn_buffer *raw = &draft->parser->raw;
    struct value *meta = &draft->values[CAIRN_FIELD_META];
    if (draft->parser->extra.bytes == 0)
        return 0;
    size_t start = raw->bytes;
    cairn_buffer_append_text(raw, META_MEMBER "{");
    if (meta->is_set && meta->raw_bytes > 2 && cairn_buffer_reserve(raw, meta->raw_bytes) != NULL) {
        cairn_buffer_append(raw, raw->data + meta->raw_offset + 1, meta->raw_bytes - 2);
        cairn_buffer_append_byte(raw, ',');
    }
    cairn_buffer_append_slice(raw, cairn_buffer_slice(&draft->parser->extra));
    cairn_buffer_append_text(raw, "}}");
    if (raw->failed || draft->parser->extra.failed)
        return 0; /* found at the end */
    size_t lead = sizeof(META_MEMBER) - 1;
    *meta = (struct value){.is_set = true,
                           .is_raw = true,
                           .raw_offset = start + lead,
                           .raw_bytes = raw->bytes - start - lead - 1};
    return check_joined(draft, cairn_slice(raw->data + start, raw->bytes - start));
}

static int check_required(struct draft *draft)
{
    for (uint8_t i = 0; i < draft->schema->count; i++) {
        const struct cairn_schema_member *member = &draft->schema->members[i];
        if ((member->flags & CAIRN_SCHEMA_REQUIRED) == 0)
            continue;
        bool is_set = member->field == CAIRN_SCHEMA_FIELD_CHANNEL ? draft->has_channel
                      : member->field == CAIRN_SCHEMA_FIELD_AUTHOR
                          ? draft->has_author
                          : draft->values[member->field].is_set;
        if (!is_set)
            return refuse(draft, member, "is missing");
    }
    const struct value *text = &draft->values[CAIRN_FIELD_TEXT];
    const struct value *attachments = &draft->values[CAIRN_FIELD_ATTACHMENTS];
    if (draft->schema->kind == CAIRN_EVENT_MESSAGE && text->text.bytes == 0 &&
        (!attachments->is_set || attachments->raw_bytes <= 2)) {
        snprintf(draft->parser->error, sizeof(draft->parser->error),
                 "\"text\" may be empty only with attachments");
        return cairn_json_fail(draft->reader, "refused");
    }
    return 0;
}

static void put_given(struct draft *draft, enum cairn_field field, struct cairn_slice text)
{
    if (text.bytes > 0)
        draft->values[field] = (struct value){.is_set = true, .text = text};
}

static void encode_payload(struct draft *draft)
{
    struct cairn_buffer *payload = &draft->parser->payload;
    for (unsigned field = 1; field < CAIRN_FIELD_END; field++) {
        const struct value *value = &draft->values[field];
        if (!value->is_set)
            continue;
        if (value->is_bool)
            cairn_event_put_bool(payload, (enum cairn_field)field, value->number != 0);
        else if (value->is_number)
            cairn_event_put_i64(payload, (enum cairn_field)field, value->number);
        else if (value->is_raw)
            cairn_event_put(
                payload, (enum cairn_field)field,
                cairn_slice(draft->parser->raw.data + value->raw_offset, value->raw_bytes));
        else
            cairn_event_put(payload, (enum cairn_field)field, value->text);
    }
}

static int read_members(struct draft *draft,
                        int (*member)(void *context, struct cairn_slice key,
                                      struct cairn_json_reader *reader),
                        void *context)
{
    struct cairn_slice key;
    while (cairn_json_next_member(draft->reader, &key)) {
        int taken = member == NULL ? 0 : member(context, key, draft->reader);
        if (taken < 0)
            cairn_json_fail(draft->reader, "not valid");
        if (taken != 0)
            continue;
        const struct cairn_schema_member *known = find_member(draft->schema, key);
        if (known != NULL)
            read_member(draft, known);
        else if (draft->schema->keeps_unknown)
            keep_unknown(draft, key);
        else
            refuse_unknown(draft, key);
    }
    return draft->reader->result;
}

static int begin(struct cairn_event_parser *parser)
{
    parser->error[0] = '\0';
    cairn_buffer_clear(&parser->payload);
    cairn_buffer_clear(&parser->extra);
    cairn_buffer_clear(&parser->raw);
    return 0;
}

/* Turn the reader's own error (not JSON) into the same kind of sentence. */
static int tell(struct cairn_event_parser *parser, const struct cairn_json_reader *reader,
                int result)
{
    if (result < 0 && parser->error[0] == '\0')
        snprintf(parser->error, sizeof(parser->error), "%s at byte %u",
                 reader->error == NULL ? "not valid" : reader->error, reader->error_offset);
    return result;
}

int cairn_event_parse_members(struct cairn_event_parser *parser, uint8_t kind,
                              struct cairn_json_reader *reader,
                              const struct cairn_event_given *given, struct cairn_event *event,
                              int (*member)(void *context, struct cairn_slice key,
                                            struct cairn_json_reader *reader),
                              void *context)
{
    struct cairn_event parsed = {
        .kind = kind, .ts_ms = given->ts_ms, .space = given->space, .author = given->author};
    struct draft draft = {
        .parser = parser, .schema = cairn_schema_of(kind), .reader = reader, .event = &parsed};
    begin(parser);
    int result = read_members(&draft, member, context);
    if (result == 0)
        result = check_required(&draft);
    if (result == 0)
        result = merge_extra_into_meta(&draft);
    if (result < 0)
        return tell(parser, reader, result);

    put_given(&draft, CAIRN_FIELD_EPISODE, given->episode);
    put_given(&draft, CAIRN_FIELD_KEY, given->key);
    put_given(&draft, CAIRN_FIELD_PATTERN, given->pattern);
    encode_payload(&draft);
    if (parser->payload.failed || parser->raw.failed || parser->extra.failed) {
        snprintf(parser->error, sizeof(parser->error), "out of memory");
        return -ENOMEM;
    }
    parsed.payload = cairn_buffer_slice(&parser->payload);
    *event = parsed;
    return 0;
}

int cairn_event_parse(struct cairn_event_parser *parser, uint8_t kind, struct cairn_slice json,
                      const struct cairn_event_given *given, struct cairn_event *event)
{
    struct cairn_json_reader reader;
    struct cairn_event parsed;
    cairn_json_scratch_begin(&parser->scratch, json.bytes);
    cairn_json_reader_init(&reader, json, &parser->scratch);
    parser->error[0] = '\0';
    if (cairn_json_peek(&reader) != CAIRN_JSON_OBJECT && reader.result == 0)
        cairn_json_fail(&reader, "an object is expected");
    cairn_json_enter_object(&reader);
    int result = cairn_event_parse_members(parser, kind, &reader, given, &parsed, NULL, NULL);
    if (result == 0)
        result = tell(parser, &reader, cairn_json_finish(&reader));
    if (result == 0)
        *event = parsed;
    return result;
}

/* ---- writing ---- */

static void write_uuid(struct cairn_json_writer *writer, const char *name, struct cairn_slice value)
{
    char text[CAIRN_UUID_TEXT_BYTES];
    if (value.bytes != CAIRN_UUID_BYTES)
        return;
    cairn_uuid_format((const uint8_t *)value.data, text);
    cairn_json_member_string(writer, name, cairn_slice(text, sizeof(text)));
}

static void write_field(struct cairn_json_writer *writer, const struct cairn_event *event,
                        const struct cairn_schema_member *member)
{
    enum cairn_field field = (enum cairn_field)member->field;
    struct cairn_slice value;
    int64_t number;
    if (!cairn_event_field(event, field, &value))
        return;
    switch (member->type) {
    case CAIRN_SCHEMA_UUID:
        write_uuid(writer, member->name, value);
        break;
    case CAIRN_SCHEMA_COUNT:
    case CAIRN_SCHEMA_SEQ:
    case CAIRN_SCHEMA_TIME:
        if (cairn_event_field_i64(event, field, &number))
            cairn_json_member_i64(writer, member->name, number);
        break;
    case CAIRN_SCHEMA_BOOL:
        cairn_json_member_bool(writer, member->name, cairn_event_field_bool(event, field, false));
        break;
    case CAIRN_SCHEMA_SESSION:
    case CAIRN_SCHEMA_TAGS:
    case CAIRN_SCHEMA_ATTACHMENTS:
    case CAIRN_SCHEMA_OBJECT:
    case CAIRN_SCHEMA_JSON:
        cairn_json_member_raw(writer, member->name, value);
        break;
    default:
        cairn_json_member_string(writer, member->name, value);
        break;
    }
}

void cairn_event_write_members(struct cairn_json_writer *writer, const struct cairn_event *event)
{
    const struct cairn_schema *schema = cairn_schema_of(event->kind);
    for (uint8_t i = 0; i < schema->count; i++) {
        const struct cairn_schema_member *member = &schema->members[i];
        if ((member->flags & CAIRN_SCHEMA_ALIAS) != 0 || member->field == CAIRN_SCHEMA_FIELD_TS ||
            member->field == CAIRN_FIELD_NAME)
            continue;
        if (member->field == CAIRN_SCHEMA_FIELD_CHANNEL) {
            if (event->channel.bytes > 0)
                cairn_json_member_string(writer, member->name, event->channel);
        } else if (member->field == CAIRN_SCHEMA_FIELD_AUTHOR) {
            if (event->author.bytes > 0)
                cairn_json_member_string(writer, member->name, event->author);
        } else {
            write_field(writer, event, member);
        }
    }
}

void cairn_event_write(struct cairn_json_writer *writer, const struct cairn_event *event)
{
    struct cairn_slice name;
    cairn_json_begin_object(writer);
    cairn_json_member_u64(writer, "seq", event->seq);
    cairn_json_member_i64(writer, "ts", event->ts_ms);
    if (event->kind == CAIRN_EVENT_CUSTOM && cairn_event_field(event, CAIRN_FIELD_NAME, &name))
        cairn_json_member_string(writer, "kind", name);
    else
        cairn_json_member_text(writer, "kind", cairn_event_kind_name(event->kind));
    cairn_json_member_string(writer, "space", event->space);
    cairn_event_write_members(writer, event);
    cairn_json_end_object(writer);
}
