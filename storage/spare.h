/* storage/spare.h: the next segment, made ready while the current one fills.
 *
 * A file of written zeros takes a durable write in one flush; a growing or unwritten one needs a
 * journal commit as well (1.6 times slower, and far worse when the disk is busy). So the next
 * segment is filled with zeros ahead of time, chunk by chunk between the writer's own blocks:
 *
 *     idle --start--> spare.tmp: zeros ... --> flush --> renamed to spare: ready --take--> a
 * segment
 *
 * Ownership   Owns the file until it is taken.
 * Context     The thread of `io`; `changed` runs inside cairn_io_poll, when the spare became ready
 *             or failed.
 * Errors      A failed spare keeps its error; start begins again.
 * Cost        256 KiB a step, one step in flight.
 */
#pragma once

#include "runtime/io/io.h"
#include "storage/segment.h"

enum cairn_spare_state {
    CAIRN_SPARE_IDLE,
    CAIRN_SPARE_FILLING,
    CAIRN_SPARE_FLUSHING,
    CAIRN_SPARE_READY,
    CAIRN_SPARE_FAILED,
};

struct cairn_spare {
    struct cairn_io *io;   /* borrowed */
    const char *directory; /* borrowed */
    void (*changed)(void *context);
    void *context;
    void *zeros; /* owned */
    struct cairn_io_op op;
    uint64_t bytes_target;
    uint64_t bytes_done;
    enum cairn_spare_state state;
    int fd;
    int error;
    bool busy; /* `op` is in flight */
    bool direct;
    bool urgent; /* somebody waits: take all steps at once */
};

/* A spare left ready by an earlier run is taken over if it has at least `segment_bytes`. */
int cairn_spare_init(struct cairn_spare *spare, struct cairn_io *io, const char *directory,
                     uint64_t segment_bytes, bool direct);
/* Nothing may be in flight. A finished spare stays on the disk for the next run. */
void cairn_spare_deinit(struct cairn_spare *spare);

/* Begin, or make what is there larger: at least `bytes`. */
void cairn_spare_start(struct cairn_spare *spare, uint64_t bytes);
/* Queue the next step, if there is one and none is in flight. */
void cairn_spare_step(struct cairn_spare *spare);
/* All steps on return: for the first segment of a ledger. */
int cairn_spare_finish_now(struct cairn_spare *spare);

static inline bool cairn_spare_is_ready(const struct cairn_spare *spare, uint64_t bytes)
{
    return spare->state == CAIRN_SPARE_READY && spare->bytes_done >= bytes;
}

/* Turn the ready spare into a segment: write its header, give it its name, all durably. Returns the
 * descriptor (with room for *file_bytes), and the SHA-256 of the header in `hash`. */
int cairn_spare_take(struct cairn_spare *spare, const struct cairn_segment_header *header,
                     uint64_t *file_bytes, uint8_t hash[CAIRN_BLOCK_HASH_BYTES]);
