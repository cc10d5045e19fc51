/* A system without threads: the workers are run by the caller, one step at a time, in an order
 * drawn from the seed. Their rings are simulated and share one virtual clock. */
#include "runtime/system_internal.h"

int cairn_simulation_start(struct cairn_system *system)
{
    uint32_t opened = 0;
    int result = 0;
    while (opened < system->options.worker_count) {
        result = cairn_worker_open(&system->workers[opened]);
        if (result < 0)
            break;
        opened++;
    }
    if (result < 0) {
        while (opened > 0)
            cairn_worker_close(&system->workers[--opened]);
        return result;
    }
    cairn_random_init(&system->random, system->options.seed);
    system->live_count = system->options.worker_count;
    system->started = true;
    return 0;
}

void cairn_simulation_stop(struct cairn_system *system)
{
    for (uint32_t i = 0; i < system->options.worker_count; i++) {
        cairn_worker_bury_actors(&system->workers[i]);
    }
    for (uint32_t i = 0; i < system->options.worker_count; i++)
        cairn_worker_close(&system->workers[i]);
}

/* Everybody waits: let the virtual clock go to the next event, be it a timer's or the world's. */
static void advance(struct cairn_system *system)
{
    uint64_t tick = UINT64_MAX;
    for (uint32_t i = 0; i < system->options.worker_count; i++) {
        uint64_t next = cairn_timer_table_next_tick(&system->workers[i].timers);
        tick = next < tick ? next : tick;
    }
    struct cairn_worker *worker = &system->workers[0];
    uint64_t now_ns = cairn_io_monotonic_ns(worker->io);
    uint64_t timeout_ns = UINT64_MAX;
    if (tick < UINT64_MAX / CAIRN_NS_PER_MS)
        timeout_ns = tick * CAIRN_NS_PER_MS > now_ns ? tick * CAIRN_NS_PER_MS - now_ns : 0;
    cairn_io_poll(worker->io, timeout_ns);
}

bool cairn_system_step(struct cairn_system *system)
{
    cairn_assert(system->options.sim != NULL);
    cairn_assert(system->started);

    uint32_t count = system->options.worker_count;
    uint32_t first = (uint32_t)cairn_random_below(&system->random, count);
    for (uint32_t i = 0; i < count; i++) {
        struct cairn_worker *worker = &system->workers[(first + i) % count];
        if (cairn_worker_step(worker) || cairn_steal(worker))
            return true;
    }
    advance(system);
    return false;
}
