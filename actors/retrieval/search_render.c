/* The answer of a search, written from the events of its hits. */
#include "actors/retrieval/search_api.h"

#include "runtime/base/json.h"
#include "runtime/base/json_writer.h"
#include "runtime/base/uuid.h"

static struct cairn_slice field_of(const struct cairn_event *event, enum cairn_field field)
{
    struct cairn_slice value = CAIRN_SLICE_EMPTY;
    cairn_event_field(event, field, &value);
    return value;
}

static struct cairn_slice kind_of(const struct cairn_event *event)
{
    if (event->kind == CAIRN_EVENT_CUSTOM)
        return field_of(event, CAIRN_FIELD_NAME);
    return cairn_slice_of(cairn_event_kind_name(event->kind));
}

/* "key: value": a string as it reads, any other value as JSON. */
static void append_fact(struct cairn_buffer *text, const struct cairn_event *event)
{
    struct cairn_slice value = field_of(event, CAIRN_FIELD_VALUE), string;
    struct cairn_json_scratch scratch = {0};
    struct cairn_json_reader reader;
    cairn_json_scratch_begin(&scratch, value.bytes);
    cairn_json_reader_init(&reader, value, &scratch);
    cairn_buffer_append_slice(text, field_of(event, CAIRN_FIELD_KEY));
    cairn_buffer_append_text(text, ": ");
    if (cairn_json_peek(&reader) == CAIRN_JSON_STRING &&
        cairn_json_read_string(&reader, &string) == 0)
        cairn_buffer_append_slice(text, string);
    else
        cairn_buffer_append_slice(text, value);
    cairn_json_scratch_deinit(&scratch);
}

static void write_text(struct cairn_json_writer *writer, const struct cairn_event *event)
{
    struct cairn_buffer fact = {0};
    switch (event->kind) {
    case CAIRN_EVENT_EPISODE:
        cairn_json_member_string(writer, "text", field_of(event, CAIRN_FIELD_TASK));
        break;
    case CAIRN_EVENT_CUSTOM:
        cairn_json_member_string(writer, "text", field_of(event, CAIRN_FIELD_CONTENT));
        break;
    case CAIRN_EVENT_FACT:
        append_fact(&fact, event);
        cairn_json_member_string(writer, "text", cairn_buffer_slice(&fact));
        break;
    default:
        cairn_json_member_string(writer, "text", field_of(event, CAIRN_FIELD_TEXT));
        break;
    }
    cairn_buffer_deinit(&fact);
}

static void write_episode(struct cairn_json_writer *writer, const struct cairn_event *event)
{
    struct cairn_slice id = field_of(event, CAIRN_FIELD_EPISODE);
    uint8_t uuid[CAIRN_UUID_BYTES];
    char text[CAIRN_UUID_TEXT_BYTES];
    if (id.bytes != sizeof(uuid))
        return;
    memcpy(uuid, id.data, sizeof(uuid));
    cairn_uuid_format(uuid, text);
    cairn_json_member_string(writer, "episode", cairn_slice(text, sizeof(text)));
}

static void write_present(struct cairn_json_writer *writer, const char *key,
                          struct cairn_slice value)
{
    if (value.bytes > 0)
        cairn_json_member_string(writer, key, value);
}

static void write_hit(struct cairn_json_writer *writer, const struct cairn_event *event,
                      double score, bool is_explained)
{
    cairn_json_begin_object(writer);
    cairn_json_member_u64(writer, "seq", event->seq);
    write_present(writer, "id", field_of(event, CAIRN_FIELD_CLIENT_ID));
    cairn_json_member_string(writer, "kind", kind_of(event));
    cairn_json_member_double(writer, "score", score);
    write_present(writer, "channel", event->channel);
    write_present(writer, "author", event->author);
    cairn_json_member_i64(writer, "ts", event->ts_ms);
    write_text(writer, event);
    write_episode(writer, event);
    if (is_explained) {
        cairn_json_member_object(writer, "scores");
        cairn_json_member_double(writer, "bm25", score);
        cairn_json_end_object(writer);
    }
    cairn_json_end_object(writer);
}

static void write_hits(struct cairn_json_writer *writer, const struct cairn_request *request)
{
    const struct cairn_search_results *results = request->results;
    const struct cairn_batch *fetched = request->fetched;
    uint32_t count = fetched == NULL ? 0 : request->result_count;
    cairn_json_member_array(writer, "hits");
    for (uint32_t i = 0; i < count && i < fetched->count; i++)
        if (fetched->events[i].kind != CAIRN_EVENT_NONE)
            write_hit(writer, &fetched->events[i], results->hits[i].score, results->is_explained);
    cairn_json_end_array(writer);
}

void cairn_search_render(struct cairn_request *request)
{
    const struct cairn_search_results *results = request->results;
    struct cairn_json_writer writer;
    cairn_json_writer_init(&writer, &request->answer);
    cairn_json_begin_object(&writer);
    write_hits(&writer, request);
    cairn_json_member_text(&writer, "mode", "text");
    cairn_json_member_u64(&writer, "took_us", request->stage_ns[CAIRN_STAGE_RETRIEVAL] / 1000);
    cairn_json_member_bool(&writer, "cached", false);
    if (results->has_next)
        cairn_json_member_string(&writer, "next_cursor",
                                 cairn_slice(results->next_cursor, sizeof(results->next_cursor)));
    else
        cairn_json_member_null(&writer, "next_cursor");
    cairn_json_end_object(&writer);
    request->status = 200;
}
