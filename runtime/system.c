#include "runtime/system_internal.h"

#include <stdlib.h>
#include <string.h>

#define WORKERS_MAX CAIRN_TIMER_WORKERS_MAX

/* ---- options ---- */

static void set_default(uint32_t *option, uint32_t value)
{
    if (*option == 0)
        *option = value;
}

static void fill_defaults(struct cairn_system_options *options)
{
    set_default(&options->worker_count, cairn_thread_processor_count());
    if (options->worker_count > WORKERS_MAX)
        options->worker_count = WORKERS_MAX;
    set_default(&options->turn_messages, 64);
    set_default(&options->turn_us, 100);
    set_default(&options->mailbox_bound, 1024);
    set_default(&options->restart_max, 5);
    set_default(&options->restart_window_ms, 60000);
    set_default(&options->backoff_min_ms, 10);
    set_default(&options->backoff_max_ms, 30000);
}

/* ---- create ---- */

static int create_workers(struct cairn_system *system)
{
    uint32_t count = system->options.worker_count;
    system->workers =
        aligned_alloc(_Alignof(struct cairn_worker), count * sizeof(*system->workers));
    if (system->workers == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < count; i++)
        cairn_worker_init(&system->workers[i], system, i);
    return 0;
}

int cairn_system_create(const struct cairn_system_options *options, struct cairn_system **created)
{
    struct cairn_system *system =
        aligned_alloc(_Alignof(struct cairn_system), sizeof(struct cairn_system));
    if (system == NULL)
        return -ENOMEM;

    *system = (struct cairn_system){.options = *options, .kind_count = 1};
    fill_defaults(&system->options);
    system->supervision = (struct cairn_supervision_options){
        .restart_max = system->options.restart_max,
        .restart_window_ms = system->options.restart_window_ms,
        .backoff_min_ms = system->options.backoff_min_ms,
        .backoff_max_ms = system->options.backoff_max_ms,
    };
    cairn_message_depot_init(&system->depot);
    int result = cairn_registry_init(&system->registry);
    if (result < 0)
        goto free_system;
    result = cairn_gate_init(&system->gate);
    if (result < 0)
        goto deinit_registry;
    result = create_workers(system);
    if (result < 0)
        goto deinit_gate;
    *created = system;
    return 0;

deinit_gate:
    cairn_gate_deinit(&system->gate);
deinit_registry:
    cairn_registry_deinit(&system->registry);
free_system:
    free(system);
    return result;
}

void cairn_system_destroy(struct cairn_system *system)
{
    cairn_assert(!system->started);

    /* If it never ran, or for what came after it stopped. */
    for (uint32_t i = 0; i < system->options.worker_count; i++)
        cairn_worker_bury_actors(&system->workers[i]);
    free(system->workers);
    cairn_gate_deinit(&system->gate);
    cairn_registry_deinit(&system->registry);
    cairn_message_depot_deinit(&system->depot);
    free(system);
}

uint32_t cairn_system_worker_count(const struct cairn_system *system)
{
    return system->options.worker_count;
}

/* ---- threads ---- */

/* Report a ring that works, or the reason why not, and wait for the word to go. */
static bool wait_for_start(struct cairn_system *system, int result)
{
    cairn_gate_lock(&system->gate);
    if (result < 0)
        system->start_result = result;
    system->ready_count++;
    cairn_gate_changed(&system->gate);
    while (!system->released)
        cairn_gate_wait(&system->gate);
    bool go = system->start_result == 0;
    cairn_gate_unlock(&system->gate);
    return go;
}

/* Until the last worker has left its loop, any of them may wake any other's ring. */
static void wait_for_others_to_leave(struct cairn_system *system)
{
    cairn_gate_lock(&system->gate);
    system->live_count--;
    if (system->live_count == 0)
        system->ios_open = false;
    cairn_gate_changed(&system->gate);
    while (system->live_count > 0)
        cairn_gate_wait(&system->gate);
    cairn_gate_unlock(&system->gate);
}

static void worker_thread(void *argument)
{
    struct cairn_worker *worker = argument;
    struct cairn_system *system = worker->system;
    if (system->options.pin_threads)
        cairn_thread_pin(worker->index % cairn_thread_processor_count());

    int result = cairn_worker_open(worker);
    if (wait_for_start(system, result)) {
        cairn_worker_run(worker);
        wait_for_others_to_leave(system);
        cairn_worker_bury_actors(worker);
    }
    if (result >= 0)
        cairn_worker_close(worker);
}

static uint32_t start_threads(struct cairn_system *system, int *result)
{
    uint32_t count = 0;
    *result = 0;
    while (count < system->options.worker_count) {
        struct cairn_worker *worker = &system->workers[count];
        *result = cairn_thread_start(&worker->thread, "cairn-worker", worker_thread, worker);
        if (*result < 0)
            break;
        count++;
    }
    return count;
}

int cairn_system_start(struct cairn_system *system)
{
    cairn_assert(!system->started);
    cairn_assert(system->interrupt == 0); /* once stopped it is not started again */
    if (system->options.sim != NULL)
        return cairn_simulation_start(system);

    int result;
    uint32_t count = start_threads(system, &result);
    cairn_gate_lock(&system->gate);
    while (system->ready_count < count)
        cairn_gate_wait(&system->gate);
    if (system->start_result == 0)
        system->start_result = result;
    result = system->start_result;
    system->live_count = count;
    system->started = result == 0;
    system->ios_open = system->started;
    system->released = true;
    cairn_gate_changed(&system->gate);
    cairn_gate_unlock(&system->gate);

    for (uint32_t i = 0; result < 0 && i < count; i++)
        cairn_thread_join(&system->workers[i].thread);
    return result;
}

void cairn_system_stop(struct cairn_system *system)
{
    if (!system->started)
        return;
    ck_pr_or_32(&system->interrupt, CAIRN_INTERRUPT_STOP);
    if (system->options.sim != NULL) {
        cairn_simulation_stop(system);
    } else {
        for (uint32_t i = 0; i < system->options.worker_count; i++)
            cairn_worker_wake(&system->workers[i], NULL);
        for (uint32_t i = 0; i < system->options.worker_count; i++)
            cairn_thread_join(&system->workers[i].thread);
    }
    system->started = false;
}

/* ---- from outside ---- */

int cairn_system_send(struct cairn_system *system, struct cairn_actor_ref to, uint32_t type,
                      uint64_t value, const void *payload, size_t payload_bytes)
{
    cairn_assert(type != CAIRN_MESSAGE_MONITOR);
    if ((ck_pr_load_32(&system->interrupt) & CAIRN_INTERRUPT_STOP) != 0)
        return -ECANCELED;

    struct cairn_message *message = cairn_message_create_foreign(payload_bytes);
    if (message == NULL)
        return -ENOMEM;
    message->type = type;
    message->value = value;
    if (payload_bytes > 0)
        memcpy(message->payload, payload, payload_bytes);
    int result = cairn_send(system, NULL, to, message);
    if (result < 0)
        free(message);
    return result;
}

int cairn_system_spawn(struct cairn_system *system, const struct cairn_actor_options *options,
                       struct cairn_actor_ref *ref)
{
    return cairn_spawn(system, NULL, options, ref);
}

static bool is_there(const struct cairn_system *system, struct cairn_actor_ref ref)
{
    return cairn_registry_find(&system->registry, ref) != NULL;
}

/* Asleep until the actor's end is told (tell_stop_waiters in dispatch.c). */
static void wait_for_end(struct cairn_system *system, struct cairn_actor_ref ref)
{
    cairn_gate_lock(&system->gate);
    ck_pr_inc_32(&system->stop_waiters);
    ck_pr_fence_memory(); /* pairs with the fence in tell_stop_waiters */
    while (is_there(system, ref))
        cairn_gate_wait(&system->gate);
    ck_pr_dec_32(&system->stop_waiters);
    cairn_gate_unlock(&system->gate);
}

void cairn_system_stop_actor(struct cairn_system *system, struct cairn_actor_ref ref)
{
    if (!system->started)
        return; /* nothing runs; destroy releases it */
    int result = cairn_system_send(system, ref, CAIRN_MESSAGE_STOP, 0, NULL, 0);
    while (result == -ENOMEM) {
        cairn_thread_yield();
        result = cairn_system_send(system, ref, CAIRN_MESSAGE_STOP, 0, NULL, 0);
    }
    if (result < 0)
        return;
    if (system->options.sim == NULL)
        wait_for_end(system, ref);
    while (is_there(system, ref))
        cairn_system_step(system);
}
