/* runtime/run_queue.h: actors that are ready, in the order they became so.
 *
 * Private to one worker: an intrusive list through `actor->next`, no atomics. A worker has one
 * per latency class and serves them 4 to 1 (cairn_ready_pop).
 *
 * Ownership   Borrows; a queued actor is held by the queue and is in no other.
 * Context     The owning worker.
 * Cost        A few instructions.
 */
#pragma once

#include "runtime/actor_internal.h"

struct cairn_run_queue {
    struct cairn_actor *first;
    struct cairn_actor *last; /* undefined while empty */
    uint32_t length;
};

static inline void cairn_run_queue_push(struct cairn_run_queue *queue, struct cairn_actor *actor)
{
    actor->next = NULL;
    if (queue->length == 0)
        queue->first = actor;
    else
        queue->last->next = actor;
    queue->last = actor;
    queue->length++;
}

static inline struct cairn_actor *cairn_run_queue_pop(struct cairn_run_queue *queue)
{
    if (queue->length == 0)
        return NULL;
    struct cairn_actor *actor = queue->first;
    queue->first = actor->next;
    queue->length--;
    return actor;
}

#define CAIRN_READY_SYSTEM_TURNS 4 /* to one of a normal actor, while both are ready */

/* Both classes of one worker. */
struct cairn_ready {
    struct cairn_run_queue system;
    struct cairn_run_queue normal;
    uint32_t system_turns; /* taken in a row while a normal actor waited */
};

static inline void cairn_ready_push(struct cairn_ready *ready, struct cairn_actor *actor)
{
    bool system = (actor->flags & CAIRN_ACTOR_SYSTEM) != 0;
    cairn_run_queue_push(system ? &ready->system : &ready->normal, actor);
}

static inline struct cairn_actor *cairn_ready_pop(struct cairn_ready *ready)
{
    bool normal_waits = ready->normal.length > 0;
    if (ready->system.length > 0 &&
        (!normal_waits || ready->system_turns < CAIRN_READY_SYSTEM_TURNS)) {
        ready->system_turns = normal_waits ? ready->system_turns + 1 : 0;
        return cairn_run_queue_pop(&ready->system);
    }
    ready->system_turns = 0;
    return cairn_run_queue_pop(&ready->normal);
}

static inline uint32_t cairn_ready_length(const struct cairn_ready *ready)
{
    return ready->system.length + ready->normal.length;
}
