#include "actors/metrics/metrics.h"

#include <errno.h>
#include <stdlib.h>

#include "actors/messages.h"
#include "actors/metrics/metrics_internal.h"
#include "actors/operation.h"
#include "runtime/base/log.h"

const double cairn_ratio_bounds[CAIRN_RATIO_BUCKETS - 1] = {0.001, 0.0025, 0.005, 0.01, 0.02,
                                                            0.05,  0.1,    0.25,  0.5};

int cairn_metrics_create(const struct cairn_metrics_options *options,
                         struct cairn_metrics **metrics)
{
    struct cairn_metrics *created = calloc(1, sizeof(*created));
    if (created == NULL)
        return -ENOMEM;
    created->options = *options;
    if (created->options.slow_entries == 0)
        created->options.slow_entries = 1;
    created->slow = calloc(created->options.slow_entries, sizeof(*created->slow));
    if (created->slow == NULL) {
        free(created);
        return -ENOMEM;
    }
    *metrics = created;
    return 0;
}

void cairn_metrics_destroy(struct cairn_metrics *metrics)
{
    for (uint32_t i = 0; i < metrics->route_count; i++)
        free(metrics->routes[i]);
    free(metrics->slow);
    free(metrics);
}

/* ---- recording ---- */

/* NULL when there are more routes and statuses than are ever expected: then it is not kept apart.
 */
static struct cairn_route_metrics *route_of(struct cairn_metrics *metrics,
                                            enum cairn_operation operation, int status)
{
    for (uint32_t i = 0; i < metrics->route_count; i++) {
        struct cairn_route_metrics *route = metrics->routes[i];
        if (route->operation == operation && route->status == status)
            return route;
    }
    if (metrics->route_count == CAIRN_METRICS_ROUTES_MAX)
        return NULL;
    struct cairn_route_metrics *route = calloc(1, sizeof(*route));
    if (route == NULL)
        return NULL;
    route->operation = operation;
    route->status = status;
    metrics->routes[metrics->route_count++] = route;
    return route;
}

static void record_ratio(struct cairn_metrics *metrics, uint64_t part_ns, uint64_t total_ns)
{
    double ratio = total_ns == 0 ? 0 : (double)part_ns / (double)total_ns;
    size_t bucket = 0;
    while (bucket < CAIRN_RATIO_BUCKETS - 1 && ratio > cairn_ratio_bounds[bucket])
        bucket++;
    metrics->unattributed_ratio[bucket]++;
    metrics->unattributed_ratio_sum += ratio;
}

static void log_slow(const struct cairn_request_report *report)
{
    if (!cairn_log_is_on(CAIRN_LOG_WARN))
        return;
    struct cairn_log_field fields[CAIRN_STAGE_COUNT + 6];
    size_t count = 0;
    fields[count++] = cairn_log_text("route", cairn_operation_name(report->operation));
    fields[count++] = cairn_log_text("space", report->space);
    fields[count++] = cairn_log_i64("status", report->status);
    fields[count++] = cairn_log_double("ms", (double)report->total_ns / 1e6);
    fields[count++] = cairn_log_u64("body_bytes", report->body_bytes);
    for (int stage = 0; stage < CAIRN_STAGE_COUNT; stage++) {
        if (report->stage_ns[stage] > 0)
            fields[count++] = cairn_log_double(cairn_stage_name((enum cairn_stage)stage),
                                               (double)report->stage_ns[stage] / 1e6);
    }
    fields[count] = (struct cairn_log_field){.key = NULL};
    cairn_log_write(CAIRN_LOG_WARN, "slow_request", fields);
}

static void record_request(struct cairn_metrics *metrics, const struct cairn_request_report *report)
{
    uint64_t attributed_ns = 0;
    struct cairn_route_metrics *route = route_of(metrics, report->operation, report->status);
    metrics->requests++;
    if (route != NULL)
        cairn_histogram_record(&route->duration, report->total_ns);
    for (int stage = 0; stage < CAIRN_STAGE_COUNT; stage++) {
        attributed_ns += report->stage_ns[stage];
        if (report->stage_ns[stage] > 0)
            cairn_histogram_record(&metrics->stages[stage], report->stage_ns[stage]);
    }
    uint64_t left_ns = report->total_ns > attributed_ns ? report->total_ns - attributed_ns : 0;
    cairn_histogram_record(&metrics->unattributed, left_ns);
    record_ratio(metrics, left_ns, report->total_ns);
    if (report->total_ns >= metrics->options.slow_ms * UINT64_C(1000000)) {
        metrics->slow[metrics->slow_count++ % metrics->options.slow_entries] = *report;
        log_slow(report);
    }
}

/* As many as went out together, one after another. */
static void record_requests(struct cairn_metrics *metrics, const struct cairn_message *message)
{
    const struct cairn_request_report *reports =
        (const struct cairn_request_report *)(const void *)message->payload;
    for (uint64_t i = 0; i < message->value; i++)
        record_request(metrics, &reports[i]);
}

static void record_commit(struct cairn_metrics *metrics, const struct cairn_commit_report *report)
{
    cairn_histogram_record(&metrics->commits, report->duration_ns);
    for (size_t kind = 0; kind < 64; kind++)
        metrics->events_by_kind[kind] += report->events_by_kind[kind];
    metrics->last_commit = *report;
}

static void answer(struct cairn_turn *turn, struct cairn_metrics *metrics,
                   struct cairn_request *request)
{
    uint64_t from_ns = cairn_request_received(turn, request);
    switch (request->operation) {
    case CAIRN_OPERATION_METRICS:
        cairn_metrics_render_prometheus(metrics, request);
        break;
    case CAIRN_OPERATION_STATS:
        cairn_metrics_render_stats(metrics, request, cairn_turn_now_ns(turn));
        break;
    default:
        cairn_metrics_render_slow(metrics, request);
        break;
    }
    cairn_request_book(turn, request, CAIRN_STAGE_METRICS, from_ns);
    cairn_request_finish(turn, request);
}

int cairn_metrics_behaviour(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    struct cairn_metrics *metrics = state;
    switch (message->type) {
    case CAIRN_MESSAGE_START:
        metrics->started_ns = cairn_turn_now_ns(turn);
        break;
    case CAIRN_MESSAGE_REPORT:
        record_requests(metrics, message);
        break;
    case CAIRN_MESSAGE_COMMIT_REPORT:
        record_commit(metrics, (const struct cairn_commit_report *)message->payload);
        break;
    case CAIRN_MESSAGE_REQUEST:
        answer(turn, metrics, cairn_request_of(message));
        break;
    case CAIRN_MESSAGE_STOP:
        return CAIRN_TURN_STOP;
    default:
        break;
    }
    return CAIRN_TURN_OK;
}
