/* actors/system.h: cairn built from its settings: which actors there are and who knows whom.
 *
 * The only place that reads config/ and hands every module its own options.
 *
 *     serve                                     replay
 *     listener -> connections                   feeder (reads a ledger, writes nothing)
 *        |            |                            |
 *     metrics      ingest -> ledger                v
 *                     |                     the same projections
 *                     v
 *     training, patterns, retrieval, facts: one actor each per shard;  fetcher: reads events back
 *
 * Context   The calling thread builds and stops; it must not be a worker.
 */
#pragma once

#include <stdint.h>

#include "actors/projection.h"
#include "config/settings.h"
#include "storage/ledger.h"

/* ---- serving ---- */

struct cairn_service;

struct cairn_service_options {
    const struct cairn_settings *settings; /* borrowed for the service's life */
    const char *data_directory;            /* borrowed likewise */
    struct cairn_io *io;                   /* the calling thread's; woken when something changed */
    const char *version;
};

/* What start-up found; `detail` says it in a sentence when result is negative. */
struct cairn_service_report {
    int result; /* -EWOULDBLOCK: locked. -EBADMSG: corrupt. -EINVAL: settings. Else I/O */
    char detail[512];
    char listen[128]; /* HOST:PORT with the port that the kernel chose */
    uint64_t seq;
    uint64_t replayed_events;
    uint64_t checkpoint_seq; /* 0: none was used */
    uint64_t recovered_ms;
    struct cairn_ledger_recovery recovery;
};

/* Listen, start the workers, and wait until the ledger is recovered (readyz answers 503 meanwhile).
 * On failure nothing is left running and report->result says why. */
int cairn_service_start(const struct cairn_service_options *options,
                        struct cairn_service_report *report, struct cairn_service **service);
/* The last committed sequence. */
uint64_t cairn_service_seq(const struct cairn_service *service);
/* Finish what is in flight, flush, take a checkpoint, end. */
void cairn_service_stop(struct cairn_service *service);

/* ---- replaying offline ---- */

struct cairn_offline_options {
    const struct cairn_settings *settings;
    const char *data_directory;
    struct cairn_io *io;
    uint64_t from_seq, to_seq; /* 0: from the start, to the end */
    /* Called from the waiting thread about ten times a second. May be NULL. */
    void (*progress)(void *context, uint64_t seq, uint64_t last_seq);
    void *context;
};

struct cairn_offline_result {
    uint64_t seq, events;
    uint64_t elapsed_ns;
    struct cairn_digest digests[CAIRN_PROJECTION_COUNT];
};

/* Rebuild every projection from the ledger in `data_directory`, which is only read. -ENOENT: there is
 * none. -EBADMSG: it is damaged (run verify). */
int cairn_offline_replay(const struct cairn_offline_options *options,
                         struct cairn_offline_result *result);
