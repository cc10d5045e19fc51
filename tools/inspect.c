/* tools/inspect.c: `cairn verify`, `cairn stat` and `cairn dump`: looking at a ledger that may be in
 * use, without disturbing it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/ingest/directory.h"
#include "runtime/base/interner.h"
#include "storage/event_json.h"
#include "storage/reader.h"
#include "storage/verify.h"
#include "tools/forgotten.h"
#include "tools/times.h"
#include "tools/tool.h"

#define PATH_BYTES 4096

/* ---- verify ---- */

struct verify {
    bool json;
    struct cairn_json_writer writer;
    struct cairn_progress progress;
};

static void on_fault(void *context, const struct cairn_verify_fault *fault)
{
    struct verify *verify = context;
    if (!verify->json) {
        printf("%s segment=%s offset=%llu seq=%llu %s\n", fault->torn ? "torn " : "FAULT",
               fault->segment, (unsigned long long)fault->offset, (unsigned long long)fault->seq,
               fault->what);
        return;
    }
    cairn_json_begin_object(&verify->writer);
    cairn_json_member_text(&verify->writer, "segment", fault->segment);
    cairn_json_member_u64(&verify->writer, "offset", fault->offset);
    cairn_json_member_u64(&verify->writer, "seq", fault->seq);
    cairn_json_member_text(&verify->writer, "what", fault->what);
    cairn_json_member_bool(&verify->writer, "torn", fault->torn);
    cairn_json_end_object(&verify->writer);
}

static void on_verify_progress(void *context, uint64_t bytes_done, uint64_t bytes_total)
{
    struct verify *verify = context;
    cairn_progress_show(&verify->progress, bytes_done, bytes_total);
}

static void print_verified(const struct cairn_verify_result *result)
{
    printf("segments   %llu\nblocks     %llu\nevents     %llu (%llu..%llu, durable to %llu)\n"
           "bytes      %llu raw, %llu stored\ntorn       %llu bytes\nfaults     %llu\n",
           (unsigned long long)result->segments, (unsigned long long)result->blocks,
           (unsigned long long)result->events, (unsigned long long)result->first_seq,
           (unsigned long long)result->last_seq, (unsigned long long)result->durable_seq,
           (unsigned long long)result->raw_bytes, (unsigned long long)result->stored_bytes,
           (unsigned long long)result->torn_bytes, (unsigned long long)result->faults);
}

static void write_verified(struct cairn_json_writer *writer,
                           const struct cairn_verify_result *result)
{
    cairn_json_member_u64(writer, "segments", result->segments);
    cairn_json_member_u64(writer, "blocks", result->blocks);
    cairn_json_member_u64(writer, "events", result->events);
    cairn_json_member_u64(writer, "first_seq", result->first_seq);
    cairn_json_member_u64(writer, "last_seq", result->last_seq);
    cairn_json_member_u64(writer, "durable_seq", result->durable_seq);
    cairn_json_member_u64(writer, "raw_bytes", result->raw_bytes);
    cairn_json_member_u64(writer, "stored_bytes", result->stored_bytes);
    cairn_json_member_u64(writer, "torn_bytes", result->torn_bytes);
}

static int verify_path(struct verify *verify, struct cairn_io *io, const char *path, bool deep)
{
    struct cairn_buffer text = {0};
    struct cairn_verify_result result = {0};
    struct cairn_verify_options options = {
        .deep = deep, .fault = on_fault, .progress = on_verify_progress, .context = verify};
    cairn_json_writer_init(&verify->writer, &text);
    cairn_json_begin_object(&verify->writer);
    cairn_json_member_array(&verify->writer, "faults");
    cairn_progress_begin(&verify->progress, io, "verify", "bytes");
    int failure = cairn_verify(io, path, &options, &result);
    cairn_progress_end(&verify->progress);
    cairn_json_end_array(&verify->writer);
    write_verified(&verify->writer, &result);
    cairn_json_member_bool(&verify->writer, "ok", result.faults == 0);
    cairn_json_end_object(&verify->writer);
    if (failure < 0)
        fprintf(stderr, "cairn verify: %s: %s\n", path, strerror(-failure));
    else if (verify->json)
        printf("%.*s\n", (int)text.bytes, text.data);
    else
        print_verified(&result);
    cairn_buffer_deinit(&text);
    if (failure < 0)
        return CAIRN_EXIT_IO;
    return result.faults == 0 ? CAIRN_EXIT_DONE : CAIRN_EXIT_FAULT;
}

static int open_directory(const char *command, const struct cairn_args *args, struct cairn_io **io,
                          char *path)
{
    if (args->count != 1) {
        fprintf(stderr, "cairn %s: name a data directory (cairn %s --help)\n", command, command);
        return CAIRN_EXIT_USAGE;
    }
    *io = cairn_tool_io(command);
    if (*io == NULL)
        return CAIRN_EXIT_IO;
    return cairn_tool_ledger_path(command, *io, args->positional[0], path, PATH_BYTES);
}

int cairn_tool_verify(int argc, char *argv[])
{
    struct verify verify = {0};
    struct cairn_args args;
    struct cairn_io *io = NULL;
    char path[PATH_BYTES];
    bool deep = false;
    const struct cairn_option options[] = {
        {.name = "--deep", .flag = &deep}, {.name = "--json", .flag = &verify.json}, {0}};
    if (cairn_args_parse(&args, "verify", argc, argv, options, 1) < 0)
        return CAIRN_EXIT_USAGE;
    int status = open_directory("verify", &args, &io, path);
    if (status == 0)
        status = verify_path(&verify, io, path, deep);
    if (io != NULL)
        cairn_io_destroy(io);
    return status;
}

/* ---- walking the events of a ledger ---- */

struct walk {
    struct cairn_io *io;
    struct cairn_reader *reader;
    struct cairn_forgotten forgotten;
    /* 0 to go on, 1 to stop. */
    int (*event)(void *context, const struct cairn_event *event);
    void *context;
    uint64_t after_seq;
};

static int walk_block(struct walk *walk, const struct cairn_reader_block *block)
{
    for (uint32_t i = 0; i < block->event_count; i++) {
        const struct cairn_event *event = &block->events[i];
        if (event->seq <= walk->after_seq || cairn_forgotten_is(&walk->forgotten, event->seq))
            continue;
        if (walk->event(walk->context, event) != 0)
            return 1;
    }
    return 0;
}

static int walk_events(struct walk *walk, const char *command, const char *path)
{
    struct cairn_reader_block *block;
    int result = cairn_reader_open(walk->io, path, 2, &walk->reader);
    if (result == 0)
        result = cairn_forgotten_init(&walk->forgotten, walk->reader);
    uint64_t seq = walk->after_seq + 1;
    int stopped = 0;
    while (result == 0 && stopped == 0) {
        result = cairn_reader_acquire(walk->reader, seq, &block);
        if (result < 0)
            break;
        stopped = walk_block(walk, block);
        seq = block->first_seq + block->event_count;
        cairn_reader_release(walk->reader, block);
    }
    cairn_forgotten_deinit(&walk->forgotten);
    if (walk->reader != NULL)
        cairn_reader_close(walk->reader);
    if (result == 0 || result == -ENODATA)
        return CAIRN_EXIT_DONE;
    if (result == -EBADMSG) {
        fprintf(stderr, "cairn %s: the ledger is damaged at event %llu; run cairn verify\n",
                command, (unsigned long long)seq);
        return CAIRN_EXIT_FAULT;
    }
    fprintf(stderr, "cairn %s: %s\n", command, strerror(-result));
    return CAIRN_EXIT_IO;
}

/* ---- dump ---- */

struct dump {
    const char *space, *kind, *since, *until, *limit;
    uint64_t left;
    struct cairn_bound from, to;
    struct cairn_buffer line;
};

static bool is_wanted(const struct dump *dump, const struct cairn_event *event)
{
    struct cairn_slice name = cairn_slice_of(cairn_event_kind_name(event->kind));
    if (event->kind == CAIRN_EVENT_CUSTOM)
        cairn_event_field(event, CAIRN_FIELD_NAME, &name);
    if (dump->space != NULL && !cairn_slice_is(event->space, dump->space))
        return false;
    if (dump->kind != NULL && !cairn_slice_is(name, dump->kind))
        return false;
    return cairn_bound_is_after(&dump->from, event->seq, event->ts_ms) &&
           cairn_bound_is_before(&dump->to, event->seq, event->ts_ms);
}

static int dump_event(void *context, const struct cairn_event *event)
{
    struct dump *dump = context;
    struct cairn_json_writer writer;
    if (dump->to.is_seq && event->seq > dump->to.seq)
        return 1;
    if (!is_wanted(dump, event))
        return 0;
    cairn_buffer_clear(&dump->line);
    cairn_json_writer_init(&writer, &dump->line);
    cairn_event_write(&writer, event);
    cairn_buffer_append_byte(&dump->line, '\n');
    if (fwrite(dump->line.data, 1, dump->line.bytes, stdout) != dump->line.bytes)
        return 1; /* the reader of our pipe has gone */
    return --dump->left == 0;
}

static int parse_dump(struct dump *dump, struct cairn_args *args, int argc, char *argv[])
{
    const struct cairn_option options[] = {
        {.name = "--space", .value = &dump->space}, {.name = "--kind", .value = &dump->kind},
        {.name = "--since", .value = &dump->since}, {.name = "--until", .value = &dump->until},
        {.name = "--limit", .value = &dump->limit}, {0},
    };
    if (cairn_args_parse(args, "dump", argc, argv, options, 1) < 0 ||
        cairn_bound_parse("dump", "--since", dump->since, &dump->from) < 0 ||
        cairn_bound_parse("dump", "--until", dump->until, &dump->to) < 0)
        return CAIRN_EXIT_USAGE;
    dump->left = UINT64_MAX;
    if (dump->limit != NULL &&
        (!cairn_slice_to_u64(cairn_slice_of(dump->limit), &dump->left) || dump->left == 0)) {
        fprintf(stderr, "cairn dump: --limit must be a number from 1\n");
        return CAIRN_EXIT_USAGE;
    }
    return 0;
}

int cairn_tool_dump(int argc, char *argv[])
{
    struct dump dump = {0};
    struct cairn_args args;
    struct walk walk = {.event = dump_event, .context = &dump};
    char path[PATH_BYTES];
    int status = parse_dump(&dump, &args, argc, argv);
    if (status == 0)
        status = open_directory("dump", &args, &walk.io, path);
    if (status == 0) {
        walk.after_seq = dump.from.is_seq ? dump.from.seq : 0;
        status = walk_events(&walk, "dump", path);
    }
    cairn_buffer_deinit(&dump.line);
    if (walk.io != NULL)
        cairn_io_destroy(walk.io);
    return status;
}

/* ---- stat ---- */

struct stat {
    uint64_t by_kind[CAIRN_EVENT_KIND_END];
    uint64_t events;
    int64_t first_ts_ms, last_ts_ms;
    struct cairn_heap heap;
    cairn_ref spaces;
    uint64_t *space_events; /* by id of the interner */
    uint32_t space_capacity;
};

static int count_space(struct stat *stat, struct cairn_slice name)
{
    uint32_t id = cairn_interner_add(&stat->heap, stat->spaces, name);
    if (id == 0)
        return -ENOMEM;
    if (id >= stat->space_capacity) {
        uint32_t capacity = id * 2 + 16;
        uint64_t *grown = realloc(stat->space_events, capacity * sizeof(*grown));
        if (grown == NULL)
            return -ENOMEM;
        memset(grown + stat->space_capacity, 0, (capacity - stat->space_capacity) * sizeof(*grown));
        stat->space_events = grown;
        stat->space_capacity = capacity;
    }
    stat->space_events[id]++;
    return 0;
}

static int stat_event(void *context, const struct cairn_event *event)
{
    struct stat *stat = context;
    if (stat->events++ == 0)
        stat->first_ts_ms = stat->last_ts_ms = event->ts_ms;
    if (event->ts_ms < stat->first_ts_ms)
        stat->first_ts_ms = event->ts_ms;
    if (event->ts_ms > stat->last_ts_ms)
        stat->last_ts_ms = event->ts_ms;
    stat->by_kind[event->kind]++;
    return count_space(stat, event->space) < 0;
}

static void write_stat(const struct stat *stat, const struct cairn_verify_result *ledger,
                       struct cairn_buffer *text)
{
    struct cairn_json_writer writer;
    cairn_json_writer_init(&writer, text);
    cairn_json_begin_object(&writer);
    write_verified(&writer, ledger);
    cairn_json_member_u64(&writer, "live_events", stat->events);
    cairn_json_member_object(&writer, "by_kind");
    for (unsigned kind = CAIRN_EVENT_MESSAGE; kind < CAIRN_EVENT_KIND_END; kind++) {
        if (stat->by_kind[kind] > 0)
            cairn_json_member_u64(&writer, cairn_event_kind_name((uint8_t)kind),
                                  stat->by_kind[kind]);
    }
    cairn_json_end_object(&writer);
    cairn_json_member_object(&writer, "spaces");
    for (uint32_t id = 1; id <= cairn_interner_count(&stat->heap, stat->spaces); id++) {
        cairn_json_key_slice(&writer, cairn_interner_text(&stat->heap, stat->spaces, id));
        cairn_json_write_u64(&writer, stat->space_events[id]);
    }
    cairn_json_end_object(&writer);
    cairn_json_member_i64(&writer, "first_ts", stat->first_ts_ms);
    cairn_json_member_i64(&writer, "last_ts", stat->last_ts_ms);
    cairn_json_end_object(&writer);
}

static void print_stat(const struct stat *stat, const struct cairn_verify_result *ledger)
{
    char first[32], last[32];
    print_verified(ledger);
    printf("live       %llu events\n", (unsigned long long)stat->events);
    for (unsigned kind = CAIRN_EVENT_MESSAGE; kind < CAIRN_EVENT_KIND_END; kind++) {
        if (stat->by_kind[kind] > 0)
            printf("  %-12s %llu\n", cairn_event_kind_name((uint8_t)kind),
                   (unsigned long long)stat->by_kind[kind]);
    }
    printf("spaces     %u\n", cairn_interner_count(&stat->heap, stat->spaces));
    for (uint32_t id = 1; id <= cairn_interner_count(&stat->heap, stat->spaces) && id <= 20; id++) {
        struct cairn_slice name = cairn_interner_text(&stat->heap, stat->spaces, id);
        printf("  %-24.*s %llu\n", (int)name.bytes, name.data,
               (unsigned long long)stat->space_events[id]);
    }
    if (stat->events > 0)
        printf("time       %s .. %s\n", cairn_time_format(stat->first_ts_ms, first),
               cairn_time_format(stat->last_ts_ms, last));
}

static int run_stat(struct walk *walk, struct stat *stat, const char *path, bool json)
{
    struct cairn_verify_options options = {0};
    struct cairn_verify_result ledger = {0};
    struct cairn_buffer text = {0};
    int failure = cairn_verify(walk->io, path, &options, &ledger);
    if (failure < 0) {
        fprintf(stderr, "cairn stat: %s: %s\n", path, strerror(-failure));
        return CAIRN_EXIT_IO;
    }
    int status = walk_events(walk, "stat", path);
    if (status == 0 && json) {
        write_stat(stat, &ledger, &text);
        printf("%.*s\n", (int)text.bytes, text.data);
        cairn_buffer_deinit(&text);
    } else if (status == 0) {
        print_stat(stat, &ledger);
    }
    return status;
}

int cairn_tool_stat(int argc, char *argv[])
{
    struct stat stat = {0};
    struct cairn_args args;
    struct walk walk = {.event = stat_event, .context = &stat};
    char path[PATH_BYTES];
    bool json = false;
    const struct cairn_option options[] = {{.name = "--json", .flag = &json}, {0}};
    if (cairn_args_parse(&args, "stat", argc, argv, options, 1) < 0)
        return CAIRN_EXIT_USAGE;
    int status = open_directory("stat", &args, &walk.io, path);
    cairn_heap_init(&stat.heap, UINT64_C(1) << 32);
    stat.spaces = cairn_interner_create(&stat.heap);
    if (status == 0)
        status = run_stat(&walk, &stat, path, json);
    free(stat.space_events);
    cairn_heap_deinit(&stat.heap);
    if (walk.io != NULL)
        cairn_io_destroy(walk.io);
    return status;
}
