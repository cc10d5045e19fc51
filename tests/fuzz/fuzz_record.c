/* Records from arbitrary bytes, one after the other; each that decodes encodes to an equal one. */
#include <stdlib.h>

#include "runtime/base/assert.h"
#include "storage/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(const struct cairn_record *record, int64_t previous_ms)
{
    struct cairn_record again;
    int64_t encode_ms = previous_ms;
    uint8_t *bytes = malloc(CAIRN_RECORD_OVERHEAD_MAX + record->payload.bytes);
    if (bytes == NULL)
        return;
    size_t used = cairn_record_encode(bytes, record, &encode_ms);
    cairn_assert(cairn_record_decode(bytes, used, &previous_ms, &again) == (int64_t)used);
    cairn_assert(again.kind == record->kind && again.flags == record->flags);
    cairn_assert(again.ts_ms == record->ts_ms && again.author == record->author);
    cairn_assert(again.space == record->space && again.channel == record->channel);
    cairn_assert(cairn_slice_equal(again.payload, record->payload));
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t ts_ms = 0;
    for (size_t offset = 0; offset < size;) {
        struct cairn_record record;
        int64_t previous_ms = ts_ms;
        int64_t used = cairn_record_decode(data + offset, size - offset, &ts_ms, &record);
        if (used < 0)
            break;
        cairn_assert(used >= CAIRN_RECORD_BYTES_MIN && (size_t)used <= size - offset);
        check_round_trip(&record, previous_ms);
        offset += (size_t)used;
    }
    return 0;
}
