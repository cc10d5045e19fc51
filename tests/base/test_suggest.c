#include "runtime/base/suggest.h"

#include "runtime/base/random.h"
#include "tests/support/unit.h"

static const char *const NAMES[] = {"serve",  "replay", "verify", "repair", "dump",
                                    "digest", "doctor", "search", "listen", "max_body_bytes"};

static const char *suggest(const char *wrong)
{
    return cairn_suggest(cairn_slice_of(wrong), NAMES, sizeof(NAMES) / sizeof(NAMES[0]));
}

static uint32_t distance(const char *a, const char *b)
{
    return cairn_suggest_distance(cairn_slice_of(a), cairn_slice_of(b), 100);
}

static void distance_counts_inserts_deletes_replacements_and_swaps(void **state)
{
    (void)state;
    assert_int_equal(distance("", ""), 0);
    assert_int_equal(distance("", "abc"), 3);
    assert_int_equal(distance("abc", ""), 3);
    assert_int_equal(distance("abc", "abc"), 0);
    assert_int_equal(distance("abc", "ABC"), 0);
    assert_int_equal(distance("abc", "axc"), 1);
    assert_int_equal(distance("abc", "acb"), 1);
    assert_int_equal(distance("kitten", "sitting"), 3);
}

static void distance_stops_at_its_limit(void **state)
{
    (void)state;
    assert_int_equal(cairn_suggest_distance(cairn_slice_of("abcdef"), cairn_slice_of("uvwxyz"), 2),
                     3);
}

static void distance_is_symmetric_and_at_most_the_steps_taken(void **state)
{
    (void)state;
    struct cairn_random random;
    cairn_random_init(&random, 3);
    for (int round = 0; round < 5000; round++) {
        char a[13] = "abcdefghijkl", b[13];
        memcpy(b, a, sizeof(b));
        uint32_t steps = (uint32_t)cairn_random_below(&random, 5);
        for (uint32_t step = 0; step < steps; step++)
            b[cairn_random_below(&random, 12)] = (char)('a' + cairn_random_below(&random, 26));
        assert_true(distance(a, b) <= steps);
        assert_int_equal(distance(a, b), distance(b, a));
    }
}

static void slips_find_the_name_that_was_meant(void **state)
{
    (void)state;
    assert_string_equal(suggest("sevre"), "serve");
    assert_string_equal(suggest("lisen"), "listen");
    assert_string_equal(suggest("verfiy"), "verify");
    assert_string_equal(suggest("max_bodybytes"), "max_body_bytes");
    assert_string_equal(suggest("max_body"), "max_body_bytes");
}

static void nothing_is_suggested_for_what_is_not_near(void **state)
{
    (void)state;
    assert_null(suggest("colour"));
    assert_null(suggest("x"));
    assert_null(suggest(""));
    assert_null(suggest("re"));
    assert_null(suggest("a_name_that_is_very_much_longer_than_any_name_that_could_be_suggested"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distance_counts_inserts_deletes_replacements_and_swaps),
        cmocka_unit_test(distance_stops_at_its_limit),
        cmocka_unit_test(distance_is_symmetric_and_at_most_the_steps_taken),
        cmocka_unit_test(slips_find_the_name_that_was_meant),
        cmocka_unit_test(nothing_is_suggested_for_what_is_not_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
