#include "runtime/registry.h"

#include <stdlib.h>

#include "runtime/io/thread.h"
#include "tests/support/unit.h"

static int set_up(void **state)
{
    struct cairn_registry *registry = aligned_alloc(64, (sizeof(*registry) + 63) / 64 * 64);
    if (registry == NULL || cairn_registry_init(registry) < 0)
        return -1;
    *state = registry;
    return 0;
}

static int tear_down(void **state)
{
    cairn_registry_deinit(*state);
    free(*state);
    return 0;
}

static void set_idle(struct cairn_actor *actor)
{
    struct cairn_message *spent;
    assert_true(cairn_mailbox_try_idle(&actor->mailbox, &spent));
}

static void an_actor_is_found_by_its_reference(void **state)
{
    struct cairn_slot_cache cache = {0};
    struct cairn_actor *actor = cairn_registry_acquire(*state, &cache);
    assert_ptr_equal(cairn_registry_find(*state, cairn_actor_ref_of(actor)), actor);
}

static void references_to_nobody_and_nowhere_find_nothing(void **state)
{
    struct cairn_registry *registry = *state;
    assert_null(cairn_registry_find(registry, (struct cairn_actor_ref){0, 0}));
    assert_null(cairn_registry_find(registry, (struct cairn_actor_ref){0, 1}));
    struct cairn_slot_cache cache = {0};
    cairn_registry_acquire(registry, &cache);
    uint32_t count = cairn_registry_count(registry);
    assert_null(cairn_registry_find(registry, (struct cairn_actor_ref){0, 0}));
    assert_null(cairn_registry_find(registry, (struct cairn_actor_ref){count, 1}));
    assert_null(cairn_registry_find(registry, (struct cairn_actor_ref){UINT32_MAX, 1}));
}

static void a_stale_reference_finds_nothing(void **state)
{
    struct cairn_slot_cache cache = {0};
    struct cairn_actor *actor = cairn_registry_acquire(*state, &cache);
    struct cairn_actor_ref ref = cairn_actor_ref_of(actor);
    actor->mailbox.generation++;
    assert_null(cairn_registry_find(*state, ref));
}

static void a_released_slot_is_used_again(void **state)
{
    struct cairn_slot_cache cache = {0};
    struct cairn_actor *actor = cairn_registry_acquire(*state, &cache);
    set_idle(actor);
    cairn_registry_release(*state, &cache, actor);
    assert_ptr_equal(cairn_registry_acquire(*state, &cache), actor);
}

/* A late message has made the free slot busy: taking it would give it two runners. */
static void a_slot_that_is_busy_is_passed_over(void **state)
{
    struct cairn_slot_cache cache = {0};
    struct cairn_actor *actor = cairn_registry_acquire(*state, &cache);
    set_idle(actor);
    cairn_registry_release(*state, &cache, actor);
    assert_true(cairn_mailbox_claim(&actor->mailbox));

    assert_ptr_not_equal(cairn_registry_acquire(*state, &cache), actor);
    set_idle(actor);
    assert_ptr_equal(cairn_registry_acquire(*state, &cache), actor);
}

static void actors_are_all_different_and_stay_where_they_are(void **state)
{
    enum { COUNT = 3 * CAIRN_ACTOR_CHUNK };
    static struct cairn_actor *actors[COUNT];
    struct cairn_slot_cache cache = {0};
    for (uint32_t i = 0; i < COUNT; i++) {
        actors[i] = cairn_registry_acquire(*state, &cache);
        actors[i]->state = &actors[i];
    }
    for (uint32_t i = 0; i < COUNT; i++) {
        assert_ptr_equal(actors[i]->state, &actors[i]);
        assert_ptr_equal(cairn_registry_at(*state, actors[i]->slot), actors[i]);
    }
}

/* One cache takes, the other gives: the shared list must carry them back. */
static void slots_find_their_way_between_caches(void **state)
{
    struct cairn_slot_cache taker = {0};
    struct cairn_slot_cache giver = {0};
    for (int i = 0; i < 100 * CAIRN_ACTOR_CHUNK; i++) {
        struct cairn_actor *actor = cairn_registry_acquire(*state, &taker);
        set_idle(actor);
        cairn_registry_release(*state, &giver, actor);
    }
    assert_int_equal(cairn_registry_count(*state), CAIRN_ACTOR_CHUNK);
}

#define THREADS 3
#define ROUNDS  20000

struct user {
    struct cairn_registry *registry;
    struct cairn_thread thread;
    bool failed;
};

static void use(void *argument)
{
    struct user *user = argument;
    struct cairn_slot_cache cache = {0};
    struct cairn_actor *held[200] = {NULL};
    for (int i = 0; i < ROUNDS; i++) {
        struct cairn_actor **place = &held[i % 200];
        if (*place != NULL) {
            struct cairn_message *spent;
            user->failed |= (*place)->state != user;
            user->failed |= !cairn_mailbox_try_idle(&(*place)->mailbox, &spent);
            cairn_registry_release(user->registry, &cache, *place);
        }
        *place = cairn_registry_acquire(user->registry, &cache);
        (*place)->state = user;
    }
}

static void threads_never_hold_the_same_slot(void **state)
{
    struct user users[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        users[i] = (struct user){.registry = *state};
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
        cmocka_unit_test_setup_teardown(an_actor_is_found_by_its_reference, set_up, tear_down),
        cmocka_unit_test_setup_teardown(references_to_nobody_and_nowhere_find_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_stale_reference_finds_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_released_slot_is_used_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_slot_that_is_busy_is_passed_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(actors_are_all_different_and_stay_where_they_are, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(slots_find_their_way_between_caches, set_up, tear_down),
        cmocka_unit_test_setup_teardown(threads_never_hold_the_same_slot, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("registry", tests, NULL, NULL);
}
