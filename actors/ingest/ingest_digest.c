/* The state digest at one point of the stream (api.md, section 5): ingest is the one sender of
 * batches, so a question sent after a batch is answered after it and before the next. */
#include <errno.h>
#include <stdlib.h>

#include "actors/ingest/ingest_internal.h"
#include "actors/messages.h"
#include "runtime/base/json_writer.h"

static bool ask_shard(struct cairn_turn *turn, struct cairn_actor_ref shard, uint64_t token)
{
    struct cairn_message *message = cairn_turn_message(turn, CAIRN_MESSAGE_DIGEST, token, 0);
    if (message == NULL)
        return false;
    if (cairn_turn_send(turn, shard, message) == 0)
        return true;
    cairn_turn_discard(turn, message);
    return false;
}

/* False when one of them has ended: the digest of the others would be another state's. */
static bool ask_shards(struct cairn_ingest *ingest, struct cairn_turn *turn,
                       struct cairn_digest_collector *collector)
{
    const struct cairn_shards *shards = ingest->options.shards;
    for (uint32_t id = 0; id < CAIRN_PROJECTION_COUNT; id++) {
        for (uint32_t shard = 0; shard < shards->count; shard++) {
            if (!ask_shard(turn, shards->refs[id][shard], collector->token))
                return false;
            collector->missing++;
        }
    }
    return true;
}

void cairn_ingest_digest(struct cairn_ingest *ingest, struct cairn_turn *turn,
                         struct cairn_request *request)
{
    struct cairn_digest_collector *collector = calloc(1, sizeof(*collector));
    if (collector == NULL) {
        cairn_ingest_refuse(request, -ENOBUFS);
        cairn_request_finish(turn, request);
        return;
    }
    collector->request = request;
    collector->token = ++ingest->next_token;
    collector->seq = ingest->published_seq;
    if (!ask_shards(ingest, turn, collector)) {
        free(collector);
        cairn_request_problem(request, 503, "a part of the state has stopped");
        cairn_request_finish(turn, request);
        return;
    }
    request->sent_ns = cairn_turn_clock_ns(turn);
    collector->next = ingest->collectors;
    ingest->collectors = collector;
}

static void answer(struct cairn_turn *turn, struct cairn_digest_collector *collector)
{
    static const char *const names[] = {"training", "patterns", "retrieval", "facts"};
    struct cairn_request *request = collector->request;
    struct cairn_json_writer writer;
    char hex[33];
    cairn_request_received(turn, request); /* the wait for the shards is queueing */
    cairn_json_writer_init(&writer, &request->answer);
    cairn_json_begin_object(&writer);
    cairn_json_member_u64(&writer, "seq", collector->seq);
    for (uint32_t id = 0; id < CAIRN_PROJECTION_COUNT; id++) {
        const struct cairn_digest *digest = &collector->digests[id];
        snprintf(hex, sizeof(hex), "%016llx%016llx", (unsigned long long)digest->high,
                 (unsigned long long)digest->low);
        cairn_json_member_text(&writer, names[id], hex);
    }
    cairn_json_end_object(&writer);
    request->status = 200;
    cairn_request_finish(turn, request);
}

void cairn_ingest_digest_answer(struct cairn_ingest *ingest, struct cairn_turn *turn,
                                const struct cairn_message *message)
{
    struct cairn_digest_answer part;
    memcpy(&part, message->payload, sizeof(part));
    struct cairn_digest_collector **link = &ingest->collectors;
    while (*link != NULL && (*link)->token != part.token)
        link = &(*link)->next;
    struct cairn_digest_collector *collector = *link;
    if (collector == NULL)
        return;
    cairn_digest_add(&collector->digests[part.id], part.digest);
    if (--collector->missing > 0)
        return;
    *link = collector->next;
    answer(turn, collector);
    free(collector);
}
