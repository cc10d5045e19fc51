#include "actors/patterns/reward.h"

#include <math.h>

#include "tests/support/unit.h"

#define CLOSE 1e-5

static void expect(const struct cairn_reward_input *input, const struct cairn_reward *wanted)
{
    struct cairn_reward reward = cairn_reward_of(input);
    assert_true(fabs(reward.base - wanted->base) < CLOSE);
    assert_true(fabs(reward.efficiency - wanted->efficiency) < CLOSE);
    assert_true(fabs(reward.complexity_bonus - wanted->complexity_bonus) < CLOSE);
    assert_true(fabs(reward.quality_multiplier - wanted->quality_multiplier) < CLOSE);
    assert_true(fabs(reward.learning_bonus - wanted->learning_bonus) < CLOSE);
    assert_true(fabs(reward.abstention - wanted->abstention) < CLOSE);
    assert_true(fabs(reward.total - wanted->total) < CLOSE);
}

/* Worked out by hand from the formula in reward.h. */
static void the_formula_matches_cases_computed_by_hand(void **state)
{
    (void)state;
    static const struct {
        struct cairn_reward_input input;
        struct cairn_reward
            wanted; /* total, base, efficiency, complexity, quality, learning, ab. */
    } cases[] = {
        {{.outcome = CAIRN_OUTCOME_SUCCESS}, {1, 1, 1, 1, 1, 0, 0}},
        {{.outcome = CAIRN_OUTCOME_SUCCESS,
          .steps = 3,
          .steps_ok = 3,
          .tools = 2,
          .duration_s = 60},
         {1.5069812, 1, 1.2336193, 1, 1.1, 0.15, 0}},
        {{.outcome = CAIRN_OUTCOME_PARTIAL,
          .complexity = CAIRN_COMPLEXITY_MODERATE,
          .steps = 10,
          .steps_ok = 7,
          .tools = 3,
          .has_recovery = true,
          .duration_s = 120},
         {0.7386665, 0.5, 0.9872051, 1.1, 0.9, 0.25, 0}},
        {{.outcome = CAIRN_OUTCOME_PARTIAL,
          .subtasks_done = 1,
          .subtasks_failed = 3,
          .steps = 4,
          .steps_ok = 2,
          .duration_s = 400},
         {0.1854405, 0.25, 0.9272024, 1, 0.8, 0, 0}},
        {{.outcome = CAIRN_OUTCOME_FAILURE,
          .complexity = CAIRN_COMPLEXITY_COMPLEX,
          .steps = 12,
          .steps_ok = 4,
          .tools = 5,
          .duration_s = 600},
         {0.15, 0, 0.7777748, 1.2, 0.8, 0.15, -0.2}},
        {{.outcome = CAIRN_OUTCOME_SUCCESS,
          .complexity = CAIRN_COMPLEXITY_COMPLEX,
          .steps = 20,
          .steps_ok = 19,
          .tools = 6,
          .patterns = 4,
          .artifacts = 3,
          .has_test_artifact = true,
          .has_recovery = true,
          .is_lint_free = true,
          .coverage = 81,
          .duration_s = 29.9},
         {2.2393369, 1, 1.0736647, 1.2, 1.35, 0.5, 0}},
        {{.outcome = CAIRN_OUTCOME_SUCCESS,
          .steps = 10,
          .steps_ok = 9,
          .coverage = 61,
          .duration_s = 60},
         {1.2171837, 1, 1.1065307, 1, 1.1, 0, 0}},
        {{.outcome = CAIRN_OUTCOME_OPEN, .steps = 1, .steps_ok = 1, .tools = 1},
         {0.1, 0, 1.4756147, 1, 1.1, 0.1, 0}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect(&cases[i].input, &cases[i].wanted);
}

static struct cairn_reward abstained_at(uint32_t steps)
{
    return cairn_reward_of(&(struct cairn_reward_input){.outcome = CAIRN_OUTCOME_ABSTAINED,
                                                        .steps = steps,
                                                        .steps_ok = steps,
                                                        .tools = 1,
                                                        .duration_s = 30});
}

static void to_abstain_is_worth_less_the_later_it_comes(void **state)
{
    (void)state;
    assert_true(fabs(abstained_at(2).abstention - 0.5) < CLOSE);
    assert_true(fabs(abstained_at(3).abstention - 0.5) < CLOSE);
    assert_true(fabs(abstained_at(4).abstention - 0.3857143) < CLOSE);
    assert_true(fabs(abstained_at(6).abstention - 0.1571429) < CLOSE);
    assert_true(fabs(abstained_at(10).abstention + 0.3) < CLOSE);
    assert_true(fabs(abstained_at(11).abstention + 0.3) < CLOSE);
    assert_true(fabs(abstained_at(3).total - 1.3113839) < CLOSE);
    assert_true(fabs(abstained_at(6).total - 0.8335042) < CLOSE);
    assert_true(fabs(abstained_at(10).total - 0.2) < CLOSE);
}

static void a_long_failure_costs_but_never_below_zero(void **state)
{
    (void)state;
    struct cairn_reward_input input = {.outcome = CAIRN_OUTCOME_FAILURE, .duration_s = 100};
    for (input.steps = 9; input.steps <= 12; input.steps++) {
        struct cairn_reward reward = cairn_reward_of(&input);
        assert_true(fabs(reward.abstention - (input.steps > 10 ? -0.2 : 0)) < CLOSE);
        assert_true(reward.total == 0);
    }
}

static double quality_with(uint32_t steps, uint32_t failed)
{
    return cairn_reward_of(&(struct cairn_reward_input){.outcome = CAIRN_OUTCOME_SUCCESS,
                                                        .steps = steps,
                                                        .steps_ok = steps - failed})
        .quality_multiplier;
}

static void failed_steps_count_beyond_ten_and_thirty_percent(void **state)
{
    (void)state;
    assert_true(fabs(quality_with(100, 0) - 1.1) < CLOSE);
    assert_true(fabs(quality_with(100, 1) - 1.0) < CLOSE);
    assert_true(fabs(quality_with(100, 10) - 1.0) < CLOSE);
    assert_true(fabs(quality_with(100, 11) - 0.9) < CLOSE);
    assert_true(fabs(quality_with(100, 30) - 0.9) < CLOSE);
    assert_true(fabs(quality_with(100, 31) - 0.8) < CLOSE);
    assert_true(fabs(quality_with(0, 0) - 1.0) < CLOSE);
}

static double learning_with(uint32_t steps, uint32_t ok, uint32_t tools, double duration_s)
{
    return cairn_reward_of(&(struct cairn_reward_input){.outcome = CAIRN_OUTCOME_SUCCESS,
                                                        .steps = steps,
                                                        .steps_ok = ok,
                                                        .tools = tools,
                                                        .duration_s = duration_s})
        .learning_bonus;
}

static void learning_begins_at_its_limits(void **state)
{
    (void)state;
    assert_true(fabs(learning_with(2, 0, 2, 60)) < CLOSE);
    assert_true(fabs(learning_with(3, 0, 3, 60) - 0.1) < CLOSE);
    assert_true(fabs(learning_with(5, 0, 4, 60) - 0.1) < CLOSE);
    assert_true(fabs(learning_with(5, 0, 5, 60) - 0.15) < CLOSE);
    assert_true(fabs(learning_with(2, 2, 1, 60)) < CLOSE);
    assert_true(fabs(learning_with(3, 3, 1, 60) - 0.15) < CLOSE);
    assert_true(fabs(learning_with(4, 4, 1, 60) - 0.15) < CLOSE);
    assert_true(fabs(learning_with(5, 5, 1, 60) - 0.2) < CLOSE);
    assert_true(fabs(learning_with(10, 9, 1, 60)) < CLOSE);
    assert_true(fabs(learning_with(11, 10, 1, 60) - 0.2) < CLOSE);
    assert_true(fabs(learning_with(9, 0, 1, 29.9) - 0.1) < CLOSE);
    assert_true(fabs(learning_with(9, 0, 1, 30)) < CLOSE);
    assert_true(fabs(learning_with(10, 0, 1, 29.9)) < CLOSE);
    assert_true(fabs(learning_with(0, 0, 0, 29.9)) < CLOSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_formula_matches_cases_computed_by_hand),
        cmocka_unit_test(to_abstain_is_worth_less_the_later_it_comes),
        cmocka_unit_test(a_long_failure_costs_but_never_below_zero),
        cmocka_unit_test(failed_steps_count_beyond_ten_and_thirty_percent),
        cmocka_unit_test(learning_begins_at_its_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
