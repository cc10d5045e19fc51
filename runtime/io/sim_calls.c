/* runtime/io/sim_calls.c: the half of the seam that is done on return, in the simulated world. */
#include "runtime/base/time.h"
#include "runtime/io/sim_internal.h"

/* Reading the clock takes time, so a loop that waits for a moment comes to an end. */
#define CLOCK_READ_NS 20

static struct cairn_sim_instance *instance_of(struct cairn_io *io)
{
    return (struct cairn_sim_instance *)io;
}

static struct cairn_sim *sim_of(struct cairn_io *io)
{
    return instance_of(io)->sim;
}

/* What stands before every call: a dead process has no disk, and a fault may be planned. */
static int admit(struct cairn_io *io, uint32_t operation)
{
    return instance_of(io)->dead ? -EIO : cairn_sim_fault(sim_of(io), operation);
}

static struct cairn_sim_file *file_of(struct cairn_io *io, int fd)
{
    const struct cairn_sim_descriptor *descriptor = cairn_sim_descriptor(sim_of(io), fd);
    return descriptor == NULL ? NULL : descriptor->file;
}

/* ---- clock ---- */

static uint64_t sim_monotonic_ns(struct cairn_io *io)
{
    sim_of(io)->now_ns += CLOCK_READ_NS;
    return sim_of(io)->now_ns;
}

static int64_t sim_wall_ms(struct cairn_io *io)
{
    const struct cairn_sim *sim = sim_of(io);
    return sim->options.start_wall_ms + (int64_t)(sim->now_ns / CAIRN_NS_PER_MS);
}

static uint64_t sim_random(struct cairn_io *io)
{
    return cairn_random_next(&instance_of(io)->random);
}

const struct cairn_io_clock cairn_sim_clock = {
    .monotonic_ns = sim_monotonic_ns,
    .wall_ms = sim_wall_ms,
    .random = sim_random,
};

/* ---- files ---- */

static int sim_open(struct cairn_io *io, const char *path, uint32_t flags)
{
    struct cairn_sim *sim = sim_of(io);
    int result = admit(io, CAIRN_SIM_OPEN);
    if (result < 0)
        return result;
    if ((flags & CAIRN_IO_OPEN_DIRECT) != 0 && sim->options.refuse_direct)
        return -EINVAL;

    struct cairn_sim_descriptor descriptor = {.writable = (flags & CAIRN_IO_OPEN_WRITE) != 0,
                                              .direct = (flags & CAIRN_IO_OPEN_DIRECT) != 0};
    result = cairn_sim_tree_open(&sim->tree, path, (flags & CAIRN_IO_OPEN_CREATE) != 0,
                                 (flags & CAIRN_IO_OPEN_EXCL) != 0, &descriptor.file);
    if (result < 0)
        return result;
    if ((flags & CAIRN_IO_OPEN_TRUNC) != 0 && descriptor.file->current.bytes > 0)
        cairn_sim_file_truncate(descriptor.file, 0);
    cairn_sim_file_hold(descriptor.file);
    return cairn_sim_descriptor_add(sim, &descriptor);
}

static int64_t sim_read_now(struct cairn_io *io, int fd, void *buffer, size_t bytes,
                            uint64_t offset)
{
    if (instance_of(io)->dead)
        return -EIO;
    return cairn_sim_read(sim_of(io), fd, buffer, bytes, offset);
}

static int sim_write_now(struct cairn_io *io, int fd, const void *buffer, size_t bytes,
                         uint64_t offset)
{
    if (instance_of(io)->dead)
        return -EIO;
    int64_t count = cairn_sim_write(sim_of(io), fd, buffer, bytes, offset, false);
    if (count < 0)
        return (int)count;
    return (size_t)count == bytes ? 0 : -ENOSPC;
}

static int sim_sync_now(struct cairn_io *io, int fd)
{
    return instance_of(io)->dead ? -EIO : cairn_sim_sync(sim_of(io), fd);
}

static int sim_truncate(struct cairn_io *io, int fd, uint64_t bytes)
{
    int result = admit(io, CAIRN_SIM_TRUNCATE);
    if (result < 0)
        return result;
    const struct cairn_sim *sim = sim_of(io);
    const struct cairn_sim_descriptor *descriptor = cairn_sim_descriptor(sim_of(io), fd);
    if (descriptor == NULL || descriptor->file == NULL)
        return -EBADF;
    if (!descriptor->writable)
        return -EINVAL;
    uint64_t others_bytes = cairn_sim_tree_bytes(&sim->tree) - descriptor->file->current.bytes;
    if (bytes > descriptor->file->current.bytes && others_bytes + bytes > sim->options.disk_bytes)
        return -ENOSPC;
    cairn_sim_file_truncate(descriptor->file, bytes);
    return 0;
}

static int64_t sim_size(struct cairn_io *io, int fd)
{
    if (instance_of(io)->dead)
        return -EIO;
    const struct cairn_sim_file *file = file_of(io, fd);
    return file == NULL ? -EBADF : (int64_t)file->current.bytes;
}

static int sim_lock(struct cairn_io *io, int fd)
{
    if (instance_of(io)->dead)
        return -EIO;
    struct cairn_sim_file *file = file_of(io, fd);
    if (file == NULL)
        return -EBADF;
    if (file->lock_holder != -1 && file->lock_holder != fd)
        return -EWOULDBLOCK;
    file->lock_holder = fd;
    return 0;
}

static int sim_rename(struct cairn_io *io, const char *from, const char *to)
{
    int result = admit(io, CAIRN_SIM_NAME);
    return result < 0 ? result : cairn_sim_tree_rename(&sim_of(io)->tree, from, to);
}

static int sim_unlink(struct cairn_io *io, const char *path)
{
    int result = admit(io, CAIRN_SIM_NAME);
    return result < 0 ? result : cairn_sim_tree_unlink(&sim_of(io)->tree, path);
}

static int sim_make_directory(struct cairn_io *io, const char *path)
{
    int result = admit(io, CAIRN_SIM_NAME);
    return result < 0 ? result : cairn_sim_tree_make_directory(&sim_of(io)->tree, path);
}

static int sim_sync_directory(struct cairn_io *io, const char *path)
{
    int result = admit(io, CAIRN_SIM_NAME);
    return result < 0 ? result : cairn_sim_tree_sync_directory(&sim_of(io)->tree, path);
}

static int sim_list(struct cairn_io *io, const char *path,
                    int (*entry)(void *context, const char *name), void *context)
{
    struct cairn_sim *sim = sim_of(io);
    if (instance_of(io)->dead)
        return -EIO;
    return cairn_sim_tree_list(&sim->tree, path, entry, context, &sim->random);
}

static int64_t sim_free_bytes(struct cairn_io *io, const char *path)
{
    (void)path; /* one disk */
    const struct cairn_sim *sim = sim_of(io);
    if (instance_of(io)->dead)
        return -EIO;
    uint64_t used = cairn_sim_tree_bytes(&sim->tree);
    return used < sim->options.disk_bytes ? (int64_t)(sim->options.disk_bytes - used) : 0;
}

const struct cairn_io_files cairn_sim_files = {
    .open = sim_open,
    .read_now = sim_read_now,
    .write_now = sim_write_now,
    .sync_now = sim_sync_now,
    .truncate = sim_truncate,
    .size = sim_size,
    .lock = sim_lock,
    .rename = sim_rename,
    .unlink = sim_unlink,
    .make_directory = sim_make_directory,
    .sync_directory = sim_sync_directory,
    .list = sim_list,
    .free_bytes = sim_free_bytes,
};

/* ---- sockets ---- */

/* Not by a dead instance: its numbers may be a living one's by now. */
static void sim_close(struct cairn_io *io, int fd)
{
    if (!instance_of(io)->dead)
        cairn_sim_descriptor_close(sim_of(io), fd, false);
}

static int sim_listen(struct cairn_io *io, const char *host, uint16_t port, uint16_t *port_bound)
{
    (void)host; /* one host */
    if (instance_of(io)->dead)
        return -EIO;
    struct cairn_sim_descriptor descriptor = {0};
    int result = cairn_sim_net_listen(&sim_of(io)->net, port, &descriptor.listener);
    if (result < 0)
        return result;
    *port_bound = descriptor.listener->port;
    return cairn_sim_descriptor_add(sim_of(io), &descriptor);
}

static int sim_connect_now(struct cairn_io *io, const char *host, uint16_t port)
{
    (void)host;
    if (instance_of(io)->dead)
        return -EIO;
    struct cairn_sim_descriptor descriptor = {0};
    int result = cairn_sim_net_connect(&sim_of(io)->net, port, &descriptor.socket);
    return result < 0 ? result : cairn_sim_descriptor_add(sim_of(io), &descriptor);
}

static struct cairn_sim_socket *socket_of(struct cairn_io *io, int fd)
{
    const struct cairn_sim_descriptor *descriptor = cairn_sim_descriptor(sim_of(io), fd);
    return instance_of(io)->dead || descriptor == NULL ? NULL : descriptor->socket;
}

/* Where the real one would block, nobody is there to end the wait: -EDEADLK. */
static int sim_send_now(struct cairn_io *io, int fd, const void *data, size_t bytes)
{
    struct cairn_sim_socket *socket = socket_of(io, fd);
    if (socket == NULL)
        return -EBADF;
    int64_t count = cairn_sim_socket_send(socket, data, bytes);
    if (count == -EAGAIN || (count >= 0 && (size_t)count < bytes))
        return -EDEADLK;
    return count < 0 ? (int)count : 0;
}

static int64_t sim_receive_now(struct cairn_io *io, int fd, void *buffer, size_t bytes)
{
    struct cairn_sim_socket *socket = socket_of(io, fd);
    if (socket == NULL)
        return -EBADF;
    int64_t count = cairn_sim_socket_receive(socket, buffer, bytes);
    return count == -EAGAIN ? -EDEADLK : count;
}

static void sim_shutdown(struct cairn_io *io, int fd)
{
    struct cairn_sim_socket *socket = socket_of(io, fd);
    if (socket != NULL)
        cairn_sim_socket_shutdown(socket);
}

const struct cairn_io_sockets cairn_sim_sockets = {
    .close = sim_close,
    .listen = sim_listen,
    .connect_now = sim_connect_now,
    .send_now = sim_send_now,
    .receive_now = sim_receive_now,
    .shutdown = sim_shutdown,
};
