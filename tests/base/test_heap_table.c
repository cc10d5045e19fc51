#include "runtime/base/heap_table.h"

#include <errno.h>

#include "runtime/base/random.h"
#include "tests/support/unit.h"

#define KEYS   512
#define VALUES 3

/* model[key][value - 1]: how often that pair is in the table. */
struct model {
    uint32_t pairs[KEYS][VALUES];
    uint32_t count;
};

static uint32_t count_under(const struct cairn_heap *heap, cairn_ref table, uint64_t key,
                            uint32_t wanted)
{
    uint32_t cursor = 0, value, count = 0;
    while ((value = cairn_heap_table_find(heap, table, key, &cursor)) != 0)
        count += value == wanted;
    return count;
}

static void check(const struct cairn_heap *heap, cairn_ref table, const struct model *model)
{
    assert_int_equal(cairn_heap_table_count(heap, table), model->count);
    for (uint32_t key = 0; key < KEYS; key++) {
        for (uint32_t value = 1; value <= VALUES; value++)
            assert_int_equal(count_under(heap, table, key, value), model->pairs[key][value - 1]);
    }
    uint32_t cursor = 0, count = 0;
    while (cairn_heap_table_next(heap, table, &cursor) != 0)
        count++;
    assert_int_equal(count, model->count);
}

static void a_table_equals_its_model_under_random_use(void **state)
{
    (void)state;
    static struct model model;
    struct cairn_heap heap;
    struct cairn_random random;
    cairn_heap_init(&heap, 1u << 24);
    cairn_random_init(&random, 3);
    cairn_ref table = cairn_heap_table_create(&heap);
    for (int step = 0; step < 20000; step++) {
        uint64_t key = cairn_random_below(&random, KEYS);
        uint32_t value = (uint32_t)(1 + cairn_random_below(&random, VALUES));
        uint32_t *pairs = &model.pairs[key][value - 1];
        bool adds = cairn_random_below(&random, 5) < (step / 4000 % 2 == 0 ? 3u : 2u);
        if (adds) {
            assert_int_equal(cairn_heap_table_add(&heap, table, key, value), 0);
            (*pairs)++;
            model.count++;
        } else {
            assert_int_equal(cairn_heap_table_remove(&heap, table, key, value), *pairs > 0);
            model.count -= *pairs > 0;
            *pairs -= *pairs > 0;
        }
        if (step % 500 == 0)
            check(&heap, table, &model);
    }
    check(&heap, table, &model);
    cairn_heap_deinit(&heap);
}

static void a_full_heap_refuses_and_the_table_stays_whole(void **state)
{
    (void)state;
    struct cairn_heap heap;
    cairn_heap_init(&heap, 16384);
    cairn_ref table = cairn_heap_table_create(&heap);
    uint32_t count = 0;
    while (cairn_heap_table_add(&heap, table, count, count + 1) == 0)
        count++;
    assert_true(count > 100);
    assert_int_equal(cairn_heap_table_add(&heap, table, count, count + 1), -ENOMEM);
    assert_int_equal(cairn_heap_table_count(&heap, table), count);
    for (uint32_t key = 0; key < count; key++)
        assert_int_equal(cairn_heap_table_get(&heap, table, key), key + 1);
    cairn_heap_deinit(&heap);
}

static void reserved_room_takes_additions_without_moving(void **state)
{
    (void)state;
    struct cairn_heap heap;
    cairn_heap_init(&heap, 1u << 20);
    cairn_ref table = cairn_heap_table_create(&heap);
    assert_int_equal(cairn_heap_table_reserve(&heap, table, 1000), 0);
    uint64_t used = cairn_heap_used_bytes(&heap);
    for (uint32_t key = 0; key < 1000; key++)
        assert_int_equal(cairn_heap_table_add(&heap, table, key, 1), 0);
    assert_int_equal(cairn_heap_used_bytes(&heap), used);
    cairn_heap_deinit(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_equals_its_model_under_random_use),
        cmocka_unit_test(a_full_heap_refuses_and_the_table_stays_whole),
        cmocka_unit_test(reserved_room_takes_additions_without_moving),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
