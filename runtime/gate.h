/* runtime/gate.h: where threads wait for what is rare: start, stop, a stopped world, an ended
 * actor.
 *
 * A mutex and one condition that everybody waits on and re-checks. Nothing on the message path
 * comes here; workers look at `cairn_system.interrupt` between turns and come when it is set.
 *
 * Context   Any thread.
 */
#pragma once

#include <pthread.h>

struct cairn_gate {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
};

int cairn_gate_init(struct cairn_gate *gate);
void cairn_gate_deinit(struct cairn_gate *gate);
void cairn_gate_lock(struct cairn_gate *gate);
void cairn_gate_unlock(struct cairn_gate *gate);
void cairn_gate_wait(struct cairn_gate *gate);    /* locked */
void cairn_gate_changed(struct cairn_gate *gate); /* locked; wakes all who wait */
