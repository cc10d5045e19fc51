/* actors/patterns/episode.h: what the model keeps of one episode, and how it is read from events.
 *
 *     episode event     id, domain, type, tags, the client's key; of context: complexity; of meta:
 *                       test coverage, lint warnings
 *     step events       tool, ok, error (its first 200 bytes), latency
 *     completion event  outcome, reason (its first 500 bytes), artifacts: how many, any about tests
 *
 * Texts beyond these (task, actions, observations ...) stay in the ledger; the sequence numbers
 * here say where. Texts that are kept are names (runtime/base/heap_names.h): shared, and gone when
 * forgotten.
 *
 * An episode without domain is of the domain "general".
 *
 * Ownership   An episode is a block of the heap. It holds its names, its tags and its steps.
 * Context     One owner, as the heap.
 * Units       Milliseconds.
 * Errors      -ENOMEM: the heap is full. -EINVAL: the event lacks what it must have, it does not
 *             count. Nothing has changed then.
 */
#pragma once

#include "actors/patterns/reward.h"
#include "runtime/base/heap.h"
#include "runtime/base/uuid.h"
#include "storage/event.h"

#define CAIRN_EPISODE_TAGS_MAX 64

struct cairn_episode_step {
    uint64_t seq;
    int64_t ts_ms;
    uint32_t tool;
    uint32_t error; /* 0: none */
    uint32_t latency_ms;
    uint32_t is_ok;
};

struct cairn_episode {
    uint32_t record; /* what kind of record this is (model.h) */
    uint8_t outcome; /* enum cairn_outcome; OPEN until completed */
    uint8_t complexity;
    uint8_t has_test_artifact;
    uint8_t is_lint_free;
    uint8_t id[CAIRN_UUID_BYTES];
    uint64_t seq;
    uint64_t completion_seq; /* 0: open */
    int64_t started_ms;
    int64_t completed_ms;
    double coverage;
    uint32_t domain;
    uint32_t type; /* 0: none; so are the next two */
    uint32_t key;
    uint32_t reason;
    uint32_t artifacts;
    uint32_t is_counted; /* its tools are among the sequences */
    uint32_t tag_count;
    cairn_ref tags; /* uint32_t names */
    uint32_t step_count;
    uint32_t step_capacity;
    cairn_ref steps; /* struct cairn_episode_step, ascending by seq */
};

static inline struct cairn_episode *cairn_episode_at(const struct cairn_heap *heap, cairn_ref ref)
{
    return cairn_heap_at(heap, ref);
}

/* Its steps; NULL when it has none. */
static inline struct cairn_episode_step *cairn_episode_steps(const struct cairn_heap *heap,
                                                             const struct cairn_episode *episode)
{
    return episode->steps == 0 ? NULL : cairn_heap_at(heap, episode->steps);
}

/* A new episode from its first event, in *episode. */
int cairn_episode_create(struct cairn_heap *heap, cairn_ref names, const struct cairn_event *event,
                         cairn_ref *episode);
/* Frees it, its steps and its tags, and releases its names. */
void cairn_episode_destroy(struct cairn_heap *heap, cairn_ref names, cairn_ref episode);

/* Steps come in ascending order of sequence, and only while it is open: others are -EINVAL. */
int cairn_episode_add_step(struct cairn_heap *heap, cairn_ref names, cairn_ref episode,
                           const struct cairn_event *event);
/* Fails with -ENOENT if it has no step with that sequence number. */
int cairn_episode_remove_step(struct cairn_heap *heap, cairn_ref names, cairn_ref episode,
                              uint64_t seq);

/* A second completion is -EINVAL. */
int cairn_episode_complete(struct cairn_heap *heap, cairn_ref names, cairn_ref episode,
                           const struct cairn_event *event);
void cairn_episode_reopen(struct cairn_heap *heap, cairn_ref names, cairn_ref episode);

/* "success" ...; false if it is no outcome. */
bool cairn_outcome_parse(struct cairn_slice text, enum cairn_outcome *outcome);
const char *cairn_outcome_name(enum cairn_outcome outcome);
