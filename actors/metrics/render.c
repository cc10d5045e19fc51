/* What metrics shows: Prometheus text, /v1/stats and the slow log. */
#include <stdio.h>
#include <stdlib.h>

#include "actors/metrics/exposition.h"
#include "actors/metrics/metrics_internal.h"
#include "actors/operation.h"
#include "runtime/base/json_writer.h"

#define ACTORS_MAX 64

static const char *const projection_names[CAIRN_PROJECTION_COUNT] = {"training", "patterns",
                                                                     "retrieval", "facts"};

struct label {
    char text[160];
};

static struct label label(const char *name, const char *value)
{
    struct label made;
    snprintf(made.text, sizeof(made.text), "%s=\"%s\"", name, value);
    return made;
}

/* ---- Prometheus ---- */

static void expose_requests(struct cairn_exposition *out, const struct cairn_metrics *metrics)
{
    cairn_exposition_family(out, "cairn_request_duration_seconds", "histogram",
                            "From the first byte read to the last byte written.");
    for (uint32_t i = 0; i < metrics->route_count; i++) {
        const struct cairn_route_metrics *route = metrics->routes[i];
        struct label labels;
        snprintf(labels.text, sizeof(labels.text), "route=\"%s\",status=\"%d\"",
                 cairn_operation_name(route->operation), route->status);
        cairn_exposition_histogram(out, "cairn_request_duration_seconds", labels.text,
                                   &route->duration);
    }
    cairn_exposition_family(out, "cairn_stage_duration_seconds", "histogram",
                            "Time of a request by stage; unattributed is what no stage covers.");
    for (int stage = 0; stage < CAIRN_STAGE_COUNT; stage++)
        cairn_exposition_histogram(out, "cairn_stage_duration_seconds",
                                   label("stage", cairn_stage_name((enum cairn_stage)stage)).text,
                                   &metrics->stages[stage]);
    cairn_exposition_histogram(out, "cairn_stage_duration_seconds",
                               label("stage", "unattributed").text, &metrics->unattributed);
}

static void expose_ratio(struct cairn_exposition *out, const struct cairn_metrics *metrics)
{
    const char *name = "cairn_request_unattributed_ratio";
    uint64_t count = 0;
    cairn_exposition_family(out, name, "histogram",
                            "Share of a request's time that no stage covers.");
    for (size_t i = 0; i < CAIRN_RATIO_BUCKETS; i++) {
        count += metrics->unattributed_ratio[i];
        if (i == CAIRN_RATIO_BUCKETS - 1)
            cairn_buffer_printf(out->buffer, "%s_bucket{le=\"+Inf\"} %llu\n", name,
                                (unsigned long long)count);
        else
            cairn_buffer_printf(out->buffer, "%s_bucket{le=\"%g\"} %llu\n", name,
                                cairn_ratio_bounds[i], (unsigned long long)count);
    }
    cairn_buffer_printf(out->buffer, "%s_sum %.9g\n%s_count %llu\n", name,
                        metrics->unattributed_ratio_sum, name, (unsigned long long)count);
}

static void expose_ledger(struct cairn_exposition *out, const struct cairn_metrics *metrics,
                          uint64_t head)
{
    cairn_exposition_family(out, "cairn_ingest_events_total", "counter",
                            "Events committed since the start, by kind.");
    for (unsigned kind = CAIRN_EVENT_MESSAGE; kind < CAIRN_EVENT_KIND_END; kind++)
        cairn_exposition_u64(out, "cairn_ingest_events_total",
                             label("kind", cairn_event_kind_name((uint8_t)kind)).text,
                             metrics->events_by_kind[kind]);
    cairn_exposition_family(out, "cairn_ledger_commit_duration_seconds", "histogram",
                            "From append until as safe as asked.");
    cairn_exposition_histogram(out, "cairn_ledger_commit_duration_seconds", "", &metrics->commits);
    cairn_exposition_family(out, "cairn_ledger_bytes_total", "counter",
                            "Bytes of events as sent to the ledger, and as stored.");
    cairn_exposition_u64(out, "cairn_ledger_bytes_total", "form=\"raw\"",
                         metrics->last_commit.raw_bytes_total);
    cairn_exposition_u64(out, "cairn_ledger_bytes_total", "form=\"stored\"",
                         metrics->last_commit.stored_bytes_total);
    cairn_exposition_family(out, "cairn_ledger_seq", "gauge", "Last committed sequence number.");
    cairn_exposition_u64(out, "cairn_ledger_seq", "", head);
}

static void expose_projections(struct cairn_exposition *out, const struct cairn_metrics *metrics,
                               uint64_t head)
{
    cairn_exposition_family(out, "cairn_projection_lag_events", "gauge",
                            "Events that a projection is behind the committed head.");
    for (unsigned id = 0; id < CAIRN_PROJECTION_COUNT; id++)
        cairn_exposition_u64(out, "cairn_projection_lag_events",
                             label("projection", projection_names[id]).text,
                             head - cairn_shards_applied(metrics->options.shards,
                                                         (enum cairn_projection_id)id, head));
    cairn_exposition_family(out, "cairn_projection_bytes", "gauge",
                            "Live bytes of a projection's models.");
    for (unsigned id = 0; id < CAIRN_PROJECTION_COUNT; id++) {
        uint64_t bytes = 0;
        for (uint32_t shard = 0; shard < metrics->options.shards->count; shard++)
            bytes += atomic_load_explicit(&metrics->options.shards->watermarks[id][shard].bytes,
                                          memory_order_relaxed);
        cairn_exposition_u64(out, "cairn_projection_bytes",
                             label("projection", projection_names[id]).text, bytes);
    }
}

static void expose_actors(struct cairn_exposition *out, const struct cairn_metrics *metrics)
{
    struct cairn_actor_stats rows[ACTORS_MAX];
    size_t count = cairn_system_actor_stats(metrics->options.system, rows, ACTORS_MAX);
    count = count > ACTORS_MAX ? ACTORS_MAX : count;
    cairn_exposition_family(out, "cairn_mailbox_depth", "gauge", "Messages waiting, by actor.");
    for (size_t i = 0; i < count; i++)
        cairn_exposition_u64(out, "cairn_mailbox_depth", label("actor", rows[i].name).text,
                             rows[i].mailbox_depth);
    cairn_exposition_family(out, "cairn_actor_messages_total", "counter",
                            "Messages handled, by actor.");
    for (size_t i = 0; i < count; i++)
        cairn_exposition_u64(out, "cairn_actor_messages_total", label("actor", rows[i].name).text,
                             rows[i].messages);
    cairn_exposition_family(out, "cairn_actor_restarts_total", "counter",
                            "Restarts after a failure, by actor.");
    for (size_t i = 0; i < count; i++)
        cairn_exposition_u64(out, "cairn_actor_restarts_total", label("actor", rows[i].name).text,
                             rows[i].restarts);
}

static struct cairn_worker_stats sum_workers(const struct cairn_metrics *metrics)
{
    struct cairn_worker_stats sum = {0};
    for (uint32_t i = 0; i < cairn_system_worker_count(metrics->options.system); i++) {
        struct cairn_worker_stats stats;
        cairn_system_worker_stats(metrics->options.system, i, &stats);
        sum.turns += stats.turns;
        sum.messages += stats.messages;
        sum.steals += stats.steals;
        sum.exports += stats.exports;
        sum.parks += stats.parks;
        sum.wakes += stats.wakes;
        sum.polls += stats.polls;
        sum.completions += stats.completions;
        sum.timers += stats.timers;
        sum.busy_ns += stats.busy_ns;
        if (stats.longest_turn_ns > sum.longest_turn_ns)
            sum.longest_turn_ns = stats.longest_turn_ns;
    }
    return sum;
}

static void expose_workers(struct cairn_exposition *out, const struct cairn_metrics *metrics)
{
    struct cairn_worker_stats sum = sum_workers(metrics);
    const struct {
        const char *name, *help;
        uint64_t value;
    } counters[] = {
        {"cairn_worker_steals_total", "Actors taken from another worker.", sum.steals},
        {"cairn_worker_exports_total", "Actors offered to idle workers.", sum.exports},
        {"cairn_worker_parks_total", "Times a worker went to sleep.", sum.parks},
        {"cairn_worker_wakes_total", "Times a worker woke another.", sum.wakes},
        {"cairn_worker_turns_total", "Turns of actors.", sum.turns},
        {"cairn_worker_messages_total", "Messages handled.", sum.messages},
        {"cairn_io_polls_total", "Times a worker looked at its I/O.", sum.polls},
        {"cairn_io_completions_total", "I/O operations completed.", sum.completions},
        {"cairn_dead_letters_total", "Messages that failed their actor.",
         cairn_system_dead_letters(metrics->options.system)},
    };
    for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
        cairn_exposition_family(out, counters[i].name, "counter", counters[i].help);
        cairn_exposition_u64(out, counters[i].name, "", counters[i].value);
    }
    cairn_exposition_family(out, "cairn_worker_busy_seconds_total", "counter",
                            "Time that workers spent in turns.");
    cairn_exposition_double(out, "cairn_worker_busy_seconds_total", "", (double)sum.busy_ns / 1e9);
    cairn_exposition_family(out, "cairn_worker_longest_turn_seconds", "gauge",
                            "The longest turn since the start.");
    cairn_exposition_double(out, "cairn_worker_longest_turn_seconds", "",
                            (double)sum.longest_turn_ns / 1e9);
}

void cairn_metrics_render_prometheus(struct cairn_metrics *metrics, struct cairn_request *request)
{
    struct cairn_exposition out = {.buffer = &request->answer,
                                   .is_openmetrics = request->accepts_openmetrics};
    uint64_t head = atomic_load_explicit(metrics->options.committed_seq, memory_order_acquire);
    cairn_exposition_family(&out, "cairn_build_info", "gauge", "The running version.");
    cairn_exposition_u64(&out, "cairn_build_info", label("version", metrics->options.version).text,
                         1);
    expose_requests(&out, metrics);
    expose_ratio(&out, metrics);
    expose_ledger(&out, metrics, head);
    expose_projections(&out, metrics, head);
    expose_actors(&out, metrics);
    expose_workers(&out, metrics);
    cairn_exposition_end(&out);
    request->content_type = request->accepts_openmetrics
                                ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                : "text/plain; version=0.0.4; charset=utf-8";
    request->status = 200;
}

/* ---- JSON ---- */

static void write_histogram(struct cairn_json_writer *writer, const char *name,
                            const struct cairn_histogram *histogram)
{
    cairn_json_member_object(writer, name);
    cairn_json_member_u64(writer, "count", histogram->count);
    cairn_json_member_double(writer, "p50_us",
                             (double)cairn_histogram_quantile(histogram, 0.50) / 1e3);
    cairn_json_member_double(writer, "p95_us",
                             (double)cairn_histogram_quantile(histogram, 0.95) / 1e3);
    cairn_json_member_double(writer, "p99_us",
                             (double)cairn_histogram_quantile(histogram, 0.99) / 1e3);
    cairn_json_member_double(writer, "max_us", (double)histogram->max_ns / 1e3);
    cairn_json_end_object(writer);
}

static void write_projections(struct cairn_json_writer *writer, const struct cairn_metrics *metrics,
                              uint64_t head)
{
    cairn_json_member_object(writer, "projections");
    for (unsigned id = 0; id < CAIRN_PROJECTION_COUNT; id++) {
        uint64_t applied =
            cairn_shards_applied(metrics->options.shards, (enum cairn_projection_id)id, head);
        cairn_json_member_object(writer, projection_names[id]);
        cairn_json_member_u64(writer, "applied_seq", applied);
        cairn_json_member_u64(writer, "lag_events", head - applied);
        cairn_json_end_object(writer);
    }
    cairn_json_end_object(writer);
}

static void write_workers(struct cairn_json_writer *writer, const struct cairn_metrics *metrics)
{
    struct cairn_worker_stats sum = sum_workers(metrics);
    cairn_json_member_object(writer, "workers");
    cairn_json_member_u64(writer, "count", cairn_system_worker_count(metrics->options.system));
    cairn_json_member_u64(writer, "turns", sum.turns);
    cairn_json_member_u64(writer, "messages", sum.messages);
    cairn_json_member_u64(writer, "steals", sum.steals);
    cairn_json_member_u64(writer, "parks", sum.parks);
    cairn_json_member_double(writer, "longest_turn_us", (double)sum.longest_turn_ns / 1e3);
    cairn_json_end_object(writer);
}

void cairn_metrics_render_stats(struct cairn_metrics *metrics, struct cairn_request *request,
                                uint64_t now_ns)
{
    struct cairn_json_writer writer;
    uint64_t head = atomic_load_explicit(metrics->options.committed_seq, memory_order_acquire);
    cairn_json_writer_init(&writer, &request->answer);
    cairn_json_begin_object(&writer);
    cairn_json_member_text(&writer, "version", metrics->options.version);
    cairn_json_member_u64(&writer, "uptime_ms", (now_ns - metrics->started_ns) / 1000000);
    cairn_json_member_u64(&writer, "seq", head);
    cairn_json_member_u64(&writer, "requests", metrics->requests);
    write_projections(&writer, metrics, head);
    write_histogram(&writer, "commit", &metrics->commits);
    cairn_json_member_object(&writer, "stages");
    for (int stage = 0; stage < CAIRN_STAGE_COUNT; stage++)
        write_histogram(&writer, cairn_stage_name((enum cairn_stage)stage),
                        &metrics->stages[stage]);
    write_histogram(&writer, "unattributed", &metrics->unattributed);
    cairn_json_end_object(&writer);
    write_workers(&writer, metrics);
    cairn_json_end_object(&writer);
    request->status = 200;
}

static void write_slow(struct cairn_json_writer *writer, const struct cairn_request_report *report)
{
    uint64_t attributed_ns = 0;
    cairn_json_begin_object(writer);
    cairn_json_member_i64(writer, "ts", report->at_ms);
    cairn_json_member_text(writer, "route", cairn_operation_name(report->operation));
    cairn_json_member_i64(writer, "status", report->status);
    cairn_json_member_text(writer, "space", report->space);
    cairn_json_member_text(writer, "request_id", report->request_id);
    cairn_json_member_u64(writer, "seq", report->seq);
    cairn_json_member_u64(writer, "body_bytes", report->body_bytes);
    cairn_json_member_u64(writer, "answer_bytes", report->answer_bytes);
    cairn_json_member_double(writer, "ms", (double)report->total_ns / 1e6);
    cairn_json_member_object(writer, "stages_ms");
    for (int stage = 0; stage < CAIRN_STAGE_COUNT; stage++) {
        attributed_ns += report->stage_ns[stage];
        if (report->stage_ns[stage] > 0)
            cairn_json_member_double(writer, cairn_stage_name((enum cairn_stage)stage),
                                     (double)report->stage_ns[stage] / 1e6);
    }
    uint64_t left_ns = report->total_ns > attributed_ns ? report->total_ns - attributed_ns : 0;
    cairn_json_member_double(writer, "unattributed", (double)left_ns / 1e6);
    cairn_json_end_object(writer);
    cairn_json_end_object(writer);
}

/* Newest first. */
void cairn_metrics_render_slow(struct cairn_metrics *metrics, struct cairn_request *request)
{
    struct cairn_json_writer writer;
    uint64_t entries = metrics->options.slow_entries;
    uint64_t kept = metrics->slow_count < entries ? metrics->slow_count : entries;
    cairn_json_writer_init(&writer, &request->answer);
    cairn_json_begin_object(&writer);
    cairn_json_member_u64(&writer, "slow_ms", metrics->options.slow_ms);
    cairn_json_member_u64(&writer, "seen", metrics->slow_count);
    cairn_json_member_array(&writer, "items");
    for (uint64_t i = 0; i < kept; i++)
        write_slow(&writer, &metrics->slow[(metrics->slow_count - 1 - i) % entries]);
    cairn_json_end_array(&writer);
    cairn_json_member_null(&writer, "next_cursor");
    cairn_json_end_object(&writer);
    request->status = 200;
}
