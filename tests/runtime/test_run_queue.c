#include "runtime/run_queue.h"

#include <string.h>

#include "runtime/base/random.h"
#include "tests/support/unit.h"

#define ACTORS 16

static void actors_leave_in_the_order_they_came(void **state)
{
    (void)state;
    static struct cairn_actor actors[ACTORS];
    struct cairn_run_queue queue = {0};
    for (size_t i = 0; i < ACTORS; i++)
        cairn_run_queue_push(&queue, &actors[i]);
    assert_int_equal(queue.length, ACTORS);
    for (size_t i = 0; i < ACTORS; i++)
        assert_ptr_equal(cairn_run_queue_pop(&queue), &actors[i]);
    assert_null(cairn_run_queue_pop(&queue));
}

static void an_emptied_queue_can_be_filled_again(void **state)
{
    (void)state;
    static struct cairn_actor actors[2];
    struct cairn_run_queue queue = {0};
    for (int round = 0; round < 3; round++) {
        cairn_run_queue_push(&queue, &actors[0]);
        cairn_run_queue_push(&queue, &actors[1]);
        assert_ptr_equal(cairn_run_queue_pop(&queue), &actors[0]);
        assert_ptr_equal(cairn_run_queue_pop(&queue), &actors[1]);
        assert_null(cairn_run_queue_pop(&queue));
    }
}

static void system_actors_get_four_turns_to_one(void **state)
{
    (void)state;
    static struct cairn_actor actors[ACTORS];
    struct cairn_ready ready = {0};
    for (size_t i = 0; i < ACTORS; i++) {
        actors[i].flags = i < 8 ? CAIRN_ACTOR_SYSTEM : 0;
        cairn_ready_push(&ready, &actors[i]);
    }
    const char *expected = "SSSSNSSSSNNNNNNN";
    for (size_t i = 0; i < ACTORS; i++) {
        const struct cairn_actor *actor = cairn_ready_pop(&ready);
        assert_int_equal((actor->flags & CAIRN_ACTOR_SYSTEM) != 0, expected[i] == 'S');
    }
    assert_null(cairn_ready_pop(&ready));
}

static void no_normal_actor_waits_for_ever(void **state)
{
    (void)state;
    static struct cairn_actor system, normal;
    struct cairn_ready ready = {0};
    system.flags = CAIRN_ACTOR_SYSTEM;
    cairn_ready_push(&ready, &normal);
    cairn_ready_push(&ready, &system);
    int turns = 0;
    while (cairn_ready_pop(&ready) != &normal) {
        cairn_ready_push(&ready, &system); /* ready again at once, always */
        turns++;
    }
    assert_int_equal(turns, CAIRN_READY_SYSTEM_TURNS);
}

/* Against arrays: which of the actors are queued, in what order. */
static void it_agrees_with_a_naive_queue_over_random_steps(void **state)
{
    (void)state;
    static struct cairn_actor actors[ACTORS];
    uint64_t seed = 7;
    print_message("seed %lu\n", (unsigned long)seed);
    struct cairn_random random;
    cairn_random_init(&random, seed);

    struct cairn_run_queue queue = {0};
    struct cairn_actor *model[ACTORS];
    size_t queued = 0;
    uint64_t is_queued = 0;
    for (int step = 0; step < 20000; step++) {
        size_t i = (size_t)cairn_random_below(&random, ACTORS);
        if ((is_queued >> i & 1) == 0 && cairn_random_below(&random, 2) == 0) {
            cairn_run_queue_push(&queue, &actors[i]);
            model[queued++] = &actors[i];
            is_queued |= UINT64_C(1) << i;
        } else if (queued > 0) {
            assert_ptr_equal(cairn_run_queue_pop(&queue), model[0]);
            is_queued &= ~(UINT64_C(1) << (model[0] - actors));
            queued--;
            memmove(model, model + 1, queued * sizeof(model[0]));
        }
        assert_int_equal(queue.length, queued);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(actors_leave_in_the_order_they_came),
        cmocka_unit_test(an_emptied_queue_can_be_filled_again),
        cmocka_unit_test(system_actors_get_four_turns_to_one),
        cmocka_unit_test(no_normal_actor_waits_for_ever),
        cmocka_unit_test(it_agrees_with_a_naive_queue_over_random_steps),
    };
    return cmocka_run_group_tests_name("run_queue", tests, NULL, NULL);
}
