/* actors/projection.h: what every model of the ledger has in common.
 *
 * A projection is a pure function of the ledger's prefix. A module (training, patterns, retrieval,
 * facts) says how one event changes the model of one space, how a question is answered from it, and
 * what its digest is; it knows no actors. The projection actor, one per module and shard, does the
 * rest: applies batches in turns, answers questions in between, waits for min_seq, forgets,
 * digests, and keeps the models of its spaces for checkpoints.
 *
 *     batch ---> [ apply event by event ] ---> models of spaces, one heap each
 *     request -> [ wait for min_seq ] -------> answer(space, request)
 *
 * A model lives in its space's heap and nowhere else: the heap's image is the checkpoint. What can
 * be made again (alias tables, caches) hangs from `cache` and may be dropped at any time.
 *
 * Context   Module functions run on one thread at a time per shard: no locks, no I/O, no clocks.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "actors/request.h"
#include "runtime/base/hash.h"
#include "runtime/base/heap.h"

enum cairn_projection_id {
    CAIRN_PROJECTION_TRAINING,
    CAIRN_PROJECTION_PATTERNS,
    CAIRN_PROJECTION_RETRIEVAL,
    CAIRN_PROJECTION_FACTS,
    CAIRN_PROJECTION_COUNT,
};

struct cairn_projection_space {
    struct cairn_slice name; /* owned by the shard */
    struct cairn_heap heap;  /* the model; its root is the module's */
    void *cache;             /* the module's, rebuildable; NULL until cache_create */
    const void *options;     /* the module's options from settings */
    uint64_t applied_seq;    /* last event of this space in the model */
};

enum cairn_answer {
    CAIRN_ANSWER_DONE,  /* request->status is set, or request->render and fetch */
    CAIRN_ANSWER_AGAIN, /* long work: call again in a later turn with the same request */
};

struct cairn_projection_module {
    const char *name;
    uint32_t schema_version; /* part of a checkpoint; other versions are rebuilt */
    uint64_t kinds;          /* bit kind: it wants such events; settings and forgets come anyway */
    enum cairn_stage stage;

    /* Build the root in an empty heap. -ENOMEM. */
    int (*init)(struct cairn_projection_space *space);
    /* Both may be NULL. create: NULL only if there is no memory. */
    void *(*cache_create)(const void *options);
    void (*cache_destroy)(void *cache);

    /* Apply one event (any kind: ignore what does not concern the model). 0, or -ENOMEM when the
     * budget is used up: the model is then as before the event. A FORGET comes through `forget`. */
    int (*apply)(struct cairn_projection_space *space, const struct cairn_event *event);
    /* Take the events `seqs` (ascending) out again, exactly: counts, statistics, everything the
     * digest sees goes back to what it would be had they never been. Unknown ones are ignored. */
    int (*forget)(struct cairn_projection_space *space, const uint64_t *seqs, uint32_t count);

    /* Answer `request`. `space` is NULL when this shard has no such space. */
    enum cairn_answer (*answer)(struct cairn_projection_space *space,
                                struct cairn_request *request);
    /* Add the space's logical content to `digest`: item hashes over strings and numbers that a user
     * could see, with the space's name in each, never ids or addresses. */
    void (*digest)(const struct cairn_projection_space *space, struct cairn_digest *digest);
};

/* Shared between ingest (routes), the shards (apply) and metrics (reads). One line per shard. */
struct cairn_watermark {
    _Alignas(64) _Atomic uint64_t routed_seq; /* ingest: last sequence sent to this shard */
    _Atomic uint64_t forget_seq;  /* ingest: last forget sent to this shard; answers wait for it */
    _Atomic uint64_t applied_seq; /* the shard: last sequence in its models */
    _Atomic uint64_t bytes;       /* the shard: live bytes of its models */
};

struct cairn_projection_options {
    const struct cairn_projection_module *module;
    enum cairn_projection_id id;
    uint32_t shard;
    const void *module_options;
    uint64_t heap_budget_bytes;            /* per space */
    uint32_t wait_ms;                      /* for min_seq */
    struct cairn_watermark *watermark;     /* borrowed */
    const _Atomic uint64_t *committed_seq; /* borrowed: ingest's head */
};

struct cairn_digest_answer {
    enum cairn_projection_id id;
    uint32_t shard;
    uint64_t token;
    struct cairn_digest digest;
};

struct cairn_projection; /* one shard of one projection: the actor's state */

int cairn_projection_create(const struct cairn_projection_options *options,
                            struct cairn_projection **projection);
/* Where answers fetch events; before the actor runs. */
void cairn_projection_set_reader(struct cairn_projection *projection,
                                 struct cairn_actor_ref reader);
void cairn_projection_destroy(void *projection);
/* The behaviour for struct cairn_actor_options. */
int cairn_projection_behaviour(struct cairn_turn *turn, void *state, struct cairn_message *message);

/* For tests, checkpoints and replay tools: the same without an actor. */
int cairn_projection_apply(struct cairn_projection *projection, const struct cairn_batch *batch);
void cairn_projection_digest(const struct cairn_projection *projection,
                             struct cairn_digest *digest);
struct cairn_projection_space *cairn_projection_find(struct cairn_projection *projection,
                                                     struct cairn_slice name);
/* The space's model, made if it is new. NULL: no memory. */
struct cairn_projection_space *cairn_projection_ensure(struct cairn_projection *projection,
                                                       struct cairn_slice name);
/* Drop the model of `space` and begin it anew. -ENOMEM. */
int cairn_projection_reset(struct cairn_projection *projection,
                           struct cairn_projection_space *space);
uint32_t cairn_projection_space_count(const struct cairn_projection *projection);
struct cairn_projection_space *cairn_projection_space_at(struct cairn_projection *projection,
                                                         uint32_t index);
