#include "storage/spare.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/assert.h"
#include "runtime/base/error.h"

#define STEP_BYTES 262144u

static const char filling_name[] = "spare.tmp";
static const char ready_name[] = "spare";

static int open_named(struct cairn_spare *spare, const char *name, uint32_t flags)
{
    char path[CAIRN_SEGMENT_PATH_BYTES];
    int result = cairn_segment_path(path, spare->directory, name);
    if (result < 0)
        return result;
    flags |= CAIRN_IO_OPEN_WRITE | (spare->direct ? CAIRN_IO_OPEN_DIRECT : 0);
    return cairn_io_open(spare->io, path, flags);
}

static int rename_to(struct cairn_spare *spare, const char *from, const char *to)
{
    char from_path[CAIRN_SEGMENT_PATH_BYTES];
    char to_path[CAIRN_SEGMENT_PATH_BYTES];
    if (cairn_segment_path(from_path, spare->directory, from) < 0 ||
        cairn_segment_path(to_path, spare->directory, to) < 0)
        return -ENAMETOOLONG;
    return cairn_io_rename(spare->io, from_path, to_path);
}

static void unlink_named(struct cairn_spare *spare, const char *name)
{
    char path[CAIRN_SEGMENT_PATH_BYTES];
    if (cairn_segment_path(path, spare->directory, name) == 0)
        (void)cairn_io_unlink(spare->io, path); /* not there is as good as gone */
}

/* The name is given only after the flush, so a file of this name is whole and on the disk. */
static void adopt_ready(struct cairn_spare *spare, uint64_t segment_bytes)
{
    int fd = open_named(spare, ready_name, 0);
    if (fd < 0)
        return;
    int64_t bytes = cairn_io_size(spare->io, fd);
    if (bytes < 0 || (uint64_t)bytes < segment_bytes || bytes % CAIRN_BLOCK_ALIGN_BYTES != 0) {
        cairn_io_close(spare->io, fd);
        unlink_named(spare, ready_name);
        return;
    }
    spare->fd = fd;
    spare->bytes_done = spare->bytes_target = (uint64_t)bytes;
    spare->state = CAIRN_SPARE_READY;
}

int cairn_spare_init(struct cairn_spare *spare, struct cairn_io *io, const char *directory,
                     uint64_t segment_bytes, bool direct)
{
    *spare = (struct cairn_spare){.io = io, .directory = directory, .fd = -1, .direct = direct};
    spare->zeros = aligned_alloc(CAIRN_BLOCK_ALIGN_BYTES, STEP_BYTES);
    if (spare->zeros == NULL)
        return -ENOMEM;
    memset(spare->zeros, 0, STEP_BYTES);
    unlink_named(spare, filling_name);
    adopt_ready(spare, segment_bytes);
    return 0;
}

void cairn_spare_deinit(struct cairn_spare *spare)
{
    cairn_assert(!spare->busy);

    if (spare->fd >= 0)
        cairn_io_close(spare->io, spare->fd);
    if (spare->state != CAIRN_SPARE_READY)
        unlink_named(spare, filling_name);
    free(spare->zeros);
}

static void fail(struct cairn_spare *spare, int error)
{
    if (spare->fd >= 0)
        cairn_io_close(spare->io, spare->fd);
    unlink_named(spare, filling_name); /* gives back what room it took */
    spare->fd = -1;
    spare->bytes_done = 0;
    spare->error = error;
    spare->state = CAIRN_SPARE_FAILED;
}

static void settle(struct cairn_spare *spare)
{
    int result = rename_to(spare, filling_name, ready_name);
    if (result < 0)
        fail(spare, result);
    else
        spare->state = CAIRN_SPARE_READY;
}

void cairn_spare_start(struct cairn_spare *spare, uint64_t bytes)
{
    cairn_assert(bytes % CAIRN_BLOCK_ALIGN_BYTES == 0);

    if (bytes > spare->bytes_target)
        spare->bytes_target = bytes;
    if (spare->state == CAIRN_SPARE_READY && spare->bytes_done < bytes) {
        int result = rename_to(spare, ready_name, filling_name);
        spare->state = CAIRN_SPARE_FILLING;
        if (result < 0)
            fail(spare, result);
    }
    if (spare->state != CAIRN_SPARE_IDLE && spare->state != CAIRN_SPARE_FAILED)
        return;

    spare->fd = open_named(spare, filling_name, CAIRN_IO_OPEN_CREATE | CAIRN_IO_OPEN_TRUNC);
    spare->bytes_done = 0;
    spare->error = 0;
    spare->state = CAIRN_SPARE_FILLING;
    if (spare->fd < 0)
        fail(spare, spare->fd);
}

static uint32_t step_bytes(const struct cairn_spare *spare)
{
    uint64_t left = spare->bytes_target - spare->bytes_done;
    return left < STEP_BYTES ? (uint32_t)left : STEP_BYTES;
}

static void finish_step(struct cairn_spare *spare, int result)
{
    if (result < 0)
        fail(spare, result);
    else if (spare->state == CAIRN_SPARE_FILLING)
        spare->bytes_done += (uint32_t)result / CAIRN_BLOCK_ALIGN_BYTES * CAIRN_BLOCK_ALIGN_BYTES;
    else if (spare->bytes_done == spare->bytes_target)
        settle(spare);
    else
        spare->state = CAIRN_SPARE_FILLING; /* more was asked for during the flush */
}

static void complete(struct cairn_io_op *op, const struct cairn_io_completion *completion)
{
    struct cairn_spare *spare = op->context;
    int result = completion->result;
    spare->busy = false;
    if (spare->state == CAIRN_SPARE_FILLING && result >= 0 &&
        (uint32_t)result < CAIRN_BLOCK_ALIGN_BYTES)
        result = -ENOSPC; /* a write that stops so early found no room */
    if (result != -EINTR && result != -EAGAIN)
        finish_step(spare, result);
    if (spare->urgent)
        cairn_spare_step(spare);
    if (spare->state == CAIRN_SPARE_READY || spare->state == CAIRN_SPARE_FAILED)
        spare->changed(spare->context);
}

void cairn_spare_step(struct cairn_spare *spare)
{
    bool working = spare->state == CAIRN_SPARE_FILLING || spare->state == CAIRN_SPARE_FLUSHING;
    if (spare->busy || !working)
        return;

    spare->busy = true;
    spare->op = (struct cairn_io_op){.complete = complete, .context = spare};
    uint32_t bytes = step_bytes(spare);
    if (bytes == 0) {
        spare->state = CAIRN_SPARE_FLUSHING;
        cairn_io_sync(spare->io, &spare->op, spare->fd);
        return;
    }
    spare->state = CAIRN_SPARE_FILLING;
    cairn_io_write(spare->io, &spare->op, spare->fd, spare->zeros, bytes, spare->bytes_done, false);
}

int cairn_spare_finish_now(struct cairn_spare *spare)
{
    cairn_assert(!spare->busy);

    int result = spare->error;
    while (result == 0 && spare->bytes_done < spare->bytes_target) {
        uint32_t bytes = step_bytes(spare);
        result = cairn_io_write_now(spare->io, spare->fd, spare->zeros, bytes, spare->bytes_done);
        spare->bytes_done += bytes;
    }
    if (result == 0 && spare->state != CAIRN_SPARE_READY) {
        result = cairn_io_sync_now(spare->io, spare->fd);
        if (result == 0)
            settle(spare);
    }
    if (result < 0 && spare->state != CAIRN_SPARE_FAILED)
        fail(spare, result);
    return spare->error;
}

static int write_header(struct cairn_spare *spare, const struct cairn_segment_header *header,
                        uint8_t hash[CAIRN_BLOCK_HASH_BYTES])
{
    uint8_t *bytes = aligned_alloc(CAIRN_BLOCK_ALIGN_BYTES, CAIRN_SEGMENT_HEADER_BYTES);
    if (bytes == NULL)
        return -ENOMEM;
    cairn_segment_encode(bytes, header);
    cairn_block_hash(bytes, CAIRN_SEGMENT_HEADER_BYTES, hash);
    int result = cairn_io_write_now(spare->io, spare->fd, bytes, CAIRN_SEGMENT_HEADER_BYTES, 0);
    free(bytes);
    return result < 0 ? result : cairn_io_sync_now(spare->io, spare->fd);
}

int cairn_spare_take(struct cairn_spare *spare, const struct cairn_segment_header *header,
                     uint64_t *file_bytes, uint8_t hash[CAIRN_BLOCK_HASH_BYTES])
{
    cairn_assert(spare->state == CAIRN_SPARE_READY);

    char name[CAIRN_SEGMENT_NAME_BYTES];
    cairn_segment_name(name, header->first_seq);
    int result = write_header(spare, header, hash);
    if (result == 0)
        result = rename_to(spare, ready_name, name);
    if (result == 0)
        result = cairn_io_sync_directory(spare->io, spare->directory);
    if (result < 0) {
        fail(spare, result);
        return result;
    }
    int fd = spare->fd;
    *file_bytes = spare->bytes_done;
    spare->fd = -1;
    spare->state = CAIRN_SPARE_IDLE;
    spare->bytes_target = 0;
    spare->urgent = false;
    return fd;
}
