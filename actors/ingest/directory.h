/* actors/ingest/directory.h: what exists, as ingest must know it before the ledger has it.
 *
 * Numbering, idempotency, which episodes are open and what a DELETE selects cannot wait for a
 * projection that lags, so ingest keeps this model itself and applies each event as it appends it:
 * one row an event (32 bytes), a table of idempotency keys, a table of episodes, the settings, and
 * totals. It is kept like every model: a space, a heap (actors/projection.h), so that it is
 * checkpointed and rebuilt by the same code.
 *
 * Context   Ingest's, one thread. Pointers into the heap die with the next apply.
 * Cost      apply O(1); a selection O(rows of the space).
 */
#pragma once

#include "actors/projection.h"

extern const struct cairn_projection_module cairn_directory_module;

/* ---- idempotency ---- */

struct cairn_directory_key {
    uint64_t low; /* 128-bit hash of the client's id, keyed by the space's name */
    uint64_t high;
    uint64_t seq;
    uint64_t content; /* hash of what was sent with it: another content is a conflict */
};

struct cairn_directory_key cairn_directory_key_of(const struct cairn_event *event,
                                                  struct cairn_slice client_id);
/* The stored key with the same id; false if there is none. */
bool cairn_directory_find_key(const struct cairn_projection_space *space,
                              const struct cairn_directory_key *key,
                              struct cairn_directory_key *found);

/* ---- episodes ---- */

enum cairn_episode_state {
    CAIRN_EPISODE_UNKNOWN,
    CAIRN_EPISODE_OPEN,
    CAIRN_EPISODE_COMPLETED,
};

enum cairn_episode_state cairn_directory_episode(const struct cairn_projection_space *space,
                                                 struct cairn_slice uuid);

/* ---- selections ---- */

/* What to list or forget. Empty names and zeros do not narrow. */
struct cairn_directory_filter {
    struct cairn_slice channel;
    struct cairn_slice author;  /* of a fact, its subject */
    struct cairn_slice episode; /* 16 bytes: all events of that episode */
    struct cairn_slice name;    /* a fact's key, a custom event's kind */
    uint8_t kind;
    uint64_t seq;       /* exactly this event */
    uint64_t after_seq; /* exclusive */
    uint64_t up_to_seq; /* inclusive; 0: no bound */
    bool has_since, has_until;
    int64_t since_ms, until_ms; /* inclusive, exclusive */
};

/* The next live event that matches, ascending from *position (start with 0). 0: no more. Forgets
 * are rows as well, found only by kind or seq or with no filter on names. */
uint64_t cairn_directory_next(const struct cairn_projection_space *space,
                              const struct cairn_directory_filter *filter, uint32_t *position);

/* The kind of a live event, CAIRN_EVENT_NONE when there is no such event in this space. */
uint8_t cairn_directory_kind(const struct cairn_projection_space *space, uint64_t seq);

/* ---- totals and settings ---- */

struct cairn_directory_totals {
    uint64_t live; /* events, forgets left out */
    uint64_t forgotten;
    uint64_t by_kind[CAIRN_EVENT_KIND_END]; /* live */
    uint64_t payload_bytes;
    uint64_t first_seq, last_seq; /* live; 0: none */
    int64_t first_ts_ms, last_ts_ms;
};

void cairn_directory_totals(const struct cairn_projection_space *space,
                            struct cairn_directory_totals *totals);
/* The JSON object last put, empty if none; borrowed until the next apply. */
struct cairn_slice cairn_directory_settings(const struct cairn_projection_space *space);
