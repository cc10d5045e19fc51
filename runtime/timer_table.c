#include "runtime/timer_table.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

#include "runtime/base/assert.h"
#include "runtime/base/error.h"

#define WORKER_SHIFT 56
#define INDEX_SHIFT  32
#define INDEX_MASK   ((UINT64_C(1) << 24) - 1)
#define ARMED        UINT64_C(1)

static_assert(CAIRN_TIMER_CHUNK * CAIRN_TIMER_CHUNKS_MAX == INDEX_MASK + 1, "an index is 24 bits");

int cairn_timer_table_init(struct cairn_timer_table *table, uint32_t worker, uint64_t tick)
{
    cairn_assert(worker < CAIRN_TIMER_WORKERS_MAX);

    struct cairn_timer **chunks = calloc(CAIRN_TIMER_CHUNKS_MAX, sizeof(*chunks));
    if (chunks == NULL)
        return -ENOMEM;
    *table = (struct cairn_timer_table){.chunks = chunks, .worker = worker};
    ck_stack_init(&table->cancelled);
    cairn_timer_wheel_init(&table->wheel, tick);
    return 0;
}

void cairn_timer_table_deinit(struct cairn_timer_table *table)
{
    for (uint32_t i = 0; i * CAIRN_TIMER_CHUNK < table->count; i++)
        free(table->chunks[i]);
    free(table->chunks);
    *table = (struct cairn_timer_table){0};
}

static void release(struct cairn_timer_table *table, struct cairn_timer *timer)
{
    timer->link.next = table->free;
    table->free = &timer->link;
}

static bool grow(struct cairn_timer_table *table)
{
    uint32_t chunk = table->count / CAIRN_TIMER_CHUNK;
    if (chunk == CAIRN_TIMER_CHUNKS_MAX)
        return false;
    struct cairn_timer *timers = calloc(CAIRN_TIMER_CHUNK, sizeof(*timers));
    if (timers == NULL)
        return false;

    for (uint32_t i = CAIRN_TIMER_CHUNK; i-- > 0;) {
        timers[i].index = table->count + i;
        release(table, &timers[i]);
    }
    /* Release: pairs with the load in timer_of; publishes the zeroed states. */
    ck_pr_fence_store();
    ck_pr_store_ptr(&table->chunks[chunk], timers);
    table->count += CAIRN_TIMER_CHUNK;
    return true;
}

/* Back from other workers, which have cancelled these. */
static void take_cancelled(struct cairn_timer_table *table)
{
    if (ck_pr_load_ptr(&table->cancelled.head) == NULL)
        return;
    ck_stack_entry_t *entry = ck_stack_batch_pop_upmc(&table->cancelled);
    while (entry != NULL) {
        struct cairn_timer *timer =
            (void *)((uint8_t *)entry - offsetof(struct cairn_timer, cancelled));
        entry = entry->next;
        if (cairn_timer_link_is_armed(&timer->link))
            cairn_timer_wheel_remove(&table->wheel, &timer->link);
        release(table, timer);
    }
}

uint64_t cairn_timer_table_arm(struct cairn_timer_table *table, uint64_t due_tick,
                               enum cairn_timer_purpose purpose, struct cairn_actor_ref target,
                               uint64_t value)
{
    take_cancelled(table);
    if (table->free == NULL && !grow(table))
        return 0;

    struct cairn_timer *timer = (void *)table->free;
    table->free = timer->link.next;
    timer->link = (struct cairn_timer_link){0};
    timer->purpose = purpose;
    timer->target = target;
    timer->value = value;
    uint32_t generation = (uint32_t)(ck_pr_load_64(&timer->state) >> 1) + 1;
    ck_pr_fence_store();
    ck_pr_store_64(&timer->state, (uint64_t)generation << 1 | ARMED);
    cairn_timer_wheel_add(&table->wheel, &timer->link, due_tick);
    return (uint64_t)(table->worker + 1) << WORKER_SHIFT | (uint64_t)timer->index << INDEX_SHIFT |
           generation;
}

uint32_t cairn_timer_id_worker(uint64_t id)
{
    return (uint32_t)(id >> WORKER_SHIFT) - 1;
}

/* From armed to not, for whoever comes first: expiry or one of the cancels. */
static bool disarm(struct cairn_timer *timer, uint32_t generation)
{
    uint64_t armed = (uint64_t)generation << 1 | ARMED;
    return ck_pr_load_64(&timer->state) == armed &&
           ck_pr_cas_64(&timer->state, armed, armed & ~ARMED);
}

static struct cairn_timer *timer_of(const struct cairn_timer_table *table, uint64_t id)
{
    uint32_t index = (uint32_t)(id >> INDEX_SHIFT & INDEX_MASK);
    struct cairn_timer *chunk = ck_pr_load_ptr(&table->chunks[index / CAIRN_TIMER_CHUNK]);
    ck_pr_fence_load(); /* acquire: pairs with the store in grow */
    return chunk == NULL ? NULL : &chunk[index % CAIRN_TIMER_CHUNK];
}

bool cairn_timer_table_cancel(struct cairn_timer_table *table, uint64_t id)
{
    struct cairn_timer *timer = timer_of(table, id);
    if (timer == NULL || !disarm(timer, (uint32_t)id))
        return false;
    cairn_timer_wheel_remove(&table->wheel, &timer->link);
    release(table, timer);
    return true;
}

bool cairn_timer_table_cancel_foreign(struct cairn_timer_table *table, uint64_t id)
{
    struct cairn_timer *timer = timer_of(table, id);
    if (timer == NULL || !disarm(timer, (uint32_t)id))
        return false;
    ck_stack_push_upmc(&table->cancelled, &timer->cancelled);
    return true;
}

bool cairn_timer_table_expire(struct cairn_timer_table *table, uint64_t tick,
                              struct cairn_expired_timer *expired)
{
    take_cancelled(table);
    struct cairn_timer_link *link = cairn_timer_wheel_pop(&table->wheel, tick);
    while (link != NULL) {
        struct cairn_timer *timer = (void *)link;
        if (disarm(timer, (uint32_t)(ck_pr_load_64(&timer->state) >> 1))) {
            *expired = (struct cairn_expired_timer){
                .due_tick = timer->link.due_tick,
                .purpose = timer->purpose,
                .target = timer->target,
                .value = timer->value,
            };
            release(table, timer);
            return true;
        }
        /* Cancelled elsewhere this moment: it comes back on the stack. */
        link = cairn_timer_wheel_pop(&table->wheel, tick);
    }
    return false;
}
