/* runtime/io/sim.c: the world: time, choices, faults, descriptors, and how a process ends. */
#include "runtime/io/sim.h"

#include <stdlib.h>

#include "runtime/base/time.h"
#include "runtime/io/sim_internal.h"

#define START_NS         CAIRN_NS_PER_S /* so that a time in the past can be written down */
#define FIRST_DESCRIPTOR 3

/* ---- the world ---- */

static void set_defaults(struct cairn_sim_options *options)
{
    if (options->start_wall_ms == 0)
        options->start_wall_ms = INT64_C(1704067200000);
    if (options->file_delay_max_ns == 0)
        options->file_delay_max_ns = 200 * CAIRN_NS_PER_US;
    if (options->socket_delay_max_ns == 0)
        options->socket_delay_max_ns = 50 * CAIRN_NS_PER_US;
    if (options->disk_bytes == 0)
        options->disk_bytes = UINT64_C(1) << 30;
    if (options->socket_bytes == 0)
        options->socket_bytes = 64u << 10;
}

int cairn_sim_create(const struct cairn_sim_options *options, struct cairn_sim **sim)
{
    struct cairn_sim *created = calloc(1, sizeof(*created));
    if (created == NULL)
        return -ENOMEM;
    created->options = *options;
    set_defaults(&created->options);
    created->now_ns = START_NS;
    created->net.socket_bytes = created->options.socket_bytes;
    cairn_random_init(&created->random, options->seed);
    *sim = created;
    return 0;
}

void cairn_sim_destroy(struct cairn_sim *sim)
{
    if (sim == NULL)
        return;
    cairn_assert(sim->instances == NULL);
    for (size_t fd = 0; fd < sim->descriptor_count; fd++)
        cairn_sim_descriptor_close(sim, (int)fd, false);
    cairn_sim_tree_deinit(&sim->tree);
    free(sim->descriptors);
    free(sim);
}

uint64_t cairn_sim_now_ns(const struct cairn_sim *sim)
{
    return sim->now_ns;
}

bool cairn_sim_advance(struct cairn_sim *sim, uint64_t limit_ns)
{
    uint64_t earliest_ns = UINT64_MAX;
    for (struct cairn_sim_instance *instance = sim->instances; instance != NULL;
         instance = instance->next) {
        cairn_sim_schedule_ready(instance);
        const struct cairn_io_op *first = instance->scheduled.first;
        if (first != NULL && (uint64_t)first->due_ns < earliest_ns)
            earliest_ns = (uint64_t)first->due_ns;
    }
    uint64_t target_ns = earliest_ns < limit_ns ? earliest_ns : limit_ns;
    if (target_ns != UINT64_MAX && target_ns > sim->now_ns)
        sim->now_ns = target_ns;
    return earliest_ns <= sim->now_ns;
}

uint64_t cairn_sim_choose(struct cairn_sim *sim, uint64_t bound)
{
    return cairn_random_below(&sim->random, bound);
}

void cairn_sim_note(struct cairn_sim *sim, uint64_t code, int64_t result)
{
    uint64_t mixed = sim->fingerprint ^ sim->now_ns;
    mixed = cairn_random_splitmix(&mixed) ^ code;
    mixed = cairn_random_splitmix(&mixed) ^ (uint64_t)result;
    sim->fingerprint = cairn_random_splitmix(&mixed);
}

uint64_t cairn_sim_fingerprint(const struct cairn_sim *sim)
{
    return sim->fingerprint;
}

/* ---- faults ---- */

void cairn_sim_fail(struct cairn_sim *sim, uint32_t operations, uint64_t skip, uint64_t count,
                    int error)
{
    cairn_assert(error < 0 || count == 0);
    sim->fail_operations = operations;
    sim->fail_skip = skip;
    sim->fail_count = count;
    sim->fail_error = error;
}

uint64_t cairn_sim_failures(const struct cairn_sim *sim)
{
    return sim->failures;
}

void cairn_sim_set_disk_bytes(struct cairn_sim *sim, uint64_t disk_bytes)
{
    sim->options.disk_bytes = disk_bytes;
}

int cairn_sim_fault(struct cairn_sim *sim, uint32_t operation)
{
    if ((sim->fail_operations & operation) == 0 || sim->fail_count == 0)
        return 0;
    if (sim->fail_skip > 0) {
        sim->fail_skip--;
        return 0;
    }
    sim->fail_count--;
    sim->failures++;
    return sim->fail_error;
}

/* Crashes that keep everything and crashes that keep nothing find other faults than the rest. */
struct cairn_sim_fate cairn_sim_fate(struct cairn_sim *sim)
{
    static const uint32_t extremes[] = {0, 8};
    uint64_t mood = cairn_sim_choose(sim, 4);
    uint32_t keep_in_8 = mood < 2 ? extremes[mood] : 1 + (uint32_t)cairn_sim_choose(sim, 7);
    return (struct cairn_sim_fate){.random = &sim->random, .keep_in_8 = keep_in_8};
}

/* ---- descriptors: the lowest free number, as in life, so that a stale one meets a stranger ----
 */

static bool is_free(const struct cairn_sim_descriptor *descriptor)
{
    return descriptor->file == NULL && descriptor->listener == NULL && descriptor->socket == NULL;
}

int cairn_sim_descriptor_add(struct cairn_sim *sim, const struct cairn_sim_descriptor *descriptor)
{
    size_t fd = FIRST_DESCRIPTOR;
    while (fd < sim->descriptor_count && !is_free(&sim->descriptors[fd]))
        fd++;
    while (sim->descriptor_count <= fd) {
        sim->descriptors = cairn_sim_grow(sim->descriptors, sim->descriptor_count,
                                          &sim->descriptor_capacity, sizeof(sim->descriptors[0]));
        sim->descriptors[sim->descriptor_count++] = (struct cairn_sim_descriptor){0};
    }
    sim->descriptors[fd] = *descriptor;
    return (int)fd;
}

struct cairn_sim_descriptor *cairn_sim_descriptor(struct cairn_sim *sim, int fd)
{
    if (fd < 0 || (size_t)fd >= sim->descriptor_count || is_free(&sim->descriptors[fd]))
        return NULL;
    return &sim->descriptors[fd];
}

/* An operation must not meet what is opened under its descriptor's number later. */
static void detach(const struct cairn_io_op_list *operations, int fd)
{
    for (struct cairn_io_op *op = operations->first; op != NULL; op = op->next)
        if (op->fd == fd)
            op->fd = -1;
}

void cairn_sim_descriptor_close(struct cairn_sim *sim, int fd, bool with_reset)
{
    struct cairn_sim_descriptor *descriptor = cairn_sim_descriptor(sim, fd);
    if (descriptor == NULL)
        return;
    for (struct cairn_sim_instance *instance = sim->instances; instance != NULL;
         instance = instance->next) {
        detach(&instance->scheduled, fd);
        detach(&instance->blocked, fd);
    }
    if (descriptor->file != NULL && descriptor->file->lock_holder == fd)
        descriptor->file->lock_holder = -1;
    if (descriptor->listener != NULL)
        cairn_sim_net_unlisten(&sim->net, descriptor->listener);
    if (descriptor->socket != NULL)
        cairn_sim_socket_close(descriptor->socket, with_reset);
    cairn_sim_file_release(descriptor->file);
    *descriptor = (struct cairn_sim_descriptor){0};
}

/* ---- file access ---- */

static int check_file(const struct cairn_sim_descriptor *descriptor, const void *buffer,
                      size_t bytes, uint64_t offset)
{
    if (descriptor == NULL || descriptor->file == NULL)
        return -EBADF;
    uint64_t alignment = (uintptr_t)buffer | bytes | offset;
    if (descriptor->direct && alignment % CAIRN_SIM_DIRECT_BYTES != 0)
        return -EINVAL;
    return 0;
}

int64_t cairn_sim_read(struct cairn_sim *sim, int fd, void *buffer, size_t bytes, uint64_t offset)
{
    const struct cairn_sim_descriptor *descriptor = cairn_sim_descriptor(sim, fd);
    int result = check_file(descriptor, buffer, bytes, offset);
    if (result == 0)
        result = cairn_sim_fault(sim, CAIRN_SIM_READ);
    if (result < 0)
        return result;
    return (int64_t)cairn_sim_file_read(descriptor->file, buffer, bytes, offset);
}

/* How many of `bytes` the disk has room for. */
static size_t fitting(const struct cairn_sim *sim, const struct cairn_sim_file *file, size_t bytes,
                      uint64_t offset)
{
    uint64_t used = cairn_sim_tree_bytes(&sim->tree);
    uint64_t room = sim->options.disk_bytes > used ? sim->options.disk_bytes - used : 0;
    uint64_t end_max = file->current.bytes + room;
    if (offset >= end_max)
        return 0;
    return end_max - offset < bytes ? (size_t)(end_max - offset) : bytes;
}

/* A device that fails may have taken the beginning. */
static int fail_write(struct cairn_sim *sim, struct cairn_sim_file *file, const void *buffer,
                      size_t bytes, uint64_t offset, int error)
{
    size_t taken = fitting(sim, file, (size_t)cairn_sim_choose(sim, bytes + 1), offset);
    if (cairn_sim_choose(sim, 2) == 0)
        cairn_sim_file_write(file, buffer, taken, offset, false);
    return error;
}

int64_t cairn_sim_write(struct cairn_sim *sim, int fd, const void *buffer, size_t bytes,
                        uint64_t offset, bool durable)
{
    const struct cairn_sim_descriptor *descriptor = cairn_sim_descriptor(sim, fd);
    int result = check_file(descriptor, buffer, bytes, offset);
    if (result < 0)
        return result;
    if (!descriptor->writable)
        return -EBADF;
    result = cairn_sim_fault(sim, CAIRN_SIM_WRITE);
    if (result < 0)
        return fail_write(sim, descriptor->file, buffer, bytes, offset, result);

    size_t count = fitting(sim, descriptor->file, bytes, offset);
    if (count == 0 && bytes > 0)
        return -ENOSPC;
    cairn_sim_file_write(descriptor->file, buffer, count, offset, durable);
    return (int64_t)count;
}

int cairn_sim_sync(struct cairn_sim *sim, int fd)
{
    const struct cairn_sim_descriptor *descriptor = cairn_sim_descriptor(sim, fd);
    if (descriptor == NULL || descriptor->file == NULL)
        return -EBADF;
    int result = cairn_sim_fault(sim, CAIRN_SIM_SYNC);
    if (result == 0) {
        cairn_sim_file_sync(descriptor->file);
        return 0;
    }
    struct cairn_sim_fate fate = cairn_sim_fate(sim);
    cairn_sim_file_lose(descriptor->file, &fate);
    return result;
}

/* ---- the end of a process ---- */

/* A write in flight is not there, or there in part, or whole. Never sure. */
static void end_write(struct cairn_sim *sim, const struct cairn_io_op *op)
{
    const struct cairn_sim_descriptor *descriptor = cairn_sim_descriptor(sim, op->fd);
    if (descriptor == NULL || descriptor->file == NULL || !descriptor->writable)
        return;
    uint64_t fate = cairn_sim_choose(sim, 3);
    size_t bytes = fate == 0 ? 0 : op->bytes;
    if (fate == 1)
        bytes = (size_t)cairn_sim_choose(sim, op->bytes + 1u);
    bytes = fitting(sim, descriptor->file, bytes, op->offset);
    cairn_sim_file_write(descriptor->file, op->buffer, bytes, op->offset, false);
}

static void end_instance(struct cairn_sim *sim, struct cairn_sim_instance *instance)
{
    const struct cairn_io_op *op = instance->dead ? NULL : instance->scheduled.first;
    for (; op != NULL; op = op->next)
        if (op->code == CAIRN_IO_WRITE && !cairn_io_op_is_cancelled(op))
            end_write(sim, op);
    cairn_sim_instance_end(instance);
}

void cairn_sim_kill(struct cairn_sim *sim)
{
    for (struct cairn_sim_instance *instance = sim->instances; instance != NULL;
         instance = instance->next)
        end_instance(sim, instance);
    for (size_t fd = 0; fd < sim->descriptor_count; fd++)
        if (!sim->descriptors[fd].outside)
            cairn_sim_descriptor_close(sim, (int)fd, true);
    cairn_sim_note(sim, 0, 0);
}

void cairn_sim_crash(struct cairn_sim *sim)
{
    cairn_sim_kill(sim);
    struct cairn_sim_fate fate = cairn_sim_fate(sim);
    cairn_sim_tree_crash(&sim->tree, &fate);
}

/* ---- a client outside ---- */

static struct cairn_sim_socket *outside_socket(struct cairn_sim *sim, int fd)
{
    const struct cairn_sim_descriptor *descriptor = cairn_sim_descriptor(sim, fd);
    cairn_assert(descriptor != NULL && descriptor->socket != NULL);
    return descriptor->socket;
}

int cairn_sim_connect(struct cairn_sim *sim, uint16_t port)
{
    struct cairn_sim_descriptor descriptor = {.outside = true};
    int result = cairn_sim_net_connect(&sim->net, port, &descriptor.socket);
    return result < 0 ? result : cairn_sim_descriptor_add(sim, &descriptor);
}

int64_t cairn_sim_send(struct cairn_sim *sim, int socket, const void *data, size_t bytes)
{
    return cairn_sim_socket_send(outside_socket(sim, socket), data, bytes);
}

int64_t cairn_sim_receive(struct cairn_sim *sim, int socket, void *buffer, size_t bytes)
{
    return cairn_sim_socket_receive(outside_socket(sim, socket), buffer, bytes);
}

void cairn_sim_close(struct cairn_sim *sim, int socket)
{
    cairn_sim_descriptor_close(sim, socket, false);
}

void cairn_sim_reset(struct cairn_sim *sim, int socket)
{
    cairn_sim_descriptor_close(sim, socket, true);
}
