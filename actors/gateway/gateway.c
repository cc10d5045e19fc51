#include "actors/gateway/gateway.h"

#include "runtime/base/assert.h"
#include "runtime/base/hash.h"

static void complete(uint32_t *limit, uint32_t value)
{
    if (*limit == 0)
        *limit = value;
}

void cairn_gateway_limits_complete(struct cairn_gateway_limits *limits)
{
    complete(&limits->connections_max, 10000);
    complete(&limits->pipeline_max, 16);
    complete(&limits->head_bytes_max, 16u << 10);
    complete(&limits->idle_timeout_ms, 60000);
    complete(&limits->header_timeout_ms, 10000);
    complete(&limits->body_timeout_ms, 30000);
    complete(&limits->stall_max_ms, 1000);
    complete(&limits->linger_ms, 1000);
    complete(&limits->shutdown_ms, 5000);
    complete(&limits->follow_bytes_max, 1u << 20);
    if (limits->body_bytes_max == 0)
        limits->body_bytes_max = 32u << 20;
    if (limits->bodies_bytes_max == 0)
        limits->bodies_bytes_max = 512u << 20;
}

static struct cairn_actor_ref of_shard(const struct cairn_gateway_targets *targets,
                                       const struct cairn_actor_ref *shards,
                                       struct cairn_slice space)
{
    cairn_assert(targets->shard_count > 0);
    return shards[cairn_hash64_slice(space) % targets->shard_count];
}

struct cairn_actor_ref cairn_gateway_target(const struct cairn_gateway_options *options,
                                            enum cairn_route_target target,
                                            struct cairn_slice space)
{
    const struct cairn_gateway_targets *targets = &options->targets;
    switch (target) {
    case CAIRN_TARGET_TRAINING:
        return of_shard(targets, targets->training, space);
    case CAIRN_TARGET_PATTERNS:
        return of_shard(targets, targets->patterns, space);
    case CAIRN_TARGET_RETRIEVAL:
        return of_shard(targets, targets->retrieval, space);
    case CAIRN_TARGET_FACTS:
        return of_shard(targets, targets->facts, space);
    case CAIRN_TARGET_METRICS:
        return targets->metrics;
    case CAIRN_TARGET_INGEST:
    case CAIRN_TARGET_GATEWAY:
        break;
    }
    return targets->ingest;
}
