#include "actors/gateway/listener.h"

#include <errno.h>
#include <stdlib.h>

#include "actors/gateway/connection.h"
#include "actors/messages.h"
#include "runtime/base/assert.h"
#include "runtime/base/log.h"
#include "runtime/io/io.h"

#define BACKOFF_MS 100

/* Connections over the limit that are told so; beyond these they are just closed. */
#define REFUSED_MAX 64u

#define NO_ENTRY UINT32_MAX

/* A connection, or a place for one in the free list. */
struct entry {
    struct cairn_actor_ref connection;
    uint32_t next_free;
    bool is_refused;
};

struct listener {
    struct cairn_listener_options options;
    struct cairn_io *io;
    struct cairn_actor_ref self;
    struct cairn_io_op accept;
    bool is_accepting;
    bool is_stopping;
    struct entry *entries; /* owned; connections_max + REFUSED_MAX */
    uint32_t entry_count;
    uint32_t free;
    uint32_t open;    /* entries in use */
    uint32_t refused; /* of them */
    uint32_t next_worker;
    _Alignas(64) _Atomic uint64_t bodies_bytes; /* every connection adds and subtracts */
};

struct accepted {
    int result;
    uint32_t flags;
};

/* ---- accepting ---- */

static void on_accepted(struct cairn_io_op *op, const struct cairn_io_completion *completion)
{
    struct listener *listener = op->context;
    struct cairn_turn *turn = cairn_io_turn(listener->io);
    const struct accepted accepted = {.result = completion->result, .flags = completion->flags};
    struct cairn_message *message =
        cairn_turn_message(turn, CAIRN_MESSAGE_ACCEPTED, 0, sizeof(accepted));
    cairn_assert(message != NULL);
    memcpy(message->payload, &accepted, sizeof(accepted));
    cairn_assert(cairn_turn_send(turn, listener->self, message) == 0);
}

static void arm(struct listener *listener)
{
    if (listener->is_accepting || listener->is_stopping)
        return;
    listener->accept = (struct cairn_io_op){.complete = on_accepted, .context = listener};
    listener->is_accepting = true;
    cairn_io_accept(listener->io, &listener->accept, listener->options.socket);
}

/* ---- connections ---- */

static uint32_t take_entry(struct listener *listener)
{
    uint32_t index = listener->free;
    if (index != NO_ENTRY) {
        listener->free = listener->entries[index].next_free;
        listener->open++;
    }
    return index;
}

static void return_entry(struct listener *listener, uint32_t index)
{
    struct entry *entry = &listener->entries[index];
    if (entry->is_refused)
        listener->refused--;
    *entry = (struct entry){.next_free = listener->free};
    listener->free = index;
    listener->open--;
}

static uint32_t choose_worker(struct listener *listener)
{
    uint32_t worker = listener->next_worker;
    listener->next_worker = (worker + 1) % listener->options.worker_count;
    return worker;
}

static int open_connection(struct cairn_turn *turn, struct listener *listener, int socket,
                           uint32_t index)
{
    struct entry *entry = &listener->entries[index];
    uint32_t served = listener->open - 1 - listener->refused;
    entry->is_refused = served >= listener->options.gateway->limits.connections_max;
    listener->refused += entry->is_refused;
    const struct cairn_connection_options options = {
        .gateway = listener->options.gateway,
        .listener = listener->self,
        .index = index,
        .socket = socket,
        .worker = choose_worker(listener),
        .bodies_bytes = &listener->bodies_bytes,
        .is_refused = entry->is_refused,
    };
    return cairn_connection_spawn(turn, &options, &entry->connection);
}

static void take_connection(struct cairn_turn *turn, struct listener *listener, int socket)
{
    uint32_t index = listener->is_stopping ? NO_ENTRY : take_entry(listener);
    if (index == NO_ENTRY) {
        cairn_io_close(listener->io, socket);
        return;
    }
    int result = open_connection(turn, listener, socket, index);
    if (result == 0)
        return;
    cairn_log(CAIRN_LOG_WARN, "connection_refused", cairn_log_error("error", result));
    return_entry(listener, index);
    cairn_io_close(listener->io, socket);
}

static void accepted(struct cairn_turn *turn, struct listener *listener,
                     const struct accepted *accepted)
{
    if (!(accepted->flags & CAIRN_IO_MORE))
        listener->is_accepting = false;
    if (accepted->result >= 0) {
        take_connection(turn, listener, accepted->result);
        arm(listener);
        return;
    }
    if (accepted->result == -ECANCELED || accepted->result == -ECONNABORTED) {
        arm(listener);
        return;
    }
    cairn_log(CAIRN_LOG_WARN, "accept_failed", cairn_log_error("error", accepted->result),
              cairn_log_u64("retry_ms", BACKOFF_MS));
    cairn_turn_timer(turn, BACKOFF_MS, 0);
}

/* ---- stopping ---- */

static void stop(struct cairn_turn *turn, struct listener *listener)
{
    if (listener->is_stopping)
        return;
    listener->is_stopping = true;
    if (listener->is_accepting)
        cairn_io_cancel(listener->io, &listener->accept);
    for (uint32_t i = 0; i < listener->entry_count; i++)
        if (!cairn_actor_ref_is_nobody(listener->entries[i].connection))
            (void)cairn_turn_tell(turn, listener->entries[i].connection, CAIRN_MESSAGE_STOP, 0);
}

static int behave(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    struct listener *listener = state;
    const void *payload = message->payload;
    switch (message->type) {
    case CAIRN_MESSAGE_START:
        listener->io = cairn_turn_io(turn);
        listener->self = cairn_turn_self(turn);
        arm(listener);
        break;
    case CAIRN_MESSAGE_ACCEPTED:
        accepted(turn, listener, payload);
        break;
    case CAIRN_MESSAGE_CLOSE:
        return_entry(listener, (uint32_t)message->value);
        break;
    case CAIRN_MESSAGE_TIMER:
        arm(listener);
        break;
    case CAIRN_MESSAGE_STOP:
        stop(turn, listener);
        break;
    default:
        break;
    }
    bool is_over = listener->is_stopping && !listener->is_accepting && listener->open == 0;
    return is_over ? CAIRN_TURN_STOP : CAIRN_TURN_OK;
}

/* ---- creation ---- */

static void destroy(void *state)
{
    struct listener *listener = state;
    if (listener->io != NULL)
        cairn_io_close(listener->io, listener->options.socket);
    free(listener->entries);
    free(listener);
}

static struct listener *create(const struct cairn_listener_options *options)
{
    struct listener *listener = aligned_alloc(_Alignof(struct listener), sizeof(*listener));
    if (listener == NULL)
        return NULL;
    memset(listener, 0, sizeof(*listener));
    listener->options = *options;
    listener->entry_count = options->gateway->limits.connections_max + REFUSED_MAX;
    listener->entries = calloc(listener->entry_count, sizeof(*listener->entries));
    if (listener->entries == NULL) {
        free(listener);
        return NULL;
    }
    for (uint32_t i = 0; i < listener->entry_count; i++)
        listener->entries[i].next_free = i + 1 < listener->entry_count ? i + 1 : NO_ENTRY;
    return listener;
}

int cairn_listener_spawn(struct cairn_system *system, const struct cairn_listener_options *options,
                         struct cairn_actor_ref *ref)
{
    cairn_assert(options->worker_count > 0);
    cairn_assert(options->gateway->limits.connections_max > 0);
    struct listener *listener = create(options);
    if (listener == NULL)
        return -ENOMEM;
    const struct cairn_actor_options actor = {
        .name = "listener",
        .behaviour = behave,
        .state = listener,
        .release = destroy,
        .flags = CAIRN_ACTOR_PINNED | CAIRN_ACTOR_SYSTEM,
        .worker = 0,
    };
    int result = cairn_system_spawn(system, &actor, ref);
    if (result < 0)
        destroy(listener);
    return result;
}
