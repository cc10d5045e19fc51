#include "runtime/base/uuid.h"

#include <errno.h>

#include "runtime/base/random.h"
#include "tests/support/unit.h"

/* The example of RFC 9562, A.6. */
static const char EXAMPLE[] = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";

static void a_uuid_is_read_and_written_as_it_was(void **state)
{
    (void)state;
    uint8_t uuid[CAIRN_UUID_BYTES];
    char text[CAIRN_UUID_TEXT_BYTES];
    assert_int_equal(cairn_uuid_parse(cairn_slice_of(EXAMPLE), uuid), 0);
    assert_int_equal(uuid[0], 0x01);
    assert_int_equal(uuid[15], 0x8f);
    cairn_uuid_format(uuid, text);
    assert_memory_equal(text, EXAMPLE, sizeof(text));
}

static void upper_case_reads_as_the_same_uuid(void **state)
{
    (void)state;
    uint8_t lower[CAIRN_UUID_BYTES], upper[CAIRN_UUID_BYTES];
    assert_int_equal(cairn_uuid_parse(cairn_slice_of(EXAMPLE), lower), 0);
    assert_int_equal(
        cairn_uuid_parse(cairn_slice_of("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"), upper), 0);
    assert_memory_equal(lower, upper, sizeof(lower));
}

static void what_is_no_uuid_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    uint8_t uuid[CAIRN_UUID_BYTES] = {7};
    char text[CAIRN_UUID_TEXT_BYTES + 1];
    for (size_t bytes = 0; bytes < CAIRN_UUID_TEXT_BYTES; bytes++)
        assert_int_equal(cairn_uuid_parse(cairn_slice(EXAMPLE, bytes), uuid), -EINVAL);
    for (size_t i = 0; i < CAIRN_UUID_TEXT_BYTES; i++) {
        memcpy(text, EXAMPLE, sizeof(text));
        text[i] = 'x';
        assert_int_equal(cairn_uuid_parse(cairn_slice(text, CAIRN_UUID_TEXT_BYTES), uuid), -EINVAL);
    }
    memcpy(text, EXAMPLE, CAIRN_UUID_TEXT_BYTES);
    text[CAIRN_UUID_TEXT_BYTES] = '0';
    assert_int_equal(cairn_uuid_parse(cairn_slice(text, sizeof(text)), uuid), -EINVAL);
    assert_int_equal(uuid[0], 7);
}

static void version_7_carries_time_version_and_variant(void **state)
{
    (void)state;
    struct cairn_uuid_generator generator = {0};
    uint8_t uuid[CAIRN_UUID_BYTES];
    char text[CAIRN_UUID_TEXT_BYTES];
    cairn_uuid_v7(&generator, 0x017f22e279b0, UINT64_MAX, uuid);
    cairn_uuid_format(uuid, text);
    assert_memory_equal(text, "017f22e2-79b0-7000-bfff-ffffffffffff", sizeof(text));
}

static void ids_ascend_even_when_the_clock_stands_or_steps_back(void **state)
{
    (void)state;
    struct cairn_uuid_generator generator = {0};
    struct cairn_random random;
    uint8_t previous[CAIRN_UUID_BYTES] = {0}, uuid[CAIRN_UUID_BYTES];
    cairn_random_init(&random, 11);
    for (int i = 0; i < 100000; i++) {
        uint64_t now_ms = 1000000 + cairn_random_below(&random, 4) + (uint64_t)i / 20000;
        cairn_uuid_v7(&generator, now_ms, cairn_random_next(&random), uuid);
        assert_true(memcmp(previous, uuid, sizeof(uuid)) < 0);
        memcpy(previous, uuid, sizeof(uuid));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_uuid_is_read_and_written_as_it_was),
        cmocka_unit_test(upper_case_reads_as_the_same_uuid),
        cmocka_unit_test(what_is_no_uuid_is_refused_and_changes_nothing),
        cmocka_unit_test(version_7_carries_time_version_and_variant),
        cmocka_unit_test(ids_ascend_even_when_the_clock_stands_or_steps_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
