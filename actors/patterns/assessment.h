/* actors/patterns/assessment.h: reward and reflection of an episode as the model knows it.
 *
 * Duration   Clients may send steps with clocks of their own, or whole episodes at once, or no
 * clock at all. It is the longest of: first event to completion, first step to last step, the sum
 * of the steps' latencies. If none is above 0 it is not known. Patterns   Count 0 in the reward's
 * learning bonus: which patterns exist changes with every other episode, and a reward should not.
 *
 * Ownership   Nothing is kept.
 * Context     One owner, as the heap; nothing in it changes or moves.
 * Errors      -ENOMEM.
 */
#pragma once

#include "actors/patterns/model.h"
#include "actors/patterns/reflection.h"

struct cairn_reward cairn_assessment_reward(const struct cairn_heap *heap, cairn_ref episode);
/* To be freed with cairn_reflection_deinit. */
int cairn_assessment_reflect(const struct cairn_heap *heap, cairn_ref episode,
                             struct cairn_reflection *reflection);
/* Seconds; 0: not known. */
double cairn_assessment_duration(const struct cairn_heap *heap, cairn_ref episode);
