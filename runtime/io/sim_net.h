/* runtime/io/sim_net.h: the simulated network: listeners by port, connections as pairs of sockets.
 *
 * A socket has an inbox, which its peer fills: that is the direction's whole buffer.
 *
 * Ownership   A socket is its opener's until it is closed; a listener owns the connections that
 *             nobody accepted yet.
 * Context     One thread.
 * Errors      As from the system calls.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CAIRN_SIM_BACKLOG 128

struct cairn_sim_socket {
    struct cairn_sim_socket *peer; /* NULL once it is closed */
    uint8_t *inbox;                /* a ring */
    uint32_t inbox_start;
    uint32_t inbox_bytes;
    uint32_t inbox_capacity;
    bool ended; /* nothing more will come */
    bool shut;  /* nothing more may be sent */
    bool reset;
};

struct cairn_sim_listener {
    struct cairn_sim_listener *next;
    uint16_t port;
    uint32_t pending_count;
    struct cairn_sim_socket *pending[CAIRN_SIM_BACKLOG]; /* oldest first */
};

struct cairn_sim_net {
    struct cairn_sim_listener *listeners;
    uint32_t socket_bytes;
    uint16_t next_port; /* to choose */
};

/* 0 as `port` chooses one. -EADDRINUSE. */
int cairn_sim_net_listen(struct cairn_sim_net *net, uint16_t port,
                         struct cairn_sim_listener **listener);
void cairn_sim_net_unlisten(struct cairn_sim_net *net, struct cairn_sim_listener *listener);
/* -ECONNREFUSED: nobody listens, or the backlog is full. */
int cairn_sim_net_connect(struct cairn_sim_net *net, uint16_t port,
                          struct cairn_sim_socket **socket);
/* The oldest connection that waits. There must be one. */
struct cairn_sim_socket *cairn_sim_listener_accept(struct cairn_sim_listener *listener);

bool cairn_sim_socket_can_send(const struct cairn_sim_socket *socket); /* or fails at once */
bool cairn_sim_socket_can_receive(const struct cairn_sim_socket *socket);
/* Bytes taken. -EAGAIN: no room. -EPIPE, -ECONNRESET. */
int64_t cairn_sim_socket_send(struct cairn_sim_socket *socket, const void *data, size_t bytes);
/* Bytes brought; 0: the end. -EAGAIN: nothing there. -ECONNRESET. */
int64_t cairn_sim_socket_receive(struct cairn_sim_socket *socket, void *buffer, size_t bytes);
void cairn_sim_socket_shutdown(struct cairn_sim_socket *socket);
void cairn_sim_socket_close(struct cairn_sim_socket *socket, bool with_reset);
