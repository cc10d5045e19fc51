#include "actors/facts/facts.h"

#include <errno.h>
#include <stdio.h>

#include "actors/facts/store.h"
#include "runtime/base/random.h"
#include "tests/support/projected.h"

#define BUDGET (16u << 20)

static uint64_t put(struct projected *facts, const char *subject, const char *key,
                    const char *value, int64_t ts_ms)
{
    projected_put(facts, CAIRN_FIELD_KEY, key);
    projected_put(facts, CAIRN_FIELD_VALUE, value);
    return projected_apply(facts, CAIRN_EVENT_FACT, ts_ms, subject);
}

static int set_up(void **state)
{
    struct projected *facts = malloc(sizeof(*facts));
    projected_init(facts, &cairn_facts_module, "home", NULL, BUDGET);
    *state = facts;
    return 0;
}

static int tear_down(void **state)
{
    projected_deinit(*state);
    free(*state);
    return 0;
}

static void a_fact_is_answered_as_it_was_put(void **state)
{
    struct projected *facts = *state;
    put(facts, "ann", "mood", "{\"v\":1.50}", 1000);
    projected_expect(facts, CAIRN_OPERATION_GET_FACT, "ann", "mood", NULL, 200,
                     "{\"subject\":\"ann\",\"key\":\"mood\",\"value\":{\"v\":1.50},\"ts\":1000,"
                     "\"seq\":1}");
}

static void the_current_value_is_the_last_in_sequence_not_in_time(void **state)
{
    struct projected *facts = *state;
    put(facts, "ann", "mood", "\"glad\"", 2000);
    put(facts, "ann", "mood", "\"sad\"", 1000);
    projected_expect(facts, CAIRN_OPERATION_GET_FACT, "ann", "mood", NULL, 200,
                     "{\"subject\":\"ann\",\"key\":\"mood\",\"value\":\"sad\",\"ts\":1000,"
                     "\"seq\":2}");
}

static void history_gives_the_newest_values_first_and_no_more_than_asked(void **state)
{
    struct projected *facts = *state;
    put(facts, "ann", "mood", "1", 10);
    put(facts, "ann", "mood", "2", 20);
    put(facts, "ann", "mood", "3", 30);
    projected_expect(facts, CAIRN_OPERATION_GET_FACT, "ann", "mood", "history=2", 200,
                     "{\"subject\":\"ann\",\"key\":\"mood\",\"value\":3,\"ts\":30,\"seq\":3,"
                     "\"history\":[{\"value\":3,\"ts\":30,\"seq\":3},"
                     "{\"value\":2,\"ts\":20,\"seq\":2}]}");
    projected_expect(facts, CAIRN_OPERATION_GET_FACT, "ann", "mood", "history=1000", 200, NULL);
    projected_expect(facts, CAIRN_OPERATION_GET_FACT, "ann", "mood", "history=0", 400, NULL);
    projected_expect(facts, CAIRN_OPERATION_GET_FACT, "ann", "mood", "history=1001", 400, NULL);
    projected_expect(facts, CAIRN_OPERATION_GET_FACT, "ann", "mood", "history=all", 400, NULL);
}

static void a_subject_lists_its_facts_by_the_bytes_of_their_keys(void **state)
{
    struct projected *facts = *state;
    put(facts, "ann", "b", "2", 10);
    put(facts, "bob", "a", "9", 10);
    put(facts, "ann", "a", "1", 10);
    put(facts, "ann", "B", "0", 10);
    projected_expect(facts, CAIRN_OPERATION_GET_FACTS, "ann", NULL, NULL, 200,
                     "{\"subject\":\"ann\",\"facts\":["
                     "{\"key\":\"B\",\"value\":0,\"ts\":10,\"seq\":4},"
                     "{\"key\":\"a\",\"value\":1,\"ts\":10,\"seq\":3},"
                     "{\"key\":\"b\",\"value\":2,\"ts\":10,\"seq\":1}],\"next_cursor\":null}");
}

static void a_cursor_goes_on_after_the_last_key_even_if_that_is_gone(void **state)
{
    struct projected *facts = *state;
    put(facts, "ann", "a", "1", 10);
    put(facts, "ann", "\xc3\xa9", "2", 10);
    put(facts, "ann", "\xc3\xaa", "3", 10);
    projected_expect(facts, CAIRN_OPERATION_GET_FACTS, "ann", NULL, "limit=2", 200,
                     "{\"subject\":\"ann\",\"facts\":["
                     "{\"key\":\"a\",\"value\":1,\"ts\":10,\"seq\":1},"
                     "{\"key\":\"\xc3\xa9\",\"value\":2,\"ts\":10,\"seq\":2}],"
                     "\"next_cursor\":\"c3a9\"}");
    projected_forget(facts, 2);
    projected_expect(facts, CAIRN_OPERATION_GET_FACTS, "ann", NULL, "limit=2&cursor=c3a9", 200,
                     "{\"subject\":\"ann\",\"facts\":["
                     "{\"key\":\"\xc3\xaa\",\"value\":3,\"ts\":10,\"seq\":3}],"
                     "\"next_cursor\":null}");
    projected_expect(facts, CAIRN_OPERATION_GET_FACTS, "ann", NULL, "cursor=xyz", 400, NULL);
    projected_expect(facts, CAIRN_OPERATION_GET_FACTS, "ann", NULL, "limit=0", 400, NULL);
    projected_expect(facts, CAIRN_OPERATION_GET_FACTS, "ann", NULL, "limit=1000", 200, NULL);
    projected_expect(facts, CAIRN_OPERATION_GET_FACTS, "ann", NULL, "limit=1001", 400, NULL);
}

static void what_is_not_known_is_404(void **state)
{
    struct projected *facts = *state;
    put(facts, "ann", "mood", "1", 10);
    projected_expect(facts, CAIRN_OPERATION_GET_FACT, "ann", "age", NULL, 404, NULL);
    projected_expect(facts, CAIRN_OPERATION_GET_FACT, "mood", "mood", NULL, 404, NULL);
    projected_expect(facts, CAIRN_OPERATION_GET_FACTS, "bob", NULL, NULL, 404, NULL);
    struct cairn_request *request =
        projected_ask(facts, CAIRN_OPERATION_GET_FACTS, false, "ann", NULL, NULL);
    assert_int_equal(request->status, 404);
    cairn_request_destroy(request);
}

static void forgetting_the_newest_value_brings_the_older_one_back(void **state)
{
    struct projected *facts = *state;
    put(facts, "ann", "mood", "1", 10);
    put(facts, "ann", "mood", "2", 20);
    projected_forget(facts, 2);
    projected_expect(facts, CAIRN_OPERATION_GET_FACT, "ann", "mood", "history=9", 200,
                     "{\"subject\":\"ann\",\"key\":\"mood\",\"value\":1,\"ts\":10,\"seq\":1,"
                     "\"history\":[{\"value\":1,\"ts\":10,\"seq\":1}]}");
    projected_forget(facts, 1);
    projected_expect(facts, CAIRN_OPERATION_GET_FACTS, "ann", NULL, NULL, 404, NULL);
}

static void no_byte_of_a_forgotten_fact_stays_in_the_image(void **state)
{
    struct projected *facts = *state;
    put(facts, "remains", "key", "\"value\"", 10);
    uint64_t seq = put(facts, "subject-of-secrets", "hidden-key", "\"hidden-value\"", 10);
    projected_forget(facts, seq);
    struct cairn_slice image = cairn_heap_image(&facts->space.heap);
    assert_non_null(memmem(image.data, image.bytes, "remains", 7));
    assert_null(memmem(image.data, image.bytes, "secrets", 7));
    assert_null(memmem(image.data, image.bytes, "den-key", 7));
    assert_null(memmem(image.data, image.bytes, "den-value", 9));
}

static void events_that_are_no_whole_fact_are_ignored(void **state)
{
    struct projected *facts = *state;
    struct cairn_digest before = projected_digest(facts);
    put(facts, NULL, "mood", "1", 10);
    put(facts, "ann", NULL, "1", 10);
    put(facts, "ann", "mood", NULL, 10);
    projected_put(facts, CAIRN_FIELD_TEXT, "hello");
    projected_apply(facts, CAIRN_EVENT_MESSAGE, 10, "ann");
    assert_int_equal(facts->result, 0);
    struct cairn_digest after = projected_digest(facts);
    assert_memory_equal(&before, &after, sizeof(after));
}

static void the_same_words_in_another_space_stay_there(void **state)
{
    struct projected *facts = *state;
    struct projected other;
    projected_init(&other, &cairn_facts_module, "away", NULL, BUDGET);
    put(facts, "ann", "mood", "1", 10);
    projected_expect(&other, CAIRN_OPERATION_GET_FACT, "ann", "mood", NULL, 404, NULL);
    put(&other, "ann", "mood", "1", 10);
    assert_false(projected_equal(facts, &other)); /* the space is part of the digest */
    projected_deinit(&other);
}

static void a_full_budget_refuses_a_fact_and_keeps_the_others(void **state)
{
    (void)state;
    struct projected facts;
    char key[32];
    int count = 0;
    projected_init(&facts, &cairn_facts_module, "small", NULL, 20000);
    struct cairn_digest before;
    do {
        before = projected_digest(&facts);
        snprintf(key, sizeof(key), "key-%d", count++);
        put(&facts, count % 3 == 0 ? "ann" : key, key, "\"some value, not very long\"", 10);
    } while (facts.result == 0);
    assert_int_equal(facts.result, -ENOMEM);
    assert_true(count > 50);
    struct cairn_digest after = projected_digest(&facts);
    assert_memory_equal(&before, &after, sizeof(after));

    projected_forget(&facts, 3);
    put(&facts, "ann", "key-2", "\"some value, not very long\"", 10);
    assert_int_equal(facts.result, 0);
    projected_deinit(&facts);
}

/* The naive model is the list of events that were not forgotten. */
static void build_again(const struct projected *facts, const bool *is_forgotten,
                        struct projected *again)
{
    projected_init(again, &cairn_facts_module, "home", NULL, BUDGET);
    for (uint32_t i = 0; i < facts->ledger->count; i++) {
        if (!is_forgotten[i])
            assert_int_equal(again->module->apply(&again->space, &facts->ledger->events[i]), 0);
    }
}

static void check_current_values(const struct projected *facts, const bool *is_forgotten)
{
    for (uint32_t i = 0; i < facts->ledger->count; i++) {
        const struct cairn_event *event = &facts->ledger->events[i];
        const struct cairn_event *newest = NULL;
        struct cairn_slice key, other_key, value;
        cairn_event_field(event, CAIRN_FIELD_KEY, &key);
        for (uint32_t j = 0; j < facts->ledger->count; j++) {
            const struct cairn_event *other = &facts->ledger->events[j];
            cairn_event_field(other, CAIRN_FIELD_KEY, &other_key);
            if (!is_forgotten[j] && cairn_slice_equal(other->author, event->author) &&
                cairn_slice_equal(key, other_key))
                newest = other;
        }
        const struct cairn_fact *fact = cairn_facts_find(&facts->space.heap, event->author, key);
        assert_int_equal(fact == NULL, newest == NULL);
        if (newest == NULL)
            continue;
        cairn_event_field(newest, CAIRN_FIELD_VALUE, &value);
        assert_true(cairn_slice_equal(
            cairn_facts_value(&facts->space.heap, cairn_facts_version(&facts->space.heap, fact, 0)),
            value));
    }
}

static void random_facts_and_forgets_equal_the_naive_model(void **state)
{
    struct projected *facts = *state;
    enum { STEPS = 600 };
    static const char *const subjects[] = {"ann", "bob", "cy"};
    static const char *const keys[] = {"a", "b", "c", "d", "e"};
    bool is_forgotten[STEPS] = {false};
    struct cairn_random random;
    char value[32];
    const uint64_t seed = 42;
    print_message("seed=%llu\n", (unsigned long long)seed);
    cairn_random_init(&random, seed);
    for (int step = 0; step < STEPS; step++) {
        snprintf(value, sizeof(value), "%d", (int)cairn_random_below(&random, 1000));
        put(facts, subjects[cairn_random_below(&random, 3)], keys[cairn_random_below(&random, 5)],
            value, step);
        while (cairn_random_below(&random, 2) == 0) {
            uint64_t seq = 1 + cairn_random_below(&random, facts->seq);
            projected_forget(facts, seq);
            is_forgotten[seq - 1] = true;
        }
        if (step % 100 == 99) {
            struct projected again;
            projected_reload(facts);
            build_again(facts, is_forgotten, &again);
            assert_true(projected_equal(facts, &again));
            check_current_values(facts, is_forgotten);
            projected_deinit(&again);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_fact_is_answered_as_it_was_put, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_current_value_is_the_last_in_sequence_not_in_time,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            history_gives_the_newest_values_first_and_no_more_than_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_subject_lists_its_facts_by_the_bytes_of_their_keys,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_cursor_goes_on_after_the_last_key_even_if_that_is_gone,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_known_is_404, set_up, tear_down),
        cmocka_unit_test_setup_teardown(forgetting_the_newest_value_brings_the_older_one_back,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_byte_of_a_forgotten_fact_stays_in_the_image, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(events_that_are_no_whole_fact_are_ignored, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_same_words_in_another_space_stay_there, set_up,
                                        tear_down),
        cmocka_unit_test(a_full_budget_refuses_a_fact_and_keeps_the_others),
        cmocka_unit_test_setup_teardown(random_facts_and_forgets_equal_the_naive_model, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
