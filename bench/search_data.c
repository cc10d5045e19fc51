#include "bench/search_data.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/assert.h"
#include "runtime/base/json.h"
#include "runtime/base/json_writer.h"
#include "runtime/base/random.h"
#include "runtime/base/time.h"

uint64_t search_data_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * CAIRN_NS_PER_S + (uint64_t)now.tv_nsec;
}

bool search_data_read(const char *name, struct cairn_buffer *text)
{
    char path[4096], command[4200], block[65536];
    const char *root = getenv("CAIRN_TEST_DATA");
    snprintf(path, sizeof(path), "%s/%s", root == NULL ? "../shared/data" : root, name);
    if (access(path, R_OK) != 0)
        return false;
    snprintf(command, sizeof(command), "zcat -f '%s'", path);
    FILE *file = popen(command, "r");
    if (file == NULL)
        return false;
    size_t bytes;
    while ((bytes = fread(block, 1, sizeof(block), file)) > 0)
        cairn_buffer_append(text, block, bytes);
    return pclose(file) == 0 && !text->failed;
}

bool search_data_line(struct cairn_slice *text, struct cairn_slice *line)
{
    if (text->bytes == 0)
        return false;
    const char *end = memchr(text->data, '\n', text->bytes);
    size_t bytes = end == NULL ? text->bytes : (size_t)(end - text->data);
    size_t consumed = end == NULL ? bytes : bytes + 1;
    *line = cairn_slice(text->data, bytes);
    *text = cairn_slice(text->data + consumed, text->bytes - consumed);
    return true;
}

/* ---- one message ---- */

enum member {
    ID,
    CHANNEL,
    AUTHOR,
    TS,
    TEXT,
    TITLE,
    CAPTION,
    MEMBER_COUNT,
};

static const char *const MEMBERS[MEMBER_COUNT] = {"id",   "channel", "author", "ts",
                                                  "text", "title",   "caption"};

/* Slices of buffers that still grow hold offsets instead of addresses. */
static struct cairn_slice keep(struct cairn_buffer *buffer, struct cairn_slice text)
{
    size_t offset = buffer->bytes;
    cairn_buffer_append_slice(buffer, text);
    return cairn_slice((const void *)(uintptr_t)offset, text.bytes);
}

static void put(struct cairn_buffer *payload, enum cairn_field field, struct cairn_slice value)
{
    if (value.bytes > 0)
        cairn_event_put(payload, field, value);
}

static void put_caption(struct cairn_buffer *payload, struct cairn_slice caption)
{
    struct cairn_buffer json = {0};
    if (caption.bytes == 0)
        return;
    cairn_buffer_append_text(&json, "[{\"caption\":");
    cairn_json_append_quoted(&json, caption);
    cairn_buffer_append_text(&json, "}]");
    cairn_event_put(payload, CAIRN_FIELD_ATTACHMENTS, cairn_buffer_slice(&json));
    cairn_buffer_deinit(&json);
}

static struct cairn_event *next_event(struct search_data *data)
{
    if (data->count == data->capacity) {
        data->capacity = data->capacity == 0 ? 1024 : data->capacity * 2;
        data->events = realloc(data->events, data->capacity * sizeof(*data->events));
        cairn_assert(data->events != NULL);
    }
    struct cairn_event *event = &data->events[data->count++];
    *event = (struct cairn_event){.seq = data->count, .kind = CAIRN_EVENT_MESSAGE};
    return event;
}

static void add_message(struct search_data *data, const struct cairn_slice members[], int64_t ts_ms)
{
    struct cairn_event *event = next_event(data);
    size_t offset = data->payloads.bytes;
    event->ts_ms = ts_ms;
    event->channel = keep(&data->names, members[CHANNEL]);
    event->author = keep(&data->names, members[AUTHOR]);
    put(&data->payloads, CAIRN_FIELD_TEXT, members[TEXT]);
    put(&data->payloads, CAIRN_FIELD_CLIENT_ID, members[ID]);
    put(&data->payloads, CAIRN_FIELD_TITLE, members[TITLE]);
    put_caption(&data->payloads, members[CAPTION]);
    event->payload = cairn_slice((const void *)(uintptr_t)offset, data->payloads.bytes - offset);
}

static void add_line(struct search_data *data, struct cairn_slice line,
                     struct cairn_json_scratch *scratch)
{
    struct cairn_slice members[MEMBER_COUNT] = {0}, key;
    struct cairn_json_reader reader;
    int64_t ts_ms = 0;
    cairn_json_scratch_begin(scratch, line.bytes);
    cairn_json_reader_init(&reader, line, scratch);
    cairn_json_enter_object(&reader);
    while (cairn_json_next_member(&reader, &key)) {
        int member = cairn_json_key_index(key, MEMBERS, MEMBER_COUNT);
        if (member == TS)
            cairn_json_read_i64(&reader, &ts_ms);
        else if (member >= 0)
            cairn_json_read_string(&reader, &members[member]);
    }
    cairn_assert(cairn_json_finish(&reader) == 0);
    add_message(data, members, ts_ms);
}

bool search_data_load(struct search_data *data, const char *name, uint32_t limit)
{
    struct cairn_json_scratch scratch = {0};
    struct cairn_buffer text = {0};
    bool is_there = search_data_read(name, &text);
    struct cairn_slice rest = cairn_buffer_slice(&text), line;
    while (is_there && data->count < limit && search_data_line(&rest, &line))
        add_line(data, line, &scratch);
    cairn_json_scratch_deinit(&scratch);
    cairn_buffer_deinit(&text);
    return is_there;
}

/* Word number r comes about 1/r as often as the first, as Zipf has it. */
void search_data_generate(struct search_data *data, uint32_t count)
{
    enum { WORDS = 60000 };
    struct cairn_random random;
    struct cairn_buffer text = {0};
    cairn_random_init(&random, 1);
    while (data->count < count) {
        uint64_t words = 3 + cairn_random_below(&random, 16);
        cairn_buffer_clear(&text);
        for (uint64_t i = 0; i < words; i++) {
            double even = (double)cairn_random_below(&random, 1 << 20) / (1 << 20);
            unsigned word = (unsigned)exp(even * log(WORDS));
            cairn_buffer_printf(&text, "w%c%c%x ", 'a' + word % 26, 'a' + word / 26 % 26, word);
        }
        if (cairn_random_below(&random, 4) == 0)
            cairn_buffer_append_byte(&text, '?');
        struct cairn_slice members[MEMBER_COUNT] = {[CHANNEL] = cairn_slice_of("general"),
                                                    [AUTHOR] = cairn_slice_of("ann"),
                                                    [TEXT] = cairn_buffer_slice(&text)};
        add_message(data, members, 1700000000000 + data->count);
    }
    cairn_buffer_deinit(&text);
}

static void point_into(struct cairn_slice *slice, const struct cairn_buffer *buffer)
{
    slice->data = buffer->data + (uintptr_t)slice->data;
}

void search_data_finish(struct search_data *data)
{
    for (uint32_t i = 0; i < data->count; i++) {
        point_into(&data->events[i].channel, &data->names);
        point_into(&data->events[i].author, &data->names);
        point_into(&data->events[i].payload, &data->payloads);
    }
}

void search_data_deinit(struct search_data *data)
{
    free(data->events);
    cairn_buffer_deinit(&data->names);
    cairn_buffer_deinit(&data->payloads);
    *data = (struct search_data){0};
}
