#include "storage/unpack.h"

#include "runtime/base/error.h"
#include "storage/record.h"

static int apply_control(const struct cairn_record *record, struct cairn_strings *strings,
                         bool define)
{
    if (record->kind == CAIRN_RECORD_STRING)
        return define ? cairn_strings_add(strings, record->payload) : 0;
    return (record->flags & CAIRN_RECORD_SKIPPABLE) != 0 ? 0 : -EPROTONOSUPPORT;
}

static int resolve(const struct cairn_record *record, const struct cairn_strings *strings,
                   struct cairn_event *event)
{
    event->ts_ms = record->ts_ms;
    event->kind = record->kind;
    event->flags = record->flags;
    event->payload = record->payload;
    if (!cairn_strings_find(strings, record->space, &event->space) ||
        !cairn_strings_find(strings, record->channel, &event->channel) ||
        !cairn_strings_find(strings, record->author, &event->author) ||
        !cairn_event_payload_is_valid(record->payload))
        return -EBADMSG;
    return 0;
}

static int unpack(const struct cairn_block_header *header, const uint8_t *raw,
                  struct cairn_strings *strings, bool define, struct cairn_event *events)
{
    int64_t ts_ms = header->ts_min_ms;
    uint32_t event_count = 0;
    size_t offset = 0;
    for (uint32_t i = 0; i < header->record_count; i++) {
        struct cairn_record record;
        int64_t used =
            cairn_record_decode(raw + offset, header->raw_bytes - offset, &ts_ms, &record);
        if (used < 0)
            return (int)used;
        offset += (size_t)used;

        int result = 0;
        if (!cairn_record_is_event(&record)) {
            result = apply_control(&record, strings, define);
        } else if (event_count == header->event_count) {
            result = -EBADMSG;
        } else if (events != NULL) {
            events[event_count].seq = header->first_seq + event_count;
            result = resolve(&record, strings, &events[event_count]);
        }
        if (result < 0)
            return result;
        event_count += cairn_record_is_event(&record);
    }
    return offset == header->raw_bytes && event_count == header->event_count ? 0 : -EBADMSG;
}

int cairn_unpack(const struct cairn_block_header *header, const uint8_t *raw,
                 struct cairn_strings *strings, bool define, struct cairn_event *events)
{
    uint32_t count_before = strings->count;
    int result = unpack(header, raw, strings, define, events);
    if (result < 0)
        strings->count = count_before;
    return result;
}
