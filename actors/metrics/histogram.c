#include "actors/metrics/histogram.h"

#define US UINT64_C(1000)
#define MS UINT64_C(1000000)
#define S  UINT64_C(1000000000)

const uint64_t cairn_histogram_bounds_ns[CAIRN_HISTOGRAM_BUCKETS - 1] = {
    1 * US,   2500,     5 * US,    10 * US,   25 * US, 50 * US, 100 * US, 250 * US,
    500 * US, 1 * MS,   2500 * US, 5 * MS,    10 * MS, 25 * MS, 50 * MS,  100 * MS,
    250 * MS, 500 * MS, 1 * S,     2500 * MS, 5 * S,   10 * S,  30 * S,   60 * S,
};

const char *const cairn_histogram_bounds_text[CAIRN_HISTOGRAM_BUCKETS - 1] = {
    "1e-06",  "2.5e-06", "5e-06",  "1e-05", "2.5e-05", "5e-05", "0.0001", "0.00025",
    "0.0005", "0.001",   "0.0025", "0.005", "0.01",    "0.025", "0.05",   "0.1",
    "0.25",   "0.5",     "1",      "2.5",   "5",       "10",    "30",     "60",
};

/* The first bucket whose bound is not below the value. */
static size_t bucket_of(uint64_t value_ns)
{
    size_t low = 0;
    size_t high = CAIRN_HISTOGRAM_BUCKETS - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (cairn_histogram_bounds_ns[middle] < value_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void cairn_histogram_record(struct cairn_histogram *histogram, uint64_t value_ns)
{
    histogram->counts[bucket_of(value_ns)]++;
    histogram->count++;
    histogram->sum_ns += value_ns;
    if (value_ns > histogram->max_ns)
        histogram->max_ns = value_ns;
}

uint64_t cairn_histogram_quantile(const struct cairn_histogram *histogram, double share)
{
    double wanted = share * (double)histogram->count;
    uint64_t below = 0;
    if (histogram->count == 0)
        return 0;
    for (size_t i = 0; i < CAIRN_HISTOGRAM_BUCKETS; i++) {
        uint64_t count = histogram->counts[i];
        if (count == 0 || (double)(below + count) < wanted) {
            below += count;
            continue;
        }
        double from = i == 0 ? 0 : (double)cairn_histogram_bounds_ns[i - 1];
        double to = i == CAIRN_HISTOGRAM_BUCKETS - 1 ? (double)histogram->max_ns
                                                     : (double)cairn_histogram_bounds_ns[i];
        double value = from + (to - from) * (wanted - (double)below) / (double)count;
        return value >= (double)histogram->max_ns ? histogram->max_ns : (uint64_t)value;
    }
    return histogram->max_ns;
}
