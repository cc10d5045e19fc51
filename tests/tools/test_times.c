#include "tools/times.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "runtime/base/random.h"
#include "tests/support/stderr.h"

static int parse(const char *text, struct cairn_bound *bound)
{
    struct stderr_capture capture;
    stderr_capture_begin(&capture);
    int result = cairn_bound_parse("dump", "--since", text, bound);
    const char *said = stderr_capture_end(&capture);
    if (result < 0)
        assert_non_null(strstr(said, "cairn dump: --since must be"));
    else
        assert_string_equal(said, "");
    return result;
}

static void a_number_is_a_sequence_and_an_at_sign_milliseconds(void **state)
{
    (void)state;
    struct cairn_bound bound;
    assert_int_equal(parse(NULL, &bound), 0);
    assert_false(bound.is_set);
    assert_int_equal(parse("0", &bound), 0);
    assert_true(bound.is_set && bound.is_seq && bound.seq == 0);
    assert_int_equal(parse("18446744073709551615", &bound), 0);
    assert_true(bound.seq == UINT64_MAX);
    assert_int_equal(parse("@1700000000000", &bound), 0);
    assert_true(bound.is_set && !bound.is_seq && bound.ts_ms == 1700000000000);
    assert_int_equal(parse("@-5", &bound), 0);
    assert_int_equal(bound.ts_ms, -5);
}

static void dates_are_iso_8601(void **state)
{
    static const struct {
        const char *text;
        int64_t ts_ms;
    } cases[] = {
        {"1970-01-01", 0},
        {"1969-12-31T23:59:59Z", -1000},
        {"2000-02-29", 951782400000},
        {"2026-01-31", 1769817600000},
        {"2026-01-31T12:30:00Z", 1769862600000},
        {"2026-01-31T12:30:00+02:00", 1769855400000},
        {"2026-01-31T12:30:00-09:30", 1769896800000},
        {"2016-12-31T23:59:60Z", 1483228800000}, /* a leap second is the next one */
        {"0000-03-01", -62162035200000},
        {"9999-12-31T23:59:59Z", 253402300799000},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct cairn_bound bound;
        assert_int_equal(parse(cases[i].text, &bound), 0);
        assert_true(bound.is_set && !bound.is_seq);
        if (bound.ts_ms != cases[i].ts_ms)
            fail_msg("%s gives %" PRId64, cases[i].text, bound.ts_ms);
    }
}

static void what_is_no_time_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "-1",
        "+1",
        "1.5",
        "@",
        "@x",
        "18446744073709551616",
        "@9223372036854775808",
        "now",
        "2026-1-31",
        "2026-01-3",
        "2026/01/31",
        "2026-13-01",
        "2026-00-01",
        "2026-01-00",
        "2026-01-32",
        "2026-02-29",
        "2025-04-31",
        "1900-02-29",
        "2026-01-31T",
        "2026-01-31 12:30:00",
        "2026-01-31T12:30",
        "2026-01-31T24:00:00Z",
        "2026-01-31T12:60:00Z",
        "2026-01-31T12:30:61Z",
        "2026-01-31T12:30:00",
        "2026-01-31T12:30:00z",
        "2026-01-31T12:30:00Zx",
        "2026-01-31T12:30:00+2:00",
        "2026-01-31T12:30:00+02",
        "2026-01-31T12:30:00+24:00",
        "2026-01-31T12:30:00+02:60",
        "2026-01-31T12:30:00 02:00",
        "2026-01-31T12:30:00+02:00x",
        " 2026-01-31",
        "  26-01-31",
        "-026-01-31",
        "+026-01-31",
        "2026-+1-31",
        "2026- 1-31",
        "2026-01-31T-1:30:00Z",
        "2026-01-31T 1:30:00Z",
        "2026-01-31T12:30:00+-2:00",
        "2026-01-31T12:30:00+ 2:00",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct cairn_bound bound;
        if (parse(texts[i], &bound) != -EINVAL)
            fail_msg("taken: \"%s\"", texts[i]);
    }
}

/* The C library's calendar is the naive model. */
static void any_second_is_formatted_and_read_back(void **state)
{
    struct cairn_random random;
    (void)state;
    cairn_random_init(&random, 11);
    print_message("seed 11\n");
    for (int i = 0; i < 20000; i++) {
        /* The years 0 to 9999. */
        int64_t second = (int64_t)cairn_random_below(&random, 315569520000) - 62167219200;
        int64_t ts_ms = second * 1000 + (int64_t)cairn_random_below(&random, 1000);
        char text[32], expected[64];
        struct cairn_bound bound;
        struct tm tm;
        time_t time = (time_t)second;
        assert_non_null(gmtime_r(&time, &tm));
        snprintf(expected, sizeof(expected), "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900,
                 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
        assert_string_equal(cairn_time_format(ts_ms, text), expected);
        assert_int_equal(cairn_bound_parse("dump", "--since", text, &bound), 0);
        assert_true(bound.ts_ms == second * 1000);
    }
}

/* Clients send any 64 bits as `ts`. */
static void the_ends_of_time_can_be_formatted(void **state)
{
    char text[32];
    (void)state;
    assert_non_null(cairn_time_format(INT64_MIN, text));
    assert_true(strlen(text) < sizeof(text));
    assert_non_null(cairn_time_format(INT64_MAX, text));
    assert_true(strlen(text) < sizeof(text));
    assert_string_equal(cairn_time_format(-1, text), "1969-12-31T23:59:59Z");
}

static void bounds_are_after_a_sequence_or_from_a_time(void **state)
{
    const struct cairn_bound none = {0};
    const struct cairn_bound seq = {.is_set = true, .is_seq = true, .seq = 10};
    const struct cairn_bound time = {.is_set = true, .ts_ms = 1000};
    (void)state;
    assert_true(cairn_bound_is_after(&none, 0, 0) && cairn_bound_is_before(&none, 0, 0));
    assert_false(cairn_bound_is_after(&seq, 9, 0) || cairn_bound_is_after(&seq, 10, 0));
    assert_true(cairn_bound_is_after(&seq, 11, 0));
    assert_true(cairn_bound_is_before(&seq, 9, 0) && cairn_bound_is_before(&seq, 10, 0));
    assert_false(cairn_bound_is_before(&seq, 11, 0));
    assert_false(cairn_bound_is_after(&time, 0, 999));
    assert_true(cairn_bound_is_after(&time, 0, 1000) && cairn_bound_is_after(&time, 0, 1001));
    assert_true(cairn_bound_is_before(&time, 0, 999));
    assert_false(cairn_bound_is_before(&time, 0, 1000) || cairn_bound_is_before(&time, 0, 1001));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_is_a_sequence_and_an_at_sign_milliseconds),
        cmocka_unit_test(dates_are_iso_8601),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(any_second_is_formatted_and_read_back),
        cmocka_unit_test(the_ends_of_time_can_be_formatted),
        cmocka_unit_test(bounds_are_after_a_sequence_or_from_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
