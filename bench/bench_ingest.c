/* bench/bench_ingest.c: ingest over HTTP (benchmarks.md, section 3), with Redis and the bare disk
 * beside it in the same run.
 *
 *   bench_ingest [import] [durable | single | redis1 | redis16] [matrix]
 *                                               without names: import and durable
 *
 * import    400 k messages of real chat (data/chat; without it, generated ones) in NDJSON bodies of
 *           1,000 over 4 connections, buffered, every projection on; over when all are applied.
 * durable   one message a request: 1 connection against a loop of 4 KiB pwrite + RWF_DSYNC; 64
 *           connections, depth 1 and 16, against Redis XADD with AOF always, same body.
 * matrix    C connections (1, 64, 256) x B messages a body (1, 100, 1000), durable and buffered.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "bench/load.h"
#include "runtime/base/random.h"

#define RUNS 3

struct lines {
    struct cairn_buffer text;
    struct cairn_slice *lines;
    uint64_t count;
};

struct service {
    struct load_process process;
    uint16_t port;
    char directory[256];
};

struct bodies {
    struct cairn_buffer *requests; /* whole HTTP requests, one after another */
    uint64_t count;
};

/* ---- input ---- */

static void add_lines(struct lines *lines)
{
    uint64_t capacity = 0;
    for (size_t start = 0; start < lines->text.bytes;) {
        const char *end = memchr(lines->text.data + start, '\n', lines->text.bytes - start);
        size_t bytes = (end == NULL ? lines->text.bytes : (size_t)(end - lines->text.data)) - start;
        if (lines->count == capacity) {
            capacity = capacity == 0 ? 4096 : capacity * 2;
            lines->lines = realloc(lines->lines, capacity * sizeof(*lines->lines));
        }
        lines->lines[lines->count++] = cairn_slice(lines->text.data + start, bytes);
        start += bytes + 1;
    }
}

/* Words with a long tail of frequencies, lines of 1 to 20 of them. */
static void generate(struct lines *lines, uint64_t count)
{
    struct cairn_random random;
    cairn_random_init(&random, 1);
    for (uint64_t i = 0; i < count; i++) {
        cairn_buffer_printf(&lines->text, "{\"channel\":\"c%llu\",\"author\":\"a%llu\",\"text\":\"",
                            (unsigned long long)cairn_random_below(&random, 20),
                            (unsigned long long)cairn_random_below(&random, 2000));
        uint64_t words = 1 + cairn_random_below(&random, 20);
        for (uint64_t word = 0; word < words; word++) {
            uint64_t scale = UINT64_C(1) << cairn_random_below(&random, 17);
            cairn_buffer_printf(&lines->text, "%sw%llu", word == 0 ? "" : " ",
                                (unsigned long long)cairn_random_below(&random, scale + 1));
        }
        cairn_buffer_append_text(&lines->text, "\"}\n");
    }
}

static void read_chat(struct lines *lines)
{
    const char *data = getenv("CAIRN_TEST_DATA");
    char command[512];
    snprintf(command, sizeof(command), "zcat %s/chat/*.jsonl.gz 2>/dev/null",
             data == NULL ? "../shared/data" : data);
    FILE *pipe = popen(command, "r");
    size_t bytes = 0;
    do {
        char *target = cairn_buffer_reserve(&lines->text, 1 << 20);
        bytes = pipe == NULL ? 0 : fread(target, 1, 1 << 20, pipe);
        lines->text.bytes += bytes;
    } while (bytes > 0);
    if (pipe != NULL)
        pclose(pipe);
    if (lines->text.bytes == 0) {
        fprintf(stderr, "note: no data/chat beside the project: generated messages\n");
        generate(lines, 400000);
    }
    add_lines(lines);
}

/* ---- the service ---- */

static bool start_service(struct service *service)
{
    char line[512];
    char template[] = "/tmp/cairn-bench-XXXXXX";
    if (mkdtemp(template) == NULL)
        return false;
    snprintf(service->directory, sizeof(service->directory), "%s", template);
    const char *argv[] = {"build/release/cairn",
                          "serve",
                          "--data",
                          service->directory,
                          "--listen",
                          "127.0.0.1:0",
                          "--set",
                          "metrics.slow_ms=60000",
                          NULL};
    if (!load_start(&service->process, argv) ||
        !load_read_line(&service->process, line, sizeof(line)))
        return false;
    const char *port = strstr(line, "listen=127.0.0.1:");
    service->port = port == NULL ? 0 : (uint16_t)atoi(port + strlen("listen=127.0.0.1:"));
    return service->port != 0;
}

static void remove_directory(const char *directory)
{
    char command[512];
    snprintf(command, sizeof(command), "rm -rf %s", directory);
    if (system(command) != 0)
        fprintf(stderr, "note: %s is left behind\n", directory);
}

static void stop_service(struct service *service)
{
    load_stop(&service->process);
    remove_directory(service->directory);
}

/* ---- requests ---- */

static void make_bodies(struct bodies *bodies, const struct lines *lines, uint64_t count,
                        uint32_t batch, bool durable)
{
    struct cairn_buffer body = {0};
    uint64_t line = 0;
    bodies->count = count;
    bodies->requests = calloc(count, sizeof(*bodies->requests));
    for (uint64_t i = 0; i < count; i++) {
        cairn_buffer_clear(&body);
        for (uint32_t j = 0; j < batch; j++) {
            cairn_buffer_append_slice(&body, lines->lines[line++ % lines->count]);
            cairn_buffer_append_byte(&body, '\n');
        }
        cairn_buffer_printf(&bodies->requests[i],
                            "POST /v1/spaces/bench/messages?ack=%s HTTP/1.1\r\nHost: localhost\r\n"
                            "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n",
                            durable ? "durable" : "buffered",
                            batch == 1 ? "application/json" : "application/x-ndjson", body.bytes);
        cairn_buffer_append_slice(&bodies->requests[i], cairn_buffer_slice(&body));
    }
    cairn_buffer_deinit(&body);
}

static void free_bodies(struct bodies *bodies)
{
    for (uint64_t i = 0; i < bodies->count; i++)
        cairn_buffer_deinit(&bodies->requests[i]);
    free(bodies->requests);
}

static struct cairn_slice body_request(void *context, uint64_t number)
{
    const struct bodies *bodies = context;
    return cairn_buffer_slice(&bodies->requests[number % bodies->count]);
}

static bool run_service(struct service *service, struct bodies *bodies, uint32_t connections,
                        uint32_t depth, uint64_t requests, struct load_result *result)
{
    struct load_options options = {.host = "127.0.0.1",
                                   .port = service->port,
                                   .connections = connections,
                                   .depth = depth,
                                   .requests = requests,
                                   .request = body_request,
                                   .answer = load_http_answer,
                                   .context = bodies};
    if (load_run(&options, result))
        return true;
    fprintf(stderr, "bench_ingest: %s\n", result->error);
    return false;
}

/* ---- import ---- */

/* Poll /v1/stats until no projection lags. */
static double wait_until_applied(const struct service *service)
{
    char command[256];
    double started = load_now();
    snprintf(command, sizeof(command),
             "curl -s http://127.0.0.1:%u/v1/stats | grep -q '\"lag_events\":[1-9]'",
             service->port);
    while (system(command) == 0)
        usleep(1000);
    return load_now() - started;
}

static void bench_import(const struct lines *lines)
{
    struct bodies bodies;
    make_bodies(&bodies, lines, lines->count / 1000, 1000, false);
    double rates[RUNS] = {0}, resident = 0, cpu = 0, tail = 0;
    for (int run = 0; run < RUNS; run++) {
        struct service service;
        struct load_result result;
        if (!start_service(&service))
            break;
        double cpu_before = load_cpu_seconds(&service.process);
        if (run_service(&service, &bodies, 4, 1, bodies.count, &result)) {
            tail = wait_until_applied(&service);
            double messages = (double)result.answered * 1000;
            rates[run] = messages / (result.seconds + tail);
            cpu = (load_cpu_seconds(&service.process) - cpu_before) * 1e6 / messages;
            resident = (double)load_resident_bytes(&service.process) / (1 << 20);
        }
        stop_service(&service);
    }
    double median = rates[0] + rates[1] + rates[2];
    double low = rates[0], high = rates[0];
    for (int run = 1; run < RUNS; run++) {
        low = rates[run] < low ? rates[run] : low;
        high = rates[run] > high ? rates[run] : high;
    }
    load_print("import_messages_per_second", median - low - high, "msg/s");
    load_print("import_cpu_per_message", cpu, "us");
    load_print("import_lag_at_last_answer", tail * 1e3, "ms");
    load_print("import_resident", resident, "MiB");
    free_bodies(&bodies);
}

/* ---- durable ---- */

static double bare_loop_us(double *p99_us)
{
    enum { WRITES = 4000 };
    static double latencies[WRITES];
    char path[] = "/tmp/cairn-bare-XXXXXX";
    void *block;
    int fd = mkstemp(path);
    close(fd);
    fd = open(path, O_RDWR | O_DIRECT);
    if (fd < 0 || posix_memalign(&block, 4096, 1 << 20) != 0)
        return 0;
    memset(block, 0, 1 << 20);
    for (int i = 0; i < 16; i++) /* written extents: no journal commit per flush */
        (void)!pwrite(fd, block, 1 << 20, (off_t)i << 20);
    fsync(fd);
    struct iovec vector = {.iov_base = block, .iov_len = 4096};
    for (int i = 0; i < WRITES; i++) {
        double started = load_now();
        (void)!pwritev2(fd, &vector, 1, (off_t)(i % 4096) * 4096, RWF_DSYNC);
        latencies[i] = (load_now() - started) * 1e6;
    }
    close(fd);
    unlink(path);
    free(block);
    for (int i = 1; i < WRITES; i++) { /* a few thousand: insertion sort will do */
        double value = latencies[i];
        int j = i;
        for (; j > 0 && latencies[j - 1] > value; j--)
            latencies[j] = latencies[j - 1];
        latencies[j] = value;
    }
    *p99_us = latencies[WRITES * 99 / 100];
    return latencies[WRITES / 2];
}

static bool start_redis(struct load_process *process, uint16_t *port, char *directory)
{
    char number[16];
    if (mkdtemp(directory) == NULL)
        return false;
    *port = load_free_port();
    snprintf(number, sizeof(number), "%u", *port);
    const char *argv[] = {
        "redis-server",  "--port", number,   "--dir", directory, "--appendonly", "yes",
        "--appendfsync", "always", "--save", "",      "--bind",  "127.0.0.1",    NULL};
    if (!load_start(process, argv))
        return false;
    for (int i = 0; i < 500; i++) {
        char command[128];
        snprintf(command, sizeof(command), "redis-cli -p %u ping 2>/dev/null | grep -q PONG",
                 *port);
        if (system(command) == 0)
            return true;
        usleep(10000);
    }
    return false;
}

static void make_xadds(struct bodies *bodies, const struct lines *lines, uint64_t count)
{
    bodies->count = count;
    bodies->requests = calloc(count, sizeof(*bodies->requests));
    for (uint64_t i = 0; i < count; i++) {
        struct cairn_slice line = lines->lines[i % lines->count];
        cairn_buffer_printf(
            &bodies->requests[i],
            "*5\r\n$4\r\nXADD\r\n$5\r\nbench\r\n$1\r\n*\r\n$1\r\nm\r\n$%zu\r\n%.*s\r\n", line.bytes,
            (int)line.bytes, line.data);
    }
}

static double redis_rate(const struct lines *lines, uint32_t depth, uint64_t requests,
                         struct load_result *result)
{
    struct load_process process;
    struct bodies xadds;
    char directory[] = "/tmp/cairn-redis-XXXXXX";
    struct load_options options = {.host = "127.0.0.1",
                                   .connections = 64,
                                   .depth = depth,
                                   .requests = requests,
                                   .request = body_request,
                                   .answer = load_redis_answer,
                                   .context = &xadds};
    if (!start_redis(&process, &options.port, directory))
        return 0;
    make_xadds(&xadds, lines, 20000);
    bool good = load_run(&options, result);
    load_stop(&process);
    remove_directory(directory);
    free_bodies(&xadds);
    if (!good)
        fprintf(stderr, "bench_ingest: redis: %s\n", result->error);
    return good ? (double)result->answered / result->seconds : 0;
}

static void bench_single(const struct lines *lines)
{
    struct service service;
    struct bodies bodies;
    struct load_result result;
    double bare_p99;
    make_bodies(&bodies, lines, 5000, 1, true);
    if (start_service(&service)) {
        run_service(&service, &bodies, 1, 1, 500, &result);
        double bare = bare_loop_us(&bare_p99);
        if (run_service(&service, &bodies, 1, 1, 5000, &result)) {
            double bare_after = bare_loop_us(&bare_p99);
            bare = bare < bare_after ? bare : bare_after;
            load_print("durable_1_p50", result.p50_us, "us");
            load_print("durable_1_p99", result.p99_us, "us");
            load_print("bare_dsync_p50", bare, "us");
            load_print("bare_dsync_p99", bare_p99, "us");
            load_print("durable_1_p50_ratio", result.p50_us / bare, "x bare");
        }
        stop_service(&service);
    }
    free_bodies(&bodies);
}

static void bench_against_redis(const struct lines *lines, uint32_t depth)
{
    uint64_t requests = depth == 1 ? 64000 : 256000;
    struct bodies bodies;
    struct load_result ours, theirs = {0};
    char name[64];
    double best_ratio[RUNS], rate = 0, p99 = 0, redis = 0;
    make_bodies(&bodies, lines, 20000, 1, true);
    for (int run = 0; run < RUNS; run++) { /* in turn, so that the machine's mood is shared */
        struct service service;
        if (!start_service(&service))
            return;
        if (run_service(&service, &bodies, 64, depth, requests, &ours)) {
            rate = (double)ours.answered / ours.seconds;
            p99 = ours.p99_us;
        }
        stop_service(&service);
        redis = redis_rate(lines, depth, requests, &theirs);
        best_ratio[run] = redis > 0 ? rate / redis : 0;
    }
    snprintf(name, sizeof(name), "durable_64x%u", depth);
    load_print(name, rate, "msg/s");
    snprintf(name, sizeof(name), "durable_64x%u_p99", depth);
    load_print(name, p99, "us");
    if (redis == 0) {
        fprintf(stderr, "redis-server is absent: the ratio is not measured\n");
    } else {
        snprintf(name, sizeof(name), "redis_aof_always_64x%u", depth);
        load_print(name, redis, "msg/s");
        snprintf(name, sizeof(name), "redis_aof_always_64x%u_p99", depth);
        load_print(name, theirs.p99_us, "us");
        for (int run = 0; run < RUNS; run++) {
            snprintf(name, sizeof(name), "durable_64x%u_ratio_%d", depth, run + 1);
            load_print(name, best_ratio[run], "x redis");
        }
    }
    free_bodies(&bodies);
}

/* ---- matrix ---- */

static void bench_cell(const struct lines *lines, uint32_t connections, uint32_t batch,
                       bool durable)
{
    uint64_t requests = batch == 1 ? 20000 : batch == 100 ? 2000 : 400;
    struct service service;
    struct bodies bodies;
    struct load_result result;
    char name[96];
    if (requests < connections)
        requests = connections;
    make_bodies(&bodies, lines, requests, batch, durable);
    if (start_service(&service)) {
        double cpu = load_cpu_seconds(&service.process);
        if (run_service(&service, &bodies, connections, 1, requests, &result)) {
            double messages = (double)result.answered * batch;
            const char *mode = durable ? "durable" : "buffered";
            snprintf(name, sizeof(name), "%s_c%u_b%u", mode, connections, batch);
            load_print(name, messages / result.seconds, "msg/s");
            snprintf(name, sizeof(name), "%s_c%u_b%u_p50", mode, connections, batch);
            load_print(name, result.p50_us, "us");
            snprintf(name, sizeof(name), "%s_c%u_b%u_p99", mode, connections, batch);
            load_print(name, result.p99_us, "us");
            snprintf(name, sizeof(name), "%s_c%u_b%u_cpu", mode, connections, batch);
            load_print(name, (load_cpu_seconds(&service.process) - cpu) * 1e6 / messages, "us/msg");
        }
        stop_service(&service);
    }
    free_bodies(&bodies);
}

static void bench_matrix(const struct lines *lines)
{
    static const uint32_t connections[] = {1, 64, 256};
    static const uint32_t batches[] = {1, 100, 1000};
    for (int durable = 1; durable >= 0; durable--) {
        for (int c = 0; c < 3; c++) {
            for (int b = 0; b < 3; b++)
                bench_cell(lines, connections[c], batches[b], durable == 1);
        }
    }
}

static bool is_asked(int argc, char *argv[], const char *name, bool is_default)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], name) == 0)
            return true;
    }
    return argc == 1 && is_default;
}

int main(int argc, char *argv[])
{
    struct lines lines = {0};
    read_chat(&lines);
    if (is_asked(argc, argv, "import", true))
        bench_import(&lines);
    if (is_asked(argc, argv, "durable", true) || is_asked(argc, argv, "single", false))
        bench_single(&lines);
    if (is_asked(argc, argv, "durable", true) || is_asked(argc, argv, "redis1", false))
        bench_against_redis(&lines, 1);
    if (is_asked(argc, argv, "durable", true) || is_asked(argc, argv, "redis16", false))
        bench_against_redis(&lines, 16);
    if (is_asked(argc, argv, "matrix", false))
        bench_matrix(&lines);
    cairn_buffer_deinit(&lines.text);
    free(lines.lines);
    return 0;
}
