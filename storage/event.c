#include "storage/event.h"

#include "runtime/base/assert.h"

static const char *const kind_names[] = {
    "message",  "edit",     "forget", "episode",  "step",        "completion",
    "relation", "tags",     "fact",   "feedback", "application", "reaction",
    "settings", "eviction", "trace",  "custom",
};
#define KIND_COUNT (sizeof(kind_names) / sizeof(kind_names[0]))
static_assert(KIND_COUNT == CAIRN_EVENT_KIND_END - CAIRN_EVENT_MESSAGE, "every kind has a name");

struct field {
    uint8_t tag;
    struct cairn_slice value;
};

/* The field at the start of `bytes`. Returns the bytes consumed, 0 if it is not whole. */
static size_t decode_field(const uint8_t *bytes, size_t count, struct field *field)
{
    uint64_t length = 0;
    if (count < 2 || bytes[0] == 0)
        return 0;
    size_t used = 1 + cairn_varint_decode(bytes + 1, count - 1, &length);
    if (used == 1 || length > count - used)
        return 0;
    *field = (struct field){.tag = bytes[0], .value = cairn_slice(bytes + used, (size_t)length)};
    return used + (size_t)length;
}

/* Walk all of the payload, so that one damaged at its end has no fields at its start either. */
static bool find_field(struct cairn_slice payload, uint8_t tag, struct cairn_slice *value,
                       bool *found)
{
    const uint8_t *bytes = (const uint8_t *)payload.data;
    uint8_t tag_last = 0;
    for (size_t offset = 0; offset < payload.bytes;) {
        struct field field;
        size_t used = decode_field(bytes + offset, payload.bytes - offset, &field);
        if (used == 0 || field.tag <= tag_last)
            return false;
        if (field.tag == tag) {
            *value = field.value;
            *found = true;
        }
        tag_last = field.tag;
        offset += used;
    }
    return true;
}

bool cairn_event_field(const struct cairn_event *event, enum cairn_field field,
                       struct cairn_slice *value)
{
    struct cairn_slice content = CAIRN_SLICE_EMPTY;
    bool found = false;
    bool valid = find_field(event->payload, (uint8_t)field, &content, &found);
    *value = valid && found ? content : CAIRN_SLICE_EMPTY;
    return valid && found;
}

bool cairn_event_field_i64(const struct cairn_event *event, enum cairn_field field, int64_t *value)
{
    struct cairn_slice content;
    uint64_t raw = 0;
    if (!cairn_event_field(event, field, &content))
        return false;
    size_t used = cairn_varint_decode((const uint8_t *)content.data, content.bytes, &raw);
    if (used == 0 || used != content.bytes)
        return false;
    *value = cairn_zigzag_decode(raw);
    return true;
}

bool cairn_event_field_bool(const struct cairn_event *event, enum cairn_field field, bool fallback)
{
    struct cairn_slice content;
    if (!cairn_event_field(event, field, &content) || content.bytes != 1)
        return fallback;
    return content.data[0] != 0;
}

bool cairn_event_payload_is_valid(struct cairn_slice payload)
{
    struct cairn_slice ignored;
    bool found = false;
    return find_field(payload, 0, &ignored, &found);
}

void cairn_event_put(struct cairn_buffer *payload, enum cairn_field field, struct cairn_slice value)
{
    cairn_assert(field > 0 && field < CAIRN_FIELD_END);

    uint8_t head[1 + CAIRN_VARINT_BYTES_MAX] = {(uint8_t)field};
    size_t head_bytes = 1 + cairn_varint_encode(head + 1, value.bytes);
    cairn_buffer_append(payload, head, head_bytes);
    cairn_buffer_append_slice(payload, value);
}

void cairn_event_put_i64(struct cairn_buffer *payload, enum cairn_field field, int64_t value)
{
    uint8_t bytes[CAIRN_VARINT_BYTES_MAX];
    size_t count = cairn_varint_encode(bytes, cairn_zigzag_encode(value));
    cairn_event_put(payload, field, cairn_slice(bytes, count));
}

void cairn_event_put_bool(struct cairn_buffer *payload, enum cairn_field field, bool value)
{
    cairn_event_put(payload, field, cairn_slice(value ? "\1" : "\0", 1));
}

const char *cairn_event_kind_name(uint8_t kind)
{
    if (kind < CAIRN_EVENT_MESSAGE || kind >= CAIRN_EVENT_KIND_END)
        return "unknown";
    return kind_names[kind - CAIRN_EVENT_MESSAGE];
}

uint8_t cairn_event_kind_of(struct cairn_slice name)
{
    for (size_t i = 0; i < KIND_COUNT; i++)
        if (cairn_slice_is(name, kind_names[i]))
            return (uint8_t)(CAIRN_EVENT_MESSAGE + i);
    return CAIRN_EVENT_NONE;
}
