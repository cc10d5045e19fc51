/* tests/actors/tally.h: the smallest model there can be, and projections of it under a publisher.
 *
 * A tally holds the sequences of the events it was given. It answers with how many there are, their
 * last and their sum. An event of kind TRACE stops in `apply` until the test opens the gate, and
 * then takes longer than a turn may. */
#pragma once

#include "actors/projection.h"
#include "actors/shards.h"
#include "runtime/base/time.h"
#include "runtime/io/thread.h"
#include "tests/actors/desk.h"

#define TALLY_MAX     16384
#define TALLY_BUDGET  (UINT64_C(4) << 20)
#define SHARDS_MAX    4
#define SPACE         "lab"
#define ALL_KINDS     UINT64_MAX
#define SLOW_NS       400000 /* beyond a turn's 100 us */
#define TURNS_OF_LONG 5      /* of an answer in several turns */

/* ---- the module ---- */

struct tally {
    uint32_t count;
    uint64_t seqs[TALLY_MAX];
};

struct gate {
    _Atomic int entered; /* TRACE events that have come */
    _Atomic int opened;  /* that may pass */
};

static inline struct tally *tally_of(const struct cairn_projection_space *space)
{
    return cairn_heap_at(&space->heap, cairn_heap_root(&space->heap));
}

static inline int tally_init(struct cairn_projection_space *space)
{
    cairn_ref ref = cairn_heap_alloc(&space->heap, sizeof(struct tally));
    if (ref == 0)
        return -ENOMEM;
    cairn_heap_set_root(&space->heap, ref);
    return 0;
}

static inline uint64_t tally_clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * CAIRN_NS_PER_S + (uint64_t)now.tv_nsec;
}

static inline void tally_pass(struct gate *gate)
{
    int number = atomic_fetch_add(&gate->entered, 1) + 1;
    while (atomic_load(&gate->opened) < number)
        cairn_thread_yield();
    for (uint64_t from_ns = tally_clock_ns(); tally_clock_ns() - from_ns < SLOW_NS;)
        ;
}

/* `options` is the gate. */
static inline int tally_apply(struct cairn_projection_space *space, const struct cairn_event *event)
{
    struct tally *tally = tally_of(space);
    if (event->kind == CAIRN_EVENT_TRACE && space->options != NULL)
        tally_pass((struct gate *)(uintptr_t)space->options);
    if (tally->count == TALLY_MAX)
        return -ENOMEM;
    actor_assert(tally->count == 0 || tally->seqs[tally->count - 1] < event->seq);
    tally->seqs[tally->count++] = event->seq;
    return 0;
}

static inline int tally_forget(struct cairn_projection_space *space, const uint64_t *seqs,
                               uint32_t count)
{
    struct tally *tally = tally_of(space);
    uint32_t kept = 0, at = 0;
    for (uint32_t i = 0; i < tally->count; i++) {
        while (at < count && seqs[at] < tally->seqs[i])
            at++;
        if (at == count || seqs[at] != tally->seqs[i])
            tally->seqs[kept++] = tally->seqs[i];
    }
    tally->count = kept;
    return 0;
}

static inline enum cairn_answer tally_answer(struct cairn_projection_space *space,
                                             struct cairn_request *request)
{
    uint64_t sum = 0;
    if (request->operation == CAIRN_OPERATION_GENERATE && ++request->progress < TURNS_OF_LONG)
        return CAIRN_ANSWER_AGAIN;
    if (space == NULL) {
        cairn_request_problem(request, 404, "no such space");
        return CAIRN_ANSWER_DONE;
    }
    const struct tally *tally = tally_of(space);
    for (uint32_t i = 0; i < tally->count; i++)
        sum += tally->seqs[i];
    cairn_buffer_printf(&request->answer, "count=%u last=%llu sum=%llu;", tally->count,
                        tally->count == 0 ? 0ull
                                          : (unsigned long long)tally->seqs[tally->count - 1],
                        (unsigned long long)sum);
    request->status = 200;
    if (request->operation == CAIRN_OPERATION_SEARCH) {
        request->fetch = calloc(1, sizeof(*request->fetch));
        request->fetch_count = 1;
    }
    return CAIRN_ANSWER_DONE;
}

static inline void tally_digest(const struct cairn_projection_space *space,
                                struct cairn_digest *digest)
{
    const struct tally *tally = tally_of(space);
    uint64_t seed = cairn_hash64_slice(space->name);
    for (uint32_t i = 0; i < tally->count; i++)
        cairn_digest_add(digest, cairn_digest_item(&tally->seqs[i], sizeof(uint64_t), seed));
}

static const struct cairn_projection_module tally_module = {
    .name = "tally",
    .schema_version = 1,
    .stage = CAIRN_STAGE_FACTS,
    .init = tally_init,
    .apply = tally_apply,
    .forget = tally_forget,
    .answer = tally_answer,
    .digest = tally_digest,
};

/* ---- the publisher: in ingest's and the reader's place ---- */

enum { PUBLISH = 3000, PUBLISH_AND_DIGEST, STOP_SHARD };

struct board {
    struct desk desk;
    struct gate gate;
    struct cairn_shards shards;
    struct cairn_watermark watermarks[CAIRN_PROJECTION_COUNT][SHARDS_MAX];
    struct cairn_projection *projections[CAIRN_PROJECTION_COUNT][SHARDS_MAX];
    struct cairn_actor_ref refs[CAIRN_PROJECTION_COUNT][SHARDS_MAX];
    struct cairn_actor_ref publisher;
    _Atomic uint64_t committed_seq;
    uint64_t next_seq;
    sem_t published;
    /* what the shards answered to the digests asked for */
    struct cairn_digest_answer digests[64];
    uint32_t digest_count;
    sem_t digested;
};

/* What the publisher does in one turn: batches, and a digest of every shard after `digest_after`. */
struct edition {
    uint32_t count;
    uint32_t digest_after; /* UINT32_MAX: never */
    struct cairn_batch *batches[64];
};

static inline void board_ask_digests(struct cairn_turn *turn, struct board *board)
{
    for (int id = 0; id < CAIRN_PROJECTION_COUNT; id++) {
        for (uint32_t shard = 0; shard < board->shards.count; shard++)
            actor_assert(cairn_turn_tell(turn, board->refs[id][shard], CAIRN_MESSAGE_DIGEST, 42) ==
                         0);
    }
}

static inline void board_publish_edition(struct cairn_turn *turn, struct board *board,
                                         struct edition *edition)
{
    for (uint32_t i = 0; i < edition->count; i++) {
        struct cairn_batch *batch = edition->batches[i];
        uint64_t last_seq = batch->events[batch->count - 1].seq;
        cairn_shards_publish(&board->shards, turn, batch);
        atomic_store(&board->committed_seq, last_seq);
        if (i == edition->digest_after)
            board_ask_digests(turn, board);
    }
    free(edition);
    sem_post(&board->published);
}

static inline void board_keep_digest(struct board *board, const struct cairn_message *message)
{
    actor_assert(board->digest_count < 64);
    memcpy(&board->digests[board->digest_count++], message->payload,
           sizeof(struct cairn_digest_answer));
    sem_post(&board->digested);
}

static inline int board_publisher(struct cairn_turn *turn, void *state,
                                  struct cairn_message *message)
{
    struct board *board = state;
    switch (message->type) {
    case PUBLISH:
        board_publish_edition(turn, board, (struct edition *)(uintptr_t)message->value);
        break;
    case CAIRN_MESSAGE_DIGEST_ANSWER:
        board_keep_digest(board, message);
        break;
    case CAIRN_MESSAGE_FETCH:
        cairn_buffer_append_text(&cairn_request_of(message)->answer, " fetched");
        cairn_request_finish(turn, cairn_request_of(message));
        break;
    case CAIRN_MESSAGE_STOP:
        return CAIRN_TURN_STOP;
    default:
        break;
    }
    return CAIRN_TURN_OK;
}

/* ---- life: the gated projection is alone on the first worker, where there are two ---- */

static inline void board_create_projections(struct board *board, uint64_t budget_bytes,
                                            uint32_t wait_ms)
{
    for (int id = 0; id < CAIRN_PROJECTION_COUNT; id++) {
        board->shards.kinds[id] = ALL_KINDS;
        board->shards.watermarks[id] = board->watermarks[id];
        board->shards.projections[id] = board->projections[id];
        board->shards.refs[id] = board->refs[id];
        for (uint32_t shard = 0; shard < board->shards.count; shard++) {
            const struct cairn_projection_options options = {
                .module = &tally_module,
                .id = (enum cairn_projection_id)id,
                .shard = shard,
                .module_options = id == 0 ? &board->gate : NULL,
                .heap_budget_bytes = budget_bytes,
                .wait_ms = wait_ms,
                .watermark = &board->watermarks[id][shard],
                .committed_seq = &board->committed_seq,
            };
            assert_int_equal(cairn_projection_create(&options, &board->projections[id][shard]), 0);
        }
    }
}

static inline struct board *board_create(uint32_t shards, uint32_t workers, uint64_t budget_bytes,
                                         uint32_t wait_ms)
{
    struct board *board = aligned_alloc(64, (sizeof(*board) + 63) / 64 * 64);
    memset(board, 0, sizeof(*board));
    board->shards.count = shards;
    board->next_seq = 1;
    sem_init(&board->published, 0, 0);
    sem_init(&board->digested, 0, 0);
    desk_start(&board->desk, workers, true);
    board_create_projections(board, budget_bytes, wait_ms);
    board->publisher = desk_spawn(&board->desk, "publisher", board_publisher, board);
    for (int id = 0; id < CAIRN_PROJECTION_COUNT; id++) {
        for (uint32_t shard = 0; shard < shards; shard++) {
            const struct cairn_actor_options actor = {.name = "tally",
                                                      .behaviour = cairn_projection_behaviour,
                                                      .state = board->projections[id][shard],
                                                      .flags = CAIRN_ACTOR_PINNED,
                                                      .worker = id == 0 ? 0 : workers - 1};
            cairn_projection_set_reader(board->projections[id][shard], board->publisher);
            assert_int_equal(
                cairn_system_spawn(board->desk.system, &actor, &board->refs[id][shard]), 0);
        }
    }
    return board;
}

static inline void board_stop_shards(struct board *board)
{
    for (int id = 0; id < CAIRN_PROJECTION_COUNT; id++) {
        for (uint32_t shard = 0; shard < board->shards.count; shard++) {
            if (!cairn_actor_ref_is_nobody(board->refs[id][shard]))
                cairn_system_stop_actor(board->desk.system, board->refs[id][shard]);
            board->refs[id][shard] = (struct cairn_actor_ref){0};
        }
    }
}

static inline void board_destroy(struct board *board)
{
    atomic_store(&board->gate.opened, 1000);
    board_stop_shards(board);
    cairn_system_stop_actor(board->desk.system, board->publisher);
    desk_stop(&board->desk);
    for (int id = 0; id < CAIRN_PROJECTION_COUNT; id++) {
        for (uint32_t shard = 0; shard < board->shards.count; shard++)
            cairn_projection_destroy(board->projections[id][shard]);
    }
    sem_destroy(&board->published);
    sem_destroy(&board->digested);
    free(board);
}

/* ---- batches ---- */

/* `count` events of `kind`, the next ones of the ledger. */
static inline struct cairn_batch *board_batch(struct board *board, const char *space, uint8_t kind,
                                              uint32_t count)
{
    struct cairn_batch *batch = cairn_batch_create(count);
    for (uint32_t i = 0; i < count; i++) {
        const struct cairn_event event = {
            .seq = board->next_seq++, .kind = kind, .space = cairn_slice_of(space)};
        assert_int_equal(cairn_batch_add(batch, &event), 0);
    }
    batch->shard = cairn_shards_of(&board->shards, cairn_slice_of(space));
    return batch;
}

/* A forget of `seqs`, or of the whole space. */
static inline struct cairn_batch *board_forget(struct board *board, const char *space,
                                               const char *scope, const uint64_t *seqs,
                                               uint32_t count)
{
    struct cairn_buffer payload = {0};
    struct cairn_batch *batch = cairn_batch_create(1);
    cairn_event_put(&payload, CAIRN_FIELD_SCOPE, cairn_slice_of(scope));
    const struct cairn_event event = {.seq = board->next_seq++,
                                      .kind = CAIRN_EVENT_FORGET,
                                      .space = cairn_slice_of(space),
                                      .payload = cairn_buffer_slice(&payload)};
    assert_int_equal(cairn_batch_add(batch, &event), 0);
    assert_int_equal(cairn_batch_set_removed(batch, seqs, count), 0);
    batch->shard = cairn_shards_of(&board->shards, cairn_slice_of(space));
    cairn_buffer_deinit(&payload);
    return batch;
}

/* All in one turn; waits until they have been sent. */
static inline void board_publish(struct board *board, struct cairn_batch *const batches[],
                                 uint32_t count, uint32_t digest_after)
{
    struct edition *edition = calloc(1, sizeof(*edition));
    assert_true(count <= 64);
    edition->count = count;
    edition->digest_after = digest_after;
    memcpy(edition->batches, batches, count * sizeof(batches[0]));
    desk_tell(&board->desk, board->publisher, PUBLISH, (uint64_t)(uintptr_t)edition);
    desk_wait(&board->published);
}

static inline void board_publish_one(struct board *board, struct cairn_batch *batch)
{
    board_publish(board, &batch, 1, UINT32_MAX);
}

/* ---- questions ---- */

static inline struct cairn_request *board_request(const char *space, enum cairn_operation operation,
                                                  uint64_t min_seq)
{
    struct cairn_request *request = cairn_request_create();
    request->operation = operation;
    request->space = cairn_slice_of(space);
    request->min_seq = min_seq;
    return request;
}

static inline struct cairn_actor_ref board_shard(const struct board *board, const char *space)
{
    return board->refs[0][cairn_shards_of(&board->shards, cairn_slice_of(space))];
}

/* Ask the first projection, and check status and answer. */
static inline void board_expect(struct board *board, const char *space, uint64_t min_seq,
                                int status, const char *part)
{
    desk_post(&board->desk, board_shard(board, space),
              board_request(space, CAIRN_OPERATION_LIST_PATTERNS, min_seq));
    desk_expect(&board->desk, status, part);
}
