/* actors/patterns/answers.h: the requests that patterns answers, one function each.
 *
 * `space` is not NULL, except where it says so. What they answer is patterns.h's.
 */
#pragma once

#include "actors/patterns/patterns.h"
#include "actors/patterns/sequence.h"
#include "runtime/base/json_writer.h"

enum cairn_answer cairn_answer_complete_episode(struct cairn_projection_space *space,
                                                struct cairn_request *request); /* may be NULL */
enum cairn_answer cairn_answer_get_episode(struct cairn_projection_space *space,
                                           struct cairn_request *request);
enum cairn_answer cairn_answer_list_episodes(struct cairn_projection_space *space,
                                             struct cairn_request *request);
enum cairn_answer cairn_answer_list_patterns(struct cairn_projection_space *space,
                                             struct cairn_request *request); /* may be NULL */
enum cairn_answer cairn_answer_get_pattern(struct cairn_projection_space *space,
                                           struct cairn_request *request);

/* ---- what they share ---- */

/* The query's `limit`: 100 when it is not there. False, and 400 answered, if it is not 1..1000. */
bool cairn_answer_limit(struct cairn_request *request, uint32_t *limit);
/* 200 with an empty list. */
enum cairn_answer cairn_answer_empty_list(struct cairn_request *request);
enum cairn_answer cairn_answer_no_memory(struct cairn_request *request); /* 503 */

/* Settings, or the defaults of features.md R4 where there are none. */
const struct cairn_patterns_options *
cairn_patterns_options_of(const struct cairn_projection_space *space);

/* One pattern as an object. */
void cairn_answer_write_pattern(struct cairn_json_writer *writer, const struct cairn_heap *heap,
                                cairn_ref pattern);
