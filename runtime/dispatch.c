/* One turn of an actor: START if it is due, then messages until the mailbox is empty or the budget
 * is used up. Afterwards the actor goes idle, to the end of the queue, into backoff, or ends.
 *
 * An ended actor's mailbox is emptied before its slot is free; a sender with an old reference may
 * still make the free slot busy, which is then emptied in the same way by whoever runs it. */
#include "runtime/system_internal.h"

/* What a turn did, added up and booked at its end. */
struct tally {
    uint32_t messages;
    uint32_t counted; /* of these, in the mailbox's depth */
};

static void count_dead_letter(struct cairn_worker *worker)
{
    cairn_count(&worker->dead_letters, 1);
}

static struct cairn_message *pop(struct cairn_worker *worker, struct cairn_actor *actor,
                                 struct tally *tally)
{
    struct cairn_message *spent;
    struct cairn_message *message = cairn_mailbox_pop(&actor->mailbox, &spent);
    if (spent != NULL)
        cairn_message_pool_release(&worker->pool, spent);
    if (message != NULL) {
        tally->messages++;
        tally->counted += cairn_mailbox_counts(message);
    }
    return message;
}

/* ---- monitors ---- */

/* A MONITOR request turns into the DOWN that it asked for. */
static void send_down(struct cairn_worker *worker, struct cairn_message *request,
                      struct cairn_actor_ref ended, int reason)
{
    struct cairn_actor_ref to = request->from;
    request->type = CAIRN_MESSAGE_DOWN;
    request->from = ended;
    request->value = (uint64_t)(int64_t)reason;
    if (cairn_send(worker->system, worker, to, request) < 0)
        cairn_message_pool_release(&worker->pool, request);
}

static struct cairn_message *take_first_monitor(struct cairn_actor *actor)
{
    struct cairn_message *last = actor->monitors;
    struct cairn_message *first = last->next;
    last->next = first->next;
    if (first == last)
        actor->monitors = NULL;
    return first;
}

static void append_monitor(struct cairn_actor *actor, struct cairn_message *request)
{
    struct cairn_message *last = actor->monitors;
    request->next = last != NULL ? last->next : request;
    if (last != NULL)
        last->next = request;
    actor->monitors = request;
}

/* Each new monitor makes two old ones show that they are still there, so that a long life beside
 * many short ones does not collect them all. */
static void add_monitor(struct cairn_worker *worker, struct cairn_actor *actor,
                        struct cairn_message *request)
{
    cairn_mailbox_detach(&actor->mailbox);
    for (int i = 0; i < 2 && actor->monitors != NULL; i++) {
        struct cairn_message *old = take_first_monitor(actor);
        if (cairn_registry_find(&worker->system->registry, old->from) == NULL)
            cairn_message_pool_release(&worker->pool, old);
        else
            append_monitor(actor, old);
    }
    append_monitor(actor, request);
}

/* ---- the end ---- */

/* A message that no actor will handle, just popped. */
static void discard(struct cairn_worker *worker, struct cairn_actor *actor,
                    struct cairn_message *message)
{
    if (message->type != CAIRN_MESSAGE_MONITOR) {
        count_dead_letter(worker);
        return;
    }
    struct cairn_actor_ref ended = {.slot = actor->slot, .generation = (uint32_t)message->value};
    cairn_mailbox_detach(&actor->mailbox);
    send_down(worker, message, ended, -ESTALE);
}

/* Throw away what is in the mailbox and give it up; if the actor has just ended, free its slot. */
static void empty(struct cairn_worker *worker, struct cairn_actor *actor)
{
    struct tally tally = {0};
    struct cairn_message *message = pop(worker, actor, &tally);
    while (message != NULL) {
        discard(worker, actor, message);
        message = pop(worker, actor, &tally);
    }
    cairn_mailbox_settle(&actor->mailbox, tally.counted);

    bool ended = actor->life == CAIRN_LIFE_ENDED;
    struct cairn_message *spent;
    actor->life = CAIRN_LIFE_FREE;
    if (!cairn_mailbox_try_idle(&actor->mailbox, &spent)) {
        actor->life = ended ? CAIRN_LIFE_ENDED : CAIRN_LIFE_FREE;
        cairn_ready_push(&worker->ready, actor);
        return;
    }
    if (spent != NULL)
        cairn_message_pool_release(&worker->pool, spent);
    if (ended)
        cairn_registry_release(&worker->system->registry, &worker->slots, actor);
}

/* Let go of the state and make every reference stale. */
static void close_actor(struct cairn_actor *actor)
{
    if (actor->release != NULL)
        actor->release(actor->state);
    actor->release = NULL;
    actor->state = NULL;
    ck_pr_store_16(&actor->kind, 0);
    uint32_t generation = actor->mailbox.generation + 1;
    ck_pr_store_32(&actor->mailbox.generation, generation != 0 ? generation : 1);
}

static void tell_stop_waiters(struct cairn_system *system)
{
    ck_pr_fence_memory(); /* pairs with the fence in cairn_system_stop_actor */
    if (ck_pr_load_32(&system->stop_waiters) == 0)
        return;
    cairn_gate_lock(&system->gate);
    cairn_gate_changed(&system->gate);
    cairn_gate_unlock(&system->gate);
}

static void end(struct cairn_worker *worker, struct cairn_actor *actor, int reason)
{
    struct cairn_actor_ref ref = cairn_actor_ref_of(actor);
    close_actor(actor);
    while (actor->monitors != NULL)
        send_down(worker, take_first_monitor(actor), ref, reason);
    actor->life = CAIRN_LIFE_ENDED;
    empty(worker, actor);
    tell_stop_waiters(worker->system);
}

void cairn_dispatch_bury(struct cairn_worker *worker, struct cairn_actor *actor)
{
    if (actor->kind != 0)
        close_actor(actor);
    while (actor->monitors != NULL)
        cairn_message_pool_release(&worker->pool, take_first_monitor(actor));

    struct tally tally = {0};
    while (pop(worker, actor, &tally) != NULL)
        continue;
    struct cairn_message *spent;
    cairn_mailbox_try_idle(&actor->mailbox, &spent);
    if (spent != NULL)
        cairn_message_pool_release(&worker->pool, spent);
}

/* ---- failure ---- */

/* Restart after a delay, or false. Until its timer fires the actor is in no queue, and its mailbox
 * stays busy, so that no sender schedules it. */
static bool back_off(struct cairn_worker *worker, struct cairn_actor *actor)
{
    uint32_t now_ms = (uint32_t)(worker->now_ns / CAIRN_NS_PER_MS);
    uint32_t delay_ms;
    struct cairn_failures failures = {actor->window_start_ms, actor->failures};
    bool allowed = cairn_supervision_allows(&worker->system->supervision, &failures, now_ms,
                                            &worker->random, &delay_ms);
    actor->window_start_ms = failures.window_start_ms;
    actor->failures = failures.count;
    if (!allowed)
        return false;

    actor->life = CAIRN_LIFE_STARTING;
    uint64_t due_tick = worker->now_ns / CAIRN_NS_PER_MS + 1 + delay_ms;
    return cairn_timer_table_arm(&worker->timers, due_tick, CAIRN_TIMER_RESTART,
                                 cairn_actor_ref_of(actor), 0) != 0;
}

static void fail(struct cairn_worker *worker, struct cairn_actor *actor, int reason)
{
    const struct cairn_system_options *options = &worker->system->options;
    cairn_worker_read_clock(worker);
    worker->last_failure = reason;
    count_dead_letter(worker);
    cairn_count(&worker->kinds[actor->kind].failures, 1);
    if (actor->restart == CAIRN_RESTART_TRANSIENT && back_off(worker, actor))
        return;

    if (options->escalate != NULL)
        options->escalate(options->context, worker->system->kinds[actor->kind], reason);
    end(worker, actor, reason);
}

/* ---- a turn ---- */

static int deliver(struct cairn_turn *turn, struct cairn_message *message)
{
    struct cairn_actor *actor = turn->actor;
    turn->message = message;
    int result = actor->behaviour(turn, actor->state, message);
    turn->message = NULL;
    cairn_assert(result <= CAIRN_TURN_STOP);
    return result;
}

/* Messages between two readings of the clock: as many as take about an eighth of a turn. Dear
 * messages are timed one by one, from the first stride that was too long; cheap ones hardly. */
static uint32_t next_stride(uint32_t stride, uint64_t elapsed_ns, uint64_t turn_ns)
{
    if (elapsed_ns > turn_ns / 8)
        return 1;
    if (elapsed_ns < turn_ns / 32 && stride < CAIRN_CLOCK_STRIDE_MAX)
        return stride * 2;
    return stride;
}

/* Has the turn used its time? */
static bool time_is_up(struct cairn_worker *worker)
{
    if (--worker->clock_left > 0)
        return false;

    uint64_t turn_ns = worker->system->options.turn_us * CAIRN_NS_PER_US;
    cairn_worker_read_clock(worker);
    worker->clock_stride =
        next_stride(worker->clock_stride, worker->now_ns - worker->stride_ns, turn_ns);
    worker->stride_ns = worker->now_ns;
    worker->clock_left = worker->clock_stride;
    return worker->now_ns - worker->turn.started_ns >= turn_ns;
}

static int deliver_start(struct cairn_turn *turn)
{
    struct cairn_message start = {.type = CAIRN_MESSAGE_START};
    turn->actor->life = CAIRN_LIFE_RUNNING;
    return deliver(turn, &start);
}

static int deliver_messages(struct cairn_worker *worker, struct cairn_actor *actor,
                            struct tally *tally)
{
    uint32_t budget = worker->system->options.turn_messages;
    while (tally->messages < budget) {
        struct cairn_message *message = pop(worker, actor, tally);
        if (message == NULL)
            break;

        int result = CAIRN_TURN_OK;
        if (!cairn_mailbox_is_welcome(&actor->mailbox, message))
            discard(worker, actor, message);
        else if (message->type == CAIRN_MESSAGE_MONITOR)
            add_monitor(worker, actor, message);
        else
            result = deliver(&worker->turn, message);
        if (result != CAIRN_TURN_OK)
            return result;
        if (time_is_up(worker))
            break;
    }
    return CAIRN_TURN_OK;
}

static void book(struct cairn_worker *worker, struct cairn_actor *actor, const struct tally *tally)
{
    struct cairn_kind_counters *kind = &worker->kinds[actor->kind];
    cairn_count(&kind->messages, tally->messages);
    cairn_count(&kind->turns, 1);
    cairn_count(&worker->stats.messages, tally->messages);
    cairn_count(&worker->stats.turns, 1);
    cairn_mailbox_settle(&actor->mailbox, tally->counted);
}

/* Idle, or ready again. */
static void go_on(struct cairn_worker *worker, struct cairn_actor *actor)
{
    struct cairn_message *spent;
    if (!cairn_mailbox_try_idle(&actor->mailbox, &spent))
        cairn_ready_push(&worker->ready, actor);
    else if (spent != NULL)
        cairn_message_pool_release(&worker->pool, spent);
}

void cairn_dispatch(struct cairn_worker *worker, struct cairn_actor *actor)
{
    if (actor->life == CAIRN_LIFE_FREE || actor->life == CAIRN_LIFE_ENDED) {
        empty(worker, actor);
        return;
    }

    struct cairn_turn *turn = &worker->turn;
    struct tally tally = {0};
    int result = CAIRN_TURN_OK;
    turn->actor = actor;
    turn->started_ns = worker->now_ns;
    if ((actor->flags & CAIRN_ACTOR_BOUND) == 0)
        actor->home = (uint16_t)worker->index;
    if (actor->life == CAIRN_LIFE_STARTING) {
        tally.messages++;
        result = deliver_start(turn);
    }
    if (result == CAIRN_TURN_OK)
        result = deliver_messages(worker, actor, &tally);
    turn->actor = NULL;
    book(worker, actor, &tally);

    if (result == CAIRN_TURN_OK)
        go_on(worker, actor);
    else if (result == CAIRN_TURN_STOP)
        end(worker, actor, 0);
    else
        fail(worker, actor, result);
}
