/* actors/metrics/histogram.h: how long things took, in buckets that Prometheus can add up.
 *
 * Context   One writer. Reading while it writes is the same thread's business.
 * Units     Nanoseconds in, seconds in the exposition.
 * Cost      record: a binary search over 32 bounds, some nanoseconds.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CAIRN_HISTOGRAM_BUCKETS 25 /* the last is everything above the last bound */

struct cairn_histogram {
    uint64_t counts[CAIRN_HISTOGRAM_BUCKETS];
    uint64_t count;
    uint64_t sum_ns;
    uint64_t max_ns;
};

/* Upper bounds in nanoseconds, inclusive: 1 us to 60 s. */
extern const uint64_t cairn_histogram_bounds_ns[CAIRN_HISTOGRAM_BUCKETS - 1];
/* The same as Prometheus spells them: "1e-06", ... */
extern const char *const cairn_histogram_bounds_text[CAIRN_HISTOGRAM_BUCKETS - 1];

void cairn_histogram_record(struct cairn_histogram *histogram, uint64_t value_ns);

/* The value below which a share (0..1) of the recordings lies, interpolated inside its bucket; 0
 * when there are none. */
uint64_t cairn_histogram_quantile(const struct cairn_histogram *histogram, double share);
