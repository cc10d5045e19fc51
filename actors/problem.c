#include "actors/problem.h"

#include "runtime/base/json_writer.h"
#include "runtime/base/utf8.h"

static const struct title {
    int status;
    const char *title;
} titles[] = {
    {100, "Continue"},
    {200, "OK"},
    {201, "Created"},
    {204, "No Content"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
};

const char *cairn_problem_title(int status)
{
    for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
        if (titles[i].status == status)
            return titles[i].title;
    if (status < 400)
        return "Success";
    return status < 500 ? "Client Error" : "Server Error";
}

/* `detail` as a JSON string. It may quote what a client sent, so it may be anything. */
static void append_detail(struct cairn_buffer *buffer, struct cairn_slice detail)
{
    struct cairn_buffer clean = {0};
    while (detail.bytes > 0) {
        size_t valid_bytes = cairn_utf8_valid_prefix(detail);
        cairn_buffer_append(&clean, detail.data, valid_bytes);
        if (valid_bytes == detail.bytes)
            break;
        cairn_buffer_append_byte(&clean, '?');
        detail = cairn_slice(detail.data + valid_bytes + 1, detail.bytes - valid_bytes - 1);
    }
    cairn_json_append_quoted(buffer, cairn_buffer_slice(&clean));
    cairn_buffer_deinit(&clean);
}

void cairn_problem_append(struct cairn_buffer *buffer, int status, struct cairn_slice detail,
                          uint64_t line)
{
    cairn_buffer_append_text(buffer, "{\"type\":\"about:blank\",\"title\":\"");
    cairn_buffer_append_text(buffer, cairn_problem_title(status));
    cairn_buffer_append_text(buffer, "\",\"status\":");
    cairn_buffer_append_i64(buffer, status);
    cairn_buffer_append_text(buffer, ",\"detail\":");
    append_detail(buffer, detail);
    if (line > 0) {
        cairn_buffer_append_text(buffer, ",\"line\":");
        cairn_buffer_append_u64(buffer, line);
    }
    cairn_buffer_append_byte(buffer, '}');
}
