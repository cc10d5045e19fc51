#include "runtime/message_pool.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/io/thread.h"
#include "tests/support/unit.h"

struct fixture {
    struct cairn_message_depot depot;
    struct cairn_message_pool pool;
    struct cairn_message_pool other;
};

static int set_up_pools(void **state, bool pooled)
{
    struct fixture *fixture = aligned_alloc(64, (sizeof(*fixture) + 63) / 64 * 64);
    if (fixture == NULL)
        return -1;
    cairn_message_depot_init(&fixture->depot);
    cairn_message_pool_init(&fixture->pool, &fixture->depot, pooled);
    cairn_message_pool_init(&fixture->other, &fixture->depot, pooled);
    *state = fixture;
    return 0;
}

static int set_up(void **state)
{
    return set_up_pools(state, true);
}

static int set_up_plain(void **state)
{
    return set_up_pools(state, false);
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    cairn_message_depot_deinit(&fixture->depot);
    free(fixture);
    return 0;
}

static void a_message_has_room_for_its_payload_at_every_class_edge(void **state)
{
    struct fixture *fixture = *state;
    static const size_t bytes[] = {0, 1, 31, 32, 33, 223, 224, 225, 991, 992, 993, 5000};
    static const int class[] = {0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3};
    struct cairn_message *messages[12];
    for (size_t i = 0; i < 12; i++) {
        messages[i] = cairn_message_pool_acquire(&fixture->pool, bytes[i]);
        assert_non_null(messages[i]);
        assert_int_equal(messages[i]->size_class, class[i]);
        memset(messages[i]->payload, (int)i, bytes[i]);
    }
    for (size_t i = 0; i < 12; i++) {
        for (size_t b = 0; b < bytes[i]; b++)
            assert_int_equal(messages[i]->payload[b], i);
        cairn_message_pool_release(&fixture->pool, messages[i]);
    }
}

static void a_freed_message_is_used_again(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_message *first = cairn_message_pool_acquire(&fixture->pool, 8);
    cairn_message_pool_release(&fixture->pool, first);
    for (int i = 0; i < 10000; i++) {
        struct cairn_message *message = cairn_message_pool_acquire(&fixture->pool, 8);
        assert_ptr_equal(message, first);
        cairn_message_pool_release(&fixture->pool, message);
    }
    assert_int_equal(fixture->pool.refills, 1);
}

static void messages_in_use_are_all_different(void **state)
{
    struct fixture *fixture = *state;
    enum { COUNT = 5 * CAIRN_POOL_BATCH + 1 };
    static struct cairn_message *messages[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        messages[i] = cairn_message_pool_acquire(&fixture->pool, 8);
        messages[i]->value = i;
    }
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(messages[i]->value, i);
    for (size_t i = 0; i < COUNT; i++)
        cairn_message_pool_release(&fixture->pool, messages[i]);
}

/* One pool allocates, the other frees: without the way back the first would grow for ever. */
static void a_one_way_flow_comes_back_in_batches(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 100 * CAIRN_POOL_BATCH; i++)
        cairn_message_pool_release(&fixture->other, cairn_message_pool_acquire(&fixture->pool, 8));
    assert_int_equal(fixture->pool.refills, 100);
    assert_int_equal(fixture->depot.slab_count, 3); /* in flight, the other's two lists */
}

static void the_plain_twin_never_touches_the_depot(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 1000; i++) {
        struct cairn_message *message = cairn_message_pool_acquire(&fixture->pool, 8);
        assert_int_equal(message->size_class, CAIRN_POOL_BIG);
        cairn_message_pool_release(&fixture->pool, message);
    }
    assert_int_equal(fixture->pool.refills, 0);
    assert_null(fixture->depot.slabs);
}

static void a_foreign_message_may_be_freed_into_a_pool(void **state)
{
    struct fixture *fixture = *state;
    cairn_message_pool_release(&fixture->pool, cairn_message_create_foreign(8));
    assert_int_equal(fixture->pool.current[0].count, 0);
}

/* ---- threads that share a depot ---- */

#define THREADS 3
#define ROUNDS  200

struct user {
    struct cairn_message_pool pool;
    struct cairn_thread thread;
    uint64_t index;
    bool failed;
};

static void use(void *argument)
{
    struct user *user = argument;
    enum { COUNT = 3 * CAIRN_POOL_BATCH };
    struct cairn_message *messages[COUNT];
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < COUNT; i++) {
            messages[i] = cairn_message_pool_acquire(&user->pool, 8);
            messages[i]->value = user->index << 32 | i;
        }
        for (size_t i = 0; i < COUNT; i++) {
            user->failed |= messages[i]->value != (user->index << 32 | i);
            cairn_message_pool_release(&user->pool, messages[i]);
        }
    }
}

static void threads_never_hold_the_same_block(void **state)
{
    struct fixture *fixture = *state;
    struct user users[THREADS];
    for (uint64_t i = 0; i < THREADS; i++) {
        users[i] = (struct user){.index = i};
        cairn_message_pool_init(&users[i].pool, &fixture->depot, true);
        assert_int_equal(cairn_thread_start(&users[i].thread, "user", use, &users[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        cairn_thread_join(&users[i].thread);
        assert_false(users[i].failed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_message_has_room_for_its_payload_at_every_class_edge,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_freed_message_is_used_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(messages_in_use_are_all_different, set_up, tear_down),
        cmocka_unit_test_setup_teardown(messages_in_use_are_all_different, set_up_plain, tear_down),
        cmocka_unit_test_setup_teardown(a_one_way_flow_comes_back_in_batches, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_plain_twin_never_touches_the_depot, set_up_plain,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_foreign_message_may_be_freed_into_a_pool, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(threads_never_hold_the_same_block, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("message_pool", tests, NULL, NULL);
}
