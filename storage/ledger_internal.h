/* storage/ledger_internal.h: the writer's state, shared by ledger.c (what callers see: append,
 * flush, time) and ledger_write.c (what the disk sees: blocks, flushes, segments).
 *
 * Blocks stand in one queue, oldest first, from the first append until they are durable:
 *
 *     oldest ......... unsent ......... open
 *     | sent, written,  | waiting for     | takes events
 *     | durable         | a write slot    |
 *
 * `written` and `durable` advance over the front of the queue only, so acknowledgement is in order
 * however the disk answers.
 */
#pragma once

#include "storage/ledger.h"
#include "storage/pending.h"
#include "storage/spare.h"

#define CAIRN_LEDGER_NAMES_BYTES (16u << 20) /* of names at hand; then new ones are begun */

struct cairn_flight {
    struct cairn_ledger *ledger;
    struct cairn_pending *pending; /* NULL: the slot is free */
    struct cairn_io_op op;
    uint8_t *frame; /* owned; aligned to 4096 */
    uint64_t frame_capacity;
    uint64_t frame_bytes;
    uint64_t frame_done; /* a short write goes on behind it */
    uint64_t offset;
    uint32_t attempts;
};

struct cairn_ledger {
    struct cairn_io *io; /* borrowed */
    struct cairn_ledger_options options;
    char *directory; /* owned; options.directory points here */
    int lock_fd;
    bool direct; /* O_DIRECT, and with it RWF_DSYNC */

    /* The segment being written. */
    int fd;
    struct cairn_segment_header segment;
    uint64_t segment_bytes;
    uint64_t tail;
    uint32_t number; /* of the next block */
    uint8_t last_hash[CAIRN_BLOCK_HASH_BYTES];
    uint8_t durable_hash[CAIRN_BLOCK_HASH_BYTES]; /* of its last durable block */
    uint32_t durable_blocks;
    struct cairn_pending_table table;

    /* The queue. */
    struct cairn_pending_pool pool;
    struct cairn_names *names; /* one reference */
    struct cairn_pending *oldest;
    struct cairn_pending *last;
    struct cairn_pending *unsent;
    struct cairn_pending *unwritten; /* first that is not written */
    struct cairn_pending *open;      /* == last, or NULL */
    uint64_t next_seq;
    uint64_t written_seq;
    uint64_t durable_seq;
    uint64_t vouched_seq;      /* highest that a header on its way vouches for */
    uint64_t written_want_seq; /* asked for by flush */
    uint64_t durable_want_seq;

    /* What is in flight. */
    struct cairn_flight flights[CAIRN_BLOCKS_IN_FLIGHT_MAX];
    uint32_t flight_count;
    struct cairn_io_op sync_op;
    bool syncing;
    struct cairn_buffer raw; /* scratch: a block before compression */

    /* Changing segments. */
    struct cairn_spare spare;
    uint64_t roll_bytes; /* > 0: no block is sent before the next segment, with so much room */
    bool failed;       /* a write or flush failed; the segment is left once nothing is in flight */
    uint32_t failures; /* in a row */
    uint64_t spare_failed_ns;

    /* Idle seals. */
    uint64_t active_ns; /* last append or completion */
    uint64_t seal_delay_ms;
    uint64_t blocks_since_seal;

    struct cairn_ledger_progress reported;
    int error; /* not 0: refuses writes */
    struct cairn_ledger_stats stats;
};

/* Send what may be sent, flush what must be flushed, change segments: until nothing more can be
 * done before the disk answers. Never calls back. */
void cairn_ledger_pump(struct cairn_ledger *ledger);
/* Put an empty block into the queue that vouches for all before it. -ENOBUFS. */
int cairn_ledger_push_seal(struct cairn_ledger *ledger);
/* Tell the caller what changed, if anything did. The last thing a completion does. */
void cairn_ledger_report(struct cairn_ledger *ledger);
/* Everything that is not durable waits again, for the next segment. Nothing is in flight. */
void cairn_ledger_leave_failed_segment(struct cairn_ledger *ledger);
/* Go to the next segment if it is ready and all that was sent is durable; else work towards that. */
void cairn_ledger_change_segment(struct cairn_ledger *ledger);
/* Begin the next segment in time. */
void cairn_ledger_prepare_spare(struct cairn_ledger *ledger);
/* No room for another segment: appends are refused until there is. */
bool cairn_ledger_has_no_room(const struct cairn_ledger *ledger);
/* The first segment of an empty ledger, done on return. */
int cairn_ledger_begin(struct cairn_ledger *ledger);
bool cairn_ledger_is_busy(const struct cairn_ledger *ledger); /* something is in flight */
uint64_t cairn_ledger_align(uint64_t bytes);
