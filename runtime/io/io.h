/* runtime/io/io.h: the seam. The only way to time, randomness, files and sockets.
 *
 * One contract, three implementations: `uring` (io_uring, the fast one), `posix` (poll and plain
 * system calls: the switch's off side, and what valgrind sees) and `sim` (one thread, virtual time,
 * seeded faults: runtime/io/sim.h). One conformance suite runs over all three.
 *
 * Two halves:
 *   - Operations on descriptors (cairn_io_accept ... cairn_io_sync) are asynchronous. They are
 *     queued, go to the kernel together at the next cairn_io_poll, and complete inside a
 *     cairn_io_poll on the same thread, never inside the call that queued them.
 *   - Everything else (open, rename, list, read_now ...) is done when the call returns: for
 * start-up, recovery, checkpoints and command-line tools.
 *
 * Ownership   The caller owns every `struct cairn_io_op` and every buffer until completion. A
 *             received buffer is lent: give it back with cairn_io_buffer_return.
 * Context     An instance belongs to one thread: the one that created it. cairn_io_wake alone may
 *             be called from any thread. A completion may submit, cancel and close, but not poll.
 *             A forked child may use what is done on return, nothing else.
 * Errors      Negative errno, as from the kernel. A full disk is -ENOSPC, a failed flush -EIO.
 * Cost        uring: one system call a poll, whatever the number of operations.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/bytes.h"

struct cairn_io;
struct cairn_io_op;

enum cairn_io_kind {
    CAIRN_IO_URING,
    CAIRN_IO_POSIX,
    CAIRN_IO_SIM,
};

struct cairn_io_options {
    uint32_t queue_entries;        /* submissions between two polls; completions get 4x */
    uint32_t receive_buffer_count; /* a power of two; 0: this instance receives nothing */
    uint32_t receive_buffer_bytes;
    bool defer_taskrun;    /* uring only; off is the plain twin */
    bool multishot;        /* off: accept and receive are re-armed one by one */
    struct cairn_sim *sim; /* CAIRN_IO_SIM only: the world it lives in, borrowed */
};

/* `flags` of a completion. */
#define CAIRN_IO_MORE   (1u << 0) /* multishot: the operation goes on, more completions follow */
#define CAIRN_IO_BUFFER (1u << 1) /* `data` is lent; return it by its `buffer_id` */

struct cairn_io_completion {
    int result; /* bytes or descriptor, or a negative errno; receive: 0 is end of stream */
    uint32_t flags;
    uint32_t buffer_id;
    struct cairn_slice data; /* what a receive brought */
};

typedef void (*cairn_io_complete)(struct cairn_io_op *op,
                                  const struct cairn_io_completion *completion);

/* One operation in flight. Zero it, set `complete` and `context`, and pass it to a call below. It
 * may be used again once it completed without CAIRN_IO_MORE. */
struct cairn_io_op {
    cairn_io_complete complete;
    void *context; /* the caller's */

    /* The implementation's, from submission to completion. */
    struct cairn_io_op *next;
    struct cairn_io_op *previous;
    void *buffer;
    uint64_t offset;
    int64_t due_ns;
    uint32_t bytes;
    uint32_t flags;
    int fd;
    uint16_t code;
    uint16_t state;
};

/* On failure -ENOSYS or -EPERM where io_uring is forbidden: fall back to CAIRN_IO_POSIX, loudly. */
int cairn_io_create(enum cairn_io_kind kind, const struct cairn_io_options *options,
                    struct cairn_io **io);
/* No operation may be in flight but multishot ones, which are dropped without completion. */
void cairn_io_destroy(struct cairn_io *io);
enum cairn_io_kind cairn_io_kind(const struct cairn_io *io);

/* One word for the owner of the instance, so that a completion finds its worker. NULL at first. */
void cairn_io_set_user(struct cairn_io *io, void *user);
void *cairn_io_user(const struct cairn_io *io);

/* Submit what is queued and run the completions that are there; wait for at least one, a wake or
 * `timeout_ns` (0: do not wait; UINT64_MAX: no timeout). Returns the completions run. */
int cairn_io_poll(struct cairn_io *io, uint64_t timeout_ns);

/* Make a poll of `io` that waits, or the next one, return. Any thread. `from` is the caller's own
 * instance (uring then uses MSG_RING, submitted at once) or NULL. */
void cairn_io_wake(struct cairn_io *io, struct cairn_io *from);

/* ---- asynchronous operations: queued, never fail at the call ---- */

/* Multishot: completes with a new descriptor each, until cancelled or failed. */
void cairn_io_accept(struct cairn_io *io, struct cairn_io_op *op, int listener);
/* Multishot into lent buffers. -ENOBUFS ends it when none is free: return some, arm again. That can
 * happen in any poll, since uring fills all free buffers before the first completion is run. */
void cairn_io_receive(struct cairn_io *io, struct cairn_io_op *op, int socket);
void cairn_io_buffer_return(struct cairn_io *io, uint32_t buffer_id);
/* Sends all of it unless the connection fails; the result is then the error, and how much was sent is
 * not told. One send at a time on a socket: two in flight have no order. */
void cairn_io_send(struct cairn_io *io, struct cairn_io_op *op, int socket, const void *data,
                   uint32_t bytes);
void cairn_io_read(struct cairn_io *io, struct cairn_io_op *op, int fd, void *buffer,
                   uint32_t bytes, uint64_t offset);
/* `durable`: on the disk at completion (RWF_DSYNC). A short write completes with what it wrote. */
void cairn_io_write(struct cairn_io *io, struct cairn_io_op *op, int fd, const void *buffer,
                    uint32_t bytes, uint64_t offset, bool durable);
void cairn_io_sync(struct cairn_io *io, struct cairn_io_op *op, int fd); /* fdatasync */
/* Ask that `op` end soon; it then completes with -ECANCELED if nothing else came first. Of an
 * operation that is not in flight: nothing. A file operation may be done all the same. */
void cairn_io_cancel(struct cairn_io *io, struct cairn_io_op *op);

/* ---- clocks and randomness ---- */

uint64_t cairn_io_monotonic_ns(struct cairn_io *io);
int64_t cairn_io_wall_ms(struct cairn_io *io); /* Unix milliseconds */
uint64_t cairn_io_random(struct cairn_io *io); /* from the system; seeded in sim */

/* ---- files, done on return ---- */

#define CAIRN_IO_OPEN_READ   0u
#define CAIRN_IO_OPEN_WRITE  (1u << 0) /* read and write */
#define CAIRN_IO_OPEN_CREATE (1u << 1) /* with CREATE an existing file is opened as it is */
#define CAIRN_IO_OPEN_EXCL   (1u << 2) /* -EEXIST if it is there */
#define CAIRN_IO_OPEN_DIRECT (1u << 3) /* O_DIRECT; -EINVAL where the file system refuses it */
#define CAIRN_IO_OPEN_TRUNC  (1u << 4)

int cairn_io_open(struct cairn_io *io, const char *path, uint32_t flags); /* descriptor */
/* Files and sockets. End what is in flight on it first (cairn_io_shutdown, cairn_io_cancel): with
 * uring it would go on, with the others it fails with -EBADF. */
void cairn_io_close(struct cairn_io *io, int fd);
/* All bytes or an error; reading past the end returns the shorter count. */
int64_t cairn_io_read_now(struct cairn_io *io, int fd, void *buffer, size_t bytes, uint64_t offset);
int cairn_io_write_now(struct cairn_io *io, int fd, const void *buffer, size_t bytes,
                       uint64_t offset);
int cairn_io_sync_now(struct cairn_io *io, int fd); /* fdatasync */
int cairn_io_truncate(struct cairn_io *io, int fd, uint64_t bytes);
int64_t cairn_io_size(struct cairn_io *io, int fd);
int cairn_io_lock(struct cairn_io *io, int fd); /* exclusive, advisory; -EWOULDBLOCK if held */
int cairn_io_rename(struct cairn_io *io, const char *from, const char *to);
int cairn_io_unlink(struct cairn_io *io, const char *path);
int cairn_io_make_directory(struct cairn_io *io,
                            const char *path); /* one level; 0 if it is there */
int cairn_io_sync_directory(struct cairn_io *io, const char *path);
/* Calls `entry` for each name but . and .., in no order, until it returns non-zero (passed on). */
int cairn_io_list(struct cairn_io *io, const char *path,
                  int (*entry)(void *context, const char *name), void *context);
int64_t cairn_io_free_bytes(struct cairn_io *io, const char *path); /* of the file system */

/* ---- sockets, done on return ---- */

/* A listening TCP socket; `port` 0 lets the kernel choose. Sets *port_bound. -EADDRINUSE ... */
int cairn_io_listen(struct cairn_io *io, const char *host, uint16_t port, uint16_t *port_bound);
/* A blocking client connection, for command-line tools. */
int cairn_io_connect_now(struct cairn_io *io, const char *host, uint16_t port);
int cairn_io_send_now(struct cairn_io *io, int socket, const void *data, size_t bytes);
int64_t cairn_io_receive_now(struct cairn_io *io, int socket, void *buffer, size_t bytes);
/* Ends both directions; pending operations complete. */
void cairn_io_shutdown(struct cairn_io *io, int socket);
