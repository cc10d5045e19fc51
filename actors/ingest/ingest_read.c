/* What ingest answers at once: lists of events, single events, spaces, settings, receipts. */
#include <errno.h>
#include <stdlib.h>

#include "actors/ingest/ingest_internal.h"
#include "actors/messages.h"
#include "runtime/base/json.h"
#include "storage/event_json.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAX     1000
#define STREAM_MAX    10000 /* events that a follower may ask for from before */

/* ---- rendering what the reader brought ---- */

static void end_list(struct cairn_json_writer *writer, struct cairn_request *request)
{
    char cursor[24];
    cairn_json_end_array(writer);
    if (request->next_cursor == 0) {
        cairn_json_member_null(writer, "next_cursor");
    } else {
        snprintf(cursor, sizeof(cursor), "%llu", (unsigned long long)request->next_cursor);
        cairn_json_member_text(writer, "next_cursor", cursor);
    }
    cairn_json_end_object(writer);
    request->status = 200;
}

static void render_list(struct cairn_request *request)
{
    struct cairn_json_writer writer;
    cairn_json_writer_init(&writer, &request->answer);
    cairn_json_begin_object(&writer);
    cairn_json_member_array(&writer, "items");
    for (uint32_t i = 0; i < request->fetched->count; i++) {
        if (request->fetched->events[i].kind != CAIRN_EVENT_NONE)
            cairn_event_write(&writer, &request->fetched->events[i]);
    }
    end_list(&writer, request);
}

static void render_lines(struct cairn_request *request)
{
    struct cairn_json_writer writer;
    for (uint32_t i = 0; i < request->fetched->count; i++) {
        if (request->fetched->events[i].kind == CAIRN_EVENT_NONE)
            continue;
        cairn_json_writer_init(&writer, &request->answer);
        cairn_event_write(&writer, &request->fetched->events[i]);
        cairn_buffer_append_byte(&request->answer, '\n');
    }
    request->content_type = "application/x-ndjson";
    request->status = 200;
}

static void render_stream(struct cairn_request *request)
{
    struct cairn_json_writer writer;
    for (uint32_t i = 0; i < request->fetched->count; i++) {
        if (request->fetched->events[i].kind == CAIRN_EVENT_NONE)
            continue;
        cairn_buffer_append_text(&request->answer, "id: ");
        cairn_buffer_append_u64(&request->answer, request->fetched->events[i].seq);
        cairn_buffer_append_text(&request->answer, "\ndata: ");
        cairn_json_writer_init(&writer, &request->answer);
        cairn_event_write(&writer, &request->fetched->events[i]);
        cairn_buffer_append_text(&request->answer, "\n\n");
    }
    request->content_type = "text/event-stream";
    request->status = 200;
}

static void render_one(struct cairn_request *request)
{
    struct cairn_json_writer writer;
    if (request->fetched->count == 0 || request->fetched->events[0].kind == CAIRN_EVENT_NONE) {
        cairn_request_problem(request, 404, "there is no such event in this space");
        return;
    }
    cairn_json_writer_init(&writer, &request->answer);
    cairn_event_write(&writer, &request->fetched->events[0]);
    request->status = 200;
}

/* A forget's receipt. Until a compaction rewrites the segments, the bytes are on the disk: said so.
 */
static void render_receipt(struct cairn_request *request)
{
    const struct cairn_event *event = &request->fetched->events[0];
    struct cairn_json_writer writer;
    if (request->fetched->count == 0 || event->kind != CAIRN_EVENT_FORGET) {
        cairn_request_problem(request, 404, "there is no forget with that sequence in this space");
        return;
    }
    cairn_json_writer_init(&writer, &request->answer);
    cairn_json_begin_object(&writer);
    cairn_json_member_u64(&writer, "seq", event->seq);
    cairn_json_member_i64(&writer, "ts", event->ts_ms);
    cairn_json_member_string(&writer, "space", event->space);
    cairn_event_write_members(&writer, event);
    cairn_json_member_array(&writer, "segments_rewritten");
    cairn_json_end_array(&writer);
    cairn_json_member_array(&writer, "checkpoints_rewritten");
    cairn_json_end_array(&writer);
    cairn_json_member_null(&writer, "bytes_gone_at");
    cairn_json_member_text(&writer, "state",
                           "out of every answer and model; on the disk until the next compaction");
    cairn_json_end_object(&writer);
    request->status = 200;
}

/* ---- filters from the query ---- */

static int read_time(struct cairn_request *request, const char *name, bool *is_set, int64_t *ms)
{
    struct cairn_slice text;
    *is_set = cairn_request_query(request, name, &text);
    if (!*is_set || cairn_slice_to_i64(text, ms))
        return 0;
    cairn_request_problem(request, 400, "%s must be Unix milliseconds", name);
    return -EINVAL;
}

static int read_limit(struct cairn_request *request, uint64_t *limit)
{
    if (!cairn_request_query_u64(request, "limit", LIMIT_DEFAULT, limit))
        return -EINVAL;
    if (*limit >= 1 && *limit <= LIMIT_MAX)
        return 0;
    cairn_request_problem(request, 400, "limit must be 1 to %d", LIMIT_MAX);
    return -EINVAL;
}

static int read_message_filter(struct cairn_request *request, struct cairn_directory_filter *filter)
{
    filter->kind = CAIRN_EVENT_MESSAGE;
    cairn_request_query(request, "channel", &filter->channel);
    cairn_request_query(request, "author", &filter->author);
    if (read_time(request, "since", &filter->has_since, &filter->since_ms) < 0 ||
        read_time(request, "until", &filter->has_until, &filter->until_ms) < 0 ||
        !cairn_request_query_u64(request, "cursor", 0, &filter->after_seq))
        return -EINVAL;
    return 0;
}

static int read_event_filter(struct cairn_request *request, struct cairn_directory_filter *filter)
{
    struct cairn_slice kind;
    if (!cairn_request_query_u64(request, "since", 0, &filter->after_seq))
        return -EINVAL;
    if (!cairn_request_query(request, "kind", &kind) || kind.bytes == 0)
        return 0;
    filter->kind = cairn_event_kind_of(kind);
    if (filter->kind == CAIRN_EVENT_NONE) {
        filter->kind = CAIRN_EVENT_CUSTOM;
        filter->name = kind;
    }
    return 0;
}

/* ---- answering ---- */

static void fetch(struct cairn_ingest *ingest, struct cairn_turn *turn,
                  struct cairn_request *request)
{
    if (request->fetch_count > 0) {
        cairn_request_book(turn, request, CAIRN_STAGE_INGEST, request->sent_ns);
        cairn_request_send(turn, ingest->options.reader, CAIRN_MESSAGE_FETCH, request, false);
        return;
    }
    request->fetched = cairn_batch_create(1); /* nothing matched: render an empty list */
    if (request->fetched == NULL)
        cairn_ingest_refuse(request, -ENOBUFS);
    cairn_ingest_finish(turn, request);
}

/* Collect up to `limit` events, and whether there are more. */
static int collect(const struct cairn_projection_space *space, struct cairn_request *request,
                   const struct cairn_directory_filter *filter, uint64_t limit)
{
    uint32_t position = 0;
    uint64_t seq = 0;
    request->fetch = malloc(limit * sizeof(*request->fetch));
    if (request->fetch == NULL)
        return -ENOMEM;
    while (request->fetch_count < limit &&
           (seq = cairn_directory_next(space, filter, &position)) != 0)
        request->fetch[request->fetch_count++] = seq;
    if (seq != 0 && cairn_directory_next(space, filter, &position) != 0)
        request->next_cursor = request->fetch[request->fetch_count - 1];
    return 0;
}

static void answer_list(struct cairn_ingest *ingest, struct cairn_turn *turn,
                        struct cairn_request *request, const struct cairn_projection_space *space)
{
    bool is_messages = request->operation == CAIRN_OPERATION_LIST_MESSAGES;
    struct cairn_directory_filter filter = {.up_to_seq = ingest->published_seq};
    uint64_t limit;
    int result = read_limit(request, &limit);
    if (result == 0)
        result = is_messages ? read_message_filter(request, &filter)
                             : read_event_filter(request, &filter);
    if (result == 0 && ingest->published_seq > 0 && collect(space, request, &filter, limit) < 0)
        cairn_ingest_refuse(request, -ENOBUFS);
    if (request->status != 0) {
        cairn_ingest_finish(turn, request);
        return;
    }
    request->render = is_messages ? render_list : render_lines;
    fetch(ingest, turn, request);
}

/* Without `since` a stream begins now. */
bool cairn_ingest_read_stream(struct cairn_ingest *ingest, struct cairn_turn *turn,
                              struct cairn_request *request)
{
    const struct cairn_projection_space *space =
        cairn_projection_find(ingest->directory, request->space);
    struct cairn_directory_filter filter = {.up_to_seq = ingest->published_seq};
    struct cairn_slice since;
    request->render = render_stream;
    if (!cairn_request_query(request, "since", &since) || space == NULL ||
        ingest->published_seq == 0) {
        fetch(ingest, turn, request);
        return true;
    }
    if (read_event_filter(request, &filter) == 0 &&
        collect(space, request, &filter, STREAM_MAX) < 0)
        cairn_ingest_refuse(request, -ENOBUFS);
    if (request->status == 0 && request->next_cursor != 0)
        cairn_request_problem(request, 422,
                              "more than %d events since then: page to the end first, then follow",
                              STREAM_MAX);
    if (request->status != 0) {
        cairn_ingest_finish(turn, request);
        return false;
    }
    fetch(ingest, turn, request);
    return true;
}

static void answer_one(struct cairn_ingest *ingest, struct cairn_turn *turn,
                       struct cairn_request *request, const struct cairn_projection_space *space)
{
    bool is_receipt = request->operation == CAIRN_OPERATION_GET_FORGET;
    uint64_t seq = 0;
    uint8_t kind = CAIRN_EVENT_NONE;
    if (cairn_slice_to_u64(request->parameters[0], &seq) && seq <= ingest->published_seq)
        kind = cairn_directory_kind(space, seq);
    request->fetch = malloc(sizeof(*request->fetch));
    if (kind == CAIRN_EVENT_NONE || is_receipt != (kind == CAIRN_EVENT_FORGET)) {
        cairn_request_problem(request, 404, "there is no %s with that sequence in this space",
                              is_receipt ? "forget" : "message");
        cairn_ingest_finish(turn, request);
        return;
    }
    if (request->fetch == NULL) {
        cairn_ingest_refuse(request, -ENOBUFS);
        cairn_ingest_finish(turn, request);
        return;
    }
    request->fetch[0] = seq;
    request->fetch_count = 1;
    request->render = is_receipt ? render_receipt : render_one;
    fetch(ingest, turn, request);
}

static void write_totals(struct cairn_json_writer *writer,
                         const struct cairn_projection_space *space)
{
    struct cairn_directory_totals totals;
    cairn_directory_totals(space, &totals);
    cairn_json_member_string(writer, "space", space->name);
    cairn_json_member_u64(writer, "events", totals.live);
    cairn_json_member_object(writer, "by_kind");
    for (unsigned kind = CAIRN_EVENT_MESSAGE; kind < CAIRN_EVENT_KIND_END; kind++) {
        if (totals.by_kind[kind] > 0)
            cairn_json_member_u64(writer, cairn_event_kind_name((uint8_t)kind),
                                  totals.by_kind[kind]);
    }
    cairn_json_end_object(writer);
    cairn_json_member_u64(writer, "forgotten", totals.forgotten);
    cairn_json_member_u64(writer, "bytes", totals.payload_bytes);
    cairn_json_member_u64(writer, "first_seq", totals.first_seq);
    cairn_json_member_u64(writer, "last_seq", totals.last_seq);
    cairn_json_member_i64(writer, "first_ts", totals.first_ts_ms);
    cairn_json_member_i64(writer, "last_ts", totals.last_ts_ms);
}

static void answer_space(struct cairn_request *request, const struct cairn_projection_space *space)
{
    struct cairn_json_writer writer;
    cairn_json_writer_init(&writer, &request->answer);
    cairn_json_begin_object(&writer);
    write_totals(&writer, space);
    cairn_json_end_object(&writer);
    request->status = 200;
}

static bool has_live_events(const struct cairn_projection_space *space)
{
    struct cairn_directory_totals totals;
    cairn_directory_totals(space, &totals);
    return totals.live > 0;
}

/* In order of creation; the cursor is how many were looked at. */
static void answer_spaces(struct cairn_ingest *ingest, struct cairn_request *request)
{
    struct cairn_json_writer writer;
    uint64_t limit, index;
    uint64_t listed = 0;
    uint32_t count = cairn_projection_space_count(ingest->directory);
    if (read_limit(request, &limit) < 0 || !cairn_request_query_u64(request, "cursor", 0, &index))
        return;
    cairn_json_writer_init(&writer, &request->answer);
    cairn_json_begin_object(&writer);
    cairn_json_member_array(&writer, "items");
    for (; index < count && listed < limit; index++) {
        const struct cairn_projection_space *space =
            cairn_projection_space_at(ingest->directory, (uint32_t)index);
        if (!has_live_events(space))
            continue;
        cairn_json_begin_object(&writer);
        write_totals(&writer, space);
        cairn_json_end_object(&writer);
        listed++;
    }
    request->next_cursor = index < count ? index : 0;
    end_list(&writer, request);
}

/* The defaults, each overridden by what was put last. */
static void answer_settings(const struct cairn_ingest *ingest, struct cairn_request *request,
                            const struct cairn_projection_space *space)
{
    static const char *const names[] = {"language", "state_size",  "channel_chains",
                                        "listen",   "autorespond", "quotas"};
    const char state_size = (char)('0' + ingest->options.state_size); /* 1 to 5 */
    struct cairn_slice values[6];
    struct cairn_buffer defaults = {0};
    struct cairn_slice stored = cairn_directory_settings(space);
    struct cairn_json_scratch scratch = {0};
    struct cairn_json_reader reader;
    struct cairn_json_writer writer;
    struct cairn_slice key;

    cairn_json_append_quoted(&defaults, cairn_slice_of(ingest->options.language));
    values[0] = cairn_buffer_slice(&defaults);
    values[1] = cairn_slice(&state_size, 1);
    values[2] = cairn_slice_of("true");
    values[3] = values[4] = cairn_slice_of("[]");
    values[5] = cairn_slice_of("{}");
    if (stored.bytes > 0) {
        cairn_json_scratch_begin(&scratch, stored.bytes);
        cairn_json_reader_init(&reader, stored, &scratch);
        cairn_json_enter_object(&reader);
        while (cairn_json_next_member(&reader, &key)) {
            int index = cairn_json_key_index(key, names, 6);
            if (index >= 0)
                cairn_json_read_raw(&reader, &values[index]);
        }
    }
    cairn_json_writer_init(&writer, &request->answer);
    cairn_json_begin_object(&writer);
    for (int i = 0; i < 6; i++)
        cairn_json_member_raw(&writer, names[i], values[i]);
    cairn_json_end_object(&writer);
    cairn_json_scratch_deinit(&scratch);
    cairn_buffer_deinit(&defaults);
    request->status = 200;
}

void cairn_ingest_read(struct cairn_ingest *ingest, struct cairn_turn *turn,
                       struct cairn_request *request)
{
    struct cairn_projection_space *space =
        request->space.bytes == 0 ? NULL : cairn_projection_find(ingest->directory, request->space);
    /* What was forgotten whole is gone, but for the receipt of it. */
    bool is_known = space != NULL &&
                    (has_live_events(space) || request->operation == CAIRN_OPERATION_GET_FORGET);
    if (request->operation == CAIRN_OPERATION_LIST_SPACES) {
        answer_spaces(ingest, request);
    } else if (!is_known) {
        cairn_request_problem(request, 404, "there is no space \"%.*s\"; the first write makes it",
                              (int)request->space.bytes, request->space.data);
    } else if (request->operation == CAIRN_OPERATION_GET_SPACE) {
        answer_space(request, space);
    } else if (request->operation == CAIRN_OPERATION_GET_SETTINGS) {
        answer_settings(ingest, request, space);
    } else if (request->operation == CAIRN_OPERATION_LIST_MESSAGES ||
               request->operation == CAIRN_OPERATION_LIST_EVENTS) {
        answer_list(ingest, turn, request, space);
        return;
    } else {
        answer_one(ingest, turn, request, space);
        return;
    }
    cairn_ingest_finish(turn, request);
}
