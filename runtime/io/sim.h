/* runtime/io/sim.h: a world for one thread, in which a whole run is a function of its seed.
 *
 * The world has a clock, a disk, a network and any number of instances (CAIRN_IO_SIM). Operations
 * take a random time and so complete in a random order; time passes only when an instance waits,
 * when cairn_sim_advance says so, and a little with each reading of the clock.
 *
 * Disk     A file is what the process sees; beside it stands what a power cut would leave, and the
 *          list of changes between the two. A flush makes the changes sure. A crash keeps any of
 * the others, sector by sector (512 bytes), so writes are lost, torn and reordered. Names (created,
 * renamed, removed) are sure once their directory is flushed; of the others a crash keeps the first
 * ones of each directory. After a failed flush the changes it was to make sure are kept or lost at
 * once, and a later flush no longer sees them. The world is empty but for the directories "." and
 * "/". Network  Ports of one host. Each direction of a connection holds at most `socket_bytes`.
 * Reads and writes are cut into random pieces. Crash    Descriptors are gone, clients see a reset.
 * Instances of before are dead: whatever they are asked fails with -EIO, also what was in flight,
 * so that the program under test can be torn down by its own code. Then destroy them and create new
 * ones.
 *
 * Ownership   The world outlives its instances; destroy them first.
 * Context     One thread.
 * Errors      A simulation that runs out of memory proves nothing: it stops.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cairn_sim;

/* Zero means the default in brackets. */
struct cairn_sim_options {
    uint64_t seed;
    int64_t start_wall_ms;         /* [2024-01-01] */
    uint64_t file_delay_max_ns;    /* [200 us]; one in 64 operations takes up to 20 times as long */
    uint64_t socket_delay_max_ns;  /* [50 us]; likewise */
    uint64_t disk_bytes;           /* [1 GiB] what all files may hold together: then -ENOSPC */
    uint32_t socket_bytes;         /* [64 KiB] */
    uint32_t short_write_permille; /* [0] of asynchronous writes that stop before their end */
    bool refuse_direct;            /* the file system has no O_DIRECT */
};

int cairn_sim_create(const struct cairn_sim_options *options, struct cairn_sim **sim);
void cairn_sim_destroy(struct cairn_sim *sim);

/* ---- time, choice, and a fingerprint of the run ---- */

uint64_t cairn_sim_now_ns(const struct cairn_sim *sim);
/* Let time pass to the next completion of any instance or to `limit_ns`, whichever comes first.
 * True: a completion is due, poll its instance. With UINT64_MAX and nothing to come, false. */
bool cairn_sim_advance(struct cairn_sim *sim, uint64_t limit_ns);
/* For whoever schedules: uniform in [0, bound). */
uint64_t cairn_sim_choose(struct cairn_sim *sim, uint64_t bound);
/* Over every completion: when, what, and its outcome. Equal for equal seeds. */
uint64_t cairn_sim_fingerprint(const struct cairn_sim *sim);

/* ---- faults ---- */

#define CAIRN_SIM_OPEN     (1u << 0)
#define CAIRN_SIM_READ     (1u << 1)
#define CAIRN_SIM_WRITE    (1u << 2)
#define CAIRN_SIM_SYNC     (1u << 3)
#define CAIRN_SIM_TRUNCATE (1u << 4)
#define CAIRN_SIM_NAME     (1u << 5) /* rename, unlink, directories */
#define CAIRN_SIM_ACCEPT   (1u << 6)
#define CAIRN_SIM_RECEIVE  (1u << 7)
#define CAIRN_SIM_SEND     (1u << 8)
#define CAIRN_SIM_DISK     0x3fu
#define CAIRN_SIM_NETWORK  0x1c0u

/* Of the operations named, let `skip` pass, then fail `count` with `error`; a new plan replaces the
 * old one, count 0 ends it. A write that fails may have written its beginning. */
void cairn_sim_fail(struct cairn_sim *sim, uint32_t operations, uint64_t skip, uint64_t count,
                    int error);
/* How many have failed so, over all plans. To fail each in turn: skip 0, 1, 2 ... until it is 0. */
uint64_t cairn_sim_failures(const struct cairn_sim *sim);
void cairn_sim_set_disk_bytes(struct cairn_sim *sim, uint64_t disk_bytes);

/* ---- the end of a process ---- */

void cairn_sim_crash(struct cairn_sim *sim); /* the power is cut */
void cairn_sim_kill(struct cairn_sim *sim);  /* the process is: what it wrote stays */

/* ---- a client outside: done at once, and no fault meets it ---- */

int cairn_sim_connect(struct cairn_sim *sim, uint16_t port); /* descriptor, or -ECONNREFUSED */
/* Bytes taken. -EAGAIN: the connection is full. -EPIPE, -ECONNRESET: it is over. */
int64_t cairn_sim_send(struct cairn_sim *sim, int socket, const void *data, size_t bytes);
/* Bytes brought; 0: end of stream. -EAGAIN: nothing there now. -ECONNRESET. */
int64_t cairn_sim_receive(struct cairn_sim *sim, int socket, void *buffer, size_t bytes);
void cairn_sim_close(struct cairn_sim *sim, int socket);
void cairn_sim_reset(struct cairn_sim *sim,
                     int socket); /* close, and the other side gets -ECONNRESET */
