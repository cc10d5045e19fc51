#include <errno.h>
#include <stdlib.h>

#include "actors/ingest/ingest_internal.h"
#include "runtime/base/json_writer.h"
#include "runtime/base/log.h"

/* What numbering one request found. */
struct numbering {
    uint64_t first_seq; /* of new events and of the originals of repeated ones */
    uint64_t last_seq;
    uint64_t wait_seq;
    uint32_t duplicates;
};

static void name_seq(struct numbering *numbering, uint64_t seq)
{
    if (numbering->first_seq == 0 || seq < numbering->first_seq)
        numbering->first_seq = seq;
    if (seq > numbering->last_seq)
        numbering->last_seq = seq;
    numbering->wait_seq = numbering->last_seq;
}

/* Keys of one body, so that a repeat inside it is seen before any of it is recorded. */
struct body_keys {
    struct cairn_directory_key *slots;
    uint32_t mask;
};

static struct cairn_directory_key *body_slot(const struct body_keys *keys,
                                             const struct cairn_directory_key *key)
{
    uint32_t slot = (uint32_t)key->low & keys->mask;
    while (keys->slots[slot].seq != 0 &&
           (keys->slots[slot].low != key->low || keys->slots[slot].high != key->high))
        slot = (slot + 1) & keys->mask;
    return &keys->slots[slot];
}

static int ensure_body_keys(struct body_keys *keys, uint32_t count)
{
    uint32_t capacity = 4;
    if (keys->slots != NULL)
        return 0;
    while (capacity < count * 2)
        capacity *= 2;
    keys->slots = calloc(capacity, sizeof(*keys->slots));
    keys->mask = capacity - 1;
    return keys->slots == NULL ? -ENOMEM : 0;
}

static int conflict(struct cairn_request *request, struct cairn_slice id, uint64_t seq)
{
    cairn_request_problem(request, 409,
                          "id \"%.*s\" already names event %llu, which has other content",
                          id.bytes > 100 ? 100 : (int)id.bytes, id.data, (unsigned long long)seq);
    return -EEXIST;
}

/* Whether `event` repeats an earlier one: 1 and *seq, 0, or -EEXIST (answered). `space` is NULL
 * before its first event. */
static int find_repeat(const struct cairn_projection_space *space, struct body_keys *keys,
                       struct cairn_request *request, const struct cairn_event *event,
                       uint64_t seq_if_new, uint64_t *seq)
{
    struct cairn_slice id;
    struct cairn_directory_key found;
    if (event->kind != CAIRN_EVENT_MESSAGE || !cairn_event_field(event, CAIRN_FIELD_CLIENT_ID, &id))
        return 0;
    struct cairn_directory_key key = cairn_directory_key_of(event, id);
    if (space != NULL && cairn_directory_find_key(space, &key, &found)) {
        *seq = found.seq;
        return found.content == key.content ? 1 : conflict(request, id, found.seq);
    }
    if (request->batch->count == 1)
        return 0;
    if (ensure_body_keys(keys, request->batch->count) < 0)
        return -ENOMEM;
    struct cairn_directory_key *slot = body_slot(keys, &key);
    if (slot->seq != 0) {
        *seq = slot->seq;
        return slot->content == key.content ? 1 : conflict(request, id, slot->seq);
    }
    *slot = key;
    slot->seq = seq_if_new;
    return 0;
}

/* Number the events of the batch and drop repeats from it. The batch is still ours alone. */
static int number_events(const struct cairn_projection_space *space, struct cairn_request *request,
                         uint64_t next_seq, struct numbering *numbering)
{
    struct cairn_batch *batch = request->batch;
    struct body_keys keys = {0};
    uint32_t kept = 0;
    int result = 0;
    for (uint32_t i = 0; result >= 0 && i < batch->count; i++) {
        uint64_t seq = next_seq + kept;
        result = find_repeat(space, &keys, request, &batch->events[i], seq, &seq);
        if (result == 1) {
            numbering->duplicates++;
        } else if (result == 0) {
            /* Repeats gather behind the new events, so that a retry finds them again. */
            struct cairn_event event = batch->events[i];
            batch->events[i] = batch->events[kept];
            batch->events[kept] = event;
            batch->events[kept++].seq = seq;
        }
        name_seq(numbering, seq);
    }
    free(keys.slots);
    if (result < 0)
        return result;
    batch->count = kept;
    return 0;
}

/* ---- episodes ---- */

/* A new episode's id goes where the parser left room for it: into the bytes of each of its events.
 */
static void give_ids(struct cairn_ingest *ingest, struct cairn_request *request)
{
    uint8_t uuid[CAIRN_UUID_BYTES] = {0};
    struct cairn_slice place;
    for (uint32_t i = 0; i < request->batch->count; i++) {
        const struct cairn_event *event = &request->batch->events[i];
        if (event->kind == CAIRN_EVENT_EPISODE)
            cairn_uuid_v7(&ingest->uuids, (uint64_t)request->now_ms, cairn_io_random(ingest->io),
                          uuid);
        if (cairn_event_field(event, CAIRN_FIELD_EPISODE, &place) &&
            place.bytes == CAIRN_UUID_BYTES)
            memcpy((uint8_t *)(uintptr_t)place.data, uuid, sizeof(uuid));
    }
}

/* Steps and completions need an episode that is open. */
static int check_episode(const struct cairn_projection_space *space, struct cairn_request *request)
{
    struct cairn_slice uuid = CAIRN_SLICE_EMPTY;
    if (request->operation != CAIRN_OPERATION_POST_STEPS &&
        request->operation != CAIRN_OPERATION_COMPLETE_EPISODE)
        return 0;
    if (request->batch->count == 0)
        return 0; /* every line was rejected */
    cairn_event_field(&request->batch->events[0], CAIRN_FIELD_EPISODE, &uuid);
    switch (space == NULL ? CAIRN_EPISODE_UNKNOWN : cairn_directory_episode(space, uuid)) {
    case CAIRN_EPISODE_OPEN:
        return 0;
    case CAIRN_EPISODE_COMPLETED:
        cairn_request_problem(request, 409, "the episode is completed");
        return -EEXIST;
    default:
        cairn_request_problem(request, 404, "there is no such episode in this space");
        return -ENOENT;
    }
}

static bool makes_episodes(enum cairn_operation operation)
{
    return operation == CAIRN_OPERATION_CREATE_EPISODE ||
           operation == CAIRN_OPERATION_POST_EPISODES;
}

/* ---- answers ---- */

static void write_episode_ids(struct cairn_json_writer *writer, const struct cairn_batch *batch)
{
    char text[CAIRN_UUID_TEXT_BYTES];
    struct cairn_slice uuid;
    for (uint32_t i = 0; i < batch->count; i++) {
        if (batch->events[i].kind != CAIRN_EVENT_EPISODE ||
            !cairn_event_field(&batch->events[i], CAIRN_FIELD_EPISODE, &uuid))
            continue;
        cairn_uuid_format((const uint8_t *)uuid.data, text);
        cairn_json_write_string(writer, cairn_slice(text, sizeof(text)));
    }
}

static uint32_t count_kind(const struct cairn_batch *batch, uint8_t kind)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < batch->count; i++)
        count += batch->events[i].kind == kind;
    return count;
}

/* Appends "ack", "rejected" and the end of the object. */
static void end_answer(struct cairn_json_writer *writer, struct cairn_request *request)
{
    cairn_json_member_text(writer, "ack", request->durable ? "durable" : "buffered");
    if (request->notes.bytes > 0)
        cairn_json_member_raw(writer, "rejected", cairn_buffer_slice(&request->notes));
    cairn_json_end_object(writer);
    request->status = request->operation == CAIRN_OPERATION_CREATE_EPISODE ? 201 : 200;
}

static void write_seqs(struct cairn_json_writer *writer, uint64_t first_seq, uint64_t last_seq)
{
    if (first_seq == 0) {
        cairn_json_member_null(writer, "first_seq");
        cairn_json_member_null(writer, "last_seq");
        return;
    }
    cairn_json_member_u64(writer, "first_seq", first_seq);
    cairn_json_member_u64(writer, "last_seq", last_seq);
}

/* request->results holds the numbering; the batch, what was stored. */
void cairn_ingest_answer_write(struct cairn_request *request)
{
    const struct numbering *numbering = request->results;
    const struct cairn_batch *batch = request->batch;
    struct cairn_json_writer writer;
    struct cairn_slice settings;
    cairn_json_writer_init(&writer, &request->answer);
    cairn_json_begin_object(&writer);
    switch (request->operation) {
    case CAIRN_OPERATION_CREATE_EPISODE:
        cairn_json_key(&writer, "episode");
        write_episode_ids(&writer, batch);
        cairn_json_member_u64(&writer, "seq", numbering->last_seq);
        break;
    case CAIRN_OPERATION_POST_EPISODES:
        write_seqs(&writer, numbering->first_seq, numbering->last_seq);
        cairn_json_member_u64(&writer, "accepted", count_kind(batch, CAIRN_EVENT_EPISODE));
        cairn_json_member_u64(&writer, "events", batch->count);
        cairn_json_member_array(&writer, "episodes");
        write_episode_ids(&writer, batch);
        cairn_json_end_array(&writer);
        break;
    case CAIRN_OPERATION_PUT_SETTINGS:
        cairn_json_member_u64(&writer, "seq", numbering->last_seq);
        if (cairn_event_field(&batch->events[0], CAIRN_FIELD_SETTINGS, &settings))
            cairn_json_member_raw(&writer, "settings", settings);
        break;
    case CAIRN_OPERATION_PUT_FACT:
    case CAIRN_OPERATION_POST_FEEDBACK:
        cairn_json_member_u64(&writer, "seq", numbering->last_seq);
        break;
    default:
        write_seqs(&writer, numbering->first_seq, numbering->last_seq);
        cairn_json_member_u64(&writer, "accepted", batch->count);
        if (request->operation == CAIRN_OPERATION_POST_MESSAGES)
            cairn_json_member_u64(&writer, "duplicates", numbering->duplicates);
        break;
    }
    end_answer(&writer, request);
}

void cairn_ingest_refuse(struct cairn_request *request, int error)
{
    if (error == -EFBIG) {
        cairn_request_problem(request, 413, "more than the ledger takes at once; send less a call");
        return;
    }
    request->retry_after_s = 1;
    if (error == -ENOSPC)
        cairn_request_problem(request, 507, "the disk is full; reads go on, nothing was stored");
    else if (error == -EROFS)
        cairn_request_problem(request, 503,
                              "the ledger cannot be written (the disk refused twice); reads go on");
    else
        cairn_request_problem(request, 503, "busy: too much waits for the disk");
}

/* ---- appending ---- */

/* The ledger has the events already: a directory without room for them is told, once. */
static void record(struct cairn_ingest *ingest, const struct cairn_batch *batch)
{
    int result = cairn_ingest_record(ingest->directory, batch);
    if (result == 0 || ingest->is_full)
        return;
    ingest->is_full = true;
    cairn_log(CAIRN_LOG_ERROR, "directory_full", cairn_log_error("error", result),
              cairn_log_u64("seq", cairn_ledger_next_seq(ingest->ledger) - 1),
              cairn_log_text("next", "raise [memory] projection_mb and restart"));
}

int cairn_ingest_append(struct cairn_ingest *ingest, struct cairn_turn *turn,
                        struct cairn_request *request, struct cairn_batch *batch, bool durable,
                        uint64_t wait_seq)
{
    struct cairn_pending *pending = calloc(1, sizeof(*pending));
    if (pending == NULL)
        return -ENOBUFS;
    if (batch != NULL && batch->count > 0) {
        int result = cairn_ledger_append(ingest->ledger, batch->events, batch->count);
        if (result < 0) {
            free(pending);
            return result;
        }
        pending->batch = cairn_batch_acquire(batch);
        ingest->wants_flush = true;
        ingest->wants_durable = ingest->wants_durable || durable;
    }
    pending->request = request;
    pending->durable = durable;
    pending->wait_seq = wait_seq;
    pending->appended_ns =
        request == NULL ? cairn_turn_clock_ns(turn)
                        : cairn_request_book(turn, request, CAIRN_STAGE_INGEST, request->sent_ns);
    *ingest->pending_end = pending;
    ingest->pending_end = &pending->next;
    ingest->last_append_ns = pending->appended_ns;
    if (batch != NULL)
        record(ingest, batch);
    return 0;
}

void cairn_ingest_finish(struct cairn_turn *turn, struct cairn_request *request)
{
    cairn_request_book(turn, request, CAIRN_STAGE_INGEST, request->sent_ns);
    cairn_request_finish(turn, request);
}

static int answer_now(struct cairn_turn *turn, struct cairn_request *request)
{
    cairn_ingest_finish(turn, request);
    return 0;
}

/* What the settings file says a new space begins with goes into the ledger before its first event, so
 * that a replay without that file gives the same models. */
static bool is_beginning(const struct cairn_ingest *ingest, const struct cairn_request *request,
                         const struct cairn_projection_space *space)
{
    return ingest->options.space_settings != NULL && request->batch->count > 0 &&
           request->operation != CAIRN_OPERATION_PUT_SETTINGS &&
           (space == NULL || space->applied_seq == 0);
}

static int begin_space(struct cairn_ingest *ingest, struct cairn_turn *turn,
                       const struct cairn_request *request)
{
    struct cairn_buffer payload = {0};
    cairn_event_put(&payload, CAIRN_FIELD_SETTINGS, cairn_slice_of(ingest->options.space_settings));
    struct cairn_event event = {.kind = CAIRN_EVENT_SETTINGS,
                                .seq = cairn_ledger_next_seq(ingest->ledger),
                                .ts_ms = request->now_ms,
                                .space = request->space,
                                .payload = cairn_buffer_slice(&payload)};
    struct cairn_batch *batch = payload.failed ? NULL : cairn_batch_create(1);
    int result = batch == NULL ? -ENOBUFS : cairn_batch_add(batch, &event);
    if (result == 0) {
        batch->shard = cairn_shards_of(ingest->options.shards, request->space);
        batch->makes_space = true;
        result = cairn_ingest_append(ingest, turn, NULL, batch, request->durable, event.seq);
    }
    cairn_batch_release(batch);
    cairn_buffer_deinit(&payload);
    return result;
}

/* All that can refuse the request, before anything of it is stored. */
static int check_and_number(struct cairn_ingest *ingest, struct cairn_request *request,
                            const struct cairn_projection_space *space, uint64_t first_seq,
                            struct numbering *numbering)
{
    int result = check_episode(space, request);
    if (result < 0)
        return result;
    if (makes_episodes(request->operation))
        give_ids(ingest, request);
    return number_events(space, request, first_seq, numbering);
}

static int append_events(struct cairn_ingest *ingest, struct cairn_turn *turn,
                         struct cairn_request *request, bool begins,
                         const struct numbering *numbering)
{
    struct cairn_batch *batch = request->batch;
    if (batch->count > 0) {
        const struct cairn_projection_space *space =
            cairn_projection_ensure(ingest->directory, request->space);
        int result = space == NULL ? -ENOMEM : 0;
        if (result == 0 && begins)
            result = begin_space(ingest, turn, request);
        if (result < 0)
            return result;
        batch->makes_space = space->applied_seq == 0;
    }
    /* A repeat that is not flushed yet is made as safe as this request asks. */
    if (request->durable && numbering->duplicates > 0)
        ingest->wants_flush = ingest->wants_durable = true;
    return cairn_ingest_append(ingest, turn, request, batch, request->durable, numbering->wait_seq);
}

int cairn_ingest_write(struct cairn_ingest *ingest, struct cairn_turn *turn,
                       struct cairn_request *request)
{
    const struct cairn_projection_space *space =
        cairn_projection_find(ingest->directory, request->space);
    struct numbering *numbering = calloc(1, sizeof(*numbering));
    uint32_t count = request->batch->count;
    bool begins = is_beginning(ingest, request, space);
    uint64_t first_seq = cairn_ledger_next_seq(ingest->ledger) + begins;
    free(request->results);
    request->results = numbering;

    int result = numbering == NULL ? -ENOMEM
                                   : check_and_number(ingest, request, space, first_seq, numbering);
    if (result == 0)
        result = append_events(ingest, turn, request, begins, numbering);
    if (result == -ENOBUFS) {
        request->batch->count = count;
        return -ENOBUFS;
    }
    if (result < 0) {
        if (request->status == 0)
            cairn_ingest_refuse(request, result);
        return answer_now(turn, request);
    }
    request->seq = numbering->last_seq;
    return 0;
}
