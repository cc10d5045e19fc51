#include "tools/http_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/json.h"
#include "tools/tool.h"

#define HEAD_BYTES_MAX 65536
#define READ_BYTES     65536

int cairn_http_open(struct cairn_http_client *client, struct cairn_io *io, const char *command,
                    const char *url)
{
    uint64_t port = 7700;
    *client = (struct cairn_http_client){.io = io, .socket = -1, .token = getenv("CAIRN_TOKEN")};
    if (url == NULL)
        url = "http://127.0.0.1:7700";
    const char *host = strncmp(url, "http://", 7) == 0 ? url + 7 : url;
    size_t bytes = strcspn(host, "/");
    const char *colon = memrchr(host, ':', bytes);
    size_t host_bytes = colon == NULL ? bytes : (size_t)(colon - host);
    bool is_good =
        host_bytes > 0 && host_bytes < sizeof(client->host) && strncmp(url, "https:", 6) != 0;
    if (is_good && colon != NULL)
        is_good = cairn_slice_to_u64(cairn_slice(colon + 1, bytes - host_bytes - 1), &port) &&
                  port <= UINT16_MAX;
    if (!is_good) {
        fprintf(stderr, "cairn %s: \"%s\" is not http://HOST:PORT\n", command, url);
        return CAIRN_EXIT_USAGE;
    }
    memcpy(client->host, host, host_bytes);
    client->port = (uint16_t)port;
    return 0;
}

static void disconnect(struct cairn_http_client *client)
{
    if (client->socket >= 0)
        cairn_io_close(client->io, client->socket);
    client->socket = -1;
    cairn_buffer_clear(&client->input);
}

void cairn_http_close(struct cairn_http_client *client)
{
    disconnect(client);
    cairn_buffer_deinit(&client->head);
    cairn_buffer_deinit(&client->input);
}

static int read_more(struct cairn_http_client *client)
{
    char *target = cairn_buffer_reserve(&client->input, READ_BYTES);
    if (target == NULL)
        return -ENOMEM;
    int64_t bytes = cairn_io_receive_now(client->io, client->socket, target, READ_BYTES);
    if (bytes <= 0)
        return bytes == 0 ? -ECONNRESET : (int)bytes;
    client->input.bytes += (size_t)bytes;
    return 0;
}

/* Bytes of the head including its empty line, once it is whole. */
static int64_t read_head(struct cairn_http_client *client)
{
    while (client->input.bytes < HEAD_BYTES_MAX) {
        const char *end = client->input.bytes < 4
                              ? NULL
                              : memmem(client->input.data, client->input.bytes, "\r\n\r\n", 4);
        if (end != NULL)
            return end - client->input.data + 4;
        int result = read_more(client);
        if (result < 0)
            return result;
    }
    return -EBADMSG;
}

static uint64_t content_length(const char *head, size_t bytes)
{
    static const char name[] = "\ncontent-length:";
    for (size_t i = 0; i + sizeof(name) < bytes; i++) {
        if (strncasecmp(head + i, name, sizeof(name) - 1) == 0)
            return strtoull(head + i + sizeof(name) - 1, NULL, 10);
    }
    return 0;
}

static int read_answer(struct cairn_http_client *client, struct cairn_http_answer *answer)
{
    int64_t head_bytes = read_head(client);
    if (head_bytes < 0)
        return (int)head_bytes;
    uint64_t status;
    if (head_bytes < 12 || strncmp(client->input.data, "HTTP/1.1 ", 9) != 0 ||
        !cairn_slice_to_u64(cairn_slice(client->input.data + 9, 3), &status))
        return -EBADMSG;
    answer->status = (int)status;
    uint64_t body_bytes = content_length(client->input.data, (size_t)head_bytes);
    while (client->input.bytes < (uint64_t)head_bytes + body_bytes) {
        int result = read_more(client);
        if (result < 0)
            return result;
    }
    cairn_buffer_clear(&answer->body);
    cairn_buffer_append(&answer->body, client->input.data + head_bytes, body_bytes);
    size_t used = (size_t)head_bytes + body_bytes;
    memmove(client->input.data, client->input.data + used, client->input.bytes - used);
    client->input.bytes -= used;
    return answer->body.failed ? -ENOMEM : 0;
}

static int send_request(struct cairn_http_client *client, const char *method, const char *path,
                        const char *content_type, struct cairn_slice body)
{
    struct cairn_buffer *head = &client->head;
    cairn_buffer_clear(head);
    cairn_buffer_printf(head, "%s %s HTTP/1.1\r\nHost: %s:%u\r\nContent-Length: %zu\r\n", method,
                        path, client->host, client->port, body.bytes);
    if (content_type != NULL)
        cairn_buffer_printf(head, "Content-Type: %s\r\n", content_type);
    if (client->token != NULL)
        cairn_buffer_printf(head, "Authorization: Bearer %s\r\n", client->token);
    cairn_buffer_append_text(head, "\r\n");
    if (head->failed)
        return -ENOMEM;
    int result = cairn_io_send_now(client->io, client->socket, head->data, head->bytes);
    if (result >= 0 && body.bytes > 0)
        result = cairn_io_send_now(client->io, client->socket, body.data, body.bytes);
    return result < 0 ? result : 0;
}

int cairn_http_request(struct cairn_http_client *client, const char *method, const char *path,
                       const char *content_type, struct cairn_slice body,
                       struct cairn_http_answer *answer)
{
    if (client->socket < 0) {
        client->socket = cairn_io_connect_now(client->io, client->host, client->port);
        if (client->socket < 0) {
            int result = client->socket;
            client->socket = -1;
            return result;
        }
    }
    int result = send_request(client, method, path, content_type, body);
    if (result == 0)
        result = read_answer(client, answer);
    if (result < 0)
        disconnect(client);
    return result;
}

void cairn_http_tell_problem(const char *command, const struct cairn_http_answer *answer)
{
    struct cairn_json_scratch scratch = {0};
    struct cairn_json_reader reader;
    struct cairn_slice key;
    struct cairn_slice detail = cairn_slice(answer->body.data, answer->body.bytes);
    cairn_json_scratch_begin(&scratch, detail.bytes);
    cairn_json_reader_init(&reader, cairn_buffer_slice(&answer->body), &scratch);
    cairn_json_enter_object(&reader);
    while (cairn_json_next_member(&reader, &key)) {
        if (cairn_slice_is(key, "detail"))
            cairn_json_read_string(&reader, &detail);
    }
    fprintf(stderr, "cairn %s: the service answered %d: %.*s\n", command, answer->status,
            (int)detail.bytes, detail.data);
    cairn_json_scratch_deinit(&scratch);
}

int cairn_http_call(struct cairn_io *io, const char *command, const char *url, const char *method,
                    const char *path, const char *content_type, struct cairn_slice body,
                    struct cairn_http_answer *answer)
{
    struct cairn_http_client client;
    int status = cairn_http_open(&client, io, command, url);
    if (status != 0)
        return status;
    int result = cairn_http_request(&client, method, path, content_type, body, answer);
    if (result < 0) {
        fprintf(stderr, "cairn %s: cannot reach http://%s:%u: %s; is cairn serve running?\n",
                command, client.host, client.port, strerror(-result));
        status = CAIRN_EXIT_IO;
    } else if (answer->status >= 400) {
        cairn_http_tell_problem(command, answer);
        status = CAIRN_EXIT_FAULT;
    }
    cairn_http_close(&client);
    return status;
}

void cairn_http_encode(struct cairn_buffer *path, const char *text)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (; *text != '\0'; text++) {
        if (strchr(plain, *text) != NULL)
            cairn_buffer_append_byte(path, *text);
        else
            cairn_buffer_printf(path, "%%%02X", (unsigned)(unsigned char)*text);
    }
}
