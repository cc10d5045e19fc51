/* storage/ledger.h: the durable, ordered record of everything that happened.
 *
 * One appender, many readers. Events get consecutive sequence numbers from 1. They are packed into
 * blocks (storage/block.h), blocks are written to segments (storage/segment.h), K blocks in flight,
 * and progress is reported strictly in order: first `written` (survives a kill of this process),
 * then `durable` (survives a power cut).
 *
 * Ownership   append copies what it needs before it returns.
 * Context     The appender belongs to the thread of its `io`; the progress callback runs inside
 *             cairn_io_poll on that thread (never inside append or flush; a refusal that one of
 *             those met is told by the next tick).
 * Errors      After a failed write or flush the segment is left and its unacknowledged blocks go to
 *             the next one; twice in a row, and the ledger refuses writes (-EROFS) for good.
 * Cost        append: encoding and, at a seal, compression. One write per block.
 * Source      docs/ledger-format.md.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "runtime/io/io.h"
#include "storage/event.h"

struct cairn_ledger;

struct cairn_ledger_progress {
    uint64_t written_seq; /* all events up to here survive a kill */
    uint64_t durable_seq; /* all events up to here survive a power cut */
    int error;            /* 0, or why the ledger refuses writes from now on */
};

struct cairn_ledger_options {
    const char *directory;       /* DIR/ledger/0; created when missing */
    uint64_t segment_bytes;      /* 64 MiB; a multiple of 4096, at least 64 KiB */
    uint32_t blocks_in_flight;   /* 1..8, default 2 */
    uint32_t block_bytes;        /* raw target of a block, 64 KiB */
    uint32_t compress_threshold; /* raw bytes from which a block is compressed; UINT32_MAX: never */
    uint32_t flush_interval_ms;  /* buffered events are durable at most this much later */
    uint32_t seal_idle_ms;       /* an empty seal block after this much quiet, backing off to 1 s */
    bool direct;                 /* O_DIRECT where the file system takes it */
    void (*progress)(void *context, const struct cairn_ledger_progress *progress);
    void *context;
};

/* What opening found. */
struct cairn_ledger_recovery {
    uint64_t last_seq;
    uint64_t segments, blocks, events;
    uint64_t torn_bytes; /* moved to torn/ and zeroed */
    bool buffered_io;    /* O_DIRECT was refused */
    char detail[256];    /* -EBADMSG: which segment, offset and sequence */
};

/* Open for appending; recover first. -EWOULDBLOCK: another process has it. -EBADMSG: corruption
 * of acknowledged data (see recovery->detail); nothing was changed. */
int cairn_ledger_open(struct cairn_io *io, const struct cairn_ledger_options *options,
                      struct cairn_ledger_recovery *recovery, struct cairn_ledger **ledger);
/* Writes and flushes what is appended (waiting), then closes. */
int cairn_ledger_close(struct cairn_ledger *ledger);

uint64_t cairn_ledger_next_seq(const struct cairn_ledger *ledger);

/* Append events whose seq are next_seq, next_seq + 1, ... -EROFS: it refuses writes. -ENOBUFS: too
 * much is waiting for the disk (nothing of this call was taken): wait for progress. -EFBIG: an
 * event of more than about 64 MiB, or a call that brings more than may ever wait (about 64 MiB).
 * -EINVAL: a control kind, a name over 4096 bytes or a payload that is no list of fields. -ENOSPC:
 * until there is room again. Nothing is taken then either. */
int cairn_ledger_append(struct cairn_ledger *ledger, const struct cairn_event *events,
                        uint32_t count);
/* Ask that all appended so far be written soon (`durable`: and flushed). Without it, blocks leave
 * when full or after the flush interval. */
void cairn_ledger_flush(struct cairn_ledger *ledger, bool durable);
/* Let time pass: interval flush, idle seal, preparing the next segment. Returns the delay in ms
 * until it wants to be called again (UINT64_MAX: only after the next append). */
uint64_t cairn_ledger_tick(struct cairn_ledger *ledger);

struct cairn_ledger_stats {
    uint64_t raw_bytes, stored_bytes, blocks, seals, flushes, segments;
    uint64_t bytes_on_disk;
};
void cairn_ledger_stats(const struct cairn_ledger *ledger, struct cairn_ledger_stats *stats);
