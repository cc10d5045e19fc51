/* runtime/registry.h: all actors, by slot.
 *
 * Slots come in chunks that are published once and stay where they are, so that finding an actor
 * by its reference takes no lock. Free slots are kept per worker, and move between workers through
 * a shared list, a batch at a time.
 *
 * Ownership   The registry owns the actors' memory until it is deinitialised.
 * Context     find: any thread. acquire and release: one thread per cache.
 * Errors      acquire: NULL when there is no memory or CAIRN_ACTORS_MAX are in use.
 * Cost        find: two loads and a comparison. acquire and release: a lock every 64.
 */
#pragma once

#include <stdint.h>

#include <ck_spinlock.h>

#include "runtime/actor_internal.h"

#define CAIRN_ACTOR_CHUNK      1024
#define CAIRN_ACTOR_CHUNKS_MAX 16384
#define CAIRN_ACTORS_MAX       ((uint64_t)CAIRN_ACTOR_CHUNK * CAIRN_ACTOR_CHUNKS_MAX)

/* A list of free slots, through `next_free`; values are slot + 1. */
struct cairn_slot_cache {
    uint32_t first;
    uint32_t count;
};

struct cairn_registry {
    struct cairn_actor **chunks; /* entries are published with release */
    _Alignas(64) ck_spinlock_fas_t lock;
    struct cairn_slot_cache free; /* locked */
    uint32_t count;               /* slots made; written under the lock, read by any */
};

int cairn_registry_init(struct cairn_registry *registry);
void cairn_registry_deinit(struct cairn_registry *registry);

/* A free slot whose mailbox the caller holds (it is busy): fill it in and schedule it. */
struct cairn_actor *cairn_registry_acquire(struct cairn_registry *registry,
                                           struct cairn_slot_cache *cache);
/* The actor is CAIRN_LIFE_FREE and its mailbox was set idle. */
void cairn_registry_release(struct cairn_registry *registry, struct cairn_slot_cache *cache,
                            struct cairn_actor *actor);

/* The actor if `ref` is still good, else NULL. It may end the moment after. */
struct cairn_actor *cairn_registry_find(const struct cairn_registry *registry,
                                        struct cairn_actor_ref ref);

/* Slots in use or free, for walking: 0 .. count - 1. */
uint32_t cairn_registry_count(const struct cairn_registry *registry);
struct cairn_actor *cairn_registry_at(const struct cairn_registry *registry, uint32_t slot);
