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

#define GET    CAIRN_HTTP_GET
#define POST   CAIRN_HTTP_POST
#define PUT    CAIRN_HTTP_PUT
#define DELETE CAIRN_HTTP_DELETE

#define TO(operation, target) CAIRN_OPERATION_##operation, CAIRN_TARGET_##target

/* clang-format off */
static const struct cairn_route table[] = {
    /* messages */
    {POST,   SPACE "/messages",           TO(POST_MESSAGES, INGEST),    WRITE_BULK, NULL},
    {GET,    SPACE "/messages",           TO(LIST_MESSAGES, INGEST),    READ, NULL},
    {GET,    SPACE "/messages/{seq}",     TO(GET_MESSAGE, INGEST),      READ, NULL},
    {DELETE, SPACE "/messages/{seq}",     TO(FORGET_MESSAGE, INGEST),   FORGET, NULL},
    {DELETE, SPACE "/authors/{author}",   TO(FORGET_AUTHOR, INGEST),    FORGET, NULL},
    {DELETE, SPACE "/channels/{channel}", TO(FORGET_CHANNEL, INGEST),   FORGET, NULL},
    {DELETE, SPACE,                       TO(FORGET_SPACE, INGEST),     FORGET, NULL},
    {GET,    SPACE "/forgets/{seq}",      TO(GET_FORGET, INGEST),       READ, NULL},
    {POST,   "/v1/compact",               TO(LATER, GATEWAY),           ADMIN_ALL,
     "compaction while serving; until then stop the service and run `cairn compact DIR`"},

    /* generation */
    {POST,   SPACE "/generate",           TO(GENERATE, TRAINING),       READ, NULL},

    /* episodes */
    {POST,   SPACE "/episodes",               TO(CREATE_EPISODE, INGEST),   WRITE, NULL},
    {GET,    SPACE "/episodes",               TO(LIST_EPISODES, PATTERNS),  READ, NULL},
    {POST,   SPACE "/episodes:bulk",          TO(POST_EPISODES, INGEST),    WRITE_BULK, NULL},
    {GET,    SPACE "/episodes/{id}",          TO(GET_EPISODE, PATTERNS),    READ, NULL},
    {DELETE, SPACE "/episodes/{id}",          TO(FORGET_EPISODE, INGEST),   FORGET, NULL},
    {POST,   SPACE "/episodes/{id}/steps",    TO(POST_STEPS, INGEST),       WRITE_BULK, NULL},
    {POST,   SPACE "/episodes/{id}/complete", TO(COMPLETE_EPISODE, INGEST), WRITE, NULL},

    /* patterns */
    {GET,    SPACE "/patterns",               TO(LIST_PATTERNS, PATTERNS), READ, NULL},
    {GET,    SPACE "/patterns/{id}",          TO(GET_PATTERN, PATTERNS),   READ, NULL},
    {POST,   SPACE "/patterns/{id}/feedback", TO(POST_FEEDBACK, INGEST),   WRITE, NULL},
    {POST,   SPACE "/patterns:recommend",     TO(LATER, GATEWAY),          READ,
     "recommending patterns for a task; until then list them with GET .../patterns"},

    /* facts */
    {GET,    SPACE "/facts/{subject}",        TO(GET_FACTS, FACTS),    READ, NULL},
    {GET,    SPACE "/facts/{subject}/{key}",  TO(GET_FACT, FACTS),     READ, NULL},
    {PUT,    SPACE "/facts/{subject}/{key}",  TO(PUT_FACT, INGEST),    WRITE, NULL},
    {DELETE, SPACE "/facts/{subject}/{key}",  TO(FORGET_FACT, INGEST), FORGET, NULL},

    /* retrieval */
    {POST,   SPACE "/search",  TO(SEARCH, RETRIEVAL), READ, NULL},
    {POST,   SPACE "/context", TO(LATER, GATEWAY),    READ,
     "building contexts within a token budget; until then use POST .../search"},
    {GET,    SPACE "/graph",   TO(LATER, GATEWAY),    READ,
     "the graph of events; until then follow `reply_to` and `episode` in GET .../events"},

    /* ledger */
    {GET,    SPACE "/events", TO(LIST_EVENTS, INGEST), CAIRN_ROLE_READ, CAIRN_ROUTE_STREAMS, NULL},
    {POST,   SPACE "/events", TO(POST_EVENTS, INGEST), WRITE_BULK, NULL},

    /* spaces */
    {GET,    "/v1/spaces",       TO(LIST_SPACES, INGEST),  READ_ALL, NULL},
    {GET,    SPACE,              TO(GET_SPACE, INGEST),    READ, NULL},
    {GET,    SPACE "/settings",  TO(GET_SETTINGS, INGEST), READ, NULL},
    {PUT,    SPACE "/settings",  TO(PUT_SETTINGS, INGEST), WRITE_ADMIN, NULL},
    {GET,    "/v1/openapi.json", TO(OPENAPI, GATEWAY),     OPEN, NULL},

    /* operations */
    {GET,    "/",          TO(STATUS_PAGE, GATEWAY), OPEN, NULL},
    {GET,    "/healthz",   TO(HEALTH, GATEWAY),      OPEN, NULL},
    {GET,    "/readyz",    TO(READY, GATEWAY),       OPEN, NULL},
    {GET,    "/v1/config", TO(CONFIG, GATEWAY),      CAIRN_ROLE_ADMIN,
     CAIRN_ROUTE_ALL_SPACES | CAIRN_ROUTE_EARLY, NULL},
    {GET,    "/metrics",   TO(METRICS, METRICS),     CAIRN_ROLE_READ,
     CAIRN_ROUTE_ALL_SPACES | CAIRN_ROUTE_EARLY, NULL},
    {GET,    "/v1/stats",  TO(STATS, METRICS),       READ_ALL, NULL},
    {GET,    "/v1/slow",   TO(SLOW, METRICS),        READ_ALL, NULL},
    {GET,    "/v1/digest", TO(DIGEST, INGEST),       READ_ALL, NULL},
};
/* clang-format on */

const struct cairn_route *cairn_router_table(size_t *count)
{
    *count = sizeof(table) / sizeof(table[0]);
    return table;
}
