#include "actors/patterns/digest.h"

#include "actors/patterns/model.h"
#include "runtime/base/heap_names.h"

/* One item at a time, written to `bytes` and hashed. */
struct sum {
    const struct cairn_heap *heap;
    const struct cairn_patterns_model *model;
    struct cairn_slice space;
    struct cairn_digest *digest;
    struct cairn_buffer bytes;
};

static void put_u64(struct sum *sum, uint64_t value)
{
    char bytes[8];
    cairn_store_u64(bytes, value);
    cairn_buffer_append(&sum->bytes, bytes, sizeof(bytes));
}

static void put_slice(struct sum *sum, struct cairn_slice text)
{
    put_u64(sum, text.bytes);
    cairn_buffer_append_slice(&sum->bytes, text);
}

static void put_name(struct sum *sum, uint32_t name)
{
    put_slice(sum, cairn_heap_names_text(sum->heap, sum->model->names, name));
}

static void begin(struct sum *sum, const char *item)
{
    cairn_buffer_clear(&sum->bytes);
    put_slice(sum, sum->space);
    put_slice(sum, cairn_slice_of(item));
}

static void end(struct sum *sum)
{
    cairn_assert(!sum->bytes.failed);
    cairn_digest_add(sum->digest, cairn_digest_item(sum->bytes.data, sum->bytes.bytes, 0));
}

static void add_step(struct sum *sum, const struct cairn_episode *episode,
                     const struct cairn_episode_step *step)
{
    begin(sum, "step");
    put_slice(sum, cairn_slice(episode->id, sizeof(episode->id)));
    put_u64(sum, step->seq);
    put_u64(sum, (uint64_t)step->ts_ms);
    put_name(sum, step->tool);
    put_name(sum, step->error);
    put_u64(sum, step->latency_ms);
    put_u64(sum, step->is_ok);
    end(sum);
}

static void put_head(struct sum *sum, const struct cairn_episode *episode)
{
    uint32_t tag_count = episode->tag_count;
    const uint32_t *tags = tag_count == 0 ? NULL : cairn_heap_at(sum->heap, episode->tags);
    put_slice(sum, cairn_slice(episode->id, sizeof(episode->id)));
    put_u64(sum, episode->seq);
    put_u64(sum, (uint64_t)episode->started_ms);
    put_name(sum, episode->domain);
    put_name(sum, episode->type);
    put_name(sum, episode->key);
    put_u64(sum, tag_count);
    for (uint32_t i = 0; i < tag_count; i++)
        put_name(sum, tags[i]);
    put_u64(sum, episode->complexity);
    put_u64(sum, episode->is_lint_free);
    cairn_buffer_append(&sum->bytes, &episode->coverage, sizeof(episode->coverage));
}

static void add_episode(struct sum *sum, const struct cairn_episode *episode)
{
    const struct cairn_episode_step *steps = cairn_episode_steps(sum->heap, episode);
    begin(sum, "episode");
    put_head(sum, episode);
    put_slice(sum, cairn_slice_of(cairn_outcome_name((enum cairn_outcome)episode->outcome)));
    put_u64(sum, episode->completion_seq);
    put_u64(sum, (uint64_t)episode->completed_ms);
    put_name(sum, episode->reason);
    put_u64(sum, episode->artifacts);
    put_u64(sum, episode->has_test_artifact);
    put_u64(sum, episode->step_count);
    end(sum);
    for (uint32_t i = 0; i < episode->step_count; i++)
        add_step(sum, episode, &steps[i]);
}

static void add_sequence(struct sum *sum, const struct cairn_sequence *sequence)
{
    begin(sum, "tool_sequence");
    put_name(sum, sequence->domain);
    put_u64(sum, sequence->length);
    for (uint32_t i = 0; i < sequence->length; i++)
        put_name(sum, sequence->tools[i]);
    put_u64(sum, sequence->support);
    put_u64(sum, sequence->success_halves);
    end(sum);
}

static void add_feedback(struct sum *sum, const struct cairn_feedback *feedback)
{
    char id[CAIRN_PATTERN_ID_TEXT_BYTES];
    cairn_pattern_id_format(feedback->pattern, id);
    begin(sum, "feedback");
    put_slice(sum, cairn_slice(id, sizeof(id)));
    put_u64(sum, feedback->helped);
    put_u64(sum, feedback->not_helped);
    end(sum);
}

void cairn_patterns_digest(const struct cairn_heap *heap, struct cairn_slice space,
                           struct cairn_digest *digest)
{
    struct sum sum = {
        .heap = heap, .model = cairn_patterns_model_of(heap), .space = space, .digest = digest};
    for (uint32_t i = 0; i < sum.model->place_count; i++)
        add_episode(&sum, cairn_episode_at(heap, cairn_patterns_model_place(heap, i)->episode));
    uint32_t cursor = 0;
    cairn_ref at;
    while ((at = cairn_sequences_next(heap, sum.model->sequences, &cursor)) != 0)
        add_sequence(&sum, cairn_sequence_at(heap, at));
    cursor = 0;
    while ((at = cairn_feedback_next(heap, sum.model->feedback, &cursor)) != 0)
        add_feedback(&sum, cairn_heap_at(heap, at));
    cairn_buffer_deinit(&sum.bytes);
}
