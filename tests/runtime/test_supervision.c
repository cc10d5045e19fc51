#include "runtime/supervision.h"

#include "tests/support/unit.h"

static const struct cairn_supervision_options options = {
    .restart_max = 5,
    .restart_window_ms = 60000,
    .backoff_min_ms = 10,
    .backoff_max_ms = 100,
};

static struct cairn_random seeded(uint64_t seed)
{
    struct cairn_random random;
    cairn_random_init(&random, seed);
    return random;
}

static void five_failures_are_restarted_and_the_sixth_is_not(void **state)
{
    (void)state;
    struct cairn_random random = seeded(1);
    struct cairn_failures failures = {0};
    uint32_t delay_ms;
    for (uint32_t i = 0; i < 5; i++)
        assert_true(cairn_supervision_allows(&options, &failures, 1000 + i, &random, &delay_ms));
    assert_false(cairn_supervision_allows(&options, &failures, 1006, &random, &delay_ms));
}

static void a_new_window_begins_when_the_last_has_passed(void **state)
{
    (void)state;
    struct cairn_random random = seeded(1);
    struct cairn_failures failures = {0};
    uint32_t delay_ms;
    for (uint32_t i = 0; i < 5; i++)
        assert_true(cairn_supervision_allows(&options, &failures, 1000, &random, &delay_ms));
    assert_false(cairn_supervision_allows(&options, &failures, 60999, &random, &delay_ms));
    assert_true(cairn_supervision_allows(&options, &failures, 61000, &random, &delay_ms));
    assert_int_equal(failures.count, 1);
}

static void a_clock_that_wraps_does_not_matter(void **state)
{
    (void)state;
    struct cairn_random random = seeded(1);
    struct cairn_failures failures = {0};
    uint32_t delay_ms;
    for (uint32_t i = 0; i < 5; i++)
        assert_true(
            cairn_supervision_allows(&options, &failures, UINT32_MAX - 1 + i, &random, &delay_ms));
    assert_false(cairn_supervision_allows(&options, &failures, 10, &random, &delay_ms));
}

/* The n-th delay is uniform over 1 .. min(10 * 2^(n-1), 100): all values occur, no other. */
static void delays_double_with_full_jitter_up_to_the_limit(void **state)
{
    (void)state;
    static const uint32_t limits[] = {10, 20, 40, 80, 100};
    uint32_t least[5], most[5];
    for (int n = 0; n < 5; n++) {
        least[n] = UINT32_MAX;
        most[n] = 0;
    }
    for (uint64_t seed = 0; seed < 5000; seed++) {
        struct cairn_random random = seeded(seed);
        struct cairn_failures failures = {0};
        for (int n = 0; n < 5; n++) {
            uint32_t delay_ms;
            assert_true(cairn_supervision_allows(&options, &failures, 0, &random, &delay_ms));
            least[n] = delay_ms < least[n] ? delay_ms : least[n];
            most[n] = delay_ms > most[n] ? delay_ms : most[n];
        }
    }
    for (int n = 0; n < 5; n++) {
        assert_int_equal(least[n], 1);
        assert_int_equal(most[n], limits[n]);
    }
}

static void a_limit_of_one_allows_one(void **state)
{
    (void)state;
    struct cairn_supervision_options strict = options;
    strict.restart_max = 1;
    struct cairn_random random = seeded(1);
    struct cairn_failures failures = {0};
    uint32_t delay_ms;
    assert_true(cairn_supervision_allows(&strict, &failures, 5, &random, &delay_ms));
    assert_false(cairn_supervision_allows(&strict, &failures, 5, &random, &delay_ms));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_failures_are_restarted_and_the_sixth_is_not),
        cmocka_unit_test(a_new_window_begins_when_the_last_has_passed),
        cmocka_unit_test(a_clock_that_wraps_does_not_matter),
        cmocka_unit_test(delays_double_with_full_jitter_up_to_the_limit),
        cmocka_unit_test(a_limit_of_one_allows_one),
    };
    return cmocka_run_group_tests_name("supervision", tests, NULL, NULL);
}
