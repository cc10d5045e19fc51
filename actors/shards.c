#include "actors/shards.h"

#include "actors/messages.h"
#include "runtime/base/assert.h"

static void send_batch(const struct cairn_shards *shards, struct cairn_turn *turn, uint32_t id,
                       struct cairn_batch *batch)
{
    uint64_t last_seq = batch->events[batch->count - 1].seq;
    /* release: pairs with the acquire of a shard that decides whether min_seq is reached; the
     * committed head is raised only afterwards. */
    atomic_store_explicit(&shards->watermarks[id][batch->shard].routed_seq, last_seq,
                          memory_order_release);
    if (batch->events[0].kind == CAIRN_EVENT_FORGET)
        atomic_store_explicit(&shards->watermarks[id][batch->shard].forget_seq, last_seq,
                              memory_order_release);
    struct cairn_message *message = cairn_turn_message(
        turn, CAIRN_MESSAGE_BATCH, (uint64_t)(uintptr_t)cairn_batch_acquire(batch), 0);
    cairn_assert(message != NULL);
    int result = cairn_turn_send(turn, shards->refs[id][batch->shard], message);
    if (result < 0) { /* stopping */
        cairn_turn_discard(turn, message);
        cairn_batch_release(batch);
    }
}

void cairn_shards_publish(const struct cairn_shards *shards, struct cairn_turn *turn,
                          struct cairn_batch *batch)
{
    uint64_t kinds = 0;
    cairn_assert(batch->count > 0 && batch->shard < shards->count);
    for (uint32_t i = 0; i < batch->count; i++)
        kinds |= UINT64_C(1) << batch->events[i].kind;
    for (uint32_t id = 0; id < CAIRN_PROJECTION_COUNT; id++) {
        if (batch->makes_space || (kinds & shards->kinds[id]) != 0)
            send_batch(shards, turn, id, batch);
    }
    cairn_batch_release(batch);
}

uint64_t cairn_shards_lag(const struct cairn_shards *shards)
{
    uint64_t lag = 0;
    for (uint32_t id = 0; id < CAIRN_PROJECTION_COUNT; id++) {
        for (uint32_t shard = 0; shard < shards->count; shard++) {
            const struct cairn_watermark *watermark = &shards->watermarks[id][shard];
            uint64_t applied = atomic_load_explicit(&watermark->applied_seq, memory_order_relaxed);
            uint64_t routed = atomic_load_explicit(&watermark->routed_seq, memory_order_relaxed);
            if (routed > applied && routed - applied > lag)
                lag = routed - applied;
        }
    }
    return lag;
}

uint64_t cairn_shards_applied(const struct cairn_shards *shards, enum cairn_projection_id id,
                              uint64_t head)
{
    uint64_t lowest = head;
    for (uint32_t shard = 0; shard < shards->count; shard++) {
        const struct cairn_watermark *watermark = &shards->watermarks[id][shard];
        uint64_t applied = atomic_load_explicit(&watermark->applied_seq, memory_order_relaxed);
        uint64_t routed = atomic_load_explicit(&watermark->routed_seq, memory_order_relaxed);
        if (applied < routed && applied < lowest)
            lowest = applied;
    }
    return lowest;
}
