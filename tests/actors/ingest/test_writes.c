/* Bodies of writes: what becomes of their lines, and what is said of those that are refused. */
#include "actors/ingest/writes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/hash.h"
#include "runtime/base/json.h"
#include "runtime/base/random.h"
#include "runtime/base/uuid.h"
#include "tests/support/unit.h"

#define NOW_MS 1700000000000
#define UUID   "01900001-0203-7004-8005-060708090a0b"
#define GOOD   "{\"channel\":\"c\",\"author\":\"a\",\"text\":\"t\"}"

static struct cairn_writes_options options = {.durable = true, .shards = 7};

/* ---- asking ---- */

static struct cairn_request *make(enum cairn_operation operation, const char *query,
                                  struct cairn_slice body)
{
    struct cairn_request *request = cairn_request_create();
    request->operation = operation;
    request->space = cairn_slice_of("lab");
    request->query = cairn_slice_of(query);
    request->body = body;
    request->now_ms = NOW_MS;
    request->parameters[0] = cairn_slice_of(UUID);
    request->parameters[1] = cairn_slice_of("key");
    return request;
}

/* The problem's text, terminated. */
static const char *text_of(struct cairn_buffer *buffer)
{
    if (buffer->bytes == 0 || buffer->data[buffer->bytes - 1] != '\0')
        cairn_buffer_append_byte(buffer, '\0');
    return buffer->data;
}

static struct cairn_request *post(enum cairn_operation operation, const char *query,
                                  const char *body)
{
    struct cairn_request *request = make(operation, query, cairn_slice_of(body));
    if (cairn_writes_parse(&options, request) < 0)
        fail_msg("%.100s: %s", body, text_of(&request->answer));
    assert_int_equal(request->status, 0);
    return request;
}

static struct cairn_request *post_lines(enum cairn_operation operation, const char *query,
                                        const char *body)
{
    struct cairn_request *request = make(operation, query, cairn_slice_of(body));
    request->is_ndjson = true;
    if (cairn_writes_parse(&options, request) < 0)
        fail_msg("%.100s: %s", body, text_of(&request->answer));
    assert_int_equal(request->status, 0);
    return request;
}

static void refuse(struct cairn_request *request, int status, const char *said)
{
    assert_true(cairn_writes_parse(&options, request) < 0);
    const char *answer = text_of(&request->answer);
    if (request->status != status || strstr(answer, said) == NULL)
        fail_msg("wanted %d with `%s`, got %d: %s", status, said, request->status, answer);
    cairn_request_destroy(request);
}

static void refuse_body(enum cairn_operation operation, const char *body, int status,
                        const char *said)
{
    refuse(make(operation, "", cairn_slice_of(body)), status, said);
}

static void refuse_lines(enum cairn_operation operation, const char *body, int status,
                         const char *said)
{
    struct cairn_request *request = make(operation, "", cairn_slice_of(body));
    request->is_ndjson = true;
    refuse(request, status, said);
}

static const struct cairn_event *event_at(const struct cairn_request *request, uint32_t index)
{
    assert_true(index < request->batch->count);
    return &request->batch->events[index];
}

static void expect_field(const struct cairn_event *event, enum cairn_field field,
                         const char *expected)
{
    struct cairn_slice value;
    assert_int_equal(cairn_event_field(event, field, &value), expected != NULL);
    if (expected != NULL && !cairn_slice_is(value, expected))
        fail_msg("field %d is %.*s", field, (int)value.bytes, value.data);
}

/* ---- one object ---- */

static void one_message_is_one_event_of_its_space_and_shard(void **state)
{
    (void)state;
    struct cairn_request *request = post(CAIRN_OPERATION_POST_MESSAGES, "", " " GOOD "\n");
    const struct cairn_event *event = event_at(request, 0);
    assert_int_equal(request->batch->count, 1);
    assert_int_equal(request->batch->shard, cairn_hash64_slice(cairn_slice_of("lab")) % 7);
    assert_int_equal(event->kind, CAIRN_EVENT_MESSAGE);
    assert_true(cairn_slice_is(event->space, "lab"));
    assert_int_equal(event->ts_ms, NOW_MS);
    assert_int_equal(request->notes.bytes, 0);
    cairn_request_destroy(request);
}

static void the_acknowledgement_is_the_default_or_what_is_asked(void **state)
{
    static const struct {
        const char *query;
        bool durable_if_default, durable_if_not;
    } cases[] = {
        {"", true, false}, {"ack=durable", true, true}, {"x=1&ack=buffered", false, false}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        for (int is_default = 0; is_default < 2; is_default++) {
            options.durable = is_default != 0;
            struct cairn_request *request =
                post(CAIRN_OPERATION_POST_MESSAGES, cases[i].query, GOOD);
            assert_int_equal(request->durable, is_default != 0 ? cases[i].durable_if_default
                                                               : cases[i].durable_if_not);
            cairn_request_destroy(request);
        }
    }
    refuse(make(CAIRN_OPERATION_POST_MESSAGES, "ack=Durable", cairn_slice_of(GOOD)), 400, "ack");
    refuse(make(CAIRN_OPERATION_POST_MESSAGES, "ack", cairn_slice_of(GOOD)), 400, "ack");
    refuse(make(CAIRN_OPERATION_POST_MESSAGES, "on_error=ignore", cairn_slice_of(GOOD)), 400,
           "on_error");
}

static void the_path_gives_what_the_body_lacks(void **state)
{
    (void)state;
    uint8_t uuid[CAIRN_UUID_BYTES];
    struct cairn_slice episode;
    assert_int_equal(cairn_uuid_parse(cairn_slice_of(UUID), uuid), 0);
    struct cairn_request *request =
        post(CAIRN_OPERATION_POST_STEPS, "", "{\"tool\":\"t\",\"action\":\"a\",\"ok\":true}");
    assert_true(cairn_event_field(event_at(request, 0), CAIRN_FIELD_EPISODE, &episode));
    assert_true(cairn_slice_equal(episode, cairn_slice(uuid, sizeof(uuid))));
    cairn_request_destroy(request);

    request = post(CAIRN_OPERATION_PUT_FACT, "", "{\"value\":null}");
    assert_true(cairn_slice_is(event_at(request, 0)->author, UUID));
    expect_field(event_at(request, 0), CAIRN_FIELD_KEY, "key");
    expect_field(event_at(request, 0), CAIRN_FIELD_VALUE, "null");
    cairn_request_destroy(request);

    request = post(CAIRN_OPERATION_POST_FEEDBACK, "", "{\"helped\":true}");
    expect_field(event_at(request, 0), CAIRN_FIELD_PATTERN, UUID);
    cairn_request_destroy(request);

    /* A new episode has room for the id that ingest gives it. */
    request = post(CAIRN_OPERATION_CREATE_EPISODE, "", "{\"task\":\"t\"}");
    assert_true(cairn_event_field(event_at(request, 0), CAIRN_FIELD_EPISODE, &episode));
    assert_int_equal(episode.bytes, CAIRN_UUID_BYTES);
    cairn_request_destroy(request);
}

static void an_episode_that_is_no_uuid_is_not_there(void **state)
{
    (void)state;
    struct cairn_request *request =
        make(CAIRN_OPERATION_COMPLETE_EPISODE, "", cairn_slice_of("{\"outcome\":\"success\"}"));
    request->parameters[0] = cairn_slice_of("nine");
    refuse(request, 404, "no such episode");
}

static void a_bad_body_is_refused_with_a_reason(void **state)
{
    (void)state;
    refuse_body(CAIRN_OPERATION_POST_MESSAGES, "", 400, "");
    refuse_body(CAIRN_OPERATION_POST_MESSAGES, "{\"chanel\":1}", 400, "did you mean");
    refuse_body(CAIRN_OPERATION_POST_MESSAGES, GOOD "\n" GOOD, 400, "");
    refuse_body(CAIRN_OPERATION_POST_EVENTS, "{\"kind\":\"message\",\"content\":\"c\"}", 422,
                "cairn's own");
    refuse_lines(CAIRN_OPERATION_PUT_FACT, "{\"value\":1}", 415, "not NDJSON");
    refuse_lines(CAIRN_OPERATION_PUT_SETTINGS, "{}", 415, "not NDJSON");
}

/* ---- lines ---- */

static void lines_may_end_in_any_way_and_blank_ones_are_passed_over(void **state)
{
    (void)state;
    struct cairn_request *request =
        post_lines(CAIRN_OPERATION_POST_MESSAGES, "",
                   "\n" GOOD "\r\n \t\r\n" GOOD "\n\n\n{\"channel\":\"c\",\"author\":\"z\","
                   "\"text\":\"last\"}");
    assert_int_equal(request->batch->count, 3);
    expect_field(event_at(request, 2), CAIRN_FIELD_TEXT, "last");
    cairn_request_destroy(request);
}

static void a_body_without_events_is_refused(void **state)
{
    (void)state;
    refuse_lines(CAIRN_OPERATION_POST_MESSAGES, "", 400, "holds no events");
    refuse_lines(CAIRN_OPERATION_POST_MESSAGES, "\n \r\n\t\n", 400, "holds no events");
}

static void the_first_bad_line_is_told_with_its_number(void **state)
{
    (void)state;
    refuse_lines(CAIRN_OPERATION_POST_MESSAGES, GOOD "\n\n{\"channel\":7}\nnonsense\n", 400,
                 "\"line\":3");
    refuse_lines(CAIRN_OPERATION_POST_MESSAGES, GOOD "\n\n{\"channel\":7}\n", 400,
                 "line 3: \\\"channel\\\" must be a string");
    refuse_lines(CAIRN_OPERATION_POST_STEPS, "nonsense", 400, "\"line\":1");
    refuse_lines(CAIRN_OPERATION_POST_EVENTS,
                 "{\"kind\":\"a\",\"content\":\"\"}\n{\"kind\":\"fact\",\"content\":\"\"}", 422,
                 "\"line\":2");
}

static void bad_lines_can_be_skipped_and_are_listed(void **state)
{
    (void)state;
    struct cairn_request *request =
        post_lines(CAIRN_OPERATION_POST_EVENTS, "on_error=skip",
                   "{\"kind\":\"a\",\"content\":\"1\"}\nx\n{\"kind\":\"step\",\"content\":\"2\"}\n"
                   "{\"kind\":\"b\",\"content\":\"3\"}\n");
    assert_int_equal(request->batch->count, 2);
    expect_field(event_at(request, 1), CAIRN_FIELD_NAME, "b");
    const char *notes = text_of(&request->notes);
    assert_non_null(strstr(notes, "{\"line\":2,\"detail\":\""));
    assert_non_null(strstr(notes, "{\"line\":3,\"detail\":\"kind \\\"step\\\" is cairn's own"));
    cairn_request_destroy(request);

    request = post_lines(CAIRN_OPERATION_POST_MESSAGES, "on_error=skip", "x\n\ny");
    assert_int_equal(request->batch->count, 0);
    cairn_request_destroy(request);

    request = post_lines(CAIRN_OPERATION_POST_MESSAGES, "on_error=skip", GOOD);
    assert_string_equal(text_of(&request->notes), "[]");
    cairn_request_destroy(request);
}

/* The lines' numbers in "rejected", which must be JSON. */
static uint32_t read_rejected(struct cairn_request *request, uint64_t lines[], uint32_t capacity)
{
    struct cairn_json_scratch scratch = {0};
    struct cairn_json_reader reader;
    struct cairn_slice key, detail;
    uint32_t count = 0;
    cairn_json_scratch_begin(&scratch, request->notes.bytes);
    cairn_json_reader_init(&reader, cairn_buffer_slice(&request->notes), &scratch);
    cairn_json_enter_array(&reader);
    while (cairn_json_next_element(&reader)) {
        assert_true(count < capacity);
        cairn_json_enter_object(&reader);
        while (cairn_json_next_member(&reader, &key)) {
            if (cairn_slice_is(key, "line")) {
                cairn_json_read_u64(&reader, &lines[count++]);
                continue;
            }
            cairn_json_read_string(&reader, &detail);
            assert_true(detail.bytes > 0);
        }
    }
    assert_int_equal(cairn_json_finish(&reader), 0);
    cairn_json_scratch_deinit(&scratch);
    return count;
}

static void random_lines_are_kept_or_listed_each_as_it_is(void **state)
{
    static const char *const bad[] = {
        "{", "[]", "{\"chanel\":1}", "\xff\xfe", "{\"channel\":\"c\",\"author\":\"a\"}",
        /* its name is cut where it is told */
        "{\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\xc3\xa9\":1}"};
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct cairn_random random;
        struct cairn_buffer body = {0};
        uint64_t expected[100], lines[100];
        uint32_t good = 0, rejected = 0;
        cairn_random_init(&random, seed);
        print_message("seed %llu\n", (unsigned long long)seed);
        for (uint64_t line = 1; line <= 300; line++) {
            uint64_t what = cairn_random_below(&random, 10);
            if (what < 6) {
                cairn_buffer_printf(&body, "{\"channel\":\"c\",\"author\":\"a\",\"text\":\"%u\"}",
                                    (unsigned)++good);
            } else if (what < 9) {
                cairn_buffer_append_text(&body, bad[cairn_random_below(&random, 6)]);
                if (rejected++ < 100)
                    expected[rejected - 1] = line;
            }
            cairn_buffer_append_byte(&body, '\n');
        }
        struct cairn_request *request =
            make(CAIRN_OPERATION_POST_MESSAGES, "on_error=skip", cairn_buffer_slice(&body));
        request->is_ndjson = true;
        assert_int_equal(cairn_writes_parse(&options, request), 0);
        assert_int_equal(request->batch->count, good);
        for (uint32_t i = 0; i < good; i++) {
            char text[16];
            snprintf(text, sizeof(text), "%u", (unsigned)i + 1);
            expect_field(event_at(request, i), CAIRN_FIELD_TEXT, text);
        }
        uint32_t listed = rejected > 100 ? 100 : rejected;
        assert_int_equal(read_rejected(request, lines, 100), listed);
        assert_memory_equal(lines, expected, listed * sizeof(lines[0]));
        cairn_request_destroy(request);
        cairn_buffer_deinit(&body);
    }
}

static void a_hundred_rejected_lines_are_listed_and_no_more(void **state)
{
    (void)state;
    uint64_t lines[100];
    for (int count = 99; count <= 101; count++) {
        struct cairn_buffer body = {0};
        for (int i = 0; i < count; i++)
            cairn_buffer_append_text(&body, "x\n");
        cairn_buffer_append_text(&body, GOOD);
        cairn_buffer_append_byte(&body, '\0');
        struct cairn_request *request =
            post_lines(CAIRN_OPERATION_POST_MESSAGES, "on_error=skip", body.data);
        assert_int_equal(read_rejected(request, lines, 100), count > 100 ? 100 : count);
        assert_int_equal(request->batch->count, 1);
        cairn_request_destroy(request);
        cairn_buffer_deinit(&body);
    }
}

/* ---- whole episodes ---- */

#define STEP(action) "{\"tool\":\"t\",\"action\":\"" action "\",\"ok\":true}"

static void a_whole_episode_becomes_its_events_in_order(void **state)
{
    (void)state;
    struct cairn_slice episode;
    struct cairn_request *request =
        post(CAIRN_OPERATION_POST_EPISODES, "",
             "{\"outcome\":\"success\",\"episode\":\"k\",\"steps\":[ " STEP("a") "," STEP(
                 "b") " ],"
                      "\"reason\":\"r\",\"task\":\"t\",\"domain\":\"d\",\"artifacts\":[ 1 ]}\n"
                      "{\"task\":\"u\",\"outcome\":\"failure\"}\n");
    static const uint8_t kinds[] = {CAIRN_EVENT_EPISODE, CAIRN_EVENT_STEP,
                                    CAIRN_EVENT_STEP,    CAIRN_EVENT_COMPLETION,
                                    CAIRN_EVENT_EPISODE, CAIRN_EVENT_COMPLETION};
    assert_int_equal(request->batch->count, 6);
    for (uint32_t i = 0; i < 6; i++) {
        assert_int_equal(event_at(request, i)->kind, kinds[i]);
        assert_true(cairn_event_field(event_at(request, i), CAIRN_FIELD_EPISODE, &episode));
        assert_int_equal(episode.bytes, CAIRN_UUID_BYTES);
        assert_true(cairn_event_payload_is_valid(event_at(request, i)->payload));
    }
    expect_field(event_at(request, 0), CAIRN_FIELD_KEY, "k");
    expect_field(event_at(request, 2), CAIRN_FIELD_ACTION, "b");
    expect_field(event_at(request, 3), CAIRN_FIELD_REASON, "r");
    expect_field(event_at(request, 3), CAIRN_FIELD_ARTIFACTS, "[1]");
    expect_field(event_at(request, 4), CAIRN_FIELD_KEY, NULL);
    expect_field(event_at(request, 5), CAIRN_FIELD_OUTCOME, "failure");
    cairn_request_destroy(request);
}

static void what_has_no_time_happened_with_what_came_before_it(void **state)
{
    (void)state;
    static const int64_t times[] = {100, 100, 200, 200, 200};
    struct cairn_request *request =
        post(CAIRN_OPERATION_POST_EPISODES, "",
             "{\"task\":\"t\",\"ts\":100,\"outcome\":\"partial\",\"steps\":[" STEP(
                 "a") ",{\"tool\":\"t\",\"action\":\"b\",\"ok\":true,\"ts\":200}," STEP("c") "]}");
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal(event_at(request, i)->ts_ms, times[i]);
    cairn_request_destroy(request);
}

static void a_bad_whole_episode_is_refused_whole(void **state)
{
    static const struct {
        const char *line, *said;
    } cases[] = {
        {"{\"task\":\"t\"}", "\"outcome\" is missing"},
        {"{\"outcome\":\"success\"}", "\"task\" is missing"},
        {"{\"task\":\"t\",\"outcome\":\"won\"}", "\"outcome\" must be one of"},
        {"{\"task\":\"t\",\"outcome\":\"success\",\"steps\":{}}", "\"steps\" must be an array"},
        {"{\"task\":\"t\",\"outcome\":\"success\",\"steps\":[" STEP("a") ",{\"tool\":\"t\"}]}",
         "step 2: \"action\" is missing"},
        {"{\"task\":\"t\",\"outcome\":\"success\",\"steps\":[1]}", "step 1:"},
        {"{\"task\":\"t\",\"outcome\":\"success\",\"domian\":\"d\"}", "did you mean \"domain\"?"},
        {"{\"task\":\"t\",\"outcome\":\"success\",\"episode\":\"\"}", "\"episode\" must be"},
        {"{\"task\":\"t\",\"outcome\":\"success\",\"episode\":\"a\\nb\"}", "\"episode\" must be"},
        {"{\"task\":\"t\",\"outcome\":\"success\",\"episode\":7}", "\"episode\" must be"},
        {"{\"task\":\"t\",\"outcome\":\"success\"}}", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char body[512], said[128];
        size_t at = 0;
        /* As the problem spells it. */
        for (const char *c = cases[i].said; *c != '\0'; c++) {
            if (*c == '"')
                said[at++] = '\\';
            said[at++] = *c;
        }
        said[at] = '\0';
        snprintf(body, sizeof(body), "{\"task\":\"t\",\"outcome\":\"success\"}\n%s", cases[i].line);
        refuse_body(CAIRN_OPERATION_POST_EPISODES, body, 400, said);
        refuse_body(CAIRN_OPERATION_POST_EPISODES, body, 400, "\"line\":2");

        struct cairn_request *request = post(CAIRN_OPERATION_POST_EPISODES, "on_error=skip", body);
        assert_int_equal(request->batch->count, 2); /* of the first line alone */
        cairn_request_destroy(request);
    }
}

static void a_clients_key_of_an_episode_is_up_to_256_bytes(void **state)
{
    (void)state;
    for (size_t bytes = 255; bytes <= 257; bytes++) {
        char key[258] = {0}, body[512];
        memset(key, 'k', bytes);
        snprintf(body, sizeof(body), "{\"task\":\"t\",\"outcome\":\"success\",\"episode\":\"%s\"}",
                 key);
        if (bytes > 256) {
            refuse_body(CAIRN_OPERATION_POST_EPISODES, body, 400, "1 to 256 bytes");
            continue;
        }
        struct cairn_request *request = post(CAIRN_OPERATION_POST_EPISODES, "", body);
        expect_field(event_at(request, 0), CAIRN_FIELD_KEY, key);
        cairn_request_destroy(request);
    }
}

/* ---- settings ---- */

static void settings_are_kept_as_sent(void **state)
{
    (void)state;
    struct cairn_request *request =
        post(CAIRN_OPERATION_PUT_SETTINGS, "",
             "{ \"language\" : \"none\", \"state_size\":3,\"channel_chains\":false,"
             "\"listen\":[ \"a\" ],\"autorespond\":[],\"quotas\":{\"bytes\": 1e3 } }");
    assert_int_equal(event_at(request, 0)->kind, CAIRN_EVENT_SETTINGS);
    expect_field(event_at(request, 0), CAIRN_FIELD_SETTINGS,
                 "{\"language\":\"none\",\"state_size\":3,\"channel_chains\":false,"
                 "\"listen\":[\"a\"],\"autorespond\":[],\"quotas\":{\"bytes\":1e3}}");
    cairn_request_destroy(request);
    cairn_request_destroy(post(CAIRN_OPERATION_PUT_SETTINGS, "", "{}"));
    cairn_request_destroy(post(CAIRN_OPERATION_PUT_SETTINGS, "", "{\"state_size\":1}"));
    cairn_request_destroy(post(CAIRN_OPERATION_PUT_SETTINGS, "", "{\"state_size\":5}"));
}

static void bad_settings_are_refused(void **state)
{
    static const char *const bodies[] = {
        "",
        "[]",
        "7",
        "{",
        "{}{}",
        "{\"language\":\"klingon\"}",
        "{\"language\":null}",
        "{\"state_size\":0}",
        "{\"state_size\":6}",
        "{\"state_size\":2.0}",
        "{\"state_size\":\"2\"}",
        "{\"channel_chains\":1}",
        "{\"listen\":\"a\"}",
        "{\"listen\":[1]}",
        "{\"autorespond\":[[]]}",
        "{\"listen\":[\"\"]}",
        "{\"quotas\":[]}",
        "{\"colour\":1}",
        "{\"state_size\":2,\"state_size\":2}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
        refuse_body(CAIRN_OPERATION_PUT_SETTINGS, bodies[i], 400, "");
    refuse_body(CAIRN_OPERATION_PUT_SETTINGS, "{\"colour\":1}", 400, "unknown setting");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_message_is_one_event_of_its_space_and_shard),
        cmocka_unit_test(the_acknowledgement_is_the_default_or_what_is_asked),
        cmocka_unit_test(the_path_gives_what_the_body_lacks),
        cmocka_unit_test(an_episode_that_is_no_uuid_is_not_there),
        cmocka_unit_test(a_bad_body_is_refused_with_a_reason),
        cmocka_unit_test(lines_may_end_in_any_way_and_blank_ones_are_passed_over),
        cmocka_unit_test(a_body_without_events_is_refused),
        cmocka_unit_test(the_first_bad_line_is_told_with_its_number),
        cmocka_unit_test(bad_lines_can_be_skipped_and_are_listed),
        cmocka_unit_test(random_lines_are_kept_or_listed_each_as_it_is),
        cmocka_unit_test(a_hundred_rejected_lines_are_listed_and_no_more),
        cmocka_unit_test(a_whole_episode_becomes_its_events_in_order),
        cmocka_unit_test(what_has_no_time_happened_with_what_came_before_it),
        cmocka_unit_test(a_bad_whole_episode_is_refused_whole),
        cmocka_unit_test(a_clients_key_of_an_episode_is_up_to_256_bytes),
        cmocka_unit_test(settings_are_kept_as_sent),
        cmocka_unit_test(bad_settings_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
