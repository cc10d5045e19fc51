/* bench/bench_patterns.c: how fast patterns are extracted from real episodes.
 *
 *     bench_patterns [DIRECTORY]      episodes/NAME.jsonl.gz of the shared data
 *
 * Episodes are read and encoded as events beforehand. `full` applies all of them to an empty model and
 * lists the patterns. `incremental` has nine tenths of them in the model; each of the rest is applied
 * event by event and its completion answered with reward, reflection and patterns, as JSON. `forget`
 * takes those out again. Medians of RUNS; the percentiles are over the episodes of all runs. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "actors/patterns/model.h"
#include "actors/patterns/patterns.h"
#include "runtime/base/assert.h"
#include "runtime/base/json.h"
#include "runtime/base/time.h"

enum { RUNS = 5, FILES = 4 };

static const char *const NAMES[FILES] = {"intercode", "reflexion-hotpotqa", "sgd-services",
                                         "tau-airline"};

/* Each episode's events lie together: from starts[i] to starts[i + 1]. */
struct corpus {
    struct cairn_batch *events;
    uint32_t *starts;
    uint32_t count;
    uint32_t capacity;
    struct cairn_uuid_generator ids;
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * CAIRN_NS_PER_S + (uint64_t)now.tv_nsec;
}

/* ---- reading ---- */

struct fields {
    struct cairn_slice task, domain, key, outcome, steps;
};

struct step {
    struct cairn_slice tool, action, args, observation, error;
    bool is_ok;
};

static void add_event(struct corpus *corpus, uint8_t kind, struct cairn_buffer *payload)
{
    uint64_t seq = (uint64_t)corpus->events->count + 1;
    struct cairn_event event = {.seq = seq,
                                .ts_ms = (int64_t)seq,
                                .kind = kind,
                                .space = cairn_slice_of("bench"),
                                .payload = cairn_buffer_slice(payload)};
    int result = cairn_batch_add(corpus->events, &event);
    cairn_assert(result == 0 && !payload->failed);
    cairn_buffer_clear(payload);
}

static void put(struct cairn_buffer *payload, enum cairn_field field, struct cairn_slice value)
{
    if (value.bytes > 0)
        cairn_event_put(payload, field, value);
}

static void read_step(struct cairn_json_reader *reader, struct step *step)
{
    static const char *const KEYS[] = {"tool", "action", "args", "result", "error", "ok"};
    struct cairn_slice *const texts[] = {&step->tool, &step->action, NULL, &step->observation,
                                         &step->error};
    struct cairn_slice key;
    cairn_json_enter_object(reader);
    while (cairn_json_next_member(reader, &key)) {
        int index = cairn_json_key_index(key, KEYS, 6);
        if (index == 5)
            cairn_json_read_bool(reader, &step->is_ok);
        else if (index == 2)
            cairn_json_read_raw(reader, &step->args);
        else if (index >= 0 && !cairn_json_take_null(reader))
            cairn_json_read_string(reader, texts[index]);
    }
}

static void add_steps(struct corpus *corpus, struct cairn_slice id, struct cairn_slice steps,
                      struct cairn_json_scratch *scratch)
{
    struct cairn_buffer payload = {0};
    struct cairn_json_reader reader;
    cairn_json_reader_init(&reader, steps, scratch);
    cairn_json_enter_array(&reader);
    while (cairn_json_next_element(&reader)) {
        struct step step = {0};
        read_step(&reader, &step);
        put(&payload, CAIRN_FIELD_EPISODE, id);
        put(&payload, CAIRN_FIELD_TOOL, step.tool);
        put(&payload, CAIRN_FIELD_ACTION, step.action);
        cairn_event_put_bool(&payload, CAIRN_FIELD_OK, step.is_ok);
        put(&payload, CAIRN_FIELD_ARGS, step.args);
        put(&payload, CAIRN_FIELD_OBSERVATION, step.observation);
        put(&payload, CAIRN_FIELD_ERROR, step.error);
        add_event(corpus, CAIRN_EVENT_STEP, &payload);
    }
    cairn_buffer_deinit(&payload);
}

static void read_fields(struct cairn_json_reader *reader, struct fields *fields)
{
    static const char *const KEYS[] = {"task", "domain", "episode", "outcome", "steps"};
    struct cairn_slice *const texts[] = {&fields->task, &fields->domain, &fields->key,
                                         &fields->outcome};
    struct cairn_slice key;
    cairn_json_enter_object(reader);
    while (cairn_json_next_member(reader, &key)) {
        int index = cairn_json_key_index(key, KEYS, 5);
        if (index == 4)
            cairn_json_read_raw(reader, &fields->steps);
        else if (index >= 0)
            cairn_json_read_string(reader, texts[index]);
    }
}

static void begin_episode(struct corpus *corpus)
{
    if (corpus->count + 2 > corpus->capacity) {
        corpus->capacity = corpus->capacity == 0 ? 1024 : corpus->capacity * 2;
        corpus->starts = realloc(corpus->starts, corpus->capacity * sizeof(*corpus->starts));
        cairn_assert(corpus->starts != NULL);
    }
    corpus->starts[corpus->count++] = corpus->events->count;
}

static void add_episode(struct corpus *corpus, struct cairn_slice line,
                        struct cairn_json_scratch *scratch)
{
    struct fields fields = {0};
    struct cairn_buffer payload = {0};
    struct cairn_json_reader reader;
    uint8_t uuid[CAIRN_UUID_BYTES];
    cairn_json_scratch_begin(scratch, 2 * line.bytes);
    cairn_json_reader_init(&reader, line, scratch);
    read_fields(&reader, &fields);
    cairn_assert(cairn_json_finish(&reader) == 0);

    begin_episode(corpus);
    cairn_uuid_v7(&corpus->ids, 1, corpus->count, uuid);
    struct cairn_slice id = cairn_slice(uuid, sizeof(uuid));
    put(&payload, CAIRN_FIELD_EPISODE, id);
    put(&payload, CAIRN_FIELD_TASK, fields.task);
    put(&payload, CAIRN_FIELD_DOMAIN, fields.domain);
    put(&payload, CAIRN_FIELD_KEY, fields.key);
    add_event(corpus, CAIRN_EVENT_EPISODE, &payload);
    put(&payload, CAIRN_FIELD_EPISODE, id);
    put(&payload, CAIRN_FIELD_OUTCOME, fields.outcome);
    struct cairn_buffer completion = payload;
    add_steps(corpus, id, fields.steps, scratch);
    add_event(corpus, CAIRN_EVENT_COMPLETION, &completion);
    corpus->starts[corpus->count] = corpus->events->count;
    cairn_buffer_deinit(&completion);
}

static bool read_file(struct corpus *corpus, const char *directory, const char *name)
{
    static struct cairn_json_scratch scratch;
    char command[4200];
    char *line = NULL;
    size_t capacity = 0;
    ssize_t bytes;
    snprintf(command, sizeof(command), "zcat '%s/%s.jsonl.gz'", directory, name);
    FILE *pipe = popen(command, "r");
    if (pipe == NULL)
        return false;
    while ((bytes = getline(&line, &capacity, pipe)) > 0)
        add_episode(corpus, cairn_slice(line, (size_t)bytes), &scratch);
    free(line);
    cairn_json_scratch_deinit(&scratch);
    return pclose(pipe) == 0;
}

/* ---- measuring ---- */

static void space_init(struct cairn_projection_space *space)
{
    *space = (struct cairn_projection_space){.name = cairn_slice_of("bench")};
    cairn_heap_init(&space->heap, UINT64_C(4) << 30);
    int result = cairn_patterns_module.init(space);
    cairn_assert(result == 0);
}

static void apply(struct cairn_projection_space *space, const struct corpus *corpus, uint32_t from,
                  uint32_t end)
{
    for (uint32_t i = corpus->starts[from]; i < corpus->starts[end]; i++) {
        int result = cairn_patterns_module.apply(space, &corpus->events->events[i]);
        cairn_assert(result == 0);
    }
}

/* Returns the answer's bytes. */
static size_t ask(struct cairn_projection_space *space, enum cairn_operation operation,
                  struct cairn_slice parameter)
{
    struct cairn_request *request = cairn_request_create();
    cairn_assert(request != NULL);
    request->operation = operation;
    request->parameters[0] = parameter;
    request->query = cairn_slice_of(operation == CAIRN_OPERATION_LIST_PATTERNS ? "limit=1000" : "");
    cairn_patterns_module.answer(space, request);
    size_t bytes = request->answer.bytes;
    cairn_assert(request->status == 200);
    cairn_request_destroy(request);
    return bytes;
}

static int by_value(const void *a, const void *b)
{
    const uint64_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

static uint64_t quantile(uint64_t *values, uint32_t count, double share)
{
    qsort(values, count, sizeof(*values), by_value);
    return values[(uint32_t)(share * (count - 1))];
}

static void measure_full(const struct corpus *corpus)
{
    struct cairn_projection_space space;
    uint64_t runs_ns[RUNS], lists_ns[RUNS];
    uint64_t bytes = 0;
    for (int run = -1; run < RUNS; run++) {
        uint64_t start_ns = now_ns();
        space_init(&space);
        apply(&space, corpus, 0, corpus->count);
        uint64_t applied_ns = now_ns();
        ask(&space, CAIRN_OPERATION_LIST_PATTERNS, CAIRN_SLICE_EMPTY);
        uint64_t end_ns = now_ns();
        if (run >= 0) {
            runs_ns[run] = end_ns - start_ns;
            lists_ns[run] = end_ns - applied_ns;
        }
        bytes = cairn_heap_live_bytes(&space.heap);
        cairn_heap_deinit(&space.heap);
    }
    double median_ns = (double)quantile(runs_ns, RUNS, 0.5);
    printf("patterns_full\t%.0f\tepisodes/s\n", corpus->count * 1e9 / median_ns);
    printf("patterns_full_events\t%.0f\tevents/s\n", corpus->events->count * 1e9 / median_ns);
    printf("patterns_list\t%.1f\tus\n", (double)quantile(lists_ns, RUNS, 0.5) / 1e3);
    printf("patterns_resident\t%.0f\tbytes/episode\n", (double)bytes / corpus->count);
}

static uint64_t complete(struct cairn_projection_space *space, const struct corpus *corpus,
                         uint32_t episode)
{
    struct cairn_slice id;
    char text[CAIRN_UUID_TEXT_BYTES];
    cairn_event_field(&corpus->events->events[corpus->starts[episode]], CAIRN_FIELD_EPISODE, &id);
    cairn_uuid_format((const uint8_t *)id.data, text);
    uint64_t start_ns = now_ns();
    apply(space, corpus, episode, episode + 1);
    ask(space, CAIRN_OPERATION_COMPLETE_EPISODE, cairn_slice(text, sizeof(text)));
    return now_ns() - start_ns;
}

static uint64_t forget(struct cairn_projection_space *space, const struct corpus *corpus,
                       uint32_t episode)
{
    uint64_t start_ns = now_ns();
    for (uint32_t i = corpus->starts[episode]; i < corpus->starts[episode + 1]; i++)
        cairn_patterns_module.forget(space, &corpus->events->events[i].seq, 1);
    return now_ns() - start_ns;
}

static void report(const char *name, uint64_t *values_ns, uint32_t count)
{
    uint64_t sum_ns = 0;
    for (uint32_t i = 0; i < count; i++)
        sum_ns += values_ns[i];
    printf("patterns_%s\t%.0f\tepisodes/s\n", name, count * 1e9 / (double)sum_ns);
    printf("patterns_%s_p50\t%.1f\tus\n", name, (double)quantile(values_ns, count, 0.5) / 1e3);
    printf("patterns_%s_p99\t%.1f\tus\n", name, (double)quantile(values_ns, count, 0.99) / 1e3);
    printf("patterns_%s_p999\t%.1f\tus\n", name, (double)quantile(values_ns, count, 0.999) / 1e3);
}

static void measure_incremental(const struct corpus *corpus)
{
    uint32_t first = corpus->count - corpus->count / 10;
    uint32_t rest = corpus->count - first;
    uint64_t *completions_ns = calloc((size_t)rest * RUNS, sizeof(uint64_t));
    uint64_t *forgets_ns = calloc((size_t)rest * RUNS, sizeof(uint64_t));
    cairn_assert(completions_ns != NULL && forgets_ns != NULL);
    struct cairn_projection_space space;
    space_init(&space);
    apply(&space, corpus, 0, first);
    uint32_t at = 0;
    for (int run = 0; run < RUNS; run++) {
        for (uint32_t i = 0; i < rest; i++)
            completions_ns[at + i] = complete(&space, corpus, first + i);
        for (uint32_t i = 0; i < rest; i++)
            forgets_ns[at + i] = forget(&space, corpus, first + i);
        at += rest;
    }
    report("incremental", completions_ns, at);
    report("forget", forgets_ns, at);
    cairn_heap_deinit(&space.heap);
    free(completions_ns);
    free(forgets_ns);
}

int main(int count, char **arguments)
{
    char directory[4096];
    const char *root = getenv("CAIRN_TEST_DATA");
    snprintf(directory, sizeof(directory), "%s/episodes", root == NULL ? "../shared/data" : root);
    struct corpus corpus = {.events = cairn_batch_create(1 << 16)};
    cairn_assert(corpus.events != NULL);
    for (int i = 0; i < FILES; i++) {
        if (!read_file(&corpus, count > 1 ? arguments[1] : directory, NAMES[i])) {
            fprintf(stderr, "left out: no episodes in %s\n", count > 1 ? arguments[1] : directory);
            return 0;
        }
    }
    printf("patterns_corpus\t%u\tepisodes\n", corpus.count);
    measure_full(&corpus);
    measure_incremental(&corpus);
    cairn_batch_release(corpus.events);
    free(corpus.starts);
    return 0;
}
