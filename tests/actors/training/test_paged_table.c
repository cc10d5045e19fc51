#include "actors/training/paged_table.h"

#include <stdlib.h>

#include "runtime/base/random.h"
#include "tests/support/unit.h"

#define KEYS_MAX 6000u

struct naive {
    uint32_t keys[KEYS_MAX][3];
    uint32_t values[KEYS_MAX]; /* 0: not there */
};

static uint32_t count_by_walking(const struct cairn_heap *heap, cairn_ref table)
{
    struct cairn_paged_table_cursor cursor = {0};
    uint32_t count = 0;
    while (cairn_paged_table_next(heap, table, &cursor) != NULL)
        count++;
    return count;
}

static void random_use(uint32_t key_words, uint64_t seed)
{
    struct cairn_heap heap;
    struct cairn_random random;
    struct naive *naive = calloc(1, sizeof(*naive));
    uint32_t there = 0;
    assert_non_null(naive);
    print_message("seed=%llu key_words=%u\n", (unsigned long long)seed, key_words);
    cairn_random_init(&random, seed);
    cairn_heap_init(&heap, 64u << 20);
    cairn_ref table = cairn_paged_table_create(&heap, key_words, 2);
    assert_int_not_equal(table, 0);
    for (uint32_t i = 0; i < KEYS_MAX; i++) {
        for (uint32_t w = 0; w < 3; w++)
            naive->keys[i][w] = 1 + i * (w + 1);
    }
    for (uint32_t step = 0; step < 60000; step++) {
        /* Mostly additions first, mostly removals later: the table grows and empties. */
        uint32_t i = (uint32_t)cairn_random_below(&random, KEYS_MAX);
        const uint32_t *key = naive->keys[i];
        uint64_t hash = cairn_paged_table_hash(key, key_words);
        uint32_t *value = cairn_paged_table_find(&heap, table, key, hash);
        assert_true((value != NULL) == (naive->values[i] != 0));
        if (value != NULL)
            assert_int_equal(value[1], naive->values[i]);
        bool is_adding = cairn_random_below(&random, 100) < (step < 30000 ? 80 : 20);
        if (value == NULL && is_adding) {
            value = cairn_paged_table_add(&heap, table, key, hash);
            assert_non_null(value);
            assert_int_equal(value[0], 0);
            value[1] = naive->values[i] = step + 1;
            there++;
        } else if (value != NULL && !is_adding) {
            cairn_paged_table_remove(&heap, table, key, hash);
            naive->values[i] = 0;
            there--;
        }
        assert_int_equal(cairn_paged_table_count(&heap, table), there);
    }
    assert_int_equal(count_by_walking(&heap, table), there);
    cairn_paged_table_destroy(&heap, table);
    free(naive);
    cairn_heap_deinit(&heap);
}

static void random_use_agrees_with_a_naive_model(void **state)
{
    (void)state;
    for (uint32_t key_words = 1; key_words <= 3; key_words++)
        random_use(key_words, 40 + key_words);
}

static void destroying_gives_everything_back(void **state)
{
    (void)state;
    struct cairn_heap heap;
    cairn_heap_init(&heap, 64u << 20);
    cairn_ref first = cairn_heap_alloc(&heap, 8);
    assert_int_not_equal(first, 0);
    uint64_t before = cairn_heap_live_bytes(&heap);
    cairn_ref table = cairn_paged_table_create(&heap, 1, 3);
    for (uint32_t key = 1; key <= 20000; key++)
        assert_non_null(cairn_paged_table_add(&heap, table, &key, cairn_paged_table_hash(&key, 1)));
    cairn_paged_table_destroy(&heap, table);
    /* What is left is at most one region that small blocks are carved from. */
    assert_true(cairn_heap_live_bytes(&heap) <= before + 8192);
    cairn_heap_deinit(&heap);
}

/* Keys whose hashes share all the bits that choose a page: they cost time, never memory. */
static void keys_that_collide_do_not_blow_up_the_directory(void **state)
{
    (void)state;
    struct cairn_heap heap;
    cairn_heap_init(&heap, 4u << 20);
    cairn_ref table = cairn_paged_table_create(&heap, 1, 3);
    uint32_t added = 0;
    for (uint32_t key = 1; added < 2000; key++) {
        uint64_t hash = cairn_paged_table_hash(&key, 1);
        if (hash >> 54 != 0)
            continue;
        uint32_t *value = cairn_paged_table_add(&heap, table, &key, hash);
        assert_non_null(value);
        value[0] = key;
        added++;
    }
    assert_int_equal(count_by_walking(&heap, table), added);
    assert_true(cairn_heap_used_bytes(&heap) < added * UINT64_C(16) * 8);
    cairn_heap_deinit(&heap);
}

static void a_full_heap_leaves_the_table_as_it_was(void **state)
{
    (void)state;
    for (uint64_t budget = 4000; budget < 60000; budget += 500) {
        struct cairn_heap heap;
        cairn_heap_init(&heap, budget);
        cairn_ref table = cairn_paged_table_create(&heap, 1, 1);
        assert_int_not_equal(table, 0);
        uint32_t key = 1;
        uint32_t *value;
        while ((value = cairn_paged_table_add(&heap, table, &key,
                                              cairn_paged_table_hash(&key, 1))) != NULL)
            *value = key++;
        for (uint32_t k = 1; k < key; k++) {
            value = cairn_paged_table_find(&heap, table, &k, cairn_paged_table_hash(&k, 1));
            assert_non_null(value);
            assert_int_equal(*value, k);
        }
        assert_int_equal(cairn_paged_table_count(&heap, table), key - 1);
        cairn_heap_deinit(&heap);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_use_agrees_with_a_naive_model),
        cmocka_unit_test(destroying_gives_everything_back),
        cmocka_unit_test(keys_that_collide_do_not_blow_up_the_directory),
        cmocka_unit_test(a_full_heap_leaves_the_table_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
