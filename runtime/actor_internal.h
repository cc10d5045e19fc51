/* runtime/actor_internal.h: what the runtime knows of one actor.
 *
 *     line 0   mailbox, senders' side: tail, depth, bound, generation
 *     line 1   mailbox, runner's side: head, stub
 *     line 2   the rest: read by the runner, written at spawn, schedule and failure
 *
 * An actor lives in a slot of the registry; the memory is never given back while the system runs,
 * so a sender with an old reference touches an actor that is free or another one, never a hole.
 * Who may touch line 2: the one who holds the actor, that is its runner, the run queue it is in,
 * or the sender that just made it busy. `kind` alone is read by anyone.
 */
#pragma once

#include <assert.h>

#include <ck_stack.h>

#include "runtime/mailbox.h"

/* The runtime's own message types, below CAIRN_MESSAGE_USER. */
#define CAIRN_MESSAGE_MONITOR 16u /* `from` wants a DOWN; the message itself becomes that DOWN */

enum cairn_life {
    CAIRN_LIFE_FREE,     /* not an actor; late messages are thrown away */
    CAIRN_LIFE_STARTING, /* START is to be delivered before anything in the mailbox */
    CAIRN_LIFE_RUNNING,
    CAIRN_LIFE_ENDED, /* the mailbox is being emptied, then the slot is free */
};

/* Internal flag beside CAIRN_ACTOR_*: never moves, being pinned or because stealing is off. */
#define CAIRN_ACTOR_BOUND (1u << 7)

struct cairn_actor {
    struct cairn_mailbox mailbox;
    union {
        struct cairn_actor *next;  /* in a run queue */
        ck_stack_entry_t in_inbox; /* on the way to another worker */
    };
    cairn_behaviour behaviour;
    void *state;
    void (*release)(void *state);
    struct cairn_message *monitors; /* last of a circle of MONITOR requests, or NULL */
    uint32_t slot;
    uint32_t window_start_ms; /* of the failures counted, since the system was created */
    uint16_t failures;
    uint16_t kind; /* index of the name, 0: no actor here */
    uint16_t home; /* worker: where it must run if bound, else where it ran last */
    uint8_t flags;
    uint8_t life;
    uint32_t next_free; /* slot + 1, in the registry's lists */
    uint8_t restart;
};

static_assert(sizeof(struct cairn_actor) == 192, "an idle actor is three cache lines");
static_assert(sizeof(struct cairn_mailbox) == 128, "senders and runner on a line each");

static inline struct cairn_actor_ref cairn_actor_ref_of(const struct cairn_actor *actor)
{
    return (struct cairn_actor_ref){.slot = actor->slot, .generation = actor->mailbox.generation};
}
