#include "actors/retrieval/search_api.h"

#include <errno.h>
#include <stdlib.h>

#include "actors/retrieval/retrieval_internal.h"
#include "actors/retrieval/search_request.h"
#include "actors/retrieval/search_terms.h"

#define SOURCES_ALL ((1u << CAIRN_SOURCE_COUNT) - 1)

static const char *const SOURCE_NAMES[CAIRN_SOURCE_COUNT] = {
    [CAIRN_SOURCE_MESSAGE] = "message",
    [CAIRN_SOURCE_EPISODE] = "episode",
    [CAIRN_SOURCE_FACT] = "fact",
    [CAIRN_SOURCE_CUSTOM] = NULL, /* goes by its own name */
};

/* ---- names in a request to ids of the space ---- */

/* False: the space has never seen that name, so nothing can match. */
static bool find_name(const struct cairn_heap *heap, struct cairn_slice name, uint32_t *id)
{
    if (name.bytes > 0)
        *id = cairn_heap_names_find(heap, cairn_index_of(heap)->names, name);
    return name.bytes == 0 || *id != 0;
}

static uint32_t source_bit(struct cairn_slice kind)
{
    for (unsigned i = 0; i < CAIRN_SOURCE_COUNT; i++)
        if (SOURCE_NAMES[i] != NULL && cairn_slice_is(kind, SOURCE_NAMES[i]))
            return 1u << i;
    return 0;
}

static bool choose_kinds(const struct cairn_heap *heap, const struct cairn_search_request *search,
                         struct cairn_scorer_filter *filter)
{
    if (search->kind_count == 0)
        filter->sources = SOURCES_ALL;
    for (uint32_t i = 0; i < search->kind_count; i++) {
        uint32_t label = 0;
        filter->sources |= source_bit(search->kinds[i]);
        if (source_bit(search->kinds[i]) == 0 && find_name(heap, search->kinds[i], &label))
            filter->kinds[filter->kind_count++] = label;
    }
    return filter->sources != 0 || filter->kind_count != 0;
}

/* False: nothing can pass. */
static bool choose_filter(const struct cairn_heap *heap, const struct cairn_search_request *search,
                          int64_t now_ms, struct cairn_scorer_filter *filter)
{
    *filter = (struct cairn_scorer_filter){
        .since_ms = search->since_ms, .until_ms = search->until_ms, .now_ms = now_ms};
    return find_name(heap, search->channel, &filter->channel) &&
           find_name(heap, search->author, &filter->author) &&
           find_name(heap, search->domain, &filter->domain) && choose_kinds(heap, search, filter);
}

/* Kinds of events that exist, but are not found by their words. */
static bool refuse_kinds(struct cairn_request *request, const struct cairn_search_request *search)
{
    for (uint32_t i = 0; i < search->kind_count; i++) {
        struct cairn_slice kind = search->kinds[i];
        if (cairn_slice_is(kind, "pattern")) {
            cairn_request_problem(request, 501,
                                  "patterns become searchable in a later release; "
                                  "list them with GET .../patterns");
            return true;
        }
        if (source_bit(kind) == 0 && cairn_event_kind_of(kind) != CAIRN_EVENT_NONE) {
            cairn_request_problem(request, 422, "events of kind \"%.*s\" are not searched",
                                  (int)kind.bytes, kind.data);
            return true;
        }
    }
    return false;
}

/* ---- ranking ---- */

/* One more than asked for, to know whether there is a next page. */
static int rank(struct cairn_projection_space *space, const struct cairn_search_request *search,
                const struct cairn_scorer_query *query, struct cairn_search_results *results)
{
    struct cairn_retrieval_cache *cache = cairn_retrieval_cache_of(space);
    struct cairn_scorer_query complete = *query;
    struct cairn_search_terms terms;
    if (cache == NULL)
        return -ENOMEM;
    int result = cairn_search_terms_init(&terms, &space->heap, &cache->analyzer, search->query);
    complete.terms = terms.terms;
    complete.term_count = terms.count;
    if (result == 0)
        result = cairn_scorer_rank(&space->heap, &complete, results->hits, search->k + 1);
    cairn_search_terms_deinit(&terms);
    return result;
}

static void end_page(const struct cairn_search_request *search, uint32_t count,
                     struct cairn_search_results *results)
{
    results->has_next = true;
    struct cairn_search_cursor cursor = {.fingerprint = cairn_search_request_fingerprint(search),
                                         .after = results->hits[count - 1]};
    cairn_search_cursor_encode(cursor, results->next_cursor);
}

/* Leave the first `count` hits in the request, for the reader and for render. */
static int hand_over(struct cairn_request *request, struct cairn_search_results *results,
                     uint32_t count)
{
    uint64_t *fetch = calloc(count + 1, sizeof(*fetch));
    if (fetch == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < count; i++)
        fetch[i] = results->hits[i].seq;
    request->fetch = fetch;
    request->fetch_count = count;
    request->results = results;
    request->result_count = count;
    request->render = cairn_search_render;
    return 0;
}

static int search_space(struct cairn_projection_space *space, struct cairn_request *request,
                        const struct cairn_search_request *search, struct cairn_scorer_query *query)
{
    size_t bytes = sizeof(struct cairn_search_results) + (search->k + 1) * sizeof(struct cairn_hit);
    struct cairn_search_results *results = calloc(1, bytes);
    if (results == NULL)
        return -ENOMEM;
    results->is_explained = search->is_explained;
    int count = 0;
    if (choose_filter(&space->heap, search, request->now_ms, &query->filter))
        count = rank(space, search, query, results);
    if (count > (int)search->k) {
        count = (int)search->k;
        end_page(search, search->k, results);
    }
    int result = count < 0 ? count : hand_over(request, results, (uint32_t)count);
    if (result < 0)
        free(results);
    return result;
}

/* False: the request is answered. */
static bool resume(struct cairn_request *request, const struct cairn_search_request *search,
                   struct cairn_scorer_query *query)
{
    struct cairn_search_cursor cursor;
    if (search->cursor.bytes == 0)
        return true;
    if (cairn_search_cursor_decode(search->cursor, &cursor) < 0) {
        cairn_request_problem(request, 400, "the cursor is not one that a search has given");
        return false;
    }
    if (cursor.fingerprint != cairn_search_request_fingerprint(search)) {
        cairn_request_problem(request, 400,
                              "the cursor belongs to another search: query and "
                              "filters must stay the same from page to page");
        return false;
    }
    query->has_after = true;
    query->after = cursor.after;
    return true;
}

static void answer_search(struct cairn_projection_space *space, struct cairn_request *request,
                          struct cairn_json_scratch *scratch)
{
    const struct cairn_retrieval_options *options = space->options;
    struct cairn_scorer_query query = {.k1 = options->k1, .b = options->b};
    struct cairn_search_request search;
    if (!cairn_search_request_read(request, scratch, &search) || refuse_kinds(request, &search) ||
        !resume(request, &search, &query))
        return;
    if (search_space(space, request, &search, &query) < 0)
        cairn_request_problem(request, 503, "no memory to search with");
}

enum cairn_answer cairn_search_answer(struct cairn_projection_space *space,
                                      struct cairn_request *request)
{
    struct cairn_json_scratch scratch = {.seed = request->random};
    if (request->operation != CAIRN_OPERATION_SEARCH)
        cairn_request_problem(request, 501, "retrieval does not answer this");
    else if (space == NULL)
        cairn_request_problem(request, 404, "no such space");
    else
        answer_search(space, request, &scratch);
    cairn_json_scratch_deinit(&scratch);
    return CAIRN_ANSWER_DONE;
}
