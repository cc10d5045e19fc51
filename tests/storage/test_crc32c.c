#include "storage/crc32c.h"

#include <string.h>

#include "runtime/base/random.h"
#include "tests/support/unit.h"

/* RFC 3720, appendix B.4, and the check value of the polynomial. */
static void published_vectors_match(void **state)
{
    (void)state;
    uint8_t bytes[32];
    memset(bytes, 0, sizeof(bytes));
    assert_int_equal(cairn_crc32c(0, bytes, 32), 0x8a9136aa);
    memset(bytes, 0xff, sizeof(bytes));
    assert_int_equal(cairn_crc32c(0, bytes, 32), 0x62a8ab43);
    for (uint8_t i = 0; i < 32; i++)
        bytes[i] = i;
    assert_int_equal(cairn_crc32c(0, bytes, 32), 0x46dd794e);
    for (uint8_t i = 0; i < 32; i++)
        bytes[i] = (uint8_t)(31 - i);
    assert_int_equal(cairn_crc32c(0, bytes, 32), 0x113fdb5c);
    assert_int_equal(cairn_crc32c(0, "123456789", 9), 0xe3069283);
    assert_int_equal(cairn_crc32c_scalar(0, "123456789", 9), 0xe3069283);
    assert_int_equal(cairn_crc32c(0, "", 0), 0);
}

static void the_plain_twin_agrees_at_every_length_and_alignment(void **state)
{
    (void)state;
    uint8_t bytes[300];
    struct cairn_random random;
    cairn_random_init(&random, 7);
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)cairn_random_next(&random);
    for (size_t start = 0; start < 9; start++)
        for (size_t count = 0; start + count <= sizeof(bytes); count++)
            assert_int_equal(cairn_crc32c((uint32_t)count, bytes + start, count),
                             cairn_crc32c_scalar((uint32_t)count, bytes + start, count));
}

static void parts_chain_to_the_whole(void **state)
{
    (void)state;
    const char *text = "every stone was put there by somebody";
    size_t bytes = strlen(text);
    for (size_t cut = 0; cut <= bytes; cut++)
        assert_int_equal(cairn_crc32c(cairn_crc32c(0, text, cut), text + cut, bytes - cut),
                         cairn_crc32c(0, text, bytes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_vectors_match),
        cmocka_unit_test(the_plain_twin_agrees_at_every_length_and_alignment),
        cmocka_unit_test(parts_chain_to_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
