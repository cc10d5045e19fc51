/* The half of actors/request.h that moves a request between actors and books the time it takes; the
 * other half, in request.c, needs no runtime. */
#include "actors/request.h"

#include <errno.h>

#include "actors/messages.h"

static int deliver(struct cairn_turn *turn, struct cairn_actor_ref to, uint32_t type,
                   struct cairn_request *request, bool bounded)
{
    request->sent_ns = cairn_turn_clock_ns(turn);
    struct cairn_message *message = cairn_turn_message(turn, type, (uint64_t)(uintptr_t)request, 0);
    if (message == NULL)
        return -ENOBUFS;

    int result =
        bounded ? cairn_turn_try_send(turn, to, message) : cairn_turn_send(turn, to, message);
    if (result < 0)
        cairn_turn_discard(turn, message);
    return result;
}

/* A target that has ended cannot answer, so the request is answered for it: the connection counts
 * on each of its requests to come back. */
int cairn_request_send(struct cairn_turn *turn, struct cairn_actor_ref to, uint32_t type,
                       struct cairn_request *request, bool bounded)
{
    int result = deliver(turn, to, type, request, bounded);
    if (result == 0 || (bounded && result == -ENOBUFS))
        return result;

    cairn_request_problem(request, 503, "the part of the service that answers this has stopped");
    cairn_request_finish(turn, request);
    return result;
}

uint64_t cairn_request_received(struct cairn_turn *turn, struct cairn_request *request)
{
    return cairn_request_book(turn, request, CAIRN_STAGE_QUEUE, request->sent_ns);
}

uint64_t cairn_request_book(struct cairn_turn *turn, struct cairn_request *request,
                            enum cairn_stage stage, uint64_t from_ns)
{
    uint64_t now_ns = cairn_turn_clock_ns(turn);
    /* Two workers may read their clocks in either order around a hand-over. */
    if (now_ns > from_ns)
        request->stage_ns[stage] += now_ns - from_ns;
    return now_ns;
}

void cairn_request_finish(struct cairn_turn *turn, struct cairn_request *request)
{
    if (deliver(turn, request->connection, CAIRN_MESSAGE_ANSWER, request, false) < 0)
        cairn_request_destroy(request);
}
