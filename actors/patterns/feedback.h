/* actors/patterns/feedback.h: how often a pattern helped whoever used it.
 *
 * A vote may come before its pattern exists and stays when the pattern goes: the counts are a
 * function of the feedback events alone.
 *
 * Ownership   A block of the heap, named by its reference, since the heap may move.
 * Context     One owner, as the heap.
 * Errors      -ENOMEM: the heap is full. -EINVAL: the event is no vote. Nothing has changed then.
 */
#pragma once

#include "actors/patterns/sequence.h"
#include "storage/event.h"

#define CAIRN_PATTERN_ID_TEXT_BYTES 32

struct cairn_feedback {
    struct cairn_sequence_id pattern;
    uint32_t helped;
    uint32_t not_helped;
};

/* One vote, to take it back. */
struct cairn_vote {
    uint32_t record; /* what kind of record this is (model.h) */
    uint32_t is_helped;
    cairn_ref feedback;
    uint32_t reserved;
};

/* 0 when there is no room. */
cairn_ref cairn_feedback_create(struct cairn_heap *heap);

int cairn_feedback_add(struct cairn_heap *heap, cairn_ref feedback, const struct cairn_event *event,
                       cairn_ref *vote);
void cairn_feedback_remove(struct cairn_heap *heap, cairn_ref feedback, cairn_ref vote);

/* Zeros when nobody has voted on it. */
struct cairn_feedback cairn_feedback_of(const struct cairn_heap *heap, cairn_ref feedback,
                                        struct cairn_sequence_id pattern);
/* Each pattern's votes; `*cursor` is 0 at first. 0: no more. */
cairn_ref cairn_feedback_next(const struct cairn_heap *heap, cairn_ref feedback, uint32_t *cursor);

/* 32 lower-case hexadecimal digits. */
void cairn_pattern_id_format(struct cairn_sequence_id id, char text[CAIRN_PATTERN_ID_TEXT_BYTES]);
bool cairn_pattern_id_parse(struct cairn_slice text, struct cairn_sequence_id *id);
