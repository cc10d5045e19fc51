/* runtime/io/io.c: from the seam's functions to the instance's tables. */
#include "runtime/io/io.h"

#include "runtime/io/io_internal.h"

int cairn_io_create(enum cairn_io_kind kind, const struct cairn_io_options *options,
                    struct cairn_io **io)
{
    cairn_assert(options->queue_entries > 0);
    cairn_assert((options->receive_buffer_count & (options->receive_buffer_count - 1)) == 0);

    switch (kind) {
    case CAIRN_IO_URING:
        return cairn_io_uring_create(options, io);
    case CAIRN_IO_POSIX:
        return cairn_io_posix_create(options, io);
    case CAIRN_IO_SIM:
        return cairn_io_sim_create(options, io);
    }
    return -EINVAL;
}

void cairn_io_destroy(struct cairn_io *io)
{
    if (io == NULL)
        return;
    cairn_assert(!io->polling);
    io->queue->destroy(io);
}

enum cairn_io_kind cairn_io_kind(const struct cairn_io *io)
{
    return io->kind;
}

void cairn_io_set_user(struct cairn_io *io, void *user)
{
    io->user = user;
}

void *cairn_io_user(const struct cairn_io *io)
{
    return io->user;
}

int cairn_io_poll(struct cairn_io *io, uint64_t timeout_ns)
{
    cairn_assert(!io->polling);
    io->polling = true;
    int completions = io->queue->poll(io, timeout_ns);
    io->polling = false;
    return completions;
}

void cairn_io_wake(struct cairn_io *io, struct cairn_io *from)
{
    io->queue->wake(io, from);
}

/* ---- asynchronous operations ---- */

static void submit(struct cairn_io *io, struct cairn_io_op *op, enum cairn_io_code code, int fd)
{
    cairn_assert(op->complete != NULL);
    cairn_assert(op->state == CAIRN_IO_IDLE);
    op->code = (uint16_t)code;
    op->fd = fd;
    io->queue->submit(io, op);
}

static void describe(struct cairn_io_op *op, const void *buffer, uint32_t bytes, uint64_t offset)
{
    cairn_assert(bytes <= INT32_MAX); /* a completion's result is an int */
    op->buffer = (void *)(uintptr_t)buffer;
    op->bytes = bytes;
    op->offset = offset;
    op->flags = 0;
}

void cairn_io_accept(struct cairn_io *io, struct cairn_io_op *op, int listener)
{
    describe(op, NULL, 0, 0);
    submit(io, op, CAIRN_IO_ACCEPT, listener);
}

void cairn_io_receive(struct cairn_io *io, struct cairn_io_op *op, int socket)
{
    describe(op, NULL, 0, 0);
    submit(io, op, CAIRN_IO_RECEIVE, socket);
}

void cairn_io_buffer_return(struct cairn_io *io, uint32_t buffer_id)
{
    io->queue->buffer_return(io, buffer_id);
}

void cairn_io_send(struct cairn_io *io, struct cairn_io_op *op, int socket, const void *data,
                   uint32_t bytes)
{
    describe(op, data, bytes, 0);
    submit(io, op, CAIRN_IO_SEND, socket);
}

void cairn_io_read(struct cairn_io *io, struct cairn_io_op *op, int fd, void *buffer,
                   uint32_t bytes, uint64_t offset)
{
    describe(op, buffer, bytes, offset);
    submit(io, op, CAIRN_IO_READ, fd);
}

void cairn_io_write(struct cairn_io *io, struct cairn_io_op *op, int fd, const void *buffer,
                    uint32_t bytes, uint64_t offset, bool durable)
{
    describe(op, buffer, bytes, offset);
    op->flags = durable ? CAIRN_IO_DURABLE : 0;
    submit(io, op, CAIRN_IO_WRITE, fd);
}

void cairn_io_sync(struct cairn_io *io, struct cairn_io_op *op, int fd)
{
    describe(op, NULL, 0, 0);
    submit(io, op, CAIRN_IO_SYNC, fd);
}

void cairn_io_cancel(struct cairn_io *io, struct cairn_io_op *op)
{
    if (op->state == CAIRN_IO_IDLE || cairn_io_op_is_cancelled(op))
        return;
    op->state |= CAIRN_IO_CANCELLED;
    io->queue->cancel(io, op);
}

/* ---- clocks and randomness ---- */

uint64_t cairn_io_monotonic_ns(struct cairn_io *io)
{
    return io->clock->monotonic_ns(io);
}

int64_t cairn_io_wall_ms(struct cairn_io *io)
{
    return io->clock->wall_ms(io);
}

uint64_t cairn_io_random(struct cairn_io *io)
{
    return io->clock->random(io);
}

/* ---- files ---- */

int cairn_io_open(struct cairn_io *io, const char *path, uint32_t flags)
{
    return io->files->open(io, path, flags);
}

void cairn_io_close(struct cairn_io *io, int fd)
{
    io->sockets->close(io, fd);
}

int64_t cairn_io_read_now(struct cairn_io *io, int fd, void *buffer, size_t bytes, uint64_t offset)
{
    return io->files->read_now(io, fd, buffer, bytes, offset);
}

int cairn_io_write_now(struct cairn_io *io, int fd, const void *buffer, size_t bytes,
                       uint64_t offset)
{
    return io->files->write_now(io, fd, buffer, bytes, offset);
}

int cairn_io_sync_now(struct cairn_io *io, int fd)
{
    return io->files->sync_now(io, fd);
}

int cairn_io_truncate(struct cairn_io *io, int fd, uint64_t bytes)
{
    return io->files->truncate(io, fd, bytes);
}

int64_t cairn_io_size(struct cairn_io *io, int fd)
{
    return io->files->size(io, fd);
}

int cairn_io_lock(struct cairn_io *io, int fd)
{
    return io->files->lock(io, fd);
}

int cairn_io_rename(struct cairn_io *io, const char *from, const char *to)
{
    return io->files->rename(io, from, to);
}

int cairn_io_unlink(struct cairn_io *io, const char *path)
{
    return io->files->unlink(io, path);
}

int cairn_io_make_directory(struct cairn_io *io, const char *path)
{
    return io->files->make_directory(io, path);
}

int cairn_io_sync_directory(struct cairn_io *io, const char *path)
{
    return io->files->sync_directory(io, path);
}

int cairn_io_list(struct cairn_io *io, const char *path,
                  int (*entry)(void *context, const char *name), void *context)
{
    return io->files->list(io, path, entry, context);
}

int64_t cairn_io_free_bytes(struct cairn_io *io, const char *path)
{
    return io->files->free_bytes(io, path);
}

/* ---- sockets ---- */

int cairn_io_listen(struct cairn_io *io, const char *host, uint16_t port, uint16_t *port_bound)
{
    return io->sockets->listen(io, host, port, port_bound);
}

int cairn_io_connect_now(struct cairn_io *io, const char *host, uint16_t port)
{
    return io->sockets->connect_now(io, host, port);
}

int cairn_io_send_now(struct cairn_io *io, int socket, const void *data, size_t bytes)
{
    return io->sockets->send_now(io, socket, data, bytes);
}

int64_t cairn_io_receive_now(struct cairn_io *io, int socket, void *buffer, size_t bytes)
{
    return io->sockets->receive_now(io, socket, buffer, bytes);
}

void cairn_io_shutdown(struct cairn_io *io, int socket)
{
    io->sockets->shutdown(io, socket);
}
