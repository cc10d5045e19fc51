/* actors/metrics/metrics_internal.h: the numbers, shared by the actor and its renderers. */
#pragma once

#include "actors/metrics/histogram.h"
#include "actors/metrics/metrics.h"
#include "actors/report.h"

#define CAIRN_METRICS_ROUTES_MAX 256

/* Requests of one operation that ended with one status. */
struct cairn_route_metrics {
    enum cairn_operation operation;
    int status;
    struct cairn_histogram duration;
};

/* Shares of a request's time, in thousandths. */
#define CAIRN_RATIO_BUCKETS 10

struct cairn_metrics {
    struct cairn_metrics_options options;
    struct cairn_route_metrics *routes[CAIRN_METRICS_ROUTES_MAX]; /* owned; in order of first use */
    uint32_t route_count;
    struct cairn_histogram stages[CAIRN_STAGE_COUNT];
    struct cairn_histogram unattributed;
    uint64_t unattributed_ratio[CAIRN_RATIO_BUCKETS];
    double unattributed_ratio_sum;
    uint64_t requests;
    struct cairn_histogram commits;
    uint64_t events_by_kind[64];
    struct cairn_commit_report last_commit;
    struct cairn_request_report *slow; /* ring of options.slow_entries */
    uint64_t slow_count;
    uint64_t started_ns;
};

/* Upper bounds of unattributed / total. */
extern const double cairn_ratio_bounds[CAIRN_RATIO_BUCKETS - 1];

void cairn_metrics_render_prometheus(struct cairn_metrics *metrics, struct cairn_request *request);
void cairn_metrics_render_stats(struct cairn_metrics *metrics, struct cairn_request *request,
                                uint64_t now_ns);
void cairn_metrics_render_slow(struct cairn_metrics *metrics, struct cairn_request *request);
