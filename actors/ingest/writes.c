#include "actors/ingest/writes.h"

#include <errno.h>
#include <stdio.h>

#include "runtime/base/hash.h"
#include "runtime/base/utf8.h"
#include "runtime/base/uuid.h"
#include "storage/event_json.h"
#include "storage/event_schema.h"

#define REJECTED_MAX 100

/* A body on its way into request->batch. */
struct parse {
    struct cairn_request *request;
    struct cairn_event_parser parser;
    struct cairn_event_parser inner; /* for what lies inside a bulk episode */
    struct cairn_event_given given;
    struct cairn_json_writer rejected;
    uint32_t rejected_count;
    int status; /* of a bad object: 400, or 422 when it is understood */
    bool skips_bad_lines;
};

bool cairn_writes_is_write(enum cairn_operation operation)
{
    switch (operation) {
    case CAIRN_OPERATION_POST_MESSAGES:
    case CAIRN_OPERATION_POST_EVENTS:
    case CAIRN_OPERATION_CREATE_EPISODE:
    case CAIRN_OPERATION_POST_STEPS:
    case CAIRN_OPERATION_COMPLETE_EPISODE:
    case CAIRN_OPERATION_POST_EPISODES:
    case CAIRN_OPERATION_PUT_FACT:
    case CAIRN_OPERATION_POST_FEEDBACK:
    case CAIRN_OPERATION_PUT_SETTINGS:
        return true;
    default:
        return false;
    }
}

static int refuse(struct cairn_request *request, int status, const char *detail)
{
    cairn_request_problem(request, status, "%s", detail);
    return -EINVAL;
}

static int add(struct parse *parse, const struct cairn_event *event)
{
    int result = cairn_batch_add(parse->request->batch, event);
    if (result < 0) {
        parse->request->retry_after_s = 1;
        refuse(parse->request, 503, "out of memory");
    }
    return result;
}

/* ---- one object of each kind; -EINVAL leaves a sentence in parser.error ---- */

static int parse_plain(struct parse *parse, struct cairn_slice json, uint8_t kind)
{
    struct cairn_event event;
    int result = cairn_event_parse(&parse->parser, kind, json, &parse->given, &event);
    return result < 0 ? result : add(parse, &event);
}

static int parse_custom(struct parse *parse, struct cairn_slice json)
{
    struct cairn_event event;
    struct cairn_slice name = CAIRN_SLICE_EMPTY;
    int result = cairn_event_parse(&parse->parser, CAIRN_EVENT_CUSTOM, json, &parse->given, &event);
    if (result < 0)
        return result;
    cairn_event_field(&event, CAIRN_FIELD_NAME, &name);
    if (cairn_event_kind_of(name) == CAIRN_EVENT_NONE)
        return add(parse, &event);
    snprintf(parse->parser.error, sizeof(parse->parser.error),
             "kind \"%.*s\" is cairn's own; post it to its own path", (int)name.bytes, name.data);
    parse->status = 422;
    return -EINVAL;
}

/* The members of a bulk episode that are not the episode's own. */
struct bulk {
    struct parse *parse;
    struct cairn_slice key;
    struct cairn_slice steps;
    struct cairn_buffer completion;
};

static int read_bulk_key(struct bulk *bulk, struct cairn_json_reader *reader)
{
    if (cairn_json_peek(reader) != CAIRN_JSON_STRING)
        return cairn_json_fail(reader, "\"episode\" must be a string");
    if (cairn_json_read_string(reader, &bulk->key) < 0)
        return -EINVAL;
    if (bulk->key.bytes == 0 || bulk->key.bytes > CAIRN_AUTHOR_BYTES_MAX ||
        cairn_utf8_has_control(bulk->key))
        return cairn_json_fail(reader, "\"episode\" must be 1 to 256 bytes, none of them control "
                                       "characters");
    return 1;
}

static int take_bulk_member(void *context, struct cairn_slice key, struct cairn_json_reader *reader)
{
    static const char *const completion[] = {"outcome", "reason", "artifacts"};
    struct bulk *bulk = context;
    struct cairn_slice raw;
    if (cairn_slice_is(key, "episode"))
        return read_bulk_key(bulk, reader);
    if (cairn_slice_is(key, "steps")) {
        if (cairn_json_peek(reader) != CAIRN_JSON_ARRAY)
            return cairn_json_fail(reader, "\"steps\" must be an array");
        return cairn_json_read_raw(reader, &bulk->steps) < 0 ? -EINVAL : 1;
    }
    if (cairn_json_key_index(key, completion, 3) < 0)
        return 0;
    if (cairn_json_read_raw(reader, &raw) < 0)
        return -EINVAL;
    cairn_buffer_append_byte(&bulk->completion, bulk->completion.bytes == 0 ? '{' : ',');
    cairn_json_append_quoted(&bulk->completion, key);
    cairn_buffer_append_byte(&bulk->completion, ':');
    cairn_buffer_append_slice(&bulk->completion, raw);
    return 1;
}

/* What has no time of its own happened with what came before it, not when it was imported. */
static int parse_bulk_steps(struct parse *parse, struct bulk *bulk, struct cairn_event_given *given)
{
    struct cairn_json_reader reader;
    struct cairn_slice raw;
    struct cairn_event event;
    int result = 0;
    if (bulk->steps.bytes == 0)
        return 0;
    cairn_json_scratch_begin(&parse->parser.scratch, bulk->steps.bytes);
    cairn_json_reader_init(&reader, bulk->steps, &parse->parser.scratch);
    cairn_json_enter_array(&reader);
    for (unsigned number = 1; result == 0 && cairn_json_next_element(&reader); number++) {
        if (cairn_json_read_raw(&reader, &raw) < 0)
            break;
        result = cairn_event_parse(&parse->inner, CAIRN_EVENT_STEP, raw, given, &event);
        if (result < 0)
            snprintf(parse->parser.error, sizeof(parse->parser.error), "step %u: %.200s", number,
                     parse->inner.error);
        else
            result = add(parse, &event);
        if (result == 0)
            given->ts_ms = event.ts_ms;
    }
    return result;
}

static int parse_bulk_completion(struct parse *parse, struct bulk *bulk,
                                 const struct cairn_event_given *given)
{
    struct cairn_event event;
    cairn_buffer_append_text(&bulk->completion, bulk->completion.bytes == 0 ? "{}" : "}");
    if (bulk->completion.failed)
        return -ENOMEM;
    int result = cairn_event_parse(&parse->inner, CAIRN_EVENT_COMPLETION,
                                   cairn_buffer_slice(&bulk->completion), given, &event);
    if (result < 0) {
        snprintf(parse->parser.error, sizeof(parse->parser.error), "%.250s", parse->inner.error);
        return result;
    }
    return add(parse, &event);
}

static int parse_bulk_episode(struct parse *parse, struct cairn_slice json)
{
    struct bulk bulk = {.parse = parse};
    struct cairn_json_reader reader;
    struct cairn_event event;
    struct cairn_event_parser *parser = &parse->parser;
    cairn_json_scratch_begin(&parser->scratch, json.bytes);
    cairn_json_reader_init(&reader, json, &parser->scratch);
    cairn_json_enter_object(&reader);
    int result = cairn_event_parse_members(parser, CAIRN_EVENT_EPISODE, &reader, &parse->given,
                                           &event, take_bulk_member, &bulk);
    if (result == 0) {
        result = cairn_json_finish(&reader);
        if (result < 0)
            snprintf(parser->error, sizeof(parser->error), "%s at byte %u", reader.error,
                     reader.error_offset);
    }
    if (result == 0 && bulk.key.bytes > 0) {
        /* The client's key stands behind the fields already encoded. */
        cairn_event_put(&parser->payload, CAIRN_FIELD_KEY, bulk.key);
        event.payload = cairn_buffer_slice(&parser->payload);
    }
    if (result == 0)
        result = add(parse, &event);
    struct cairn_event_given given = parse->given;
    given.ts_ms = result == 0 ? event.ts_ms : given.ts_ms;
    if (result == 0)
        result = parse_bulk_steps(parse, &bulk, &given);
    if (result == 0)
        result = parse_bulk_completion(parse, &bulk, &given);
    cairn_buffer_deinit(&bulk.completion);
    return result;
}

static void check_channels(struct cairn_json_reader *reader)
{
    struct cairn_slice channel;
    if (cairn_json_enter_array(reader) < 0)
        return;
    while (cairn_json_next_element(reader)) {
        if (cairn_json_read_string(reader, &channel) == 0 &&
            (channel.bytes == 0 || channel.bytes > CAIRN_NAME_BYTES_MAX))
            cairn_json_fail(reader, "a channel's name is 1 to 128 bytes");
    }
}

static int parse_settings(struct parse *parse, struct cairn_slice json)
{
    static const char *const names[] = {"language", "state_size",  "channel_chains",
                                        "listen",   "autorespond", "quotas"};
    struct cairn_event_parser *parser = &parse->parser;
    struct cairn_json_reader reader;
    struct cairn_slice key, text;
    int64_t order;
    bool flag;
    cairn_json_scratch_begin(&parser->scratch, json.bytes);
    cairn_json_reader_init(&reader, json, &parser->scratch);
    cairn_json_enter_object(&reader);
    while (cairn_json_next_member(&reader, &key)) {
        switch (cairn_json_key_index(key, names, 6)) {
        case 0:
            if (cairn_json_read_string(&reader, &text) == 0 && !cairn_slice_is(text, "english") &&
                !cairn_slice_is(text, "none"))
                cairn_json_fail(&reader, "\"language\" must be \"english\" or \"none\"");
            break;
        case 1:
            if (cairn_json_read_i64(&reader, &order) == 0 && (order < 1 || order > 5))
                cairn_json_fail(&reader, "\"state_size\" must be 1 to 5");
            break;
        case 2:
            cairn_json_read_bool(&reader, &flag);
            break;
        case 3:
        case 4:
            if (cairn_json_peek(&reader) != CAIRN_JSON_ARRAY)
                cairn_json_fail(&reader, "\"listen\" and \"autorespond\" are arrays of channels");
            check_channels(&reader);
            break;
        case 5:
            if (cairn_json_peek(&reader) != CAIRN_JSON_OBJECT)
                cairn_json_fail(&reader, "\"quotas\" must be an object");
            break;
        default:
            cairn_json_fail(&reader, "unknown setting; known are language, state_size, "
                                     "channel_chains, listen, autorespond, quotas");
        }
    }
    int result = cairn_json_finish(&reader);
    if (result < 0) {
        snprintf(parser->error, sizeof(parser->error), "%s at byte %u", reader.error,
                 reader.error_offset);
        return result;
    }
    cairn_buffer_clear(&parser->raw);
    cairn_buffer_clear(&parser->payload);
    cairn_json_append_compact(&parser->raw, json);
    cairn_event_put(&parser->payload, CAIRN_FIELD_SETTINGS, cairn_buffer_slice(&parser->raw));
    struct cairn_event event = {.kind = CAIRN_EVENT_SETTINGS,
                                .ts_ms = parse->given.ts_ms,
                                .space = parse->given.space,
                                .payload = cairn_buffer_slice(&parser->payload)};
    return add(parse, &event);
}

static int parse_object(struct parse *parse, struct cairn_slice json)
{
    parse->status = 400;
    switch (parse->request->operation) {
    case CAIRN_OPERATION_POST_MESSAGES:
        return parse_plain(parse, json, CAIRN_EVENT_MESSAGE);
    case CAIRN_OPERATION_POST_EVENTS:
        return parse_custom(parse, json);
    case CAIRN_OPERATION_CREATE_EPISODE:
        return parse_plain(parse, json, CAIRN_EVENT_EPISODE);
    case CAIRN_OPERATION_POST_STEPS:
        return parse_plain(parse, json, CAIRN_EVENT_STEP);
    case CAIRN_OPERATION_COMPLETE_EPISODE:
        return parse_plain(parse, json, CAIRN_EVENT_COMPLETION);
    case CAIRN_OPERATION_POST_EPISODES:
        return parse_bulk_episode(parse, json);
    case CAIRN_OPERATION_PUT_FACT:
        return parse_plain(parse, json, CAIRN_EVENT_FACT);
    case CAIRN_OPERATION_POST_FEEDBACK:
        return parse_plain(parse, json, CAIRN_EVENT_FEEDBACK);
    default:
        return parse_settings(parse, json);
    }
}

/* ---- whole bodies ---- */

static void reject_line(struct parse *parse, uint64_t line)
{
    if (parse->rejected_count++ >= REJECTED_MAX)
        return;
    cairn_json_begin_object(&parse->rejected);
    cairn_json_member_u64(&parse->rejected, "line", line);
    cairn_json_member_text(&parse->rejected, "detail", parse->parser.error);
    cairn_json_end_object(&parse->rejected);
}

static bool is_blank(struct cairn_slice line)
{
    for (size_t i = 0; i < line.bytes; i++) {
        if (line.data[i] != ' ' && line.data[i] != '\t' && line.data[i] != '\r')
            return false;
    }
    return true;
}

/* A bad line takes with it what it had already added (a bulk episode's first events). */
static int parse_line(struct parse *parse, struct cairn_slice text, uint64_t line)
{
    struct cairn_request *request = parse->request;
    uint32_t count_before = request->batch->count;
    int result = parse_object(parse, text);
    if (result == 0 || request->status != 0)
        return result;
    request->batch->count = count_before;
    if (parse->skips_bad_lines) {
        reject_line(parse, line);
        return 0;
    }
    cairn_request_problem_line(request, parse->status, line, "line %llu: %s",
                               (unsigned long long)line, parse->parser.error);
    return result;
}

static int parse_lines(struct parse *parse)
{
    struct cairn_slice body = parse->request->body;
    uint64_t line = 0;
    for (size_t start = 0; start < body.bytes;) {
        const char *end = memchr(body.data + start, '\n', body.bytes - start);
        size_t bytes = end == NULL ? body.bytes - start : (size_t)(end - body.data) - start;
        struct cairn_slice text = cairn_slice(body.data + start, bytes);
        line++;
        start += bytes + 1;
        if (is_blank(text))
            continue;
        int result = parse_line(parse, text, line);
        if (result < 0)
            return result;
    }
    if (parse->request->batch->count == 0 && parse->rejected_count == 0)
        return refuse(parse->request, 400, "the body holds no events");
    return 0;
}

static int parse_single(struct parse *parse)
{
    int result = parse_object(parse, parse->request->body);
    if (result < 0 && parse->request->status == 0)
        return refuse(parse->request, parse->status, parse->parser.error);
    return result;
}

static bool takes_lines(enum cairn_operation operation)
{
    return operation == CAIRN_OPERATION_POST_MESSAGES || operation == CAIRN_OPERATION_POST_EVENTS ||
           operation == CAIRN_OPERATION_POST_STEPS || operation == CAIRN_OPERATION_POST_EPISODES;
}

static int parse_body(struct parse *parse)
{
    struct cairn_request *request = parse->request;
    bool is_lines = request->is_ndjson || request->operation == CAIRN_OPERATION_POST_EPISODES;
    if (request->is_ndjson && !takes_lines(request->operation))
        return refuse(request, 415, "this path takes one JSON object, not NDJSON");
    return is_lines ? parse_lines(parse) : parse_single(parse);
}

/* ---- parameters ---- */

static int read_ack(const struct cairn_writes_options *options, struct cairn_request *request)
{
    struct cairn_slice ack;
    request->durable = options->durable;
    if (!cairn_request_query(request, "ack", &ack))
        return 0;
    request->durable = cairn_slice_is(ack, "durable");
    if (!request->durable && !cairn_slice_is(ack, "buffered"))
        return refuse(request, 400, "ack must be durable or buffered");
    return 0;
}

static int read_on_error(struct parse *parse)
{
    struct cairn_slice on_error;
    if (!cairn_request_query(parse->request, "on_error", &on_error))
        return 0;
    parse->skips_bad_lines = cairn_slice_is(on_error, "skip");
    if (!parse->skips_bad_lines && !cairn_slice_is(on_error, "reject"))
        return refuse(parse->request, 400, "on_error must be reject or skip");
    return 0;
}

/* What the path names. `uuid` is where an episode's id lies; ingest fills in a new one's. */
static int read_given(struct parse *parse, uint8_t uuid[CAIRN_UUID_BYTES])
{
    struct cairn_request *request = parse->request;
    parse->given = (struct cairn_event_given){.space = request->space, .ts_ms = request->now_ms};
    switch (request->operation) {
    case CAIRN_OPERATION_POST_STEPS:
    case CAIRN_OPERATION_COMPLETE_EPISODE:
        if (cairn_uuid_parse(request->parameters[0], uuid) < 0)
            return refuse(request, 404, "there is no such episode (an id is a UUID)");
        parse->given.episode = cairn_slice(uuid, CAIRN_UUID_BYTES);
        return 0;
    case CAIRN_OPERATION_CREATE_EPISODE:
    case CAIRN_OPERATION_POST_EPISODES:
        parse->given.episode = cairn_slice(uuid, CAIRN_UUID_BYTES);
        return 0;
    case CAIRN_OPERATION_PUT_FACT:
        parse->given.author = request->parameters[0];
        parse->given.key = request->parameters[1];
        return 0;
    case CAIRN_OPERATION_POST_FEEDBACK:
        parse->given.pattern = request->parameters[0];
        return 0;
    default:
        return 0;
    }
}

/* Lines of about 100 bytes: a guess that saves growing, bounded for hostile bodies. */
static uint32_t expected_events(const struct cairn_request *request)
{
    size_t lines = request->is_ndjson ? request->body.bytes / 100 + 1 : 1;
    return lines > 4096 ? 4096 : (uint32_t)lines;
}

int cairn_writes_parse(void *context, struct cairn_request *request)
{
    const struct cairn_writes_options *options = context;
    struct parse parse = {.request = request};
    uint8_t uuid[CAIRN_UUID_BYTES] = {0};

    int result = read_ack(options, request);
    if (result == 0)
        result = read_on_error(&parse);
    if (result == 0)
        result = read_given(&parse, uuid);
    if (result < 0)
        return result;

    request->batch = cairn_batch_create(expected_events(request));
    if (request->batch == NULL)
        return refuse(request, 503, "out of memory");
    request->batch->shard = (uint32_t)(cairn_hash64_slice(request->space) % options->shards);
    cairn_json_writer_init(&parse.rejected, &request->notes);
    if (parse.skips_bad_lines)
        cairn_json_begin_array(&parse.rejected);
    result = parse_body(&parse);
    if (parse.skips_bad_lines)
        cairn_json_end_array(&parse.rejected);
    cairn_event_parser_deinit(&parse.parser);
    cairn_event_parser_deinit(&parse.inner);
    return result;
}
