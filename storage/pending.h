/* storage/pending.h: events that wait for the disk, one future block each.
 *
 * A pending block keeps its events until they are durable, in a form that knows no segment: when a
 * write fails, the same block is encoded again for the next segment.
 *
 * Ownership   The pool owns all of them. add copies names and payload.
 * Context     One owner.
 * Errors      -ENOBUFS: full. -ENOMEM.
 * Cost        add: three look-ups of a name and a copy of the payload.
 */
#pragma once

#include "storage/block.h"
#include "storage/event.h"
#include "storage/names.h"

/* With names of at most 4 KiB, so many events fit the largest block whatever their names are. */
#define CAIRN_PENDING_EVENTS_MAX 4096u
/* The largest event: payload and names. */
#define CAIRN_PENDING_EVENT_BYTES_MAX (CAIRN_BLOCK_RAW_BYTES_MAX - 65536u)

enum cairn_pending_state {
    CAIRN_PENDING_WAITING,
    CAIRN_PENDING_SENT,    /* a write is in flight */
    CAIRN_PENDING_WRITTEN, /* survives a kill */
    CAIRN_PENDING_DURABLE, /* survives a power cut */
};

struct cairn_pending_event;

struct cairn_pending {
    struct cairn_pending *next;
    struct cairn_names *names;          /* one reference; NULL while empty */
    struct cairn_pending_event *events; /* owned */
    uint8_t *payload;                   /* owned */
    size_t payload_bytes;
    size_t payload_capacity;
    size_t name_bytes; /* of names first seen here: they will be stored too */
    uint64_t first_seq;
    uint64_t appended_ns; /* of its first event */
    int64_t ts_min_ms;
    int64_t ts_max_ms;
    uint32_t event_count;
    uint32_t event_capacity;
    enum cairn_pending_state state;
    bool seal;                        /* no events: it only vouches */
    bool dsync;                       /* its write is durable by itself */
    bool synced;                      /* a flush in flight covers it */
    struct cairn_block_header header; /* since it was sent */
};

struct cairn_pending_pool {
    struct cairn_pending *free; /* owned */
    uint32_t used;
    uint32_t limit;
    uint32_t block_bytes; /* payload of a block but for large events */
};

void cairn_pending_pool_deinit(struct cairn_pending_pool *pool);
/* An empty one with room for `payload_bytes`. NULL: the limit, or no memory. */
struct cairn_pending *cairn_pending_acquire(struct cairn_pending_pool *pool, size_t payload_bytes);
void cairn_pending_release(struct cairn_pending_pool *pool, struct cairn_pending *pending);

/* Take a copy of `event`. `names` are those of the events before, if there are any. */
int cairn_pending_add(struct cairn_pending *pending, struct cairn_names *names,
                      const struct cairn_event *event);

static inline uint64_t cairn_pending_last_seq(const struct cairn_pending *pending)
{
    return pending->first_seq + pending->event_count - 1;
}

/* Where in the string table of its segment a block is encoded. */
struct cairn_pending_table {
    uint32_t epoch;        /* new for each table; from 1 */
    uint32_t string_count; /* entries so far */
    uint64_t string_bytes;
};

/* Encode the records to `raw` (replaced) and set counts, times and raw_bytes of `header`. New names
 * are added to `table`. On -ENOMEM the table has a new epoch and is otherwise as before. */
int cairn_pending_encode(const struct cairn_pending *pending, struct cairn_pending_table *table,
                         struct cairn_buffer *raw, struct cairn_block_header *header);
