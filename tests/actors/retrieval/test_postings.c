#include "actors/retrieval/postings.h"

#include <errno.h>
#include <stdlib.h>

#include "runtime/base/random.h"
#include "tests/support/unit.h"

#define BUDGET (64u << 20)

static void put(struct cairn_heap *heap, struct cairn_postings *postings, uint32_t number,
                uint32_t count)
{
    struct cairn_postings reserved;
    assert_int_equal(cairn_postings_reserve(heap, *postings, number, count, &reserved), 0);
    *postings = reserved;
    cairn_postings_append(heap, postings, number, count);
}

static void one_posting_survives_encoding_at_every_size(void **state)
{
    (void)state;
    static const uint32_t VALUES[] = {1,        2, 63, 64, 8191, 8192, 1u << 20, (1u << 24) - 1,
                                      INT32_MAX};
    enum { VALUE_COUNT = sizeof(VALUES) / sizeof(*VALUES) };
    for (unsigned i = 0; i < VALUE_COUNT * VALUE_COUNT; i++) {
        uint32_t delta = VALUES[i % VALUE_COUNT], count = VALUES[i / VALUE_COUNT];
        uint8_t bytes[CAIRN_POSTING_BYTES_MAX + 1] = {0};
        size_t used = cairn_posting_encode(bytes, delta, count);
        assert_in_range(used, 1, CAIRN_POSTING_BYTES_MAX);
        assert_int_not_equal(bytes[0], 0);

        const uint8_t *at = bytes;
        uint32_t number = 0, read_count = 0;
        assert_true(cairn_posting_decode(&at, &number, &read_count));
        assert_int_equal(number, delta);
        assert_int_equal(read_count, count);
        assert_ptr_equal(at, bytes + used);
        assert_false(cairn_posting_decode(&at, &number, &read_count));
    }
}

static void an_empty_list_has_no_postings(void **state)
{
    (void)state;
    struct cairn_heap heap;
    struct cairn_postings postings = {0};
    struct cairn_postings_reader reader;
    cairn_heap_init(&heap, BUDGET);
    cairn_postings_open(&postings, &reader);
    assert_false(cairn_postings_next(&heap, &reader));
    assert_false(cairn_postings_next(&heap, &reader));
    cairn_heap_deinit(&heap);
}

/* Several lists grow side by side in one heap, as the terms of a space do. */
static void lists_read_back_what_was_appended(void **state)
{
    (void)state;
    enum { LISTS = 8, STEPS = 20000 };
    static uint32_t numbers[LISTS][STEPS], counts[LISTS][STEPS];
    uint32_t lengths[LISTS] = {0};
    struct cairn_postings lists[LISTS] = {0};
    struct cairn_heap heap;
    struct cairn_random random;
    cairn_heap_init(&heap, BUDGET);
    cairn_random_init(&random, 3);
    for (int step = 0; step < STEPS; step++) {
        uint64_t list = cairn_random_below(&random, LISTS);
        uint32_t delta = 1 + (uint32_t)cairn_random_below(
                                 &random, UINT64_C(1) << cairn_random_below(&random, 17));
        uint32_t count = cairn_random_below(&random, 10) == 0
                             ? 1 + (uint32_t)cairn_random_below(&random, 1u << 20)
                             : 1;
        put(&heap, &lists[list], lists[list].last + delta, count);
        numbers[list][lengths[list]] = lists[list].last;
        counts[list][lengths[list]++] = count;
    }
    for (int list = 0; list < LISTS; list++) {
        struct cairn_postings_reader reader;
        cairn_postings_open(&lists[list], &reader);
        for (uint32_t i = 0; i < lengths[list]; i++) {
            assert_true(cairn_postings_next(&heap, &reader));
            assert_int_equal(reader.number, numbers[list][i]);
            assert_int_equal(reader.count, counts[list][i]);
        }
        assert_false(cairn_postings_next(&heap, &reader));
    }
    cairn_heap_deinit(&heap);
}

static void a_reserve_that_is_not_used_shows_nothing(void **state)
{
    (void)state;
    struct cairn_heap heap;
    struct cairn_postings postings = {0}, reserved;
    struct cairn_postings_reader reader;
    cairn_heap_init(&heap, BUDGET);
    for (uint32_t number = 1; number <= 1000; number++) {
        assert_int_equal(cairn_postings_reserve(&heap, postings, number + 100000, 7, &reserved), 0);
        postings = reserved;
        put(&heap, &postings, number, 1);
    }
    cairn_postings_open(&postings, &reader);
    for (uint32_t number = 1; number <= 1000; number++) {
        assert_true(cairn_postings_next(&heap, &reader));
        assert_int_equal(reader.number, number);
    }
    assert_false(cairn_postings_next(&heap, &reader));
    cairn_heap_deinit(&heap);
}

static void clearing_gives_every_byte_back(void **state)
{
    (void)state;
    struct cairn_heap heap;
    struct cairn_postings postings = {0};
    cairn_heap_init(&heap, BUDGET);
    for (int round = 0; round < 3; round++) {
        for (uint32_t number = 1; number <= 5000; number++)
            put(&heap, &postings, number * 3, 1 + number % 2);
        cairn_postings_clear(&heap, &postings);
        assert_int_equal(postings.head, 0);
    }
    uint64_t used_bytes = cairn_heap_used_bytes(&heap);
    for (uint32_t number = 1; number <= 5000; number++)
        put(&heap, &postings, number * 3, 1 + number % 2);
    assert_int_equal(cairn_heap_used_bytes(&heap), used_bytes);
    cairn_heap_deinit(&heap);
}

static void a_full_heap_refuses_and_keeps_the_list(void **state)
{
    (void)state;
    struct cairn_heap heap;
    struct cairn_postings postings = {0}, reserved;
    struct cairn_postings_reader reader;
    uint32_t number = 1;
    cairn_heap_init(&heap, 8192);
    while (cairn_postings_reserve(&heap, postings, number, 1, &reserved) == 0) {
        postings = reserved;
        cairn_postings_append(&heap, &postings, number++, 1);
    }
    assert_int_equal(cairn_postings_reserve(&heap, postings, number, 1, &reserved), -ENOMEM);
    cairn_postings_open(&postings, &reader);
    for (uint32_t expected = 1; expected < number; expected++) {
        assert_true(cairn_postings_next(&heap, &reader));
        assert_int_equal(reader.number, expected);
    }
    assert_false(cairn_postings_next(&heap, &reader));
    cairn_heap_deinit(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_posting_survives_encoding_at_every_size),
        cmocka_unit_test(an_empty_list_has_no_postings),
        cmocka_unit_test(lists_read_back_what_was_appended),
        cmocka_unit_test(a_reserve_that_is_not_used_shows_nothing),
        cmocka_unit_test(clearing_gives_every_byte_back),
        cmocka_unit_test(a_full_heap_refuses_and_keeps_the_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
