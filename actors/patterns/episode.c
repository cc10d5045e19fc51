#include "actors/patterns/episode.h"

#include <errno.h>

#include "actors/patterns/traits.h"
#include "runtime/base/heap_names.h"

#define ERROR_BYTES_MAX  200
#define REASON_BYTES_MAX 500
#define STEPS_MIN        8u

bool cairn_outcome_parse(struct cairn_slice text, enum cairn_outcome *outcome)
{
    for (enum cairn_outcome each = CAIRN_OUTCOME_SUCCESS; each <= CAIRN_OUTCOME_FAILURE; each++) {
        if (cairn_slice_is(text, cairn_outcome_name(each))) {
            *outcome = each;
            return true;
        }
    }
    return false;
}

const char *cairn_outcome_name(enum cairn_outcome outcome)
{
    switch (outcome) {
    case CAIRN_OUTCOME_SUCCESS:
        return "success";
    case CAIRN_OUTCOME_PARTIAL:
        return "partial";
    case CAIRN_OUTCOME_FAILURE:
        return "failure";
    case CAIRN_OUTCOME_ABSTAINED:
        return "abstained";
    case CAIRN_OUTCOME_OPEN:
        break;
    }
    return "open";
}

/* The first bytes of `text`, whole characters. */
static struct cairn_slice cut(struct cairn_slice text, size_t bytes_max)
{
    if (text.bytes <= bytes_max)
        return text;
    size_t bytes = bytes_max;
    while (bytes > 0 && ((unsigned char)text.data[bytes] & 0xc0) == 0x80)
        bytes--;
    return cairn_slice(text.data, bytes);
}

/* The name of a field of `event`, 0 in *name when it has none. */
static int acquire_field(struct cairn_heap *heap, cairn_ref names, const struct cairn_event *event,
                         enum cairn_field field, size_t bytes_max, uint32_t *name)
{
    struct cairn_slice text;
    uint32_t acquired = 0;
    if (cairn_event_field(event, field, &text) && text.bytes > 0) {
        acquired = cairn_heap_names_acquire(heap, names, cut(text, bytes_max));
        if (acquired == 0)
            return -ENOMEM;
    }
    *name = acquired;
    return 0;
}

static int acquire_domain(struct cairn_heap *heap, cairn_ref names, const struct cairn_event *event,
                          uint32_t *name)
{
    int result = acquire_field(heap, names, event, CAIRN_FIELD_DOMAIN, SIZE_MAX, name);
    if (result == 0 && *name == 0) {
        *name = cairn_heap_names_acquire(heap, names, cairn_slice_of("general"));
        result = *name == 0 ? -ENOMEM : 0;
    }
    return result;
}

static int fill_names(struct cairn_heap *heap, cairn_ref names, const struct cairn_event *event,
                      cairn_ref ref)
{
    uint32_t domain, type, key;
    int result = acquire_domain(heap, names, event, &domain);
    if (result < 0)
        return result;
    cairn_episode_at(heap, ref)->domain = domain;
    result = acquire_field(heap, names, event, CAIRN_FIELD_TYPE, SIZE_MAX, &type);
    if (result < 0)
        return result;
    cairn_episode_at(heap, ref)->type = type;
    result = acquire_field(heap, names, event, CAIRN_FIELD_KEY, SIZE_MAX, &key);
    if (result < 0)
        return result;
    cairn_episode_at(heap, ref)->key = key;
    return 0;
}

static int fill_tags(struct cairn_heap *heap, cairn_ref names, const struct cairn_traits *traits,
                     cairn_ref ref)
{
    if (traits->tag_count == 0)
        return 0;
    cairn_ref tags = cairn_heap_alloc(heap, traits->tag_count * sizeof(uint32_t));
    if (tags == 0)
        return -ENOMEM;
    cairn_episode_at(heap, ref)->tags = tags;
    cairn_episode_at(heap, ref)->tag_count = traits->tag_count;
    for (uint32_t i = 0; i < traits->tag_count; i++) {
        uint32_t name = cairn_heap_names_acquire(heap, names, traits->tags[i]);
        if (name == 0)
            return -ENOMEM;
        ((uint32_t *)cairn_heap_at(heap, tags))[i] = name;
    }
    return 0;
}

static int fill(struct cairn_heap *heap, cairn_ref names, const struct cairn_event *event,
                cairn_ref ref)
{
    struct cairn_traits traits;
    int result = cairn_traits_init(&traits, event);
    if (result < 0)
        return result;
    struct cairn_episode *episode = cairn_episode_at(heap, ref);
    episode->complexity = (uint8_t)traits.complexity;
    episode->coverage = traits.coverage;
    episode->is_lint_free = traits.is_lint_free;
    result = fill_tags(heap, names, &traits, ref);
    cairn_traits_deinit(&traits);
    return result < 0 ? result : fill_names(heap, names, event, ref);
}

int cairn_episode_create(struct cairn_heap *heap, cairn_ref names, const struct cairn_event *event,
                         cairn_ref *episode)
{
    struct cairn_slice id;
    if (!cairn_event_field(event, CAIRN_FIELD_EPISODE, &id) || id.bytes != CAIRN_UUID_BYTES)
        return -EINVAL;
    cairn_ref ref = cairn_heap_alloc(heap, sizeof(struct cairn_episode));
    if (ref == 0)
        return -ENOMEM;
    struct cairn_episode *created = cairn_episode_at(heap, ref);
    memcpy(created->id, id.data, CAIRN_UUID_BYTES);
    created->seq = event->seq;
    created->started_ms = event->ts_ms;

    int result = fill(heap, names, event, ref);
    if (result < 0) {
        cairn_episode_destroy(heap, names, ref);
        return result;
    }
    *episode = ref;
    return 0;
}

void cairn_episode_destroy(struct cairn_heap *heap, cairn_ref names, cairn_ref ref)
{
    struct cairn_episode *episode = cairn_episode_at(heap, ref);
    const struct cairn_episode_step *steps = cairn_episode_steps(heap, episode);
    for (uint32_t i = 0; i < episode->step_count; i++) {
        cairn_heap_names_release(heap, names, steps[i].tool);
        cairn_heap_names_release(heap, names, steps[i].error);
    }
    for (uint32_t i = 0; i < episode->tag_count; i++)
        cairn_heap_names_release(heap, names, ((uint32_t *)cairn_heap_at(heap, episode->tags))[i]);
    cairn_heap_names_release(heap, names, episode->domain);
    cairn_heap_names_release(heap, names, episode->type);
    cairn_heap_names_release(heap, names, episode->key);
    cairn_heap_names_release(heap, names, episode->reason);
    cairn_heap_free(heap, episode->tags, episode->tag_count * sizeof(uint32_t));
    cairn_heap_free(heap, episode->steps,
                    episode->step_capacity * sizeof(struct cairn_episode_step));
    memset(episode, 0, sizeof(*episode));
    cairn_heap_free(heap, ref, sizeof(*episode));
}

/* ---- steps ---- */

static int ensure_step(struct cairn_heap *heap, cairn_ref ref)
{
    const struct cairn_episode *episode = cairn_episode_at(heap, ref);
    uint64_t capacity = episode->step_capacity;
    if (episode->step_count < capacity)
        return 0;
    uint64_t wanted = capacity == 0 ? STEPS_MIN : capacity * 2;
    if (wanted > UINT32_MAX)
        return -ENOMEM;
    cairn_ref steps =
        cairn_heap_grow(heap, episode->steps, capacity * sizeof(struct cairn_episode_step),
                        wanted * sizeof(struct cairn_episode_step));
    if (steps == 0)
        return -ENOMEM;
    cairn_episode_at(heap, ref)->steps = steps;
    cairn_episode_at(heap, ref)->step_capacity = (uint32_t)wanted;
    return 0;
}

static uint32_t latency_of(const struct cairn_event *event)
{
    int64_t latency_ms;
    if (!cairn_event_field_i64(event, CAIRN_FIELD_LATENCY_MS, &latency_ms) || latency_ms < 0)
        return 0;
    return latency_ms > UINT32_MAX ? UINT32_MAX : (uint32_t)latency_ms;
}

static bool takes_step(const struct cairn_heap *heap, const struct cairn_episode *episode,
                       uint64_t seq)
{
    if (episode->outcome != CAIRN_OUTCOME_OPEN || seq <= episode->seq)
        return false;
    return episode->step_count == 0 ||
           cairn_episode_steps(heap, episode)[episode->step_count - 1].seq < seq;
}

int cairn_episode_add_step(struct cairn_heap *heap, cairn_ref names, cairn_ref ref,
                           const struct cairn_event *event)
{
    struct cairn_slice tool;
    if (!takes_step(heap, cairn_episode_at(heap, ref), event->seq) ||
        !cairn_event_field(event, CAIRN_FIELD_TOOL, &tool) || tool.bytes == 0)
        return -EINVAL;
    struct cairn_episode_step step = {.seq = event->seq,
                                      .ts_ms = event->ts_ms,
                                      .latency_ms = latency_of(event),
                                      .is_ok =
                                          cairn_event_field_bool(event, CAIRN_FIELD_OK, false)};
    int result = ensure_step(heap, ref);
    if (result < 0)
        return result;
    step.tool = cairn_heap_names_acquire(heap, names, tool);
    if (step.tool == 0)
        return -ENOMEM;
    result = acquire_field(heap, names, event, CAIRN_FIELD_ERROR, ERROR_BYTES_MAX, &step.error);
    if (result < 0) {
        cairn_heap_names_release(heap, names, step.tool);
        return result;
    }
    struct cairn_episode *episode = cairn_episode_at(heap, ref);
    cairn_episode_steps(heap, episode)[episode->step_count++] = step;
    return 0;
}

int cairn_episode_remove_step(struct cairn_heap *heap, cairn_ref names, cairn_ref ref, uint64_t seq)
{
    struct cairn_episode *episode = cairn_episode_at(heap, ref);
    struct cairn_episode_step *steps = cairn_episode_steps(heap, episode);
    uint32_t low = 0, high = episode->step_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (steps[middle].seq < seq)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == episode->step_count || steps[low].seq != seq)
        return -ENOENT;
    cairn_heap_names_release(heap, names, steps[low].tool);
    cairn_heap_names_release(heap, names, steps[low].error);
    episode->step_count--;
    memmove(&steps[low], &steps[low + 1], (episode->step_count - low) * sizeof(*steps));
    memset(&steps[episode->step_count], 0, sizeof(*steps));
    return 0;
}

/* ---- completion ---- */

int cairn_episode_complete(struct cairn_heap *heap, cairn_ref names, cairn_ref ref,
                           const struct cairn_event *event)
{
    struct cairn_slice text;
    enum cairn_outcome outcome;
    if (cairn_episode_at(heap, ref)->outcome != CAIRN_OUTCOME_OPEN ||
        !cairn_event_field(event, CAIRN_FIELD_OUTCOME, &text) ||
        !cairn_outcome_parse(text, &outcome))
        return -EINVAL;
    struct cairn_artifact_traits artifacts;
    uint32_t reason;
    int result = cairn_artifact_traits_of(event, &artifacts);
    if (result == 0)
        result = acquire_field(heap, names, event, CAIRN_FIELD_REASON, REASON_BYTES_MAX, &reason);
    if (result < 0)
        return result;

    struct cairn_episode *episode = cairn_episode_at(heap, ref);
    episode->outcome = (uint8_t)outcome;
    episode->completion_seq = event->seq;
    episode->completed_ms = event->ts_ms;
    episode->reason = reason;
    episode->artifacts = artifacts.count;
    episode->has_test_artifact = artifacts.has_test;
    return 0;
}

void cairn_episode_reopen(struct cairn_heap *heap, cairn_ref names, cairn_ref ref)
{
    struct cairn_episode *episode = cairn_episode_at(heap, ref);
    cairn_heap_names_release(heap, names, episode->reason);
    episode->outcome = CAIRN_OUTCOME_OPEN;
    episode->completion_seq = 0;
    episode->completed_ms = 0;
    episode->reason = 0;
    episode->artifacts = 0;
    episode->has_test_artifact = 0;
}
