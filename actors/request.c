#include "actors/request.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "actors/percent.h"
#include "actors/problem.h"
#include "runtime/base/assert.h"

#define DETAIL_BYTES_MAX 1024

struct cairn_request *cairn_request_create(void)
{
    return calloc(1, sizeof(struct cairn_request));
}

void cairn_request_destroy(struct cairn_request *request)
{
    if (request == NULL)
        return;
    cairn_buffer_deinit(&request->storage);
    cairn_buffer_deinit(&request->body_bytes);
    cairn_buffer_deinit(&request->notes);
    cairn_buffer_deinit(&request->answer);
    cairn_batch_release(request->batch);
    cairn_batch_release(request->fetched);
    free(request->fetch);
    free(request->results);
    free(request);
}

/* ---- the query string ---- */

/* Cut the next `name=value` off the front of *query. */
static struct cairn_slice next_pair(struct cairn_slice *query)
{
    const char *end = memchr(query->data, '&', query->bytes);
    size_t bytes = end == NULL ? query->bytes : (size_t)(end - query->data);
    struct cairn_slice pair = cairn_slice(query->data, bytes);
    size_t consumed = end == NULL ? bytes : bytes + 1;
    *query = cairn_slice(query->data + consumed, query->bytes - consumed);
    return pair;
}

static bool find_raw(struct cairn_slice query, struct cairn_slice name, struct cairn_slice *raw)
{
    while (query.bytes > 0) {
        struct cairn_slice pair = next_pair(&query);
        if (pair.bytes < name.bytes || memcmp(pair.data, name.data, name.bytes) != 0)
            continue;
        if (pair.bytes == name.bytes) {
            *raw = CAIRN_SLICE_EMPTY;
            return true;
        }
        if (pair.data[name.bytes] != '=')
            continue;
        *raw = cairn_slice(pair.data + name.bytes + 1, pair.bytes - name.bytes - 1);
        return true;
    }
    return false;
}

static bool is_encoded(struct cairn_slice raw)
{
    return raw.bytes > 0 &&
           (memchr(raw.data, '%', raw.bytes) != NULL || memchr(raw.data, '+', raw.bytes) != NULL);
}

/* Slices into `storage` must stay where they are, so it is never grown while something is in it:
 * whoever fills it reserves twice the query's bytes behind the end. That is enough, because a value
 * that was decoded before is found again instead of being kept twice. */
static struct cairn_slice decode(struct cairn_request *request, struct cairn_slice raw)
{
    struct cairn_buffer *storage = &request->storage;
    if (storage->bytes == 0 && cairn_buffer_reserve(storage, 2 * request->query.bytes) == NULL)
        return raw;
    cairn_assert(storage->capacity - storage->bytes >= raw.bytes);

    char *target = storage->data + storage->bytes;
    int bytes = cairn_percent_decode(raw, true, target);
    if (bytes < 0)
        return raw;
    const char *known = memmem(storage->data, storage->bytes, target, (size_t)bytes);
    if (known != NULL)
        return cairn_slice(known, (size_t)bytes);
    storage->bytes += (size_t)bytes;
    return cairn_slice(target, (size_t)bytes);
}

bool cairn_request_query(struct cairn_request *request, const char *name, struct cairn_slice *value)
{
    struct cairn_slice raw;
    if (!find_raw(request->query, cairn_slice_of(name), &raw))
        return false;
    *value = is_encoded(raw) ? decode(request, raw) : raw;
    return true;
}

bool cairn_request_query_u64(struct cairn_request *request, const char *name, uint64_t fallback,
                             uint64_t *value)
{
    struct cairn_slice text;
    if (!cairn_request_query(request, name, &text)) {
        *value = fallback;
        return true;
    }
    if (cairn_slice_to_u64(text, value))
        return true;
    cairn_request_problem(request, 400, "query parameter `%s` is not a number: `%.*s`", name,
                          text.bytes > 64 ? 64 : (int)text.bytes,
                          text.data == NULL ? "" : text.data);
    return false;
}

/* ---- problems ---- */

__attribute__((format(printf, 4, 0))) static void answer_problem(struct cairn_request *request,
                                                                 int status, uint64_t line,
                                                                 const char *format,
                                                                 va_list arguments)
{
    char detail[DETAIL_BYTES_MAX];
    int bytes = vsnprintf(detail, sizeof(detail), format, arguments);
    if (bytes < 0)
        bytes = 0;
    if (bytes >= (int)sizeof(detail))
        bytes = sizeof(detail) - 1;

    cairn_buffer_clear(&request->answer);
    free(request->fetch);
    request->fetch = NULL;
    request->fetch_count = 0;
    request->render = NULL;
    request->status = status;
    request->content_type = CAIRN_PROBLEM_CONTENT_TYPE;
    if ((status == 429 || status == 503) && request->retry_after_s == 0)
        request->retry_after_s = 1;
    cairn_problem_append(&request->answer, status, cairn_slice(detail, (size_t)bytes), line);
}

void cairn_request_problem(struct cairn_request *request, int status, const char *detail, ...)
{
    va_list arguments;
    va_start(arguments, detail);
    answer_problem(request, status, 0, detail, arguments);
    va_end(arguments);
}

void cairn_request_problem_line(struct cairn_request *request, int status, uint64_t line,
                                const char *detail, ...)
{
    va_list arguments;
    va_start(arguments, detail);
    answer_problem(request, status, line, detail, arguments);
    va_end(arguments);
}
