/* actors/gateway/connection_internal.h: the parts of a connection.
 *
 *     connection.c         the actor: messages, timers, the end
 *     connection_input.c   bytes to requests, and requests to their answerers
 *     connection_output.c  answers to bytes, in order; reports
 *     connection_follow.c  the stream of events
 *
 * A request has a ticket, counted from 0. Its slot is ticket % pipeline_max, and it is in one of
 * these places:
 *
 *     0 ......... sent ........ sending ........ written ........ accepted
 *       finished  |  in the kernel  |  in `out[1]`   |  being answered  |
 */
#pragma once

#include "actors/gateway/admission.h"
#include "actors/gateway/connection.h"
#include "actors/gateway/response.h"
#include "runtime/io/io.h"

enum cairn_connection_mode {
    CAIRN_CONNECTION_OPEN,
    CAIRN_CONNECTION_CLOSING,   /* no more requests; the accepted ones are answered */
    CAIRN_CONNECTION_LINGERING, /* all is answered; the client may still read and send */
    CAIRN_CONNECTION_ENDING,    /* nobody is there; what is under way comes home */
};

struct cairn_connection_slot {
    struct cairn_request *request; /* owned; NULL while it is with its answerer */
    uint64_t ready_ns;
    uint32_t allow;
    uint32_t body_bytes;
    uint32_t sent_bytes;
    uint64_t held_bytes; /* of bodies_bytes */
    bool is_ready;
    bool closes;
    bool is_head;
    bool is_http_1_0;
    bool is_stream;
    size_t id_bytes;
    char id[CAIRN_REQUEST_ID_BYTES_MAX + 1];
};

struct cairn_connection_stream {
    bool is_wanted;              /* FOLLOW was sent, and the last FOLLOWED has not come */
    bool is_told;                /* UNFOLLOW was sent */
    bool is_flowing;             /* the head of the answer is written */
    struct cairn_buffer waiting; /* events that came before it */
    uint64_t after_seq;
    size_t space_bytes;
    size_t kind_bytes; /* 0: all kinds */
    char space[128];
    char kind[128];
};

struct cairn_connection {
    struct cairn_connection_options options;
    const struct cairn_gateway_options *gateway;
    const struct cairn_gateway_limits *limits;
    struct cairn_io *io;
    struct cairn_actor_ref self;
    enum cairn_connection_mode mode;
    bool is_draining;  /* the system stops */
    bool is_broken;    /* nothing more can be sent */
    bool needs_linger; /* the client may be sending still: closing at once would reset it */

    /* input */
    struct cairn_io_op receive;
    bool is_receiving;
    bool is_cancelled;
    bool is_ended; /* the client sends no more */
    struct cairn_http *http;
    struct cairn_request *incoming;    /* owned; between HEAD and DONE */
    struct cairn_connection_slot head; /* what the slot of `incoming` will be */
    struct cairn_admission admission;
    uint64_t held_bytes; /* of bodies_bytes, for `incoming` */
    bool wants_continue;
    struct cairn_buffer backlog; /* bytes that came while no request could be taken */
    size_t backlog_offset;
    uint64_t backlog_ns;
    uint64_t request_ns;           /* first byte of the request being read */
    uint64_t parse_ns;             /* when its reading began */
    struct cairn_request *stalled; /* owned; its answerer's mailbox is full */
    struct cairn_actor_ref stalled_for;
    uint32_t stalled_type;

    /* output */
    struct cairn_io_op send;
    bool is_sending;
    struct cairn_buffer out[2]; /* 0: with the kernel, 1: next */
    uint64_t accepted, written, sending, sent;
    uint32_t away;                       /* requests with their answerers */
    struct cairn_connection_slot *slots; /* owned; pipeline_max */
    struct cairn_connection_stream stream;

    /* time */
    uint64_t timer;
    uint64_t timer_number; /* of the armed one; older ones are ignored */
    uint64_t timer_ns;     /* when it fires; UINT64_MAX: none */
    uint64_t idle_ns;      /* since when nothing is under way */
    uint64_t received_ns;  /* last bytes */
    uint64_t head_ns;      /* when the half head began */
    uint64_t stalled_ns;
    uint64_t sending_ns;
    uint64_t linger_ns;
    uint64_t drain_ns;
};

/* Payload of CAIRN_MESSAGE_RECEIVED and CAIRN_MESSAGE_SENT. */
struct cairn_connection_io {
    struct cairn_io_completion completion;
    uint64_t at_ns;
};

/* ---- connection_input.c ---- */

/* Bytes from the kernel; the caller keeps the buffer. */
void cairn_connection_take(struct cairn_turn *turn, struct cairn_connection *connection,
                           struct cairn_slice bytes, uint64_t at_ns);
/* Go on with what had to wait: a request for a full mailbox, bytes of the backlog. */
void cairn_connection_resume(struct cairn_turn *turn, struct cairn_connection *connection);
/* Answer a request that cannot be read to its end, and take no more. */
void cairn_connection_refuse(struct cairn_turn *turn, struct cairn_connection *connection,
                             int status, const char *detail);
/* Give up on a full mailbox. */
void cairn_connection_refuse_stalled(struct cairn_turn *turn, struct cairn_connection *connection);
/* Give what was held for a body back to the budget of all connections. */
void cairn_connection_release_body(struct cairn_connection *connection, uint64_t *held_bytes);
bool cairn_connection_has_room(const struct cairn_connection *connection);

/* ---- connection_output.c ---- */

/* The next ticket's slot, for `request` with the answer it already has, or for one that is away. */
struct cairn_connection_slot *cairn_connection_accept(struct cairn_connection *connection);
void cairn_connection_answer(struct cairn_turn *turn, struct cairn_connection *connection,
                             struct cairn_request *request);
/* Write what is ready and give it to the kernel. */
void cairn_connection_flush(struct cairn_turn *turn, struct cairn_connection *connection);
void cairn_connection_sent(struct cairn_turn *turn, struct cairn_connection *connection,
                           const struct cairn_connection_io *sent);

/* ---- connection_follow.c ---- */

void cairn_connection_follow(struct cairn_connection *connection, struct cairn_request *request);
/* `batch` is moved; NULL: the stream has ended. */
void cairn_connection_followed(struct cairn_connection *connection, struct cairn_batch *batch);
/* The head of the stream is written: let the events flow. */
void cairn_connection_flow(struct cairn_connection *connection, uint64_t after_seq);
void cairn_connection_unfollow(struct cairn_turn *turn, struct cairn_connection *connection);
