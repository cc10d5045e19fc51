#include "actors/gateway/admission.h"

#include <errno.h>
#include <stdio.h>

#include "tests/support/unit.h"

static _Atomic int readiness;
static _Atomic uint64_t committed_seq;

static int parse_write(void *context, struct cairn_request *request)
{
    int *calls = context;
    (*calls)++;
    if (!cairn_slice_is(request->body, "bad"))
        return 0;
    cairn_request_problem(request, 409, "conflict");
    return -EINVAL;
}

struct fixture {
    struct cairn_gateway_options options;
    struct cairn_http_head head;
    struct cairn_request *request;
    struct cairn_admission admission;
    int parse_calls;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){0};
    atomic_store(&readiness, CAIRN_READINESS_READY);
    atomic_store(&committed_seq, 100);
    fixture.options = (struct cairn_gateway_options){
        .listen_host = "127.0.0.1",
        .is_loopback = true,
        .is_durable = true,
        .readiness = &readiness,
        .committed_seq = &committed_seq,
        .parse_write = parse_write,
        .context = &fixture.parse_calls,
        .version = "1",
    };
    fixture.head = (struct cairn_http_head){.is_http_1_1 = true, .keeps_alive = true};
    fixture.head.headers[CAIRN_HTTP_HOST] = cairn_slice_of("localhost:7700");
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    cairn_request_destroy(fixture->request);
    return 0;
}

static void set_header(struct fixture *fixture, enum cairn_http_header header, const char *value)
{
    fixture->head.headers[header] = cairn_slice_of(value);
}

/* The status after both steps; 0: the request may be asked. `body` NULL: none. */
static int admit(struct fixture *fixture, enum cairn_http_method method, const char *target,
                 const char *body)
{
    const char *mark = strchr(target, '?');
    size_t path_bytes = mark == NULL ? strlen(target) : (size_t)(mark - target);
    fixture->head.method = method;
    fixture->head.path = cairn_slice(target, path_bytes);
    fixture->head.query = mark == NULL ? CAIRN_SLICE_EMPTY : cairn_slice_of(mark + 1);
    fixture->head.has_body = body != NULL;

    cairn_request_destroy(fixture->request);
    fixture->request = cairn_request_create();
    assert_non_null(fixture->request);
    cairn_admission_begin(&fixture->options, &fixture->head, fixture->request, &fixture->admission);
    if (body != NULL)
        cairn_buffer_append_text(&fixture->request->body_bytes, body);
    cairn_admission_complete(&fixture->options, fixture->request, &fixture->admission);
    return fixture->request->status;
}

static bool says(const struct fixture *fixture, const char *part)
{
    const struct cairn_buffer *answer = &fixture->request->answer;
    return memmem(answer->data, answer->bytes, part, strlen(part)) != NULL;
}

static void a_request_takes_what_the_head_says(void **state)
{
    struct fixture *fixture = *state;
    set_header(fixture, CAIRN_HTTP_ACCEPT, "text/plain, application/openmetrics-text; version=1");
    assert_int_equal(admit(fixture, CAIRN_HTTP_GET,
                           "/v1/spaces/a%23b/facts/J%C3%BCrg/home?history=3&min_seq=100&x=%20y",
                           NULL),
                     0);
    struct cairn_request *request = fixture->request;
    struct cairn_slice value;
    assert_int_equal(request->operation, CAIRN_OPERATION_GET_FACT);
    assert_true(cairn_slice_is(request->space, "a#b"));
    assert_true(cairn_slice_is(request->parameters[0], "J\xc3\xbcrg"));
    assert_true(cairn_slice_is(request->parameters[1], "home"));
    assert_int_equal(request->min_seq, 100);
    assert_true(request->accepts_openmetrics);
    assert_true(cairn_request_query(request, "x", &value) && cairn_slice_is(value, " y"));
    assert_int_equal(admit(fixture, CAIRN_HTTP_GET, "/v1/spaces/a/messages/17", NULL), 0);
    assert_int_equal(fixture->request->seq, 17);
}

static void a_foreign_host_or_origin_is_403_on_loopback_only(void **state)
{
    struct fixture *fixture = *state;
    set_header(fixture, CAIRN_HTTP_ORIGIN, "http://localhost:3000");
    assert_int_equal(admit(fixture, CAIRN_HTTP_GET, "/v1/spaces", NULL), 0);
    set_header(fixture, CAIRN_HTTP_ORIGIN, "http://evil.example");
    assert_int_equal(admit(fixture, CAIRN_HTTP_GET, "/v1/spaces", NULL), 403);
    fixture->head.headers[CAIRN_HTTP_ORIGIN] = CAIRN_SLICE_EMPTY;
    set_header(fixture, CAIRN_HTTP_HOST, "evil.example");
    assert_int_equal(admit(fixture, CAIRN_HTTP_GET, "/healthz", NULL), 403);
    assert_int_equal(admit(fixture, CAIRN_HTTP_GET, "/nowhere", NULL), 403);
    fixture->options.is_loopback = false;
    assert_int_equal(admit(fixture, CAIRN_HTTP_GET, "/v1/spaces", NULL), 0);
}

static void a_token_is_asked_for_where_there_are_tokens(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_auth *auth = NULL;
    struct cairn_auth_error error;
    assert_int_equal(
        cairn_auth_parse(cairn_slice_of("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0"
                                        "f00a08 role=write spaces=mine"),
                         &auth, &error),
        0);
    fixture->options.auth = auth;
    assert_int_equal(admit(fixture, CAIRN_HTTP_GET, "/v1/spaces/mine", NULL), 401);
    assert_int_equal(admit(fixture, CAIRN_HTTP_GET, "/healthz", NULL), 200);
    assert_int_equal(admit(fixture, CAIRN_HTTP_GET, "/readyz", NULL), 200);
    set_header(fixture, CAIRN_HTTP_AUTHORIZATION, "Bearer test");
    assert_int_equal(admit(fixture, CAIRN_HTTP_GET, "/v1/spaces/mine", NULL), 0);
    assert_int_equal(admit(fixture, CAIRN_HTTP_GET, "/v1/spaces/other", NULL), 403);
    assert_int_equal(admit(fixture, CAIRN_HTTP_GET, "/v1/spaces", NULL), 403);
    assert_int_equal(admit(fixture, CAIRN_HTTP_GET, "/v1/stats", NULL), 403);
    assert_int_equal(admit(fixture, CAIRN_HTTP_PUT, "/v1/spaces/mine/settings", "{}"), 403);
    assert_int_equal(admit(fixture, CAIRN_HTTP_POST, "/v1/spaces/mine/messages", "{}"), 0);
    cairn_auth_destroy(auth);
}

static void until_recovery_is_done_only_the_service_itself_is_answered_for(void **state)
{
    struct fixture *fixture = *state;
    atomic_store(&readiness, CAIRN_READINESS_STARTING);
    assert_int_equal(admit(fixture, CAIRN_HTTP_GET, "/healthz", NULL), 200);
    assert_int_equal(admit(fixture, CAIRN_HTTP_GET, "/", NULL), 200);
    assert_int_equal(admit(fixture, CAIRN_HTTP_GET, "/metrics", NULL), 0);
    assert_int_equal(admit(fixture, CAIRN_HTTP_GET, "/readyz", NULL), 503);
    assert_int_equal(admit(fixture, CAIRN_HTTP_POST, "/v1/spaces/a/messages", "{}"), 503);
    assert_int_equal(fixture->request->retry_after_s, 1);
    assert_int_equal(fixture->parse_calls, 0);

    atomic_store(&readiness, CAIRN_READINESS_READ_ONLY);
    assert_int_equal(admit(fixture, CAIRN_HTTP_GET, "/readyz", NULL), 503);
    assert_int_equal(admit(fixture, CAIRN_HTTP_GET, "/v1/spaces/a", NULL), 0);
}

static void a_body_comes_in_a_type_that_the_call_takes(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *type;
        int to_messages;
        int to_search;
    } cases[] = {
        {"application/json", 0, 0},
        {"Application/JSON; charset=utf-8", 0, 0},
        {"application/vnd.api+json", 0, 0},
        {"application/x-www-form-urlencoded", 0, 0},
        {"application/x-ndjson", 0, 415},
        {"application/x-ndjson ; charset=utf-8", 0, 415},
        {"text/plain", 415, 415},
        {"text/xml", 415, 415},
        {"multipart/form-data; boundary=x", 415, 415},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        set_header(fixture, CAIRN_HTTP_CONTENT_TYPE, cases[i].type);
        assert_int_equal(admit(fixture, CAIRN_HTTP_POST, "/v1/spaces/a/messages", "{}"),
                         cases[i].to_messages);
        assert_int_equal(fixture->request->is_ndjson, strstr(cases[i].type, "ndjson") != NULL);
        assert_int_equal(admit(fixture, CAIRN_HTTP_POST, "/v1/spaces/a/search", "{}"),
                         cases[i].to_search);
    }
    set_header(fixture, CAIRN_HTTP_CONTENT_TYPE, "application/json");
    set_header(fixture, CAIRN_HTTP_CONTENT_ENCODING, "gzip");
    assert_int_equal(admit(fixture, CAIRN_HTTP_POST, "/v1/spaces/a/messages", "{}"), 415);
}

static void an_acknowledgement_is_durable_unless_it_is_said(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(admit(fixture, CAIRN_HTTP_POST, "/v1/spaces/a/messages", "{}"), 0);
    assert_true(fixture->request->durable);
    assert_int_equal(admit(fixture, CAIRN_HTTP_POST, "/v1/spaces/a/messages?ack=buffered", "{}"),
                     0);
    assert_false(fixture->request->durable);
    fixture->options.is_durable = false;
    assert_int_equal(admit(fixture, CAIRN_HTTP_DELETE, "/v1/spaces/a?ack=durable", NULL), 0);
    assert_true(fixture->request->durable);
    assert_int_equal(admit(fixture, CAIRN_HTTP_POST, "/v1/spaces/a/messages?ack=maybe", "{}"), 400);
}

static void a_min_seq_above_the_head_is_422_at_once(void **state)
{
    struct fixture *fixture = *state;
    for (int seq = 99; seq <= 101; seq++) {
        char text[128];
        snprintf(text, sizeof(text), "/v1/spaces/a/messages?min_seq=%d", seq);
        assert_int_equal(admit(fixture, CAIRN_HTTP_GET, text, NULL), seq > 100 ? 422 : 0);
        snprintf(text, sizeof(text), "{\"query\":{\"min_seq\":7},\"min_seq\":%d}", seq);
        assert_int_equal(admit(fixture, CAIRN_HTTP_POST, "/v1/spaces/a/search", text),
                         seq > 100 ? 422 : 0);
        assert_int_equal(fixture->request->min_seq, seq);
        assert_int_equal(admit(fixture, CAIRN_HTTP_POST, "/v1/spaces/a/generate", text),
                         seq > 100 ? 422 : 0);
    }
    assert_int_equal(admit(fixture, CAIRN_HTTP_GET, "/v1/spaces/a/messages?min_seq=x", NULL), 400);
    assert_int_equal(admit(fixture, CAIRN_HTTP_POST, "/v1/spaces/a/search", "{\"min_seq\":\"x\"}"),
                     400);
    /* What else is wrong with a body is not the gateway's to say. */
    assert_int_equal(admit(fixture, CAIRN_HTTP_POST, "/v1/spaces/a/search", "{\"query\":"), 0);
    assert_int_equal(admit(fixture, CAIRN_HTTP_POST, "/v1/spaces/a/search", ""), 0);
}

static void a_query_is_utf8_without_control_characters(void **state)
{
    struct fixture *fixture = *state;
    static const char *const bad[] = {"channel=%",     "channel=%zz", "channel=%ff",
                                      "channel=a%00b", "channel=%0a", "%01=x"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char target[128];
        snprintf(target, sizeof(target), "/v1/spaces/a/messages?%s", bad[i]);
        assert_int_equal(admit(fixture, CAIRN_HTTP_GET, target, NULL), 400);
    }
}

static void a_write_is_parsed_once_it_is_whole(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(admit(fixture, CAIRN_HTTP_POST, "/v1/spaces/a/messages", "{}"), 0);
    assert_int_equal(fixture->parse_calls, 1);
    assert_int_equal(admit(fixture, CAIRN_HTTP_POST, "/v1/spaces/a/messages", "bad"), 409);
    assert_int_equal(fixture->parse_calls, 2);
    assert_int_equal(admit(fixture, CAIRN_HTTP_DELETE, "/v1/spaces/a", NULL), 0);
    assert_int_equal(admit(fixture, CAIRN_HTTP_POST, "/v1/spaces/a/search", "{}"), 0);
    assert_int_equal(fixture->parse_calls, 2);
}

static void following_is_asked_for_where_it_is_possible(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(admit(fixture, CAIRN_HTTP_GET, "/v1/spaces/a/events?follow=1", NULL), 0);
    assert_true(fixture->admission.follows);
    assert_int_equal(admit(fixture, CAIRN_HTTP_GET, "/v1/spaces/a/events?follow=0", NULL), 0);
    assert_false(fixture->admission.follows);
    assert_int_equal(admit(fixture, CAIRN_HTTP_GET, "/v1/spaces/a/events?follow=x", NULL), 400);
    assert_int_equal(admit(fixture, CAIRN_HTTP_GET, "/v1/spaces/a/messages?follow=1", NULL), 0);
    assert_false(fixture->admission.follows);
}

static void a_call_that_is_to_come_says_what_brings_it(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(admit(fixture, CAIRN_HTTP_POST, "/v1/spaces/a/context", "{}"), 501);
    assert_true(says(fixture, "token budget"));
    assert_int_equal(admit(fixture, CAIRN_HTTP_GET, "/v1/openapi.json", NULL), 501);
    fixture->options.openapi_json = cairn_slice_of("{\"openapi\":\"3.1.0\"}");
    assert_int_equal(admit(fixture, CAIRN_HTTP_GET, "/v1/openapi.json", NULL), 200);
    assert_true(says(fixture, "3.1.0"));
}

static void methods_are_told_by_405_and_options(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(admit(fixture, CAIRN_HTTP_PUT, "/v1/spaces/a/search", NULL), 405);
    uint32_t allow = fixture->admission.allow;
    assert_int_equal(admit(fixture, CAIRN_HTTP_OPTIONS, "/v1/spaces/a/search", NULL), 204);
    assert_int_equal(fixture->admission.allow, allow);
    assert_int_equal(allow, 1u << CAIRN_HTTP_POST | 1u << CAIRN_HTTP_OPTIONS);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_request_takes_what_the_head_says),
        TEST(a_foreign_host_or_origin_is_403_on_loopback_only),
        TEST(a_token_is_asked_for_where_there_are_tokens),
        TEST(until_recovery_is_done_only_the_service_itself_is_answered_for),
        TEST(a_body_comes_in_a_type_that_the_call_takes),
        TEST(an_acknowledgement_is_durable_unless_it_is_said),
        TEST(a_min_seq_above_the_head_is_422_at_once),
        TEST(a_query_is_utf8_without_control_characters),
        TEST(a_write_is_parsed_once_it_is_whole),
        TEST(following_is_asked_for_where_it_is_possible),
        TEST(a_call_that_is_to_come_says_what_brings_it),
        TEST(methods_are_told_by_405_and_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
