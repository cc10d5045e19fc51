#include "actors/training/channels.h"

#include <errno.h>

#include "tests/actors/training/fixture.h"

#define CHANNELS 40u

/* CHANNELS channels with about the same number of messages each. */
static void learn(struct fixture *fixture, uint32_t messages)
{
    struct cairn_random random;
    cairn_random_init(&random, 8);
    for (uint32_t i = 0; i < messages; i++) {
        char channel[16];
        char text[64];
        snprintf(channel, sizeof(channel), "c%u", i % CHANNELS);
        snprintf(text, sizeof(text), "w%u w%u w%u w%u", (uint32_t)cairn_random_below(&random, 500),
                 (uint32_t)cairn_random_below(&random, 500), i % CHANNELS, i % 7);
        fixture_learn(fixture, i + 1, channel, text);
    }
}

static uint32_t channel_id(const struct fixture *fixture, uint32_t i)
{
    char channel[16];
    snprintf(channel, sizeof(channel), "c%u", i);
    const struct cairn_heap *heap = &fixture->space.heap;
    return cairn_heap_names_find(heap, cairn_corpus_of(heap)->channels, cairn_slice_of(channel));
}

static int get(struct cairn_channels *channels, const struct fixture *fixture, uint32_t i,
               struct cairn_channels_chain *chain)
{
    int result = 0;
    for (uint32_t turns = 0; result == 0; turns++) {
        assert_true(turns < 10000);
        result = cairn_channels_get(channels, &fixture->space.heap, channel_id(fixture, i), chain);
    }
    return result;
}

static uint32_t messages_of(const struct cairn_channels_chain *chain)
{
    uint32_t begin[2] = {CAIRN_CHAIN_BEGIN, CAIRN_CHAIN_BEGIN};
    struct cairn_successors successors;
    return cairn_chain_find(chain->heap, chain->chain, begin, &successors) ? successors.total : 0;
}

static void the_least_recently_used_chains_go(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, "guild", 2);
    learn(&fixture, 4000);
    uint64_t budget = 200000;
    struct cairn_channels *channels = cairn_channels_create(budget);
    struct cairn_channels_chain chain;
    uint64_t first_serial = 0;
    for (uint32_t i = 0; i < CHANNELS; i++) {
        assert_int_equal(get(channels, &fixture, i, &chain), 1);
        assert_int_equal(messages_of(&chain), 100);
        assert_true(cairn_channels_bytes(channels) <= budget);
        first_serial = i == 0 ? chain.serial : first_serial;
        /* The first one is asked for all the time: it stays. */
        assert_int_equal(get(channels, &fixture, 0, &chain), 1);
        assert_true(chain.serial == first_serial);
    }
    uint32_t count = cairn_channels_count(channels);
    assert_true(count >= 2 && count < CHANNELS);
    assert_int_equal(get(channels, &fixture, 1, &chain), 1); /* made again */
    assert_true(chain.serial > CHANNELS);
    assert_int_equal(messages_of(&chain), 100);
    cairn_channels_destroy(channels);
    fixture_close(&fixture);
}

static void a_chain_over_the_budget_is_refused_and_others_live_on(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, "guild", 2);
    learn(&fixture, 400);
    for (uint64_t seq = 401; seq < 3000; seq++) {
        char text[64];
        snprintf(text, sizeof(text), "x%u y%u z%u", (uint32_t)seq, (uint32_t)seq, (uint32_t)seq);
        fixture_learn(&fixture, seq, "c0", text);
    }
    struct cairn_channels *channels = cairn_channels_create(100000);
    struct cairn_channels_chain chain;
    assert_int_equal(get(channels, &fixture, 1, &chain), 1);
    assert_int_equal(get(channels, &fixture, 0, &chain), -ENOBUFS);
    assert_int_equal(get(channels, &fixture, 0, &chain), -ENOBUFS);
    assert_int_equal(get(channels, &fixture, 2, &chain), 1);
    assert_int_equal(messages_of(&chain), 10);
    /* Once it is smaller, it is served. */
    for (uint64_t seq = 401; seq < 3000; seq++)
        fixture_forget(&fixture, seq);
    fixture_learn(&fixture, 3000, "c1", "news");
    assert_int_equal(get(channels, &fixture, 0, &chain), 1);
    assert_int_equal(messages_of(&chain), 10);
    cairn_channels_destroy(channels);
    fixture_close(&fixture);
}

/* Two chains that do not fit together, asked for in turns: both are served in the end. */
static void two_chains_that_do_not_fit_together_are_both_served(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, "guild", 2);
    learn(&fixture, 40000);
    struct cairn_channels *channels = cairn_channels_create(UINT64_MAX / 2);
    struct cairn_channels_chain chain;
    assert_int_equal(get(channels, &fixture, 0, &chain), 1);
    uint64_t budget = cairn_channels_bytes(channels) * 3 / 2;
    cairn_channels_destroy(channels);
    channels = cairn_channels_create(budget);
    bool is_served[2] = {false, false};
    uint32_t turns = 0;
    for (; !is_served[0] || !is_served[1]; turns++) {
        assert_true(turns < 10000);
        uint32_t i = turns % 2;
        if (is_served[i])
            continue;
        int result =
            cairn_channels_get(channels, &fixture.space.heap, channel_id(&fixture, i), &chain);
        assert_true(result >= 0);
        is_served[i] = result == 1;
        if (result == 1)
            assert_int_equal(messages_of(&chain), 1000);
    }
    assert_true(turns > 10); /* it was in slices */
    cairn_channels_destroy(channels);
    fixture_close(&fixture);
}

/* Messages come and go while the chain is half made. */
static void changes_in_between_are_in_the_chain_once(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, "guild", 2);
    learn(&fixture, 8000);
    struct cairn_training_cache *cache = fixture.space.cache;
    struct cairn_channels_chain chain;
    uint32_t id = channel_id(&fixture, 3);
    uint32_t expected = 200;
    uint64_t seq = 8000;
    uint32_t turns = 0;
    while (cairn_channels_get(cache->channels, &fixture.space.heap, id, &chain) == 0) {
        fixture_forget(&fixture, 4 + CHANNELS * turns);         /* already in it, or not */
        fixture_forget(&fixture, 4 + CHANNELS * (199 - turns)); /* not yet in it, or gone */
        fixture_learn(&fixture, ++seq, "c3", "late news");
        expected -= 1;
        turns++;
    }
    assert_true(turns >= 2 && turns < 100);
    assert_int_equal(messages_of(&chain), expected);
    fixture_learn(&fixture, ++seq, "c3", "later news");
    fixture_forget(&fixture, 4 + CHANNELS * 110);
    fixture_learn(&fixture, ++seq, "c4", "other news");
    assert_int_equal(cairn_channels_get(cache->channels, &fixture.space.heap, id, &chain), 1);
    assert_int_equal(messages_of(&chain), expected);
    fixture_close(&fixture);
}

/* Whichever message goes after the first slice: those before, at and behind where it stopped. */
static void any_message_may_go_while_a_chain_is_half_made(void **state)
{
    (void)state;
    struct fixture fixture;
    struct cairn_channels_chain chain;
    fixture_open(&fixture, "guild", 2);
    for (uint64_t seq = 1; seq <= 300; seq++)
        fixture_learn(&fixture, seq, seq == 300 ? "c1" : "c0", "w1 w2 w3");
    for (uint64_t seq = 299, last = 300; seq > 0; seq--) { /* from behind: what is in front stays */
        struct cairn_channels *channels = cairn_channels_create(1u << 20);
        struct cairn_heap *heap = &fixture.space.heap;
        struct cairn_forward_message message;
        assert_int_equal(cairn_channels_get(channels, heap, channel_id(&fixture, 0), &chain), 0);
        assert_true(cairn_forward_find(heap, cairn_corpus_of(heap)->forward, seq, &message));
        cairn_channels_unlearn(channels, heap, &message);
        cairn_corpus_remove(heap, &message);
        assert_int_equal(get(channels, &fixture, 0, &chain), 1);
        assert_int_equal(messages_of(&chain), 298);
        cairn_channels_destroy(channels);
        fixture_learn(&fixture, ++last, "c0", "w1 w2 w3");
    }
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_recently_used_chains_go),
        cmocka_unit_test(a_chain_over_the_budget_is_refused_and_others_live_on),
        cmocka_unit_test(two_chains_that_do_not_fit_together_are_both_served),
        cmocka_unit_test(changes_in_between_are_in_the_chain_once),
        cmocka_unit_test(any_message_may_go_while_a_chain_is_half_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
