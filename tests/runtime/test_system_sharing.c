/* Where actors run: stealing, pinning, parking and waking. */
#include <stdatomic.h>
#include <string.h>

#include "runtime/base/random.h"
#include "tests/runtime/system_fixture.h"

/* ---- stealing ---- */

#define WORKERS      3
#define BUSY_ACTORS  60
#define MOVES_WANTED 200

/* Actors that always have work, all spawned on worker 0. They end when enough has moved, or
 * after so many turns that it should have. */
struct load {
    atomic_uint_fast64_t turns;
    atomic_uint_fast64_t turns_elsewhere;
    atomic_int alive;
    uint64_t turns_max;
    struct signal finished;
};

static int be_busy(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    struct load *load = state;
    (void)message;
    for (volatile int i = 0; i < 500; i++)
        continue;
    atomic_fetch_add(&load->turns, 1);
    if (cairn_turn_worker(turn) != 0)
        atomic_fetch_add(&load->turns_elsewhere, 1);
    if (atomic_load(&load->turns_elsewhere) < MOVES_WANTED &&
        atomic_load(&load->turns) < load->turns_max) {
        cairn_turn_tell(turn, cairn_turn_self(turn), MESSAGE_GO, 0);
        return CAIRN_TURN_OK;
    }
    if (atomic_fetch_sub(&load->alive, 1) == 1)
        signal_raise(&load->finished);
    return CAIRN_TURN_STOP;
}

static int spawn_load(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    if (message->type != CAIRN_MESSAGE_START)
        return CAIRN_TURN_OK;
    for (int i = 0; i < BUSY_ACTORS; i++) {
        const struct cairn_actor_options options = {
            .name = "busy", .behaviour = be_busy, .state = state, .worker = UINT32_MAX};
        struct cairn_actor_ref ref;
        behaviour_assert(cairn_turn_spawn(turn, &options, &ref) == 0);
    }
    return CAIRN_TURN_STOP;
}

static void run_load(struct cairn_system *system, struct load *load, uint64_t turns_max)
{
    atomic_init(&load->turns, 0);
    atomic_init(&load->turns_elsewhere, 0);
    atomic_init(&load->alive, BUSY_ACTORS);
    load->turns_max = turns_max;
    signal_init(&load->finished);
    spawn_on(system, 0, 0, spawn_load, load);
    signal_wait(&load->finished);
}

static void idle_workers_take_work_exactly_when_stealing_is_on(void **state)
{
    const struct variant *variant = *state;
    struct cairn_system *system = start(variant, WORKERS);
    static struct load load;
    run_load(system, &load, variant->work_stealing ? UINT64_MAX : 20000);
    struct cairn_worker_stats stats = sum_of_stats(system);
    finish(system);
    if (variant->work_stealing) {
        assert_true(atomic_load(&load.turns_elsewhere) >= MOVES_WANTED);
        assert_true(stats.exports > 0);
    } else {
        assert_int_equal(atomic_load(&load.turns_elsewhere), 0);
        assert_int_equal(stats.exports, 0);
        assert_int_equal(stats.steals, 0);
    }
}

struct pinned {
    struct load *load;
    uint32_t worker;
};

static int stay(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    const struct pinned *pinned = state;
    behaviour_assert(cairn_turn_worker(turn) == pinned->worker);
    if (atomic_load(&pinned->load->alive) == 0)
        return CAIRN_TURN_STOP;
    if (message->type != CAIRN_MESSAGE_STOP)
        cairn_turn_tell(turn, cairn_turn_self(turn), MESSAGE_GO, 0);
    return CAIRN_TURN_OK;
}

static void a_pinned_actor_never_moves_whatever_the_load(void **state)
{
    const struct variant *variant = *state;
    struct cairn_system *system = start(variant, WORKERS);
    static struct load load;
    static struct pinned pinned[2 * WORKERS];
    atomic_init(&load.alive, BUSY_ACTORS);
    for (uint32_t i = 0; i < 2 * WORKERS; i++) {
        pinned[i] = (struct pinned){&load, i % WORKERS};
        spawn_on(system, i % WORKERS, CAIRN_ACTOR_PINNED, stay, &pinned[i]);
    }
    run_load(system, &load, 20000);
    finish(system);
}

static int send_to_pinned(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    const struct cairn_actor_ref *targets = state;
    if (message->type == MESSAGE_GO)
        for (uint32_t i = 0; i < WORKERS; i++)
            behaviour_assert(cairn_turn_tell(turn, targets[i], MESSAGE_WORK, i) == 0);
    return CAIRN_TURN_OK;
}

static int answer_from_home(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    if (message->type == MESSAGE_WORK) {
        behaviour_assert(cairn_turn_worker(turn) == message->value);
        signal_raise(state);
    }
    return CAIRN_TURN_OK;
}

static void a_message_from_anywhere_runs_a_pinned_actor_at_home(void **state)
{
    struct cairn_system *system = start(*state, WORKERS);
    struct cairn_actor_ref targets[WORKERS];
    struct signal answered;
    signal_init(&answered);
    for (uint32_t i = 0; i < WORKERS; i++)
        targets[i] = spawn_on(system, i, CAIRN_ACTOR_PINNED, answer_from_home, &answered);
    for (uint32_t from = 0; from < WORKERS; from++) {
        struct cairn_actor_ref sender = spawn_on(system, from, 0, send_to_pinned, targets);
        for (int round = 0; round < 100; round++) {
            post(system, sender, MESSAGE_GO, 0);
            for (uint32_t i = 0; i < WORKERS; i++)
                signal_wait(&answered);
        }
    }
    finish(system);
}

/* ---- parking ---- */

#define WAKE_ROUNDS 3000

/* A message hops between pinned actors on workers that park in between, and now and then waits a
 * random while outside, so that it meets a worker at every point on its way to sleep. A lost
 * wake-up is a round that never comes back. */
struct hopper {
    struct cairn_actor_ref others[WORKERS];
    struct signal *came_back;
};

static int hop(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    struct hopper *hopper = state;
    if (message->type != MESSAGE_WORK)
        return CAIRN_TURN_OK;
    if (message->value == 0) {
        signal_raise(hopper->came_back);
        return CAIRN_TURN_OK;
    }
    uint64_t next = cairn_turn_random(turn) % WORKERS;
    behaviour_assert(
        cairn_turn_tell(turn, hopper->others[next], MESSAGE_WORK, message->value - 1) == 0);
    return CAIRN_TURN_OK;
}

static void no_wake_up_is_lost_over_many_random_rounds(void **state)
{
    struct cairn_system *system = start(*state, WORKERS);
    static struct hopper hopper;
    struct signal came_back;
    signal_init(&came_back);
    hopper.came_back = &came_back;
    for (uint32_t i = 0; i < WORKERS; i++)
        hopper.others[i] = spawn_on(system, i, CAIRN_ACTOR_PINNED, hop, &hopper);
    struct cairn_random random;
    cairn_random_init(&random, 11);
    print_message("seed 11\n");
    for (int round = 0; round < WAKE_ROUNDS; round++) {
        struct cairn_actor_ref first = hopper.others[cairn_random_below(&random, WORKERS)];
        post(system, first, MESSAGE_WORK, cairn_random_below(&random, 6));
        signal_wait(&came_back);
        uint64_t pause = cairn_random_below(&random, 2000);
        for (volatile uint64_t i = 0; i < pause; i++)
            continue;
    }
    struct cairn_worker_stats stats = sum_of_stats(system);
    finish(system);
    assert_true(stats.parks > 0);
}

static int do_nothing(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    (void)turn, (void)message;
    if (message->type == MESSAGE_WORK)
        signal_raise(state);
    return CAIRN_TURN_OK;
}

static void workers_without_work_park_and_stay_parked(void **state)
{
    struct cairn_system *system = start(*state, WORKERS);
    struct signal done;
    signal_init(&done);
    struct cairn_actor_ref ref = spawn_on(system, 0, CAIRN_ACTOR_PINNED, do_nothing, &done);
    for (int i = 0; i < 100; i++) {
        post(system, ref, MESSAGE_WORK, 0);
        signal_wait(&done);
    }
    struct cairn_worker_stats stats;
    cairn_system_worker_stats(system, 1, &stats);
    finish(system);
    /* Worker 1 had nothing to do all the time: it looked round a few times and slept. */
    assert_int_equal(stats.turns, 0);
    assert_true(stats.parks < 100);
}

#define CASE(test)                                                                                 \
    {                                                                                              \
#test, test                                                                                \
    }

int main(void)
{
    static const struct test_case cases[] = {
        CASE(idle_workers_take_work_exactly_when_stealing_is_on),
        CASE(a_pinned_actor_never_moves_whatever_the_load),
        CASE(a_message_from_anywhere_runs_a_pinned_actor_at_home),
        CASE(no_wake_up_is_lost_over_many_random_rounds),
        CASE(workers_without_work_park_and_stay_parked),
    };
    return run_over_variants("system_sharing", cases, sizeof(cases) / sizeof(cases[0]));
}
