#include "actors/training/forward.h"

#include <errno.h>
#include <stdlib.h>

#include "runtime/base/random.h"
#include "tests/support/unit.h"

#define MESSAGES   1000u
#define TOKENS_MAX 90u

struct message {
    uint64_t seq;
    uint32_t channel;
    uint32_t count;
    uint32_t tokens[TOKENS_MAX];
    bool is_there;
};

static void add(struct cairn_heap *heap, cairn_ref forward, const struct message *message)
{
    struct cairn_forward_writer writer;
    assert_int_equal(
        cairn_forward_begin(heap, forward, &writer, message->seq, message->channel, TOKENS_MAX), 0);
    for (uint32_t i = 0; i < message->count; i++)
        cairn_forward_put(heap, forward, &writer, message->tokens[i]);
    cairn_forward_commit(heap, forward, &writer);
}

static void assert_tokens(const struct cairn_heap *heap, const struct message *expected,
                          struct cairn_forward_reader reader)
{
    uint32_t tokens[7];
    uint32_t count;
    uint32_t at = 0;
    while ((count = cairn_forward_read(heap, &reader, tokens, 7)) > 0) {
        for (uint32_t i = 0; i < count; i++)
            assert_int_equal(tokens[i], expected->tokens[at++]);
    }
    assert_int_equal(at, expected->count);
}

static void assert_same(const struct cairn_heap *heap, cairn_ref forward,
                        const struct message *messages, uint32_t count)
{
    struct cairn_forward_message found;
    struct cairn_forward_cursor cursor = {0};
    uint32_t there = 0;
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(cairn_forward_at(heap, forward, i, &found), messages[i].is_there);
        assert_int_equal(cairn_forward_find(heap, forward, messages[i].seq, &found),
                         messages[i].is_there);
        assert_false(cairn_forward_find(heap, forward, messages[i].seq + 1, &found));
        if (!messages[i].is_there)
            continue;
        there++;
        assert_true(cairn_forward_next(heap, forward, &cursor, &found));
        assert_int_equal(found.ordinal, i);
        assert_true(found.seq == messages[i].seq);
        assert_int_equal(found.channel, messages[i].channel);
        assert_tokens(heap, &messages[i], found.tokens);
    }
    assert_false(cairn_forward_next(heap, forward, &cursor, &found));
    assert_int_equal(cairn_forward_count(heap, forward), there);
    assert_int_equal(cairn_forward_end(heap, forward), count);
}

static void random_use_agrees_with_a_naive_model(void **state)
{
    (void)state;
    struct cairn_heap heap;
    struct cairn_random random;
    struct message *messages = calloc(MESSAGES, sizeof(*messages));
    uint64_t seq = 0;
    assert_non_null(messages);
    cairn_heap_init(&heap, 64u << 20);
    cairn_random_init(&random, 3);
    cairn_ref forward = cairn_forward_create(&heap);
    for (uint32_t i = 0; i < MESSAGES; i++) {
        /* Now and then a long way: sequences are the ledger's, not the space's. */
        seq += 2 + cairn_random_below(&random, i % 100 == 0 ? UINT64_C(1) << 45 : 50);
        messages[i] = (struct message){.seq = seq, .is_there = true};
        messages[i].channel = (uint32_t)cairn_random_below(&random, 4) * 100000;
        messages[i].count = 1 + (uint32_t)cairn_random_below(&random, TOKENS_MAX);
        for (uint32_t t = 0; t < messages[i].count; t++)
            messages[i].tokens[t] =
                1 + (uint32_t)cairn_random_below(&random, t % 9 == 0 ? UINT32_MAX - 2 : 300);
        add(&heap, forward, &messages[i]);
        uint32_t gone = (uint32_t)cairn_random_below(&random, i + 1);
        if (messages[gone].is_there && cairn_random_below(&random, 2) == 0) {
            cairn_forward_remove(&heap, forward, gone);
            messages[gone].is_there = false;
        }
        if (i % 100 == 63)
            assert_same(&heap, forward, messages, i + 1);
    }
    for (uint32_t i = 0; i < MESSAGES; i++) {
        if (messages[i].is_there)
            cairn_forward_remove(&heap, forward, i);
        messages[i].is_there = false;
    }
    assert_same(&heap, forward, messages, MESSAGES);
    free(messages);
    cairn_heap_deinit(&heap);
}

static void a_dropped_writer_leaves_nothing(void **state)
{
    (void)state;
    struct cairn_heap heap;
    struct message message = {.seq = 10, .count = 2, .tokens = {5, 6}, .is_there = true};
    struct cairn_forward_writer writer;
    cairn_heap_init(&heap, 1u << 20);
    cairn_ref forward = cairn_forward_create(&heap);
    assert_int_equal(cairn_forward_begin(&heap, forward, &writer, 9, 3, 8), 0);
    cairn_forward_put(&heap, forward, &writer, 1234);
    assert_int_equal(cairn_forward_count(&heap, forward), 0);
    add(&heap, forward, &message);
    assert_same(&heap, forward, &message, 1);
    cairn_heap_deinit(&heap);
}

static void a_message_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    struct cairn_heap heap;
    struct cairn_forward_writer writer;
    cairn_heap_init(&heap, 16384);
    cairn_ref forward = cairn_forward_create(&heap);
    assert_int_equal(cairn_forward_begin(&heap, forward, &writer, 1, 0, 100000), -ENOMEM);
    assert_int_equal(cairn_forward_begin(&heap, forward, &writer, 1, 0, UINT32_MAX), -ENOMEM);
    struct message message = {.seq = 10, .count = 2, .tokens = {5, 6}, .is_there = true};
    add(&heap, forward, &message);
    assert_same(&heap, forward, &message, 1);
    cairn_heap_deinit(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_use_agrees_with_a_naive_model),
        cmocka_unit_test(a_dropped_writer_leaves_nothing),
        cmocka_unit_test(a_message_that_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
