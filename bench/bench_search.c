/* bench/bench_search.c: building the text index, its size, and the time of a search.
 *
 * Chat messages (../shared/data/chat, or made up where that is absent) go through the projection's
 * module as the service does it; queries are questions from the same messages, reduced to their 3
 * to 9 content words, and are answered from JSON body to ranked hits. One thread, warm. Figures are
 * medians of the runs. */
#include <stdio.h>
#include <stdlib.h>

#include "actors/retrieval/retrieval.h"
#include "actors/retrieval/search_terms.h"
#include "bench/search_data.h"
#include "runtime/base/assert.h"
#include "runtime/base/json_writer.h"

enum { BUILD_RUNS = 5, QUERY_RUNS = 7, QUERIES = 300, MESSAGES_MAX = 400000 };

#define HEAP_BUDGET (UINT64_C(4) << 30)

static const struct cairn_retrieval_options OPTIONS = {.k1 = 1.2, .b = 0.75, .language = "english"};

struct queries {
    struct cairn_buffer bodies;
    size_t offsets[QUERIES + 1];
    uint32_t count;
};

static void open_space(struct cairn_projection_space *space)
{
    *space = (struct cairn_projection_space){.name = cairn_slice_of("bench"), .options = &OPTIONS};
    cairn_heap_init(&space->heap, HEAP_BUDGET);
    cairn_assert(cairn_retrieval_module.init(space) == 0);
}

static void close_space(struct cairn_projection_space *space)
{
    cairn_retrieval_module.cache_destroy(space->cache);
    cairn_heap_deinit(&space->heap);
}

static double build(struct cairn_projection_space *space, const struct search_data *data,
                    uint32_t count)
{
    uint64_t started_ns = search_data_now_ns();
    for (uint32_t i = 0; i < count; i++)
        cairn_assert(cairn_retrieval_module.apply(space, &data->events[i]) == 0);
    return count / ((double)(search_data_now_ns() - started_ns) / 1e9);
}

static int by_value(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* ---- queries ---- */

static bool is_question(struct cairn_slice text)
{
    return memchr(text.data, '?', text.bytes) != NULL && text.bytes < 300;
}

/* Append the body of a search for the content words of `text`, unless they are too few or many. */
static bool append_body(struct queries *queries, const struct cairn_projection_space *space,
                        struct cairn_analyzer *analyzer, struct cairn_slice text)
{
    struct cairn_search_terms terms;
    struct cairn_buffer words = {0};
    cairn_assert(cairn_search_terms_init(&terms, &space->heap, analyzer, text) == 0);
    bool is_taken = terms.count >= 3 && terms.count <= 9;
    for (uint32_t i = 0; i < terms.count; i++) {
        cairn_buffer_append_slice(&words, terms.terms[i].text);
        cairn_buffer_append_byte(&words, ' ');
    }
    if (is_taken) {
        cairn_buffer_append_text(&queries->bodies, "{\"query\":");
        cairn_json_append_quoted(&queries->bodies, cairn_buffer_slice(&words));
        cairn_buffer_append_text(&queries->bodies, "}");
        queries->offsets[++queries->count] = queries->bodies.bytes;
    }
    cairn_buffer_deinit(&words);
    cairn_search_terms_deinit(&terms);
    return is_taken;
}

static void choose_queries(struct queries *queries, const struct cairn_projection_space *space,
                           const struct search_data *data, uint32_t count)
{
    struct cairn_analyzer analyzer;
    cairn_analyzer_init(&analyzer);
    uint32_t stride = count / (QUERIES * 8) + 1;
    for (uint32_t i = 0; i < count && queries->count < QUERIES; i++) {
        struct cairn_slice text;
        if (cairn_event_field(&data->events[i], CAIRN_FIELD_TEXT, &text) && is_question(text) &&
            append_body(queries, space, &analyzer, text))
            i += stride;
    }
    cairn_analyzer_deinit(&analyzer);
}

static double time_query(struct cairn_projection_space *space, struct cairn_slice body)
{
    struct cairn_request *request = cairn_request_create();
    cairn_assert(request != NULL);
    request->operation = CAIRN_OPERATION_SEARCH;
    request->body = body;
    uint64_t started_ns = search_data_now_ns();
    cairn_retrieval_module.answer(space, request);
    uint64_t spent_ns = search_data_now_ns() - started_ns;
    cairn_assert(request->render != NULL);
    cairn_request_destroy(request);
    return (double)spent_ns / 1e3;
}

/* Each query's median over the runs, then the percentiles over the queries. */
static void measure_queries(struct cairn_projection_space *space, const struct queries *queries,
                            uint32_t count)
{
    static const struct {
        const char *name;
        double rank;
    } PERCENTILES[] = {{"p50", .50}, {"p95", .95}, {"p99", .99}};
    double medians[QUERIES];
    for (uint32_t i = 0; i < queries->count; i++) {
        struct cairn_slice body = cairn_slice(queries->bodies.data + queries->offsets[i],
                                              queries->offsets[i + 1] - queries->offsets[i]);
        double runs[QUERY_RUNS];
        for (int run = 0; run < QUERY_RUNS; run++)
            runs[run] = time_query(space, body);
        qsort(runs, QUERY_RUNS, sizeof(*runs), by_value);
        medians[i] = runs[QUERY_RUNS / 2];
    }
    qsort(medians, queries->count, sizeof(*medians), by_value);
    for (size_t i = 0; i < sizeof(PERCENTILES) / sizeof(*PERCENTILES); i++)
        printf("search_%s_%u\t%.1f\tus\n", PERCENTILES[i].name, count,
               medians[(size_t)((queries->count - 1) * PERCENTILES[i].rank)]);
}

/* ---- cases ---- */

static void measure(const struct search_data *data, uint32_t count)
{
    struct cairn_projection_space space;
    double rates[BUILD_RUNS];
    for (int run = 0; run < BUILD_RUNS; run++) {
        open_space(&space);
        rates[run] = build(&space, data, count);
        if (run < BUILD_RUNS - 1)
            close_space(&space);
    }
    qsort(rates, BUILD_RUNS, sizeof(*rates), by_value);
    printf("build_%u\t%.0f\tdocs/s\n", count, rates[BUILD_RUNS / 2]);
    printf("bytes_%u\t%.1f\tB/doc\n", count, (double)cairn_heap_live_bytes(&space.heap) / count);

    struct cairn_digest digest = {0};
    uint64_t started_ns = search_data_now_ns();
    cairn_retrieval_module.digest(&space, &digest);
    printf("digest_%u\t%.1f\tms\n", count, (double)(search_data_now_ns() - started_ns) / 1e6);

    struct queries queries = {0};
    choose_queries(&queries, &space, data, count);
    if (queries.count > 0)
        measure_queries(&space, &queries, count);
    cairn_buffer_deinit(&queries.bodies);
    close_space(&space);
}

int main(void)
{
    static const uint32_t COUNTS[] = {10000, 100000, MESSAGES_MAX};
    struct search_data data = {0};
    if (!search_data_load(&data, "chat/ubuntu-irc.jsonl.gz", MESSAGES_MAX) ||
        !search_data_load(&data, "chat/taskmaster4.jsonl.gz", MESSAGES_MAX) ||
        !search_data_load(&data, "chat/sgd.jsonl.gz", MESSAGES_MAX)) {
        fprintf(stderr, "chat data are not there: measuring made-up messages\n");
        search_data_generate(&data, MESSAGES_MAX);
    }
    search_data_finish(&data);
    for (size_t i = 0; i < sizeof(COUNTS) / sizeof(*COUNTS); i++)
        measure(&data, COUNTS[i] < data.count ? COUNTS[i] : data.count);
    search_data_deinit(&data);
    return 0;
}
