/* storage/walker.h: from block to block through one segment, checking that each belongs there.
 *
 * A walker stands before a block. `look` reads the header there, `load` the whole block, `step`
 * passes over it. What belongs there follows from all that came before: the next number, the next
 * sequence and the hash of the header before. The first block that does not is a break:
 *
 *     header | block 0 | block 1 | ... | break at sequence n | the rest
 *
 * What to think of a break follows from the rest (docs/ledger-format.md, recovery rule): if any
 * header of the segment vouches for sequence n, or if more blocks are broken than can have been
 * unflushed at once, data that was acknowledged is damaged. Otherwise a crash tore the tail.
 *
 * Ownership   Borrows `io` and `fd`. Frames go to a buffer of the caller's.
 * Context     The thread of `io`. Reads only.
 * Errors      -ENODATA: nothing was ever written here, or the file ends. -EBADMSG: something else,
 *             and `what` says what. Errors of the disk as they are.
 * Cost        look: one read of 96 bytes. load: one read. The rest: one pass to the end of the
 * file.
 */
#pragma once

#include "runtime/base/bytes.h"
#include "runtime/io/io.h"
#include "storage/segment.h"

struct cairn_walker {
    struct cairn_io *io; /* borrowed */
    int fd;              /* borrowed; not O_DIRECT */
    struct cairn_segment_header header;
    uint64_t file_bytes;
    uint64_t offset;                           /* where it stands */
    uint64_t next_seq;                         /* of the next event */
    uint64_t durable_seq;                      /* highest that a header vouched for */
    uint32_t number;                           /* of the next block: how many are behind */
    uint8_t last_hash[CAIRN_BLOCK_HASH_BYTES]; /* of the header behind */
    const char *what;                          /* after -EBADMSG; static */
};

/* What lies beyond a break. */
struct cairn_walker_rest {
    uint64_t durable_seq; /* highest of valid headers, 0 if there is none */
    uint64_t blocks;      /* valid headers */
    uint32_t number_last; /* highest number among them */
    uint64_t end_offset;  /* behind the last byte that is not zero, rounded up to 4096 */
};

/* Read the segment's header and stand before its first block. */
int cairn_walker_init(struct cairn_walker *walker, struct cairn_io *io, int fd);

int cairn_walker_look(struct cairn_walker *walker, struct cairn_block_header *header);
/* The same for a block that was passed before: the link to its predecessor is not checked. */
int cairn_walker_look_again(struct cairn_walker *walker, struct cairn_block_header *header);
/* The block `header` that look found here, with its body checked, into `frame` (replaced). */
int cairn_walker_load(struct cairn_walker *walker, const struct cairn_block_header *header,
                      struct cairn_buffer *frame);
/* Pass over the block that look found here. */
void cairn_walker_step(struct cairn_walker *walker, const struct cairn_block_header *header);

/* Examine everything from here to the end of the file. */
int cairn_walker_scan(struct cairn_walker *walker, struct cairn_walker_rest *rest);
/* Whether a break here, in the newest segment, is a torn tail (and not damage). */
bool cairn_walker_is_torn(const struct cairn_walker *walker, const struct cairn_walker_rest *rest);

/* Stand before the next valid header behind this place, whatever lies between. -ENODATA: none. */
int cairn_walker_resync(struct cairn_walker *walker);
