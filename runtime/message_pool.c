#include "runtime/message_pool.h"

#include <assert.h>
#include <stdlib.h>

#include "runtime/base/assert.h"

/* Blocks are cut from slabs of one batch each; a slab's header links it for the day it is freed. */
struct cairn_slab {
    _Alignas(64) struct cairn_slab *next;
    _Alignas(64) uint8_t blocks[];
};

static const uint32_t class_bytes[CAIRN_POOL_CLASSES] = {64, 256, 1024};

static_assert(sizeof(struct cairn_free_block) <= 64, "a free block fits its smallest class");
static_assert(sizeof(struct cairn_message) == 32, "half of the smallest class is payload");

void cairn_message_depot_init(struct cairn_message_depot *depot)
{
    *depot = (struct cairn_message_depot){0};
    ck_spinlock_fas_init(&depot->lock);
}

void cairn_message_depot_deinit(struct cairn_message_depot *depot)
{
    while (depot->slabs != NULL) {
        struct cairn_slab *slab = depot->slabs;
        depot->slabs = slab->next;
        free(slab);
    }
    *depot = (struct cairn_message_depot){0};
}

static void depot_give(struct cairn_message_depot *depot, uint32_t class,
                       struct cairn_free_block *batch)
{
    ck_spinlock_fas_lock(&depot->lock);
    batch->next_batch = depot->batches[class];
    depot->batches[class] = batch;
    ck_spinlock_fas_unlock(&depot->lock);
}

static struct cairn_free_block *depot_take(struct cairn_message_depot *depot, uint32_t class)
{
    ck_spinlock_fas_lock(&depot->lock);
    struct cairn_free_block *batch = depot->batches[class];
    if (batch != NULL)
        depot->batches[class] = batch->next_batch;
    ck_spinlock_fas_unlock(&depot->lock);
    return batch;
}

/* A new slab, cut into a batch in address order. */
static struct cairn_free_block *depot_grow(struct cairn_message_depot *depot, uint32_t class)
{
    size_t bytes = class_bytes[class];
    struct cairn_slab *slab =
        aligned_alloc(64, sizeof(struct cairn_slab) + bytes * CAIRN_POOL_BATCH);
    if (slab == NULL)
        return NULL;

    struct cairn_free_block *next = NULL;
    for (size_t i = CAIRN_POOL_BATCH; i-- > 0;) {
        struct cairn_free_block *block = (void *)(slab->blocks + i * bytes);
        block->next = next;
        next = block;
    }
    ck_spinlock_fas_lock(&depot->lock);
    slab->next = depot->slabs;
    depot->slabs = slab;
    depot->slab_count++;
    ck_spinlock_fas_unlock(&depot->lock);
    return next;
}

void cairn_message_pool_init(struct cairn_message_pool *pool, struct cairn_message_depot *depot,
                             bool pooled)
{
    *pool = (struct cairn_message_pool){.depot = depot, .pooled = pooled};
}

static uint32_t class_of(size_t bytes)
{
    uint32_t class = 0;
    while (class < CAIRN_POOL_CLASSES && bytes > class_bytes[class])
        class ++;
    return class;
}

/* `current` is empty: change it for the spare, or get a batch. */
static bool refill(struct cairn_message_pool *pool, uint32_t class)
{
    struct cairn_free_list *current = &pool->current[class];
    struct cairn_free_list *spare = &pool->spare[class];
    if (spare->count > 0) {
        *current = *spare;
        *spare = (struct cairn_free_list){0};
        return true;
    }

    struct cairn_free_block *batch = depot_take(pool->depot, class);
    if (batch == NULL)
        batch = depot_grow(pool->depot, class);
    if (batch == NULL)
        return false;
    *current = (struct cairn_free_list){.first = batch, .count = CAIRN_POOL_BATCH};
    pool->refills++;
    return true;
}

static struct cairn_message *created(void *memory, uint32_t class)
{
    struct cairn_message *message = memory;
    if (message != NULL)
        *message = (struct cairn_message){.size_class = (uint16_t) class};
    return message;
}

struct cairn_message *cairn_message_create_foreign(size_t payload_bytes)
{
    return created(malloc(sizeof(struct cairn_message) + payload_bytes), CAIRN_POOL_BIG);
}

struct cairn_message *cairn_message_pool_acquire(struct cairn_message_pool *pool,
                                                 size_t payload_bytes)
{
    cairn_assert(payload_bytes <= PTRDIFF_MAX);
    uint32_t class = class_of(sizeof(struct cairn_message) + payload_bytes);
    if (!pool->pooled || class == CAIRN_POOL_BIG)
        return cairn_message_create_foreign(payload_bytes);

    struct cairn_free_list *current = &pool->current[class];
    if (current->count == 0 && !refill(pool, class))
        return NULL;
    struct cairn_free_block *block = current->first;
    current->first = block->next;
    current->count--;
    return created(block, class);
}

/* `current` is full: change it for the spare, which must be empty first. */
static void overflow(struct cairn_message_pool *pool, uint32_t class)
{
    struct cairn_free_list *current = &pool->current[class];
    struct cairn_free_list *spare = &pool->spare[class];
    if (spare->count > 0)
        depot_give(pool->depot, class, spare->first);
    *spare = *current;
    *current = (struct cairn_free_list){0};
}

void cairn_message_pool_release(struct cairn_message_pool *pool, struct cairn_message *message)
{
    uint32_t class = message->size_class;
    cairn_assert(class <= CAIRN_POOL_BIG);
    if (class == CAIRN_POOL_BIG) {
        free(message);
        return;
    }

    struct cairn_free_list *current = &pool->current[class];
    if (current->count == CAIRN_POOL_BATCH)
        overflow(pool, class);
    struct cairn_free_block *block = (void *)message;
    block->next = current->first;
    current->first = block;
    current->count++;
}
