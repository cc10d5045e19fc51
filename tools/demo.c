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

int cairn_tool_load_demo(struct cairn_io *io, const char *listen)
{
    int status = load(io, listen, "/v1/spaces/" CAIRN_DEMO_SPACE "/messages", cairn_demo_messages);
    if (status == CAIRN_EXIT_DONE)
        status =
            load(io, listen, "/v1/spaces/" CAIRN_DEMO_SPACE "/episodes:bulk", cairn_demo_episodes);
    return status;
}
