/* runtime/system_internal.h: the insides of a system and of a worker, and who calls whom.
 *
 *     system.c       create, start, stop, destroy; what comes from other threads
 *     worker.c       one step of a worker, its loop, parking and waking
 *     dispatch.c     one turn of an actor: messages, failure, end
 *     schedule.c     where a ready actor goes; spawn; sending
 *     sharing.c      export, steal, balance
 *     turn.c         what a behaviour may call
 *     world.c        pausing and passing the gate
 *     watch.c        statistics
 *     simulation.c   a system without threads
 */
#pragma once

#include <ck_stack.h>

#include "runtime/actor.h"
#include "runtime/actor_internal.h"
#include "runtime/base/assert.h"
#include "runtime/base/error.h"
#include "runtime/base/random.h"
#include "runtime/base/time.h"
#include "runtime/export_ring.h"
#include "runtime/gate.h"
#include "runtime/io/io.h"
#include "runtime/io/thread.h"
#include "runtime/message_pool.h"
#include "runtime/registry.h"
#include "runtime/run_queue.h"
#include "runtime/supervision.h"
#include "runtime/timer_table.h"

#define CAIRN_KINDS_MAX        256 /* names of actors; 0 is none */
#define CAIRN_STEP_TURNS       64  /* actor turns between two polls */
#define CAIRN_CLOCK_STRIDE_MAX 16  /* messages between two readings of the clock */

/* What runs now on a worker. `actor` is NULL in completions and between turns. */
struct cairn_turn {
    struct cairn_worker *worker;
    struct cairn_actor *actor;
    struct cairn_message *message; /* being handled */
    uint64_t started_ns;
};

/* Written by one worker, read by any: see cairn_count. */
struct cairn_kind_counters {
    uint64_t messages, turns, failures, restarts;
};

/* A worker's door: RUNNING, PARKED (asleep in its poll or about to), NOTIFIED (being woken). */
enum cairn_park {
    CAIRN_PARK_RUNNING,
    CAIRN_PARK_PARKED,
    CAIRN_PARK_NOTIFIED,
};

struct cairn_worker {
    /* The owner's alone. */
    struct cairn_system *system;
    struct cairn_io *io; /* created by the worker's thread; others may only wake it */
    uint32_t index;
    uint32_t clock_stride; /* messages between two readings of the clock */
    uint32_t clock_left;
    uint64_t now_ns;    /* last reading */
    uint64_t stride_ns; /* reading at the last full stride */
    uint64_t last_work_ns;
    uint64_t turn_ns; /* moving average of an actor's turn */
    uint32_t steps;
    uint32_t step_turns; /* most turns of one step; less only in simulation */
    struct cairn_turn turn;
    struct cairn_ready ready;
    struct cairn_message_pool pool;
    struct cairn_slot_cache slots;
    struct cairn_timer_table timers;
    struct cairn_random random;
    struct cairn_thread thread;
    int last_failure; /* reason of the last dead letter that was a failure */

    /* Written by others. */
    _Alignas(128) ck_stack_t inbox; /* actors made ready elsewhere that must or may run here */
    _Alignas(128) uint32_t park;
    /* Written by the owner, read by others. */
    _Alignas(128) uint64_t load_ns; /* work in the run queue */
    _Alignas(128) struct cairn_export_ring exports;
    _Alignas(128) struct cairn_worker_stats stats;
    uint64_t dead_letters;
    struct cairn_kind_counters kinds[CAIRN_KINDS_MAX];
};

/* What workers come to the gate for, in `interrupt`. */
#define CAIRN_INTERRUPT_PAUSE 1u
#define CAIRN_INTERRUPT_STOP  2u

struct cairn_system {
    struct cairn_system_options options; /* with the defaults filled in */
    struct cairn_supervision_options supervision;
    struct cairn_worker *workers; /* options.worker_count of them */
    struct cairn_registry registry;
    struct cairn_message_depot depot;

    _Alignas(128) uint32_t interrupt; /* looked at between turns; written under the gate */
    uint32_t kind_count;              /* published with release; grows under the gate */
    const char *kinds[CAIRN_KINDS_MAX];

    _Alignas(128) uint32_t idle_count;   /* workers that found nothing to do */
    _Alignas(128) uint32_t stop_waiters; /* threads waiting for an actor to end */

    struct cairn_gate gate; /* guards what follows */
    uint32_t ready_count;   /* workers with a ring */
    uint32_t live_count;    /* workers in their loop */
    uint32_t paused_count;  /* of these, standing still */
    struct cairn_worker *pauser;
    bool started;
    bool released; /* workers may enter their loops, or leave */
    bool ios_open; /* rings exist and may be woken from outside */
    int start_result;
    struct cairn_slot_cache foreign_slots;
    uint32_t foreign_next; /* worker for the next actor that names none */
};

/* A counter with one writer: an ordinary addition that readers may watch. */
static inline void cairn_count(uint64_t *counter, uint64_t amount)
{
    ck_pr_store_64(counter, *counter + amount);
}

static inline bool cairn_worker_is_interrupted(const struct cairn_worker *worker)
{
    return ck_pr_load_32(&worker->system->interrupt) != 0;
}

/* ---- worker.c ---- */

void cairn_worker_init(struct cairn_worker *worker, struct cairn_system *system, uint32_t index);
/* Create the ring, on the thread that will use it. */
int cairn_worker_open(struct cairn_worker *worker);
void cairn_worker_close(struct cairn_worker *worker);
/* One pass: inbox, completions, timers, up to CAIRN_STEP_TURNS turns, sharing. False: it found
 * nothing at all to do. */
bool cairn_worker_step(struct cairn_worker *worker);
/* Steps until the system stops; a thread's whole work. */
void cairn_worker_run(struct cairn_worker *worker);
/* Read the clock; the basis of budgets and averages. */
void cairn_worker_read_clock(struct cairn_worker *worker);
/* After publishing work for `worker`: it will look for it. `from` is the caller's, or NULL. */
void cairn_worker_wake(struct cairn_worker *worker, struct cairn_worker *from);
/* Free what all actors that ran last on this worker hold. No worker runs. */
void cairn_worker_bury_actors(struct cairn_worker *worker);

/* ---- dispatch.c ---- */

/* One turn of `actor`, which the caller took from a queue. */
void cairn_dispatch(struct cairn_worker *worker, struct cairn_actor *actor);
/* At the end of all: free what the actor holds and call its release. Nobody else runs. */
void cairn_dispatch_bury(struct cairn_worker *worker, struct cairn_actor *actor);

/* ---- schedule.c ---- */

/* The actor is ready and the caller holds it: put it where it is to run. `from` may be NULL. */
void cairn_schedule(struct cairn_system *system, struct cairn_worker *from,
                    struct cairn_actor *actor);
void cairn_schedule_on(struct cairn_worker *worker, struct cairn_worker *from,
                       struct cairn_actor *actor);
int cairn_send(struct cairn_system *system, struct cairn_worker *from, struct cairn_actor_ref to,
               struct cairn_message *message);
int cairn_spawn(struct cairn_system *system, struct cairn_worker *from,
                const struct cairn_actor_options *options, struct cairn_actor_ref *ref);

/* ---- sharing.c ---- */

/* After a step: offer work to idle workers, even out with busy ones. */
void cairn_share(struct cairn_worker *worker);
/* Nothing to do: take exported work, one's own or others'. False: there was none. */
bool cairn_steal(struct cairn_worker *worker);
/* Is there exported work anywhere? */
bool cairn_share_is_offered(const struct cairn_worker *worker);

/* ---- world.c ---- */

/* The system is interrupted: stand still while another worker has stopped the world. */
void cairn_world_pass(struct cairn_worker *worker);

/* ---- simulation.c ---- */

int cairn_simulation_start(struct cairn_system *system);
void cairn_simulation_stop(struct cairn_system *system);
