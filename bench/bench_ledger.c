/* The ledger in process: durable and buffered appends of N writers in a closed loop, replay, and
 * beside them, in the same run, what the disk itself takes for a durable page.
 *
 *     bench_ledger [seconds per case, default 2] [directory, default /tmp]
 *
 * Prints `name<TAB>value<TAB>unit`. Texts are drawn from a word list with a fixed seed, short words
 * more often than long ones, 120 bytes on average.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "runtime/base/assert.h"
#include "runtime/base/error.h"
#include "runtime/base/random.h"
#include "runtime/base/time.h"
#include "runtime/io/io.h"
#include "storage/ledger.h"
#include "storage/reader.h"

#define TEXTS      16384u
#define AUTHORS    500u
#define LATENCIES  (1u << 20)
#define PAGE_BYTES 4096u
#define WINDOW_MAX 4096u
#define REPLAY_MAX 2000000u
#define SEED       20240601u

static const char *const words[] = {
    "a",       "the",     "so",       "we",        "it",        "is",         "not",
    "you",     "to",      "of",       "and",       "in",        "that",       "just",
    "have",    "what",    "this",     "was",       "like",      "stone",      "yeah",
    "know",    "think",   "server",   "build",     "broken",    "again",      "tomorrow",
    "deploy",  "maybe",   "really",   "people",    "morning",   "coffee",     "question",
    "answer",  "weather", "mountain", "yesterday", "something", "config",     "patch",
    "release", "merge",   "thanks",   "welcome",   "haha",      "nice",       "winter",
    "trail",   "bridge",  "window",   "keyboard",  "obviously", "eventually", "conversation",
};
#define WORDS (sizeof(words) / sizeof(words[0]))

struct bench {
    struct cairn_io *io;
    char root[256];
    char directory[300];
    double seconds;
    struct cairn_ledger *ledger;
    struct cairn_ledger_progress progress;
    struct cairn_buffer payloads[TEXTS];
    char authors[AUTHORS][16];
    uint64_t appended_ns[WINDOW_MAX]; /* by sequence, modulo */
    uint64_t *latencies_ns;
    uint32_t latency_count;
};

static void print_line(const char *name, double value, const char *unit)
{
    printf("%s\t%.6g\t%s\n", name, value, unit);
    fflush(stdout);
}

/* ---- texts ---- */

static void make_text(struct cairn_buffer *payload, struct cairn_random *random)
{
    struct cairn_buffer text = {0};
    uint64_t count = 4 + cairn_random_below(random, 18) + cairn_random_below(random, 18);
    for (uint64_t i = 0; i < count; i++) {
        /* The smaller of two draws: words at the front come more often. */
        uint64_t a = cairn_random_below(random, WORDS);
        uint64_t b = cairn_random_below(random, WORDS);
        if (i > 0)
            cairn_buffer_append_byte(&text, ' ');
        cairn_buffer_append_text(&text, words[a < b ? a : b]);
        if (cairn_random_below(random, 12) == 0)
            cairn_buffer_append_u64(&text, cairn_random_below(random, 100000));
    }
    cairn_event_put(payload, CAIRN_FIELD_TEXT, cairn_buffer_slice(&text));
    cairn_buffer_deinit(&text);
}

static void make_texts(struct bench *bench)
{
    struct cairn_random random;
    cairn_random_init(&random, SEED);
    for (uint32_t i = 0; i < TEXTS; i++)
        make_text(&bench->payloads[i], &random);
    for (uint32_t i = 0; i < AUTHORS; i++)
        snprintf(bench->authors[i], sizeof(bench->authors[i]), "member-%u", i);
}

static struct cairn_event event_of(struct bench *bench, uint64_t seq)
{
    uint64_t mixed = seq * 0x9e3779b97f4a7c15u;
    return (struct cairn_event){
        .seq = seq,
        .ts_ms = 1717200000000 + (int64_t)seq * 3,
        .kind = CAIRN_EVENT_MESSAGE,
        .space = cairn_slice_of("harbour"),
        .channel = cairn_slice_of("general"),
        .author = cairn_slice_of(bench->authors[(mixed >> 40) % AUTHORS]),
        .payload = cairn_buffer_slice(&bench->payloads[(mixed >> 20) % TEXTS]),
    };
}

/* ---- latencies ---- */

static int compare_u64(const void *a, const void *b)
{
    const uint64_t *left = a;
    const uint64_t *right = b;
    return (*left > *right) - (*left < *right);
}

static void note_latency(struct bench *bench, uint64_t ns)
{
    if (bench->latency_count < LATENCIES)
        bench->latencies_ns[bench->latency_count++] = ns;
}

static void print_percentiles(struct bench *bench, const char *name)
{
    static const struct {
        const char *suffix;
        double part;
    } percentiles[] = {{"p50", 0.5}, {"p99", 0.99}, {"p999", 0.999}};
    char line[96];
    qsort(bench->latencies_ns, bench->latency_count, sizeof(uint64_t), compare_u64);
    for (size_t i = 0; i < 3 && bench->latency_count > 0; i++) {
        uint32_t at = (uint32_t)((bench->latency_count - 1) * percentiles[i].part);
        snprintf(line, sizeof(line), "%s_%s", name, percentiles[i].suffix);
        print_line(line, (double)bench->latencies_ns[at] / 1000, "us");
    }
    bench->latency_count = 0;
}

/* ---- the disk itself ---- */

static int open_zeroed(struct bench *bench, const char *path, uint64_t bytes)
{
    void *zeros = NULL;
    int fd = open(path, O_RDWR | O_CREAT | O_DIRECT, 0600);
    if (fd < 0)
        fd = open(path, O_RDWR | O_CREAT, 0600);
    cairn_assert(fd >= 0);
    cairn_assert(posix_memalign(&zeros, PAGE_BYTES, 1u << 20) == 0);
    memset(zeros, 0, 1u << 20);
    for (uint64_t offset = 0; offset < bytes; offset += 1u << 20)
        cairn_assert(cairn_io_write_now(bench->io, fd, zeros, 1u << 20, offset) == 0);
    cairn_assert(fsync(fd) == 0);
    free(zeros);
    return fd;
}

static void bench_bare(struct bench *bench)
{
    char path[300];
    void *page = NULL;
    uint64_t bytes = 64u << 20;
    snprintf(path, sizeof(path), "%s/bare", bench->root);
    int fd = open_zeroed(bench, path, bytes);
    cairn_assert(posix_memalign(&page, PAGE_BYTES, PAGE_BYTES) == 0);
    memset(page, 0x5a, PAGE_BYTES);

    struct iovec vector = {.iov_base = page, .iov_len = PAGE_BYTES};
    uint64_t start_ns = cairn_io_monotonic_ns(bench->io);
    uint64_t now_ns = start_ns;
    uint64_t count = 0;
    while ((double)(now_ns - start_ns) < bench->seconds * 1e9) {
        off_t offset = (off_t)(count * PAGE_BYTES % bytes);
        cairn_assert(pwritev2(fd, &vector, 1, offset, RWF_DSYNC) == (ssize_t)PAGE_BYTES);
        uint64_t after_ns = cairn_io_monotonic_ns(bench->io);
        note_latency(bench, after_ns - now_ns);
        now_ns = after_ns;
        count++;
    }
    print_line("bare_dsync_4k", (double)count * 1e9 / (double)(now_ns - start_ns), "writes/s");
    print_percentiles(bench, "bare_dsync_4k");
    close(fd);
    unlink(path);
    free(page);
}

/* ---- appends ---- */

static void on_progress(void *context, const struct cairn_ledger_progress *progress)
{
    struct bench *bench = context;
    bench->progress = *progress;
}

static void remove_ledger(struct bench *bench)
{
    char command[512];
    snprintf(command, sizeof(command), "rm -rf '%s/ledger'", bench->root);
    cairn_assert(system(command) == 0);
}

static void open_ledger(struct bench *bench, uint32_t compress_threshold)
{
    struct cairn_ledger_recovery recovery;
    struct cairn_ledger_options options = {
        .directory = bench->directory,
        .segment_bytes = 64u << 20,
        .blocks_in_flight = 2,
        .block_bytes = 64u << 10,
        .compress_threshold = compress_threshold,
        .flush_interval_ms = 100,
        .seal_idle_ms = 5,
        .direct = true,
        .progress = on_progress,
        .context = bench,
    };
    bench->progress = (struct cairn_ledger_progress){0};
    int result = cairn_ledger_open(bench->io, &options, &recovery, &bench->ledger);
    if (result < 0) {
        fprintf(stderr, "cannot open %s: %s\n", bench->directory, strerror(-result));
        exit(1);
    }
}

static void append_next(struct bench *bench, uint64_t now_ns)
{
    uint64_t seq = cairn_ledger_next_seq(bench->ledger);
    struct cairn_event event = event_of(bench, seq);
    bench->appended_ns[seq % WINDOW_MAX] = now_ns;
    int result = cairn_ledger_append(bench->ledger, &event, 1);
    while (result == -ENOBUFS) {
        cairn_io_poll(bench->io, UINT64_MAX);
        result = cairn_ledger_append(bench->ledger, &event, 1);
    }
    cairn_assert(result == 0);
}

/* Each writer appends its next event when the one before is acknowledged. */
static void bench_append(struct bench *bench, const char *name, uint32_t writers, bool durable,
                         uint32_t compress_threshold)
{
    remove_ledger(bench);
    open_ledger(bench, compress_threshold);
    uint64_t start_ns = cairn_io_monotonic_ns(bench->io);
    uint64_t now_ns = start_ns;
    uint64_t tick_ns = start_ns;
    uint64_t acked = 0;
    while ((double)(now_ns - start_ns) < bench->seconds * 1e9) {
        while (cairn_ledger_next_seq(bench->ledger) - 1 - acked < writers)
            append_next(bench, now_ns);
        cairn_ledger_flush(bench->ledger, durable);
        cairn_io_poll(bench->io, UINT64_MAX);
        now_ns = cairn_io_monotonic_ns(bench->io);
        if (now_ns > tick_ns) {
            uint64_t wait_ms = cairn_ledger_tick(bench->ledger);
            tick_ns = now_ns + (wait_ms < 10 ? wait_ms : 10) * CAIRN_NS_PER_MS;
        }
        uint64_t done = durable ? bench->progress.durable_seq : bench->progress.written_seq;
        for (; acked < done; acked++)
            note_latency(bench, now_ns - bench->appended_ns[(acked + 1) % WINDOW_MAX]);
    }
    print_line(name, (double)acked * 1e9 / (double)(now_ns - start_ns), "msg/s");
    print_percentiles(bench, name);
    cairn_assert(cairn_ledger_close(bench->ledger) == 0);
}

/* ---- replay ---- */

static void fill_ledger(struct bench *bench, uint32_t compress_threshold)
{
    struct cairn_ledger_stats stats;
    remove_ledger(bench);
    open_ledger(bench, compress_threshold);
    uint64_t start_ns = cairn_io_monotonic_ns(bench->io);
    for (uint64_t i = 0; i < REPLAY_MAX; i++) {
        append_next(bench, 0);
        if (i % 256 == 0)
            cairn_io_poll(bench->io, 0);
    }
    cairn_ledger_stats(bench->ledger, &stats);
    cairn_assert(cairn_ledger_close(bench->ledger) == 0);
    uint64_t spent_ns = cairn_io_monotonic_ns(bench->io) - start_ns;
    const char *codec = compress_threshold == UINT32_MAX ? "stored" : "lz4";
    char name[64];
    snprintf(name, sizeof(name), "fill_%s", codec);
    print_line(name, REPLAY_MAX * 1e9 / (double)spent_ns, "msg/s");
    snprintf(name, sizeof(name), "ratio_%s", codec);
    print_line(name, (double)stats.raw_bytes / (double)stats.bytes_on_disk, "raw/disk");
}

static void replay_once(struct bench *bench, const char *name)
{
    struct cairn_reader *reader = NULL;
    char line[64];
    uint64_t raw_bytes = 0;
    uint64_t text_bytes = 0;
    uint64_t start_ns = cairn_io_monotonic_ns(bench->io);
    cairn_assert(cairn_reader_open(bench->io, bench->directory, 0, &reader) == 0);
    uint64_t opened_ns = cairn_io_monotonic_ns(bench->io);
    for (uint64_t seq = 1; seq <= REPLAY_MAX;) {
        struct cairn_reader_block *block = NULL;
        cairn_assert(cairn_reader_acquire(reader, seq, &block) == 0);
        for (uint32_t i = 0; i < block->event_count; i++)
            text_bytes += block->events[i].payload.bytes;
        raw_bytes += block->raw_bytes;
        seq += block->event_count;
        cairn_reader_release(reader, block);
    }
    uint64_t spent_ns = cairn_io_monotonic_ns(bench->io) - opened_ns;
    cairn_reader_close(reader);
    cairn_assert(text_bytes > 0);
    print_line(name, REPLAY_MAX * 1e9 / (double)spent_ns, "msg/s");
    snprintf(line, sizeof(line), "%s_bytes", name);
    print_line(line, (double)raw_bytes * 1e3 / (double)spent_ns, "MB/s");
    snprintf(line, sizeof(line), "%s_open", name);
    print_line(line, (double)(opened_ns - start_ns) / 1e6, "ms");
}

static void bench_replay(struct bench *bench, const char *name, uint32_t compress_threshold)
{
    fill_ledger(bench, compress_threshold);
    replay_once(bench, name); /* and again, from the page cache */
    replay_once(bench, name);
    uint64_t start_ns = cairn_io_monotonic_ns(bench->io);
    char line[64];
    open_ledger(bench, compress_threshold);
    snprintf(line, sizeof(line), "%s_recover", name);
    print_line(line, (double)(cairn_io_monotonic_ns(bench->io) - start_ns) / 1e6, "ms");
    cairn_assert(cairn_ledger_close(bench->ledger) == 0);
}

static void bench_create(struct bench *bench, const char *parent)
{
    struct cairn_io_options options = {.queue_entries = 64, .defer_taskrun = true};
    if (cairn_io_create(CAIRN_IO_URING, &options, &bench->io) < 0)
        cairn_assert(cairn_io_create(CAIRN_IO_POSIX, &options, &bench->io) == 0);
    snprintf(bench->root, sizeof(bench->root), "%s/cairn-bench-XXXXXX", parent);
    if (mkdtemp(bench->root) == NULL) {
        perror(bench->root);
        exit(1);
    }
    snprintf(bench->directory, sizeof(bench->directory), "%s/ledger/0", bench->root);
    bench->latencies_ns = malloc(LATENCIES * sizeof(uint64_t));
    cairn_assert(bench->latencies_ns != NULL);
    make_texts(bench);
}

static void bench_destroy(struct bench *bench)
{
    remove_ledger(bench);
    rmdir(bench->root);
    for (uint32_t i = 0; i < TEXTS; i++)
        cairn_buffer_deinit(&bench->payloads[i]);
    free(bench->latencies_ns);
    cairn_io_destroy(bench->io);
}

int main(int argc, char **argv)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    cairn_assert(bench != NULL);
    bench->seconds = argc > 1 ? atof(argv[1]) : 2;
    bench_create(bench, argc > 2 ? argv[2] : "/tmp");
    print_line("uring", cairn_io_kind(bench->io) == CAIRN_IO_URING, "bool");

    bench_bare(bench);
    bench_append(bench, "append_durable_1", 1, true, 8192);
    bench_append(bench, "append_durable_16", 16, true, 8192);
    bench_append(bench, "append_durable_256", 256, true, 8192);
    bench_append(bench, "append_durable_256_stored", 256, true, UINT32_MAX);
    bench_append(bench, "append_buffered_1", 1, false, 8192);
    bench_append(bench, "append_buffered_256", 256, false, 8192);
    bench_bare(bench); /* again: the disk drifts */
    bench_replay(bench, "replay_lz4", 8192);
    bench_replay(bench, "replay_stored", UINT32_MAX);
    bench_destroy(bench);
    free(bench);
    return 0;
}
