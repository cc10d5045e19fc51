/* bench/bench_quality.c: how well search finds what people have judged relevant.
 *
 * LoCoMo: one conversation is one space. SciFact: one corpus. Each query is answered through the
 * projection's module; figures are averages over the queries with judgments:
 *
 *     recall@k  share of the relevant messages among the first k
 *     ndcg@10   sum of 1 / log2(rank + 1) over relevant hits, as a share of the best possible
 *     mrr@10    1 / rank of the first relevant hit
 *
 * Relevance is 0 or 1. Nothing here is random, so a figure needs one run. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "actors/retrieval/retrieval.h"
#include "bench/search_data.h"
#include "runtime/base/assert.h"
#include "runtime/base/json.h"
#include "runtime/base/json_writer.h"

enum { SPACES_MAX = 64, RELEVANT_MAX = 64, DEPTH = 20 };

#define HEAP_BUDGET (UINT64_C(1) << 30)

struct setup {
    const char *name;
    struct cairn_retrieval_options options;
};

struct sums {
    double recall_5, recall_10, recall_20, ndcg, mrr;
    uint32_t queries;
};

struct collection {
    struct search_data data;
    struct cairn_buffer queries;
    struct cairn_buffer judgments;
    struct cairn_projection_space spaces[SPACES_MAX]; /* one a channel */
    uint32_t space_count;
};

struct query {
    struct cairn_slice id, text, channel;
};

/* ---- reading ---- */

static bool load(struct collection *collection, const char *name)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/messages.jsonl.gz", name);
    bool is_there = search_data_load(&collection->data, path, UINT32_MAX);
    search_data_finish(&collection->data);
    snprintf(path, sizeof(path), "%s/queries.jsonl", name);
    is_there = is_there && search_data_read(path, &collection->queries);
    snprintf(path, sizeof(path), "%s/qrels.tsv", name);
    return is_there && search_data_read(path, &collection->judgments);
}

static bool read_query(struct cairn_slice line, struct cairn_json_scratch *scratch,
                       struct query *query)
{
    static const char *const MEMBERS[] = {"id", "text", "channel"};
    struct cairn_slice *const targets[] = {&query->id, &query->text, &query->channel};
    struct cairn_json_reader reader;
    struct cairn_slice key;
    *query = (struct query){0};
    cairn_json_scratch_begin(scratch, line.bytes);
    cairn_json_reader_init(&reader, line, scratch);
    cairn_json_enter_object(&reader);
    while (cairn_json_next_member(&reader, &key)) {
        int member = cairn_json_key_index(key, MEMBERS, 3);
        if (member >= 0)
            cairn_json_read_string(&reader, targets[member]);
    }
    return cairn_json_finish(&reader) == 0;
}

static struct cairn_slice cut(struct cairn_slice *line)
{
    const char *tab = memchr(line->data, '\t', line->bytes);
    size_t bytes = tab == NULL ? line->bytes : (size_t)(tab - line->data);
    struct cairn_slice field = cairn_slice(line->data, bytes);
    size_t consumed = tab == NULL ? bytes : bytes + 1;
    *line = cairn_slice(line->data + consumed, line->bytes - consumed);
    return field;
}

/* The ids of the messages judged relevant for a query. */
static uint32_t find_relevant(const struct collection *collection, struct cairn_slice query,
                              struct cairn_slice relevant[])
{
    struct cairn_slice rest = cairn_buffer_slice(&collection->judgments), line;
    uint32_t count = 0;
    while (search_data_line(&rest, &line)) {
        struct cairn_slice id = cut(&line), message = cut(&line);
        if (!cairn_slice_equal(id, query) || cairn_slice_is(line, "0"))
            continue;
        cairn_assert(count < RELEVANT_MAX);
        relevant[count++] = message;
    }
    return count;
}

/* ---- searching ---- */

static struct cairn_projection_space *space_of(struct collection *collection,
                                               struct cairn_slice channel,
                                               const struct cairn_retrieval_options *options)
{
    for (uint32_t i = 0; i < collection->space_count; i++)
        if (cairn_slice_equal(collection->spaces[i].name, channel))
            return &collection->spaces[i];
    cairn_assert(collection->space_count < SPACES_MAX);
    struct cairn_projection_space *space = &collection->spaces[collection->space_count++];
    *space = (struct cairn_projection_space){.name = channel, .options = options};
    cairn_heap_init(&space->heap, HEAP_BUDGET);
    cairn_assert(cairn_retrieval_module.init(space) == 0);
    return space;
}

static void index_all(struct collection *collection, const struct cairn_retrieval_options *options)
{
    for (uint32_t i = 0; i < collection->data.count; i++) {
        const struct cairn_event *event = &collection->data.events[i];
        struct cairn_projection_space *space = space_of(collection, event->channel, options);
        cairn_assert(cairn_retrieval_module.apply(space, event) == 0);
    }
}

static void close_spaces(struct collection *collection)
{
    for (uint32_t i = 0; i < collection->space_count; i++) {
        cairn_retrieval_module.cache_destroy(collection->spaces[i].cache);
        cairn_heap_deinit(&collection->spaces[i].heap);
    }
    collection->space_count = 0;
}

static struct cairn_request *search(struct cairn_projection_space *space, struct cairn_slice text,
                                    struct cairn_buffer *body)
{
    struct cairn_request *request = cairn_request_create();
    cairn_assert(request != NULL);
    cairn_buffer_clear(body);
    cairn_buffer_printf(body, "{\"k\":%d,\"query\":", DEPTH);
    cairn_json_append_quoted(body, text);
    cairn_buffer_append_text(body, "}");
    request->operation = CAIRN_OPERATION_SEARCH;
    request->body = cairn_buffer_slice(body);
    cairn_retrieval_module.answer(space, request);
    cairn_assert(request->render != NULL);
    return request;
}

static bool is_relevant(const struct collection *collection, uint64_t seq,
                        const struct cairn_slice relevant[], uint32_t count)
{
    struct cairn_slice id;
    cairn_event_field(&collection->data.events[seq - 1], CAIRN_FIELD_CLIENT_ID, &id);
    for (uint32_t i = 0; i < count; i++)
        if (cairn_slice_equal(relevant[i], id))
            return true;
    return false;
}

static void judge(const struct collection *collection, const struct cairn_request *request,
                  const struct cairn_slice relevant[], uint32_t count, struct sums *sums)
{
    double gain = 0, best = 0, first = 0;
    uint32_t found_5 = 0, found_10 = 0, found_20 = 0;
    for (uint32_t rank = 1; rank <= request->fetch_count; rank++) {
        if (!is_relevant(collection, request->fetch[rank - 1], relevant, count))
            continue;
        found_5 += rank <= 5;
        found_10 += rank <= 10;
        found_20 += rank <= 20;
        gain += rank <= 10 ? 1 / log2(rank + 1) : 0;
        first = first == 0 && rank <= 10 ? 1.0 / rank : first;
    }
    for (uint32_t rank = 1; rank <= count && rank <= 10; rank++)
        best += 1 / log2(rank + 1);
    sums->recall_5 += (double)found_5 / count;
    sums->recall_10 += (double)found_10 / count;
    sums->recall_20 += (double)found_20 / count;
    sums->ndcg += gain / best;
    sums->mrr += first;
    sums->queries++;
}

static void ask_all(struct collection *collection, const struct cairn_retrieval_options *options,
                    struct sums *sums)
{
    struct cairn_json_scratch scratch = {0};
    struct cairn_buffer body = {0};
    struct cairn_slice rest = cairn_buffer_slice(&collection->queries), line;
    while (search_data_line(&rest, &line)) {
        struct cairn_slice relevant[RELEVANT_MAX];
        struct query query;
        cairn_assert(read_query(line, &scratch, &query));
        uint32_t count = find_relevant(collection, query.id, relevant);
        if (count == 0)
            continue;
        struct cairn_request *request =
            search(space_of(collection, query.channel, options), query.text, &body);
        judge(collection, request, relevant, count, sums);
        cairn_request_destroy(request);
    }
    cairn_buffer_deinit(&body);
    cairn_json_scratch_deinit(&scratch);
}

/* ---- cases ---- */

static void print(const char *collection, const char *setup, const char *figure, double sum,
                  uint32_t queries)
{
    printf("%s_%s_%s\t%.4f\tshare\n", collection, setup, figure, sum / queries);
}

static void measure(const char *name, const struct setup *setup)
{
    struct collection collection = {0};
    struct sums sums = {0};
    if (load(&collection, name)) {
        index_all(&collection, &setup->options);
        ask_all(&collection, &setup->options, &sums);
        print(name, setup->name, "recall@5", sums.recall_5, sums.queries);
        print(name, setup->name, "recall@10", sums.recall_10, sums.queries);
        print(name, setup->name, "recall@20", sums.recall_20, sums.queries);
        print(name, setup->name, "ndcg@10", sums.ndcg, sums.queries);
        print(name, setup->name, "mrr@10", sums.mrr, sums.queries);
    } else {
        fprintf(stderr, "left out: %s is not there (set CAIRN_TEST_DATA)\n", name);
    }
    close_spaces(&collection);
    search_data_deinit(&collection.data);
    cairn_buffer_deinit(&collection.queries);
    cairn_buffer_deinit(&collection.judgments);
}

int main(void)
{
    static const struct setup SETUPS[] = {
        {"unstemmed", {.k1 = 1.2, .b = 0.75, .language = "none"}},
        {"plain", {.k1 = 1.2, .b = 0.75, .language = "english"}},
        {"chat", {.k1 = 0.6, .b = 0.3, .language = "english"}},
    };
    static const char *const COLLECTIONS[] = {"locomo", "scifact"};
    for (size_t i = 0; i < sizeof(COLLECTIONS) / sizeof(*COLLECTIONS); i++)
        for (size_t j = 0; j < sizeof(SETUPS) / sizeof(*SETUPS); j++)
            measure(COLLECTIONS[i], &SETUPS[j]);
    return 0;
}
