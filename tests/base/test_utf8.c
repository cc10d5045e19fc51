#include "runtime/base/utf8.h"

#include "tests/support/unit.h"

/* Table 3-7 of the Unicode standard, as naively as it can be written. */
static size_t naive_sequence(const uint8_t *at, size_t bytes)
{
    static const uint8_t ROWS[][8] = {
        /* lead from, to, second from, to, third from, to, fourth from, to; 0 is "no such byte" */
        {0x00, 0x7f, 0, 0, 0, 0, 0, 0},
        {0xc2, 0xdf, 0x80, 0xbf, 0, 0, 0, 0},
        {0xe0, 0xe0, 0xa0, 0xbf, 0x80, 0xbf, 0, 0},
        {0xe1, 0xec, 0x80, 0xbf, 0x80, 0xbf, 0, 0},
        {0xed, 0xed, 0x80, 0x9f, 0x80, 0xbf, 0, 0},
        {0xee, 0xef, 0x80, 0xbf, 0x80, 0xbf, 0, 0},
        {0xf0, 0xf0, 0x90, 0xbf, 0x80, 0xbf, 0x80, 0xbf},
        {0xf1, 0xf3, 0x80, 0xbf, 0x80, 0xbf, 0x80, 0xbf},
        {0xf4, 0xf4, 0x80, 0x8f, 0x80, 0xbf, 0x80, 0xbf},
    };
    for (size_t row = 0; row < sizeof(ROWS) / sizeof(ROWS[0]); row++) {
        size_t length = 1;
        while (length < 4 && ROWS[row][2 * length] != 0)
            length++;
        size_t matched = 0;
        while (matched < length && matched < bytes && at[matched] >= ROWS[row][2 * matched] &&
               at[matched] <= ROWS[row][2 * matched + 1])
            matched++;
        if (matched == length)
            return length;
    }
    return 0;
}

static void every_sequence_of_two_bytes_and_the_limits_of_longer_ones_are_judged(void **state)
{
    (void)state;
    static const uint8_t TAILS[] = {0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0};
    for (unsigned int lead = 0; lead < 256; lead++) {
        for (unsigned int second = 0; second < 256; second++) {
            for (size_t tail = 0; tail < sizeof(TAILS) * sizeof(TAILS); tail++) {
                uint8_t text[4] = {(uint8_t)lead, (uint8_t)second, TAILS[tail / sizeof(TAILS)],
                                   TAILS[tail % sizeof(TAILS)]};
                for (size_t bytes = 1; bytes <= 4; bytes++)
                    assert_int_equal(cairn_utf8_sequence_bytes(cairn_slice(text, bytes)),
                                     naive_sequence(text, bytes));
            }
        }
    }
}

static void every_code_point_survives_encoding(void **state)
{
    (void)state;
    char encoded[4];
    for (uint32_t point = 0; point <= 0x10ffff; point++) {
        if (point == 0xd800)
            point = 0xe000;
        size_t bytes = cairn_utf8_encode(encoded, point);
        assert_int_equal(cairn_utf8_valid_prefix(cairn_slice(encoded, bytes)), bytes);
        assert_int_equal(cairn_utf8_sequence_bytes(cairn_slice(encoded, bytes)), bytes);
    }
}

static void the_valid_prefix_ends_at_the_first_bad_byte_wherever_it_is(void **state)
{
    (void)state;
    char text[80];
    for (size_t bytes = 1; bytes <= sizeof(text); bytes++) {
        memset(text, 'a', bytes);
        assert_true(cairn_utf8_is_valid(cairn_slice(text, bytes)));
        for (size_t at = 0; at < bytes; at++) {
            text[at] = (char)0xff;
            assert_int_equal(cairn_utf8_valid_prefix(cairn_slice(text, bytes)), at);
            text[at] = 'a';
        }
    }
}

static void code_points_are_counted(void **state)
{
    (void)state;
    assert_int_equal(cairn_utf8_count(CAIRN_SLICE_EMPTY), 0);
    assert_int_equal(cairn_utf8_count(cairn_slice_of("a\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9ez")), 5);
}

static void control_characters_are_those_of_ascii_and_latin_1(void **state)
{
    (void)state;
    char encoded[4];
    for (uint32_t point = 0; point < 0x1000; point++) {
        size_t bytes = cairn_utf8_encode(encoded, point);
        bool is_control = point < 0x20 || (point >= 0x7f && point < 0xa0);
        assert_int_equal(cairn_utf8_has_control(cairn_slice(encoded, bytes)), is_control);
    }
    assert_false(cairn_utf8_has_control(CAIRN_SLICE_EMPTY));
    assert_true(cairn_utf8_has_control(cairn_slice_of("gr\xc3\xbc\xc3\x9f\x1b[0m")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sequence_of_two_bytes_and_the_limits_of_longer_ones_are_judged),
        cmocka_unit_test(every_code_point_survives_encoding),
        cmocka_unit_test(the_valid_prefix_ends_at_the_first_bad_byte_wherever_it_is),
        cmocka_unit_test(code_points_are_counted),
        cmocka_unit_test(control_characters_are_those_of_ascii_and_latin_1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
