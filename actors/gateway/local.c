#include "actors/gateway/local.h"

static int readiness_of(const struct cairn_gateway_options *options)
{
    /* Relaxed: it is told, and nothing is read on the strength of it. */
    return atomic_load_explicit(options->readiness, memory_order_relaxed);
}

static void answer_text(struct cairn_request *request, const char *json)
{
    request->status = 200;
    cairn_buffer_append_text(&request->answer, json);
}

static void answer_readiness(const struct cairn_gateway_options *options,
                             struct cairn_request *request)
{
    switch (readiness_of(options)) {
    case CAIRN_READINESS_READY:
        answer_text(request, "{\"status\":\"ready\"}");
        break;
    case CAIRN_READINESS_STARTING:
        cairn_request_problem(request, 503, "starting: the ledger is being read");
        break;
    default:
        cairn_request_problem(request, 503, "the ledger cannot be written; reads are answered");
        break;
    }
}

static const char *readiness_name(int readiness)
{
    if (readiness == CAIRN_READINESS_READY)
        return "ready";
    return readiness == CAIRN_READINESS_STARTING ? "starting" : "read-only";
}

static const char page_before[] =
    "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n<title>cairn</title>\n"
    "<style>\n"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:44em;margin:3em auto;padding:0 1em}\n"
    "code{font-family:ui-monospace,monospace}td{padding:.15em 1.5em .15em 0}\n"
    "</style>\n<h1>cairn</h1>\n";

static const char page_after[] =
    "<table>\n"
    "<tr><td><a href=\"/healthz\">/healthz</a><td>the process serves\n"
    "<tr><td><a href=\"/readyz\">/readyz</a><td>the ledger is read and can be written\n"
    "<tr><td><a href=\"/metrics\">/metrics</a><td>measurements, for Prometheus\n"
    "<tr><td><a href=\"/v1/stats\">/v1/stats</a><td>the same for people\n"
    "<tr><td><a href=\"/v1/slow\">/v1/slow</a><td>slow requests, stage by stage\n"
    "<tr><td><a href=\"/v1/config\">/v1/config</a><td>the settings in effect\n"
    "<tr><td><a href=\"/v1/spaces\">/v1/spaces</a><td>what is remembered, by space\n"
    "</table>\n"
    "<p>Remember: <code>POST /v1/spaces/{space}/messages</code><br>\n"
    "Recall: <code>POST /v1/spaces/{space}/search</code><br>\n"
    "Talk: <code>POST /v1/spaces/{space}/generate</code></p>\n</html>\n";

static void answer_page(const struct cairn_gateway_options *options, struct cairn_request *request)
{
    request->status = 200;
    request->content_type = "text/html; charset=utf-8";
    cairn_buffer_append_text(&request->answer, page_before);
    cairn_buffer_printf(&request->answer, "<p>Version %s, %s.</p>\n", options->version,
                        readiness_name(readiness_of(options)));
    cairn_buffer_append_text(&request->answer, page_after);
}

static void answer_document(struct cairn_request *request, struct cairn_slice document,
                            const char *what)
{
    if (document.bytes == 0) {
        cairn_request_problem(request, 501, "a later release brings %s", what);
        return;
    }
    request->status = 200;
    cairn_buffer_append_slice(&request->answer, document);
}

void cairn_local_answer(const struct cairn_gateway_options *options,
                        const struct cairn_route *route, struct cairn_request *request)
{
    switch (route->operation) {
    case CAIRN_OPERATION_HEALTH:
        answer_text(request, "{\"status\":\"ok\"}");
        break;
    case CAIRN_OPERATION_READY:
        answer_readiness(options, request);
        break;
    case CAIRN_OPERATION_CONFIG:
        answer_document(request, options->config_json, "the settings in effect");
        break;
    case CAIRN_OPERATION_OPENAPI:
        answer_document(request, options->openapi_json, "a description of all calls");
        break;
    case CAIRN_OPERATION_STATUS_PAGE:
        answer_page(options, request);
        break;
    default:
        cairn_request_problem(request, 501, "a later release brings %s", route->later);
        break;
    }
}
