#include "storage/block.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/bytes.h"
#include "runtime/base/error.h"
#include "storage/codec.h"
#include "storage/crc32c.h"
#include "tests/support/unit.h"

#define SEGMENT_ID 0x1122334455667788u
#define TEXT       "a block of one record, more or less"

struct fixture {
    uint8_t frame[CAIRN_BLOCK_ALIGN_BYTES];
    struct cairn_block_header header;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    memset(fixture->frame, 0xee, sizeof(fixture->frame));
    memcpy(fixture->frame + CAIRN_BLOCK_HEADER_BYTES, TEXT, sizeof(TEXT));
    fixture->header = (struct cairn_block_header){
        .segment_id = SEGMENT_ID,
        .first_seq = 100,
        .durable_seq = 98,
        .prev_hash = 0xabcdef,
        .ts_min_ms = -5,
        .ts_span_ms = 9,
        .number = 7,
        .record_count = 2,
        .event_count = 1,
        .raw_bytes = sizeof(TEXT),
        .stored_bytes = sizeof(TEXT),
        .codec = CAIRN_CODEC_STORED,
    };
    cairn_block_seal(fixture->frame, &fixture->header);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

static void a_sealed_header_decodes_to_itself(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_block_header header;
    assert_int_equal(
        cairn_block_decode_header(fixture->frame, sizeof(fixture->frame), SEGMENT_ID, &header), 0);
    assert_int_equal(header.first_seq, 100);
    assert_int_equal(header.durable_seq, 98);
    assert_int_equal(header.prev_hash, 0xabcdef);
    assert_int_equal(header.ts_min_ms, -5);
    assert_int_equal(header.ts_span_ms, 9);
    assert_int_equal(header.number, 7);
    assert_int_equal(header.record_count, 2);
    assert_int_equal(header.event_count, 1);
    assert_int_equal(header.raw_bytes, sizeof(TEXT));
    assert_int_equal(cairn_block_check_body(fixture->frame, &header), 0);

    uint8_t raw[sizeof(TEXT)];
    assert_int_equal(cairn_block_decode_body(fixture->frame, &header, raw), 0);
    assert_string_equal((const char *)raw, TEXT);
}

/* docs/ledger-format.md promises these places. */
static void fields_are_where_the_format_says(void **state)
{
    struct fixture *fixture = *state;
    assert_memory_equal(fixture->frame, "CBLK\x60\0\0\0", 8);
    assert_int_equal(cairn_load_u64(fixture->frame + 8), SEGMENT_ID);
    assert_int_equal(cairn_load_u32(fixture->frame + 16), 7);
    assert_int_equal(cairn_load_u32(fixture->frame + 20), 2);
    assert_int_equal(cairn_load_u64(fixture->frame + 24), 100);
    assert_int_equal(cairn_load_u64(fixture->frame + 32), 98);
    assert_int_equal(cairn_load_u64(fixture->frame + 72), 0xabcdef);
    assert_int_equal(cairn_load_u32(fixture->frame + 80), 1);
}

static void any_flipped_bit_is_detected(void **state)
{
    struct fixture *fixture = *state;
    for (size_t bit = 0; bit < 8 * sizeof(fixture->frame); bit++) {
        struct cairn_block_header header;
        fixture->frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
        int result =
            cairn_block_decode_header(fixture->frame, sizeof(fixture->frame), SEGMENT_ID, &header);
        if (result == 0)
            result = cairn_block_check_body(fixture->frame, &header);
        assert_int_equal(result, -EBADMSG);
        fixture->frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void a_block_of_an_earlier_life_is_not_valid(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_block_header header;
    assert_int_equal(
        cairn_block_decode_header(fixture->frame, sizeof(fixture->frame), SEGMENT_ID + 1, &header),
        -EBADMSG);
}

static void zeros_are_the_end_and_a_short_piece_is_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_block_header header;
    uint8_t zeros[CAIRN_BLOCK_HEADER_BYTES] = {0};
    assert_int_equal(cairn_block_decode_header(zeros, sizeof(zeros), SEGMENT_ID, &header),
                     -ENODATA);
    for (size_t bytes = 0; bytes < CAIRN_BLOCK_HEADER_BYTES; bytes++)
        assert_int_equal(cairn_block_decode_header(fixture->frame, bytes, SEGMENT_ID, &header),
                         -EBADMSG);
}

/* A checksum can be forged; what it covers must still be possible. */
static void store_and_sign(uint8_t *frame, size_t offset, uint32_t value)
{
    uint64_t segment_id = SEGMENT_ID;
    cairn_store_u32(frame + offset, value);
    uint32_t crc = cairn_crc32c(cairn_crc32c(0, &segment_id, sizeof(segment_id)), frame, 92);
    cairn_store_u32(frame + 92, crc);
}

static void impossible_counts_and_lengths_are_refused(void **state)
{
    struct fixture *fixture = *state;
    const struct {
        size_t offset;
        uint32_t value;
    } lies[] = {
        {20, 0},                             /* fewer records than events */
        {20, 1000},                          /* more records than bytes could hold */
        {56, CAIRN_BLOCK_RAW_BYTES_MAX + 1}, /* longer than any block */
        {56, sizeof(TEXT) + 1},              /* stored, and yet another length */
        {60, sizeof(TEXT) + 1},              /* stored longer than raw */
        {60, 0},                             /* from nothing comes nothing */
        {80, UINT32_MAX},                    /* more events than records */
    };
    for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
        uint8_t frame[CAIRN_BLOCK_ALIGN_BYTES];
        struct cairn_block_header header;
        memcpy(frame, fixture->frame, sizeof(frame));
        store_and_sign(frame, lies[i].offset, lies[i].value);
        assert_int_equal(cairn_block_decode_header(frame, sizeof(frame), SEGMENT_ID, &header),
                         -EBADMSG);
    }
}

static void frames_are_padded_to_4096(void **state)
{
    (void)state;
    assert_int_equal(cairn_block_frame_bytes(0), 4096);
    assert_int_equal(cairn_block_frame_bytes(4000), 4096);
    assert_int_equal(cairn_block_frame_bytes(4001), 8192);
    assert_int_equal(cairn_block_frame_bytes(8096), 8192);
    assert_int_equal(cairn_block_frame_bytes(8097), 12288);
}

/* FIPS 180-4: SHA-256 of "abc". */
static void the_hash_is_sha_256(void **state)
{
    (void)state;
    uint8_t hash[CAIRN_BLOCK_HASH_BYTES];
    cairn_block_hash("abc", 3, hash);
    assert_memory_equal(hash, "\xba\x78\x16\xbf\x8f\x01\xcf\xea", 8);
    assert_int_equal(cairn_block_hash_short(hash), 0xeacf018fbf1678bau);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_sealed_header_decodes_to_itself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fields_are_where_the_format_says, set_up, tear_down),
        cmocka_unit_test_setup_teardown(any_flipped_bit_is_detected, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_block_of_an_earlier_life_is_not_valid, set_up, tear_down),
        cmocka_unit_test_setup_teardown(zeros_are_the_end_and_a_short_piece_is_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(impossible_counts_and_lengths_are_refused, set_up,
                                        tear_down),
        cmocka_unit_test(frames_are_padded_to_4096),
        cmocka_unit_test(the_hash_is_sha_256),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
