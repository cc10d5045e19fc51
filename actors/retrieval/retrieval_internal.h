/* actors/retrieval/retrieval_internal.h: what hangs from a space beside its index. Rebuildable. */
#pragma once

#include "actors/retrieval/analysis.h"
#include "actors/retrieval/collector.h"
#include "actors/retrieval/retrieval.h"
#include "runtime/base/json.h"

struct cairn_retrieval_cache {
    struct cairn_analyzer analyzer;
    struct cairn_collector collector;
    struct cairn_json_scratch scratch;
};

/* The cache of `space`, made if it has none. NULL: no memory. */
struct cairn_retrieval_cache *cairn_retrieval_cache_of(struct cairn_projection_space *space);
