#include "actors/training/shape.h"

#include "tests/support/unit.h"

static void settings_say_what_they_say_and_nothing_else(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        uint8_t state_size, channel_chains;
    } cases[] = {
        {"{\"state_size\":1,\"channel_chains\":true}", 1, 2},
        {"{\"state_size\":5}", 5, 0},
        {"{\"channel_chains\":false}", 0, 1},
        {"{\"language\":\"en\",\"state_size\":3,\"quota\":{\"state_size\":4}}", 3, 0},
        {"{}", 0, 0},
        {"{\"language\":\"en\"}", 0, 0},
        {"{\"state_size\":0}", 0, 0},
        {"{\"state_size\":6}", 0, 0},
        {"{\"state_size\":-1}", 0, 0},
        {"{\"state_size\":2.5}", 0, 0},
        {"{\"state_size\":\"2\",\"channel_chains\":1}", 0, 0},
        {"{\"state_size\":18446744073709551616}", 0, 0},
        {"[1]", 0, 0},
        {"", 0, 0},
        {"{", 0, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct cairn_shape_event event = {.seq = 3};
        bool says = cases[i].state_size != 0 || cases[i].channel_chains != 0;
        assert_int_equal(cairn_shape_parse(cairn_slice_of(cases[i].json), &event), says);
        assert_int_equal(event.state_size, cases[i].state_size);
        assert_int_equal(event.channel_chains, cases[i].channel_chains);
    }
}

static void the_last_event_that_says_a_thing_holds(void **state)
{
    (void)state;
    struct cairn_heap heap;
    struct cairn_shape_event removed;
    cairn_heap_init(&heap, 1u << 16);
    cairn_ref shape = cairn_shape_create(&heap);
    assert_int_equal(cairn_shape_now(&heap, shape, 2).state_size, 2);
    assert_true(cairn_shape_now(&heap, shape, 2).channel_chains);

    cairn_shape_add(&heap, shape, (struct cairn_shape_event){.seq = 1, .state_size = 3});
    cairn_shape_add(&heap, shape, (struct cairn_shape_event){.seq = 2, .channel_chains = 1});
    cairn_shape_add(&heap, shape, (struct cairn_shape_event){.seq = 5, .state_size = 4});
    assert_int_equal(cairn_shape_now(&heap, shape, 2).state_size, 4);
    assert_false(cairn_shape_now(&heap, shape, 2).channel_chains);

    assert_true(cairn_shape_remove(&heap, shape, 5, &removed));
    assert_int_equal(removed.state_size, 4);
    assert_int_equal(cairn_shape_now(&heap, shape, 2).state_size, 3);
    assert_false(cairn_shape_remove(&heap, shape, 5, &removed));
    assert_true(cairn_shape_remove(&heap, shape, 2, &removed));
    assert_true(cairn_shape_now(&heap, shape, 2).channel_chains);

    /* An event that is put back goes to where it was, not to the end. */
    cairn_shape_add(&heap, shape, (struct cairn_shape_event){.seq = 9, .channel_chains = 2});
    cairn_shape_add(&heap, shape, removed);
    assert_true(cairn_shape_now(&heap, shape, 2).channel_chains);
    assert_int_equal(cairn_shape_count(&heap, shape), 3);
    cairn_heap_deinit(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_say_what_they_say_and_nothing_else),
        cmocka_unit_test(the_last_event_that_says_a_thing_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
