/* actors/patterns/traits.h: what the JSON inside an episode's events says about it.
 *
 *     tags       an array of strings; the first CAIRN_EPISODE_TAGS_MAX count
 *     context    {"complexity":"simple|moderate|complex"} in any case
 *     meta       {"test_coverage":87.5,"clippy_warnings":0}: numbers, or strings that spell them
 *     artifacts  an array counts its elements, anything else but null is one; one is about tests if
 *                "test" or "coverage" is in it
 *
 * Whatever is there but is not of that form says nothing.
 *
 * Ownership   Tags borrow from the event and from the traits' own memory.
 * Context     Pure.
 * Errors      -ENOMEM.
 */
#pragma once

#include "actors/patterns/episode.h"
#include "runtime/base/json.h"

struct cairn_traits {
    struct cairn_slice tags[CAIRN_EPISODE_TAGS_MAX];
    uint32_t tag_count;
    enum cairn_complexity complexity;
    double coverage;
    bool is_lint_free;
    struct cairn_json_scratch scratch; /* owned: behind tags with escapes */
};

int cairn_traits_init(struct cairn_traits *traits, const struct cairn_event *event);
void cairn_traits_deinit(struct cairn_traits *traits);

struct cairn_artifact_traits {
    uint32_t count;
    bool has_test;
};

int cairn_artifact_traits_of(const struct cairn_event *event, struct cairn_artifact_traits *traits);
