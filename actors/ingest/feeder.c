#include "actors/ingest/feeder.h"

#include <errno.h>
#include <stdlib.h>

#include "actors/ingest/replay.h"
#include "actors/messages.h"

#define CACHE_BLOCKS 4

struct cairn_feeder {
    struct cairn_feeder_options options;
    struct cairn_replay replay;
    struct cairn_reader *reader;
    bool is_done;
};

int cairn_feeder_create(const struct cairn_feeder_options *options, struct cairn_feeder **feeder)
{
    struct cairn_feeder *created = calloc(1, sizeof(*created));
    if (created == NULL)
        return -ENOMEM;
    created->options = *options;
    *feeder = created;
    return 0;
}

void cairn_feeder_destroy(struct cairn_feeder *feeder)
{
    cairn_replay_deinit(&feeder->replay);
    free(feeder);
}

static void finish(struct cairn_feeder *feeder, int result)
{
    uint64_t last_seq = feeder->replay.next_seq == 0 ? 0 : feeder->replay.next_seq - 1;
    uint64_t events = feeder->replay.events;
    feeder->is_done = true;
    if (feeder->reader != NULL)
        cairn_reader_close(feeder->reader);
    feeder->reader = NULL;
    feeder->options.done(feeder->options.context, result, last_seq, events);
}

/* Behind the last event is the end. Or damage: then what lies before it is not all there was, and a
 * state made of it would pass for the whole. */
static int check_end(struct cairn_reader *reader)
{
    struct cairn_reader_block *block;
    int result = cairn_reader_acquire(reader, cairn_reader_last_seq(reader) + 1, &block);
    if (result == 0)
        cairn_reader_release(reader, block); /* a live writer went on */
    return result == -ENODATA ? 0 : result;
}

static int start(struct cairn_feeder *feeder, struct cairn_turn *turn)
{
    const struct cairn_feeder_options *options = &feeder->options;
    int result =
        cairn_reader_open(cairn_turn_io(turn), options->directory, CACHE_BLOCKS, &feeder->reader);
    if (result < 0)
        return result;
    struct cairn_replay_options replay = {.reader = feeder->reader,
                                          .directory = options->directory_model,
                                          .shards = options->shards,
                                          .from_seq = options->from_seq,
                                          .to_seq = options->to_seq,
                                          .lag_events_max = options->lag_events_max};
    uint64_t last_seq = cairn_reader_last_seq(feeder->reader);
    if (replay.to_seq == 0 || replay.to_seq > last_seq) {
        replay.to_seq = last_seq;
        result = check_end(feeder->reader);
        if (result < 0)
            return result;
    }
    return cairn_replay_init(&feeder->replay, &replay);
}

static void go_on(struct cairn_feeder *feeder, struct cairn_turn *turn)
{
    int result;
    do {
        result = cairn_replay_step(&feeder->replay, turn);
    } while (result == 1 && !cairn_turn_is_over(turn));
    atomic_store_explicit(feeder->options.fed_seq, feeder->replay.next_seq - 1,
                          memory_order_relaxed);
    if (result == 1)
        cairn_turn_tell(turn, cairn_turn_self(turn), CAIRN_MESSAGE_CONTINUE, 0);
    else if (result == -EAGAIN || (result == 0 && cairn_shards_lag(feeder->options.shards) > 0))
        cairn_turn_timer(turn, 1, 0);
    else
        finish(feeder, result);
}

int cairn_feeder_behaviour(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    struct cairn_feeder *feeder = state;
    int result = 0;
    switch (message->type) {
    case CAIRN_MESSAGE_START:
        result = start(feeder, turn);
        break;
    case CAIRN_MESSAGE_STOP:
        return CAIRN_TURN_STOP;
    default:
        break;
    }
    if (result < 0)
        finish(feeder, result);
    else if (!feeder->is_done)
        go_on(feeder, turn);
    return CAIRN_TURN_OK;
}
