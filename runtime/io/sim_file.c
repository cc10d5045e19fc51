/* runtime/io/sim_file.c */
#include "runtime/io/sim_file.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/assert.h"

/* A kernel does not keep dirty pages for ever: beyond this the oldest change is written back. */
#define PENDING_BYTES_MAX (8u << 20)

struct cairn_sim_change {
    uint8_t *data; /* NULL: a truncation to `offset` bytes */
    uint64_t offset;
    size_t bytes;
    bool sure;
};

void *cairn_sim_allocate(size_t bytes)
{
    void *memory = calloc(1, bytes > 0 ? bytes : 1);
    cairn_assert(memory != NULL);
    return memory;
}

void *cairn_sim_grow(void *array, size_t count, size_t *capacity, size_t element_bytes)
{
    if (count < *capacity)
        return array;
    *capacity = *capacity == 0 ? 8 : *capacity * 2;
    void *grown = realloc(array, *capacity * element_bytes);
    cairn_assert(grown != NULL);
    return grown;
}

/* ---- images ---- */

static void image_reserve(struct cairn_sim_image *image, uint64_t bytes)
{
    if (bytes <= image->capacity)
        return;
    uint64_t capacity = image->capacity * 2 > bytes ? image->capacity * 2 : bytes;
    uint8_t *data = realloc(image->data, capacity);
    cairn_assert(data != NULL);
    image->data = data;
    image->capacity = capacity;
}

static void image_resize(struct cairn_sim_image *image, uint64_t bytes)
{
    image_reserve(image, bytes);
    if (bytes > image->bytes)
        memset(image->data + image->bytes, 0, bytes - image->bytes);
    image->bytes = bytes;
}

static void image_write(struct cairn_sim_image *image, const uint8_t *data, size_t bytes,
                        uint64_t offset)
{
    if (bytes == 0)
        return;
    if (offset + bytes > image->bytes)
        image_resize(image, offset + bytes);
    memcpy(image->data + offset, data, bytes);
}

static void image_copy(struct cairn_sim_image *target, const struct cairn_sim_image *source)
{
    image_resize(target, source->bytes);
    if (source->bytes > 0)
        memcpy(target->data, source->data, source->bytes);
}

/* ---- changes ---- */

static void apply(struct cairn_sim_image *image, const struct cairn_sim_change *change)
{
    if (change->data == NULL)
        image_resize(image, change->offset);
    else
        image_write(image, change->data, change->bytes, change->offset);
}

/* The first `count` changes are done with. */
static void forget(struct cairn_sim_file *file, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        file->pending_bytes -= file->changes[i].bytes;
        free(file->changes[i].data);
    }
    file->change_count -= count;
    if (file->change_count > 0)
        memmove(file->changes, file->changes + count,
                file->change_count * sizeof(file->changes[0]));
}

/* Sure changes that nothing unsure precedes become part of the durable image. A sure change behind
 * an unsure one waits, or a crash could put the older one on top of it. */
static void settle(struct cairn_sim_file *file)
{
    size_t count = 0;
    while (count < file->change_count && file->changes[count].sure)
        apply(&file->durable, &file->changes[count++]);
    forget(file, count);
}

static void append(struct cairn_sim_file *file, const struct cairn_sim_change *change)
{
    file->changes = cairn_sim_grow(file->changes, file->change_count, &file->change_capacity,
                                   sizeof(file->changes[0]));
    file->changes[file->change_count++] = *change;
    file->pending_bytes += change->bytes;
    while (file->pending_bytes > PENDING_BYTES_MAX) {
        file->changes[0].sure = true;
        settle(file);
    }
}

/* ---- the file ---- */

struct cairn_sim_file *cairn_sim_file_create(void)
{
    struct cairn_sim_file *file = cairn_sim_allocate(sizeof(*file));
    file->references = 1;
    file->lock_holder = -1;
    return file;
}

void cairn_sim_file_hold(struct cairn_sim_file *file)
{
    if (file != NULL)
        file->references++;
}

void cairn_sim_file_release(struct cairn_sim_file *file)
{
    if (file == NULL || --file->references > 0)
        return;
    forget(file, file->change_count);
    free(file->changes);
    free(file->current.data);
    free(file->durable.data);
    free(file);
}

size_t cairn_sim_file_read(const struct cairn_sim_file *file, void *buffer, size_t bytes,
                           uint64_t offset)
{
    if (offset >= file->current.bytes)
        return 0;
    uint64_t left = file->current.bytes - offset;
    size_t count = left < bytes ? (size_t)left : bytes;
    memcpy(buffer, file->current.data + offset, count);
    return count;
}

/* A durable write brings the file's size with it, hence the truncations before it. */
static void make_truncations_sure(struct cairn_sim_file *file)
{
    for (size_t i = 0; i < file->change_count; i++)
        file->changes[i].sure |= file->changes[i].data == NULL;
}

void cairn_sim_file_write(struct cairn_sim_file *file, const void *data, size_t bytes,
                          uint64_t offset, bool durable)
{
    if (bytes == 0)
        return;
    image_write(&file->current, data, bytes, offset);
    if (durable && file->change_count == 0) {
        image_write(&file->durable, data, bytes, offset);
        return;
    }
    if (durable)
        make_truncations_sure(file);

    struct cairn_sim_change change = {.offset = offset, .bytes = bytes, .sure = durable};
    change.data = cairn_sim_allocate(bytes);
    memcpy(change.data, data, bytes);
    append(file, &change);
    settle(file);
}

void cairn_sim_file_truncate(struct cairn_sim_file *file, uint64_t bytes)
{
    image_resize(&file->current, bytes);
    append(file, &(struct cairn_sim_change){.offset = bytes});
}

void cairn_sim_file_sync(struct cairn_sim_file *file)
{
    for (size_t i = 0; i < file->change_count; i++)
        file->changes[i].sure = true;
    settle(file);
}

static bool is_kept(const struct cairn_sim_fate *fate)
{
    return cairn_random_below(fate->random, 8) < fate->keep_in_8;
}

/* The size may have reached the disk although the data did not: the sector then reads as zeros. */
static void lose_sector(struct cairn_sim_image *image, uint64_t end,
                        const struct cairn_sim_fate *fate)
{
    bool size_survives = cairn_random_below(fate->random, 8) < fate->keep_in_8 / 2;
    if (end > image->bytes && size_survives)
        image_resize(image, end);
}

static void write_by_fate(struct cairn_sim_image *image, const struct cairn_sim_change *change,
                          const struct cairn_sim_fate *fate)
{
    for (size_t done = 0; done < change->bytes;) {
        uint64_t offset = change->offset + done;
        size_t to_sector_end = CAIRN_SIM_SECTOR_BYTES - offset % CAIRN_SIM_SECTOR_BYTES;
        size_t left = change->bytes - done;
        size_t bytes = left < to_sector_end ? left : to_sector_end;
        if (is_kept(fate))
            image_write(image, change->data + done, bytes, offset);
        else
            lose_sector(image, offset + bytes, fate);
        done += bytes;
    }
}

void cairn_sim_file_lose(struct cairn_sim_file *file, const struct cairn_sim_fate *fate)
{
    for (size_t i = 0; i < file->change_count; i++) {
        const struct cairn_sim_change *change = &file->changes[i];
        if (change->sure || (change->data == NULL && is_kept(fate)))
            apply(&file->durable, change);
        else if (change->data != NULL)
            write_by_fate(&file->durable, change, fate);
    }
    forget(file, file->change_count);
}

void cairn_sim_file_crash(struct cairn_sim_file *file, const struct cairn_sim_fate *fate)
{
    cairn_sim_file_lose(file, fate);
    image_copy(&file->current, &file->durable);
    file->lock_holder = -1;
}
