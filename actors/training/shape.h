/* actors/training/shape.h: the settings that shape a space's chains, as the ledger tells them.
 *
 * Each settings event says some of them; the last one that says a thing holds, and what nobody says
 * has its default. All events are kept, so that forgetting one is as if it had never been.
 *
 * Ownership   A block of the heap, named by its reference.
 * Context     One owner, as the heap.
 * Errors      -ENOMEM: the heap is full, nothing has changed.
 * Cost        O(events); people change settings rarely.
 */
#pragma once

#include "runtime/base/bytes.h"
#include "runtime/base/heap.h"

struct cairn_shape_event {
    uint64_t seq;
    uint8_t state_size;     /* 0: not said */
    uint8_t channel_chains; /* 0: not said, 1: false, 2: true */
};

struct cairn_shape {
    uint32_t state_size;
    bool channel_chains;
};

cairn_ref cairn_shape_create(struct cairn_heap *heap);

/* What the JSON object of a settings event says. What it does not say, or says wrongly, is not said:
 * settings are checked before they reach the ledger. False if that leaves nothing. */
bool cairn_shape_parse(struct cairn_slice settings, struct cairn_shape_event *event);

int cairn_shape_add(struct cairn_heap *heap, cairn_ref shape, struct cairn_shape_event event);
/* False if there is no such event; else what it was, for adding it again. */
bool cairn_shape_remove(struct cairn_heap *heap, cairn_ref shape, uint64_t seq,
                        struct cairn_shape_event *removed);

/* What holds, with this default for what nobody said (channel chains: true). */
struct cairn_shape cairn_shape_now(const struct cairn_heap *heap, cairn_ref shape,
                                   uint32_t state_size_default);
uint32_t cairn_shape_count(const struct cairn_heap *heap, cairn_ref shape);
