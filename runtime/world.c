/* Stopping the world. One worker at a time is the pauser; the others come to the gate between two
 * turns and stand there. A worker that wants to stop the world while another has it waits inside
 * its turn and counts as standing still: its actor is at a known place. */
#include "runtime/system_internal.h"

/* Locked. Counted as paused until nobody but, maybe, this worker stops the world. */
static void stand_still(struct cairn_system *system)
{
    system->paused_count++;
    cairn_gate_changed(&system->gate);
    while (system->pauser != NULL)
        cairn_gate_wait(&system->gate);
    system->paused_count--;
}

void cairn_world_pass(struct cairn_worker *worker)
{
    struct cairn_system *system = worker->system;
    cairn_gate_lock(&system->gate);
    if (system->pauser != NULL)
        stand_still(system);
    cairn_gate_unlock(&system->gate);
}

void cairn_turn_pause_others(struct cairn_turn *turn)
{
    struct cairn_worker *self = turn->worker;
    struct cairn_system *system = self->system;

    cairn_gate_lock(&system->gate);
    cairn_assert(system->pauser != self);
    while (system->pauser != NULL)
        stand_still(system);
    system->pauser = self;
    ck_pr_or_32(&system->interrupt, CAIRN_INTERRUPT_PAUSE);
    cairn_gate_unlock(&system->gate);
    if (system->options.sim != NULL)
        return; /* one thread: the others stand between two turns now */

    for (uint32_t i = 0; i < system->options.worker_count; i++)
        if (&system->workers[i] != self)
            cairn_worker_wake(&system->workers[i], self);

    cairn_gate_lock(&system->gate);
    while (system->paused_count < system->live_count - 1)
        cairn_gate_wait(&system->gate);
    cairn_gate_unlock(&system->gate);
}

void cairn_turn_resume_others(struct cairn_turn *turn)
{
    struct cairn_system *system = turn->worker->system;
    cairn_gate_lock(&system->gate);
    cairn_assert(system->pauser == turn->worker);
    system->pauser = NULL;
    ck_pr_and_32(&system->interrupt, ~CAIRN_INTERRUPT_PAUSE);
    cairn_gate_changed(&system->gate);
    cairn_gate_unlock(&system->gate);
}
