/* Failure, restart, escalation, and who hears of an end. */
#include <stdatomic.h>
#include <string.h>

#include "tests/runtime/system_fixture.h"

enum { MESSAGE_POISON = MESSAGE_DONE + 1 };

/* What an actor saw, as letters: S start, W work, P poison. */
struct history {
    char seen[64];
    size_t count;
    struct signal work_done;
};

static void note(struct history *history, char letter)
{
    behaviour_assert(history->count + 1 < sizeof(history->seen));
    history->seen[history->count++] = letter;
}

static int work_or_fail(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    (void)turn;
    struct history *history = state;
    switch (message->type) {
    case CAIRN_MESSAGE_START:
        note(history, 'S');
        return CAIRN_TURN_OK;
    case MESSAGE_POISON:
        note(history, 'P');
        return -EBADMSG;
    case MESSAGE_WORK:
        note(history, 'W');
        signal_raise(&history->work_done);
        return CAIRN_TURN_OK;
    default:
        return CAIRN_TURN_STOP;
    }
}

struct escalation {
    atomic_int count;
    atomic_int reason;
    char actor[32];
    struct signal raised;
};

static void escalate(void *context, const char *actor, int reason)
{
    struct escalation *escalation = context;
    snprintf(escalation->actor, sizeof(escalation->actor), "%s", actor);
    atomic_store(&escalation->reason, reason);
    atomic_fetch_add(&escalation->count, 1);
    signal_raise(&escalation->raised);
}

static struct cairn_system *start_watched(const struct variant *variant,
                                          struct escalation *escalation)
{
    struct cairn_system_options options = options_of(variant, 2);
    options.backoff_min_ms = 2;
    options.backoff_max_ms = 4;
    options.escalate = escalate;
    options.context = escalation;
    *escalation = (struct escalation){0};
    signal_init(&escalation->raised);
    return start_with(&options);
}

static struct cairn_actor_ref spawn_failing(struct cairn_system *system, struct history *history,
                                            enum cairn_restart restart)
{
    *history = (struct history){0};
    signal_init(&history->work_done);
    const struct cairn_actor_options options = {
        .name = "failing",
        .behaviour = work_or_fail,
        .state = history,
        .worker = UINT32_MAX,
        .restart = restart,
    };
    struct cairn_actor_ref ref;
    assert_int_equal(cairn_system_spawn(system, &options, &ref), 0);
    return ref;
}

static void the_poison_is_dropped_and_the_rest_of_the_mailbox_kept(void **state)
{
    static struct escalation escalation;
    static struct history history;
    struct cairn_system *system = start_watched(*state, &escalation);
    struct cairn_actor_ref ref = spawn_failing(system, &history, CAIRN_RESTART_TRANSIENT);
    post(system, ref, MESSAGE_WORK, 0);
    signal_wait(&history.work_done);
    post(system, ref, MESSAGE_POISON, 0);
    post(system, ref, MESSAGE_WORK, 0);
    post(system, ref, MESSAGE_WORK, 0);
    signal_wait(&history.work_done);
    signal_wait(&history.work_done);
    assert_int_equal(cairn_system_dead_letters(system), 1);

    struct cairn_actor_stats row;
    cairn_system_actor_stats(system, &row, 1);
    assert_string_equal(row.name, "failing");
    assert_int_equal(row.failures, 1);
    assert_int_equal(row.restarts, 1);
    assert_int_equal(row.actors, 1);
    finish(system);
    assert_string_equal(history.seen, "SWPSWW");
    assert_int_equal(atomic_load(&escalation.count), 0);
}

static void five_failures_are_restarted_and_the_sixth_escalates(void **state)
{
    static struct escalation escalation;
    static struct history history;
    struct cairn_system *system = start_watched(*state, &escalation);
    struct cairn_actor_ref ref = spawn_failing(system, &history, CAIRN_RESTART_TRANSIENT);
    for (int i = 0; i < 6; i++)
        post(system, ref, MESSAGE_POISON, 0);
    signal_wait(&escalation.raised);
    cairn_system_stop_actor(system, ref); /* it ends by itself */
    assert_int_equal(cairn_system_send(system, ref, MESSAGE_WORK, 0, NULL, 0), -ESTALE);
    finish(system);
    assert_string_equal(history.seen, "SPSPSPSPSPSP");
    assert_int_equal(atomic_load(&escalation.count), 1);
    assert_int_equal(atomic_load(&escalation.reason), -EBADMSG);
    assert_string_equal(escalation.actor, "failing");
}

static void without_restart_the_first_failure_ends_it(void **state)
{
    static struct escalation escalation;
    static struct history history;
    struct cairn_system *system = start_watched(*state, &escalation);
    struct cairn_actor_ref ref = spawn_failing(system, &history, CAIRN_RESTART_NEVER);
    post(system, ref, MESSAGE_POISON, 0);
    signal_wait(&escalation.raised);
    cairn_system_stop_actor(system, ref);
    finish(system);
    assert_string_equal(history.seen, "SP");
}

static int fail_to_start(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    (void)turn, (void)message;
    ++*(int *)state;
    return -EIO;
}

static void an_actor_that_cannot_start_backs_off_and_gives_up(void **state)
{
    static struct escalation escalation;
    struct cairn_system *system = start_watched(*state, &escalation);
    int starts = 0;
    const struct cairn_actor_options options = {
        .name = "stillborn",
        .behaviour = fail_to_start,
        .state = &starts,
        .worker = UINT32_MAX,
        .restart = CAIRN_RESTART_TRANSIENT,
    };
    struct cairn_actor_ref ref;
    assert_int_equal(cairn_system_spawn(system, &options, &ref), 0);
    signal_wait(&escalation.raised);
    finish(system);
    assert_int_equal(starts, 6);
}

/* While an actor backs off its worker runs others, and messages to it wait. */
struct backing_off {
    struct cairn_actor_ref failing;
    uint64_t failed_ns;
    uint64_t restarted_ns;
    int starts;
    struct signal restarted;
};

static int fail_once_and_time_it(struct cairn_turn *turn, void *state,
                                 struct cairn_message *message)
{
    struct backing_off *test = state;
    if (message->type == CAIRN_MESSAGE_START && ++test->starts == 2)
        test->restarted_ns = cairn_turn_clock_ns(turn);
    if (message->type == MESSAGE_WORK) {
        behaviour_assert(test->starts == 2);
        signal_raise(&test->restarted);
    }
    if (message->type != MESSAGE_POISON)
        return CAIRN_TURN_OK;
    behaviour_assert(cairn_turn_tell(turn, cairn_turn_self(turn), MESSAGE_WORK, 0) == 0);
    test->failed_ns = cairn_turn_clock_ns(turn);
    return -EIO;
}

static void a_restart_comes_no_earlier_than_its_backoff(void **state)
{
    static struct escalation escalation;
    static struct backing_off test;
    struct cairn_system *system = start_watched(*state, &escalation);
    test = (struct backing_off){0};
    signal_init(&test.restarted);
    const struct cairn_actor_options options = {
        .name = "once",
        .behaviour = fail_once_and_time_it,
        .state = &test,
        .worker = UINT32_MAX,
        .restart = CAIRN_RESTART_TRANSIENT,
    };
    assert_int_equal(cairn_system_spawn(system, &options, &test.failing), 0);
    post(system, test.failing, MESSAGE_POISON, 0);
    signal_wait(&test.restarted);
    finish(system);
    assert_true(test.restarted_ns - test.failed_ns >= 1000000); /* at least 1 ms */
}

/* ---- monitors ---- */

struct watcher {
    struct cairn_actor_ref watched;
    uint64_t reason;
    struct signal ready;
    struct signal told;
};

static int watch(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    struct watcher *watcher = state;
    if (message->type == MESSAGE_GO) {
        behaviour_assert(cairn_turn_monitor(turn, watcher->watched) == 0);
        signal_raise(&watcher->ready);
    }
    if (message->type == CAIRN_MESSAGE_DOWN) {
        behaviour_assert(message->from.slot == watcher->watched.slot);
        behaviour_assert(message->from.generation == watcher->watched.generation);
        watcher->reason = message->value;
        signal_raise(&watcher->told);
    }
    return CAIRN_TURN_OK;
}

static int64_t reason_told(struct cairn_system *system, struct watcher *watcher,
                           struct cairn_actor_ref watched, uint32_t last_words)
{
    *watcher = (struct watcher){.watched = watched};
    signal_init(&watcher->ready);
    signal_init(&watcher->told);
    struct cairn_actor_ref ref = spawn(system, watch, watcher);
    post(system, ref, MESSAGE_GO, 0);
    signal_wait(&watcher->ready);
    if (last_words != 0)
        post(system, watched, last_words, 0);
    signal_wait(&watcher->told);
    return (int64_t)watcher->reason;
}

static void a_monitor_hears_the_reason_of_the_end(void **state)
{
    static struct escalation escalation;
    static struct history history;
    static struct watcher watcher;
    struct cairn_system *system = start_watched(*state, &escalation);
    struct cairn_actor_ref first = spawn_failing(system, &history, CAIRN_RESTART_NEVER);
    assert_int_equal(reason_told(system, &watcher, first, CAIRN_MESSAGE_STOP), 0);
    assert_int_equal(reason_told(system, &watcher, first, 0), -ESTALE); /* ended already */
    struct cairn_actor_ref second = spawn_failing(system, &history, CAIRN_RESTART_NEVER);
    assert_int_equal(reason_told(system, &watcher, second, MESSAGE_POISON), -EBADMSG);
    finish(system);
}

static int monitor_and_end(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    struct watcher *watcher = state;
    if (message->type != CAIRN_MESSAGE_START)
        return CAIRN_TURN_OK;
    behaviour_assert(cairn_turn_monitor(turn, watcher->watched) == 0);
    signal_raise(&watcher->ready);
    return CAIRN_TURN_STOP;
}

/* Monitors of which the watcher is gone are dropped; at the end nobody is told, and nothing leaks
 * (the pools-off variant under a memory checker). */
static void watchers_may_end_before_the_watched(void **state)
{
    static struct escalation escalation;
    static struct history history;
    static struct watcher watcher;
    struct cairn_system *system = start_watched(*state, &escalation);
    struct cairn_actor_ref watched = spawn_failing(system, &history, CAIRN_RESTART_NEVER);
    watcher = (struct watcher){.watched = watched};
    signal_init(&watcher.ready);
    for (int i = 0; i < 200; i++)
        spawn(system, monitor_and_end, &watcher);
    for (int i = 0; i < 200; i++)
        signal_wait(&watcher.ready);
    cairn_system_stop_actor(system, watched);
    finish(system);
}

#define CASE(test)                                                                                 \
    {                                                                                              \
#test, test                                                                                \
    }

int main(void)
{
    static const struct test_case cases[] = {
        CASE(the_poison_is_dropped_and_the_rest_of_the_mailbox_kept),
        CASE(five_failures_are_restarted_and_the_sixth_escalates),
        CASE(without_restart_the_first_failure_ends_it),
        CASE(an_actor_that_cannot_start_backs_off_and_gives_up),
        CASE(a_restart_comes_no_earlier_than_its_backoff),
        CASE(a_monitor_hears_the_reason_of_the_end),
        CASE(watchers_may_end_before_the_watched),
    };
    return run_over_variants("system_supervision", cases, sizeof(cases) / sizeof(cases[0]));
}
