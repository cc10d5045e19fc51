#include <stdlib.h>

#include "actors/patterns/answers.h"
#include "actors/patterns/model.h"
#include "runtime/base/heap_names.h"
#include "runtime/base/json.h"

/* A pattern's place in the list. Confidence is never negative, so its bits order as it does. */
struct rank {
    uint64_t confidence_bits;
    struct cairn_sequence_id id;
    cairn_ref pattern;
};

struct query {
    struct cairn_sequence_filter filter;
    bool is_empty; /* asks for a domain that nobody has used */
    uint32_t limit;
    bool has_cursor;
    struct rank cursor; /* the last one that was listed */
};

static int compare_u64(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_ranks(const void *a, const void *b)
{
    const struct rank *left = a;
    const struct rank *right = b;
    int order = -compare_u64(left->confidence_bits, right->confidence_bits);
    if (order == 0)
        order = compare_u64(left->id.high, right->id.high);
    return order != 0 ? order : compare_u64(left->id.low, right->id.low);
}

static struct rank rank_of(const struct cairn_heap *heap, cairn_ref pattern)
{
    const struct cairn_sequence *sequence = cairn_sequence_at(heap, pattern);
    double confidence = cairn_sequence_confidence(sequence);
    struct rank rank = {.id = sequence->id, .pattern = pattern};
    memcpy(&rank.confidence_bits, &confidence, sizeof(confidence));
    return rank;
}

/* A cursor is two ids long: the confidence's bits (behind zeros), then the id. */
static void write_cursor(struct cairn_json_writer *writer, const struct rank *last)
{
    char text[2 * CAIRN_PATTERN_ID_TEXT_BYTES];
    cairn_pattern_id_format((struct cairn_sequence_id){.low = last->confidence_bits}, text);
    cairn_pattern_id_format(last->id, text + CAIRN_PATTERN_ID_TEXT_BYTES);
    cairn_json_member_string(writer, "next_cursor", cairn_slice(text, sizeof(text)));
}

static bool parse_cursor(struct cairn_slice text, struct rank *cursor)
{
    struct cairn_sequence_id confidence;
    const size_t half = CAIRN_PATTERN_ID_TEXT_BYTES;
    if (text.bytes != 2 * half ||
        !cairn_pattern_id_parse(cairn_slice(text.data, half), &confidence) ||
        !cairn_pattern_id_parse(cairn_slice(text.data + half, half), &cursor->id))
        return false;
    cursor->confidence_bits = confidence.low;
    return confidence.high == 0;
}

static bool parse_share(struct cairn_slice text, double *share)
{
    struct cairn_json_scratch scratch = {0};
    struct cairn_json_reader reader;
    cairn_json_reader_init(&reader, text, &scratch);
    cairn_json_read_double(&reader, share);
    int result = cairn_json_finish(&reader);
    cairn_json_scratch_deinit(&scratch);
    return result == 0 && *share >= 0 && *share <= 1;
}

static bool read_kind(struct cairn_request *request)
{
    static const char *const later[] = {"decision_point", "error_recovery", "context", "cluster"};
    struct cairn_slice kind;
    if (!cairn_request_query(request, "kind", &kind) || cairn_slice_is(kind, "tool_sequence"))
        return true;
    for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
        if (cairn_slice_is(kind, later[i])) {
            cairn_request_problem(request, 501, "patterns of kind %s come with a later release",
                                  later[i]);
            return false;
        }
    }
    cairn_request_problem(request, 400,
                          "query parameter `kind` is not one of tool_sequence, decision_point, "
                          "error_recovery, context, cluster");
    return false;
}

static bool read_min_success(struct cairn_request *request, double *success_min)
{
    struct cairn_slice text;
    double share;
    if (!cairn_request_query(request, "min_success", &text))
        return true;
    if (!parse_share(text, &share)) {
        cairn_request_problem(request, 400, "query parameter `min_success` is not within 0..1");
        return false;
    }
    if (share > *success_min)
        *success_min = share;
    return true;
}

/* What can be said without a model. False: a problem was answered. */
static bool read_query(struct cairn_request *request, struct query *query)
{
    struct cairn_slice text;
    if (!read_kind(request) || !read_min_success(request, &query->filter.success_min) ||
        !cairn_answer_limit(request, &query->limit))
        return false;
    query->has_cursor = cairn_request_query(request, "cursor", &text);
    if (query->has_cursor && !parse_cursor(text, &query->cursor)) {
        cairn_request_problem(request, 400, "query parameter `cursor` is none that a list gave");
        return false;
    }
    return true;
}

static void read_domain(const struct cairn_heap *heap, struct cairn_request *request,
                        struct query *query)
{
    struct cairn_slice domain;
    if (!cairn_request_query(request, "domain", &domain))
        return;
    query->filter.domain =
        cairn_heap_names_find(heap, cairn_patterns_model_of(heap)->names, domain);
    query->is_empty = query->filter.domain == 0;
}

/* The patterns behind the cursor, in order. NULL: no memory. */
static struct rank *rank_patterns(struct cairn_heap *heap, const struct query *query,
                                  uint32_t *count)
{
    cairn_ref *patterns;
    int found = cairn_sequences_list(heap, cairn_patterns_model_of(heap)->sequences, &query->filter,
                                     &patterns);
    if (found < 0)
        return NULL;
    struct rank *ranks = malloc(((size_t)found + 1) * sizeof(*ranks));
    *count = 0;
    for (int i = 0; ranks != NULL && i < found; i++) {
        struct rank rank = rank_of(heap, patterns[i]);
        if (!query->has_cursor || compare_ranks(&rank, &query->cursor) > 0)
            ranks[(*count)++] = rank;
    }
    free(patterns);
    if (ranks != NULL)
        qsort(ranks, *count, sizeof(*ranks), compare_ranks);
    return ranks;
}

static void write_list(struct cairn_request *request, const struct cairn_heap *heap,
                       const struct rank *ranks, uint32_t count, uint32_t limit)
{
    struct cairn_json_writer writer;
    uint32_t written = count < limit ? count : limit;
    cairn_json_writer_init(&writer, &request->answer);
    cairn_json_begin_object(&writer);
    cairn_json_member_array(&writer, "items");
    for (uint32_t i = 0; i < written; i++)
        cairn_answer_write_pattern(&writer, heap, ranks[i].pattern);
    cairn_json_end_array(&writer);
    if (count > limit)
        write_cursor(&writer, &ranks[written - 1]);
    else
        cairn_json_member_null(&writer, "next_cursor");
    cairn_json_end_object(&writer);
    request->status = 200;
}

/* Settings may have changed since the model was made: what links the frequent sequences follows. */
static double prepare(struct cairn_projection_space *space)
{
    const struct cairn_patterns_options *options = cairn_patterns_options_of(space);
    cairn_sequences_set_threshold(&space->heap, cairn_patterns_model_of(&space->heap)->sequences,
                                  options->support);
    return options->min_success;
}

enum cairn_answer cairn_answer_list_patterns(struct cairn_projection_space *space,
                                             struct cairn_request *request)
{
    struct query query = {0};
    if (space != NULL)
        query.filter.success_min = prepare(space);
    if (!read_query(request, &query))
        return CAIRN_ANSWER_DONE;
    if (space != NULL)
        read_domain(&space->heap, request, &query);
    if (space == NULL || query.is_empty)
        return cairn_answer_empty_list(request);

    uint32_t count;
    struct rank *ranks = rank_patterns(&space->heap, &query, &count);
    if (ranks == NULL)
        return cairn_answer_no_memory(request);
    write_list(request, &space->heap, ranks, count, query.limit);
    free(ranks);
    return CAIRN_ANSWER_DONE;
}

enum cairn_answer cairn_answer_get_pattern(struct cairn_projection_space *space,
                                           struct cairn_request *request)
{
    struct cairn_sequence_filter filter = {.success_min = prepare(space)};
    struct cairn_sequence_id id;
    cairn_ref found = 0;
    if (cairn_pattern_id_parse(request->parameters[0], &id))
        found = cairn_sequences_find(&space->heap, cairn_patterns_model_of(&space->heap)->sequences,
                                     id, &filter);
    if (found == 0) {
        cairn_request_problem(request, 404, "no pattern of this space has this id now");
        return CAIRN_ANSWER_DONE;
    }
    struct cairn_json_writer writer;
    cairn_json_writer_init(&writer, &request->answer);
    cairn_answer_write_pattern(&writer, &space->heap, found);
    request->status = 200;
    return CAIRN_ANSWER_DONE;
}
