/* actors/gateway/response.h: the head of an answer.
 *
 *     HTTP/1.1 200 OK
 *     Content-Type: application/json
 *     Content-Length: 17
 *     Date: Tue, 14 Nov 2023 22:13:20 GMT
 *     X-Request-Id: 5f1c...
 *     Server-Timing: parse;dur=0.012, queue;dur=0.004
 *
 * Context   Pure functions; no clock is read.
 * Source    RFC 9110; Server-Timing as in the W3C draft, durations in milliseconds.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "actors/stages.h"
#include "runtime/base/bytes.h"

#define CAIRN_REQUEST_ID_BYTES_MAX 63

struct cairn_response {
    int status;
    const char *content_type; /* NULL: application/json */
    uint64_t content_bytes;
    bool is_stream;         /* no length: the answer ends with the connection */
    bool closes;            /* Connection: close */
    bool is_http_1_0;       /* says keep-alive when it stays */
    uint32_t retry_after_s; /* 0: no header */
    uint32_t allow;         /* bits of methods, 0: no header */
    struct cairn_slice request_id;
    int64_t now_ms;
    const uint64_t *stage_ns; /* CAIRN_STAGE_COUNT of them; those that are 0 are left out */
};

void cairn_response_append_head(struct cairn_buffer *buffer, const struct cairn_response *response);

/* Whether a caller's X-Request-Id may be given back: 1 to CAIRN_REQUEST_ID_BYTES_MAX visible ASCII
 * characters without quotes. */
bool cairn_response_id_is_sane(struct cairn_slice id);
/* Sixteen hexadecimal digits for callers without one. */
size_t cairn_response_make_id(uint64_t random, char id[CAIRN_REQUEST_ID_BYTES_MAX + 1]);
