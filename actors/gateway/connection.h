/* actors/gateway/connection.h: one client's connection, an actor on the worker that owns its ring.
 *
 *     socket -> [ http ] -> admission -> mailbox of the answerer
 *     socket <- [ head + answer, in the order of the requests ] <- CAIRN_MESSAGE_ANSWER
 *
 * Requests of one connection may be answered by different actors at the same time; the answers wait
 * for each other. At most pipeline_max are unanswered: then the connection stops reading, and TCP
 * pushes back. So it does while the answerer's mailbox is full.
 *
 * An actor that was given a request always gives it back, so a connection whose client has gone
 * stays until its last request has come home.
 *
 * A follower (GET .../events?follow=1) goes to ingest as CAIRN_MESSAGE_FOLLOW with the request.
 * Ingest answers it like any request: the answer is what was so far, as Server-Sent Events, up to
 * request->seq. Then it sends CAIRN_MESSAGE_FOLLOWED with every batch that may concern the space, and
 * the connection picks. Every FOLLOW, refused ones too, ends with CAIRN_MESSAGE_UNFOLLOW, and ingest
 * replies to that with a last FOLLOWED without a batch; it may send this on its own when it stops.
 *
 * Ownership   Takes the descriptor once it is spawned.
 * Context     Pinned to its worker: completions and turns never overlap.
 */
#pragma once

#include "actors/gateway/gateway.h"

struct cairn_connection_options {
    const struct cairn_gateway_options *gateway; /* borrowed */
    struct cairn_actor_ref listener;             /* is told CAIRN_MESSAGE_CLOSE with `index` */
    uint64_t index;
    int socket;
    uint32_t worker;
    /* Borrowed from the listener: memory behind the bodies of all connections. Not touched after
     * CAIRN_MESSAGE_CLOSE. */
    _Atomic uint64_t *bodies_bytes;
    bool is_refused; /* over the limit: answer 503 and close */
};

/* -ENOMEM, or what the runtime says; the descriptor is then still the caller's. */
int cairn_connection_spawn(struct cairn_turn *turn, const struct cairn_connection_options *options,
                           struct cairn_actor_ref *ref);
