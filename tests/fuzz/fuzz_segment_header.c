/* A segment's header from arbitrary bytes, as they are and with their checksum made right. */
#include <string.h>

#include "runtime/base/assert.h"
#include "runtime/base/bytes.h"
#include "storage/crc32c.h"
#include "storage/segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t bytes[CAIRN_SEGMENT_HEADER_BYTES] = "CAIRNSEG";
    struct cairn_segment_header header;
    (void)cairn_segment_decode(data, size, &header);

    size_t room = sizeof(bytes) - 8 - 4;
    memcpy(bytes + 8, data, size < room ? size : room);
    cairn_store_u32(bytes + 4092, cairn_crc32c(0, bytes, 4092));
    if (cairn_segment_decode(bytes, sizeof(bytes), &header) == 0) {
        struct cairn_segment_header again;
        cairn_segment_encode(bytes, &header);
        cairn_assert(cairn_segment_decode(bytes, sizeof(bytes), &again) == 0);
        cairn_assert(again.first_seq == header.first_seq);
        cairn_assert(again.segment_id == header.segment_id);
    }
    return 0;
}
