/* Any body of a search is answered with hits or with a problem. */
#include "actors/retrieval/retrieval.h"
#include "actors/retrieval/search_api.h"
#include "runtime/base/assert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void add_message(struct cairn_projection_space *space, uint64_t seq, const char *text)
{
    struct cairn_buffer payload = {0};
    cairn_event_put(&payload, CAIRN_FIELD_TEXT, cairn_slice_of(text));
    struct cairn_event event = {.seq = seq,
                                .kind = CAIRN_EVENT_MESSAGE,
                                .channel = cairn_slice_of("c"),
                                .author = cairn_slice_of("a"),
                                .payload = cairn_buffer_slice(&payload)};
    cairn_assert(cairn_retrieval_module.apply(space, &event) == 0);
    cairn_buffer_deinit(&payload);
}

static void ask(struct cairn_projection_space *space, struct cairn_slice body)
{
    struct cairn_request *request = cairn_request_create();
    cairn_assert(request != NULL);
    request->operation = CAIRN_OPERATION_SEARCH;
    request->body = body;
    cairn_assert(cairn_retrieval_module.answer(space, request) == CAIRN_ANSWER_DONE);
    cairn_assert((request->render != NULL) == (request->status == 0));
    cairn_assert(request->fetch_count <= 3);
    if (request->render != NULL)
        request->render(request);
    cairn_assert(request->status >= 200 && !request->answer.failed);
    cairn_request_destroy(request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static const struct cairn_retrieval_options options = {
        .k1 = 1.2, .b = 0.75, .language = "english"};
    struct cairn_projection_space space = {.name = cairn_slice_of("s"), .options = &options};
    cairn_heap_init(&space.heap, 1u << 20);
    cairn_assert(cairn_retrieval_module.init(&space) == 0);
    add_message(&space, 1, "a x");
    add_message(&space, 2, "b x y");
    add_message(&space, 3, "x");
    ask(&space, cairn_slice(data, bytes));
    cairn_retrieval_module.cache_destroy(space.cache);
    cairn_heap_deinit(&space.heap);
    return 0;
}
