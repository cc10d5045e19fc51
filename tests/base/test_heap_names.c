#include "runtime/base/heap_names.h"

#include <stdio.h>

#include "runtime/base/random.h"
#include "tests/support/unit.h"

static struct cairn_slice name_of(uint32_t number, char text[32])
{
    return cairn_slice(text, (size_t)snprintf(text, 32, "name-%u", number));
}

static void a_name_keeps_its_id_while_it_is_held(void **state)
{
    (void)state;
    struct cairn_heap heap;
    cairn_heap_init(&heap, 1u << 20);
    cairn_ref names = cairn_heap_names_create(&heap);
    uint32_t id = cairn_heap_names_acquire(&heap, names, cairn_slice_of("search"));
    assert_int_not_equal(id, 0);
    assert_int_equal(cairn_heap_names_acquire(&heap, names, cairn_slice_of("search")), id);
    cairn_heap_names_release(&heap, names, id);
    assert_int_equal(cairn_heap_names_find(&heap, names, cairn_slice_of("search")), id);
    cairn_heap_names_release(&heap, names, id);
    assert_int_equal(cairn_heap_names_find(&heap, names, cairn_slice_of("search")), 0);
    assert_int_equal(cairn_heap_names_count(&heap, names), 0);
    cairn_heap_deinit(&heap);
}

static void no_byte_of_a_released_name_stays_in_the_image(void **state)
{
    (void)state;
    struct cairn_heap heap;
    static const char secret[] = "nobody-may-find-this-again";
    cairn_heap_init(&heap, 1u << 20);
    cairn_ref names = cairn_heap_names_create(&heap);
    uint32_t id = cairn_heap_names_acquire(&heap, names, cairn_slice_of(secret));
    struct cairn_slice image = cairn_heap_image(&heap);
    assert_non_null(memmem(image.data, image.bytes, secret, 10));
    cairn_heap_names_release(&heap, names, id);
    image = cairn_heap_image(&heap);
    for (size_t at = 0; at + 4 < sizeof(secret); at++)
        assert_null(memmem(image.data, image.bytes, secret + at, 4));
    cairn_heap_deinit(&heap);
}

static void names_equal_their_model_under_random_use(void **state)
{
    (void)state;
    enum { NAMES = 300 };
    uint32_t holds[NAMES] = {0}, ids[NAMES] = {0};
    struct cairn_heap heap;
    struct cairn_random random;
    char text[32];
    cairn_heap_init(&heap, 1u << 20);
    cairn_random_init(&random, 5);
    cairn_ref names = cairn_heap_names_create(&heap);
    for (int step = 0; step < 30000; step++) {
        uint32_t number = (uint32_t)cairn_random_below(&random, NAMES);
        struct cairn_slice name = name_of(number, text);
        assert_int_equal(cairn_heap_names_find(&heap, names, name),
                         holds[number] > 0 ? ids[number] : 0);
        if (holds[number] > 0 && cairn_random_below(&random, 2) == 0) {
            assert_true(cairn_slice_equal(cairn_heap_names_text(&heap, names, ids[number]), name));
            cairn_heap_names_release(&heap, names, ids[number]);
            holds[number]--;
        } else {
            ids[number] = cairn_heap_names_acquire(&heap, names, name);
            holds[number]++;
        }
    }
    cairn_heap_deinit(&heap);
}

static void a_full_heap_refuses_new_names_and_keeps_the_old(void **state)
{
    (void)state;
    struct cairn_heap heap;
    char text[32];
    cairn_heap_init(&heap, 16384);
    cairn_ref names = cairn_heap_names_create(&heap);
    uint32_t count = 0;
    while (cairn_heap_names_acquire(&heap, names, name_of(count, text)) != 0)
        count++;
    assert_true(count > 50);
    assert_int_equal(cairn_heap_names_count(&heap, names), count);
    for (uint32_t number = 0; number < count; number++)
        assert_int_not_equal(cairn_heap_names_find(&heap, names, name_of(number, text)), 0);
    uint32_t first = cairn_heap_names_find(&heap, names, name_of(0, text));
    assert_int_equal(cairn_heap_names_acquire(&heap, names, name_of(0, text)), first);
    cairn_heap_deinit(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_keeps_its_id_while_it_is_held),
        cmocka_unit_test(no_byte_of_a_released_name_stays_in_the_image),
        cmocka_unit_test(names_equal_their_model_under_random_use),
        cmocka_unit_test(a_full_heap_refuses_new_names_and_keeps_the_old),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
