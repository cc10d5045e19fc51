/* An episode's numbers come from the model, its texts from the ledger. The model's part is put into
 * request->results (and the reflection, as JSON, into request->notes) by the shard; the connection
 * renders both once the events are there. */
#include <stdlib.h>

#include "actors/patterns/answers.h"
#include "actors/patterns/assessment.h"
#include "actors/patterns/episode_json.h"
#include "runtime/base/heap_names.h"

#define EPISODES_A_TURN 1000u /* looked at before batches get their turn again */

/* ---- one episode ---- */

/* The episode that the path names. 0, and a problem answered, if it names none. */
static cairn_ref find_episode(const struct cairn_projection_space *space,
                              struct cairn_request *request)
{
    uint8_t id[CAIRN_UUID_BYTES];
    if (cairn_uuid_parse(request->parameters[0], id) < 0) {
        cairn_request_problem(request, 400, "the id of an episode is a UUID");
        return 0;
    }
    cairn_ref found = cairn_patterns_model_find(&space->heap, id);
    if (found == 0)
        cairn_request_problem(request, 404, "this space has no episode with this id");
    return found;
}

static struct cairn_episode_summary summary_of(const struct cairn_heap *heap, cairn_ref ref)
{
    const struct cairn_episode *episode = cairn_episode_at(heap, ref);
    return (struct cairn_episode_summary){
        .seq = episode->seq,
        .outcome = (enum cairn_outcome)episode->outcome,
        .completed_ms = episode->completed_ms,
        .step_count = episode->step_count,
        .reward = cairn_assessment_reward(heap, ref),
    };
}

/* Ask for the episode's events: its first, its steps, its completion. */
static bool fetch_events(const struct cairn_heap *heap, cairn_ref ref,
                         struct cairn_request *request)
{
    const struct cairn_episode *episode = cairn_episode_at(heap, ref);
    const struct cairn_episode_step *steps = cairn_episode_steps(heap, episode);
    request->fetch = malloc((episode->step_count + UINT64_C(2)) * sizeof(*request->fetch));
    if (request->fetch == NULL)
        return false;
    request->fetch[request->fetch_count++] = episode->seq;
    for (uint32_t i = 0; i < episode->step_count; i++)
        request->fetch[request->fetch_count++] = steps[i].seq;
    if (episode->completion_seq != 0)
        request->fetch[request->fetch_count++] = episode->completion_seq;
    return true;
}

static bool note_reflection(const struct cairn_heap *heap, cairn_ref ref,
                            struct cairn_buffer *buffer)
{
    struct cairn_reflection reflection;
    struct cairn_json_writer writer;
    if (cairn_assessment_reflect(heap, ref, &reflection) < 0)
        return false;
    cairn_json_writer_init(&writer, buffer);
    cairn_episode_json_reflection(&writer, &reflection);
    cairn_reflection_deinit(&reflection);
    return !buffer->failed;
}

enum cairn_answer cairn_answer_get_episode(struct cairn_projection_space *space,
                                           struct cairn_request *request)
{
    cairn_ref ref = find_episode(space, request);
    if (ref == 0)
        return CAIRN_ANSWER_DONE;
    struct cairn_episode_summary *summary = malloc(sizeof(*summary));
    request->results = summary;
    if (summary == NULL || !fetch_events(&space->heap, ref, request) ||
        !note_reflection(&space->heap, ref, &request->notes))
        return cairn_answer_no_memory(request);
    *summary = summary_of(&space->heap, ref);
    request->result_count = 1;
    request->render = cairn_episode_json_render_one;
    request->status = 200;
    return CAIRN_ANSWER_DONE;
}

/* ---- a completion ---- */

static bool write_patterns(struct cairn_json_writer *writer, struct cairn_projection_space *space,
                           cairn_ref ref)
{
    struct cairn_heap *heap = &space->heap;
    cairn_ref sequences = cairn_patterns_model_of(heap)->sequences;
    const struct cairn_patterns_options *options = cairn_patterns_options_of(space);
    struct cairn_sequence_filter filter = {.success_min = options->min_success};
    struct cairn_sequence_source source;
    struct cairn_sequence_tool *tools;
    cairn_ref *patterns;
    cairn_sequences_set_threshold(heap, sequences, options->support);
    if (cairn_patterns_model_source(heap, ref, &source, &tools) < 0)
        return false;
    int count = cairn_sequences_list_of(heap, sequences, &source, &filter, &patterns);
    free(tools);
    if (count < 0)
        return false;
    for (int i = 0; i < count; i++)
        cairn_answer_write_pattern(writer, heap, patterns[i]);
    free(patterns);
    return true;
}

static bool write_completion(struct cairn_projection_space *space, cairn_ref ref,
                             struct cairn_request *request)
{
    struct cairn_json_writer writer;
    struct cairn_reward reward = cairn_assessment_reward(&space->heap, ref);
    if (!note_reflection(&space->heap, ref, &request->notes))
        return false;
    cairn_json_writer_init(&writer, &request->answer);
    cairn_json_begin_object(&writer);
    cairn_json_member_u64(&writer, "seq", request->seq);
    cairn_json_key(&writer, "reward");
    cairn_episode_json_reward(&writer, &reward);
    cairn_json_member_raw(&writer, "reflection", cairn_buffer_slice(&request->notes));
    cairn_json_member_array(&writer, "patterns");
    if (!write_patterns(&writer, space, ref))
        return false;
    cairn_json_end_array(&writer);
    cairn_json_end_object(&writer);
    return true;
}

/* The completion is stored, so the answer says so, even where there is no more to say: the space's
 * budget is used up, or the episode was forgotten at once. */
static void write_bare_completion(struct cairn_request *request)
{
    cairn_buffer_clear(&request->answer);
    cairn_buffer_append_text(&request->answer, "{\"seq\":");
    cairn_buffer_append_u64(&request->answer, request->seq);
    cairn_buffer_append_text(&request->answer,
                             ",\"reward\":null,\"reflection\":null,\"patterns\":[]}");
}

enum cairn_answer cairn_answer_complete_episode(struct cairn_projection_space *space,
                                                struct cairn_request *request)
{
    uint8_t id[CAIRN_UUID_BYTES];
    cairn_ref ref = 0;
    cairn_buffer_clear(&request->notes);
    if (space != NULL && cairn_uuid_parse(request->parameters[0], id) == 0)
        ref = cairn_patterns_model_find(&space->heap, id);
    if (ref == 0 || !cairn_episode_at(&space->heap, ref)->is_counted ||
        !write_completion(space, ref, request))
        write_bare_completion(request);
    request->status = 200;
    return CAIRN_ANSWER_DONE;
}

/* ---- the list ---- */

struct query {
    uint32_t outcome; /* CAIRN_OUTCOME_OPEN: any */
    uint32_t domain;  /* names; 0: any */
    uint32_t type;
    uint32_t tag;
    uint32_t key;
    int64_t since_ms;
    int64_t until_ms;
    uint32_t limit;
    uint64_t before_seq;
    bool is_empty; /* names something that no episode has */
};

static void read_name(const struct cairn_heap *heap, struct cairn_request *request,
                      const char *parameter, struct query *query, uint32_t *name)
{
    struct cairn_slice text;
    if (!cairn_request_query(request, parameter, &text))
        return;
    *name = cairn_heap_names_find(heap, cairn_patterns_model_of(heap)->names, text);
    query->is_empty |= *name == 0;
}

static bool read_time(struct cairn_request *request, const char *parameter, int64_t fallback,
                      int64_t *time_ms)
{
    uint64_t value;
    if (!cairn_request_query_u64(request, parameter, (uint64_t)fallback, &value))
        return false;
    *time_ms = value > INT64_MAX ? INT64_MAX : (int64_t)value;
    return true;
}

static bool read_outcome(struct cairn_request *request, struct query *query)
{
    struct cairn_slice text;
    enum cairn_outcome outcome;
    if (!cairn_request_query(request, "outcome", &text))
        return true;
    if (!cairn_outcome_parse(text, &outcome)) {
        cairn_request_problem(request, 400,
                              "query parameter `outcome` is not success, partial or failure");
        return false;
    }
    query->outcome = outcome;
    return true;
}

static bool read_query(const struct cairn_heap *heap, struct cairn_request *request,
                       struct query *query)
{
    struct cairn_slice text;
    *query = (struct query){.since_ms = INT64_MIN};
    if (!read_outcome(request, query) || !cairn_answer_limit(request, &query->limit) ||
        !read_time(request, "until", INT64_MAX, &query->until_ms) ||
        !cairn_request_query_u64(request, "cursor", UINT64_MAX, &query->before_seq))
        return false;
    if (cairn_request_query(request, "since", &text) &&
        !read_time(request, "since", 0, &query->since_ms))
        return false;
    read_name(heap, request, "domain", query, &query->domain);
    read_name(heap, request, "type", query, &query->type);
    read_name(heap, request, "tag", query, &query->tag);
    read_name(heap, request, "key", query, &query->key);
    return true;
}

static bool has_tag(const struct cairn_heap *heap, const struct cairn_episode *episode,
                    uint32_t tag)
{
    const uint32_t *tags = episode->tag_count == 0 ? NULL : cairn_heap_at(heap, episode->tags);
    for (uint32_t i = 0; i < episode->tag_count; i++) {
        if (tags[i] == tag)
            return true;
    }
    return false;
}

static bool matches(const struct cairn_heap *heap, const struct cairn_episode *episode,
                    const struct query *query)
{
    return (query->outcome == CAIRN_OUTCOME_OPEN || query->outcome == episode->outcome) &&
           (query->domain == 0 || query->domain == episode->domain) &&
           (query->type == 0 || query->type == episode->type) &&
           (query->key == 0 || query->key == episode->key) &&
           episode->started_ms >= query->since_ms && episode->started_ms < query->until_ms &&
           (query->tag == 0 || has_tag(heap, episode, query->tag));
}

/* Where the walk's results go: made in its first turn, filled in all. */
static bool ensure_results(struct cairn_request *request, uint32_t limit)
{
    if (request->results != NULL)
        return true;
    request->results = calloc(limit, sizeof(struct cairn_episode_summary));
    request->fetch = malloc(limit * sizeof(*request->fetch));
    return request->results != NULL && request->fetch != NULL;
}

/* Walk from the newest that was not looked at yet. True when there is no more to look for; the
 * episode after the last wanted one makes the cursor. */
static bool walk(const struct cairn_heap *heap, struct cairn_request *request,
                 const struct query *query)
{
    struct cairn_episode_summary *summaries = request->results;
    uint64_t before_seq = request->progress == 0 ? query->before_seq : request->progress;
    uint32_t index = cairn_patterns_model_count_before(heap, before_seq);
    for (uint32_t looked = 0; looked < EPISODES_A_TURN && index > 0; looked++) {
        const struct cairn_episode_place *place = cairn_patterns_model_place(heap, --index);
        request->progress = place->seq;
        if (!matches(heap, cairn_episode_at(heap, place->episode), query))
            continue;
        if (request->result_count == query->limit) {
            request->next_cursor = summaries[query->limit - 1].seq;
            return true;
        }
        summaries[request->result_count] = summary_of(heap, place->episode);
        request->fetch[request->result_count++] = place->seq;
    }
    return index == 0;
}

enum cairn_answer cairn_answer_list_episodes(struct cairn_projection_space *space,
                                             struct cairn_request *request)
{
    struct query query;
    if (!read_query(&space->heap, request, &query))
        return CAIRN_ANSWER_DONE;
    if (query.is_empty && request->result_count == 0)
        return cairn_answer_empty_list(request);
    if (!ensure_results(request, query.limit))
        return cairn_answer_no_memory(request);
    if (!query.is_empty && !walk(&space->heap, request, &query))
        return CAIRN_ANSWER_AGAIN;
    if (request->result_count == 0)
        return cairn_answer_empty_list(request);
    request->fetch_count = request->result_count;
    request->render = cairn_episode_json_render_list;
    request->status = 200;
    return CAIRN_ANSWER_DONE;
}
