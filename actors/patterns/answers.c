#include "actors/patterns/answers.h"

#include "actors/patterns/model.h"
#include "runtime/base/heap_names.h"

#define LIMIT_DEFAULT 100u
#define LIMIT_MAX     1000u

bool cairn_answer_limit(struct cairn_request *request, uint32_t *limit)
{
    uint64_t value;
    if (!cairn_request_query_u64(request, "limit", LIMIT_DEFAULT, &value))
        return false;
    if (value < 1 || value > LIMIT_MAX) {
        cairn_request_problem(request, 400, "query parameter `limit` is not within 1..%u",
                              LIMIT_MAX);
        return false;
    }
    *limit = (uint32_t)value;
    return true;
}

enum cairn_answer cairn_answer_empty_list(struct cairn_request *request)
{
    request->status = 200;
    cairn_buffer_append_text(&request->answer, "{\"items\":[],\"next_cursor\":null}");
    return CAIRN_ANSWER_DONE;
}

enum cairn_answer cairn_answer_no_memory(struct cairn_request *request)
{
    cairn_request_problem(request, 503, "no memory for the answer just now; try again");
    return CAIRN_ANSWER_DONE;
}

const struct cairn_patterns_options *
cairn_patterns_options_of(const struct cairn_projection_space *space)
{
    static const struct cairn_patterns_options defaults = {
        .support = 3, .min_success = 0.7, .length_max = 5};
    return space->options == NULL ? &defaults : space->options;
}

void cairn_answer_write_pattern(struct cairn_json_writer *writer, const struct cairn_heap *heap,
                                cairn_ref pattern)
{
    const struct cairn_patterns_model *model = cairn_patterns_model_of(heap);
    const struct cairn_sequence *sequence = cairn_sequence_at(heap, pattern);
    struct cairn_feedback feedback = cairn_feedback_of(heap, model->feedback, sequence->id);
    char id[CAIRN_PATTERN_ID_TEXT_BYTES];
    cairn_pattern_id_format(sequence->id, id);

    cairn_json_begin_object(writer);
    cairn_json_member_string(writer, "id", cairn_slice(id, sizeof(id)));
    cairn_json_member_text(writer, "kind", "tool_sequence");
    cairn_json_member_string(writer, "domain",
                             cairn_heap_names_text(heap, model->names, sequence->domain));
    cairn_json_member_u64(writer, "support", sequence->support);
    cairn_json_member_double(writer, "success_rate", cairn_sequence_success_rate(sequence));
    cairn_json_member_double(writer, "confidence", cairn_sequence_confidence(sequence));
    cairn_json_member_array(writer, "tools");
    for (uint32_t i = 0; i < sequence->length; i++)
        cairn_json_write_string(writer,
                                cairn_heap_names_text(heap, model->names, sequence->tools[i]));
    cairn_json_end_array(writer);
    cairn_json_member_object(writer, "feedback");
    cairn_json_member_u64(writer, "helped", feedback.helped);
    cairn_json_member_u64(writer, "not_helped", feedback.not_helped);
    cairn_json_end_object(writer);
    cairn_json_end_object(writer);
}
