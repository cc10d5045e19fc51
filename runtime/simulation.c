/* A system without threads: the caller runs the workers, one step at a time. Which one, and how
 * many turns it takes, is drawn from the seed of the simulated world in which their rings live. */
#include "runtime/system_internal.h"

#include "runtime/io/sim.h"

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

/* Everybody waits: let virtual time go to the next event, be it a timer's or the world's. */
static void advance(struct cairn_system *system)
{
    uint64_t tick = UINT64_MAX;
    for (uint32_t i = 0; i < system->options.worker_count; i++) {
        uint64_t next = cairn_timer_table_next_tick(&system->workers[i].timers);
        tick = next < tick ? next : tick;
    }
    bool none = tick > UINT64_MAX / CAIRN_NS_PER_MS;
    cairn_sim_advance(system->options.sim, none ? UINT64_MAX : tick * CAIRN_NS_PER_MS);
}

bool cairn_system_step(struct cairn_system *system)
{
    struct cairn_sim *sim = system->options.sim;
    cairn_assert(sim != NULL);
    cairn_assert(system->started);

    uint32_t count = system->options.worker_count;
    uint32_t first = (uint32_t)cairn_sim_choose(sim, count);
    for (uint32_t i = 0; i < count; i++) {
        struct cairn_worker *worker = &system->workers[(first + i) % count];
        worker->step_turns = 1 + (uint32_t)cairn_sim_choose(sim, CAIRN_STEP_TURNS);
        if (cairn_worker_step(worker) || cairn_steal(worker))
            return true;
    }
    advance(system);
    return false;
}
