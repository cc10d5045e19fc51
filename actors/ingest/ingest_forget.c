#include <errno.h>
#include <stdlib.h>

#include "actors/ingest/ingest_internal.h"
#include "runtime/base/json_writer.h"

bool cairn_ingest_is_forget(enum cairn_operation operation)
{
    return operation >= CAIRN_OPERATION_FORGET_MESSAGE && operation <= CAIRN_OPERATION_FORGET_FACT;
}

/* ---- selecting ---- */

static bool is_scope(const struct cairn_event *forget, const char *name)
{
    struct cairn_slice scope;
    return cairn_event_field(forget, CAIRN_FIELD_SCOPE, &scope) && cairn_slice_is(scope, name);
}

/* A forget's fields are its selector: the same event selects the same now and in a replay. */
static struct cairn_directory_filter filter_of(const struct cairn_event *forget)
{
    struct cairn_directory_filter filter = {
        .channel = forget->channel, .author = forget->author, .up_to_seq = forget->seq - 1};
    int64_t target = 0;
    cairn_event_field(forget, CAIRN_FIELD_EPISODE, &filter.episode);
    cairn_event_field(forget, CAIRN_FIELD_KEY, &filter.name);
    if (cairn_event_field_i64(forget, CAIRN_FIELD_TARGET, &target))
        filter.seq = (uint64_t)target;
    if (is_scope(forget, "fact"))
        filter.kind = CAIRN_EVENT_FACT;
    return filter;
}

int cairn_ingest_select(const struct cairn_projection_space *space,
                        const struct cairn_event *forget, uint64_t **seqs, uint32_t *count)
{
    struct cairn_directory_filter filter = filter_of(forget);
    uint64_t *selected = NULL;
    uint32_t selected_count = 0;
    uint32_t capacity = 0;
    uint32_t position = 0;
    uint64_t seq;
    while ((seq = cairn_directory_next(space, &filter, &position)) != 0) {
        if (cairn_directory_kind(space, seq) == CAIRN_EVENT_FORGET)
            continue; /* receipts stay */
        if (selected_count == capacity) {
            capacity = capacity == 0 ? 64 : capacity * 2;
            uint64_t *grown = realloc(selected, capacity * sizeof(*selected));
            if (grown == NULL) {
                free(selected);
                return -ENOMEM;
            }
            selected = grown;
        }
        selected[selected_count++] = seq;
    }
    *seqs = selected;
    *count = selected_count;
    return 0;
}

/* ---- recording ---- */

static int record_forget(struct cairn_projection *directory, struct cairn_projection_space *space,
                         const struct cairn_batch *batch)
{
    const struct cairn_event *event = &batch->events[0];
    int result;
    if (event->seq <= space->applied_seq)
        return 0;
    if (is_scope(event, "space"))
        result = cairn_projection_reset(directory, space);
    else
        result = cairn_directory_module.forget(space, batch->removed, batch->removed_count);
    if (result == 0)
        result = cairn_directory_module.apply(space, event);
    space->applied_seq = event->seq;
    return result;
}

int cairn_ingest_record(struct cairn_projection *directory, const struct cairn_batch *batch)
{
    if (batch->count == 0)
        return 0;
    struct cairn_projection_space *space =
        cairn_projection_ensure(directory, batch->events[0].space);
    if (space == NULL)
        return -ENOMEM;
    if (batch->events[0].kind == CAIRN_EVENT_FORGET)
        return record_forget(directory, space, batch);
    int result = 0;
    for (uint32_t i = 0; result == 0 && i < batch->count; i++) {
        if (batch->events[i].seq <= space->applied_seq)
            continue;
        result = cairn_directory_module.apply(space, &batch->events[i]);
        space->applied_seq = batch->events[i].seq;
    }
    return result;
}

/* ---- a DELETE ---- */

/* Put the selector that the path names into a forget event. The fields stand in ascending order. */
static int make_forget(struct cairn_request *request, struct cairn_event *event,
                       struct cairn_buffer *payload)
{
    static const char *const scopes[] = {"message", "author",  "channel",
                                         "space",   "episode", "fact"};
    uint8_t uuid[CAIRN_UUID_BYTES];
    uint64_t target = 0;
    const struct cairn_slice *names = request->parameters;
    switch (request->operation) {
    case CAIRN_OPERATION_FORGET_MESSAGE:
        if (!cairn_slice_to_u64(names[0], &target) || target == 0 || target > INT64_MAX)
            return -ENOENT;
        break;
    case CAIRN_OPERATION_FORGET_AUTHOR:
        event->author = names[0];
        break;
    case CAIRN_OPERATION_FORGET_CHANNEL:
        event->channel = names[0];
        break;
    case CAIRN_OPERATION_FORGET_EPISODE:
        if (cairn_uuid_parse(names[0], uuid) < 0)
            return -ENOENT;
        cairn_event_put(payload, CAIRN_FIELD_EPISODE, cairn_slice(uuid, sizeof(uuid)));
        break;
    case CAIRN_OPERATION_FORGET_FACT:
        event->author = names[0];
        if (names[1].bytes > 0)
            cairn_event_put(payload, CAIRN_FIELD_KEY, names[1]);
        break;
    default:
        break;
    }
    cairn_event_put(payload, CAIRN_FIELD_SCOPE,
                    cairn_slice_of(scopes[request->operation - CAIRN_OPERATION_FORGET_MESSAGE]));
    if (target != 0)
        cairn_event_put_i64(payload, CAIRN_FIELD_TARGET, (int64_t)target);
    event->payload = cairn_buffer_slice(payload);
    return payload->failed ? -ENOMEM : 0;
}

/* Only messages and custom events are forgotten by their number; what belongs to an episode or a
 * fact goes with it, by its own path. */
static bool is_target_forgettable(const struct cairn_projection_space *space,
                                  const struct cairn_event *event)
{
    int64_t target;
    if (!cairn_event_field_i64(event, CAIRN_FIELD_TARGET, &target))
        return true;
    uint8_t kind = cairn_directory_kind(space, (uint64_t)target);
    return kind == CAIRN_EVENT_MESSAGE || kind == CAIRN_EVENT_CUSTOM;
}

static void answer_forgotten(struct cairn_request *request, uint32_t count, uint64_t seq)
{
    struct cairn_json_writer writer;
    cairn_json_writer_init(&writer, &request->answer);
    cairn_json_begin_object(&writer);
    cairn_json_member_u64(&writer, "forgotten", count);
    cairn_json_member_u64(&writer, "seq", seq);
    cairn_json_member_text(&writer, "ack", "durable");
    cairn_json_end_object(&writer);
    request->status = 200;
    request->seq = seq;
}

/* Select, append, record and queue. -ENOENT: nothing there to forget. */
static int forget(struct cairn_ingest *ingest, struct cairn_turn *turn,
                  struct cairn_request *request, struct cairn_projection_space *space,
                  struct cairn_buffer *payload)
{
    struct cairn_event event = {.kind = CAIRN_EVENT_FORGET,
                                .seq = cairn_ledger_next_seq(ingest->ledger),
                                .ts_ms = request->now_ms,
                                .space = request->space};
    uint64_t *seqs = NULL;
    uint32_t count = 0;
    int result = make_forget(request, &event, payload);
    if (result == 0 && !is_target_forgettable(space, &event))
        result = -ENOENT;
    if (result == 0)
        result = cairn_ingest_select(space, &event, &seqs, &count);
    if (result == 0 && count == 0)
        result = -ENOENT;
    if (result < 0)
        return result;

    cairn_event_put_i64(payload, CAIRN_FIELD_COUNT, count);
    event.payload = cairn_buffer_slice(payload);
    struct cairn_batch *batch = cairn_batch_create(1);
    result = batch == NULL ? -ENOMEM : cairn_batch_add(batch, &event);
    if (result == 0) {
        batch->shard = cairn_shards_of(ingest->options.shards, request->space);
        result = cairn_batch_set_removed(batch, seqs, count);
    }
    free(seqs);
    if (result == 0)
        result = cairn_ingest_append(ingest, turn, request, batch, true, event.seq);
    if (result == 0)
        answer_forgotten(request, count, event.seq);
    cairn_batch_release(batch);
    return result;
}

int cairn_ingest_forget(struct cairn_ingest *ingest, struct cairn_turn *turn,
                        struct cairn_request *request)
{
    struct cairn_projection_space *space = cairn_projection_find(ingest->directory, request->space);
    struct cairn_buffer payload = {0};
    int result = -ENOENT;
    if (space != NULL)
        result = forget(ingest, turn, request, space, &payload);
    cairn_buffer_deinit(&payload);
    if (result == 0 || result == -ENOBUFS)
        return result;
    if (result == -ENOENT)
        cairn_request_problem(request, 404, "there is nothing of that name to forget here");
    else
        cairn_ingest_refuse(request, result);
    cairn_ingest_finish(turn, request);
    return 0;
}
