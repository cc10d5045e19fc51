/* runtime/io/sim_file.h: one file of the simulated disk: what is seen, what is sure, and the
 * changes that lie between.
 *
 * Invariant: applying all `changes` to `durable` in order gives `current` (until a flush fails).
 *
 * Ownership   Counted references: names, journals and descriptors hold one each.
 * Context     One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/random.h"

#define CAIRN_SIM_SECTOR_BYTES 512u

struct cairn_sim_image {
    uint8_t *data;
    uint64_t bytes;
    uint64_t capacity;
};

struct cairn_sim_change;

struct cairn_sim_file {
    struct cairn_sim_image current;
    struct cairn_sim_image durable;
    struct cairn_sim_change *changes; /* oldest first */
    size_t change_count;
    size_t change_capacity;
    uint64_t pending_bytes; /* of data in `changes` */
    uint32_t references;
    int lock_holder; /* a descriptor, or -1 */
};

/* How a crash treats what is not sure: it keeps a sector with a chance of keep_in_8 to 8. */
struct cairn_sim_fate {
    struct cairn_random *random;
    uint32_t keep_in_8;
};

/* Memory, or the end of the simulation. */
void *cairn_sim_allocate(size_t bytes); /* zeroed */
/* Room for one more element in an array that doubles. */
void *cairn_sim_grow(void *array, size_t count, size_t *capacity, size_t element_bytes);

struct cairn_sim_file *cairn_sim_file_create(void); /* with one reference */
void cairn_sim_file_hold(struct cairn_sim_file *file);
void cairn_sim_file_release(struct cairn_sim_file *file);

size_t cairn_sim_file_read(const struct cairn_sim_file *file, void *buffer, size_t bytes,
                           uint64_t offset);
void cairn_sim_file_write(struct cairn_sim_file *file, const void *data, size_t bytes,
                          uint64_t offset, bool durable);
void cairn_sim_file_truncate(struct cairn_sim_file *file, uint64_t bytes);
void cairn_sim_file_sync(struct cairn_sim_file *file);
/* A flush failed: the changes meet their fate now and are forgotten. */
void cairn_sim_file_lose(struct cairn_sim_file *file, const struct cairn_sim_fate *fate);
/* The power is cut: what is sure, and what fate keeps, is now what is seen. */
void cairn_sim_file_crash(struct cairn_sim_file *file, const struct cairn_sim_fate *fate);
