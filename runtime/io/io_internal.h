/* runtime/io/io_internal.h: what an implementation of the seam provides.
 *
 * An instance is four tables of functions: the queue (asynchronous operations), files, sockets and
 * the clock. `uring` and `posix` differ in the queue alone and share the `cairn_io_system_*`
 * tables; `sim` brings all four. io.c writes an operation down in its `struct cairn_io_op` and
 * hands it to the queue's `submit`, so that an implementation sees one kind of request.
 *
 * Context   An implementation embeds struct cairn_io as its first member.
 */
#pragma once

#include "runtime/base/assert.h"
#include "runtime/base/error.h"
#include "runtime/io/io.h"

enum cairn_io_code {
    CAIRN_IO_ACCEPT = 1,
    CAIRN_IO_RECEIVE,
    CAIRN_IO_SEND, /* `offset` counts the bytes already sent */
    CAIRN_IO_READ,
    CAIRN_IO_WRITE,
    CAIRN_IO_SYNC,
};

/* `op->state`. IDLE is the caller's, the others are the implementation's; CANCELLED is a flag. */
#define CAIRN_IO_IDLE      0u
#define CAIRN_IO_QUEUED    1u /* on a list, to be done at a poll */
#define CAIRN_IO_FLYING    2u /* with the kernel, or waiting for a descriptor to be ready */
#define CAIRN_IO_CANCELLED 0x100u

/* `op->flags` of a write. */
#define CAIRN_IO_DURABLE (1u << 0)

struct cairn_io_queue {
    void (*destroy)(struct cairn_io *io);
    int (*poll)(struct cairn_io *io, uint64_t timeout_ns);
    void (*wake)(struct cairn_io *io, struct cairn_io *from);
    void (*submit)(struct cairn_io *io, struct cairn_io_op *op); /* IDLE and described */
    void (*cancel)(struct cairn_io *io, struct cairn_io_op *op); /* not IDLE, cancelled once */
    void (*buffer_return)(struct cairn_io *io, uint32_t buffer_id);
};

struct cairn_io_clock {
    uint64_t (*monotonic_ns)(struct cairn_io *io);
    int64_t (*wall_ms)(struct cairn_io *io);
    uint64_t (*random)(struct cairn_io *io);
};

struct cairn_io_files {
    int (*open)(struct cairn_io *io, const char *path, uint32_t flags);
    int64_t (*read_now)(struct cairn_io *io, int fd, void *buffer, size_t bytes, uint64_t offset);
    int (*write_now)(struct cairn_io *io, int fd, const void *buffer, size_t bytes,
                     uint64_t offset);
    int (*sync_now)(struct cairn_io *io, int fd);
    int (*truncate)(struct cairn_io *io, int fd, uint64_t bytes);
    int64_t (*size)(struct cairn_io *io, int fd);
    int (*lock)(struct cairn_io *io, int fd);
    int (*rename)(struct cairn_io *io, const char *from, const char *to);
    int (*unlink)(struct cairn_io *io, const char *path);
    int (*make_directory)(struct cairn_io *io, const char *path);
    int (*sync_directory)(struct cairn_io *io, const char *path);
    int (*list)(struct cairn_io *io, const char *path,
                int (*entry)(void *context, const char *name), void *context);
    int64_t (*free_bytes)(struct cairn_io *io, const char *path);
};

struct cairn_io_sockets {
    void (*close)(struct cairn_io *io, int fd); /* files too */
    int (*listen)(struct cairn_io *io, const char *host, uint16_t port, uint16_t *port_bound);
    int (*connect_now)(struct cairn_io *io, const char *host, uint16_t port);
    int (*send_now)(struct cairn_io *io, int socket, const void *data, size_t bytes);
    int64_t (*receive_now)(struct cairn_io *io, int socket, void *buffer, size_t bytes);
    void (*shutdown)(struct cairn_io *io, int socket);
};

struct cairn_io {
    enum cairn_io_kind kind;
    bool polling; /* a poll is on the stack: completions must not poll */
    const struct cairn_io_queue *queue;
    const struct cairn_io_clock *clock;
    const struct cairn_io_files *files;
    const struct cairn_io_sockets *sockets;
    void *user;
};

int cairn_io_uring_create(const struct cairn_io_options *options, struct cairn_io **io);
int cairn_io_posix_create(const struct cairn_io_options *options, struct cairn_io **io);
int cairn_io_sim_create(const struct cairn_io_options *options, struct cairn_io **io);

/* Plain system calls, shared by uring and posix. */
extern const struct cairn_io_clock cairn_io_system_clock;
extern const struct cairn_io_files cairn_io_system_files;
extern const struct cairn_io_sockets cairn_io_system_sockets;
void cairn_io_system_accepted(int socket); /* what every accepted connection gets */

/* ---- completing: the operation is the caller's again before its callback runs ---- */

static inline void cairn_io_op_finish(struct cairn_io_op *op, int result)
{
    op->state = CAIRN_IO_IDLE;
    op->complete(op, &(struct cairn_io_completion){.result = result});
}

static inline bool cairn_io_op_is_cancelled(const struct cairn_io_op *op)
{
    return (op->state & CAIRN_IO_CANCELLED) != 0;
}

static inline bool cairn_io_op_is(const struct cairn_io_op *op, uint16_t place)
{
    return (op->state & ~CAIRN_IO_CANCELLED) == place;
}

/* Move to another place in its life, keeping the flag. */
static inline void cairn_io_op_enter(struct cairn_io_op *op, uint16_t place)
{
    op->state = (uint16_t)((op->state & CAIRN_IO_CANCELLED) | place);
}

/* ---- a list of operations, linked through them ---- */

struct cairn_io_op_list {
    struct cairn_io_op *first;
    struct cairn_io_op *last;
};

static inline void cairn_io_op_list_insert_before(struct cairn_io_op_list *list,
                                                  struct cairn_io_op *op,
                                                  struct cairn_io_op *position)
{
    op->next = position;
    op->previous = position != NULL ? position->previous : list->last;
    *(op->previous != NULL ? &op->previous->next : &list->first) = op;
    *(position != NULL ? &position->previous : &list->last) = op;
}

static inline void cairn_io_op_list_push(struct cairn_io_op_list *list, struct cairn_io_op *op)
{
    cairn_io_op_list_insert_before(list, op, NULL);
}

static inline void cairn_io_op_list_remove(struct cairn_io_op_list *list, struct cairn_io_op *op)
{
    *(op->previous != NULL ? &op->previous->next : &list->first) = op->next;
    *(op->next != NULL ? &op->next->previous : &list->last) = op->previous;
    op->next = op->previous = NULL;
}

static inline struct cairn_io_op *cairn_io_op_list_pop(struct cairn_io_op_list *list)
{
    struct cairn_io_op *op = list->first;
    if (op != NULL)
        cairn_io_op_list_remove(list, op);
    return op;
}
