#include "runtime/timer_table.h"

#include <stdlib.h>

#include "runtime/io/thread.h"
#include "tests/support/unit.h"

static const struct cairn_actor_ref someone = {.slot = 3, .generation = 1};

static int set_up(void **state)
{
    struct cairn_timer_table *table = aligned_alloc(64, (sizeof(*table) + 63) / 64 * 64);
    if (table == NULL || cairn_timer_table_init(table, 2, 0) < 0)
        return -1;
    *state = table;
    return 0;
}

static int tear_down(void **state)
{
    cairn_timer_table_deinit(*state);
    free(*state);
    return 0;
}

static uint64_t arm(struct cairn_timer_table *table, uint64_t due_tick, uint64_t value)
{
    uint64_t id = cairn_timer_table_arm(table, due_tick, CAIRN_TIMER_MESSAGE, someone, value);
    assert_int_not_equal(id, 0);
    return id;
}

static void a_timer_expires_with_what_it_was_given(void **state)
{
    struct cairn_timer_table *table = *state;
    struct cairn_expired_timer expired;
    arm(table, 5, 77);
    assert_false(cairn_timer_table_expire(table, 4, &expired));
    assert_true(cairn_timer_table_expire(table, 5, &expired));
    assert_int_equal(expired.value, 77);
    assert_int_equal(expired.target.slot, someone.slot);
    assert_false(cairn_timer_table_expire(table, 100, &expired));
}

static void an_id_names_its_worker(void **state)
{
    assert_int_equal(cairn_timer_id_worker(arm(*state, 1, 0)), 2);
    assert_int_equal(cairn_timer_id_worker(0), UINT32_MAX);
}

static void a_timer_is_cancelled_once(void **state)
{
    struct cairn_timer_table *table = *state;
    struct cairn_expired_timer expired;
    uint64_t id = arm(table, 5, 0);
    assert_true(cairn_timer_table_cancel(table, id));
    assert_false(cairn_timer_table_cancel(table, id));
    assert_false(cairn_timer_table_expire(table, 10, &expired));
}

static void an_expired_timer_cannot_be_cancelled(void **state)
{
    struct cairn_timer_table *table = *state;
    struct cairn_expired_timer expired;
    uint64_t id = arm(table, 5, 0);
    assert_true(cairn_timer_table_expire(table, 5, &expired));
    assert_false(cairn_timer_table_cancel(table, id));
    assert_false(cairn_timer_table_cancel_foreign(table, id));
}

static void an_old_id_does_not_cancel_the_timer_that_took_its_place(void **state)
{
    struct cairn_timer_table *table = *state;
    struct cairn_expired_timer expired;
    uint64_t id = arm(table, 5, 1);
    assert_true(cairn_timer_table_cancel(table, id));
    arm(table, 5, 2);
    assert_false(cairn_timer_table_cancel(table, id));
    assert_true(cairn_timer_table_expire(table, 5, &expired));
    assert_int_equal(expired.value, 2);
}

static void ids_that_were_never_given_cancel_nothing(void **state)
{
    struct cairn_timer_table *table = *state;
    assert_false(cairn_timer_table_cancel(table, 0));
    assert_false(cairn_timer_table_cancel(table, UINT64_MAX));
    arm(table, 5, 0);
    assert_false(cairn_timer_table_cancel(table, 999));
}

static void a_timer_cancelled_elsewhere_is_free_again(void **state)
{
    struct cairn_timer_table *table = *state;
    struct cairn_expired_timer expired;
    for (int i = 0; i < 3 * CAIRN_TIMER_CHUNK; i++)
        assert_true(cairn_timer_table_cancel_foreign(table, arm(table, 1000000, 0)));
    assert_int_equal(table->count, CAIRN_TIMER_CHUNK);
    assert_false(cairn_timer_table_expire(table, 2000000, &expired));
}

/* ---- a race for every timer: each is either cancelled or fires ---- */

#define RACES 20000

/* The two threads meet before each timer and then go for it at once. Now and then one lets the
 * other go first, so that both outcomes are seen in every run. */
struct race {
    struct cairn_timer_table *table;
    uint64_t id;
    uint32_t offered;
    uint32_t taken_up;
    uint32_t answered;
    uint32_t cancelled;
};

static void wait_for(const uint32_t *counter, uint32_t value)
{
    while (ck_pr_load_32(counter) != value)
        cairn_thread_yield();
    ck_pr_fence_load();
}

static void publish(uint32_t *counter, uint32_t value)
{
    ck_pr_fence_store();
    ck_pr_store_32(counter, value);
}

static void cancel_each(void *argument)
{
    struct race *race = argument;
    for (uint32_t i = 1; i <= RACES; i++) {
        wait_for(&race->offered, i);
        publish(&race->taken_up, i);
        race->cancelled += cairn_timer_table_cancel_foreign(race->table, race->id);
        publish(&race->answered, i);
    }
}

static void each_timer_fires_or_is_cancelled_never_both(void **state)
{
    struct race race = {.table = *state};
    struct cairn_thread thread;
    struct cairn_expired_timer expired;
    uint32_t fired = 0;
    assert_int_equal(cairn_thread_start(&thread, "cancel", cancel_each, &race), 0);
    for (uint32_t i = 1; i <= RACES; i++) {
        race.id = arm(race.table, i, i);
        if (i % 100 == 1)
            fired += cairn_timer_table_expire(race.table, i, &expired);
        publish(&race.offered, i);
        if (i % 100 == 2)
            wait_for(&race.answered, i);
        else if (i % 2 == 0)
            wait_for(&race.taken_up, i);
        fired += cairn_timer_table_expire(race.table, i, &expired);
        wait_for(&race.answered, i);
    }
    cairn_thread_join(&thread);
    print_message("%u fired, %u cancelled\n", fired, race.cancelled);
    assert_true(fired > 0 && race.cancelled > 0);
    assert_int_equal(fired + race.cancelled, RACES);
    assert_false(cairn_timer_table_expire(race.table, 2 * RACES, &expired));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_timer_expires_with_what_it_was_given, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_id_names_its_worker, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_timer_is_cancelled_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_expired_timer_cannot_be_cancelled, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_old_id_does_not_cancel_the_timer_that_took_its_place,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(ids_that_were_never_given_cancel_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_timer_cancelled_elsewhere_is_free_again, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(each_timer_fires_or_is_cancelled_never_both, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("timer_table", tests, NULL, NULL);
}
