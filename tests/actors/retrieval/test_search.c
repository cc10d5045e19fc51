/* The search call: bodies, problems, pages and the answer's JSON. */
#include "actors/retrieval/search_api.h"

#include "runtime/base/json.h"
#include "tests/actors/retrieval/fixture.h"
#include "tests/support/unit.h"

static int open_space(void **state)
{
    struct cairn_projection_space *space = malloc(sizeof(*space));
    assert_non_null(space);
    space_open(space, "s", &english);
    *state = space;
    return 0;
}

static int close_space(void **state)
{
    space_close(*state);
    free(*state);
    return 0;
}

/* The problem's detail of a body that is refused with `status` has `word` in it. */
static void assert_problem(struct cairn_projection_space *space, const char *body, int status,
                           const char *word)
{
    struct cairn_request *request = ask(space, body);
    assert_int_equal(request->status, status);
    assert_null(request->render);
    cairn_buffer_append_byte(&request->answer, 0);
    if (strstr(request->answer.data, word) == NULL)
        fail_msg("%s: no \"%s\" in %s", body, word, request->answer.data);
    cairn_request_destroy(request);
}

static void a_space_that_does_not_exist_is_404(void **state)
{
    (void)state;
    assert_problem(NULL, "{\"query\":\"x\"}", 404, "no such space");
}

static void a_body_that_cannot_be_understood_is_400(void **state)
{
    struct cairn_projection_space *space = *state;
    assert_problem(space, "", 400, "byte 0");
    assert_problem(space, "[]", 400, "byte");
    assert_problem(space, "{\"query\":\"x\"} 1", 400, "byte");
    assert_problem(space, "{\"query\":7}", 400, "byte");
    assert_problem(space, "{\"query\":null}", 400, "byte");
    assert_problem(space, "{\"query\":\"x\",\"query\":\"y\"}", 400, "byte");
    assert_problem(space, "{\"query\":\"x\",\"explain\":1}", 400, "byte");
    assert_problem(space, "{\"query\":\"x\",\"since\":1.5}", 400, "byte");
    assert_problem(space, "{\"query\":\"x\",\"min_seq\":-1}", 400, "byte");
    assert_problem(space, "{\"query\":\"x\",\"channel\":\"\"}", 400, "empty name");
}

static void unknown_fields_and_modes_say_what_was_meant(void **state)
{
    struct cairn_projection_space *space = *state;
    assert_problem(space, "{\"query\":\"x\",\"chanel\":\"a\"}", 400, "channel");
    assert_problem(space, "{\"query\":\"x\",\"zzzzzz\":1}", 400, "zzzzzz");
    assert_problem(space, "{\"query\":\"x\",\"mode\":\"txt\"}", 400, "text");
}

static void a_query_is_needed_and_not_empty_and_not_huge(void **state)
{
    struct cairn_projection_space *space = *state;
    assert_problem(space, "{}", 400, "needs a query");
    assert_problem(space, "{\"query\":\"\"}", 400, "empty");
    assert_problem(space, "{\"query\":\" \\n\\t \"}", 400, "empty");
    char body[9000] = "{\"query\":\"";
    for (size_t bytes = 8191; bytes <= 8193; bytes++) {
        memset(body + 10, 'a', bytes);
        memcpy(body + 10 + bytes, "\"}", 3);
        assert_string_equal(found(space, body), bytes > 8192 ? "400" : "");
    }
}

static void k_is_from_1_to_1000(void **state)
{
    struct cairn_projection_space *space = *state;
    for (uint64_t seq = 1; seq <= 20; seq++)
        say(space, seq, "alpha");
    assert_problem(space, "{\"query\":\"alpha\",\"k\":0}", 400, "1 to 1000");
    assert_problem(space, "{\"query\":\"alpha\",\"k\":1001}", 400, "1 to 1000");
    assert_problem(space, "{\"query\":\"alpha\",\"k\":-1}", 400, "byte");
    assert_string_equal(found(space, "{\"query\":\"alpha\",\"k\":1}"), "1");
    assert_string_equal(found(space, "{\"query\":\"alpha\",\"k\":1000}"),
                        "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20");
    assert_string_equal(found(space, "{\"query\":\"alpha\"}"), "1 2 3 4 5 6 7 8 9 10");
    assert_string_equal(found(space, "{\"query\":\"alpha\",\"k\":null}"), "1 2 3 4 5 6 7 8 9 10");
}

static void what_comes_later_is_501_and_says_so(void **state)
{
    struct cairn_projection_space *space = *state;
    assert_problem(space, "{\"query\":\"x\",\"mode\":\"vector\"}", 501, "later release");
    assert_problem(space, "{\"query\":\"x\",\"kinds\":[\"message\",\"pattern\"]}", 501, "patterns");
}

static void kinds_are_checked(void **state)
{
    struct cairn_projection_space *space = *state;
    assert_problem(space, "{\"query\":\"x\",\"kinds\":[]}", 400, "kinds is empty");
    assert_problem(space, "{\"query\":\"x\",\"kinds\":[\"\"]}", 400, "none of them empty");
    assert_problem(space, "{\"query\":\"x\",\"kinds\":\"fact\"}", 400, "byte");
    assert_problem(space, "{\"query\":\"x\",\"kinds\":[\"step\"]}", 422, "not searched");
    assert_problem(space,
                   "{\"query\":\"x\",\"kinds\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\","
                   "\"9\",\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\"]}",
                   400, "at most 16");
}

static void a_query_without_words_finds_nothing(void **state)
{
    struct cairn_projection_space *space = *state;
    say(space, 1, "alpha");
    assert_string_equal(found(space, "{\"query\":\"!?\"}"), "");
    assert_string_equal(found(space, "{\"query\":\"omega\"}"), "");
}

static void stopwords_count_only_when_there_is_nothing_else(void **state)
{
    struct cairn_projection_space *space = *state;
    say(space, 1, "to be or not to be");
    say(space, 2, "the pump is broken");
    assert_string_equal(found(space, "{\"query\":\"is the pump to be repaired\"}"), "2");
    assert_string_equal(found(space, "{\"query\":\"to be or not to be\"}"), "1");
}

static void words_are_found_in_any_form(void **state)
{
    struct cairn_projection_space *space = *state;
    say(space, 1, "Call getUserById first");
    say(space, 2, "errno was ENOENT");
    say(space, 3, "caf\xc3\xa9s are \xe6\x9d\xb1\xe4\xba\xac\xe9\x83\xbd \xf0\x9f\x91\x8d");
    assert_string_equal(found(space, "{\"query\":\"getuserbyid\"}"), "1");
    assert_string_equal(found(space, "{\"query\":\"user id\"}"), "1");
    assert_string_equal(found(space, "{\"query\":\"enoent\"}"), "2");
    assert_string_equal(found(space, "{\"query\":\"cafe\"}"), "3");
    assert_string_equal(found(space, "{\"query\":\"\xe4\xba\xac\xe9\x83\xbd\"}"), "3");
    assert_string_equal(found(space, "{\"query\":\"\\ud83d\\udc4d\"}"), "3");
}

static void filters_narrow_and_never_lower_recall(void **state)
{
    struct cairn_projection_space *space = *state;
    for (uint64_t seq = 1; seq <= 2000; seq++) {
        bool is_odd = seq == 1777;
        assert_int_equal(
            say_bytes(space, seq, is_odd ? "quiet" : "loud", is_odd ? "eve" : "bob",
                      cairn_slice_of(is_odd ? "alpha and a lot of other words" : "alpha alpha")),
            0);
    }
    assert_string_equal(found(space, "{\"query\":\"alpha\",\"channel\":\"quiet\"}"), "1777");
    assert_string_equal(found(space, "{\"query\":\"alpha\",\"author\":\"eve\"}"), "1777");
    assert_string_equal(
        found(space, "{\"query\":\"alpha\",\"author\":\"eve\",\"channel\":\"loud\"}"), "");
    assert_string_equal(found(space, "{\"query\":\"alpha\",\"channel\":\"unheard\"}"), "");
    /* Times are 1,700,000,000,000 and the sequence: since is at or after, until before. */
    assert_string_equal(
        found(space, "{\"query\":\"alpha\",\"since\":1700000000007,\"until\":1700000000009}"),
        "7 8");
    assert_string_equal(found(space, "{\"query\":\"alpha\",\"since\":1700000002001}"), "");
}

static void an_expired_message_is_never_found(void **state)
{
    struct cairn_projection_space *space = *state;
    struct cairn_buffer payload = {0};
    cairn_event_put(&payload, CAIRN_FIELD_TEXT, cairn_slice_of("alpha"));
    cairn_event_put_i64(&payload, CAIRN_FIELD_EXPIRES_AT, 5000);
    struct cairn_event event = event_of(CAIRN_EVENT_MESSAGE, 1, &payload);
    assert_int_equal(cairn_retrieval_module.apply(space, &event), 0);
    cairn_buffer_deinit(&payload);
    for (int64_t now_ms = 4999; now_ms <= 5001; now_ms++) {
        struct cairn_request *request = ask_at(space, "{\"query\":\"alpha\"}", now_ms);
        assert_int_equal(request->fetch_count, now_ms < 5000 ? 1 : 0);
        cairn_request_destroy(request);
    }
}

/* ---- pages ---- */

static void a_cursor_of_another_question_is_refused(void **state)
{
    struct cairn_projection_space *space = *state;
    for (uint64_t seq = 1; seq <= 20; seq++)
        say(space, seq, "alpha beta");
    struct cairn_request *request = ask(space, "{\"query\":\"alpha\",\"k\":5}");
    const struct cairn_search_results *results = request->results;
    assert_true(results->has_next);
    char body[256];
    snprintf(body, sizeof(body), "{\"query\":\"beta\",\"cursor\":\"%.48s\"}", results->next_cursor);
    assert_problem(space, body, 400, "another search");
    snprintf(body, sizeof(body), "{\"query\":\"alpha\",\"author\":\"ann\",\"cursor\":\"%.48s\"}",
             results->next_cursor);
    assert_problem(space, body, 400, "another search");
    snprintf(body, sizeof(body), "{\"query\":\"alpha\",\"k\":2,\"cursor\":\"%.48s\"}",
             results->next_cursor);
    assert_string_equal(found(space, body), "6 7");
    cairn_request_destroy(request);
    assert_problem(space, "{\"query\":\"alpha\",\"cursor\":\"12\"}", 400, "cursor");
}

static void the_last_page_has_no_cursor(void **state)
{
    struct cairn_projection_space *space = *state;
    for (uint64_t seq = 1; seq <= 5; seq++)
        say(space, seq, "alpha");
    for (unsigned k = 4; k <= 6; k++) {
        char body[64];
        snprintf(body, sizeof(body), "{\"query\":\"alpha\",\"k\":%u}", k);
        struct cairn_request *request = ask(space, body);
        assert_int_equal(((const struct cairn_search_results *)request->results)->has_next, k < 5);
        cairn_request_destroy(request);
    }
}

/* ---- the answer ---- */

/* As the reader does: the events of the hits, in their order; `missing` is no longer there. */
static void fetch(struct cairn_request *request, const struct cairn_event events[],
                  uint64_t missing)
{
    request->fetched = cairn_batch_create(request->fetch_count);
    assert_non_null(request->fetched);
    for (uint32_t i = 0; i < request->fetch_count; i++) {
        struct cairn_event event = events[request->fetch[i] - 1];
        if (event.seq == missing)
            event.kind = CAIRN_EVENT_NONE;
        assert_int_equal(cairn_batch_add(request->fetched, &event), 0);
    }
}

static const char *rendered(struct cairn_request *request)
{
    request->stage_ns[CAIRN_STAGE_RETRIEVAL] = 42999;
    request->render(request);
    assert_int_equal(request->status, 200);
    struct cairn_json_scratch scratch = {0};
    struct cairn_json_reader reader;
    cairn_json_scratch_begin(&scratch, request->answer.bytes);
    cairn_json_reader_init(&reader, cairn_buffer_slice(&request->answer), &scratch);
    cairn_json_skip(&reader);
    assert_int_equal(cairn_json_finish(&reader), 0);
    cairn_json_scratch_deinit(&scratch);
    cairn_buffer_append_byte(&request->answer, 0);
    return request->answer.data;
}

static void assert_has(const char *answer, const char *part)
{
    if (strstr(answer, part) == NULL)
        fail_msg("no %s in %s", part, answer);
}

static void an_answer_without_hits_is_complete(void **state)
{
    struct cairn_projection_space *space = *state;
    struct cairn_request *request = ask(space, "{\"query\":\"omega\"}");
    assert_string_equal(
        rendered(request),
        "{\"hits\":[],\"mode\":\"text\",\"took_us\":42,\"cached\":false,\"next_cursor\":null}");
    cairn_request_destroy(request);
}

/* A message, an episode, a fact and a custom event that all say "pump". */
static uint32_t make_events(struct cairn_event events[4], struct cairn_buffer payloads[4])
{
    static const uint8_t uuid[16] = {0x01, 0x8f, 0xff, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 7};
    cairn_event_put(&payloads[0], CAIRN_FIELD_TEXT, cairn_slice_of("the \"pump\""));
    cairn_event_put(&payloads[0], CAIRN_FIELD_CLIENT_ID, cairn_slice_of("m-1"));
    cairn_event_put(&payloads[1], CAIRN_FIELD_EPISODE, cairn_slice(uuid, sizeof(uuid)));
    cairn_event_put(&payloads[1], CAIRN_FIELD_TASK, cairn_slice_of("repair the pump"));
    cairn_event_put(&payloads[2], CAIRN_FIELD_KEY, cairn_slice_of("owns"));
    cairn_event_put(&payloads[2], CAIRN_FIELD_VALUE, cairn_slice_of("\"a p\\u0075mp\""));
    cairn_event_put(&payloads[3], CAIRN_FIELD_NAME, cairn_slice_of("alarm"));
    cairn_event_put(&payloads[3], CAIRN_FIELD_CONTENT, cairn_slice_of("pump stopped"));
    static const uint8_t KINDS[] = {CAIRN_EVENT_MESSAGE, CAIRN_EVENT_EPISODE, CAIRN_EVENT_FACT,
                                    CAIRN_EVENT_CUSTOM};
    for (uint32_t i = 0; i < 4; i++)
        events[i] = event_of(KINDS[i], i + 1, &payloads[i]);
    events[0].channel = cairn_slice_of("general");
    events[0].author = cairn_slice_of("ann");
    events[2].author = cairn_slice_of("zoe");
    return 4;
}

static void an_answer_shows_each_kind_with_its_own_fields(void **state)
{
    struct cairn_projection_space *space = *state;
    struct cairn_event events[4];
    struct cairn_buffer payloads[4] = {0};
    uint32_t count = make_events(events, payloads);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(cairn_retrieval_module.apply(space, &events[i]), 0);
    struct cairn_request *request = ask(space, "{\"query\":\"pump\",\"explain\":true,\"k\":4}");
    assert_int_equal(request->fetch_count, 4);
    fetch(request, events, 0);
    const char *answer = rendered(request);
    assert_has(answer, "{\"seq\":1,\"id\":\"m-1\",\"kind\":\"message\",\"score\":");
    assert_has(answer, ",\"channel\":\"general\",\"author\":\"ann\",\"ts\":1700000000001,"
                       "\"text\":\"the \\\"pump\\\"\",\"scores\":{\"bm25\":");
    assert_has(answer, "{\"seq\":2,\"kind\":\"episode\",\"score\":");
    assert_has(answer, "\"text\":\"repair the pump\","
                       "\"episode\":\"018fff00-0000-7000-8000-000000000007\"");
    assert_has(answer, "{\"seq\":3,\"kind\":\"fact\",\"score\":");
    assert_has(answer, "\"author\":\"zoe\",\"ts\":1700000000003,\"text\":\"owns: a pump\"");
    assert_has(answer, "{\"seq\":4,\"kind\":\"alarm\",\"score\":");
    assert_has(answer, "\"text\":\"pump stopped\"");
    cairn_request_destroy(request);
    for (uint32_t i = 0; i < count; i++)
        cairn_buffer_deinit(&payloads[i]);
}

static void a_hit_that_was_forgotten_meanwhile_is_left_out(void **state)
{
    struct cairn_projection_space *space = *state;
    struct cairn_event events[4];
    struct cairn_buffer payloads[4] = {0};
    uint32_t count = make_events(events, payloads);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(cairn_retrieval_module.apply(space, &events[i]), 0);
    struct cairn_request *request = ask(space, "{\"query\":\"pump\",\"k\":3}");
    fetch(request, events, request->fetch[0]);
    uint64_t left_out = request->fetch[0];
    const char *answer = rendered(request);
    char seq[32];
    snprintf(seq, sizeof(seq), "\"seq\":%u,", (unsigned)left_out);
    assert_null(strstr(answer, seq));
    assert_null(strstr(answer, "\"scores\""));
    assert_has(answer, "\"next_cursor\":\"");
    cairn_request_destroy(request);
    for (uint32_t i = 0; i < count; i++)
        cairn_buffer_deinit(&payloads[i]);
}

#define with_space(test) cmocka_unit_test_setup_teardown(test, open_space, close_space)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_space_that_does_not_exist_is_404),
        with_space(a_body_that_cannot_be_understood_is_400),
        with_space(unknown_fields_and_modes_say_what_was_meant),
        with_space(a_query_is_needed_and_not_empty_and_not_huge),
        with_space(k_is_from_1_to_1000),
        with_space(what_comes_later_is_501_and_says_so),
        with_space(kinds_are_checked),
        with_space(a_query_without_words_finds_nothing),
        with_space(stopwords_count_only_when_there_is_nothing_else),
        with_space(words_are_found_in_any_form),
        with_space(filters_narrow_and_never_lower_recall),
        with_space(an_expired_message_is_never_found),
        with_space(a_cursor_of_another_question_is_refused),
        with_space(the_last_page_has_no_cursor),
        with_space(an_answer_without_hits_is_complete),
        with_space(an_answer_shows_each_kind_with_its_own_fields),
        with_space(a_hit_that_was_forgotten_meanwhile_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
