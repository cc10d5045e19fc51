/* runtime/io/uring.c: the seam by io_uring. The one module that knows liburing.
 *
 * An operation is one submission whose `user_data` is its address; small numbers, which no address
 * can be, mark the ring's own entries. What does not fit into the submission queue stands in a
 * backlog until the next poll: an operation that is QUEUED there wants its submission, one that is
 * FLYING wants the submission that cancels it.
 *
 * With DEFER_TASKRUN completions appear only when this thread enters the kernel and asks. The
 * kernel sets IORING_SQ_TASKRUN in shared memory when asking is worth while, so a poll with nothing
 * to do reads three words and makes no system call.
 *
 * The kernel may end a multishot operation for reasons of its own (its completion queue was full):
 * it is armed again unseen. Without `multishot` the same path arms it after every completion.
 *
 * Waking: a ring that sleeps in io_uring_enter is woken cheapest by a MSG_RING from the waker's
 * ring. Threads without a ring, and messages that failed, use an eventfd on which a read is always
 * armed. */
#include <liburing.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/time.h"
#include "runtime/io/io_internal.h"

#define COMPLETIONS_PER_SUBMISSION 4 /* multishot operations and wakes need no submission */
#define BUFFER_GROUP               0
#define PAGE_BYTES                 4096u

/* `user_data` of the ring's own entries. */
enum {
    TAG_NONE = 0,    /* a cancellation; its outcome shows in the operation's */
    TAG_WAKE = 1,    /* another ring's MSG_RING arrived */
    TAG_MESSAGE = 2, /* a MSG_RING of ours failed; uring_wake has already seen to it */
};

/* `op->flags`: a cancellation stands in the backlog. */
#define CANCEL_WAITS (1u << 31)

struct uring {
    struct cairn_io io;
    struct io_uring ring;
    struct cairn_io_op_list backlog;
    bool multishot;
    bool woken; /* by its own thread */
    int wake_fd;
    uint64_t wake_count; /* what wake_op, the read on wake_fd, brings */
    struct cairn_io_op wake_op;

    struct io_uring_buf_ring *buffer_ring; /* followed by the buffers themselves; NULL without */
    char *buffers;
    size_t mapped_bytes; /* of both */
    uint32_t buffer_count;
    uint32_t buffer_bytes;
    uint32_t buffers_lent;
};

static struct uring *uring_of(struct cairn_io *io)
{
    return (struct uring *)io;
}

/* ---- submissions ---- */

static void prepare_receive(const struct uring *uring, const struct cairn_io_op *op,
                            struct io_uring_sqe *sqe)
{
    if (uring->multishot)
        io_uring_prep_recv_multishot(sqe, op->fd, NULL, 0, 0);
    else
        io_uring_prep_recv(sqe, op->fd, NULL, uring->buffer_bytes, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = BUFFER_GROUP;
}

static void prepare(const struct uring *uring, const struct cairn_io_op *op,
                    struct io_uring_sqe *sqe)
{
    switch ((enum cairn_io_code)op->code) {
    case CAIRN_IO_ACCEPT:
        if (uring->multishot)
            io_uring_prep_multishot_accept(sqe, op->fd, NULL, NULL, SOCK_CLOEXEC);
        else
            io_uring_prep_accept(sqe, op->fd, NULL, NULL, SOCK_CLOEXEC);
        break;
    case CAIRN_IO_RECEIVE:
        prepare_receive(uring, op, sqe);
        break;
    case CAIRN_IO_SEND:
        io_uring_prep_send(sqe, op->fd, (char *)op->buffer + op->offset, op->bytes - op->offset,
                           MSG_WAITALL | MSG_NOSIGNAL);
        break;
    case CAIRN_IO_READ:
        io_uring_prep_read(sqe, op->fd, op->buffer, op->bytes, op->offset);
        break;
    case CAIRN_IO_WRITE:
        io_uring_prep_write(sqe, op->fd, op->buffer, op->bytes, op->offset);
        sqe->rw_flags = (op->flags & CAIRN_IO_DURABLE) ? RWF_DSYNC : 0;
        break;
    case CAIRN_IO_SYNC:
        io_uring_prep_fsync(sqe, op->fd, IORING_FSYNC_DATASYNC);
        break;
    }
}

static void prepare_cancel(struct cairn_io_op *op, struct io_uring_sqe *sqe)
{
    io_uring_prep_cancel(sqe, op, 0);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    io_uring_sqe_set_data64(sqe, TAG_NONE);
}

/* Give the kernel, at its next entry, what `op` wants: its submission, or its cancellation. */
static void fill(const struct uring *uring, struct cairn_io_op *op, struct io_uring_sqe *sqe)
{
    if (cairn_io_op_is(op, CAIRN_IO_FLYING)) {
        prepare_cancel(op, sqe);
        return;
    }
    prepare(uring, op, sqe);
    io_uring_sqe_set_data(sqe, op);
    cairn_io_op_enter(op, CAIRN_IO_FLYING);
}

/* The backlog keeps the order: who comes while it is not empty goes to its end. */
static void uring_submit(struct cairn_io *io, struct cairn_io_op *op)
{
    struct uring *uring = uring_of(io);
    cairn_assert(op->code != CAIRN_IO_RECEIVE || uring->buffer_count > 0);
    cairn_io_op_enter(op, CAIRN_IO_QUEUED);

    bool in_turn = uring->backlog.first == NULL;
    struct io_uring_sqe *sqe = in_turn ? io_uring_get_sqe(&uring->ring) : NULL;
    if (sqe != NULL)
        fill(uring, op, sqe);
    else
        cairn_io_op_list_push(&uring->backlog, op);
}

static void uring_cancel(struct cairn_io *io, struct cairn_io_op *op)
{
    struct uring *uring = uring_of(io);
    if (cairn_io_op_is(op, CAIRN_IO_QUEUED))
        return; /* it goes no further than the backlog */

    bool in_turn = uring->backlog.first == NULL;
    struct io_uring_sqe *sqe = in_turn ? io_uring_get_sqe(&uring->ring) : NULL;
    if (sqe != NULL) {
        fill(uring, op, sqe);
        return;
    }
    op->flags |= CANCEL_WAITS;
    cairn_io_op_list_push(&uring->backlog, op);
}

/* A queue that stays full although it was submitted is the kernel's lack of memory: later. */
static struct io_uring_sqe *acquire_submission(struct uring *uring)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&uring->ring);
    if (sqe != NULL)
        return sqe;
    io_uring_submit(&uring->ring);
    return io_uring_get_sqe(&uring->ring);
}

/* Goes as far as what stood there at the start. Returns the completions run: operations cancelled
 * before the kernel saw them. */
static int flush_backlog(struct uring *uring)
{
    int completions = 0;
    const struct cairn_io_op *last = uring->backlog.last;
    for (struct cairn_io_op *op = uring->backlog.first; op != NULL; op = uring->backlog.first) {
        bool is_last = op == last;
        if (cairn_io_op_is(op, CAIRN_IO_QUEUED) && cairn_io_op_is_cancelled(op)) {
            cairn_io_op_list_remove(&uring->backlog, op);
            cairn_io_op_finish(op, -ECANCELED);
            completions++;
        } else {
            struct io_uring_sqe *sqe = acquire_submission(uring);
            if (sqe == NULL)
                break;
            cairn_io_op_list_remove(&uring->backlog, op);
            op->flags &= ~CANCEL_WAITS;
            fill(uring, op, sqe);
        }
        if (is_last)
            break;
    }
    return completions;
}

/* ---- completions ---- */

/* The kernel is done with the operation; a cancellation still in the backlog has lost its object.
 */
static void land(struct uring *uring, struct cairn_io_op *op)
{
    if ((op->flags & CANCEL_WAITS) != 0)
        cairn_io_op_list_remove(&uring->backlog, op);
    op->flags &= ~CANCEL_WAITS;
}

static void finish(struct uring *uring, struct cairn_io_op *op, int result)
{
    land(uring, op);
    cairn_io_op_finish(op, result);
}

/* MSG_WAITALL makes the kernel go on by itself; a short count is what a signal or an old kernel
 * left. */
static void finish_send(struct uring *uring, struct cairn_io_op *op, int result)
{
    if (result < 0) {
        finish(uring, op, result);
        return;
    }
    op->offset += (uint64_t)result;
    if (op->offset == op->bytes) {
        finish(uring, op, (int)op->bytes);
        return;
    }
    bool is_stuck = result == 0;
    if (is_stuck || cairn_io_op_is_cancelled(op)) {
        finish(uring, op, is_stuck ? -EIO : -ECANCELED);
        return;
    }
    uring_submit(&uring->io, op);
}

static void lend(struct uring *uring, const struct io_uring_cqe *cqe,
                 struct cairn_io_completion *completion)
{
    uint32_t id = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
    cairn_assert(id < uring->buffer_count);
    uring->buffers_lent++;
    completion->flags |= CAIRN_IO_BUFFER;
    completion->buffer_id = id;
    completion->data =
        cairn_slice(uring->buffers + (size_t)id * uring->buffer_bytes, (size_t)cqe->res);
}

/* Accept and receive: on until an error, the end of the stream, or a cancellation. */
static void finish_multishot(struct uring *uring, struct cairn_io_op *op,
                             const struct io_uring_cqe *cqe)
{
    struct cairn_io_completion completion = {.result = cqe->res};
    if ((cqe->flags & IORING_CQE_F_BUFFER) != 0 && cqe->res > 0)
        lend(uring, cqe, &completion);
    else if ((cqe->flags & IORING_CQE_F_BUFFER) != 0) {
        uring->buffers_lent++;
        cairn_io_buffer_return(&uring->io, cqe->flags >> IORING_CQE_BUFFER_SHIFT);
    }

    bool is_accept = op->code == CAIRN_IO_ACCEPT;
    if (is_accept && cqe->res >= 0)
        cairn_io_system_accepted(cqe->res);

    bool flies_on = (cqe->flags & IORING_CQE_F_MORE) != 0;
    bool is_success = is_accept ? cqe->res >= 0 : cqe->res > 0;
    bool armed = flies_on || (is_success && !cairn_io_op_is_cancelled(op));
    if (!flies_on)
        land(uring, op);
    if (!flies_on && armed)
        uring_submit(&uring->io, op);
    if (armed)
        completion.flags |= CAIRN_IO_MORE;
    else
        op->state = CAIRN_IO_IDLE;
    op->complete(op, &completion);
}

static void finish_operation(struct uring *uring, struct cairn_io_op *op,
                             const struct io_uring_cqe *cqe)
{
    cairn_assert(cairn_io_op_is(op, CAIRN_IO_FLYING));
    switch (op->code) {
    case CAIRN_IO_ACCEPT:
    case CAIRN_IO_RECEIVE:
        finish_multishot(uring, op, cqe);
        return;
    case CAIRN_IO_SEND:
        finish_send(uring, op, cqe->res);
        return;
    default:
        finish(uring, op, cqe->res);
    }
}

/* ---- the poll ---- */

/* Returns the completions run. Bounded by what is there at the start: the rest is the next poll's.
 */
static int reap(struct uring *uring)
{
    int completions = 0;
    for (unsigned left = io_uring_cq_ready(&uring->ring); left > 0; left--) {
        struct io_uring_cqe *entry = NULL;
        io_uring_peek_cqe(&uring->ring, &entry);
        cairn_assert(entry != NULL);
        struct io_uring_cqe cqe = *entry;
        io_uring_cqe_seen(&uring->ring, entry); /* before the callback, which may submit */

        struct cairn_io_op *op = cqe.user_data > TAG_MESSAGE ? io_uring_cqe_get_data(&cqe) : NULL;
        if (op == NULL)
            continue;
        bool is_own = op == &uring->wake_op;
        finish_operation(uring, op, &cqe);
        completions += !is_own;
    }
    return completions;
}

/* Completions that only an entry brings: deferred work, or an overflow kept by the kernel. */
static bool kernel_holds_completions(const struct uring *uring)
{
    unsigned flags = IO_URING_READ_ONCE(*uring->ring.sq.kflags);
    return (flags & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0;
}

static int enter(struct uring *uring, uint64_t timeout_ns)
{
    if (timeout_ns == 0) {
        bool needless = io_uring_sq_ready(&uring->ring) == 0 && !kernel_holds_completions(uring);
        return needless ? 0 : io_uring_submit_and_get_events(&uring->ring);
    }
    if (timeout_ns == UINT64_MAX)
        return io_uring_submit_and_wait(&uring->ring, 1);

    struct __kernel_timespec timeout = {.tv_sec = (int64_t)(timeout_ns / CAIRN_NS_PER_S),
                                        .tv_nsec = (int64_t)(timeout_ns % CAIRN_NS_PER_S)};
    struct io_uring_cqe *first;
    return io_uring_submit_and_wait_timeout(&uring->ring, &first, 1, &timeout, NULL);
}

/* Time or a signal ended the wait, or the kernel has no room now: what was queued stays queued. */
static bool is_transient(int result)
{
    return result == -ETIME || result == -EINTR || result == -EAGAIN || result == -EBUSY ||
           result == -ENOMEM;
}

static int uring_poll(struct cairn_io *io, uint64_t timeout_ns)
{
    struct uring *uring = uring_of(io);
    int completions = flush_backlog(uring);
    bool must_return = completions > 0 || uring->woken || uring->backlog.first != NULL ||
                       io_uring_cq_ready(&uring->ring) > 0;
    uring->woken = false;

    int result = enter(uring, must_return ? 0 : timeout_ns);
    cairn_assert(result >= 0 || is_transient(result));
    return completions + reap(uring);
}

/* ---- waking ---- */

static void on_wake(struct cairn_io_op *op, const struct cairn_io_completion *completion)
{
    struct uring *uring = op->context;
    cairn_assert(completion->result == (int)sizeof(uring->wake_count));
    cairn_io_read(&uring->io, op, uring->wake_fd, &uring->wake_count, sizeof(uring->wake_count), 0);
}

/* Looks at the completions after the first `seen`: a message fails while it is submitted, or not
 * at all. */
static bool message_failed(struct uring *from, unsigned seen)
{
    struct io_uring *ring = &from->ring;
    unsigned head = *ring->cq.khead;
    unsigned ready = io_uring_cq_ready(ring);
    for (unsigned i = seen; i < ready; i++)
        if (ring->cq.cqes[(head + i) & ring->cq.ring_mask].user_data == TAG_MESSAGE)
            return true;
    return io_uring_cq_has_overflow(ring);
}

/* Submitted at once: the waker may have a long turn before it. */
static bool send_message(struct uring *from, const struct uring *to)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&from->ring);
    if (sqe == NULL)
        return false;
    io_uring_prep_msg_ring(sqe, to->ring.ring_fd, 0, TAG_WAKE, 0);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    io_uring_sqe_set_data64(sqe, TAG_MESSAGE);

    unsigned seen = io_uring_cq_ready(&from->ring);
    return io_uring_submit(&from->ring) > 0 && !message_failed(from, seen);
}

static void uring_wake(struct cairn_io *io, struct cairn_io *from)
{
    struct uring *uring = uring_of(io);
    if (from == io) {
        uring->woken = true;
        return;
    }
    bool has_ring = from != NULL && from->kind == CAIRN_IO_URING;
    if (!has_ring || !send_message(uring_of(from), uring))
        eventfd_write(uring->wake_fd, 1);
}

/* ---- lent buffers ---- */

static size_t buffer_ring_bytes(uint32_t count)
{
    size_t bytes = count * sizeof(struct io_uring_buf);
    return (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

static void provide(struct uring *uring, uint32_t id, int position)
{
    io_uring_buf_ring_add(uring->buffer_ring, uring->buffers + (size_t)id * uring->buffer_bytes,
                          uring->buffer_bytes, (unsigned short)id,
                          io_uring_buf_ring_mask(uring->buffer_count), position);
}

static void uring_buffer_return(struct cairn_io *io, uint32_t buffer_id)
{
    struct uring *uring = uring_of(io);
    cairn_assert(buffer_id < uring->buffer_count);
    cairn_assert(uring->buffers_lent > 0);
    uring->buffers_lent--;
    provide(uring, buffer_id, 0);
    io_uring_buf_ring_advance(uring->buffer_ring, 1);
}

/* The ring of buffers is pinned by the kernel, so a forked child does without it. */
static int map_buffers(struct uring *uring, const struct cairn_io_options *options)
{
    size_t ring_bytes = buffer_ring_bytes(options->receive_buffer_count);
    uring->mapped_bytes =
        ring_bytes + (size_t)options->receive_buffer_count * options->receive_buffer_bytes;
    void *memory =
        mmap(NULL, uring->mapped_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return -errno;
    madvise(memory, ring_bytes, MADV_DONTFORK);

    uring->buffer_ring = memory;
    uring->buffers = (char *)memory + ring_bytes;
    uring->buffer_count = options->receive_buffer_count;
    uring->buffer_bytes = options->receive_buffer_bytes;
    return 0;
}

static int init_buffers(struct uring *uring, const struct cairn_io_options *options)
{
    if (options->receive_buffer_count == 0)
        return 0;
    int result = map_buffers(uring, options);
    if (result < 0)
        return result;

    struct io_uring_buf_reg registration = {.ring_addr = (uint64_t)(uintptr_t)uring->buffer_ring,
                                            .ring_entries = uring->buffer_count,
                                            .bgid = BUFFER_GROUP};
    result = io_uring_register_buf_ring(&uring->ring, &registration, 0);
    if (result < 0)
        return result;

    io_uring_buf_ring_init(uring->buffer_ring);
    for (uint32_t id = 0; id < uring->buffer_count; id++)
        provide(uring, id, (int)id);
    io_uring_buf_ring_advance(uring->buffer_ring, (int)uring->buffer_count);
    return 0;
}

/* ---- life ---- */

/* What nobody will see is not kept either: connections accepted but not yet reported. */
static void drop_completions(struct uring *uring)
{
    io_uring_get_events(&uring->ring);
    unsigned head;
    unsigned count = 0;
    struct io_uring_cqe *cqe;
    io_uring_for_each_cqe(&uring->ring, head, cqe)
    {
        count++;
        if (cqe->user_data <= TAG_MESSAGE || cqe->res < 0)
            continue;
        const struct cairn_io_op *op = io_uring_cqe_get_data(cqe);
        if (op->code == CAIRN_IO_ACCEPT)
            close(cqe->res);
    }
    io_uring_cq_advance(&uring->ring, count);
}

/* Closing a ring cancels in the background. Cancelling first, and waiting for it, makes sure that
 * no receive still writes to the buffers and that no accept still holds the port. */
static void uring_destroy(struct cairn_io *io)
{
    struct uring *uring = uring_of(io);
    struct io_uring_sync_cancel_reg everything = {
        .fd = -1, .flags = IORING_ASYNC_CANCEL_ANY, .timeout = {.tv_sec = -1, .tv_nsec = -1}};
    io_uring_register_sync_cancel(&uring->ring, &everything);
    drop_completions(uring);

    io_uring_queue_exit(&uring->ring);
    close(uring->wake_fd);
    if (uring->buffer_ring != NULL)
        munmap(uring->buffer_ring, uring->mapped_bytes);
    free(uring);
}

static int init_ring(struct uring *uring, const struct cairn_io_options *options, unsigned flags)
{
    struct io_uring_params parameters = {
        .flags = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP | IORING_SETUP_SUBMIT_ALL | flags,
        .cq_entries = options->queue_entries * COMPLETIONS_PER_SUBMISSION};
    return io_uring_queue_init_params(options->queue_entries, &uring->ring, &parameters);
}

/* Linux 6.0 brought multishot receive; it cannot be asked for, but SEND_ZC, of the same age, can.
 */
static bool is_recent_enough(struct io_uring *ring)
{
    struct io_uring_probe *probe = io_uring_get_probe_ring(ring);
    bool recent = probe != NULL && io_uring_opcode_supported(probe, IORING_OP_SEND_ZC);
    io_uring_free_probe(probe);
    return recent;
}

static int open_ring(struct uring *uring, const struct cairn_io_options *options)
{
    unsigned deferred =
        IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG;
    int result = init_ring(uring, options, options->defer_taskrun ? deferred : 0);
    if (result == -EINVAL && options->defer_taskrun)
        result = init_ring(uring, options, 0); /* Linux 6.0 does not know it yet */
    if (result < 0)
        return result;
    if (is_recent_enough(&uring->ring))
        return 0;
    io_uring_queue_exit(&uring->ring);
    return -ENOSYS;
}

static const struct cairn_io_queue uring_queue = {
    .destroy = uring_destroy,
    .poll = uring_poll,
    .wake = uring_wake,
    .submit = uring_submit,
    .cancel = uring_cancel,
    .buffer_return = uring_buffer_return,
};

/* What an open ring needs besides. */
static int init_rest(struct uring *uring, const struct cairn_io_options *options)
{
    io_uring_ring_dontfork(&uring->ring);
    io_uring_register_ring_fd(&uring->ring); /* cheaper entries; as well without */

    uring->wake_fd = eventfd(0, EFD_CLOEXEC);
    if (uring->wake_fd < 0)
        return -errno;
    int result = init_buffers(uring, options);
    if (result < 0)
        return result;
    uring->wake_op = (struct cairn_io_op){.complete = on_wake, .context = uring};
    cairn_io_read(&uring->io, &uring->wake_op, uring->wake_fd, &uring->wake_count,
                  sizeof(uring->wake_count), 0);
    return 0;
}

int cairn_io_uring_create(const struct cairn_io_options *options, struct cairn_io **io)
{
    struct uring *uring = calloc(1, sizeof(*uring));
    if (uring == NULL)
        return -ENOMEM;
    uring->io = (struct cairn_io){.kind = CAIRN_IO_URING,
                                  .queue = &uring_queue,
                                  .clock = &cairn_io_system_clock,
                                  .files = &cairn_io_system_files,
                                  .sockets = &cairn_io_system_sockets};
    uring->multishot = options->multishot;
    uring->wake_fd = -1;

    int result = open_ring(uring, options);
    if (result < 0) {
        free(uring);
        return result;
    }
    result = init_rest(uring, options);
    if (result < 0) {
        uring_destroy(&uring->io);
        return result;
    }
    *io = &uring->io;
    return 0;
}
