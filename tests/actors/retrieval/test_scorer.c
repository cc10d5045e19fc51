/* BM25 against a model that computes every score from the definition, with everything that may
 * change a ranking drawn at random: texts, repetitions, forgets, filters, pages. */
#include "actors/retrieval/scorer.h"

#include <math.h>

#include "runtime/base/random.h"
#include "tests/actors/retrieval/fixture.h"
#include "tests/support/unit.h"

enum { WORDS = 40, DOCUMENTS_MAX = 9000, QUERY_MAX = 8 };

struct model_document {
    uint8_t counts[WORDS];
    uint32_t length;
    uint8_t channel, author;
    bool is_alive;
    int64_t ts_ms;
    int64_t expires_at_ms; /* 0: never */
};

struct model {
    struct model_document *documents; /* by sequence - 1 */
    uint32_t count;
};

struct question {
    uint8_t repeated[WORDS];
    int channel, author; /* -1: any */
    int64_t since_ms, until_ms;
    uint32_t k;
};

struct fixture {
    struct cairn_projection_space space;
    struct model model;
    struct cairn_random random;
    uint64_t seed;
};

static const int64_t NOW_MS = 1700000000000;

static const struct cairn_retrieval_options unstemmed = {.k1 = 1.2, .b = 0.75, .language = "none"};

static uint64_t below(struct fixture *fixture, uint64_t bound)
{
    return cairn_random_below(&fixture->random, bound);
}

/* "aa", "ab" ...: their order in bytes is that of their numbers. */
static void append_word(struct cairn_buffer *text, unsigned word)
{
    cairn_buffer_printf(text, "%c%c ", 'a' + word / 8, 'a' + word % 8);
}

/* ---- the two sides of one event ---- */

static void draw_document(struct fixture *fixture, struct model_document *document,
                          struct cairn_buffer *text)
{
    uint64_t length = below(fixture, 4) == 0 ? below(fixture, 400) : below(fixture, 20);
    *document = (struct model_document){.is_alive = true,
                                        .channel = (uint8_t)below(fixture, 3),
                                        .author = (uint8_t)below(fixture, 5),
                                        .ts_ms = NOW_MS + (int64_t)below(fixture, 100)};
    if (below(fixture, 10) == 0)
        document->expires_at_ms = NOW_MS - 1 + (int64_t)below(fixture, 3);
    for (uint64_t i = 0; i < length; i++) {
        uint64_t word = below(fixture, 1 + below(fixture, WORDS));
        append_word(text, (unsigned)word);
        document->counts[word]++;
        document->length++;
    }
}

static void add_document(struct fixture *fixture)
{
    struct cairn_buffer text = {0}, payload = {0};
    struct model_document *document = &fixture->model.documents[fixture->model.count++];
    draw_document(fixture, document, &text);
    cairn_event_put(&payload, CAIRN_FIELD_TEXT, cairn_buffer_slice(&text));
    if (document->expires_at_ms != 0)
        cairn_event_put_i64(&payload, CAIRN_FIELD_EXPIRES_AT, document->expires_at_ms);
    struct cairn_event event = event_of(CAIRN_EVENT_MESSAGE, fixture->model.count, &payload);
    char channel[2] = {(char)('x' + document->channel), 0};
    char author[2] = {(char)('p' + document->author), 0};
    event.channel = cairn_slice_of(channel);
    event.author = cairn_slice_of(author);
    event.ts_ms = document->ts_ms;
    assert_int_equal(cairn_retrieval_module.apply(&fixture->space, &event), 0);
    cairn_buffer_deinit(&text);
    cairn_buffer_deinit(&payload);
}

static void forget_document(struct fixture *fixture)
{
    uint64_t seq = 1 + below(fixture, fixture->model.count);
    assert_int_equal(forget_one(&fixture->space, seq), 0);
    fixture->model.documents[seq - 1].is_alive = false;
}

/* ---- the model's ranking ---- */

struct statistics {
    double documents, mean_length, with_word[WORDS];
};

static struct statistics statistics_of(const struct model *model)
{
    struct statistics statistics = {0};
    double length = 0;
    for (uint32_t i = 0; i < model->count; i++) {
        const struct model_document *document = &model->documents[i];
        if (!document->is_alive)
            continue;
        statistics.documents++;
        length += document->length;
        for (int word = 0; word < WORDS; word++)
            statistics.with_word[word] += document->counts[word] > 0;
    }
    statistics.mean_length = length / statistics.documents;
    return statistics;
}

static double score_of(const struct model_document *document, const struct question *question,
                       const struct statistics *statistics)
{
    double k1 = unstemmed.k1, b = unstemmed.b, score = 0;
    for (int word = 0; word < WORDS; word++) {
        double f = document->counts[word], n = statistics->with_word[word];
        if (f == 0 || question->repeated[word] == 0)
            continue;
        double idf = log(1 + (statistics->documents - n + 0.5) / (n + 0.5));
        double norm = k1 * (1 - b + b * document->length / statistics->mean_length);
        score += question->repeated[word] * idf * (f * (k1 + 1) / (f + norm));
    }
    return score;
}

static bool is_wanted(const struct model_document *document, const struct question *question)
{
    return document->is_alive &&
           (question->channel < 0 || question->channel == document->channel) &&
           (question->author < 0 || question->author == document->author) &&
           document->ts_ms >= question->since_ms && document->ts_ms < question->until_ms &&
           (document->expires_at_ms == 0 || document->expires_at_ms > NOW_MS);
}

static int by_rank(const void *a, const void *b)
{
    const struct cairn_hit *left = a, *right = b;
    if (left->score != right->score)
        return left->score > right->score ? -1 : 1;
    return left->seq < right->seq ? -1 : 1;
}

static uint32_t model_rank(const struct model *model, const struct question *question,
                           struct cairn_hit hits[])
{
    struct statistics statistics = statistics_of(model);
    uint32_t count = 0;
    for (uint32_t i = 0; i < model->count; i++) {
        if (!is_wanted(&model->documents[i], question))
            continue;
        double score = score_of(&model->documents[i], question, &statistics);
        if (score > 0)
            hits[count++] = (struct cairn_hit){.score = score, .seq = i + 1};
    }
    qsort(hits, count, sizeof(*hits), by_rank);
    return count;
}

/* ---- asking both ---- */

static void draw_question(struct fixture *fixture, struct question *question)
{
    *question = (struct question){.channel = (int)below(fixture, 6) - 3,
                                  .author = (int)below(fixture, 15) - 10,
                                  .since_ms = INT64_MIN,
                                  .until_ms = INT64_MAX,
                                  .k = 1 + (uint32_t)below(fixture, 50)};
    if (question->channel < 0)
        question->channel = -1;
    if (question->author < 0)
        question->author = -1;
    if (below(fixture, 3) == 0)
        question->since_ms = NOW_MS + (int64_t)below(fixture, 100);
    if (below(fixture, 3) == 0)
        question->until_ms = NOW_MS + (int64_t)below(fixture, 100);
    for (uint64_t words = 1 + below(fixture, QUERY_MAX); words > 0; words--)
        question->repeated[below(fixture, WORDS)]++;
}

static void append_body(const struct question *question, struct cairn_slice cursor,
                        struct cairn_buffer *body)
{
    cairn_buffer_printf(body, "{\"k\":%u,\"query\":\"", question->k);
    for (unsigned word = WORDS; word-- > 0;)
        for (unsigned i = 0; i < question->repeated[word]; i++)
            append_word(body, word);
    cairn_buffer_append_text(body, "\"");
    if (question->channel >= 0)
        cairn_buffer_printf(body, ",\"channel\":\"%c\"", 'x' + question->channel);
    if (question->author >= 0)
        cairn_buffer_printf(body, ",\"author\":\"%c\"", 'p' + question->author);
    if (question->since_ms != INT64_MIN)
        cairn_buffer_printf(body, ",\"since\":%lld", (long long)question->since_ms);
    if (question->until_ms != INT64_MAX)
        cairn_buffer_printf(body, ",\"until\":%lld", (long long)question->until_ms);
    if (cursor.bytes > 0)
        cairn_buffer_printf(body, ",\"cursor\":\"%.*s\"", (int)cursor.bytes, cursor.data);
    cairn_buffer_append_text(body, "}");
    cairn_buffer_append_byte(body, 0);
}

static struct cairn_request *ask_question(struct fixture *fixture, const struct question *question,
                                          struct cairn_slice cursor, struct cairn_buffer *body)
{
    cairn_buffer_clear(body);
    append_body(question, cursor, body);
    struct cairn_request *request = ask_at(&fixture->space, body->data, NOW_MS);
    if (request->render == NULL)
        fail_msg("seed %llu: %s: %.*s", (unsigned long long)fixture->seed, body->data,
                 (int)request->answer.bytes, request->answer.data);
    return request;
}

/* Follow the pages of a question to the end: together they are the model's ranking. */
static void compare_ranking(struct fixture *fixture, const struct question *question)
{
    static struct cairn_hit expected[DOCUMENTS_MAX];
    uint32_t count = model_rank(&fixture->model, question, expected), at = 0;
    char cursor[CAIRN_SEARCH_CURSOR_BYTES];
    struct cairn_buffer body = {0};
    bool has_next = true;
    for (int page = 0; has_next; page++) {
        struct cairn_request *request = ask_question(
            fixture, question, cairn_slice(cursor, page == 0 ? 0 : sizeof(cursor)), &body);
        const struct cairn_search_results *results = request->results;
        assert_int_equal(request->fetch_count, request->result_count);
        for (uint32_t i = 0; i < request->result_count; i++, at++) {
            if (at < count && results->hits[i].seq == expected[at].seq &&
                results->hits[i].score == expected[at].score &&
                request->fetch[i] == expected[at].seq)
                continue;
            fail_msg("seed %llu: hit %u of %u differs: %s", (unsigned long long)fixture->seed, at,
                     count, body.data);
        }
        has_next = results->has_next;
        assert_int_equal(has_next, at < count);
        memcpy(cursor, results->next_cursor, sizeof(cursor));
        cairn_request_destroy(request);
    }
    assert_int_equal(at, count);
    cairn_buffer_deinit(&body);
}

static void run(uint64_t seed, uint32_t documents, int questions, uint64_t forget_every)
{
    struct fixture fixture = {.seed = seed};
    fixture.model.documents = calloc(documents, sizeof(*fixture.model.documents));
    assert_non_null(fixture.model.documents);
    cairn_random_init(&fixture.random, seed);
    space_open(&fixture.space, "s", &unstemmed);
    while (fixture.model.count < documents) {
        add_document(&fixture);
        if (below(&fixture, forget_every) == 0)
            forget_document(&fixture);
    }
    for (int i = 0; i < questions; i++) {
        struct question question;
        draw_question(&fixture, &question);
        compare_ranking(&fixture, &question);
    }
    space_close(&fixture.space);
    free(fixture.model.documents);
}

static void small_spaces_rank_as_the_definition_says(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++)
        run(seed, 1 + (uint32_t)(seed * 7 % 200), 20, 2 + seed % 5);
}

/* More documents than a window of sums holds, so that terms cross its borders. */
static void a_space_of_several_windows_ranks_as_the_definition_says(void **state)
{
    (void)state;
    run(1000, DOCUMENTS_MAX, 12, 3);
    run(1001, 4096, 6, 1000000);
    run(1002, 4097, 6, 1000000);
}

static void equal_scores_are_ordered_by_sequence(void **state)
{
    (void)state;
    struct cairn_projection_space space;
    space_open(&space, "s", &english);
    for (uint64_t seq = 1; seq <= 30; seq++)
        say(&space, seq * 10, "the same words each time");
    assert_string_equal(found(&space, "{\"query\":\"words\",\"k\":5}"), "10 20 30 40 50");
    space_close(&space);
}

static void a_word_that_all_have_still_scores_above_zero(void **state)
{
    (void)state;
    struct cairn_projection_space space;
    space_open(&space, "s", &english);
    say(&space, 1, "kernel");
    struct cairn_request *request = ask(&space, "{\"query\":\"kernel\"}");
    const struct cairn_search_results *results = request->results;
    assert_int_equal(request->result_count, 1);
    assert_true(results->hits[0].score > 0);
    cairn_request_destroy(request);
    space_close(&space);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_spaces_rank_as_the_definition_says),
        cmocka_unit_test(a_space_of_several_windows_ranks_as_the_definition_says),
        cmocka_unit_test(equal_scores_are_ordered_by_sequence),
        cmocka_unit_test(a_word_that_all_have_still_scores_above_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
