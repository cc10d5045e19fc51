#include "actors/patterns/reward.h"

#include <math.h>

#define ABSTAIN_EARLY_STEPS 3
#define ABSTAIN_LATE_STEPS  10
#define LONG_FAILURE_STEPS  10

static double clamp(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

static double base_of(const struct cairn_reward_input *input)
{
    uint64_t subtasks = (uint64_t)input->subtasks_done + input->subtasks_failed;
    switch (input->outcome) {
    case CAIRN_OUTCOME_SUCCESS:
        return 1;
    case CAIRN_OUTCOME_PARTIAL:
        return subtasks == 0 ? 0.5 : (double)input->subtasks_done / (double)subtasks;
    case CAIRN_OUTCOME_ABSTAINED:
        return 0.3;
    case CAIRN_OUTCOME_OPEN:
    case CAIRN_OUTCOME_FAILURE:
        break;
    }
    return 0;
}

static double abstention_of(const struct cairn_reward_input *input)
{
    if (input->outcome == CAIRN_OUTCOME_FAILURE)
        return input->steps > LONG_FAILURE_STEPS ? -0.2 : 0;
    if (input->outcome != CAIRN_OUTCOME_ABSTAINED)
        return 0;
    double late =
        ((double)input->steps - ABSTAIN_EARLY_STEPS) / (ABSTAIN_LATE_STEPS - ABSTAIN_EARLY_STEPS);
    return 0.5 - 0.8 * clamp(late, 0, 1);
}

static double efficiency_of(const struct cairn_reward_input *input)
{
    double duration = input->duration_s <= 0 ? 1.5 : 0.5 + exp(-input->duration_s / 60 / 2);
    double steps = input->steps == 0 ? 0.5 : 0.5 + exp(-(double)input->steps / 10 / 2);
    return clamp(0.5 * duration + 0.5 * steps, 0.5, 1.5);
}

static double complexity_of(const struct cairn_reward_input *input)
{
    switch (input->complexity) {
    case CAIRN_COMPLEXITY_MODERATE:
        return 1.1;
    case CAIRN_COMPLEXITY_COMPLEX:
        return 1.2;
    case CAIRN_COMPLEXITY_NOT_TOLD:
    case CAIRN_COMPLEXITY_SIMPLE:
        break;
    }
    return 1;
}

/* Counts, not quotients, are compared: 3 of 10 is then exactly 30 %. */
static double error_adjustment(const struct cairn_reward_input *input)
{
    uint64_t failed = input->steps - input->steps_ok;
    if (input->steps == 0)
        return 0;
    if (failed == 0)
        return 0.1;
    if (failed * 10 > UINT64_C(3) * input->steps)
        return -0.2;
    return failed * 10 > input->steps ? -0.1 : 0;
}

static double quality_of(const struct cairn_reward_input *input)
{
    double quality = 1 + error_adjustment(input);
    quality += input->has_test_artifact ? 0.1 : 0;
    quality += input->artifacts >= 3 ? 0.05 : 0;
    quality += input->coverage > 80 ? 0.15 : input->coverage > 60 ? 0.1 : 0;
    quality += input->is_lint_free ? 0.05 : 0;
    return clamp(quality, 0.5, 1.5);
}

static double novelty_of(const struct cairn_reward_input *input)
{
    if (input->steps < 3 || input->tools < 3)
        return 0;
    return input->tools >= 5 ? 0.15 : 0.1;
}

static double execution_of(const struct cairn_reward_input *input)
{
    if (input->steps >= 5 && UINT64_C(10) * input->steps_ok > UINT64_C(9) * input->steps)
        return 0.2;
    return input->steps >= 3 && input->steps_ok == input->steps ? 0.15 : 0;
}

static double learning_of(const struct cairn_reward_input *input)
{
    bool is_quick = input->duration_s < 30 && input->steps >= 1 && input->steps <= 9;
    double learning = clamp(0.1 * input->patterns, 0, 0.3);
    learning += novelty_of(input) + execution_of(input);
    learning += input->has_recovery ? 0.15 : 0;
    learning += is_quick ? 0.1 : 0;
    return clamp(learning, 0, 0.5);
}

struct cairn_reward cairn_reward_of(const struct cairn_reward_input *input)
{
    struct cairn_reward reward = {
        .base = base_of(input),
        .abstention = abstention_of(input),
        .efficiency = efficiency_of(input),
        .complexity_bonus = complexity_of(input),
        .quality_multiplier = quality_of(input),
        .learning_bonus = learning_of(input),
    };
    reward.total = clamp(reward.base + reward.abstention, 0, 2) * reward.efficiency *
                       reward.complexity_bonus * reward.quality_multiplier +
                   reward.learning_bonus;
    return reward;
}
