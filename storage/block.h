/* storage/block.h: the unit of group commit, compression and checksum.
 *
 *      0        4    5     6       8           16       20        24
 *      +--------+----+-----+-------+-----------+--------+---------+------------+
 *      | magic  | 96 |codec| flags | segment_id| number | records | first_seq  |
 *      +--------+----+-----+-------+-----------+--------+---------+------------+
 *     32                  40              48                56       60       64
 *      +-------------------+---------------+-----------------+--------+--------+
 *      | durable_seq       | epoch         | producer_id     | raw    | stored |
 *      +-------------------+---------------+-----------------+--------+--------+
 *     64                  72              80        84       88       92       96
 *      +-------------------+---------------+---------+--------+--------+--------+------ - - - ---+
 *      | ts_min_ms         | prev_hash     | events  |ts_span |crc_body|crc_head| body, padding  |
 *      +-------------------+---------------+---------+--------+--------+--------+------ - - - ---+
 *
 * A block starts at a multiple of 4096 and is padded with zeros to one. A header is valid if and
 * only if (1) magic, length and segment id are right, (2) crc_head matches bytes 0-91, seeded with
 * the segment id, and (3) its counts and lengths are within the bounds below. A block is valid if
 * and only if its header is and (4) crc_body, seeded likewise, matches everything after the header
 * with the padding. It belongs at its place if and only if (5) number and first_seq are the next
 * ones and (6) prev_hash is the hash of the block before (storage/walker.h).
 *
 * The segment id is drawn at random when a segment begins its life, so what an earlier life left on
 * the disk is never valid. `durable_seq` vouches: when this block was submitted, everything up to
 * there was on the disk.
 *
 * Ownership   Borrows every buffer.
 * Context     Pure functions.
 * Units       Bytes; Unix milliseconds.
 * Errors      -ENODATA: zeros, nothing was ever written here. -EBADMSG: not valid.
 *             -EPROTONOSUPPORT: a codec of a later version.
 * Cost        Header: a checksum of 92 bytes. Hash: about a microsecond.
 * Source      docs/ledger-format.md; SHA-256 is FIPS 180-4 (libcrypto).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CAIRN_BLOCK_ALIGN_BYTES   4096u
#define CAIRN_BLOCK_HEADER_BYTES  96u
#define CAIRN_BLOCK_RAW_BYTES_MAX (64u << 20)
#define CAIRN_BLOCK_HASH_BYTES    32u

/* `flags` */
#define CAIRN_BLOCK_IDLE_SEAL (1u << 1) /* no events: written only to vouch */

struct cairn_block_header {
    uint64_t segment_id;
    uint64_t first_seq; /* of its first event; with no events, of the next one */
    uint64_t durable_seq;
    uint64_t epoch;       /* 0 in version 1 */
    uint64_t producer_id; /* 0 in version 1 */
    uint64_t prev_hash;
    int64_t ts_min_ms;
    uint32_t ts_span_ms; /* ts_max - ts_min; UINT32_MAX: that or more */
    uint32_t number;     /* from 0 in each segment */
    uint32_t record_count;
    uint32_t event_count;
    uint32_t raw_bytes;
    uint32_t stored_bytes;
    uint32_t crc_body; /* set by cairn_block_seal */
    uint16_t flags;
    uint8_t codec;
    uint8_t
        hash[CAIRN_BLOCK_HASH_BYTES]; /* not stored: SHA-256 of the encoded header, where known */
};

/* Bytes on disk: header, body and padding. */
static inline uint64_t cairn_block_frame_bytes(uint32_t stored_bytes)
{
    uint64_t bytes = (uint64_t)CAIRN_BLOCK_HEADER_BYTES + stored_bytes;
    return (bytes + CAIRN_BLOCK_ALIGN_BYTES - 1) / CAIRN_BLOCK_ALIGN_BYTES *
           CAIRN_BLOCK_ALIGN_BYTES;
}

/* Finish a frame whose body of `stored_bytes` is in place after the header: pads, computes both
 * checksums, writes the header and sets header->hash. */
void cairn_block_seal(uint8_t *frame, struct cairn_block_header *header);

/* The header in the first 96 bytes of `frame`, for the segment with this id. */
int cairn_block_decode_header(const uint8_t *frame, size_t bytes, uint64_t segment_id,
                              struct cairn_block_header *header);

/* Whether the body of a whole frame matches its (valid) header. */
int cairn_block_check_body(const uint8_t *frame, const struct cairn_block_header *header);

/* Decompress the (checked) body into `raw`, which has room for header->raw_bytes. */
int cairn_block_decode_body(const uint8_t *frame, const struct cairn_block_header *header,
                            uint8_t *raw);

/* SHA-256 of an encoded header, and its first 8 bytes: what the next block's prev_hash is. */
void cairn_block_hash(const void *data, size_t bytes, uint8_t hash[CAIRN_BLOCK_HASH_BYTES]);
uint64_t cairn_block_hash_short(const uint8_t hash[CAIRN_BLOCK_HASH_BYTES]);
