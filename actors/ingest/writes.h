/* actors/ingest/writes.h: bodies of writing requests to batches of events.
 *
 * Validation of what is posted, apart from what only ingest can know (duplicates, open episodes).
 * It runs on the connection's worker, so that bodies are parsed in parallel.
 *
 * Context   Pure: any thread, no I/O. `context` is a struct cairn_writes_options, unchanged.
 * Errors    A bad body is answered with a problem (request->status is then set); nothing is stored.
 * Cost      One pass over the body and one copy into the batch.
 */
#pragma once

#include "actors/request.h"

struct cairn_writes_options {
    bool durable; /* acknowledgement when the request does not say */
    uint32_t shards;
};

/* Operations that write and carry a body. */
bool cairn_writes_is_write(enum cairn_operation operation);

/* Fill request->batch, ->durable and ->notes. 0, or a negative errno with the problem answered. */
int cairn_writes_parse(void *context, struct cairn_request *request);
