/* actors/patterns/sequence.h: which contiguous runs of tools completed episodes have in common.
 *
 * A sequence is 2 to length_max tools in a row, in one domain. Its support is the number of
 * distinct completed episodes with that run in them; its success the sum of their outcomes (success
 * 1, partial 1/2, failure 0). Both are kept as episodes come and go: training an episode adds one
 * to each of its runs, untraining takes it away, and a sequence that no episode supports is freed.
 * So the counts are a function of the set of episodes, whatever their order.
 *
 * A pattern is a sequence with enough support and success that is no part of a longer one with
 * equal support. Looking for one tool more on either side is enough: support never grows with
 * length, so where a much longer sequence is as frequent, the one in between is too.
 *
 *     counts ---> those with support >= the threshold are linked, so that a list does not visit
 *                 the many that were seen once
 *
 * An id is 128 bits of XXH3 over the hashes of kind, domain and tools: the same in every ledger.
 * Tools and domain are ids of cairn_heap_names, held by the episodes.
 *
 * Ownership   A block of the heap, named by its reference, since the heap may move.
 * Context     One owner, as the heap.
 * Errors      -ENOMEM: the heap is full, the counts are as they were.
 * Cost        Training: 2 (length_max - 1) lookups a step. A list: the linked sequences, twice.
 */
#pragma once

#include "runtime/base/heap.h"

#define CAIRN_SEQUENCE_LENGTH_MIN 2
#define CAIRN_SEQUENCE_LENGTH_MAX 8

struct cairn_sequence_id {
    uint64_t low;
    uint64_t high;
};

/* An episode's tool, with the hash of its name. */
struct cairn_sequence_tool {
    uint64_t hash;
    uint32_t name;
};

/* What an episode gives: its domain, its tools in order and how it ended. */
struct cairn_sequence_source {
    uint64_t domain_hash;
    uint32_t domain;
    const struct cairn_sequence_tool *tools; /* borrowed; not in the heap */
    uint32_t tool_count;
    uint32_t success_halves; /* 2, 1 or 0 */
};

struct cairn_sequence {
    struct cairn_sequence_id id;
    uint32_t support;
    uint32_t success_halves; /* of all supporting episodes: 2 * support at most */
    uint32_t stamp;          /* of the last walk that came by */
    uint32_t length;
    cairn_ref previous; /* among those with support >= threshold */
    cairn_ref next;
    uint32_t domain;
    uint32_t tools[]; /* length */
};

/* What makes a sequence a pattern. */
struct cairn_sequence_filter {
    uint32_t domain; /* 0: any */
    double success_min;
};

/* 0 when there is no room. 2 <= length_max <= CAIRN_SEQUENCE_LENGTH_MAX, 1 <= threshold. */
cairn_ref cairn_sequences_create(struct cairn_heap *heap, cairn_ref names, uint32_t length_max,
                                 uint32_t threshold);

/* Count an episode, or take it out again exactly. Untraining what was not trained is a bug. */
int cairn_sequences_train(struct cairn_heap *heap, cairn_ref sequences,
                          const struct cairn_sequence_source *source);
void cairn_sequences_untrain(struct cairn_heap *heap, cairn_ref sequences,
                             const struct cairn_sequence_source *source);

/* Changes the support that a pattern needs. O(all sequences) if it differs from before. */
void cairn_sequences_set_threshold(struct cairn_heap *heap, cairn_ref sequences,
                                   uint32_t threshold);

/* The patterns, in no order, into *patterns (owned by the caller: free). Returns how many, or
 * -ENOMEM. */
int cairn_sequences_list(struct cairn_heap *heap, cairn_ref sequences,
                         const struct cairn_sequence_filter *filter, cairn_ref **patterns);
/* The same of one episode that was trained: the patterns in it, in order of first appearance. */
int cairn_sequences_list_of(struct cairn_heap *heap, cairn_ref sequences,
                            const struct cairn_sequence_source *source,
                            const struct cairn_sequence_filter *filter, cairn_ref **patterns);
/* The pattern with that id; 0 if there is none. */
cairn_ref cairn_sequences_find(struct cairn_heap *heap, cairn_ref sequences,
                               struct cairn_sequence_id id,
                               const struct cairn_sequence_filter *filter);

/* Every counted sequence, pattern or not; `*cursor` is 0 at first. 0: no more. */
cairn_ref cairn_sequences_next(const struct cairn_heap *heap, cairn_ref sequences,
                               uint32_t *cursor);

static inline const struct cairn_sequence *cairn_sequence_at(const struct cairn_heap *heap,
                                                             cairn_ref ref)
{
    return cairn_heap_at(heap, ref);
}

double cairn_sequence_success_rate(const struct cairn_sequence *sequence);
/* Lower end of Wilson's 95 % interval (z = 1.96) for the success rate, given the support. */
double cairn_sequence_confidence(const struct cairn_sequence *sequence);
