/* The projection's module: what is indexed, forgotten, digested and kept. */
#include "actors/retrieval/retrieval.h"

#include <errno.h>

#include "actors/retrieval/index.h"
#include "runtime/base/random.h"
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

/* ---- what is indexed ---- */

static void a_message_is_found_by_text_title_and_captions(void **state)
{
    struct cairn_projection_space *space = *state;
    struct cairn_buffer payload = {0};
    cairn_event_put(&payload, CAIRN_FIELD_TEXT, cairn_slice_of("look at this"));
    cairn_event_put(&payload, CAIRN_FIELD_TITLE, cairn_slice_of("Holidays"));
    cairn_event_put(&payload, CAIRN_FIELD_ATTACHMENTS,
                    cairn_slice_of("[{\"url\":\"http://x/castle\"},{\"caption\":\"a "
                                   "lighth\\u006fuse\\nharbour\",\"url\":\"u\"}]"));
    struct cairn_event event = event_of(CAIRN_EVENT_MESSAGE, 1, &payload);
    assert_int_equal(cairn_retrieval_module.apply(space, &event), 0);
    assert_string_equal(found(space, "{\"query\":\"looking\"}"), "1");
    assert_string_equal(found(space, "{\"query\":\"holiday\"}"), "1");
    assert_string_equal(found(space, "{\"query\":\"lighthouse\"}"), "1");
    assert_string_equal(found(space, "{\"query\":\"harbour\"}"), "1");
    assert_string_equal(found(space, "{\"query\":\"castle\"}"), "");
    cairn_buffer_deinit(&payload);
}

static void a_fact_is_found_by_subject_key_and_everything_in_its_value(void **state)
{
    struct cairn_projection_space *space = *state;
    tell(space, CAIRN_EVENT_FACT, 1, CAIRN_FIELD_KEY, "favourite_drink", CAIRN_FIELD_VALUE,
         "{\"name\":\"oolong\",\"cups\":[3,{\"size\":\"l\\u00e4rge\"}],\"hot\":true,\"x\":null}");
    tell(space, CAIRN_EVENT_FACT, 2, CAIRN_FIELD_KEY, "city", CAIRN_FIELD_VALUE, "\"Porto\"");
    tell(space, CAIRN_EVENT_FACT, 3, CAIRN_FIELD_KEY, "age", CAIRN_FIELD_VALUE, "47");
    assert_string_equal(found(space, "{\"query\":\"oolong\"}"), "1");
    assert_string_equal(found(space, "{\"query\":\"drink\"}"), "1");
    assert_string_equal(found(space, "{\"query\":\"cups\"}"), "1");
    assert_string_equal(found(space, "{\"query\":\"large\"}"), "1");
    assert_string_equal(found(space, "{\"query\":\"porto\"}"), "2");
    assert_string_equal(found(space, "{\"query\":\"47\"}"), "3");
    assert_string_equal(found(space, "{\"query\":\"zoe\",\"kinds\":[\"fact\"]}"), "2 3 1");
    assert_string_equal(found(space, "{\"query\":\"zoe\",\"kinds\":[\"message\"]}"), "");
}

static void a_value_that_is_no_json_ends_its_own_field_only(void **state)
{
    struct cairn_projection_space *space = *state;
    tell(space, CAIRN_EVENT_FACT, 1, CAIRN_FIELD_KEY, "drink", CAIRN_FIELD_VALUE, "[\"tea\", oops");
    assert_string_equal(found(space, "{\"query\":\"drink\"}"), "1");
    assert_string_equal(found(space, "{\"query\":\"tea\"}"), "1");
}

static void episodes_and_custom_events_are_found_by_kind_and_domain(void **state)
{
    struct cairn_projection_space *space = *state;
    tell(space, CAIRN_EVENT_EPISODE, 1, CAIRN_FIELD_TASK, "repair the pump", CAIRN_FIELD_DOMAIN,
         "plumbing");
    tell(space, CAIRN_EVENT_EPISODE, 2, CAIRN_FIELD_TASK, "replace the pump", 0, NULL);
    tell(space, CAIRN_EVENT_CUSTOM, 3, CAIRN_FIELD_NAME, "deploy", CAIRN_FIELD_CONTENT,
         "pump service rolled out");
    tell(space, CAIRN_EVENT_CUSTOM, 4, CAIRN_FIELD_NAME, "plumbing", CAIRN_FIELD_CONTENT, "pump");
    say(space, 5, "which pump is it");
    assert_string_equal(found(space, "{\"query\":\"pump\",\"kinds\":[\"episode\"]}"), "2 1");
    assert_string_equal(found(space, "{\"query\":\"pump\",\"domain\":\"plumbing\"}"), "1");
    assert_string_equal(found(space, "{\"query\":\"pump\",\"kinds\":[\"deploy\"]}"), "3");
    assert_string_equal(found(space, "{\"query\":\"pump\",\"kinds\":[\"deploy\",\"message\"]}"),
                        "3 5");
    assert_string_equal(found(space, "{\"query\":\"pump\",\"kinds\":[\"unheard\"]}"), "");
    assert_string_equal(found(space, "{\"query\":\"plumbing\"}"), "1");
}

static void other_events_are_ignored(void **state)
{
    struct cairn_projection_space *space = *state;
    struct cairn_digest before = space_digest(space);
    tell(space, CAIRN_EVENT_STEP, 1, CAIRN_FIELD_TOOL, "bash", CAIRN_FIELD_ACTION, "ls");
    tell(space, CAIRN_EVENT_FORGET, 2, CAIRN_FIELD_SCOPE, "message", 0, NULL);
    assert_true(digest_equal(space_digest(space), before));
}

/* ---- languages ---- */

static void a_language_holds_for_the_events_after_its_setting(void **state)
{
    struct cairn_projection_space *space = *state;
    say(space, 1, "running");
    tell(space, CAIRN_EVENT_SETTINGS, 2, CAIRN_FIELD_SETTINGS, "{\"language\":\"none\"}", 0, NULL);
    say(space, 3, "running");
    assert_string_equal(found(space, "{\"query\":\"running\"}"), "3");
    assert_string_equal(found(space, "{\"query\":\"run\"}"), "1");
    tell(space, CAIRN_EVENT_SETTINGS, 4, CAIRN_FIELD_SETTINGS, "{\"language\":\"english\"}", 0,
         NULL);
    assert_string_equal(found(space, "{\"query\":\"runs\"}"), "1");
}

static void settings_without_a_known_language_change_nothing(void **state)
{
    struct cairn_projection_space *space = *state;
    struct cairn_digest before = space_digest(space);
    tell(space, CAIRN_EVENT_SETTINGS, 1, CAIRN_FIELD_SETTINGS, "{\"state_size\":3}", 0, NULL);
    tell(space, CAIRN_EVENT_SETTINGS, 2, CAIRN_FIELD_SETTINGS, "{\"language\":\"elvish\"}", 0,
         NULL);
    tell(space, CAIRN_EVENT_SETTINGS, 3, CAIRN_FIELD_SETTINGS, "{\"language\":7}", 0, NULL);
    tell(space, CAIRN_EVENT_SETTINGS, 4, CAIRN_FIELD_SETTINGS, "{\"language\":", 0, NULL);
    assert_true(digest_equal(space_digest(space), before));
}

static void a_forgotten_setting_has_never_been(void **state)
{
    struct cairn_projection_space *space = *state;
    struct cairn_digest before = space_digest(space);
    for (uint64_t seq = 1; seq <= 20; seq++)
        tell(space, CAIRN_EVENT_SETTINGS, seq, CAIRN_FIELD_SETTINGS, "{\"language\":\"none\"}", 0,
             NULL);
    assert_false(digest_equal(space_digest(space), before));
    for (uint64_t seq = 20; seq >= 1; seq--)
        forget_one(space, seq);
    assert_true(digest_equal(space_digest(space), before));
    say(space, 21, "running");
    assert_string_equal(found(space, "{\"query\":\"run\"}"), "21");
}

/* ---- forgetting ---- */

static const char *const words[] = {"alpha",  "beta",  "gamma", "delta", "epsilon", "zeta",
                                    "getEta", "theta", "iota",  "kappa", "lambda",  "mu"};

static void random_text(struct cairn_random *random, struct cairn_buffer *text)
{
    cairn_buffer_clear(text);
    for (uint64_t count = cairn_random_below(random, 30); count > 0; count--) {
        uint64_t rare = cairn_random_below(random, 4);
        if (rare == 0)
            cairn_buffer_printf(text, "r%x ", (unsigned)cairn_random_below(random, 1u << 16));
        else
            cairn_buffer_printf(text, "%s ", words[cairn_random_below(random, 12)]);
    }
}

/* Add events 1..count to `all`, those that `keep` says also to `kept`; then forget the others. */
static void forget_some(uint64_t seed, uint32_t count, uint32_t keep_of_ten)
{
    struct cairn_projection_space all, kept;
    struct cairn_random random;
    struct cairn_buffer text = {0};
    uint64_t *gone = calloc(count + 1, sizeof(*gone));
    uint32_t gone_count = 0;
    space_open(&all, "s", &english);
    space_open(&kept, "s", &english);
    cairn_random_init(&random, seed);
    for (uint64_t seq = 1; seq <= count; seq++) {
        char author[2] = {(char)('a' + cairn_random_below(&random, 26)), 0};
        random_text(&random, &text);
        bool is_kept = cairn_random_below(&random, 10) < keep_of_ten;
        say_bytes(&all, seq, "c", author, cairn_buffer_slice(&text));
        if (is_kept)
            say_bytes(&kept, seq, "c", author, cairn_buffer_slice(&text));
        else
            gone[gone_count++] = seq;
    }
    cairn_retrieval_module.forget(&all, gone, gone_count);
    if (!digest_equal(space_digest(&all), space_digest(&kept)))
        fail_msg("seed %llu", (unsigned long long)seed);
    assert_int_equal(cairn_heap_names_count(&all.heap, cairn_index_of(&all.heap)->terms),
                     cairn_heap_names_count(&kept.heap, cairn_index_of(&kept.heap)->terms));
    assert_string_equal(found(&all, "{\"query\":\"alpha kappa\",\"k\":100}"),
                        found(&kept, "{\"query\":\"alpha kappa\",\"k\":100}"));
    space_close(&all);
    space_close(&kept);
    cairn_buffer_deinit(&text);
    free(gone);
}

static void a_forgotten_event_has_never_been(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed++)
        forget_some(seed, (uint32_t)(seed * 17), (uint32_t)(seed % 11));
}

static void forgetting_twice_or_the_unknown_changes_nothing(void **state)
{
    struct cairn_projection_space *space = *state;
    say(space, 5, "alpha");
    say(space, 9, "alpha beta");
    const uint64_t seqs[] = {1, 5, 5, 6, 1000};
    cairn_retrieval_module.forget(space, seqs, 5);
    struct cairn_digest once = space_digest(space);
    cairn_retrieval_module.forget(space, seqs, 5);
    assert_true(digest_equal(space_digest(space), once));
    assert_string_equal(found(space, "{\"query\":\"alpha\"}"), "9");
}

static void a_space_that_forgot_everything_is_as_new(void **state)
{
    struct cairn_projection_space *space = *state;
    struct cairn_digest before = space_digest(space);
    for (uint64_t seq = 1; seq <= 200; seq++)
        say(space, seq, "alpha beta beta gamma");
    for (uint64_t seq = 1; seq <= 200; seq++)
        forget_one(space, seq);
    assert_true(digest_equal(space_digest(space), before));
    assert_string_equal(found(space, "{\"query\":\"alpha\"}"), "");
    say(space, 201, "alpha");
    assert_string_equal(found(space, "{\"query\":\"alpha\"}"), "201");
}

/* No byte of a text stays in what a checkpoint would store. */
static void what_is_forgotten_leaves_no_trace_in_the_image(void **state)
{
    struct cairn_projection_space *space = *state;
    say(space, 1, "something harmless");
    assert_int_equal(say_bytes(space, 2, "hideout", "mallory", cairn_slice_of("xyzzyplugh")), 0);
    struct cairn_slice image = cairn_heap_image(&space->heap);
    assert_non_null(memmem(image.data, image.bytes, "xyzzyplugh", 10));
    forget_one(space, 2);
    image = cairn_heap_image(&space->heap);
    assert_null(memmem(image.data, image.bytes, "xyzzyplugh", 10));
    assert_null(memmem(image.data, image.bytes, "mallory", 7));
    assert_null(memmem(image.data, image.bytes, "hideout", 7));
}

static void writing_and_forgetting_for_ever_takes_bounded_memory_a_document(void **state)
{
    struct cairn_projection_space *space = *state;
    struct cairn_buffer text = {0};
    struct cairn_random random;
    cairn_random_init(&random, 5);
    for (uint64_t seq = 1; seq <= 5000; seq++) {
        random_text(&random, &text);
        say_bytes(space, seq, "c", "a", cairn_buffer_slice(&text));
        forget_one(space, seq);
    }
    /* The row in the table of documents stays: 32 bytes. */
    assert_in_range(cairn_heap_live_bytes(&space->heap), 5000 * 32, 5000 * 40);
    cairn_buffer_deinit(&text);
}

/* ---- digests, tenancy, images, budgets ---- */

static void every_part_of_an_event_is_in_the_digest(void **state)
{
    (void)state;
    static const struct {
        const char *space, *channel, *author, *text;
        uint64_t seq;
    } cases[] = {
        {"s", "c", "a", "alpha beta", 1},  {"t", "c", "a", "alpha beta", 1},
        {"s", "d", "a", "alpha beta", 1},  {"s", "c", "b", "alpha beta", 1},
        {"s", "c", "a", "alpha gamma", 1}, {"s", "c", "a", "alpha alpha beta", 1},
        {"s", "c", "a", "alpha beta", 2},  {"s", "a", "c", "alpha beta", 1},
    };
    enum { CASES = sizeof(cases) / sizeof(*cases) };
    struct cairn_digest digests[CASES];
    for (size_t i = 0; i < CASES; i++) {
        struct cairn_projection_space space;
        space_open(&space, cases[i].space, &english);
        say_bytes(&space, cases[i].seq, cases[i].channel, cases[i].author,
                  cairn_slice_of(cases[i].text));
        digests[i] = space_digest(&space);
        for (size_t j = 0; j < i; j++)
            assert_false(digest_equal(digests[i], digests[j]));
        space_close(&space);
    }
}

static void a_digest_is_of_strings_not_of_the_order_they_came_in(void **state)
{
    (void)state;
    struct cairn_projection_space plain, detour;
    space_open(&plain, "s", &english);
    space_open(&detour, "s", &english);
    say(&detour, 1, "gamma delta epsilon"); /* other words take the first ids */
    forget_one(&detour, 1);
    say(&detour, 2, "zeta gamma");
    say(&plain, 2, "zeta gamma");
    say(&plain, 3, "alpha beta");
    say(&detour, 3, "alpha beta");
    assert_true(digest_equal(space_digest(&plain), space_digest(&detour)));
    space_close(&plain);
    space_close(&detour);
}

static void spaces_share_neither_texts_nor_statistics(void **state)
{
    struct cairn_projection_space *mine = *state;
    struct cairn_projection_space other;
    space_open(&other, "t", &english);
    say(mine, 1, "alpha beta");
    say(mine, 2, "alpha");
    struct cairn_request *request = ask(mine, "{\"query\":\"alpha\"}");
    double before = ((const struct cairn_search_results *)request->results)->hits[0].score;
    cairn_request_destroy(request);
    for (uint64_t seq = 3; seq < 200; seq++)
        say(&other, seq, "alpha secret");
    request = ask(mine, "{\"query\":\"alpha\"}");
    assert_true(((const struct cairn_search_results *)request->results)->hits[0].score == before);
    assert_int_equal(request->result_count, 2);
    cairn_request_destroy(request);
    assert_string_equal(found(mine, "{\"query\":\"secret\"}"), "");
    space_close(&other);
}

static void an_image_that_is_loaded_answers_the_same(void **state)
{
    struct cairn_projection_space *space = *state;
    struct cairn_projection_space loaded = {.name = space->name, .options = space->options};
    struct cairn_buffer text = {0};
    struct cairn_random random;
    cairn_random_init(&random, 9);
    for (uint64_t seq = 1; seq <= 1000; seq++) {
        random_text(&random, &text);
        say_bytes(space, seq, "c", "a", cairn_buffer_slice(&text));
        if (seq % 5 == 0)
            forget_one(space, seq - cairn_random_below(&random, 5));
    }
    struct cairn_slice image = cairn_heap_image(&space->heap);
    cairn_heap_init(&loaded.heap, BUDGET);
    memcpy(cairn_heap_prepare(&loaded.heap, image.bytes), image.data, image.bytes);
    assert_int_equal(cairn_heap_adopt(&loaded.heap, image.bytes), 0);
    assert_true(digest_equal(space_digest(space), space_digest(&loaded)));
    say(space, 1001, "alpha omega");
    say(&loaded, 1001, "alpha omega");
    assert_true(digest_equal(space_digest(space), space_digest(&loaded)));
    char first[4096];
    snprintf(first, sizeof(first), "%s", found(space, "{\"query\":\"alpha kappa\",\"k\":50}"));
    assert_string_equal(first, found(&loaded, "{\"query\":\"alpha kappa\",\"k\":50}"));
    space_close(&loaded);
    cairn_buffer_deinit(&text);
}

/* At every budget between nothing and enough, some event is the first to be refused; it leaves no
 * trace, and smaller ones may still fit. */
static void an_event_over_the_budget_leaves_the_model_unchanged(void **state)
{
    (void)state;
    struct cairn_buffer text = {0};
    for (uint64_t budget = 4096; budget < 200000; budget += 1000) {
        struct cairn_projection_space space;
        struct cairn_random random;
        uint32_t refused = 0;
        cairn_random_init(&random, budget);
        space_open(&space, "s", &english);
        space.heap.budget_bytes = budget;
        for (uint64_t seq = 1; seq <= 120; seq++) {
            random_text(&random, &text);
            struct cairn_digest before = space_digest(&space);
            uint32_t terms =
                cairn_heap_names_count(&space.heap, cairn_index_of(&space.heap)->terms);
            int result = say_bytes(&space, seq, "c", "a", cairn_buffer_slice(&text));
            if (result == 0)
                continue;
            assert_int_equal(result, -ENOMEM);
            refused++;
            assert_true(digest_equal(space_digest(&space), before));
            assert_int_equal(
                cairn_heap_names_count(&space.heap, cairn_index_of(&space.heap)->terms), terms);
        }
        assert_in_range(cairn_heap_used_bytes(&space.heap), 1, budget > 8192 ? budget : 8192);
        if (budget < 20000)
            assert_int_not_equal(refused, 0);
        space_close(&space);
    }
    cairn_buffer_deinit(&text);
}

static void a_text_of_a_mebibyte_is_indexed_and_forgotten(void **state)
{
    struct cairn_projection_space *space = *state;
    struct cairn_digest before = space_digest(space);
    struct cairn_buffer text = {0};
    for (unsigned i = 0; text.bytes < (1u << 20) - 16; i++)
        cairn_buffer_printf(&text, "w%x ", i % 50000);
    assert_int_equal(say_bytes(space, 1, "c", "a", cairn_buffer_slice(&text)), 0);
    assert_string_equal(found(space, "{\"query\":\"wabc\"}"), "1");
    forget_one(space, 1);
    assert_true(digest_equal(space_digest(space), before));
    cairn_buffer_deinit(&text);
}

static void an_unknown_default_language_is_refused(void **state)
{
    (void)state;
    static const struct cairn_retrieval_options elvish = {.language = "elvish"};
    struct cairn_projection_space space = {.options = &elvish};
    cairn_heap_init(&space.heap, BUDGET);
    assert_int_equal(cairn_retrieval_module.init(&space), -EINVAL);
    cairn_heap_deinit(&space.heap);
}

#define with_space(test) cmocka_unit_test_setup_teardown(test, open_space, close_space)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_space(a_message_is_found_by_text_title_and_captions),
        with_space(a_fact_is_found_by_subject_key_and_everything_in_its_value),
        with_space(a_value_that_is_no_json_ends_its_own_field_only),
        with_space(episodes_and_custom_events_are_found_by_kind_and_domain),
        with_space(other_events_are_ignored),
        with_space(a_language_holds_for_the_events_after_its_setting),
        with_space(settings_without_a_known_language_change_nothing),
        with_space(a_forgotten_setting_has_never_been),
        cmocka_unit_test(a_forgotten_event_has_never_been),
        with_space(forgetting_twice_or_the_unknown_changes_nothing),
        with_space(a_space_that_forgot_everything_is_as_new),
        with_space(what_is_forgotten_leaves_no_trace_in_the_image),
        with_space(writing_and_forgetting_for_ever_takes_bounded_memory_a_document),
        cmocka_unit_test(every_part_of_an_event_is_in_the_digest),
        cmocka_unit_test(a_digest_is_of_strings_not_of_the_order_they_came_in),
        with_space(spaces_share_neither_texts_nor_statistics),
        with_space(an_image_that_is_loaded_answers_the_same),
        cmocka_unit_test(an_event_over_the_budget_leaves_the_model_unchanged),
        with_space(a_text_of_a_mebibyte_is_indexed_and_forgotten),
        cmocka_unit_test(an_unknown_default_language_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
