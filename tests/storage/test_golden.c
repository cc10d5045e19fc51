/* A segment written by version 1 is read by every later version. Its bytes are those explained in
 * docs/ledger-format.md. Run from the root of the tree. */
#include "tests/storage/fixture.h"

#define GOLDEN "tests/storage/golden"

static struct cairn_io *open_io(void)
{
    struct cairn_io_options options = {.queue_entries = 8};
    struct cairn_io *io = NULL;
    assert_int_equal(cairn_io_create(CAIRN_IO_POSIX, &options, &io), 0);
    if (access(GOLDEN "/00000000000000000001.seg", R_OK) == 0)
        return io;
    print_message("left out: %s is not here\n", GOLDEN);
    cairn_io_destroy(io);
    skip();
    return NULL;
}

static void the_first_format_reads_as_it_was_written(void **state)
{
    (void)state;
    struct cairn_io *io = open_io();
    struct cairn_reader *reader = NULL;
    struct cairn_reader_block *block = NULL;
    struct cairn_slice text;
    int64_t reply_to = 0;
    assert_int_equal(cairn_reader_open(io, GOLDEN, 1, &reader), 0);
    assert_int_equal(cairn_reader_last_seq(reader), 2);
    assert_int_equal(cairn_reader_acquire(reader, 1, &block), 0);
    assert_int_equal(block->event_count, 2);

    const struct cairn_event *event = &block->events[0];
    assert_int_equal(event->ts_ms, 1704067200000);
    assert_int_equal(event->kind, CAIRN_EVENT_MESSAGE);
    assert_true(cairn_slice_is(event->space, "hills"));
    assert_true(cairn_slice_is(event->channel, "general"));
    assert_true(cairn_slice_is(event->author, "ada"));
    assert_true(cairn_event_field(event, CAIRN_FIELD_TEXT, &text));
    assert_true(cairn_slice_is(text, "put a stone on it"));

    event = &block->events[1];
    assert_int_equal(event->ts_ms, 1704067201500);
    assert_true(cairn_slice_is(event->author, "bo"));
    assert_true(cairn_event_field(event, CAIRN_FIELD_TEXT, &text));
    assert_true(cairn_slice_is(text, "done"));
    assert_true(cairn_event_field_i64(event, CAIRN_FIELD_REPLY_TO, &reply_to));
    assert_int_equal(reply_to, 1);
    cairn_reader_release(reader, block);
    cairn_reader_close(reader);
    cairn_io_destroy(io);
}

static void the_first_format_verifies(void **state)
{
    (void)state;
    struct cairn_io *io = open_io();
    struct cairn_verify_options options = {.deep = true};
    struct cairn_verify_result result;
    assert_int_equal(cairn_verify(io, GOLDEN, &options, &result), 0);
    assert_int_equal(result.faults, 0);
    assert_int_equal(result.blocks, 2);
    assert_int_equal(result.durable_seq, 2);
    cairn_io_destroy(io);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_format_reads_as_it_was_written),
        cmocka_unit_test(the_first_format_verifies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
