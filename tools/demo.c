/* tools/demo.c: `cairn serve --demo`: loads the demo corpus over HTTP, as any client would. */
#include <stdio.h>
#include <string.h>

#include "tools/demo_corpus.h"
#include "tools/http_client.h"
#include "tools/tool.h"

static int load(struct cairn_io *io, const char *listen, const char *path, const char *lines)
{
    struct cairn_http_answer answer = {0};
    int status = cairn_http_call(io, "serve --demo", listen, "POST", path, "application/x-ndjson",
                                 cairn_slice_of(lines), &answer);
    cairn_buffer_deinit(&answer.body);
    return status;
}

static int put_fact(struct cairn_io *io, const char *listen, const struct cairn_demo_fact *fact)
{
    struct cairn_http_answer answer = {0};
    struct cairn_buffer path = {0};
    cairn_buffer_append_text(&path, "/v1/spaces/" CAIRN_DEMO_SPACE "/facts/");
    cairn_http_encode(&path, fact->subject);
    cairn_buffer_append_byte(&path, '/');
    cairn_http_encode(&path, fact->key);
    cairn_buffer_append_text(&path, "?ack=buffered");
    cairn_buffer_append_byte(&path, '\0');
    int status = CAIRN_EXIT_IO;
    if (!path.failed)
        status = cairn_http_call(io, "serve --demo", listen, "PUT", path.data, "application/json",
                                 cairn_slice_of(fact->body), &answer);
    cairn_buffer_deinit(&path);
    cairn_buffer_deinit(&answer.body);
    return status;
}

int cairn_tool_load_demo(struct cairn_io *io, const char *listen)
{
    int status = load(io, listen, "/v1/spaces/" CAIRN_DEMO_SPACE "/messages", cairn_demo_messages);
    if (status == CAIRN_EXIT_DONE)
        status =
            load(io, listen, "/v1/spaces/" CAIRN_DEMO_SPACE "/episodes:bulk", cairn_demo_episodes);
    for (const struct cairn_demo_fact *fact = cairn_demo_facts;
         status == CAIRN_EXIT_DONE && fact->subject != NULL; fact++)
        status = put_fact(io, listen, fact);
    return status;
}
