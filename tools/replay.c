/* tools/replay.c: `cairn replay` and `cairn digest`: rebuild from the ledger, tell rates and digest. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/system.h"
#include "runtime/base/json_writer.h"
#include "storage/reader.h"
#include "tools/http_client.h"
#include "tools/tool.h"

static const char *const names[CAIRN_PROJECTION_COUNT] = {"training", "patterns", "retrieval",
                                                          "facts"};

struct replay {
    const char *directory, *config, *from, *to, *workers;
    struct cairn_repeated overrides;
    bool json, ledger_only;
    uint64_t from_seq, to_seq;
    struct cairn_io *io;
    struct cairn_settings *settings;
    struct cairn_progress progress;
    uint64_t last_seq;
};

static int read_number(const char *name, const char *text, uint64_t *value)
{
    if (text == NULL || cairn_slice_to_u64(cairn_slice_of(text), value))
        return 0;
    fprintf(stderr, "cairn replay: %s must be a number, not \"%s\"\n", name, text);
    return CAIRN_EXIT_USAGE;
}

static int parse(struct replay *replay, int argc, char *argv[])
{
    const struct cairn_option options[] = {
        {.name = "--from", .value = &replay->from},
        {.name = "--to", .value = &replay->to},
        {.name = "--config", .value = &replay->config},
        {.name = "--set", .repeated = &replay->overrides},
        {.name = "--workers", .value = &replay->workers},
        {.name = "--json", .flag = &replay->json},
        {.name = "--ledger-only", .flag = &replay->ledger_only},
        {0},
    };
    struct cairn_args args;
    if (cairn_args_parse(&args, "replay", argc, argv, options, 1) < 0)
        return CAIRN_EXIT_USAGE;
    if (args.count != 1) {
        fprintf(stderr, "cairn replay: name a data directory (cairn replay --help)\n");
        return CAIRN_EXIT_USAGE;
    }
    replay->directory = args.positional[0];
    int status = read_number("--from", replay->from, &replay->from_seq);
    return status != 0 ? status : read_number("--to", replay->to, &replay->to_seq);
}

static int load_settings(struct replay *replay)
{
    uint64_t workers = 0;
    int status = cairn_tool_settings("replay", replay->io, replay->config, &replay->overrides,
                                     replay->settings);
    if (status == 0)
        status = read_number("--workers", replay->workers, &workers);
    if (status == 0 && replay->workers != NULL)
        replay->settings->concurrency.workers = workers;
    return status;
}

static void write_digest(struct cairn_json_writer *writer, const struct cairn_digest *digests)
{
    char hex[33];
    for (int id = 0; id < CAIRN_PROJECTION_COUNT; id++) {
        snprintf(hex, sizeof(hex), "%016llx%016llx", (unsigned long long)digests[id].high,
                 (unsigned long long)digests[id].low);
        cairn_json_member_text(writer, names[id], hex);
    }
}

static void print_json(const struct cairn_offline_result *result, bool has_digest)
{
    struct cairn_buffer text = {0};
    struct cairn_json_writer writer;
    double seconds = (double)result->elapsed_ns / 1e9;
    cairn_json_writer_init(&writer, &text);
    cairn_json_begin_object(&writer);
    cairn_json_member_u64(&writer, "seq", result->seq);
    cairn_json_member_u64(&writer, "events", result->events);
    cairn_json_member_double(&writer, "seconds", seconds);
    cairn_json_member_double(&writer, "events_per_second",
                             seconds > 0 ? (double)result->events / seconds : 0);
    if (has_digest) {
        cairn_json_member_object(&writer, "digest");
        write_digest(&writer, result->digests);
        cairn_json_end_object(&writer);
    }
    cairn_json_end_object(&writer);
    printf("%.*s\n", (int)text.bytes, text.data);
    cairn_buffer_deinit(&text);
}

static void print_text(const struct cairn_offline_result *result, bool has_digest)
{
    double seconds = (double)result->elapsed_ns / 1e9;
    printf("seq        %llu\nevents     %llu in %.3f s, %.0f/s\n", (unsigned long long)result->seq,
           (unsigned long long)result->events, seconds,
           seconds > 0 ? (double)result->events / seconds : 0.0);
    for (int id = 0; has_digest && id < CAIRN_PROJECTION_COUNT; id++)
        printf("%-10s %016llx%016llx\n", names[id], (unsigned long long)result->digests[id].high,
               (unsigned long long)result->digests[id].low);
}

static void on_progress(void *context, uint64_t seq, uint64_t last_seq)
{
    struct replay *replay = context;
    (void)last_seq;
    cairn_progress_show(&replay->progress, seq, replay->last_seq);
}

/* Read, verify, decompress and decode every block, and nothing else: the ledger's own rate. */
static int read_ledger(struct replay *replay, const char *path, struct cairn_offline_result *result)
{
    struct cairn_reader *reader;
    struct cairn_reader_block *block;
    uint64_t from_ns = cairn_io_monotonic_ns(replay->io);
    int status = cairn_reader_open(replay->io, path, 2, &reader);
    if (status < 0)
        return status;
    uint64_t to_seq = replay->to_seq == 0 ? UINT64_MAX : replay->to_seq;
    uint64_t seq = replay->from_seq == 0 ? 1 : replay->from_seq;
    while (seq <= to_seq && (status = cairn_reader_acquire(reader, seq, &block)) == 0) {
        result->events += block->event_count;
        seq = block->first_seq + block->event_count;
        cairn_reader_release(reader, block);
        cairn_progress_show(&replay->progress, result->events, replay->last_seq);
    }
    cairn_reader_close(reader);
    result->seq = seq - 1;
    result->elapsed_ns = cairn_io_monotonic_ns(replay->io) - from_ns;
    return status == -ENODATA ? 0 : status;
}

static uint64_t last_seq_of(struct cairn_io *io, const char *path)
{
    struct cairn_reader *reader;
    if (cairn_reader_open(io, path, 1, &reader) < 0)
        return 0;
    uint64_t seq = cairn_reader_last_seq(reader);
    cairn_reader_close(reader);
    return seq;
}

static int tell_failure(const struct replay *replay, int result)
{
    if (result == -EBADMSG) {
        fprintf(stderr, "cairn replay: %s is damaged; run: cairn verify %s\n", replay->directory,
                replay->directory);
        return CAIRN_EXIT_FAULT;
    }
    fprintf(stderr, "cairn replay: %s: %s\n", replay->directory, strerror(-result));
    return CAIRN_EXIT_IO;
}

static int run(struct replay *replay, struct cairn_offline_result *result)
{
    char path[4096];
    int status =
        cairn_tool_ledger_path("replay", replay->io, replay->directory, path, sizeof(path));
    if (status != 0)
        return status;
    replay->last_seq = last_seq_of(replay->io, path);
    cairn_progress_begin(&replay->progress, replay->io, "replay", "events");
    struct cairn_offline_options options = {.settings = replay->settings,
                                            .data_directory = replay->directory,
                                            .io = replay->io,
                                            .from_seq = replay->from_seq,
                                            .to_seq = replay->to_seq,
                                            .progress = on_progress,
                                            .context = replay};
    int failure = replay->ledger_only ? read_ledger(replay, path, result)
                                      : cairn_offline_replay(&options, result);
    cairn_progress_end(&replay->progress);
    return failure < 0 ? tell_failure(replay, failure) : CAIRN_EXIT_DONE;
}

int cairn_tool_replay(int argc, char *argv[])
{
    struct replay replay = {0};
    struct cairn_offline_result result = {0};
    int status = parse(&replay, argc, argv);
    if (status != 0)
        return status;
    replay.io = cairn_tool_io("replay");
    replay.settings = calloc(1, sizeof(*replay.settings));
    status = replay.io == NULL || replay.settings == NULL ? CAIRN_EXIT_IO : load_settings(&replay);
    if (status == 0)
        status = run(&replay, &result);
    if (status == 0 && replay.json)
        print_json(&result, !replay.ledger_only);
    else if (status == 0)
        print_text(&result, !replay.ledger_only);
    free(replay.settings);
    if (replay.io != NULL)
        cairn_io_destroy(replay.io);
    return status;
}

/* ---- digest ---- */

static int digest_of_url(struct cairn_io *io, const char *url)
{
    struct cairn_http_answer answer = {0};
    int status =
        cairn_http_call(io, "digest", url, "GET", "/v1/digest", NULL, CAIRN_SLICE_EMPTY, &answer);
    if (status == 0)
        printf("%.*s\n", (int)answer.body.bytes, answer.body.data);
    cairn_buffer_deinit(&answer.body);
    return status;
}

static int digest_of_directory(struct replay *replay)
{
    struct cairn_offline_result result = {0};
    int status = cairn_tool_settings("digest", replay->io, replay->config, &replay->overrides,
                                     replay->settings);
    if (status == 0)
        status = run(replay, &result);
    if (status != 0)
        return status;
    struct cairn_buffer text = {0};
    struct cairn_json_writer writer;
    cairn_json_writer_init(&writer, &text);
    cairn_json_begin_object(&writer);
    cairn_json_member_u64(&writer, "seq", result.seq);
    write_digest(&writer, result.digests);
    cairn_json_end_object(&writer);
    printf("%.*s\n", (int)text.bytes, text.data);
    cairn_buffer_deinit(&text);
    return CAIRN_EXIT_DONE;
}

int cairn_tool_digest(int argc, char *argv[])
{
    struct replay replay = {0};
    struct cairn_args args;
    const struct cairn_option options[] = {
        {.name = "--config", .value = &replay.config},
        {.name = "--set", .repeated = &replay.overrides},
        {0},
    };
    if (cairn_args_parse(&args, "digest", argc, argv, options, 1) < 0)
        return CAIRN_EXIT_USAGE;
    if (args.count != 1) {
        fprintf(stderr, "cairn digest: name a data directory or a URL (cairn digest --help)\n");
        return CAIRN_EXIT_USAGE;
    }
    replay.directory = args.positional[0];
    replay.io = cairn_tool_io("digest");
    replay.settings = calloc(1, sizeof(*replay.settings));
    int status = CAIRN_EXIT_IO;
    if (replay.io != NULL && replay.settings != NULL)
        status = strncmp(replay.directory, "http://", 7) == 0
                     ? digest_of_url(replay.io, replay.directory)
                     : digest_of_directory(&replay);
    free(replay.settings);
    if (replay.io != NULL)
        cairn_io_destroy(replay.io);
    return status;
}
