/* actors/retrieval/retrieval.h: the text index as a projection of the ledger.
 *
 *     message   text, title, captions of attachments
 *     custom    content; found under its own name as kind
 *     episode   task and domain
 *     fact      subject, key, and the strings, numbers and keys of its value
 *     settings  {"language": "english" | "none"}: of the events that follow
 *
 * Everything else is ignored. Search is in search_api.h.
 *
 * Context   As actors/projection.h: one thread at a time, no clock, no I/O.
 */
#pragma once

#include "actors/projection.h"

struct cairn_retrieval_options {
    double k1;            /* 1.2: how soon a term's repetitions stop counting; >= 0 */
    double b;             /* 0.75: how much long texts are held back; 0..1 */
    const char *language; /* of spaces whose settings name none; cairn_language_of knows it */
};

extern const struct cairn_projection_module cairn_retrieval_module;
