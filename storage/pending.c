#include "storage/pending.h"

#include <stdlib.h>

#include "runtime/base/assert.h"
#include "runtime/base/error.h"
#include "storage/record.h"

/* What an event costs beside its payload when a block is filled. */
#define EVENT_BYTES 16u

struct cairn_pending_event {
    int64_t ts_ms;
    uint32_t space; /* numbers in pending->names; 0 is none */
    uint32_t channel;
    uint32_t author;
    uint32_t payload_bytes;
    uint8_t kind;
    uint8_t flags;
};

static void pending_free(struct cairn_pending *pending)
{
    free(pending->events);
    free(pending->payload);
    free(pending);
}

void cairn_pending_pool_deinit(struct cairn_pending_pool *pool)
{
    cairn_assert(pool->used == 0);

    while (pool->free != NULL) {
        struct cairn_pending *pending = pool->free;
        pool->free = pending->next;
        pending_free(pending);
    }
}

static uint32_t events_of_block(const struct cairn_pending_pool *pool)
{
    uint32_t count = pool->block_bytes / EVENT_BYTES;
    return count < CAIRN_PENDING_EVENTS_MAX ? count : CAIRN_PENDING_EVENTS_MAX;
}

static struct cairn_pending *create(uint32_t event_capacity, size_t payload_capacity)
{
    struct cairn_pending *pending = calloc(1, sizeof(*pending));
    if (pending == NULL)
        return NULL;
    pending->event_capacity = event_capacity;
    pending->payload_capacity = payload_capacity;
    pending->events = malloc(event_capacity * sizeof(*pending->events));
    pending->payload = malloc(payload_capacity);
    if (pending->events != NULL && pending->payload != NULL)
        return pending;
    pending_free(pending);
    return NULL;
}

struct cairn_pending *cairn_pending_acquire(struct cairn_pending_pool *pool, size_t payload_bytes)
{
    struct cairn_pending *pending = NULL;
    if (pool->used == pool->limit)
        return NULL;
    if (payload_bytes > pool->block_bytes - EVENT_BYTES) {
        pending = create(1, payload_bytes);
    } else if (pool->free != NULL) {
        pending = pool->free;
        pool->free = pending->next;
        pending->next = NULL;
    } else {
        pending = create(events_of_block(pool), pool->block_bytes);
    }
    if (pending != NULL)
        pool->used++;
    return pending;
}

void cairn_pending_release(struct cairn_pending_pool *pool, struct cairn_pending *pending)
{
    cairn_assert(pool->used > 0);

    pool->used--;
    cairn_names_release(pending->names);
    if (pending->payload_capacity != pool->block_bytes ||
        pending->event_capacity != events_of_block(pool)) {
        pending_free(pending);
        return;
    }
    *pending = (struct cairn_pending){
        .next = pool->free,
        .events = pending->events,
        .payload = pending->payload,
        .event_capacity = pending->event_capacity,
        .payload_capacity = pending->payload_capacity,
    };
    pool->free = pending;
}

static bool has_room(const struct cairn_pending *pending, size_t payload_bytes)
{
    if (pending->event_count == pending->event_capacity)
        return false;
    if (pending->event_count == 0)
        return payload_bytes <= pending->payload_capacity;
    uint64_t filled =
        pending->payload_bytes + pending->name_bytes + (uint64_t)pending->event_count * EVENT_BYTES;
    return filled + payload_bytes + EVENT_BYTES <= pending->payload_capacity;
}

/* An empty text is name 0. False: the names are full. */
static bool number_name(struct cairn_pending *pending, struct cairn_names *names,
                        struct cairn_slice text, uint32_t *name)
{
    *name = 0;
    if (text.bytes == 0)
        return true;
    uint32_t count = cairn_names_count(names);
    *name = cairn_names_add(names, text);
    if (cairn_names_count(names) > count)
        pending->name_bytes += text.bytes;
    return *name != 0;
}

static void widen_times(struct cairn_pending *pending, int64_t ts_ms)
{
    if (pending->event_count == 0 || ts_ms < pending->ts_min_ms)
        pending->ts_min_ms = ts_ms;
    if (pending->event_count == 0 || ts_ms > pending->ts_max_ms)
        pending->ts_max_ms = ts_ms;
}

int cairn_pending_add(struct cairn_pending *pending, struct cairn_names *names,
                      const struct cairn_event *event)
{
    cairn_assert(pending->names == NULL || pending->names == names);

    struct cairn_pending_event entry = {
        .ts_ms = event->ts_ms,
        .payload_bytes = (uint32_t)event->payload.bytes,
        .kind = event->kind,
        .flags = event->flags,
    };
    if (!has_room(pending, event->payload.bytes) ||
        !number_name(pending, names, event->space, &entry.space) ||
        !number_name(pending, names, event->channel, &entry.channel) ||
        !number_name(pending, names, event->author, &entry.author))
        return -ENOBUFS;

    if (pending->names == NULL)
        pending->names = cairn_names_acquire(names);
    widen_times(pending, event->ts_ms);
    if (event->payload.bytes > 0)
        memcpy(pending->payload + pending->payload_bytes, event->payload.data,
               event->payload.bytes);
    pending->payload_bytes += event->payload.bytes;
    pending->events[pending->event_count++] = entry;
    return 0;
}

static int encode_record(const struct cairn_record *record, int64_t *ts_previous_ms,
                         struct cairn_buffer *raw)
{
    char *target = cairn_buffer_reserve(raw, CAIRN_RECORD_OVERHEAD_MAX + record->payload.bytes);
    if (target == NULL)
        return -ENOMEM;
    raw->bytes += cairn_record_encode((uint8_t *)target, record, ts_previous_ms);
    return 0;
}

/* The id of `name` in the table; where it has none yet, its entry goes before the event. */
static int resolve_name(const struct cairn_pending *pending, uint32_t name,
                        struct cairn_pending_table *table, struct cairn_buffer *raw, uint32_t *id)
{
    *id = name == 0 ? 0 : cairn_names_id(pending->names, name, table->epoch);
    if (name == 0 || *id != 0)
        return 0;

    int64_t unused_ms = 0;
    struct cairn_record entry = {.kind = CAIRN_RECORD_STRING,
                                 .payload = cairn_names_text(pending->names, name)};
    int result = encode_record(&entry, &unused_ms, raw);
    if (result < 0)
        return result;
    *id = ++table->string_count;
    table->string_bytes += entry.payload.bytes + sizeof(entry.payload);
    cairn_names_define(pending->names, name, table->epoch, *id);
    return 0;
}

static int encode_event(const struct cairn_pending *pending,
                        const struct cairn_pending_event *event, const uint8_t *payload,
                        struct cairn_pending_table *table, int64_t *ts_previous_ms,
                        struct cairn_buffer *raw)
{
    struct cairn_record record = {
        .ts_ms = event->ts_ms,
        .kind = event->kind,
        .flags = event->flags,
        .payload = cairn_slice(payload, event->payload_bytes),
    };
    int result = resolve_name(pending, event->space, table, raw, &record.space);
    if (result == 0)
        result = resolve_name(pending, event->channel, table, raw, &record.channel);
    if (result == 0)
        result = resolve_name(pending, event->author, table, raw, &record.author);
    return result == 0 ? encode_record(&record, ts_previous_ms, raw) : result;
}

static uint32_t ts_span(const struct cairn_pending *pending)
{
    uint64_t span = (uint64_t)pending->ts_max_ms - (uint64_t)pending->ts_min_ms;
    return span < UINT32_MAX ? (uint32_t)span : UINT32_MAX;
}

int cairn_pending_encode(const struct cairn_pending *pending, struct cairn_pending_table *table,
                         struct cairn_buffer *raw, struct cairn_block_header *header)
{
    struct cairn_pending_table before = *table;
    const uint8_t *payload = pending->payload;
    int64_t ts_ms = pending->ts_min_ms;

    cairn_buffer_clear(raw);
    for (uint32_t i = 0; i < pending->event_count; i++) {
        const struct cairn_pending_event *event = &pending->events[i];
        if (encode_event(pending, event, payload, table, &ts_ms, raw) < 0) {
            *table = before;
            table->epoch++; /* forget what was defined in a block that will not be */
            return -ENOMEM;
        }
        payload += event->payload_bytes;
    }
    cairn_assert(raw->bytes <= CAIRN_BLOCK_RAW_BYTES_MAX);

    header->event_count = pending->event_count;
    header->record_count = pending->event_count + table->string_count - before.string_count;
    header->raw_bytes = (uint32_t)raw->bytes;
    header->ts_min_ms = pending->event_count > 0 ? pending->ts_min_ms : 0;
    header->ts_span_ms = ts_span(pending);
    return 0;
}
