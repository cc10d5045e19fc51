/* runtime/actor.h: actors, messages and the system that runs them.
 *
 * An actor is a state and a behaviour. It is run by one worker at a time, one message at a time, so
 * its state needs no lock. It speaks only by sending messages. A worker is a thread with a ring
 * (struct cairn_io), a run queue, a timer wheel and message pools; idle workers take work from busy
 * ones unless an actor is pinned.
 *
 * Ownership   A send that returns 0 has taken the message; otherwise the sender still owns it. The
 *             runtime frees a message after the behaviour that received it, unless the behaviour
 *             took it with cairn_turn_keep.
 * Context     Functions with a `turn` are called from a behaviour (or a completion on its worker)
 *             with the turn they were given. cairn_system_* is any thread unless it says otherwise.
 * Errors      -ENOBUFS: the mailbox is at its bound. -ESTALE: that actor has ended.
 * Cost        Send: one exchange; a local message is tens of nanoseconds.
 * Source      docs/architecture.md; the design's measurements are in docs/benchmarks.md.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cairn_io;
struct cairn_system;
struct cairn_turn;

/* A public handle: never dangles, a stale one is detected by its generation. Zero is "nobody". */
struct cairn_actor_ref {
    uint32_t slot;
    uint32_t generation;
};

static inline bool cairn_actor_ref_is_nobody(struct cairn_actor_ref ref)
{
    return ref.generation == 0;
}

/* Types below 256 are the runtime's. */
enum cairn_message_type {
    CAIRN_MESSAGE_START = 1, /* first message of an actor, also after a restart */
    CAIRN_MESSAGE_STOP,      /* the system is stopping: finish, then return CAIRN_TURN_STOP */
    CAIRN_MESSAGE_TIMER,     /* `value` is what cairn_turn_timer was given */
    CAIRN_MESSAGE_DOWN,      /* a monitored actor ended; `from` is who, `value` its reason */
    CAIRN_MESSAGE_USER = 256,
};

struct cairn_message {
    struct cairn_message *next; /* the runtime's */
    uint32_t type;
    uint16_t size_class; /* the runtime's */
    uint16_t flags;      /* the runtime's */
    struct cairn_actor_ref from;
    uint64_t value;
    _Alignas(8) uint8_t payload[];
};

/* What a behaviour returns. A negative errno is a failure with that reason: the message goes to
 * dead letters, the actor is restarted by its supervision options. */
enum cairn_turn_result {
    CAIRN_TURN_OK = 0,
    CAIRN_TURN_STOP = 1, /* end this actor */
};

typedef int (*cairn_behaviour)(struct cairn_turn *turn, void *state, struct cairn_message *message);

enum cairn_restart {
    CAIRN_RESTART_NEVER,     /* a failure ends the actor */
    CAIRN_RESTART_TRANSIENT, /* restart with the same state and mailbox, after backoff */
};

#define CAIRN_ACTOR_PINNED (1u << 0) /* always runs on `worker` (it owns a ring's resources) */
#define CAIRN_ACTOR_SYSTEM (1u << 1) /* latency class: served before normal actors, 4 to 1 */

struct cairn_actor_options {
    const char *name; /* static; metrics carry it */
    cairn_behaviour behaviour;
    void *state;                  /* borrowed; freed by `release` if set */
    void (*release)(void *state); /* called once, after the actor's last turn, on its worker */
    uint32_t flags;
    uint32_t worker;        /* home if PINNED, else first place to run; UINT32_MAX: the spawner's */
    uint32_t mailbox_bound; /* soft bound for cairn_turn_try_send; 0: the system's default */
    enum cairn_restart restart;
};

struct cairn_system_options {
    uint32_t worker_count; /* 0: one per processor */
    bool posix_io;         /* the plain twin instead of io_uring */
    bool work_stealing;
    bool pin_threads;
    bool message_pools; /* off: malloc and free for every message */
    bool defer_taskrun;
    bool multishot;
    uint32_t spin_us;              /* before parking */
    uint32_t turn_messages;        /* budget of a turn: 64 */
    uint32_t turn_us;              /* and 100 */
    uint32_t mailbox_bound;        /* 1024 */
    uint32_t restart_max;          /* failures within restart_window_ms before escalation: 5 */
    uint32_t restart_window_ms;    /* 60,000 */
    uint32_t backoff_min_ms;       /* 10 */
    uint32_t backoff_max_ms;       /* 30,000 */
    uint32_t receive_buffer_count; /* per worker */
    uint32_t receive_buffer_bytes;
    uint64_t seed;         /* jitter and victims; 0: from the system */
    struct cairn_sim *sim; /* simulation: no threads, see cairn_system_step */
    /* An actor failed past its limit, or failed with CAIRN_RESTART_NEVER. Any worker. May be NULL. */
    void (*escalate)(void *context, const char *actor, int reason);
    void *context;
};

/* ---- the system ---- */

int cairn_system_create(const struct cairn_system_options *options, struct cairn_system **system);
/* Start the worker threads. Actors may be spawned before and after. Once; on failure, destroy. */
int cairn_system_start(struct cairn_system *system);
/* Send CAIRN_MESSAGE_STOP to `ref` and wait until it has ended. Not from a worker. */
void cairn_system_stop_actor(struct cairn_system *system, struct cairn_actor_ref ref);
/* Stop workers and join them; messages still queued are freed, actors still alive are released, each
 * on the worker where it ran last. No operation of theirs may be in flight. Not from a worker. */
void cairn_system_stop(struct cairn_system *system);
void cairn_system_destroy(struct cairn_system *system);
uint32_t cairn_system_worker_count(const struct cairn_system *system);

/* From outside (main thread, signal thread): the message is copied from type, value and payload. */
int cairn_system_send(struct cairn_system *system, struct cairn_actor_ref to, uint32_t type,
                      uint64_t value, const void *payload, size_t payload_bytes);
int cairn_system_spawn(struct cairn_system *system, const struct cairn_actor_options *options,
                       struct cairn_actor_ref *ref);

/* Simulation only (options.sim): run one worker for one step, chosen by the seed. False when
 * nothing can run until virtual time advances, which it then did; see runtime/io/sim.h. */
bool cairn_system_step(struct cairn_system *system);

/* ---- inside a turn ---- */

struct cairn_actor_ref cairn_turn_self(const struct cairn_turn *turn);
uint32_t cairn_turn_worker(const struct cairn_turn *turn);
struct cairn_io *cairn_turn_io(struct cairn_turn *turn);
/* Monotonic, read once a loop turn. For exact stages use cairn_turn_clock_ns. */
uint64_t cairn_turn_now_ns(const struct cairn_turn *turn);
uint64_t cairn_turn_clock_ns(struct cairn_turn *turn);
uint64_t cairn_turn_random(struct cairn_turn *turn);
/* True once this turn has used its time: stop here and send yourself a message to go on. */
bool cairn_turn_is_over(struct cairn_turn *turn);

/* A message from this actor (`from` may be changed) with room for `payload_bytes`. NULL only when
 * the system has no memory. */
struct cairn_message *cairn_turn_message(struct cairn_turn *turn, uint32_t type, uint64_t value,
                                         size_t payload_bytes);
void cairn_turn_discard(struct cairn_turn *turn, struct cairn_message *message);
/* Never refused by a bound: for answers, completions and system traffic. -ESTALE frees nothing. */
int cairn_turn_send(struct cairn_turn *turn, struct cairn_actor_ref to,
                    struct cairn_message *message);
/* Refused with -ENOBUFS at the mailbox bound: for new work from outside. The bound is soft: what an
 * actor handles in one turn is counted out at its end, and senders do not wait for each other. */
int cairn_turn_try_send(struct cairn_turn *turn, struct cairn_actor_ref to,
                        struct cairn_message *message);
/* Shorthand: make and send; -ENOMEM when there was no memory. */
int cairn_turn_tell(struct cairn_turn *turn, struct cairn_actor_ref to, uint32_t type,
                    uint64_t value);
/* Keep the message being handled; the actor frees it later with cairn_turn_discard or sends it on.
 * Not a START. */
void cairn_turn_keep(struct cairn_turn *turn, struct cairn_message *message);

/* After `delay_ms` the actor gets CAIRN_MESSAGE_TIMER with `value`. Timers are not exact: never
 * early, about 1 ms late. Returns an id for cancel; 0 only when the system has no memory. */
uint64_t cairn_turn_timer(struct cairn_turn *turn, uint64_t delay_ms, uint64_t value);
/* False if it already fired (its message may still be in the mailbox). Same worker or not. */
bool cairn_turn_timer_cancel(struct cairn_turn *turn, uint64_t timer);

int cairn_turn_spawn(struct cairn_turn *turn, const struct cairn_actor_options *options,
                     struct cairn_actor_ref *ref);
/* Get CAIRN_MESSAGE_DOWN when `ref` ends, its `value` the reason: 0 or a negative errno, as
 * (uint64_t)(int64_t). If it already has, at once, with -ESTALE. */
int cairn_turn_monitor(struct cairn_turn *turn, struct cairn_actor_ref ref);

/* A turn for code that runs in a completion (cairn_io_op) on the worker that owns `io`: lets it
 * send messages. */
struct cairn_turn *cairn_io_turn(struct cairn_io *io);

/* Stop the world: returns when every other worker stands between two turns; the caller then may
 * look at any actor's state (and fork) until it resumes them. One at a time; from a turn. A worker
 * that calls it while another has the world waits in its turn and counts as standing still. */
void cairn_turn_pause_others(struct cairn_turn *turn);
void cairn_turn_resume_others(struct cairn_turn *turn);

/* ---- watching ---- */

struct cairn_worker_stats {
    uint64_t turns, messages, steals, exports, parks, wakes, polls, completions, timers;
    uint64_t busy_ns, longest_turn_ns;
};

struct cairn_actor_stats {
    const char *name;
    uint64_t messages, restarts, failures, turns;
    uint32_t mailbox_depth, actors; /* summed over the actors of that name */
};

void cairn_system_worker_stats(struct cairn_system *system, uint32_t worker,
                               struct cairn_worker_stats *stats);
/* Fills at most `capacity` rows, one per actor name; returns how many there are. */
size_t cairn_system_actor_stats(struct cairn_system *system, struct cairn_actor_stats *rows,
                                size_t capacity);
uint64_t cairn_system_dead_letters(struct cairn_system *system);
