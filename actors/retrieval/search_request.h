/* actors/retrieval/search_request.h: the body of a search, read and checked.
 *
 * Ownership   Strings borrow from the body or the scratch.
 * Context     Pure but for the scratch.
 * Errors      False: the request is answered with a problem.
 * Source      api.md, section 3, Retrieval.
 */
#pragma once

#include "actors/request.h"
#include "actors/retrieval/scorer.h"
#include "runtime/base/json.h"

#define CAIRN_SEARCH_QUERY_BYTES_MAX 8192u
#define CAIRN_SEARCH_K_DEFAULT       10u
#define CAIRN_SEARCH_K_MAX           1000u

struct cairn_search_request {
    struct cairn_slice query; /* has more than white space */
    uint32_t k;
    struct cairn_slice kinds[CAIRN_SCORER_KINDS_MAX];
    uint32_t kind_count;                        /* 0: any */
    struct cairn_slice channel, author, domain; /* empty: any */
    int64_t since_ms, until_ms;
    int64_t at_ms; /* for a decay with time, which is not part of plain BM25 */
    bool is_explained;
    struct cairn_slice cursor; /* empty: the first page */
    uint64_t min_seq;          /* the projection waits for it; checked here */
};

bool cairn_search_request_read(struct cairn_request *request, struct cairn_json_scratch *scratch,
                               struct cairn_search_request *search);
/* A hash of what is asked, without how much of it: the pages of one search share it. */
uint64_t cairn_search_request_fingerprint(const struct cairn_search_request *search);
