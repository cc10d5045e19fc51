/* A sound ledger has no faults, whoever holds it open; each damage is told once, where it is. */
#include "tests/storage/fixture.h"

#define EVENTS 1500u

static int set_up(void **state)
{
    struct fixture *fixture = fixture_create(CAIRN_IO_SIM, 31);
    fixture->options.segment_bytes = 65536;
    fixture->options.block_bytes = 8192;
    assert_int_equal(fixture_open(fixture), 0);
    assert_int_equal(fixture_append(fixture, EVENTS), 0);
    assert_int_equal(fixture_close(fixture), 0);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    fixture_destroy(*state);
    return 0;
}

static void a_sound_ledger_has_no_faults(void **state)
{
    struct fixture *fixture = *state;
    struct faults faults = fixture_verify(fixture);
    assert_int_equal(faults.result.faults, 0);
    assert_int_equal(faults.result.torn_bytes, 0);
    assert_int_equal(faults.result.first_seq, 1);
    assert_int_equal(faults.result.last_seq, EVENTS);
    assert_int_equal(faults.result.durable_seq, EVENTS);
    assert_int_equal(faults.result.events, EVENTS);
    assert_true(faults.result.segments >= 2);
    assert_true(faults.result.raw_bytes > 0);
}

static void a_live_writer_is_no_fault(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(fixture_open(fixture), 0);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(fixture_append(fixture, 7), 0);
        cairn_ledger_flush(fixture->ledger, true);
        cairn_io_poll(fixture->io, 50000);
        assert_int_equal(fixture_verify(fixture).result.faults, 0);
    }
}

static void a_flip_anywhere_in_a_sealed_segment_is_told_in_its_place(void **state)
{
    struct fixture *fixture = *state;
    int fd = fixture_segment(fixture, 1);
    int64_t bytes = cairn_io_size(fixture->io, fd);
    uint32_t told = 0;
    for (uint64_t offset = 7; offset < (uint64_t)bytes; offset += 1021) {
        uint8_t page[4096];
        fixture_read(fixture, fd, page, sizeof(page), offset / 4096 * 4096);
        fixture_flip(fixture, fd, offset, 1);
        struct faults faults = fixture_verify(fixture);
        if (faults.result.faults > 0) {
            assert_string_equal(faults.segment, "00000000000000000001.seg");
            assert_true(faults.first.offset <= offset);
            told++;
        }
        fixture_write(fixture, fd, page, sizeof(page), offset / 4096 * 4096);
    }
    /* Behind the last block there is room that says nothing. */
    assert_true(told * 1021 > (uint64_t)bytes * 3 / 4);
    assert_int_equal(fixture_verify(fixture).result.faults, 0);
    cairn_io_close(fixture->io, fd);
}

static void one_damaged_body_is_one_fault(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_verify_options options = {0};
    struct cairn_verify_result result;
    int fd = fixture_segment(fixture, 1);
    fixture_flip(fixture, fd, 4096 + 200, 1);
    cairn_io_close(fixture->io, fd);
    assert_int_equal(cairn_verify(fixture->io, fixture->directory, &options, &result), 0);
    assert_int_equal(result.faults, 1);
    assert_int_equal(result.events, EVENTS); /* headers still say what was there */
    struct faults faults = fixture_verify(fixture);
    assert_int_equal(faults.result.faults, 1);
    assert_string_equal(faults.first.what, "body checksum");
    assert_int_equal(faults.first.offset, 4096);
    assert_int_equal(faults.first.seq, 1);
}

static void checks_begin_anew_behind_a_damaged_header(void **state)
{
    struct fixture *fixture = *state;
    int fd = fixture_segment(fixture, 1);
    fixture_flip(fixture, fd, 4096 + 30, 1);
    cairn_io_close(fixture->io, fd);
    struct faults faults = fixture_verify(fixture);
    assert_int_equal(faults.result.faults, 1);
    assert_string_equal(faults.first.what, "block header");
    assert_int_equal(faults.result.last_seq, EVENTS);
    assert_true(faults.result.events < EVENTS);
    assert_true(faults.result.events > EVENTS / 2);
}

/* A block that is right in itself, in the right place, but of another history. */
static void a_block_of_another_history_breaks_the_chain(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_segment_header segment;
    struct cairn_block_header header;
    uint8_t bytes[CAIRN_SEGMENT_HEADER_BYTES];
    uint8_t frame[65536];
    int fd = fixture_segment(fixture, 1);
    fixture_read(fixture, fd, bytes, sizeof(bytes), 0);
    assert_int_equal(cairn_segment_decode(bytes, sizeof(bytes), &segment), 0);
    fixture_read(fixture, fd, frame, 4096, 4096);
    assert_int_equal(cairn_block_decode_header(frame, 4096, segment.segment_id, &header), 0);
    uint64_t frame_bytes = cairn_block_frame_bytes(header.stored_bytes);
    assert_true(frame_bytes <= sizeof(frame));
    fixture_read(fixture, fd, frame, frame_bytes, 4096);
    header.ts_min_ms++;
    cairn_block_seal(frame, &header);
    fixture_write(fixture, fd, frame, frame_bytes, 4096);
    cairn_io_close(fixture->io, fd);

    struct faults faults = fixture_verify(fixture);
    assert_int_equal(faults.result.faults, 1);
    assert_string_equal(faults.first.what, "hash link");
    assert_int_equal(faults.first.offset, 4096 + frame_bytes);
}

static void a_damaged_segment_header_is_told(void **state)
{
    struct fixture *fixture = *state;
    int fd = fixture_segment(fixture, 1);
    fixture_flip(fixture, fd, 100, 1);
    cairn_io_close(fixture->io, fd);
    struct faults faults = fixture_verify(fixture);
    assert_int_equal(faults.result.faults, 1);
    assert_string_equal(faults.first.what, "segment header");
    assert_int_equal(fixture_open(fixture), -EBADMSG);
}

static void a_truncated_segment_is_told(void **state)
{
    struct fixture *fixture = *state;
    int fd = fixture_segment(fixture, 1);
    for (uint64_t bytes = 50000; bytes > 4096; bytes -= 7001) {
        assert_int_equal(cairn_io_truncate(fixture->io, fd, bytes), 0);
        assert_true(fixture_verify(fixture).result.faults >= 1);
    }
    cairn_io_close(fixture->io, fd);
}

static void there_is_nothing_to_verify_where_there_is_no_ledger(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_verify_options options = {0};
    struct cairn_verify_result result;
    assert_int_equal(cairn_verify(fixture->io, "nowhere", &options, &result), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_sound_ledger_has_no_faults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_live_writer_is_no_fault, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_flip_anywhere_in_a_sealed_segment_is_told_in_its_place,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_damaged_body_is_one_fault, set_up, tear_down),
        cmocka_unit_test_setup_teardown(checks_begin_anew_behind_a_damaged_header, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_block_of_another_history_breaks_the_chain, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_segment_header_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_truncated_segment_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(there_is_nothing_to_verify_where_there_is_no_ledger, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
