/* What is taken as an event is written as JSON that reads back as the same event. The first byte
 * chooses the kind. */
#include "runtime/base/assert.h"
#include "runtime/base/utf8.h"
#include "storage/event_json.h"
#include "storage/event_schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static const uint8_t kinds[] = {CAIRN_EVENT_MESSAGE,    CAIRN_EVENT_EPISODE, CAIRN_EVENT_STEP,
                                CAIRN_EVENT_COMPLETION, CAIRN_EVENT_FACT,    CAIRN_EVENT_FEEDBACK,
                                CAIRN_EVENT_CUSTOM};

/* As it would be posted: without what the ledger adds, but with the name of a custom kind. */
static void write_posted(const struct cairn_event *event, struct cairn_buffer *json)
{
    struct cairn_json_writer writer;
    struct cairn_slice name;
    cairn_json_writer_init(&writer, json);
    cairn_json_begin_object(&writer);
    if (cairn_event_field(event, CAIRN_FIELD_NAME, &name))
        cairn_json_member_string(&writer, "kind", name);
    cairn_event_write_members(&writer, event);
    cairn_json_end_object(&writer);
}

static void check_same(const struct cairn_event *a, const struct cairn_event *b)
{
    cairn_assert(a->ts_ms == b->ts_ms);
    cairn_assert(cairn_slice_equal(a->channel, b->channel));
    cairn_assert(cairn_slice_equal(a->author, b->author));
    cairn_assert(cairn_slice_equal(a->payload, b->payload));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct cairn_event_parser first = {0}, second = {0};
    struct cairn_event_given given = {.space = cairn_slice_of("s"), .ts_ms = 1};
    struct cairn_event event, again;
    struct cairn_buffer json = {0};
    if (bytes == 0)
        return 0;
    uint8_t kind = kinds[data[0] % sizeof(kinds)];
    int result = cairn_event_parse(&first, kind, cairn_slice(data + 1, bytes - 1), &given, &event);
    if (result < 0) {
        cairn_assert(first.error[0] != '\0');
        cairn_assert(cairn_utf8_is_valid(cairn_slice_of(first.error)));
    } else {
        cairn_assert(cairn_event_payload_is_valid(event.payload));
        given.ts_ms = event.ts_ms;
        write_posted(&event, &json);
        result = cairn_event_parse(&second, kind, cairn_buffer_slice(&json), &given, &again);
        cairn_assert(result == 0);
        check_same(&event, &again);
    }
    cairn_event_parser_deinit(&first);
    cairn_event_parser_deinit(&second);
    cairn_buffer_deinit(&json);
    return 0;
}
