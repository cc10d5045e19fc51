#include "actors/training/channels.h"

#include <errno.h>
#include <stdlib.h>

#include "actors/training/transitions.h"

#define BUCKETS 256u

/* Work of one call: passing a message costs 1, training it TRAIN_COST. */
#define WORK_MAX   4096u
#define TRAIN_COST 32u

struct channel {
    struct channel *next; /* of its bucket */
    uint32_t id;
    bool is_complete;
    struct cairn_forward_cursor cursor; /* while it is being made: the next message */
    struct cairn_heap heap;
    cairn_ref chain;
    uint64_t bytes; /* as counted in the sum */
    uint64_t serial;
    uint64_t used_at;
};

struct cairn_channels {
    struct channel *buckets[BUCKETS]; /* owned, by id */
    struct channel *making;           /* one of them, or NULL */
    uint64_t bytes_max;
    uint64_t bytes;
    uint32_t count;
    uint64_t clock; /* counts uses */
    uint64_t serial;
    uint32_t refused; /* the last channel that was over the budget, and when that was */
    uint32_t refused_end;
};

struct cairn_channels *cairn_channels_create(uint64_t bytes_max)
{
    struct cairn_channels *channels = calloc(1, sizeof(*channels));
    if (channels != NULL)
        channels->bytes_max = bytes_max;
    return channels;
}

static struct channel **link_of(struct cairn_channels *channels, uint32_t id)
{
    struct channel **link = &channels->buckets[id % BUCKETS];
    while (*link != NULL && (*link)->id != id)
        link = &(*link)->next;
    return link;
}

static void evict(struct cairn_channels *channels, uint32_t id)
{
    struct channel **link = link_of(channels, id);
    struct channel *channel = *link;
    *link = channel->next;
    if (channels->making == channel)
        channels->making = NULL;
    channels->bytes -= channel->bytes;
    channels->count--;
    cairn_heap_deinit(&channel->heap);
    free(channel);
}

void cairn_channels_clear(struct cairn_channels *channels)
{
    for (uint32_t i = 0; i < BUCKETS; i++) {
        while (channels->buckets[i] != NULL)
            evict(channels, channels->buckets[i]->id);
    }
    channels->refused = 0;
}

void cairn_channels_destroy(struct cairn_channels *channels)
{
    if (channels == NULL)
        return;
    cairn_channels_clear(channels);
    free(channels);
}

uint32_t cairn_channels_count(const struct cairn_channels *channels)
{
    return channels->count;
}

uint64_t cairn_channels_bytes(const struct cairn_channels *channels)
{
    return channels->bytes;
}

static struct channel *least_recent(const struct cairn_channels *channels,
                                    const struct channel *kept)
{
    struct channel *least = NULL;
    for (uint32_t i = 0; i < BUCKETS; i++) {
        for (struct channel *at = channels->buckets[i]; at != NULL; at = at->next) {
            if (at != kept && (least == NULL || at->used_at < least->used_at))
                least = at;
        }
    }
    return least;
}

/* Count what `channel` takes now; others make room for it. False if it alone is too large. */
static bool settle(struct cairn_channels *channels, struct channel *channel)
{
    uint64_t bytes = sizeof(*channel) + cairn_heap_used_bytes(&channel->heap);
    channels->bytes += bytes - channel->bytes;
    channel->bytes = bytes;
    while (channels->bytes > channels->bytes_max) {
        struct channel *least = least_recent(channels, channel);
        if (least == NULL)
            return false;
        evict(channels, least->id);
    }
    return true;
}

static int add(struct cairn_channels *channels, uint32_t id, uint32_t order, struct channel **added)
{
    struct channel *channel = calloc(1, sizeof(*channel));
    if (channel == NULL)
        return -ENOMEM;
    channel->id = id;
    channel->serial = ++channels->serial;
    cairn_heap_init(&channel->heap, channels->bytes_max);
    channel->chain = cairn_chain_create(&channel->heap, order);
    if (channel->chain == 0) {
        cairn_heap_deinit(&channel->heap);
        free(channel);
        return -ENOBUFS;
    }
    *link_of(channels, id) = channel;
    channels->count++;
    *added = channel;
    return 0;
}

static int train(struct channel *channel, const struct cairn_heap *space,
                 const struct cairn_forward_message *message)
{
    return cairn_transitions_train(space, message->tokens, &channel->heap, channel->chain,
                                   message->ordinal);
}

/* One stretch of work on the chain being made. */
static int make(struct channel *channel, const struct cairn_heap *space)
{
    struct cairn_forward_message message;
    cairn_ref forward = cairn_corpus_of(space)->forward;
    channel->cursor.offset = 0; /* the index may have changed since the last call */
    for (uint32_t work = 0; work < WORK_MAX; work++) {
        if (!cairn_forward_next(space, forward, &channel->cursor, &message)) {
            channel->is_complete = true;
            return 0;
        }
        if (message.channel != channel->id)
            continue;
        int result = train(channel, space, &message);
        if (result < 0)
            return result;
        work += TRAIN_COST;
    }
    return 0;
}

static int go_on(struct cairn_channels *channels, const struct cairn_heap *space)
{
    struct channel *channel = channels->making;
    channel->used_at = ++channels->clock;
    int result = make(channel, space);
    if (!settle(channels, channel) || result < 0) {
        channels->refused = channel->id;
        channels->refused_end = cairn_forward_end(space, cairn_corpus_of(space)->forward);
        evict(channels, channel->id);
        return -ENOBUFS;
    }
    if (channel->is_complete)
        channels->making = NULL;
    return 0;
}

int cairn_channels_get(struct cairn_channels *channels, const struct cairn_heap *space, uint32_t id,
                       struct cairn_channels_chain *chain)
{
    cairn_assert(id != 0);
    if (channels->refused == id &&
        channels->refused_end == cairn_forward_end(space, cairn_corpus_of(space)->forward))
        return -ENOBUFS;

    struct channel *channel = *link_of(channels, id);
    if (channel == NULL && channels->making == NULL) {
        uint32_t order = cairn_chain_order(space, cairn_corpus_of(space)->chain);
        int result = add(channels, id, order, &channel);
        if (result < 0)
            return result;
        channels->making = channel;
    }
    if (channels->making != NULL && (channel == NULL || !channel->is_complete)) {
        bool is_own = channels->making == channel;
        int result = go_on(channels, space);
        if (result < 0)
            return is_own ? result : 0;
    }
    if (channel == NULL || !channel->is_complete)
        return 0;
    channel->used_at = ++channels->clock;
    *chain = (struct cairn_channels_chain){
        .heap = &channel->heap, .chain = channel->chain, .serial = channel->serial};
    return 1;
}

void cairn_channels_learn(struct cairn_channels *channels, const struct cairn_heap *space,
                          const struct cairn_forward_message *message)
{
    struct channel *channel = *link_of(channels, message->channel);
    if (channel == NULL || !channel->is_complete)
        return;
    if (train(channel, space, message) < 0 || !settle(channels, channel))
        evict(channels, channel->id);
}

void cairn_channels_unlearn(struct cairn_channels *channels, const struct cairn_heap *space,
                            const struct cairn_forward_message *message)
{
    struct channel *channel = *link_of(channels, message->channel);
    if (channel == NULL || (!channel->is_complete && message->ordinal >= channel->cursor.ordinal))
        return;
    cairn_transitions_untrain(space, message->tokens, &channel->heap, channel->chain);
}
