/* What metrics answers after it was told of requests and commits. */
#include "actors/metrics/metrics.h"

#include "actors/metrics/exposition.h"
#include "actors/operation.h"
#include "actors/report.h"
#include "runtime/base/json.h"
#include "tests/actors/desk.h"
#include "tests/actors/metrics/prometheus.h"

#define SHARDS 2
#define MS     UINT64_C(1000000)

struct fixture {
    struct desk desk;
    struct cairn_shards shards;
    struct cairn_watermark watermarks[CAIRN_PROJECTION_COUNT][SHARDS];
    _Atomic uint64_t committed_seq;
    struct cairn_metrics *metrics;
    struct cairn_actor_ref ref;
    struct prometheus reader;
};

static int set_up(void **state)
{
    struct fixture *fixture = aligned_alloc(64, (sizeof(*fixture) + 63) / 64 * 64);
    memset(fixture, 0, sizeof(*fixture));
    desk_start(&fixture->desk, 1, true);
    fixture->shards.count = SHARDS;
    for (int id = 0; id < CAIRN_PROJECTION_COUNT; id++)
        fixture->shards.watermarks[id] = fixture->watermarks[id];
    const struct cairn_metrics_options options = {.system = fixture->desk.system,
                                                  .shards = &fixture->shards,
                                                  .committed_seq = &fixture->committed_seq,
                                                  .slow_ms = 100,
                                                  .slow_entries = 3,
                                                  .version = "1.2.3"};
    assert_int_equal(cairn_metrics_create(&options, &fixture->metrics), 0);
    fixture->ref = desk_spawn(&fixture->desk, "metrics", cairn_metrics_behaviour, fixture->metrics);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    cairn_system_stop_actor(fixture->desk.system, fixture->ref);
    desk_stop(&fixture->desk);
    cairn_metrics_destroy(fixture->metrics);
    prometheus_free(&fixture->reader);
    free(fixture);
    return 0;
}

static void report(struct fixture *fixture, enum cairn_operation operation, int status,
                   uint64_t total_ns, const char *space)
{
    struct cairn_request_report report = {.operation = operation,
                                          .status = status,
                                          .total_ns = total_ns,
                                          .at_ms = 1700000000000,
                                          .seq = 7,
                                          .body_bytes = 10,
                                          .answer_bytes = 20};
    report.stage_ns[CAIRN_STAGE_PARSE] = total_ns / 4;
    report.stage_ns[CAIRN_STAGE_DISK] = total_ns / 2;
    snprintf(report.space, sizeof(report.space), "%s", space);
    snprintf(report.request_id, sizeof(report.request_id), "id-%d", status);
    assert_int_equal(cairn_system_send(fixture->desk.system, fixture->ref, CAIRN_MESSAGE_REPORT, 1,
                                       &report, sizeof(report)),
                     0);
}

static struct cairn_request *ask(struct fixture *fixture, enum cairn_operation operation,
                                 bool openmetrics)
{
    struct cairn_request *request = cairn_request_create();
    request->operation = operation;
    request->accepts_openmetrics = openmetrics;
    request = desk_ask(&fixture->desk, fixture->ref, request);
    assert_int_equal(request->status, 200);
    return request;
}

static void scrape(struct fixture *fixture, bool openmetrics)
{
    struct cairn_request *request = ask(fixture, CAIRN_OPERATION_METRICS, openmetrics);
    assert_non_null(
        strstr(request->content_type, openmetrics ? "application/openmetrics-text" : "text/plain"));
    prometheus_free(&fixture->reader);
    prometheus_read(&fixture->reader, request->answer.data, openmetrics);
    cairn_request_destroy(request);
}

/* ---- Prometheus ---- */

static void the_exposition_keeps_the_grammar_before_anything_happened(void **state)
{
    struct fixture *fixture = *state;
    scrape(fixture, false);
    assert_true(prometheus_value(&fixture->reader, "cairn_build_info{version=\"1.2.3\"}") == 1);
    scrape(fixture, true);
    assert_true(prometheus_value(&fixture->reader, "cairn_ledger_seq") == 0);
}

static void every_operation_and_status_can_be_exposed(void **state)
{
    struct fixture *fixture = *state;
    for (int operation = 0; operation < CAIRN_OPERATION_COUNT; operation++) {
        assert_true(strlen(cairn_operation_name((enum cairn_operation)operation)) > 0);
        report(fixture, (enum cairn_operation)operation, 200, MS, "lab");
        report(fixture, (enum cairn_operation)operation, 404, 2 * MS, "lab");
    }
    scrape(fixture, false);
    scrape(fixture, true);
}

/* More than there is room for: counted together, not kept apart, and nothing breaks. */
static void more_routes_and_statuses_than_are_kept_apart_are_still_counted(void **state)
{
    struct fixture *fixture = *state;
    for (int status = 200; status < 600; status++)
        report(fixture, CAIRN_OPERATION_HEALTH, status, MS, "");
    scrape(fixture, false);
    struct cairn_request *request = ask(fixture, CAIRN_OPERATION_STATS, false);
    desk_check(request, 200, "\"requests\":400");
    cairn_request_destroy(request);
}

static void a_request_is_in_its_histograms(void **state)
{
    struct fixture *fixture = *state;
    report(fixture, CAIRN_OPERATION_SEARCH, 200, 4 * MS, "lab");
    report(fixture, CAIRN_OPERATION_SEARCH, 200, 8 * MS, "lab");
    scrape(fixture, false);
    const struct prometheus *reader = &fixture->reader;
#define ROUTE "route=\"search\",status=\"200\""
    assert_true(prometheus_value(reader, "cairn_request_duration_seconds_count{" ROUTE "}") == 2);
    assert_true(prometheus_value(reader, "cairn_request_duration_seconds_bucket{" ROUTE
                                         ",le=\"0.005\"}") == 1);
    assert_true(prometheus_value(reader, "cairn_request_duration_seconds_bucket{" ROUTE
                                         ",le=\"0.0025\"}") == 0);
    assert_true(prometheus_value(reader, "cairn_stage_duration_seconds_count{stage=\"disk\"}") ==
                2);
    assert_true(prometheus_value(reader, "cairn_stage_duration_seconds_count{stage=\"queue\"}") ==
                0);
    /* A quarter of each belongs to no stage. */
    double left =
        prometheus_value(reader, "cairn_stage_duration_seconds_sum{stage=\"unattributed\"}");
    assert_true(left > 0.00299 && left < 0.00301);
    assert_true(prometheus_value(reader, "cairn_request_unattributed_ratio_bucket{le=\"0.1\"}") ==
                0);
    assert_true(prometheus_value(reader, "cairn_request_unattributed_ratio_bucket{le=\"0.25\"}") ==
                2);
#undef ROUTE
}

/* Stages of two workers' clocks may add up to more than the whole. */
static void time_that_is_attributed_twice_leaves_nothing_over(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_request_report report = {.operation = CAIRN_OPERATION_SEARCH, .status = 200};
    report.total_ns = 5;
    report.stage_ns[CAIRN_STAGE_QUEUE] = 9;
    assert_int_equal(cairn_system_send(fixture->desk.system, fixture->ref, CAIRN_MESSAGE_REPORT, 1,
                                       &report, sizeof(report)),
                     0);
    report.total_ns = 0;
    assert_int_equal(cairn_system_send(fixture->desk.system, fixture->ref, CAIRN_MESSAGE_REPORT, 1,
                                       &report, sizeof(report)),
                     0);
    scrape(fixture, false);
    assert_true(prometheus_value(&fixture->reader,
                                 "cairn_stage_duration_seconds_sum{stage=\"unattributed\"}") == 0);
}

static void reports_that_went_out_together_come_in_one_message(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_request_report reports[5];
    memset(reports, 0, sizeof(reports));
    for (int i = 0; i < 5; i++) {
        reports[i].operation = CAIRN_OPERATION_GENERATE;
        reports[i].status = i < 3 ? 200 : 422;
        reports[i].total_ns = MS;
    }
    assert_int_equal(cairn_system_send(fixture->desk.system, fixture->ref, CAIRN_MESSAGE_REPORT, 5,
                                       reports, sizeof(reports)),
                     0);
    scrape(fixture, false);
    assert_true(prometheus_value(&fixture->reader, "cairn_request_duration_seconds_count"
                                                   "{route=\"generate\",status=\"200\"}") == 3);
    assert_true(prometheus_value(&fixture->reader, "cairn_request_duration_seconds_count"
                                                   "{route=\"generate\",status=\"422\"}") == 2);
}

static void a_commit_counts_events_by_kind_and_bytes(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_commit_report report = {.duration_ns = MS,
                                         .written_seq = 9,
                                         .durable_seq = 8,
                                         .raw_bytes_total = 1000,
                                         .stored_bytes_total = 300};
    report.events_by_kind[CAIRN_EVENT_MESSAGE] = 3;
    report.events_by_kind[CAIRN_EVENT_FORGET] = 1;
    for (int i = 0; i < 2; i++)
        assert_int_equal(cairn_system_send(fixture->desk.system, fixture->ref,
                                           CAIRN_MESSAGE_COMMIT_REPORT, 0, &report, sizeof(report)),
                         0);
    scrape(fixture, true);
    const struct prometheus *reader = &fixture->reader;
    assert_true(prometheus_value(reader, "cairn_ingest_events_total{kind=\"message\"}") == 6);
    assert_true(prometheus_value(reader, "cairn_ingest_events_total{kind=\"forget\"}") == 2);
    assert_true(prometheus_value(reader, "cairn_ledger_bytes_total{form=\"stored\"}") == 300);
    assert_true(prometheus_value(reader, "cairn_ledger_commit_duration_seconds_count") == 2);
}

static void lag_is_what_the_slowest_shard_lacks(void **state)
{
    struct fixture *fixture = *state;
    fixture->committed_seq = 100;
    fixture->watermarks[CAIRN_PROJECTION_PATTERNS][1].routed_seq = 90;
    fixture->watermarks[CAIRN_PROJECTION_PATTERNS][1].applied_seq = 60;
    fixture->watermarks[CAIRN_PROJECTION_PATTERNS][1].bytes = 11;
    fixture->watermarks[CAIRN_PROJECTION_PATTERNS][0].bytes = 22;
    fixture->watermarks[CAIRN_PROJECTION_FACTS][0].routed_seq = 50;
    fixture->watermarks[CAIRN_PROJECTION_FACTS][0].applied_seq = 50;
    scrape(fixture, false);
    const struct prometheus *reader = &fixture->reader;
    assert_true(prometheus_value(reader, "cairn_ledger_seq") == 100);
    assert_true(prometheus_value(reader, "cairn_projection_lag_events{projection=\"patterns\"}") ==
                40);
    assert_true(prometheus_value(reader, "cairn_projection_lag_events{projection=\"facts\"}") == 0);
    assert_true(prometheus_value(reader, "cairn_projection_bytes{projection=\"patterns\"}") == 33);
}

/* ---- JSON ---- */

static void check_json(struct cairn_request *request)
{
    struct cairn_json_scratch scratch = {0};
    struct cairn_json_reader reader;
    struct cairn_slice text = cairn_slice_of(request->answer.data);
    cairn_json_scratch_begin(&scratch, text.bytes);
    cairn_json_reader_init(&reader, text, &scratch);
    cairn_json_enter_object(&reader);
    struct cairn_slice key;
    while (cairn_json_next_member(&reader, &key))
        cairn_json_skip(&reader);
    if (cairn_json_finish(&reader) < 0)
        fail_msg("%s at %u: %s", reader.error, reader.error_offset, text.data);
    cairn_json_scratch_deinit(&scratch);
}

static void stats_are_json_with_quantiles(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_request *request = ask(fixture, CAIRN_OPERATION_STATS, false);
    check_json(request);
    desk_check(request, 200, "\"requests\":0");
    cairn_request_destroy(request);
    for (int i = 0; i < 100; i++)
        report(fixture, CAIRN_OPERATION_SEARCH, 200, MS * (uint64_t)(1 + i % 10), "lab");
    request = ask(fixture, CAIRN_OPERATION_STATS, false);
    check_json(request);
    desk_check(request, 200, "\"version\":\"1.2.3\"");
    desk_check(request, 200, "\"disk\":{\"count\":100,");
    desk_check(request, 200, "\"unattributed\":{\"count\":100,");
    cairn_request_destroy(request);
}

static void the_slow_log_keeps_the_newest_first(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_request *request = ask(fixture, CAIRN_OPERATION_SLOW, false);
    check_json(request);
    desk_check(request, 200, "\"items\":[]");
    cairn_request_destroy(request);

    report(fixture, CAIRN_OPERATION_SEARCH, 200, 100 * MS - 1, "quick");
    report(fixture, CAIRN_OPERATION_SEARCH, 201, 100 * MS, "slow-1");
    for (int i = 2; i <= 4; i++) {
        char space[24];
        snprintf(space, sizeof(space), "slow-%d", i);
        report(fixture, CAIRN_OPERATION_SEARCH, 200 + i, 200 * MS, space);
    }
    request = ask(fixture, CAIRN_OPERATION_SLOW, false);
    check_json(request);
    desk_check(request, 200, "\"seen\":4");
    const char *answer = request->answer.data;
    assert_null(strstr(answer, "quick"));
    assert_null(strstr(answer, "slow-1"));
    assert_true(strstr(answer, "slow-4") < strstr(answer, "slow-3"));
    assert_true(strstr(answer, "slow-3") < strstr(answer, "slow-2"));
    desk_check(request, 200, "\"stages_ms\":{\"parse\":50,\"disk\":100,\"unattributed\":50}");
    cairn_request_destroy(request);
}

static void the_slow_log_escapes_what_clients_chose(void **state)
{
    struct fixture *fixture = *state;
    report(fixture, CAIRN_OPERATION_SEARCH, 200, 200 * MS, "a\"b\\c\n\x01");
    struct cairn_request *request = ask(fixture, CAIRN_OPERATION_SLOW, false);
    check_json(request);
    cairn_request_destroy(request);
}

/* ---- the exposition alone ---- */

static void a_histogram_adds_up_in_both_formats(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_histogram histogram = {0};
    for (uint64_t i = 0; i < 1000; i++)
        cairn_histogram_record(&histogram, i * i * 1000);
    for (int openmetrics = 0; openmetrics < 2; openmetrics++) {
        struct cairn_buffer text = {0};
        struct cairn_exposition out = {.buffer = &text, .is_openmetrics = openmetrics != 0};
        cairn_exposition_family(&out, "cairn_x_seconds", "histogram", "X.");
        cairn_exposition_histogram(&out, "cairn_x_seconds", "", &histogram);
        cairn_exposition_histogram(&out, "cairn_x_seconds", "a=\"b\"", &histogram);
        cairn_exposition_family(&out, "cairn_y_total", "counter", "Y.");
        cairn_exposition_u64(&out, "cairn_y_total", "", UINT64_MAX);
        cairn_exposition_family(&out, "cairn_z", "gauge", "Z.");
        cairn_exposition_double(&out, "cairn_z", "", -1.5e-7);
        cairn_exposition_end(&out);
        cairn_buffer_append_byte(&text, '\0');
        prometheus_free(&fixture->reader);
        prometheus_read(&fixture->reader, text.data, openmetrics != 0);
        assert_true(prometheus_value(&fixture->reader, "cairn_x_seconds_count{a=\"b\"}") == 1000);
        cairn_buffer_deinit(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_exposition_keeps_the_grammar_before_anything_happened,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_operation_and_status_can_be_exposed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            more_routes_and_statuses_than_are_kept_apart_are_still_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_request_is_in_its_histograms, set_up, tear_down),
        cmocka_unit_test_setup_teardown(time_that_is_attributed_twice_leaves_nothing_over, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(reports_that_went_out_together_come_in_one_message, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_commit_counts_events_by_kind_and_bytes, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(lag_is_what_the_slowest_shard_lacks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stats_are_json_with_quantiles, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_slow_log_keeps_the_newest_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_slow_log_escapes_what_clients_chose, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_histogram_adds_up_in_both_formats, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
