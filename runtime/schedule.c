#include "runtime/system_internal.h"

#include <string.h>

void cairn_schedule_on(struct cairn_worker *worker, struct cairn_worker *from,
                       struct cairn_actor *actor)
{
    cairn_assert(worker != NULL);

    if (worker == from) {
        cairn_ready_push(&worker->ready, actor);
        return;
    }
    ck_stack_push_upmc(&worker->inbox, &actor->in_inbox);
    cairn_worker_wake(worker, from);
}

void cairn_schedule(struct cairn_system *system, struct cairn_worker *from,
                    struct cairn_actor *actor)
{
    bool bound = (actor->flags & CAIRN_ACTOR_BOUND) != 0;
    struct cairn_worker *worker = bound || from == NULL ? &system->workers[actor->home] : from;
    cairn_schedule_on(worker, from, actor);
}

int cairn_send(struct cairn_system *system, struct cairn_worker *from, struct cairn_actor_ref to,
               struct cairn_message *message)
{
    struct cairn_actor *actor = cairn_registry_find(&system->registry, to);
    if (actor == NULL)
        return -ESTALE;
    if (cairn_mailbox_push_mpsc(&actor->mailbox, message, to.generation))
        cairn_schedule(system, from, actor);
    return 0;
}

/* ---- spawn ---- */

/* Names are few and mostly the same pointer again. */
static uint16_t find_kind(const struct cairn_system *system, const char *name)
{
    uint32_t count = ck_pr_load_32(&system->kind_count);
    ck_pr_fence_load(); /* acquire: pairs with the store in add_kind */
    for (uint32_t i = 1; i < count; i++)
        if (system->kinds[i] == name)
            return (uint16_t)i;
    for (uint32_t i = 1; i < count; i++)
        if (strcmp(system->kinds[i], name) == 0)
            return (uint16_t)i;
    return 0;
}

/* 0 when there are too many. */
static uint16_t add_kind(struct cairn_system *system, const char *name)
{
    cairn_gate_lock(&system->gate);
    uint16_t kind = find_kind(system, name);
    if (kind == 0 && system->kind_count < CAIRN_KINDS_MAX) {
        kind = (uint16_t)system->kind_count;
        system->kinds[kind] = name;
        ck_pr_fence_store(); /* release: pairs with the load in find_kind */
        ck_pr_store_32(&system->kind_count, system->kind_count + 1);
    }
    cairn_gate_unlock(&system->gate);
    return kind;
}

static struct cairn_actor *acquire(struct cairn_system *system, struct cairn_worker *from)
{
    if (from != NULL)
        return cairn_registry_acquire(&system->registry, &from->slots);
    cairn_gate_lock(&system->gate);
    struct cairn_actor *actor = cairn_registry_acquire(&system->registry, &system->foreign_slots);
    cairn_gate_unlock(&system->gate);
    return actor;
}

static uint32_t place_of(struct cairn_system *system, const struct cairn_worker *from,
                         const struct cairn_actor_options *options)
{
    if (options->worker != UINT32_MAX)
        return options->worker;
    if (from != NULL)
        return from->index;
    return ck_pr_faa_32(&system->foreign_next, 1) % system->options.worker_count;
}

static void fill(struct cairn_actor *actor, const struct cairn_system_options *system,
                 const struct cairn_actor_options *options, uint16_t kind, uint32_t place)
{
    bool bound = (options->flags & CAIRN_ACTOR_PINNED) != 0 || !system->work_stealing;
    actor->behaviour = options->behaviour;
    actor->state = options->state;
    actor->release = options->release;
    actor->monitors = NULL;
    actor->failures = 0;
    actor->home = (uint16_t)place;
    actor->flags = (uint8_t)(options->flags | (bound ? CAIRN_ACTOR_BOUND : 0));
    actor->life = CAIRN_LIFE_STARTING;
    actor->restart = (uint8_t)options->restart;
    ck_pr_store_32(&actor->mailbox.bound,
                   options->mailbox_bound != 0 ? options->mailbox_bound : system->mailbox_bound);
    ck_pr_store_16(&actor->kind, kind);
}

int cairn_spawn(struct cairn_system *system, struct cairn_worker *from,
                const struct cairn_actor_options *options, struct cairn_actor_ref *ref)
{
    if (options->behaviour == NULL)
        return -EINVAL;
    uint32_t place = place_of(system, from, options);
    if (place >= system->options.worker_count)
        return -EINVAL;
    const char *name = options->name != NULL ? options->name : "actor";
    uint16_t kind = find_kind(system, name);
    if (kind == 0)
        kind = add_kind(system, name);
    if (kind == 0)
        return -ENOBUFS;
    struct cairn_actor *actor = acquire(system, from);
    if (actor == NULL)
        return -ENOMEM;

    fill(actor, &system->options, options, kind, place);
    *ref = cairn_actor_ref_of(actor);
    cairn_schedule_on(&system->workers[place], from, actor);
    return 0;
}
