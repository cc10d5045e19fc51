/* tools/demo_corpus.h: a small corpus written for cairn: what `cairn serve --demo` loads.
 *
 * Messages and episodes are NDJSON, as the bulk calls take them; a fact is the body of one PUT.
 */
#pragma once

#define CAIRN_DEMO_SPACE "demo"

struct cairn_demo_fact {
    const char *subject; /* NULL ends the table */
    const char *key;
    const char *body;
};

extern const char cairn_demo_messages[];                /* demo_corpus.c */
extern const char cairn_demo_episodes[];                /* demo_episodes.c */
extern const struct cairn_demo_fact cairn_demo_facts[]; /* demo_facts.c; in order of time */
