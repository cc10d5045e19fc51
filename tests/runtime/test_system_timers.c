/* Timers of actors: never early, in order, cancelled from anywhere. */
#include "runtime/base/time.h"
#include "tests/runtime/system_fixture.h"

/* ---- order ---- */

static const uint64_t delays_ms[] = {9, 0, 4, 15, 1, 7, 30, 2};
#define DELAYS (sizeof(delays_ms) / sizeof(delays_ms[0]))

/* A wheel has ticks of a millisecond: timers due closer together than two have no order. */
#define TICKS_NS (2 * CAIRN_NS_PER_MS)

/* The worker may be preempted while it arms, so each timer is due between two moments. */
struct sleeper {
    uint64_t earliest_ns[DELAYS];
    uint64_t latest_ns[DELAYS];
    bool has_fired[DELAYS];
    uint64_t fired;
    struct signal finished;
};

static void arm_all(struct cairn_turn *turn, struct sleeper *sleeper)
{
    for (size_t i = 0; i < DELAYS; i++) {
        uint64_t delay_ns = delays_ms[i] * CAIRN_NS_PER_MS;
        sleeper->earliest_ns[i] = cairn_turn_clock_ns(turn) + delay_ns;
        behaviour_assert(cairn_turn_timer(turn, delays_ms[i], i) != 0);
        sleeper->latest_ns[i] = cairn_turn_clock_ns(turn) + delay_ns;
    }
}

static int sleep_and_check(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    struct sleeper *sleeper = state;
    if (message->type == CAIRN_MESSAGE_START) {
        arm_all(turn, sleeper);
        return CAIRN_TURN_OK;
    }
    behaviour_assert(message->type == CAIRN_MESSAGE_TIMER);
    uint64_t which = message->value;
    behaviour_assert(which < DELAYS && !sleeper->has_fired[which]);
    behaviour_assert(cairn_turn_clock_ns(turn) >= sleeper->earliest_ns[which]);
    sleeper->has_fired[which] = true;
    for (size_t other = 0; other < DELAYS; other++)
        behaviour_assert(sleeper->has_fired[other] ||
                         sleeper->latest_ns[other] + TICKS_NS >= sleeper->earliest_ns[which]);
    if (++sleeper->fired == DELAYS)
        signal_raise(&sleeper->finished);
    return CAIRN_TURN_OK;
}

static void timers_fire_in_order_and_never_early(void **state)
{
    struct cairn_system *system = start(*state, 2);
    static struct sleeper sleeper;
    sleeper = (struct sleeper){0};
    signal_init(&sleeper.finished);
    spawn_on(system, 1, CAIRN_ACTOR_PINNED, sleep_and_check, &sleeper);
    signal_wait(&sleeper.finished);
    assert_int_equal(sum_of_stats(system).timers, DELAYS);
    finish(system);
}

/* ---- cancelling ---- */

struct alarm {
    bool must_not_fire;
    struct cairn_actor_ref other; /* who cancels, on another worker */
    struct signal finished;
};

static int arm_and_cancel(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    struct alarm *alarm = state;
    if (message->type == CAIRN_MESSAGE_START) {
        uint64_t timer = cairn_turn_timer(turn, 1, 1);
        behaviour_assert(cairn_turn_timer_cancel(turn, timer));
        behaviour_assert(!cairn_turn_timer_cancel(turn, timer));
        behaviour_assert(!cairn_turn_timer_cancel(turn, 0));
        cairn_turn_timer(turn, 5, 2);
        return CAIRN_TURN_OK;
    }
    behaviour_assert(message->type == CAIRN_MESSAGE_TIMER);
    behaviour_assert(message->value == 2);
    signal_raise(&alarm->finished);
    return CAIRN_TURN_OK;
}

static void a_cancelled_timer_does_not_fire(void **state)
{
    struct cairn_system *system = start(*state, 2);
    static struct alarm alarm;
    alarm = (struct alarm){0};
    signal_init(&alarm.finished);
    spawn(system, arm_and_cancel, &alarm);
    signal_wait(&alarm.finished);
    finish(system);
}

static int arm_for_another(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    struct alarm *alarm = state;
    if (message->type == MESSAGE_GO) {
        uint64_t timer = cairn_turn_timer(turn, message->value, 1);
        behaviour_assert(cairn_turn_tell(turn, alarm->other, MESSAGE_GO, timer) == 0);
    }
    if (message->type == CAIRN_MESSAGE_TIMER) {
        behaviour_assert(!alarm->must_not_fire);
        signal_raise(&alarm->finished);
    }
    return CAIRN_TURN_OK;
}

static int cancel_anothers(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    struct alarm *alarm = state;
    if (message->type != MESSAGE_GO)
        return CAIRN_TURN_OK;
    if (cairn_turn_timer_cancel(turn, message->value))
        signal_raise(&alarm->finished);
    return CAIRN_TURN_OK;
}

/* With a long delay the cancel always comes first; with one of 0 to 1 ms it races the expiry, and
 * then exactly one of the two is seen. */
static void a_timer_may_be_cancelled_on_another_worker(void **state)
{
    struct cairn_system *system = start(*state, 2);
    static struct alarm alarm;
    alarm = (struct alarm){.must_not_fire = true};
    signal_init(&alarm.finished);
    struct cairn_actor_ref armer = spawn_on(system, 0, CAIRN_ACTOR_PINNED, arm_for_another, &alarm);
    alarm.other = spawn_on(system, 1, CAIRN_ACTOR_PINNED, cancel_anothers, &alarm);
    for (int i = 0; i < 100; i++) {
        post(system, armer, MESSAGE_GO, 1000000);
        signal_wait(&alarm.finished);
    }
    finish(system);

    system = start(*state, 2);
    alarm.must_not_fire = false;
    armer = spawn_on(system, 0, CAIRN_ACTOR_PINNED, arm_for_another, &alarm);
    alarm.other = spawn_on(system, 1, CAIRN_ACTOR_PINNED, cancel_anothers, &alarm);
    for (int i = 0; i < 100; i++) {
        post(system, armer, MESSAGE_GO, (uint64_t)(i % 2));
        signal_wait(&alarm.finished);
    }
    assert_int_not_equal(sem_trywait(&alarm.finished.semaphore), 0);
    finish(system);
}

/* ---- the dead ---- */

static int arm_and_end(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    (void)state;
    behaviour_assert(message->type == CAIRN_MESSAGE_START);
    cairn_turn_timer(turn, 1, 0);
    return CAIRN_TURN_STOP;
}

static int wait_and_signal(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    if (message->type == CAIRN_MESSAGE_START)
        cairn_turn_timer(turn, 3, 0);
    else
        signal_raise(state);
    return CAIRN_TURN_OK;
}

/* A slot is used again at once; a timer of its last owner must not reach the new one. */
static void a_timer_of_an_ended_actor_reaches_nobody(void **state)
{
    struct cairn_system *system = start(*state, 2);
    struct signal finished;
    signal_init(&finished);
    for (int i = 0; i < 50; i++)
        spawn_on(system, 1, CAIRN_ACTOR_PINNED, arm_and_end, NULL);
    spawn_on(system, 1, CAIRN_ACTOR_PINNED, wait_and_signal, &finished);
    signal_wait(&finished);
    finish(system);
}

#define CASE(test)                                                                                 \
    {                                                                                              \
#test, test                                                                                \
    }

int main(void)
{
    static const struct test_case cases[] = {
        CASE(timers_fire_in_order_and_never_early),
        CASE(a_cancelled_timer_does_not_fire),
        CASE(a_timer_may_be_cancelled_on_another_worker),
        CASE(a_timer_of_an_ended_actor_reaches_nobody),
    };
    return run_over_variants("system_timers", cases, sizeof(cases) / sizeof(cases[0]));
}
