/* storage/segment.h: one file of the ledger: its header and its name.
 *
 *     NNNNNNNNNNNNNNNNNNNN.seg        20 digits: the first sequence number in it
 *     +----------------+---------+---------+--------- - - - ---+----------- - - - --+
 *     | header, 4096   | block 0 | block 1 | ...               | zeros              |
 *     +----------------+---------+---------+--------- - - - ---+----------- - - - --+
 *
 *       0 magic "CAIRNSEG"        8 format u16         10 min_reader u16   12 flags u32
 *      16 ledger_id u8[16]       32 segment_id u64     40 epoch u64        48 first_seq u64
 *      56 created_ns i64         64 block_align u32    68 blocks_in_flight u32
 *      72 prev_segment_id u64    80 prev_last_hash u8[32]
 *     112 prev_blocks u32       116 blocks_unflushed_max u32              120 hw_flags u32
 *     124 zeros                4092 crc32c u32
 *
 * A header is valid if and only if (1) the magic is right, (2) the checksum matches the 4092 bytes
 * before it, and (3) first_seq, block_align and the two block counts are possible.
 *
 * `prev_blocks` says how many blocks of the previous segment belong to the ledger. What comes after
 * them was given up by the writer when a write failed, and was written again here.
 *
 * Context   cairn_segment_list reads a directory; the others are pure.
 * Errors    -EBADMSG: not valid. -EPROTONOSUPPORT: written by a later version.
 * Source    docs/ledger-format.md.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/io/io.h"
#include "storage/block.h"

#define CAIRN_SEGMENT_HEADER_BYTES 4096u
#define CAIRN_SEGMENT_FORMAT       1u
#define CAIRN_SEGMENT_NAME_BYTES   25u /* 20 digits, ".seg" and a zero */
#define CAIRN_SEGMENT_PATH_BYTES   4096u

#define CAIRN_BLOCKS_IN_FLIGHT_MAX 8u

/* `hw_flags`: how durability was reached. */
#define CAIRN_SEGMENT_DSYNC (1u << 0)

struct cairn_segment_header {
    uint8_t ledger_id[16]; /* the same in all segments of a ledger */
    uint64_t segment_id;   /* random; seeds every checksum of a block */
    uint64_t epoch;        /* 0 in version 1 */
    uint64_t first_seq;
    int64_t created_ns;                             /* Unix nanoseconds */
    uint64_t prev_segment_id;                       /* 0: this is the first */
    uint8_t prev_last_hash[CAIRN_BLOCK_HASH_BYTES]; /* SHA-256 of the last block's header there;
                                                       of the segment's header if it has no block */
    uint32_t prev_blocks;
    uint32_t blocks_in_flight;     /* writes at once */
    uint32_t blocks_unflushed_max; /* blocks that may be written and not yet durable */
    uint32_t hw_flags;
};

void cairn_segment_encode(uint8_t bytes[CAIRN_SEGMENT_HEADER_BYTES],
                          const struct cairn_segment_header *header);
int cairn_segment_decode(const uint8_t *bytes, size_t count, struct cairn_segment_header *header);

void cairn_segment_name(char name[CAIRN_SEGMENT_NAME_BYTES], uint64_t first_seq);
/* False if `name` is not a segment's. */
bool cairn_segment_name_parse(const char *name, uint64_t *first_seq);
/* "directory/name". -ENAMETOOLONG. */
int cairn_segment_path(char path[CAIRN_SEGMENT_PATH_BYTES], const char *directory,
                       const char *name);

struct cairn_segment_list {
    uint64_t *first_seqs; /* owned; ascending */
    size_t count;
    size_t capacity;
};

/* The segments in `directory`, into a zeroed list. -ENOENT: no such directory. -ENOMEM. */
int cairn_segment_list(struct cairn_io *io, const char *directory, struct cairn_segment_list *list);
void cairn_segment_list_deinit(struct cairn_segment_list *list);
