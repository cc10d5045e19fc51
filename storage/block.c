#include "storage/block.h"

#include <string.h>

#include <openssl/sha.h>

#include "runtime/base/assert.h"
#include "runtime/base/bytes.h"
#include "runtime/base/error.h"
#include "storage/codec.h"
#include "storage/crc32c.h"
#include "storage/record.h"

#define MAGIC 0x4b4c4243u /* "CBLK" */

/* LZ4 cannot expand by more than this; a header that claims more is a lie told before any work. */
#define EXPANSION_MAX 255u

enum offset {
    OFFSET_MAGIC = 0,
    OFFSET_HEADER_BYTES = 4,
    OFFSET_CODEC = 5,
    OFFSET_FLAGS = 6,
    OFFSET_SEGMENT_ID = 8,
    OFFSET_NUMBER = 16,
    OFFSET_RECORD_COUNT = 20,
    OFFSET_FIRST_SEQ = 24,
    OFFSET_DURABLE_SEQ = 32,
    OFFSET_EPOCH = 40,
    OFFSET_PRODUCER_ID = 48,
    OFFSET_RAW_BYTES = 56,
    OFFSET_STORED_BYTES = 60,
    OFFSET_TS_MIN = 64,
    OFFSET_PREV_HASH = 72,
    OFFSET_EVENT_COUNT = 80,
    OFFSET_TS_SPAN = 84,
    OFFSET_CRC_BODY = 88,
    OFFSET_CRC_HEAD = 92,
    OFFSET_END = 96,
};
static_assert(OFFSET_END == CAIRN_BLOCK_HEADER_BYTES, "the header is 96 bytes");
static_assert(OFFSET_CRC_HEAD + sizeof(uint32_t) == OFFSET_END, "the checksum ends the header");

static uint32_t seeded_crc(uint64_t segment_id, const uint8_t *data, size_t bytes)
{
    return cairn_crc32c(cairn_crc32c(0, &segment_id, sizeof(segment_id)), data, bytes);
}

static uint32_t body_crc(const uint8_t *frame, const struct cairn_block_header *header)
{
    size_t bytes = (size_t)cairn_block_frame_bytes(header->stored_bytes);
    return seeded_crc(header->segment_id, frame + CAIRN_BLOCK_HEADER_BYTES,
                      bytes - CAIRN_BLOCK_HEADER_BYTES);
}

static bool counts_are_possible(const struct cairn_block_header *header)
{
    uint64_t records_bytes_min = (uint64_t)header->record_count * CAIRN_RECORD_BYTES_MIN;
    return header->event_count <= header->record_count && records_bytes_min <= header->raw_bytes &&
           header->first_seq > 0 && header->first_seq <= UINT64_MAX - header->event_count;
}

static bool lengths_are_possible(const struct cairn_block_header *header)
{
    return header->raw_bytes <= CAIRN_BLOCK_RAW_BYTES_MAX &&
           header->stored_bytes <= header->raw_bytes &&
           header->raw_bytes <= (uint64_t)header->stored_bytes * EXPANSION_MAX &&
           (header->codec != CAIRN_CODEC_STORED || header->stored_bytes == header->raw_bytes);
}

static void encode(uint8_t *frame, const struct cairn_block_header *header)
{
    cairn_store_u32(frame + OFFSET_MAGIC, MAGIC);
    frame[OFFSET_HEADER_BYTES] = CAIRN_BLOCK_HEADER_BYTES;
    frame[OFFSET_CODEC] = header->codec;
    cairn_store_u16(frame + OFFSET_FLAGS, header->flags);
    cairn_store_u64(frame + OFFSET_SEGMENT_ID, header->segment_id);
    cairn_store_u32(frame + OFFSET_NUMBER, header->number);
    cairn_store_u32(frame + OFFSET_RECORD_COUNT, header->record_count);
    cairn_store_u64(frame + OFFSET_FIRST_SEQ, header->first_seq);
    cairn_store_u64(frame + OFFSET_DURABLE_SEQ, header->durable_seq);
    cairn_store_u64(frame + OFFSET_EPOCH, header->epoch);
    cairn_store_u64(frame + OFFSET_PRODUCER_ID, header->producer_id);
    cairn_store_u32(frame + OFFSET_RAW_BYTES, header->raw_bytes);
    cairn_store_u32(frame + OFFSET_STORED_BYTES, header->stored_bytes);
    cairn_store_u64(frame + OFFSET_TS_MIN, (uint64_t)header->ts_min_ms);
    cairn_store_u64(frame + OFFSET_PREV_HASH, header->prev_hash);
    cairn_store_u32(frame + OFFSET_EVENT_COUNT, header->event_count);
    cairn_store_u32(frame + OFFSET_TS_SPAN, header->ts_span_ms);
    cairn_store_u32(frame + OFFSET_CRC_BODY, header->crc_body);
    cairn_store_u32(frame + OFFSET_CRC_HEAD,
                    seeded_crc(header->segment_id, frame, OFFSET_CRC_HEAD));
}

static struct cairn_block_header decode(const uint8_t *frame)
{
    return (struct cairn_block_header){
        .segment_id = cairn_load_u64(frame + OFFSET_SEGMENT_ID),
        .first_seq = cairn_load_u64(frame + OFFSET_FIRST_SEQ),
        .durable_seq = cairn_load_u64(frame + OFFSET_DURABLE_SEQ),
        .epoch = cairn_load_u64(frame + OFFSET_EPOCH),
        .producer_id = cairn_load_u64(frame + OFFSET_PRODUCER_ID),
        .prev_hash = cairn_load_u64(frame + OFFSET_PREV_HASH),
        .ts_min_ms = (int64_t)cairn_load_u64(frame + OFFSET_TS_MIN),
        .ts_span_ms = cairn_load_u32(frame + OFFSET_TS_SPAN),
        .number = cairn_load_u32(frame + OFFSET_NUMBER),
        .record_count = cairn_load_u32(frame + OFFSET_RECORD_COUNT),
        .event_count = cairn_load_u32(frame + OFFSET_EVENT_COUNT),
        .raw_bytes = cairn_load_u32(frame + OFFSET_RAW_BYTES),
        .stored_bytes = cairn_load_u32(frame + OFFSET_STORED_BYTES),
        .crc_body = cairn_load_u32(frame + OFFSET_CRC_BODY),
        .flags = cairn_load_u16(frame + OFFSET_FLAGS),
        .codec = frame[OFFSET_CODEC],
    };
}

void cairn_block_seal(uint8_t *frame, struct cairn_block_header *header)
{
    cairn_assert(lengths_are_possible(header));
    cairn_assert(counts_are_possible(header));

    size_t used = (size_t)CAIRN_BLOCK_HEADER_BYTES + header->stored_bytes;
    memset(frame + used, 0, (size_t)cairn_block_frame_bytes(header->stored_bytes) - used);
    header->crc_body = body_crc(frame, header);
    encode(frame, header);
    cairn_block_hash(frame, CAIRN_BLOCK_HEADER_BYTES, header->hash);
}

static bool is_zero(const uint8_t *bytes, size_t count)
{
    uint8_t any = 0;
    for (size_t i = 0; i < count; i++)
        any |= bytes[i];
    return any == 0;
}

int cairn_block_decode_header(const uint8_t *frame, size_t bytes, uint64_t segment_id,
                              struct cairn_block_header *header)
{
    if (bytes < CAIRN_BLOCK_HEADER_BYTES)
        return -EBADMSG;
    if (cairn_load_u32(frame + OFFSET_MAGIC) != MAGIC)
        return is_zero(frame, CAIRN_BLOCK_HEADER_BYTES) ? -ENODATA : -EBADMSG;
    if (frame[OFFSET_HEADER_BYTES] != CAIRN_BLOCK_HEADER_BYTES)
        return -EBADMSG;
    if (cairn_load_u32(frame + OFFSET_CRC_HEAD) != seeded_crc(segment_id, frame, OFFSET_CRC_HEAD))
        return -EBADMSG;

    struct cairn_block_header decoded = decode(frame);
    if (decoded.segment_id != segment_id || !lengths_are_possible(&decoded) ||
        !counts_are_possible(&decoded))
        return -EBADMSG;
    if (decoded.codec > CAIRN_CODEC_LZ4)
        return -EPROTONOSUPPORT;
    *header = decoded;
    return 0;
}

int cairn_block_check_body(const uint8_t *frame, const struct cairn_block_header *header)
{
    return body_crc(frame, header) == header->crc_body ? 0 : -EBADMSG;
}

int cairn_block_decode_body(const uint8_t *frame, const struct cairn_block_header *header,
                            uint8_t *raw)
{
    return cairn_codec_decode(header->codec, frame + CAIRN_BLOCK_HEADER_BYTES, header->stored_bytes,
                              raw, header->raw_bytes);
}

void cairn_block_hash(const void *data, size_t bytes, uint8_t hash[CAIRN_BLOCK_HASH_BYTES])
{
    static_assert(SHA256_DIGEST_LENGTH == CAIRN_BLOCK_HASH_BYTES, "SHA-256");
    SHA256(data, bytes, hash);
}

uint64_t cairn_block_hash_short(const uint8_t hash[CAIRN_BLOCK_HASH_BYTES])
{
    return cairn_load_u64(hash);
}
