/* A gateway over the real runtime and real sockets, with an answerer that does what the request's
 * query says:
 *
 *     ?hold=1      keep the request until ?release=1 comes (or MESSAGE_RELEASE)
 *     ?release=1   answer this, then those that were kept
 *     ?big=N       answer with N bytes
 *     ?status=N    answer with a problem of that status
 *     otherwise    answer "OPERATION space query|body"
 */
#pragma once

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "actors/gateway/gateway.h"
#include "actors/gateway/listener.h"
#include "actors/messages.h"
#include "actors/report.h"
#include "runtime/io/io.h"
#include "runtime/io/thread.h"
#include "tests/support/unit.h"

#define MESSAGE_RELEASE 1000u
#define MESSAGE_PUBLISH 1001u
#define REPORTS_MAX     256

/* Longer than any answer takes; it only turns a hang into a failure. */
#define RECEIVE_TIMEOUT_S 30

struct harness {
    struct cairn_gateway_options options;
    struct cairn_system *system;
    struct cairn_io *io; /* of the test's thread, for clients */
    struct cairn_actor_ref target;
    struct cairn_actor_ref metrics;
    struct cairn_actor_ref listener;
    uint16_t port;
    uint32_t worker_count;
    uint32_t target_worker;
    uint32_t target_bound;
    bool posix_io;
    _Atomic int readiness;
    _Atomic uint64_t committed_seq;

    /* the answerer's */
    struct cairn_request *held;
    _Atomic uint32_t held_count;
    _Atomic uint32_t entered;
    _Atomic bool is_blocked; /* while true the answerer stays in its turn */
    struct cairn_actor_ref follower;
    _Atomic uint32_t unfollowed;
    uint32_t batch_count; /* what a follower is sent */
    uint32_t event_bytes;

    /* metrics' */
    struct cairn_request_report reports[REPORTS_MAX];
    _Atomic uint32_t report_count;
};

/* ---- the answerer ---- */

static inline void harness_answer(struct cairn_turn *turn, struct cairn_request *request)
{
    uint64_t big = 0;
    uint64_t status = 0;
    cairn_request_query_u64(request, "big", 0, &big);
    cairn_request_query_u64(request, "status", 0, &status);
    if (status != 0) {
        cairn_request_problem(request, (int)status, "as asked");
        cairn_request_finish(turn, request);
        return;
    }
    request->status = 200;
    for (uint64_t i = 0; i < big; i++)
        cairn_buffer_append_byte(&request->answer, (char)('a' + i % 26));
    if (big == 0) {
        cairn_buffer_append_u64(&request->answer, (uint64_t)request->operation);
        cairn_buffer_append_byte(&request->answer, ' ');
        cairn_buffer_append_slice(&request->answer, request->space);
        cairn_buffer_append_byte(&request->answer, ' ');
        cairn_buffer_append_slice(&request->answer, request->query);
        cairn_buffer_append_byte(&request->answer, '|');
        cairn_buffer_append_slice(&request->answer, request->body);
    }
    cairn_request_finish(turn, request);
}

static inline void harness_release(struct cairn_turn *turn, struct harness *harness)
{
    while (harness->held != NULL) {
        struct cairn_request *request = harness->held;
        harness->held = request->next;
        atomic_fetch_sub(&harness->held_count, 1);
        harness_answer(turn, request);
    }
}

static inline void harness_request(struct cairn_turn *turn, struct harness *harness,
                                   struct cairn_request *request)
{
    struct cairn_slice value;
    uint64_t from_ns = cairn_request_received(turn, request);
    atomic_fetch_add(&harness->entered, 1);
    while (atomic_load(&harness->is_blocked))
        cairn_thread_yield();
    if (cairn_request_query(request, "hold", &value)) {
        request->next = harness->held;
        harness->held = request;
        atomic_fetch_add(&harness->held_count, 1);
        return;
    }
    bool releases = cairn_request_query(request, "release", &value);
    cairn_request_book(turn, request, CAIRN_STAGE_INGEST, from_ns);
    harness_answer(turn, request);
    if (releases)
        harness_release(turn, harness);
}

static inline struct cairn_batch *harness_batch(uint64_t seq, uint32_t event_bytes)
{
    char *text = malloc(event_bytes);
    memset(text, 'x', event_bytes);
    struct cairn_batch *batch = cairn_batch_create(2);
    struct cairn_event event = {
        .seq = seq,
        .kind = CAIRN_EVENT_MESSAGE,
        .space = cairn_slice_of("a"),
        .payload = cairn_slice(text, event_bytes),
    };
    cairn_batch_add(batch, &event);
    event.space = cairn_slice_of("secret");
    event.seq++;
    cairn_batch_add(batch, &event);
    free(text);
    return batch;
}

/* As the reader does it: the status is known only once the answer is rendered. */
static inline void harness_render_history(struct cairn_request *request)
{
    request->status = 200;
    cairn_buffer_append_text(&request->answer, "id: 1\ndata: history\n\n");
}

static inline void harness_follow(struct cairn_turn *turn, struct harness *harness,
                                  struct cairn_request *request)
{
    struct cairn_actor_ref follower = request->connection;
    harness->follower = follower;
    cairn_request_received(turn, request);
    for (uint32_t i = 0; i < harness->batch_count; i++) {
        /* The first two come before the answer, which covers the first. */
        if (i == 2 || harness->batch_count < 2) {
            request->render = harness_render_history;
            request->seq = 1;
            cairn_request_finish(turn, request);
            request = NULL;
        }
        struct cairn_batch *batch = harness_batch(1 + 2 * i, harness->event_bytes);
        cairn_turn_tell(turn, follower, CAIRN_MESSAGE_FOLLOWED, (uint64_t)(uintptr_t)batch);
    }
    if (request != NULL) {
        cairn_request_problem(request, 429, "too many followers");
        cairn_request_finish(turn, request);
    }
}

static inline int harness_target(struct cairn_turn *turn, void *state,
                                 struct cairn_message *message)
{
    struct harness *harness = state;
    switch (message->type) {
    case CAIRN_MESSAGE_REQUEST:
        harness_request(turn, harness, cairn_request_of(message));
        break;
    case CAIRN_MESSAGE_FOLLOW:
        harness_follow(turn, harness, cairn_request_of(message));
        break;
    case CAIRN_MESSAGE_UNFOLLOW:
        cairn_turn_tell(turn, message->from, CAIRN_MESSAGE_FOLLOWED, 0);
        atomic_fetch_add(&harness->unfollowed, 1);
        break;
    case MESSAGE_PUBLISH:
        cairn_turn_tell(turn, harness->follower, CAIRN_MESSAGE_FOLLOWED,
                        (uint64_t)(uintptr_t)harness_batch(message->value, harness->event_bytes));
        break;
    case MESSAGE_RELEASE:
        harness_release(turn, harness);
        break;
    case CAIRN_MESSAGE_STOP:
        return CAIRN_TURN_STOP;
    default:
        break;
    }
    return CAIRN_TURN_OK;
}

static inline int harness_metrics(struct cairn_turn *turn, void *state,
                                  struct cairn_message *message)
{
    (void)turn;
    struct harness *harness = state;
    if (message->type == CAIRN_MESSAGE_STOP)
        return CAIRN_TURN_STOP;
    const struct cairn_request_report *reports =
        (const struct cairn_request_report *)(const void *)message->payload;
    uint64_t told = message->type == CAIRN_MESSAGE_REPORT ? message->value : 0;
    for (uint64_t i = 0; i < told; i++) {
        uint32_t count = atomic_load(&harness->report_count);
        if (count == REPORTS_MAX)
            break;
        harness->reports[count] = reports[i];
        atomic_store(&harness->report_count, count + 1);
    }
    return CAIRN_TURN_OK;
}

static inline int harness_parse_write(void *context, struct cairn_request *request)
{
    (void)context;
    if (!cairn_slice_is(request->body, "bad"))
        return 0;
    cairn_request_problem_line(request, 400, 3, "the body is bad");
    return -EINVAL;
}

static inline void harness_render_event(void *context, const struct cairn_event *event,
                                        struct cairn_buffer *json)
{
    (void)context;
    cairn_buffer_printf(json, "{\"seq\":%llu,\"space\":\"%.*s\"", (unsigned long long)event->seq,
                        (int)event->space.bytes, event->space.data);
    if (event->payload.bytes > 100)
        cairn_buffer_append_slice(json, event->payload);
    cairn_buffer_append_byte(json, '}');
}

/* ---- start and stop ---- */

static inline void harness_init(struct harness *harness, bool posix_io)
{
    *harness = (struct harness){.posix_io = posix_io, .worker_count = 2, .event_bytes = 1};
    atomic_store(&harness->readiness, CAIRN_READINESS_READY);
    atomic_store(&harness->committed_seq, 100);
    harness->options = (struct cairn_gateway_options){
        .listen_host = "127.0.0.1",
        .is_loopback = true,
        .is_durable = true,
        .readiness = &harness->readiness,
        .committed_seq = &harness->committed_seq,
        .parse_write = harness_parse_write,
        .render_event = harness_render_event,
        .config_json = cairn_slice_of("{\"server\":{}}"),
        .version = "test",
    };
}

static inline void harness_spawn(struct harness *harness)
{
    struct cairn_actor_options target = {
        .name = "target",
        .behaviour = harness_target,
        .state = harness,
        .flags = CAIRN_ACTOR_PINNED,
        .worker = harness->target_worker,
        .mailbox_bound = harness->target_bound,
    };
    struct cairn_actor_options metrics = {
        .name = "metrics", .behaviour = harness_metrics, .state = harness, .worker = 0};
    assert_int_equal(cairn_system_spawn(harness->system, &target, &harness->target), 0);
    assert_int_equal(cairn_system_spawn(harness->system, &metrics, &harness->metrics), 0);
    harness->options.targets = (struct cairn_gateway_targets){
        .ingest = harness->target,
        .metrics = harness->metrics,
        .training = &harness->target,
        .patterns = &harness->target,
        .retrieval = &harness->target,
        .facts = &harness->target,
        .shard_count = 1,
    };
}

static inline void harness_start(struct harness *harness)
{
    const struct cairn_system_options options = {
        .worker_count = harness->worker_count,
        .posix_io = harness->posix_io,
        .message_pools = true,
        .multishot = true,
        .defer_taskrun = true,
        .turn_messages = 64,
        .turn_us = 100,
        .mailbox_bound = 1024,
        .receive_buffer_count = 64,
        .receive_buffer_bytes = 4096,
        .seed = 7,
    };
    const struct cairn_io_options io = {.queue_entries = 64};
    assert_int_equal(cairn_io_create(CAIRN_IO_POSIX, &io, &harness->io), 0);
    assert_int_equal(cairn_system_create(&options, &harness->system), 0);
    assert_int_equal(cairn_system_start(harness->system), 0);
    harness_spawn(harness);

    cairn_gateway_limits_complete(&harness->options.limits);
    int socket = cairn_io_listen(harness->io, "127.0.0.1", 0, &harness->port);
    assert_true(socket >= 0);
    const struct cairn_listener_options listener = {
        .gateway = &harness->options,
        .socket = socket,
        .worker_count = harness->worker_count,
    };
    assert_int_equal(cairn_listener_spawn(harness->system, &listener, &harness->listener), 0);
}

/* How many actors of that name there are. */
static inline uint32_t harness_count(struct harness *harness, const char *name, bool mailbox)
{
    struct cairn_actor_stats rows[16] = {0};
    size_t count = cairn_system_actor_stats(harness->system, rows, 16);
    for (size_t i = 0; i < count && i < 16; i++)
        if (strcmp(rows[i].name, name) == 0)
            return mailbox ? rows[i].mailbox_depth : rows[i].actors;
    return 0;
}

static inline void harness_await_connections(struct harness *harness, uint32_t count)
{
    while (harness_count(harness, "connection", false) != count)
        cairn_thread_yield();
}

static inline void harness_stop(struct harness *harness)
{
    cairn_system_stop_actor(harness->system, harness->listener);
    /* The last connection told the listener, and ends in the same turn. */
    harness_await_connections(harness, 0);
    cairn_system_stop_actor(harness->system, harness->target);
    cairn_system_stop_actor(harness->system, harness->metrics);
    cairn_system_stop(harness->system);
    cairn_system_destroy(harness->system);
    cairn_io_destroy(harness->io);
}

/* ---- clients ---- */

static inline int client_connect(struct harness *harness)
{
    int socket = cairn_io_connect_now(harness->io, "127.0.0.1", harness->port);
    assert_true(socket >= 0);
    struct timeval timeout = {.tv_sec = RECEIVE_TIMEOUT_S};
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
    return socket;
}

static inline void client_send(struct harness *harness, int socket, const char *text)
{
    assert_int_equal(cairn_io_send_now(harness->io, socket, text, strlen(text)), 0);
}

struct answer {
    int status;
    char head[2048];
    char *body; /* owned, terminated */
    size_t body_bytes;
};

static inline void client_byte(struct harness *harness, int socket, char *byte)
{
    int64_t received = cairn_io_receive_now(harness->io, socket, byte, 1);
    if (received != 1)
        fail_msg("the connection gave %lld instead of an answer", (long long)received);
}

/* One answer, and not a byte more. */
static inline struct answer client_receive(struct harness *harness, int socket)
{
    struct answer answer = {0};
    size_t bytes = 0;
    while (bytes < 4 || memcmp(answer.head + bytes - 4, "\r\n\r\n", 4) != 0) {
        assert_true(bytes < sizeof(answer.head) - 1);
        client_byte(harness, socket, &answer.head[bytes++]);
    }
    assert_memory_equal(answer.head, "HTTP/1.1 ", 9);
    answer.status = atoi(answer.head + 9);
    const char *length = strstr(answer.head, "Content-Length: ");
    answer.body_bytes = length == NULL ? 0 : (size_t)atoll(length + 16);
    answer.body = calloc(1, answer.body_bytes + 1);
    size_t offset = 0;
    while (offset < answer.body_bytes) {
        int64_t received = cairn_io_receive_now(harness->io, socket, answer.body + offset,
                                                answer.body_bytes - offset);
        assert_true(received > 0);
        offset += (size_t)received;
    }
    return answer;
}

static inline void client_expect(struct harness *harness, int socket, int status,
                                 const char *body_part)
{
    struct answer answer = client_receive(harness, socket);
    if (answer.status != status || strstr(answer.body, body_part) == NULL)
        fail_msg("expected %d with `%s`, got\n%s%s", status, body_part, answer.head, answer.body);
    free(answer.body);
}

static inline void client_expect_end(struct harness *harness, int socket)
{
    char byte;
    assert_int_equal(cairn_io_receive_now(harness->io, socket, &byte, 1), 0);
    cairn_io_close(harness->io, socket);
}

#define LOCALHOST "Host: localhost\r\n"
