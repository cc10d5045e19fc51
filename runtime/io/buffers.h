/* runtime/io/buffers.h: the buffers that a receive lends, for posix and sim (uring's are the
 * kernel's to hand out).
 *
 * Ownership   A buffer belongs to whoever acquired its id until it is released.
 * Context     One thread.
 * Errors      acquire: -ENOBUFS when all are lent.
 * Cost        O(1); memory is count * bytes, allocated by init.
 */
#pragma once

#include <stdint.h>

struct cairn_io_buffers {
    char *memory;
    uint32_t *free; /* a stack of ids */
    uint32_t free_count;
    uint32_t count;
    uint32_t bytes; /* of one buffer */
};

int cairn_io_buffers_init(struct cairn_io_buffers *buffers, uint32_t count, uint32_t bytes);
void cairn_io_buffers_deinit(struct cairn_io_buffers *buffers);
int cairn_io_buffers_acquire(struct cairn_io_buffers *buffers); /* an id */
void cairn_io_buffers_release(struct cairn_io_buffers *buffers, uint32_t id);
char *cairn_io_buffers_data(const struct cairn_io_buffers *buffers, uint32_t id);
