/* tools/http_client.h: a blocking HTTP/1.1 client for the commands that talk to a service.
 *
 * One request at a time on a kept-alive connection. Only what cairn's own answers need:
 * Content-Length bodies; no redirects, no TLS.
 *
 * Errors   Messages on stderr; calls return an exit status (tools/tool.h).
 */
#pragma once

#include "runtime/base/bytes.h"
#include "runtime/io/io.h"

struct cairn_http_answer {
    int status;
    struct cairn_buffer body; /* the caller's to deinit */
};

struct cairn_http_client {
    struct cairn_io *io;
    char host[256];
    uint16_t port;
    int socket; /* -1: not connected */
    struct cairn_buffer head;
    struct cairn_buffer input;
    const char *token; /* NULL: none; from $CAIRN_TOKEN */
};

/* `url`: http://HOST[:PORT]; NULL is http://127.0.0.1:7700. */
int cairn_http_open(struct cairn_http_client *client, struct cairn_io *io, const char *command,
                    const char *url);
void cairn_http_close(struct cairn_http_client *client);

/* 0 when there was an answer, whatever its status; negative errno otherwise. */
int cairn_http_request(struct cairn_http_client *client, const char *method, const char *path,
                       const char *content_type, struct cairn_slice body,
                       struct cairn_http_answer *answer);

/* Open, request, close; an answer of 400 or more is told on stderr (its "detail") and is
 * CAIRN_EXIT_FAULT. */
int cairn_http_call(struct cairn_io *io, const char *command, const char *url, const char *method,
                    const char *path, const char *content_type, struct cairn_slice body,
                    struct cairn_http_answer *answer);

/* Print a problem's status and detail. */
void cairn_http_tell_problem(const char *command, const struct cairn_http_answer *answer);

/* Append `text` percent-encoded, as one segment of a path. */
void cairn_http_encode(struct cairn_buffer *path, const char *text);
