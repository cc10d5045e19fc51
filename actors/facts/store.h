/* actors/facts/store.h: subjects, their keys, and every value that a key has had.
 *
 *     root --> names     subjects and keys (runtime/base/heap_names.h)
 *          |-> subjects  table: hash of the name -> subject --> facts, ascending by key
 *          `-> records   table: sequence number -> fact       --> versions, ascending by sequence
 *
 * Forgetting a version is exact: an older one is current again if the newest was forgotten, a fact
 * without versions is none, a subject without facts is none. Values are overwritten when forgotten.
 *
 * Ownership   Lives in the heap and nowhere else: its image is the checkpoint.
 * Context     One owner, as the heap.
 * Units       Milliseconds.
 * Errors      -ENOMEM: the heap is full; the model is as before the event.
 * Cost        O(log facts of the subject); removing moves the versions behind the removed one.
 */
#pragma once

#include "runtime/base/hash.h"
#include "runtime/base/heap.h"
#include "storage/event.h"

struct cairn_fact_version {
    uint64_t seq;
    int64_t ts_ms;
    cairn_ref value; /* JSON as it was sent */
    uint32_t value_bytes;
};

struct cairn_fact {
    cairn_ref subject; /* struct cairn_fact_subject */
    uint32_t key;      /* name */
    cairn_ref versions;
    uint32_t version_count; /* never 0 */
    uint32_t version_capacity;
    uint32_t reserved;
};

struct cairn_fact_subject {
    uint32_t name;
    cairn_ref facts;     /* cairn_ref of facts, ascending by key */
    uint32_t fact_count; /* never 0 */
    uint32_t fact_capacity;
};

/* Build the root in an empty heap. */
int cairn_facts_init(struct cairn_heap *heap);

/* Events that are no facts, or no whole ones, are ignored. */
int cairn_facts_apply(struct cairn_heap *heap, const struct cairn_event *event);
void cairn_facts_forget(struct cairn_heap *heap, uint64_t seq);

/* NULL: nothing is known. Pointers are good until the heap grows. */
const struct cairn_fact_subject *cairn_facts_find_subject(const struct cairn_heap *heap,
                                                          struct cairn_slice subject);
const struct cairn_fact *cairn_facts_find(const struct cairn_heap *heap, struct cairn_slice subject,
                                          struct cairn_slice key);

/* How many of the subject's facts have a key up to and including `key`: the first so many. */
uint32_t cairn_facts_count_to(const struct cairn_heap *heap,
                              const struct cairn_fact_subject *subject, struct cairn_slice key);
const struct cairn_fact *cairn_facts_at(const struct cairn_heap *heap,
                                        const struct cairn_fact_subject *subject, uint32_t index);
struct cairn_slice cairn_facts_key(const struct cairn_heap *heap, const struct cairn_fact *fact);
/* `age` 0 is the current one. */
const struct cairn_fact_version *cairn_facts_version(const struct cairn_heap *heap,
                                                     const struct cairn_fact *fact, uint32_t age);
struct cairn_slice cairn_facts_value(const struct cairn_heap *heap,
                                     const struct cairn_fact_version *version);

/* An item for each version: space, subject, key, value, time, sequence. */
void cairn_facts_digest(const struct cairn_heap *heap, struct cairn_slice space,
                        struct cairn_digest *digest);
