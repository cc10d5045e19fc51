#include "actors/gateway/connection.h"

#include <errno.h>

#include "tests/actors/gateway/harness.h"

static bool posix_io;

static int set_up(void **state)
{
    struct harness *harness = malloc(sizeof(*harness));
    harness_init(harness, posix_io);
    *state = harness;
    return 0;
}

static int tear_down(void **state)
{
    struct harness *harness = *state;
    harness_stop(harness);
    free(harness);
    return 0;
}

static void a_request_is_answered(void **state)
{
    struct harness *harness = *state;
    harness_start(harness);
    int socket = client_connect(harness);
    client_send(harness, socket,
                "GET /v1/spaces/a%23b/messages?limit=3 HTTP/1.1\r\n" LOCALHOST
                "X-Request-Id: mine-17\r\n\r\n");
    struct answer answer = client_receive(harness, socket);
    assert_int_equal(answer.status, 200);
    assert_non_null(strstr(answer.body, " a#b limit=3|"));
    assert_non_null(strstr(answer.head, "X-Request-Id: mine-17\r\n"));
    assert_non_null(strstr(answer.head, "Server-Timing: parse;dur="));
    assert_null(strstr(answer.head, "Connection: close"));
    free(answer.body);
    cairn_io_close(harness->io, socket);
}

static void the_gateway_answers_what_it_knows(void **state)
{
    struct harness *harness = *state;
    harness_start(harness);
    int socket = client_connect(harness);
    static const struct {
        const char *request;
        int status;
        const char *part;
    } cases[] = {
        {"GET /healthz HTTP/1.1\r\n" LOCALHOST "\r\n", 200, "ok"},
        {"GET /readyz HTTP/1.1\r\n" LOCALHOST "\r\n", 200, "ready"},
        {"GET / HTTP/1.1\r\n" LOCALHOST "\r\n", 200, "/metrics"},
        {"GET /v1/config HTTP/1.1\r\n" LOCALHOST "\r\n", 200, "server"},
        {"POST /v1/compact HTTP/1.1\r\n" LOCALHOST "\r\n", 501, "later release"},
        {"GET /nowhere HTTP/1.1\r\n" LOCALHOST "\r\n", 404, "nowhere"},
        {"GET /healthy HTTP/1.1\r\n" LOCALHOST "\r\n", 404, "did you mean `/healthz`?"},
        {"PUT /healthz HTTP/1.1\r\n" LOCALHOST "\r\n", 405, "method"},
        {"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403, "evil.example"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        client_send(harness, socket, cases[i].request);
        client_expect(harness, socket, cases[i].status, cases[i].part);
    }
    cairn_io_close(harness->io, socket);
}

static void head_and_options_have_no_body(void **state)
{
    struct harness *harness = *state;
    harness_start(harness);
    int socket = client_connect(harness);
    client_send(harness, socket,
                "HEAD /healthz HTTP/1.1\r\n" LOCALHOST "\r\n"
                "OPTIONS /v1/spaces/a/search HTTP/1.1\r\n" LOCALHOST "\r\n");
    char text[2048] = {0};
    size_t bytes = 0;
    while (strstr(text, "OPTIONS\r\n") == NULL || strstr(text, "\r\n\r\nHTTP/1.1 204") == NULL ||
           strcmp(text + bytes - 4, "\r\n\r\n") != 0)
        client_byte(harness, socket, &text[bytes++]);
    assert_non_null(strstr(text, "Content-Length: 15\r\n"));
    assert_non_null(strstr(text, "Allow: POST, OPTIONS\r\n"));
    cairn_io_close(harness->io, socket);
}

/* The answerer answers the second first; the client must not notice. */
static void answers_keep_the_order_of_the_requests(void **state)
{
    struct harness *harness = *state;
    harness_start(harness);
    int socket = client_connect(harness);
    client_send(harness, socket,
                "GET /v1/spaces/first/messages?hold=1 HTTP/1.1\r\n" LOCALHOST "\r\n"
                "GET /healthz HTTP/1.1\r\n" LOCALHOST "\r\n"
                "GET /v1/spaces/third/messages?release=1 HTTP/1.1\r\n" LOCALHOST "\r\n");
    client_expect(harness, socket, 200, " first ");
    client_expect(harness, socket, 200, "ok");
    client_expect(harness, socket, 200, " third ");
    cairn_io_close(harness->io, socket);
}

static void more_requests_than_the_pipeline_holds_are_all_answered(void **state)
{
    struct harness *harness = *state;
    harness->options.limits.pipeline_max = 4;
    harness_start(harness);
    enum { REQUESTS = 300 };
    struct cairn_buffer burst = {0};
    for (int i = 0; i < REQUESTS; i++)
        cairn_buffer_printf(&burst, "GET /v1/spaces/s%d/messages HTTP/1.1\r\n" LOCALHOST "\r\n", i);
    int socket = client_connect(harness);
    assert_int_equal(cairn_io_send_now(harness->io, socket, burst.data, burst.bytes), 0);
    for (int i = 0; i < REQUESTS; i++) {
        char part[16];
        snprintf(part, sizeof(part), " s%d ", i);
        client_expect(harness, socket, 200, part);
    }
    cairn_buffer_deinit(&burst);
    cairn_io_close(harness->io, socket);
}

static void a_chunked_body_arrives_whole(void **state)
{
    struct harness *harness = *state;
    harness_start(harness);
    int socket = client_connect(harness);
    client_send(harness, socket,
                "POST /v1/spaces/a/messages HTTP/1.1\r\n" LOCALHOST
                "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    client_send(harness, socket, "6\r\n world\r\n0\r\n\r\n");
    client_expect(harness, socket, 200, "|hello world");
    cairn_io_close(harness->io, socket);
}

static void a_large_body_and_a_large_answer_pass(void **state)
{
    struct harness *harness = *state;
    harness_start(harness);
    enum { BYTES = 3 << 20 };
    char *body = malloc(BYTES + 1);
    memset(body, 'x', BYTES);
    body[BYTES] = '\0';
    char head[256];
    snprintf(head, sizeof(head),
             "POST /v1/spaces/a/messages?big=%d HTTP/1.1\r\n" LOCALHOST
             "Content-Length: %d\r\n\r\n",
             BYTES, BYTES);
    int socket = client_connect(harness);
    client_send(harness, socket, head);
    client_send(harness, socket, body);
    struct answer answer = client_receive(harness, socket);
    assert_int_equal(answer.body_bytes, BYTES);
    for (size_t i = 0; i < BYTES; i++)
        assert_int_equal(answer.body[i], 'a' + i % 26);
    free(answer.body);
    free(body);
    cairn_io_close(harness->io, socket);
}

static void a_body_that_is_expected_is_asked_for(void **state)
{
    struct harness *harness = *state;
    harness_start(harness);
    int socket = client_connect(harness);
    client_send(harness, socket,
                "POST /v1/spaces/a/messages HTTP/1.1\r\n" LOCALHOST
                "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    client_expect(harness, socket, 100, "");
    client_send(harness, socket, "hello");
    client_expect(harness, socket, 200, "|hello");

    /* One that is refused is answered before it is sent. */
    client_send(harness, socket,
                "POST /v1/nowhere HTTP/1.1\r\n" LOCALHOST
                "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    client_expect(harness, socket, 404, "nowhere");
    client_expect_end(harness, socket);
}

/* The body of a refused request is dropped, and the next request found behind it. */
static void a_refused_request_does_not_end_the_connection(void **state)
{
    struct harness *harness = *state;
    harness_start(harness);
    int socket = client_connect(harness);
    client_send(harness, socket,
                "POST /v1/nowhere HTTP/1.1\r\n" LOCALHOST "Content-Length: 7\r\n\r\nGET / H"
                "POST /v1/spaces/a/messages HTTP/1.1\r\n" LOCALHOST "Content-Length: 3\r\n\r\nbad"
                "GET /v1/spaces/a/messages?status=429 HTTP/1.1\r\n" LOCALHOST "\r\n"
                "GET /healthz HTTP/1.1\r\n" LOCALHOST "\r\n");
    client_expect(harness, socket, 404, "nowhere");
    client_expect(harness, socket, 400, "\"line\":3");
    struct answer answer = client_receive(harness, socket);
    assert_int_equal(answer.status, 429);
    assert_non_null(strstr(answer.head, "Retry-After: 1\r\n"));
    free(answer.body);
    client_expect(harness, socket, 200, "ok");
    cairn_io_close(harness->io, socket);
}

static void a_connection_closes_when_asked_to(void **state)
{
    struct harness *harness = *state;
    harness_start(harness);
    int socket = client_connect(harness);
    client_send(harness, socket,
                "GET /v1/spaces/a/messages HTTP/1.1\r\n" LOCALHOST "Connection: close\r\n\r\n");
    struct answer answer = client_receive(harness, socket);
    assert_non_null(strstr(answer.head, "Connection: close\r\n"));
    free(answer.body);
    client_expect_end(harness, socket);

    socket = client_connect(harness);
    client_send(harness, socket, "GET /healthz HTTP/1.0\r\n\r\n");
    client_expect(harness, socket, 200, "ok");
    client_expect_end(harness, socket);
}

/* A client may say that it sends no more and still wait for its answers. */
static void a_half_closed_client_is_answered(void **state)
{
    struct harness *harness = *state;
    harness_start(harness);
    int socket = client_connect(harness);
    client_send(harness, socket, "GET /v1/spaces/a/messages?hold=1 HTTP/1.1\r\n" LOCALHOST "\r\n");
    shutdown(socket, SHUT_WR);
    while (atomic_load(&harness->held_count) == 0)
        cairn_thread_yield();
    cairn_system_send(harness->system, harness->target, MESSAGE_RELEASE, 0, NULL, 0);
    client_expect(harness, socket, 200, " a ");
    client_expect_end(harness, socket);
}

static void a_client_that_leaves_is_forgotten_once_its_request_is_home(void **state)
{
    struct harness *harness = *state;
    harness_start(harness);
    int socket = client_connect(harness);
    client_send(harness, socket, "GET /v1/spaces/a/messages?hold=1 HTTP/1.1\r\n" LOCALHOST "\r\n");
    while (atomic_load(&harness->held_count) == 0)
        cairn_thread_yield();
    cairn_io_close(harness->io, socket);
    assert_int_equal(harness_count(harness, "connection", false), 1);
    cairn_system_send(harness->system, harness->target, MESSAGE_RELEASE, 0, NULL, 0);
    harness_await_connections(harness, 0);
}

static void every_answer_is_reported_with_its_stages(void **state)
{
    struct harness *harness = *state;
    harness_start(harness);
    int socket = client_connect(harness);
    client_send(harness, socket,
                "POST /v1/spaces/a/messages HTTP/1.1\r\n" LOCALHOST
                "X-Request-Id: r\r\nContent-Length: 5\r\n\r\nhello"
                "GET /nowhere HTTP/1.1\r\n" LOCALHOST "\r\n");
    client_expect(harness, socket, 200, "hello");
    client_expect(harness, socket, 404, "nowhere");
    while (atomic_load(&harness->report_count) < 2)
        cairn_thread_yield();

    const struct cairn_request_report *report = &harness->reports[0];
    assert_int_equal(report->operation, CAIRN_OPERATION_POST_MESSAGES);
    assert_int_equal(report->status, 200);
    assert_int_equal(report->body_bytes, 5);
    assert_string_equal(report->space, "a");
    assert_string_equal(report->request_id, "r");
    assert_int_equal(harness->reports[1].status, 404);
    for (int i = 0; i < 2; i++) {
        uint64_t sum_ns = 0;
        for (int stage = 0; stage < CAIRN_STAGE_COUNT; stage++)
            sum_ns += harness->reports[i].stage_ns[stage];
        assert_true(harness->reports[i].stage_ns[CAIRN_STAGE_PARSE] > 0);
        assert_true(harness->reports[i].stage_ns[CAIRN_STAGE_SEND] > 0);
        assert_true(sum_ns <= harness->reports[i].total_ns);
        print_message("total_ns=%llu unattributed_ns=%llu\n",
                      (unsigned long long)harness->reports[i].total_ns,
                      (unsigned long long)(harness->reports[i].total_ns - sum_ns));
    }
    cairn_io_close(harness->io, socket);
}

/* Whatever the cuts, the answers are the same. */
static void requests_in_single_bytes_are_answered(void **state)
{
    struct harness *harness = *state;
    harness_start(harness);
    static const char text[] =
        "POST /v1/spaces/a/messages HTTP/1.1\r\n" LOCALHOST "Content-Length: 5\r\n\r\nhello"
        "GET /healthz HTTP/1.1\r\n" LOCALHOST "\r\n";
    int socket = client_connect(harness);
    for (size_t i = 0; i < sizeof(text) - 1; i++)
        assert_int_equal(cairn_io_send_now(harness->io, socket, text + i, 1), 0);
    client_expect(harness, socket, 200, "hello");
    client_expect(harness, socket, 200, "ok");
    cairn_io_close(harness->io, socket);
}

static int run_over(bool posix)
{
    posix_io = posix;
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_request_is_answered),
        TEST(the_gateway_answers_what_it_knows),
        TEST(head_and_options_have_no_body),
        TEST(answers_keep_the_order_of_the_requests),
        TEST(more_requests_than_the_pipeline_holds_are_all_answered),
        TEST(a_chunked_body_arrives_whole),
        TEST(a_large_body_and_a_large_answer_pass),
        TEST(a_body_that_is_expected_is_asked_for),
        TEST(a_refused_request_does_not_end_the_connection),
        TEST(a_connection_closes_when_asked_to),
        TEST(a_half_closed_client_is_answered),
        TEST(a_client_that_leaves_is_forgotten_once_its_request_is_home),
        TEST(every_answer_is_reported_with_its_stages),
        TEST(requests_in_single_bytes_are_answered),
    };
    return cmocka_run_group_tests_name(posix ? "posix" : "uring", tests, NULL, NULL);
}

int main(void)
{
    int failed = run_over(true);
    struct cairn_io *io;
    const struct cairn_io_options options = {.queue_entries = 8};
    if (cairn_io_create(CAIRN_IO_URING, &options, &io) < 0) {
        print_message("left out: io_uring is not to be had here\n");
        return failed;
    }
    cairn_io_destroy(io);
    return failed + run_over(false);
}
