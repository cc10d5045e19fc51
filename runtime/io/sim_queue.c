/* runtime/io/sim_queue.c: what an instance of the simulated world does in a poll.
 *
 * A file operation is scheduled when it is submitted: it will be done, and complete, at a random
 * time. A socket operation is blocked until its socket is ready, and then scheduled; if another one
 * has been quicker by the time it is due, it is blocked again. */
#include <stdlib.h>

#include "runtime/io/sim_internal.h"

#define SLOW_ONE_IN 64
#define SLOW_FACTOR 20

static struct cairn_sim_instance *instance_of(struct cairn_io *io)
{
    return (struct cairn_sim_instance *)io;
}

/* ---- when ---- */

static void schedule_at(struct cairn_sim_instance *instance, struct cairn_io_op *op,
                        uint64_t due_ns)
{
    op->due_ns = (int64_t)due_ns;
    cairn_io_op_enter(op, CAIRN_IO_FLYING);
    struct cairn_io_op *after = instance->scheduled.last;
    while (after != NULL && after->due_ns > op->due_ns)
        after = after->previous;
    struct cairn_io_op *position = after != NULL ? after->next : instance->scheduled.first;
    cairn_io_op_list_insert_before(&instance->scheduled, op, position);
}

static void schedule(struct cairn_sim_instance *instance, struct cairn_io_op *op,
                     uint64_t delay_max_ns)
{
    struct cairn_sim *sim = instance->sim;
    uint64_t delay_ns = 1 + cairn_sim_choose(sim, delay_max_ns);
    if (cairn_sim_choose(sim, SLOW_ONE_IN) == 0)
        delay_ns *= 1 + cairn_sim_choose(sim, SLOW_FACTOR);
    schedule_at(instance, op, sim->now_ns + delay_ns);
}

static void block(struct cairn_sim_instance *instance, struct cairn_io_op *op)
{
    cairn_io_op_enter(op, CAIRN_IO_QUEUED);
    cairn_io_op_list_push(&instance->blocked, op);
}

static bool is_ready(struct cairn_sim *sim, const struct cairn_io_op *op)
{
    const struct cairn_sim_descriptor *descriptor = cairn_sim_descriptor(sim, op->fd);
    if (descriptor == NULL)
        return true; /* for its error */
    if (op->code == CAIRN_IO_ACCEPT)
        return descriptor->listener == NULL || descriptor->listener->pending_count > 0;
    if (descriptor->socket == NULL)
        return true;
    if (op->code == CAIRN_IO_SEND)
        return op->bytes == 0 || cairn_sim_socket_can_send(descriptor->socket);
    return cairn_sim_socket_can_receive(descriptor->socket);
}

void cairn_sim_schedule_ready(struct cairn_sim_instance *instance)
{
    struct cairn_io_op *next;
    for (struct cairn_io_op *op = instance->blocked.first; op != NULL; op = next) {
        next = op->next;
        if (!is_ready(instance->sim, op))
            continue;
        cairn_io_op_list_remove(&instance->blocked, op);
        schedule(instance, op, instance->sim->options.socket_delay_max_ns);
    }
}

/* ---- what ---- */

/* The operation is on no list. Returns the completions run: one. */
static int finish(struct cairn_sim_instance *instance, struct cairn_io_op *op, int64_t result)
{
    cairn_sim_note(instance->sim, op->code, result);
    cairn_io_op_finish(op, (int)result);
    return 1;
}

static int go_on(struct cairn_sim_instance *instance, struct cairn_io_op *op,
                 struct cairn_io_completion *completion)
{
    cairn_sim_note(instance->sim, op->code, completion->result);
    block(instance, op);
    completion->flags |= CAIRN_IO_MORE;
    op->complete(op, completion);
    return 1;
}

/* All of it half of the time, otherwise at least one byte. */
static size_t random_part(struct cairn_sim *sim, size_t bytes)
{
    if (bytes <= 1 || cairn_sim_choose(sim, 2) == 0)
        return bytes;
    return 1 + (size_t)cairn_sim_choose(sim, bytes);
}

static int run_accept(struct cairn_sim_instance *instance, struct cairn_io_op *op)
{
    struct cairn_sim *sim = instance->sim;
    const struct cairn_sim_descriptor *descriptor = cairn_sim_descriptor(sim, op->fd);
    if (descriptor == NULL || descriptor->listener == NULL)
        return finish(instance, op, descriptor == NULL ? -EBADF : -EINVAL);
    if (descriptor->listener->pending_count == 0) {
        block(instance, op);
        return 0;
    }
    int error = cairn_sim_fault(sim, CAIRN_SIM_ACCEPT);
    if (error < 0)
        return finish(instance, op, error);

    struct cairn_sim_descriptor accepted = {.socket =
                                                cairn_sim_listener_accept(descriptor->listener)};
    struct cairn_io_completion completion = {.result = cairn_sim_descriptor_add(sim, &accepted)};
    return go_on(instance, op, &completion);
}

static struct cairn_sim_socket *socket_of(struct cairn_sim *sim, const struct cairn_io_op *op,
                                          int *error)
{
    const struct cairn_sim_descriptor *descriptor = cairn_sim_descriptor(sim, op->fd);
    *error = descriptor == NULL ? -EBADF : -ENOTSOCK;
    return descriptor == NULL ? NULL : descriptor->socket;
}

static int receive_into(struct cairn_sim_instance *instance, struct cairn_io_op *op,
                        struct cairn_sim_socket *socket, uint32_t id)
{
    char *buffer = cairn_io_buffers_data(&instance->buffers, id);
    size_t bytes = random_part(instance->sim, instance->buffers.bytes);
    int64_t count = cairn_sim_socket_receive(socket, buffer, bytes);
    if (count > 0)
        return go_on(instance, op,
                     &(struct cairn_io_completion){.result = (int)count,
                                                   .flags = CAIRN_IO_BUFFER,
                                                   .buffer_id = id,
                                                   .data = cairn_slice(buffer, (size_t)count)});
    cairn_io_buffers_release(&instance->buffers, id);
    if (count != -EAGAIN)
        return finish(instance, op, count);
    block(instance, op);
    return 0;
}

static int run_receive(struct cairn_sim_instance *instance, struct cairn_io_op *op)
{
    int error;
    struct cairn_sim_socket *socket = socket_of(instance->sim, op, &error);
    if (socket == NULL)
        return finish(instance, op, error);
    error = cairn_sim_fault(instance->sim, CAIRN_SIM_RECEIVE);
    if (error < 0)
        return finish(instance, op, error);
    int id = cairn_io_buffers_acquire(&instance->buffers);
    if (id < 0)
        return finish(instance, op, id);
    return receive_into(instance, op, socket, (uint32_t)id);
}

static int run_send(struct cairn_sim_instance *instance, struct cairn_io_op *op)
{
    int error;
    struct cairn_sim_socket *socket = socket_of(instance->sim, op, &error);
    if (socket == NULL)
        return finish(instance, op, error);
    error = cairn_sim_fault(instance->sim, CAIRN_SIM_SEND);
    if (error < 0)
        return finish(instance, op, error);

    const char *rest = (const char *)op->buffer + op->offset;
    size_t bytes = random_part(instance->sim, op->bytes - op->offset);
    int64_t count = cairn_sim_socket_send(socket, rest, bytes);
    if (count < 0 && count != -EAGAIN)
        return finish(instance, op, count);
    op->offset += count > 0 ? (uint64_t)count : 0;
    if (op->offset == op->bytes)
        return finish(instance, op, op->bytes);
    block(instance, op);
    return 0;
}

static int64_t do_write(struct cairn_sim *sim, const struct cairn_io_op *op)
{
    size_t bytes = op->bytes;
    if (cairn_sim_choose(sim, 1000) < sim->options.short_write_permille)
        bytes = random_part(sim, bytes);
    return cairn_sim_write(sim, op->fd, op->buffer, bytes, op->offset,
                           (op->flags & CAIRN_IO_DURABLE) != 0);
}

static int64_t do_file(struct cairn_sim *sim, const struct cairn_io_op *op)
{
    switch (op->code) {
    case CAIRN_IO_READ:
        return cairn_sim_read(sim, op->fd, op->buffer, op->bytes, op->offset);
    case CAIRN_IO_WRITE:
        return do_write(sim, op);
    default:
        cairn_assert(op->code == CAIRN_IO_SYNC);
        return cairn_sim_sync(sim, op->fd);
    }
}

static bool is_file_code(uint16_t code)
{
    return code == CAIRN_IO_READ || code == CAIRN_IO_WRITE || code == CAIRN_IO_SYNC;
}

/* A cancellation may come too late for the disk, never for a socket. */
static bool is_cancelled_in_time(struct cairn_sim *sim, const struct cairn_io_op *op)
{
    return cairn_io_op_is_cancelled(op) &&
           (!is_file_code(op->code) || cairn_sim_choose(sim, 2) == 0);
}

static int run_operation(struct cairn_sim_instance *instance, struct cairn_io_op *op)
{
    if (instance->dead)
        return finish(instance, op, -EIO);
    if (is_cancelled_in_time(instance->sim, op))
        return finish(instance, op, -ECANCELED);
    switch (op->code) {
    case CAIRN_IO_ACCEPT:
        return run_accept(instance, op);
    case CAIRN_IO_RECEIVE:
        return run_receive(instance, op);
    case CAIRN_IO_SEND:
        return run_send(instance, op);
    default:
        return finish(instance, op, do_file(instance->sim, op));
    }
}

/* ---- the poll ---- */

static int run_due(struct cairn_sim_instance *instance)
{
    int completions = 0;
    cairn_sim_schedule_ready(instance);
    int64_t now_ns = (int64_t)instance->sim->now_ns;
    for (struct cairn_io_op *op = instance->scheduled.first; op != NULL && op->due_ns <= now_ns;
         op = instance->scheduled.first) {
        cairn_io_op_list_remove(&instance->scheduled, op);
        completions += run_operation(instance, op);
    }
    return completions;
}

/* Let time pass to the next operation that is due here, at most to `limit_ns`. Without either
 * nothing would ever happen in a world of one thread: the caller must look elsewhere. */
static void wait_until(struct cairn_sim_instance *instance, uint64_t limit_ns)
{
    const struct cairn_io_op *first = instance->scheduled.first;
    uint64_t due_ns = first != NULL ? (uint64_t)first->due_ns : UINT64_MAX;
    uint64_t target_ns = due_ns < limit_ns ? due_ns : limit_ns;
    if (target_ns != UINT64_MAX && target_ns > instance->sim->now_ns)
        instance->sim->now_ns = target_ns;
}

static int sim_poll(struct cairn_io *io, uint64_t timeout_ns)
{
    struct cairn_sim_instance *instance = instance_of(io);
    uint64_t now_ns = instance->sim->now_ns;
    uint64_t limit_ns = timeout_ns > UINT64_MAX - now_ns ? UINT64_MAX : now_ns + timeout_ns;

    int completions = run_due(instance);
    bool must_return = timeout_ns == 0 || instance->woken;
    instance->woken = false;
    while (completions == 0 && !must_return) {
        wait_until(instance, limit_ns);
        completions = run_due(instance);
        must_return = instance->woken || instance->scheduled.first == NULL ||
                      instance->sim->now_ns >= limit_ns;
    }
    return completions;
}

/* ---- the other calls ---- */

static void sim_submit(struct cairn_io *io, struct cairn_io_op *op)
{
    struct cairn_sim_instance *instance = instance_of(io);
    op->state = CAIRN_IO_IDLE;
    if (instance->dead)
        schedule_at(instance, op, instance->sim->now_ns);
    else if (is_file_code(op->code))
        schedule(instance, op, instance->sim->options.file_delay_max_ns);
    else
        block(instance, op);
}

static void sim_cancel(struct cairn_io *io, struct cairn_io_op *op)
{
    struct cairn_sim_instance *instance = instance_of(io);
    if (cairn_io_op_is(op, CAIRN_IO_FLYING))
        return; /* it sees the flag when it is due */
    cairn_io_op_list_remove(&instance->blocked, op);
    schedule_at(instance, op, instance->sim->now_ns);
}

static void sim_wake(struct cairn_io *io, struct cairn_io *from)
{
    (void)from;
    instance_of(io)->woken = true;
}

static void sim_buffer_return(struct cairn_io *io, uint32_t buffer_id)
{
    cairn_io_buffers_release(&instance_of(io)->buffers, buffer_id);
}

static void fail_now(struct cairn_sim_instance *instance, struct cairn_io_op_list operations)
{
    for (struct cairn_io_op *op = cairn_io_op_list_pop(&operations); op != NULL;
         op = cairn_io_op_list_pop(&operations))
        schedule_at(instance, op, instance->sim->now_ns);
}

void cairn_sim_instance_end(struct cairn_sim_instance *instance)
{
    struct cairn_io_op_list scheduled = instance->scheduled;
    struct cairn_io_op_list blocked = instance->blocked;
    instance->dead = true;
    instance->scheduled = (struct cairn_io_op_list){0};
    instance->blocked = (struct cairn_io_op_list){0};
    fail_now(instance, scheduled);
    fail_now(instance, blocked);
}

static void sim_destroy(struct cairn_io *io)
{
    struct cairn_sim_instance *instance = instance_of(io);
    struct cairn_sim_instance **link = &instance->sim->instances;
    while (*link != instance)
        link = &(*link)->next;
    *link = instance->next;
    cairn_io_buffers_deinit(&instance->buffers);
    free(instance);
}

static const struct cairn_io_queue sim_queue = {
    .destroy = sim_destroy,
    .poll = sim_poll,
    .wake = sim_wake,
    .submit = sim_submit,
    .cancel = sim_cancel,
    .buffer_return = sim_buffer_return,
};

/* Instances are kept in the order of their creation, so that nothing depends on addresses. */
static void enter_world(struct cairn_sim_instance *instance)
{
    struct cairn_sim_instance **link = &instance->sim->instances;
    while (*link != NULL)
        link = &(*link)->next;
    *link = instance;
}

int cairn_io_sim_create(const struct cairn_io_options *options, struct cairn_io **io)
{
    cairn_assert(options->sim != NULL);
    struct cairn_sim_instance *instance = calloc(1, sizeof(*instance));
    if (instance == NULL)
        return -ENOMEM;
    int result = cairn_io_buffers_init(&instance->buffers, options->receive_buffer_count,
                                       options->receive_buffer_bytes);
    if (result < 0) {
        free(instance);
        return result;
    }
    instance->io = (struct cairn_io){.kind = CAIRN_IO_SIM,
                                     .queue = &sim_queue,
                                     .clock = &cairn_sim_clock,
                                     .files = &cairn_sim_files,
                                     .sockets = &cairn_sim_sockets};
    instance->sim = options->sim;
    cairn_random_init(&instance->random, cairn_random_next(&instance->sim->random));
    enter_world(instance);
    *io = &instance->io;
    return 0;
}
