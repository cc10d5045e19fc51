/* actors/training/successors.h: what may follow a prefix, with exact counts, in a block of a heap.
 *
 *     +--------+----------+-------+-------+-----------------------------------+
 *     | fanout | capacity | total | stamp | token, count, reference | ...     |
 *     +--------+----------+-------+-------+-----------------------------------+
 *
 * Few successors are a plain list; from CAIRN_SUCCESSORS_LIST_MAX on they are a hash table by token,
 * in which an entry with count 0 is empty. Readers skip empty entries and need not know which.
 *
 * `reference` names the first message that had the transition; the stamp is the owner's, for tables
 * made from the block.
 *
 * Ownership   A block of the heap, named by its reference. Views are good until the heap grows.
 * Context     One owner, as the heap.
 * Errors      0 for a reference: the heap is full, the block is as it was. Removing allocates nothing.
 * Cost        O(1); twelve bytes a successor and up to a half more.
 */
#pragma once

#include "runtime/base/heap.h"

#define CAIRN_SUCCESSORS_LIST_MAX 9u

struct cairn_successor {
    uint32_t token;
    uint32_t count;
    uint32_t reference;
};

/* What a reader sees of all successors of one prefix. */
struct cairn_successors {
    const struct cairn_successor *entries; /* borrowed from the heap */
    uint32_t slots;                        /* entries, empty ones included */
    uint32_t fanout;                       /* distinct successors */
    uint32_t total;                        /* sum of the counts */
    uint32_t stamp;                        /* changes with the block */
    cairn_ref block;                       /* 0: a single successor without a block */
};

/* A block with one successor and room for a second. */
cairn_ref cairn_successors_create(struct cairn_heap *heap, struct cairn_successor first);
void cairn_successors_destroy(struct cairn_heap *heap, cairn_ref block);

/* Count `token` once more; `reference` is kept only if it is new here. Returns the block, which may
 * have moved. */
cairn_ref cairn_successors_add(struct cairn_heap *heap, cairn_ref block, uint32_t token,
                               uint32_t reference, uint32_t stamp);
/* Count `token`, which is there, once less. Returns the fan-out that is left. */
uint32_t cairn_successors_remove(struct cairn_heap *heap, cairn_ref block, uint32_t token,
                                 uint32_t stamp);

/* NULL if `token` is not there. */
struct cairn_successor *cairn_successors_find(const struct cairn_heap *heap, cairn_ref block,
                                              uint32_t token);
struct cairn_successors cairn_successors_view(const struct cairn_heap *heap, cairn_ref block);

/* Ask for the memory that finding a token will touch: first the block, later the entry. */
void cairn_successors_prefetch(const struct cairn_heap *heap, cairn_ref block);
void cairn_successors_prefetch_entry(const struct cairn_heap *heap, cairn_ref block,
                                     uint32_t token);
