/* runtime/io/sim_net.c */
#include "runtime/io/sim_net.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/assert.h"
#include "runtime/base/error.h"
#include "runtime/io/sim_file.h"

#define FIRST_CHOSEN_PORT 49152u

/* ---- listeners ---- */

static struct cairn_sim_listener *find(const struct cairn_sim_net *net, uint16_t port)
{
    struct cairn_sim_listener *listener = net->listeners;
    while (listener != NULL && listener->port != port)
        listener = listener->next;
    return listener;
}

static uint16_t choose_port(struct cairn_sim_net *net)
{
    do {
        net->next_port++;
        if (net->next_port < FIRST_CHOSEN_PORT)
            net->next_port = FIRST_CHOSEN_PORT;
    } while (find(net, net->next_port) != NULL);
    return net->next_port;
}

int cairn_sim_net_listen(struct cairn_sim_net *net, uint16_t port,
                         struct cairn_sim_listener **listener)
{
    if (port == 0)
        port = choose_port(net);
    if (find(net, port) != NULL)
        return -EADDRINUSE;
    struct cairn_sim_listener *created = cairn_sim_allocate(sizeof(*created));
    created->port = port;
    created->next = net->listeners;
    net->listeners = created;
    *listener = created;
    return 0;
}

void cairn_sim_net_unlisten(struct cairn_sim_net *net, struct cairn_sim_listener *listener)
{
    struct cairn_sim_listener **link = &net->listeners;
    while (*link != listener)
        link = &(*link)->next;
    *link = listener->next;
    for (uint32_t i = 0; i < listener->pending_count; i++)
        cairn_sim_socket_close(listener->pending[i], true);
    free(listener);
}

static struct cairn_sim_socket *create_socket(uint32_t inbox_bytes)
{
    struct cairn_sim_socket *socket = cairn_sim_allocate(sizeof(*socket));
    socket->inbox = cairn_sim_allocate(inbox_bytes);
    socket->inbox_capacity = inbox_bytes;
    return socket;
}

int cairn_sim_net_connect(struct cairn_sim_net *net, uint16_t port,
                          struct cairn_sim_socket **socket)
{
    struct cairn_sim_listener *listener = find(net, port);
    if (listener == NULL || listener->pending_count == CAIRN_SIM_BACKLOG)
        return -ECONNREFUSED;

    struct cairn_sim_socket *near = create_socket(net->socket_bytes);
    struct cairn_sim_socket *far = create_socket(net->socket_bytes);
    near->peer = far;
    far->peer = near;
    listener->pending[listener->pending_count++] = far;
    *socket = near;
    return 0;
}

struct cairn_sim_socket *cairn_sim_listener_accept(struct cairn_sim_listener *listener)
{
    cairn_assert(listener->pending_count > 0);
    struct cairn_sim_socket *oldest = listener->pending[0];
    listener->pending_count--;
    memmove(&listener->pending[0], &listener->pending[1],
            listener->pending_count * sizeof(struct cairn_sim_socket *));
    return oldest;
}

/* ---- sockets ---- */

static uint32_t room(const struct cairn_sim_socket *socket)
{
    return socket->inbox_capacity - socket->inbox_bytes;
}

bool cairn_sim_socket_can_send(const struct cairn_sim_socket *socket)
{
    bool fails = socket->reset || socket->shut || socket->peer == NULL || socket->peer->ended;
    return fails || room(socket->peer) > 0;
}

bool cairn_sim_socket_can_receive(const struct cairn_sim_socket *socket)
{
    return socket->reset || socket->ended || socket->inbox_bytes > 0;
}

static void ring_write(struct cairn_sim_socket *socket, const uint8_t *data, uint32_t bytes)
{
    uint32_t end = (socket->inbox_start + socket->inbox_bytes) % socket->inbox_capacity;
    uint32_t to_wrap = socket->inbox_capacity - end;
    uint32_t first = bytes < to_wrap ? bytes : to_wrap;
    memcpy(socket->inbox + end, data, first);
    memcpy(socket->inbox, data + first, bytes - first);
    socket->inbox_bytes += bytes;
}

static void ring_read(struct cairn_sim_socket *socket, uint8_t *buffer, uint32_t bytes)
{
    uint32_t to_wrap = socket->inbox_capacity - socket->inbox_start;
    uint32_t first = bytes < to_wrap ? bytes : to_wrap;
    memcpy(buffer, socket->inbox + socket->inbox_start, first);
    memcpy(buffer + first, socket->inbox, bytes - first);
    socket->inbox_start = (socket->inbox_start + bytes) % socket->inbox_capacity;
    socket->inbox_bytes -= bytes;
}

int64_t cairn_sim_socket_send(struct cairn_sim_socket *socket, const void *data, size_t bytes)
{
    if (socket->reset)
        return -ECONNRESET;
    if (socket->shut || socket->peer == NULL || socket->peer->ended)
        return -EPIPE;
    uint32_t space = room(socket->peer);
    if (space == 0 && bytes > 0)
        return -EAGAIN;
    uint32_t count = bytes < space ? (uint32_t)bytes : space;
    if (count > 0)
        ring_write(socket->peer, data, count);
    return count;
}

int64_t cairn_sim_socket_receive(struct cairn_sim_socket *socket, void *buffer, size_t bytes)
{
    if (socket->reset)
        return -ECONNRESET;
    if (socket->inbox_bytes == 0)
        return socket->ended ? 0 : -EAGAIN;
    uint32_t count = bytes < socket->inbox_bytes ? (uint32_t)bytes : socket->inbox_bytes;
    ring_read(socket, buffer, count);
    return count;
}

void cairn_sim_socket_shutdown(struct cairn_sim_socket *socket)
{
    socket->shut = true;
    socket->ended = true;
    if (socket->peer != NULL)
        socket->peer->ended = true;
}

void cairn_sim_socket_close(struct cairn_sim_socket *socket, bool with_reset)
{
    if (socket->peer != NULL) {
        socket->peer->ended = true;
        socket->peer->reset = with_reset;
        socket->peer->peer = NULL;
    }
    free(socket->inbox);
    free(socket);
}
