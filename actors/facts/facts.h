/* actors/facts/facts.h: what is known about whom, as a projection (actors/projection.h).
 *
 * Answers GET_FACTS and GET_FACT; api.md, section 3, has their fields. Beyond it:
 *
 *   - The current value is the one with the highest sequence number, whatever its time says.
 *   - `history=N` (1..1000) adds the newest N values, the current one first.
 *   - GET_FACTS lists by the bytes of the keys, with `limit` and `cursor` as every list.
 *
 * Context   As every projection module. The module has no options.
 */
#pragma once

#include "actors/projection.h"

extern const struct cairn_projection_module cairn_facts_module;
