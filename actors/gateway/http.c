#include "actors/gateway/http.h"

#include <llhttp.h>
#include <stdlib.h>
#include <strings.h>

#include "runtime/base/assert.h"

/* As long as the longest name below and one more, to tell a longer one. */
#define NAME_BYTES_MAX 24

/* What a client that announces a long body may make us reserve before it sends a byte of it. */
#define BODY_RESERVE_BYTES_MAX (64u << 10)

static const char *const header_names[CAIRN_HTTP_HEADER_COUNT] = {
    [CAIRN_HTTP_HOST] = "host",
    [CAIRN_HTTP_ORIGIN] = "origin",
    [CAIRN_HTTP_AUTHORIZATION] = "authorization",
    [CAIRN_HTTP_CONTENT_TYPE] = "content-type",
    [CAIRN_HTTP_CONTENT_ENCODING] = "content-encoding",
    [CAIRN_HTTP_EXPECT] = "expect",
    [CAIRN_HTTP_REQUEST_ID] = "x-request-id",
    [CAIRN_HTTP_ACCEPT] = "accept",
};

enum phase {
    PHASE_IDLE,
    PHASE_HEAD,
    PHASE_BODY,
};

/* Where a text lies in `kept`. Offsets, because `kept` moves while it grows. */
struct span {
    size_t offset;
    size_t bytes;
    bool is_there;
};

struct cairn_http {
    llhttp_t parser;
    struct cairn_http_limits limits;
    enum phase phase;
    enum cairn_http_event event; /* what made the parser pause */
    int status;                  /* 0 unless refused */
    const char *detail;

    struct cairn_buffer kept; /* target and header values */
    struct span target;
    struct span values[CAIRN_HTTP_HEADER_COUNT];
    struct span *value; /* of the header being read; NULL: not one of ours */
    char name[NAME_BYTES_MAX];
    size_t name_bytes;   /* counted beyond the array */
    uint64_t head_bytes; /* with the line breaks before it */

    struct cairn_http_head head;
    struct cairn_buffer *body;
    uint64_t body_bytes;
};

static struct cairn_http *http_of(llhttp_t *parser)
{
    return parser->data;
}

static int refuse(struct cairn_http *http, int status, const char *detail)
{
    if (http->status == 0) {
        http->status = status;
        http->detail = detail;
    }
    return HPE_USER;
}

/* ---- the head ---- */

static int on_message_begin(llhttp_t *parser)
{
    struct cairn_http *http = http_of(parser);
    http->phase = PHASE_HEAD;
    cairn_buffer_clear(&http->kept);
    http->target = (struct span){0};
    memset(http->values, 0, sizeof(http->values));
    http->value = NULL;
    http->name_bytes = 0;
    http->body = NULL;
    http->body_bytes = 0;
    return 0;
}

/* A head too large is refused before it is kept. */
static int keep(struct cairn_http *http, struct span *span, const char *at, size_t bytes)
{
    if (http->kept.bytes + bytes > http->limits.head_bytes_max)
        return span == &http->target ? refuse(http, 414, "the request's target is too long")
                                     : refuse(http, 431, "the request's headers are too large");
    if (!span->is_there)
        *span = (struct span){.offset = http->kept.bytes, .is_there = true};
    cairn_buffer_append(&http->kept, at, bytes);
    if (http->kept.failed)
        return refuse(http, 503, "no memory for this request");
    span->bytes += bytes;
    return 0;
}

static int on_url(llhttp_t *parser, const char *at, size_t bytes)
{
    struct cairn_http *http = http_of(parser);
    return keep(http, &http->target, at, bytes);
}

static int keep_name(struct cairn_http *http, const char *at, size_t bytes)
{
    if (http->name_bytes + bytes <= NAME_BYTES_MAX)
        memcpy(http->name + http->name_bytes, at, bytes);
    http->name_bytes += bytes;
    return 0;
}

static int find_header(const struct cairn_http *http)
{
    for (int i = 0; i < CAIRN_HTTP_HEADER_COUNT; i++)
        if (strlen(header_names[i]) == http->name_bytes &&
            strncasecmp(header_names[i], http->name, http->name_bytes) == 0)
            return i;
    return -1;
}

/* Of a header sent twice the first counts, unless the two could be told apart by nobody. */
static int on_header_field_complete(llhttp_t *parser)
{
    struct cairn_http *http = http_of(parser);
    int header = http->phase == PHASE_HEAD ? find_header(http) : -1;
    http->name_bytes = 0;
    http->value = NULL;
    if (header < 0)
        return 0;
    if (!http->values[header].is_there) {
        http->value = &http->values[header];
        *http->value = (struct span){.offset = http->kept.bytes, .is_there = true};
        return 0;
    }
    if (header == CAIRN_HTTP_HOST || header == CAIRN_HTTP_AUTHORIZATION ||
        header == CAIRN_HTTP_CONTENT_TYPE)
        return refuse(http, 400, "Host, Authorization or Content-Type is there twice");
    return 0;
}

static struct cairn_slice trimmed(const struct cairn_http *http, const struct span *span)
{
    if (!span->is_there)
        return CAIRN_SLICE_EMPTY;
    const char *data = http->kept.data + span->offset;
    size_t bytes = span->bytes;
    while (bytes > 0 && (data[bytes - 1] == ' ' || data[bytes - 1] == '\t'))
        bytes--;
    return cairn_slice(data, bytes);
}

static enum cairn_http_method method_of(const llhttp_t *parser)
{
    switch (parser->method) {
    case HTTP_GET:
        return CAIRN_HTTP_GET;
    case HTTP_HEAD:
        return CAIRN_HTTP_HEAD;
    case HTTP_POST:
        return CAIRN_HTTP_POST;
    case HTTP_PUT:
        return CAIRN_HTTP_PUT;
    case HTTP_DELETE:
        return CAIRN_HTTP_DELETE;
    case HTTP_OPTIONS:
        return CAIRN_HTTP_OPTIONS;
    default:
        return CAIRN_HTTP_METHOD_OTHER;
    }
}

/* "http://host:port/path" names the host, whatever the Host header says (RFC 9112, 3.2.2). */
static struct cairn_slice cut_authority(struct cairn_http_head *head, struct cairn_slice target)
{
    static const char scheme[] = "http://";
    size_t scheme_bytes = sizeof(scheme) - 1;
    if (target.bytes < scheme_bytes || strncasecmp(target.data, scheme, scheme_bytes) != 0)
        return target;

    struct cairn_slice rest = cairn_slice(target.data + scheme_bytes, target.bytes - scheme_bytes);
    size_t bytes = 0;
    while (bytes < rest.bytes && rest.data[bytes] != '/' && rest.data[bytes] != '?')
        bytes++;
    head->headers[CAIRN_HTTP_HOST] = cairn_slice(rest.data, bytes);
    return cairn_slice(rest.data + bytes, rest.bytes - bytes);
}

static void split_target(struct cairn_http_head *head, struct cairn_slice target)
{
    target = cut_authority(head, target);
    const char *mark = target.bytes == 0 ? NULL : memchr(target.data, '?', target.bytes);
    size_t path_bytes = mark == NULL ? target.bytes : (size_t)(mark - target.data);
    head->path = path_bytes == 0 ? cairn_slice_of("/") : cairn_slice(target.data, path_bytes);
    if (mark != NULL)
        head->query = cairn_slice(mark + 1, target.bytes - path_bytes - 1);
}

static int check_head(struct cairn_http *http)
{
    const struct cairn_http_head *head = &http->head;
    if (http->parser.http_major != 1)
        return refuse(http, 505, "this service speaks HTTP/1.1");
    if (head->is_http_1_1 && head->headers[CAIRN_HTTP_HOST].data == NULL)
        return refuse(http, 400, "HTTP/1.1 needs a Host header");
    bool is_asterisk = cairn_slice_is(head->path, "*") && head->method == CAIRN_HTTP_OPTIONS;
    if (head->path.data[0] != '/' && !is_asterisk)
        return refuse(http, 400, "the request's target is not a path");
    if ((http->parser.flags & F_CONTENT_LENGTH) &&
        http->parser.content_length > http->limits.body_bytes_max)
        return refuse(http, 413, "the body is larger than [server] max_body_bytes");
    return 0;
}

static int on_headers_complete(llhttp_t *parser)
{
    struct cairn_http *http = http_of(parser);
    struct cairn_http_head *head = &http->head;
    *head = (struct cairn_http_head){
        .method = method_of(parser),
        .is_http_1_1 = parser->http_major == 1 && parser->http_minor >= 1,
        .keeps_alive = llhttp_should_keep_alive(parser) != 0,
        .has_body = (parser->flags & F_CHUNKED) != 0 || parser->content_length > 0,
    };
    for (int i = 0; i < CAIRN_HTTP_HEADER_COUNT; i++)
        head->headers[i] = trimmed(http, &http->values[i]);
    split_target(head, trimmed(http, &http->target));

    struct cairn_slice expect = head->headers[CAIRN_HTTP_EXPECT];
    head->expects_continue = head->is_http_1_1 && head->has_body && expect.bytes == 12 &&
                             strncasecmp(expect.data, "100-continue", 12) == 0;

    int result = check_head(http);
    if (result != 0)
        return result;

    /* Nothing here upgrades, and a server may ignore the wish (RFC 9110, 7.8). */
    parser->upgrade = 0;
    http->phase = PHASE_BODY;
    http->event = CAIRN_HTTP_EVENT_HEAD;
    return HPE_PAUSED;
}

/* ---- the body ---- */

static int on_body(llhttp_t *parser, const char *at, size_t bytes)
{
    struct cairn_http *http = http_of(parser);
    http->body_bytes += bytes;
    if (http->body_bytes > http->limits.body_bytes_max)
        return refuse(http, 413, "the body is larger than [server] max_body_bytes");
    if (http->body != NULL)
        cairn_buffer_append(http->body, at, bytes);
    return 0;
}

/* Extensions of chunks mean nothing to us; endless ones are refused. */
static int on_chunk_extension(llhttp_t *parser, const char *at, size_t bytes)
{
    (void)at;
    struct cairn_http *http = http_of(parser);
    http->head_bytes += bytes;
    if (http->head_bytes > http->limits.head_bytes_max)
        return refuse(http, 431, "the chunks' extensions are too large");
    return 0;
}

static int on_message_complete(llhttp_t *parser)
{
    struct cairn_http *http = http_of(parser);
    http->phase = PHASE_IDLE;
    http->head_bytes = 0;
    http->event = CAIRN_HTTP_DONE;
    return HPE_PAUSED;
}

/* Trailers are read like headers, and dropped. */
static int drop_trailer(struct cairn_http *http, size_t bytes)
{
    http->head_bytes += bytes;
    if (http->head_bytes > http->limits.head_bytes_max)
        return refuse(http, 431, "the request's trailers are too large");
    return 0;
}

static int on_field(llhttp_t *parser, const char *at, size_t bytes)
{
    struct cairn_http *http = http_of(parser);
    return http->phase == PHASE_HEAD ? keep_name(http, at, bytes) : drop_trailer(http, bytes);
}

static int on_value(llhttp_t *parser, const char *at, size_t bytes)
{
    struct cairn_http *http = http_of(parser);
    if (http->phase != PHASE_HEAD)
        return drop_trailer(http, bytes);
    return http->value == NULL ? 0 : keep(http, http->value, at, bytes);
}

static const llhttp_settings_t callbacks = {
    .on_message_begin = on_message_begin,
    .on_url = on_url,
    .on_header_field = on_field,
    .on_header_field_complete = on_header_field_complete,
    .on_header_value = on_value,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_chunk_extension_name = on_chunk_extension,
    .on_chunk_extension_value = on_chunk_extension,
    .on_message_complete = on_message_complete,
};

/* ---- the interface ---- */

struct cairn_http *cairn_http_create(const struct cairn_http_limits *limits)
{
    struct cairn_http *http = calloc(1, sizeof(*http));
    if (http == NULL)
        return NULL;
    http->limits = *limits;
    llhttp_init(&http->parser, HTTP_REQUEST, &callbacks);
    http->parser.data = http;
    return http;
}

void cairn_http_destroy(struct cairn_http *http)
{
    if (http == NULL)
        return;
    cairn_buffer_deinit(&http->kept);
    free(http);
}

static enum cairn_http_event refuse_by(struct cairn_http *http, llhttp_errno_t error)
{
    if (error == HPE_INVALID_VERSION || error == HPE_PAUSED_H2_UPGRADE)
        refuse(http, 505, "this service speaks HTTP/1.1");
    refuse(http, 400, llhttp_get_error_reason(&http->parser));
    return CAIRN_HTTP_REFUSED;
}

static size_t consumed_by(const struct cairn_http *http, struct cairn_slice input,
                          llhttp_errno_t error)
{
    const char *position = llhttp_get_error_pos(&http->parser);
    if (error == HPE_OK || position == NULL || input.bytes == 0)
        return input.bytes;
    cairn_assert(position >= input.data && position <= input.data + input.bytes);
    return (size_t)(position - input.data);
}

enum cairn_http_event cairn_http_feed(struct cairn_http *http, struct cairn_slice input,
                                      size_t *consumed)
{
    *consumed = 0;
    if (http->status != 0)
        return CAIRN_HTTP_REFUSED;
    if (llhttp_get_errno(&http->parser) == HPE_PAUSED)
        llhttp_resume(&http->parser);

    bool was_in_body = http->phase == PHASE_BODY;
    http->event = CAIRN_HTTP_MORE;
    const char *data = input.bytes == 0 ? "" : input.data;
    llhttp_errno_t error = llhttp_execute(&http->parser, data, input.bytes);
    *consumed = consumed_by(http, input, error);

    if (!was_in_body) {
        http->head_bytes += *consumed;
        if (http->head_bytes > http->limits.head_bytes_max)
            refuse(http, 431, "the request's head is too large");
    }
    if (http->status != 0)
        return CAIRN_HTTP_REFUSED;
    if (error != HPE_OK && error != HPE_PAUSED)
        return refuse_by(http, error);
    return http->event;
}

const struct cairn_http_head *cairn_http_head(const struct cairn_http *http)
{
    return &http->head;
}

void cairn_http_set_body(struct cairn_http *http, struct cairn_buffer *body)
{
    cairn_assert(http->phase == PHASE_BODY);
    http->body = body;
    if (body == NULL || !(http->parser.flags & F_CONTENT_LENGTH))
        return;
    uint64_t announced = http->parser.content_length;
    cairn_buffer_reserve(body, announced < BODY_RESERVE_BYTES_MAX ? (size_t)announced
                                                                  : BODY_RESERVE_BYTES_MAX);
}

int cairn_http_status(const struct cairn_http *http)
{
    return http->status;
}

const char *cairn_http_detail(const struct cairn_http *http)
{
    return http->detail;
}

bool cairn_http_is_idle(const struct cairn_http *http)
{
    return http->phase == PHASE_IDLE;
}

bool cairn_http_is_in_body(const struct cairn_http *http)
{
    return http->phase == PHASE_BODY;
}
