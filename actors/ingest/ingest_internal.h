/* actors/ingest/ingest_internal.h: the state that ingest's files share. */
#pragma once

#include "actors/ingest/directory.h"
#include "actors/ingest/ingest.h"
#include "actors/ingest/replay.h"
#include "runtime/base/uuid.h"

/* Appended, and waiting to be as safe as asked. */
struct cairn_pending {
    struct cairn_pending *next;
    struct cairn_request *request; /* owned */
    struct cairn_batch *batch;     /* owned; NULL when there is nothing to publish */
    uint64_t wait_seq;
    bool durable;
    uint64_t appended_ns;
};

/* A digest under way: one answer from each shard of each projection. */
struct cairn_digest_collector {
    struct cairn_digest_collector *next;
    struct cairn_request *request; /* owned */
    uint64_t token;
    uint64_t seq;
    uint32_t missing;
    struct cairn_digest digests[CAIRN_PROJECTION_COUNT];
};

struct cairn_follower {
    struct cairn_follower *next;
    struct cairn_actor_ref connection;
    struct cairn_slice space; /* owned, behind this struct */
};

struct cairn_ingest {
    struct cairn_ingest_options options;
    struct cairn_ledger *ledger; /* NULL until recovered */
    struct cairn_actor_ref self;
    struct cairn_io *io;
    struct cairn_projection *directory;
    struct cairn_replay replay;
    struct cairn_ingest_report report;
    struct cairn_uuid_generator uuids;

    struct cairn_pending *pending;
    struct cairn_pending **pending_end;
    struct cairn_request *stalled;
    struct cairn_request **stalled_end;
    uint32_t stalled_count;

    struct cairn_batch **joined; /* by shard: what this commit publishes, under construction */
    struct cairn_ledger_progress progress; /* as last told by the ledger */
    uint64_t published_seq;
    bool has_progress; /* told, and not yet acted on */
    bool wants_flush;  /* appended in this turn */
    bool wants_durable;
    bool is_continuing; /* a CONTINUE is under way to ourselves */
    bool is_checkpoint_timed;
    bool is_stopping;
    bool is_full;         /* the directory had no room: told once */
    bool is_draining;     /* a checkpoint waits until nothing is in flight */
    uint64_t tick_due_ns; /* of the nearest timer; UINT64_MAX: none */

    struct cairn_digest_collector *collectors;
    uint64_t next_token;
    struct cairn_follower *followers;
    uint64_t lag_events; /* of the slowest projection, looked at now and then */

    uint64_t checkpoint_seq; /* what the last checkpoint holds */
    uint64_t checkpoint_tried_seq;
    int checkpoint_child; /* 0: none */
    uint64_t last_append_ns;
};

/* Timers of the actor, told apart by their value. */
enum cairn_ingest_timer {
    CAIRN_INGEST_TIMER_TICK = 1,
    CAIRN_INGEST_TIMER_RETRY,
    CAIRN_INGEST_TIMER_CHECKPOINT,
};

/* ---- ingest_write.c ---- */

/* Number, append and queue a write. -ENOBUFS: no room now, nothing was done. Otherwise the request
 * has been taken (queued or answered). */
int cairn_ingest_write(struct cairn_ingest *ingest, struct cairn_turn *turn,
                       struct cairn_request *request);
/* Write the answer of a committed request. */
void cairn_ingest_answer_write(struct cairn_request *request);
/* Append a numbered batch, put it into the directory, and queue its request (NULL: nobody waits).
 * On success the request has been taken. */
int cairn_ingest_append(struct cairn_ingest *ingest, struct cairn_turn *turn,
                        struct cairn_request *request, struct cairn_batch *batch, bool durable,
                        uint64_t wait_seq);
/* The ledger refuses: 507 on a full disk, else 503. */
void cairn_ingest_refuse(struct cairn_request *request, int error);

/* Book the time since the request came (request->sent_ns) as ingest's, and finish it. */
void cairn_ingest_finish(struct cairn_turn *turn, struct cairn_request *request);

/* ---- ingest_forget.c ---- */

bool cairn_ingest_is_forget(enum cairn_operation operation);
/* As cairn_ingest_write. */
int cairn_ingest_forget(struct cairn_ingest *ingest, struct cairn_turn *turn,
                        struct cairn_request *request);
/* What a forget read from the ledger removes, in the directory's present state. *seqs is the
 * caller's to free. -ENOMEM. */
int cairn_ingest_select(const struct cairn_projection_space *space,
                        const struct cairn_event *forget, uint64_t **seqs, uint32_t *count);
/* Put events into the directory; a forget takes its removed ones out. */
int cairn_ingest_record(struct cairn_projection *directory, const struct cairn_batch *batch);

/* ---- ingest_read.c ---- */

/* Answer a reading request, or send it on to the reader. */
void cairn_ingest_read(struct cairn_ingest *ingest, struct cairn_turn *turn,
                       struct cairn_request *request);

/* The same for the beginning of a stream: all events after `since`, as Server-Sent Events. False:
 * it was refused, and is answered. */
bool cairn_ingest_read_stream(struct cairn_ingest *ingest, struct cairn_turn *turn,
                              struct cairn_request *request);

/* ---- ingest_follow.c ---- */

void cairn_ingest_follow(struct cairn_ingest *ingest, struct cairn_turn *turn,
                         struct cairn_request *request);
void cairn_ingest_unfollow(struct cairn_ingest *ingest, struct cairn_turn *turn,
                           struct cairn_actor_ref connection);
void cairn_ingest_tell_followers(struct cairn_ingest *ingest, struct cairn_turn *turn,
                                 struct cairn_batch *batch);

/* ---- ingest_digest.c ---- */

void cairn_ingest_digest(struct cairn_ingest *ingest, struct cairn_turn *turn,
                         struct cairn_request *request);
void cairn_ingest_digest_answer(struct cairn_ingest *ingest, struct cairn_turn *turn,
                                const struct cairn_message *message);
