#include "runtime/registry.h"

#include <stdlib.h>

#include <ck_pr.h>

#include "runtime/base/assert.h"
#include "runtime/base/error.h"

#define CACHE_BATCH 64
#define CACHE_MAX   (2 * CACHE_BATCH)

int cairn_registry_init(struct cairn_registry *registry)
{
    struct cairn_actor **chunks = calloc(CAIRN_ACTOR_CHUNKS_MAX, sizeof(*chunks));
    if (chunks == NULL)
        return -ENOMEM;
    *registry = (struct cairn_registry){.chunks = chunks};
    ck_spinlock_fas_init(&registry->lock);
    return 0;
}

void cairn_registry_deinit(struct cairn_registry *registry)
{
    for (uint32_t i = 0; i * CAIRN_ACTOR_CHUNK < registry->count; i++)
        free(registry->chunks[i]);
    free(registry->chunks);
    *registry = (struct cairn_registry){0};
}

uint32_t cairn_registry_count(const struct cairn_registry *registry)
{
    uint32_t count = ck_pr_load_32(&registry->count);
    ck_pr_fence_load(); /* acquire: pairs with the store in grow */
    return count;
}

struct cairn_actor *cairn_registry_at(const struct cairn_registry *registry, uint32_t slot)
{
    struct cairn_actor *chunk = ck_pr_load_ptr(&registry->chunks[slot / CAIRN_ACTOR_CHUNK]);
    ck_pr_fence_load(); /* acquire: pairs with the store in grow */
    return &chunk[slot % CAIRN_ACTOR_CHUNK];
}

struct cairn_actor *cairn_registry_find(const struct cairn_registry *registry,
                                        struct cairn_actor_ref ref)
{
    if (ref.slot >= CAIRN_ACTORS_MAX)
        return NULL;
    struct cairn_actor *chunk = ck_pr_load_ptr(&registry->chunks[ref.slot / CAIRN_ACTOR_CHUNK]);
    if (chunk == NULL)
        return NULL;
    ck_pr_fence_load(); /* acquire: pairs with the store in grow */
    struct cairn_actor *actor = &chunk[ref.slot % CAIRN_ACTOR_CHUNK];
    return ck_pr_load_32(&actor->mailbox.generation) == ref.generation ? actor : NULL;
}

static void push(struct cairn_slot_cache *cache, struct cairn_actor *actor)
{
    actor->next_free = cache->first;
    cache->first = actor->slot + 1;
    cache->count++;
}

static struct cairn_actor *pop(const struct cairn_registry *registry,
                               struct cairn_slot_cache *cache)
{
    struct cairn_actor *actor = cairn_registry_at(registry, cache->first - 1);
    cache->first = actor->next_free;
    cache->count--;
    return actor;
}

/* Under the lock: a new chunk of slots, all free. */
static bool grow(struct cairn_registry *registry)
{
    uint32_t chunk = registry->count / CAIRN_ACTOR_CHUNK;
    if (chunk == CAIRN_ACTOR_CHUNKS_MAX)
        return false;
    struct cairn_actor *actors =
        aligned_alloc(_Alignof(struct cairn_actor), CAIRN_ACTOR_CHUNK * sizeof(*actors));
    if (actors == NULL)
        return false;

    for (uint32_t i = CAIRN_ACTOR_CHUNK; i-- > 0;) {
        actors[i] = (struct cairn_actor){.slot = registry->count + i};
        cairn_mailbox_init(&actors[i].mailbox, 0);
        push(&registry->free, &actors[i]);
    }
    /* Release: pairs with the loads in find, at and count; publishes the free actors. */
    ck_pr_fence_store();
    ck_pr_store_ptr(&registry->chunks[chunk], actors);
    ck_pr_fence_store();
    ck_pr_store_32(&registry->count, registry->count + CAIRN_ACTOR_CHUNK);
    return true;
}

static bool refill(struct cairn_registry *registry, struct cairn_slot_cache *cache)
{
    ck_spinlock_fas_lock(&registry->lock);
    bool filled = registry->free.count > 0 || grow(registry);
    for (int i = 0; i < CACHE_BATCH && registry->free.count > 0; i++)
        push(cache, pop(registry, &registry->free));
    ck_spinlock_fas_unlock(&registry->lock);
    return filled;
}

static void give_back(struct cairn_registry *registry, struct cairn_slot_cache *cache)
{
    ck_spinlock_fas_lock(&registry->lock);
    for (int i = 0; i < CACHE_BATCH; i++)
        push(&registry->free, pop(registry, cache));
    ck_spinlock_fas_unlock(&registry->lock);
}

struct cairn_actor *cairn_registry_acquire(struct cairn_registry *registry,
                                           struct cairn_slot_cache *cache)
{
    /* A free slot may be busy for a moment with a message that came too late. Such slots are set
     * aside; there are hardly ever any, and never more than senders on their way. */
    struct cairn_slot_cache busy = {0};
    struct cairn_actor *actor = NULL;
    while (actor == NULL && (cache->count > 0 || refill(registry, cache))) {
        actor = pop(registry, cache);
        if (!cairn_mailbox_claim(&actor->mailbox)) {
            push(&busy, actor);
            actor = NULL;
        }
    }
    while (busy.count > 0)
        push(cache, pop(registry, &busy));
    return actor;
}

void cairn_registry_release(struct cairn_registry *registry, struct cairn_slot_cache *cache,
                            struct cairn_actor *actor)
{
    cairn_assert(actor->kind == 0);

    push(cache, actor);
    if (cache->count > CACHE_MAX)
        give_back(registry, cache);
}
