#include "bench/load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct connection {
    int fd;
    uint64_t sent, answered, quota; /* requests */
    double *started;                /* ring of `depth` */
    struct cairn_buffer output;
    size_t output_done;
    struct cairn_buffer input;
    bool wants_write;
};

struct load {
    const struct load_options *options;
    struct connection *connections;
    int epoll;
    uint64_t next;
    double *latencies;
    uint64_t answered;
    uint32_t open;
    char *error;
};

double load_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool fail(struct load *load, const char *what)
{
    snprintf(load->error, 256, "%s", what);
    return false;
}

static bool open_connection(struct load *load, struct connection *connection)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(load->options->port)};
    int yes = 1;
    inet_pton(AF_INET, load->options->host, &address.sin_addr);
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->fd < 0 ||
        connect(connection->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        return fail(load, "cannot connect");
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    fcntl(connection->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    epoll_ctl(load->epoll, EPOLL_CTL_ADD, connection->fd, &event);
    connection->started = calloc(load->options->depth, sizeof(double));
    connection->quota = load->options->requests / load->options->connections;
    return connection->started != NULL;
}

static void watch(struct load *load, struct connection *connection, bool wants_write)
{
    struct epoll_event event = {.events = EPOLLIN | (wants_write ? EPOLLOUT : 0),
                                .data.ptr = connection};
    if (wants_write == connection->wants_write)
        return;
    epoll_ctl(load->epoll, EPOLL_CTL_MOD, connection->fd, &event);
    connection->wants_write = wants_write;
}

static bool flush(struct load *load, struct connection *connection)
{
    while (connection->output_done < connection->output.bytes) {
        ssize_t sent = send(connection->fd, connection->output.data + connection->output_done,
                            connection->output.bytes - connection->output_done, MSG_NOSIGNAL);
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            watch(load, connection, true);
            return true;
        }
        if (sent <= 0)
            return fail(load, "the service closed the connection (send)");
        connection->output_done += (size_t)sent;
    }
    cairn_buffer_clear(&connection->output);
    connection->output_done = 0;
    watch(load, connection, false);
    return true;
}

/* Top up to `depth` requests in flight. */
static bool fill(struct load *load, struct connection *connection)
{
    uint32_t depth = load->options->depth;
    while (connection->sent < connection->quota &&
           connection->sent - connection->answered < depth) {
        struct cairn_slice request = load->options->request(load->options->context, load->next++);
        connection->started[connection->sent % depth] = load_now();
        connection->sent++;
        cairn_buffer_append_slice(&connection->output, request);
    }
    return flush(load, connection);
}

static bool take_answers(struct load *load, struct connection *connection)
{
    size_t done = 0;
    double now = load_now();
    while (done < connection->input.bytes) {
        int64_t bytes = load->options->answer(
            cairn_slice(connection->input.data + done, connection->input.bytes - done));
        if (bytes < 0) {
            snprintf(load->error, 256, "a request failed: %.200s", connection->input.data + done);
            return false;
        }
        if (bytes == 0)
            break;
        done += (size_t)bytes;
        double started = connection->started[connection->answered++ % load->options->depth];
        load->latencies[load->answered++] = now - started;
    }
    memmove(connection->input.data, connection->input.data + done, connection->input.bytes - done);
    connection->input.bytes -= done;
    if (connection->answered == connection->quota) {
        close(connection->fd);
        load->open--;
        return true;
    }
    return fill(load, connection);
}

static bool receive(struct load *load, struct connection *connection)
{
    char *target = cairn_buffer_reserve(&connection->input, 65536);
    ssize_t bytes = recv(connection->fd, target, 65535, 0);
    if (bytes < 0 && errno == EAGAIN)
        return true;
    if (bytes <= 0)
        return fail(load, "the service closed the connection (receive)");
    connection->input.bytes += (size_t)bytes;
    connection->input.data[connection->input.bytes] = '\0';
    return take_answers(load, connection);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile_us(const struct load *load, double share)
{
    uint64_t index = (uint64_t)(share * (double)load->answered);
    if (load->answered == 0)
        return 0;
    return load->latencies[index >= load->answered ? load->answered - 1 : index] * 1e6;
}

static bool run_loop(struct load *load)
{
    struct epoll_event events[64];
    bool good = true;
    for (uint32_t i = 0; good && i < load->options->connections; i++)
        good = fill(load, &load->connections[i]);
    while (good && load->open > 0) {
        int count = epoll_wait(load->epoll, events, 64, 30000);
        if (count == 0)
            return fail(load, "no answer for 30 s");
        for (int i = 0; good && i < count; i++) {
            struct connection *connection = events[i].data.ptr;
            if (events[i].events & EPOLLOUT)
                good = flush(load, connection);
            if (good && (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
                good = receive(load, connection);
        }
    }
    return good;
}

bool load_run(const struct load_options *options, struct load_result *result)
{
    struct load load = {.options = options, .error = result->error, .open = options->connections};
    *result = (struct load_result){0};
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    load.connections = calloc(options->connections, sizeof(*load.connections));
    load.latencies = calloc(options->requests + 1, sizeof(double));
    bool good = true;
    for (uint32_t i = 0; good && i < options->connections; i++)
        good = open_connection(&load, &load.connections[i]);
    double started = load_now();
    good = good && run_loop(&load);
    result->seconds = load_now() - started;
    result->answered = load.answered;
    qsort(load.latencies, load.answered, sizeof(double), compare);
    result->p50_us = quantile_us(&load, 0.50);
    result->p99_us = quantile_us(&load, 0.99);
    result->p999_us = quantile_us(&load, 0.999);
    for (uint32_t i = 0; i < options->connections; i++) {
        cairn_buffer_deinit(&load.connections[i].input);
        cairn_buffer_deinit(&load.connections[i].output);
        free(load.connections[i].started);
    }
    free(load.connections);
    free(load.latencies);
    close(load.epoll);
    return good;
}

int64_t load_http_answer(struct cairn_slice input)
{
    const char *end = memmem(input.data, input.bytes, "\r\n\r\n", 4);
    if (end == NULL)
        return 0;
    if (input.bytes < 12 || input.data[9] != '2')
        return -1;
    size_t head = (size_t)(end - input.data) + 4;
    const char *length = memmem(input.data, head, "Content-Length: ", 16);
    size_t body = length == NULL ? 0 : strtoul(length + 16, NULL, 10);
    return input.bytes < head + body ? 0 : (int64_t)(head + body);
}

/* "+OK\r\n", ":1\r\n" or "$5\r\nhello\r\n": what XADD and CONFIG answer. */
int64_t load_redis_answer(struct cairn_slice input)
{
    const char *end = memmem(input.data, input.bytes, "\r\n", 2);
    if (end == NULL)
        return 0;
    size_t line = (size_t)(end - input.data) + 2;
    if (input.data[0] == '-')
        return -1;
    if (input.data[0] != '$')
        return (int64_t)line;
    size_t whole = line + strtoul(input.data + 1, NULL, 10) + 2;
    return input.bytes < whole ? 0 : (int64_t)whole;
}

/* ---- processes ---- */

bool load_start(struct load_process *process, const char *const argv[])
{
    int pipe_fds[2];
    if (pipe(pipe_fds) < 0)
        return false;
    process->pid = fork();
    if (process->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(pipe_fds[1], STDOUT_FILENO);
        int nothing = open("/dev/null", O_WRONLY);
        dup2(nothing, STDERR_FILENO);
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    close(pipe_fds[1]);
    process->output = pipe_fds[0];
    return process->pid > 0;
}

bool load_read_line(struct load_process *process, char *line, size_t bytes)
{
    size_t used = 0;
    while (used + 1 < bytes && read(process->output, line + used, 1) == 1) {
        if (line[used] == '\n') {
            line[used] = '\0';
            return true;
        }
        used++;
    }
    line[used] = '\0';
    return false;
}

void load_stop(struct load_process *process)
{
    kill(process->pid, SIGTERM);
    waitpid(process->pid, NULL, 0);
    close(process->output);
}

uint64_t load_resident_bytes(const struct load_process *process)
{
    char path[64], line[256];
    uint64_t kib = 0;
    snprintf(path, sizeof(path), "/proc/%d/status", process->pid);
    FILE *file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, "VmRSS:", 6) == 0)
            kib = strtoull(line + 6, NULL, 10);
    }
    if (file != NULL)
        fclose(file);
    return kib * 1024;
}

double load_cpu_seconds(const struct load_process *process)
{
    char path[64], line[1024];
    unsigned long user = 0, system = 0;
    snprintf(path, sizeof(path), "/proc/%d/stat", process->pid);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return 0;
    const char *fields = fgets(line, sizeof(line), file) == NULL ? NULL : strrchr(line, ')');
    fclose(file);
    if (fields == NULL || sscanf(fields + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                                 &user, &system) != 2)
        return 0;
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

uint16_t load_free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bind(fd, (struct sockaddr *)&address, length);
    getsockname(fd, (struct sockaddr *)&address, &length);
    close(fd);
    return ntohs(address.sin_port);
}

void load_print(const char *name, double value, const char *unit)
{
    printf("%s\t%.6g\t%s\n", name, value, unit);
    fflush(stdout);
}
