#include "actors/patterns/patterns.h"

#include "actors/patterns/answers.h"
#include "actors/patterns/digest.h"
#include "actors/patterns/model.h"

static int init(struct cairn_projection_space *space)
{
    const struct cairn_patterns_options *options = cairn_patterns_options_of(space);
    return cairn_patterns_model_init(&space->heap, options->length_max, options->support);
}

static int apply(struct cairn_projection_space *space, const struct cairn_event *event)
{
    return cairn_patterns_model_apply(&space->heap, event);
}

/* The first error stays, the rest is forgotten all the same. */
static int forget(struct cairn_projection_space *space, const uint64_t *seqs, uint32_t count)
{
    int first = 0;
    for (uint32_t i = 0; i < count; i++) {
        int result = cairn_patterns_model_forget(&space->heap, seqs[i]);
        if (first == 0)
            first = result;
    }
    return first;
}

static enum cairn_answer answer_without_space(struct cairn_request *request)
{
    switch (request->operation) {
    case CAIRN_OPERATION_COMPLETE_EPISODE:
        return cairn_answer_complete_episode(NULL, request);
    case CAIRN_OPERATION_LIST_PATTERNS:
        return cairn_answer_list_patterns(NULL, request);
    case CAIRN_OPERATION_LIST_EPISODES:
        return cairn_answer_empty_list(request);
    default:
        cairn_request_problem(request, 404, "this space has no episodes");
        return CAIRN_ANSWER_DONE;
    }
}

static enum cairn_answer answer(struct cairn_projection_space *space, struct cairn_request *request)
{
    if (space == NULL)
        return answer_without_space(request);
    switch (request->operation) {
    case CAIRN_OPERATION_COMPLETE_EPISODE:
        return cairn_answer_complete_episode(space, request);
    case CAIRN_OPERATION_GET_EPISODE:
        return cairn_answer_get_episode(space, request);
    case CAIRN_OPERATION_LIST_EPISODES:
        return cairn_answer_list_episodes(space, request);
    case CAIRN_OPERATION_LIST_PATTERNS:
        return cairn_answer_list_patterns(space, request);
    case CAIRN_OPERATION_GET_PATTERN:
        return cairn_answer_get_pattern(space, request);
    default:
        cairn_request_problem(request, 404, "patterns cannot answer this");
        return CAIRN_ANSWER_DONE;
    }
}

static void digest(const struct cairn_projection_space *space, struct cairn_digest *sum)
{
    cairn_patterns_digest(&space->heap, space->name, sum);
}

const struct cairn_projection_module cairn_patterns_module = {
    .name = "patterns",
    .schema_version = 1,
    .kinds = UINT64_C(1) << CAIRN_EVENT_EPISODE | UINT64_C(1) << CAIRN_EVENT_STEP |
             UINT64_C(1) << CAIRN_EVENT_COMPLETION | UINT64_C(1) << CAIRN_EVENT_FEEDBACK,
    .stage = CAIRN_STAGE_PATTERNS,
    .init = init,
    .apply = apply,
    .forget = forget,
    .answer = answer,
    .digest = digest,
};
