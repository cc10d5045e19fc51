/* tests/storage/fixture.h: a ledger to try things on: in a directory of its own, or in a simulated
 * world. The n-th event is a function of n, so that what was read can be compared with what must be
 * there without a copy of it. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/error.h"
#include "runtime/base/hash.h"
#include "runtime/base/random.h"
#include "runtime/base/time.h"
#include "runtime/io/io.h"
#include "runtime/io/sim.h"
#include "storage/ledger.h"
#include "storage/reader.h"
#include "storage/segment.h"
#include "storage/verify.h"
#include "tests/support/unit.h"

struct fixture {
    enum cairn_io_kind kind;
    struct cairn_sim *sim; /* CAIRN_IO_SIM only */
    struct cairn_io *io;
    char root[64];
    char directory[96];
    struct cairn_ledger_options options;
    struct cairn_ledger_recovery recovery;
    struct cairn_ledger_progress progress;
    uint32_t progress_count;
    struct cairn_ledger *ledger; /* NULL while closed */
};

static inline void fixture_progress(void *context, const struct cairn_ledger_progress *progress)
{
    struct fixture *fixture = context;
    assert_true(progress->written_seq >= fixture->progress.written_seq);
    assert_true(progress->durable_seq >= fixture->progress.durable_seq);
    assert_true(progress->durable_seq <= progress->written_seq);
    fixture->progress = *progress;
    fixture->progress_count++;
}

static inline int fixture_enter(struct fixture *fixture)
{
    struct cairn_io_options options = {.queue_entries = 64, .sim = fixture->sim};
    return cairn_io_create(fixture->kind, &options, &fixture->io);
}

static inline struct cairn_ledger_options fixture_options(struct fixture *fixture)
{
    return (struct cairn_ledger_options){
        .directory = fixture->directory,
        .segment_bytes = 1u << 20,
        .blocks_in_flight = 2,
        .block_bytes = 64u << 10,
        .compress_threshold = 1024,
        .flush_interval_ms = 100,
        .seal_idle_ms = 5,
        .direct = true,
        .progress = fixture_progress,
        .context = fixture,
    };
}

static inline struct fixture *fixture_create(enum cairn_io_kind kind, uint64_t seed)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    fixture->kind = kind;
    if (kind == CAIRN_IO_SIM) {
        struct cairn_sim_options options = {.seed = seed, .disk_bytes = 64u << 20};
        assert_int_equal(cairn_sim_create(&options, &fixture->sim), 0);
        snprintf(fixture->root, sizeof(fixture->root), "cairn-test");
    } else {
        snprintf(fixture->root, sizeof(fixture->root), "/tmp/cairn-test-XXXXXX");
        assert_non_null(mkdtemp(fixture->root));
    }
    snprintf(fixture->directory, sizeof(fixture->directory), "%s/ledger/0", fixture->root);
    if (fixture_enter(fixture) < 0) { /* io_uring is forbidden here */
        fixture->kind = CAIRN_IO_POSIX;
        assert_int_equal(fixture_enter(fixture), 0);
    }
    fixture->options = fixture_options(fixture);
    return fixture;
}

static inline int fixture_open(struct fixture *fixture)
{
    fixture->progress = (struct cairn_ledger_progress){0};
    return cairn_ledger_open(fixture->io, &fixture->options, &fixture->recovery, &fixture->ledger);
}

static inline int fixture_close(struct fixture *fixture)
{
    struct cairn_ledger *ledger = fixture->ledger;
    fixture->ledger = NULL;
    return ledger == NULL ? 0 : cairn_ledger_close(ledger);
}

static inline void fixture_destroy(struct fixture *fixture)
{
    (void)fixture_close(fixture);
    cairn_io_destroy(fixture->io);
    if (fixture->sim != NULL) {
        cairn_sim_destroy(fixture->sim);
    } else {
        char command[128];
        snprintf(command, sizeof(command), "rm -rf %s", fixture->root);
        assert_int_equal(system(command), 0);
    }
    free(fixture);
}

/* The power is cut, and the program starts again. */
static inline void fixture_crash(struct fixture *fixture)
{
    cairn_sim_crash(fixture->sim);
    (void)fixture_close(fixture);
    cairn_io_destroy(fixture->io);
    assert_int_equal(fixture_enter(fixture), 0);
}

/* ---- the n-th event ---- */

struct sample {
    struct cairn_event event;
    struct cairn_buffer payload;
    char author[24];
    char space[16];
};

static inline void sample_deinit(struct sample *sample)
{
    cairn_buffer_deinit(&sample->payload);
}

static inline void sample_text(struct cairn_buffer *text, struct cairn_random *random)
{
    static const char *const words[] = {"the ", "cairn ", "keeps ", "what ", "was ", "said ",
                                        "to ",  "it ",    "and ",   "why ",  "not "};
    uint64_t count = cairn_random_below(random, 60);
    for (uint64_t i = 0; i < count; i++)
        cairn_buffer_append_text(text,
                                 words[cairn_random_below(random, sizeof(words) / sizeof(*words))]);
}

/* `sample` is zeroed, or one of before. */
static inline const struct cairn_event *sample_make(struct sample *sample, uint64_t seq)
{
    struct cairn_random random;
    struct cairn_buffer text = {0};
    cairn_random_init(&random, seq);
    cairn_buffer_clear(&sample->payload);
    sample_text(&text, &random);
    cairn_event_put(&sample->payload, CAIRN_FIELD_TEXT, cairn_buffer_slice(&text));
    cairn_event_put_i64(&sample->payload, CAIRN_FIELD_REPLY_TO, (int64_t)seq - 7);
    cairn_buffer_deinit(&text);
    snprintf(sample->author, sizeof(sample->author), "author-%u",
             (unsigned)cairn_random_below(&random, 40 + seq / 16));
    snprintf(sample->space, sizeof(sample->space), "space-%u",
             (unsigned)cairn_random_below(&random, 3));
    sample->event = (struct cairn_event){
        .seq = seq,
        .ts_ms = 1700000000000 + (int64_t)seq * 10 - (int64_t)cairn_random_below(&random, 500),
        .kind = CAIRN_EVENT_MESSAGE,
        .flags = (uint8_t)(seq % 3),
        .space = cairn_slice_of(sample->space),
        .channel = seq % 5 == 0 ? CAIRN_SLICE_EMPTY : cairn_slice_of("general"),
        .author = cairn_slice_of(sample->author),
        .payload = cairn_buffer_slice(&sample->payload),
    };
    return &sample->event;
}

static inline bool sample_matches(struct sample *sample, const struct cairn_event *event)
{
    const struct cairn_event *expected = sample_make(sample, event->seq);
    return event->ts_ms == expected->ts_ms && event->kind == expected->kind &&
           event->flags == expected->flags && cairn_slice_equal(event->space, expected->space) &&
           cairn_slice_equal(event->channel, expected->channel) &&
           cairn_slice_equal(event->author, expected->author) &&
           cairn_slice_equal(event->payload, expected->payload);
}

/* ---- acting on the ledger ---- */

static inline int fixture_append(struct fixture *fixture, uint32_t count)
{
    struct sample sample = {0};
    int result = 0;
    for (uint32_t i = 0; result == 0 && i < count; i++) {
        const struct cairn_event *event =
            sample_make(&sample, cairn_ledger_next_seq(fixture->ledger));
        result = cairn_ledger_append(fixture->ledger, event, 1);
        while (result == -ENOBUFS) {
            cairn_io_poll(fixture->io, UINT64_MAX);
            result = cairn_ledger_append(fixture->ledger, event, 1);
        }
    }
    sample_deinit(&sample);
    return result;
}

/* Until everything appended is durable, or the ledger refuses. */
static inline int fixture_flush(struct fixture *fixture)
{
    uint64_t last_seq = cairn_ledger_next_seq(fixture->ledger) - 1;
    uint64_t base = fixture->recovery.last_seq;
    cairn_ledger_flush(fixture->ledger, true);
    while (fixture->progress.durable_seq < last_seq && last_seq > base &&
           fixture->progress.error == 0) {
        cairn_io_poll(fixture->io, CAIRN_NS_PER_MS);
        (void)cairn_ledger_tick(fixture->ledger);
    }
    return fixture->progress.error;
}

/* A group of events, durable: one block. */
static inline void fixture_append_block(struct fixture *fixture, uint32_t count)
{
    assert_int_equal(fixture_append(fixture, count), 0);
    assert_int_equal(fixture_flush(fixture), 0);
}

/* Everything from the first sequence on reads as it was appended. Returns the last sequence. */
static inline uint64_t fixture_check(struct fixture *fixture)
{
    struct cairn_reader *reader = NULL;
    struct sample sample = {0};
    assert_int_equal(cairn_reader_open(fixture->io, fixture->directory, 4, &reader), 0);
    uint64_t last_seq = cairn_reader_last_seq(reader);
    uint64_t seq = cairn_reader_first_seq(reader);
    while (seq <= last_seq) {
        struct cairn_reader_block *block = NULL;
        int result = cairn_reader_acquire(reader, seq, &block);
        if (result < 0)
            print_message("seq %llu: %s\n", (unsigned long long)seq, strerror(-result));
        assert_int_equal(result, 0);
        for (uint32_t i = 0; i < block->event_count; i++) {
            assert_int_equal(block->events[i].seq, block->first_seq + i);
            assert_true(sample_matches(&sample, &block->events[i]));
        }
        seq = block->first_seq + block->event_count;
        cairn_reader_release(reader, block);
    }
    struct cairn_reader_block *none = NULL;
    assert_int_equal(cairn_reader_acquire(reader, last_seq + 1, &none), -ENODATA);
    sample_deinit(&sample);
    cairn_reader_close(reader);
    return last_seq;
}

/* ---- faults, as verify tells them ---- */

struct faults {
    struct cairn_verify_result result;
    struct cairn_verify_fault first;
    char segment[64];
};

static inline void fixture_fault(void *context, const struct cairn_verify_fault *fault)
{
    struct faults *faults = context;
    if (fault->torn || faults->first.what != NULL)
        return;
    faults->first = *fault;
    snprintf(faults->segment, sizeof(faults->segment), "%s", fault->segment);
    faults->first.segment = faults->segment;
}

static inline struct faults fixture_verify(struct fixture *fixture)
{
    struct faults faults = {0};
    struct cairn_verify_options options = {
        .deep = true, .fault = fixture_fault, .context = &faults};
    assert_int_equal(cairn_verify(fixture->io, fixture->directory, &options, &faults.result), 0);
    return faults;
}

/* ---- damaging files ---- */

static inline int fixture_segment(struct fixture *fixture, uint64_t first_seq)
{
    char name[CAIRN_SEGMENT_NAME_BYTES];
    char path[CAIRN_SEGMENT_PATH_BYTES];
    cairn_segment_name(name, first_seq);
    assert_int_equal(cairn_segment_path(path, fixture->directory, name), 0);
    int fd = cairn_io_open(fixture->io, path, CAIRN_IO_OPEN_WRITE);
    assert_true(fd >= 0);
    return fd;
}

static inline void fixture_read(struct fixture *fixture, int fd, void *bytes, size_t count,
                                uint64_t offset)
{
    assert_int_equal(cairn_io_read_now(fixture->io, fd, bytes, count, offset), count);
}

static inline void fixture_write(struct fixture *fixture, int fd, const void *bytes, size_t count,
                                 uint64_t offset)
{
    assert_int_equal(cairn_io_write_now(fixture->io, fd, bytes, count, offset), 0);
}

static inline void fixture_flip(struct fixture *fixture, int fd, uint64_t offset, uint8_t mask)
{
    uint8_t byte = 0;
    fixture_read(fixture, fd, &byte, 1, offset);
    byte ^= mask;
    fixture_write(fixture, fd, &byte, 1, offset);
}
