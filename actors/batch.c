#include "actors/batch.h"

#include <errno.h>
#include <stdlib.h>

#include "runtime/base/assert.h"

#define CHUNK_BYTES 16384u

struct cairn_batch_chunk {
    struct cairn_batch_chunk *next;
    size_t used;
    size_t capacity;
    char bytes[];
};

struct cairn_batch *cairn_batch_create(uint32_t capacity)
{
    struct cairn_batch *batch = calloc(1, sizeof(*batch));
    if (batch == NULL)
        return NULL;
    batch->capacity = capacity == 0 ? 1 : capacity;
    batch->events = calloc(batch->capacity, sizeof(*batch->events));
    if (batch->events == NULL) {
        free(batch);
        return NULL;
    }
    batch->bytes = sizeof(*batch) + batch->capacity * sizeof(*batch->events);
    atomic_init(&batch->references, 1);
    return batch;
}

struct cairn_batch *cairn_batch_acquire(struct cairn_batch *batch)
{
    /* Relaxed: the caller already holds a reference, nothing is published by taking another. */
    atomic_fetch_add_explicit(&batch->references, 1, memory_order_relaxed);
    return batch;
}

void cairn_batch_release(struct cairn_batch *batch)
{
    /* acq_rel: every holder's last read happens before the free. */
    if (batch == NULL ||
        atomic_fetch_sub_explicit(&batch->references, 1, memory_order_acq_rel) != 1)
        return;
    while (batch->chunks != NULL) {
        struct cairn_batch_chunk *chunk = batch->chunks;
        batch->chunks = chunk->next;
        free(chunk);
    }
    for (uint32_t i = 0; i < batch->source_count; i++)
        cairn_batch_release(batch->sources[i]);
    free(batch->sources);
    free(batch->removed);
    free(batch->events);
    free(batch);
}

static char *take_bytes(struct cairn_batch *batch, size_t bytes)
{
    struct cairn_batch_chunk *chunk = batch->chunks;
    if (chunk == NULL || chunk->capacity - chunk->used < bytes) {
        /* The first chunk fits one small message: most requests carry just that. */
        size_t capacity = chunk == NULL && batch->capacity == 1 ? 0 : CHUNK_BYTES;
        if (capacity < bytes)
            capacity = bytes;
        chunk = malloc(sizeof(*chunk) + capacity);
        if (chunk == NULL)
            return NULL;
        *chunk = (struct cairn_batch_chunk){.next = batch->chunks, .capacity = capacity};
        batch->chunks = chunk;
        batch->bytes += sizeof(*chunk) + capacity;
    }
    char *taken = chunk->bytes + chunk->used;
    chunk->used += bytes;
    return taken;
}

static bool ensure_events(struct cairn_batch *batch, uint32_t count)
{
    if (batch->capacity - batch->count >= count)
        return true;
    uint32_t capacity = batch->capacity * 2;
    if (capacity < batch->count + count)
        capacity = batch->count + count;
    struct cairn_event *events = realloc(batch->events, capacity * sizeof(*events));
    if (events == NULL)
        return false;
    batch->bytes += (capacity - batch->capacity) * sizeof(*events);
    batch->events = events;
    batch->capacity = capacity;
    return true;
}

/* Copy `source` to *target, unless the previous event has the same bytes to share. */
static void place(struct cairn_slice source, struct cairn_slice shared, char **target,
                  struct cairn_slice *placed)
{
    if (cairn_slice_equal(source, shared)) {
        *placed = shared;
        return;
    }
    if (source.bytes > 0)
        memcpy(*target, source.data, source.bytes);
    *placed = cairn_slice(*target, source.bytes);
    *target += source.bytes;
}

int cairn_batch_add(struct cairn_batch *batch, const struct cairn_event *event)
{
    static const struct cairn_event nothing;
    if (!ensure_events(batch, 1))
        return -ENOMEM;
    const struct cairn_event *previous =
        batch->count == 0 ? &nothing : &batch->events[batch->count - 1];

    size_t bytes = event->payload.bytes;
    bytes += cairn_slice_equal(event->space, previous->space) ? 0 : event->space.bytes;
    bytes += cairn_slice_equal(event->channel, previous->channel) ? 0 : event->channel.bytes;
    bytes += cairn_slice_equal(event->author, previous->author) ? 0 : event->author.bytes;
    char *target = take_bytes(batch, bytes == 0 ? 1 : bytes);
    if (target == NULL)
        return -ENOMEM;

    struct cairn_event copy = *event;
    place(event->space, previous->space, &target, &copy.space);
    place(event->channel, previous->channel, &target, &copy.channel);
    place(event->author, previous->author, &target, &copy.author);
    if (event->payload.bytes > 0)
        memcpy(target, event->payload.data, event->payload.bytes);
    copy.payload = cairn_slice(target, event->payload.bytes);
    batch->events[batch->count++] = copy;
    return 0;
}

static bool ensure_source(struct cairn_batch *batch)
{
    if (batch->source_count < batch->source_capacity)
        return true;
    uint32_t capacity = batch->source_capacity == 0 ? 16 : batch->source_capacity * 2;
    struct cairn_batch **sources = realloc(batch->sources, capacity * sizeof(*sources));
    if (sources == NULL)
        return false;
    batch->sources = sources;
    batch->source_capacity = capacity;
    return true;
}

/* A batch of batches is released in one level: sources are never joined ones themselves. */
int cairn_batch_join(struct cairn_batch *batch, struct cairn_batch *source)
{
    cairn_assert(source->source_count == 0 && source->removed == NULL);
    cairn_assert(source->shard == batch->shard);
    if (!ensure_source(batch) || !ensure_events(batch, source->count))
        return -ENOMEM;
    memcpy(batch->events + batch->count, source->events, source->count * sizeof(*source->events));
    batch->count += source->count;
    batch->makes_space = batch->makes_space || source->makes_space;
    batch->bytes += source->bytes;
    batch->sources[batch->source_count++] = source;
    return 0;
}

int cairn_batch_set_removed(struct cairn_batch *batch, const uint64_t *seqs, uint32_t count)
{
    cairn_assert(batch->removed == NULL);
    if (count == 0)
        return 0;
    batch->removed = malloc(count * sizeof(*seqs));
    if (batch->removed == NULL)
        return -ENOMEM;
    memcpy(batch->removed, seqs, count * sizeof(*seqs));
    batch->removed_count = count;
    batch->bytes += count * sizeof(*seqs);
    return 0;
}
