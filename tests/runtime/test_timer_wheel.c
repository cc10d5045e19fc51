#include "runtime/timer_wheel.h"

#include <string.h>

#include "runtime/base/random.h"
#include "tests/support/unit.h"

#define TIMERS 200

static void a_timer_fires_at_its_tick_and_not_before(void **state)
{
    (void)state;
    /* Both sides of every level's edge, from an even and from an odd start. */
    static const uint64_t delays[] = {0,       1,       62,       63,       64,       65,
                                      4095,    4096,    4097,     262143,   262144,   262145,
                                      1 << 24, 1 << 25, 16777215, 16777217, 50000000, 1000000000};
    static const uint64_t starts[] = {0, 1, 63, 64, 4095, 262143, 16777215, 123456789};
    static struct cairn_timer_wheel wheel;

    for (size_t s = 0; s < sizeof(starts) / sizeof(starts[0]); s++) {
        for (size_t d = 0; d < sizeof(delays) / sizeof(delays[0]); d++) {
            struct cairn_timer_link timer = {0};
            uint64_t due = starts[s] + delays[d];
            cairn_timer_wheel_init(&wheel, starts[s]);
            cairn_timer_wheel_add(&wheel, &timer, due);
            assert_true(cairn_timer_wheel_next_tick(&wheel) <= due);
            if (delays[d] > 0)
                assert_null(cairn_timer_wheel_pop(&wheel, due - 1));
            assert_ptr_equal(cairn_timer_wheel_pop(&wheel, due), &timer);
            assert_false(cairn_timer_link_is_armed(&timer));
            assert_int_equal(cairn_timer_wheel_next_tick(&wheel), UINT64_MAX);
        }
    }
}

static void a_timer_in_the_past_fires_now(void **state)
{
    (void)state;
    static struct cairn_timer_wheel wheel;
    struct cairn_timer_link timer = {0};
    cairn_timer_wheel_init(&wheel, 1000);
    cairn_timer_wheel_add(&wheel, &timer, 10);
    assert_ptr_equal(cairn_timer_wheel_pop(&wheel, 1000), &timer);
}

static void a_removed_timer_does_not_fire(void **state)
{
    (void)state;
    static struct cairn_timer_wheel wheel;
    struct cairn_timer_link timers[3] = {{0}};
    cairn_timer_wheel_init(&wheel, 0);
    for (size_t i = 0; i < 3; i++)
        cairn_timer_wheel_add(&wheel, &timers[i], 5000);
    cairn_timer_wheel_remove(&wheel, &timers[1]);
    assert_ptr_equal(cairn_timer_wheel_pop(&wheel, 6000), &timers[0]);
    assert_ptr_equal(cairn_timer_wheel_pop(&wheel, 6000), &timers[2]);
    assert_null(cairn_timer_wheel_pop(&wheel, 6000));
}

static void timers_fire_in_the_order_of_their_ticks(void **state)
{
    (void)state;
    static struct cairn_timer_wheel wheel;
    static const uint64_t due[] = {70000, 3, 5000, 70, 63, 64, 300000, 4};
    struct cairn_timer_link timers[8] = {{0}};
    cairn_timer_wheel_init(&wheel, 0);
    for (size_t i = 0; i < 8; i++)
        cairn_timer_wheel_add(&wheel, &timers[i], due[i]);
    uint64_t last = 0;
    for (size_t i = 0; i < 8; i++) {
        const struct cairn_timer_link *timer = cairn_timer_wheel_pop(&wheel, 1000000);
        assert_non_null(timer);
        assert_true(timer->due_tick >= last);
        last = timer->due_tick;
    }
}

/* The model: an array of due ticks, scanned. */
struct model {
    bool armed;
    uint64_t due;
};

static uint64_t random_delay(struct cairn_random *random)
{
    uint64_t magnitude = cairn_random_below(random, 27);
    return cairn_random_below(random, UINT64_C(1) << magnitude);
}

static uint64_t earliest(const struct model *model)
{
    uint64_t tick = UINT64_MAX;
    for (size_t i = 0; i < TIMERS; i++)
        if (model[i].armed && model[i].due < tick)
            tick = model[i].due;
    return tick;
}

static void expire_both(struct cairn_timer_wheel *wheel, const struct cairn_timer_link *timers,
                        struct model *model, uint64_t tick)
{
    const struct cairn_timer_link *timer = cairn_timer_wheel_pop(wheel, tick);
    while (timer != NULL) {
        struct model *expected = &model[timer - timers];
        assert_true(expected->armed);
        assert_int_equal(expected->due, earliest(model));
        expected->armed = false;
        timer = cairn_timer_wheel_pop(wheel, tick);
    }
    assert_true(earliest(model) > tick);
}

static void it_agrees_with_a_naive_model_over_random_steps(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        print_message("seed %lu\n", (unsigned long)seed);
        struct cairn_random random;
        cairn_random_init(&random, seed);
        static struct cairn_timer_wheel wheel;
        struct cairn_timer_link timers[TIMERS];
        struct model model[TIMERS];
        memset(timers, 0, sizeof(timers));
        memset(model, 0, sizeof(model));
        uint64_t tick = random_delay(&random);
        cairn_timer_wheel_init(&wheel, tick);

        for (int step = 0; step < 20000; step++) {
            size_t i = (size_t)cairn_random_below(&random, TIMERS);
            uint64_t choice = cairn_random_below(&random, 4);
            if (choice == 0) {
                tick += random_delay(&random) / 16;
                expire_both(&wheel, timers, model, tick);
            } else if (!model[i].armed) {
                model[i] = (struct model){true, tick + random_delay(&random)};
                cairn_timer_wheel_add(&wheel, &timers[i], model[i].due);
            } else if (choice == 1) {
                cairn_timer_wheel_remove(&wheel, &timers[i]);
                model[i].armed = false;
            }
            assert_true(cairn_timer_wheel_next_tick(&wheel) <= earliest(model));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_timer_fires_at_its_tick_and_not_before),
        cmocka_unit_test(a_timer_in_the_past_fires_now),
        cmocka_unit_test(a_removed_timer_does_not_fire),
        cmocka_unit_test(timers_fire_in_the_order_of_their_ticks),
        cmocka_unit_test(it_agrees_with_a_naive_model_over_random_steps),
    };
    return cmocka_run_group_tests_name("timer_wheel", tests, NULL, NULL);
}
