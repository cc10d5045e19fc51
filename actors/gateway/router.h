/* actors/gateway/router.h: from a method and a path to an operation.
 *
 * One table names every call of api.md (sections 3 and 4): what it is, who answers it, which role
 * it needs. A path is cut at '/', then each part is percent-decoded, so that a name may hold a
 * slash.
 *
 * Ownership   Names in a match point into the storage that the caller gave.
 * Context     Pure functions over a constant table.
 * Errors      As statuses: 400 not a valid name, 404 no such path, 405 no such method there.
 * Cost        About a microsecond: the table is searched row by row.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "actors/gateway/auth.h"
#include "actors/gateway/http.h"
#include "actors/request.h"

enum cairn_route_target {
    CAIRN_TARGET_GATEWAY,
    CAIRN_TARGET_INGEST,
    CAIRN_TARGET_METRICS,
    /* by shard of the space */
    CAIRN_TARGET_TRAINING,
    CAIRN_TARGET_PATTERNS,
    CAIRN_TARGET_RETRIEVAL,
    CAIRN_TARGET_FACTS,
};

#define CAIRN_ROUTE_PARSES     (1u << 0) /* the body is parsed by options.parse_write */
#define CAIRN_ROUTE_NDJSON     (1u << 1) /* the body may be NDJSON */
#define CAIRN_ROUTE_WRITES     (1u << 2) /* takes ?ack= */
#define CAIRN_ROUTE_ALL_SPACES (1u << 3) /* tells about every space */
#define CAIRN_ROUTE_STREAMS    (1u << 4) /* takes ?follow=1 */
#define CAIRN_ROUTE_EARLY      (1u << 5) /* answered before recovery is done */

struct cairn_route {
    enum cairn_http_method method;
    const char *pattern; /* "/v1/spaces/{space}/messages/{seq}" */
    uint8_t pattern_bytes;
    uint8_t segment_count; /* rows of another count are passed over at once */
    enum cairn_operation operation;
    enum cairn_route_target target;
    enum cairn_role role;
    uint32_t flags;
    const char *later; /* CAIRN_OPERATION_LATER: what will bring it */
};

struct cairn_route_match {
    const struct cairn_route *route; /* NULL unless matched */
    struct cairn_slice space;
    struct cairn_slice parameters[CAIRN_REQUEST_PARAMETERS_MAX];
    uint64_t seq;         /* of {seq} */
    uint32_t methods;     /* bit 1 << method: what this path answers; for 405 and OPTIONS */
    const char *bad_name; /* static; 400: which name is not valid */
    const struct cairn_route *nearest; /* 404: what may have been meant, or NULL */
};

/* Find the route. `storage` needs room for path.bytes and is not grown. HEAD is found as GET.
 * OPTIONS matches any known path: 0 with route NULL. Returns 0, 400, 404 or 405. */
int cairn_router_match(enum cairn_http_method method, struct cairn_slice path,
                       struct cairn_buffer *storage, struct cairn_route_match *match);

/* "GET, HEAD, OPTIONS" for the bits of `methods`. */
void cairn_router_append_allow(struct cairn_buffer *buffer, uint32_t methods);

/* The table, for descriptions and tests. */
const struct cairn_route *cairn_router_table(size_t *count);
