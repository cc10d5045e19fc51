#include "tools/args.h"

#include <errno.h>
#include <string.h>

#include "tests/support/stderr.h"

struct parsed {
    const char *data;
    bool json;
    struct cairn_repeated sets;
    struct cairn_args args;
    char line[1024];
    char *words[160];
    struct stderr_capture capture;
    const char *said;
};

/* Parse the words of `line` with --data VALUE, --json and --set VALUE..., two positional at most. */
static int parse(struct parsed *parsed, const char *line)
{
    const struct cairn_option options[] = {
        {.name = "--data", .value = &parsed->data},
        {.name = "--json", .flag = &parsed->json},
        {.name = "--set", .repeated = &parsed->sets},
        {.name = NULL},
    };
    char *rest = NULL;
    int count = 0;
    snprintf(parsed->line, sizeof(parsed->line), "%s", line);
    for (char *word = strtok_r(parsed->line, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest))
        parsed->words[count++] = word;
    stderr_capture_begin(&parsed->capture);
    int result = cairn_args_parse(&parsed->args, "stat", count, parsed->words, options, 2);
    parsed->said = stderr_capture_end(&parsed->capture);
    return result;
}

static void options_may_stand_anywhere(void **state)
{
    (void)state;
    struct parsed parsed = {0};
    assert_int_equal(parse(&parsed, "a --json --data d b"), 0);
    assert_true(parsed.json);
    assert_string_equal(parsed.data, "d");
    assert_int_equal(parsed.args.count, 2);
    assert_string_equal(parsed.args.positional[0], "a");
    assert_string_equal(parsed.args.positional[1], "b");
    assert_string_equal(parsed.said, "");
}

static void a_value_may_follow_an_equals_sign_or_a_space(void **state)
{
    (void)state;
    struct parsed parsed = {0};
    assert_int_equal(parse(&parsed, "--data=a=b --set=x --set --json"), 0);
    assert_string_equal(parsed.data, "a=b");
    assert_int_equal(parsed.sets.count, 2);
    assert_string_equal(parsed.sets.values[1], "--json"); /* it takes what follows */
    assert_false(parsed.json);
    assert_int_equal(parse(&parsed, "--data="), 0);
    assert_string_equal(parsed.data, "");
}

static void the_last_value_counts_and_repeated_ones_are_kept(void **state)
{
    (void)state;
    struct parsed parsed = {0};
    assert_int_equal(parse(&parsed, "--data 1 --set a --data 2 --set b"), 0);
    assert_string_equal(parsed.data, "2");
    assert_int_equal(parsed.sets.count, 2);
    assert_string_equal(parsed.sets.values[0], "a");
}

static void two_dashes_end_the_options_and_one_is_a_word(void **state)
{
    (void)state;
    struct parsed parsed = {0};
    assert_int_equal(parse(&parsed, "- -- --json"), 0);
    assert_false(parsed.json);
    assert_int_equal(parsed.args.count, 2);
    assert_string_equal(parsed.args.positional[0], "-");
    assert_string_equal(parsed.args.positional[1], "--json");
}

static void no_arguments_are_fine(void **state)
{
    (void)state;
    struct parsed parsed = {0};
    assert_int_equal(parse(&parsed, ""), 0);
    assert_int_equal(parsed.args.count, 0);
}

static void an_unknown_option_is_told_with_the_nearest(void **state)
{
    (void)state;
    struct parsed parsed = {0};
    assert_int_equal(parse(&parsed, "--jsn"), -EINVAL);
    assert_non_null(strstr(parsed.said, "cairn stat: unknown option --jsn"));
    assert_non_null(strstr(parsed.said, "did you mean --json?"));
    assert_int_equal(parse(&parsed, "--dta=x"), -EINVAL);
    assert_non_null(strstr(parsed.said, "did you mean --data?"));
    assert_int_equal(parse(&parsed, "-qqqqq"), -EINVAL);
    assert_null(strstr(parsed.said, "did you mean"));
}

static void a_wrong_use_of_an_option_is_told(void **state)
{
    (void)state;
    struct parsed parsed = {0};
    assert_int_equal(parse(&parsed, "--data"), -EINVAL);
    assert_non_null(strstr(parsed.said, "--data needs a value"));
    assert_int_equal(parse(&parsed, "--json=yes"), -EINVAL);
    assert_non_null(strstr(parsed.said, "--json takes no value"));
}

static void one_argument_too_many_is_told(void **state)
{
    (void)state;
    struct parsed parsed = {0};
    assert_int_equal(parse(&parsed, "a b c"), -EINVAL);
    assert_non_null(strstr(parsed.said, "one argument too many: c"));
}

static void an_option_can_be_repeated_so_often_and_not_once_more(void **state)
{
    (void)state;
    char line[CAIRN_ARGS_REPEAT_MAX * 8 + 9] = "";
    struct parsed parsed = {0};
    for (int i = 0; i < CAIRN_ARGS_REPEAT_MAX; i++)
        memcpy(line + i * 8, "--set=v ", 9);
    assert_int_equal(parse(&parsed, line), 0);
    assert_int_equal(parsed.sets.count, CAIRN_ARGS_REPEAT_MAX);
    memcpy(line + CAIRN_ARGS_REPEAT_MAX * 8, "--set=v", 8);
    parsed.sets.count = 0;
    assert_int_equal(parse(&parsed, line), -EINVAL);
    assert_non_null(strstr(parsed.said, "more than 64 times"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_may_stand_anywhere),
        cmocka_unit_test(a_value_may_follow_an_equals_sign_or_a_space),
        cmocka_unit_test(the_last_value_counts_and_repeated_ones_are_kept),
        cmocka_unit_test(two_dashes_end_the_options_and_one_is_a_word),
        cmocka_unit_test(no_arguments_are_fine),
        cmocka_unit_test(an_unknown_option_is_told_with_the_nearest),
        cmocka_unit_test(a_wrong_use_of_an_option_is_told),
        cmocka_unit_test(one_argument_too_many_is_told),
        cmocka_unit_test(an_option_can_be_repeated_so_often_and_not_once_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
