#include "actors/gateway/connection_internal.h"

#include <errno.h>

#include "actors/messages.h"
#include "runtime/base/assert.h"

bool cairn_connection_has_room(const struct cairn_connection *connection)
{
    return connection->mode == CAIRN_CONNECTION_OPEN && connection->stalled == NULL &&
           connection->accepted - connection->sent < connection->limits->pipeline_max;
}

/* ---- from a head to a request ---- */

static void take_id(struct cairn_connection_slot *slot, struct cairn_slice id, uint64_t random)
{
    if (!cairn_response_id_is_sane(id)) {
        slot->id_bytes = cairn_response_make_id(random, slot->id);
        return;
    }
    cairn_assert(id.data != NULL); /* what is sane is not empty */
    memcpy(slot->id, id.data, id.bytes);
    slot->id_bytes = id.bytes;
}

static struct cairn_request *make_request(struct cairn_turn *turn,
                                          struct cairn_connection *connection)
{
    struct cairn_request *request = cairn_request_create();
    if (request == NULL)
        return NULL;
    request->connection = connection->self;
    request->now_ms = cairn_io_wall_ms(connection->io);
    request->random = cairn_turn_random(turn);
    request->started_ns = connection->request_ns;
    if (connection->parse_ns > connection->request_ns)
        request->stage_ns[CAIRN_STAGE_QUEUE] = connection->parse_ns - connection->request_ns;
    return request;
}

/* Without memory for a request there is none for an answer either. */
static void give_up(struct cairn_connection *connection)
{
    connection->is_broken = true;
    connection->mode = CAIRN_CONNECTION_ENDING;
}

static void begin_request(struct cairn_turn *turn, struct cairn_connection *connection)
{
    const struct cairn_http_head *head = cairn_http_head(connection->http);
    struct cairn_request *request = make_request(turn, connection);
    if (request == NULL) {
        give_up(connection);
        return;
    }
    cairn_admission_begin(connection->gateway, head, request, &connection->admission);
    connection->incoming = request;
    connection->head = (struct cairn_connection_slot){
        .allow = connection->admission.allow,
        .closes = !head->keeps_alive,
        .is_head = head->method == CAIRN_HTTP_HEAD,
        .is_http_1_0 = !head->is_http_1_1,
    };
    take_id(&connection->head, head->headers[CAIRN_HTTP_REQUEST_ID], cairn_turn_random(turn));

    /* The body of a refused request is read and dropped, so that the next request is found. */
    bool is_refused = request->status != 0;
    cairn_http_set_body(connection->http, is_refused ? NULL : &request->body_bytes);
    connection->wants_continue = head->expects_continue && !is_refused;
}

/* ---- from a request to its answerer ---- */

static void answer_here(struct cairn_connection *connection, struct cairn_connection_slot *slot,
                        struct cairn_request *request, uint64_t now_ns)
{
    connection->admission.follows = false;
    slot->request = request;
    slot->is_ready = true;
    slot->ready_ns = now_ns;
}

static void stop_taking(struct cairn_connection *connection)
{
    if (connection->mode == CAIRN_CONNECTION_OPEN)
        connection->mode = CAIRN_CONNECTION_CLOSING;
}

static struct cairn_connection_slot *accept_incoming(struct cairn_connection *connection)
{
    struct cairn_request *request = connection->incoming;
    request->ticket = connection->accepted;
    struct cairn_connection_slot *slot = cairn_connection_accept(connection);
    *slot = connection->head;
    slot->body_bytes = (uint32_t)request->body_bytes.bytes;
    slot->held_bytes = connection->held_bytes;
    connection->held_bytes = 0;
    connection->incoming = NULL;
    connection->wants_continue = false;
    if (slot->closes)
        stop_taking(connection);
    return slot;
}

/* A full mailbox is back-pressure: keep the request and read no more until it is taken. */
static void dispatch(struct cairn_turn *turn, struct cairn_connection *connection,
                     struct cairn_request *request, struct cairn_actor_ref target, uint32_t type)
{
    if (cairn_request_send(turn, target, type, request, true) != -ENOBUFS) {
        connection->away++;
        return;
    }
    if (connection->stalled == NULL)
        connection->stalled_ns = cairn_turn_now_ns(turn);
    connection->stalled = request;
    connection->stalled_for = target;
    connection->stalled_type = type;
}

static void complete_request(struct cairn_turn *turn, struct cairn_connection *connection)
{
    struct cairn_request *request = connection->incoming;
    const struct cairn_admission *admission = &connection->admission;
    cairn_assert(request != NULL);

    cairn_admission_complete(connection->gateway, request, admission);
    struct cairn_connection_slot *slot = accept_incoming(connection);
    uint64_t now_ns = cairn_request_book(turn, request, CAIRN_STAGE_PARSE, connection->parse_ns);
    if (request->status != 0) {
        answer_here(connection, slot, request, now_ns);
        return;
    }

    uint32_t type = CAIRN_MESSAGE_REQUEST;
    if (admission->follows && !slot->is_head) {
        type = CAIRN_MESSAGE_FOLLOW;
        slot->is_stream = true;
        slot->closes = true;
        stop_taking(connection);
        cairn_connection_follow(connection, request);
    }
    struct cairn_actor_ref target =
        cairn_gateway_target(connection->gateway, admission->route->target, request->space);
    dispatch(turn, connection, request, target, type);
}

void cairn_connection_refuse(struct cairn_turn *turn, struct cairn_connection *connection,
                             int status, const char *detail)
{
    bool has_head = connection->incoming != NULL;
    if (!has_head) {
        connection->incoming = make_request(turn, connection);
        connection->head = (struct cairn_connection_slot){0};
        take_id(&connection->head, CAIRN_SLICE_EMPTY, cairn_turn_random(turn));
    }
    if (connection->incoming == NULL) {
        give_up(connection);
        return;
    }
    struct cairn_request *request = connection->incoming;
    /* What was found in the head is the better answer than what the body broke off with. */
    if (request->status == 0)
        cairn_request_problem(request, status, "%s", detail);
    connection->head.closes = true;
    connection->needs_linger = true;
    struct cairn_connection_slot *slot = accept_incoming(connection);
    answer_here(connection, slot, request,
                cairn_request_book(turn, request, CAIRN_STAGE_PARSE, connection->parse_ns));
}

/* ---- memory for bodies ---- */

/* False when the bodies of all connections together have become too large. What they take is what
 * was allocated, not what has come: a client may announce much and send nothing. */
static bool hold_body(struct cairn_connection *connection)
{
    uint64_t held_bytes = connection->incoming->body_bytes.capacity;
    uint64_t grown_bytes = held_bytes - connection->held_bytes;
    if (grown_bytes == 0)
        return true;
    connection->held_bytes = held_bytes;
    /* Relaxed: a sum that publishes nothing. */
    uint64_t before = atomic_fetch_add_explicit(connection->options.bodies_bytes, grown_bytes,
                                                memory_order_relaxed);
    return before + grown_bytes <= connection->limits->bodies_bytes_max;
}

void cairn_connection_release_body(struct cairn_connection *connection, uint64_t *held_bytes)
{
    if (*held_bytes > 0)
        atomic_fetch_sub_explicit(connection->options.bodies_bytes, *held_bytes,
                                  memory_order_relaxed);
    *held_bytes = 0;
}

/* ---- bytes ---- */

static void note_begin(struct cairn_turn *turn, struct cairn_connection *connection, uint64_t at_ns)
{
    if (!cairn_http_is_idle(connection->http))
        return;
    connection->request_ns = at_ns;
    connection->parse_ns = cairn_turn_clock_ns(turn);
    connection->head_ns = cairn_turn_now_ns(turn);
}

/* A client that waits for "100 Continue" and was refused at the head sends no body. */
static void refuse_expecting(struct cairn_turn *turn, struct cairn_connection *connection)
{
    const struct cairn_http_head *head = cairn_http_head(connection->http);
    if (connection->incoming != NULL && connection->incoming->status != 0 && head->expects_continue)
        cairn_connection_refuse(turn, connection, connection->incoming->status, "");
}

/* Read requests from `bytes` as long as there is room for them. Returns what was used. */
static size_t consume(struct cairn_turn *turn, struct cairn_connection *connection,
                      struct cairn_slice bytes, uint64_t at_ns)
{
    size_t total = 0;
    enum cairn_http_event event = CAIRN_HTTP_DONE;
    while (cairn_connection_has_room(connection) && event != CAIRN_HTTP_MORE &&
           (total < bytes.bytes || event == CAIRN_HTTP_EVENT_HEAD)) {
        size_t consumed;
        note_begin(turn, connection, at_ns);
        event = cairn_http_feed(connection->http,
                                cairn_slice(bytes.data + total, bytes.bytes - total), &consumed);
        total += consumed;
        if (event == CAIRN_HTTP_EVENT_HEAD)
            begin_request(turn, connection);
        if (connection->incoming != NULL && !hold_body(connection))
            cairn_connection_refuse(turn, connection, 503,
                                    "the service is receiving too much at the same time");
        else if (event == CAIRN_HTTP_DONE)
            complete_request(turn, connection);
        else if (event == CAIRN_HTTP_REFUSED)
            cairn_connection_refuse(turn, connection, cairn_http_status(connection->http),
                                    cairn_http_detail(connection->http));
    }
    if (event == CAIRN_HTTP_MORE)
        refuse_expecting(turn, connection);
    return total;
}

static size_t backlog_bytes(const struct cairn_connection *connection)
{
    return connection->backlog.bytes - connection->backlog_offset;
}

static void keep_for_later(struct cairn_connection *connection, struct cairn_slice bytes,
                           uint64_t at_ns)
{
    if (backlog_bytes(connection) == 0) {
        cairn_buffer_clear(&connection->backlog);
        connection->backlog_offset = 0;
        connection->backlog_ns = at_ns;
    }
    cairn_buffer_append_slice(&connection->backlog, bytes);
    if (connection->backlog.failed)
        give_up(connection);
}

void cairn_connection_take(struct cairn_turn *turn, struct cairn_connection *connection,
                           struct cairn_slice bytes, uint64_t at_ns)
{
    connection->received_ns = cairn_turn_now_ns(turn);
    size_t used = 0;
    if (backlog_bytes(connection) == 0)
        used = consume(turn, connection, bytes, at_ns);
    if (used == bytes.bytes)
        return;
    if (connection->mode == CAIRN_CONNECTION_OPEN)
        keep_for_later(connection, cairn_slice(bytes.data + used, bytes.bytes - used), at_ns);
    else
        connection->needs_linger = true;
}

static void resume_stalled(struct cairn_turn *turn, struct cairn_connection *connection)
{
    struct cairn_request *request = connection->stalled;
    connection->stalled = NULL;
    uint64_t stalled_ns = connection->stalled_ns;
    cairn_request_received(turn, request);
    dispatch(turn, connection, request, connection->stalled_for, connection->stalled_type);
    connection->stalled_ns = stalled_ns;
}

void cairn_connection_resume(struct cairn_turn *turn, struct cairn_connection *connection)
{
    if (connection->stalled != NULL)
        resume_stalled(turn, connection);
    if (backlog_bytes(connection) == 0 || !cairn_connection_has_room(connection))
        return;
    struct cairn_slice rest = cairn_slice(connection->backlog.data + connection->backlog_offset,
                                          backlog_bytes(connection));
    connection->backlog_offset += consume(turn, connection, rest, connection->backlog_ns);
    if (backlog_bytes(connection) > 0) {
        connection->needs_linger |= connection->mode != CAIRN_CONNECTION_OPEN;
        return;
    }
    cairn_buffer_deinit(&connection->backlog);
    connection->backlog_offset = 0;
}

void cairn_connection_refuse_stalled(struct cairn_turn *turn, struct cairn_connection *connection)
{
    struct cairn_request *request = connection->stalled;
    cairn_assert(request != NULL);
    connection->stalled = NULL;
    if (connection->stalled_type == CAIRN_MESSAGE_FOLLOW)
        connection->stream.is_wanted = false;
    uint64_t now_ns = cairn_request_received(turn, request);
    cairn_request_problem(request, 503, "too much is waiting to be answered already");
    struct cairn_connection_slot *slot =
        &connection->slots[request->ticket % connection->limits->pipeline_max];
    answer_here(connection, slot, request, now_ns);
}
