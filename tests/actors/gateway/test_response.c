#include "actors/gateway/response.h"

#include "actors/gateway/http.h"
#include "tests/support/unit.h"

static void assert_head(const struct cairn_response *response, const char *expected)
{
    struct cairn_buffer buffer = {0};
    cairn_response_append_head(&buffer, response);
    cairn_buffer_append_byte(&buffer, '\0');
    assert_string_equal(buffer.data, expected);
    cairn_buffer_deinit(&buffer);
}

static struct cairn_response plain(int status, const uint64_t *stage_ns)
{
    return (struct cairn_response){
        .status = status,
        .content_bytes = 17,
        .request_id = cairn_slice_of("r1"),
        .now_ms = 1700000000123,
        .stage_ns = stage_ns,
    };
}

static void an_answer_tells_its_length_date_and_stages(void **state)
{
    (void)state;
    uint64_t stage_ns[CAIRN_STAGE_COUNT] = {0};
    stage_ns[CAIRN_STAGE_PARSE] = 12345;
    stage_ns[CAIRN_STAGE_DISK] = 1234567890;
    stage_ns[CAIRN_STAGE_SERIALIZE] = 499;
    struct cairn_response response = plain(200, stage_ns);
    assert_head(&response,
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 17\r\n"
                "Date: Tue, 14 Nov 2023 22:13:20 GMT\r\nX-Request-Id: r1\r\n"
                "Server-Timing: parse;dur=0.012, disk;dur=1234.568, serialize;dur=0.000\r\n\r\n");
}

static void a_refusal_says_what_to_do(void **state)
{
    (void)state;
    const uint64_t stage_ns[CAIRN_STAGE_COUNT] = {0};
    struct cairn_response response = plain(401, stage_ns);
    response.closes = true;
    response.content_type = "application/problem+json";
    assert_head(&response, "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/problem+json\r\n"
                           "Content-Length: 17\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\n"
                           "X-Request-Id: r1\r\nWWW-Authenticate: Bearer\r\n"
                           "Connection: close\r\n\r\n");
    response = plain(405, stage_ns);
    response.allow = 1u << CAIRN_HTTP_GET | 1u << CAIRN_HTTP_HEAD;
    response.retry_after_s = 3;
    assert_head(&response, "HTTP/1.1 405 Method Not Allowed\r\nContent-Type: application/json\r\n"
                           "Content-Length: 17\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\n"
                           "X-Request-Id: r1\r\nAllow: GET, HEAD\r\nRetry-After: 3\r\n\r\n");
}

static void no_content_has_no_length(void **state)
{
    (void)state;
    const uint64_t stage_ns[CAIRN_STAGE_COUNT] = {0};
    struct cairn_response response = plain(204, stage_ns);
    response.is_http_1_0 = true;
    assert_head(&response, "HTTP/1.1 204 No Content\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\n"
                           "X-Request-Id: r1\r\nConnection: keep-alive\r\n\r\n");
}

static void a_stream_has_no_length(void **state)
{
    (void)state;
    const uint64_t stage_ns[CAIRN_STAGE_COUNT] = {0};
    struct cairn_response response = plain(200, stage_ns);
    response.is_stream = true;
    response.closes = true;
    response.content_type = "text/event-stream";
    assert_head(&response, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                           "Cache-Control: no-cache\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\n"
                           "X-Request-Id: r1\r\nConnection: close\r\n\r\n");
}

static void only_a_sane_request_id_is_given_back(void **state)
{
    (void)state;
    char id[CAIRN_REQUEST_ID_BYTES_MAX + 2];
    memset(id, 'a', sizeof(id));
    assert_false(cairn_response_id_is_sane(cairn_slice(id, 0)));
    assert_true(cairn_response_id_is_sane(cairn_slice(id, 1)));
    assert_true(cairn_response_id_is_sane(cairn_slice(id, CAIRN_REQUEST_ID_BYTES_MAX)));
    assert_false(cairn_response_id_is_sane(cairn_slice(id, CAIRN_REQUEST_ID_BYTES_MAX + 1)));
    static const char *const strange[] = {"a b", "a\nb", "a\"b", "a\\b", "\xc3\xbc", "a\x7f"};
    for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++)
        assert_false(cairn_response_id_is_sane(cairn_slice_of(strange[i])));

    assert_int_equal(cairn_response_make_id(255, id), 16);
    assert_string_equal(id, "00000000000000ff");
    assert_true(cairn_response_id_is_sane(cairn_slice(id, 16)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_tells_its_length_date_and_stages),
        cmocka_unit_test(a_refusal_says_what_to_do),
        cmocka_unit_test(no_content_has_no_length),
        cmocka_unit_test(a_stream_has_no_length),
        cmocka_unit_test(only_a_sane_request_id_is_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
