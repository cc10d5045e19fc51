#include "actors/gateway/connection.h"

#include <errno.h>
#include <stdlib.h>

#include "actors/gateway/connection_internal.h"
#include "actors/messages.h"
#include "runtime/base/assert.h"
#include "runtime/base/time.h"

/* How soon a full mailbox is tried again. */
#define STALL_RETRY_MS 2

/* ---- receiving ---- */

static void on_received(struct cairn_io_op *op, const struct cairn_io_completion *completion)
{
    struct cairn_connection *connection = op->context;
    struct cairn_turn *turn = cairn_io_turn(connection->io);
    struct cairn_message *message =
        cairn_turn_message(turn, CAIRN_MESSAGE_RECEIVED, 0, sizeof(struct cairn_connection_io));
    cairn_assert(message != NULL);
    const struct cairn_connection_io received = {
        .completion = *completion,
        .at_ns = cairn_turn_clock_ns(turn),
    };
    memcpy(message->payload, &received, sizeof(received));
    cairn_assert(cairn_turn_send(turn, connection->self, message) == 0);
}

/* Whether more bytes are of use. Outside of OPEN they are read to be dropped: a client that is busy
 * sending would be reset otherwise, and would never read its answer; and a follower's end shows
 * only here. */
static bool wants_bytes(const struct cairn_connection *connection)
{
    if (connection->is_ended || connection->is_broken)
        return false;
    switch (connection->mode) {
    case CAIRN_CONNECTION_OPEN:
        return connection->backlog.bytes == connection->backlog_offset &&
               cairn_connection_has_room(connection);
    case CAIRN_CONNECTION_CLOSING:
        return connection->needs_linger || connection->stream.is_wanted;
    case CAIRN_CONNECTION_LINGERING:
        return true;
    case CAIRN_CONNECTION_ENDING:
        break;
    }
    return false;
}

static void steer_receive(struct cairn_connection *connection)
{
    bool is_wanted = wants_bytes(connection);
    if (is_wanted && !connection->is_receiving) {
        connection->receive = (struct cairn_io_op){.complete = on_received, .context = connection};
        connection->is_receiving = true;
        connection->is_cancelled = false;
        cairn_io_receive(connection->io, &connection->receive, connection->options.socket);
    } else if (!is_wanted && connection->is_receiving && !connection->is_cancelled) {
        connection->is_cancelled = true;
        cairn_io_cancel(connection->io, &connection->receive);
    }
}

static void received(struct cairn_turn *turn, struct cairn_connection *connection,
                     const struct cairn_connection_io *io)
{
    const struct cairn_io_completion *completion = &io->completion;
    if (!(completion->flags & CAIRN_IO_MORE))
        connection->is_receiving = false;
    if (completion->result > 0)
        cairn_connection_take(turn, connection, completion->data, io->at_ns);
    else if (completion->result == 0)
        connection->is_ended = true;
    else if (completion->result != -ECANCELED && completion->result != -ENOBUFS)
        connection->is_broken = true;
    if (completion->flags & CAIRN_IO_BUFFER)
        cairn_io_buffer_return(connection->io, completion->buffer_id);
}

/* ---- time ---- */

static uint64_t after_ms(uint64_t from_ns, uint64_t delay_ms)
{
    return from_ns + delay_ms * CAIRN_NS_PER_MS;
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* How long an open connection may go on without another byte. */
static uint64_t input_deadline(const struct cairn_connection *connection)
{
    const struct cairn_gateway_limits *limits = connection->limits;
    if (connection->stalled != NULL || connection->accepted > connection->sent)
        return UINT64_MAX;
    if (cairn_http_is_in_body(connection->http))
        return after_ms(later(connection->received_ns, connection->idle_ns),
                        limits->body_timeout_ms);
    if (!cairn_http_is_idle(connection->http))
        return after_ms(later(connection->head_ns, connection->idle_ns), limits->header_timeout_ms);
    return after_ms(connection->idle_ns, limits->idle_timeout_ms);
}

static uint64_t deadline(const struct cairn_connection *connection)
{
    const struct cairn_gateway_limits *limits = connection->limits;
    uint64_t due_ns = UINT64_MAX;
    if (connection->mode == CAIRN_CONNECTION_OPEN)
        due_ns = input_deadline(connection);
    if (connection->mode == CAIRN_CONNECTION_LINGERING)
        due_ns = after_ms(connection->linger_ns, limits->linger_ms);
    if (connection->is_sending)
        due_ns = earlier(due_ns, after_ms(connection->sending_ns, limits->idle_timeout_ms));
    if (connection->is_draining)
        due_ns = earlier(due_ns, after_ms(connection->drain_ns, limits->shutdown_ms));
    return due_ns;
}

/* The one timer is armed for the earliest moment at which something may have to happen. It is moved
 * forward only when that moment comes nearer: a busy connection leaves it alone. */
static void steer_timer(struct cairn_turn *turn, struct cairn_connection *connection)
{
    uint64_t now_ns = cairn_turn_now_ns(turn);
    uint64_t due_ns = deadline(connection);
    if (connection->stalled != NULL)
        due_ns = earlier(due_ns, after_ms(now_ns, STALL_RETRY_MS));
    if (due_ns >= connection->timer_ns)
        return;
    if (connection->timer_ns != UINT64_MAX)
        cairn_turn_timer_cancel(turn, connection->timer);
    uint64_t delay_ns = due_ns > now_ns ? due_ns - now_ns : 0;
    connection->timer_ns = due_ns;
    connection->timer = cairn_turn_timer(turn, (delay_ns + CAIRN_NS_PER_MS - 1) / CAIRN_NS_PER_MS,
                                         ++connection->timer_number);
}

static void expire(struct cairn_turn *turn, struct cairn_connection *connection)
{
    bool is_reading = connection->mode == CAIRN_CONNECTION_OPEN && !connection->is_sending &&
                      !connection->is_draining;
    if (is_reading && !cairn_http_is_idle(connection->http)) {
        cairn_connection_refuse(turn, connection, 408,
                                cairn_http_is_in_body(connection->http)
                                    ? "the body did not come in time"
                                    : "the head did not come in time");
        return;
    }
    connection->mode = CAIRN_CONNECTION_ENDING;
}

static void timer_fired(struct cairn_turn *turn, struct cairn_connection *connection,
                        uint64_t number)
{
    if (number != connection->timer_number)
        return;
    connection->timer_ns = UINT64_MAX;
    uint64_t now_ns = cairn_turn_now_ns(turn);
    if (connection->stalled != NULL &&
        now_ns >= after_ms(connection->stalled_ns, connection->limits->stall_max_ms))
        cairn_connection_refuse_stalled(turn, connection);
    if (now_ns >= deadline(connection))
        expire(turn, connection);
}

/* ---- the end ---- */

static bool is_all_sent(const struct cairn_connection *connection)
{
    return connection->sent == connection->accepted && !connection->is_sending &&
           connection->out[1].bytes == 0;
}

/* From OPEN to CLOSING to LINGERING to ENDING, as far as it goes. */
static void advance(struct cairn_turn *turn, struct cairn_connection *connection)
{
    if (connection->is_broken)
        connection->mode = CAIRN_CONNECTION_ENDING;
    if (connection->mode == CAIRN_CONNECTION_OPEN &&
        (connection->is_draining ||
         (connection->is_ended && connection->backlog.bytes == connection->backlog_offset)))
        connection->mode = CAIRN_CONNECTION_CLOSING;
    if (connection->mode == CAIRN_CONNECTION_CLOSING && connection->stream.is_wanted &&
        (connection->is_draining || connection->is_ended))
        connection->mode = CAIRN_CONNECTION_ENDING;
    if (connection->mode == CAIRN_CONNECTION_CLOSING && is_all_sent(connection) &&
        !connection->stream.is_wanted) {
        connection->mode = CAIRN_CONNECTION_LINGERING;
        connection->linger_ns = cairn_turn_now_ns(turn);
    }
    if (connection->mode == CAIRN_CONNECTION_LINGERING &&
        (connection->is_ended || !connection->needs_linger))
        connection->mode = CAIRN_CONNECTION_ENDING;
}

static void drop_stalled(struct cairn_connection *connection)
{
    if (connection->stalled == NULL)
        return;
    cairn_request_destroy(connection->stalled);
    connection->stalled = NULL;
    if (connection->stalled_type == CAIRN_MESSAGE_FOLLOW)
        connection->stream.is_wanted = false;
}

static void release_bodies(struct cairn_connection *connection)
{
    cairn_connection_release_body(connection, &connection->held_bytes);
    for (uint32_t i = 0; i < connection->limits->pipeline_max; i++)
        cairn_connection_release_body(connection, &connection->slots[i].held_bytes);
}

/* What is under way is called back; the last of it ends the actor. */
static int wind_up(struct cairn_turn *turn, struct cairn_connection *connection)
{
    drop_stalled(connection);
    cairn_connection_unfollow(turn, connection);
    if (connection->is_sending)
        cairn_io_shutdown(connection->io, connection->options.socket);
    if (connection->is_receiving || connection->is_sending || connection->away > 0 ||
        connection->stream.is_wanted)
        return CAIRN_TURN_OK;
    release_bodies(connection);
    cairn_io_close(connection->io, connection->options.socket);
    connection->options.socket = -1;
    (void)cairn_turn_tell(turn, connection->options.listener, CAIRN_MESSAGE_CLOSE,
                          connection->options.index);
    return CAIRN_TURN_STOP;
}

/* After every message: write what is ready, read what there is room for, and see how to go on. */
static int settle(struct cairn_turn *turn, struct cairn_connection *connection)
{
    cairn_connection_resume(turn, connection);
    cairn_connection_flush(turn, connection);
    advance(turn, connection);
    steer_receive(connection);
    if (connection->mode == CAIRN_CONNECTION_ENDING)
        return wind_up(turn, connection);
    steer_timer(turn, connection);
    return CAIRN_TURN_OK;
}

/* ---- the actor ---- */

static void start(struct cairn_turn *turn, struct cairn_connection *connection)
{
    connection->io = cairn_turn_io(turn);
    connection->self = cairn_turn_self(turn);
    connection->idle_ns = cairn_turn_now_ns(turn);
    connection->request_ns = cairn_turn_clock_ns(turn);
    connection->parse_ns = connection->request_ns;
    if (connection->options.is_refused)
        cairn_connection_refuse(turn, connection, 503,
                                "there are [server] max_connections already");
}

static void drain(struct cairn_turn *turn, struct cairn_connection *connection)
{
    connection->is_draining = true;
    connection->drain_ns = cairn_turn_now_ns(turn);
}

static void take_message(struct cairn_turn *turn, struct cairn_connection *connection,
                         struct cairn_message *message)
{
    const void *payload = message->payload;
    switch (message->type) {
    case CAIRN_MESSAGE_START:
        start(turn, connection);
        break;
    case CAIRN_MESSAGE_RECEIVED:
        received(turn, connection, payload);
        break;
    case CAIRN_MESSAGE_ANSWER:
        cairn_connection_answer(turn, connection, cairn_request_of(message));
        break;
    case CAIRN_MESSAGE_SENT:
        cairn_connection_sent(turn, connection, payload);
        break;
    case CAIRN_MESSAGE_FOLLOWED:
        cairn_connection_followed(connection, (struct cairn_batch *)(uintptr_t)message->value);
        break;
    case CAIRN_MESSAGE_TIMER:
        timer_fired(turn, connection, message->value);
        break;
    case CAIRN_MESSAGE_STOP:
        drain(turn, connection);
        break;
    default:
        break;
    }
}

static int behave(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    struct cairn_connection *connection = state;
    take_message(turn, connection, message);
    return settle(turn, connection);
}

/* ---- creation ---- */

static void destroy(void *state)
{
    struct cairn_connection *connection = state;
    if (connection->io != NULL && connection->options.socket >= 0)
        cairn_io_close(connection->io, connection->options.socket);
    if (connection->slots != NULL)
        for (uint32_t i = 0; i < connection->limits->pipeline_max; i++)
            cairn_request_destroy(connection->slots[i].request);
    cairn_request_destroy(connection->incoming);
    cairn_request_destroy(connection->stalled);
    cairn_buffer_deinit(&connection->backlog);
    cairn_buffer_deinit(&connection->out[0]);
    cairn_buffer_deinit(&connection->out[1]);
    cairn_buffer_deinit(&connection->stream.waiting);
    cairn_http_destroy(connection->http);
    free(connection->slots);
    free(connection);
}

static struct cairn_connection *create(const struct cairn_connection_options *options)
{
    struct cairn_connection *connection = calloc(1, sizeof(*connection));
    if (connection == NULL)
        return NULL;
    connection->options = *options;
    connection->gateway = options->gateway;
    connection->limits = &options->gateway->limits;
    connection->timer_ns = UINT64_MAX;
    const struct cairn_http_limits limits = {
        .head_bytes_max = connection->limits->head_bytes_max,
        .body_bytes_max = connection->limits->body_bytes_max,
    };
    connection->http = cairn_http_create(&limits);
    connection->slots = calloc(connection->limits->pipeline_max, sizeof(*connection->slots));
    if (connection->http != NULL && connection->slots != NULL)
        return connection;
    destroy(connection);
    return NULL;
}

int cairn_connection_spawn(struct cairn_turn *turn, const struct cairn_connection_options *options,
                           struct cairn_actor_ref *ref)
{
    struct cairn_connection *connection = create(options);
    if (connection == NULL)
        return -ENOMEM;
    const struct cairn_actor_options actor = {
        .name = "connection",
        .behaviour = behave,
        .state = connection,
        .release = destroy,
        .flags = CAIRN_ACTOR_PINNED,
        .worker = options->worker,
    };
    int result = cairn_turn_spawn(turn, &actor, ref);
    if (result < 0)
        destroy(connection);
    return result;
}
