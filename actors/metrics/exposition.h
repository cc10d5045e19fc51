/* actors/metrics/exposition.h: the Prometheus text format, and OpenMetrics.
 *
 *     # HELP name text
 *     # TYPE name counter
 *     name{label="value"} 7
 *
 * Ownership   Borrows the buffer.
 * Errors      The buffer's.
 * Source      prometheus.io, "Exposition formats"; OpenMetrics 1.0.
 */
#pragma once

#include <stdbool.h>

#include "actors/metrics/histogram.h"
#include "runtime/base/bytes.h"

struct cairn_exposition {
    struct cairn_buffer *buffer;
    bool is_openmetrics; /* counters are declared without _total; the text ends in # EOF */
};

/* `type`: counter, gauge or histogram. A counter's name ends in _total. */
void cairn_exposition_family(struct cairn_exposition *exposition, const char *name,
                             const char *type, const char *help);
/* `labels` is "" or `a="x",b="y"`, escaped already. */
void cairn_exposition_u64(struct cairn_exposition *exposition, const char *name, const char *labels,
                          uint64_t value);
void cairn_exposition_double(struct cairn_exposition *exposition, const char *name,
                             const char *labels, double value);
void cairn_exposition_histogram(struct cairn_exposition *exposition, const char *name,
                                const char *labels, const struct cairn_histogram *histogram);
void cairn_exposition_end(struct cairn_exposition *exposition);
