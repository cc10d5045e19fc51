#include "storage/segment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/assert.h"
#include "runtime/base/bytes.h"
#include "runtime/base/error.h"
#include "storage/crc32c.h"

static const char magic[8] = {'C', 'A', 'I', 'R', 'N', 'S', 'E', 'G'};

enum offset {
    OFFSET_MAGIC = 0,
    OFFSET_FORMAT = 8,
    OFFSET_MIN_READER = 10,
    OFFSET_LEDGER_ID = 16,
    OFFSET_SEGMENT_ID = 32,
    OFFSET_EPOCH = 40,
    OFFSET_FIRST_SEQ = 48,
    OFFSET_CREATED = 56,
    OFFSET_BLOCK_ALIGN = 64,
    OFFSET_BLOCKS_IN_FLIGHT = 68,
    OFFSET_PREV_SEGMENT_ID = 72,
    OFFSET_PREV_LAST_HASH = 80,
    OFFSET_PREV_BLOCKS = 112,
    OFFSET_BLOCKS_UNFLUSHED_MAX = 116,
    OFFSET_HW_FLAGS = 120,
    OFFSET_CRC = 4092,
};
static_assert(OFFSET_CRC + sizeof(uint32_t) == CAIRN_SEGMENT_HEADER_BYTES, "the checksum is last");
static_assert(OFFSET_PREV_LAST_HASH + CAIRN_BLOCK_HASH_BYTES == OFFSET_PREV_BLOCKS, "no gap");

void cairn_segment_encode(uint8_t bytes[CAIRN_SEGMENT_HEADER_BYTES],
                          const struct cairn_segment_header *header)
{
    cairn_assert(header->first_seq > 0);
    cairn_assert(header->blocks_in_flight >= 1 &&
                 header->blocks_in_flight <= CAIRN_BLOCKS_IN_FLIGHT_MAX);

    memset(bytes, 0, CAIRN_SEGMENT_HEADER_BYTES);
    memcpy(bytes + OFFSET_MAGIC, magic, sizeof(magic));
    cairn_store_u16(bytes + OFFSET_FORMAT, CAIRN_SEGMENT_FORMAT);
    cairn_store_u16(bytes + OFFSET_MIN_READER, CAIRN_SEGMENT_FORMAT);
    memcpy(bytes + OFFSET_LEDGER_ID, header->ledger_id, sizeof(header->ledger_id));
    cairn_store_u64(bytes + OFFSET_SEGMENT_ID, header->segment_id);
    cairn_store_u64(bytes + OFFSET_EPOCH, header->epoch);
    cairn_store_u64(bytes + OFFSET_FIRST_SEQ, header->first_seq);
    cairn_store_u64(bytes + OFFSET_CREATED, (uint64_t)header->created_ns);
    cairn_store_u32(bytes + OFFSET_BLOCK_ALIGN, CAIRN_BLOCK_ALIGN_BYTES);
    cairn_store_u32(bytes + OFFSET_BLOCKS_IN_FLIGHT, header->blocks_in_flight);
    cairn_store_u64(bytes + OFFSET_PREV_SEGMENT_ID, header->prev_segment_id);
    memcpy(bytes + OFFSET_PREV_LAST_HASH, header->prev_last_hash, CAIRN_BLOCK_HASH_BYTES);
    cairn_store_u32(bytes + OFFSET_PREV_BLOCKS, header->prev_blocks);
    cairn_store_u32(bytes + OFFSET_BLOCKS_UNFLUSHED_MAX, header->blocks_unflushed_max);
    cairn_store_u32(bytes + OFFSET_HW_FLAGS, header->hw_flags);
    cairn_store_u32(bytes + OFFSET_CRC, cairn_crc32c(0, bytes, OFFSET_CRC));
}

static struct cairn_segment_header decode(const uint8_t *bytes)
{
    struct cairn_segment_header header = {
        .segment_id = cairn_load_u64(bytes + OFFSET_SEGMENT_ID),
        .epoch = cairn_load_u64(bytes + OFFSET_EPOCH),
        .first_seq = cairn_load_u64(bytes + OFFSET_FIRST_SEQ),
        .created_ns = (int64_t)cairn_load_u64(bytes + OFFSET_CREATED),
        .prev_segment_id = cairn_load_u64(bytes + OFFSET_PREV_SEGMENT_ID),
        .prev_blocks = cairn_load_u32(bytes + OFFSET_PREV_BLOCKS),
        .blocks_in_flight = cairn_load_u32(bytes + OFFSET_BLOCKS_IN_FLIGHT),
        .blocks_unflushed_max = cairn_load_u32(bytes + OFFSET_BLOCKS_UNFLUSHED_MAX),
        .hw_flags = cairn_load_u32(bytes + OFFSET_HW_FLAGS),
    };
    memcpy(header.ledger_id, bytes + OFFSET_LEDGER_ID, sizeof(header.ledger_id));
    memcpy(header.prev_last_hash, bytes + OFFSET_PREV_LAST_HASH, CAIRN_BLOCK_HASH_BYTES);
    return header;
}

int cairn_segment_decode(const uint8_t *bytes, size_t count, struct cairn_segment_header *header)
{
    if (count < CAIRN_SEGMENT_HEADER_BYTES || memcmp(bytes, magic, sizeof(magic)) != 0)
        return -EBADMSG;
    if (cairn_load_u32(bytes + OFFSET_CRC) != cairn_crc32c(0, bytes, OFFSET_CRC))
        return -EBADMSG;
    if (cairn_load_u16(bytes + OFFSET_MIN_READER) > CAIRN_SEGMENT_FORMAT)
        return -EPROTONOSUPPORT;

    struct cairn_segment_header decoded = decode(bytes);
    if (decoded.first_seq == 0 || decoded.blocks_in_flight == 0 ||
        decoded.blocks_in_flight > CAIRN_BLOCKS_IN_FLIGHT_MAX ||
        decoded.blocks_unflushed_max < decoded.blocks_in_flight ||
        cairn_load_u32(bytes + OFFSET_BLOCK_ALIGN) != CAIRN_BLOCK_ALIGN_BYTES)
        return -EBADMSG;
    *header = decoded;
    return 0;
}

void cairn_segment_name(char name[CAIRN_SEGMENT_NAME_BYTES], uint64_t first_seq)
{
    snprintf(name, CAIRN_SEGMENT_NAME_BYTES, "%020llu.seg", (unsigned long long)first_seq);
}

bool cairn_segment_name_parse(const char *name, uint64_t *first_seq)
{
    if (strlen(name) != CAIRN_SEGMENT_NAME_BYTES - 1 || strcmp(name + 20, ".seg") != 0)
        return false;
    return cairn_slice_to_u64(cairn_slice(name, 20), first_seq) && *first_seq > 0;
}

int cairn_segment_path(char path[CAIRN_SEGMENT_PATH_BYTES], const char *directory, const char *name)
{
    int length = snprintf(path, CAIRN_SEGMENT_PATH_BYTES, "%s/%s", directory, name);
    return length >= 0 && (size_t)length < CAIRN_SEGMENT_PATH_BYTES ? 0 : -ENAMETOOLONG;
}

static int list_entry(void *context, const char *name)
{
    struct cairn_segment_list *list = context;
    uint64_t first_seq = 0;
    if (!cairn_segment_name_parse(name, &first_seq))
        return 0;
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 16 : list->capacity * 2;
        uint64_t *grown = realloc(list->first_seqs, capacity * sizeof(*grown));
        if (grown == NULL)
            return -ENOMEM;
        list->first_seqs = grown;
        list->capacity = capacity;
    }
    list->first_seqs[list->count++] = first_seq;
    return 0;
}

static int compare_seqs(const void *a, const void *b)
{
    const uint64_t *left = a;
    const uint64_t *right = b;
    return (*left > *right) - (*left < *right);
}

int cairn_segment_list(struct cairn_io *io, const char *directory, struct cairn_segment_list *list)
{
    int result = cairn_io_list(io, directory, list_entry, list);
    if (result < 0) {
        cairn_segment_list_deinit(list);
        return result;
    }
    if (list->count > 1)
        qsort(list->first_seqs, list->count, sizeof(*list->first_seqs), compare_seqs);
    return 0;
}

void cairn_segment_list_deinit(struct cairn_segment_list *list)
{
    free(list->first_seqs);
    *list = (struct cairn_segment_list){0};
}
