#include "actors/ingest/fetcher.h"

#include <errno.h>
#include <stdlib.h>

#include "actors/messages.h"
#include "actors/request.h"
#include "runtime/base/assert.h"
#include "storage/reader.h"

struct cairn_fetcher {
    struct cairn_fetcher_options options;
    struct cairn_reader *reader; /* opened when the ledger is there, closed at STOP */
};

int cairn_fetcher_create(const struct cairn_fetcher_options *options,
                         struct cairn_fetcher **fetcher)
{
    struct cairn_fetcher *created = calloc(1, sizeof(*created));
    if (created == NULL)
        return -ENOMEM;
    created->options = *options;
    *fetcher = created;
    return 0;
}

void cairn_fetcher_destroy(struct cairn_fetcher *fetcher)
{
    cairn_assert(fetcher->reader == NULL);
    free(fetcher);
}

static int ensure_reader(struct cairn_fetcher *fetcher, struct cairn_turn *turn)
{
    if (fetcher->reader != NULL)
        return 0;
    return cairn_reader_open(cairn_turn_io(turn), fetcher->options.directory,
                             fetcher->options.cache_blocks, &fetcher->reader);
}

/* The reader's files belong to this worker's platform, which ends with the workers. */
static void close_reader(struct cairn_fetcher *fetcher)
{
    if (fetcher->reader != NULL)
        cairn_reader_close(fetcher->reader);
    fetcher->reader = NULL;
}

/* Copy the event into the batch; one that cannot be had leaves a gap of kind NONE. */
static int fetch_one(struct cairn_fetcher *fetcher, const struct cairn_request *request,
                     uint64_t seq, struct cairn_batch *batch)
{
    static const struct cairn_event nothing;
    struct cairn_reader_block *block;
    int result = cairn_reader_acquire(fetcher->reader, seq, &block);
    if (result < 0) {
        int added = cairn_batch_add(batch, &nothing);
        return result == -EBADMSG ? result : added;
    }
    const struct cairn_event *event = &block->events[seq - block->first_seq];
    /* Nothing of one space is ever shown in another, whatever asked for it. */
    bool is_ours = cairn_slice_equal(event->space, request->space);
    result = cairn_batch_add(batch, is_ours ? event : &nothing);
    cairn_reader_release(fetcher->reader, block);
    return result;
}

static int fetch_all(struct cairn_fetcher *fetcher, struct cairn_turn *turn,
                     struct cairn_request *request)
{
    int result = ensure_reader(fetcher, turn);
    if (result < 0)
        return result;
    struct cairn_batch *batch = cairn_batch_create(request->fetch_count);
    if (batch == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; result >= 0 && i < request->fetch_count; i++)
        result = fetch_one(fetcher, request, request->fetch[i], batch);
    if (result < 0)
        cairn_batch_release(batch);
    else
        request->fetched = batch;
    return result;
}

int cairn_fetcher_behaviour(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    struct cairn_fetcher *fetcher = state;
    if (message->type == CAIRN_MESSAGE_STOP) {
        close_reader(fetcher);
        return CAIRN_TURN_STOP;
    }
    /* Opening walks the newest segment, tens of milliseconds: better now than in the first answer. A
     * failure is told by the first answer that needs it. */
    if (message->type == CAIRN_MESSAGE_RECOVER)
        (void)ensure_reader(fetcher, turn);
    if (message->type != CAIRN_MESSAGE_FETCH)
        return CAIRN_TURN_OK;

    struct cairn_request *request = cairn_request_of(message);
    uint64_t from_ns = cairn_request_received(turn, request);
    int result = fetch_all(fetcher, turn, request);
    cairn_request_book(turn, request, CAIRN_STAGE_DISK, from_ns);
    if (result == -EBADMSG)
        cairn_request_problem(request, 500,
                              "the ledger is damaged where an event lies; run "
                              "cairn verify");
    else if (result < 0)
        cairn_request_problem(request, 503, "the ledger cannot be read: %s", strerror(-result));
    cairn_request_finish(turn, request);
    return CAIRN_TURN_OK;
}
