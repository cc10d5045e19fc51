/* Who has too much gives; who has nothing takes.
 *
 * Work that talks to each other must not be spread without need: nearly every message would then
 * cross cores. So a worker offers actors only while another is idle, and only when it has more
 * queued than SHARE_NS of work. Between busy workers the loads are evened out now and then, in
 * time, not in numbers of actors. Bound actors stay where they are. */
#include "runtime/system_internal.h"

#define SHARE_NS      (20 * CAIRN_NS_PER_US) /* a wake-up costs 5 to 15 us */
#define SHARE_MAX     64
#define STEAL_MAX     32
#define BALANCE_STEPS 8 /* between two looks at another worker */

/* Up to `count` actors from the front of the queue that may move go to `give`; the others go to
 * the back. Returns how many went. */
static uint32_t give_away(struct cairn_worker *worker, uint32_t count, struct cairn_worker *to,
                          bool (*give)(struct cairn_worker *from, struct cairn_worker *to,
                                       struct cairn_actor *actor))
{
    uint32_t given = 0;
    for (uint32_t looked = 2 * count; looked > 0 && given < count; looked--) {
        struct cairn_actor *actor = cairn_run_queue_pop(&worker->ready.normal);
        if (actor == NULL)
            break;
        bool bound = (actor->flags & CAIRN_ACTOR_BOUND) != 0;
        if (!bound && give(worker, to, actor))
            given++;
        else
            cairn_run_queue_push(&worker->ready.normal, actor);
    }
    cairn_count(&worker->stats.exports, given);
    return given;
}

static bool offer(struct cairn_worker *from, struct cairn_worker *to, struct cairn_actor *actor)
{
    (void)to;
    return cairn_export_ring_push_spmc(&from->exports, actor);
}

static bool hand_over(struct cairn_worker *from, struct cairn_worker *to, struct cairn_actor *actor)
{
    cairn_schedule_on(to, from, actor);
    return true;
}

static struct cairn_worker *random_other(struct cairn_worker *worker)
{
    struct cairn_system *system = worker->system;
    uint32_t others = system->options.worker_count - 1;
    uint32_t step = 1 + (uint32_t)cairn_random_below(&worker->random, others);
    return &system->workers[(worker->index + step) % system->options.worker_count];
}

/* One sleeper is enough: it wakes the next if it leaves something. */
static void wake_one(struct cairn_worker *worker)
{
    struct cairn_system *system = worker->system;
    uint32_t count = system->options.worker_count;
    ck_pr_fence_memory(); /* pairs with the fence in sleep_in_poll */
    for (uint32_t i = 1; i < count; i++) {
        struct cairn_worker *other = &system->workers[(worker->index + i) % count];
        if (ck_pr_load_32(&other->park) == CAIRN_PARK_PARKED) {
            cairn_worker_wake(other, worker);
            return;
        }
    }
}

/* What nobody took comes back, so that it does not wait behind a queue that never ends. */
static void take_back(struct cairn_worker *worker)
{
    for (int i = 0; i < CAIRN_EXPORT_RING_SLOTS; i++) {
        struct cairn_actor *actor = cairn_export_ring_take_spmc(&worker->exports);
        if (actor == NULL)
            return;
        cairn_ready_push(&worker->ready, actor);
    }
}

static void offer_to_idle(struct cairn_worker *worker, uint64_t load_ns)
{
    uint32_t queued = worker->ready.normal.length;
    if (load_ns > SHARE_NS && queued >= 2) {
        uint32_t half = queued / 2;
        give_away(worker, half < SHARE_MAX ? half : SHARE_MAX, NULL, offer);
    }
    if (cairn_export_ring_length(&worker->exports) > 0)
        wake_one(worker);
}

static void balance(struct cairn_worker *worker, uint64_t load_ns)
{
    struct cairn_worker *other = random_other(worker);
    uint64_t other_ns = ck_pr_load_64(&other->load_ns);
    if (load_ns <= 2 * other_ns + SHARE_NS)
        return;
    uint64_t surplus = (load_ns - other_ns) / 2 / worker->turn_ns;
    give_away(worker, surplus < SHARE_MAX ? (uint32_t)surplus : SHARE_MAX, other, hand_over);
}

void cairn_share(struct cairn_worker *worker)
{
    struct cairn_system *system = worker->system;
    if (system->options.worker_count == 1)
        return;
    uint64_t load_ns = cairn_ready_length(&worker->ready) * worker->turn_ns;
    ck_pr_store_64(&worker->load_ns, load_ns);

    if (ck_pr_load_32(&system->idle_count) > 0) {
        offer_to_idle(worker, load_ns);
        return;
    }
    if (cairn_export_ring_length(&worker->exports) > 0)
        take_back(worker);
    if (worker->steps % BALANCE_STEPS == 0)
        balance(worker, load_ns);
}

bool cairn_share_is_offered(const struct cairn_worker *worker)
{
    const struct cairn_system *system = worker->system;
    for (uint32_t i = 0; i < system->options.worker_count; i++)
        if (cairn_export_ring_length(&system->workers[i].exports) > 0)
            return true;
    return false;
}

static uint32_t take_from(struct cairn_worker *worker, struct cairn_worker *victim)
{
    uint32_t taken = 0;
    uint32_t half = (cairn_export_ring_length(&victim->exports) + 1) / 2;
    while (taken < half && taken < STEAL_MAX) {
        struct cairn_actor *actor = cairn_export_ring_take_spmc(&victim->exports);
        if (actor == NULL)
            break;
        cairn_ready_push(&worker->ready, actor);
        taken++;
    }
    if (victim != worker)
        cairn_count(&worker->stats.steals, taken);
    return taken;
}

bool cairn_steal(struct cairn_worker *worker)
{
    struct cairn_system *system = worker->system;
    uint32_t count = system->options.worker_count;
    for (uint32_t i = 0; i < count; i++) {
        struct cairn_worker *victim = &system->workers[(worker->index + i) % count];
        if (take_from(worker, victim) == 0)
            continue;
        if (cairn_export_ring_length(&victim->exports) > 0)
            wake_one(worker);
        return true;
    }
    return false;
}
