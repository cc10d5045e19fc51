#include "actors/gateway/connection_internal.h"

#include "actors/messages.h"
#include "storage/event.h"

static size_t keep_name(char target[128], struct cairn_slice name)
{
    size_t bytes = name.bytes < 128 ? name.bytes : 128;
    if (bytes > 0)
        memcpy(target, name.data, bytes);
    return bytes;
}

void cairn_connection_follow(struct cairn_connection *connection, struct cairn_request *request)
{
    struct cairn_connection_stream *stream = &connection->stream;
    struct cairn_slice kind = CAIRN_SLICE_EMPTY;
    cairn_request_query(request, "kind", &kind);
    stream->space_bytes = keep_name(stream->space, request->space);
    stream->kind_bytes = keep_name(stream->kind, kind);
    stream->is_wanted = true;
}

static bool is_wanted_kind(const struct cairn_connection_stream *stream,
                           const struct cairn_event *event)
{
    struct cairn_slice wanted = cairn_slice(stream->kind, stream->kind_bytes);
    if (wanted.bytes == 0)
        return true;
    struct cairn_slice name = cairn_slice_of(cairn_event_kind_name(event->kind));
    if (event->kind == CAIRN_EVENT_CUSTOM)
        cairn_event_field(event, CAIRN_FIELD_NAME, &name);
    return cairn_slice_equal(name, wanted);
}

/* A batch holds the events of a whole shard; another space's are none of this client's business. */
static bool is_wanted(const struct cairn_connection_stream *stream, const struct cairn_event *event)
{
    return cairn_slice_equal(event->space, cairn_slice(stream->space, stream->space_bytes)) &&
           event->seq > stream->after_seq && is_wanted_kind(stream, event);
}

static void render(struct cairn_connection *connection, const struct cairn_event *event,
                   struct cairn_buffer *out)
{
    cairn_buffer_append_text(out, "id: ");
    cairn_buffer_append_u64(out, event->seq);
    cairn_buffer_append_text(out, "\ndata: ");
    connection->gateway->render_event(connection->gateway->context, event, out);
    cairn_buffer_append_text(out, "\n\n");
}

static struct cairn_buffer *stream_target(struct cairn_connection *connection)
{
    return connection->stream.is_flowing ? &connection->out[1] : &connection->stream.waiting;
}

void cairn_connection_followed(struct cairn_connection *connection, struct cairn_batch *batch)
{
    struct cairn_connection_stream *stream = &connection->stream;
    if (batch == NULL) {
        stream->is_wanted = false;
        return;
    }
    struct cairn_buffer *out = stream_target(connection);
    bool is_served = connection->mode == CAIRN_CONNECTION_CLOSING && !connection->is_broken;
    for (uint32_t i = 0; is_served && i < batch->count; i++)
        if (is_wanted(stream, &batch->events[i]))
            render(connection, &batch->events[i], out);
    cairn_batch_release(batch);
    /* Whoever reads more slowly than events come is cut off; it may come back with `since`. */
    if (out->bytes > connection->limits->follow_bytes_max || out->failed)
        connection->is_broken = true;
}

/* Events that came before the answer, and are part of it, are dropped here: their text begins with
 * their sequence. */
static struct cairn_slice after(struct cairn_slice waiting, uint64_t after_seq)
{
    static const char end[] = "\n\n";
    while (waiting.bytes > 0) {
        const char *line_end = memchr(waiting.data, '\n', waiting.bytes);
        uint64_t seq = 0;
        if (!cairn_slice_to_u64(
                cairn_slice(waiting.data + 4, (size_t)(line_end - waiting.data) - 4), &seq) ||
            seq > after_seq)
            break;
        const char *next = memmem(waiting.data, waiting.bytes, end, 2);
        size_t consumed = (size_t)(next - waiting.data) + 2;
        waiting = cairn_slice(waiting.data + consumed, waiting.bytes - consumed);
    }
    return waiting;
}

void cairn_connection_flow(struct cairn_connection *connection, uint64_t after_seq)
{
    struct cairn_connection_stream *stream = &connection->stream;
    stream->is_flowing = true;
    stream->after_seq = after_seq;
    cairn_buffer_append_slice(&connection->out[1],
                              after(cairn_buffer_slice(&stream->waiting), after_seq));
    cairn_buffer_deinit(&stream->waiting);
}

void cairn_connection_unfollow(struct cairn_turn *turn, struct cairn_connection *connection)
{
    struct cairn_connection_stream *stream = &connection->stream;
    if (!stream->is_wanted || stream->is_told)
        return;
    stream->is_told = true;
    /* An ingest that has ended sends nothing more either. */
    if (cairn_turn_tell(turn, connection->gateway->targets.ingest, CAIRN_MESSAGE_UNFOLLOW, 0) < 0)
        stream->is_wanted = false;
}
