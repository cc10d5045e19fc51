/* A block from arbitrary bytes, as they are and with both checksums made right, so that what comes
 * behind the checksums is tried too: lengths, decompression, records, names, payloads. */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/assert.h"
#include "storage/block.h"
#include "storage/crc32c.h"
#include "storage/unpack.h"

#define SEGMENT_ID UINT64_C(1)
#define RAW_MAX    (4u << 20) /* keep memory small: larger blocks differ in nothing but size */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t seeded_crc(const uint8_t *data, size_t bytes)
{
    uint64_t segment_id = SEGMENT_ID;
    return cairn_crc32c(cairn_crc32c(0, &segment_id, sizeof(segment_id)), data, bytes);
}

static void sign(uint8_t *frame, size_t frame_bytes)
{
    memcpy(frame, "CBLK\x60", 5);
    cairn_store_u64(frame + 8, SEGMENT_ID);
    uint64_t body_bytes = cairn_block_frame_bytes(cairn_load_u32(frame + 60));
    if (body_bytes <= frame_bytes)
        cairn_store_u32(frame + 88, seeded_crc(frame + 96, body_bytes - 96));
    cairn_store_u32(frame + 92, seeded_crc(frame, 92));
}

static void unpack(const uint8_t *frame, const struct cairn_block_header *header)
{
    struct cairn_strings strings = {0};
    struct cairn_event *events = calloc((size_t)header->event_count + 1, sizeof(*events));
    uint8_t *raw = malloc((size_t)header->raw_bytes + 1);
    cairn_assert(events != NULL && raw != NULL);
    if (cairn_block_decode_body(frame, header, raw) == 0 &&
        cairn_unpack(header, raw, &strings, true, events) == 0)
        for (uint32_t i = 0; i < header->event_count; i++)
            cairn_assert(cairn_event_payload_is_valid(events[i].payload));
    cairn_strings_deinit(&strings);
    free(raw);
    free(events);
}

static void try_frame(const uint8_t *frame, size_t frame_bytes)
{
    struct cairn_block_header header;
    if (cairn_block_decode_header(frame, frame_bytes, SEGMENT_ID, &header) < 0)
        return;
    if (cairn_block_frame_bytes(header.stored_bytes) > frame_bytes || header.raw_bytes > RAW_MAX)
        return;
    if (cairn_block_check_body(frame, &header) == 0)
        unpack(frame, &header);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t frame_bytes = (size_t)cairn_block_frame_bytes((uint32_t)size);
    uint8_t *frame = calloc(1, frame_bytes);
    cairn_assert(frame != NULL);
    if (size > 0)
        memcpy(frame, data, size);
    try_frame(frame, frame_bytes);
    sign(frame, frame_bytes);
    try_frame(frame, frame_bytes);
    free(frame);
    return 0;
}
