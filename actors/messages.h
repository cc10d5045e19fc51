/* actors/messages.h: what cairn's actors say to each other. `value` carries the pointer or number.
 */
#pragma once

#include "runtime/actor.h"

enum cairn_actor_message {
    /* to any answering actor; value: struct cairn_request, moved */
    CAIRN_MESSAGE_REQUEST = CAIRN_MESSAGE_USER,
    /* to a connection; value: struct cairn_request, moved, answered */
    CAIRN_MESSAGE_ANSWER,
    /* to the reader; value: struct cairn_request with `fetch`, moved */
    CAIRN_MESSAGE_FETCH,
    /* ingest to a projection shard; value: struct cairn_batch, one reference moved */
    CAIRN_MESSAGE_BATCH,
    /* ingest to a projection shard: digest at this point of the stream; value: caller's token */
    CAIRN_MESSAGE_DIGEST,
    /* a projection shard to ingest; payload: struct cairn_digest_answer */
    CAIRN_MESSAGE_DIGEST_ANSWER,
    /* an actor to itself: go on with long work */
    CAIRN_MESSAGE_CONTINUE,
    /* gateway */
    CAIRN_MESSAGE_ACCEPTED, /* value: descriptor */
    CAIRN_MESSAGE_RECEIVED, /* payload: struct of connection.c */
    CAIRN_MESSAGE_SENT,
    CAIRN_MESSAGE_CLOSE,
    /* to metrics; value: how many; payload: that many struct cairn_request_report */
    CAIRN_MESSAGE_REPORT,
    CAIRN_MESSAGE_COMMIT_REPORT,
    /* followers of the event stream */
    CAIRN_MESSAGE_FOLLOW, /* to ingest; from: the connection */
    CAIRN_MESSAGE_UNFOLLOW,
    CAIRN_MESSAGE_FOLLOWED, /* to a connection; value: struct cairn_batch, one reference moved */
    /* start-up, settings */
    CAIRN_MESSAGE_RECOVER, /* ingest to itself: go on replaying; to the fetcher: the ledger is open */
};
