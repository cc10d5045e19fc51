/* tests/runtime/system_fixture.h: systems to test, over every switch, and a way to wait for them.
 *
 * Each test of behaviour runs once per variant: io_uring and posix, stealing, pools, each on and
 * off. A test waits for a condition with a deadline; the deadline is only there to fail. */
#pragma once

#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "runtime/actor.h"
#include "runtime/io/thread.h"
#include "tests/support/unit.h"

#define DEADLINE_S 60

enum { MESSAGE_GO = CAIRN_MESSAGE_USER, MESSAGE_WORK, MESSAGE_DONE };

struct variant {
    const char *name;
    bool posix_io;
    bool work_stealing;
    bool message_pools;
    uint32_t spin_us;
};

static const struct variant variants[] = {
    {"uring, all on", false, true, true, 20},     {"posix", true, true, true, 20},
    {"uring, no spinning", false, true, true, 0}, {"no stealing", false, false, true, 20},
    {"no pools", false, true, false, 20},         {"posix, all off", true, false, false, 0},
};
#define VARIANTS (sizeof(variants) / sizeof(variants[0]))

/* A semaphore with a deadline, signalled by actors. */
struct signal {
    sem_t semaphore;
};

static inline void signal_init(struct signal *signal)
{
    assert_int_equal(sem_init(&signal->semaphore, 0, 0), 0);
}

static inline void signal_raise(struct signal *signal)
{
    sem_post(&signal->semaphore);
}

static inline void signal_wait(struct signal *signal)
{
    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += DEADLINE_S;
    int result = sem_timedwait(&signal->semaphore, &deadline);
    while (result != 0 && errno == EINTR)
        result = sem_timedwait(&signal->semaphore, &deadline);
    assert_int_equal(result, 0);
}

static inline struct cairn_system_options options_of(const struct variant *variant,
                                                     uint32_t worker_count)
{
    return (struct cairn_system_options){
        .worker_count = worker_count,
        .posix_io = variant->posix_io,
        .work_stealing = variant->work_stealing,
        .message_pools = variant->message_pools,
        .defer_taskrun = true,
        .spin_us = variant->spin_us,
        .seed = 42,
    };
}

static inline struct cairn_system *start_with(const struct cairn_system_options *options)
{
    struct cairn_system *system;
    assert_int_equal(cairn_system_create(options, &system), 0);
    assert_int_equal(cairn_system_start(system), 0);
    return system;
}

static inline struct cairn_system *start(const struct variant *variant, uint32_t worker_count)
{
    struct cairn_system_options options = options_of(variant, worker_count);
    return start_with(&options);
}

static inline void finish(struct cairn_system *system)
{
    cairn_system_stop(system);
    cairn_system_destroy(system);
}

static inline struct cairn_actor_ref spawn_on(struct cairn_system *system, uint32_t worker,
                                              uint32_t flags, cairn_behaviour behaviour,
                                              void *state)
{
    const struct cairn_actor_options options = {
        .name = "test",
        .behaviour = behaviour,
        .state = state,
        .flags = flags,
        .worker = worker,
    };
    struct cairn_actor_ref ref;
    assert_int_equal(cairn_system_spawn(system, &options, &ref), 0);
    return ref;
}

static inline struct cairn_actor_ref spawn(struct cairn_system *system, cairn_behaviour behaviour,
                                           void *state)
{
    return spawn_on(system, UINT32_MAX, 0, behaviour, state);
}

static inline void post(struct cairn_system *system, struct cairn_actor_ref to, uint32_t type,
                        uint64_t value)
{
    assert_int_equal(cairn_system_send(system, to, type, value, NULL, 0), 0);
}

/* Within a behaviour cmocka's assertions would jump off another thread's stack. */
#define behaviour_assert(condition)                                                                \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static inline struct cairn_worker_stats sum_of_stats(struct cairn_system *system)
{
    struct cairn_worker_stats sum = {0};
    for (uint32_t i = 0; i < cairn_system_worker_count(system); i++) {
        struct cairn_worker_stats stats;
        cairn_system_worker_stats(system, i, &stats);
        sum.messages += stats.messages;
        sum.turns += stats.turns;
        sum.steals += stats.steals;
        sum.exports += stats.exports;
        sum.parks += stats.parks;
        sum.wakes += stats.wakes;
        sum.timers += stats.timers;
    }
    return sum;
}

/* One cmocka test per variant, named after both. */
struct test_case {
    const char *name;
    CMUnitTestFunction test;
};

static inline int run_over_variants(const char *group, const struct test_case *cases, size_t count)
{
    struct CMUnitTest *tests = calloc(count * VARIANTS, sizeof(*tests));
    char(*names)[160] = calloc(count * VARIANTS, sizeof(*names));
    if (tests == NULL || names == NULL)
        return 1;
    for (size_t i = 0; i < count * VARIANTS; i++) {
        const struct variant *variant = &variants[i % VARIANTS];
        snprintf(names[i], sizeof(names[i]), "%s (%s)", cases[i / VARIANTS].name, variant->name);
        tests[i] = (struct CMUnitTest){
            .name = names[i],
            .test_func = cases[i / VARIANTS].test,
            .initial_state = (void *)(uintptr_t)variant,
        };
    }
    int failed = _cmocka_run_group_tests(group, tests, count * VARIANTS, NULL, NULL);
    free(tests);
    free(names);
    return failed;
}
