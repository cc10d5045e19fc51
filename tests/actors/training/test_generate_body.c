#include "actors/training/generate_body.h"

#include <errno.h>
#include <stdio.h>

#include "tests/support/unit.h"

static int parse(const char *json, struct cairn_generate_body *body)
{
    struct cairn_json_scratch scratch = {0};
    int result = cairn_generate_body_parse(cairn_slice_of(json), &scratch, body);
    cairn_json_scratch_deinit(&scratch);
    return result;
}

static void an_empty_body_asks_for_the_defaults(void **state)
{
    (void)state;
    static const char *const bodies[] = {"", "{}", " { } "};
    for (int i = 0; i < 3; i++) {
        struct cairn_generate_body body;
        assert_int_equal(parse(bodies[i], &body), 0);
        assert_int_equal(body.words_max, 100);
        assert_int_equal(body.tries_max, 100);
        assert_int_equal(body.score_min, 0);
        assert_int_equal(body.references_min, 0);
        assert_int_equal(body.state_size, 0);
        assert_int_equal(body.channel.bytes, 0);
        assert_false(body.has_start || body.has_seed || body.allow_verbatim);
    }
}

static void every_field_is_read(void **state)
{
    (void)state;
    struct cairn_generate_body body;
    struct cairn_json_scratch scratch = {0};
    const char *json = "{\"channel\":\"a\\u00e9\",\"start\":\"hello there\",\"state_size\":5,"
                       "\"max_words\":10000,\"min_score\":18446744073709551615,\"min_refs\":2,"
                       "\"max_tries\":10000,\"allow_verbatim\":true,"
                       "\"rng_seed\":18446744073709551615,\"min_seq\":7}";
    assert_int_equal(cairn_generate_body_parse(cairn_slice_of(json), &scratch, &body), 0);
    assert_true(cairn_slice_is(body.channel, "a\xc3\xa9"));
    assert_true(cairn_slice_is(body.start, "hello there"));
    assert_int_equal(body.state_size, 5);
    assert_int_equal(body.words_max, 10000);
    assert_int_equal(body.tries_max, 10000);
    assert_true(body.score_min == UINT64_MAX && body.seed == UINT64_MAX);
    assert_int_equal(body.references_min, 2);
    assert_true(body.has_start && body.has_seed && body.allow_verbatim);
    cairn_json_scratch_deinit(&scratch);
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *json, *said;
    } cases[] = {
        {"{\"chanel\":\"x\"}", "did you mean `channel`"},
        {"{\"qqqqqqqqqqqq\":1}", "unknown field `qqqqqqqqqqqq`"},
        {"{\"max_words\":0}", "`max_words` must be an integer from 1 to 10000"},
        {"{\"max_words\":10001}", "max_words"},
        {"{\"max_words\":\"5\"}", "max_words"},
        {"{\"max_words\":1.5}", "max_words"},
        {"{\"max_words\":null}", "max_words"},
        {"{\"max_tries\":0}", "max_tries"},
        {"{\"max_tries\":10001}", "max_tries"},
        {"{\"state_size\":0}", "state_size"},
        {"{\"state_size\":6}", "`state_size` must be an integer from 1 to 5"},
        {"{\"min_score\":-1}", "min_score"},
        {"{\"min_refs\":[]}", "min_refs"},
        {"{\"rng_seed\":18446744073709551616}", "rng_seed"},
        {"{\"rng_seed\":true}", "rng_seed"},
        {"{\"allow_verbatim\":1}", "allow_verbatim"},
        {"{\"channel\":5}", "channel"},
        {"{\"channel\":\"\"}", "`channel` must be 1 to 128 bytes"},
        {"{\"channel\":\"a\\nb\"}", "channel"},
        {"{\"start\":{}}", "start"},
        {"{\"start\":\"a\",\"start\":\"b\"}", "byte"},
        {"[]", "byte 0"},
        {"{\"start\":\"a\"", "byte 12"},
        {"{} x", "byte"},
        {"nonsense", "byte"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct cairn_generate_body body;
        assert_int_equal(parse(cases[i].json, &body), -EINVAL);
        if (strstr(body.error, cases[i].said) == NULL)
            print_message("%s: %s\n", cases[i].json, body.error);
        assert_non_null(strstr(body.error, cases[i].said));
    }
}

static void a_channel_has_at_most_128_bytes(void **state)
{
    (void)state;
    for (size_t bytes = 127; bytes <= 129; bytes++) {
        char json[256];
        struct cairn_generate_body body;
        snprintf(json, sizeof(json), "{\"channel\":\"%0*d\"}", (int)bytes, 0);
        assert_int_equal(parse(json, &body), bytes <= 128 ? 0 : -EINVAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_body_asks_for_the_defaults),
        cmocka_unit_test(every_field_is_read),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(a_channel_has_at_most_128_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
