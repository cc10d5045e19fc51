/* actors/gateway/gateway.h: what the HTTP edge is given: whom to ask, how much to allow, and the
 * pieces that live above it.
 *
 *     listener --- descriptor ---> connection --- request ---> ingest, shards, metrics
 *      (worker 0)                  (any worker) <-- answer ---
 *
 * Ownership   Options and everything they point to outlive every connection.
 * Context     Immutable once connections exist, but for the two atomics.
 */
#pragma once

#include <stdatomic.h>

#include "actors/gateway/auth.h"
#include "actors/gateway/router.h"
#include "actors/readiness.h"
#include "actors/request.h"

struct cairn_gateway_targets {
    struct cairn_actor_ref ingest;
    struct cairn_actor_ref metrics; /* nobody: no reports, and nobody to ask */
    /* `shard_count` of each; a space's shard is XXH3-64(space) % shard_count */
    const struct cairn_actor_ref *training;
    const struct cairn_actor_ref *patterns;
    const struct cairn_actor_ref *retrieval;
    const struct cairn_actor_ref *facts;
    uint32_t shard_count;
};

/* Zeros are replaced by the defaults that are named here. */
struct cairn_gateway_limits {
    uint32_t connections_max;   /* 10,000; one more is answered 503 */
    uint32_t pipeline_max;      /* 16 unanswered requests of a connection */
    uint32_t head_bytes_max;    /* 16 KiB */
    uint64_t body_bytes_max;    /* 32 MiB */
    uint64_t bodies_bytes_max;  /* 512 MiB: of all connections; beyond it a body is answered 503 */
    uint32_t idle_timeout_ms;   /* 60,000: between requests, and for a send to finish */
    uint32_t header_timeout_ms; /* 10,000: from a head's first byte to its last */
    uint32_t body_timeout_ms;   /* 30,000: between two pieces of a body */
    uint32_t stall_max_ms;      /* 1,000: how long a full mailbox may hold a request back */
    uint32_t linger_ms;         /* 1,000: to let a client read why it was refused */
    uint32_t shutdown_ms;       /* 5,000: for answers in flight when the service stops */
    uint32_t follow_bytes_max;  /* 1 MiB: what a slow follower may have waiting */
};

struct cairn_gateway_options {
    struct cairn_gateway_targets targets;
    struct cairn_gateway_limits limits;

    const struct cairn_auth *auth; /* NULL: no token file */
    const char *listen_host;
    bool is_loopback;   /* then foreign Host and Origin are refused */
    bool is_durable;    /* ?ack= when it is not said */
    bool is_unmeasured; /* no reports of requests to metrics, which is asked all the same */

    const _Atomic int *readiness;          /* enum cairn_readiness */
    const _Atomic uint64_t *committed_seq; /* the ledger's head */

    /* Parse a write's body: fills request->batch and returns 0, or answers with a problem and
     * returns a negative errno. Called for routes with CAIRN_ROUTE_PARSES, on any worker. */
    int (*parse_write)(void *context, struct cairn_request *request);
    /* Append one event as a JSON object on one line, for followers. */
    void (*render_event)(void *context, const struct cairn_event *event, struct cairn_buffer *json);
    void *context; /* of both */

    struct cairn_slice config_json;  /* GET /v1/config */
    struct cairn_slice openapi_json; /* GET /v1/openapi.json; empty: 501 */
    const char *version;
};

/* Put the defaults where there are zeros. */
void cairn_gateway_limits_complete(struct cairn_gateway_limits *limits);

/* Who answers requests of `target` about `space`. */
struct cairn_actor_ref cairn_gateway_target(const struct cairn_gateway_options *options,
                                            enum cairn_route_target target,
                                            struct cairn_slice space);
