#include "actors/patterns/patterns.h"

#include <errno.h>

#include "tests/actors/patterns/played.h"

#define BUDGET (16u << 20)
#define ID_1   "00000000-0000-7000-8000-000000000001"

static const struct cairn_patterns_options OPTIONS = {
    .support = 3, .min_success = 0.7, .length_max = 5};

static int set_up(void **state)
{
    struct projected *patterns = malloc(sizeof(*patterns));
    projected_init(patterns, &cairn_patterns_module, "home", &OPTIONS, BUDGET);
    *state = patterns;
    return 0;
}

static int tear_down(void **state)
{
    projected_deinit(*state);
    free(*state);
    return 0;
}

static void play(struct projected *patterns, uint32_t number, const char *domain, const char *one,
                 const char *two, const char *outcome)
{
    played_play(patterns,
                &(struct played){
                    .number = number, .domain = domain, .tools = {one, two}, .outcome = outcome});
}

/* ---- episodes ---- */

static void an_open_episode_is_answered_from_its_events(void **state)
{
    struct projected *patterns = *state;
    played_put_id(patterns, 1);
    projected_put(patterns, CAIRN_FIELD_TASK, "fix \"it\"");
    projected_put(patterns, CAIRN_FIELD_TYPE, "debugging");
    projected_put(patterns, CAIRN_FIELD_TAGS, "[\"urgent\",\"ui\"]");
    projected_put(patterns, CAIRN_FIELD_CONTEXT, "{\"language\":\"c\"}");
    projected_put(patterns, CAIRN_FIELD_KEY, "run/7");
    projected_apply(patterns, CAIRN_EVENT_EPISODE, 1000, NULL);
    played_put_id(patterns, 1);
    projected_put(patterns, CAIRN_FIELD_TOOL, "grep");
    projected_put(patterns, CAIRN_FIELD_ACTION, "look");
    cairn_event_put_bool(&patterns->payload, CAIRN_FIELD_OK, true);
    projected_put(patterns, CAIRN_FIELD_ARGS, "{\"n\":1.0}");
    projected_put(patterns, CAIRN_FIELD_OBSERVATION, "found");
    cairn_event_put_i64(&patterns->payload, CAIRN_FIELD_LATENCY_MS, 12);
    projected_apply(patterns, CAIRN_EVENT_STEP, 2000, NULL);

    projected_expect(patterns, CAIRN_OPERATION_GET_EPISODE, ID_1, NULL, NULL, 200,
                     "{\"episode\":\"" ID_1 "\",\"seq\":1,\"task\":\"fix \\\"it\\\"\","
                     "\"type\":\"debugging\",\"domain\":\"general\",\"tags\":[\"urgent\",\"ui\"],"
                     "\"context\":{\"language\":\"c\"},\"key\":\"run/7\",\"status\":\"open\","
                     "\"steps\":[{\"seq\":2,\"ts\":2000,\"tool\":\"grep\",\"action\":\"look\","
                     "\"ok\":true,\"args\":{\"n\":1.0},\"observation\":\"found\","
                     "\"latency_ms\":12}],\"started_at\":1000}");
}

static void expect_has(const struct cairn_request *request, const char *part)
{
    if (strstr(request->answer.data, part) == NULL)
        fail_msg("%s is not in %s", part, request->answer.data);
}

static void a_completed_episode_comes_with_reward_and_reflection(void **state)
{
    struct projected *patterns = *state;
    play(patterns, 1, "web", "read", "edit", "success");
    struct cairn_request *request =
        projected_ask(patterns, CAIRN_OPERATION_GET_EPISODE, true, ID_1, NULL, NULL);
    assert_int_equal(request->status, 200);
    expect_has(request, "\"status\":\"completed\",\"outcome\":\"success\",\"reward\":{\"total\":");
    expect_has(request, "\"base\":1,");
    expect_has(request, "\"reflection\":{\"successes\":[\"The task was done.\",");
    expect_has(request, "\"started_at\":1000,\"completed_at\":61000}");
    cairn_request_destroy(request);
}

static void a_completion_answers_with_what_was_learned(void **state)
{
    struct projected *patterns = *state;
    play(patterns, 2, "web", "read", "edit", "success");
    play(patterns, 3, "web", "read", "edit", "success");
    play(patterns, 4, "shell", "read", "edit", "success");
    play(patterns, 1, "web", "read", "edit", "success");
    struct cairn_request *request =
        projected_ask(patterns, CAIRN_OPERATION_COMPLETE_EPISODE, true, ID_1, NULL, NULL);
    assert_int_equal(request->status, 200);
    expect_has(request, "{\"seq\":16,\"reward\":{\"total\":");
    expect_has(request, "\"abstention\":0},\"reflection\":{\"successes\":[");
    expect_has(request, "\"kind\":\"tool_sequence\",\"domain\":\"web\",\"support\":3,"
                        "\"success_rate\":1,\"confidence\":0.438493919");
    expect_has(request,
               "\"tools\":[\"read\",\"edit\"],\"feedback\":{\"helped\":0,\"not_helped\":0}}]}");
    cairn_request_destroy(request);
}

static void a_completion_the_model_does_not_know_is_answered_all_the_same(void **state)
{
    struct projected *patterns = *state;
    patterns->seq = 9;
    projected_expect(patterns, CAIRN_OPERATION_COMPLETE_EPISODE, ID_1, NULL, NULL, 200,
                     "{\"seq\":9,\"reward\":null,\"reflection\":null,\"patterns\":[]}");
}

static void what_is_no_episode_is_400_or_404(void **state)
{
    struct projected *patterns = *state;
    projected_expect(patterns, CAIRN_OPERATION_GET_EPISODE, "seven", NULL, NULL, 400, NULL);
    projected_expect(patterns, CAIRN_OPERATION_GET_EPISODE, ID_1, NULL, NULL, 404, NULL);
    play(patterns, 1, "web", "read", NULL, NULL);
    projected_expect(patterns, CAIRN_OPERATION_GET_EPISODE, ID_1, NULL, NULL, 200, NULL);
    projected_forget(patterns, 1);
    projected_expect(patterns, CAIRN_OPERATION_GET_EPISODE, ID_1, NULL, NULL, 404, NULL);
}

static void an_episode_forgotten_before_its_events_are_read_is_404(void **state)
{
    struct projected *patterns = *state;
    play(patterns, 1, "web", "read", NULL, NULL);
    patterns->ledger->events[0].kind = CAIRN_EVENT_NONE;
    projected_expect(patterns, CAIRN_OPERATION_GET_EPISODE, ID_1, NULL, NULL, 404, NULL);
}

static void steps_and_completions_that_do_not_fit_are_ignored(void **state)
{
    struct projected *patterns = *state;
    play(patterns, 1, "web", "read", "edit", "success");
    struct cairn_digest before = projected_digest(patterns);
    played_step(patterns, 1, "late", NULL);
    played_step(patterns, 2, "lost", NULL);
    played_end(patterns, 1, "failure");
    played_end(patterns, 2, "failure");
    played_begin(patterns, 1, "again");
    assert_int_equal(patterns->result, 0);
    struct cairn_digest after = projected_digest(patterns);
    assert_memory_equal(&before, &after, sizeof(after));
}

/* ---- the list of episodes ---- */

static void begin_tagged(struct projected *patterns, uint32_t number, const char *type,
                         const char *tags, const char *key, int64_t ts_ms)
{
    played_put_id(patterns, number);
    projected_put(patterns, CAIRN_FIELD_TASK, "t");
    projected_put(patterns, CAIRN_FIELD_TYPE, type);
    projected_put(patterns, CAIRN_FIELD_DOMAIN, number % 2 == 0 ? "even" : "odd");
    projected_put(patterns, CAIRN_FIELD_TAGS, tags);
    projected_put(patterns, CAIRN_FIELD_KEY, key);
    projected_apply(patterns, CAIRN_EVENT_EPISODE, ts_ms, NULL);
}

/* The keys of the listed episodes, in order, and the cursor behind a '/' if there is one. */
static void expect_keys(struct projected *patterns, const char *query, const char *wanted)
{
    char keys[256] = "";
    struct cairn_request *request =
        projected_ask(patterns, CAIRN_OPERATION_LIST_EPISODES, true, NULL, NULL, query);
    assert_int_equal(request->status, 200);
    for (const char *at = request->answer.data; (at = strstr(at, "\"key\":\"")) != NULL; at += 7)
        strncat(keys, at + 7, 1);
    const char *cursor = strstr(request->answer.data, "\"next_cursor\":\"");
    if (cursor != NULL) {
        strncat(keys, "/", 2);
        strncat(keys, cursor + 15, strcspn(cursor + 15, "\""));
    }
    assert_string_equal(keys, wanted);
    cairn_request_destroy(request);
}

static void episodes_are_listed_from_the_newest_by_what_is_asked(void **state)
{
    struct projected *patterns = *state;
    begin_tagged(patterns, 1, "testing", "[\"x\"]", "a", 1000);
    begin_tagged(patterns, 2, "testing", "[\"x\",\"y\"]", "b", 2000);
    begin_tagged(patterns, 3, NULL, "[\"\\u0079\"]", "c", 3000);
    begin_tagged(patterns, 4, NULL, NULL, "d", 4000);
    played_end(patterns, 2, "success");
    played_end(patterns, 4, "failure");
    expect_keys(patterns, "", "dcba");
    expect_keys(patterns, "outcome=success", "b");
    expect_keys(patterns, "outcome=partial", "");
    expect_keys(patterns, "domain=odd", "ca");
    expect_keys(patterns, "domain=nobody", "");
    expect_keys(patterns, "type=testing", "ba");
    expect_keys(patterns, "tag=y", "cb");
    expect_keys(patterns, "tag=x&domain=even", "b");
    expect_keys(patterns, "key=c", "c");
    expect_keys(patterns, "since=2000&until=3001", "cb");
    expect_keys(patterns, "since=2001&until=3000", "");
    projected_expect(patterns, CAIRN_OPERATION_LIST_EPISODES, NULL, NULL, "outcome=good", 400,
                     NULL);
    projected_expect(patterns, CAIRN_OPERATION_LIST_EPISODES, NULL, NULL, "since=today", 400, NULL);
    projected_expect(patterns, CAIRN_OPERATION_LIST_EPISODES, NULL, NULL, "limit=1001", 400, NULL);
    projected_expect(patterns, CAIRN_OPERATION_LIST_EPISODES, NULL, NULL, "cursor=z", 400, NULL);
}

static void pages_of_episodes_go_on_whatever_comes_and_goes(void **state)
{
    struct projected *patterns = *state;
    static const char *const keys[] = {"a", "b", "c", "d", "e"};
    for (uint32_t i = 0; i < 5; i++)
        begin_tagged(patterns, i, NULL, NULL, keys[i], 1000);
    expect_keys(patterns, "limit=2", "ed/4");
    projected_forget(patterns, 4);
    begin_tagged(patterns, 9, NULL, NULL, "f", 1000);
    expect_keys(patterns, "limit=2&cursor=4", "cb/2");
    expect_keys(patterns, "limit=2&cursor=2", "a");
    expect_keys(patterns, "limit=1&domain=odd&cursor=3", "b");
}

static void an_item_of_the_list_is_a_summary(void **state)
{
    struct projected *patterns = *state;
    play(patterns, 1, "web", "read", NULL, NULL);
    projected_expect(patterns, CAIRN_OPERATION_LIST_EPISODES, NULL, NULL, NULL, 200,
                     "{\"items\":[{\"episode\":\"" ID_1 "\",\"seq\":1,\"task\":\"a task\","
                     "\"domain\":\"web\",\"tags\":[],\"status\":\"open\",\"step_count\":1,"
                     "\"started_at\":1000}],\"next_cursor\":null}");
}

/* More episodes than one turn looks at, and only the oldest is wanted. */
static void a_long_walk_is_made_in_turns(void **state)
{
    struct projected *patterns = *state;
    begin_tagged(patterns, 0, NULL, NULL, "a", 1000);
    for (uint32_t i = 1; i < 2500; i++)
        begin_tagged(patterns, i, NULL, NULL, "b", 1000);
    struct cairn_request *request = cairn_request_create();
    request->operation = CAIRN_OPERATION_LIST_EPISODES;
    request->query = cairn_slice_of("key=a");
    assert_int_equal(cairn_patterns_module.answer(&patterns->space, request), CAIRN_ANSWER_AGAIN);
    projected_forget(patterns, 1500); /* where the walk would go on */
    cairn_request_destroy(request);
    expect_keys(patterns, "key=a", "a");
}

/* ---- patterns ---- */

static void play_three(struct projected *patterns, uint32_t number, const char *domain,
                       const char *one, const char *two)
{
    for (uint32_t i = 0; i < 3; i++)
        play(patterns, number + i, domain, one, two, "success");
}

/* The first tool of each pattern, in order; the cursor, if any, goes to `cursor`. */
static void list_patterns(struct projected *patterns, const char *query, char *tools,
                          char cursor[65])
{
    struct cairn_request *request =
        projected_ask(patterns, CAIRN_OPERATION_LIST_PATTERNS, true, NULL, NULL, query);
    assert_int_equal(request->status, 200);
    tools[0] = '\0';
    cursor[0] = '\0';
    for (const char *at = request->answer.data; (at = strstr(at, "\"tools\":[\"")) != NULL; at++)
        strncat(tools, at + 10, 1);
    const char *next = strstr(request->answer.data, "\"next_cursor\":\"");
    if (next != NULL)
        strncat(cursor, next + 15, 64);
    cairn_request_destroy(request);
}

static void patterns_are_listed_by_confidence_and_by_what_is_asked(void **state)
{
    struct projected *patterns = *state;
    char tools[64], cursor[65];
    play_three(patterns, 10, "web", "a", "z");
    play_three(patterns, 20, "web", "b", "z");
    play(patterns, 23, "web", "b", "z", "success");
    play_three(patterns, 30, "shell", "c", "z");
    play(patterns, 33, "shell", "c", "z", "failure");
    list_patterns(patterns, "", tools, cursor);
    assert_string_equal(tools, "bac");
    list_patterns(patterns, "kind=tool_sequence&domain=web", tools, cursor);
    assert_string_equal(tools, "ba");
    list_patterns(patterns, "min_success=0.8", tools, cursor);
    assert_string_equal(tools, "ba");
    list_patterns(patterns, "min_success=0.1", tools, cursor);
    assert_string_equal(tools, "bac");
    list_patterns(patterns, "domain=nowhere", tools, cursor);
    assert_string_equal(tools, "");
}

static void pages_of_patterns_miss_none_and_repeat_none(void **state)
{
    struct projected *patterns = *state;
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g"};
    char tools[64], all[64] = "", cursor[65] = "", query[128];
    for (uint32_t i = 0; i < 7; i++)
        play_three(patterns, 10 * i, "web", names[i], "z");
    for (int page = 0; page < 4; page++) {
        snprintf(query, sizeof(query), page == 0 ? "limit=2" : "limit=2&cursor=%s", cursor);
        list_patterns(patterns, query, tools, cursor);
        assert_int_equal(strlen(tools), page == 3 ? 1 : 2);
        assert_int_equal(strlen(cursor), page == 3 ? 0 : 64);
        strncat(all, tools, 2);
    }
    for (uint32_t i = 0; i < 7; i++)
        assert_non_null(strchr(all, names[i][0]));
}

static void kinds_of_later_releases_are_501_and_others_400(void **state)
{
    struct projected *patterns = *state;
    static const struct {
        const char *query;
        int status;
    } cases[] = {
        {"kind=decision_point", 501}, {"kind=error_recovery", 501}, {"kind=context", 501},
        {"kind=cluster", 501},        {"kind=sequence", 400},       {"min_success=1.1", 400},
        {"min_success=-0.1", 400},    {"min_success=1", 200},       {"min_success=0", 200},
        {"min_success=", 400},        {"cursor=00", 400},           {"limit=0", 400}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        projected_expect(patterns, CAIRN_OPERATION_LIST_PATTERNS, NULL, NULL, cases[i].query,
                         cases[i].status, NULL);
        struct cairn_request *request = projected_ask(patterns, CAIRN_OPERATION_LIST_PATTERNS,
                                                      false, NULL, NULL, cases[i].query);
        assert_int_equal(request->status, cases[i].status);
        cairn_request_destroy(request);
    }
}

static void a_pattern_is_found_by_its_id_while_it_is_one(void **state)
{
    struct projected *patterns = *state;
    char id[CAIRN_PATTERN_ID_TEXT_BYTES + 1] = "";
    play_three(patterns, 1, "web", "a", "b");
    struct cairn_request *request =
        projected_ask(patterns, CAIRN_OPERATION_LIST_PATTERNS, true, NULL, NULL, NULL);
    strncat(id, strstr(request->answer.data, "\"id\":\"") + 6, CAIRN_PATTERN_ID_TEXT_BYTES);
    cairn_request_destroy(request);

    /* The id is a function of kind, domain and tools: this one is for ever. */
    assert_string_equal(id, "420caa0cf92f668a391505527b1b50cc");
    projected_expect(patterns, CAIRN_OPERATION_GET_PATTERN, id, NULL, NULL, 200, NULL);
    projected_forget(patterns, 1);
    projected_expect(patterns, CAIRN_OPERATION_GET_PATTERN, id, NULL, NULL, 404, NULL);
    projected_expect(patterns, CAIRN_OPERATION_GET_PATTERN, "none", NULL, NULL, 404, NULL);
}

static void vote(struct projected *patterns, const char *id, bool helped)
{
    projected_put(patterns, CAIRN_FIELD_PATTERN, id);
    cairn_event_put_bool(&patterns->payload, CAIRN_FIELD_HELPED, helped);
    projected_apply(patterns, CAIRN_EVENT_FEEDBACK, 1000, NULL);
}

static void feedback_is_counted_and_taken_back(void **state)
{
    struct projected *patterns = *state;
    static const char id[] = "420caa0cf92f668a391505527b1b50cc";
    struct cairn_digest empty = projected_digest(patterns);
    vote(patterns, id, true); /* may come before the pattern */
    vote(patterns, id, true);
    vote(patterns, id, false);
    vote(patterns, "not an id", true);
    play_three(patterns, 1, "web", "a", "b");
    struct cairn_request *request =
        projected_ask(patterns, CAIRN_OPERATION_GET_PATTERN, true, id, NULL, NULL);
    expect_has(request, "\"feedback\":{\"helped\":2,\"not_helped\":1}}");
    cairn_request_destroy(request);
    projected_forget(patterns, 1);
    request = projected_ask(patterns, CAIRN_OPERATION_GET_PATTERN, true, id, NULL, NULL);
    expect_has(request, "\"feedback\":{\"helped\":1,\"not_helped\":1}}");
    cairn_request_destroy(request);
    for (uint64_t seq = 1; seq <= patterns->seq; seq++)
        projected_forget(patterns, seq);
    struct cairn_digest after = projected_digest(patterns);
    assert_memory_equal(&empty, &after, sizeof(after));
}

/* ---- the model as a whole ---- */

static void any_difference_changes_the_digest(void **state)
{
    struct projected *patterns = *state;
    struct projected other;
    projected_init(&other, &cairn_patterns_module, "home", &OPTIONS, BUDGET);
    play(patterns, 1, "web", "a", "b", "success");
    play(&other, 1, "web", "a", "b", "partial");
    assert_false(projected_equal(patterns, &other));
    played_forget(&other, &(struct played){.seqs = {1}, .seq_count = 1});
    other.seq = 0;
    play(&other, 1, "web", "a", "c", "success");
    assert_false(projected_equal(patterns, &other));
    projected_forget(&other, 1);
    other.seq = 0;
    play(&other, 1, "web", "a", "b", "success");
    assert_true(projected_equal(patterns, &other));
    projected_deinit(&other);
}

/* Both spaces use the same words; neither counts what the other has seen. */
static void another_space_with_the_same_tools_learns_nothing(void **state)
{
    struct projected *patterns = *state;
    struct projected other;
    char tools[64], cursor[65];
    projected_init(&other, &cairn_patterns_module, "away", &OPTIONS, BUDGET);
    play_three(patterns, 1, "web", "a", "b");
    play(&other, 1, "web", "a", "b", "success");
    play(&other, 2, "web", "a", "b", "success");
    list_patterns(patterns, "", tools, cursor);
    assert_string_equal(tools, "a");
    list_patterns(&other, "", tools, cursor);
    assert_string_equal(tools, "");
    projected_deinit(&other);
}

static void a_space_unknown_here_has_empty_lists_and_nothing_to_get(void **state)
{
    struct projected *patterns = *state;
    static const struct {
        enum cairn_operation operation;
        int status;
    } cases[] = {{CAIRN_OPERATION_LIST_EPISODES, 200},
                 {CAIRN_OPERATION_LIST_PATTERNS, 200},
                 {CAIRN_OPERATION_COMPLETE_EPISODE, 200},
                 {CAIRN_OPERATION_GET_EPISODE, 404},
                 {CAIRN_OPERATION_GET_PATTERN, 404}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct cairn_request *request =
            projected_ask(patterns, cases[i].operation, false, ID_1, NULL, NULL);
        assert_int_equal(request->status, cases[i].status);
        cairn_request_destroy(request);
    }
}

static void no_byte_of_a_forgotten_episode_stays_in_the_image(void **state)
{
    struct projected *patterns = *state;
    play(patterns, 1, "remaining", "tool", NULL, "success");
    uint64_t first = patterns->seq + 1;
    begin_tagged(patterns, 2, "secret-type", "[\"secret-tag\"]", "secret-key", 1000);
    played_step(patterns, 2, "secret-tool", "secret-error");
    played_put_id(patterns, 2);
    projected_put(patterns, CAIRN_FIELD_OUTCOME, "failure");
    projected_put(patterns, CAIRN_FIELD_REASON, "secret-reason");
    projected_apply(patterns, CAIRN_EVENT_COMPLETION, 2000, NULL);
    projected_forget(patterns, first);
    struct cairn_slice image = cairn_heap_image(&patterns->space.heap);
    assert_non_null(memmem(image.data, image.bytes, "remaining", 9));
    assert_null(memmem(image.data, image.bytes, "secret", 6));
    assert_null(memmem(image.data, image.bytes, "et-", 3));
}

/* Every event of a stream that does not fit leaves the model as it was, wherever the room ends. */
static void a_full_budget_refuses_an_event_and_changes_nothing(void **state)
{
    (void)state;
    for (uint64_t budget = 3600; budget < 13000; budget += 104) {
        struct projected patterns;
        projected_init(&patterns, &cairn_patterns_module, "small", &OPTIONS, budget);
        uint32_t refused = 0;
        for (uint32_t number = 0; number < 12; number++) {
            char tool[16];
            snprintf(tool, sizeof(tool), "tool-%u", number);
            played_begin(&patterns, number, "web");
            refused += patterns.result == -ENOMEM;
            for (int i = 0; i < 12; i++) {
                struct cairn_digest before = projected_digest(&patterns);
                if (i < 11)
                    played_step(&patterns, number, i % 2 == 0 ? tool : "a", "an error");
                else
                    played_end(&patterns, number, "success");
                struct cairn_digest after = projected_digest(&patterns);
                assert_true(patterns.result == 0 || patterns.result == -ENOMEM);
                if (patterns.result == -ENOMEM)
                    assert_memory_equal(&before, &after, sizeof(after));
                refused += patterns.result == -ENOMEM;
            }
        }
        assert_true(refused > 0);
        for (uint64_t seq = 1; seq <= patterns.seq; seq++)
            projected_forget(&patterns, seq);
        struct cairn_digest digest = projected_digest(&patterns);
        assert_true(digest.low == 0 && digest.high == 0);
        projected_deinit(&patterns);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_open_episode_is_answered_from_its_events),
        TEST(a_completed_episode_comes_with_reward_and_reflection),
        TEST(a_completion_answers_with_what_was_learned),
        TEST(a_completion_the_model_does_not_know_is_answered_all_the_same),
        TEST(what_is_no_episode_is_400_or_404),
        TEST(an_episode_forgotten_before_its_events_are_read_is_404),
        TEST(steps_and_completions_that_do_not_fit_are_ignored),
        TEST(episodes_are_listed_from_the_newest_by_what_is_asked),
        TEST(pages_of_episodes_go_on_whatever_comes_and_goes),
        TEST(an_item_of_the_list_is_a_summary),
        TEST(a_long_walk_is_made_in_turns),
        TEST(patterns_are_listed_by_confidence_and_by_what_is_asked),
        TEST(pages_of_patterns_miss_none_and_repeat_none),
        TEST(kinds_of_later_releases_are_501_and_others_400),
        TEST(a_pattern_is_found_by_its_id_while_it_is_one),
        TEST(feedback_is_counted_and_taken_back),
        TEST(any_difference_changes_the_digest),
        TEST(another_space_with_the_same_tools_learns_nothing),
        TEST(a_space_unknown_here_has_empty_lists_and_nothing_to_get),
        TEST(no_byte_of_a_forgotten_episode_stays_in_the_image),
        cmocka_unit_test(a_full_budget_refuses_an_event_and_changes_nothing),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
