/* actors/patterns/patterns.h: episodes and patterns as a projection (actors/projection.h).
 *
 * Answers COMPLETE_EPISODE, GET_EPISODE, LIST_EPISODES, LIST_PATTERNS and GET_PATTERN; api.md,
 * section 3, has their fields. Beyond it:
 *
 *   - Episodes are listed from the newest to the oldest; `since` and `until` are the first and the
 *     last millisecond of their first event, both included. Items carry no steps: their number is
 *     `step_count`.
 *   - Patterns are listed by falling confidence, then by id. `min_success` narrows what the
 * settings call a pattern, it does not widen it. `kind` is tool_sequence or left out; the other
 * kinds are 501 until they exist.
 *   - Both lists go on where they were, whatever came or went in between.
 *
 * Context     As every projection module.
 * Cost        An episode's answer reads its events from the ledger. A list of patterns looks at
 * every sequence with enough support, a list of episodes at episodes until it has enough.
 */
#pragma once

#include "actors/projection.h"

struct cairn_patterns_options {
    uint32_t support;    /* distinct episodes that a pattern needs; at least 1 */
    double min_success;  /* 0..1 */
    uint32_t length_max; /* tools in a pattern, 2..8; a model keeps the one it was made with */
};

extern const struct cairn_projection_module cairn_patterns_module;
