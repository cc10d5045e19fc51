#include "actors/ingest/replay.h"

#include <errno.h>
#include <stdlib.h>

#include "actors/ingest/ingest_internal.h"

int cairn_replay_init(struct cairn_replay *replay, const struct cairn_replay_options *options)
{
    struct cairn_batch **open = calloc(options->shards->count, sizeof(struct cairn_batch *));
    if (open == NULL)
        return -ENOMEM;
    *replay = (struct cairn_replay){
        .options = *options,
        .next_seq = options->from_seq == 0 ? 1 : options->from_seq,
        .open = open,
    };
    return 0;
}

void cairn_replay_deinit(struct cairn_replay *replay)
{
    if (replay->open == NULL)
        return;
    for (uint32_t shard = 0; shard < replay->options.shards->count; shard++)
        cairn_batch_release(replay->open[shard]);
    free(replay->open);
    *replay = (struct cairn_replay){0};
}

static void publish_shard(struct cairn_replay *replay, struct cairn_turn *turn, uint32_t shard)
{
    struct cairn_batch *batch = replay->open[shard];
    replay->open[shard] = NULL;
    if (batch == NULL)
        return;
    if (batch->count == 0)
        cairn_batch_release(batch);
    else
        cairn_shards_publish(replay->options.shards, turn, batch);
}

static struct cairn_batch *open_batch(struct cairn_replay *replay, uint32_t shard,
                                      uint32_t capacity)
{
    if (replay->open[shard] == NULL) {
        struct cairn_batch *batch = cairn_batch_create(capacity);
        if (batch == NULL)
            return NULL;
        batch->shard = shard;
        replay->open[shard] = batch;
    }
    return replay->open[shard];
}

/* A forget is a batch of its own, with what it removes. */
static int feed_forget(struct cairn_replay *replay, struct cairn_turn *turn, uint32_t shard,
                       const struct cairn_event *event)
{
    publish_shard(replay, turn, shard);
    struct cairn_batch *batch = open_batch(replay, shard, 1);
    uint64_t *seqs = NULL;
    uint32_t count = 0;
    if (batch == NULL)
        return -ENOMEM;
    int result = cairn_batch_add(batch, event);
    struct cairn_projection_space *space =
        cairn_projection_ensure(replay->options.directory, event->space);
    if (result == 0 && space == NULL)
        result = -ENOMEM;
    if (result == 0)
        result = cairn_ingest_select(space, event, &seqs, &count);
    if (result == 0)
        result = cairn_batch_set_removed(batch, seqs, count);
    free(seqs);
    if (result == 0)
        result = cairn_ingest_record(replay->options.directory, batch);
    publish_shard(replay, turn, shard);
    return result;
}

static int feed_event(struct cairn_replay *replay, struct cairn_turn *turn,
                      const struct cairn_event *event, uint32_t expected)
{
    uint32_t shard = cairn_shards_of(replay->options.shards, event->space);
    struct cairn_projection_space *space =
        cairn_projection_ensure(replay->options.directory, event->space);
    if (space == NULL)
        return -ENOMEM;
    if (event->kind == CAIRN_EVENT_FORGET)
        return feed_forget(replay, turn, shard, event);

    struct cairn_batch *batch = open_batch(replay, shard, expected);
    if (batch == NULL)
        return -ENOMEM;
    int result = cairn_batch_add(batch, event);
    batch->makes_space = batch->makes_space || space->applied_seq == 0;
    if (result == 0 && event->seq > space->applied_seq) {
        result = cairn_directory_module.apply(space, event);
        space->applied_seq = event->seq;
    }
    return result;
}

int cairn_replay_step(struct cairn_replay *replay, struct cairn_turn *turn)
{
    const struct cairn_replay_options *options = &replay->options;
    if (replay->next_seq > options->to_seq)
        return 0;
    if (cairn_shards_lag(options->shards) > options->lag_events_max)
        return -EAGAIN;

    struct cairn_reader_block *block;
    int result = cairn_reader_acquire(options->reader, replay->next_seq, &block);
    if (result == -ENODATA)
        return 0;
    if (result < 0)
        return result;
    uint32_t index = (uint32_t)(replay->next_seq - block->first_seq);
    for (; result == 0 && index < block->event_count && replay->next_seq <= options->to_seq;
         index++) {
        result = feed_event(replay, turn, &block->events[index], block->event_count);
        replay->next_seq++;
        replay->events++;
    }
    cairn_reader_release(options->reader, block);
    for (uint32_t shard = 0; shard < options->shards->count; shard++)
        publish_shard(replay, turn, shard);
    return result < 0 ? result : 1;
}
