#include "actors/metrics/histogram.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/random.h"
#include "tests/support/unit.h"

static void a_value_at_a_bound_lies_below_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < CAIRN_HISTOGRAM_BUCKETS - 1; i++) {
        for (uint64_t beyond = 0; beyond < 3; beyond++) {
            struct cairn_histogram histogram = {0};
            uint64_t value = cairn_histogram_bounds_ns[i] - 1 + beyond;
            cairn_histogram_record(&histogram, value);
            assert_int_equal(histogram.counts[beyond == 2 ? i + 1 : i], 1);
            assert_int_equal(histogram.count, 1);
            assert_int_equal(histogram.sum_ns, value);
            assert_int_equal(histogram.max_ns, value);
        }
    }
}

static void bounds_ascend_and_are_spelled_as_they_are(void **state)
{
    (void)state;
    for (size_t i = 0; i < CAIRN_HISTOGRAM_BUCKETS - 1; i++) {
        double seconds = strtod(cairn_histogram_bounds_text[i], NULL);
        double difference = seconds * 1e9 - (double)cairn_histogram_bounds_ns[i];
        assert_true(difference > -0.5 && difference < 0.5);
        assert_true(i == 0 || cairn_histogram_bounds_ns[i - 1] < cairn_histogram_bounds_ns[i]);
    }
}

static void zero_and_the_largest_value_are_counted(void **state)
{
    (void)state;
    struct cairn_histogram histogram = {0};
    cairn_histogram_record(&histogram, 0);
    assert_int_equal(histogram.counts[0], 1);
    assert_int_equal(cairn_histogram_quantile(&histogram, 0.99), 0);
    histogram = (struct cairn_histogram){0};
    cairn_histogram_record(&histogram, UINT64_MAX);
    assert_int_equal(histogram.counts[CAIRN_HISTOGRAM_BUCKETS - 1], 1);
    assert_true(cairn_histogram_quantile(&histogram, 1) > cairn_histogram_bounds_ns[23]);
}

static void an_empty_histogram_has_no_quantile(void **state)
{
    (void)state;
    const struct cairn_histogram histogram = {0};
    assert_int_equal(cairn_histogram_quantile(&histogram, 0.5), 0);
}

static int compare(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

/* What a bucket cannot tell apart is at most the bucket. */
static void check_quantile(const struct cairn_histogram *histogram, const uint64_t *sorted,
                           size_t count, double share)
{
    size_t rank = (size_t)(share * (double)count);
    if ((double)rank < share * (double)count)
        rank++;
    uint64_t exact = sorted[rank == 0 ? 0 : rank - 1];
    uint64_t estimate = cairn_histogram_quantile(histogram, share);
    uint64_t low = 0;
    uint64_t high = sorted[count - 1];
    for (size_t i = 0; i < CAIRN_HISTOGRAM_BUCKETS - 1; i++) {
        if (cairn_histogram_bounds_ns[i] < exact)
            low = cairn_histogram_bounds_ns[i];
        else if (cairn_histogram_bounds_ns[i] < high)
            high = cairn_histogram_bounds_ns[i];
    }
    assert_in_range(estimate, low, high);
}

static void quantiles_agree_with_sorting_up_to_the_bucket(void **state)
{
    static const double shares[] = {0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1};
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct cairn_random random;
        struct cairn_histogram histogram = {0};
        uint64_t values[1000];
        cairn_random_init(&random, seed);
        size_t count = 1 + (size_t)cairn_random_below(&random, 1000);
        for (size_t i = 0; i < count; i++) {
            values[i] = cairn_random_next(&random) >> (24 + cairn_random_below(&random, 40));
            cairn_histogram_record(&histogram, values[i]);
        }
        qsort(values, count, sizeof(values[0]), compare);
        assert_int_equal(histogram.max_ns, values[count - 1]);
        uint64_t previous = 0;
        for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
            check_quantile(&histogram, values, count, shares[i]);
            uint64_t estimate = cairn_histogram_quantile(&histogram, shares[i]);
            assert_true(estimate >= previous);
            previous = estimate;
        }
    }
    print_message("seeds 1 to 50\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_at_a_bound_lies_below_it),
        cmocka_unit_test(bounds_ascend_and_are_spelled_as_they_are),
        cmocka_unit_test(zero_and_the_largest_value_are_counted),
        cmocka_unit_test(an_empty_histogram_has_no_quantile),
        cmocka_unit_test(quantiles_agree_with_sorting_up_to_the_bucket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
