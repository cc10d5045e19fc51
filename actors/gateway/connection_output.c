#include "actors/gateway/connection_internal.h"

#include <errno.h>

#include "actors/messages.h"
#include "actors/report.h"
#include "runtime/base/assert.h"

/* Answers are collected up to here while the kernel is busy with the ones before. */
#define OUT_BYTES_MAX (256u << 10)

/* A buffer that grew for a large answer is given back after it. */
#define OUT_KEPT_BYTES_MAX (64u << 10)

static struct cairn_connection_slot *slot_of(struct cairn_connection *connection, uint64_t ticket)
{
    return &connection->slots[ticket % connection->limits->pipeline_max];
}

struct cairn_connection_slot *cairn_connection_accept(struct cairn_connection *connection)
{
    cairn_assert(connection->accepted - connection->sent < connection->limits->pipeline_max);
    return slot_of(connection, connection->accepted++);
}

void cairn_connection_answer(struct cairn_turn *turn, struct cairn_connection *connection,
                             struct cairn_request *request)
{
    cairn_assert(connection->away > 0);
    cairn_assert(request->ticket >= connection->written && request->ticket < connection->accepted);
    struct cairn_connection_slot *slot = slot_of(connection, request->ticket);
    cairn_assert(slot->request == NULL);
    connection->away--;
    slot->request = request;
    slot->ready_ns = cairn_request_received(turn, request);
    slot->is_ready = true;
}

/* ---- writing ---- */

static void ensure_answer(struct cairn_request *request)
{
    if (request->render != NULL)
        request->render(request);
    if (request->status == 0)
        cairn_request_problem(request, 500, "this request was given back without an answer");
    if (request->answer.failed)
        cairn_request_problem(request, 503, "no memory for this answer");
}

static bool is_last(const struct cairn_connection *connection,
                    const struct cairn_connection_slot *slot)
{
    return slot->closes ||
           (connection->is_draining && connection->written + 1 == connection->accepted);
}

static void write_answer(struct cairn_turn *turn, struct cairn_connection *connection,
                         struct cairn_connection_slot *slot)
{
    struct cairn_buffer *out = &connection->out[1];
    struct cairn_request *request = slot->request;
    uint64_t from_ns = cairn_request_book(turn, request, CAIRN_STAGE_QUEUE, slot->ready_ns);
    ensure_answer(request);
    uint64_t now_ns = cairn_request_book(turn, request, CAIRN_STAGE_SERIALIZE, from_ns);

    size_t before = out->bytes;
    bool is_stream = slot->is_stream && request->status == 200;
    struct cairn_response response = {
        .status = request->status,
        .content_type = request->content_type,
        .content_bytes = request->answer.bytes,
        .is_stream = is_stream,
        .closes = is_last(connection, slot),
        .is_http_1_0 = slot->is_http_1_0,
        .retry_after_s = request->retry_after_s,
        .allow = slot->allow,
        .request_id = cairn_slice(slot->id, slot->id_bytes),
        .now_ms = request->now_ms,
        .stage_ns = request->stage_ns,
    };
    if (is_stream && response.content_type == NULL)
        response.content_type = "text/event-stream";
    cairn_response_append_head(out, &response);
    if (!slot->is_head)
        cairn_buffer_append_slice(out, cairn_buffer_slice(&request->answer));
    slot->sent_bytes = (uint32_t)(out->bytes - before);
    slot->ready_ns = cairn_request_book(turn, request, CAIRN_STAGE_SERIALIZE, now_ns);

    /* What was read and what was written is no longer needed; the report is still to come. */
    cairn_buffer_deinit(&request->answer);
    cairn_buffer_deinit(&request->body_bytes);
    request->body = CAIRN_SLICE_EMPTY;
    cairn_connection_release_body(connection, &slot->held_bytes);
    if (is_stream)
        cairn_connection_flow(connection, request->seq);
    else if (slot->is_stream)
        cairn_connection_unfollow(turn, connection); /* ingest may not know that it was refused */
}

static void write_continue(struct cairn_connection *connection)
{
    if (!connection->wants_continue || connection->written != connection->accepted)
        return;
    cairn_buffer_append_text(&connection->out[1], "HTTP/1.1 100 Continue\r\n\r\n");
    connection->wants_continue = false;
}

static void write_ready(struct cairn_turn *turn, struct cairn_connection *connection)
{
    while (connection->written < connection->accepted && connection->out[1].bytes < OUT_BYTES_MAX) {
        struct cairn_connection_slot *slot = slot_of(connection, connection->written);
        if (!slot->is_ready)
            return;
        write_answer(turn, connection, slot);
        connection->written++;
    }
    write_continue(connection);
}

/* ---- sending ---- */

static void on_sent(struct cairn_io_op *op, const struct cairn_io_completion *completion)
{
    struct cairn_connection *connection = op->context;
    struct cairn_turn *turn = cairn_io_turn(connection->io);
    struct cairn_message *message =
        cairn_turn_message(turn, CAIRN_MESSAGE_SENT, 0, sizeof(struct cairn_connection_io));
    cairn_assert(message != NULL);
    const struct cairn_connection_io sent = {
        .completion = *completion,
        .at_ns = cairn_turn_clock_ns(turn),
    };
    memcpy(message->payload, &sent, sizeof(sent));
    cairn_assert(cairn_turn_send(turn, connection->self, message) == 0);
}

static void start_send(struct cairn_turn *turn, struct cairn_connection *connection)
{
    struct cairn_buffer *next = &connection->out[1];
    if (connection->is_sending || next->bytes == 0)
        return;
    if (next->failed || next->bytes > UINT32_MAX) {
        connection->is_broken = true;
        return;
    }
    struct cairn_buffer swap = connection->out[0];
    connection->out[0] = *next;
    connection->out[1] = swap;
    cairn_buffer_clear(&connection->out[1]);

    connection->sending = connection->written;
    connection->is_sending = true;
    connection->sending_ns = cairn_turn_now_ns(turn);
    connection->send = (struct cairn_io_op){.complete = on_sent, .context = connection};
    cairn_io_send(connection->io, &connection->send, connection->options.socket,
                  connection->out[0].data, (uint32_t)connection->out[0].bytes);
}

void cairn_connection_flush(struct cairn_turn *turn, struct cairn_connection *connection)
{
    if (connection->is_broken)
        return;
    write_ready(turn, connection);
    start_send(turn, connection);
}

/* ---- when it is sent ---- */

static void copy_text(char *target, size_t target_bytes, struct cairn_slice text)
{
    size_t bytes = text.bytes < target_bytes ? text.bytes : target_bytes - 1;
    if (bytes > 0)
        memcpy(target, text.data, bytes);
    target[bytes] = '\0';
}

static void fill_report(struct cairn_request_report *report,
                        const struct cairn_connection_slot *slot, uint64_t at_ns)
{
    const struct cairn_request *request = slot->request;
    *report = (struct cairn_request_report){
        .operation = request->operation,
        .status = request->status,
        .total_ns = at_ns > request->started_ns ? at_ns - request->started_ns : 0,
        .at_ms = request->now_ms,
        .seq = request->seq,
        .body_bytes = slot->body_bytes,
        .answer_bytes = slot->sent_bytes,
    };
    memcpy(report->stage_ns, request->stage_ns, sizeof(report->stage_ns));
    copy_text(report->space, sizeof(report->space), request->space);
    copy_text(report->request_id, sizeof(report->request_id),
              cairn_slice(slot->id, slot->id_bytes));
}

/* One message for all answers that went out together; NULL when nobody wants it. */
static struct cairn_message *make_report(struct cairn_turn *turn,
                                         const struct cairn_connection *connection)
{
    uint64_t count = connection->sending - connection->sent;
    const struct cairn_gateway_options *gateway = connection->gateway;
    if (count == 0 || gateway->is_unmeasured || cairn_actor_ref_is_nobody(gateway->targets.metrics))
        return NULL;
    return cairn_turn_message(turn, CAIRN_MESSAGE_REPORT, count,
                              count * sizeof(struct cairn_request_report));
}

static void finish_all(struct cairn_turn *turn, struct cairn_connection *connection, uint64_t at_ns)
{
    struct cairn_message *message = make_report(turn, connection);
    struct cairn_request_report *reports =
        message == NULL ? NULL : (struct cairn_request_report *)(void *)message->payload;
    for (uint32_t i = 0; connection->sent < connection->sending; i++) {
        struct cairn_connection_slot *slot = slot_of(connection, connection->sent++);
        if (at_ns > slot->ready_ns)
            slot->request->stage_ns[CAIRN_STAGE_SEND] += at_ns - slot->ready_ns;
        if (reports != NULL)
            fill_report(&reports[i], slot, at_ns);
        cairn_request_destroy(slot->request);
        *slot = (struct cairn_connection_slot){0};
    }
    if (message != NULL && cairn_turn_send(turn, connection->gateway->targets.metrics, message) < 0)
        cairn_turn_discard(turn, message);
}

void cairn_connection_sent(struct cairn_turn *turn, struct cairn_connection *connection,
                           const struct cairn_connection_io *sent)
{
    connection->is_sending = false;
    connection->idle_ns = cairn_turn_now_ns(turn);
    if (sent->completion.result < 0)
        connection->is_broken = true;
    finish_all(turn, connection, sent->at_ns);
    if (connection->out[0].capacity > OUT_KEPT_BYTES_MAX)
        cairn_buffer_deinit(&connection->out[0]);
}
