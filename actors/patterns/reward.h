/* actors/patterns/reward.h: how well an episode went, as one number and its parts.
 *
 *     total = max(0, base + abstention) x efficiency x complexity x quality + learning
 *
 *     base        success 1; partial: subtasks done / subtasks, 0.5 if none are listed; failure 0;
 *                 abstained 0.3; open 0
 *     abstention  abstained at step 3 or before +0.5, at 10 or after -0.3, linear between;
 *                 failure after more than 10 steps -0.2; else 0
 *     efficiency  (d + s) / 2 within 0.5 .. 1.5
 *                 d = 0.5 + e^(-minutes / 2), 1.5 without a duration
 *                 s = 0.5 + e^(-(steps / 10) / 2), 0.5 without steps
 *     complexity  simple or not told 1.0, moderate 1.1, complex 1.2
 *     quality     1, within 0.5 .. 1.5:  +0.1 an artifact names a test or coverage, +0.05 three
 *                 artifacts, +0.15 test coverage over 80 (+0.1 over 60), +0.05 no lint warnings;
 *                 failed steps: none +0.1, over 10 % -0.1, over 30 % -0.2 (without steps: nothing)
 *     learning    at most 0.5:  0.1 a pattern, at most 0.3;  +0.15 five different tools (+0.1
 *                 three), in three steps or more;  +0.2 over 90 % of five steps or more succeeded,
 *                 else +0.15 all of three or more;  +0.15 a failed step followed by a good one;
 *                 +0.1 under 30 s in 1..9 steps
 *
 * Context   Pure functions.
 * Units     Seconds; coverage in percent.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Kept in models and images; never renumber. */
enum cairn_outcome {
    CAIRN_OUTCOME_OPEN,
    CAIRN_OUTCOME_SUCCESS,
    CAIRN_OUTCOME_PARTIAL,
    CAIRN_OUTCOME_FAILURE,
    CAIRN_OUTCOME_ABSTAINED,
};

enum cairn_complexity {
    CAIRN_COMPLEXITY_NOT_TOLD,
    CAIRN_COMPLEXITY_SIMPLE,
    CAIRN_COMPLEXITY_MODERATE,
    CAIRN_COMPLEXITY_COMPLEX,
};

struct cairn_reward_input {
    enum cairn_outcome outcome;
    enum cairn_complexity complexity;
    uint32_t subtasks_done;
    uint32_t subtasks_failed;
    uint32_t steps;
    uint32_t steps_ok;
    uint32_t tools; /* different ones */
    uint32_t patterns;
    uint32_t artifacts;
    bool has_test_artifact;
    bool has_recovery; /* a failed step with a good one right after it */
    bool is_lint_free;
    double coverage;   /* percent; 0: not told */
    double duration_s; /* 0 or less: not known */
};

struct cairn_reward {
    double total;
    double base;
    double efficiency;
    double complexity_bonus;
    double quality_multiplier;
    double learning_bonus;
    double abstention;
};

struct cairn_reward cairn_reward_of(const struct cairn_reward_input *input);
