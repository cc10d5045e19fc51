#include "actors/gateway/router.h"

#include "actors/gateway/names.h"
#include "actors/percent.h"
#include "runtime/base/assert.h"
#include "runtime/base/suggest.h"

#define SEGMENTS_MAX 8

/* More slips of the pen than this, and a path is taken for another one altogether. */
#define EDITS_MAX 3u

struct path {
    struct cairn_slice segments[SEGMENTS_MAX]; /* decoded */
    size_t count;
};

/* Cut the next segment off the front of *rest, which begins with '/'. */
static struct cairn_slice next_segment(struct cairn_slice *rest)
{
    struct cairn_slice after = cairn_slice(rest->data + 1, rest->bytes - 1);
    const char *slash = after.bytes == 0 ? NULL : memchr(after.data, '/', after.bytes);
    size_t bytes = slash == NULL ? after.bytes : (size_t)(slash - after.data);
    *rest = cairn_slice(after.data + bytes, after.bytes - bytes);
    return cairn_slice(after.data, bytes);
}

/* 0, 400 or 404. A decoded segment is never longer than it was, so the storage is large enough. */
static int split(struct cairn_slice text, struct cairn_buffer *storage, struct path *path)
{
    cairn_assert(storage->capacity - storage->bytes >= text.bytes);
    while (text.bytes > 0) {
        if (path->count == SEGMENTS_MAX)
            return 404;
        struct cairn_slice segment = next_segment(&text);
        char *target = storage->data + storage->bytes;
        int bytes = cairn_percent_decode(segment, false, target);
        if (bytes < 0)
            return 400;
        storage->bytes += (size_t)bytes;
        path->segments[path->count++] = cairn_slice(target, (size_t)bytes);
    }
    return 0;
}

static bool is_parameter(struct cairn_slice segment)
{
    return segment.bytes > 0 && segment.data[0] == '{';
}

static bool matches(const struct cairn_route *route, const struct path *path)
{
    struct cairn_slice pattern = cairn_slice(route->pattern, route->pattern_bytes);
    if (route->segment_count != path->count)
        return false;
    for (size_t i = 0; i < path->count; i++) {
        if (pattern.bytes == 0)
            return false;
        struct cairn_slice expected = next_segment(&pattern);
        struct cairn_slice segment = path->segments[i];
        if (is_parameter(expected) ? segment.bytes == 0 : !cairn_slice_equal(expected, segment))
            return false;
    }
    return pattern.bytes == 0;
}

/* NULL, or what is wrong with the name. */
static const char *take_parameter(struct cairn_slice parameter, struct cairn_slice value,
                                  size_t *count, struct cairn_route_match *match)
{
    if (cairn_slice_is(parameter, "{space}")) {
        match->space = value;
        return cairn_name_is_space(value) ? NULL
                                          : "a space is 1 to 128 bytes of A-Z a-z 0-9 . _ : @ # -";
    }
    cairn_assert(*count < CAIRN_REQUEST_PARAMETERS_MAX);
    match->parameters[(*count)++] = value;
    if (cairn_slice_is(parameter, "{seq}"))
        return cairn_slice_to_u64(value, &match->seq) ? NULL : "a sequence number is an integer";
    if (cairn_slice_is(parameter, "{author}"))
        return cairn_name_is_text(value, CAIRN_NAME_AUTHOR_BYTES_MAX)
                   ? NULL
                   : "an author is 1 to 256 bytes of UTF-8 without control characters";
    return cairn_name_is_text(value, CAIRN_NAME_BYTES_MAX)
               ? NULL
               : "a name in a path is 1 to 128 bytes of UTF-8 without control characters";
}

static int take_parameters(const struct path *path, struct cairn_route_match *match)
{
    struct cairn_slice pattern = cairn_slice_of(match->route->pattern);
    size_t count = 0;
    for (size_t i = 0; i < path->count && match->bad_name == NULL; i++) {
        struct cairn_slice expected = next_segment(&pattern);
        if (is_parameter(expected))
            match->bad_name = take_parameter(expected, path->segments[i], &count, match);
    }
    return match->bad_name == NULL ? 0 : 400;
}

/* Slips between the pattern's own words and the path's, EDITS_MAX + 1 if that many or more. A path
 * without "/v1" counts as one slip. */
static uint32_t edits_between(const struct cairn_route *route, const struct path *path)
{
    struct cairn_slice pattern = cairn_slice_of(route->pattern);
    uint32_t edits = 0;
    size_t i = 0;
    while (pattern.bytes > 0) {
        struct cairn_slice expected = next_segment(&pattern);
        if (i == 0 && edits == 0 && cairn_slice_is(expected, "v1") && path->count > 0 &&
            cairn_slice_is(path->segments[0], "spaces")) {
            edits++;
            continue;
        }
        if (i == path->count)
            return EDITS_MAX + 1;
        struct cairn_slice segment = path->segments[i++];
        if (!is_parameter(expected))
            edits += cairn_suggest_distance(segment, expected, EDITS_MAX);
    }
    return i == path->count && edits <= EDITS_MAX ? edits : EDITS_MAX + 1;
}

static const struct cairn_route *find_nearest(const struct path *path)
{
    size_t count;
    const struct cairn_route *table = cairn_router_table(&count);
    const struct cairn_route *nearest = NULL;
    uint32_t fewest = EDITS_MAX + 1;
    for (size_t i = 0; i < count; i++) {
        uint32_t edits = edits_between(&table[i], path);
        if (edits < fewest) {
            fewest = edits;
            nearest = &table[i];
        }
    }
    return nearest;
}

static int find(enum cairn_http_method method, const struct path *path,
                struct cairn_route_match *match)
{
    size_t count;
    const struct cairn_route *table = cairn_router_table(&count);
    for (size_t i = 0; i < count; i++) {
        if (!matches(&table[i], path))
            continue;
        match->methods |= 1u << table[i].method;
        if (table[i].method == method)
            match->route = &table[i];
    }
    if (match->methods == 0) {
        match->nearest = find_nearest(path);
        return 404;
    }
    if (match->methods & (1u << CAIRN_HTTP_GET))
        match->methods |= 1u << CAIRN_HTTP_HEAD;
    match->methods |= 1u << CAIRN_HTTP_OPTIONS;
    if (match->route != NULL)
        return take_parameters(path, match);
    return method == CAIRN_HTTP_OPTIONS ? 0 : 405;
}

int cairn_router_match(enum cairn_http_method method, struct cairn_slice path,
                       struct cairn_buffer *storage, struct cairn_route_match *match)
{
    *match = (struct cairn_route_match){0};
    if (cairn_slice_is(path, "*")) {
        match->methods = (1u << CAIRN_HTTP_METHOD_OTHER) - 1;
        return 0;
    }
    cairn_assert(path.bytes > 0 && path.data[0] == '/');

    struct path split_path = {0};
    int status = split(path, storage, &split_path);
    if (status == 400)
        match->bad_name = "a '%' in the path is not followed by two hexadecimal digits";
    if (status != 0)
        return status;
    return find(method == CAIRN_HTTP_HEAD ? CAIRN_HTTP_GET : method, &split_path, match);
}

void cairn_router_append_allow(struct cairn_buffer *buffer, uint32_t methods)
{
    static const char *const names[CAIRN_HTTP_METHOD_OTHER] = {
        [CAIRN_HTTP_GET] = "GET", [CAIRN_HTTP_HEAD] = "HEAD",     [CAIRN_HTTP_POST] = "POST",
        [CAIRN_HTTP_PUT] = "PUT", [CAIRN_HTTP_DELETE] = "DELETE", [CAIRN_HTTP_OPTIONS] = "OPTIONS",
    };
    bool is_first = true;
    for (int method = 0; method < CAIRN_HTTP_METHOD_OTHER; method++) {
        if (!(methods & (1u << method)))
            continue;
        cairn_buffer_append_text(buffer, is_first ? "" : ", ");
        cairn_buffer_append_text(buffer, names[method]);
        is_first = false;
    }
}
