#include "storage/record.h"

#include "runtime/base/assert.h"
#include "runtime/base/error.h"

static size_t varint_bytes(uint64_t value)
{
    size_t bits = 64u - (size_t)__builtin_clzll(value | 1);
    return (bits + 6) / 7;
}

/* Times wrap instead of overflowing: a client's clock may say anything. */
static uint64_t ts_delta(int64_t ts_ms, int64_t previous_ms)
{
    return cairn_zigzag_encode((int64_t)((uint64_t)ts_ms - (uint64_t)previous_ms));
}

static size_t encode_event_head(uint8_t *target, const struct cairn_record *record, uint64_t delta)
{
    size_t used = cairn_varint_encode(target, delta);
    used += cairn_varint_encode(target + used, record->space);
    used += cairn_varint_encode(target + used, record->channel);
    used += cairn_varint_encode(target + used, record->author);
    return used;
}

static size_t event_head_bytes(const struct cairn_record *record, uint64_t delta)
{
    return varint_bytes(delta) + varint_bytes(record->space) + varint_bytes(record->channel) +
           varint_bytes(record->author);
}

size_t cairn_record_encode(uint8_t *target, const struct cairn_record *record,
                           int64_t *ts_previous_ms)
{
    cairn_assert(record->kind != 0);

    bool event = cairn_record_is_event(record);
    uint64_t delta = event ? ts_delta(record->ts_ms, *ts_previous_ms) : 0;
    size_t head_bytes = event ? event_head_bytes(record, delta) : 0;

    size_t used = cairn_varint_encode(target, 2 + head_bytes + record->payload.bytes);
    target[used++] = record->kind;
    target[used++] = record->flags;
    if (event) {
        used += encode_event_head(target + used, record, delta);
        *ts_previous_ms = record->ts_ms;
    }
    if (record->payload.bytes > 0)
        memcpy(target + used, record->payload.data, record->payload.bytes);
    return used + record->payload.bytes;
}

static size_t decode_id(const uint8_t *source, size_t bytes, uint32_t *id)
{
    if (bytes > 0 && source[0] < 0x80) {
        *id = source[0];
        return 1;
    }
    uint64_t value = 0;
    size_t used = cairn_varint_decode(source, bytes, &value);
    if (used == 0 || value > UINT32_MAX)
        return 0;
    *id = (uint32_t)value;
    return used;
}

/* Returns the bytes of time and ids, 0 if they are not whole. */
static size_t decode_event_head(const uint8_t *source, size_t bytes, int64_t previous_ms,
                                struct cairn_record *record)
{
    uint64_t delta = 0;
    size_t used = cairn_varint_decode(source, bytes, &delta);
    if (used == 0)
        return 0;
    record->ts_ms = (int64_t)((uint64_t)previous_ms + (uint64_t)cairn_zigzag_decode(delta));

    uint32_t *ids[] = {&record->space, &record->channel, &record->author};
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        size_t step = decode_id(source + used, bytes - used, ids[i]);
        if (step == 0)
            return 0;
        used += step;
    }
    return used;
}

int64_t cairn_record_decode(const uint8_t *source, size_t bytes, int64_t *ts_previous_ms,
                            struct cairn_record *record)
{
    uint64_t length = 0;
    size_t used = cairn_varint_decode(source, bytes, &length);
    if (used == 0 || length < 2 || length > bytes - used || source[used] == 0)
        return -EBADMSG;

    const uint8_t *body = source + used;
    struct cairn_record decoded = {.kind = body[0], .flags = body[1]};
    size_t head_bytes = 2;
    if (cairn_record_is_event(&decoded)) {
        size_t step = decode_event_head(body + 2, (size_t)length - 2, *ts_previous_ms, &decoded);
        if (step == 0)
            return -EBADMSG;
        head_bytes += step;
    }
    decoded.payload = cairn_slice(body + head_bytes, (size_t)length - head_bytes);

    if (cairn_record_is_event(&decoded))
        *ts_previous_ms = decoded.ts_ms;
    *record = decoded;
    return (int64_t)(used + length);
}
