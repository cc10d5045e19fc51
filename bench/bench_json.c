/* bench/bench_json.c: how fast chat lines are read and written as JSON.
 *
 * Generates 64 MiB of chat messages as NDJSON from a fixed seed (mean about 190 bytes a line, one
 * text in sixteen with escapes, one in eight not ASCII), then reads them field by field, skips
 * them, and writes them again. Two figures a case, MB/s and ns a line: the median of the runs. */
#include "runtime/base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "runtime/base/assert.h"
#include "runtime/base/json_writer.h"
#include "runtime/base/random.h"
#include "runtime/base/time.h"
#include "runtime/base/utf8.h"

enum { BODY_BYTES = 64 << 20, RUNS = 9 };

struct message {
    struct cairn_slice channel, author, text;
    int64_t ts;
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * CAIRN_NS_PER_S + (uint64_t)now.tv_nsec;
}

static void append_text(struct cairn_buffer *text, struct cairn_random *random)
{
    static const char *const WORDS[] = {"the",  "server", "a",     "restart", "please", "kernel",
                                        "does", "not",    "when",  "upgrade", "I",      "package",
                                        "you",  "and",    "works", "ubuntu"};
    uint64_t words = 4 + cairn_random_below(random, 32);
    bool has_escapes = cairn_random_below(random, 16) == 0;
    bool is_foreign = cairn_random_below(random, 8) == 0;
    cairn_buffer_clear(text);
    for (uint64_t i = 0; i < words; i++) {
        cairn_buffer_append_text(text, WORDS[cairn_random_below(random, 16)]);
        cairn_buffer_append_text(text, has_escapes && i % 8 == 3 ? "\n\"" : " ");
        if (is_foreign && i % 4 == 1)
            cairn_buffer_append_text(text, "gr\xc3\xbc\xc3\x9f \xe6\x97\xa5\xe6\x9c\xac ");
    }
}

static void write_message(struct cairn_buffer *body, const struct message *message)
{
    struct cairn_json_writer writer;
    cairn_json_writer_init(&writer, body);
    cairn_json_begin_object(&writer);
    cairn_json_member_string(&writer, "channel", message->channel);
    cairn_json_member_string(&writer, "author", message->author);
    cairn_json_member_i64(&writer, "ts", message->ts);
    cairn_json_member_string(&writer, "text", message->text);
    cairn_json_end_object(&writer);
    cairn_buffer_append_byte(body, '\n');
}

static void generate(struct cairn_buffer *body)
{
    struct cairn_random random;
    struct cairn_buffer text = {0};
    char author[32];
    cairn_random_init(&random, 1);
    for (int64_t ts = 1700000000000; body->bytes < BODY_BYTES; ts += 1000) {
        append_text(&text, &random);
        snprintf(author, sizeof(author), "user%u", (unsigned int)cairn_random_below(&random, 1000));
        struct message message = {.channel = cairn_slice_of("#general"),
                                  .author = cairn_slice_of(author),
                                  .text = cairn_buffer_slice(&text),
                                  .ts = ts};
        write_message(body, &message);
    }
    cairn_buffer_deinit(&text);
}

static void read_fields(struct cairn_json_reader *reader, struct message *message)
{
    static const char *const NAMES[] = {"channel", "author", "text", "ts"};
    struct cairn_slice key;
    cairn_json_enter_object(reader);
    while (cairn_json_next_member(reader, &key)) {
        switch (cairn_json_key_index(key, NAMES, 4)) {
        case 0:
            cairn_json_read_string(reader, &message->channel);
            break;
        case 1:
            cairn_json_read_string(reader, &message->author);
            break;
        case 2:
            cairn_json_read_string(reader, &message->text);
            break;
        case 3:
            cairn_json_read_i64(reader, &message->ts);
            break;
        default:
            cairn_json_fail(reader, "unknown field");
        }
    }
}

enum work { READ_FIELDS, SKIP, UTF8, READ_AND_WRITE };

static uint64_t run_lines(enum work work, struct cairn_slice body, struct cairn_buffer *written)
{
    static struct cairn_json_scratch scratch;
    uint64_t lines = 0;
    cairn_json_scratch_begin(&scratch, body.bytes);
    for (size_t at = 0; at < body.bytes; lines++) {
        const char *line = body.data + at;
        const char *newline = memchr(line, '\n', body.bytes - at);
        size_t bytes = (size_t)(newline - line);
        struct cairn_json_reader reader;
        struct message message = {0};
        at += bytes + 1;
        if (work == UTF8) {
            cairn_assert(cairn_utf8_is_valid(cairn_slice(line, bytes)));
            continue;
        }
        cairn_json_reader_init(&reader, cairn_slice(line, bytes), &scratch);
        if (work != SKIP)
            read_fields(&reader, &message);
        cairn_assert(cairn_json_finish(&reader) == 0);
        if (work == READ_AND_WRITE)
            write_message(written, &message);
    }
    return lines;
}

static int by_value(const void *a, const void *b)
{
    const uint64_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

static void measure(const char *name, enum work work, struct cairn_slice body,
                    struct cairn_buffer *written)
{
    uint64_t runs_ns[RUNS];
    uint64_t lines = run_lines(work, body, written); /* warms caches and scratch */
    for (int i = 0; i < RUNS; i++) {
        cairn_buffer_clear(written);
        uint64_t start_ns = now_ns();
        run_lines(work, body, written);
        runs_ns[i] = now_ns() - start_ns;
    }
    qsort(runs_ns, RUNS, sizeof(runs_ns[0]), by_value);
    double median_ns = (double)runs_ns[RUNS / 2];
    printf("json_%s\t%.0f\tMB/s\n", name, (double)body.bytes * 1e3 / median_ns);
    printf("json_%s_line\t%.1f\tns\n", name, median_ns / (double)lines);
}

int main(void)
{
    struct cairn_buffer body = {0}, written = {0};
    generate(&body);
    struct cairn_slice lines = cairn_buffer_slice(&body);
    measure("read_fields", READ_FIELDS, lines, &written);
    measure("skip", SKIP, lines, &written);
    measure("validate_utf8", UTF8, lines, &written);
    measure("read_and_write", READ_AND_WRITE, lines, &written);
    cairn_assert(cairn_slice_equal(lines, cairn_buffer_slice(&written)));
    cairn_buffer_deinit(&body);
    cairn_buffer_deinit(&written);
    return 0;
}
