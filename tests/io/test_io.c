/* The seam's conformance suite: every test runs over each implementation. The client's side of a
 * connection is the same instance, so that the suite needs nothing but the seam itself. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/error.h"
#include "runtime/base/random.h"
#include "runtime/base/time.h"
#include "runtime/io/io.h"
#include "runtime/io/sim.h"
#include "runtime/io/thread.h"
#include "tests/support/unit.h"

#define BUFFER_COUNT    4
#define BUFFER_BYTES    1024
#define POLLS_MAX       2000000 /* a bound for waiting, not a measure of time */
#define SHORT_WAIT_NS   (5 * CAIRN_NS_PER_MS)
#define LARGE_BYTES     (12u << 20) /* more than the buffers of a socket take */
#define MANY_OPERATIONS 300         /* far more than the queue's entries */

struct world {
    enum cairn_io_kind kind;
    bool defer_taskrun;
    bool multishot;
    const char *name;
};

struct fixture {
    const struct world *world;
    struct cairn_sim *sim;
    struct cairn_io *io;
    char directory[64];
    int listener;
    uint16_t port;
};

/* What an operation's completions brought. */
struct outcome {
    struct cairn_io_op op;
    struct cairn_io *io;
    int result; /* of the last */
    int completions;
    int ends;  /* completions without MORE */
    bool keep; /* do not give buffers back */
    uint32_t kept[BUFFER_COUNT + 1];
    uint32_t kept_count;
    int sockets[16]; /* accepted */
    int socket_count;
    char *received;
    size_t received_bytes;
    size_t received_capacity;
};

static void on_complete(struct cairn_io_op *op, const struct cairn_io_completion *completion)
{
    struct outcome *outcome = op->context;
    outcome->result = completion->result;
    outcome->completions++;
    outcome->ends += (completion->flags & CAIRN_IO_MORE) == 0;
    if ((completion->flags & CAIRN_IO_BUFFER) == 0)
        return;

    assert_int_equal(completion->data.bytes, completion->result);
    assert_true(outcome->received_bytes + completion->data.bytes <= outcome->received_capacity);
    memcpy(outcome->received + outcome->received_bytes, completion->data.data,
           completion->data.bytes);
    outcome->received_bytes += completion->data.bytes;
    if (outcome->keep)
        outcome->kept[outcome->kept_count++] = completion->buffer_id;
    else
        cairn_io_buffer_return(outcome->io, completion->buffer_id);
}

static void on_accept(struct cairn_io_op *op, const struct cairn_io_completion *completion)
{
    struct outcome *outcome = op->context;
    on_complete(op, completion);
    if (completion->result >= 0)
        outcome->sockets[outcome->socket_count++] = completion->result;
}

/* What every receiver must do: when the kernel used up the buffers, go on once they are back. */
static void on_stream(struct cairn_io_op *op, const struct cairn_io_completion *completion)
{
    struct outcome *outcome = op->context;
    if (completion->result == -ENOBUFS)
        cairn_io_receive(outcome->io, op, op->fd);
    else
        on_complete(op, completion);
}

static void outcome_init(struct outcome *outcome, struct cairn_io *io, size_t capacity)
{
    *outcome = (struct outcome){.io = io, .received_capacity = capacity};
    outcome->op = (struct cairn_io_op){.complete = on_complete, .context = outcome};
    outcome->received = calloc(1, capacity + 1);
    assert_non_null(outcome->received);
}

static void outcome_deinit(struct outcome *outcome)
{
    free(outcome->received);
}

#define poll_until(io, condition)                                                                  \
    do {                                                                                           \
        for (int polls = 0; !(condition) && polls < POLLS_MAX; polls++)                            \
            cairn_io_poll(io, CAIRN_NS_PER_MS);                                                    \
        assert_true(condition);                                                                    \
    } while (0)

static void wait_end(struct fixture *fixture, struct outcome *outcome)
{
    poll_until(fixture->io, outcome->ends > 0);
}

/* ---- the fixture ---- */

static int create_io(const struct world *world, struct cairn_sim *sim, struct cairn_io **io)
{
    struct cairn_io_options options = {.queue_entries = 16,
                                       .receive_buffer_count = BUFFER_COUNT,
                                       .receive_buffer_bytes = BUFFER_BYTES,
                                       .defer_taskrun = world->defer_taskrun,
                                       .multishot = world->multishot,
                                       .sim = sim};
    return cairn_io_create(world->kind, &options, io);
}

/* The simulator's world is empty; the real one is shared with others. */
static void make_directory(struct fixture *fixture)
{
    const char *parent = fixture->world->kind == CAIRN_IO_SIM ? "" : "/tmp/";
    snprintf(fixture->directory, sizeof(fixture->directory), "%scairn-test-io-%d-%s", parent,
             (int)getpid(), fixture->world->name);
    assert_int_equal(cairn_io_make_directory(fixture->io, fixture->directory), 0);
}

static const char *path_in(const struct fixture *fixture, const char *name, char *path,
                           size_t path_bytes)
{
    snprintf(path, path_bytes, "%s/%s", fixture->directory, name);
    return path;
}

static int open_file(const struct fixture *fixture, const char *name, uint32_t flags)
{
    char path[128];
    return cairn_io_open(fixture->io, path_in(fixture, name, path, sizeof(path)), flags);
}

static void remove_file(const struct fixture *fixture, const char *name)
{
    char path[128];
    assert_int_equal(cairn_io_unlink(fixture->io, path_in(fixture, name, path, sizeof(path))), 0);
}

static void setup_connection(struct fixture *fixture, int *client, int *server)
{
    struct outcome accepted;
    outcome_init(&accepted, fixture->io, 0);
    accepted.op.complete = on_accept;
    cairn_io_accept(fixture->io, &accepted.op, fixture->listener);
    *client = cairn_io_connect_now(fixture->io, "127.0.0.1", fixture->port);
    assert_true(*client >= 0);
    poll_until(fixture->io, accepted.socket_count == 1);
    *server = accepted.sockets[0];
    cairn_io_cancel(fixture->io, &accepted.op);
    wait_end(fixture, &accepted);
    outcome_deinit(&accepted);
}

static int setup(void **state)
{
    const struct world *world = *state;
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    fixture->world = world;
    struct cairn_sim_options options = {.seed = 1};
    assert_int_equal(cairn_sim_create(&options, &fixture->sim), 0);
    assert_int_equal(create_io(world, fixture->sim, &fixture->io), 0);
    make_directory(fixture);
    fixture->listener = cairn_io_listen(fixture->io, "127.0.0.1", 0, &fixture->port);
    assert_true(fixture->listener >= 0);
    assert_int_not_equal(fixture->port, 0);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    cairn_io_close(fixture->io, fixture->listener);
    cairn_io_destroy(fixture->io);
    cairn_sim_destroy(fixture->sim);
    rmdir(fixture->directory);
    *state = NULL;
    free(fixture);
    return 0;
}

/* ---- connections ---- */

static void accepts_every_connection_until_it_is_cancelled(void **state)
{
    struct fixture *fixture = *state;
    struct outcome accepted;
    outcome_init(&accepted, fixture->io, 0);
    accepted.op.complete = on_accept;
    cairn_io_accept(fixture->io, &accepted.op, fixture->listener);

    int clients[5];
    for (int i = 0; i < 5; i++) {
        clients[i] = cairn_io_connect_now(fixture->io, "127.0.0.1", fixture->port);
        assert_true(clients[i] >= 0);
        poll_until(fixture->io, accepted.socket_count == i + 1);
        assert_int_equal(accepted.ends, 0);
    }
    cairn_io_cancel(fixture->io, &accepted.op);
    assert_int_equal(accepted.ends, 0);
    wait_end(fixture, &accepted);
    assert_int_equal(accepted.result, -ECANCELED);

    for (int i = 0; i < 5; i++) {
        cairn_io_close(fixture->io, clients[i]);
        cairn_io_close(fixture->io, accepted.sockets[i]);
    }
    outcome_deinit(&accepted);
}

static void accepted_connections_do_not_delay_small_answers(void **state)
{
    struct fixture *fixture = *state;
    if (fixture->world->kind == CAIRN_IO_SIM)
        return;
    int client;
    int server;
    setup_connection(fixture, &client, &server);

    int no_delay = 0;
    socklen_t bytes = sizeof(no_delay);
    assert_int_equal(getsockopt(server, IPPROTO_TCP, TCP_NODELAY, &no_delay, &bytes), 0);
    assert_int_not_equal(no_delay, 0);

    cairn_io_close(fixture->io, client);
    cairn_io_close(fixture->io, server);
}

static void receives_what_is_sent_and_then_the_end_of_the_stream(void **state)
{
    struct fixture *fixture = *state;
    int client;
    int server;
    setup_connection(fixture, &client, &server);
    struct outcome received;
    struct outcome sent;
    outcome_init(&received, fixture->io, 64);
    outcome_init(&sent, fixture->io, 0);

    cairn_io_receive(fixture->io, &received.op, server);
    cairn_io_send(fixture->io, &sent.op, client, "hello", 5);
    poll_until(fixture->io, received.received_bytes == 5);
    assert_string_equal(received.received, "hello");
    wait_end(fixture, &sent);
    assert_int_equal(sent.result, 5);
    assert_int_equal(received.ends, 0);

    cairn_io_close(fixture->io, client);
    wait_end(fixture, &received);
    assert_int_equal(received.result, 0);

    cairn_io_close(fixture->io, server);
    outcome_deinit(&received);
    outcome_deinit(&sent);
}

static void fill_with_noise(char *data, size_t bytes)
{
    struct cairn_random random;
    cairn_random_init(&random, bytes);
    for (size_t i = 0; i < bytes; i++)
        data[i] = (char)cairn_random_next(&random);
}

static void return_kept(struct outcome *outcome)
{
    for (uint32_t i = 0; i < outcome->kept_count; i++)
        cairn_io_buffer_return(outcome->io, outcome->kept[i]);
    outcome->kept_count = 0;
}

static void a_receive_without_a_free_buffer_ends_and_loses_nothing(void **state)
{
    struct fixture *fixture = *state;
    int client;
    int server;
    setup_connection(fixture, &client, &server);
    static char data[3 * BUFFER_COUNT * BUFFER_BYTES];
    fill_with_noise(data, sizeof(data));
    struct outcome received;
    struct outcome sent;
    outcome_init(&received, fixture->io, sizeof(data));
    outcome_init(&sent, fixture->io, 0);

    received.keep = true;
    cairn_io_receive(fixture->io, &received.op, server);
    cairn_io_send(fixture->io, &sent.op, client, data, sizeof(data));
    for (int rounds = 0; received.received_bytes < sizeof(data) && rounds < 1000; rounds++) {
        poll_until(fixture->io, received.ends > 0 || received.received_bytes == sizeof(data));
        if (received.ends == 0)
            break;
        assert_int_equal(received.result, -ENOBUFS);
        assert_int_equal(received.kept_count, BUFFER_COUNT);
        return_kept(&received);
        received.ends = 0;
        cairn_io_receive(fixture->io, &received.op, server);
    }
    poll_until(fixture->io, received.received_bytes == sizeof(data));
    assert_memory_equal(received.received, data, sizeof(data));
    wait_end(fixture, &sent);
    assert_int_equal(sent.result, sizeof(data));

    return_kept(&received);
    if (received.ends == 0) {
        cairn_io_cancel(fixture->io, &received.op);
        wait_end(fixture, &received);
    }
    cairn_io_close(fixture->io, client);
    cairn_io_close(fixture->io, server);
    outcome_deinit(&received);
    outcome_deinit(&sent);
}

static void a_large_send_completes_once_and_whole_although_the_reader_is_slow(void **state)
{
    struct fixture *fixture = *state;
    int client;
    int server;
    setup_connection(fixture, &client, &server);
    char *data = malloc(LARGE_BYTES);
    assert_non_null(data);
    fill_with_noise(data, LARGE_BYTES);
    struct outcome received;
    struct outcome sent;
    outcome_init(&received, fixture->io, LARGE_BYTES);
    received.op.complete = on_stream;
    outcome_init(&sent, fixture->io, 0);

    cairn_io_send(fixture->io, &sent.op, server, data, LARGE_BYTES);
    for (int i = 0; i < 20; i++)
        cairn_io_poll(fixture->io, 0);
    assert_int_equal(sent.ends, 0);

    cairn_io_receive(fixture->io, &received.op, client);
    poll_until(fixture->io, received.received_bytes == LARGE_BYTES);
    wait_end(fixture, &sent);
    assert_int_equal(sent.completions, 1);
    assert_int_equal(sent.result, LARGE_BYTES);
    assert_memory_equal(received.received, data, LARGE_BYTES);

    cairn_io_close(fixture->io, server);
    wait_end(fixture, &received);
    cairn_io_close(fixture->io, client);
    outcome_deinit(&received);
    outcome_deinit(&sent);
    free(data);
}

static void a_cancelled_send_is_over(void **state)
{
    struct fixture *fixture = *state;
    int client;
    int server;
    setup_connection(fixture, &client, &server);
    char *data = calloc(1, LARGE_BYTES);
    assert_non_null(data);
    struct outcome sent;
    outcome_init(&sent, fixture->io, 0);

    cairn_io_send(fixture->io, &sent.op, server, data, LARGE_BYTES);
    for (int i = 0; i < 20; i++)
        cairn_io_poll(fixture->io, 0);
    cairn_io_cancel(fixture->io, &sent.op);
    cairn_io_cancel(fixture->io, &sent.op);
    wait_end(fixture, &sent);
    assert_int_equal(sent.result, -ECANCELED);
    assert_int_equal(sent.completions, 1);

    cairn_io_close(fixture->io, client);
    cairn_io_close(fixture->io, server);
    outcome_deinit(&sent);
    free(data);
}

static void blocking_calls_speak_to_asynchronous_ones(void **state)
{
    struct fixture *fixture = *state;
    int client;
    int server;
    setup_connection(fixture, &client, &server);
    struct outcome sent;
    outcome_init(&sent, fixture->io, 0);
    cairn_io_send(fixture->io, &sent.op, server, "answer", 6);
    wait_end(fixture, &sent);

    char answer[16] = {0};
    assert_int_equal(cairn_io_receive_now(fixture->io, client, answer, sizeof(answer)), 6);
    assert_string_equal(answer, "answer");
    cairn_io_close(fixture->io, server);
    assert_int_equal(cairn_io_receive_now(fixture->io, client, answer, sizeof(answer)), 0);
    cairn_io_close(fixture->io, client);
    outcome_deinit(&sent);
}

static void socket_operations_tell_their_errors(void **state)
{
    struct fixture *fixture = *state;
    struct outcome outcome;
    outcome_init(&outcome, fixture->io, 0);
    cairn_io_receive(fixture->io, &outcome.op, -1);
    wait_end(fixture, &outcome);
    assert_int_equal(outcome.result, -EBADF);

    outcome.ends = 0;
    cairn_io_send(fixture->io, &outcome.op, -1, "x", 1);
    wait_end(fixture, &outcome);
    assert_int_equal(outcome.result, -EBADF);

    outcome.ends = 0;
    cairn_io_accept(fixture->io, &outcome.op, -1);
    wait_end(fixture, &outcome);
    assert_int_equal(outcome.result, -EBADF);
    assert_int_equal(outcome.completions, 3);
    outcome_deinit(&outcome);
}

static void sending_to_a_peer_that_is_gone_fails(void **state)
{
    struct fixture *fixture = *state;
    int client;
    int server;
    setup_connection(fixture, &client, &server);
    cairn_io_close(fixture->io, client);

    struct outcome sent;
    outcome_init(&sent, fixture->io, 0);
    for (int i = 0; i < 1000 && sent.result >= 0; i++) {
        sent.ends = 0;
        cairn_io_send(fixture->io, &sent.op, server, "?", 1);
        wait_end(fixture, &sent);
    }
    assert_true(sent.result == -EPIPE || sent.result == -ECONNRESET);
    cairn_io_close(fixture->io, server);
    outcome_deinit(&sent);
}

static void shutdown_ends_a_receive_that_waits(void **state)
{
    struct fixture *fixture = *state;
    int client;
    int server;
    setup_connection(fixture, &client, &server);
    struct outcome received;
    outcome_init(&received, fixture->io, 16);

    cairn_io_receive(fixture->io, &received.op, server);
    cairn_io_poll(fixture->io, 0);
    cairn_io_shutdown(fixture->io, server);
    wait_end(fixture, &received);
    assert_int_equal(received.result, 0);

    cairn_io_close(fixture->io, client);
    cairn_io_close(fixture->io, server);
    outcome_deinit(&received);
}

static void a_cancelled_receive_can_be_armed_again(void **state)
{
    struct fixture *fixture = *state;
    int client;
    int server;
    setup_connection(fixture, &client, &server);
    struct outcome received;
    outcome_init(&received, fixture->io, 16);

    for (int i = 0; i < 3; i++) {
        received.ends = 0;
        cairn_io_receive(fixture->io, &received.op, server);
        cairn_io_poll(fixture->io, 0);
        cairn_io_cancel(fixture->io, &received.op);
        wait_end(fixture, &received);
        assert_int_equal(received.result, -ECANCELED);
    }
    received.ends = 0;
    cairn_io_receive(fixture->io, &received.op, server);
    assert_int_equal(cairn_io_send_now(fixture->io, client, "still", 5), 0);
    poll_until(fixture->io, received.received_bytes == 5);
    assert_string_equal(received.received, "still");

    cairn_io_close(fixture->io, client);
    wait_end(fixture, &received);
    cairn_io_close(fixture->io, server);
    outcome_deinit(&received);
}

static void a_port_has_one_listener_and_a_connect_needs_one(void **state)
{
    struct fixture *fixture = *state;
    uint16_t port = 0;
    assert_int_equal(cairn_io_listen(fixture->io, "127.0.0.1", fixture->port, &port), -EADDRINUSE);
    assert_int_equal(port, 0);

    cairn_io_close(fixture->io, fixture->listener);
    assert_int_equal(cairn_io_connect_now(fixture->io, "127.0.0.1", fixture->port), -ECONNREFUSED);
    fixture->listener = cairn_io_listen(fixture->io, "127.0.0.1", fixture->port, &port);
    assert_true(fixture->listener >= 0);
    assert_int_equal(port, fixture->port);
}

/* ---- files ---- */

static int run_write(struct fixture *fixture, int fd, const char *text, uint64_t offset,
                     bool durable)
{
    struct outcome outcome;
    outcome_init(&outcome, fixture->io, 0);
    cairn_io_write(fixture->io, &outcome.op, fd, text, (uint32_t)strlen(text), offset, durable);
    assert_int_equal(outcome.completions, 0);
    wait_end(fixture, &outcome);
    assert_int_equal(outcome.completions, 1);
    outcome_deinit(&outcome);
    return outcome.result;
}

static int run_read(struct fixture *fixture, int fd, char *buffer, uint32_t bytes, uint64_t offset)
{
    struct outcome outcome;
    outcome_init(&outcome, fixture->io, 0);
    cairn_io_read(fixture->io, &outcome.op, fd, buffer, bytes, offset);
    assert_int_equal(outcome.completions, 0);
    wait_end(fixture, &outcome);
    outcome_deinit(&outcome);
    return outcome.result;
}

static int run_sync(struct fixture *fixture, int fd)
{
    struct outcome outcome;
    outcome_init(&outcome, fixture->io, 0);
    cairn_io_sync(fixture->io, &outcome.op, fd);
    assert_int_equal(outcome.completions, 0);
    wait_end(fixture, &outcome);
    outcome_deinit(&outcome);
    return outcome.result;
}

static void reads_back_what_was_written(void **state)
{
    struct fixture *fixture = *state;
    int fd = open_file(fixture, "data", CAIRN_IO_OPEN_WRITE | CAIRN_IO_OPEN_CREATE);
    assert_true(fd >= 0);
    assert_int_equal(run_write(fixture, fd, "durable", 0, true), 7);
    assert_int_equal(run_write(fixture, fd, "buffered", 7, false), 8);
    assert_int_equal(run_sync(fixture, fd), 0);

    char buffer[32] = {0};
    assert_int_equal(run_read(fixture, fd, buffer, 15, 0), 15);
    assert_string_equal(buffer, "durablebuffered");
    assert_int_equal(run_read(fixture, fd, buffer, sizeof(buffer), 10), 5); /* up to the end */
    assert_memory_equal(buffer, "fered", 5);
    assert_int_equal(run_read(fixture, fd, buffer, sizeof(buffer), 15), 0); /* at the end */
    assert_int_equal(run_read(fixture, fd, buffer, sizeof(buffer), 99), 0); /* past it */

    cairn_io_close(fixture->io, fd);
    remove_file(fixture, "data");
}

static void file_operations_tell_their_errors(void **state)
{
    struct fixture *fixture = *state;
    char buffer[8] = {0};
    assert_int_equal(run_read(fixture, -1, buffer, sizeof(buffer), 0), -EBADF);
    assert_int_equal(run_write(fixture, -1, "x", 0, false), -EBADF);
    assert_int_equal(run_sync(fixture, -1), -EBADF);

    int fd = open_file(fixture, "readonly", CAIRN_IO_OPEN_WRITE | CAIRN_IO_OPEN_CREATE);
    cairn_io_close(fixture->io, fd);
    fd = open_file(fixture, "readonly", CAIRN_IO_OPEN_READ);
    assert_true(fd >= 0);
    assert_int_equal(run_write(fixture, fd, "x", 0, false), -EBADF);
    assert_int_equal(cairn_io_write_now(fixture->io, fd, "x", 1, 0), -EBADF);
    cairn_io_close(fixture->io, fd);
    remove_file(fixture, "readonly");
}

static void takes_far_more_operations_at_once_than_the_queue_has_entries(void **state)
{
    struct fixture *fixture = *state;
    int fd = open_file(fixture, "many", CAIRN_IO_OPEN_WRITE | CAIRN_IO_OPEN_CREATE);
    static struct outcome outcomes[MANY_OPERATIONS];
    static uint32_t values[MANY_OPERATIONS];
    for (uint32_t i = 0; i < MANY_OPERATIONS; i++) {
        values[i] = i * i;
        outcome_init(&outcomes[i], fixture->io, 0);
        cairn_io_write(fixture->io, &outcomes[i].op, fd, &values[i], 4, i * 4, false);
    }
    for (uint32_t i = 0; i < MANY_OPERATIONS; i++) {
        wait_end(fixture, &outcomes[i]);
        assert_int_equal(outcomes[i].result, 4);
    }
    for (uint32_t i = 0; i < MANY_OPERATIONS; i++) {
        assert_int_equal(outcomes[i].completions, 1);
        outcome_deinit(&outcomes[i]);
        uint32_t value = 0;
        assert_int_equal(cairn_io_read_now(fixture->io, fd, &value, 4, i * 4), 4);
        assert_int_equal(value, i * i);
    }
    cairn_io_close(fixture->io, fd);
    remove_file(fixture, "many");
}

static void a_cancelled_operation_completes_exactly_once(void **state)
{
    struct fixture *fixture = *state;
    int client;
    int server;
    setup_connection(fixture, &client, &server);
    static struct outcome outcomes[MANY_OPERATIONS];
    for (int i = 0; i < MANY_OPERATIONS; i++) {
        outcome_init(&outcomes[i], fixture->io, 0);
        cairn_io_receive(fixture->io, &outcomes[i].op, server);
    }
    for (int i = 0; i < MANY_OPERATIONS; i++)
        cairn_io_cancel(fixture->io, &outcomes[i].op);
    for (int i = 0; i < MANY_OPERATIONS; i++) {
        wait_end(fixture, &outcomes[i]);
        assert_int_equal(outcomes[i].result, -ECANCELED);
    }
    for (int i = 0; i < MANY_OPERATIONS; i++) {
        assert_int_equal(outcomes[i].completions, 1);
        cairn_io_cancel(fixture->io, &outcomes[i].op); /* of nothing */
        outcome_deinit(&outcomes[i]);
    }
    cairn_io_poll(fixture->io, 0);
    cairn_io_close(fixture->io, client);
    cairn_io_close(fixture->io, server);
}

static void on_read_again(struct cairn_io_op *op, const struct cairn_io_completion *completion)
{
    struct outcome *outcome = op->context;
    assert_int_equal(completion->result, 1);
    if (++outcome->completions < MANY_OPERATIONS)
        cairn_io_read(outcome->io, op, op->fd, outcome->received, 1, 0);
    else
        outcome->ends = 1;
}

static void a_completion_may_submit_its_operation_again(void **state)
{
    struct fixture *fixture = *state;
    int fd = open_file(fixture, "again", CAIRN_IO_OPEN_WRITE | CAIRN_IO_OPEN_CREATE);
    assert_int_equal(cairn_io_write_now(fixture->io, fd, "a", 1, 0), 0);
    struct outcome outcome;
    outcome_init(&outcome, fixture->io, 1);
    outcome.op.complete = on_read_again;
    cairn_io_read(fixture->io, &outcome.op, fd, outcome.received, 1, 0);
    wait_end(fixture, &outcome);
    assert_int_equal(outcome.completions, MANY_OPERATIONS);
    outcome_deinit(&outcome);
    cairn_io_close(fixture->io, fd);
    remove_file(fixture, "again");
}

static void opens_as_the_flags_say(void **state)
{
    struct fixture *fixture = *state;
    uint32_t create = CAIRN_IO_OPEN_WRITE | CAIRN_IO_OPEN_CREATE;
    assert_int_equal(open_file(fixture, "file", CAIRN_IO_OPEN_READ), -ENOENT);
    assert_int_equal(open_file(fixture, "missing/file", create), -ENOENT);

    int fd = open_file(fixture, "file", create | CAIRN_IO_OPEN_EXCL);
    assert_true(fd >= 0);
    assert_int_equal(cairn_io_write_now(fixture->io, fd, "content", 7, 0), 0);
    cairn_io_close(fixture->io, fd);

    assert_int_equal(open_file(fixture, "file", create | CAIRN_IO_OPEN_EXCL), -EEXIST);
    fd = open_file(fixture, "file", create);
    assert_int_equal(cairn_io_size(fixture->io, fd), 7);
    cairn_io_close(fixture->io, fd);
    fd = open_file(fixture, "file", CAIRN_IO_OPEN_WRITE | CAIRN_IO_OPEN_TRUNC);
    assert_int_equal(cairn_io_size(fixture->io, fd), 0);
    cairn_io_close(fixture->io, fd);
    remove_file(fixture, "file");
    assert_int_equal(open_file(fixture, "file", CAIRN_IO_OPEN_READ), -ENOENT);
}

static void direct_files_take_aligned_blocks_or_are_refused(void **state)
{
    struct fixture *fixture = *state;
    int fd = open_file(fixture, "direct",
                       CAIRN_IO_OPEN_WRITE | CAIRN_IO_OPEN_CREATE | CAIRN_IO_OPEN_DIRECT);
    if (fd == -EINVAL)
        return;
    assert_true(fd >= 0);
    char *block = aligned_alloc(4096, 8192);
    assert_non_null(block);
    memset(block, 'd', 8192);
    struct outcome outcome;
    outcome_init(&outcome, fixture->io, 0);
    cairn_io_write(fixture->io, &outcome.op, fd, block, 4096, 4096, true);
    wait_end(fixture, &outcome);
    assert_int_equal(outcome.result, 4096);
    assert_int_equal(run_read(fixture, fd, block, 8192, 0), 8192);
    assert_int_equal(block[4095], 0); /* a hole */
    assert_int_equal(block[4096], 'd');
    outcome_deinit(&outcome);
    free(block);
    cairn_io_close(fixture->io, fd);
    remove_file(fixture, "direct");
}

static void truncates_and_extends_with_zeros(void **state)
{
    struct fixture *fixture = *state;
    int fd = open_file(fixture, "size", CAIRN_IO_OPEN_WRITE | CAIRN_IO_OPEN_CREATE);
    assert_int_equal(cairn_io_write_now(fixture->io, fd, "abcdef", 6, 0), 0);
    assert_int_equal(cairn_io_truncate(fixture->io, fd, 2), 0);
    assert_int_equal(cairn_io_size(fixture->io, fd), 2);
    assert_int_equal(cairn_io_truncate(fixture->io, fd, 5), 0);
    char buffer[8];
    memset(buffer, 'x', sizeof(buffer));
    assert_int_equal(cairn_io_read_now(fixture->io, fd, buffer, sizeof(buffer), 0), 5);
    assert_memory_equal(buffer, "ab\0\0\0xxx", 8);
    assert_int_equal(cairn_io_sync_now(fixture->io, fd), 0);
    cairn_io_close(fixture->io, fd);
    remove_file(fixture, "size");
}

static int count_names(void *context, const char *name)
{
    int *counts = context;
    if (strcmp(name, "one") == 0)
        counts[0]++;
    else if (strcmp(name, "two") == 0)
        counts[1]++;
    else
        counts[2]++;
    return 0;
}

static int stop_at_first(void *context, const char *name)
{
    (void)name;
    ++*(int *)context;
    return -ENOBUFS;
}

static void lists_renames_and_removes_names(void **state)
{
    struct fixture *fixture = *state;
    cairn_io_close(fixture->io,
                   open_file(fixture, "zero", CAIRN_IO_OPEN_WRITE | CAIRN_IO_OPEN_CREATE));
    cairn_io_close(fixture->io,
                   open_file(fixture, "two", CAIRN_IO_OPEN_WRITE | CAIRN_IO_OPEN_CREATE));
    char from[128];
    char to[128];
    path_in(fixture, "zero", from, sizeof(from));
    path_in(fixture, "one", to, sizeof(to));
    assert_int_equal(cairn_io_rename(fixture->io, from, to), 0);
    assert_int_equal(cairn_io_rename(fixture->io, from, to), -ENOENT);
    assert_int_equal(cairn_io_sync_directory(fixture->io, fixture->directory), 0);
    assert_int_equal(cairn_io_make_directory(fixture->io, fixture->directory), 0);

    int counts[3] = {0};
    assert_int_equal(cairn_io_list(fixture->io, fixture->directory, count_names, counts), 0);
    assert_int_equal(counts[0], 1);
    assert_int_equal(counts[1], 1);
    assert_int_equal(counts[2], 0);
    int calls = 0;
    assert_int_equal(cairn_io_list(fixture->io, fixture->directory, stop_at_first, &calls),
                     -ENOBUFS);
    assert_int_equal(calls, 1);
    assert_int_equal(cairn_io_list(fixture->io, from, count_names, counts), -ENOENT);

    remove_file(fixture, "one");
    remove_file(fixture, "two");
    assert_int_equal(cairn_io_unlink(fixture->io, to), -ENOENT);
    assert_true(cairn_io_free_bytes(fixture->io, fixture->directory) > 0);
}

static void a_locked_file_is_locked_for_others(void **state)
{
    struct fixture *fixture = *state;
    int holder = open_file(fixture, "lock", CAIRN_IO_OPEN_WRITE | CAIRN_IO_OPEN_CREATE);
    int other = open_file(fixture, "lock", CAIRN_IO_OPEN_WRITE);
    assert_int_equal(cairn_io_lock(fixture->io, holder), 0);
    assert_int_equal(cairn_io_lock(fixture->io, other), -EWOULDBLOCK);
    cairn_io_close(fixture->io, holder);
    assert_int_equal(cairn_io_lock(fixture->io, other), 0);
    cairn_io_close(fixture->io, other);
    remove_file(fixture, "lock");
}

/* ---- polling, waking, time ---- */

static void a_poll_waits_as_long_as_it_was_told(void **state)
{
    struct fixture *fixture = *state;
    uint64_t start_ns = cairn_io_monotonic_ns(fixture->io);
    assert_int_equal(cairn_io_poll(fixture->io, 0), 0);
    assert_int_equal(cairn_io_poll(fixture->io, SHORT_WAIT_NS), 0);
    assert_true(cairn_io_monotonic_ns(fixture->io) - start_ns >= SHORT_WAIT_NS);
}

static void a_poll_after_a_wake_does_not_wait(void **state)
{
    struct fixture *fixture = *state;
    cairn_io_wake(fixture->io, NULL);
    assert_int_equal(cairn_io_poll(fixture->io, UINT64_MAX), 0);
    cairn_io_wake(fixture->io, fixture->io);
    assert_int_equal(cairn_io_poll(fixture->io, UINT64_MAX), 0);
}

struct waker {
    const struct fixture *fixture;
    bool with_instance;
    int error;
};

static void wake_main(void *argument)
{
    struct waker *waker = argument;
    struct cairn_io *own = NULL;
    if (waker->with_instance)
        waker->error = create_io(waker->fixture->world, NULL, &own);
    cairn_io_wake(waker->fixture->io, own);
    cairn_io_destroy(own);
}

static void another_thread_wakes_a_poll(void **state)
{
    struct fixture *fixture = *state;
    if (fixture->world->kind == CAIRN_IO_SIM)
        return;
    for (int round = 0; round < 20; round++) {
        struct waker waker = {.fixture = fixture, .with_instance = round % 2 == 0};
        struct cairn_thread thread;
        assert_int_equal(cairn_thread_start(&thread, "waker", wake_main, &waker), 0);
        assert_int_equal(cairn_io_poll(fixture->io, UINT64_MAX), 0);
        cairn_thread_join(&thread);
        assert_int_equal(waker.error, 0);
    }
}

static void an_instance_can_end_while_it_accepts_and_receives(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_io *io;
    assert_int_equal(create_io(fixture->world, fixture->sim, &io), 0);
    uint16_t port = 0;
    int listener = cairn_io_listen(io, "127.0.0.1", 0, &port);
    struct outcome accepted;
    struct outcome received;
    outcome_init(&accepted, io, 0);
    outcome_init(&received, io, 64);
    accepted.op.complete = on_accept;

    cairn_io_accept(io, &accepted.op, listener);
    int first = cairn_io_connect_now(io, "127.0.0.1", port);
    poll_until(io, accepted.socket_count == 1);
    cairn_io_receive(io, &received.op, accepted.sockets[0]);
    cairn_io_poll(io, 0);
    int second = cairn_io_connect_now(io, "127.0.0.1", port); /* accepted, never reported */
    assert_int_equal(cairn_io_send_now(io, first, "late", 4), 0);
    cairn_io_close(io, listener);
    cairn_io_destroy(io);
    assert_int_equal(received.completions, 0);
    assert_int_equal(accepted.ends, 0);

    listener = cairn_io_listen(fixture->io, "127.0.0.1", port, &port);
    assert_true(listener >= 0);
    cairn_io_close(fixture->io, listener);
    cairn_io_close(fixture->io, accepted.sockets[0]);
    cairn_io_close(fixture->io, first);
    cairn_io_close(fixture->io, second);
    outcome_deinit(&accepted);
    outcome_deinit(&received);
}

static void clocks_run_forward_and_random_numbers_differ(void **state)
{
    struct fixture *fixture = *state;
    uint64_t before_ns = cairn_io_monotonic_ns(fixture->io);
    assert_true(cairn_io_monotonic_ns(fixture->io) >= before_ns);
    assert_true(cairn_io_wall_ms(fixture->io) > INT64_C(1000000000000));
    assert_int_not_equal(cairn_io_random(fixture->io), cairn_io_random(fixture->io));
}

static void an_instance_remembers_its_user(void **state)
{
    struct fixture *fixture = *state;
    assert_null(cairn_io_user(fixture->io));
    cairn_io_set_user(fixture->io, fixture);
    assert_ptr_equal(cairn_io_user(fixture->io), fixture);
    assert_int_equal(cairn_io_kind(fixture->io), fixture->world->kind);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static int run_world(const struct world *world)
{
    struct CMUnitTest tests[] = {
        TEST(accepts_every_connection_until_it_is_cancelled),
        TEST(accepted_connections_do_not_delay_small_answers),
        TEST(receives_what_is_sent_and_then_the_end_of_the_stream),
        TEST(a_receive_without_a_free_buffer_ends_and_loses_nothing),
        TEST(a_large_send_completes_once_and_whole_although_the_reader_is_slow),
        TEST(a_cancelled_send_is_over),
        TEST(blocking_calls_speak_to_asynchronous_ones),
        TEST(socket_operations_tell_their_errors),
        TEST(sending_to_a_peer_that_is_gone_fails),
        TEST(shutdown_ends_a_receive_that_waits),
        TEST(a_cancelled_receive_can_be_armed_again),
        TEST(a_port_has_one_listener_and_a_connect_needs_one),
        TEST(reads_back_what_was_written),
        TEST(file_operations_tell_their_errors),
        TEST(takes_far_more_operations_at_once_than_the_queue_has_entries),
        TEST(a_cancelled_operation_completes_exactly_once),
        TEST(a_completion_may_submit_its_operation_again),
        TEST(opens_as_the_flags_say),
        TEST(direct_files_take_aligned_blocks_or_are_refused),
        TEST(truncates_and_extends_with_zeros),
        TEST(lists_renames_and_removes_names),
        TEST(a_locked_file_is_locked_for_others),
        TEST(a_poll_waits_as_long_as_it_was_told),
        TEST(a_poll_after_a_wake_does_not_wait),
        TEST(another_thread_wakes_a_poll),
        TEST(an_instance_can_end_while_it_accepts_and_receives),
        TEST(clocks_run_forward_and_random_numbers_differ),
        TEST(an_instance_remembers_its_user),
    };
    size_t count = sizeof(tests) / sizeof(tests[0]);
    for (size_t i = 0; i < count; i++)
        tests[i].initial_state = (void *)(uintptr_t)world;
    return _cmocka_run_group_tests(world->name, tests, count, NULL, NULL);
}

/* Containers often forbid io_uring: say so, and test the rest. */
static bool is_forbidden(const struct world *world)
{
    if (world->kind != CAIRN_IO_URING)
        return false;
    struct cairn_io *io = NULL;
    int result = create_io(world, NULL, &io);
    cairn_io_destroy(result == 0 ? io : NULL);
    if (result == -ENOSYS || result == -EPERM)
        printf("left out: %s (io_uring is not allowed here)\n", world->name);
    return result == -ENOSYS || result == -EPERM;
}

int main(void)
{
    static const struct world worlds[] = {
        {CAIRN_IO_POSIX, false, false, "posix"},
        {CAIRN_IO_URING, true, true, "uring"},
        {CAIRN_IO_URING, false, true, "uring-not-deferred"},
        {CAIRN_IO_URING, true, false, "uring-one-by-one"},
        {CAIRN_IO_SIM, false, true, "sim"},
    };
    int failures = 0;
    for (size_t i = 0; i < sizeof(worlds) / sizeof(worlds[0]); i++)
        if (!is_forbidden(&worlds[i]))
            failures += run_world(&worlds[i]);
    return failures == 0 ? 0 : 1;
}
