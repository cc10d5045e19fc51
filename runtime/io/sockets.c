/* runtime/io/sockets.c: TCP sockets by plain system calls, for uring and posix.
 *
 * Sockets stay in blocking mode: io_uring waits for readiness by itself, posix asks for
 * MSG_DONTWAIT call by call, and the `_now` functions want to block. */
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/io/io_internal.h"

#define LISTEN_BACKLOG 4096

static void system_close(struct cairn_io *io, int fd)
{
    (void)io;
    close(fd);
}

static int error_of_resolver(int code)
{
    switch (code) {
    case EAI_SYSTEM:
        return -errno;
    case EAI_MEMORY:
        return -ENOMEM;
    case EAI_AGAIN:
        return -EAGAIN;
    default:
        return -EADDRNOTAVAIL;
    }
}

static int resolve(const char *host, uint16_t port, int flags, struct addrinfo **addresses)
{
    char service[8];
    snprintf(service, sizeof(service), "%u", port);
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV};
    int code = getaddrinfo(host, service, &hints, addresses);
    return code == 0 ? 0 : error_of_resolver(code);
}

static void set_option(int socket, int level, int option)
{
    int on = 1;
    setsockopt(socket, level, option, &on, sizeof(on));
}

/* SO_REUSEADDR lets a restart take the port while old connections linger. Not SO_REUSEPORT: a
 * second service on the same port must fail. */
static int listen_at(const struct addrinfo *address)
{
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, address->ai_protocol);
    if (fd < 0)
        return -errno;
    set_option(fd, SOL_SOCKET, SO_REUSEADDR);
    if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, LISTEN_BACKLOG) == 0)
        return fd;
    int error = -errno;
    close(fd);
    return error;
}

static int bound_port(int socket, uint16_t *port)
{
    struct sockaddr_storage address = {0};
    socklen_t bytes = sizeof(address);
    if (getsockname(socket, (struct sockaddr *)&address, &bytes) < 0)
        return -errno;
    /* The port is at the same place in both families. */
    struct sockaddr_in inet;
    memcpy(&inet, &address, sizeof(inet));
    *port = ntohs(inet.sin_port);
    return 0;
}

static int system_listen(struct cairn_io *io, const char *host, uint16_t port, uint16_t *port_bound)
{
    (void)io;
    struct addrinfo *addresses;
    int result = resolve(host, port, AI_PASSIVE, &addresses);
    if (result < 0)
        return result;

    int fd = -EADDRNOTAVAIL;
    for (struct addrinfo *address = addresses; address != NULL && fd < 0;
         address = address->ai_next)
        fd = listen_at(address);
    freeaddrinfo(addresses);
    if (fd < 0)
        return fd;

    result = bound_port(fd, port_bound);
    if (result == 0)
        return fd;
    close(fd);
    return result;
}

/* A connect that a signal interrupts goes on by itself: wait for its outcome. */
static int finish_connect(int socket)
{
    struct pollfd ready = {.fd = socket, .events = POLLOUT};
    while (poll(&ready, 1, -1) < 0)
        if (errno != EINTR)
            return -errno;
    int error = 0;
    socklen_t bytes = sizeof(error);
    if (getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &bytes) < 0)
        return -errno;
    return -error;
}

static int connect_to(const struct addrinfo *address)
{
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, address->ai_protocol);
    if (fd < 0)
        return -errno;
    int result = connect(fd, address->ai_addr, address->ai_addrlen) == 0 ? 0 : -errno;
    if (result == -EINTR)
        result = finish_connect(fd);
    if (result == 0) {
        set_option(fd, IPPROTO_TCP, TCP_NODELAY);
        return fd;
    }
    close(fd);
    return result;
}

static int system_connect_now(struct cairn_io *io, const char *host, uint16_t port)
{
    (void)io;
    struct addrinfo *addresses;
    int result = resolve(host, port, 0, &addresses);
    if (result < 0)
        return result;

    int fd = -EADDRNOTAVAIL;
    for (struct addrinfo *address = addresses; address != NULL && fd < 0;
         address = address->ai_next)
        fd = connect_to(address);
    freeaddrinfo(addresses);
    return fd;
}

static int system_send_now(struct cairn_io *io, int socket, const void *data, size_t bytes)
{
    (void)io;
    const char *source = data;
    size_t done = 0;
    while (done < bytes) {
        ssize_t count = send(socket, source + done, bytes - done, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -errno;
        done += (size_t)count;
    }
    return 0;
}

static int64_t system_receive_now(struct cairn_io *io, int socket, void *buffer, size_t bytes)
{
    (void)io;
    ssize_t count;
    do
        count = recv(socket, buffer, bytes, 0);
    while (count < 0 && errno == EINTR);
    return count < 0 ? -errno : (int64_t)count;
}

static void system_shutdown(struct cairn_io *io, int socket)
{
    (void)io;
    shutdown(socket, SHUT_RDWR);
}

/* Answers are written whole, so waiting to fill a packet would only delay them. */
void cairn_io_system_accepted(int socket)
{
    set_option(socket, IPPROTO_TCP, TCP_NODELAY);
}

const struct cairn_io_sockets cairn_io_system_sockets = {
    .close = system_close,
    .listen = system_listen,
    .connect_now = system_connect_now,
    .send_now = system_send_now,
    .receive_now = system_receive_now,
    .shutdown = system_shutdown,
};
