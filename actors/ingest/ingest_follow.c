/* Followers of the event stream: what was so far, then every batch of their space as it commits. */
#include <errno.h>
#include <stdlib.h>

#include "actors/ingest/ingest_internal.h"
#include "actors/messages.h"

/* `batch` NULL: the stream has ended. */
static void tell(struct cairn_turn *turn, struct cairn_actor_ref connection,
                 struct cairn_batch *batch)
{
    uint64_t value = batch == NULL ? 0 : (uint64_t)(uintptr_t)cairn_batch_acquire(batch);
    struct cairn_message *message = cairn_turn_message(turn, CAIRN_MESSAGE_FOLLOWED, value, 0);
    if (message != NULL && cairn_turn_send(turn, connection, message) == 0)
        return;
    if (message != NULL)
        cairn_turn_discard(turn, message);
    cairn_batch_release(batch);
}

void cairn_ingest_tell_followers(struct cairn_ingest *ingest, struct cairn_turn *turn,
                                 struct cairn_batch *batch)
{
    for (struct cairn_follower *follower = ingest->followers; follower != NULL;
         follower = follower->next) {
        if (cairn_slice_equal(follower->space, batch->events[0].space))
            tell(turn, follower->connection, batch);
    }
}

void cairn_ingest_follow(struct cairn_ingest *ingest, struct cairn_turn *turn,
                         struct cairn_request *request)
{
    struct cairn_slice space = request->space;
    struct cairn_follower *follower = calloc(1, sizeof(*follower) + space.bytes);
    if (follower == NULL) {
        cairn_ingest_refuse(request, -ENOBUFS);
        cairn_ingest_finish(turn, request);
        return;
    }
    memcpy(follower + 1, space.data, space.bytes);
    follower->space = cairn_slice(follower + 1, space.bytes);
    follower->connection = request->connection;
    request->seq = ingest->published_seq;
    if (!cairn_ingest_read_stream(ingest, turn, request)) {
        free(follower);
        return;
    }
    follower->next = ingest->followers;
    ingest->followers = follower;
}

void cairn_ingest_unfollow(struct cairn_ingest *ingest, struct cairn_turn *turn,
                           struct cairn_actor_ref connection)
{
    struct cairn_follower **link = &ingest->followers;
    while (*link != NULL) {
        struct cairn_follower *follower = *link;
        if (follower->connection.slot != connection.slot ||
            follower->connection.generation != connection.generation) {
            link = &follower->next;
            continue;
        }
        *link = follower->next;
        free(follower);
    }
    tell(turn, connection, NULL);
}
