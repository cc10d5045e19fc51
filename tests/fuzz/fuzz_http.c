/* Any bytes, cut at places that the bytes themselves choose, give what they give uncut. The first
 * byte seeds the cuts. */
#include <stdlib.h>
#include <string.h>

#include "actors/gateway/http.h"
#include "runtime/base/assert.h"
#include "runtime/base/random.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static const struct cairn_http_limits limits = {.head_bytes_max = 1024, .body_bytes_max = 4096};

static void describe_head(struct cairn_buffer *log, const struct cairn_http_head *head)
{
    cairn_assert(head->path.bytes > 0);
    cairn_buffer_append_u64(log, (uint64_t)head->method);
    cairn_buffer_append_slice(log, head->path);
    cairn_buffer_append_slice(log, head->query);
    for (int i = 0; i < CAIRN_HTTP_HEADER_COUNT; i++)
        cairn_buffer_append_slice(log, head->headers[i]);
}

/* False once the input is refused. */
static bool feed(struct cairn_http *http, struct cairn_slice piece, struct cairn_buffer *body,
                 struct cairn_buffer *log)
{
    for (;;) {
        size_t consumed;
        enum cairn_http_event event = cairn_http_feed(http, piece, &consumed);
        cairn_assert(consumed <= piece.bytes);
        piece = cairn_slice(piece.data + consumed, piece.bytes - consumed);
        switch (event) {
        case CAIRN_HTTP_MORE:
            cairn_assert(piece.bytes == 0);
            return true;
        case CAIRN_HTTP_EVENT_HEAD:
            describe_head(log, cairn_http_head(http));
            cairn_buffer_clear(body);
            cairn_http_set_body(http, body);
            break;
        case CAIRN_HTTP_DONE:
            cairn_assert(body->bytes <= limits.body_bytes_max);
            cairn_buffer_append_slice(log, cairn_buffer_slice(body));
            break;
        case CAIRN_HTTP_REFUSED:
            cairn_assert(cairn_http_status(http) >= 400);
            cairn_assert(cairn_http_detail(http) != NULL);
            cairn_buffer_append_i64(log, cairn_http_status(http));
            return false;
        }
    }
}

static void read_input(struct cairn_slice input, struct cairn_random *random,
                       struct cairn_buffer *log)
{
    struct cairn_http *http = cairn_http_create(&limits);
    struct cairn_buffer body = {0};
    size_t offset = 0;
    bool goes_on = http != NULL;
    while (goes_on && offset < input.bytes) {
        size_t rest = input.bytes - offset;
        size_t piece = random == NULL ? rest : 1 + cairn_random_below(random, 30);
        piece = piece < rest ? piece : rest;
        goes_on = feed(http, cairn_slice(input.data + offset, piece), &body, log);
        offset += piece;
    }
    cairn_buffer_deinit(&body);
    cairn_http_destroy(http);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    if (bytes == 0)
        return 0;
    struct cairn_random random;
    cairn_random_init(&random, data[0]);
    struct cairn_slice input = cairn_slice(data + 1, bytes - 1);
    struct cairn_buffer whole = {0};
    struct cairn_buffer cut = {0};
    read_input(input, NULL, &whole);
    read_input(input, &random, &cut);
    cairn_assert(cairn_slice_equal(cairn_buffer_slice(&whole), cairn_buffer_slice(&cut)));
    cairn_buffer_deinit(&whole);
    cairn_buffer_deinit(&cut);
    return 0;
}
