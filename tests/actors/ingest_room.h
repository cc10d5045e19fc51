/* tests/actors/ingest_room.h: ingest over a real ledger in a directory of its own, between a desk
 * and shards that only note what they are sent. */
#pragma once

#include <unistd.h>

#include "actors/ingest/directory.h"
#include "actors/ingest/fetcher.h"
#include "actors/ingest/ingest.h"
#include "actors/ingest/writes.h"
#include "runtime/io/io.h"
#include "runtime/io/thread.h"
#include "tests/actors/desk.h"

#define ROOM_SHARDS  2
#define ROOM_LOG_MAX 4096
#define ROOM_NOW_MS  1700000000000

/* One event as a shard saw it. */
struct noted {
    uint64_t seq;
    uint32_t batch; /* number of the batch it came in */
    uint8_t kind;
    bool makes_space;
    uint32_t removed_count;
    uint64_t removed[64];
};

struct room;

struct sink {
    struct room *room;
    enum cairn_projection_id id;
    uint32_t shard;
};

struct room {
    struct desk desk;
    char root[64];
    char directory_path[96];
    struct cairn_ingest_options options; /* may be changed before room_open, */
    uint64_t directory_bytes;            /* and the directory's budget */
    struct cairn_shards shards;
    struct cairn_watermark watermarks[CAIRN_PROJECTION_COUNT][ROOM_SHARDS];
    struct cairn_watermark directory_watermark;
    struct cairn_actor_ref refs[CAIRN_PROJECTION_COUNT][ROOM_SHARDS];
    struct sink sinks[CAIRN_PROJECTION_COUNT][ROOM_SHARDS];
    struct cairn_projection *directory;
    struct cairn_fetcher *fetcher;
    struct cairn_actor_ref fetcher_ref;
    struct cairn_ingest *ingest;
    struct cairn_actor_ref ref;
    struct cairn_ingest_report report;
    sem_t ready;
    _Atomic uint64_t committed_seq;
    _Atomic int readiness;
    _Atomic int is_held; /* while set the sinks apply nothing */

    /* what the training projection's shards were sent, in order; guarded by `mutex` */
    pthread_mutex_t mutex;
    struct noted log[ROOM_LOG_MAX];
    uint32_t log_count;
    uint32_t batch_count;
};

/* ---- shards ---- */

static inline void sink_note(struct room *room, const struct cairn_batch *batch)
{
    pthread_mutex_lock(&room->mutex);
    for (uint32_t i = 0; i < batch->count && room->log_count < ROOM_LOG_MAX; i++) {
        struct noted *noted = &room->log[room->log_count++];
        *noted = (struct noted){.seq = batch->events[i].seq,
                                .batch = room->batch_count,
                                .kind = batch->events[i].kind,
                                .makes_space = batch->makes_space,
                                .removed_count = batch->removed_count};
        for (uint32_t at = 0; at < batch->removed_count && at < 64; at++)
            noted->removed[at] = batch->removed[at];
    }
    room->batch_count++;
    pthread_mutex_unlock(&room->mutex);
}

static inline void sink_batch(struct sink *sink, struct cairn_batch *batch)
{
    struct room *room = sink->room;
    actor_assert(batch->shard == sink->shard);
    for (uint32_t i = 1; i < batch->count; i++)
        actor_assert(batch->events[i].seq > batch->events[i - 1].seq);
    if (sink->id == CAIRN_PROJECTION_TRAINING)
        sink_note(room, batch);
    if (atomic_load(&room->is_held) == 0)
        atomic_store(&room->watermarks[sink->id][sink->shard].applied_seq,
                     batch->events[batch->count - 1].seq);
    cairn_batch_release(batch);
}

/* Each shard's digest is its number, so that the sum is known. */
static inline void sink_digest(struct cairn_turn *turn, struct sink *sink,
                               const struct cairn_message *asked)
{
    struct cairn_message *message = cairn_turn_message(turn, CAIRN_MESSAGE_DIGEST_ANSWER, 0,
                                                       sizeof(struct cairn_digest_answer));
    const struct cairn_digest_answer answer = {.id = sink->id,
                                               .shard = sink->shard,
                                               .token = asked->value,
                                               .digest = {.low = 1 + sink->shard, .high = 0}};
    memcpy(message->payload, &answer, sizeof(answer));
    actor_assert(cairn_turn_send(turn, asked->from, message) == 0);
}

static inline int sink_behaviour(struct cairn_turn *turn, void *state,
                                 struct cairn_message *message)
{
    struct sink *sink = state;
    struct cairn_request *request;
    switch (message->type) {
    case CAIRN_MESSAGE_BATCH:
        sink_batch(sink, (struct cairn_batch *)(uintptr_t)message->value);
        break;
    case CAIRN_MESSAGE_DIGEST:
        sink_digest(turn, sink, message);
        break;
    case CAIRN_MESSAGE_REQUEST:
        request = cairn_request_of(message);
        cairn_buffer_printf(&request->answer, "projection %d waits for %llu;", (int)sink->id,
                            (unsigned long long)request->min_seq);
        request->status = 200;
        cairn_request_finish(turn, request);
        break;
    case CAIRN_MESSAGE_STOP:
        return CAIRN_TURN_STOP;
    default:
        break;
    }
    return CAIRN_TURN_OK;
}

/* Let the shards apply what they were sent. */
static inline void room_release(struct room *room)
{
    atomic_store(&room->is_held, 0);
    for (int id = 0; id < CAIRN_PROJECTION_COUNT; id++) {
        for (uint32_t shard = 0; shard < ROOM_SHARDS; shard++)
            atomic_store(&room->watermarks[id][shard].applied_seq,
                         atomic_load(&room->watermarks[id][shard].routed_seq));
    }
}

/* ---- opening and closing ---- */

static inline void room_ready(void *context, const struct cairn_ingest_report *report)
{
    struct room *room = context;
    room->report = *report;
    sem_post(&room->ready);
}

/* What whoever has the answer may count on: it was published, and the head is there. */
static inline void room_observe(void *context, const struct cairn_request *request)
{
    struct room *room = context;
    bool is_write = cairn_writes_is_write(request->operation) ||
                    (request->operation >= CAIRN_OPERATION_FORGET_MESSAGE &&
                     request->operation <= CAIRN_OPERATION_FORGET_FACT);
    if (!is_write || request->status >= 300)
        return;
    uint32_t shard = cairn_shards_of(&room->shards, request->space);
    actor_assert(request->seq <= atomic_load(&room->committed_seq));
    actor_assert(request->seq <=
                 atomic_load(&room->watermarks[CAIRN_PROJECTION_FACTS][shard].routed_seq));
}

/* Start without waiting until it is ready. */
static inline void room_begin(struct room *room)
{
    const struct cairn_projection_options directory = {.module = &cairn_directory_module,
                                                       .heap_budget_bytes = room->directory_bytes,
                                                       .watermark = &room->directory_watermark};
    const struct cairn_fetcher_options fetcher = {.directory = room->directory_path,
                                                  .cache_blocks = 4};
    assert_int_equal(cairn_projection_create(&directory, &room->directory), 0);
    assert_int_equal(cairn_fetcher_create(&fetcher, &room->fetcher), 0);
    room->fetcher_ref = desk_spawn(&room->desk, "fetcher", cairn_fetcher_behaviour, room->fetcher);
    memset(room->watermarks, 0, sizeof(room->watermarks));
    atomic_store(&room->readiness, CAIRN_READINESS_STARTING);
    atomic_store(&room->committed_seq, 0);
    room->log_count = room->batch_count = 0;
    room->options.directory = room->directory;
    room->options.reader = room->fetcher_ref;
    assert_int_equal(cairn_ingest_create(&room->options, &room->ingest), 0);
    room->ref = desk_spawn(&room->desk, "ingest", cairn_ingest_behaviour, room->ingest);
}

static inline void room_open(struct room *room)
{
    room_begin(room);
    desk_wait(&room->ready);
    assert_int_equal(room->report.result, 0);
    assert_int_equal(room->readiness, CAIRN_READINESS_READY);
}

static inline void room_close(struct room *room)
{
    if (room->ingest == NULL)
        return;
    cairn_system_stop_actor(room->desk.system, room->ref);
    cairn_system_stop_actor(room->desk.system, room->fetcher_ref);
    cairn_ingest_destroy(room->ingest);
    cairn_fetcher_destroy(room->fetcher);
    cairn_projection_destroy(room->directory);
    room->ingest = NULL;
}

static inline void room_reopen(struct room *room)
{
    room_close(room);
    room_open(room);
}

static inline void room_spawn_sinks(struct room *room)
{
    room->shards.count = ROOM_SHARDS;
    for (int id = 0; id < CAIRN_PROJECTION_COUNT; id++) {
        room->shards.kinds[id] = UINT64_MAX;
        room->shards.watermarks[id] = room->watermarks[id];
        room->shards.refs[id] = room->refs[id];
        for (uint32_t shard = 0; shard < ROOM_SHARDS; shard++) {
            struct sink *sink = &room->sinks[id][shard];
            *sink = (struct sink){.room = room, .id = (enum cairn_projection_id)id, .shard = shard};
            room->refs[id][shard] = desk_spawn(&room->desk, "sink", sink_behaviour, sink);
        }
    }
}

/* Everything on one worker: what is sent together is in the mailbox together. */
static inline struct room *room_create(bool posix_io)
{
    struct room *room = aligned_alloc(64, (sizeof(*room) + 63) / 64 * 64);
    memset(room, 0, sizeof(*room));
    sem_init(&room->ready, 0, 0);
    pthread_mutex_init(&room->mutex, NULL);
    snprintf(room->root, sizeof(room->root), "/tmp/cairn-test-XXXXXX");
    assert_non_null(mkdtemp(room->root));
    snprintf(room->directory_path, sizeof(room->directory_path), "%s/ledger/0", room->root);
    desk_start(&room->desk, 1, posix_io);
    room->directory_bytes = UINT64_C(64) << 20;
    room->desk.observe = room_observe;
    room->desk.context = room;
    room_spawn_sinks(room);
    room->options = (struct cairn_ingest_options){
        .ledger = {.directory = room->directory_path,
                   .segment_bytes = 1u << 20,
                   .blocks_in_flight = 2,
                   .block_bytes = 64u << 10,
                   .compress_threshold = 1024,
                   .flush_interval_ms = 20,
                   .seal_idle_ms = 5,
                   .direct = true},
        .shards = &room->shards,
        .committed_seq = &room->committed_seq,
        .readiness = &room->readiness,
        .lag_events_max = 100000,
        .queue_max = 1000,
        .state_size = 2,
        .language = "english",
        .ready = room_ready,
        .context = room,
    };
    return room;
}

static inline void room_destroy(struct room *room)
{
    char command[128];
    room_close(room);
    for (int id = 0; id < CAIRN_PROJECTION_COUNT; id++) {
        for (uint32_t shard = 0; shard < ROOM_SHARDS; shard++)
            cairn_system_stop_actor(room->desk.system, room->refs[id][shard]);
    }
    desk_stop(&room->desk);
    snprintf(command, sizeof(command), "rm -rf %s", room->root);
    assert_int_equal(system(command), 0);
    pthread_mutex_destroy(&room->mutex);
    sem_destroy(&room->ready);
    free(room);
}

/* ---- requests ---- */

static inline struct cairn_request *room_request(enum cairn_operation operation, const char *space,
                                                 const char *first, const char *second,
                                                 const char *query)
{
    struct cairn_request *request = cairn_request_create();
    request->operation = operation;
    request->space = cairn_slice_of(space);
    request->parameters[0] = cairn_slice_of(first == NULL ? "" : first);
    request->parameters[1] = cairn_slice_of(second == NULL ? "" : second);
    request->query = cairn_slice_of(query == NULL ? "" : query);
    request->now_ms = ROOM_NOW_MS;
    return request;
}

/* A write, parsed as the connection does it. Bodies of messages and steps may be lines. */
static inline struct cairn_request *room_write(enum cairn_operation operation, const char *space,
                                               const char *first, const char *query,
                                               const char *body)
{
    struct cairn_writes_options options = {.durable = true, .shards = ROOM_SHARDS};
    struct cairn_request *request = room_request(operation, space, first, "key", query);
    cairn_buffer_append_text(&request->body_bytes, body);
    request->body = cairn_buffer_slice(&request->body_bytes);
    request->is_ndjson = strchr(body, '\n') != NULL;
    if (cairn_writes_parse(&options, request) < 0)
        fail_msg("%s: %.*s", body, (int)request->answer.bytes, request->answer.data);
    return request;
}

/* One message of `author` in channel "c"; `id` may be NULL. */
static inline struct cairn_request *room_message(const char *space, const char *author,
                                                 const char *text, const char *id)
{
    char body[512];
    snprintf(body, sizeof(body), "{\"channel\":\"c\",\"author\":\"%s\",\"text\":\"%s\"%s%s%s}",
             author, text, id == NULL ? "" : ",\"id\":\"", id == NULL ? "" : id,
             id == NULL ? "" : "\"");
    return room_write(CAIRN_OPERATION_POST_MESSAGES, space, NULL, NULL, body);
}

/* Send, and check status and answer. */
static inline void room_expect(struct room *room, struct cairn_request *request, int status,
                               const char *part)
{
    desk_post(&room->desk, room->ref, request);
    desk_expect(&room->desk, status, part);
}

/* Say `count` things, one request each, and have them acknowledged. */
static inline void room_fill(struct room *room, const char *space, const char *author,
                             uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        char text[16];
        snprintf(text, sizeof(text), "%u", i);
        room_expect(room, room_message(space, author, text, NULL), 200, "\"accepted\":1");
    }
}

static inline struct noted room_noted(struct room *room, uint32_t index)
{
    pthread_mutex_lock(&room->mutex);
    assert_true(index < room->log_count);
    struct noted noted = room->log[index];
    pthread_mutex_unlock(&room->mutex);
    return noted;
}
