#include "actors/training/shape.h"

#include <errno.h>

#include "actors/training/chain.h"
#include "runtime/base/json.h"

#define EVENTS_MIN 2u

struct list {
    cairn_ref events; /* struct cairn_shape_event, by sequence */
    uint32_t count;
    uint32_t capacity;
};

static struct list *list_at(const struct cairn_heap *heap, cairn_ref ref)
{
    return cairn_heap_at(heap, ref);
}

static struct cairn_shape_event *events_at(const struct cairn_heap *heap, cairn_ref ref)
{
    return cairn_heap_at(heap, list_at(heap, ref)->events);
}

cairn_ref cairn_shape_create(struct cairn_heap *heap)
{
    cairn_ref ref = cairn_heap_alloc(heap, sizeof(struct list));
    cairn_ref events =
        ref == 0 ? 0 : cairn_heap_alloc(heap, EVENTS_MIN * sizeof(struct cairn_shape_event));
    if (events == 0) {
        cairn_heap_free(heap, ref, sizeof(struct list));
        return 0;
    }
    *list_at(heap, ref) = (struct list){.events = events, .capacity = EVENTS_MIN};
    return ref;
}

static uint8_t read_state_size(struct cairn_json_reader *reader)
{
    uint64_t value = 0;
    if (cairn_json_peek(reader) != CAIRN_JSON_NUMBER || cairn_json_read_u64(reader, &value) < 0)
        return 0;
    return value <= CAIRN_CHAIN_ORDER_MAX ? (uint8_t)value : 0;
}

static uint8_t read_channel_chains(struct cairn_json_reader *reader)
{
    bool value = false;
    if (cairn_json_peek(reader) != CAIRN_JSON_BOOL || cairn_json_read_bool(reader, &value) < 0)
        return 0;
    return value ? 2 : 1;
}

bool cairn_shape_parse(struct cairn_slice settings, struct cairn_shape_event *event)
{
    struct cairn_json_scratch scratch = {0};
    struct cairn_json_reader reader;
    struct cairn_slice key;
    uint8_t state_size = 0;
    uint8_t channel_chains = 0;

    cairn_json_scratch_begin(&scratch, settings.bytes);
    cairn_json_reader_init(&reader, settings, &scratch);
    cairn_json_enter_object(&reader);
    while (cairn_json_next_member(&reader, &key)) {
        if (cairn_slice_is(key, "state_size"))
            state_size = read_state_size(&reader);
        else if (cairn_slice_is(key, "channel_chains"))
            channel_chains = read_channel_chains(&reader);
    }
    cairn_json_scratch_deinit(&scratch);

    if (state_size == 0 && channel_chains == 0)
        return false;
    event->state_size = state_size;
    event->channel_chains = channel_chains;
    return true;
}

int cairn_shape_add(struct cairn_heap *heap, cairn_ref ref, struct cairn_shape_event event)
{
    const struct list *list = list_at(heap, ref);
    if (list->count == list->capacity) {
        uint64_t bytes = list->capacity * sizeof(event);
        cairn_ref events = cairn_heap_grow(heap, list->events, bytes, bytes * 2);
        if (events == 0)
            return -ENOMEM;
        list_at(heap, ref)->events = events;
        list_at(heap, ref)->capacity *= 2;
    }
    /* Sequences ascend, except for an event that is put back: find its place from behind. */
    struct cairn_shape_event *events = events_at(heap, ref);
    uint32_t at = list_at(heap, ref)->count++;
    while (at > 0 && events[at - 1].seq > event.seq) {
        events[at] = events[at - 1];
        at--;
    }
    events[at] = event;
    return 0;
}

bool cairn_shape_remove(struct cairn_heap *heap, cairn_ref ref, uint64_t seq,
                        struct cairn_shape_event *removed)
{
    struct list *list = list_at(heap, ref);
    struct cairn_shape_event *events = events_at(heap, ref);
    uint32_t at = 0;
    while (at < list->count && events[at].seq != seq)
        at++;
    if (at == list->count)
        return false;
    *removed = events[at];
    list->count--;
    memmove(events + at, events + at + 1, (list->count - at) * sizeof(*events));
    return true;
}

struct cairn_shape cairn_shape_now(const struct cairn_heap *heap, cairn_ref ref,
                                   uint32_t state_size_default)
{
    const struct list *list = list_at(heap, ref);
    const struct cairn_shape_event *events = events_at(heap, ref);
    struct cairn_shape shape = {.state_size = state_size_default, .channel_chains = true};
    for (uint32_t i = 0; i < list->count; i++) {
        if (events[i].state_size != 0)
            shape.state_size = events[i].state_size;
        if (events[i].channel_chains != 0)
            shape.channel_chains = events[i].channel_chains == 2;
    }
    return shape;
}

uint32_t cairn_shape_count(const struct cairn_heap *heap, cairn_ref ref)
{
    return list_at(heap, ref)->count;
}
