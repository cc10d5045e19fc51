/* tools/demo_corpus.h: a small corpus written for cairn: what `cairn serve --demo` loads.
 *
 * NDJSON, as api.md's bulk calls take it: messages of a team's chat, and whole episodes of an agent.
 */
#pragma once

#define CAIRN_DEMO_SPACE "demo"

extern const char cairn_demo_messages[];
extern const char cairn_demo_episodes[];
