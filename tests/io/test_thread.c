/* Threads and forked children. */
#include <signal.h>
#include <stdlib.h>

#include "runtime/base/error.h"
#include "runtime/io/thread.h"
#include "tests/support/unit.h"

static void set_flag(void *argument)
{
    *(int *)argument = 1;
}

static void a_joined_thread_has_run(void **state)
{
    (void)state;
    int flag = 0;
    struct cairn_thread thread;
    assert_int_equal(
        cairn_thread_start(&thread, "a name longer than the kernel allows", set_flag, &flag), 0);
    cairn_thread_join(&thread);
    assert_int_equal(flag, 1);
}

static void pin_to_all(void *argument)
{
    int *failures = argument;
    uint32_t count = cairn_thread_processor_count();
    *failures += count == 0;
    *failures += cairn_thread_pin(count) != -EINVAL;
    *failures += cairn_thread_pin(UINT32_MAX) != -EINVAL;
    *failures += cairn_thread_pin(count - 1) != 0;
    *failures += cairn_thread_processor_count() != 1;
    cairn_thread_yield();
}

static void a_thread_is_pinned_to_a_processor_that_it_may_use(void **state)
{
    (void)state;
    int failures = 0;
    struct cairn_thread thread;
    assert_int_equal(cairn_thread_start(&thread, "pinned", pin_to_all, &failures), 0);
    cairn_thread_join(&thread);
    assert_int_equal(failures, 0);
}

static int wait_for(int child)
{
    int status;
    do {
        cairn_thread_yield();
        status = cairn_process_poll(child);
    } while (status == -EAGAIN);
    return status;
}

static int return_value(void *argument)
{
    int *value = argument;
    int result = *value;
    *value = 0; /* in the child's copy alone */
    return result;
}

static void a_child_works_on_a_copy_and_tells_its_result(void **state)
{
    (void)state;
    int values[] = {0, 1, 127};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        int value = values[i];
        int child = cairn_process_fork(return_value, &value);
        assert_true(child > 0);
        assert_int_equal(wait_for(child), values[i]);
        assert_int_equal(value, values[i]);
        assert_int_equal(cairn_process_poll(child), -ECHILD);
    }
}

static int kill_self(void *argument)
{
    (void)argument;
    raise(SIGKILL);
    return 0;
}

static void a_killed_child_tells_the_signal(void **state)
{
    (void)state;
    int child = cairn_process_fork(kill_self, NULL);
    assert_true(child > 0);
    assert_int_equal(wait_for(child), 128 + SIGKILL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_joined_thread_has_run),
        cmocka_unit_test(a_thread_is_pinned_to_a_processor_that_it_may_use),
        cmocka_unit_test(a_child_works_on_a_copy_and_tells_its_result),
        cmocka_unit_test(a_killed_child_tells_the_signal),
    };
    return cmocka_run_group_tests_name("thread", tests, NULL, NULL);
}
