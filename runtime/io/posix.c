/* runtime/io/posix.c: the seam by poll and plain system calls: reference, fallback, and what
 * valgrind sees.
 *
 * An operation stands on one of two lists. `queued` is work for the next poll: every file operation
 * and whatever was cancelled. `waiting` is what needs a ready socket: each poll asks poll(2) about
 * all of it, then tries once each operation whose socket is ready.
 *
 * A callback may submit and cancel while a poll goes through its work. That is safe because an
 * operation leaves `waiting` only by completing, at its own turn, or by being cancelled, which
 * moves it to `queued`, and that list is not looked at before the next poll. */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "runtime/base/time.h"
#include "runtime/io/buffers.h"
#include "runtime/io/io_internal.h"

struct posix {
    struct cairn_io io;
    struct cairn_io_op_list queued;
    struct cairn_io_op_list waiting;
    struct cairn_io_buffers buffers;
    struct pollfd *polled; /* the first is the wake-up, then as asked[] */
    struct cairn_io_op **asked;
    size_t capacity; /* of both */
    int wake_fd;
};

static struct posix *posix_of(struct cairn_io *io)
{
    return (struct posix *)io;
}

/* ---- file operations: done at once, inside a poll ---- */

static ssize_t do_write(const struct cairn_io_op *op)
{
    struct iovec part = {.iov_base = op->buffer, .iov_len = op->bytes};
    int flags = (op->flags & CAIRN_IO_DURABLE) ? RWF_DSYNC : 0;
    return pwritev2(op->fd, &part, 1, (off_t)op->offset, flags);
}

static ssize_t file_call(const struct cairn_io_op *op)
{
    switch (op->code) {
    case CAIRN_IO_READ:
        return pread(op->fd, op->buffer, op->bytes, (off_t)op->offset);
    case CAIRN_IO_WRITE:
        return do_write(op);
    default:
        cairn_assert(op->code == CAIRN_IO_SYNC);
        return fdatasync(op->fd);
    }
}

static int do_file(const struct cairn_io_op *op)
{
    ssize_t count = file_call(op);
    return count < 0 ? -errno : (int)count;
}

/* The list is taken whole first, so that what callbacks queue waits for the next poll. */
static int run_queued(struct posix *posix)
{
    struct cairn_io_op_list work = posix->queued;
    posix->queued = (struct cairn_io_op_list){0};

    int completions = 0;
    for (struct cairn_io_op *op = work.first; op != NULL; op = work.first) {
        bool cancelled = cairn_io_op_is_cancelled(op);
        work.first = op->next;
        cairn_io_op_finish(op, cancelled ? -ECANCELED : do_file(op));
        completions++;
    }
    return completions;
}

/* ---- socket operations: tried when their socket is ready ---- */

/* A multishot operation goes on where it stands; otherwise it is over. */
static void deliver(struct posix *posix, struct cairn_io_op *op,
                    const struct cairn_io_completion *completion)
{
    if ((completion->flags & CAIRN_IO_MORE) == 0) {
        cairn_io_op_list_remove(&posix->waiting, op);
        op->state = CAIRN_IO_IDLE;
    }
    op->complete(op, completion);
}

static int deliver_result(struct posix *posix, struct cairn_io_op *op, int result)
{
    deliver(posix, op, &(struct cairn_io_completion){.result = result});
    return 1;
}

/* Not this time: neither an error of the operation nor of its socket. */
static bool is_transient(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR || error == ECONNABORTED;
}

static int try_accept(struct posix *posix, struct cairn_io_op *op)
{
    int fd = accept4(op->fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0 && is_transient(errno))
        return 0;
    if (fd < 0)
        return deliver_result(posix, op, -errno);

    cairn_io_system_accepted(fd);
    deliver(posix, op, &(struct cairn_io_completion){.result = fd, .flags = CAIRN_IO_MORE});
    return 1;
}

static int try_receive(struct posix *posix, struct cairn_io_op *op)
{
    int id = cairn_io_buffers_acquire(&posix->buffers);
    if (id < 0)
        return deliver_result(posix, op, id);

    char *data = cairn_io_buffers_data(&posix->buffers, (uint32_t)id);
    ssize_t count = recv(op->fd, data, posix->buffers.bytes, MSG_DONTWAIT);
    if (count > 0) {
        deliver(posix, op,
                &(struct cairn_io_completion){.result = (int)count,
                                              .flags = CAIRN_IO_MORE | CAIRN_IO_BUFFER,
                                              .buffer_id = (uint32_t)id,
                                              .data = cairn_slice(data, (size_t)count)});
        return 1;
    }
    int error = count < 0 ? errno : 0;
    cairn_io_buffers_release(&posix->buffers, (uint32_t)id);
    return error != 0 && is_transient(error) ? 0 : deliver_result(posix, op, -error);
}

static int try_send(struct posix *posix, struct cairn_io_op *op)
{
    const char *rest = (const char *)op->buffer + op->offset;
    size_t rest_bytes = op->bytes - op->offset;
    ssize_t count = send(op->fd, rest, rest_bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0)
        return is_transient(errno) ? 0 : deliver_result(posix, op, -errno);

    op->offset += (uint64_t)count;
    return op->offset == op->bytes ? deliver_result(posix, op, (int)op->bytes) : 0;
}

static int try_socket(struct posix *posix, struct cairn_io_op *op)
{
    switch (op->code) {
    case CAIRN_IO_ACCEPT:
        return try_accept(posix, op);
    case CAIRN_IO_RECEIVE:
        return try_receive(posix, op);
    default:
        return try_send(posix, op);
    }
}

/* ---- the poll ---- */

static bool grow(struct posix *posix)
{
    size_t capacity = posix->capacity * 2;
    struct pollfd *polled = realloc(posix->polled, capacity * sizeof(*polled));
    if (polled == NULL)
        return false;
    posix->polled = polled;

    struct cairn_io_op **asked = realloc(posix->asked, capacity * sizeof(struct cairn_io_op *));
    if (asked == NULL)
        return false;
    posix->asked = asked;
    posix->capacity = capacity;
    return true;
}

/* Returns how many descriptors to ask about. Without memory for all, the first ones are asked about
 * now, and the rest when some of those are done. */
static size_t ask(struct posix *posix)
{
    posix->polled[0] = (struct pollfd){.fd = posix->wake_fd, .events = POLLIN};
    size_t count = 1;
    for (struct cairn_io_op *op = posix->waiting.first; op != NULL; op = op->next) {
        if (count == posix->capacity && !grow(posix))
            break;
        short events = op->code == CAIRN_IO_SEND ? POLLOUT : POLLIN;
        int fd = op->fd >= 0 ? op->fd : INT_MAX; /* poll is silent about -1: ask it of no file */
        posix->polled[count] = (struct pollfd){.fd = fd, .events = events};
        posix->asked[count++] = op;
    }
    return count;
}

static int wait_ready(struct posix *posix, size_t count, uint64_t timeout_ns)
{
    struct timespec timeout = {.tv_sec = (time_t)(timeout_ns / CAIRN_NS_PER_S),
                               .tv_nsec = (long)(timeout_ns % CAIRN_NS_PER_S)};
    return ppoll(posix->polled, count, timeout_ns == UINT64_MAX ? NULL : &timeout, NULL);
}

static int try_ready(struct posix *posix, size_t count)
{
    int completions = 0;
    for (size_t i = 1; i < count; i++) {
        bool ready = posix->polled[i].revents != 0;
        if (ready && posix->asked[i]->state == CAIRN_IO_FLYING)
            completions += try_socket(posix, posix->asked[i]);
    }
    return completions;
}

static void drain_wakes(const struct posix *posix)
{
    eventfd_t count;
    if ((posix->polled[0].revents & POLLIN) != 0)
        eventfd_read(posix->wake_fd, &count);
}

static int posix_poll(struct cairn_io *io, uint64_t timeout_ns)
{
    struct posix *posix = posix_of(io);
    int completions = run_queued(posix);
    bool must_return = completions > 0 || posix->queued.first != NULL;

    size_t count = ask(posix);
    if (wait_ready(posix, count, must_return ? 0 : timeout_ns) <= 0)
        return completions;
    drain_wakes(posix);
    return completions + try_ready(posix, count);
}

/* ---- the other calls ---- */

static bool is_socket_code(uint16_t code)
{
    return code == CAIRN_IO_ACCEPT || code == CAIRN_IO_RECEIVE || code == CAIRN_IO_SEND;
}

static void posix_submit(struct cairn_io *io, struct cairn_io_op *op)
{
    struct posix *posix = posix_of(io);
    if (!is_socket_code(op->code)) {
        op->state = CAIRN_IO_QUEUED;
        cairn_io_op_list_push(&posix->queued, op);
        return;
    }
    /* A connection that is gone again after poll(2) saw it must not block the accept. */
    if (op->code == CAIRN_IO_ACCEPT)
        fcntl(op->fd, F_SETFL, fcntl(op->fd, F_GETFL) | O_NONBLOCK);
    op->state = CAIRN_IO_FLYING;
    cairn_io_op_list_push(&posix->waiting, op);
}

static void posix_cancel(struct cairn_io *io, struct cairn_io_op *op)
{
    struct posix *posix = posix_of(io);
    if (cairn_io_op_is(op, CAIRN_IO_QUEUED))
        return; /* the next poll sees the flag */
    cairn_io_op_list_remove(&posix->waiting, op);
    cairn_io_op_enter(op, CAIRN_IO_QUEUED);
    cairn_io_op_list_push(&posix->queued, op);
}

static void posix_wake(struct cairn_io *io, struct cairn_io *from)
{
    (void)from;
    eventfd_write(posix_of(io)->wake_fd, 1);
}

static void posix_buffer_return(struct cairn_io *io, uint32_t buffer_id)
{
    cairn_io_buffers_release(&posix_of(io)->buffers, buffer_id);
}

static void posix_destroy(struct cairn_io *io)
{
    struct posix *posix = posix_of(io);
    close(posix->wake_fd);
    cairn_io_buffers_deinit(&posix->buffers);
    free(posix->polled);
    free(posix->asked);
    free(posix);
}

static const struct cairn_io_queue posix_queue = {
    .destroy = posix_destroy,
    .poll = posix_poll,
    .wake = posix_wake,
    .submit = posix_submit,
    .cancel = posix_cancel,
    .buffer_return = posix_buffer_return,
};

static int init(struct posix *posix, const struct cairn_io_options *options)
{
    posix->capacity = 1 + (size_t)options->queue_entries;
    posix->polled = calloc(posix->capacity, sizeof(*posix->polled));
    posix->asked = calloc(posix->capacity, sizeof(struct cairn_io_op *));
    if (posix->polled == NULL || posix->asked == NULL)
        return -ENOMEM;

    int result = cairn_io_buffers_init(&posix->buffers, options->receive_buffer_count,
                                       options->receive_buffer_bytes);
    if (result < 0)
        return result;
    posix->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return posix->wake_fd < 0 ? -errno : 0;
}

int cairn_io_posix_create(const struct cairn_io_options *options, struct cairn_io **io)
{
    struct posix *posix = calloc(1, sizeof(*posix));
    if (posix == NULL)
        return -ENOMEM;
    posix->io = (struct cairn_io){.kind = CAIRN_IO_POSIX,
                                  .queue = &posix_queue,
                                  .clock = &cairn_io_system_clock,
                                  .files = &cairn_io_system_files,
                                  .sockets = &cairn_io_system_sockets};
    posix->wake_fd = -1;
    int result = init(posix, options);
    if (result < 0) {
        posix_destroy(&posix->io);
        return result;
    }
    *io = &posix->io;
    return 0;
}
