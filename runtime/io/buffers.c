/* runtime/io/buffers.c */
#include "runtime/io/buffers.h"

#include <stdlib.h>

#include "runtime/base/assert.h"
#include "runtime/base/error.h"

int cairn_io_buffers_init(struct cairn_io_buffers *buffers, uint32_t count, uint32_t bytes)
{
    *buffers = (struct cairn_io_buffers){.count = count, .bytes = bytes};
    if (count == 0)
        return 0;

    buffers->memory = calloc(count, bytes);
    buffers->free = calloc(count, sizeof(*buffers->free));
    if (buffers->memory == NULL || buffers->free == NULL) {
        cairn_io_buffers_deinit(buffers);
        return -ENOMEM;
    }
    for (uint32_t id = count; id > 0; id--)
        buffers->free[buffers->free_count++] = id - 1;
    return 0;
}

void cairn_io_buffers_deinit(struct cairn_io_buffers *buffers)
{
    free(buffers->memory);
    free(buffers->free);
    *buffers = (struct cairn_io_buffers){0};
}

int cairn_io_buffers_acquire(struct cairn_io_buffers *buffers)
{
    if (buffers->free_count == 0)
        return -ENOBUFS;
    return (int)buffers->free[--buffers->free_count];
}

void cairn_io_buffers_release(struct cairn_io_buffers *buffers, uint32_t id)
{
    cairn_assert(id < buffers->count);
    cairn_assert(buffers->free_count < buffers->count);
    buffers->free[buffers->free_count++] = id;
}

char *cairn_io_buffers_data(const struct cairn_io_buffers *buffers, uint32_t id)
{
    cairn_assert(id < buffers->count);
    return buffers->memory + (size_t)id * buffers->bytes;
}
