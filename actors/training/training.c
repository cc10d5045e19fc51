#include "actors/training/training.h"

#include <errno.h>
#include <stdlib.h>

#include "actors/training/training_internal.h"

#define BYTES_PER_MB (UINT64_C(1) << 20)

static int init(struct cairn_projection_space *space)
{
    const struct cairn_training_options *options = space->options;
    return cairn_corpus_create(&space->heap, options->state_size);
}

static void cache_destroy(void *cache)
{
    struct cairn_training_cache *training = cache;
    if (training == NULL)
        return;
    cairn_draws_destroy(training->draws);
    cairn_channels_destroy(training->channels);
    free(training);
}

static void *cache_create(const void *options)
{
    const struct cairn_training_options *training = options;
    uint64_t bytes_max = training->channel_cache_mb * BYTES_PER_MB;
    struct cairn_training_cache *cache = calloc(1, sizeof(*cache));
    if (cache == NULL)
        return NULL;
    cache->draws = cairn_draws_create(training->alias_tables, bytes_max / 4);
    cache->channels = cairn_channels_create(bytes_max);
    if (cache->draws == NULL || cache->channels == NULL) {
        cache_destroy(cache);
        return NULL;
    }
    return cache;
}

static void drop_chains(struct cairn_projection_space *space)
{
    struct cairn_training_cache *cache = space->cache;
    if (cache == NULL)
        return;
    cairn_draws_clear(cache->draws);
    cairn_channels_clear(cache->channels);
}

static bool is_human(const struct cairn_event *event)
{
    struct cairn_slice role;
    if (cairn_event_field_bool(event, CAIRN_FIELD_BOT, false))
        return false;
    return !cairn_event_field(event, CAIRN_FIELD_ROLE, &role) || cairn_slice_is(role, "user");
}

static int learn_message(struct cairn_projection_space *space, const struct cairn_event *event)
{
    struct cairn_slice text;
    if (!is_human(event) || !cairn_event_field(event, CAIRN_FIELD_TEXT, &text))
        return 0;
    int result = cairn_corpus_add(&space->heap, event->seq, event->channel, text);
    if (result <= 0)
        return result;

    struct cairn_training_cache *cache = space->cache;
    struct cairn_forward_message message;
    cairn_ref forward = cairn_corpus_of(&space->heap)->forward;
    uint32_t last = cairn_forward_end(&space->heap, forward) - 1;
    if (cache != NULL && cairn_forward_at(&space->heap, forward, last, &message))
        cairn_channels_learn(cache->channels, &space->heap, &message);
    return 0;
}

static struct cairn_shape shape_now(const struct cairn_projection_space *space)
{
    const struct cairn_corpus *corpus = cairn_corpus_of(&space->heap);
    return cairn_shape_now(&space->heap, corpus->shape, corpus->state_size_default);
}

/* Give the chain the order that the settings say now. */
static int follow_shape(struct cairn_projection_space *space)
{
    uint32_t state_size = shape_now(space).state_size;
    if (cairn_chain_order(&space->heap, cairn_corpus_of(&space->heap)->chain) == state_size)
        return 0;
    int result = cairn_corpus_set_state_size(&space->heap, state_size);
    if (result == 0)
        drop_chains(space);
    return result;
}

static int apply_settings(struct cairn_projection_space *space, const struct cairn_event *event)
{
    struct cairn_slice settings;
    struct cairn_shape_event told = {.seq = event->seq};
    if (!cairn_event_field(event, CAIRN_FIELD_SETTINGS, &settings) ||
        !cairn_shape_parse(settings, &told))
        return 0;
    cairn_ref shape = cairn_corpus_of(&space->heap)->shape;
    int result = cairn_shape_add(&space->heap, shape, told);
    if (result < 0)
        return result;
    result = follow_shape(space);
    if (result < 0)
        cairn_shape_remove(&space->heap, shape, told.seq, &told);
    return result;
}

static int apply(struct cairn_projection_space *space, const struct cairn_event *event)
{
    if (event->kind == CAIRN_EVENT_SETTINGS)
        return apply_settings(space, event);
    if (event->kind != CAIRN_EVENT_MESSAGE)
        return 0;
    /* Whatever was applied before, in whatever way it comes again, counts once. */
    cairn_ref forward = cairn_corpus_of(&space->heap)->forward;
    if (event->seq <= cairn_forward_last_seq(&space->heap, forward))
        return 0;
    return learn_message(space, event);
}

/* True if `seq` was a message. */
static bool forget_message(struct cairn_projection_space *space, uint64_t seq)
{
    struct cairn_training_cache *cache = space->cache;
    struct cairn_forward_message message;
    cairn_ref forward = cairn_corpus_of(&space->heap)->forward;
    if (!cairn_forward_find(&space->heap, forward, seq, &message))
        return false;
    if (cache != NULL)
        cairn_channels_unlearn(cache->channels, &space->heap, &message);
    cairn_corpus_remove(&space->heap, &message);
    return true;
}

static int forget_settings(struct cairn_projection_space *space, uint64_t seq)
{
    struct cairn_shape_event removed;
    cairn_ref shape = cairn_corpus_of(&space->heap)->shape;
    if (!cairn_shape_remove(&space->heap, shape, seq, &removed))
        return 0;
    int result = follow_shape(space);
    if (result < 0)
        cairn_shape_add(&space->heap, shape, removed);
    return result;
}

static int forget(struct cairn_projection_space *space, const uint64_t *seqs, uint32_t count)
{
    int result = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (forget_message(space, seqs[i]))
            continue;
        int settings_result = forget_settings(space, seqs[i]);
        if (settings_result < 0)
            result = settings_result;
    }
    return result;
}

const struct cairn_projection_module cairn_training_module = {
    .name = "training",
    .schema_version = 2, /* pages find their records without their header */
    .kinds = UINT64_C(1) << CAIRN_EVENT_MESSAGE,
    .stage = CAIRN_STAGE_TRAINING,
    .init = init,
    .cache_create = cache_create,
    .cache_destroy = cache_destroy,
    .apply = apply,
    .forget = forget,
    .answer = cairn_training_answer,
    .digest = cairn_training_digest,
};
