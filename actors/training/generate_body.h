/* actors/training/generate_body.h: what a generate request asks for.
 *
 *     {"channel"?, "start"?, "state_size"?, "max_words"?, "min_score"?, "min_refs"?, "max_tries"?,
 *      "allow_verbatim"?, "rng_seed"?, "min_seq"?}
 *
 * An empty body asks for the defaults.
 *
 * Ownership   Strings point into the body or the scratch.
 * Context     Pure functions.
 * Errors      -EINVAL: not JSON, an unknown field, a wrong type or a number out of range; `error`
 *             says which.
 * Cost        O(bytes).
 */
#pragma once

#include "runtime/base/json.h"

#define CAIRN_GENERATE_WORDS_MAX 10000u
#define CAIRN_GENERATE_TRIES_MAX 10000u

struct cairn_generate_body {
    struct cairn_slice channel; /* empty: the whole space */
    struct cairn_slice start;
    bool has_start;
    bool has_seed;
    bool allow_verbatim;
    uint32_t state_size; /* 0: not said */
    uint32_t words_max;
    uint32_t tries_max;
    uint64_t score_min;
    uint64_t references_min;
    uint64_t seed;
    char error[160]; /* a sentence, terminated */
};

int cairn_generate_body_parse(struct cairn_slice text, struct cairn_json_scratch *scratch,
                              struct cairn_generate_body *body);
