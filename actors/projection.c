#include "actors/projection.h"

#include <errno.h>
#include <stdlib.h>

#include "actors/messages.h"
#include "runtime/base/assert.h"
#include "runtime/base/log.h"

#define EVENTS_A_SLICE 16u  /* between two looks at the clock */
#define SEQS_A_SLICE   256u /* forgotten between two looks */
#define SPACES_MIN     16u

/* What waits in the stream's order: a batch being applied, or a digest asked for at this point. */
struct work {
    struct work *next;
    struct cairn_batch *batch; /* NULL: a digest */
    uint32_t position;         /* events, or removed sequences, done */
    uint64_t token;
    struct cairn_actor_ref asker;
};

struct requests {
    struct cairn_request *first;
    struct cairn_request **end; /* where the next one is linked */
};

struct cairn_projection {
    struct cairn_projection_options options;
    struct cairn_projection_space **spaces; /* in order of creation */
    uint32_t space_count;
    uint32_t space_capacity;
    uint32_t *slots; /* index + 1 into spaces, open addressing */
    uint32_t slot_count;

    struct work *first_work;
    struct work **end_work;
    struct requests waiting;    /* for min_seq */
    struct requests unfinished; /* answered in several turns */
    bool is_continuing;         /* a CONTINUE is under way to ourselves */
    bool is_full;               /* a budget was used up: told once */
    uint64_t live_bytes;        /* of all models */
    struct cairn_actor_ref reader;
};

static void requests_init(struct requests *requests)
{
    *requests = (struct requests){.end = &requests->first};
}

static void requests_push(struct requests *requests, struct cairn_request *request)
{
    request->next = NULL;
    *requests->end = request;
    requests->end = &request->next;
}

static struct cairn_request *requests_take_all(struct requests *requests)
{
    struct cairn_request *first = requests->first;
    requests_init(requests);
    return first;
}

int cairn_projection_create(const struct cairn_projection_options *options,
                            struct cairn_projection **projection)
{
    struct cairn_projection *created = calloc(1, sizeof(*created));
    if (created == NULL)
        return -ENOMEM;
    created->options = *options;
    created->slot_count = SPACES_MIN * 2;
    created->slots = calloc(created->slot_count, sizeof(*created->slots));
    if (created->slots == NULL) {
        free(created);
        return -ENOMEM;
    }
    created->end_work = &created->first_work;
    requests_init(&created->waiting);
    requests_init(&created->unfinished);
    *projection = created;
    return 0;
}

void cairn_projection_set_reader(struct cairn_projection *projection, struct cairn_actor_ref reader)
{
    projection->reader = reader;
}

/* ---- spaces ---- */

static void space_drop_model(const struct cairn_projection *projection,
                             struct cairn_projection_space *space)
{
    if (space->cache != NULL && projection->options.module->cache_destroy != NULL)
        projection->options.module->cache_destroy(space->cache);
    space->cache = NULL;
    cairn_heap_deinit(&space->heap);
}

static int space_make_model(const struct cairn_projection *projection,
                            struct cairn_projection_space *space)
{
    const struct cairn_projection_module *module = projection->options.module;
    cairn_heap_init(&space->heap, projection->options.heap_budget_bytes);
    if (module->cache_create != NULL) {
        space->cache = module->cache_create(projection->options.module_options);
        if (space->cache == NULL)
            return -ENOMEM;
    }
    int result = module->init(space);
    if (result < 0)
        space_drop_model(projection, space);
    return result;
}

static void space_destroy(const struct cairn_projection *projection,
                          struct cairn_projection_space *space)
{
    space_drop_model(projection, space);
    free(space);
}

static uint32_t *slot_of(const struct cairn_projection *projection, struct cairn_slice name)
{
    uint32_t mask = projection->slot_count - 1;
    uint32_t slot = (uint32_t)cairn_hash64_slice(name) & mask;
    while (projection->slots[slot] != 0 &&
           !cairn_slice_equal(projection->spaces[projection->slots[slot] - 1]->name, name))
        slot = (slot + 1) & mask;
    return &projection->slots[slot];
}

static int ensure_space_room(struct cairn_projection *projection)
{
    if (projection->space_count < projection->space_capacity)
        return 0;
    uint32_t capacity =
        projection->space_capacity == 0 ? SPACES_MIN : projection->space_capacity * 2;
    void *spaces = realloc(projection->spaces, capacity * sizeof(*projection->spaces));
    if (spaces == NULL)
        return -ENOMEM;
    projection->spaces = spaces;
    uint32_t *slots = calloc((size_t)capacity * 2, sizeof(*slots));
    if (slots == NULL)
        return -ENOMEM;
    free(projection->slots);
    projection->slots = slots;
    projection->slot_count = capacity * 2;
    projection->space_capacity = capacity;
    for (uint32_t i = 0; i < projection->space_count; i++)
        *slot_of(projection, projection->spaces[i]->name) = i + 1;
    return 0;
}

struct cairn_projection_space *cairn_projection_find(struct cairn_projection *projection,
                                                     struct cairn_slice name)
{
    uint32_t index = *slot_of(projection, name);
    return index == 0 ? NULL : projection->spaces[index - 1];
}

struct cairn_projection_space *cairn_projection_ensure(struct cairn_projection *projection,
                                                       struct cairn_slice name)
{
    struct cairn_projection_space *space = cairn_projection_find(projection, name);
    if (space != NULL || ensure_space_room(projection) < 0)
        return space;
    space = calloc(1, sizeof(*space) + name.bytes);
    if (space == NULL)
        return NULL;
    memcpy(space + 1, name.data, name.bytes);
    space->name = cairn_slice(space + 1, name.bytes);
    space->options = projection->options.module_options;
    if (space_make_model(projection, space) < 0) {
        free(space);
        return NULL;
    }
    uint32_t *slot = slot_of(projection, name);
    projection->spaces[projection->space_count++] = space;
    *slot = projection->space_count;
    projection->live_bytes += cairn_heap_live_bytes(&space->heap);
    return space;
}

int cairn_projection_reset(struct cairn_projection *projection,
                           struct cairn_projection_space *space)
{
    space_drop_model(projection, space);
    return space_make_model(projection, space);
}

uint32_t cairn_projection_space_count(const struct cairn_projection *projection)
{
    return projection->space_count;
}

struct cairn_projection_space *cairn_projection_space_at(struct cairn_projection *projection,
                                                         uint32_t index)
{
    cairn_assert(index < projection->space_count);
    return projection->spaces[index];
}

/* ---- applying ---- */

static void tell_full_once(struct cairn_projection *projection, const struct cairn_event *event)
{
    if (projection->is_full)
        return;
    projection->is_full = true;
    cairn_log(CAIRN_LOG_ERROR, "projection_full",
              cairn_log_text("projection", projection->options.module->name),
              cairn_log_u64("shard", projection->options.shard), cairn_log_u64("seq", event->seq),
              cairn_log_text("next", "raise [memory] projection_mb and restart"));
}

static void apply_event(struct cairn_projection *projection, const struct cairn_event *event)
{
    struct cairn_projection_space *space = cairn_projection_ensure(projection, event->space);
    if (space == NULL) {
        tell_full_once(projection, event);
        return;
    }
    if (event->seq <= space->applied_seq)
        return; /* already in the checkpoint that this model came from */
    uint64_t bytes_before = cairn_heap_live_bytes(&space->heap);
    if (projection->options.module->apply(space, event) < 0)
        tell_full_once(projection, event);
    projection->live_bytes += cairn_heap_live_bytes(&space->heap) - bytes_before;
    space->applied_seq = event->seq;
}

/* Forgetting a whole space drops its model, settings and all. */
static bool is_whole_space(const struct cairn_event *event)
{
    struct cairn_slice scope;
    return cairn_event_field(event, CAIRN_FIELD_SCOPE, &scope) && cairn_slice_is(scope, "space");
}

/* Forget a slice of what `batch` removes, from `position`. Returns how far it came. */
static uint32_t forget_slice(struct cairn_projection *projection, const struct cairn_batch *batch,
                             uint32_t position)
{
    const struct cairn_event *event = &batch->events[0];
    struct cairn_projection_space *space = cairn_projection_find(projection, event->space);
    if (space == NULL || event->seq <= space->applied_seq)
        return batch->removed_count;
    uint64_t bytes_before = cairn_heap_live_bytes(&space->heap);
    if (is_whole_space(event)) {
        if (cairn_projection_reset(projection, space) < 0)
            tell_full_once(projection, event);
        position = batch->removed_count;
    } else if (position < batch->removed_count) {
        uint32_t count = batch->removed_count - position;
        if (count > SEQS_A_SLICE)
            count = SEQS_A_SLICE;
        if (projection->options.module->forget(space, batch->removed + position, count) < 0)
            tell_full_once(projection, event);
        position += count;
    }
    projection->live_bytes += cairn_heap_live_bytes(&space->heap) - bytes_before;
    if (position == batch->removed_count)
        space->applied_seq = event->seq;
    return position;
}

/* One slice of a batch from *position. True when the batch is done. */
static bool apply_slice(struct cairn_projection *projection, const struct cairn_batch *batch,
                        uint32_t *position)
{
    if (batch->events[0].kind == CAIRN_EVENT_FORGET) {
        *position = forget_slice(projection, batch, *position);
        return *position == batch->removed_count;
    }
    for (uint32_t i = 0; i < EVENTS_A_SLICE && *position < batch->count; i++)
        apply_event(projection, &batch->events[(*position)++]);
    return *position == batch->count;
}

int cairn_projection_apply(struct cairn_projection *projection, const struct cairn_batch *batch)
{
    uint32_t position = 0;
    while (!apply_slice(projection, batch, &position))
        ;
    return projection->is_full ? -ENOMEM : 0;
}

void cairn_projection_digest(const struct cairn_projection *projection, struct cairn_digest *digest)
{
    for (uint32_t i = 0; i < projection->space_count; i++)
        projection->options.module->digest(projection->spaces[i], digest);
}

/* ---- the actor ---- */

static void publish_watermark(struct cairn_projection *projection, uint64_t seq)
{
    struct cairn_watermark *watermark = projection->options.watermark;
    atomic_store_explicit(&watermark->bytes, projection->live_bytes, memory_order_relaxed);
    /* release: pairs with the acquire of whoever waits for this sequence */
    atomic_store_explicit(&watermark->applied_seq, seq, memory_order_release);
}

/* A checkpoint was loaded into the models behind our back. */
static void count_live_bytes(struct cairn_projection *projection)
{
    projection->live_bytes = 0;
    for (uint32_t i = 0; i < projection->space_count; i++)
        projection->live_bytes += cairn_heap_live_bytes(&projection->spaces[i]->heap);
    atomic_store_explicit(&projection->options.watermark->bytes, projection->live_bytes,
                          memory_order_relaxed);
}

static void push_work(struct cairn_projection *projection, struct work *work)
{
    work->next = NULL;
    *projection->end_work = work;
    projection->end_work = &work->next;
}

static void pop_work(struct cairn_projection *projection)
{
    struct work *work = projection->first_work;
    projection->first_work = work->next;
    if (work->next == NULL)
        projection->end_work = &projection->first_work;
    cairn_batch_release(work->batch);
    free(work);
}

static void answer_digest(struct cairn_turn *turn, struct cairn_projection *projection,
                          const struct work *work)
{
    struct cairn_message *message = cairn_turn_message(turn, CAIRN_MESSAGE_DIGEST_ANSWER, 0,
                                                       sizeof(struct cairn_digest_answer));
    if (message == NULL)
        return;
    struct cairn_digest_answer answer = {
        .id = projection->options.id, .shard = projection->options.shard, .token = work->token};
    cairn_projection_digest(projection, &answer.digest);
    memcpy(message->payload, &answer, sizeof(answer));
    if (cairn_turn_send(turn, work->asker, message) < 0)
        cairn_turn_discard(turn, message);
}

/* Everything that `min_seq` asks for and that concerns this shard has been applied: what was routed
 * here after it does not matter, and where nothing was routed there is nothing to wait for. */
static bool has_applied(const struct cairn_projection *projection, uint64_t min_seq)
{
    const struct cairn_watermark *watermark = projection->options.watermark;
    uint64_t routed = atomic_load_explicit(&watermark->routed_seq, memory_order_acquire);
    uint64_t applied = atomic_load_explicit(&watermark->applied_seq, memory_order_relaxed);
    return applied >= (min_seq < routed ? min_seq : routed);
}

static void deliver(struct cairn_turn *turn, struct cairn_projection *projection,
                    struct cairn_request *request)
{
    if (request->fetch_count == 0 || request->status >= 400) {
        cairn_request_finish(turn, request);
        return;
    }
    cairn_request_send(turn, projection->reader, CAIRN_MESSAGE_FETCH, request, false);
}

static void answer_request(struct cairn_turn *turn, struct cairn_projection *projection,
                           struct cairn_request *request)
{
    const struct cairn_projection_module *module = projection->options.module;
    uint64_t from_ns = cairn_turn_clock_ns(turn);
    enum cairn_answer answer =
        module->answer(cairn_projection_find(projection, request->space), request);
    cairn_request_book(turn, request, module->stage, from_ns);
    if (answer == CAIRN_ANSWER_AGAIN)
        requests_push(&projection->unfinished, request);
    else
        deliver(turn, projection, request);
}

/* What was acknowledged as forgotten is in no answer, however far behind this shard is: a forget is
 * waited for as if every request had asked to read it. */
static uint64_t await_forgets(const struct cairn_projection *projection,
                              struct cairn_request *request)
{
    uint64_t forget_seq =
        atomic_load_explicit(&projection->options.watermark->forget_seq, memory_order_acquire);
    if (request->min_seq < forget_seq)
        request->min_seq = forget_seq;
    return request->min_seq;
}

static void handle_request(struct cairn_turn *turn, struct cairn_projection *projection,
                           struct cairn_request *request)
{
    uint64_t now_ns = cairn_request_received(turn, request);
    uint64_t head = atomic_load_explicit(projection->options.committed_seq, memory_order_acquire);
    if (request->min_seq > head) {
        cairn_request_problem(request, 422, "min_seq %llu is above the ledger's head %llu",
                              (unsigned long long)request->min_seq, (unsigned long long)head);
        cairn_request_finish(turn, request);
    } else if (has_applied(projection, await_forgets(projection, request))) {
        answer_request(turn, projection, request);
    } else {
        request->sent_ns = now_ns; /* the wait counts as queue */
        requests_push(&projection->waiting, request);
        cairn_turn_timer(turn, projection->options.wait_ms + 1, request->ticket);
    }
}

static void refuse_late(struct cairn_turn *turn, struct cairn_projection *projection,
                        struct cairn_request *request)
{
    cairn_request_received(turn, request);
    request->retry_after_s = 1;
    cairn_request_problem(request, 503, "event %llu is not applied yet; applied up to %llu",
                          (unsigned long long)request->min_seq,
                          (unsigned long long)atomic_load_explicit(
                              &projection->options.watermark->applied_seq, memory_order_relaxed));
    cairn_request_finish(turn, request);
}

/* Answer the requests whose event has come, and refuse those that have waited too long. */
static void serve_waiting(struct cairn_turn *turn, struct cairn_projection *projection)
{
    /* The exact time: the loop's may be older than the timer's, and no other timer follows. */
    uint64_t now_ns = cairn_turn_clock_ns(turn);
    uint64_t wait_ns = projection->options.wait_ms * UINT64_C(1000000);
    struct cairn_request *next;
    for (struct cairn_request *request = requests_take_all(&projection->waiting); request != NULL;
         request = next) {
        next = request->next;
        if (has_applied(projection, request->min_seq)) {
            cairn_request_received(turn, request);
            answer_request(turn, projection, request);
        } else if (now_ns > request->sent_ns && now_ns - request->sent_ns >= wait_ns) {
            refuse_late(turn, projection, request);
        } else {
            requests_push(&projection->waiting, request);
        }
    }
}

/* One more slice for each answer under way, then batches until the turn is over. */
static void work_on(struct cairn_turn *turn, struct cairn_projection *projection)
{
    struct cairn_request *next;
    for (struct cairn_request *request = requests_take_all(&projection->unfinished);
         request != NULL; request = next) {
        next = request->next;
        answer_request(turn, projection, request);
    }

    while (projection->first_work != NULL) {
        struct work *work = projection->first_work;
        if (work->batch == NULL) {
            answer_digest(turn, projection, work);
            pop_work(projection);
        } else if (apply_slice(projection, work->batch, &work->position)) {
            publish_watermark(projection, work->batch->events[work->batch->count - 1].seq);
            pop_work(projection);
            if (projection->waiting.first != NULL)
                serve_waiting(turn, projection);
        }
        if (cairn_turn_is_over(turn))
            break;
    }

    if ((projection->first_work != NULL || projection->unfinished.first != NULL) &&
        cairn_turn_tell(turn, cairn_turn_self(turn), CAIRN_MESSAGE_CONTINUE, 0) == 0)
        projection->is_continuing = true;
}

/* Stopping: everything that was routed here goes into the models, so that the last checkpoint holds
 * all of the ledger. */
static void finish_work(struct cairn_projection *projection)
{
    while (projection->first_work != NULL) {
        struct work *work = projection->first_work;
        while (work->batch != NULL && !apply_slice(projection, work->batch, &work->position))
            ;
        if (work->batch != NULL)
            publish_watermark(projection, work->batch->events[work->batch->count - 1].seq);
        pop_work(projection);
    }
}

static int enqueue(struct cairn_projection *projection, const struct cairn_message *message)
{
    struct work *work = calloc(1, sizeof(*work));
    if (work == NULL)
        return -ENOMEM;
    if (message->type == CAIRN_MESSAGE_BATCH)
        work->batch = (struct cairn_batch *)(uintptr_t)message->value;
    work->token = message->value;
    work->asker = message->from;
    push_work(projection, work);
    return 0;
}

int cairn_projection_behaviour(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    struct cairn_projection *projection = state;
    int result = 0;
    switch (message->type) {
    case CAIRN_MESSAGE_START:
        count_live_bytes(projection);
        return CAIRN_TURN_OK;
    case CAIRN_MESSAGE_BATCH:
    case CAIRN_MESSAGE_DIGEST:
        result = enqueue(projection, message);
        break;
    case CAIRN_MESSAGE_REQUEST:
        handle_request(turn, projection, cairn_request_of(message));
        break;
    case CAIRN_MESSAGE_TIMER:
        serve_waiting(turn, projection);
        return CAIRN_TURN_OK;
    case CAIRN_MESSAGE_CONTINUE:
        projection->is_continuing = false;
        break;
    case CAIRN_MESSAGE_STOP:
        finish_work(projection);
        return CAIRN_TURN_STOP;
    default:
        return CAIRN_TURN_OK;
    }
    if (result == 0 && !projection->is_continuing)
        work_on(turn, projection);
    return result;
}

static void destroy_requests(struct requests *requests)
{
    struct cairn_request *next;
    for (struct cairn_request *request = requests_take_all(requests); request != NULL;
         request = next) {
        next = request->next;
        cairn_request_destroy(request);
    }
}

void cairn_projection_destroy(void *state)
{
    struct cairn_projection *projection = state;
    while (projection->first_work != NULL)
        pop_work(projection);
    destroy_requests(&projection->waiting);
    destroy_requests(&projection->unfinished);
    for (uint32_t i = 0; i < projection->space_count; i++)
        space_destroy(projection, projection->spaces[i]);
    free(projection->spaces);
    free(projection->slots);
    free(projection);
}
