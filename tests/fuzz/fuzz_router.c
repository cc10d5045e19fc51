/* Any path finds a route with valid names, or a status; it never reads or writes out of bounds. The
 * first byte is the method. */
#include <stdlib.h>
#include <string.h>

#include "actors/gateway/names.h"
#include "actors/gateway/router.h"
#include "runtime/base/assert.h"
#include "runtime/base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check(int status, const struct cairn_route_match *match)
{
    cairn_assert(status == 0 || status == 400 || status == 404 || status == 405);
    if (status == 400)
        cairn_assert(match->bad_name != NULL);
    if (status == 405)
        cairn_assert(match->methods != 0 && match->route == NULL);
    if (status != 0 || match->route == NULL)
        return;
    if (strstr(match->route->pattern, "{space}") != NULL)
        cairn_assert(cairn_name_is_space(match->space));
    for (int i = 0; i < CAIRN_REQUEST_PARAMETERS_MAX; i++)
        cairn_assert(cairn_utf8_is_valid(match->parameters[i]) &&
                     match->parameters[i].bytes <= CAIRN_NAME_AUTHOR_BYTES_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    if (bytes < 2)
        return 0;
    enum cairn_http_method method = (enum cairn_http_method)(data[0] % CAIRN_HTTP_METHOD_COUNT);
    /* The parser lets no other target through. */
    char *path = malloc(bytes - 1);
    if (path == NULL)
        return 0;
    memcpy(path, data + 1, bytes - 1);
    path[0] = '/';

    struct cairn_buffer storage = {.data = malloc(bytes - 1), .capacity = bytes - 1};
    struct cairn_route_match match;
    if (storage.data != NULL)
        check(cairn_router_match(method, cairn_slice(path, bytes - 1), &storage, &match), &match);
    cairn_buffer_deinit(&storage);
    free(path);
    return 0;
}
