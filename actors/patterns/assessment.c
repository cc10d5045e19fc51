#include "actors/patterns/assessment.h"

#include <errno.h>
#include <stdlib.h>

#include "runtime/base/heap_names.h"

/* More different tools than this are worth no more. */
#define TOOLS_THAT_COUNT 5u

/* 0 for a span that is negative or too long for its type: clients' clocks are input. */
static double span_ms(int64_t from_ms, int64_t to_ms)
{
    int64_t span;
    return __builtin_sub_overflow(to_ms, from_ms, &span) || span < 0 ? 0 : (double)span;
}

static double longer(double a, double b)
{
    return a > b ? a : b;
}

double cairn_assessment_duration(const struct cairn_heap *heap, cairn_ref ref)
{
    const struct cairn_episode *episode = cairn_episode_at(heap, ref);
    const struct cairn_episode_step *steps = cairn_episode_steps(heap, episode);
    double latencies_ms = 0;
    double duration_ms = 0;
    for (uint32_t i = 0; i < episode->step_count; i++)
        latencies_ms += steps[i].latency_ms;
    if (episode->outcome != CAIRN_OUTCOME_OPEN)
        duration_ms = span_ms(episode->started_ms, episode->completed_ms);
    if (episode->step_count > 0)
        duration_ms =
            longer(duration_ms, span_ms(steps[0].ts_ms, steps[episode->step_count - 1].ts_ms));
    return longer(duration_ms, latencies_ms) / 1000;
}

static uint32_t count_tools(const struct cairn_episode_step *steps, uint32_t step_count)
{
    uint32_t tools[TOOLS_THAT_COUNT];
    uint32_t count = 0;
    for (uint32_t i = 0; i < step_count && count < TOOLS_THAT_COUNT; i++) {
        uint32_t known = 0;
        while (known < count && tools[known] != steps[i].tool)
            known++;
        if (known == count)
            tools[count++] = steps[i].tool;
    }
    return count;
}

struct cairn_reward cairn_assessment_reward(const struct cairn_heap *heap, cairn_ref ref)
{
    const struct cairn_episode *episode = cairn_episode_at(heap, ref);
    const struct cairn_episode_step *steps = cairn_episode_steps(heap, episode);
    struct cairn_reward_input input = {
        .outcome = (enum cairn_outcome)episode->outcome,
        .complexity = (enum cairn_complexity)episode->complexity,
        .steps = episode->step_count,
        .tools = count_tools(steps, episode->step_count),
        .artifacts = episode->artifacts,
        .has_test_artifact = episode->has_test_artifact,
        .is_lint_free = episode->is_lint_free,
        .coverage = episode->coverage,
        .duration_s = cairn_assessment_duration(heap, ref),
    };
    for (uint32_t i = 0; i < episode->step_count; i++) {
        input.steps_ok += steps[i].is_ok;
        input.has_recovery |= i > 0 && steps[i].is_ok && !steps[i - 1].is_ok;
    }
    return cairn_reward_of(&input);
}

int cairn_assessment_reflect(const struct cairn_heap *heap, cairn_ref ref,
                             struct cairn_reflection *reflection)
{
    const struct cairn_episode *episode = cairn_episode_at(heap, ref);
    const struct cairn_episode_step *steps = cairn_episode_steps(heap, episode);
    cairn_ref names = cairn_patterns_model_of(heap)->names;
    struct cairn_reflection_step *told =
        malloc((episode->step_count + UINT64_C(1)) * sizeof(*told));
    if (told == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < episode->step_count; i++)
        told[i] = (struct cairn_reflection_step){
            .tool = cairn_heap_names_text(heap, names, steps[i].tool),
            .error = cairn_heap_names_text(heap, names, steps[i].error),
            .latency_ms = steps[i].latency_ms,
            .is_ok = steps[i].is_ok,
        };
    struct cairn_reflection_input input = {
        .outcome = (enum cairn_outcome)episode->outcome,
        .complexity = (enum cairn_complexity)episode->complexity,
        .type = cairn_heap_names_text(heap, names, episode->type),
        .domain = cairn_heap_names_text(heap, names, episode->domain),
        .reason = cairn_heap_names_text(heap, names, episode->reason),
        .artifacts = episode->artifacts,
        .duration_s = cairn_assessment_duration(heap, ref),
        .steps = told,
        .step_count = episode->step_count,
    };
    int result = cairn_reflection_init(reflection, &input);
    free(told);
    return result;
}
