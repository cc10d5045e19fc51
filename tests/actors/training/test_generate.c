#include "actors/training/tokens.h"
#include "tests/actors/training/fixture.h"

static void assert_problem(struct fixture *fixture, const char *body, int status, const char *said)
{
    struct cairn_request *request = fixture_generate(fixture, body);
    if (request->status != status || strstr(request->answer.data, said) == NULL)
        print_message("%s -> %d %s\n", body, request->status, request->answer.data);
    assert_int_equal(request->status, status);
    assert_non_null(strstr(request->answer.data, said));
    cairn_request_destroy(request);
}

/* Chat of `count` messages over a few words, by seed. */
static void learn_chat(struct fixture *fixture, uint64_t seed, uint64_t first_seq, uint32_t count)
{
    static const char *const words[] = {"the", "server", "is",  "down", "again", "and",
                                        "who", "will",   "fix", "it",   "now",   "please"};
    static const char *const channels[] = {"general", "ops", "random"};
    struct cairn_random random;
    cairn_random_init(&random, seed);
    for (uint64_t i = 0; i < count; i++) {
        char text[256] = "";
        uint64_t length = 3 + cairn_random_below(&random, 8);
        for (uint64_t w = 0; w < length; w++) {
            strcat(text, words[cairn_random_below(&random, 12)]);
            strcat(text, " ");
        }
        fixture_learn(fixture, first_seq + i, channels[i % 3], text);
    }
}

static void an_empty_corpus_is_told(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, "guild", 2);
    assert_problem(&fixture, "", 422, "the corpus is empty");
    fixture_learn(&fixture, 1, "general", "hello there");
    assert_problem(&fixture, "{\"channel\":\"ops\"}", 422, "empty for channel `ops`");
    fixture_forget(&fixture, 1);
    assert_problem(&fixture, "", 422, "the corpus is empty");

    struct cairn_request *request = cairn_request_create();
    request->operation = CAIRN_OPERATION_GENERATE;
    assert_int_equal(cairn_training_answer(NULL, request), CAIRN_ANSWER_DONE);
    assert_int_equal(request->status, 422);
    cairn_request_destroy(request);
    fixture_close(&fixture);
}

static void wrong_bodies_are_refused(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, "guild", 2);
    fixture_learn(&fixture, 1, "general", "hello there");
    assert_problem(&fixture, "{\"max_word\":5}", 400, "did you mean `max_words`");
    assert_problem(&fixture, "{\"max_words\":\"5\"}", 400, "max_words");
    assert_problem(&fixture, "{\"state_size\":3}", 422, "state_size 3 is not trained");
    fixture_close(&fixture);
}

static void an_answer_has_its_members(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, "guild", 2);
    fixture_learn(&fixture, 41, "general", "say \"hi\" twice");
    struct cairn_request *request = cairn_request_create();
    request->operation = CAIRN_OPERATION_GENERATE;
    request->body = cairn_slice_of("{\"allow_verbatim\":true,\"start\":\"say\"}");
    assert_int_equal(cairn_training_answer(&fixture.space, request), CAIRN_ANSWER_DONE);
    request->stage_ns[CAIRN_STAGE_TRAINING] = 12345;
    assert_non_null(request->render);
    request->render(request);
    cairn_buffer_append_byte(&request->answer, '\0');
    assert_string_equal(request->answer.data,
                        "{\"text\":\"say \\\"hi\\\" twice\",\"score\":0,\"refs\":[41],"
                        "\"tries\":1,\"seed_used\":true,\"took_us\":12}");
    cairn_request_destroy(request);
    fixture_close(&fixture);
}

/* Two spaces share a prefix and nothing behind it (features.md, B2). */
static void nothing_of_one_space_comes_out_of_another(void **state)
{
    (void)state;
    struct fixture a;
    struct fixture b;
    fixture_open(&a, "a", 2);
    fixture_open(&b, "b", 2);
    for (uint64_t i = 0; i < 20; i++) {
        char text[64];
        snprintf(text, sizeof(text), "we all know alpha%u secret end", (uint32_t)i);
        fixture_learn(&a, 2 * i + 1, "general", text);
        snprintf(text, sizeof(text), "we all know beta%u public end", (uint32_t)i);
        fixture_learn(&b, 2 * i + 2, "general", text);
    }
    struct cairn_digest before = fixture_digest(&b);
    for (uint64_t i = 0; i < 200; i++) {
        struct cairn_request *request = fixture_generate_random(&b, "{\"allow_verbatim\":true}", i);
        assert_non_null(strstr(request->answer.data, "beta"));
        assert_null(strstr(request->answer.data, "alpha"));
        assert_null(strstr(request->answer.data, "secret"));
        /* Statistics do not leak either: 20 successors of "all know", none of them a's. */
        assert_int_equal(fixture_number_of(request, "\"score\":"), 19);
        cairn_request_destroy(request);
    }
    for (uint64_t i = 0; i < 20; i++)
        fixture_forget(&a, 2 * i + 1);
    fixture_forget(&b, 1);
    assert_digest_equal(before, fixture_digest(&b));
    fixture_close(&a);
    fixture_close(&b);
}

static void a_trained_text_is_never_the_answer(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, "guild", 1);
    fixture_learn(&fixture, 1, "general", "i like  red apples");
    fixture_learn(&fixture, 2, "general", "you like green pears");
    uint32_t mixed = 0;
    for (uint64_t i = 0; i < 500; i++) {
        struct cairn_request *request = fixture_generate_random(&fixture, "", i);
        struct cairn_slice text = fixture_text_of(request);
        assert_false(cairn_slice_is(text, "i like red apples"));
        assert_false(cairn_slice_is(text, "you like green pears"));
        mixed += cairn_slice_is(text, "you like red apples");
        cairn_request_destroy(request);
    }
    assert_true(mixed > 100);

    /* What is no longer trained may be said again; what else is trained may not. */
    fixture_learn(&fixture, 3, "general", "you like red apples");
    fixture_learn(&fixture, 4, "general", "you like red apples");
    fixture_learn(&fixture, 5, "general", "i like green pears");
    assert_problem(&fixture, "", 422, "no text passed in 100 tries: 100 equal a trained message");
    fixture_forget(&fixture, 3);
    assert_problem(&fixture, "", 422, "100 equal a trained message");
    fixture_forget(&fixture, 4);
    struct cairn_request *request = fixture_generate(&fixture, "");
    assert_true(cairn_slice_is(fixture_text_of(request), "you like red apples"));
    cairn_request_destroy(request);
    fixture_close(&fixture);
}

static void filters_hold_and_say_why_they_failed(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, "guild", 1);
    learn_chat(&fixture, 3, 1, 300);
    for (uint64_t i = 0; i < 200; i++) {
        struct cairn_request *request = fixture_generate_random(
            &fixture, "{\"min_score\":40,\"min_refs\":3,\"max_words\":9}", i);
        struct cairn_slice text = fixture_text_of(request);
        assert_true(fixture_number_of(request, "\"score\":") >= 40);
        assert_true(cairn_tokens_count(text) <= 9);
        cairn_request_destroy(request);
    }
    assert_problem(&fixture, "{\"min_score\":100000,\"max_tries\":17}", 422,
                   "no text passed in 17 tries: 17 scored below min_score 100000");
    assert_problem(&fixture, "{\"min_refs\":1000,\"max_tries\":250}", 422, "in 250 tries");
    assert_problem(&fixture, "{\"min_refs\":1000}", 422, "fewer than min_refs 1000 sources");
    fixture_close(&fixture);
}

static void tries_count_the_refused_texts_too(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, "guild", 1);
    learn_chat(&fixture, 3, 1, 300);
    uint64_t tries_max = 0;
    for (uint64_t i = 0; i < 50; i++) {
        struct cairn_request *request =
            fixture_generate_random(&fixture, "{\"min_score\":150,\"max_tries\":10000}", i);
        uint64_t tries = fixture_number_of(request, "\"tries\":");
        tries_max = tries > tries_max ? tries : tries_max;
        cairn_request_destroy(request);
    }
    assert_true(tries_max > 1);
    fixture_close(&fixture);
}

static void a_text_is_cut_at_max_words(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, "guild", 2);
    fixture_learn(&fixture, 1, "general", "a b c d e f g h");
    for (uint32_t words = 1; words <= 9; words++) {
        char body[64];
        snprintf(body, sizeof(body), "{\"allow_verbatim\":true,\"max_words\":%u}", words);
        struct cairn_request *request = fixture_generate(&fixture, body);
        assert_int_equal(cairn_tokens_count(fixture_text_of(request)), words < 8 ? words : 8);
        cairn_request_destroy(request);
    }
    fixture_close(&fixture);
}

static void a_known_start_begins_the_text(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, "guild", 2);
    learn_chat(&fixture, 3, 1, 300);
    fixture_learn(&fixture, 1000, "general", "tomorrow we will fix it");
    static const struct {
        const char *start, *begins;
    } cases[] = {{"tomorrow we", "tomorrow we "},
                 {"tomorrow", "tomorrow we "},
                 {"the server", "the server "},
                 {" we   will ", "we will "},
                 {"tomorrow we will not be there", "tomorrow we "}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char body[128];
        snprintf(body, sizeof(body), "{\"start\":\"%s\"}", cases[i].start);
        for (uint64_t random = 0; random < 20; random++) {
            struct cairn_request *request = fixture_generate_random(&fixture, body, random);
            struct cairn_slice text = fixture_text_of(request);
            assert_memory_equal(text.data, cases[i].begins, strlen(cases[i].begins));
            assert_non_null(strstr(request->answer.data, "\"seed_used\":true"));
            cairn_request_destroy(request);
        }
    }
    fixture_close(&fixture);
}

static void an_unknown_start_is_said_and_left_out(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, "guild", 2);
    learn_chat(&fixture, 3, 1, 300);
    fixture_learn(&fixture, 1000, "general", "tomorrow we will fix it");
    /* A word nobody said; known words that never stood so; one that begins no message; none. */
    static const char *const starts[] = {"elephant", "we tomorrow", "we", "", "the elephant"};
    for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
        char body[128];
        snprintf(body, sizeof(body), "{\"start\":\"%s\"}", starts[i]);
        struct cairn_request *request = fixture_generate(&fixture, body);
        assert_int_equal(request->status, 200);
        assert_non_null(strstr(request->answer.data, "\"seed_used\":false"));
        cairn_request_destroy(request);
    }
    struct cairn_request *request = fixture_generate(&fixture, "");
    assert_null(strstr(request->answer.data, "seed_used"));
    cairn_request_destroy(request);
    fixture_close(&fixture);
}

/* The same messages, one ledger straight, one with a past: other ids, other tables, other heap. */
static void a_seed_gives_the_same_text_whatever_the_history(void **state)
{
    (void)state;
    for (uint32_t k = 1; k <= 3; k++) {
        struct fixture plain;
        struct fixture scarred;
        struct cairn_training_options off = {.channel_cache_mb = 16, .state_size = k};
        fixture_open_with(&plain, "guild", off, FIXTURE_BUDGET);
        fixture_open(&scarred, "guild", k == 1 ? 4 : k - 1);
        learn_chat(&scarred, 99, 1, 120); /* later forgotten */
        fixture_learn(&scarred, 500, "ops", "zzz please now it fix will who and again down");
        learn_chat(&plain, 3, 1000, 250);
        learn_chat(&scarred, 3, 1000, 250);
        for (uint64_t seq = 1; seq <= 500; seq++)
            fixture_forget(&scarred, seq);
        char settings[32];
        snprintf(settings, sizeof(settings), "{\"state_size\":%u}", k);
        fixture_settings(&scarred, 2000, settings);

        static const char *const fields[] = {"", ",\"min_score\":20", ",\"channel\":\"ops\"",
                                             ",\"start\":\"the server\""};
        for (uint32_t i = 0; i < 200; i++) {
            char body[96];
            snprintf(body, sizeof(body), "{\"rng_seed\":%u,\"max_tries\":1000%s}", i / 4,
                     fields[i % 4]);
            struct cairn_request *a = fixture_generate_random(&plain, body, 1);
            struct cairn_request *b = fixture_generate_random(&scarred, body, 2);
            struct cairn_request *c = fixture_generate_random(&scarred, body, 3);
            assert_string_equal(a->answer.data, b->answer.data);
            assert_string_equal(a->answer.data, c->answer.data);
            cairn_request_destroy(a);
            cairn_request_destroy(b);
            cairn_request_destroy(c);
        }
        struct cairn_training_cache *cache = scarred.space.cache;
        assert_true(cairn_draws_counts(cache->draws).from_table > 0);
        cache = plain.space.cache;
        assert_int_equal(cairn_draws_counts(cache->draws).from_table, 0);
        fixture_close(&plain);
        fixture_close(&scarred);
    }
}

static void without_a_seed_texts_differ(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, "guild", 2);
    learn_chat(&fixture, 3, 1, 300);
    struct cairn_request *first = fixture_generate_random(&fixture, "", 0);
    uint32_t different = 0;
    for (uint64_t random = 1; random <= 20; random++) {
        struct cairn_request *request = fixture_generate_random(&fixture, "", random);
        different += strcmp(first->answer.data, request->answer.data) != 0;
        cairn_request_destroy(request);
    }
    assert_true(different >= 18);
    cairn_request_destroy(first);
    fixture_close(&fixture);
}

/* Over all of generate: first words come by their counts, with tables and without. */
static void first_words_come_by_their_counts(void **state)
{
    (void)state;
    static const char *const words[] = {"ant", "bee", "cat", "dog", "eel",
                                        "fox", "gnu", "hen", "ibis"};
    static const uint32_t weights[] = {50, 30, 10, 10, 5, 20, 1, 7, 3};
    for (int has_tables = 0; has_tables < 2; has_tables++) {
        struct fixture fixture;
        struct cairn_training_options options = {
            .alias_tables = has_tables, .channel_cache_mb = 1, .state_size = 2};
        uint64_t seen[9] = {0};
        uint64_t seq = 0;
        fixture_open_with(&fixture, "guild", options, FIXTURE_BUDGET);
        for (uint32_t w = 0; w < 9; w++) {
            for (uint32_t n = 0; n < weights[w]; n++)
                fixture_learn(&fixture, ++seq, "general", words[w]);
        }
        for (uint64_t i = 0; i < 20000; i++) {
            struct cairn_request *request =
                fixture_generate_random(&fixture, "{\"allow_verbatim\":true}", i);
            struct cairn_slice text = fixture_text_of(request);
            for (uint32_t w = 0; w < 9; w++)
                seen[w] += cairn_slice_is(text, words[w]);
            cairn_request_destroy(request);
        }
        assert_true(fixture_chi_square(seen, weights, 9, 20000) < fixture_chi_square_limit(8));
        struct cairn_training_cache *cache = fixture.space.cache;
        assert_int_equal(cairn_draws_counts(cache->draws).from_table > 0, has_tables);
        fixture_close(&fixture);
    }
}

static void a_channel_says_only_its_own(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, "guild", 2);
    for (uint64_t i = 0; i < 30; i++) {
        char text[64];
        snprintf(text, sizeof(text), "we all know ops%u is fine", (uint32_t)i);
        fixture_learn(&fixture, 3 * i + 1, "ops", text);
        snprintf(text, sizeof(text), "we all know dev%u is late", (uint32_t)i);
        fixture_learn(&fixture, 3 * i + 2, "dev", text);
        snprintf(text, sizeof(text), "we all know nobody%u here", (uint32_t)i);
        fixture_learn(&fixture, 3 * i + 3, "", text);
    }
    for (uint64_t i = 0; i < 100; i++) {
        struct cairn_request *request =
            fixture_generate_random(&fixture, "{\"channel\":\"ops\",\"allow_verbatim\":true}", i);
        assert_non_null(strstr(request->answer.data, "ops"));
        assert_null(strstr(request->answer.data, "dev"));
        assert_null(strstr(request->answer.data, "nobody"));
        assert_int_equal(fixture_number_of(request, "\"score\":"), 29);
        cairn_request_destroy(request);
    }
    fixture_settings(&fixture, 900, "{\"channel_chains\":false}");
    assert_problem(&fixture, "{\"channel\":\"ops\"}", 422, "channel_chains is false");
    fixture_settings(&fixture, 901, "{\"channel_chains\":true}");
    struct cairn_request *request =
        fixture_generate(&fixture, "{\"channel\":\"ops\",\"allow_verbatim\":true}");
    assert_int_equal(request->status, 200);
    cairn_request_destroy(request);
    fixture_close(&fixture);
}

static void one_channel_is_served_from_the_chain_of_the_space(void **state)
{
    (void)state;
    struct fixture fixture;
    struct cairn_training_options options = {.alias_tables = true, .state_size = 2};
    fixture_open_with(&fixture, "guild", options, FIXTURE_BUDGET); /* no room for another chain */
    struct cairn_training_cache *cache = fixture.space.cache;
    fixture_learn(&fixture, 1, "ops", "hello there");
    struct cairn_request *request =
        fixture_generate(&fixture, "{\"channel\":\"ops\",\"allow_verbatim\":true}");
    assert_int_equal(request->status, 200);
    cairn_request_destroy(request);
    assert_int_equal(cairn_channels_count(cache->channels), 0);
    fixture_learn(&fixture, 2, "dev", "hello again");
    assert_problem(&fixture, "{\"channel\":\"ops\",\"allow_verbatim\":true}", 422,
                   "does not fit into [training] channel_cache_mb = 0");
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_corpus_is_told),
        cmocka_unit_test(wrong_bodies_are_refused),
        cmocka_unit_test(an_answer_has_its_members),
        cmocka_unit_test(nothing_of_one_space_comes_out_of_another),
        cmocka_unit_test(a_trained_text_is_never_the_answer),
        cmocka_unit_test(filters_hold_and_say_why_they_failed),
        cmocka_unit_test(tries_count_the_refused_texts_too),
        cmocka_unit_test(a_text_is_cut_at_max_words),
        cmocka_unit_test(a_known_start_begins_the_text),
        cmocka_unit_test(an_unknown_start_is_said_and_left_out),
        cmocka_unit_test(a_seed_gives_the_same_text_whatever_the_history),
        cmocka_unit_test(without_a_seed_texts_differ),
        cmocka_unit_test(first_words_come_by_their_counts),
        cmocka_unit_test(a_channel_says_only_its_own),
        cmocka_unit_test(one_channel_is_served_from_the_chain_of_the_space),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
