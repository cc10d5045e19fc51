#include "runtime/base/heap.h"

#include <errno.h>
#include <stdlib.h>

#include "runtime/base/interner.h"
#include "runtime/base/random.h"
#include "tests/support/unit.h"

#define BUDGET (64u << 20)

static void a_block_is_zeroed_and_at_least_as_large_as_asked(void **state)
{
    (void)state;
    struct cairn_heap heap;
    cairn_heap_init(&heap, BUDGET);
    for (uint64_t bytes = 1; bytes < 5000; bytes += 7) {
        cairn_ref ref = cairn_heap_alloc(&heap, bytes);
        assert_int_not_equal(ref, 0);
        uint8_t *block = cairn_heap_at(&heap, ref);
        for (uint64_t i = 0; i < bytes; i++)
            assert_int_equal(block[i], 0);
        memset(block, 0xff, bytes);
        if (bytes % 3 == 0)
            cairn_heap_free(&heap, ref, bytes);
    }
    cairn_heap_deinit(&heap);
}

/* Blocks never overlap: each is filled with its own number and checked to the end. */
static void live_blocks_keep_their_bytes_under_random_use(void **state)
{
    (void)state;
    enum { BLOCKS = 512, STEPS = 20000 };
    struct {
        cairn_ref ref;
        uint32_t bytes;
        uint8_t fill;
    } blocks[BLOCKS] = {0};
    struct cairn_heap heap;
    struct cairn_random random;
    cairn_heap_init(&heap, BUDGET);
    cairn_random_init(&random, 7);

    for (int step = 0; step < STEPS; step++) {
        uint64_t i = cairn_random_below(&random, BLOCKS);
        if (blocks[i].ref != 0) {
            const uint8_t *bytes = cairn_heap_at(&heap, blocks[i].ref);
            for (uint32_t at = 0; at < blocks[i].bytes; at++)
                assert_int_equal(bytes[at], blocks[i].fill);
            cairn_heap_free(&heap, blocks[i].ref, blocks[i].bytes);
            blocks[i].ref = 0;
            continue;
        }
        uint64_t scale = UINT64_C(1) << cairn_random_below(&random, 17);
        blocks[i].bytes = (uint32_t)(1 + cairn_random_below(&random, scale));
        blocks[i].fill = (uint8_t)cairn_random_next(&random);
        blocks[i].ref = cairn_heap_alloc(&heap, blocks[i].bytes);
        assert_int_not_equal(blocks[i].ref, 0);
        memset(cairn_heap_at(&heap, blocks[i].ref), blocks[i].fill, blocks[i].bytes);
    }
    cairn_heap_deinit(&heap);
}

static void a_full_budget_refuses_and_leaves_the_heap_usable(void **state)
{
    (void)state;
    struct cairn_heap heap;
    cairn_heap_init(&heap, 1 << 16);
    assert_int_equal(cairn_heap_alloc(&heap, 1 << 17), 0);
    cairn_ref ref = cairn_heap_alloc(&heap, 100);
    assert_int_not_equal(ref, 0);
    while (cairn_heap_alloc(&heap, 1000) != 0)
        assert_true(cairn_heap_used_bytes(&heap) <= 1 << 16);
    cairn_heap_free(&heap, ref, 100);
    assert_int_equal(cairn_heap_alloc(&heap, 100), ref);
    cairn_heap_deinit(&heap);
}

static void an_image_loads_into_an_equal_heap(void **state)
{
    (void)state;
    struct cairn_heap heap, copy;
    cairn_heap_init(&heap, BUDGET);
    cairn_heap_init(&copy, BUDGET);
    cairn_ref names = cairn_interner_create(&heap);
    cairn_heap_set_root(&heap, names);
    char text[32];
    for (int i = 0; i < 20000; i++)
        assert_int_equal(cairn_interner_add(
                             &heap, names,
                             cairn_slice(text, (size_t)snprintf(text, sizeof(text), "name-%d", i))),
                         i + 1);

    struct cairn_slice image = cairn_heap_image(&heap);
    uint8_t *target = cairn_heap_prepare(&copy, image.bytes);
    assert_non_null(target);
    memcpy(target, image.data, image.bytes);
    assert_int_equal(cairn_heap_adopt(&copy, image.bytes), 0);
    assert_int_equal(cairn_interner_find(&copy, cairn_heap_root(&copy), cairn_slice_of("name-777")),
                     778);
    assert_true(cairn_slice_is(cairn_interner_text(&copy, names, 1), "name-0"));
    assert_int_equal(cairn_interner_find(&copy, names, cairn_slice_of("nobody")), 0);
    cairn_heap_deinit(&heap);
    cairn_heap_deinit(&copy);
}

static void a_damaged_image_is_refused_and_leaves_an_empty_heap(void **state)
{
    (void)state;
    struct cairn_heap heap;
    cairn_heap_init(&heap, BUDGET);
    memset(cairn_heap_prepare(&heap, 4096), 0x5a, 4096);
    assert_int_equal(cairn_heap_adopt(&heap, 4096), -EBADMSG);
    assert_int_equal(cairn_heap_used_bytes(&heap), 0);
    assert_int_not_equal(cairn_heap_alloc(&heap, 8), 0);
    cairn_heap_deinit(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_is_zeroed_and_at_least_as_large_as_asked),
        cmocka_unit_test(live_blocks_keep_their_bytes_under_random_use),
        cmocka_unit_test(a_full_budget_refuses_and_leaves_the_heap_usable),
        cmocka_unit_test(an_image_loads_into_an_equal_heap),
        cmocka_unit_test(a_damaged_image_is_refused_and_leaves_an_empty_heap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
