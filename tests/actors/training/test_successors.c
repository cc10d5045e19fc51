#include "actors/training/successors.h"

#include "runtime/base/random.h"
#include "tests/support/unit.h"

#define TOKENS 400u

static void assert_same(const struct cairn_heap *heap, cairn_ref block, const uint32_t *counts,
                        const uint32_t *references)
{
    uint32_t fanout = 0;
    uint32_t total = 0;
    for (uint32_t token = 0; token < TOKENS; token++) {
        const struct cairn_successor *found = cairn_successors_find(heap, block, token);
        assert_true((found != NULL) == (counts[token] > 0));
        fanout += counts[token] > 0;
        total += counts[token];
        if (found != NULL) {
            assert_int_equal(found->count, counts[token]);
            assert_int_equal(found->reference, references[token]);
        }
    }
    struct cairn_successors view = cairn_successors_view(heap, block);
    uint32_t seen = 0;
    for (uint32_t i = 0; i < view.slots; i++)
        seen += view.entries[i].count > 0;
    assert_int_equal(view.fanout, fanout);
    assert_int_equal(view.total, total);
    assert_int_equal(seen, fanout);
}

static void random_use_agrees_with_a_naive_model(void **state)
{
    (void)state;
    struct cairn_heap heap;
    struct cairn_random random;
    uint32_t counts[TOKENS] = {0};
    uint32_t references[TOKENS] = {0};
    cairn_heap_init(&heap, 1u << 20);
    cairn_random_init(&random, 12);
    cairn_ref block = cairn_successors_create(
        &heap, (struct cairn_successor){.token = 7, .count = 1, .reference = 9});
    counts[7] = 1;
    references[7] = 9;
    uint32_t held = 1;
    for (uint32_t step = 1; step < 20000; step++) {
        uint32_t range = step < 2000 ? 12 : TOKENS; /* a list at first */
        uint32_t token = (uint32_t)cairn_random_below(&random, range);
        if (cairn_random_below(&random, 100) < (step % 4000 < 2000 ? 70u : 30u)) {
            references[token] = counts[token] == 0 ? step : references[token];
            counts[token]++;
            held++;
            block = cairn_successors_add(&heap, block, token, step, step);
            assert_int_not_equal(block, 0);
        } else if (counts[token] > 0 && held > 1) {
            counts[token]--;
            held--;
            cairn_successors_remove(&heap, block, token, step);
        }
        if (step % 50 == 0)
            assert_same(&heap, block, counts, references);
    }
    cairn_successors_destroy(&heap, block);
    cairn_heap_deinit(&heap);
}

static void a_full_heap_leaves_the_block_as_it_was(void **state)
{
    (void)state;
    struct cairn_heap heap;
    uint32_t counts[TOKENS] = {0};
    uint32_t references[TOKENS] = {0};
    cairn_heap_init(&heap, 6000);
    cairn_ref block =
        cairn_successors_create(&heap, (struct cairn_successor){.token = 0, .count = 1});
    counts[0] = 1;
    for (uint32_t token = 1; token < TOKENS; token++) {
        cairn_ref moved = cairn_successors_add(&heap, block, token, token, token);
        if (moved == 0)
            break;
        block = moved;
        counts[token] = 1;
        references[token] = token;
    }
    assert_int_equal(counts[TOKENS - 1], 0);
    assert_same(&heap, block, counts, references);
    cairn_heap_deinit(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_use_agrees_with_a_naive_model),
        cmocka_unit_test(a_full_heap_leaves_the_block_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
