#include <stdlib.h>

#include "runtime/mailbox.h"

#include "runtime/io/thread.h"
#include "tests/support/unit.h"

#define SENDERS  3
#define MESSAGES 20000

struct fixture {
    struct cairn_mailbox mailbox;
    struct cairn_message messages[8];
};

static int set_up(void **state)
{
    struct fixture *fixture = aligned_alloc(64, (sizeof(*fixture) + 63) / 64 * 64);
    if (fixture == NULL)
        return -1;
    *fixture = (struct fixture){0};
    cairn_mailbox_init(&fixture->mailbox, 4);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

static bool push(struct fixture *fixture, size_t i)
{
    return cairn_mailbox_push_mpsc(&fixture->mailbox, &fixture->messages[i], 1);
}

static struct cairn_message *pop(struct fixture *fixture)
{
    struct cairn_message *spent;
    return cairn_mailbox_pop(&fixture->mailbox, &spent);
}

static void only_the_first_push_finds_it_idle(void **state)
{
    struct fixture *fixture = *state;
    assert_true(push(fixture, 0));
    assert_false(push(fixture, 1));
    assert_false(push(fixture, 2));
}

static void messages_come_out_in_the_order_they_went_in(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < 8; i++)
        push(fixture, i);
    for (size_t i = 0; i < 8; i++)
        assert_ptr_equal(pop(fixture), &fixture->messages[i]);
    assert_null(pop(fixture));
}

static void a_message_is_spent_at_the_pop_after_it(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_message *spent;
    push(fixture, 0);
    push(fixture, 1);
    cairn_mailbox_pop(&fixture->mailbox, &spent);
    assert_null(spent);
    cairn_mailbox_pop(&fixture->mailbox, &spent);
    assert_ptr_equal(spent, &fixture->messages[0]);
    assert_true(cairn_mailbox_try_idle(&fixture->mailbox, &spent));
    assert_ptr_equal(spent, &fixture->messages[1]);
}

static void it_does_not_go_idle_over_a_message(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_message *spent;
    push(fixture, 0);
    assert_false(cairn_mailbox_try_idle(&fixture->mailbox, &spent));
    assert_null(spent);
    assert_ptr_equal(pop(fixture), &fixture->messages[0]);
    push(fixture, 1);
    assert_false(cairn_mailbox_try_idle(&fixture->mailbox, &spent));
    assert_ptr_equal(pop(fixture), &fixture->messages[1]);
    assert_true(cairn_mailbox_try_idle(&fixture->mailbox, &spent));
    assert_true(push(fixture, 2));
    assert_ptr_equal(pop(fixture), &fixture->messages[2]);
}

static void only_an_idle_mailbox_can_be_claimed(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_message *spent;
    assert_true(cairn_mailbox_claim(&fixture->mailbox));
    assert_false(cairn_mailbox_claim(&fixture->mailbox));
    assert_false(push(fixture, 0));
    assert_ptr_equal(pop(fixture), &fixture->messages[0]);
    assert_true(cairn_mailbox_try_idle(&fixture->mailbox, &spent));
    assert_true(cairn_mailbox_claim(&fixture->mailbox));
    assert_true(cairn_mailbox_try_idle(&fixture->mailbox, &spent));
    assert_null(spent);
}

static void a_detached_message_is_never_reported_spent(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_message *spent;
    push(fixture, 0);
    push(fixture, 1);
    pop(fixture);
    cairn_mailbox_detach(&fixture->mailbox); /* with a successor */
    assert_ptr_equal(cairn_mailbox_pop(&fixture->mailbox, &spent), &fixture->messages[1]);
    assert_null(spent);
    cairn_mailbox_detach(&fixture->mailbox); /* the last one */
    assert_false(push(fixture, 2));
    assert_ptr_equal(cairn_mailbox_pop(&fixture->mailbox, &spent), &fixture->messages[2]);
    assert_null(spent);
    cairn_mailbox_detach(&fixture->mailbox);
    assert_true(cairn_mailbox_try_idle(&fixture->mailbox, &spent));
    assert_null(spent);
}

static void a_message_for_another_generation_is_not_welcome(void **state)
{
    struct fixture *fixture = *state;
    cairn_mailbox_push_mpsc(&fixture->mailbox, &fixture->messages[0], 1);
    cairn_mailbox_push_mpsc(&fixture->mailbox, &fixture->messages[1], 2);
    fixture->mailbox.generation = 2;
    assert_false(cairn_mailbox_is_welcome(&fixture->mailbox, pop(fixture)));
    assert_true(cairn_mailbox_is_welcome(&fixture->mailbox, pop(fixture)));
}

static void it_is_full_at_its_bound_and_not_below(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(cairn_mailbox_depth(&fixture->mailbox), i);
        assert_false(cairn_mailbox_is_full(&fixture->mailbox));
        push(fixture, i);
    }
    assert_true(cairn_mailbox_is_full(&fixture->mailbox));
    push(fixture, 4);
    assert_int_equal(cairn_mailbox_depth(&fixture->mailbox), 5);
}

static void depth_returns_to_zero_when_all_is_handled(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_message *spent;
    for (int round = 0; round < 3; round++) {
        uint32_t counted = 0;
        for (size_t i = 0; i < 6; i++)
            push(fixture, i);
        for (size_t i = 0; i < 6; i++)
            counted += cairn_mailbox_counts(pop(fixture));
        cairn_mailbox_settle(&fixture->mailbox, counted);
        assert_true(cairn_mailbox_try_idle(&fixture->mailbox, &spent));
        assert_int_equal(fixture->mailbox.depth, 0);
    }
}

/* ---- threads ---- */

/* Senders push numbered messages; whoever finds the mailbox idle runs it, as workers do. What must
 * hold: one runner at a time, every message once, each sender's in order. */
struct stress {
    struct cairn_mailbox mailbox;
    uint64_t running;
    uint64_t handled;
    uint64_t last_of[SENDERS];
    uint64_t kept_sum;
};

struct sender {
    struct stress *stress;
    struct cairn_thread thread;
    uint64_t index;
};

static void handle(struct stress *stress, struct cairn_message *message)
{
    uint64_t sender = message->value >> 32;
    uint64_t number = message->value & UINT32_MAX;
    assert_int_equal(stress->last_of[sender] + 1, number);
    stress->last_of[sender] = number;
    stress->handled++;
    if (number % 7 != 0)
        return;
    cairn_mailbox_detach(&stress->mailbox);
    stress->kept_sum += number;
    free(message);
}

static void run_until_idle(struct stress *stress)
{
    bool idle = false;
    assert_int_equal(stress->running++, 0); /* plain: TSan sees a second runner */
    while (!idle) {
        struct cairn_message *spent;
        struct cairn_message *message = cairn_mailbox_pop(&stress->mailbox, &spent);
        free(spent);
        if (message != NULL) {
            handle(stress, message);
            continue;
        }
        stress->running--;
        idle = cairn_mailbox_try_idle(&stress->mailbox, &spent);
        if (idle)
            free(spent);
        else
            stress->running++;
    }
}

static void send_all(void *argument)
{
    struct sender *sender = argument;
    for (uint64_t i = 1; i <= MESSAGES; i++) {
        struct cairn_message *message = calloc(1, sizeof(*message));
        assert_non_null(message);
        message->value = sender->index << 32 | i;
        if (cairn_mailbox_push_mpsc(&sender->stress->mailbox, message, 1))
            run_until_idle(sender->stress);
    }
}

static void many_senders_lose_and_reorder_nothing(void **state)
{
    (void)state;
    struct stress *stress = aligned_alloc(64, (sizeof(*stress) + 63) / 64 * 64);
    assert_non_null(stress);
    *stress = (struct stress){0};
    cairn_mailbox_init(&stress->mailbox, 0);
    struct sender senders[SENDERS];
    for (uint64_t i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){.stress = stress, .index = i};
        assert_int_equal(cairn_thread_start(&senders[i].thread, "sender", send_all, &senders[i]),
                         0);
    }
    for (size_t i = 0; i < SENDERS; i++)
        cairn_thread_join(&senders[i].thread);

    assert_int_equal(stress->handled, SENDERS * MESSAGES);
    assert_true(cairn_mailbox_claim(&stress->mailbox));
    free(stress);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_the_first_push_finds_it_idle, set_up, tear_down),
        cmocka_unit_test_setup_teardown(messages_come_out_in_the_order_they_went_in, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_message_is_spent_at_the_pop_after_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_does_not_go_idle_over_a_message, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_an_idle_mailbox_can_be_claimed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_detached_message_is_never_reported_spent, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_message_for_another_generation_is_not_welcome, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(it_is_full_at_its_bound_and_not_below, set_up, tear_down),
        cmocka_unit_test_setup_teardown(depth_returns_to_zero_when_all_is_handled, set_up,
                                        tear_down),
        cmocka_unit_test(many_senders_lose_and_reorder_nothing),
    };
    return cmocka_run_group_tests_name("mailbox", tests, NULL, NULL);
}
