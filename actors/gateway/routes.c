/* The table of actors/gateway/router.h, in the order of api.md. */
#include "actors/gateway/router.h"

#define SPACE "/v1/spaces/{space}"

#define WRITE       CAIRN_ROLE_WRITE, CAIRN_ROUTE_PARSES | CAIRN_ROUTE_WRITES
#define WRITE_BULK  CAIRN_ROLE_WRITE, CAIRN_ROUTE_PARSES | CAIRN_ROUTE_WRITES | CAIRN_ROUTE_NDJSON
#define WRITE_ADMIN CAIRN_ROLE_ADMIN, CAIRN_ROUTE_PARSES | CAIRN_ROUTE_WRITES
#define FORGET      CAIRN_ROLE_WRITE, CAIRN_ROUTE_WRITES
#define READ        CAIRN_ROLE_READ, 0
#define READ_ALL    CAIRN_ROLE_READ, CAIRN_ROUTE_ALL_SPACES
#define ADMIN_ALL   CAIRN_ROLE_ADMIN, CAIRN_ROUTE_ALL_SPACES
#define OPEN        CAIRN_ROLE_NONE, CAIRN_ROUTE_EARLY

/* A pattern, its bytes, and how many segments it has. */
#define PATH(text, segments) text, sizeof(text) - 1, (segments)

#define GET    CAIRN_HTTP_GET
#define POST   CAIRN_HTTP_POST
#define PUT    CAIRN_HTTP_PUT
#define DELETE CAIRN_HTTP_DELETE

#define TO(operation, target) CAIRN_OPERATION_##operation, CAIRN_TARGET_##target

/* clang-format off */
static const struct cairn_route table[] = {
    /* messages */
    {POST,   PATH(SPACE "/messages", 4),           TO(POST_MESSAGES, INGEST),    WRITE_BULK, NULL},
    {GET,    PATH(SPACE "/messages", 4),           TO(LIST_MESSAGES, INGEST),    READ, NULL},
    {GET,    PATH(SPACE "/messages/{seq}", 5),     TO(GET_MESSAGE, INGEST),      READ, NULL},
    {DELETE, PATH(SPACE "/messages/{seq}", 5),     TO(FORGET_MESSAGE, INGEST),   FORGET, NULL},
    {DELETE, PATH(SPACE "/authors/{author}", 5),   TO(FORGET_AUTHOR, INGEST),    FORGET, NULL},
    {DELETE, PATH(SPACE "/channels/{channel}", 5), TO(FORGET_CHANNEL, INGEST),   FORGET, NULL},
    {DELETE, PATH(SPACE, 3),                       TO(FORGET_SPACE, INGEST),     FORGET, NULL},
    {GET,    PATH(SPACE "/forgets/{seq}", 5),      TO(GET_FORGET, INGEST),       READ, NULL},
    {POST,   PATH("/v1/compact", 2),               TO(LATER, GATEWAY),           ADMIN_ALL,
     "compaction, which takes forgotten bytes off the disk"},

    /* generation */
    {POST,   PATH(SPACE "/generate", 4),           TO(GENERATE, TRAINING),       READ, NULL},

    /* episodes */
    {POST,   PATH(SPACE "/episodes", 4),               TO(CREATE_EPISODE, INGEST),   WRITE, NULL},
    {GET,    PATH(SPACE "/episodes", 4),               TO(LIST_EPISODES, PATTERNS),  READ, NULL},
    {POST,   PATH(SPACE "/episodes:bulk", 4),          TO(POST_EPISODES, INGEST),    WRITE_BULK, NULL},
    {GET,    PATH(SPACE "/episodes/{id}", 5),          TO(GET_EPISODE, PATTERNS),    READ, NULL},
    {DELETE, PATH(SPACE "/episodes/{id}", 5),          TO(FORGET_EPISODE, INGEST),   FORGET, NULL},
    {POST,   PATH(SPACE "/episodes/{id}/steps", 6),    TO(POST_STEPS, INGEST),       WRITE_BULK, NULL},
    {POST,   PATH(SPACE "/episodes/{id}/complete", 6), TO(COMPLETE_EPISODE, INGEST), WRITE, NULL},

    /* patterns */
    {GET,    PATH(SPACE "/patterns", 4),               TO(LIST_PATTERNS, PATTERNS), READ, NULL},
    {GET,    PATH(SPACE "/patterns/{id}", 5),          TO(GET_PATTERN, PATTERNS),   READ, NULL},
    {POST,   PATH(SPACE "/patterns/{id}/feedback", 6), TO(POST_FEEDBACK, INGEST),   WRITE, NULL},
    {POST,   PATH(SPACE "/patterns:recommend", 4),     TO(LATER, GATEWAY),          READ,
     "recommending patterns for a task; until then list them with GET .../patterns"},

    /* facts */
    {GET,    PATH(SPACE "/facts/{subject}", 5),        TO(GET_FACTS, FACTS),    READ, NULL},
    {GET,    PATH(SPACE "/facts/{subject}/{key}", 6),  TO(GET_FACT, FACTS),     READ, NULL},
    {PUT,    PATH(SPACE "/facts/{subject}/{key}", 6),  TO(PUT_FACT, INGEST),    WRITE, NULL},
    {DELETE, PATH(SPACE "/facts/{subject}/{key}", 6),  TO(FORGET_FACT, INGEST), FORGET, NULL},

    /* retrieval */
    {POST,   PATH(SPACE "/search", 4),  TO(SEARCH, RETRIEVAL), READ, NULL},
    {POST,   PATH(SPACE "/context", 4), TO(LATER, GATEWAY),    READ,
     "building contexts within a token budget; until then use POST .../search"},
    {GET,    PATH(SPACE "/graph", 4),   TO(LATER, GATEWAY),    READ,
     "the graph of events; until then follow `reply_to` and `episode` in GET .../events"},

    /* ledger */
    {GET,    PATH(SPACE "/events", 4), TO(LIST_EVENTS, INGEST), CAIRN_ROLE_READ, CAIRN_ROUTE_STREAMS, NULL},
    {POST,   PATH(SPACE "/events", 4), TO(POST_EVENTS, INGEST), WRITE_BULK, NULL},

    /* spaces */
    {GET,    PATH("/v1/spaces", 2),       TO(LIST_SPACES, INGEST),  READ_ALL, NULL},
    {GET,    PATH(SPACE, 3),              TO(GET_SPACE, INGEST),    READ, NULL},
    {GET,    PATH(SPACE "/settings", 4),  TO(GET_SETTINGS, INGEST), READ, NULL},
    {PUT,    PATH(SPACE "/settings", 4),  TO(PUT_SETTINGS, INGEST), WRITE_ADMIN, NULL},
    {GET,    PATH("/v1/openapi.json", 2), TO(OPENAPI, GATEWAY),     OPEN, NULL},

    /* operations */
    {GET,    PATH("/", 1),          TO(STATUS_PAGE, GATEWAY), OPEN, NULL},
    {GET,    PATH("/healthz", 1),   TO(HEALTH, GATEWAY),      OPEN, NULL},
    {GET,    PATH("/readyz", 1),    TO(READY, GATEWAY),       OPEN, NULL},
    {GET,    PATH("/v1/config", 2), TO(CONFIG, GATEWAY),      CAIRN_ROLE_ADMIN,
     CAIRN_ROUTE_ALL_SPACES | CAIRN_ROUTE_EARLY, NULL},
    {GET,    PATH("/metrics", 1),   TO(METRICS, METRICS),     CAIRN_ROLE_READ,
     CAIRN_ROUTE_ALL_SPACES | CAIRN_ROUTE_EARLY, NULL},
    {GET,    PATH("/v1/stats", 2),  TO(STATS, METRICS),       READ_ALL, NULL},
    {GET,    PATH("/v1/slow", 2),   TO(SLOW, METRICS),        READ_ALL, NULL},
    {GET,    PATH("/v1/digest", 2), TO(DIGEST, INGEST),       READ_ALL, NULL},
};
/* clang-format on */

const struct cairn_route *cairn_router_table(size_t *count)
{
    *count = sizeof(table) / sizeof(table[0]);
    return table;
}
