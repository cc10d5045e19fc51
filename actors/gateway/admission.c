#include "actors/gateway/admission.h"

#include <strings.h>

#include "actors/gateway/local.h"
#include "actors/percent.h"
#include "runtime/base/json.h"
#include "runtime/base/utf8.h"

/* Of what a client sent, this much is quoted back to it. */
#define QUOTED_BYTES_MAX 100

static int quoted_bytes(struct cairn_slice text)
{
    return text.bytes > QUOTED_BYTES_MAX ? QUOTED_BYTES_MAX : (int)text.bytes;
}

/* ---- the head ---- */

static void check_host(const struct cairn_gateway_options *options,
                       const struct cairn_http_head *head, struct cairn_request *request)
{
    if (!options->is_loopback)
        return;
    struct cairn_slice host = head->headers[CAIRN_HTTP_HOST];
    struct cairn_slice origin = head->headers[CAIRN_HTTP_ORIGIN];
    if (host.data != NULL && !cairn_auth_host_is_local(host, options->listen_host))
        cairn_request_problem(request, 403,
                              "Host is `%.*s`; on loopback this service answers to localhost only",
                              quoted_bytes(host), host.data);
    else if (origin.data != NULL && !cairn_auth_origin_is_local(origin, options->listen_host))
        cairn_request_problem(request, 403,
                              "Origin is `%.*s`; on loopback this service answers to pages of "
                              "localhost only",
                              quoted_bytes(origin), origin.data);
}

static void refuse_path(struct cairn_request *request, struct cairn_slice path,
                        const struct cairn_route *nearest)
{
    if (nearest == NULL)
        cairn_request_problem(request, 404, "there is nothing at `%.*s`", quoted_bytes(path),
                              path.data);
    else
        cairn_request_problem(request, 404, "there is nothing at `%.*s`; did you mean `%s`?",
                              quoted_bytes(path), path.data, nearest->pattern);
}

/* What the request's slices point into: it holds the decoded path and the raw query, and leaves
 * room for what is decoded of the query later (see request.c). */
static bool reserve_storage(struct cairn_request *request, const struct cairn_http_head *head)
{
    size_t bytes = head->path.bytes + 3 * head->query.bytes + 1;
    return cairn_buffer_reserve(&request->storage, bytes) != NULL;
}

static void find_route(const struct cairn_http_head *head, struct cairn_request *request,
                       struct cairn_admission *admission)
{
    struct cairn_route_match match;
    int status = cairn_router_match(head->method, head->path, &request->storage, &match);
    if (status == 404) {
        refuse_path(request, head->path, match.nearest);
    } else if (status == 400) {
        cairn_request_problem(request, 400, "%s", match.bad_name);
    } else if (status == 405) {
        admission->allow = match.methods;
        cairn_request_problem(request, 405, "`%.*s` does not take this method",
                              quoted_bytes(head->path), head->path.data);
    } else if (match.route == NULL) {
        admission->allow = match.methods;
        request->status = 204;
    } else {
        admission->route = match.route;
        request->operation = match.route->operation;
        request->space = match.space;
        request->seq = match.seq;
        memcpy(request->parameters, match.parameters, sizeof(request->parameters));
    }
}

static void check_token(const struct cairn_gateway_options *options,
                        const struct cairn_http_head *head, struct cairn_request *request,
                        const struct cairn_route *route)
{
    struct cairn_auth_demand demand = {
        .role = route->role,
        .space = request->space,
        .all_spaces = (route->flags & CAIRN_ROUTE_ALL_SPACES) != 0,
    };
    const char *why = NULL;
    int status =
        cairn_auth_check(options->auth, head->headers[CAIRN_HTTP_AUTHORIZATION], &demand, &why);
    if (status != 0)
        cairn_request_problem(request, status, "%s", why);
}

static void check_readiness(const struct cairn_gateway_options *options,
                            struct cairn_request *request, const struct cairn_route *route)
{
    /* acquire: pairs with the release of whoever recovered; the models are there to be asked. */
    int readiness = atomic_load_explicit(options->readiness, memory_order_acquire);
    if (readiness == CAIRN_READINESS_STARTING && !(route->flags & CAIRN_ROUTE_EARLY))
        cairn_request_problem(request, 503, "the ledger is being read; GET /readyz tells when");
}

/* ---- media types ---- */

/* "application/json; charset=utf-8" without its parameters. */
static struct cairn_slice media_type(struct cairn_slice content_type)
{
    size_t bytes = 0;
    while (bytes < content_type.bytes && content_type.data[bytes] != ';')
        bytes++;
    while (bytes > 0 && content_type.data[bytes - 1] == ' ')
        bytes--;
    return cairn_slice(content_type.data, bytes);
}

static bool is_type(struct cairn_slice type, const char *name)
{
    return type.bytes == strlen(name) && strncasecmp(type.data, name, type.bytes) == 0;
}

static bool is_json(struct cairn_slice type)
{
    /* What curl -d says when it is told nothing, and no browser's form would be JSON. */
    if (type.bytes == 0 || is_type(type, "application/x-www-form-urlencoded"))
        return true;
    return is_type(type, "application/json") ||
           (type.bytes > 5 && strncasecmp(type.data + type.bytes - 5, "+json", 5) == 0);
}

static void check_media_type(const struct cairn_http_head *head, struct cairn_request *request,
                             const struct cairn_route *route)
{
    struct cairn_slice encoding = head->headers[CAIRN_HTTP_CONTENT_ENCODING];
    struct cairn_slice type = media_type(head->headers[CAIRN_HTTP_CONTENT_TYPE]);
    if (!head->has_body || head->method == CAIRN_HTTP_GET || head->method == CAIRN_HTTP_HEAD)
        return;
    if (encoding.bytes > 0 && !is_type(encoding, "identity")) {
        cairn_request_problem(request, 415, "a body comes without Content-Encoding");
        return;
    }
    request->is_ndjson =
        is_type(type, "application/x-ndjson") || is_type(type, "application/ndjson");
    if (request->is_ndjson && !(route->flags & CAIRN_ROUTE_NDJSON))
        cairn_request_problem(request, 415, "this call takes one JSON object, not NDJSON");
    else if (!request->is_ndjson && !is_json(type))
        cairn_request_problem(request, 415, "a body is application/json%s",
                              route->flags & CAIRN_ROUTE_NDJSON ? " or application/x-ndjson" : "");
}

static bool contains(struct cairn_slice text, const char *part)
{
    return text.bytes > 0 && memmem(text.data, text.bytes, part, strlen(part)) != NULL;
}

/* ---- the query ---- */

/* Every value is UTF-8 without control characters once it is decoded, so that nobody after us has
 * to look again. */
static void take_query(const struct cairn_http_head *head, struct cairn_request *request)
{
    struct cairn_buffer *storage = &request->storage;
    if (head->query.bytes == 0)
        return;
    char *query = storage->data + storage->bytes;
    memcpy(query, head->query.data, head->query.bytes);
    storage->bytes += head->query.bytes;
    request->query = cairn_slice(query, head->query.bytes);

    char *decoded = storage->data + storage->bytes;
    int bytes = cairn_percent_decode(request->query, true, decoded);
    if (bytes < 0) {
        cairn_request_problem(request, 400,
                              "a '%%' in the query is not followed by two "
                              "hexadecimal digits");
        return;
    }
    struct cairn_slice text = cairn_slice(decoded, (size_t)bytes);
    if (!cairn_utf8_is_valid(text) || cairn_utf8_has_control(text))
        cairn_request_problem(request, 400, "the query is not UTF-8 without control characters");
}

static void take_ack(const struct cairn_gateway_options *options, struct cairn_request *request)
{
    struct cairn_slice ack;
    request->durable = options->is_durable;
    if (!cairn_request_query(request, "ack", &ack))
        return;
    if (cairn_slice_is(ack, "durable"))
        request->durable = true;
    else if (cairn_slice_is(ack, "buffered"))
        request->durable = false;
    else
        cairn_request_problem(request, 400, "`ack` is `durable` or `buffered`");
}

static void take_follow(struct cairn_request *request, struct cairn_admission *admission)
{
    struct cairn_slice follow;
    if (!(admission->route->flags & CAIRN_ROUTE_STREAMS) ||
        !cairn_request_query(request, "follow", &follow))
        return;
    if (cairn_slice_is(follow, "1") || cairn_slice_is(follow, "true"))
        admission->follows = true;
    else if (!cairn_slice_is(follow, "0") && !cairn_slice_is(follow, "false"))
        cairn_request_problem(request, 400, "`follow` is 1 or 0");
}

/* What lies in the future may never come, so nobody waits for it. */
static void check_min_seq(const struct cairn_gateway_options *options,
                          struct cairn_request *request)
{
    /* acquire: pairs with ingest's release; a sequence it acknowledged is never refused here. */
    uint64_t head = atomic_load_explicit(options->committed_seq, memory_order_acquire);
    if (request->min_seq > head)
        cairn_request_problem(request, 422,
                              "`min_seq` is %llu, and the ledger's last event is %llu",
                              (unsigned long long)request->min_seq, (unsigned long long)head);
}

static void take_parameters(const struct cairn_gateway_options *options,
                            struct cairn_request *request, struct cairn_admission *admission)
{
    if (admission->route->flags & CAIRN_ROUTE_WRITES) {
        take_ack(options, request);
        return;
    }
    take_follow(request, admission);
    if (request->status == 0 && cairn_request_query_u64(request, "min_seq", 0, &request->min_seq))
        check_min_seq(options, request);
}

void cairn_admission_begin(const struct cairn_gateway_options *options,
                           const struct cairn_http_head *head, struct cairn_request *request,
                           struct cairn_admission *admission)
{
    *admission = (struct cairn_admission){0};
    if (!reserve_storage(request, head)) {
        cairn_request_problem(request, 503, "no memory for this request");
        return;
    }
    check_host(options, head, request);
    if (request->status == 0)
        find_route(head, request, admission);
    if (request->status != 0)
        return;

    const struct cairn_route *route = admission->route;
    check_token(options, head, request, route);
    if (request->status == 0)
        check_readiness(options, request, route);
    if (request->status == 0)
        check_media_type(head, request, route);
    if (request->status == 0)
        take_query(head, request);
    if (request->status == 0)
        take_parameters(options, request, admission);
    request->accepts_openmetrics =
        contains(head->headers[CAIRN_HTTP_ACCEPT], "application/openmetrics-text");
}

/* ---- the body ---- */

/* The body's own min_seq. What else is wrong with the body is for its reader to say. */
static void take_body_min_seq(struct cairn_request *request)
{
    struct cairn_json_scratch scratch = {.seed = request->random};
    struct cairn_json_reader reader;
    struct cairn_slice key;
    bool is_number = true;
    cairn_json_scratch_begin(&scratch, request->body.bytes);
    cairn_json_reader_init(&reader, request->body, &scratch);
    if (cairn_json_peek(&reader) == CAIRN_JSON_OBJECT) {
        cairn_json_enter_object(&reader);
        while (cairn_json_next_member(&reader, &key))
            if (cairn_slice_is(key, "min_seq"))
                is_number = cairn_json_read_u64(&reader, &request->min_seq) == 0;
    }
    cairn_json_scratch_deinit(&scratch);
    if (!is_number)
        cairn_request_problem(request, 400, "`min_seq` is not a sequence number");
}

static bool may_wait(const struct cairn_request *request)
{
    return request->operation == CAIRN_OPERATION_SEARCH ||
           request->operation == CAIRN_OPERATION_GENERATE;
}

void cairn_admission_complete(const struct cairn_gateway_options *options,
                              struct cairn_request *request,
                              const struct cairn_admission *admission)
{
    if (request->status != 0)
        return;
    if (request->body_bytes.failed) {
        cairn_request_problem(request, 503, "no memory for this body");
        return;
    }
    request->body = cairn_buffer_slice(&request->body_bytes);

    if (may_wait(request)) {
        take_body_min_seq(request);
        if (request->status == 0)
            check_min_seq(options, request);
    } else if (admission->route->flags & CAIRN_ROUTE_PARSES) {
        int result = options->parse_write(options->context, request);
        if (result < 0 && request->status == 0)
            cairn_request_problem(request, 400, "the body is not valid");
    } else if (admission->route->target == CAIRN_TARGET_GATEWAY) {
        cairn_local_answer(options, admission->route, request);
    }
}
