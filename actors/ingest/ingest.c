#include "actors/ingest/ingest.h"

#include <errno.h>
#include <stdlib.h>

#include "actors/ingest/ingest_internal.h"
#include "actors/ingest/writes.h"
#include "actors/messages.h"
#include "actors/report.h"
#include "runtime/base/log.h"
#include "runtime/io/thread.h"

#define RETRY_MS            2
#define CHECKPOINT_POLL_MS  50
#define REPLAY_CACHE_BLOCKS 4

int cairn_ingest_create(const struct cairn_ingest_options *options, struct cairn_ingest **ingest)
{
    struct cairn_ingest *created = calloc(1, sizeof(*created));
    if (created == NULL)
        return -ENOMEM;
    created->options = *options;
    created->directory = options->directory;
    created->joined = calloc(options->shards->count, sizeof(struct cairn_batch *));
    if (created->joined == NULL) {
        free(created);
        return -ENOMEM;
    }
    created->pending_end = &created->pending;
    created->stalled_end = &created->stalled;
    created->tick_due_ns = UINT64_MAX;
    *ingest = created;
    return 0;
}

static void pending_free(struct cairn_pending *pending)
{
    if (pending->request != NULL)
        cairn_request_destroy(pending->request);
    cairn_batch_release(pending->batch);
    free(pending);
}

void cairn_ingest_destroy(struct cairn_ingest *ingest)
{
    while (ingest->pending != NULL) {
        struct cairn_pending *pending = ingest->pending;
        ingest->pending = pending->next;
        pending_free(pending);
    }
    while (ingest->stalled != NULL) {
        struct cairn_request *request = ingest->stalled;
        ingest->stalled = request->next;
        cairn_request_destroy(request);
    }
    while (ingest->collectors != NULL) {
        struct cairn_digest_collector *collector = ingest->collectors;
        ingest->collectors = collector->next;
        cairn_request_destroy(collector->request);
        free(collector);
    }
    while (ingest->followers != NULL) {
        struct cairn_follower *follower = ingest->followers;
        ingest->followers = follower->next;
        free(follower);
    }
    cairn_replay_deinit(&ingest->replay);
    free(ingest->joined);
    free(ingest);
}

/* ---- starting: open, recover, replay ---- */

static void set_readiness(struct cairn_ingest *ingest, enum cairn_readiness readiness)
{
    /* release: pairs with the gateway's acquire; the head is set before */
    atomic_store_explicit(ingest->options.readiness, readiness, memory_order_release);
}

static void end_replay(struct cairn_ingest *ingest)
{
    if (ingest->replay.open == NULL)
        return;
    cairn_reader_close(ingest->replay.options.reader);
    cairn_replay_deinit(&ingest->replay);
}

static void close_ledger(struct cairn_ingest *ingest)
{
    if (ingest->ledger != NULL)
        cairn_ledger_close(ingest->ledger);
    ingest->ledger = NULL;
}

static void fail_start(struct cairn_ingest *ingest, int result)
{
    end_replay(ingest);
    close_ledger(ingest);
    ingest->report.result = result;
    set_readiness(ingest, CAIRN_READINESS_FAILED);
    if (ingest->options.ready != NULL)
        ingest->options.ready(ingest->options.context, &ingest->report);
}

/* One message to ourselves, behind what is already in the mailbox: so that all requests that wait
 * there share one flush, one look at the ledger's progress. */
static void continue_soon(struct cairn_ingest *ingest, struct cairn_turn *turn)
{
    if (!ingest->is_continuing &&
        cairn_turn_tell(turn, ingest->self, CAIRN_MESSAGE_CONTINUE, 0) == 0)
        ingest->is_continuing = true;
}

/* Inside cairn_io_poll on our worker, between turns: note it, and act on it in a turn of our own.
 */
static void on_progress(void *context, const struct cairn_ledger_progress *progress)
{
    struct cairn_ingest *ingest = context;
    ingest->progress = *progress;
    ingest->has_progress = true;
    continue_soon(ingest, cairn_io_turn(ingest->io));
}

static void set_head(struct cairn_ingest *ingest, uint64_t seq)
{
    ingest->published_seq = seq;
    /* release: whoever sees this head also sees what was routed up to it */
    atomic_store_explicit(ingest->options.committed_seq, seq, memory_order_release);
}

static void finish_start(struct cairn_ingest *ingest, struct cairn_turn *turn)
{
    ingest->report.replayed_events = ingest->replay.events;
    end_replay(ingest);
    set_head(ingest, ingest->report.recovery.last_seq);
    ingest->progress = (struct cairn_ledger_progress){.written_seq = ingest->published_seq,
                                                      .durable_seq = ingest->published_seq};
    ingest->last_append_ns = cairn_turn_now_ns(turn);
    cairn_turn_tell(turn, ingest->options.reader, CAIRN_MESSAGE_RECOVER, 0);
    set_readiness(ingest, CAIRN_READINESS_READY);
    if (ingest->options.ready != NULL)
        ingest->options.ready(ingest->options.context, &ingest->report);
}

/* Feed a block, and more until this turn is over; go on in the next, or soon if the projections lag. */
static void go_on_replaying(struct cairn_ingest *ingest, struct cairn_turn *turn)
{
    int result;
    do {
        result = cairn_replay_step(&ingest->replay, turn);
    } while (result == 1 && !cairn_turn_is_over(turn));
    if (result == 0 &&
        cairn_shards_lag(ingest->options.shards) == 0) { /* ready means: everything is applied */
        finish_start(ingest, turn);
    } else if (result == 0 || result == -EAGAIN) {
        cairn_turn_timer(turn, 1, CAIRN_INGEST_TIMER_RETRY);
    } else if (result == 1) {
        cairn_turn_tell(turn, cairn_turn_self(turn), CAIRN_MESSAGE_RECOVER, 0);
    } else {
        fail_start(ingest, result);
    }
}

static int start(struct cairn_ingest *ingest, struct cairn_turn *turn)
{
    struct cairn_replay_options replay = {.directory = ingest->directory,
                                          .shards = ingest->options.shards,
                                          .from_seq = ingest->options.replay_from_seq,
                                          .lag_events_max = ingest->options.lag_events_max};
    ingest->io = cairn_turn_io(turn);
    ingest->self = cairn_turn_self(turn);
    ingest->options.ledger.progress = on_progress;
    ingest->options.ledger.context = ingest;
    int result = cairn_ledger_open(ingest->io, &ingest->options.ledger, &ingest->report.recovery,
                                   &ingest->ledger);
    if (result < 0)
        return result;
    replay.to_seq = ingest->report.recovery.last_seq;
    ingest->checkpoint_seq = replay.from_seq == 0 ? 0 : replay.from_seq - 1;
    ingest->checkpoint_tried_seq = ingest->checkpoint_seq;
    result = cairn_reader_open(ingest->io, ingest->options.ledger.directory, REPLAY_CACHE_BLOCKS,
                               &replay.reader);
    if (result < 0)
        return result;
    result = cairn_replay_init(&ingest->replay, &replay);
    if (result < 0)
        cairn_reader_close(replay.reader);
    return result;
}

/* ---- committing ---- */

/* One report a commit, however many requests shared it. */
static void report_commit(struct cairn_ingest *ingest, struct cairn_turn *turn,
                          const struct cairn_pending *committed, uint64_t now_ns)
{
    if (cairn_actor_ref_is_nobody(ingest->options.metrics))
        return;
    struct cairn_message *message = cairn_turn_message(turn, CAIRN_MESSAGE_COMMIT_REPORT, 0,
                                                       sizeof(struct cairn_commit_report));
    if (message == NULL)
        return;
    struct cairn_commit_report *report = (struct cairn_commit_report *)message->payload;
    struct cairn_ledger_stats stats;
    cairn_ledger_stats(ingest->ledger, &stats);
    memset(report, 0, sizeof(*report));
    report->duration_ns = now_ns - committed->appended_ns;
    report->written_seq = ingest->progress.written_seq;
    report->durable_seq = ingest->progress.durable_seq;
    report->raw_bytes_total = stats.raw_bytes;
    report->stored_bytes_total = stats.stored_bytes;
    for (; committed != NULL; committed = committed->next) {
        for (uint32_t i = 0; committed->batch != NULL && i < committed->batch->count; i++)
            report->events_by_kind[committed->batch->events[i].kind]++;
    }
    if (cairn_turn_send(turn, ingest->options.metrics, message) < 0)
        cairn_turn_discard(turn, message);
}

/* ---- publishing: the batches of one commit go to a shard as one ---- */

static void publish_joined(struct cairn_ingest *ingest, struct cairn_turn *turn, uint32_t shard)
{
    struct cairn_batch *batch = ingest->joined[shard];
    ingest->joined[shard] = NULL;
    if (batch != NULL)
        cairn_shards_publish(ingest->options.shards, turn, batch);
}

/* Two batches become one that holds both; a third joins it. */
static bool join(struct cairn_ingest *ingest, struct cairn_batch *batch)
{
    struct cairn_batch **joined = &ingest->joined[batch->shard];
    if ((*joined)->source_count == 0) {
        struct cairn_batch *both = cairn_batch_create(64);
        if (both == NULL)
            return false;
        both->shard = batch->shard;
        if (cairn_batch_join(both, *joined) < 0) {
            cairn_batch_release(both);
            return false;
        }
        *joined = both;
    }
    return cairn_batch_join(*joined, batch) == 0;
}

/* Takes the pending's reference. A forget stays a batch of its own, in its place in the order. */
static void publish(struct cairn_ingest *ingest, struct cairn_turn *turn,
                    struct cairn_pending *pending)
{
    struct cairn_batch *batch = pending->batch;
    pending->batch = NULL;
    cairn_ingest_tell_followers(ingest, turn, batch);
    bool stands_alone = batch->events[0].kind == CAIRN_EVENT_FORGET;
    if (stands_alone || (ingest->joined[batch->shard] != NULL && !join(ingest, batch))) {
        publish_joined(ingest, turn, batch->shard);
        cairn_shards_publish(ingest->options.shards, turn, batch);
    } else if (ingest->joined[batch->shard] == NULL) {
        ingest->joined[batch->shard] = batch;
    }
}

/* A completion is answered by patterns, once it has applied it. */
static void answer(struct cairn_ingest *ingest, struct cairn_turn *turn,
                   struct cairn_request *request)
{
    const struct cairn_shards *shards = ingest->options.shards;
    if (request->operation == CAIRN_OPERATION_COMPLETE_EPISODE) {
        uint32_t shard = cairn_shards_of(shards, request->space);
        request->min_seq = request->seq;
        cairn_request_send(turn, shards->refs[CAIRN_PROJECTION_PATTERNS][shard],
                           CAIRN_MESSAGE_REQUEST, request, false);
        return;
    }
    if (request->status == 0)
        cairn_ingest_answer_write(request);
    cairn_request_finish(turn, request);
}

/* Cut what is as safe as it asked off the front of the queue; NULL if nothing is. */
static struct cairn_pending *take_safe(struct cairn_ingest *ingest)
{
    struct cairn_pending *first = ingest->pending;
    struct cairn_pending **link = &ingest->pending;
    while (*link != NULL) {
        uint64_t safe_seq =
            (*link)->durable ? ingest->progress.durable_seq : ingest->progress.written_seq;
        if ((*link)->wait_seq > safe_seq)
            break;
        link = &(*link)->next;
    }
    if (link == &ingest->pending)
        return NULL;
    ingest->pending = *link;
    *link = NULL;
    if (ingest->pending == NULL)
        ingest->pending_end = &ingest->pending;
    return first;
}

/* Everything is published before anything is answered: who has the answer may ask for it at once. */
static void release_pending(struct cairn_ingest *ingest, struct cairn_turn *turn)
{
    struct cairn_pending *committed = take_safe(ingest);
    uint64_t head = ingest->published_seq;
    if (committed == NULL)
        return;
    uint64_t now_ns = cairn_turn_clock_ns(turn);
    report_commit(ingest, turn, committed, now_ns);
    for (struct cairn_pending *pending = committed; pending != NULL; pending = pending->next) {
        if (pending->batch == NULL)
            continue;
        head = pending->batch->events[pending->batch->count - 1].seq;
        publish(ingest, turn, pending);
    }
    for (uint32_t shard = 0; shard < ingest->options.shards->count; shard++)
        publish_joined(ingest, turn, shard);
    set_head(ingest, head);

    while (committed != NULL) {
        struct cairn_pending *pending = committed;
        struct cairn_request *request = pending->request;
        committed = pending->next;
        pending->request = NULL;
        if (request != NULL) {
            cairn_request_book(turn, request, CAIRN_STAGE_DISK, pending->appended_ns);
            answer(ingest, turn, request);
        }
        pending_free(pending);
    }
}

/* The ledger refuses writes for good: what was not acknowledged is answered so. */
static void fail_pending(struct cairn_ingest *ingest, struct cairn_turn *turn)
{
    if (atomic_load_explicit(ingest->options.readiness, memory_order_relaxed) ==
        CAIRN_READINESS_READY)
        cairn_log(CAIRN_LOG_ERROR, "ledger_refuses_writes",
                  cairn_log_error("error", ingest->progress.error),
                  cairn_log_u64("durable_seq", ingest->progress.durable_seq),
                  cairn_log_text("next", "reads go on; mend or free the disk, then restart"));
    set_readiness(ingest, CAIRN_READINESS_READ_ONLY);
    while (ingest->pending != NULL) {
        struct cairn_pending *pending = ingest->pending;
        ingest->pending = pending->next;
        if (pending->request != NULL) {
            cairn_ingest_refuse(pending->request, ingest->progress.error);
            cairn_request_finish(turn, pending->request);
            pending->request = NULL;
        }
        pending_free(pending);
    }
    ingest->pending_end = &ingest->pending;
}

/* ---- admission ---- */

static bool is_held(const struct cairn_ingest *ingest)
{
    return ingest->is_draining || ingest->lag_events > ingest->options.lag_events_max;
}

static int admit(struct cairn_ingest *ingest, struct cairn_turn *turn,
                 struct cairn_request *request)
{
    if (ingest->progress.error < 0) {
        cairn_ingest_refuse(request, ingest->progress.error);
        cairn_ingest_finish(turn, request);
        return 0;
    }
    if (is_held(ingest))
        return -ENOBUFS;
    request->sent_ns = cairn_turn_clock_ns(turn); /* from here on it is ingest's time */
    return cairn_ingest_is_forget(request->operation) ? cairn_ingest_forget(ingest, turn, request)
                                                      : cairn_ingest_write(ingest, turn, request);
}

static void stall(struct cairn_ingest *ingest, struct cairn_turn *turn,
                  struct cairn_request *request)
{
    if (ingest->stalled_count >= ingest->options.queue_max) {
        cairn_ingest_refuse(request, -ENOBUFS);
        cairn_request_finish(turn, request);
        return;
    }
    if (ingest->stalled == NULL)
        cairn_turn_timer(turn, RETRY_MS, CAIRN_INGEST_TIMER_RETRY);
    request->next = NULL;
    request->sent_ns = cairn_turn_clock_ns(turn);
    *ingest->stalled_end = request;
    ingest->stalled_end = &request->next;
    ingest->stalled_count++;
}

static void retry_stalled(struct cairn_ingest *ingest, struct cairn_turn *turn)
{
    while (ingest->stalled != NULL) {
        struct cairn_request *request = ingest->stalled;
        struct cairn_request *next = request->next;
        cairn_request_received(turn, request); /* waiting here is queueing */
        if (admit(ingest, turn, request) == -ENOBUFS) {
            request->sent_ns = cairn_turn_clock_ns(turn);
            cairn_turn_timer(turn, RETRY_MS, CAIRN_INGEST_TIMER_RETRY);
            return;
        }
        ingest->stalled = next;
        ingest->stalled_count--;
        if (next == NULL)
            ingest->stalled_end = &ingest->stalled;
    }
}

/* ---- checkpoints ---- */

/* Nothing is in flight and every model has applied all there is: a checkpoint of one sequence. */
static bool is_quiet(const struct cairn_ingest *ingest)
{
    return ingest->pending == NULL &&
           ingest->progress.durable_seq + 1 == cairn_ledger_next_seq(ingest->ledger) &&
           cairn_shards_lag(ingest->options.shards) == 0;
}

/* The models are forked as they stand between two turns; the child writes them, copy on write. */
static void take_checkpoint(struct cairn_ingest *ingest, struct cairn_turn *turn)
{
    ingest->is_draining = false;
    ingest->checkpoint_tried_seq = ingest->published_seq;
    cairn_turn_pause_others(turn);
    int child =
        ingest->options.checkpoint(ingest->options.context, ingest->io, ingest->published_seq);
    cairn_turn_resume_others(turn);
    if (child > 0)
        ingest->checkpoint_child = child;
    else
        cairn_log(CAIRN_LOG_WARN, "checkpoint_failed", cairn_log_error("error", child));
}

static void reap_checkpoint(struct cairn_ingest *ingest)
{
    int status = cairn_process_poll(ingest->checkpoint_child);
    if (status == -EAGAIN)
        return;
    ingest->checkpoint_child = 0;
    if (status == 0)
        ingest->checkpoint_seq = ingest->checkpoint_tried_seq;
    else
        cairn_log(CAIRN_LOG_WARN, "checkpoint_failed", cairn_log_i64("status", status));
}

static bool is_checkpoint_due(const struct cairn_ingest *ingest, uint64_t now_ns, bool *is_pressing)
{
    uint64_t fresh = ingest->published_seq - ingest->checkpoint_tried_seq;
    uint64_t idle_ns = now_ns > ingest->last_append_ns ? now_ns - ingest->last_append_ns : 0;
    *is_pressing =
        ingest->options.checkpoint_events > 0 && fresh >= ingest->options.checkpoint_events;
    return *is_pressing ||
           (fresh > 0 && idle_ns >= ingest->options.checkpoint_idle_ms * UINT64_C(1000000));
}

static void time_checkpoint(struct cairn_ingest *ingest, struct cairn_turn *turn)
{
    if (ingest->is_checkpoint_timed || ingest->options.checkpoint == NULL ||
        (ingest->checkpoint_child == 0 && ingest->published_seq == ingest->checkpoint_tried_seq))
        return;
    cairn_turn_timer(turn, CHECKPOINT_POLL_MS, CAIRN_INGEST_TIMER_CHECKPOINT);
    ingest->is_checkpoint_timed = true;
}

static void see_to_checkpoint(struct cairn_ingest *ingest, struct cairn_turn *turn)
{
    bool is_pressing;
    if (ingest->checkpoint_child != 0)
        reap_checkpoint(ingest);
    else if (is_checkpoint_due(ingest, cairn_turn_now_ns(turn), &is_pressing)) {
        if (is_quiet(ingest))
            take_checkpoint(ingest, turn);
        else if (is_pressing) {
            ingest->is_draining = true;
            ingest->wants_flush = ingest->wants_durable = true;
            continue_soon(ingest, turn);
        }
    }
    time_checkpoint(ingest, turn);
}

/* ---- the actor ---- */

static void tick(struct cairn_ingest *ingest, struct cairn_turn *turn)
{
    uint64_t delay_ms = cairn_ledger_tick(ingest->ledger);
    uint64_t now_ns = cairn_turn_now_ns(turn);
    if (delay_ms == UINT64_MAX)
        return;
    if (delay_ms == 0)
        delay_ms = 1;
    uint64_t due_ns = now_ns + delay_ms * UINT64_C(1000000);
    if (ingest->tick_due_ns > now_ns && ingest->tick_due_ns <= due_ns)
        return; /* a timer comes early enough */
    cairn_turn_timer(turn, delay_ms, CAIRN_INGEST_TIMER_TICK);
    ingest->tick_due_ns = due_ns;
}

static int stop_if_done(struct cairn_ingest *ingest)
{
    if (!ingest->is_stopping || ingest->pending != NULL)
        return CAIRN_TURN_OK;
    while (ingest->checkpoint_child != 0) {
        reap_checkpoint(ingest);
        cairn_thread_yield();
    }
    end_replay(ingest);
    close_ledger(ingest);
    return CAIRN_TURN_STOP;
}

static int go_on(struct cairn_ingest *ingest, struct cairn_turn *turn)
{
    if (ingest->has_progress) {
        ingest->has_progress = false;
        release_pending(ingest, turn);
        if (ingest->progress.error < 0)
            fail_pending(ingest, turn);
    } else if (ingest->pending != NULL) {
        release_pending(ingest, turn); /* repeats of what is safe already */
    }
    if (ingest->is_draining && is_quiet(ingest))
        take_checkpoint(ingest, turn);
    ingest->lag_events = cairn_shards_lag(ingest->options.shards);
    if (ingest->stalled != NULL && !ingest->is_stopping)
        retry_stalled(ingest, turn);
    if (ingest->wants_flush) {
        cairn_ledger_flush(ingest->ledger, ingest->wants_durable);
        ingest->wants_flush = ingest->wants_durable = false;
    }
    tick(ingest, turn);
    time_checkpoint(ingest, turn);
    return stop_if_done(ingest);
}

static int on_timer(struct cairn_ingest *ingest, struct cairn_turn *turn, uint64_t timer)
{
    if (ingest->replay.open != NULL) {
        go_on_replaying(ingest, turn);
        return CAIRN_TURN_OK;
    }
    if (ingest->ledger == NULL)
        return CAIRN_TURN_OK;
    if (timer == CAIRN_INGEST_TIMER_TICK)
        ingest->tick_due_ns = UINT64_MAX;
    if (timer == CAIRN_INGEST_TIMER_CHECKPOINT) {
        ingest->is_checkpoint_timed = false;
        see_to_checkpoint(ingest, turn);
    }
    return go_on(ingest, turn);
}

static void on_request(struct cairn_ingest *ingest, struct cairn_turn *turn,
                       struct cairn_request *request, bool follows)
{
    request->sent_ns = cairn_request_received(turn, request);
    if (ingest->ledger == NULL || ingest->replay.open != NULL || ingest->is_stopping) {
        request->retry_after_s = 1;
        cairn_request_problem(
            request, 503, ingest->is_stopping ? "stopping" : "starting: the ledger is read back");
        cairn_ingest_finish(turn, request);
    } else if (follows) {
        cairn_ingest_follow(ingest, turn, request);
    } else if (request->operation == CAIRN_OPERATION_DIGEST) {
        cairn_ingest_digest(ingest, turn, request);
    } else if (cairn_ingest_is_forget(request->operation) ||
               cairn_writes_is_write(request->operation)) {
        /* Behind those that already wait: order is kept. */
        if (ingest->stalled != NULL || admit(ingest, turn, request) == -ENOBUFS)
            stall(ingest, turn, request);
        continue_soon(ingest, turn);
    } else {
        cairn_ingest_read(ingest, turn, request);
    }
}

static int on_start(struct cairn_ingest *ingest, struct cairn_turn *turn)
{
    int result = start(ingest, turn);
    if (result < 0)
        fail_start(ingest, result);
    else
        go_on_replaying(ingest, turn);
    return CAIRN_TURN_OK;
}

static int on_stop(struct cairn_ingest *ingest, struct cairn_turn *turn)
{
    ingest->is_stopping = true;
    while (ingest->stalled != NULL) {
        struct cairn_request *request = ingest->stalled;
        ingest->stalled = request->next;
        cairn_ingest_refuse(request, -ENOBUFS);
        cairn_request_finish(turn, request);
    }
    ingest->stalled_end = &ingest->stalled;
    if (ingest->ledger != NULL && ingest->pending != NULL) {
        cairn_ledger_flush(ingest->ledger, true);
        return CAIRN_TURN_OK;
    }
    return stop_if_done(ingest);
}

int cairn_ingest_behaviour(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    struct cairn_ingest *ingest = state;
    switch (message->type) {
    case CAIRN_MESSAGE_START:
        return on_start(ingest, turn);
    case CAIRN_MESSAGE_RECOVER:
        go_on_replaying(ingest, turn);
        return CAIRN_TURN_OK;
    case CAIRN_MESSAGE_REQUEST:
        on_request(ingest, turn, cairn_request_of(message), false);
        return CAIRN_TURN_OK;
    case CAIRN_MESSAGE_CONTINUE:
        ingest->is_continuing = false;
        return ingest->ledger == NULL ? CAIRN_TURN_OK : go_on(ingest, turn);
    case CAIRN_MESSAGE_TIMER:
        return on_timer(ingest, turn, message->value);
    case CAIRN_MESSAGE_DIGEST_ANSWER:
        cairn_ingest_digest_answer(ingest, turn, message);
        return CAIRN_TURN_OK;
    case CAIRN_MESSAGE_FOLLOW:
        on_request(ingest, turn, cairn_request_of(message), true);
        return CAIRN_TURN_OK;
    case CAIRN_MESSAGE_UNFOLLOW:
        cairn_ingest_unfollow(ingest, turn, message->from);
        return CAIRN_TURN_OK;
    case CAIRN_MESSAGE_STOP:
        return on_stop(ingest, turn);
    default:
        return CAIRN_TURN_OK;
    }
}
