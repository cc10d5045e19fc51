/* actors/request.h: one HTTP request on its way through the actors.
 *
 * The connection parses the head, fills in the request and sends it to the actor that can answer;
 * that actor reads what it needs from parameters, query string and body, writes the answer, and
 * sends the request back (cairn_request_finish). Whoever has received it owns it: one owner at a
 * time, so nothing in it needs a lock.
 *
 * An answer whose text lies in the ledger takes one more hop: the actor fills `fetch` and `render`
 * and sends it to the reader, which brings the events; the connection then calls `render`.
 *
 * Ownership   The request owns its buffers; slices in it borrow from them and live as long.
 * Context     Functions here are for the current owner.
 * Errors      A failed append to `answer` is found once, by the connection (503).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "actors/batch.h"
#include "actors/stages.h"
#include "runtime/actor.h"
#include "runtime/base/bytes.h"

/* What is asked for. The router (actors/gateway/router.h) maps method and path to one of these. */
enum cairn_operation {
    CAIRN_OPERATION_NONE,
    /* answered by the gateway */
    CAIRN_OPERATION_STATUS_PAGE,
    CAIRN_OPERATION_HEALTH,
    CAIRN_OPERATION_READY,
    CAIRN_OPERATION_CONFIG,
    CAIRN_OPERATION_OPENAPI,
    CAIRN_OPERATION_LATER, /* a path that a later release fills: 501 */
    /* ingest: writes, and reads of what ingest owns */
    CAIRN_OPERATION_POST_MESSAGES,
    CAIRN_OPERATION_LIST_MESSAGES,
    CAIRN_OPERATION_GET_MESSAGE,
    CAIRN_OPERATION_FORGET_MESSAGE,
    CAIRN_OPERATION_FORGET_AUTHOR,
    CAIRN_OPERATION_FORGET_CHANNEL,
    CAIRN_OPERATION_FORGET_SPACE,
    CAIRN_OPERATION_FORGET_EPISODE,
    CAIRN_OPERATION_FORGET_FACT,
    CAIRN_OPERATION_GET_FORGET,
    CAIRN_OPERATION_POST_EVENTS,
    CAIRN_OPERATION_LIST_EVENTS,
    CAIRN_OPERATION_CREATE_EPISODE,
    CAIRN_OPERATION_POST_STEPS,
    CAIRN_OPERATION_COMPLETE_EPISODE, /* then patterns, which answers */
    CAIRN_OPERATION_POST_EPISODES,
    CAIRN_OPERATION_PUT_FACT,
    CAIRN_OPERATION_LIST_SPACES,
    CAIRN_OPERATION_GET_SPACE,
    CAIRN_OPERATION_GET_SETTINGS,
    CAIRN_OPERATION_PUT_SETTINGS,
    CAIRN_OPERATION_POST_FEEDBACK,
    CAIRN_OPERATION_DIGEST,
    /* training */
    CAIRN_OPERATION_GENERATE,
    /* patterns */
    CAIRN_OPERATION_GET_EPISODE,   /* parameters: id */
    CAIRN_OPERATION_LIST_EPISODES, /* query: outcome, domain, type, tag, since, until, key, limit,
                                      cursor */
    CAIRN_OPERATION_LIST_PATTERNS, /* query: kind, domain, min_success, limit, cursor */
    CAIRN_OPERATION_GET_PATTERN,   /* parameters: id */
    /* facts */
    CAIRN_OPERATION_GET_FACTS, /* parameters: subject */
    CAIRN_OPERATION_GET_FACT,  /* parameters: subject, key; query: history */
    /* retrieval */
    CAIRN_OPERATION_SEARCH, /* body */
    /* metrics */
    CAIRN_OPERATION_METRICS,
    CAIRN_OPERATION_STATS,
    CAIRN_OPERATION_SLOW,
    CAIRN_OPERATION_COUNT,
};

#define CAIRN_REQUEST_PARAMETERS_MAX 3

struct cairn_request;

/* Writes the answer from what was fetched. Runs on the connection's worker. */
typedef void (*cairn_request_render)(struct cairn_request *request);

struct cairn_request {
    struct cairn_request *next; /* the owner's, for its queues */

    /* Set by the connection. */
    enum cairn_operation operation;
    struct cairn_actor_ref connection;
    uint64_t ticket;          /* the connection's: keeps answers in order */
    struct cairn_slice space; /* decoded and valid; empty where the path has none */
    struct cairn_slice
        parameters[CAIRN_REQUEST_PARAMETERS_MAX]; /* of the path, after the space; decoded */
    struct cairn_slice query;                     /* raw, without the '?' */
    struct cairn_slice body;
    bool is_ndjson;
    bool accepts_openmetrics;
    uint64_t min_seq;               /* 0: none; the projection waits for it before it answers */
    int64_t now_ms;                 /* wall clock at arrival */
    uint64_t random;                /* from the system, for what need not be repeatable */
    struct cairn_buffer storage;    /* owned: behind the slices above */
    struct cairn_buffer body_bytes; /* owned */

    /* A write's: parsed by the connection, numbered by ingest. */
    struct cairn_batch *batch; /* owned: one reference */
    bool durable;
    uint64_t seq;              /* last sequence this request created or names */
    struct cairn_buffer notes; /* owned: what the writer of the answer keeps ("rejected" ...) */

    /* The answer. */
    int status;                  /* 0 until answered */
    const char *content_type;    /* static; NULL: application/json */
    uint32_t retry_after_s;      /* 0: no header */
    struct cairn_buffer answer;  /* owned */
    cairn_request_render render; /* NULL: `answer` is complete */

    /* Events to read from the ledger before rendering. */
    uint64_t *fetch; /* owned: sequences, any order */
    uint32_t fetch_count;
    struct cairn_batch *fetched; /* owned: as `fetch`; kind NONE where there is no such event */
    void *results;               /* owned (free): what `render` needs besides, e.g. scores */
    uint32_t result_count;
    uint64_t next_cursor; /* 0: none */
    uint64_t progress;    /* of an answer that is made in several turns; starts at 0 */

    /* Accounting. */
    uint64_t started_ns;
    uint64_t sent_ns; /* when it was last put into a mailbox */
    uint64_t stage_ns[CAIRN_STAGE_COUNT];
};

struct cairn_request *cairn_request_create(void); /* NULL: no memory */
void cairn_request_destroy(struct cairn_request *request);

/* The value of `name` in the query string, percent-decoded into the request's storage. False if it
 * is not there. */
bool cairn_request_query(struct cairn_request *request, const char *name,
                         struct cairn_slice *value);
/* As a number. False and a 400 answered if it is there but is none; else *value or `fallback`. */
bool cairn_request_query_u64(struct cairn_request *request, const char *name, uint64_t fallback,
                             uint64_t *value);

/* Answer with application/problem+json (RFC 9457): drops what was written so far. */
void cairn_request_problem(struct cairn_request *request, int status, const char *detail, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with "line": which line (from 1) of a bulk body is at fault. */
void cairn_request_problem_line(struct cairn_request *request, int status, uint64_t line,
                                const char *detail, ...) __attribute__((format(printf, 4, 5)));

/* Mailbox messages that carry a request have it as `value`. */
static inline struct cairn_request *cairn_request_of(const struct cairn_message *message)
{
    return (struct cairn_request *)(uintptr_t)message->value;
}

/* Hand the request over; `type` is of actors/messages.h. -ENOBUFS (bounded) leaves it with the
 * caller; otherwise it is gone. */
int cairn_request_send(struct cairn_turn *turn, struct cairn_actor_ref to, uint32_t type,
                       struct cairn_request *request, bool bounded);
/* On receipt: books the time in the mailbox as `queue`. Returns the clock for the next stage. */
uint64_t cairn_request_received(struct cairn_turn *turn, struct cairn_request *request);
/* Book the time since `from_ns` to `stage`; returns the clock now. */
uint64_t cairn_request_book(struct cairn_turn *turn, struct cairn_request *request,
                            enum cairn_stage stage, uint64_t from_ns);
/* Send the answered request to its connection, or destroy it if that has gone. */
void cairn_request_finish(struct cairn_turn *turn, struct cairn_request *request);
