#include "actors/gateway/http.h"

#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/random.h"
#include "tests/support/unit.h"

static const struct cairn_http_limits limits = {.head_bytes_max = 512, .body_bytes_max = 64};

/* Everything a reading tells, as one text, so that two readings can be compared. */
static void describe_head(struct cairn_buffer *log, const struct cairn_http_head *head)
{
    cairn_buffer_printf(log, "method=%d v11=%d keep=%d expect=%d body=%d path=", head->method,
                        head->is_http_1_1, head->keeps_alive, head->expects_continue,
                        head->has_body);
    cairn_buffer_append_slice(log, head->path);
    cairn_buffer_append_text(log, " query=");
    cairn_buffer_append_slice(log, head->query);
    for (int i = 0; i < CAIRN_HTTP_HEADER_COUNT; i++) {
        cairn_buffer_append_text(log, head->headers[i].data == NULL ? " -" : " :");
        cairn_buffer_append_slice(log, head->headers[i]);
    }
    cairn_buffer_append_byte(log, '\n');
}

/* Feed `input` piece by piece; false once it was refused. */
static bool feed_piece(struct cairn_http *http, struct cairn_slice piece, struct cairn_buffer *body,
                       struct cairn_buffer *log)
{
    for (;;) {
        size_t consumed = 0;
        enum cairn_http_event event = cairn_http_feed(http, piece, &consumed);
        assert_true(consumed <= piece.bytes);
        piece = cairn_slice(piece.data + consumed, piece.bytes - consumed);
        switch (event) {
        case CAIRN_HTTP_MORE:
            assert_int_equal(piece.bytes, 0);
            return true;
        case CAIRN_HTTP_EVENT_HEAD:
            describe_head(log, cairn_http_head(http));
            cairn_buffer_clear(body);
            cairn_http_set_body(http, body);
            break;
        case CAIRN_HTTP_DONE:
            cairn_buffer_append_text(log, "body=");
            cairn_buffer_append_slice(log, cairn_buffer_slice(body));
            cairn_buffer_append_byte(log, '\n');
            break;
        case CAIRN_HTTP_REFUSED:
            cairn_buffer_printf(log, "refused=%d\n", cairn_http_status(http));
            return false;
        }
    }
}

/* `random` NULL: pieces of `piece_bytes`; otherwise of 1..piece_bytes. */
static char *read_in_pieces(struct cairn_slice input, size_t piece_bytes,
                            struct cairn_random *random)
{
    struct cairn_http *http = cairn_http_create(&limits);
    struct cairn_buffer body = {0};
    struct cairn_buffer log = {0};
    assert_non_null(http);
    size_t offset = 0;
    bool goes_on = true;
    while (goes_on && offset < input.bytes) {
        size_t bytes = random == NULL ? piece_bytes : 1 + cairn_random_below(random, piece_bytes);
        if (bytes > input.bytes - offset)
            bytes = input.bytes - offset;
        /* A copy of exactly this size, so that reading past it is found. */
        char *piece = malloc(bytes);
        memcpy(piece, input.data + offset, bytes);
        goes_on = feed_piece(http, cairn_slice(piece, bytes), &body, &log);
        free(piece);
        offset += bytes;
    }
    if (goes_on)
        cairn_buffer_printf(&log, "idle=%d\n", cairn_http_is_idle(http));
    cairn_buffer_append_byte(&log, '\0');
    cairn_buffer_deinit(&body);
    cairn_http_destroy(http);
    return log.data;
}

static void assert_reads_as(const char *input, const char *expected)
{
    char *log = read_in_pieces(cairn_slice_of(input), strlen(input), NULL);
    assert_string_equal(log, expected);
    free(log);
}

static void assert_refused(const char *input, int status)
{
    char expected[32];
    snprintf(expected, sizeof(expected), "refused=%d\n", status);
    char *log = read_in_pieces(cairn_slice_of(input), strlen(input), NULL);
    assert_non_null(strstr(log, expected));
    free(log);
}

#define HOST "Host: h\r\n"

static void a_request_without_a_body_is_read(void **state)
{
    (void)state;
    assert_reads_as("GET /v1/spaces?limit=3&x=%20 HTTP/1.1\r\nhOsT:  localhost:7700 \r\n"
                    "Accept: text/plain\r\nX-Unknown-Header-With-A-Long-Name: y\r\n\r\n",
                    "method=0 v11=1 keep=1 expect=0 body=0 path=/v1/spaces query=limit=3&x=%20 "
                    ":localhost:7700 - - - - - - :text/plain\nbody=\nidle=1\n");
}

static void a_body_is_read_by_its_length(void **state)
{
    (void)state;
    assert_reads_as("POST /a HTTP/1.1\r\n" HOST "Content-Length: 5\r\nExpect: 100-Continue\r\n"
                    "Content-Type: application/json\r\n\r\nhello",
                    "method=2 v11=1 keep=1 expect=1 body=1 path=/a query= :h - - "
                    ":application/json - :100-Continue - -\nbody=hello\nidle=1\n");
}

static void a_body_is_read_by_chunks(void **state)
{
    (void)state;
    assert_reads_as("PUT /a HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
                    "3;name=value\r\nhel\r\n2\r\nlo\r\n0\r\nTrailer: x\r\n\r\n",
                    "method=3 v11=1 keep=1 expect=0 body=1 path=/a query= :h - - - - - - -\n"
                    "body=hello\nidle=1\n");
}

static void pipelined_requests_are_read_one_after_the_other(void **state)
{
    (void)state;
    assert_reads_as("POST /1 HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nab"
                    "GET /2 HTTP/1.1\r\n" HOST "\r\n"
                    "DELETE /3 HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n",
                    "method=2 v11=1 keep=1 expect=0 body=1 path=/1 query= :h - - - - - - -\n"
                    "body=ab\n"
                    "method=0 v11=1 keep=1 expect=0 body=0 path=/2 query= :h - - - - - - -\n"
                    "body=\n"
                    "method=4 v11=1 keep=0 expect=0 body=0 path=/3 query= :h - - - - - - -\n"
                    "body=\nidle=1\n");
}

static void http_1_0_closes_unless_asked_to_stay(void **state)
{
    (void)state;
    assert_reads_as("GET / HTTP/1.0\r\n\r\n", "method=0 v11=0 keep=0 expect=0 body=0 path=/ query= "
                                              "- - - - - - - -\nbody=\nidle=1\n");
    assert_reads_as("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
                    "method=0 v11=0 keep=1 expect=0 body=0 path=/ query= "
                    "- - - - - - - -\nbody=\nidle=1\n");
}

static void an_absolute_target_names_the_host(void **state)
{
    (void)state;
    assert_reads_as("GET http://other:1/x?y HTTP/1.1\r\n" HOST "\r\n",
                    "method=0 v11=1 keep=1 expect=0 body=0 path=/x query=y :other:1 "
                    "- - - - - - -\nbody=\nidle=1\n");
    assert_reads_as("GET http://other HTTP/1.1\r\n" HOST "\r\n",
                    "method=0 v11=1 keep=1 expect=0 body=0 path=/ query= :other "
                    "- - - - - - -\nbody=\nidle=1\n");
}

static void a_wish_to_upgrade_is_ignored(void **state)
{
    (void)state;
    assert_reads_as("GET /1 HTTP/1.1\r\n" HOST "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
                    "GET /2 HTTP/1.1\r\n" HOST "\r\n",
                    "method=0 v11=1 keep=1 expect=0 body=0 path=/1 query= :h - - - - - - -\n"
                    "body=\n"
                    "method=0 v11=1 keep=1 expect=0 body=0 path=/2 query= :h - - - - - - -\n"
                    "body=\nidle=1\n");
}

static void what_is_not_http_is_refused(void **state)
{
    (void)state;
    assert_refused("\x16\x03\x01\x02\x00\x01", 400);
    assert_refused("hello\r\n\r\n", 400);
    assert_refused("GET / HTTP/1.1\r\n\r\n", 400);
    assert_refused("GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400);
    assert_refused("GET x HTTP/1.1\r\n" HOST "\r\n", 400);
    assert_refused("GET / HTTP/1.1\r\nBad Name: x\r\n\r\n", 400);
    assert_refused("GET / HTTP/1.1\r\nHost: a\x01z\r\n\r\n", 400);
    assert_refused("POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n", 400);
    assert_refused("POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
                   400);
    assert_refused("POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n"
                   "Transfer-Encoding: chunked\r\n\r\n",
                   400);
    assert_refused("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400);
    assert_refused("GET / HTTP/2.0\r\n" HOST "\r\n", 505);
    assert_refused("GET / HTTP/3.7\r\n" HOST "\r\n", 505);
    assert_refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505);
}

static void a_body_is_limited_at_its_announcement(void **state)
{
    (void)state;
    char text[256];
    for (int bytes = 63; bytes <= 65; bytes++) {
        snprintf(text, sizeof(text), "POST / HTTP/1.1\r\n" HOST "Content-Length: %d\r\n\r\n",
                 bytes);
        char *log = read_in_pieces(cairn_slice_of(text), strlen(text), NULL);
        assert_int_equal(strstr(log, "refused=413") != NULL, bytes > 64);
        free(log);
    }
}

static void a_chunked_body_is_limited_as_it_comes(void **state)
{
    (void)state;
    char text[512];
    for (int bytes = 63; bytes <= 65; bytes++) {
        snprintf(text, sizeof(text),
                 "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
                 "%x\r\n%0*d\r\n1\r\n",
                 bytes - 1, bytes - 1, 0);
        strcat(text, "x\r\n0\r\n\r\n");
        char *log = read_in_pieces(cairn_slice_of(text), strlen(text), NULL);
        assert_int_equal(strstr(log, "refused=413") != NULL, bytes > 64);
        free(log);
    }
}

static void a_head_is_limited(void **state)
{
    (void)state;
    char text[2048];
    for (int bytes = 511; bytes <= 513; bytes++) {
        int filler = bytes - (int)strlen("GET / HTTP/1.1\r\n" HOST "X: \r\n\r\n");
        snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n" HOST "X: %0*d\r\n\r\n", filler, 0);
        assert_int_equal(strlen(text), bytes);
        char *log = read_in_pieces(cairn_slice_of(text), strlen(text), NULL);
        assert_int_equal(strstr(log, "refused=431") != NULL, bytes > 512);
        free(log);
    }
    snprintf(text, sizeof(text), "GET /%0600d HTTP/1.1\r\n" HOST "\r\n", 0);
    assert_refused(text, 414);
    /* An endless head is refused before it ends. */
    snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n" HOST "X: %0600d", 0);
    assert_refused(text, 431);
    snprintf(text, sizeof(text),
             "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\nX: %0600d", 0);
    assert_refused(text, 431);
    snprintf(text, sizeof(text),
             "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1;%0600d", 0);
    assert_refused(text, 431);
}

/* However they are cut: the fuzzer found that only those beside the request were counted. */
static void line_breaks_before_a_request_count_as_its_head(void **state)
{
    (void)state;
    static const char request[] = "GET / HTTP/1.1\r\n" HOST "\r\n";
    char text[1024];
    for (int bytes = 511; bytes <= 513; bytes++) {
        size_t breaks = (size_t)bytes - strlen(request);
        memset(text, '\n', breaks);
        memcpy(text + breaks, request, sizeof(request));
        for (size_t piece = 1; piece <= strlen(text); piece += 100) {
            char *log = read_in_pieces(cairn_slice_of(text), piece, NULL);
            assert_int_equal(strstr(log, "refused=431") != NULL, bytes > 512);
            free(log);
        }
    }
}

static void a_half_request_is_not_idle(void **state)
{
    (void)state;
    assert_reads_as("GET / HT", "idle=0\n");
    assert_reads_as("\r\n\r\n", "idle=1\n");
}

static const char *const samples[] = {
    "POST /v1/spaces/a/messages?ack=durable HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
    "11\r\nAuthorization: Bearer abc\r\nX-Request-Id: 17\r\n\r\n{\"text\":\"\"}"
    "GET /healthz HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n\r\n"
    "PUT /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n1\r\nf\r\n"
    "0\r\n\r\n"
    "HEAD / HTTP/1.0\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\nGET nonsense",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n",
    "GET / HTTP/1.1\nHost: bare\n\n",
};

static void bytes_one_by_one_read_as_the_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct cairn_slice input = cairn_slice_of(samples[i]);
        char *whole = read_in_pieces(input, input.bytes, NULL);
        char *single = read_in_pieces(input, 1, NULL);
        assert_string_equal(single, whole);
        free(whole);
        free(single);
    }
}

/* Cut anywhere, and with a byte broken here and there. */
static void random_cuts_read_as_the_whole(void **state)
{
    (void)state;
    enum { ROUNDS = 3000, SEED = 20240607 };
    struct cairn_random random;
    cairn_random_init(&random, SEED);
    printf("seed %d\n", SEED);
    for (int round = 0; round < ROUNDS; round++) {
        const char *sample = samples[cairn_random_below(&random, sizeof(samples) / sizeof(char *))];
        size_t bytes = strlen(sample);
        char *copy = malloc(bytes);
        memcpy(copy, sample, bytes);
        if (round % 2 == 1)
            copy[cairn_random_below(&random, bytes)] = (char)cairn_random_next(&random);
        char *whole = read_in_pieces(cairn_slice(copy, bytes), bytes, NULL);
        char *cut = read_in_pieces(cairn_slice(copy, bytes), 40, &random);
        assert_string_equal(cut, whole);
        free(whole);
        free(cut);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_without_a_body_is_read),
        cmocka_unit_test(a_body_is_read_by_its_length),
        cmocka_unit_test(a_body_is_read_by_chunks),
        cmocka_unit_test(pipelined_requests_are_read_one_after_the_other),
        cmocka_unit_test(http_1_0_closes_unless_asked_to_stay),
        cmocka_unit_test(an_absolute_target_names_the_host),
        cmocka_unit_test(a_wish_to_upgrade_is_ignored),
        cmocka_unit_test(what_is_not_http_is_refused),
        cmocka_unit_test(a_body_is_limited_at_its_announcement),
        cmocka_unit_test(a_chunked_body_is_limited_as_it_comes),
        cmocka_unit_test(a_head_is_limited),
        cmocka_unit_test(line_breaks_before_a_request_count_as_its_head),
        cmocka_unit_test(a_half_request_is_not_idle),
        cmocka_unit_test(bytes_one_by_one_read_as_the_whole),
        cmocka_unit_test(random_cuts_read_as_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
