/* runtime/message_pool.h: memory of messages, by size class, per worker.
 *
 * A pool keeps for each class two lists of at most CAIRN_POOL_BATCH free blocks, `current` and
 * `spare`. It allocates from and frees to `current`; when that is empty or full the two change
 * places, and only when both are does a whole batch come from or go to the depot that all pools
 * share. A message is freed by the worker that handled it, so a one-way flow drains one pool and
 * overfills another: a batch at a time it comes back, at one lock for 128 messages.
 *
 * The plain twin (`pooled` false) is malloc and free for every message; so are messages larger than
 * the largest class, and those that come from threads without a pool.
 *
 * Ownership   The depot owns all blocks; they go back to the system when it is deinitialised. Free
 *             every message first (memory checkers see only what malloc gave).
 * Context     A pool: its worker. cairn_message_create_foreign: any thread.
 * Units       Block sizes count the header of the message.
 * Errors      NULL when the system has no memory.
 * Cost        A few instructions; the memory is that of the most messages ever in flight.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ck_spinlock.h>

#include "runtime/actor.h"

#define CAIRN_POOL_CLASSES 3 /* 64, 256 and 1024 bytes */
#define CAIRN_POOL_BATCH   128
#define CAIRN_POOL_BIG     CAIRN_POOL_CLASSES /* size_class of what malloc gave */

struct cairn_free_block {
    struct cairn_free_block *next;       /* within the batch */
    struct cairn_free_block *next_batch; /* first block of a batch in the depot only */
};

struct cairn_free_list {
    struct cairn_free_block *first;
    uint32_t count;
};

struct cairn_message_depot {
    _Alignas(64) ck_spinlock_fas_t lock; /* of all below */
    struct cairn_free_block *batches[CAIRN_POOL_CLASSES];
    struct cairn_slab *slabs;
    uint32_t slab_count;
};

struct cairn_message_pool {
    struct cairn_message_depot *depot; /* borrowed */
    bool pooled;
    uint64_t refills; /* batches from the depot and new slabs; for tests and watching */
    struct cairn_free_list current[CAIRN_POOL_CLASSES];
    struct cairn_free_list spare[CAIRN_POOL_CLASSES];
};

void cairn_message_depot_init(struct cairn_message_depot *depot);
void cairn_message_depot_deinit(struct cairn_message_depot *depot);

void cairn_message_pool_init(struct cairn_message_pool *pool, struct cairn_message_depot *depot,
                             bool pooled);

/* The header is set but for `type`, `from` and `value`; the payload is not. */
struct cairn_message *cairn_message_pool_acquire(struct cairn_message_pool *pool,
                                                 size_t payload_bytes);
void cairn_message_pool_release(struct cairn_message_pool *pool, struct cairn_message *message);

/* For threads without a pool: always malloc. */
struct cairn_message *cairn_message_create_foreign(size_t payload_bytes);
