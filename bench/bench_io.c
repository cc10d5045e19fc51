/* bench/bench_io.c: what the seam costs, over io_uring with its switches on and off and over posix.
 *
 *     idle_poll    a poll that finds nothing
 *     wake         waking oneself and the poll that sees it, through the eventfd
 *     read         4 KiB reads of a cached file, 32 at once
 *     append       one durable 4 KiB write at a time, O_DIRECT where it is allowed, over zeroed bytes
 *     echo         a byte there and back over loopback, 1 connection and 64 side by side
 *
 * A case runs once to warm up and RUNS times to measure. One line a case: name, world, operations per
 * second (median of the runs), least and most; append adds p50, p99 and p999 in ns over all runs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/assert.h"
#include "runtime/base/error.h"
#include "runtime/base/time.h"
#include "runtime/io/io.h"

#define RUNS        5
#define BLOCK_BYTES 4096u
#define FILE_BLOCKS 1024u
#define BATCH       32u
#define PAIRS_MAX   64u
#define APPENDS     1000u
#define PATH        "bench-io.tmp"

struct world {
    const char *name;
    enum cairn_io_kind kind;
    bool defer_taskrun;
    bool multishot;
};

struct bench {
    struct cairn_io *io;
    char *block;
    int fd;
    uint64_t waiting;   /* completions still to come */
    uint32_t in_flight; /* sends and receives of echo */
    uint64_t *latencies;
    size_t latency_count;
};

static void on_complete(struct cairn_io_op *op, const struct cairn_io_completion *completion)
{
    struct bench *bench = op->context;
    cairn_assert(completion->result >= 0);
    bench->waiting--;
}

static void wait_all(struct bench *bench)
{
    while (bench->waiting > 0)
        cairn_io_poll(bench->io, UINT64_MAX);
}

/* ---- the cases: each does `count` operations ---- */

static void idle_poll(struct bench *bench, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        cairn_io_poll(bench->io, 0);
}

static void wake(struct bench *bench, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        cairn_io_wake(bench->io, NULL);
        cairn_io_poll(bench->io, UINT64_MAX);
    }
}

static void read_batches(struct bench *bench, uint64_t count)
{
    struct cairn_io_op ops[BATCH] = {0};
    for (uint64_t done = 0; done < count; done += BATCH) {
        bench->waiting = BATCH;
        for (uint32_t i = 0; i < BATCH; i++) {
            uint64_t offset = (done + i) % FILE_BLOCKS * BLOCK_BYTES;
            ops[i] = (struct cairn_io_op){.complete = on_complete, .context = bench};
            cairn_io_read(bench->io, &ops[i], bench->fd, bench->block, BLOCK_BYTES, offset);
        }
        wait_all(bench);
    }
}

static void append(struct bench *bench, uint64_t count)
{
    struct cairn_io_op op = {.complete = on_complete, .context = bench};
    for (uint64_t i = 0; i < count; i++) {
        uint64_t start_ns = cairn_io_monotonic_ns(bench->io);
        bench->waiting = 1;
        cairn_io_write(bench->io, &op, bench->fd, bench->block, BLOCK_BYTES,
                       i % FILE_BLOCKS * BLOCK_BYTES, true);
        wait_all(bench);
        bench->latencies[bench->latency_count++] = cairn_io_monotonic_ns(bench->io) - start_ns;
    }
}

/* Both ends of a connection send back what they receive, until enough bytes have come home. */
struct end {
    struct bench *bench;
    struct cairn_io_op receive;
    struct cairn_io_op send;
    int socket;
    bool is_client;
    char byte;
};

static void send_byte(struct end *end)
{
    end->bench->in_flight++;
    cairn_io_send(end->bench->io, &end->send, end->socket, &end->byte, 1);
}

static void on_sent(struct cairn_io_op *op, const struct cairn_io_completion *completion)
{
    const struct end *end = op->context;
    (void)completion; /* the last ones meet a closed connection */
    end->bench->in_flight--;
}

static void on_received(struct cairn_io_op *op, const struct cairn_io_completion *completion)
{
    struct end *end = op->context;
    if (completion->result <= 0) {
        cairn_assert(completion->result != -ENOBUFS); /* there is one for every byte in flight */
        end->bench->in_flight--;
        return;
    }
    cairn_io_buffer_return(end->bench->io, completion->buffer_id);
    if (end->is_client)
        end->bench->waiting -= end->bench->waiting > 0;
    if (!end->is_client || end->bench->waiting > 0)
        send_byte(end);
}

static void end_start(struct end *end, struct bench *bench, int socket, bool is_client)
{
    *end = (struct end){.bench = bench,
                        .receive = {.complete = on_received, .context = end},
                        .send = {.complete = on_sent, .context = end},
                        .socket = socket,
                        .is_client = is_client,
                        .byte = '.'};
    bench->in_flight++;
    cairn_io_receive(bench->io, &end->receive, socket);
}

struct acceptor {
    struct cairn_io_op op;
    struct end *ends;
    struct bench *bench;
    uint32_t count;
    bool ended;
};

static void on_accepted(struct cairn_io_op *op, const struct cairn_io_completion *completion)
{
    struct acceptor *acceptor = op->context;
    acceptor->ended = completion->result < 0;
    if (!acceptor->ended)
        end_start(&acceptor->ends[acceptor->count++], acceptor->bench, completion->result, false);
}

static void close_ends(struct bench *bench, const struct end *clients, const struct end *servers,
                       uint32_t pairs)
{
    for (uint32_t i = 0; i < pairs; i++) {
        cairn_io_shutdown(bench->io, clients[i].socket);
        cairn_io_shutdown(bench->io, servers[i].socket);
    }
    while (bench->in_flight > 0)
        cairn_io_poll(bench->io, UINT64_MAX);
    for (uint32_t i = 0; i < pairs; i++) {
        cairn_io_close(bench->io, clients[i].socket);
        cairn_io_close(bench->io, servers[i].socket);
    }
}

static void connect_ends(struct bench *bench, struct end *servers, struct end *clients,
                         uint32_t pairs)
{
    struct acceptor acceptor = {.ends = servers, .bench = bench};
    acceptor.op = (struct cairn_io_op){.complete = on_accepted, .context = &acceptor};
    uint16_t port = 0;
    int listener = cairn_io_listen(bench->io, "127.0.0.1", 0, &port);
    cairn_assert(listener >= 0);
    cairn_io_accept(bench->io, &acceptor.op, listener);
    for (uint32_t i = 0; i < pairs; i++) {
        int socket = cairn_io_connect_now(bench->io, "127.0.0.1", port);
        cairn_assert(socket >= 0);
        end_start(&clients[i], bench, socket, true);
        while (acceptor.count == i)
            cairn_io_poll(bench->io, UINT64_MAX);
    }
    cairn_io_cancel(bench->io, &acceptor.op);
    while (!acceptor.ended)
        cairn_io_poll(bench->io, UINT64_MAX);
    cairn_io_close(bench->io, listener);
}

static void echo(struct bench *bench, uint64_t count, uint32_t pairs)
{
    struct end servers[PAIRS_MAX];
    struct end clients[PAIRS_MAX];
    connect_ends(bench, servers, clients, pairs);
    bench->waiting = count;
    for (uint32_t i = 0; i < pairs; i++)
        send_byte(&clients[i]);
    wait_all(bench);
    close_ends(bench, clients, servers, pairs);
}

static void echo_1(struct bench *bench, uint64_t count)
{
    echo(bench, count, 1);
}

static void echo_64(struct bench *bench, uint64_t count)
{
    echo(bench, count, PAIRS_MAX);
}

/* ---- measuring ---- */

static int compare_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void print_latencies(struct bench *bench)
{
    size_t count = bench->latency_count;
    if (count == 0)
        return;
    qsort(bench->latencies, count, sizeof(bench->latencies[0]), compare_u64);
    printf(" p50_ns=%llu p99_ns=%llu p999_ns=%llu", (unsigned long long)bench->latencies[count / 2],
           (unsigned long long)bench->latencies[count * 99 / 100],
           (unsigned long long)bench->latencies[count * 999 / 1000]);
    bench->latency_count = 0;
}

static void measure(struct bench *bench, const struct world *world, const char *name,
                    void (*run)(struct bench *bench, uint64_t count), uint64_t count)
{
    uint64_t rates[RUNS];
    run(bench, count);
    bench->latency_count = 0;
    for (int i = 0; i < RUNS; i++) {
        uint64_t start_ns = cairn_io_monotonic_ns(bench->io);
        run(bench, count);
        rates[i] = count * CAIRN_NS_PER_S / (cairn_io_monotonic_ns(bench->io) - start_ns);
    }
    qsort(rates, RUNS, sizeof(rates[0]), compare_u64);
    printf("%-10s world=%-18s ops_per_s=%llu least=%llu most=%llu runs=%d", name, world->name,
           (unsigned long long)rates[RUNS / 2], (unsigned long long)rates[0],
           (unsigned long long)rates[RUNS - 1], RUNS);
    print_latencies(bench);
    printf("\n");
    fflush(stdout);
}

static void open_file(struct bench *bench, bool direct)
{
    uint32_t flags = CAIRN_IO_OPEN_WRITE | CAIRN_IO_OPEN_CREATE;
    bench->fd = cairn_io_open(bench->io, PATH, flags | (direct ? CAIRN_IO_OPEN_DIRECT : 0));
    if (bench->fd == -EINVAL && direct)
        bench->fd = cairn_io_open(bench->io, PATH, flags);
    cairn_assert(bench->fd >= 0);
    for (uint64_t i = 0; i < FILE_BLOCKS; i++)
        cairn_assert(cairn_io_write_now(bench->io, bench->fd, bench->block, BLOCK_BYTES,
                                        i * BLOCK_BYTES) == 0);
    cairn_assert(cairn_io_sync_now(bench->io, bench->fd) == 0);
}

static void run_world(const struct world *world)
{
    struct cairn_io_options options = {.queue_entries = 256,
                                       .receive_buffer_count = 256,
                                       .receive_buffer_bytes = 4096,
                                       .defer_taskrun = world->defer_taskrun,
                                       .multishot = world->multishot};
    struct bench bench = {0};
    int result = cairn_io_create(world->kind, &options, &bench.io);
    if (result < 0) {
        printf("left out: world=%s error=%s\n", world->name, strerror(-result));
        return;
    }
    bench.block = aligned_alloc(BLOCK_BYTES, BLOCK_BYTES);
    bench.latencies = calloc((size_t)RUNS * APPENDS, sizeof(bench.latencies[0]));
    cairn_assert(bench.block != NULL && bench.latencies != NULL);
    memset(bench.block, 0, BLOCK_BYTES);

    measure(&bench, world, "idle_poll", idle_poll,
            world->kind == CAIRN_IO_URING ? 5000000 : 500000);
    measure(&bench, world, "wake", wake, 200000);
    open_file(&bench, false);
    measure(&bench, world, "read", read_batches, 100000 / BATCH * BATCH);
    cairn_io_close(bench.io, bench.fd);
    open_file(&bench, true);
    measure(&bench, world, "append", append, APPENDS);
    cairn_io_close(bench.io, bench.fd);
    cairn_io_unlink(bench.io, PATH);
    measure(&bench, world, "echo_1", echo_1, 50000);
    measure(&bench, world, "echo_64", echo_64, 200000);

    cairn_io_destroy(bench.io);
    free(bench.latencies);
    free(bench.block);
}

int main(void)
{
    static const struct world worlds[] = {
        {"uring", CAIRN_IO_URING, true, true},
        {"uring-not-deferred", CAIRN_IO_URING, false, true},
        {"uring-one-by-one", CAIRN_IO_URING, true, false},
        {"posix", CAIRN_IO_POSIX, false, false},
    };
    for (size_t i = 0; i < sizeof(worlds) / sizeof(worlds[0]); i++)
        run_world(&worlds[i]);
    return 0;
}
