/* actors/ingest/ingest.h: the one writer of the ledger.
 *
 *     request --> [ check, number, append ] --> pending --> (written / durable) --> publish, answer
 *
 * Ingest drops duplicates, gives sequence numbers, appends to the ledger, and when the ledger says
 * that an event is as safe as its request asked, publishes the batch to the projections and
 * answers, strictly in order. What it decides on is the directory (actors/ingest/directory.h). It
 * also answers what it alone knows at once: lists of events, spaces, settings, receipts.
 *
 * When the ledger has no room, or a projection lags, requests wait here; connections stop reading
 * after a few of them, and TCP pushes back.
 *
 * Context   A pinned actor of the latency class: the ledger's operations belong to its worker.
 */
#pragma once

#include <stdatomic.h>

#include "actors/readiness.h"
#include "actors/shards.h"
#include "storage/ledger.h"

/* What start-up found. */
struct cairn_ingest_report {
    int result; /* of opening: 0 or a negative errno */
    struct cairn_ledger_recovery recovery;
    uint64_t replayed_events;
};

struct cairn_ingest_options {
    struct cairn_ledger_options ledger; /* progress and context are ingest's own */
    const struct cairn_shards *shards;  /* borrowed */
    struct cairn_projection *directory; /* borrowed; with what a checkpoint held */
    struct cairn_actor_ref reader;
    struct cairn_actor_ref metrics;  /* may be nobody */
    _Atomic uint64_t *committed_seq; /* borrowed; raised when events are published */
    _Atomic int *readiness;          /* borrowed; enum cairn_readiness */
    uint64_t replay_from_seq;        /* first event that some model lacks */
    uint64_t lag_events_max;         /* admission stops beyond */
    uint32_t queue_max;              /* waiting requests; more are refused with 503 */
    uint32_t state_size;             /* defaults that GET settings shows */
    const char *language;
    const char *space_settings;  /* JSON that a new space begins with, as an event; NULL: none */
    uint64_t checkpoint_events;  /* a checkpoint after so many; 0: never while running */
    uint32_t checkpoint_idle_ms; /* and after so much quiet, if anything is new */
    /* Store a checkpoint of everything up to `seq`, in a forked child. May be NULL. */
    int (*checkpoint)(void *context, struct cairn_io *io, uint64_t seq);
    /* Readiness changed from starting. On ingest's worker. May be NULL. */
    void (*ready)(void *context, const struct cairn_ingest_report *report);
    void *context;
};

struct cairn_ingest;

int cairn_ingest_create(const struct cairn_ingest_options *options, struct cairn_ingest **ingest);
void cairn_ingest_destroy(struct cairn_ingest *ingest);
int cairn_ingest_behaviour(struct cairn_turn *turn, void *state, struct cairn_message *message);
