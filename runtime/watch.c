/* Statistics, summed by the reader while the workers go on: each figure is exact for some moment
 * of the reading, the figures together are not of one moment. */
#include "runtime/system_internal.h"

void cairn_system_worker_stats(struct cairn_system *system, uint32_t worker,
                               struct cairn_worker_stats *stats)
{
    cairn_assert(worker < system->options.worker_count);

    const struct cairn_worker_stats *live = &system->workers[worker].stats;
    *stats = (struct cairn_worker_stats){
        .turns = ck_pr_load_64(&live->turns),
        .messages = ck_pr_load_64(&live->messages),
        .steals = ck_pr_load_64(&live->steals),
        .exports = ck_pr_load_64(&live->exports),
        .parks = ck_pr_load_64(&live->parks),
        .wakes = ck_pr_load_64(&live->wakes),
        .polls = ck_pr_load_64(&live->polls),
        .completions = ck_pr_load_64(&live->completions),
        .timers = ck_pr_load_64(&live->timers),
        .busy_ns = ck_pr_load_64(&live->busy_ns),
        .longest_turn_ns = ck_pr_load_64(&live->longest_turn_ns),
    };
}

static void add_counters(const struct cairn_system *system, uint32_t kind,
                         struct cairn_actor_stats *row)
{
    for (uint32_t i = 0; i < system->options.worker_count; i++) {
        const struct cairn_kind_counters *counters = &system->workers[i].kinds[kind];
        row->messages += ck_pr_load_64(&counters->messages);
        row->turns += ck_pr_load_64(&counters->turns);
        row->failures += ck_pr_load_64(&counters->failures);
        row->restarts += ck_pr_load_64(&counters->restarts);
    }
}

/* Actors and their mailboxes are counted by looking at them all, so that sending costs nothing. */
static void add_actors(const struct cairn_system *system, struct cairn_actor_stats *rows,
                       size_t row_count)
{
    uint32_t slots = cairn_registry_count(&system->registry);
    for (uint32_t slot = 0; slot < slots; slot++) {
        const struct cairn_actor *actor = cairn_registry_at(&system->registry, slot);
        uint16_t kind = ck_pr_load_16(&actor->kind);
        if (kind == 0 || kind > row_count)
            continue;
        rows[kind - 1].actors++;
        rows[kind - 1].mailbox_depth += cairn_mailbox_depth(&actor->mailbox);
    }
}

size_t cairn_system_actor_stats(struct cairn_system *system, struct cairn_actor_stats *rows,
                                size_t capacity)
{
    size_t kinds = ck_pr_load_32(&system->kind_count) - 1;
    ck_pr_fence_load(); /* acquire: pairs with the store in add_kind */
    size_t row_count = kinds < capacity ? kinds : capacity;
    for (size_t i = 0; i < row_count; i++) {
        rows[i] = (struct cairn_actor_stats){.name = system->kinds[i + 1]};
        add_counters(system, (uint32_t)i + 1, &rows[i]);
    }
    add_actors(system, rows, row_count);
    return kinds;
}

uint64_t cairn_system_dead_letters(struct cairn_system *system)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < system->options.worker_count; i++)
        count += ck_pr_load_64(&system->workers[i].dead_letters);
    return count;
}
