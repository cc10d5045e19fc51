#include "actors/patterns/episode_json.h"

#include <stdio.h>

#include "actors/patterns/episode.h"

void cairn_episode_json_reward(struct cairn_json_writer *writer, const struct cairn_reward *reward)
{
    cairn_json_begin_object(writer);
    cairn_json_member_double(writer, "total", reward->total);
    cairn_json_member_double(writer, "base", reward->base);
    cairn_json_member_double(writer, "efficiency", reward->efficiency);
    cairn_json_member_double(writer, "complexity_bonus", reward->complexity_bonus);
    cairn_json_member_double(writer, "quality_multiplier", reward->quality_multiplier);
    cairn_json_member_double(writer, "learning_bonus", reward->learning_bonus);
    cairn_json_member_double(writer, "abstention", reward->abstention);
    cairn_json_end_object(writer);
}

static void write_lines(struct cairn_json_writer *writer, const char *key,
                        const struct cairn_reflection_list *list)
{
    cairn_json_member_array(writer, key);
    for (uint32_t i = 0; i < list->count; i++)
        cairn_json_write_string(writer, cairn_buffer_slice(&list->lines[i]));
    cairn_json_end_array(writer);
}

void cairn_episode_json_reflection(struct cairn_json_writer *writer,
                                   const struct cairn_reflection *reflection)
{
    cairn_json_begin_object(writer);
    write_lines(writer, "successes", &reflection->successes);
    write_lines(writer, "improvements", &reflection->improvements);
    write_lines(writer, "insights", &reflection->insights);
    cairn_json_end_object(writer);
}

/* ---- an event's fields, where it has them ---- */

static void write_text(struct cairn_json_writer *writer, const struct cairn_event *event,
                       enum cairn_field field, const char *key)
{
    struct cairn_slice text;
    if (cairn_event_field(event, field, &text))
        cairn_json_member_string(writer, key, text);
}

static void write_raw(struct cairn_json_writer *writer, const struct cairn_event *event,
                      enum cairn_field field, const char *key)
{
    struct cairn_slice json;
    if (cairn_event_field(event, field, &json))
        cairn_json_member_raw(writer, key, json);
}

static void write_number(struct cairn_json_writer *writer, const struct cairn_event *event,
                         enum cairn_field field, const char *key)
{
    int64_t number;
    if (cairn_event_field_i64(event, field, &number))
        cairn_json_member_i64(writer, key, number);
}

static void write_head(struct cairn_json_writer *writer, const struct cairn_event *event,
                       const struct cairn_episode_summary *summary)
{
    struct cairn_slice text;
    char id[CAIRN_UUID_TEXT_BYTES];
    if (cairn_event_field(event, CAIRN_FIELD_EPISODE, &text) && text.bytes == CAIRN_UUID_BYTES) {
        cairn_uuid_format((const uint8_t *)text.data, id);
        cairn_json_member_string(writer, "episode", cairn_slice(id, sizeof(id)));
    }
    cairn_json_member_u64(writer, "seq", event->seq);
    write_text(writer, event, CAIRN_FIELD_TASK, "task");
    write_text(writer, event, CAIRN_FIELD_TYPE, "type");
    if (!cairn_event_field(event, CAIRN_FIELD_DOMAIN, &text) || text.bytes == 0)
        text = cairn_slice_of("general");
    cairn_json_member_string(writer, "domain", text);
    if (!cairn_event_field(event, CAIRN_FIELD_TAGS, &text))
        text = cairn_slice_of("[]");
    cairn_json_member_raw(writer, "tags", text);
    write_raw(writer, event, CAIRN_FIELD_CONTEXT, "context");
    write_text(writer, event, CAIRN_FIELD_KEY, "key");
    write_raw(writer, event, CAIRN_FIELD_META, "meta");
    bool is_open = summary->outcome == CAIRN_OUTCOME_OPEN;
    cairn_json_member_text(writer, "status", is_open ? "open" : "completed");
    if (!is_open)
        cairn_json_member_text(writer, "outcome", cairn_outcome_name(summary->outcome));
}

static void write_times(struct cairn_json_writer *writer, const struct cairn_event *event,
                        const struct cairn_episode_summary *summary)
{
    cairn_json_member_i64(writer, "started_at", event->ts_ms);
    if (summary->outcome != CAIRN_OUTCOME_OPEN)
        cairn_json_member_i64(writer, "completed_at", summary->completed_ms);
}

static void write_reward(struct cairn_json_writer *writer,
                         const struct cairn_episode_summary *summary)
{
    if (summary->outcome == CAIRN_OUTCOME_OPEN)
        return;
    cairn_json_key(writer, "reward");
    cairn_episode_json_reward(writer, &summary->reward);
}

/* ---- one ---- */

static void write_step(struct cairn_json_writer *writer, const struct cairn_event *event)
{
    cairn_json_begin_object(writer);
    cairn_json_member_u64(writer, "seq", event->seq);
    cairn_json_member_i64(writer, "ts", event->ts_ms);
    write_text(writer, event, CAIRN_FIELD_TOOL, "tool");
    write_text(writer, event, CAIRN_FIELD_ACTION, "action");
    cairn_json_member_bool(writer, "ok", cairn_event_field_bool(event, CAIRN_FIELD_OK, false));
    write_raw(writer, event, CAIRN_FIELD_ARGS, "args");
    write_text(writer, event, CAIRN_FIELD_OBSERVATION, "observation");
    write_text(writer, event, CAIRN_FIELD_ERROR, "error");
    write_number(writer, event, CAIRN_FIELD_LATENCY_MS, "latency_ms");
    write_number(writer, event, CAIRN_FIELD_TOKENS, "tokens");
    write_raw(writer, event, CAIRN_FIELD_META, "meta");
    cairn_json_end_object(writer);
}

static void write_steps(struct cairn_json_writer *writer, const struct cairn_batch *events)
{
    cairn_json_member_array(writer, "steps");
    for (uint32_t i = 1; i < events->count; i++) {
        if (events->events[i].kind == CAIRN_EVENT_STEP)
            write_step(writer, &events->events[i]);
    }
    cairn_json_end_array(writer);
}

static void write_completion(struct cairn_json_writer *writer, const struct cairn_event *last)
{
    if (last->kind != CAIRN_EVENT_COMPLETION)
        return;
    write_text(writer, last, CAIRN_FIELD_REASON, "reason");
    write_raw(writer, last, CAIRN_FIELD_ARTIFACTS, "artifacts");
}

void cairn_episode_json_render_one(struct cairn_request *request)
{
    const struct cairn_episode_summary *summary = request->results;
    const struct cairn_batch *events = request->fetched;
    if (events == NULL || events->count == 0 || events->events[0].kind != CAIRN_EVENT_EPISODE) {
        cairn_request_problem(request, 404, "this episode has just been forgotten");
        return;
    }
    struct cairn_json_writer writer;
    cairn_json_writer_init(&writer, &request->answer);
    cairn_json_begin_object(&writer);
    write_head(&writer, &events->events[0], summary);
    write_completion(&writer, &events->events[events->count - 1]);
    write_reward(&writer, summary);
    if (summary->outcome != CAIRN_OUTCOME_OPEN)
        cairn_json_member_raw(&writer, "reflection", cairn_buffer_slice(&request->notes));
    write_steps(&writer, events);
    write_times(&writer, &events->events[0], summary);
    cairn_json_end_object(&writer);
}

/* ---- a page ---- */

static void write_item(struct cairn_json_writer *writer, const struct cairn_event *event,
                       const struct cairn_episode_summary *summary)
{
    cairn_json_begin_object(writer);
    write_head(writer, event, summary);
    write_reward(writer, summary);
    cairn_json_member_u64(writer, "step_count", summary->step_count);
    write_times(writer, event, summary);
    cairn_json_end_object(writer);
}

void cairn_episode_json_render_list(struct cairn_request *request)
{
    const struct cairn_episode_summary *summaries = request->results;
    const struct cairn_batch *events = request->fetched;
    struct cairn_json_writer writer;
    char cursor[24];
    cairn_json_writer_init(&writer, &request->answer);
    cairn_json_begin_object(&writer);
    cairn_json_member_array(&writer, "items");
    for (uint32_t i = 0; events != NULL && i < request->result_count && i < events->count; i++) {
        if (events->events[i].kind == CAIRN_EVENT_EPISODE) /* else just forgotten */
            write_item(&writer, &events->events[i], &summaries[i]);
    }
    cairn_json_end_array(&writer);
    if (request->next_cursor == 0) {
        cairn_json_member_null(&writer, "next_cursor");
    } else {
        snprintf(cursor, sizeof(cursor), "%llu", (unsigned long long)request->next_cursor);
        cairn_json_member_text(&writer, "next_cursor", cursor);
    }
    cairn_json_end_object(&writer);
}
