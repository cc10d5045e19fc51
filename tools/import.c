/* tools/import.c: `cairn import`: files of messages to a service, in bodies of a thousand lines. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/system.h"
#include "runtime/base/json.h"
#include "runtime/base/json_writer.h"
#include "tools/http_client.h"
#include "tools/tool.h"

#define LINES_MAX      1000
#define BODY_BYTES     (4u << 20)
#define READ_BYTES     (1u << 20)
#define FILES_MAX      1024
#define LINE_BYTES_MAX (16u << 20)
#define RETRY_NS       (UINT64_C(50) * 1000000)
#define RETRIES_MAX    1200

struct import {
    const char *space, *to, *data, *format, *channel;
    bool durable, json;
    struct cairn_io *io;
    struct cairn_http_client client;
    struct cairn_buffer path;
    struct cairn_buffer body;
    uint32_t body_lines;
    uint64_t first_line; /* of the body, in its file */
    uint64_t lines, accepted, duplicates, rejected, bytes, total_bytes;
    const char *file;
    struct cairn_progress progress;
};

/* ---- sending ---- */

static void tell_rejected(struct import *import, struct cairn_json_reader *reader)
{
    struct cairn_slice key, detail = CAIRN_SLICE_EMPTY;
    uint64_t line = 0;
    cairn_json_enter_object(reader);
    while (cairn_json_next_member(reader, &key)) {
        if (cairn_slice_is(key, "line"))
            cairn_json_read_u64(reader, &line);
        else if (cairn_slice_is(key, "detail"))
            cairn_json_read_string(reader, &detail);
    }
    import->rejected++;
    fprintf(stderr, "cairn import: %s:%llu: %.*s\n", import->file,
            (unsigned long long)(import->first_line + line - 1), (int)detail.bytes, detail.data);
}

static void count_answer(struct import *import, struct cairn_slice answer)
{
    struct cairn_json_scratch scratch = {0};
    struct cairn_json_reader reader;
    struct cairn_slice key;
    uint64_t number;
    cairn_json_scratch_begin(&scratch, answer.bytes);
    cairn_json_reader_init(&reader, answer, &scratch);
    cairn_json_enter_object(&reader);
    while (cairn_json_next_member(&reader, &key)) {
        if (cairn_slice_is(key, "accepted") && cairn_json_read_u64(&reader, &number) == 0) {
            import->accepted += number;
        } else if (cairn_slice_is(key, "duplicates") &&
                   cairn_json_read_u64(&reader, &number) == 0) {
            import->duplicates += number;
        } else if (cairn_slice_is(key, "rejected")) {
            cairn_json_enter_array(&reader);
            while (cairn_json_next_element(&reader))
                tell_rejected(import, &reader);
        }
    }
    cairn_json_scratch_deinit(&scratch);
}

/* A busy service asks to come again later: it is asked a little later, for a minute at most. */
static bool is_to_retry(struct import *import, int status, uint32_t *tries)
{
    if ((status != 429 && status != 503) || ++*tries > RETRIES_MAX)
        return false;
    cairn_io_poll(import->io, RETRY_NS);
    return true;
}

static int send_body(struct import *import)
{
    struct cairn_http_answer answer = {0};
    uint32_t tries = 0;
    int status = CAIRN_EXIT_DONE;
    if (import->body_lines == 0)
        return status;
    do {
        int result =
            cairn_http_request(&import->client, "POST", import->path.data, "application/x-ndjson",
                               cairn_buffer_slice(&import->body), &answer);
        if (result < 0) {
            fprintf(stderr, "cairn import: http://%s:%u: %s; %llu messages are in\n",
                    import->client.host, import->client.port, strerror(-result),
                    (unsigned long long)import->accepted);
            status = CAIRN_EXIT_IO;
        }
    } while (status == CAIRN_EXIT_DONE && is_to_retry(import, answer.status, &tries));
    if (status == CAIRN_EXIT_DONE && answer.status >= 400) {
        cairn_http_tell_problem("import", &answer);
        status = CAIRN_EXIT_FAULT;
    } else if (status == CAIRN_EXIT_DONE) {
        count_answer(import, cairn_buffer_slice(&answer.body));
    }
    cairn_buffer_deinit(&answer.body);
    cairn_buffer_clear(&import->body);
    import->first_line += import->body_lines;
    import->body_lines = 0;
    cairn_progress_show(&import->progress, import->bytes, import->total_bytes);
    return status;
}

static int end_line(struct import *import)
{
    cairn_buffer_append_byte(&import->body, '\n');
    import->lines++;
    import->body_lines++;
    if (import->body_lines < LINES_MAX && import->body.bytes < BODY_BYTES)
        return CAIRN_EXIT_DONE;
    return send_body(import);
}

/* ---- NDJSON ---- */

/* {"caption": "..."} beside a text is a picture's description: an attachment here. */
static void append_with_caption(struct import *import, struct cairn_slice line)
{
    struct cairn_json_scratch scratch = {0};
    struct cairn_json_reader reader;
    struct cairn_json_writer writer;
    struct cairn_slice key, raw;
    size_t start = import->body.bytes;
    cairn_json_scratch_begin(&scratch, line.bytes);
    cairn_json_reader_init(&reader, line, &scratch);
    cairn_json_writer_init(&writer, &import->body);
    cairn_json_begin_object(&writer);
    cairn_json_enter_object(&reader);
    while (cairn_json_next_member(&reader, &key)) {
        bool is_caption = cairn_slice_is(key, "caption");
        if (cairn_json_read_raw(&reader, &raw) < 0)
            break;
        cairn_json_key_slice(&writer, is_caption ? cairn_slice_of("attachments") : key);
        if (is_caption)
            cairn_buffer_printf(&import->body, "[{\"caption\":%.*s}]", (int)raw.bytes, raw.data);
        else
            cairn_buffer_append_slice(&import->body, raw);
        writer.is_comma_due = true;
    }
    cairn_json_end_object(&writer);
    if (cairn_json_finish(&reader) < 0) { /* let the service say what is wrong with it */
        import->body.bytes = start;
        cairn_buffer_append_slice(&import->body, line);
    }
    cairn_json_scratch_deinit(&scratch);
}

static int take_line(struct import *import, struct cairn_slice line)
{
    if (memmem(line.data, line.bytes, "\"caption\"", 9) != NULL)
        append_with_caption(import, line);
    else
        cairn_buffer_append_slice(&import->body, line);
    return end_line(import);
}

/* Whole lines of what has been read; the rest stays for the next piece. */
static int take_lines(struct import *import, struct cairn_buffer *input, bool is_last)
{
    size_t start = 0;
    int status = CAIRN_EXIT_DONE;
    while (status == CAIRN_EXIT_DONE && start < input->bytes) {
        const char *end = memchr(input->data + start, '\n', input->bytes - start);
        if (end == NULL && !is_last)
            break;
        size_t bytes = end == NULL ? input->bytes - start : (size_t)(end - input->data) - start;
        status = take_line(import, cairn_slice(input->data + start, bytes));
        start += bytes + (end != NULL);
    }
    memmove(input->data, input->data + start, input->bytes - start);
    input->bytes -= start;
    return status;
}

/* ---- markov-discord: [{"message": "...", "attachments": ["url", ...]}, ...] ---- */

static int take_entry(struct import *import, struct cairn_json_reader *reader)
{
    struct cairn_json_writer writer;
    struct cairn_slice key, message = CAIRN_SLICE_EMPTY, url;
    struct cairn_buffer attachments = {0};
    struct cairn_json_writer list;
    cairn_json_writer_init(&list, &attachments);
    cairn_json_begin_array(&list);
    cairn_json_enter_object(reader);
    while (cairn_json_next_member(reader, &key)) {
        if (cairn_slice_is(key, "message")) {
            cairn_json_read_string(reader, &message);
        } else if (cairn_slice_is(key, "attachments") && !cairn_json_take_null(reader)) {
            cairn_json_enter_array(reader);
            while (cairn_json_next_element(reader)) {
                if (cairn_json_read_string(reader, &url) < 0)
                    break;
                cairn_json_begin_object(&list);
                cairn_json_member_string(&list, "url", url);
                cairn_json_end_object(&list);
            }
        }
    }
    cairn_json_end_array(&list);
    cairn_json_writer_init(&writer, &import->body);
    cairn_json_begin_object(&writer);
    cairn_json_member_text(&writer, "channel", import->channel);
    cairn_json_member_text(&writer, "author", "import");
    cairn_json_member_string(&writer, "text", message);
    if (attachments.bytes > 2)
        cairn_json_member_raw(&writer, "attachments", cairn_buffer_slice(&attachments));
    cairn_json_end_object(&writer);
    cairn_buffer_deinit(&attachments);
    return reader->result < 0 ? CAIRN_EXIT_FAULT : end_line(import);
}

static int take_array(struct import *import, struct cairn_slice text)
{
    struct cairn_json_scratch scratch = {0};
    struct cairn_json_reader reader;
    int status = CAIRN_EXIT_DONE;
    cairn_json_scratch_begin(&scratch, text.bytes);
    cairn_json_reader_init(&reader, text, &scratch);
    cairn_json_enter_array(&reader);
    while (status == CAIRN_EXIT_DONE && cairn_json_next_element(&reader))
        status = take_entry(import, &reader);
    if (cairn_json_finish(&reader) < 0) {
        fprintf(stderr, "cairn import: %s: byte %u: %s\n", import->file, reader.error_offset,
                reader.error);
        status = CAIRN_EXIT_FAULT;
    }
    cairn_json_scratch_deinit(&scratch);
    return status;
}

/* ---- files ---- */

struct source {
    int fd; /* -1: standard input */
    uint64_t offset;
};

static int64_t read_piece(struct import *import, struct source *source, struct cairn_buffer *input)
{
    char *target = cairn_buffer_reserve(input, READ_BYTES);
    int64_t bytes;
    if (target == NULL)
        return -ENOMEM;
    if (source->fd < 0)
        bytes = ferror(stdin) != 0 ? -EIO : (int64_t)fread(target, 1, READ_BYTES, stdin);
    else
        bytes = cairn_io_read_now(import->io, source->fd, target, READ_BYTES, source->offset);
    if (bytes > 0) {
        source->offset += (uint64_t)bytes;
        input->bytes += (size_t)bytes;
        import->bytes += (uint64_t)bytes;
    }
    return bytes;
}

static bool is_array(const struct import *import, const struct cairn_buffer *input)
{
    if (strcmp(import->format, "markov-discord") == 0)
        return true;
    size_t i = strspn(input->bytes == 0 ? "" : input->data, " \t\r\n");
    return strcmp(import->format, "auto") == 0 && i < input->bytes && input->data[i] == '[';
}

static int import_source(struct import *import, struct source *source)
{
    struct cairn_buffer input = {0};
    int status = CAIRN_EXIT_DONE;
    int64_t bytes = read_piece(import, source, &input);
    bool is_gzip =
        input.bytes > 2 && (uint8_t)input.data[0] == 0x1f && (uint8_t)input.data[1] == 0x8b;
    cairn_buffer_append_byte(&input, '\0');
    input.bytes--;
    bool whole = is_array(import, &input);
    if (is_gzip) {
        fprintf(stderr, "cairn import: %s is gzipped; try: zcat %s | cairn import - --space %s\n",
                import->file, import->file, import->space);
        status = CAIRN_EXIT_USAGE;
    }
    while (status == CAIRN_EXIT_DONE && bytes > 0) {
        if (!whole)
            status = take_lines(import, &input, false);
        if (!whole && input.bytes > LINE_BYTES_MAX) {
            fprintf(stderr, "cairn import: %s: a line is over %u bytes\n", import->file,
                    LINE_BYTES_MAX);
            status = CAIRN_EXIT_FAULT;
        }
        if (status == CAIRN_EXIT_DONE)
            bytes = read_piece(import, source, &input);
    }
    if (status == CAIRN_EXIT_DONE && bytes < 0) {
        fprintf(stderr, "cairn import: %s: %s\n", import->file, strerror((int)-bytes));
        status = CAIRN_EXIT_IO;
    }
    if (status == CAIRN_EXIT_DONE)
        status = whole ? take_array(import, cairn_buffer_slice(&input))
                       : take_lines(import, &input, true);
    if (status == CAIRN_EXIT_DONE)
        status = send_body(import);
    cairn_buffer_deinit(&input);
    return status;
}

static int import_file(struct import *import, const char *file)
{
    struct source source = {.fd = -1};
    import->file = file;
    import->first_line = 1;
    if (strcmp(file, "-") != 0) {
        source.fd = cairn_io_open(import->io, file, CAIRN_IO_OPEN_READ);
        if (source.fd < 0) {
            fprintf(stderr, "cairn import: %s: %s\n", file, strerror(-source.fd));
            return CAIRN_EXIT_IO;
        }
    }
    int status = import_source(import, &source);
    if (source.fd >= 0)
        cairn_io_close(import->io, source.fd);
    return status;
}

static void print_result(const struct import *import)
{
    double seconds =
        (double)(cairn_io_monotonic_ns(import->io) - import->progress.started_ns) / 1e9;
    struct cairn_buffer text = {0};
    struct cairn_json_writer writer;
    cairn_json_writer_init(&writer, &text);
    cairn_json_begin_object(&writer);
    cairn_json_member_u64(&writer, "lines", import->lines);
    cairn_json_member_u64(&writer, "accepted", import->accepted);
    cairn_json_member_u64(&writer, "duplicates", import->duplicates);
    cairn_json_member_u64(&writer, "rejected", import->rejected);
    cairn_json_member_double(&writer, "seconds", seconds);
    cairn_json_end_object(&writer);
    if (import->json)
        printf("%.*s\n", (int)text.bytes, text.data);
    else
        printf("%llu lines: %llu accepted, %llu duplicates, %llu rejected, in %.3f s\n",
               (unsigned long long)import->lines, (unsigned long long)import->accepted,
               (unsigned long long)import->duplicates, (unsigned long long)import->rejected,
               seconds);
    cairn_buffer_deinit(&text);
}

static int import_files(struct import *import, const char *url, const struct cairn_args *args)
{
    int status = cairn_http_open(&import->client, import->io, "import", url);
    if (status != 0)
        return status;
    cairn_buffer_append_text(&import->path, "/v1/spaces/");
    cairn_http_encode(&import->path, import->space);
    cairn_buffer_printf(&import->path, "/messages?on_error=skip&ack=%s",
                        import->durable ? "durable" : "buffered");
    cairn_buffer_append_byte(&import->path, '\0');
    cairn_progress_begin(&import->progress, import->io, "import", "bytes");
    for (int i = 0; status == CAIRN_EXIT_DONE && i < args->count; i++)
        status = import_file(import, args->positional[i]);
    cairn_progress_end(&import->progress);
    print_result(import);
    cairn_http_close(&import->client);
    return status == CAIRN_EXIT_DONE && import->rejected > 0 ? CAIRN_EXIT_FAULT : status;
}

/* --data: run the service on a port of the kernel's choosing for as long as the import takes. */
static int import_into_directory(struct import *import, const struct cairn_args *args)
{
    struct cairn_settings *settings = malloc(sizeof(*settings));
    struct cairn_service_report report;
    struct cairn_service *service;
    if (settings == NULL)
        return CAIRN_EXIT_IO;
    int status = cairn_tool_settings("import", import->io, NULL, NULL, settings);
    if (status == 0) {
        snprintf(settings->server.listen, sizeof(settings->server.listen), "127.0.0.1:0");
        struct cairn_service_options options = {.settings = settings,
                                                .data_directory = import->data,
                                                .io = import->io,
                                                .version = CAIRN_VERSION};
        int result = cairn_service_start(&options, &report, &service);
        if (result < 0) {
            fprintf(stderr, "cairn import: %s\n", report.detail);
            status = result == -EWOULDBLOCK ? CAIRN_EXIT_LOCKED : CAIRN_EXIT_IO;
        } else {
            status = import_files(import, report.listen, args);
            cairn_service_stop(service);
        }
    }
    free(settings);
    return status;
}

static int parse(struct import *import, struct cairn_args *args, int argc, char *argv[])
{
    const struct cairn_option options[] = {
        {.name = "--space", .value = &import->space},
        {.name = "--to", .value = &import->to},
        {.name = "--data", .value = &import->data},
        {.name = "--format", .value = &import->format},
        {.name = "--channel", .value = &import->channel},
        {.name = "--durable", .flag = &import->durable},
        {.name = "--json", .flag = &import->json},
        {0},
    };
    static const char *const later[] = {"discord-chat-exporter", "slack", "irc", "matrix",
                                        "openai-chat"};
    import->format = "auto";
    import->channel = "import";
    if (cairn_args_parse(args, "import", argc, argv, options, FILES_MAX) < 0)
        return CAIRN_EXIT_USAGE;
    for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
        if (strcmp(import->format, later[i]) == 0) {
            fprintf(stderr, "cairn import: format %s comes with a later release\n", later[i]);
            return CAIRN_EXIT_USAGE;
        }
    }
    bool is_known = strcmp(import->format, "auto") == 0 || strcmp(import->format, "ndjson") == 0 ||
                    strcmp(import->format, "markov-discord") == 0;
    if (import->space == NULL || args->count == 0 || !is_known ||
        (import->to != NULL && import->data != NULL)) {
        fprintf(stderr, "cairn import: %s (cairn import --help)\n",
                import->space == NULL ? "--space is missing"
                : args->count == 0    ? "name a file, or - for standard input"
                : !is_known           ? "--format must be auto, ndjson or markov-discord"
                                      : "give --to or --data, not both");
        return CAIRN_EXIT_USAGE;
    }
    return 0;
}

static uint64_t sum_of_sizes(struct cairn_io *io, const struct cairn_args *args)
{
    uint64_t sum = 0;
    for (int i = 0; i < args->count; i++) {
        int fd = cairn_io_open(io, args->positional[i], CAIRN_IO_OPEN_READ);
        int64_t bytes = fd < 0 ? 0 : cairn_io_size(io, fd);
        sum += bytes > 0 ? (uint64_t)bytes : 0;
        if (fd >= 0)
            cairn_io_close(io, fd);
    }
    return sum;
}

int cairn_tool_import(int argc, char *argv[])
{
    struct import import = {0};
    struct cairn_args args;
    int status = parse(&import, &args, argc, argv);
    if (status != 0)
        return status;
    import.io = cairn_tool_io("import");
    if (import.io == NULL)
        return CAIRN_EXIT_IO;
    import.total_bytes = sum_of_sizes(import.io, &args);
    status = import.data != NULL ? import_into_directory(&import, &args)
                                 : import_files(&import, import.to, &args);
    cairn_buffer_deinit(&import.path);
    cairn_buffer_deinit(&import.body);
    cairn_io_destroy(import.io);
    return status;
}
