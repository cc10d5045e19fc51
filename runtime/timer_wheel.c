#include "runtime/timer_wheel.h"

#include <stddef.h>

#include "runtime/base/assert.h"

#define LEVEL_BITS 6
#define SLOT_MASK  ((uint64_t)CAIRN_WHEEL_SLOTS - 1)
#define FAR        CAIRN_WHEEL_LEVELS

static struct cairn_timer_link *list_at(struct cairn_timer_wheel *wheel, uint8_t level,
                                        uint8_t slot)
{
    return level == FAR ? &wheel->far : &wheel->slots[level][slot];
}

static void make_empty(struct cairn_timer_link *list)
{
    list->next = list;
    list->previous = list;
}

void cairn_timer_wheel_init(struct cairn_timer_wheel *wheel, uint64_t tick)
{
    *wheel = (struct cairn_timer_wheel){.tick = tick};
    for (int level = 0; level < CAIRN_WHEEL_LEVELS; level++)
        for (int slot = 0; slot < CAIRN_WHEEL_SLOTS; slot++)
            make_empty(&wheel->slots[level][slot]);
    make_empty(&wheel->far);
}

static uint8_t level_of(uint64_t tick, uint64_t due_tick)
{
    uint64_t difference = tick ^ due_tick;
    if (difference == 0)
        return 0;
    int level = (63 - __builtin_clzll(difference)) / LEVEL_BITS;
    return (uint8_t)(level < FAR ? level : FAR);
}

void cairn_timer_wheel_add(struct cairn_timer_wheel *wheel, struct cairn_timer_link *timer,
                           uint64_t due_tick)
{
    cairn_assert(timer->previous == NULL);

    timer->due_tick = due_tick > wheel->tick ? due_tick : wheel->tick;
    timer->level = level_of(wheel->tick, timer->due_tick);
    timer->slot = 0;
    if (timer->level != FAR)
        timer->slot = (uint8_t)((timer->due_tick >> (LEVEL_BITS * timer->level)) & SLOT_MASK);

    struct cairn_timer_link *list = list_at(wheel, timer->level, timer->slot);
    timer->next = list;
    timer->previous = list->previous;
    list->previous->next = timer;
    list->previous = timer;
    wheel->occupied[timer->level] |= UINT64_C(1) << timer->slot;
}

void cairn_timer_wheel_remove(struct cairn_timer_wheel *wheel, struct cairn_timer_link *timer)
{
    cairn_assert(timer->previous != NULL);

    timer->previous->next = timer->next;
    timer->next->previous = timer->previous;
    timer->next = NULL;
    timer->previous = NULL;
    struct cairn_timer_link *list = list_at(wheel, timer->level, timer->slot);
    if (list->next == list)
        wheel->occupied[timer->level] &= ~(UINT64_C(1) << timer->slot);
}

/* Where the clock first meets a slot in use. Lower levels come first: all their slots lie before
 * the next slot of the level above. */
struct place {
    uint64_t tick;
    uint8_t level;
    uint8_t slot;
};

static struct place next_place(const struct cairn_timer_wheel *wheel)
{
    for (uint8_t level = 0; level < CAIRN_WHEEL_LEVELS; level++) {
        if (wheel->occupied[level] == 0)
            continue;
        int shift = LEVEL_BITS * level;
        uint8_t slot = (uint8_t)__builtin_ctzll(wheel->occupied[level]);
        uint64_t base = wheel->tick >> (shift + LEVEL_BITS) << (shift + LEVEL_BITS);
        return (struct place){base + ((uint64_t)slot << shift), level, slot};
    }
    if (wheel->occupied[FAR] == 0)
        return (struct place){UINT64_MAX, FAR, 0};
    int span = LEVEL_BITS * CAIRN_WHEEL_LEVELS;
    return (struct place){((wheel->tick >> span) + 1) << span, FAR, 0};
}

/* The clock has reached a slot above level 0: file its timers again. The list is cut off first,
 * since far timers may come back to it. */
static void refile(struct cairn_timer_wheel *wheel, uint8_t level, uint8_t slot)
{
    struct cairn_timer_link *list = list_at(wheel, level, slot);
    struct cairn_timer_link *timer = list->next;
    make_empty(list);
    wheel->occupied[level] &= ~(UINT64_C(1) << slot);
    while (timer != list) {
        struct cairn_timer_link *next = timer->next;
        timer->previous = NULL;
        cairn_timer_wheel_add(wheel, timer, timer->due_tick);
        timer = next;
    }
}

struct cairn_timer_link *cairn_timer_wheel_pop(struct cairn_timer_wheel *wheel, uint64_t tick)
{
    struct place place = next_place(wheel);
    while (place.tick <= tick && place.tick != UINT64_MAX) {
        wheel->tick = place.tick > wheel->tick ? place.tick : wheel->tick;
        if (place.level == 0) {
            struct cairn_timer_link *timer = wheel->slots[0][place.slot].next;
            cairn_timer_wheel_remove(wheel, timer);
            return timer;
        }
        refile(wheel, place.level, place.slot);
        place = next_place(wheel);
    }
    if (tick > wheel->tick)
        wheel->tick = tick;
    return NULL;
}

uint64_t cairn_timer_wheel_next_tick(const struct cairn_timer_wheel *wheel)
{
    return next_place(wheel).tick;
}
