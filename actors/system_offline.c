/* `cairn replay`: every projection rebuilt from a ledger that is only read. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "actors/ingest/feeder.h"
#include "actors/system_models.h"

#define LAG_EVENTS_MAX 50000
#define PROGRESS_NS    (UINT64_C(100) * 1000000)

struct offline {
    const struct cairn_offline_options *options;
    struct cairn_models models;
    struct cairn_system *system;
    struct cairn_feeder *feeder;
    struct cairn_actor_ref feeder_ref;
    char ledger_directory[4096];
    _Atomic uint64_t fed_seq;
    _Atomic int is_done;
    int result;
    uint64_t last_seq;
    uint64_t events;
};

/* On the feeder's worker. */
static void on_done(void *context, int result, uint64_t last_seq, uint64_t events)
{
    struct offline *offline = context;
    offline->result = result;
    offline->last_seq = last_seq;
    offline->events = events;
    /* release: pairs with the waiting thread's acquire; publishes the three above */
    atomic_store_explicit(&offline->is_done, 1, memory_order_release);
    cairn_io_wake(offline->options->io, NULL);
}

static int spawn_feeder(struct offline *offline)
{
    struct cairn_feeder_options feeder = {.directory = offline->ledger_directory,
                                          .directory_model = offline->models.directory,
                                          .shards = &offline->models.shards,
                                          .from_seq = offline->options->from_seq,
                                          .to_seq = offline->options->to_seq,
                                          .lag_events_max = LAG_EVENTS_MAX,
                                          .fed_seq = &offline->fed_seq,
                                          .done = on_done,
                                          .context = offline};
    int result = cairn_feeder_create(&feeder, &offline->feeder);
    if (result < 0)
        return result;
    struct cairn_actor_options actor = {.name = "feeder",
                                        .behaviour = cairn_feeder_behaviour,
                                        .state = offline->feeder,
                                        .flags = CAIRN_ACTOR_PINNED,
                                        .worker = 0};
    return cairn_system_spawn(offline->system, &actor, &offline->feeder_ref);
}

static void wait_until_done(struct offline *offline)
{
    const struct cairn_offline_options *options = offline->options;
    while (atomic_load_explicit(&offline->is_done, memory_order_acquire) == 0) {
        cairn_io_poll(options->io, PROGRESS_NS);
        if (options->progress != NULL)
            options->progress(options->context,
                              atomic_load_explicit(&offline->fed_seq, memory_order_relaxed), 0);
    }
}

static int run(struct offline *offline)
{
    struct cairn_system_options system;
    cairn_models_system_options(offline->options->settings, &system);
    system.receive_buffer_count = 0;
    int result = cairn_system_create(&system, &offline->system);
    if (result < 0)
        return result;
    result = cairn_models_spawn(&offline->models, offline->system);
    if (result == 0)
        result = cairn_system_start(offline->system);
    if (result == 0) {
        result = spawn_feeder(offline);
        if (result == 0) {
            wait_until_done(offline);
            result = offline->result;
            cairn_system_stop_actor(offline->system, offline->feeder_ref);
        }
        cairn_models_stop(&offline->models, offline->system);
        cairn_system_stop(offline->system);
    }
    cairn_system_destroy(offline->system);
    if (offline->feeder != NULL)
        cairn_feeder_destroy(offline->feeder);
    return result;
}

int cairn_offline_replay(const struct cairn_offline_options *options,
                         struct cairn_offline_result *result)
{
    struct offline offline = {.options = options};
    snprintf(offline.ledger_directory, sizeof(offline.ledger_directory), "%s/ledger/0",
             options->data_directory);
    int status = cairn_models_init(&offline.models, options->settings);
    if (status < 0)
        return status;
    uint64_t from_ns = cairn_io_monotonic_ns(options->io);
    status = run(&offline);
    if (status == 0) {
        *result = (struct cairn_offline_result){.seq = offline.last_seq,
                                                .events = offline.events,
                                                .elapsed_ns =
                                                    cairn_io_monotonic_ns(options->io) - from_ns};
        cairn_models_digest(&offline.models, result->digests);
    }
    cairn_models_deinit(&offline.models);
    return status;
}
