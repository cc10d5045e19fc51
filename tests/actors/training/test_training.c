#include "actors/training/training.h"

#include <errno.h>

#include "actors/training/tokens.h"
#include "tests/actors/training/fixture.h"
#include "tests/actors/training/naive.h"

#define TRANSITIONS_MAX 8192

/* A naive model beside a fixture, and the room it counts in. */
struct pair {
    struct fixture fixture;
    struct naive naive;
    struct naive_tokens tokens[NAIVE_MESSAGES_MAX];
    struct naive_transition transitions[TRANSITIONS_MAX];
    struct cairn_random random;
    uint64_t seq;
};

static struct pair *pair_create(uint64_t seed, uint32_t state_size)
{
    struct pair *pair = calloc(1, sizeof(*pair));
    assert_non_null(pair);
    print_message("seed=%llu state_size=%u\n", (unsigned long long)seed, state_size);
    fixture_open(&pair->fixture, "guild", state_size);
    pair->naive.state_size = state_size;
    pair->naive.channel_chains = true;
    cairn_random_init(&pair->random, seed);
    return pair;
}

static void pair_destroy(struct pair *pair)
{
    fixture_close(&pair->fixture);
    free(pair);
}

/* Few words, so that prefixes meet, and some texts come twice. */
static void random_text(struct cairn_random *random, char *text)
{
    static const char *const words[] = {
        "a", "b", "c", "d", "ee", "fff", "longer-than-eight", "longer-than-nine", "\xc3\xa9", "z"};
    uint64_t count = cairn_random_below(random, 9);
    text[0] = '\0';
    for (uint64_t i = 0; i < count; i++) {
        strcat(text, words[cairn_random_below(random, 10)]);
        strcat(text, cairn_random_below(random, 5) == 0 ? "  " : " ");
    }
}

static void pair_learn(struct pair *pair)
{
    static const char *const channels[] = {"", "general", "random", "dev"};
    struct naive_message *message = &pair->naive.messages[pair->naive.count++];
    pair->seq += 1 + cairn_random_below(&pair->random, 300);
    message->seq = pair->seq;
    message->is_there = true;
    strcpy(message->channel, channels[cairn_random_below(&pair->random, 4)]);
    random_text(&pair->random, message->text);
    fixture_learn(&pair->fixture, message->seq, message->channel, message->text);
}

static void pair_forget(struct pair *pair)
{
    if (pair->naive.count == 0)
        return;
    struct naive_message *message =
        &pair->naive.messages[cairn_random_below(&pair->random, pair->naive.count)];
    fixture_forget(&pair->fixture, message->seq); /* perhaps for the second time */
    message->is_there = false;
}

static void pair_settle(struct pair *pair)
{
    char json[64];
    pair->naive.state_size = 1 + (uint32_t)cairn_random_below(&pair->random, 5);
    pair->naive.channel_chains = cairn_random_below(&pair->random, 2);
    pair->naive.is_shape_told = true;
    snprintf(json, sizeof(json), "{\"state_size\":%u,\"channel_chains\":%s}",
             pair->naive.state_size, pair->naive.channel_chains ? "true" : "false");
    fixture_settings(&pair->fixture, ++pair->seq, json);
}

static void pair_step(struct pair *pair)
{
    uint64_t choice = cairn_random_below(&pair->random, 100);
    if (choice < 1)
        pair_settle(pair);
    else if (choice < 30)
        pair_forget(pair);
    else if (pair->naive.count < NAIVE_MESSAGES_MAX)
        pair_learn(pair);
}

static uint32_t symbol_id(const struct cairn_heap *heap, const char *symbol)
{
    if (symbol[0] == 1)
        return CAIRN_CHAIN_BEGIN;
    if (symbol[0] == 2)
        return CAIRN_CHAIN_END;
    uint32_t id = cairn_heap_names_find(heap, cairn_corpus_of(heap)->words, cairn_slice_of(symbol));
    assert_int_not_equal(id, 0);
    return id;
}

static const struct cairn_successor *successor_of(const struct cairn_successors *successors,
                                                  uint32_t token)
{
    for (uint32_t i = 0; i < successors->slots; i++) {
        if (successors->entries[i].count > 0 && successors->entries[i].token == token)
            return &successors->entries[i];
    }
    return NULL;
}

static uint64_t distinct_transitions(const struct cairn_heap *heap, cairn_ref chain)
{
    struct cairn_paged_table_cursor cursor = {0};
    struct cairn_successors successors;
    uint64_t count = 0;
    while (cairn_chain_next(heap, chain, &cursor, &successors) != NULL)
        count += successors.fanout;
    return count;
}

/* The chain has exactly the naive transitions, with their counts. */
static void assert_same_chain(struct pair *pair, const char *channel, struct cairn_heap *heap,
                              cairn_ref chain)
{
    const struct cairn_heap *space = &pair->fixture.space.heap;
    uint32_t k = pair->naive.state_size;
    uint32_t count = naive_transitions(&pair->naive, channel, pair->tokens, pair->transitions);
    assert_int_equal(distinct_transitions(heap, chain), count);
    for (uint32_t t = 0; t < count; t++) {
        uint32_t symbols[6];
        struct cairn_successors successors;
        for (uint32_t i = 0; i <= k; i++)
            symbols[i] = symbol_id(space, pair->transitions[t].symbols[i]);
        assert_true(cairn_chain_find(heap, chain, symbols, &successors));
        const struct cairn_successor *successor = successor_of(&successors, symbols[k]);
        assert_non_null(successor);
        assert_int_equal(successor->count, pair->transitions[t].count);
    }
}

static void assert_same(struct pair *pair)
{
    struct cairn_heap *heap = &pair->fixture.space.heap;
    assert_same_chain(pair, NULL, heap, cairn_corpus_of(heap)->chain);
    assert_digest_equal(fixture_digest(&pair->fixture),
                        naive_digest(&pair->naive, "guild", pair->tokens, pair->transitions));
}

/* A space that never heard of what was forgotten. */
static void assert_same_as_fresh(struct pair *pair)
{
    struct fixture fresh;
    fixture_open(&fresh, "guild", pair->naive.state_size);
    for (uint32_t m = 0; m < pair->naive.count; m++) {
        const struct naive_message *message = &pair->naive.messages[m];
        if (message->is_there)
            fixture_learn(&fresh, message->seq, message->channel, message->text);
    }
    if (pair->naive.is_shape_told) {
        char json[64];
        snprintf(json, sizeof(json), "{\"state_size\":%u,\"channel_chains\":%s}",
                 pair->naive.state_size, pair->naive.channel_chains ? "true" : "false");
        fixture_settings(&fresh, pair->seq + 1, json);
    }
    assert_digest_equal(fixture_digest(&pair->fixture), fixture_digest(&fresh));
    const struct cairn_heap *a = &pair->fixture.space.heap;
    const struct cairn_heap *b = &fresh.space.heap;
    assert_int_equal(cairn_heap_names_count(a, cairn_corpus_of(a)->words),
                     cairn_heap_names_count(b, cairn_corpus_of(b)->words));
    assert_int_equal(cairn_paged_table_count(a, cairn_corpus_of(a)->texts),
                     cairn_paged_table_count(b, cairn_corpus_of(b)->texts));
    assert_int_equal(cairn_corpus_of(a)->tokens, cairn_corpus_of(b)->tokens);
    assert_int_equal(cairn_corpus_of(a)->unchanneled, cairn_corpus_of(b)->unchanneled);
    fixture_close(&fresh);
}

static void random_steps_agree_with_a_naive_model(void **state)
{
    (void)state;
    for (uint32_t k = 1; k <= 5; k++) {
        struct pair *pair = pair_create(100 + k, k);
        for (int step = 0; step < 500; step++) {
            pair_step(pair);
            if (step % 50 == 49)
                assert_same(pair);
        }
        assert_same_as_fresh(pair);
        pair_destroy(pair);
    }
}

static void channel_chains_agree_with_a_naive_model(void **state)
{
    (void)state;
    static const char *const channels[] = {"general", "random", "dev"};
    struct pair *pair = pair_create(31, 2);
    struct cairn_training_cache *cache = pair->fixture.space.cache;
    struct cairn_heap *heap = &pair->fixture.space.heap;
    for (int step = 0; step < 500; step++) {
        pair_step(pair);
        if (step % 10 != 9)
            continue;
        const char *channel = channels[cairn_random_below(&pair->random, 3)];
        uint32_t id =
            cairn_heap_names_find(heap, cairn_corpus_of(heap)->channels, cairn_slice_of(channel));
        struct cairn_channels_chain chain;
        if (id == 0)
            continue;
        while (cairn_channels_get(cache->channels, heap, id, &chain) == 0)
            ;
        assert_same_chain(pair, channel, chain.heap, chain.chain);
    }
    pair_destroy(pair);
}

/* The sequences in "refs":[...]. */
static uint32_t refs_of(const struct cairn_request *request, uint64_t *refs, uint32_t max)
{
    const char *at = strstr(request->answer.data, "\"refs\":[");
    assert_non_null(at);
    at += strlen("\"refs\":[");
    uint32_t count = 0;
    while (*at != ']') {
        char *end;
        assert_true(count < max);
        refs[count++] = strtoull(at, &end, 10);
        at = *end == ',' ? end + 1 : end;
    }
    return count;
}

static bool is_in(uint64_t seq, const uint64_t *seqs, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (seqs[i] == seq)
            return true;
    }
    return false;
}

/* The references are the naive ones: for each transition of the text the lowest sequence. */
static void assert_refs_of(struct pair *pair, const char *channel,
                           const struct cairn_request *request)
{
    uint64_t refs[64];
    uint64_t expected[64];
    uint32_t expected_count = 0;
    uint32_t count = refs_of(request, refs, 64);
    uint32_t k = pair->naive.state_size;
    struct cairn_slice text = fixture_text_of(request);
    char bytes[NAIVE_BYTES_MAX * 2];
    struct naive_tokens tokens;
    snprintf(bytes, sizeof(bytes), "%.*s", (int)text.bytes, text.data);
    naive_split(bytes, &tokens);
    uint32_t transitions =
        naive_transitions(&pair->naive, channel, pair->tokens, pair->transitions);
    for (int32_t at = 0; at <= (int32_t)tokens.count; at++) {
        const char *symbols[6];
        for (uint32_t i = 0; i <= k; i++)
            symbols[i] = naive_symbol(&tokens, at - (int32_t)k + (int32_t)i);
        uint32_t t = 0;
        while (t < transitions && !naive_same(&pair->transitions[t], symbols, k + 1))
            t++;
        assert_true(t < transitions); /* nothing that was not learned here */
        if (!is_in(pair->transitions[t].seq, expected, expected_count))
            expected[expected_count++] = pair->transitions[t].seq;
    }
    assert_int_equal(count, expected_count);
    for (uint32_t i = 0; i < count; i++) {
        assert_true(is_in(refs[i], expected, expected_count));
        assert_true(i == 0 || refs[i - 1] < refs[i]);
    }
}

static void references_are_the_earliest_messages_that_are_left(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{\"allow_verbatim\":true,\"max_words\":30}",
        "{\"allow_verbatim\":true,\"max_words\":30,\"channel\":\"dev\"}"};
    struct pair *pair = pair_create(77, 2);
    uint32_t answered = 0;
    for (int step = 0; step < 500; step++) {
        uint64_t choice = cairn_random_below(&pair->random, 100);
        if (choice < 45)
            pair_forget(pair);
        else if (pair->naive.count < NAIVE_MESSAGES_MAX)
            pair_learn(pair);
        uint64_t in_channel = cairn_random_below(&pair->random, 2);
        struct cairn_request *request = fixture_generate_random(&pair->fixture, bodies[in_channel],
                                                                cairn_random_next(&pair->random));
        struct cairn_slice text;
        if (request->status == 200 && (text = fixture_text_of(request), text.bytes < 200) &&
            cairn_tokens_count(text) < 30) {
            assert_refs_of(pair, in_channel ? "dev" : NULL, request);
            answered++;
        }
        cairn_request_destroy(request);
    }
    assert_true(answered > 100);
    pair_destroy(pair);
}

static void one_more_of_anything_changes_the_digest(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, "guild", 2);
    struct cairn_digest before[8];
    uint32_t count = 0;
    before[count++] = fixture_digest(&fixture);
    fixture_learn(&fixture, 1, "general", "one two three");
    before[count++] = fixture_digest(&fixture);
    fixture_learn(&fixture, 2, "general", "one two three"); /* counts */
    before[count++] = fixture_digest(&fixture);
    fixture_learn(&fixture, 3, "general", "one two four"); /* a successor */
    before[count++] = fixture_digest(&fixture);
    fixture_settings(&fixture, 4, "{\"channel_chains\":false}");
    before[count++] = fixture_digest(&fixture);
    fixture_settings(&fixture, 5, "{\"state_size\":3}");
    before[count++] = fixture_digest(&fixture);
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < i; j++)
            assert_digest_not_equal(before[i], before[j]);
    }
    fixture_forget(&fixture, 5);
    assert_digest_equal(fixture_digest(&fixture), before[4]);
    fixture_forget(&fixture, 4);
    assert_digest_equal(fixture_digest(&fixture), before[3]);
    fixture_forget(&fixture, 3);
    fixture_forget(&fixture, 2);
    assert_digest_equal(fixture_digest(&fixture), before[1]);
    fixture_forget(&fixture, 1);
    assert_digest_equal(fixture_digest(&fixture), (struct cairn_digest){0});
    fixture_close(&fixture);
}

static void the_digest_tells_spaces_channels_and_sequences_apart(void **state)
{
    (void)state;
    static const struct {
        const char *space, *channel;
        uint64_t seq;
    } cases[] = {{"a", "x", 1}, {"b", "x", 1}, {"a", "y", 1}, {"a", "x", 2}, {"a", "", 1}};
    struct cairn_digest digests[5];
    for (int i = 0; i < 5; i++) {
        struct fixture fixture;
        fixture_open(&fixture, cases[i].space, 2);
        fixture_learn(&fixture, cases[i].seq, cases[i].channel, "hello there");
        digests[i] = fixture_digest(&fixture);
        fixture_close(&fixture);
        for (int j = 0; j < i; j++)
            assert_digest_not_equal(digests[i], digests[j]);
    }
}

static void only_what_people_wrote_is_learned(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, "guild", 2);
    static const struct {
        const char *role;
        bool bot;
        bool is_learned;
    } cases[] = {{NULL, false, true},      {"user", false, true},  {"assistant", false, false},
                 {"system", false, false}, {"tool", false, false}, {NULL, true, false},
                 {"user", true, false}};
    for (uint64_t i = 0; i < 7; i++) {
        struct cairn_buffer payload = {0};
        cairn_event_put(&payload, CAIRN_FIELD_TEXT, cairn_slice_of("hello there"));
        if (cases[i].role != NULL)
            cairn_event_put(&payload, CAIRN_FIELD_ROLE, cairn_slice_of(cases[i].role));
        if (cases[i].bot)
            cairn_event_put_bool(&payload, CAIRN_FIELD_BOT, true);
        struct cairn_digest before = fixture_digest(&fixture);
        assert_int_equal(fixture_apply(&fixture, CAIRN_EVENT_MESSAGE, i + 1, "", &payload), 0);
        struct cairn_digest after = fixture_digest(&fixture);
        assert_int_equal(before.low != after.low, cases[i].is_learned);
    }
    struct cairn_digest before = fixture_digest(&fixture);
    for (uint8_t kind = CAIRN_EVENT_EDIT; kind < CAIRN_EVENT_KIND_END; kind++) {
        struct cairn_buffer payload = {0};
        cairn_event_put(&payload, CAIRN_FIELD_TEXT, cairn_slice_of("not a message"));
        assert_int_equal(fixture_apply(&fixture, kind, 100 + kind, "", &payload), 0);
    }
    fixture_learn(&fixture, 200, "", " \t \xe2\x80\x83 ");
    assert_digest_equal(before, fixture_digest(&fixture));
    fixture_close(&fixture);
}

static void a_message_that_comes_again_counts_once(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, "guild", 2);
    fixture_learn(&fixture, 5, "", "hello there");
    struct cairn_digest once = fixture_digest(&fixture);
    fixture_learn(&fixture, 5, "", "hello there");
    fixture_learn(&fixture, 4, "", "older");
    assert_digest_equal(once, fixture_digest(&fixture));
    fixture_close(&fixture);
}

static void an_image_of_the_heap_is_the_whole_model(void **state)
{
    (void)state;
    struct pair *pair = pair_create(5, 3);
    for (int step = 0; step < 300; step++)
        pair_step(pair);
    struct cairn_slice image = cairn_heap_image(&pair->fixture.space.heap);

    struct fixture loaded = {.options = pair->fixture.options};
    loaded.space.name = cairn_slice_of("guild");
    loaded.space.options = &loaded.options;
    loaded.space.cache = cairn_training_module.cache_create(&loaded.options);
    cairn_heap_init(&loaded.space.heap, FIXTURE_BUDGET);
    uint8_t *memory = cairn_heap_prepare(&loaded.space.heap, image.bytes);
    assert_non_null(memory);
    memcpy(memory, image.data, image.bytes);
    assert_int_equal(cairn_heap_adopt(&loaded.space.heap, image.bytes), 0);

    assert_digest_equal(fixture_digest(&pair->fixture), fixture_digest(&loaded));
    for (uint32_t seed = 0; seed < 50; seed++) {
        char body[64];
        snprintf(body, sizeof(body), "{\"rng_seed\":%u,\"allow_verbatim\":true}", seed);
        struct cairn_request *a = fixture_generate(&pair->fixture, body);
        struct cairn_request *b = fixture_generate(&loaded, body);
        assert_string_equal(a->answer.data, b->answer.data);
        cairn_request_destroy(a);
        cairn_request_destroy(b);
    }
    /* And it goes on learning and forgetting like the original. */
    fixture_learn(&loaded, pair->seq + 1, "dev", "something quite new");
    fixture_forget(&loaded, pair->seq + 1);
    assert_digest_equal(fixture_digest(&pair->fixture), fixture_digest(&loaded));
    fixture_close(&loaded);
    pair_destroy(pair);
}

/* A forgotten secret is in nobody's checkpoint. */
static void no_byte_of_a_forgotten_word_stays_in_the_image(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, "guild", 2);
    fixture_learn(&fixture, 1, "general", "hello there");
    fixture_learn(&fixture, 2, "hidden-channel", "my password is Tr0ub4dor&3-correct-horse");
    struct cairn_slice image = cairn_heap_image(&fixture.space.heap);
    assert_non_null(memmem(image.data, image.bytes, "Tr0ub4dor", 9));
    fixture_forget(&fixture, 2);
    image = cairn_heap_image(&fixture.space.heap);
    assert_null(memmem(image.data, image.bytes, "Tr0ub4dor", 9));
    assert_null(memmem(image.data, image.bytes, "horse", 5));
    assert_null(memmem(image.data, image.bytes, "hidden", 6));
    fixture_close(&fixture);
}

static void a_full_budget_leaves_the_model_as_it_was(void **state)
{
    (void)state;
    struct cairn_random random;
    struct fixture fixture;
    struct cairn_training_options options = {.channel_cache_mb = 1, .state_size = 2};
    cairn_random_init(&random, 9);
    uint32_t refused = 0;
    for (uint64_t budget = 16384; budget < 400000; budget += 24571) {
        fixture_open_with(&fixture, "guild", options, budget);
        for (uint64_t seq = 1; seq < 4000; seq++) {
            char text[256];
            int bytes = 0;
            for (uint64_t i = cairn_random_below(&random, 12); i < 12; i++)
                bytes += snprintf(text + bytes, sizeof(text) - (size_t)bytes, "w%llu ",
                                  (unsigned long long)cairn_random_below(&random, 5000));
            struct cairn_digest before = {0};
            if (refused % 16 == 0 || seq % 16 == 0)
                before = fixture_digest(&fixture);
            int result =
                fixture_learn_slice(&fixture, seq, "dev", cairn_slice(text, (size_t)bytes));
            if (result == 0)
                continue;
            assert_int_equal(result, -ENOMEM);
            if (before.low != 0)
                assert_digest_equal(before, fixture_digest(&fixture));
            if (++refused % 64 == 0)
                break;
        }
        fixture_close(&fixture);
    }
    assert_true(refused > 100);
}

/* The first, then the second, then the n-th allocation of one long message fails, until none. */
static void every_failure_within_one_message_is_undone(void **state)
{
    (void)state;
    char text[4096];
    int bytes = 0;
    for (uint32_t i = 0; i < 300; i++)
        bytes += snprintf(text + bytes, sizeof(text) - (size_t)bytes, "word%u ", i * 7 % 291);
    uint32_t failures = 0;
    for (uint64_t budget = 12000;; budget += 240) {
        struct fixture fixture;
        struct cairn_training_options options = {.channel_cache_mb = 1, .state_size = 2};
        fixture_open_with(&fixture, "guild", options, budget);
        fixture_learn(&fixture, 1, "dev", "word1 word2 word3");
        struct cairn_digest before = fixture_digest(&fixture);
        int result = fixture_learn_slice(&fixture, 2, "general", cairn_slice(text, (size_t)bytes));
        if (result < 0) {
            failures++;
            assert_digest_equal(before, fixture_digest(&fixture));
            struct cairn_heap *heap = &fixture.space.heap;
            assert_int_equal(cairn_heap_names_count(heap, cairn_corpus_of(heap)->words), 3);
            assert_int_equal(cairn_heap_names_count(heap, cairn_corpus_of(heap)->channels), 1);
        }
        fixture_close(&fixture);
        if (result == 0)
            break;
    }
    assert_true(failures > 20);
}

static void a_new_order_that_does_not_fit_is_refused_whole(void **state)
{
    (void)state;
    struct fixture fixture;
    struct cairn_training_options options = {.channel_cache_mb = 1, .state_size = 1};
    fixture_open_with(&fixture, "guild", options, 100000);
    for (uint64_t seq = 1; seq < 4000; seq++) {
        char text[64];
        snprintf(text, sizeof(text), "w%u w%u w%u w%u", (uint32_t)(seq * 7 % 97),
                 (uint32_t)(seq * 11 % 89), (uint32_t)(seq % 83), (uint32_t)(seq * 5 % 79));
        if (fixture_learn_slice(&fixture, seq, "", cairn_slice_of(text)) < 0)
            break;
    }
    struct cairn_digest before = fixture_digest(&fixture);
    struct cairn_buffer payload = {0};
    cairn_event_put(&payload, CAIRN_FIELD_SETTINGS, cairn_slice_of("{\"state_size\":5}"));
    assert_int_equal(fixture_apply(&fixture, CAIRN_EVENT_SETTINGS, 5000, "", &payload), -ENOMEM);
    assert_digest_equal(before, fixture_digest(&fixture));
    fixture_close(&fixture);
}

static void a_text_of_one_mebibyte_is_learned_and_forgotten(void **state)
{
    (void)state;
    size_t bytes = 1u << 20;
    char *text = malloc(bytes);
    assert_non_null(text);
    for (int words = 0; words < 2; words++) {
        struct fixture fixture;
        fixture_open(&fixture, "guild", 2);
        fixture_learn(&fixture, 1, "", "short one");
        struct cairn_digest before = fixture_digest(&fixture);
        for (size_t i = 0; i < bytes; i++)
            text[i] = words == 1 && i % 2 == 1 ? ' ' : (char)('a' + i / 2 % 7);
        assert_int_equal(fixture_learn_slice(&fixture, 2, "", cairn_slice(text, bytes)), 0);
        assert_int_equal(cairn_corpus_of(&fixture.space.heap)->tokens,
                         words == 1 ? 2 + bytes / 2 : 3);
        struct cairn_request *request = fixture_generate(&fixture, "{\"allow_verbatim\":true}");
        assert_int_equal(request->status, 200);
        cairn_request_destroy(request);
        fixture_forget(&fixture, 2);
        assert_digest_equal(before, fixture_digest(&fixture));
        fixture_close(&fixture);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_steps_agree_with_a_naive_model),
        cmocka_unit_test(channel_chains_agree_with_a_naive_model),
        cmocka_unit_test(references_are_the_earliest_messages_that_are_left),
        cmocka_unit_test(one_more_of_anything_changes_the_digest),
        cmocka_unit_test(the_digest_tells_spaces_channels_and_sequences_apart),
        cmocka_unit_test(only_what_people_wrote_is_learned),
        cmocka_unit_test(a_message_that_comes_again_counts_once),
        cmocka_unit_test(an_image_of_the_heap_is_the_whole_model),
        cmocka_unit_test(no_byte_of_a_forgotten_word_stays_in_the_image),
        cmocka_unit_test(a_full_budget_leaves_the_model_as_it_was),
        cmocka_unit_test(every_failure_within_one_message_is_undone),
        cmocka_unit_test(a_new_order_that_does_not_fit_is_refused_whole),
        cmocka_unit_test(a_text_of_one_mebibyte_is_learned_and_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
