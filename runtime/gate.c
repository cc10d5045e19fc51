#include "runtime/gate.h"

#include "runtime/base/assert.h"

int cairn_gate_init(struct cairn_gate *gate)
{
    int result = pthread_mutex_init(&gate->mutex, NULL);
    if (result != 0)
        return -result;
    result = pthread_cond_init(&gate->changed, NULL);
    if (result != 0)
        pthread_mutex_destroy(&gate->mutex);
    return -result;
}

void cairn_gate_deinit(struct cairn_gate *gate)
{
    pthread_cond_destroy(&gate->changed);
    pthread_mutex_destroy(&gate->mutex);
}

void cairn_gate_lock(struct cairn_gate *gate)
{
    int result = pthread_mutex_lock(&gate->mutex);
    cairn_assert(result == 0);
}

void cairn_gate_unlock(struct cairn_gate *gate)
{
    int result = pthread_mutex_unlock(&gate->mutex);
    cairn_assert(result == 0);
}

void cairn_gate_wait(struct cairn_gate *gate)
{
    int result = pthread_cond_wait(&gate->changed, &gate->mutex);
    cairn_assert(result == 0);
}

void cairn_gate_changed(struct cairn_gate *gate)
{
    int result = pthread_cond_broadcast(&gate->changed);
    cairn_assert(result == 0);
}
