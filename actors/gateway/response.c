#include "actors/gateway/response.h"

#include <string.h>
#include <time.h>

#include "actors/gateway/router.h"
#include "actors/problem.h"
#include "runtime/base/time.h"

static void put_two(char *target, int value)
{
    target[0] = (char)('0' + value / 10);
    target[1] = (char)('0' + value % 10);
}

/* "Date: Fri, 20 Nov 2026 12:16:22 GMT": filled in by hand, since every answer has one. */
static void append_date(struct cairn_buffer *buffer, int64_t now_ms)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    char line[] = "Date: Fri, 20 Nov 2026 12:16:22 GMT\r\n";
    time_t seconds = (time_t)(now_ms / 1000);
    struct tm parts;
    if (gmtime_r(&seconds, &parts) == NULL || parts.tm_year < 0 || parts.tm_year > 8099)
        return;
    memcpy(line + 6, days[parts.tm_wday], 3);
    put_two(line + 11, parts.tm_mday);
    memcpy(line + 14, months[parts.tm_mon], 3);
    put_two(line + 18, (1900 + parts.tm_year) / 100);
    put_two(line + 20, parts.tm_year % 100);
    put_two(line + 23, parts.tm_hour);
    put_two(line + 26, parts.tm_min);
    put_two(line + 29, parts.tm_sec);
    cairn_buffer_append(buffer, line, sizeof(line) - 1);
}

/* Milliseconds with three decimals, without the detour over floating point. */
static void append_ms(struct cairn_buffer *buffer, uint64_t ns)
{
    uint64_t us = (ns + CAIRN_NS_PER_US / 2) / CAIRN_NS_PER_US;
    uint64_t rest = us % 1000;
    const char decimals[4] = {'.', (char)('0' + rest / 100), (char)('0' + rest / 10 % 10),
                              (char)('0' + rest % 10)};
    cairn_buffer_append_u64(buffer, us / 1000);
    cairn_buffer_append(buffer, decimals, sizeof(decimals));
}

static void append_timing(struct cairn_buffer *buffer, const uint64_t *stage_ns)
{
    bool is_first = true;
    for (int stage = 0; stage < CAIRN_STAGE_COUNT; stage++) {
        if (stage_ns[stage] == 0)
            continue;
        cairn_buffer_append_text(buffer, is_first ? "Server-Timing: " : ", ");
        cairn_buffer_append_text(buffer, cairn_stage_name((enum cairn_stage)stage));
        cairn_buffer_append_text(buffer, ";dur=");
        append_ms(buffer, stage_ns[stage]);
        is_first = false;
    }
    if (!is_first)
        cairn_buffer_append_text(buffer, "\r\n");
}

static void append_number(struct cairn_buffer *buffer, const char *name, uint64_t value)
{
    cairn_buffer_append_text(buffer, name);
    cairn_buffer_append_u64(buffer, value);
    cairn_buffer_append_text(buffer, "\r\n");
}

static void append_text(struct cairn_buffer *buffer, const char *name, struct cairn_slice value)
{
    cairn_buffer_append_text(buffer, name);
    cairn_buffer_append_slice(buffer, value);
    cairn_buffer_append_text(buffer, "\r\n");
}

static void append_content(struct cairn_buffer *buffer, const struct cairn_response *response)
{
    /* 204 has no content, and says nothing about it (RFC 9110, 8.6). */
    if (response->status == 204)
        return;
    const char *type = response->content_type;
    append_text(buffer, "Content-Type: ", cairn_slice_of(type == NULL ? "application/json" : type));
    if (response->is_stream)
        cairn_buffer_append_text(buffer, "Cache-Control: no-cache\r\n");
    else
        append_number(buffer, "Content-Length: ", response->content_bytes);
}

static void append_allow(struct cairn_buffer *buffer, uint32_t methods)
{
    cairn_buffer_append_text(buffer, "Allow: ");
    cairn_router_append_allow(buffer, methods);
    cairn_buffer_append_text(buffer, "\r\n");
}

void cairn_response_append_head(struct cairn_buffer *buffer, const struct cairn_response *response)
{
    cairn_buffer_append_text(buffer, "HTTP/1.1 ");
    cairn_buffer_append_i64(buffer, response->status);
    append_text(buffer, " ", cairn_slice_of(cairn_problem_title(response->status)));
    append_content(buffer, response);
    append_date(buffer, response->now_ms);
    append_text(buffer, "X-Request-Id: ", response->request_id);
    append_timing(buffer, response->stage_ns);
    if (response->status == 401)
        cairn_buffer_append_text(buffer, "WWW-Authenticate: Bearer\r\n");
    if (response->allow != 0)
        append_allow(buffer, response->allow);
    if (response->retry_after_s != 0)
        append_number(buffer, "Retry-After: ", response->retry_after_s);
    if (response->closes)
        cairn_buffer_append_text(buffer, "Connection: close\r\n");
    else if (response->is_http_1_0)
        cairn_buffer_append_text(buffer, "Connection: keep-alive\r\n");
    cairn_buffer_append_text(buffer, "\r\n");
}

bool cairn_response_id_is_sane(struct cairn_slice id)
{
    if (id.bytes == 0 || id.bytes > CAIRN_REQUEST_ID_BYTES_MAX)
        return false;
    for (size_t i = 0; i < id.bytes; i++)
        if (id.data[i] <= ' ' || id.data[i] > '~' || id.data[i] == '"' || id.data[i] == '\\')
            return false;
    return true;
}

size_t cairn_response_make_id(uint64_t random, char id[CAIRN_REQUEST_ID_BYTES_MAX + 1])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < 16; i++)
        id[i] = digits[random >> (60 - 4 * i) & 15];
    id[16] = '\0';
    return 16;
}
