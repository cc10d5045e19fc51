#include "storage/segment.h"

#include <string.h>

#include "runtime/base/bytes.h"
#include "runtime/base/error.h"
#include "storage/crc32c.h"
#include "tests/storage/fixture.h"

static struct cairn_segment_header example(void)
{
    struct cairn_segment_header header = {
        .ledger_id = "sixteen bytes !",
        .segment_id = 11,
        .first_seq = 12,
        .created_ns = -13,
        .prev_segment_id = 14,
        .prev_last_hash = "hash",
        .prev_blocks = 15,
        .blocks_in_flight = 2,
        .blocks_unflushed_max = 512,
        .hw_flags = CAIRN_SEGMENT_DSYNC,
    };
    return header;
}

static void a_header_decodes_to_what_was_encoded(void **state)
{
    (void)state;
    uint8_t bytes[CAIRN_SEGMENT_HEADER_BYTES];
    struct cairn_segment_header header = example();
    struct cairn_segment_header decoded;
    cairn_segment_encode(bytes, &header);
    assert_int_equal(cairn_segment_decode(bytes, sizeof(bytes), &decoded), 0);
    assert_memory_equal(decoded.ledger_id, header.ledger_id, 16);
    assert_memory_equal(decoded.prev_last_hash, header.prev_last_hash, 32);
    assert_int_equal(decoded.segment_id, 11);
    assert_int_equal(decoded.first_seq, 12);
    assert_int_equal(decoded.created_ns, -13);
    assert_int_equal(decoded.prev_segment_id, 14);
    assert_int_equal(decoded.prev_blocks, 15);
    assert_int_equal(decoded.blocks_in_flight, 2);
    assert_int_equal(decoded.blocks_unflushed_max, 512);
    assert_int_equal(decoded.hw_flags, CAIRN_SEGMENT_DSYNC);
}

static void any_damaged_byte_is_detected(void **state)
{
    (void)state;
    uint8_t bytes[CAIRN_SEGMENT_HEADER_BYTES];
    struct cairn_segment_header header = example();
    struct cairn_segment_header decoded;
    cairn_segment_encode(bytes, &header);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] ^= 0x10;
        assert_int_equal(cairn_segment_decode(bytes, sizeof(bytes), &decoded), -EBADMSG);
        bytes[i] ^= 0x10;
    }
    assert_int_equal(cairn_segment_decode(bytes, sizeof(bytes) - 1, &decoded), -EBADMSG);
}

static void a_later_format_is_said_to_be_one(void **state)
{
    (void)state;
    uint8_t bytes[CAIRN_SEGMENT_HEADER_BYTES];
    struct cairn_segment_header header = example();
    cairn_segment_encode(bytes, &header);
    cairn_store_u16(bytes + 10, CAIRN_SEGMENT_FORMAT + 1);
    cairn_store_u32(bytes + 4092, cairn_crc32c(0, bytes, 4092));
    assert_int_equal(cairn_segment_decode(bytes, sizeof(bytes), &header), -EPROTONOSUPPORT);
}

static void names_are_the_first_sequence_in_twenty_digits(void **state)
{
    (void)state;
    char name[CAIRN_SEGMENT_NAME_BYTES];
    uint64_t seq = 0;
    cairn_segment_name(name, 1);
    assert_string_equal(name, "00000000000000000001.seg");
    cairn_segment_name(name, UINT64_MAX);
    assert_string_equal(name, "18446744073709551615.seg");
    assert_true(cairn_segment_name_parse(name, &seq));
    assert_true(seq == UINT64_MAX);

    const char *others[] = {"00000000000000000000.seg", "0000000000000000001.seg",
                            "0000000000000000000x.seg", "00000000000000000001.sea",
                            "18446744073709551616.seg", "spare",
                            "00000000000000000001.seg~"};
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
        assert_false(cairn_segment_name_parse(others[i], &seq));
}

static void a_listing_is_ascending_and_only_of_segments(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_create(CAIRN_IO_SIM, 3);
    struct cairn_segment_list list = {0};
    const char *names[] = {"d/00000000000000000900.seg", "d/LOCK", "d/00000000000000000001.seg",
                           "d/spare", "d/00000000000000000030.seg"};
    assert_int_equal(cairn_segment_list(fixture->io, "d", &list), -ENOENT);
    assert_int_equal(cairn_io_make_directory(fixture->io, "d"), 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        cairn_io_close(fixture->io, cairn_io_open(fixture->io, names[i],
                                                  CAIRN_IO_OPEN_WRITE | CAIRN_IO_OPEN_CREATE));
    assert_int_equal(cairn_segment_list(fixture->io, "d", &list), 0);
    assert_int_equal(list.count, 3);
    assert_int_equal(list.first_seqs[0], 1);
    assert_int_equal(list.first_seqs[1], 30);
    assert_int_equal(list.first_seqs[2], 900);
    cairn_segment_list_deinit(&list);
    fixture_destroy(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_decodes_to_what_was_encoded),
        cmocka_unit_test(any_damaged_byte_is_detected),
        cmocka_unit_test(a_later_format_is_said_to_be_one),
        cmocka_unit_test(names_are_the_first_sequence_in_twenty_digits),
        cmocka_unit_test(a_listing_is_ascending_and_only_of_segments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
