#include "actors/patterns/model.h"

#include <errno.h>
#include <stdlib.h>

#include "runtime/base/hash.h"
#include "runtime/base/heap_names.h"
#include "runtime/base/heap_table.h"

#define PLACES_MIN 4u

int cairn_patterns_model_init(struct cairn_heap *heap, uint32_t length_max, uint32_t support)
{
    cairn_ref root = cairn_heap_alloc(heap, sizeof(struct cairn_patterns_model));
    cairn_ref names = root == 0 ? 0 : cairn_heap_names_create(heap);
    cairn_ref records = names == 0 ? 0 : cairn_heap_table_create(heap);
    cairn_ref episodes = records == 0 ? 0 : cairn_heap_table_create(heap);
    cairn_ref feedback = episodes == 0 ? 0 : cairn_feedback_create(heap);
    cairn_ref sequences =
        feedback == 0 ? 0 : cairn_sequences_create(heap, names, length_max, support);
    if (sequences == 0)
        return -ENOMEM;
    cairn_heap_set_root(heap, root);
    *cairn_patterns_model_of(heap) = (struct cairn_patterns_model){.names = names,
                                                                   .records = records,
                                                                   .episodes = episodes,
                                                                   .sequences = sequences,
                                                                   .feedback = feedback};
    return 0;
}

/* ---- finding ---- */

static uint64_t key_of(const uint8_t id[CAIRN_UUID_BYTES])
{
    return cairn_hash64(id, CAIRN_UUID_BYTES);
}

cairn_ref cairn_patterns_model_find(const struct cairn_heap *heap,
                                    const uint8_t id[CAIRN_UUID_BYTES])
{
    cairn_ref table = cairn_patterns_model_of(heap)->episodes;
    uint32_t cursor = 0;
    cairn_ref found;
    while ((found = cairn_heap_table_find(heap, table, key_of(id), &cursor)) != 0) {
        if (memcmp(cairn_episode_at(heap, found)->id, id, CAIRN_UUID_BYTES) == 0)
            break;
    }
    return found;
}

static cairn_ref find_of_event(const struct cairn_heap *heap, const struct cairn_event *event)
{
    struct cairn_slice id;
    if (!cairn_event_field(event, CAIRN_FIELD_EPISODE, &id) || id.bytes != CAIRN_UUID_BYTES)
        return 0;
    return cairn_patterns_model_find(heap, (const uint8_t *)id.data);
}

const struct cairn_episode_place *cairn_patterns_model_place(const struct cairn_heap *heap,
                                                             uint32_t index)
{
    const struct cairn_patterns_model *model = cairn_patterns_model_of(heap);
    cairn_assert(index < model->place_count);
    const struct cairn_episode_place *places = cairn_heap_at(heap, model->places);
    return &places[index];
}

uint32_t cairn_patterns_model_count_before(const struct cairn_heap *heap, uint64_t seq)
{
    uint32_t low = 0, high = cairn_patterns_model_of(heap)->place_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (cairn_patterns_model_place(heap, middle)->seq < seq)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* ---- places: almost always at the end ---- */

static int ensure_place(struct cairn_heap *heap)
{
    const struct cairn_patterns_model *model = cairn_patterns_model_of(heap);
    uint64_t capacity = model->place_capacity;
    if (model->place_count < capacity)
        return 0;
    uint64_t wanted = capacity == 0 ? PLACES_MIN : capacity * 2;
    if (wanted > UINT32_MAX)
        return -ENOMEM;
    cairn_ref places =
        cairn_heap_grow(heap, model->places, capacity * sizeof(struct cairn_episode_place),
                        wanted * sizeof(struct cairn_episode_place));
    if (places == 0)
        return -ENOMEM;
    cairn_patterns_model_of(heap)->places = places;
    cairn_patterns_model_of(heap)->place_capacity = (uint32_t)wanted;
    return 0;
}

static void add_place(struct cairn_heap *heap, uint64_t seq, cairn_ref episode)
{
    struct cairn_patterns_model *model = cairn_patterns_model_of(heap);
    struct cairn_episode_place *places = cairn_heap_at(heap, model->places);
    uint32_t index = cairn_patterns_model_count_before(heap, seq);
    memmove(&places[index + 1], &places[index], (model->place_count - index) * sizeof(*places));
    places[index] = (struct cairn_episode_place){.seq = seq, .episode = episode};
    model->place_count++;
}

static void remove_place(struct cairn_heap *heap, uint64_t seq)
{
    struct cairn_patterns_model *model = cairn_patterns_model_of(heap);
    struct cairn_episode_place *places = cairn_heap_at(heap, model->places);
    uint32_t index = cairn_patterns_model_count_before(heap, seq);
    cairn_assert(index < model->place_count && places[index].seq == seq);
    model->place_count--;
    memmove(&places[index], &places[index + 1], (model->place_count - index) * sizeof(*places));
}

/* ---- counting an episode's tools ---- */

static uint32_t success_halves_of(const struct cairn_episode *episode)
{
    if (episode->outcome == CAIRN_OUTCOME_SUCCESS)
        return 2;
    return episode->outcome == CAIRN_OUTCOME_PARTIAL ? 1 : 0;
}

int cairn_patterns_model_source(const struct cairn_heap *heap, cairn_ref ref,
                                struct cairn_sequence_source *source,
                                struct cairn_sequence_tool **tools)
{
    const struct cairn_episode *episode = cairn_episode_at(heap, ref);
    const struct cairn_episode_step *steps = cairn_episode_steps(heap, episode);
    cairn_ref names = cairn_patterns_model_of(heap)->names;
    struct cairn_sequence_tool *list = malloc((episode->step_count + UINT64_C(1)) * sizeof(*list));
    if (list == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < episode->step_count; i++)
        list[i] = (struct cairn_sequence_tool){
            .hash = cairn_heap_names_hash(heap, names, steps[i].tool), .name = steps[i].tool};
    *tools = list;
    *source = (struct cairn_sequence_source){
        .domain = episode->domain,
        .domain_hash = cairn_heap_names_hash(heap, names, episode->domain),
        .tools = list,
        .tool_count = episode->step_count,
        .success_halves = success_halves_of(episode),
    };
    return 0;
}

static int count_tools(struct cairn_heap *heap, cairn_ref ref)
{
    struct cairn_sequence_source source;
    struct cairn_sequence_tool *tools;
    int result = cairn_patterns_model_source(heap, ref, &source, &tools);
    if (result < 0)
        return result;
    result = cairn_sequences_train(heap, cairn_patterns_model_of(heap)->sequences, &source);
    free(tools);
    if (result == 0)
        cairn_episode_at(heap, ref)->is_counted = 1;
    return result;
}

/* Nothing to do for an open episode. */
static int uncount_tools(struct cairn_heap *heap, cairn_ref ref)
{
    struct cairn_sequence_source source;
    struct cairn_sequence_tool *tools;
    if (!cairn_episode_at(heap, ref)->is_counted)
        return 0;
    int result = cairn_patterns_model_source(heap, ref, &source, &tools);
    if (result < 0)
        return result;
    cairn_sequences_untrain(heap, cairn_patterns_model_of(heap)->sequences, &source);
    free(tools);
    cairn_episode_at(heap, ref)->is_counted = 0;
    return 0;
}

/* ---- applying ---- */

static void add_record(struct cairn_heap *heap, uint64_t seq, cairn_ref record)
{
    int result = cairn_heap_table_add(heap, cairn_patterns_model_of(heap)->records, seq, record);
    cairn_assert(result == 0); /* room was reserved before the event was applied */
}

static int apply_episode(struct cairn_heap *heap, const struct cairn_event *event)
{
    if (find_of_event(heap, event) != 0)
        return -EINVAL;
    int result = cairn_heap_table_reserve(heap, cairn_patterns_model_of(heap)->episodes, 1);
    if (result == 0)
        result = ensure_place(heap);
    cairn_ref created = 0;
    if (result == 0)
        result = cairn_episode_create(heap, cairn_patterns_model_of(heap)->names, event, &created);
    if (result < 0)
        return result;

    struct cairn_episode *episode = cairn_episode_at(heap, created);
    episode->record = CAIRN_RECORD_EPISODE;
    cairn_heap_table_add(heap, cairn_patterns_model_of(heap)->episodes, key_of(episode->id),
                         created);
    add_place(heap, event->seq, created);
    add_record(heap, event->seq, created);
    return 0;
}

static int apply_step(struct cairn_heap *heap, const struct cairn_event *event)
{
    cairn_ref ref = find_of_event(heap, event);
    if (ref == 0)
        return -EINVAL;
    int result = cairn_episode_add_step(heap, cairn_patterns_model_of(heap)->names, ref, event);
    if (result == 0)
        add_record(heap, event->seq, ref);
    return result;
}

static int apply_completion(struct cairn_heap *heap, const struct cairn_event *event)
{
    cairn_ref names = cairn_patterns_model_of(heap)->names;
    cairn_ref ref = find_of_event(heap, event);
    if (ref == 0)
        return -EINVAL;
    int result = cairn_episode_complete(heap, names, ref, event);
    if (result < 0)
        return result;
    result = count_tools(heap, ref);
    if (result < 0)
        cairn_episode_reopen(heap, names, ref);
    else
        add_record(heap, event->seq, ref);
    return result;
}

static int apply_feedback(struct cairn_heap *heap, const struct cairn_event *event)
{
    cairn_ref vote;
    int result = cairn_feedback_add(heap, cairn_patterns_model_of(heap)->feedback, event, &vote);
    if (result < 0)
        return result;
    ((struct cairn_vote *)cairn_heap_at(heap, vote))->record = CAIRN_RECORD_VOTE;
    add_record(heap, event->seq, vote);
    return 0;
}

static int apply(struct cairn_heap *heap, const struct cairn_event *event)
{
    switch (event->kind) {
    case CAIRN_EVENT_EPISODE:
        return apply_episode(heap, event);
    case CAIRN_EVENT_STEP:
        return apply_step(heap, event);
    case CAIRN_EVENT_COMPLETION:
        return apply_completion(heap, event);
    case CAIRN_EVENT_FEEDBACK:
        return apply_feedback(heap, event);
    default:
        return -EINVAL;
    }
}

static bool is_ours(uint8_t kind)
{
    return kind == CAIRN_EVENT_EPISODE || kind == CAIRN_EVENT_STEP ||
           kind == CAIRN_EVENT_COMPLETION || kind == CAIRN_EVENT_FEEDBACK;
}

int cairn_patterns_model_apply(struct cairn_heap *heap, const struct cairn_event *event)
{
    cairn_ref records = cairn_patterns_model_of(heap)->records;
    if (!is_ours(event->kind) || cairn_heap_table_get(heap, records, event->seq) != 0)
        return 0;
    int result = cairn_heap_table_reserve(heap, records, 1);
    if (result == 0)
        result = apply(heap, event);
    return result == -EINVAL ? 0 : result;
}

/* ---- forgetting ---- */

static void remove_record(struct cairn_heap *heap, uint64_t seq, cairn_ref record)
{
    bool was_there =
        cairn_heap_table_remove(heap, cairn_patterns_model_of(heap)->records, seq, record);
    cairn_assert(was_there);
}

static void forget_episode(struct cairn_heap *heap, cairn_ref ref)
{
    const struct cairn_patterns_model *model = cairn_patterns_model_of(heap);
    const struct cairn_episode *episode = cairn_episode_at(heap, ref);
    const struct cairn_episode_step *steps = cairn_episode_steps(heap, episode);
    remove_record(heap, episode->seq, ref);
    for (uint32_t i = 0; i < episode->step_count; i++)
        remove_record(heap, steps[i].seq, ref);
    if (episode->completion_seq != 0)
        remove_record(heap, episode->completion_seq, ref);
    remove_place(heap, episode->seq);
    cairn_heap_table_remove(heap, model->episodes, key_of(episode->id), ref);
    cairn_episode_destroy(heap, model->names, ref);
}

static int forget_step(struct cairn_heap *heap, cairn_ref ref, uint64_t seq)
{
    int result = cairn_episode_remove_step(heap, cairn_patterns_model_of(heap)->names, ref, seq);
    cairn_assert(result == 0);
    remove_record(heap, seq, ref);
    if (cairn_episode_at(heap, ref)->outcome == CAIRN_OUTCOME_OPEN)
        return 0;
    return count_tools(heap, ref);
}

static int forget_of_episode(struct cairn_heap *heap, cairn_ref ref, uint64_t seq)
{
    int result = uncount_tools(heap, ref);
    if (result < 0)
        return result;
    if (cairn_episode_at(heap, ref)->seq == seq) {
        forget_episode(heap, ref);
        return 0;
    }
    if (cairn_episode_at(heap, ref)->completion_seq == seq) {
        remove_record(heap, seq, ref);
        cairn_episode_reopen(heap, cairn_patterns_model_of(heap)->names, ref);
        return 0;
    }
    return forget_step(heap, ref, seq);
}

int cairn_patterns_model_forget(struct cairn_heap *heap, uint64_t seq)
{
    cairn_ref record = cairn_heap_table_get(heap, cairn_patterns_model_of(heap)->records, seq);
    if (record == 0)
        return 0;
    if (*(const uint32_t *)cairn_heap_at(heap, record) == CAIRN_RECORD_EPISODE)
        return forget_of_episode(heap, record, seq);
    remove_record(heap, seq, record);
    cairn_feedback_remove(heap, cairn_patterns_model_of(heap)->feedback, record);
    return 0;
}
