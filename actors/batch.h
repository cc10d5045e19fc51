/* actors/batch.h: events on their way from a request or the ledger to the projections.
 *
 * A batch is built by one actor, then immutable and shared by reference count. All its events
 * belong to one shard, in ascending order of sequence. A forget is a batch of its own: one FORGET
 * event and the sequences that it removes.
 *
 * Ownership   The batch owns every byte its events borrow.
 * Context     Building: one owner. acquire and release: any thread.
 * Errors      -ENOMEM, and the batch is as it was.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "storage/event.h"

struct cairn_batch_chunk;

struct cairn_batch {
    struct cairn_event *events; /* owned */
    uint32_t count;
    uint32_t capacity;
    uint32_t shard;
    bool makes_space;  /* holds the first event of a space: every projection learns of it */
    uint64_t *removed; /* owned; a forget's: what it removes, ascending */
    uint32_t removed_count;
    struct cairn_batch_chunk *chunks; /* owned: names and payloads */
    struct cairn_batch **sources;     /* owned, a reference each: batches whose events are here */
    uint32_t source_count;
    uint32_t source_capacity;
    uint64_t bytes; /* memory behind this batch */
    _Atomic uint32_t references;
};

/* One reference, the caller's. NULL: no memory. */
struct cairn_batch *cairn_batch_create(uint32_t capacity);
struct cairn_batch *cairn_batch_acquire(struct cairn_batch *batch);
void cairn_batch_release(struct cairn_batch *batch); /* NULL is fine */

/* Append a copy of `event` with its bytes. Names equal to the previous event's are shared. */
int cairn_batch_add(struct cairn_batch *batch, const struct cairn_event *event);
/* Append the events of `source`, of the same shard, without copying their bytes: `batch` keeps the
 * caller's reference of `source` in exchange. */
int cairn_batch_join(struct cairn_batch *batch, struct cairn_batch *source);
/* The removed sequences of a forget; copied. */
int cairn_batch_set_removed(struct cairn_batch *batch, const uint64_t *seqs, uint32_t count);
