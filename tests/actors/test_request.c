#include "actors/request.h"

#include <errno.h>
#include <stdlib.h>

#include "actors/percent.h"
#include "actors/problem.h"
#include "tests/support/unit.h"

static struct cairn_request *with_query(const char *query)
{
    struct cairn_request *request = cairn_request_create();
    assert_non_null(request);
    request->query = cairn_slice_of(query);
    return request;
}

static void assert_query_is(struct cairn_request *request, const char *name, const char *expected)
{
    struct cairn_slice value = {0};
    assert_true(cairn_request_query(request, name, &value));
    assert_int_equal(value.bytes, strlen(expected));
    assert_memory_equal(value.data == NULL ? "" : value.data, expected, value.bytes);
}

static void a_value_is_found_by_its_whole_name(void **state)
{
    (void)state;
    struct cairn_request *request = with_query("limits=1&limit=22&li=3&flag&empty=&limit=4");
    assert_query_is(request, "limit", "22");
    assert_query_is(request, "li", "3");
    assert_query_is(request, "flag", "");
    assert_query_is(request, "empty", "");
    struct cairn_slice value = {0};
    assert_false(cairn_request_query(request, "lim", &value));
    assert_false(cairn_request_query(request, "absent", &value));
    assert_null(value.data);
    cairn_request_destroy(request);
}

static void a_value_comes_percent_decoded(void **state)
{
    (void)state;
    struct cairn_request *request = with_query("channel=a%20b%26c&author=J%C3%BCrg+Z&bad=%zz%4");
    assert_query_is(request, "channel", "a b&c");
    assert_query_is(request, "author", "J\xc3\xbcrg Z");
    assert_query_is(request, "bad", "%zz%4");
    cairn_request_destroy(request);
}

/* Actors keep the slices they asked for, and ask for the same name again in a later turn. */
static void decoded_values_stay_where_they_are(void **state)
{
    (void)state;
    struct cairn_request *request = with_query("a=%31%32%33&b=%34%35&c=%36");
    struct cairn_slice first = {0};
    assert_true(cairn_request_query(request, "a", &first));
    for (int i = 0; i < 1000; i++) {
        assert_query_is(request, "a", "123");
        assert_query_is(request, "b", "45");
        assert_query_is(request, "c", "6");
    }
    assert_memory_equal(first.data, "123", 3);
    cairn_request_destroy(request);
}

static void a_number_is_read_or_refused(void **state)
{
    (void)state;
    struct cairn_request *request =
        with_query("limit=10&max=18446744073709551615&over=18446744073709551616&word=ten&none=");
    uint64_t value = 0;
    assert_true(cairn_request_query_u64(request, "limit", 5, &value));
    assert_int_equal(value, 10);
    assert_true(cairn_request_query_u64(request, "absent", 5, &value));
    assert_int_equal(value, 5);
    assert_true(cairn_request_query_u64(request, "max", 5, &value));
    assert_true(value == UINT64_MAX);
    assert_int_equal(request->status, 0);

    static const char *const refused[] = {"over", "word", "none"};
    for (size_t i = 0; i < 3; i++) {
        request->status = 0;
        assert_false(cairn_request_query_u64(request, refused[i], 5, &value));
        assert_int_equal(request->status, 400);
    }
    cairn_request_destroy(request);
}

static void a_problem_replaces_what_was_written(void **state)
{
    (void)state;
    struct cairn_request *request = with_query("");
    cairn_buffer_append_text(&request->answer, "{\"half\":");
    request->fetch = calloc(4, sizeof(*request->fetch));
    request->fetch_count = 4;
    cairn_request_problem(request, 409, "the id `%s` has other content", "k\"1");

    static const char expected[] =
        "{\"type\":\"about:blank\",\"title\":\"Conflict\",\"status\":409,"
        "\"detail\":\"the id `k\\\"1` has other content\"}";
    assert_int_equal(request->answer.bytes, strlen(expected));
    assert_memory_equal(request->answer.data, expected, strlen(expected));
    assert_string_equal(request->content_type, "application/problem+json");
    assert_int_equal(request->fetch_count, 0);
    cairn_request_destroy(request);
}

static void a_problem_in_a_bulk_body_names_its_line(void **state)
{
    (void)state;
    struct cairn_request *request = with_query("");
    cairn_request_problem_line(request, 400, 7, "no text");
    cairn_buffer_append_byte(&request->answer, '\0');
    assert_non_null(strstr(request->answer.data, "\"line\":7"));
    cairn_request_destroy(request);
}

static void a_problem_that_passes_says_when_to_come_back(void **state)
{
    (void)state;
    struct cairn_request *request = with_query("");
    cairn_request_problem(request, 503, "starting");
    assert_int_equal(request->retry_after_s, 1);
    request->retry_after_s = 30;
    cairn_request_problem(request, 429, "over the quota");
    assert_int_equal(request->retry_after_s, 30);
    cairn_request_destroy(request);
}

/* A detail may quote anything a client sent, cut anywhere. */
static void a_detail_is_always_utf8(void **state)
{
    (void)state;
    struct cairn_buffer buffer = {0};
    cairn_problem_append(&buffer, 400, cairn_slice("a\xff\xc3\xbc\xe2\x82", 6), 0);
    cairn_buffer_append_byte(&buffer, '\0');
    assert_non_null(strstr(buffer.data, "\"detail\":\"a?\xc3\xbc??\"}"));
    cairn_buffer_deinit(&buffer);
}

static void percent_encoding_round_trips_every_byte(void **state)
{
    (void)state;
    char all[256];
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    struct cairn_buffer encoded = {0};
    cairn_percent_append(&encoded, cairn_slice(all, sizeof(all)));
    char decoded[1024];
    assert_int_equal(cairn_percent_decode(cairn_buffer_slice(&encoded), false, decoded), 256);
    assert_memory_equal(decoded, all, 256);
    cairn_buffer_deinit(&encoded);
}

static void a_cut_escape_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"%", "a%", "%4", "a%4", "%4g", "%g4", "%%20", "% 20"};
    char target[8];
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(cairn_percent_decode(cairn_slice_of(bad[i]), false, target), -EINVAL);
    assert_int_equal(cairn_percent_decode(cairn_slice_of("%41"), false, target), 1);
    assert_int_equal(target[0], 'A');
}

static void every_stage_has_a_name(void **state)
{
    (void)state;
    for (int stage = 0; stage < CAIRN_STAGE_COUNT; stage++)
        assert_true(strlen(cairn_stage_name((enum cairn_stage)stage)) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_found_by_its_whole_name),
        cmocka_unit_test(a_value_comes_percent_decoded),
        cmocka_unit_test(decoded_values_stay_where_they_are),
        cmocka_unit_test(a_number_is_read_or_refused),
        cmocka_unit_test(a_problem_replaces_what_was_written),
        cmocka_unit_test(a_problem_in_a_bulk_body_names_its_line),
        cmocka_unit_test(a_problem_that_passes_says_when_to_come_back),
        cmocka_unit_test(a_detail_is_always_utf8),
        cmocka_unit_test(percent_encoding_round_trips_every_byte),
        cmocka_unit_test(a_cut_escape_is_refused),
        cmocka_unit_test(every_stage_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
