/* runtime/timer_wheel.h: timers by their due tick, in constant time.
 *
 *     level 0   64 slots of 1 tick          due within the current 64 ticks
 *     level 1   64 slots of 64 ticks        due within the current 4,096
 *     level 2   64 slots of 4,096 ticks
 *     level 3   64 slots of 262,144 ticks
 *     far       one list                    due later (with ticks of 1 ms: over 4.6 hours ahead)
 *
 * A timer's level is the highest group of six bits in which its due tick differs from the current
 * one; its slot is that group's value. So every slot in use lies ahead of the clock within its
 * level, a bitmap finds the next, and when the clock reaches a slot of level 1 or higher its
 * timers are filed again, each at least one level lower.
 *
 * Ownership   Borrows timers, which embed struct cairn_timer_link; zero it before the first use.
 * Context     One owner, no clock: the caller passes ticks, which never go backwards.
 * Cost        add and remove O(1); a timer moves at most four times before it fires.
 * Source      Varghese and Lauck, Hashed and Hierarchical Timing Wheels, 1987, scheme 7.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CAIRN_WHEEL_LEVELS 4
#define CAIRN_WHEEL_SLOTS  64

struct cairn_timer_link {
    struct cairn_timer_link *next;
    struct cairn_timer_link *previous; /* NULL: in no wheel */
    uint64_t due_tick;
    uint8_t level;
    uint8_t slot;
};

struct cairn_timer_wheel {
    uint64_t tick;                             /* every timer due before it has been popped */
    uint64_t occupied[CAIRN_WHEEL_LEVELS + 1]; /* a bit per slot */
    struct cairn_timer_link slots[CAIRN_WHEEL_LEVELS][CAIRN_WHEEL_SLOTS]; /* heads of rings */
    struct cairn_timer_link far;
};

void cairn_timer_wheel_init(struct cairn_timer_wheel *wheel, uint64_t tick);

/* `due_tick` in the past means now. */
void cairn_timer_wheel_add(struct cairn_timer_wheel *wheel, struct cairn_timer_link *timer,
                           uint64_t due_tick);
void cairn_timer_wheel_remove(struct cairn_timer_wheel *wheel, struct cairn_timer_link *timer);
static inline bool cairn_timer_link_is_armed(const struct cairn_timer_link *timer)
{
    return timer->previous != NULL;
}

/* A timer due at or before `tick`, earliest first, removed from the wheel. NULL: no more. Between
 * two calls timers may be added and removed. */
struct cairn_timer_link *cairn_timer_wheel_pop(struct cairn_timer_wheel *wheel, uint64_t tick);

/* No timer fires before this tick: wait until then, at most. UINT64_MAX: there is none. */
uint64_t cairn_timer_wheel_next_tick(const struct cairn_timer_wheel *wheel);
