/* actors/gateway/http.h: an incremental reader of HTTP/1.x requests.
 *
 *     feed ---> MORE     all of the input is used up, the request is not whole
 *          ---> HEAD     head() is there; say where the body goes, and feed the rest
 *          ---> DONE     the request is whole; what is left of the input is the next one
 *          ---> REFUSED  status() and detail() say why; the connection cannot go on
 *
 * The input may be cut anywhere: the same bytes give the same events. What is kept of a head is its
 * target and the headers named below; the rest is checked and dropped.
 *
 * Ownership   Borrows the input during the call. Slices of the head stay until the feed that begins
 *             the next request. The body goes to a buffer of the caller's.
 * Context     One owner; no I/O.
 * Errors      As statuses: 400 malformed, 413 body over its limit (found in Content-Length before a
 *             byte of it is read), 414 and 431 head over its limit, 505 not HTTP/1.0 or 1.1.
 * Cost        One pass; llhttp runs at over 1 GB/s on bodies, about 1 us on a small head.
 * Source      RFC 9112, read by llhttp; this is the only module that includes it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/bytes.h"

enum cairn_http_method {
    CAIRN_HTTP_GET,
    CAIRN_HTTP_HEAD,
    CAIRN_HTTP_POST,
    CAIRN_HTTP_PUT,
    CAIRN_HTTP_DELETE,
    CAIRN_HTTP_OPTIONS,
    CAIRN_HTTP_METHOD_OTHER, /* known to HTTP, used nowhere here */
    CAIRN_HTTP_METHOD_COUNT,
};

enum cairn_http_header {
    CAIRN_HTTP_HOST,
    CAIRN_HTTP_ORIGIN,
    CAIRN_HTTP_AUTHORIZATION,
    CAIRN_HTTP_CONTENT_TYPE,
    CAIRN_HTTP_CONTENT_ENCODING,
    CAIRN_HTTP_EXPECT,
    CAIRN_HTTP_REQUEST_ID, /* X-Request-Id */
    CAIRN_HTTP_ACCEPT,
    CAIRN_HTTP_HEADER_COUNT,
};

enum cairn_http_event {
    CAIRN_HTTP_MORE,
    CAIRN_HTTP_EVENT_HEAD,
    CAIRN_HTTP_DONE,
    CAIRN_HTTP_REFUSED,
};

struct cairn_http_limits {
    uint32_t head_bytes_max; /* request line and headers; also trailers */
    uint64_t body_bytes_max;
};

struct cairn_http_head {
    enum cairn_http_method method;
    bool is_http_1_1;
    bool keeps_alive;
    bool expects_continue;
    bool has_body;
    struct cairn_slice path;                             /* as sent; "*" only with OPTIONS */
    struct cairn_slice query;                            /* as sent, without the '?' */
    struct cairn_slice headers[CAIRN_HTTP_HEADER_COUNT]; /* data NULL: not sent */
};

struct cairn_http;

/* NULL: no memory. */
struct cairn_http *cairn_http_create(const struct cairn_http_limits *limits);
void cairn_http_destroy(struct cairn_http *http);

/* Read from `input` up to the next event. *consumed is how much of it was used. After HEAD, feed
 * again even if nothing is left: a request without a body is DONE then. */
enum cairn_http_event cairn_http_feed(struct cairn_http *http, struct cairn_slice input,
                                      size_t *consumed);

const struct cairn_http_head *cairn_http_head(const struct cairn_http *http);
/* Where the body goes, from HEAD to DONE. Borrowed; NULL drops it (its limit still holds). */
void cairn_http_set_body(struct cairn_http *http, struct cairn_buffer *body);

int cairn_http_status(const struct cairn_http *http);
const char *cairn_http_detail(const struct cairn_http *http); /* static */

/* No byte of a request has been read since the last DONE. */
bool cairn_http_is_idle(const struct cairn_http *http);
/* The head has been read, the body is not whole. */
bool cairn_http_is_in_body(const struct cairn_http *http);
