/* actors/patterns/reflection.h: what can be said about an episode by rule: what went well, what to
 * do better, what to remember. At most five sentences each, in a fixed order, always the same for
 * the same episode.
 *
 * The rules, in their order (the first five that apply are told):
 *
 *     successes     the outcome, in the words of the task's type; artifacts; 80 % of the steps or
 *                   more succeeded; the first three good tools "a -> b -> c"; under 30 s
 *     improvements  the reason of a failure; partly done; failed steps; the tool that failed most,
 * at least twice; over 300 s; over 50 steps; the error seen most, at least twice insights steps all
 * good, 80 % or more, under 50 %; the tool that recovered from a failed step; domain and
 * complexity; over 5 different tools; one tool for over 3 steps; over 5000 ms a step on average
 *
 * Ownership   Borrows the input; a reflection owns its text until cairn_reflection_deinit.
 * Context     Pure: no clock, no randomness.
 * Units       Seconds, milliseconds. A duration or latency of 0 is not known.
 * Errors      -ENOMEM.
 * Cost        O(steps log steps) comparisons of names.
 */
#pragma once

#include "actors/patterns/reward.h"
#include "runtime/base/bytes.h"

#define CAIRN_REFLECTION_LINES_MAX 5

struct cairn_reflection_step {
    struct cairn_slice tool;
    struct cairn_slice error; /* empty: none told */
    uint32_t latency_ms;
    bool is_ok;
};

struct cairn_reflection_input {
    enum cairn_outcome outcome;
    enum cairn_complexity complexity;
    struct cairn_slice type; /* of the task; empty: not told */
    struct cairn_slice domain;
    struct cairn_slice reason; /* empty: none */
    uint32_t artifacts;
    double duration_s;
    const struct cairn_reflection_step *steps; /* borrowed */
    uint32_t step_count;
};

struct cairn_reflection_list {
    struct cairn_buffer lines[CAIRN_REFLECTION_LINES_MAX]; /* owned */
    uint32_t count;
};

struct cairn_reflection {
    struct cairn_reflection_list successes;
    struct cairn_reflection_list improvements;
    struct cairn_reflection_list insights;
};

int cairn_reflection_init(struct cairn_reflection *reflection,
                          const struct cairn_reflection_input *input);
void cairn_reflection_deinit(struct cairn_reflection *reflection);
