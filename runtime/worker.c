/* A worker goes round: inbox, completions, timers, turns, sharing. When a round finds nothing it
 * looks at what others offer, spins a little if there was work a moment ago, and parks.
 *
 * Parking loses no wake-up, because each side writes before it reads, with a full fence between:
 *
 *     worker:  park = PARKED;  fence;  look for work;  none: sleep in the poll
 *     waker:   publish work;   fence;  park == PARKED?  then wake the poll
 *
 * One of the two sees the other. A poll that is woken before it sleeps returns at once. */
#include "runtime/system_internal.h"

#include "runtime/base/log.h"

#define CLOCK_STRIDE_FIRST 4
#define SPIN_MEMORY_NS     CAIRN_NS_PER_MS /* no work for so long: park without spinning */
#define STEP_BUDGET_TURNS  4               /* a step takes no longer than so many full turns */
#define TURN_NS_FIRST      1000

void cairn_worker_init(struct cairn_worker *worker, struct cairn_system *system, uint32_t index)
{
    *worker = (struct cairn_worker){
        .system = system,
        .index = index,
        .clock_stride = CLOCK_STRIDE_FIRST,
        .clock_left = CLOCK_STRIDE_FIRST,
        .turn_ns = TURN_NS_FIRST,
        .step_turns = CAIRN_STEP_TURNS,
    };
    worker->turn.worker = worker;
    ck_stack_init(&worker->inbox);
    cairn_export_ring_init(&worker->exports);
    cairn_message_pool_init(&worker->pool, &system->depot, system->options.message_pools);
}

static int create_io(const struct cairn_system_options *options, struct cairn_io **io)
{
    struct cairn_io_options io_options = {
        .queue_entries = 256,
        .receive_buffer_count = options->receive_buffer_count,
        .receive_buffer_bytes = options->receive_buffer_bytes,
        .defer_taskrun = options->defer_taskrun,
        .multishot = options->multishot,
        .sim = options->sim,
    };
    if (options->sim != NULL)
        return cairn_io_create(CAIRN_IO_SIM, &io_options, io);
    if (options->posix_io)
        return cairn_io_create(CAIRN_IO_POSIX, &io_options, io);

    int result = cairn_io_create(CAIRN_IO_URING, &io_options, io);
    if (result >= 0)
        return result;
    cairn_log(CAIRN_LOG_WARN, "io_uring_refused", cairn_log_error("error", result),
              cairn_log_text("fallback", "posix"));
    return cairn_io_create(CAIRN_IO_POSIX, &io_options, io);
}

int cairn_worker_open(struct cairn_worker *worker)
{
    const struct cairn_system_options *options = &worker->system->options;
    int result = create_io(options, &worker->io);
    if (result < 0)
        return result;

    cairn_io_set_user(worker->io, worker);
    worker->now_ns = cairn_io_monotonic_ns(worker->io);
    worker->stride_ns = worker->now_ns;
    uint64_t seed = options->seed != 0 ? options->seed : cairn_io_random(worker->io);
    cairn_random_init(&worker->random, seed + worker->index);
    result =
        cairn_timer_table_init(&worker->timers, worker->index, worker->now_ns / CAIRN_NS_PER_MS);
    if (result < 0)
        goto destroy_io;
    return 0;

destroy_io:
    cairn_io_destroy(worker->io);
    worker->io = NULL;
    return result;
}

void cairn_worker_close(struct cairn_worker *worker)
{
    cairn_timer_table_deinit(&worker->timers);
    cairn_io_destroy(worker->io);
    worker->io = NULL;
}

void cairn_worker_read_clock(struct cairn_worker *worker)
{
    uint64_t since_ns = worker->turn.actor != NULL ? worker->turn.started_ns : worker->now_ns;
    worker->now_ns = cairn_io_monotonic_ns(worker->io);
    uint64_t elapsed_ns = worker->now_ns - since_ns;
    if (elapsed_ns > worker->stats.longest_turn_ns)
        ck_pr_store_64(&worker->stats.longest_turn_ns, elapsed_ns);
}

/* Actors sent here by other workers and threads, oldest first. */
static bool take_inbox(struct cairn_worker *worker)
{
    if (ck_pr_load_ptr(&worker->inbox.head) == NULL)
        return false;

    struct cairn_actor *oldest_first = NULL;
    ck_stack_entry_t *entry = ck_stack_batch_pop_upmc(&worker->inbox);
    while (entry != NULL) {
        struct cairn_actor *actor =
            (void *)((uint8_t *)entry - offsetof(struct cairn_actor, in_inbox));
        entry = entry->next;
        actor->next = oldest_first;
        oldest_first = actor;
    }
    while (oldest_first != NULL) {
        struct cairn_actor *actor = oldest_first;
        oldest_first = actor->next;
        cairn_ready_push(&worker->ready, actor);
    }
    return true;
}

static bool poll_io(struct cairn_worker *worker, uint64_t timeout_ns)
{
    int completions = cairn_io_poll(worker->io, timeout_ns);
    cairn_count(&worker->stats.polls, 1);
    if (completions <= 0)
        return false;
    cairn_count(&worker->stats.completions, (uint64_t)completions);
    return true;
}

static void fire(struct cairn_worker *worker, const struct cairn_expired_timer *timer)
{
    struct cairn_system *system = worker->system;
    if (timer->purpose == CAIRN_TIMER_RESTART) {
        struct cairn_actor *actor = cairn_registry_find(&system->registry, timer->target);
        cairn_assert(actor != NULL); /* it is suspended: it cannot have ended */
        cairn_count(&worker->kinds[actor->kind].restarts, 1);
        cairn_schedule_on(worker, worker, actor);
        return;
    }

    struct cairn_message *message = cairn_message_pool_acquire(&worker->pool, 0);
    if (message == NULL) {
        /* No memory now: try again a tick later. The place just freed is taken, so this works. */
        cairn_timer_table_arm(&worker->timers, timer->due_tick + 1, timer->purpose, timer->target,
                              timer->value);
        return;
    }
    message->type = CAIRN_MESSAGE_TIMER;
    message->value = timer->value;
    if (cairn_send(system, worker, timer->target, message) < 0)
        cairn_message_pool_release(&worker->pool, message);
}

static bool fire_timers(struct cairn_worker *worker)
{
    uint64_t tick = worker->now_ns / CAIRN_NS_PER_MS;
    uint64_t fired = 0;
    struct cairn_expired_timer timer;
    while (cairn_timer_table_expire(&worker->timers, tick, &timer)) {
        fire(worker, &timer);
        fired++;
    }
    cairn_count(&worker->stats.timers, fired);
    return fired > 0;
}

/* Up to CAIRN_STEP_TURNS actors, or about STEP_BUDGET_TURNS full turns' time: what completed
 * meanwhile waits no longer than that. */
static uint32_t run_turns(struct cairn_worker *worker)
{
    uint64_t limit_ns =
        worker->now_ns + STEP_BUDGET_TURNS * worker->system->options.turn_us * CAIRN_NS_PER_US;
    uint32_t turns = 0;
    while (turns < worker->step_turns) {
        struct cairn_actor *actor = cairn_ready_pop(&worker->ready);
        if (actor == NULL)
            break;
        cairn_dispatch(worker, actor);
        turns++;
        if (worker->now_ns > limit_ns || cairn_worker_is_interrupted(worker))
            break;
    }
    return turns;
}

bool cairn_worker_step(struct cairn_worker *worker)
{
    worker->now_ns = cairn_io_monotonic_ns(worker->io);
    uint64_t start_ns = worker->now_ns;
    worker->steps++;

    bool found = take_inbox(worker);
    found |= poll_io(worker, 0);
    found |= fire_timers(worker);
    uint32_t turns = run_turns(worker);
    if (turns > 0) {
        cairn_worker_read_clock(worker);
        uint64_t elapsed_ns = worker->now_ns - start_ns;
        worker->turn_ns = (worker->turn_ns * 7 + elapsed_ns / turns) / 8 + 1;
        worker->last_work_ns = worker->now_ns;
        cairn_count(&worker->stats.busy_ns, elapsed_ns);
    }
    if (worker->system->options.work_stealing)
        cairn_share(worker);
    return found || turns > 0;
}

static bool has_work(const struct cairn_worker *worker)
{
    return cairn_ready_length(&worker->ready) > 0 || ck_pr_load_ptr(&worker->inbox.head) != NULL ||
           cairn_worker_is_interrupted(worker) || cairn_share_is_offered(worker);
}

/* Look out for work for as long as the settings say, if some was done lately. */
static void spin(struct cairn_worker *worker)
{
    uint64_t now_ns = cairn_io_monotonic_ns(worker->io);
    uint64_t limit_ns = now_ns + worker->system->options.spin_us * CAIRN_NS_PER_US;
    if (now_ns - worker->last_work_ns > SPIN_MEMORY_NS)
        return;
    while (now_ns < limit_ns && !has_work(worker) && !poll_io(worker, 0)) {
        ck_pr_stall();
        now_ns = cairn_io_monotonic_ns(worker->io);
    }
}

/* Until the next timer is due. */
static uint64_t sleep_ns(const struct cairn_worker *worker)
{
    uint64_t tick = cairn_timer_table_next_tick(&worker->timers);
    if (tick > UINT64_MAX / CAIRN_NS_PER_MS)
        return UINT64_MAX;
    uint64_t now_ns = cairn_io_monotonic_ns(worker->io);
    uint64_t due_ns = tick * CAIRN_NS_PER_MS;
    return due_ns > now_ns ? due_ns - now_ns : 0;
}

static void sleep_in_poll(struct cairn_worker *worker)
{
    ck_pr_store_32(&worker->park, CAIRN_PARK_PARKED);
    ck_pr_fence_memory(); /* pairs with the fence in cairn_worker_wake */
    if (!has_work(worker)) {
        cairn_count(&worker->stats.parks, 1);
        poll_io(worker, sleep_ns(worker));
    }
    ck_pr_store_32(&worker->park, CAIRN_PARK_RUNNING);
}

static void idle(struct cairn_worker *worker)
{
    struct cairn_system *system = worker->system;
    ck_pr_store_64(&worker->load_ns, 0);
    ck_pr_inc_32(&system->idle_count);
    spin(worker);
    if (!has_work(worker))
        sleep_in_poll(worker);
    ck_pr_dec_32(&system->idle_count);
}

void cairn_worker_run(struct cairn_worker *worker)
{
    struct cairn_system *system = worker->system;
    while ((ck_pr_load_32(&system->interrupt) & CAIRN_INTERRUPT_STOP) == 0) {
        if (cairn_worker_is_interrupted(worker))
            cairn_world_pass(worker);
        else if (!cairn_worker_step(worker) && !cairn_steal(worker))
            idle(worker);
    }
}

void cairn_worker_wake(struct cairn_worker *worker, struct cairn_worker *from)
{
    ck_pr_fence_memory(); /* pairs with the fence in sleep_in_poll */
    if (ck_pr_load_32(&worker->park) != CAIRN_PARK_PARKED)
        return;
    if (!ck_pr_cas_32(&worker->park, CAIRN_PARK_PARKED, CAIRN_PARK_NOTIFIED))
        return;

    if (from != NULL) {
        cairn_count(&from->stats.wakes, 1);
        bool same_kind = cairn_io_kind(from->io) == cairn_io_kind(worker->io);
        cairn_io_wake(worker->io, same_kind ? from->io : NULL);
        return;
    }
    /* A thread that is no worker may come when the workers have left and their rings are gone. */
    struct cairn_system *system = worker->system;
    cairn_gate_lock(&system->gate);
    if (system->ios_open)
        cairn_io_wake(worker->io, NULL);
    cairn_gate_unlock(&system->gate);
}

void cairn_worker_bury_actors(struct cairn_worker *worker)
{
    struct cairn_system *system = worker->system;
    uint32_t count = cairn_registry_count(&system->registry);
    for (uint32_t slot = 0; slot < count; slot++) {
        struct cairn_actor *actor = cairn_registry_at(&system->registry, slot);
        if (actor->home == worker->index)
            cairn_dispatch_bury(worker, actor);
    }
}
