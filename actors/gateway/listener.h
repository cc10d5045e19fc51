/* actors/gateway/listener.h: takes connections and hands them round-robin to the workers.
 *
 * One actor on worker 0. It knows every connection, so that stopping it (cairn_system_stop_actor)
 * stops them all: each finishes what is in flight, and the listener ends after the last.
 *
 * Ownership   Takes the listening socket; closes it when it ends.
 * Context     Spawned from outside; everything else is its own turn.
 * Errors      Out of descriptors or memory: it waits a moment, and those who knock wait in the
 *             kernel's queue. Over connections_max: the connection is answered 503 and closed.
 */
#pragma once

#include "actors/gateway/gateway.h"

struct cairn_listener_options {
    const struct cairn_gateway_options *gateway; /* borrowed; limits complete */
    int socket;
    uint32_t worker_count;
};

int cairn_listener_spawn(struct cairn_system *system, const struct cairn_listener_options *options,
                         struct cairn_actor_ref *ref);
