/* What a connection does when a client is slow, large, too many, or the service is full or stops. */
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

static void a_body_that_is_announced_too_large_is_refused(void **state)
{
    struct harness *harness = *state;
    harness->options.limits.body_bytes_max = 100;
    harness_start(harness);
    for (int bytes = 99; bytes <= 101; bytes++) {
        char text[512];
        snprintf(text, sizeof(text),
                 "POST /v1/spaces/a/messages HTTP/1.1\r\n" LOCALHOST
                 "Content-Length: %d\r\n\r\n%0*d",
                 bytes, bytes, 0);
        int socket = client_connect(harness);
        client_send(harness, socket, text);
        client_expect(harness, socket, bytes > 100 ? 413 : 200, "");
        if (bytes <= 100) {
            cairn_io_close(harness->io, socket);
            continue;
        }
        shutdown(socket, SHUT_WR);
        client_expect_end(harness, socket);
    }
}

/* The client goes on sending, and reads its answer all the same. */
static void a_body_that_grows_too_large_is_refused(void **state)
{
    struct harness *harness = *state;
    harness->options.limits.body_bytes_max = 1000;
    harness_start(harness);
    int socket = client_connect(harness);
    client_send(harness, socket,
                "POST /v1/spaces/a/messages HTTP/1.1\r\n" LOCALHOST
                "Transfer-Encoding: chunked\r\n\r\n");
    char chunk[2048];
    snprintf(chunk, sizeof(chunk), "200\r\n%0512d\r\n", 0);
    for (int i = 0; i < 100; i++)
        client_send(harness, socket, chunk);
    client_expect(harness, socket, 413, "max_body_bytes");
    shutdown(socket, SHUT_WR);
    client_expect_end(harness, socket);
}

/* What many clients announce together is limited too, and given back when it is answered. */
static void bodies_share_a_budget(void **state)
{
    struct harness *harness = *state;
    enum { BODY_BYTES = 60000 };
    harness->options.limits.bodies_bytes_max = 100000;
    harness->options.limits.linger_ms = 20;
    harness_start(harness);
    char head[256];
    snprintf(head, sizeof(head),
             "POST /v1/spaces/a/messages HTTP/1.1\r\n" LOCALHOST
             "Expect: 100-continue\r\nContent-Length: %d\r\n\r\n",
             BODY_BYTES);
    char *body = malloc(BODY_BYTES + 1);
    memset(body, 'x', BODY_BYTES);
    body[BODY_BYTES] = '\0';

    for (int round = 0; round < 3; round++) {
        int first = client_connect(harness);
        client_send(harness, first, head);
        client_expect(harness, first, 100, "");
        int second = client_connect(harness);
        client_send(harness, second, head);
        client_expect(harness, second, 503, "too much");
        client_expect_end(harness, second);
        if (round == 1) { /* leaving gives it back as well */
            cairn_io_close(harness->io, first);
            harness_await_connections(harness, 0);
            continue;
        }
        client_send(harness, first, body);
        client_expect(harness, first, 200, "xxx");
        cairn_io_close(harness->io, first);
    }
    free(body);
}

static void a_head_too_large_is_refused(void **state)
{
    struct harness *harness = *state;
    harness->options.limits.head_bytes_max = 300;
    harness_start(harness);
    char text[1024];
    snprintf(text, sizeof(text), "GET /healthz HTTP/1.1\r\n" LOCALHOST "X: %0400d\r\n\r\n", 0);
    int socket = client_connect(harness);
    client_send(harness, socket, text);
    client_expect(harness, socket, 431, "");
    shutdown(socket, SHUT_WR);
    client_expect_end(harness, socket);
}

static void nonsense_is_refused_after_what_came_before_it(void **state)
{
    struct harness *harness = *state;
    harness_start(harness);
    int socket = client_connect(harness);
    client_send(harness, socket,
                "GET /v1/spaces/a/messages HTTP/1.1\r\n" LOCALHOST "\r\nnonsense\r\n\r\n");
    client_expect(harness, socket, 200, " a ");
    client_expect(harness, socket, 400, "");
    shutdown(socket, SHUT_WR);
    client_expect_end(harness, socket);
}

static void a_client_that_says_nothing_is_let_go(void **state)
{
    struct harness *harness = *state;
    harness->options.limits.idle_timeout_ms = 30;
    harness_start(harness);
    int silent = client_connect(harness);
    int served = client_connect(harness);
    client_send(harness, served, "GET /healthz HTTP/1.1\r\n" LOCALHOST "\r\n");
    client_expect(harness, served, 200, "ok");
    client_expect_end(harness, silent);
    client_expect_end(harness, served);
}

static void a_half_sent_head_is_timed_out(void **state)
{
    struct harness *harness = *state;
    harness->options.limits.header_timeout_ms = 30;
    harness->options.limits.linger_ms = 30;
    harness_start(harness);
    int socket = client_connect(harness);
    client_send(harness, socket, "GET /healthz HTTP/1.1\r\nHos");
    client_expect(harness, socket, 408, "head");
    client_expect_end(harness, socket);
}

static void a_half_sent_body_is_timed_out(void **state)
{
    struct harness *harness = *state;
    harness->options.limits.body_timeout_ms = 30;
    harness->options.limits.linger_ms = 30;
    harness_start(harness);
    int socket = client_connect(harness);
    client_send(harness, socket,
                "POST /v1/spaces/a/messages HTTP/1.1\r\n" LOCALHOST "Content-Length: 5\r\n\r\nhel");
    client_expect(harness, socket, 408, "body");
    client_expect_end(harness, socket);
}

/* Only the client's time is limited: an answer may take longer than any of the timeouts. */
static void a_slow_answer_is_not_timed_out(void **state)
{
    struct harness *harness = *state;
    harness->options.limits.idle_timeout_ms = 10;
    harness->options.limits.header_timeout_ms = 10;
    harness_start(harness);
    int waiting = client_connect(harness);
    client_send(harness, waiting,
                "GET /v1/spaces/a/messages?hold=1 HTTP/1.1\r\n" LOCALHOST "\r\nGET /heal");
    /* Another is let go for silence: so much time has passed. */
    int silent = client_connect(harness);
    client_expect_end(harness, silent);
    cairn_system_send(harness->system, harness->target, MESSAGE_RELEASE, 0, NULL, 0);
    while (atomic_load(&harness->held_count) > 0)
        cairn_system_send(harness->system, harness->target, MESSAGE_RELEASE, 0, NULL, 0);
    client_expect(harness, waiting, 200, " a ");
    cairn_io_close(harness->io, waiting);
}

static void a_client_that_does_not_read_is_let_go(void **state)
{
    struct harness *harness = *state;
    harness->options.limits.idle_timeout_ms = 50;
    harness_start(harness);
    int socket = client_connect(harness);
    client_send(harness, socket,
                "GET /v1/spaces/a/messages?big=30000000 HTTP/1.1\r\n" LOCALHOST "\r\n");
    harness_await_connections(harness, 1);
    harness_await_connections(harness, 0);
    cairn_io_close(harness->io, socket);
}

/* Fill the answerer's mailbox, by a client of its own, so that the next request finds it full. */
static int fill_mailbox(struct harness *harness)
{
    harness->worker_count = 3;
    harness->target_worker = 2; /* the first two connections are on workers 0 and 1 */
    harness->target_bound = 1;
    harness_start(harness);
    atomic_store(&harness->is_blocked, true);
    int socket = client_connect(harness);
    client_send(harness, socket, "GET /v1/spaces/one/messages HTTP/1.1\r\n" LOCALHOST "\r\n");
    while (atomic_load(&harness->entered) == 0)
        cairn_thread_yield();
    client_send(harness, socket,
                "GET /v1/spaces/two/messages HTTP/1.1\r\n" LOCALHOST "\r\n"
                "GET /v1/spaces/three/messages HTTP/1.1\r\n" LOCALHOST "\r\n"
                "GET /healthz HTTP/1.1\r\n" LOCALHOST "\r\n");
    while (harness_count(harness, "target", true) == 0)
        cairn_thread_yield();
    return socket;
}

static void a_full_mailbox_holds_a_request_back_until_there_is_room(void **state)
{
    struct harness *harness = *state;
    harness->options.limits.stall_max_ms = 60000;
    int socket = fill_mailbox(harness);
    atomic_store(&harness->is_blocked, false);
    client_expect(harness, socket, 200, " one ");
    client_expect(harness, socket, 200, " two ");
    client_expect(harness, socket, 200, " three ");
    client_expect(harness, socket, 200, "ok");
    cairn_io_close(harness->io, socket);
}

static void a_mailbox_that_stays_full_is_answered_503(void **state)
{
    struct harness *harness = *state;
    harness->options.limits.stall_max_ms = 20;
    int first = fill_mailbox(harness);
    int second = client_connect(harness);
    client_send(harness, second, "GET /v1/spaces/late/messages HTTP/1.1\r\n" LOCALHOST "\r\n");
    struct answer answer = client_receive(harness, second);
    assert_int_equal(answer.status, 503);
    assert_non_null(strstr(answer.head, "Retry-After: 1\r\n"));
    free(answer.body);
    atomic_store(&harness->is_blocked, false);
    client_expect(harness, first, 200, " one ");
    cairn_io_close(harness->io, first);
    cairn_io_close(harness->io, second);
}

static void one_connection_too_many_is_told_so(void **state)
{
    struct harness *harness = *state;
    harness->options.limits.connections_max = 2;
    harness->options.limits.linger_ms = 20;
    harness_start(harness);
    int sockets[2];
    for (int i = 0; i < 2; i++) {
        sockets[i] = client_connect(harness);
        client_send(harness, sockets[i], "GET /healthz HTTP/1.1\r\n" LOCALHOST "\r\n");
        client_expect(harness, sockets[i], 200, "ok");
    }
    int refused = client_connect(harness);
    client_send(harness, refused, "GET /healthz HTTP/1.1\r\n" LOCALHOST "\r\n");
    client_expect(harness, refused, 503, "max_connections");
    client_expect_end(harness, refused);

    cairn_io_close(harness->io, sockets[0]);
    harness_await_connections(harness, 1);
    /* The listener hears of it a moment later. */
    int status = 503;
    while (status == 503) {
        int socket = client_connect(harness);
        client_send(harness, socket, "GET /healthz HTTP/1.1\r\n" LOCALHOST "\r\n");
        struct answer answer = client_receive(harness, socket);
        status = answer.status;
        free(answer.body);
        cairn_io_close(harness->io, socket);
    }
    assert_int_equal(status, 200);
    cairn_io_close(harness->io, sockets[1]);
}

static void stopping_finishes_what_is_in_flight(void **state)
{
    struct harness *harness = *state;
    harness_start(harness);
    int idle = client_connect(harness);
    int half = client_connect(harness);
    int busy = client_connect(harness);
    client_send(harness, half, "GET /hea");
    client_send(harness, busy, "GET /v1/spaces/a/messages?hold=1 HTTP/1.1\r\n" LOCALHOST "\r\n");
    while (atomic_load(&harness->held_count) == 0)
        cairn_thread_yield();
    harness_await_connections(harness, 3);

    cairn_system_send(harness->system, harness->listener, CAIRN_MESSAGE_STOP, 0, NULL, 0);
    client_expect_end(harness, idle);
    client_expect_end(harness, half);
    cairn_system_send(harness->system, harness->target, MESSAGE_RELEASE, 0, NULL, 0);
    struct answer answer = client_receive(harness, busy);
    assert_int_equal(answer.status, 200);
    assert_non_null(strstr(answer.head, "Connection: close\r\n"));
    free(answer.body);
    client_expect_end(harness, busy);
}

static void many_connections_share_the_workers(void **state)
{
    struct harness *harness = *state;
    harness_start(harness);
    enum { CLIENTS = 200, ROUNDS = 3 };
    int sockets[CLIENTS];
    for (int i = 0; i < CLIENTS; i++)
        sockets[i] = client_connect(harness);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < CLIENTS; i++) {
            char text[128];
            snprintf(text, sizeof(text),
                     "GET /v1/spaces/c%d/messages HTTP/1.1\r\n" LOCALHOST "\r\n", i);
            client_send(harness, sockets[i], text);
        }
        for (int i = 0; i < CLIENTS; i++) {
            char part[16];
            snprintf(part, sizeof(part), " c%d ", i);
            client_expect(harness, sockets[i], 200, part);
        }
    }
    for (int i = 0; i < CLIENTS; i++)
        cairn_io_close(harness->io, sockets[i]);
    harness_await_connections(harness, 0);
}

/* ---- following ---- */

static size_t read_to_end(struct harness *harness, int socket, char *text, size_t capacity)
{
    size_t bytes = 0;
    for (;;) {
        int64_t received =
            cairn_io_receive_now(harness->io, socket, text + bytes, capacity - bytes);
        if (received <= 0)
            return bytes;
        bytes += (size_t)received;
    }
}

static void read_until(struct harness *harness, int socket, char *text, size_t capacity,
                       const char *part)
{
    size_t bytes = strlen(text);
    while (strstr(text, part) == NULL) {
        assert_true(bytes < capacity - 1);
        client_byte(harness, socket, &text[bytes++]);
    }
}

static void a_follower_sees_its_space_and_each_event_once(void **state)
{
    struct harness *harness = *state;
    harness->batch_count = 4;
    harness_start(harness);
    int socket = client_connect(harness);
    client_send(harness, socket,
                "GET /v1/spaces/a/events?follow=1&kind=message HTTP/1.1\r\n" LOCALHOST "\r\n");
    char text[4096] = {0};
    read_until(harness, socket, text, sizeof(text), "{\"seq\":7,\"space\":\"a\"}\n\n");
    assert_non_null(strstr(text, "Content-Type: text/event-stream\r\n"));
    assert_non_null(strstr(text, "\r\n\r\nid: 1\ndata: history\n\n"
                                 "id: 3\ndata: {\"seq\":3,\"space\":\"a\"}\n\n"
                                 "id: 5\ndata: {\"seq\":5,\"space\":\"a\"}\n\n"
                                 "id: 7\ndata: {\"seq\":7"));
    assert_null(strstr(text, "secret"));
    cairn_io_close(harness->io, socket);
    harness_await_connections(harness, 0);
    assert_int_equal(atomic_load(&harness->unfollowed), 1);
}

/* The stream stays open after its answer, when nothing happens for a while. */
static void a_follower_sees_what_comes_later(void **state)
{
    struct harness *harness = *state;
    harness->batch_count = 3;
    harness_start(harness);
    int socket = client_connect(harness);
    client_send(harness, socket, "GET /v1/spaces/a/events?follow=1 HTTP/1.1\r\n" LOCALHOST "\r\n");
    char text[4096] = {0};
    read_until(harness, socket, text, sizeof(text), "{\"seq\":5,\"space\":\"a\"}\n\n");
    cairn_system_send(harness->system, harness->target, MESSAGE_PUBLISH, 21, NULL, 0);
    read_until(harness, socket, text, sizeof(text), "{\"seq\":21,\"space\":\"a\"}\n\n");
    cairn_system_send(harness->system, harness->target, MESSAGE_PUBLISH, 23, NULL, 0);
    read_until(harness, socket, text, sizeof(text), "{\"seq\":23,\"space\":\"a\"}\n\n");
    cairn_io_close(harness->io, socket);
}

/* Ingest is told even so: the reader may have refused what ingest took. */
static void a_follower_may_be_refused(void **state)
{
    struct harness *harness = *state;
    harness_start(harness);
    int socket = client_connect(harness);
    client_send(harness, socket, "GET /v1/spaces/a/events?follow=1 HTTP/1.1\r\n" LOCALHOST "\r\n");
    client_expect(harness, socket, 429, "followers");
    client_expect_end(harness, socket);
    assert_int_equal(atomic_load(&harness->unfollowed), 1);

    socket = client_connect(harness);
    client_send(harness, socket,
                "HEAD /v1/spaces/a/events?follow=1 HTTP/1.1\r\n" LOCALHOST
                "Connection: close\r\n\r\n");
    char text[2048] = {0};
    read_until(harness, socket, text, sizeof(text), "\r\n\r\n");
    assert_non_null(strstr(text, "HTTP/1.1 200"));
    client_expect_end(harness, socket);
    assert_int_equal(atomic_load(&harness->unfollowed), 1);
}

static void a_follower_that_reads_too_slowly_is_cut_off(void **state)
{
    struct harness *harness = *state;
    enum { EVENT_BYTES = 1 << 20, BATCHES = 60 };
    harness->batch_count = BATCHES;
    harness->event_bytes = EVENT_BYTES;
    harness->options.limits.follow_bytes_max = 4 << 20;
    harness_start(harness);
    int socket = client_connect(harness);
    client_send(harness, socket, "GET /v1/spaces/a/events?follow=1 HTTP/1.1\r\n" LOCALHOST "\r\n");
    harness_await_connections(harness, 1);
    harness_await_connections(harness, 0);
    size_t capacity = (size_t)(BATCHES + 1) * (EVENT_BYTES + 100);
    char *text = malloc(capacity);
    assert_true(read_to_end(harness, socket, text, capacity) < (size_t)BATCHES * EVENT_BYTES);
    free(text);
    cairn_io_close(harness->io, socket);
}

static void stopping_ends_the_streams(void **state)
{
    struct harness *harness = *state;
    harness->batch_count = 3;
    harness_start(harness);
    int socket = client_connect(harness);
    client_send(harness, socket, "GET /v1/spaces/a/events?follow=1 HTTP/1.1\r\n" LOCALHOST "\r\n");
    char text[4096] = {0};
    read_until(harness, socket, text, sizeof(text), "{\"seq\":5");
    cairn_system_stop_actor(harness->system, harness->listener);
    read_to_end(harness, socket, text, sizeof(text));
    cairn_io_close(harness->io, socket);
}

static int run_over(bool posix)
{
    posix_io = posix;
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_body_that_is_announced_too_large_is_refused),
        TEST(a_body_that_grows_too_large_is_refused),
        TEST(bodies_share_a_budget),
        TEST(a_head_too_large_is_refused),
        TEST(nonsense_is_refused_after_what_came_before_it),
        TEST(a_client_that_says_nothing_is_let_go),
        TEST(a_half_sent_head_is_timed_out),
        TEST(a_half_sent_body_is_timed_out),
        TEST(a_slow_answer_is_not_timed_out),
        TEST(a_client_that_does_not_read_is_let_go),
        TEST(a_full_mailbox_holds_a_request_back_until_there_is_room),
        TEST(a_mailbox_that_stays_full_is_answered_503),
        TEST(one_connection_too_many_is_told_so),
        TEST(stopping_finishes_what_is_in_flight),
        TEST(many_connections_share_the_workers),
        TEST(a_follower_sees_its_space_and_each_event_once),
        TEST(a_follower_sees_what_comes_later),
        TEST(a_follower_may_be_refused),
        TEST(a_follower_that_reads_too_slowly_is_cut_off),
        TEST(stopping_ends_the_streams),
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
