#include "actors/system_models.h"

#include <errno.h>
#include <stdlib.h>

#include "actors/ingest/directory.h"

#define MIB (UINT64_C(1) << 20)

/* What shapes a model is in the ledger, or is the same everywhere: a replay needs no settings file. */
#define STATE_SIZE_DEFAULT 2
#define SEQUENCE_TOOLS_MAX 5

static const struct cairn_projection_module *const modules[CAIRN_PROJECTION_COUNT] = {
    [CAIRN_PROJECTION_TRAINING] = &cairn_training_module,
    [CAIRN_PROJECTION_PATTERNS] = &cairn_patterns_module,
    [CAIRN_PROJECTION_RETRIEVAL] = &cairn_retrieval_module,
    [CAIRN_PROJECTION_FACTS] = &cairn_facts_module,
};

static void read_module_options(struct cairn_models *models, const struct cairn_settings *settings)
{
    models->training = (struct cairn_training_options){
        .alias_tables = settings->training.alias_tables,
        .channel_cache_mb = (uint32_t)settings->training.channel_cache_mb,
        .state_size = STATE_SIZE_DEFAULT};
    models->patterns =
        (struct cairn_patterns_options){.support = (uint32_t)settings->patterns.support,
                                        .min_success = settings->patterns.min_success,
                                        .length_max = SEQUENCE_TOOLS_MAX};
    models->retrieval = (struct cairn_retrieval_options){
        .k1 = settings->retrieval.k1, .b = settings->retrieval.b, .language = "english"};
}

static const void *module_options(const struct cairn_models *models, unsigned id)
{
    switch (id) {
    case CAIRN_PROJECTION_TRAINING:
        return &models->training;
    case CAIRN_PROJECTION_PATTERNS:
        return &models->patterns;
    case CAIRN_PROJECTION_RETRIEVAL:
        return &models->retrieval;
    default:
        return NULL;
    }
}

/* Settings shape every model; a forget concerns whatever any of them holds. */
static void read_kinds(struct cairn_shards *shards)
{
    for (unsigned id = 0; id < CAIRN_PROJECTION_COUNT; id++)
        shards->kinds[id] = modules[id]->kinds | UINT64_C(1) << CAIRN_EVENT_SETTINGS |
                            UINT64_C(1) << CAIRN_EVENT_FORGET;
}

static int create_projections(struct cairn_models *models, const struct cairn_settings *settings)
{
    struct cairn_projection_options options = {
        .heap_budget_bytes = settings->memory.projection_mb * MIB,
        .wait_ms = (uint32_t)settings->retrieval.wait_ms,
        .committed_seq = &models->committed_seq,
    };
    for (unsigned id = 0; id < CAIRN_PROJECTION_COUNT; id++) {
        for (uint32_t shard = 0; shard < models->shards.count; shard++) {
            options.module = modules[id];
            options.id = (enum cairn_projection_id)id;
            options.shard = shard;
            options.module_options = module_options(models, id);
            options.watermark = &models->shards.watermarks[id][shard];
            int result = cairn_projection_create(&options, &models->shards.projections[id][shard]);
            if (result < 0)
                return result;
        }
    }
    options = (struct cairn_projection_options){
        .module = &cairn_directory_module,
        .heap_budget_bytes = settings->memory.projection_mb * MIB,
        .watermark = &models->directory_watermark,
    };
    return cairn_projection_create(&options, &models->directory);
}

static int allocate_shards(struct cairn_shards *shards)
{
    for (unsigned id = 0; id < CAIRN_PROJECTION_COUNT; id++) {
        shards->refs[id] = calloc(shards->count, sizeof(*shards->refs[id]));
        shards->projections[id] = calloc(shards->count, sizeof(struct cairn_projection *));
        /* Watermarks stand on cache lines of their own. */
        shards->watermarks[id] = aligned_alloc(_Alignof(struct cairn_watermark),
                                               shards->count * sizeof(struct cairn_watermark));
        if (shards->refs[id] == NULL || shards->projections[id] == NULL ||
            shards->watermarks[id] == NULL)
            return -ENOMEM;
        memset(shards->watermarks[id], 0, shards->count * sizeof(struct cairn_watermark));
    }
    return 0;
}

int cairn_models_init(struct cairn_models *models, const struct cairn_settings *settings)
{
    memset(models, 0, sizeof(*models));
    models->shards.count = cairn_settings_shards(settings);
    read_module_options(models, settings);
    read_kinds(&models->shards);
    int result = allocate_shards(&models->shards);
    if (result == 0)
        result = create_projections(models, settings);
    if (result < 0)
        cairn_models_deinit(models);
    return result;
}

void cairn_models_deinit(struct cairn_models *models)
{
    for (unsigned id = 0; id < CAIRN_PROJECTION_COUNT; id++) {
        for (uint32_t shard = 0;
             models->shards.projections[id] != NULL && shard < models->shards.count; shard++) {
            if (models->shards.projections[id][shard] != NULL)
                cairn_projection_destroy(models->shards.projections[id][shard]);
        }
        free(models->shards.projections[id]);
        free(models->shards.refs[id]);
        free(models->shards.watermarks[id]);
    }
    if (models->directory != NULL)
        cairn_projection_destroy(models->directory);
    memset(models, 0, sizeof(*models));
}

void cairn_models_set_reader(struct cairn_models *models, struct cairn_actor_ref reader)
{
    for (unsigned id = 0; id < CAIRN_PROJECTION_COUNT; id++) {
        for (uint32_t shard = 0; shard < models->shards.count; shard++)
            cairn_projection_set_reader(models->shards.projections[id][shard], reader);
    }
}

/* The two models that every message changes begin on different workers. */
static const uint32_t first_worker[CAIRN_PROJECTION_COUNT] = {
    [CAIRN_PROJECTION_TRAINING] = 1,
    [CAIRN_PROJECTION_PATTERNS] = 1,
    [CAIRN_PROJECTION_RETRIEVAL] = 0,
    [CAIRN_PROJECTION_FACTS] = 0,
};

int cairn_models_spawn(struct cairn_models *models, struct cairn_system *system)
{
    uint32_t workers = cairn_system_worker_count(system);
    for (unsigned id = 0; id < CAIRN_PROJECTION_COUNT; id++) {
        for (uint32_t shard = 0; shard < models->shards.count; shard++) {
            struct cairn_actor_options options = {.name = modules[id]->name,
                                                  .behaviour = cairn_projection_behaviour,
                                                  .state = models->shards.projections[id][shard],
                                                  .worker = (first_worker[id] + shard) % workers,
                                                  .restart = CAIRN_RESTART_TRANSIENT};
            int result = cairn_system_spawn(system, &options, &models->shards.refs[id][shard]);
            if (result < 0)
                return result;
        }
    }
    return 0;
}

void cairn_models_stop(struct cairn_models *models, struct cairn_system *system)
{
    for (unsigned id = 0; id < CAIRN_PROJECTION_COUNT; id++) {
        for (uint32_t shard = 0; shard < models->shards.count; shard++) {
            if (!cairn_actor_ref_is_nobody(models->shards.refs[id][shard]))
                cairn_system_stop_actor(system, models->shards.refs[id][shard]);
        }
    }
}

void cairn_models_digest(const struct cairn_models *models,
                         struct cairn_digest digests[CAIRN_PROJECTION_COUNT])
{
    for (unsigned id = 0; id < CAIRN_PROJECTION_COUNT; id++) {
        digests[id] = (struct cairn_digest){0};
        for (uint32_t shard = 0; shard < models->shards.count; shard++)
            cairn_projection_digest(models->shards.projections[id][shard], &digests[id]);
    }
}

void cairn_models_system_options(const struct cairn_settings *settings,
                                 struct cairn_system_options *options)
{
    *options = (struct cairn_system_options){
        .worker_count = (uint32_t)settings->concurrency.workers,
        .posix_io = !settings->io.uring,
        .work_stealing = settings->concurrency.work_stealing,
        .pin_threads = settings->concurrency.pinning,
        .message_pools = settings->concurrency.message_pools,
        .defer_taskrun = settings->io.defer_taskrun,
        .multishot = settings->io.multishot,
        .spin_us = (uint32_t)settings->concurrency.spin_us,
        .turn_messages = (uint32_t)settings->concurrency.turn_messages,
        .turn_us = (uint32_t)settings->concurrency.turn_us,
        .mailbox_bound = (uint32_t)settings->concurrency.mailbox,
        .restart_max = 5,
        .restart_window_ms = 60000,
        .backoff_min_ms = 10,
        .backoff_max_ms = 30000,
        .receive_buffer_count = (uint32_t)settings->io.receive_buffers,
        .receive_buffer_bytes = (uint32_t)settings->io.receive_buffer_bytes,
    };
}
