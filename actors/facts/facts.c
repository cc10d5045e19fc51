#include "actors/facts/facts.h"

#include "actors/facts/store.h"
#include "runtime/base/json_writer.h"

#define LIMIT_DEFAULT 100u
#define LIMIT_MAX     1000u

/* ---- one fact ---- */

static void write_version(struct cairn_json_writer *writer, const struct cairn_heap *heap,
                          const struct cairn_fact_version *version)
{
    cairn_json_member_raw(writer, "value", cairn_facts_value(heap, version));
    cairn_json_member_i64(writer, "ts", version->ts_ms);
    cairn_json_member_u64(writer, "seq", version->seq);
}

static void write_history(struct cairn_json_writer *writer, const struct cairn_heap *heap,
                          const struct cairn_fact *fact, uint64_t wanted)
{
    uint32_t count = wanted < fact->version_count ? (uint32_t)wanted : fact->version_count;
    cairn_json_member_array(writer, "history");
    for (uint32_t age = 0; age < count; age++) {
        cairn_json_begin_object(writer);
        write_version(writer, heap, cairn_facts_version(heap, fact, age));
        cairn_json_end_object(writer);
    }
    cairn_json_end_array(writer);
}

/* A count within 1..LIMIT_MAX; *value is `fallback` when it is not there. */
static bool read_count(struct cairn_request *request, const char *name, uint64_t fallback,
                       uint64_t *value)
{
    struct cairn_slice text;
    *value = fallback;
    if (!cairn_request_query(request, name, &text))
        return true;
    if (cairn_slice_to_u64(text, value) && *value >= 1 && *value <= LIMIT_MAX)
        return true;
    cairn_request_problem(request, 400, "query parameter `%s` is not within 1..%u", name,
                          LIMIT_MAX);
    return false;
}

static void answer_fact(const struct cairn_heap *heap, struct cairn_request *request)
{
    uint64_t history;
    if (!read_count(request, "history", 0, &history))
        return;
    const struct cairn_fact *fact =
        cairn_facts_find(heap, request->parameters[0], request->parameters[1]);
    if (fact == NULL) {
        cairn_request_problem(request, 404, "nothing is known under this subject and key");
        return;
    }
    struct cairn_json_writer writer;
    cairn_json_writer_init(&writer, &request->answer);
    cairn_json_begin_object(&writer);
    cairn_json_member_string(&writer, "subject", request->parameters[0]);
    cairn_json_member_string(&writer, "key", request->parameters[1]);
    write_version(&writer, heap, cairn_facts_version(heap, fact, 0));
    if (history > 0)
        write_history(&writer, heap, fact, history);
    cairn_json_end_object(&writer);
    request->status = 200;
}

/* ---- all facts of a subject ---- */

/* A cursor is the last key that was listed, in hexadecimal digits: nothing to encode in a URL. */
static void write_cursor(struct cairn_json_writer *writer, struct cairn_slice key)
{
    static const char digits[] = "0123456789abcdef";
    struct cairn_buffer text = {0};
    for (size_t i = 0; i < key.bytes; i++) {
        cairn_buffer_append_byte(&text, digits[(unsigned char)key.data[i] >> 4]);
        cairn_buffer_append_byte(&text, digits[(unsigned char)key.data[i] & 15]);
    }
    writer->buffer->failed |= text.failed;
    cairn_json_member_string(writer, "next_cursor", cairn_buffer_slice(&text));
    cairn_buffer_deinit(&text);
}

static int digit_of(char character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    return character >= 'a' && character <= 'f' ? character - 'a' + 10 : -1;
}

static bool parse_cursor(struct cairn_slice text, struct cairn_buffer *key)
{
    if (text.bytes % 2 != 0)
        return false;
    for (size_t i = 0; i < text.bytes; i += 2) {
        int high = digit_of(text.data[i]);
        int low = digit_of(text.data[i + 1]);
        if (high < 0 || low < 0)
            return false;
        cairn_buffer_append_byte(key, (char)(high << 4 | low));
    }
    return true;
}

/* The index to begin at. False, and 400 answered, if the cursor is none. */
static bool read_cursor(const struct cairn_heap *heap, struct cairn_request *request,
                        const struct cairn_fact_subject *subject, uint32_t *index)
{
    struct cairn_slice text;
    struct cairn_buffer key = {0};
    *index = 0;
    if (!cairn_request_query(request, "cursor", &text))
        return true;
    bool is_cursor = parse_cursor(text, &key);
    if (is_cursor)
        *index = cairn_facts_count_to(heap, subject, cairn_buffer_slice(&key));
    else
        cairn_request_problem(request, 400, "query parameter `cursor` is none that a list gave");
    cairn_buffer_deinit(&key);
    return is_cursor;
}

static void write_facts(const struct cairn_heap *heap, struct cairn_request *request,
                        const struct cairn_fact_subject *subject, uint32_t first, uint32_t end)
{
    struct cairn_json_writer writer;
    struct cairn_slice key = CAIRN_SLICE_EMPTY;
    cairn_json_writer_init(&writer, &request->answer);
    cairn_json_begin_object(&writer);
    cairn_json_member_string(&writer, "subject", request->parameters[0]);
    cairn_json_member_array(&writer, "facts");
    for (uint32_t i = first; i < end; i++) {
        const struct cairn_fact *fact = cairn_facts_at(heap, subject, i);
        key = cairn_facts_key(heap, fact);
        cairn_json_begin_object(&writer);
        cairn_json_member_string(&writer, "key", key);
        write_version(&writer, heap, cairn_facts_version(heap, fact, 0));
        cairn_json_end_object(&writer);
    }
    cairn_json_end_array(&writer);
    if (end < subject->fact_count)
        write_cursor(&writer, key);
    else
        cairn_json_member_null(&writer, "next_cursor");
    cairn_json_end_object(&writer);
    request->status = 200;
}

static void answer_facts(const struct cairn_heap *heap, struct cairn_request *request)
{
    uint64_t limit;
    uint32_t first;
    if (!read_count(request, "limit", LIMIT_DEFAULT, &limit))
        return;
    const struct cairn_fact_subject *subject =
        cairn_facts_find_subject(heap, request->parameters[0]);
    if (subject == NULL) {
        cairn_request_problem(request, 404, "nothing is known about this subject");
        return;
    }
    if (!read_cursor(heap, request, subject, &first))
        return;
    uint32_t left = subject->fact_count - first;
    write_facts(heap, request, subject, first, first + (left < limit ? left : (uint32_t)limit));
}

/* ---- the module ---- */

static int init(struct cairn_projection_space *space)
{
    return cairn_facts_init(&space->heap);
}

static int apply(struct cairn_projection_space *space, const struct cairn_event *event)
{
    return cairn_facts_apply(&space->heap, event);
}

static int forget(struct cairn_projection_space *space, const uint64_t *seqs, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        cairn_facts_forget(&space->heap, seqs[i]);
    return 0;
}

static enum cairn_answer answer(struct cairn_projection_space *space, struct cairn_request *request)
{
    if (space == NULL)
        cairn_request_problem(request, 404, "this space has no facts");
    else if (request->operation == CAIRN_OPERATION_GET_FACT)
        answer_fact(&space->heap, request);
    else if (request->operation == CAIRN_OPERATION_GET_FACTS)
        answer_facts(&space->heap, request);
    else
        cairn_request_problem(request, 404, "facts cannot answer this");
    return CAIRN_ANSWER_DONE;
}

static void digest(const struct cairn_projection_space *space, struct cairn_digest *sum)
{
    cairn_facts_digest(&space->heap, space->name, sum);
}

const struct cairn_projection_module cairn_facts_module = {
    .name = "facts",
    .schema_version = 1,
    .kinds = UINT64_C(1) << CAIRN_EVENT_FACT,
    .stage = CAIRN_STAGE_FACTS,
    .init = init,
    .apply = apply,
    .forget = forget,
    .answer = answer,
    .digest = digest,
};
