#include "actors/patterns/reflection.h"

#include <stdio.h>

#include "tests/support/unit.h"

#define STEP(name, ok)                                                                             \
    {                                                                                              \
        .tool = {name, sizeof(name) - 1}, .is_ok = (ok)                                            \
    }
#define FAILED(name, why)                                                                          \
    {                                                                                              \
        .tool = {name, sizeof(name) - 1}, .error = { why, sizeof(why) - 1 }                        \
    }

/* The lists as one text: a line each, with 's', 'i' or 'n' in front. */
static void tell(const struct cairn_reflection_input *input, char *text, size_t text_bytes)
{
    struct cairn_reflection reflection;
    assert_int_equal(cairn_reflection_init(&reflection, input), 0);
    const struct cairn_reflection_list *lists[] = {&reflection.successes, &reflection.improvements,
                                                   &reflection.insights};
    size_t used = 0;
    text[0] = '\0';
    for (int list = 0; list < 3; list++) {
        assert_true(lists[list]->count <= CAIRN_REFLECTION_LINES_MAX);
        for (uint32_t i = 0; i < lists[list]->count; i++) {
            struct cairn_slice line = cairn_buffer_slice(&lists[list]->lines[i]);
            used += (size_t)snprintf(text + used, text_bytes - used, "%c %.*s\n", "sin"[list],
                                     (int)line.bytes, line.data);
            assert_true(used < text_bytes);
        }
    }
    cairn_reflection_deinit(&reflection);
}

static void expect(const struct cairn_reflection_input *input, const char *wanted)
{
    char text[4096];
    tell(input, text, sizeof(text));
    assert_string_equal(text, wanted);
}

static void a_smooth_success_is_told_in_order(void **state)
{
    (void)state;
    static const struct cairn_reflection_step steps[] = {STEP("read", true), STEP("edit", true),
                                                         STEP("test", true), STEP("commit", true)};
    expect(&(struct cairn_reflection_input){.outcome = CAIRN_OUTCOME_SUCCESS,
                                            .complexity = CAIRN_COMPLEXITY_COMPLEX,
                                            .type = cairn_slice_of("debugging"),
                                            .domain = cairn_slice_of("web"),
                                            .artifacts = 2,
                                            .duration_s = 29,
                                            .steps = steps,
                                            .step_count = 4},
           "s The fault was found and put right.\n"
           "s The episode left 2 artifacts.\n"
           "s 100 % of the steps succeeded.\n"
           "s These tools worked: read -> edit -> test.\n"
           "s It took under 30 s.\n"
           "n Every step succeeded: this way is reliable.\n"
           "n Domain: web, a complex task.\n");
}

static void a_failure_says_why_and_what_came_back(void **state)
{
    (void)state;
    static const struct cairn_reflection_step steps[] = {
        FAILED("fetch", "timeout"), FAILED("fetch", "timeout"), STEP("cache", true),
        FAILED("parse", "no such key"), FAILED("fetch", "refused")};
    expect(&(struct cairn_reflection_input){.outcome = CAIRN_OUTCOME_FAILURE,
                                            .domain = cairn_slice_of("general"),
                                            .reason = cairn_slice_of("the server is gone"),
                                            .duration_s = 301,
                                            .steps = steps,
                                            .step_count = 5},
           "s These tools worked: cache.\n"
           "i Deal with what made it fail: the server is gone\n"
           "i Look into the failed steps: 4 of 5.\n"
           "i Check how this tool is used, it failed more than once: fetch\n"
           "i Find what takes the time: it took 301 s.\n"
           "i Prevent the error that came back: timeout\n"
           "n Over half of the steps failed: look for another way.\n"
           "n After a failed step this tool helped: cache\n"
           "n Domain: general.\n");
}

static void a_sixth_line_is_left_out(void **state)
{
    (void)state;
    struct cairn_reflection_step steps[51];
    for (int i = 0; i < 51; i++)
        steps[i] = (struct cairn_reflection_step)FAILED("fetch", "timeout");
    expect(&(struct cairn_reflection_input){.outcome = CAIRN_OUTCOME_FAILURE,
                                            .reason = cairn_slice_of("it broke"),
                                            .duration_s = 600,
                                            .steps = steps,
                                            .step_count = 51},
           "i Deal with what made it fail: it broke\n"
           "i Look into the failed steps: 51 of 51.\n"
           "i Check how this tool is used, it failed more than once: fetch\n"
           "i Find what takes the time: it took 600 s.\n"
           "i Look for a shorter way: it took 51 steps.\n"
           "n Over half of the steps failed: look for another way.\n"
           "n One tool did all the steps: fetch\n");
}

static void of_errors_as_frequent_the_one_that_came_first_is_told(void **state)
{
    (void)state;
    static const struct cairn_reflection_step steps[] = {FAILED("a", "zeta"), FAILED("b", "alpha"),
                                                         FAILED("c", "alpha"), FAILED("d", "zeta")};
    char text[4096];
    tell(&(struct cairn_reflection_input){.steps = steps, .step_count = 4}, text, sizeof(text));
    assert_non_null(strstr(text, "i Prevent the error that came back: zeta\n"));
    assert_null(strstr(text, "failed more than once"));
}

static void slow_steps_and_many_tools_are_noticed(void **state)
{
    (void)state;
    struct cairn_reflection_step steps[6] = {STEP("a", true), STEP("b", true), STEP("c", true),
                                             STEP("d", true), STEP("e", true), STEP("f", false)};
    steps[0].latency_ms = 5001;
    steps[1].latency_ms = 5001;
    struct cairn_reflection_input input = {.steps = steps, .step_count = 6};
    char text[4096];
    tell(&input, text, sizeof(text));
    assert_non_null(strstr(text, "n It took 6 different tools.\n"));
    assert_non_null(strstr(text, "n Steps are slow: 5001 ms each on average.\n"));
    assert_non_null(strstr(text, "n Most steps succeeded: this way is mostly reliable.\n"));

    steps[1].latency_ms = 4999;
    input.step_count = 5;
    tell(&input, text, sizeof(text));
    assert_null(strstr(text, "slow"));
    assert_null(strstr(text, "different tools"));
}

static void nothing_is_said_about_nothing(void **state)
{
    (void)state;
    expect(&(struct cairn_reflection_input){0}, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_smooth_success_is_told_in_order),
        cmocka_unit_test(a_failure_says_why_and_what_came_back),
        cmocka_unit_test(a_sixth_line_is_left_out),
        cmocka_unit_test(of_errors_as_frequent_the_one_that_came_first_is_told),
        cmocka_unit_test(slow_steps_and_many_tools_are_noticed),
        cmocka_unit_test(nothing_is_said_about_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
