/* actors/patterns/model.h: the episodes of one space, and what was learned from them.
 *
 *     root --> names        domain, types, tags, tools, errors ... (runtime/base/heap_names.h)
 *          |-> records      table: sequence number of any event -> the record it belongs to
 *          |-> episodes     table: hash of the id -> episode; and all in order of sequence
 *          |-> sequences    counted runs of tools (sequence.h)
 *          `-> feedback     votes on patterns (feedback.h)
 *
 * An event that does not fit is ignored, and nothing brings it back: a step or completion of an
 * unknown or completed episode, an id that is there already, a sequence number seen before.
 * Forgetting an episode's first event takes all of it away; forgetting a step or the completion
 * leaves the rest as it would be without it.
 *
 * Ownership   Lives in the heap and nowhere else: its image is the checkpoint.
 * Context     One owner, as the heap.
 * Errors      -ENOMEM: the heap is full, and the model is as before the event. From a forget: the
 *             event is gone, but the rest of its completed episode could not be counted again (or,
 *             where even the system had no memory, nothing has changed).
 */
#pragma once

#include "actors/patterns/episode.h"
#include "actors/patterns/feedback.h"
#include "actors/patterns/sequence.h"

enum cairn_record {
    CAIRN_RECORD_NONE,
    CAIRN_RECORD_EPISODE, /* struct cairn_episode */
    CAIRN_RECORD_VOTE,    /* struct cairn_vote */
};

struct cairn_episode_place {
    uint64_t seq; /* of its first event */
    cairn_ref episode;
    uint32_t reserved;
};

struct cairn_patterns_model {
    cairn_ref names;
    cairn_ref records;
    cairn_ref episodes;
    cairn_ref sequences;
    cairn_ref feedback;
    cairn_ref places; /* struct cairn_episode_place, ascending by seq */
    uint32_t place_count;
    uint32_t place_capacity;
};

/* Good until the heap grows, as everything in it. */
static inline struct cairn_patterns_model *cairn_patterns_model_of(const struct cairn_heap *heap)
{
    return cairn_heap_at(heap, cairn_heap_root(heap));
}

/* Build the root in an empty heap. The arguments as for cairn_sequences_create. */
int cairn_patterns_model_init(struct cairn_heap *heap, uint32_t length_max, uint32_t support);

int cairn_patterns_model_apply(struct cairn_heap *heap, const struct cairn_event *event);
int cairn_patterns_model_forget(struct cairn_heap *heap, uint64_t seq);

/* 0 when there is no such episode. */
cairn_ref cairn_patterns_model_find(const struct cairn_heap *heap,
                                    const uint8_t id[CAIRN_UUID_BYTES]);
/* How many episodes began before `seq`: they are the first so many places. */
uint32_t cairn_patterns_model_count_before(const struct cairn_heap *heap, uint64_t seq);
const struct cairn_episode_place *cairn_patterns_model_place(const struct cairn_heap *heap,
                                                             uint32_t index);

/* What an episode means to the sequences. `tools` is allocated (free it); without memory -ENOMEM.
 */
int cairn_patterns_model_source(const struct cairn_heap *heap, cairn_ref episode,
                                struct cairn_sequence_source *source,
                                struct cairn_sequence_tool **tools);
