/* actors/retrieval/scorer.h: BM25 over the postings of a query's terms, best documents first.
 *
 *     score(d) = sum over terms t, in byte order, of
 *                    repeated(t) * idf(t) * f * (k1 + 1) / (f + k1 * (1 - b + b * length(d) /
 * mean)) idf(t)   = ln(1 + (N - n(t) + 0.5) / (n(t) + 0.5))
 *
 * f is the frequency of t in d, N the living documents of the space, n(t) those with t. Every sum
 * is made in double in that order, and equal scores are ordered by sequence: the ranking is a
 * function of the texts, not of how they are stored.
 *
 * Documents are scored in windows of 4,096: each term adds its postings of the window to an array
 * of sums, which stays in the first-level cache, and a bitmap remembers which were touched.
 *
 * Ownership   Borrows everything; allocates its window for the call.
 * Context     One owner of the heap; it is not changed.
 * Errors      -ENOMEM.
 * Cost        Linear in the postings of the terms. Measured times: README.md.
 * Source      Robertson, Zaragoza 2009, "The Probabilistic Relevance Framework", 3.
 */
#pragma once

#include "actors/retrieval/index.h"

#define CAIRN_SCORER_KINDS_MAX 16u

struct cairn_scorer_term {
    struct cairn_slice text;
    const struct cairn_index_entry *entry;
    uint32_t repeated; /* in the query */
};

/* Which documents may be hits. All that are set must hold. */
struct cairn_scorer_filter {
    uint32_t sources;                       /* bit 1 << enum cairn_source: all of that source */
    uint32_t kinds[CAIRN_SCORER_KINDS_MAX]; /* and of the custom ones those labelled so */
    uint32_t kind_count;
    uint32_t channel; /* ids of names; 0: any */
    uint32_t author;
    uint32_t domain;  /* of an episode */
    int64_t since_ms; /* at or after */
    int64_t until_ms; /* before */
    int64_t now_ms;   /* what has expired by then is no hit */
};

struct cairn_hit {
    double score;
    uint64_t seq;
};

struct cairn_scorer_query {
    const struct cairn_scorer_term *terms; /* in byte order, none twice */
    uint32_t term_count;
    struct cairn_scorer_filter filter;
    double k1, b;
    bool has_after; /* only what ranks behind this one */
    struct cairn_hit after;
};

/* Fill `hits` with at most `capacity` (>= 1), best first. Returns how many. */
int cairn_scorer_rank(const struct cairn_heap *heap, const struct cairn_scorer_query *query,
                      struct cairn_hit *hits, uint32_t capacity);
