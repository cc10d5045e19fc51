/* storage/recovery.h: what a ledger is, after whatever happened to it.
 *
 * Walks the newest segment block by block. At the first break, at sequence n and offset o:
 *
 *     a header of the segment vouches for n, or more      -> CORRUPT: acknowledged data is damaged.
 *     blocks are broken than can have been unflushed         -EBADMSG, nothing is changed.
 *     otherwise                                           -> TORN: a crash cut the tail. The bytes
 *                                                            from o on are copied to torn/, then
 *                                                            zeroed on the disk, so that half a
 * block can never become a whole one later.
 *
 * A segment is begun only when all blocks of the one before are durable, so a break in an older
 * segment is always damage: reading it and cairn_verify tell. Here, older segments are checked for
 * their headers and the links between them.
 *
 * Context   The thread of `io`, before anything is written; the caller holds the lock.
 * Errors    -EBADMSG with report->detail. -EPROTONOSUPPORT: written by a later version.
 * Source    docs/ledger-format.md.
 */
#pragma once

#include "storage/ledger.h"
#include "storage/pending.h"
#include "storage/segment.h"

/* Where the writer goes on. */
struct cairn_recovery_tail {
    bool empty; /* there is no segment */
    struct cairn_segment_header header;
    uint64_t file_bytes;
    uint64_t offset;
    uint64_t next_seq;
    uint64_t durable_seq; /* what headers vouch for */
    uint32_t blocks;      /* in the newest segment */
    uint8_t last_hash[CAIRN_BLOCK_HASH_BYTES];
    struct cairn_pending_table table;
};

int cairn_recover(struct cairn_io *io, const char *directory, struct cairn_recovery_tail *tail,
                  struct cairn_ledger_recovery *report);
