#include "runtime/base/json.h"

#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/error.h"
#include "runtime/base/json_writer.h"
#include "runtime/base/random.h"
#include "runtime/base/utf8.h"
#include "tests/support/corpus.h"
#include "tests/support/unit.h"

static struct cairn_json_scratch scratch;

static struct cairn_json_reader reader_of(const char *text)
{
    struct cairn_json_reader reader;
    cairn_json_reader_init(&reader, cairn_slice_of(text), &scratch);
    return reader;
}

#define READ(name, text)                                                                           \
    struct cairn_json_reader name = reader_of(text);                                               \
    scratch.reader = &name

static int check(struct cairn_slice text)
{
    struct cairn_json_reader reader;
    cairn_json_scratch_begin(&scratch, text.bytes);
    cairn_json_reader_init(&reader, text, &scratch);
    return cairn_json_finish(&reader);
}

static int check_text(const char *text)
{
    return check(cairn_slice_of(text));
}

static void assert_refused(const char *text, const char *why, uint32_t offset)
{
    READ(reader, text);
    assert_int_equal(cairn_json_finish(&reader), -EBADMSG);
    assert_string_equal(reader.error, why);
    assert_int_equal(reader.error_offset, offset);
}

static void assert_slice(struct cairn_slice slice, const char *text)
{
    if (!cairn_slice_is(slice, text))
        fail_msg("\"%.*s\" is not \"%s\"", (int)slice.bytes, slice.data, text);
}

static void members_are_read_in_order_with_their_types(void **state)
{
    (void)state;
    READ(reader, " {\"text\":\"hi\", \"ts\" : -7,\"n\":18446744073709551615,\"score\":0.25,"
                 "\"bot\":true,\"none\":null,\"list\":[1,2,[]],\"meta\":{\"a\": [ 1.50 ]}} ");
    static const char *const NAMES[] = {"text", "ts", "n", "score", "bot", "none", "list", "meta"};
    struct cairn_slice key, text = {0}, meta = {0};
    int64_t ts = 0;
    uint64_t n = 0, element, sum = 0;
    double score = 0;
    bool bot = false, was_null = false;

    cairn_json_enter_object(&reader);
    for (int i = 0; cairn_json_next_member(&reader, &key); i++) {
        int index = cairn_json_key_index(key, NAMES, 8);
        assert_int_equal(index, i);
        switch (index) {
        case 0:
            cairn_json_read_string(&reader, &text);
            break;
        case 1:
            cairn_json_read_i64(&reader, &ts);
            break;
        case 2:
            cairn_json_read_u64(&reader, &n);
            break;
        case 3:
            cairn_json_read_double(&reader, &score);
            break;
        case 4:
            cairn_json_read_bool(&reader, &bot);
            break;
        case 5:
            was_null = cairn_json_take_null(&reader);
            break;
        case 6:
            cairn_json_enter_array(&reader);
            while (cairn_json_next_element(&reader)) {
                if (cairn_json_peek(&reader) != CAIRN_JSON_NUMBER)
                    continue;
                cairn_json_read_u64(&reader, &element);
                sum += element;
            }
            break;
        default:
            cairn_json_read_raw(&reader, &meta);
        }
    }
    assert_int_equal(cairn_json_finish(&reader), 0);
    assert_slice(text, "hi");
    assert_int_equal(ts, -7);
    assert_true(n == UINT64_MAX);
    assert_true(score == 0.25);
    assert_true(bot);
    assert_true(was_null);
    assert_int_equal(sum, 3);
    assert_slice(meta, "{\"a\": [ 1.50 ]}");
}

static void a_member_that_is_not_read_is_skipped_and_checked(void **state)
{
    (void)state;
    struct cairn_slice key;
    READ(good, "{\"a\":{\"b\":[1,{\"c\":\"]}\"}]},\"d\":2}");
    cairn_json_enter_object(&good);
    assert_true(cairn_json_next_member(&good, &key));
    assert_true(cairn_json_next_member(&good, &key));
    assert_slice(key, "d");
    assert_false(cairn_json_next_member(&good, &key));
    assert_int_equal(cairn_json_finish(&good), 0);

    READ(bad, "{\"a\":{\"b\":[1,}]},\"d\":2}");
    cairn_json_enter_object(&bad);
    assert_true(cairn_json_next_member(&bad, &key));
    assert_false(cairn_json_next_member(&bad, &key));
    assert_int_equal(cairn_json_finish(&bad), -EBADMSG);
    assert_int_equal(bad.error_offset, 13);
}

static void a_string_without_escapes_is_borrowed(void **state)
{
    (void)state;
    const char *json = "\"plain \xc3\xa9\"";
    struct cairn_slice text;
    READ(reader, json);
    assert_int_equal(cairn_json_read_string(&reader, &text), 0);
    assert_ptr_equal(text.data, json + 1);
    assert_int_equal(text.bytes, 8);
}

static void escapes_are_unescaped(void **state)
{
    (void)state;
    struct cairn_slice text;
    READ(reader, "\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20aC\\uD834\\udd1e.\\u0000z\"");
    assert_int_equal(cairn_json_read_string(&reader, &text), 0);
    struct cairn_slice expected =
        cairn_slice("a\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9e.\0z", 22);
    assert_true(cairn_slice_equal(text, expected));
}

/* Strings of earlier lines must stay where they are while later lines are read. */
static void unescaped_strings_of_a_whole_body_stay_until_the_next_begin(void **state)
{
    (void)state;
    enum { LINES = 2000 };
    const char line[] = "\"line \\u0041\\n of many\"";
    struct cairn_slice texts[LINES];
    cairn_json_scratch_begin(&scratch, LINES * strlen(line));
    for (int i = 0; i < LINES; i++) {
        struct cairn_json_reader reader;
        cairn_json_reader_init(&reader, cairn_slice_of(line), &scratch);
        cairn_json_read_string(&reader, &texts[i]);
        assert_int_equal(cairn_json_finish(&reader), 0);
    }
    for (int i = 0; i < LINES; i++)
        assert_slice(texts[i], "line A\n of many");
}

static void the_wrong_type_is_refused_where_the_value_stands(void **state)
{
    (void)state;
    int64_t number = 42;
    READ(reader, "[ \"x\" ]");
    cairn_json_enter_array(&reader);
    assert_true(cairn_json_next_element(&reader));
    assert_int_equal(cairn_json_read_i64(&reader, &number), -EINVAL);
    assert_int_equal(reader.error_offset, 2);
    assert_string_equal(reader.error, "a number is expected");
    assert_int_equal(number, 42);
    assert_false(cairn_json_next_element(&reader));
    assert_int_equal(cairn_json_finish(&reader), -EINVAL);
}

static void a_caller_can_refuse_a_value_and_the_first_refusal_stays(void **state)
{
    (void)state;
    struct cairn_slice key;
    READ(reader, "{\"colour\":1,\"b\":2}");
    cairn_json_enter_object(&reader);
    assert_true(cairn_json_next_member(&reader, &key));
    cairn_json_fail(&reader, "unknown field");
    cairn_json_fail(&reader, "something else");
    assert_false(cairn_json_next_member(&reader, &key));
    assert_int_equal(cairn_json_finish(&reader), -EINVAL);
    assert_string_equal(reader.error, "unknown field");
    assert_int_equal(reader.error_offset, 1);
}

static void integers_hold_at_their_limits_and_not_above(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_i64;
        bool is_u64;
    } CASES[] = {
        {"0", true, true},
        {"-0", true, false},
        {"9223372036854775807", true, true},
        {"9223372036854775808", false, true},
        {"-9223372036854775808", true, false},
        {"-9223372036854775809", false, false},
        {"18446744073709551615", false, true},
        {"18446744073709551616", false, false},
        {"1.0", false, false},
        {"1e3", false, false},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        int64_t i64;
        uint64_t u64;
        READ(as_i64, CASES[i].text);
        assert_int_equal(cairn_json_read_i64(&as_i64, &i64), CASES[i].is_i64 ? 0 : -EINVAL);
        READ(as_u64, CASES[i].text);
        assert_int_equal(cairn_json_read_u64(&as_u64, &u64), CASES[i].is_u64 ? 0 : -EINVAL);
    }
}

static void doubles_are_finite(void **state)
{
    (void)state;
    double value = 7;
    READ(large, "1e308");
    assert_int_equal(cairn_json_read_double(&large, &value), 0);
    assert_true(value == 1e308);
    READ(too_large, "-1e309");
    assert_int_equal(cairn_json_read_double(&too_large, &value), -EINVAL);
    READ(tiny, "1e-999");
    assert_int_equal(cairn_json_read_double(&tiny, &value), 0);
    assert_true(value == 0);
}

static void errors_say_where_and_why(void **state)
{
    (void)state;
    assert_refused("", "cut short", 0);
    assert_refused("  ", "cut short", 2);
    assert_refused("[1,", "cut short", 3);
    assert_refused("[1 2]", "a comma or ] is expected", 3);
    assert_refused("{\"a\":1 \"b\"}", "a comma or } is expected", 7);
    assert_refused("{\"a\" 1}", "a colon is expected", 5);
    assert_refused("{\"a\":1,}", "a key in double quotes is expected", 7);
    assert_refused("{a:1}", "a key in double quotes is expected", 1);
    assert_refused("[tru]", "a value is expected", 1);
    assert_refused("[1.]", "a digit is expected", 3);
    assert_refused("[01]", "a comma or ] is expected", 2);
    assert_refused("\"abc", "the string is not closed", 4);
    assert_refused("\"a\tb\"", "a control character in a string must be escaped", 2);
    assert_refused("\"a\\x\"", "no such escape in a string", 2);
    assert_refused("\"\\u12g4\"", "\\u needs four hexadecimal digits", 1);
    assert_refused("\"\\ud800\"", "half a surrogate pair", 1);
    assert_refused("\"\\ud800\\u0041\"", "half a surrogate pair", 1);
    assert_refused("\"\\udc00\"", "half a surrogate pair", 1);
    assert_refused("\"ab\xff\"", "not valid UTF-8", 3);
    assert_refused("1 x", "more after the end of the value", 2);
    assert_refused("{} {}", "more after the end of the value", 3);
}

static void a_key_twice_in_one_object_is_refused(void **state)
{
    (void)state;
    assert_refused("{\"a\":1,\"b\":2,\"a\":3}", "the object has this key already", 13);
    assert_refused("{\"a\":1,\"\\u0061\":3}", "the object has this key already", 7);
    assert_refused("[{\"x\":{\"a\":1,\"a\":1}}]", "the object has this key already", 13);
    assert_int_equal(check_text("{\"a\":{\"a\":{\"a\":1},\"b\":[{\"a\":1},{\"a\":1}]},\"b\":1}"),
                     0);
    assert_int_equal(check_text("{\"\":1,\"A\":1,\"a\":1}"), 0);
}

static void append_object_of(struct cairn_buffer *json, int keys, int last)
{
    cairn_buffer_clear(json);
    for (int i = 0; i < keys; i++)
        cairn_buffer_printf(json, "%c\"key-%d\":{\"key-%d\":%d}", i == 0 ? '{' : ',',
                            i == keys - 1 ? last : i, i, i);
    cairn_buffer_append_byte(json, '}');
}

static void duplicates_are_found_in_large_objects_too(void **state)
{
    (void)state;
    struct cairn_buffer json = {0};
    for (int keys = 2; keys < 5000; keys = keys * 3 / 2 + 1) {
        append_object_of(&json, keys, keys - 1);
        assert_int_equal(check(cairn_buffer_slice(&json)), 0);
        append_object_of(&json, keys, (keys - 1) / 2);
        assert_int_equal(check(cairn_buffer_slice(&json)), -EBADMSG);
    }
    /* One key of each value is open besides those of the outer object. */
    append_object_of(&json, CAIRN_JSON_KEYS_MAX - 1, CAIRN_JSON_KEYS_MAX);
    assert_int_equal(check(cairn_buffer_slice(&json)), 0);
    append_object_of(&json, CAIRN_JSON_KEYS_MAX + 1, CAIRN_JSON_KEYS_MAX);
    assert_int_equal(check(cairn_buffer_slice(&json)), -EFBIG);
    cairn_buffer_deinit(&json);
}

static int check_depth(int depth, bool is_object)
{
    struct cairn_buffer json = {0};
    for (int i = 0; i < depth; i++)
        cairn_buffer_append_text(&json, is_object ? "{\"a\":" : "[");
    cairn_buffer_append_text(&json, "1");
    for (int i = 0; i < depth; i++)
        cairn_buffer_append_byte(&json, is_object ? '}' : ']');
    int result = check(cairn_buffer_slice(&json));
    cairn_buffer_deinit(&json);
    return result;
}

static void depth_is_limited_to_64(void **state)
{
    (void)state;
    for (int is_object = 0; is_object < 2; is_object++) {
        assert_int_equal(check_depth(63, is_object), 0);
        assert_int_equal(check_depth(64, is_object), 0);
        assert_int_equal(check_depth(65, is_object), -EBADMSG);
        assert_int_equal(check_depth(100000, is_object), -EBADMSG);
    }
}

/* The scan goes sixteen bytes at a time: put what it looks for at every place around that. */
static void specials_are_found_at_every_offset(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int result;
    } SPECIALS[] = {
        {"", 0},
        {"\\n", 0},
        {"\xc3\xa9", 0},
        {"\x7f", 0},
        {"\xff", -EBADMSG},
        {"\x1f", -EBADMSG},
        {"\xc3", -EBADMSG},
        {"\\", -EBADMSG},
        {"\\ud83d", -EBADMSG},
        {"\\ud83d\\ude00", 0},
        {"\xed\xa0\x80", -EBADMSG},
        {" !", 0},
    };
    char json[128];
    for (size_t special = 0; special < sizeof(SPECIALS) / sizeof(SPECIALS[0]); special++) {
        for (int before = 0; before < 40; before++) {
            for (int after = 0; after < 40; after += 3) {
                int bytes =
                    snprintf(json, sizeof(json), "\"%.*s%s%.*s\"", before,
                             "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", SPECIALS[special].text,
                             after, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy");
                /* On the heap and exactly as long as the text, so that reading past it is seen. */
                char *exact = malloc((size_t)bytes);
                memcpy(exact, json, (size_t)bytes);
                assert_int_equal(check(cairn_slice(exact, (size_t)bytes)),
                                 SPECIALS[special].result);
                free(exact);
            }
        }
    }
}

static void compacting_drops_white_space_and_nothing_else(void **state)
{
    (void)state;
    struct cairn_buffer compact = {0};
    struct cairn_slice raw;
    READ(reader, " [ 1.50 , -0e+1 ,\"a b\\\" c\" , { \"k\\\\\" :\tnull } , [ ] ]\r\n");
    assert_int_equal(cairn_json_read_raw(&reader, &raw), 0);
    cairn_json_append_compact(&compact, raw);
    assert_slice(cairn_buffer_slice(&compact), "[1.50,-0e+1,\"a b\\\" c\",{\"k\\\\\":null},[]]");
    cairn_buffer_deinit(&compact);
}

struct outcome {
    int accepted;
    int refused;
};

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static void check_suite_file(const char *path, void *context)
{
    struct outcome *outcome = context;
    struct cairn_buffer json = {0};
    const char *name = base_name(path);
    assert_true(corpus_read(path, &json));
    int result = check(cairn_buffer_slice(&json));
    cairn_buffer_deinit(&json);

    bool must_refuse = name[0] == 'n' || strstr(name, "y_object_duplicated_key") != NULL;
    bool may_refuse = name[0] == 'i';
    if (!may_refuse && (result < 0) != must_refuse)
        fail_msg("%s: %s", name, result < 0 ? "refused" : "accepted");
    outcome->accepted += result == 0;
    outcome->refused += result < 0;
}

/* Of its "either way" files cairn accepts numbers of any size, and refuses all that is not strict
 * UTF-8 or has half a surrogate pair. Keys twice, which it calls valid, cairn refuses. */
static void the_json_test_suite_agrees(void **state)
{
    (void)state;
    struct outcome outcome = {0};
    const char *directory = corpus_path("json-test-suite");
    if (directory == NULL)
        skip();
    assert_int_equal(corpus_each(directory, ".json", check_suite_file, &outcome), 318);
    assert_int_equal(outcome.accepted, 95 - 2 + 10);
    assert_int_equal(outcome.refused, 188 + 2 + 25);
}

static void written_documents_have_their_commas(void **state)
{
    (void)state;
    struct cairn_buffer json = {0};
    struct cairn_json_writer writer;
    cairn_json_writer_init(&writer, &json);
    cairn_json_begin_object(&writer);
    cairn_json_member_text(&writer, "text", "a\"\\\n\x01\x7f\xc3\xa9");
    cairn_json_member_array(&writer, "list");
    cairn_json_write_u64(&writer, UINT64_MAX);
    cairn_json_write_i64(&writer, INT64_MIN);
    cairn_json_begin_object(&writer);
    cairn_json_end_object(&writer);
    cairn_json_begin_array(&writer);
    cairn_json_end_array(&writer);
    cairn_json_write_double(&writer, 0.1);
    cairn_json_write_double(&writer, 1.0 / 0.0);
    cairn_json_end_array(&writer);
    cairn_json_member_bool(&writer, "yes", true);
    cairn_json_member_null(&writer, "none");
    cairn_json_member_raw(&writer, "raw", cairn_slice_of("{\"x\":1.50}"));
    cairn_json_member_object(&writer, "inner");
    cairn_json_end_object(&writer);
    cairn_json_end_object(&writer);
    assert_slice(cairn_buffer_slice(&json),
                 "{\"text\":\"a\\\"\\\\\\n\\u0001\x7f\xc3\xa9\",\"list\":[18446744073709551615,"
                 "-9223372036854775808,{},[],0.1,null],\"yes\":true,\"none\":null,"
                 "\"raw\":{\"x\":1.50},\"inner\":{}}");
    assert_int_equal(check(cairn_buffer_slice(&json)), 0);
    cairn_buffer_deinit(&json);
}

static void doubles_are_written_so_that_they_read_back_equal(void **state)
{
    (void)state;
    struct cairn_random random;
    struct cairn_buffer json = {0};
    cairn_random_init(&random, 11);
    for (int step = 0; step < 20000; step++) {
        uint64_t bits = cairn_random_next(&random);
        double value, back;
        if (step % 2 == 0)
            value = (double)(int64_t)bits / 1000.0;
        else
            memcpy(&value, &bits, sizeof(value));
        if (!__builtin_isfinite(value))
            continue;
        cairn_buffer_clear(&json);
        cairn_json_append_double(&json, value);
        struct cairn_json_reader reader;
        cairn_json_reader_init(&reader, cairn_buffer_slice(&json), &scratch);
        assert_int_equal(cairn_json_read_double(&reader, &back), 0);
        assert_memory_equal(&value, &back, sizeof(value));
    }
    cairn_buffer_deinit(&json);
}

static void append_random_text(struct cairn_buffer *text, struct cairn_random *random)
{
    uint64_t count = cairn_random_below(random, 40);
    cairn_buffer_clear(text);
    for (uint64_t i = 0; i < count; i++) {
        static const uint32_t LIMITS[] = {0x80, 0x80, 0x80, 0x800, 0xd800, 0x110000};
        char encoded[4];
        uint32_t point =
            (uint32_t)cairn_random_below(random, LIMITS[cairn_random_below(random, 6)]);
        if (point >= 0xd800 && point <= 0xdfff)
            point = '"';
        cairn_buffer_append(text, encoded, cairn_utf8_encode(encoded, point));
    }
}

static void any_text_survives_writing_and_reading(void **state)
{
    (void)state;
    struct cairn_random random;
    struct cairn_buffer text = {0}, json = {0};
    cairn_random_init(&random, 5);
    for (int step = 0; step < 20000; step++) {
        append_random_text(&text, &random);
        cairn_buffer_clear(&json);
        cairn_json_append_quoted(&json, cairn_buffer_slice(&text));

        struct cairn_slice back;
        struct cairn_json_reader reader;
        cairn_json_scratch_begin(&scratch, json.bytes);
        cairn_json_reader_init(&reader, cairn_buffer_slice(&json), &scratch);
        assert_int_equal(cairn_json_read_string(&reader, &back), 0);
        assert_true(cairn_slice_equal(back, cairn_buffer_slice(&text)));
    }
    cairn_buffer_deinit(&text);
    cairn_buffer_deinit(&json);
}

static int free_scratch(void **state)
{
    (void)state;
    cairn_json_scratch_deinit(&scratch);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_read_in_order_with_their_types),
        cmocka_unit_test(a_member_that_is_not_read_is_skipped_and_checked),
        cmocka_unit_test(a_string_without_escapes_is_borrowed),
        cmocka_unit_test(escapes_are_unescaped),
        cmocka_unit_test(unescaped_strings_of_a_whole_body_stay_until_the_next_begin),
        cmocka_unit_test(the_wrong_type_is_refused_where_the_value_stands),
        cmocka_unit_test(a_caller_can_refuse_a_value_and_the_first_refusal_stays),
        cmocka_unit_test(integers_hold_at_their_limits_and_not_above),
        cmocka_unit_test(doubles_are_finite),
        cmocka_unit_test(errors_say_where_and_why),
        cmocka_unit_test(a_key_twice_in_one_object_is_refused),
        cmocka_unit_test(duplicates_are_found_in_large_objects_too),
        cmocka_unit_test(depth_is_limited_to_64),
        cmocka_unit_test(specials_are_found_at_every_offset),
        cmocka_unit_test(compacting_drops_white_space_and_nothing_else),
        cmocka_unit_test(the_json_test_suite_agrees),
        cmocka_unit_test(written_documents_have_their_commas),
        cmocka_unit_test(doubles_are_written_so_that_they_read_back_equal),
        cmocka_unit_test(any_text_survives_writing_and_reading),
    };
    return cmocka_run_group_tests(tests, NULL, free_scratch);
}
