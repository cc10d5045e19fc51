/* The writer over each implementation of the seam: order of acknowledgement, groups, segments,
 * faults, and what is there afterwards. */
#include "tests/storage/fixture.h"

static int set_up_posix(void **state)
{
    *state = fixture_create(CAIRN_IO_POSIX, 0);
    return 0;
}

static int set_up_uring(void **state)
{
    *state = fixture_create(CAIRN_IO_URING, 0);
    return 0;
}

static int set_up_sim(void **state)
{
    *state = fixture_create(CAIRN_IO_SIM, 1);
    return 0;
}

static int tear_down(void **state)
{
    fixture_destroy(*state);
    return 0;
}

static void a_new_ledger_begins_with_sequence_one(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(fixture_open(fixture), 0);
    assert_int_equal(fixture->recovery.last_seq, 0);
    assert_int_equal(cairn_ledger_next_seq(fixture->ledger), 1);
    assert_int_equal(fixture_check(fixture), 0);
}

static void what_was_durable_is_there_after_opening_again(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(fixture_open(fixture), 0);
    for (uint32_t count = 1; count < 40; count++)
        fixture_append_block(fixture, count);
    assert_int_equal(fixture->progress.durable_seq, 780);
    assert_int_equal(fixture_close(fixture), 0);
    assert_int_equal(fixture_check(fixture), 780);

    assert_int_equal(fixture_open(fixture), 0);
    assert_int_equal(fixture->recovery.last_seq, 780);
    assert_int_equal(fixture->recovery.torn_bytes, 0);
    fixture_append_block(fixture, 20);
    assert_int_equal(fixture_close(fixture), 0);
    assert_int_equal(fixture_check(fixture), 800);
    assert_int_equal(fixture_verify(fixture).result.faults, 0);
}

static void a_long_run_rolls_over_many_segments(void **state)
{
    struct fixture *fixture = *state;
    fixture->options.segment_bytes = 65536;
    fixture->options.block_bytes = 8192;
    assert_int_equal(fixture_open(fixture), 0);
    assert_int_equal(fixture_append(fixture, 6000), 0);
    assert_int_equal(fixture_flush(fixture), 0);
    assert_int_equal(fixture_check(fixture), 6000);
    assert_int_equal(fixture_close(fixture), 0);
    assert_int_equal(fixture_check(fixture), 6000);

    struct faults faults = fixture_verify(fixture);
    assert_int_equal(faults.result.faults, 0);
    assert_int_equal(faults.result.events, 6000);
    assert_int_equal(faults.result.last_seq, 6000);
    assert_int_equal(faults.result.durable_seq, 6000);
    assert_true(faults.result.segments > 4);
}

static void appending_alone_reports_nothing_before_a_poll(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(fixture_open(fixture), 0);
    assert_int_equal(fixture_append(fixture, 3), 0);
    cairn_ledger_flush(fixture->ledger, true);
    assert_int_equal(fixture->progress_count, 0);
    assert_int_equal(fixture_flush(fixture), 0);
    assert_int_equal(fixture->progress.durable_seq, 3);
}

static void what_waits_for_a_slot_shares_a_block(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_ledger_stats stats;
    assert_int_equal(fixture_open(fixture), 0);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(fixture_append(fixture, 1), 0);
        cairn_ledger_flush(fixture->ledger, true);
    }
    assert_int_equal(fixture_flush(fixture), 0);
    cairn_ledger_stats(fixture->ledger, &stats);
    assert_int_equal(stats.blocks, 3); /* two in flight, the rest behind them */
}

static void buffered_events_are_written_first_and_durable_later(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(fixture_open(fixture), 0);
    assert_int_equal(fixture_append(fixture, 5), 0);
    cairn_ledger_flush(fixture->ledger, false);
    while (fixture->progress.written_seq < 5)
        cairn_io_poll(fixture->io, UINT64_MAX);
    assert_int_equal(fixture->progress.durable_seq, 0);
    cairn_ledger_flush(fixture->ledger, true);
    while (fixture->progress.durable_seq < 5)
        cairn_io_poll(fixture->io, UINT64_MAX);
}

static void an_event_larger_than_a_block_gets_its_own(void **state)
{
    struct fixture *fixture = *state;
    size_t sizes[] = {60000, 65535, 65536, 65537, 200000, 3000000};
    struct cairn_buffer payload = {0};
    char *text = malloc(3000000);
    assert_int_equal(fixture_open(fixture), 0);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        cairn_buffer_clear(&payload);
        for (size_t j = 0; j < sizes[i]; j++)
            text[j] = (char)cairn_hash64(&j, sizeof(j));
        cairn_event_put(&payload, CAIRN_FIELD_TEXT, cairn_slice(text, sizes[i]));
        struct cairn_event event = {.seq = i + 1,
                                    .kind = CAIRN_EVENT_MESSAGE,
                                    .space = cairn_slice_of("s"),
                                    .payload = cairn_buffer_slice(&payload)};
        assert_int_equal(cairn_ledger_append(fixture->ledger, &event, 1), 0);
    }
    assert_int_equal(fixture_close(fixture), 0);
    assert_int_equal(fixture_verify(fixture).result.faults, 0);

    struct cairn_reader *reader = NULL;
    assert_int_equal(cairn_reader_open(fixture->io, fixture->directory, 0, &reader), 0);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        struct cairn_reader_block *block = NULL;
        struct cairn_slice value;
        assert_int_equal(cairn_reader_acquire(reader, i + 1, &block), 0);
        const struct cairn_event *event = &block->events[i + 1 - block->first_seq];
        assert_true(cairn_event_field(event, CAIRN_FIELD_TEXT, &value));
        assert_int_equal(value.bytes, sizes[i]);
        assert_memory_equal(value.data, text, sizes[i]);
        cairn_reader_release(reader, block);
    }
    cairn_reader_close(reader);
    cairn_buffer_deinit(&payload);
    free(text);
}

static void an_append_that_fails_takes_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct sample samples[3] = {0};
    struct cairn_event events[3];
    assert_int_equal(fixture_open(fixture), 0);
    fixture_append_block(fixture, 4);
    for (uint64_t i = 0; i < 3; i++)
        events[i] = *sample_make(&samples[i], 5 + i);
    events[2].payload = cairn_slice("\xff", 1); /* not a list of fields */
    assert_int_equal(cairn_ledger_append(fixture->ledger, events, 3), -EINVAL);
    assert_int_equal(cairn_ledger_next_seq(fixture->ledger), 5);
    assert_int_equal(cairn_ledger_append(fixture->ledger, events, 2), 0);
    assert_int_equal(fixture_close(fixture), 0);
    assert_int_equal(fixture_check(fixture), 6);
    for (uint64_t i = 0; i < 3; i++)
        sample_deinit(&samples[i]);
}

/* More than may wait, in one call: all of it is refused, and what was there stays. */
static void an_append_without_room_takes_nothing(void **state)
{
    struct fixture *fixture = *state;
    enum { MANY = 70000 };
    assert_int_equal(fixture_open(fixture), 0);
    assert_int_equal(fixture_append(fixture, 10), 0);
    struct sample sample = {0};
    struct cairn_event *events = calloc(MANY, sizeof(*events));
    char *bytes = calloc(1, 4096);
    cairn_buffer_clear(&sample.payload);
    cairn_event_put(&sample.payload, CAIRN_FIELD_TEXT, cairn_slice(bytes, 4096));
    for (uint64_t i = 0; i < MANY; i++)
        events[i] = (struct cairn_event){.seq = 11 + i,
                                         .kind = CAIRN_EVENT_MESSAGE,
                                         .payload = cairn_buffer_slice(&sample.payload)};
    assert_int_equal(cairn_ledger_append(fixture->ledger, events, MANY), -ENOBUFS);
    assert_int_equal(cairn_ledger_next_seq(fixture->ledger), 11);
    assert_int_equal(fixture_append(fixture, 10), 0);
    assert_int_equal(fixture_flush(fixture), 0);
    for (uint64_t i = 0; i < MANY; i++)
        events[i].seq = 21 + i;
    assert_int_equal(cairn_ledger_append(fixture->ledger, events, MANY), -EFBIG);
    assert_int_equal(fixture_close(fixture), 0);
    assert_int_equal(fixture_check(fixture), 20);
    free(bytes);
    free(events);
    sample_deinit(&sample);
}

static void only_one_process_may_append(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_ledger *second = NULL;
    assert_int_equal(fixture_open(fixture), 0);
    assert_int_equal(cairn_ledger_open(fixture->io, &fixture->options, &fixture->recovery, &second),
                     -EWOULDBLOCK);
    assert_null(second);
}

/* ---- in a simulated world, where time and faults obey ---- */

/* Let `ms` pass as an actor would: poll, tick, and wait as long as tick says. */
static void pass_time(struct fixture *fixture, uint64_t ms)
{
    uint64_t end_ns = cairn_io_monotonic_ns(fixture->io) + ms * CAIRN_NS_PER_MS;
    while (cairn_io_monotonic_ns(fixture->io) < end_ns) {
        uint64_t next_ms = cairn_ledger_tick(fixture->ledger);
        uint64_t left_ns = end_ns - cairn_io_monotonic_ns(fixture->io);
        uint64_t wait_ns = next_ms > ms ? left_ns : next_ms * CAIRN_NS_PER_MS;
        if (left_ns > ms * CAIRN_NS_PER_MS)
            break;
        cairn_io_poll(fixture->io, wait_ns < left_ns ? wait_ns : left_ns);
    }
}

static void time_makes_buffered_events_durable(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(fixture_open(fixture), 0);
    assert_int_equal(fixture_append(fixture, 5), 0);
    pass_time(fixture, 90);
    assert_int_equal(fixture->progress.durable_seq, 0);
    pass_time(fixture, 20);
    assert_int_equal(fixture->progress.durable_seq, 5);
}

static void a_quiet_ledger_seals_itself_once(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_ledger_stats stats;
    assert_int_equal(fixture_open(fixture), 0);
    fixture_append_block(fixture, 5);
    pass_time(fixture, 1000);
    cairn_ledger_stats(fixture->ledger, &stats);
    assert_int_equal(stats.seals, 1);
    assert_int_equal(fixture_verify(fixture).result.durable_seq, 5);
}

static void sparse_traffic_is_sealed_ever_less_often(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_ledger_stats stats;
    assert_int_equal(fixture_open(fixture), 0);
    for (int i = 0; i < 100; i++) {
        fixture_append_block(fixture, 1);
        pass_time(fixture, 50);
    }
    cairn_ledger_stats(fixture->ledger, &stats);
    assert_true(stats.seals >= 1);
    assert_true(stats.seals < 10);
}

static void a_failed_write_goes_to_the_next_segment(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(fixture_open(fixture), 0);
    fixture_append_block(fixture, 5);
    cairn_sim_fail(fixture->sim, CAIRN_SIM_WRITE, 0, 1, -EIO);
    assert_int_equal(fixture_append(fixture, 7), 0);
    assert_int_equal(fixture_flush(fixture), 0);
    assert_int_equal(fixture->progress.durable_seq, 12);
    assert_int_equal(fixture_check(fixture), 12);
    fixture_append_block(fixture, 3);
    assert_int_equal(fixture_close(fixture), 0);
    assert_int_equal(fixture_check(fixture), 15);
    struct faults faults = fixture_verify(fixture);
    assert_int_equal(faults.result.faults, 0);
    assert_int_equal(faults.result.segments, 2);
}

/* Nothing of the first segment counts then, and its name is needed. */
static void a_first_write_that_fails_puts_the_segment_aside(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_reader *reader = NULL;
    assert_int_equal(fixture_open(fixture), 0);
    assert_int_equal(cairn_reader_open(fixture->io, fixture->directory, 4, &reader), 0);
    cairn_sim_fail(fixture->sim, CAIRN_SIM_WRITE, 0, 1, -EIO);
    fixture_append_block(fixture, 7);
    assert_int_equal(cairn_reader_last_seq(reader), 7);
    cairn_reader_close(reader);
    assert_int_equal(fixture_close(fixture), 0);
    assert_int_equal(fixture_check(fixture), 7);
    assert_int_equal(fixture_verify(fixture).result.segments, 1);
}

static void a_failed_flush_is_not_repeated_on_the_segment(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(fixture_open(fixture), 0);
    fixture_append_block(fixture, 2);
    assert_int_equal(fixture_append(fixture, 5), 0);
    cairn_ledger_flush(fixture->ledger, false);
    while (fixture->progress.written_seq < 7)
        cairn_io_poll(fixture->io, UINT64_MAX);
    cairn_sim_fail(fixture->sim, CAIRN_SIM_SYNC, 0, 1, -EIO);
    assert_int_equal(fixture_flush(fixture), 0);
    assert_int_equal(fixture->progress.durable_seq, 7);
    assert_int_equal(fixture_close(fixture), 0);
    assert_int_equal(fixture_verify(fixture).result.segments, 2);
    assert_int_equal(fixture_check(fixture), 7);
}

static void two_failures_in_a_row_end_writing_but_not_reading(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(fixture_open(fixture), 0);
    fixture_append_block(fixture, 5);
    cairn_sim_fail(fixture->sim, CAIRN_SIM_WRITE | CAIRN_SIM_SYNC, 0, UINT64_MAX, -EIO);
    assert_int_equal(fixture_append(fixture, 7), 0);
    assert_int_equal(fixture_flush(fixture), -EROFS);
    assert_int_equal(fixture->progress.durable_seq, 5);
    assert_int_equal(fixture_append(fixture, 1), -EROFS);
    cairn_sim_fail(fixture->sim, CAIRN_SIM_DISK, 0, 0, 0);
    assert_int_equal(fixture_close(fixture), -EROFS);
    assert_int_equal(fixture_open(fixture), 0);
    assert_true(fixture->recovery.last_seq >= 5);
    fixture_append_block(fixture, 3);
    assert_int_equal(fixture_close(fixture), 0);
    fixture_check(fixture);
    assert_int_equal(fixture_verify(fixture).result.faults, 0);
}

/* Every operation fails once, in turn: nothing acknowledged is ever lost. */
static void no_single_fault_loses_what_was_acknowledged(void **state)
{
    (void)state;
    for (uint64_t skip = 0; skip < 400; skip++) {
        struct fixture *fixture = fixture_create(CAIRN_IO_SIM, skip);
        fixture->options.segment_bytes = 65536;
        fixture->options.block_bytes = 4096;
        assert_int_equal(fixture_open(fixture), 0);
        cairn_sim_fail(fixture->sim, CAIRN_SIM_WRITE | CAIRN_SIM_SYNC | CAIRN_SIM_NAME, skip, 1,
                       -EIO);
        for (int i = 0; i < 40 && fixture->progress.error == 0; i++) {
            if (fixture_append(fixture, 9) == 0)
                (void)fixture_flush(fixture);
        }
        uint64_t durable_seq = fixture->progress.durable_seq;
        bool failed = cairn_sim_failures(fixture->sim) > 0;
        cairn_sim_fail(fixture->sim, CAIRN_SIM_DISK, 0, 0, 0);
        fixture_crash(fixture);
        assert_int_equal(fixture_open(fixture), 0);
        assert_true(fixture->recovery.last_seq >= durable_seq);
        assert_int_equal(fixture_check(fixture), fixture->recovery.last_seq);
        fixture_append_block(fixture, 2);
        assert_int_equal(fixture_verify(fixture).result.faults, 0);
        fixture_destroy(fixture);
        if (!failed)
            return;
    }
}

static void a_full_disk_is_said_and_left_behind_when_there_is_room_again(void **state)
{
    struct fixture *fixture = *state;
    fixture->options.segment_bytes = 65536;
    fixture->options.block_bytes = 4096;
    assert_int_equal(fixture_open(fixture), 0);
    fixture_append_block(fixture, 3);
    cairn_sim_set_disk_bytes(fixture->sim, 100000);
    int result = 0;
    for (int i = 0; i < 1000 && result == 0; i++) {
        result = fixture_append(fixture, 3);
        cairn_ledger_flush(fixture->ledger, true);
        cairn_io_poll(fixture->io, CAIRN_NS_PER_MS);
    }
    assert_int_equal(result, -ENOSPC);
    uint64_t last_seq = cairn_ledger_next_seq(fixture->ledger) - 1;
    assert_true(fixture_check(fixture) <= last_seq);

    cairn_sim_set_disk_bytes(fixture->sim, 64u << 20);
    pass_time(fixture, 1500);
    assert_int_equal(fixture->progress.durable_seq, last_seq);
    fixture_append_block(fixture, 3);
    assert_int_equal(fixture_close(fixture), 0);
    assert_int_equal(fixture_check(fixture), last_seq + 3);
}

static void without_o_direct_writes_are_flushed_instead(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_create(CAIRN_IO_SIM, 5);
    cairn_io_destroy(fixture->io);
    cairn_sim_destroy(fixture->sim);
    struct cairn_sim_options options = {.seed = 5, .refuse_direct = true};
    assert_int_equal(cairn_sim_create(&options, &fixture->sim), 0);
    assert_int_equal(fixture_enter(fixture), 0);
    assert_int_equal(fixture_open(fixture), 0);
    assert_true(fixture->recovery.buffered_io);
    for (int i = 0; i < 20; i++)
        fixture_append_block(fixture, 3);
    fixture_crash(fixture);
    assert_int_equal(fixture_open(fixture), 0);
    assert_int_equal(fixture->recovery.last_seq, 60);
    fixture_destroy(fixture);
}

#define OVER_EACH(test)                                                                            \
    {#test " (posix)", test, set_up_posix, tear_down, NULL},                                       \
        {#test " (uring)", test, set_up_uring, tear_down, NULL},                                   \
    {                                                                                              \
#test " (sim)", test, set_up_sim, tear_down, NULL                                          \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        OVER_EACH(a_new_ledger_begins_with_sequence_one),
        OVER_EACH(what_was_durable_is_there_after_opening_again),
        OVER_EACH(a_long_run_rolls_over_many_segments),
        OVER_EACH(appending_alone_reports_nothing_before_a_poll),
        OVER_EACH(what_waits_for_a_slot_shares_a_block),
        OVER_EACH(buffered_events_are_written_first_and_durable_later),
        OVER_EACH(an_event_larger_than_a_block_gets_its_own),
        OVER_EACH(an_append_that_fails_takes_nothing),
        OVER_EACH(an_append_without_room_takes_nothing),
        OVER_EACH(only_one_process_may_append),
        cmocka_unit_test_setup_teardown(time_makes_buffered_events_durable, set_up_sim, tear_down),
        cmocka_unit_test_setup_teardown(a_quiet_ledger_seals_itself_once, set_up_sim, tear_down),
        cmocka_unit_test_setup_teardown(sparse_traffic_is_sealed_ever_less_often, set_up_sim,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_failed_write_goes_to_the_next_segment, set_up_sim,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_first_write_that_fails_puts_the_segment_aside, set_up_sim,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_failed_flush_is_not_repeated_on_the_segment, set_up_sim,
                                        tear_down),
        cmocka_unit_test_setup_teardown(two_failures_in_a_row_end_writing_but_not_reading,
                                        set_up_sim, tear_down),
        cmocka_unit_test(no_single_fault_loses_what_was_acknowledged),
        cmocka_unit_test_setup_teardown(
            a_full_disk_is_said_and_left_behind_when_there_is_room_again, set_up_sim, tear_down),
        cmocka_unit_test(without_o_direct_writes_are_flushed_instead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
