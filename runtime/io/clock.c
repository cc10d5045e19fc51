/* runtime/io/clock.c: the system's clocks and randomness, for uring and posix. */
#include <sys/random.h>
#include <time.h>

#include "runtime/base/time.h"
#include "runtime/io/io_internal.h"

static uint64_t system_monotonic_ns(struct cairn_io *io)
{
    (void)io;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * CAIRN_NS_PER_S + (uint64_t)now.tv_nsec;
}

static int64_t system_wall_ms(struct cairn_io *io)
{
    (void)io;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + (int64_t)(now.tv_nsec / (long)CAIRN_NS_PER_MS);
}

/* Up to 256 bytes from getrandom come whole and, once the system has booted, without blocking. */
static uint64_t system_random(struct cairn_io *io)
{
    (void)io;
    uint64_t value = 0;
    ssize_t bytes;
    do
        bytes = getrandom(&value, sizeof(value), 0);
    while (bytes < 0 && errno == EINTR);
    cairn_assert(bytes == (ssize_t)sizeof(value));
    return value;
}

const struct cairn_io_clock cairn_io_system_clock = {
    .monotonic_ns = system_monotonic_ns,
    .wall_ms = system_wall_ms,
    .random = system_random,
};
