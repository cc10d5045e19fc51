#include "actors/retrieval/event_text.h"

#include <errno.h>

static int visit_field(const struct cairn_event *event, enum cairn_field field,
                       const struct cairn_event_text_visitor *visitor)
{
    struct cairn_slice text;
    if (!cairn_event_field(event, field, &text))
        return 0;
    return visitor->visit(visitor->context, text);
}

/* Only a lack of memory is worth telling: it would make the model depend on more than the ledger.
 */
static int result_of(const struct cairn_json_reader *reader)
{
    return reader->result == -ENOMEM ? -ENOMEM : 0;
}

/* ---- any JSON value: its strings, numbers and keys, in order ---- */

static int visit_scalar(struct cairn_json_reader *reader,
                        const struct cairn_event_text_visitor *visitor)
{
    struct cairn_slice text;
    int result;
    switch (cairn_json_peek(reader)) {
    case CAIRN_JSON_STRING:
        result = cairn_json_read_string(reader, &text);
        break;
    case CAIRN_JSON_NUMBER:
        result = cairn_json_read_number(reader, &text);
        break;
    default:
        return cairn_json_skip(reader) == -ENOMEM ? -ENOMEM : 0;
    }
    return result == 0 ? visitor->visit(visitor->context, text) : result_of(reader);
}

/* Enter the container that comes next. False: it is none. */
static bool enter(struct cairn_json_reader *reader)
{
    enum cairn_json_type type = cairn_json_peek(reader);
    if (type == CAIRN_JSON_OBJECT)
        return cairn_json_enter_object(reader) == 0;
    return type == CAIRN_JSON_ARRAY && cairn_json_enter_array(reader) == 0;
}

/* On to the next value, leaving the containers that end. False: that was the last. */
static bool advance(struct cairn_json_reader *reader,
                    const struct cairn_event_text_visitor *visitor, int *result)
{
    while (reader->depth > 0) {
        struct cairn_slice key;
        bool is_object = (reader->objects >> (reader->depth - 1) & 1) != 0;
        if (!is_object && cairn_json_next_element(reader))
            return true;
        if (is_object && cairn_json_next_member(reader, &key)) {
            *result = visitor->visit(visitor->context, key);
            return *result == 0;
        }
        if (reader->result < 0)
            break;
    }
    *result = result_of(reader);
    return false;
}

static int visit_json(struct cairn_slice json, struct cairn_json_scratch *scratch,
                      const struct cairn_event_text_visitor *visitor)
{
    struct cairn_json_reader reader;
    cairn_json_scratch_begin(scratch, json.bytes);
    cairn_json_reader_init(&reader, json, scratch);
    int result = 0;
    do {
        if (enter(&reader))
            continue;
        result = visit_scalar(&reader, visitor);
    } while (result == 0 && advance(&reader, visitor, &result));
    return result;
}

static int visit_value(const struct cairn_event *event, struct cairn_json_scratch *scratch,
                       const struct cairn_event_text_visitor *visitor)
{
    struct cairn_slice value;
    if (!cairn_event_field(event, CAIRN_FIELD_VALUE, &value))
        return 0;
    return visit_json(value, scratch, visitor);
}

/* ---- attachments: [{"url"?, "caption"?}] ---- */

static int visit_attachment(struct cairn_json_reader *reader,
                            const struct cairn_event_text_visitor *visitor)
{
    struct cairn_slice key, caption;
    int result = 0;
    if (cairn_json_enter_object(reader) < 0)
        return result_of(reader);
    while (result == 0 && cairn_json_next_member(reader, &key))
        if (cairn_slice_is(key, "caption") && cairn_json_read_string(reader, &caption) == 0)
            result = visitor->visit(visitor->context, caption);
    return result == 0 ? result_of(reader) : result;
}

static int visit_captions(const struct cairn_event *event, struct cairn_json_scratch *scratch,
                          const struct cairn_event_text_visitor *visitor)
{
    struct cairn_slice attachments;
    if (!cairn_event_field(event, CAIRN_FIELD_ATTACHMENTS, &attachments))
        return 0;
    struct cairn_json_reader reader;
    cairn_json_scratch_begin(scratch, attachments.bytes);
    cairn_json_reader_init(&reader, attachments, scratch);
    int result = 0;
    if (cairn_json_enter_array(&reader) == 0)
        while (result == 0 && cairn_json_next_element(&reader))
            result = visit_attachment(&reader, visitor);
    return result == 0 ? result_of(&reader) : result;
}

/* ---- by kind ---- */

static int message_texts(const struct cairn_event *event, struct cairn_json_scratch *scratch,
                         const struct cairn_event_text_visitor *visitor)
{
    int result = visit_field(event, CAIRN_FIELD_TEXT, visitor);
    if (result == 0)
        result = visit_field(event, CAIRN_FIELD_TITLE, visitor);
    if (result == 0)
        result = visit_captions(event, scratch, visitor);
    return result;
}

static int episode_texts(const struct cairn_event *event,
                         const struct cairn_event_text_visitor *visitor)
{
    int result = visit_field(event, CAIRN_FIELD_TASK, visitor);
    return result == 0 ? visit_field(event, CAIRN_FIELD_DOMAIN, visitor) : result;
}

static int fact_texts(const struct cairn_event *event, struct cairn_json_scratch *scratch,
                      const struct cairn_event_text_visitor *visitor)
{
    int result = visitor->visit(visitor->context, event->author);
    if (result == 0)
        result = visit_field(event, CAIRN_FIELD_KEY, visitor);
    return result == 0 ? visit_value(event, scratch, visitor) : result;
}

int cairn_event_texts(const struct cairn_event *event, struct cairn_json_scratch *scratch,
                      const struct cairn_event_text_visitor *visitor)
{
    switch (event->kind) {
    case CAIRN_EVENT_MESSAGE:
        return message_texts(event, scratch, visitor);
    case CAIRN_EVENT_EPISODE:
        return episode_texts(event, visitor);
    case CAIRN_EVENT_FACT:
        return fact_texts(event, scratch, visitor);
    case CAIRN_EVENT_CUSTOM:
        return visit_field(event, CAIRN_FIELD_CONTENT, visitor);
    default:
        return 0;
    }
}
