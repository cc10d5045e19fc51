/* What a behaviour, or a completion on a worker, may call. */
#include "runtime/system_internal.h"

struct cairn_actor_ref cairn_turn_self(const struct cairn_turn *turn)
{
    if (turn->actor == NULL)
        return (struct cairn_actor_ref){0};
    return cairn_actor_ref_of(turn->actor);
}

uint32_t cairn_turn_worker(const struct cairn_turn *turn)
{
    return turn->worker->index;
}

struct cairn_io *cairn_turn_io(struct cairn_turn *turn)
{
    return turn->worker->io;
}

struct cairn_turn *cairn_io_turn(struct cairn_io *io)
{
    struct cairn_worker *worker = cairn_io_user(io);
    cairn_assert(worker != NULL);
    return &worker->turn;
}

/* ---- time and chance ---- */

uint64_t cairn_turn_now_ns(const struct cairn_turn *turn)
{
    return turn->worker->now_ns;
}

uint64_t cairn_turn_clock_ns(struct cairn_turn *turn)
{
    return cairn_io_monotonic_ns(turn->worker->io);
}

uint64_t cairn_turn_random(struct cairn_turn *turn)
{
    return cairn_random_next(&turn->worker->random);
}

bool cairn_turn_is_over(struct cairn_turn *turn)
{
    struct cairn_worker *worker = turn->worker;
    cairn_worker_read_clock(worker);
    uint64_t budget_ns = worker->system->options.turn_us * CAIRN_NS_PER_US;
    return worker->now_ns - turn->started_ns >= budget_ns;
}

/* ---- messages ---- */

struct cairn_message *cairn_turn_message(struct cairn_turn *turn, uint32_t type, uint64_t value,
                                         size_t payload_bytes)
{
    cairn_assert(type != CAIRN_MESSAGE_MONITOR);

    struct cairn_message *message = cairn_message_pool_acquire(&turn->worker->pool, payload_bytes);
    if (message == NULL)
        return NULL;
    message->type = type;
    message->value = value;
    message->from = cairn_turn_self(turn);
    return message;
}

void cairn_turn_discard(struct cairn_turn *turn, struct cairn_message *message)
{
    cairn_assert(message != turn->message); /* it is the runtime's, unless kept */
    cairn_message_pool_release(&turn->worker->pool, message);
}

int cairn_turn_send(struct cairn_turn *turn, struct cairn_actor_ref to,
                    struct cairn_message *message)
{
    cairn_assert(message != turn->message); /* it is the runtime's, unless kept */
    return cairn_send(turn->worker->system, turn->worker, to, message);
}

int cairn_turn_try_send(struct cairn_turn *turn, struct cairn_actor_ref to,
                        struct cairn_message *message)
{
    cairn_assert(message != turn->message);

    struct cairn_system *system = turn->worker->system;
    struct cairn_actor *actor = cairn_registry_find(&system->registry, to);
    if (actor == NULL)
        return -ESTALE;
    if (cairn_mailbox_is_full(&actor->mailbox))
        return -ENOBUFS;
    if (cairn_mailbox_push_mpsc(&actor->mailbox, message, to.generation))
        cairn_schedule(system, turn->worker, actor);
    return 0;
}

int cairn_turn_tell(struct cairn_turn *turn, struct cairn_actor_ref to, uint32_t type,
                    uint64_t value)
{
    struct cairn_message *message = cairn_turn_message(turn, type, value, 0);
    if (message == NULL)
        return -ENOMEM;
    int result = cairn_turn_send(turn, to, message);
    if (result < 0)
        cairn_turn_discard(turn, message);
    return result;
}

void cairn_turn_keep(struct cairn_turn *turn, struct cairn_message *message)
{
    cairn_assert(message == turn->message);
    cairn_assert(message->type != CAIRN_MESSAGE_START); /* it lies on the worker's stack */

    cairn_mailbox_detach(&turn->actor->mailbox);
    turn->message = NULL;
}

/* ---- timers ---- */

uint64_t cairn_turn_timer(struct cairn_turn *turn, uint64_t delay_ms, uint64_t value)
{
    struct cairn_worker *worker = turn->worker;
    cairn_assert(turn->actor != NULL);

    /* Rounded up from the exact time, so that it is never early. */
    uint64_t now_ns = cairn_io_monotonic_ns(worker->io);
    uint64_t now_tick = (now_ns + CAIRN_NS_PER_MS - 1) / CAIRN_NS_PER_MS;
    uint64_t due_tick = delay_ms < UINT64_MAX - now_tick ? now_tick + delay_ms : UINT64_MAX - 1;
    return cairn_timer_table_arm(&worker->timers, due_tick, CAIRN_TIMER_MESSAGE,
                                 cairn_turn_self(turn), value);
}

bool cairn_turn_timer_cancel(struct cairn_turn *turn, uint64_t timer)
{
    struct cairn_system *system = turn->worker->system;
    uint32_t owner = cairn_timer_id_worker(timer);
    if (owner >= system->options.worker_count)
        return false;
    if (owner == turn->worker->index)
        return cairn_timer_table_cancel(&turn->worker->timers, timer);
    return cairn_timer_table_cancel_foreign(&system->workers[owner].timers, timer);
}

/* ---- other actors ---- */

int cairn_turn_spawn(struct cairn_turn *turn, const struct cairn_actor_options *options,
                     struct cairn_actor_ref *ref)
{
    return cairn_spawn(turn->worker->system, turn->worker, options, ref);
}

int cairn_turn_monitor(struct cairn_turn *turn, struct cairn_actor_ref ref)
{
    struct cairn_worker *worker = turn->worker;
    cairn_assert(turn->actor != NULL);

    struct cairn_message *request = cairn_message_pool_acquire(&worker->pool, 0);
    if (request == NULL)
        return -ENOMEM;
    request->type = CAIRN_MESSAGE_MONITOR;
    request->from = cairn_turn_self(turn);
    request->value = ref.generation;
    if (cairn_send(worker->system, worker, ref, request) == 0)
        return 0;

    request->type = CAIRN_MESSAGE_DOWN;
    request->from = ref;
    request->value = (uint64_t)(int64_t)-ESTALE;
    int result = cairn_send(worker->system, worker, cairn_turn_self(turn), request);
    cairn_assert(result == 0); /* an actor in its turn has not ended */
    return 0;
}
