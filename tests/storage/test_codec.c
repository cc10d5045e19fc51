#include "storage/codec.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/error.h"
#include "runtime/base/random.h"
#include "tests/support/unit.h"

enum { BYTES_MAX = 70000 };

static void fill(uint8_t *bytes, size_t count, uint64_t alphabet)
{
    struct cairn_random random;
    cairn_random_init(&random, count);
    for (size_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)cairn_random_below(&random, alphabet);
}

static void either_codec_gives_back_what_it_took(void **state)
{
    (void)state;
    size_t sizes[] = {1, 2, 100, 4095, 4096, 4097, 65535, 65536, BYTES_MAX};
    uint8_t *source = malloc(BYTES_MAX);
    uint8_t *target = malloc(2 * BYTES_MAX);
    uint8_t *back = malloc(BYTES_MAX);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        fill(source, sizes[i], 5);
        for (enum cairn_codec codec = CAIRN_CODEC_STORED; codec <= CAIRN_CODEC_LZ4; codec++) {
            size_t used = cairn_codec_encode(codec, source, sizes[i], target, 2 * BYTES_MAX);
            assert_true(used > 0);
            assert_int_equal(cairn_codec_decode((uint8_t)codec, target, used, back, sizes[i]), 0);
            assert_memory_equal(back, source, sizes[i]);
            /* One byte more or less is another text. */
            assert_int_equal(cairn_codec_decode((uint8_t)codec, target, used, back, sizes[i] - 1),
                             -EBADMSG);
        }
    }
    free(back);
    free(target);
    free(source);
}

static void what_does_not_get_smaller_does_not_fit(void **state)
{
    (void)state;
    uint8_t source[4096];
    uint8_t target[4096];
    fill(source, sizeof(source), 256);
    assert_int_equal(
        cairn_codec_encode(CAIRN_CODEC_LZ4, source, sizeof(source), target, sizeof(target) - 1), 0);
    assert_int_equal(
        cairn_codec_encode(CAIRN_CODEC_STORED, source, sizeof(source), target, sizeof(target) - 1),
        0);
}

static void an_unknown_codec_is_said_to_be_unknown(void **state)
{
    (void)state;
    uint8_t byte = 0;
    for (unsigned codec = 2; codec < 256; codec++)
        assert_int_equal(cairn_codec_decode((uint8_t)codec, &byte, 1, &byte, 1), -EPROTONOSUPPORT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(either_codec_gives_back_what_it_took),
        cmocka_unit_test(what_does_not_get_smaller_does_not_fit),
        cmocka_unit_test(an_unknown_codec_is_said_to_be_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
