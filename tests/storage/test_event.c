#include "storage/event.h"

#include <string.h>

#include "runtime/base/random.h"
#include "tests/support/unit.h"

static struct cairn_event event_of(const struct cairn_buffer *payload)
{
    return (struct cairn_event){.kind = CAIRN_EVENT_MESSAGE,
                                .payload = cairn_buffer_slice(payload)};
}

static void fields_read_back_as_they_were_put(void **state)
{
    (void)state;
    struct cairn_buffer payload = {0};
    struct cairn_slice text;
    int64_t number = 0;
    cairn_event_put(&payload, CAIRN_FIELD_TEXT, cairn_slice_of("hello"));
    cairn_event_put(&payload, CAIRN_FIELD_TITLE, CAIRN_SLICE_EMPTY);
    cairn_event_put_bool(&payload, CAIRN_FIELD_BOT, true);
    cairn_event_put_i64(&payload, CAIRN_FIELD_EXPIRES_AT, INT64_MIN);
    cairn_event_put_bool(&payload, CAIRN_FIELD_OK, false);
    cairn_event_put_i64(&payload, CAIRN_FIELD_LATENCY_MS, INT64_MAX);
    struct cairn_event event = event_of(&payload);

    assert_true(cairn_event_payload_is_valid(event.payload));
    assert_true(cairn_event_field(&event, CAIRN_FIELD_TEXT, &text));
    assert_true(cairn_slice_is(text, "hello"));
    assert_true(cairn_event_field(&event, CAIRN_FIELD_TITLE, &text));
    assert_int_equal(text.bytes, 0);
    assert_false(cairn_event_field(&event, CAIRN_FIELD_NAME, &text));
    assert_true(cairn_event_field_bool(&event, CAIRN_FIELD_BOT, false));
    assert_false(cairn_event_field_bool(&event, CAIRN_FIELD_OK, true));
    assert_true(cairn_event_field_bool(&event, CAIRN_FIELD_HELPED, true));
    assert_true(cairn_event_field_i64(&event, CAIRN_FIELD_EXPIRES_AT, &number));
    assert_true(number == INT64_MIN);
    assert_true(cairn_event_field_i64(&event, CAIRN_FIELD_LATENCY_MS, &number));
    assert_true(number == INT64_MAX);
    assert_false(cairn_event_field_i64(&event, CAIRN_FIELD_TEXT, &number));
    cairn_buffer_deinit(&payload);
}

static void a_payload_cut_within_a_field_has_no_fields(void **state)
{
    (void)state;
    struct cairn_buffer payload = {0};
    struct cairn_slice text;
    cairn_event_put(&payload, CAIRN_FIELD_TEXT, cairn_slice_of("hello"));
    size_t first_bytes = payload.bytes;
    cairn_event_put(&payload, CAIRN_FIELD_TITLE, cairn_slice_of("world"));
    for (size_t kept = 1; kept < payload.bytes; kept++) {
        struct cairn_event event = {.payload = cairn_slice(payload.data, kept)};
        bool whole = kept == first_bytes;
        assert_int_equal(cairn_event_payload_is_valid(event.payload), whole);
        assert_int_equal(cairn_event_field(&event, CAIRN_FIELD_TEXT, &text), whole);
    }
    cairn_buffer_deinit(&payload);
}

static void fields_out_of_order_or_twice_or_of_tag_zero_are_not_valid(void **state)
{
    (void)state;
    assert_true(cairn_event_payload_is_valid(cairn_slice("\1\0\2\0", 4)));
    assert_false(cairn_event_payload_is_valid(cairn_slice("\2\0\1\0", 4)));
    assert_false(cairn_event_payload_is_valid(cairn_slice("\1\0\1\0", 4)));
    assert_false(cairn_event_payload_is_valid(cairn_slice("\0\0", 2)));
    assert_true(cairn_event_payload_is_valid(CAIRN_SLICE_EMPTY));
    assert_true(cairn_event_payload_is_valid(cairn_slice("\377\0", 2))); /* a later version's */
}

static void random_bytes_are_read_without_harm(void **state)
{
    (void)state;
    struct cairn_random random;
    char bytes[24];
    cairn_random_init(&random, 99);
    for (int round = 0; round < 20000; round++) {
        struct cairn_slice value;
        size_t count = cairn_random_below(&random, sizeof(bytes) + 1);
        for (size_t i = 0; i < count; i++)
            bytes[i] = (char)cairn_random_below(&random, 12);
        struct cairn_event event = {.payload = cairn_slice(bytes, count)};
        if (cairn_event_field(&event, CAIRN_FIELD_TITLE, &value)) {
            assert_true(cairn_event_payload_is_valid(event.payload));
            assert_true(value.data >= bytes && value.data + value.bytes <= bytes + count);
        }
    }
}

static void each_kind_has_a_name_and_the_name_its_kind(void **state)
{
    (void)state;
    for (uint8_t kind = CAIRN_EVENT_MESSAGE; kind < CAIRN_EVENT_KIND_END; kind++)
        assert_int_equal(cairn_event_kind_of(cairn_slice_of(cairn_event_kind_name(kind))), kind);
    assert_string_equal(cairn_event_kind_name(CAIRN_EVENT_STEP), "step");
    assert_string_equal(cairn_event_kind_name(CAIRN_EVENT_CUSTOM), "custom");
    assert_string_equal(cairn_event_kind_name(15), "unknown");
    assert_string_equal(cairn_event_kind_name(CAIRN_EVENT_KIND_END), "unknown");
    assert_int_equal(cairn_event_kind_of(cairn_slice_of("unknown")), CAIRN_EVENT_NONE);
    assert_int_equal(cairn_event_kind_of(CAIRN_SLICE_EMPTY), CAIRN_EVENT_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_read_back_as_they_were_put),
        cmocka_unit_test(a_payload_cut_within_a_field_has_no_fields),
        cmocka_unit_test(fields_out_of_order_or_twice_or_of_tag_zero_are_not_valid),
        cmocka_unit_test(random_bytes_are_read_without_harm),
        cmocka_unit_test(each_kind_has_a_name_and_the_name_its_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
