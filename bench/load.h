/* bench/load.h: a closed-loop load generator for TCP services: C connections, D requests in flight on
 * each, each answered request replaced by the next.
 *
 * Ownership   The caller owns requests' bytes until the run ends.
 * Context     One thread, its own epoll: the service under test has the rest of the machine.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/bytes.h"

struct load_options {
    const char *host;
    uint16_t port;
    uint32_t connections;
    uint32_t depth;
    uint64_t requests; /* in all; what does not divide evenly is left over */
    /* The n-th request, from 0. Borrowed until the run ends. */
    struct cairn_slice (*request)(void *context, uint64_t number);
    /* Bytes of the first whole answer in `input`, 0 if it is not whole, -1 if it is a failure. */
    int64_t (*answer)(struct cairn_slice input);
    void *context;
};

struct load_result {
    uint64_t answered;
    double seconds;
    double p50_us, p99_us, p999_us;
    char error[256];
};

/* False with result->error when the service failed. */
bool load_run(const struct load_options *options, struct load_result *result);

/* Framing: HTTP/1.1 with Content-Length (200..299 is good), and Redis' protocol. */
int64_t load_http_answer(struct cairn_slice input);
int64_t load_redis_answer(struct cairn_slice input);

/* ---- processes ---- */

struct load_process {
    int pid;
    int output; /* its stdout */
};

/* Start a program; argv ends in NULL. */
bool load_start(struct load_process *process, const char *const argv[]);
/* One line of its stdout, without the newline. False at its end. */
bool load_read_line(struct load_process *process, char *line, size_t bytes);
void load_stop(struct load_process *process);
/* From /proc: resident bytes, and CPU seconds so far. */
uint64_t load_resident_bytes(const struct load_process *process);
double load_cpu_seconds(const struct load_process *process);
uint16_t load_free_port(void);

double load_now(void);
/* `name<TAB>value<TAB>unit`. */
void load_print(const char *name, double value, const char *unit);
