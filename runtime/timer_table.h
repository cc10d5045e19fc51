/* runtime/timer_table.h: the timers of one worker, with ids that any worker may cancel.
 *
 * The owner arms timers and sees them expire. Another worker cancels by moving the timer's state
 * from armed to cancelled, which settles the race with expiry, and hands it back on a stack; the
 * owner then takes it out of the wheel.
 *
 *     id:  worker + 1 (8 bits) | index (24 bits) | generation (32 bits)
 *
 * Ownership   The table owns its timers, in chunks that are never moved.
 * Context     cancel_foreign: any worker. All else: the owner.
 * Units       A tick is 1 ms of the monotonic clock.
 * Errors      arm returns 0 when there is no memory or 16 million timers are armed.
 * Cost        arm and cancel about 10 ns.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <ck_stack.h>

#include "runtime/actor.h"
#include "runtime/timer_wheel.h"

#define CAIRN_TIMER_CHUNK       1024
#define CAIRN_TIMER_CHUNKS_MAX  16384
#define CAIRN_TIMER_WORKERS_MAX 255

enum cairn_timer_purpose {
    CAIRN_TIMER_MESSAGE, /* send CAIRN_MESSAGE_TIMER to `target` */
    CAIRN_TIMER_RESTART, /* schedule `target`, which has backed off after a failure */
};

struct cairn_timer {
    struct cairn_timer_link link; /* first: a link is its timer */
    ck_stack_entry_t cancelled;
    uint64_t state; /* generation << 1 | armed; any worker */
    uint64_t value;
    struct cairn_actor_ref target;
    uint32_t index;
    enum cairn_timer_purpose purpose;
};

struct cairn_expired_timer {
    uint64_t due_tick;
    enum cairn_timer_purpose purpose;
    struct cairn_actor_ref target;
    uint64_t value;
};

struct cairn_timer_table {
    struct cairn_timer_wheel wheel;
    struct cairn_timer **chunks;   /* entries are published with release */
    struct cairn_timer_link *free; /* through `next` */
    uint32_t count;                /* timers made; any worker reads it through `chunks` only */
    uint32_t worker;
    _Alignas(64) ck_stack_t cancelled;
};

int cairn_timer_table_init(struct cairn_timer_table *table, uint32_t worker, uint64_t tick);
void cairn_timer_table_deinit(struct cairn_timer_table *table);

uint64_t cairn_timer_table_arm(struct cairn_timer_table *table, uint64_t due_tick,
                               enum cairn_timer_purpose purpose, struct cairn_actor_ref target,
                               uint64_t value);

/* The worker whose table made `id`; UINT32_MAX if none can have. */
uint32_t cairn_timer_id_worker(uint64_t id);

/* True if the timer will not fire now and would have. */
bool cairn_timer_table_cancel(struct cairn_timer_table *table, uint64_t id);
bool cairn_timer_table_cancel_foreign(struct cairn_timer_table *table, uint64_t id);

/* The next timer due at `tick`; it is free again. False: no more. */
bool cairn_timer_table_expire(struct cairn_timer_table *table, uint64_t tick,
                              struct cairn_expired_timer *expired);

static inline uint64_t cairn_timer_table_next_tick(const struct cairn_timer_table *table)
{
    return cairn_timer_wheel_next_tick(&table->wheel);
}
