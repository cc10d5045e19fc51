/* Any bytes as events of episodes, steps, completions and feedback: the model takes what fits, answers,
 * and after forgetting everything it is empty again.
 *
 *     input:  kind u8 | payload length u8 | payload ... | the rest: a query string */
#include <stdint.h>

#include "actors/patterns/patterns.h"
#include "runtime/base/assert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t KINDS[] = {CAIRN_EVENT_EPISODE, CAIRN_EVENT_STEP, CAIRN_EVENT_COMPLETION,
                                CAIRN_EVENT_FEEDBACK};

static void ask(struct cairn_projection_space *space, enum cairn_operation operation,
                struct cairn_slice text)
{
    struct cairn_request *request = cairn_request_create();
    cairn_assert(request != NULL);
    request->operation = operation;
    request->query = text;
    request->parameters[0] = text;
    while (cairn_patterns_module.answer(space, request) == CAIRN_ANSWER_AGAIN)
        ;
    cairn_assert(request->status >= 200);
    cairn_request_destroy(request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cairn_projection_space space = {.name = cairn_slice_of("fuzz")};
    uint64_t count = 0;
    cairn_heap_init(&space.heap, 1u << 20);
    cairn_assert(cairn_patterns_module.init(&space) == 0);
    while (size >= 2 && data[1] <= size - 2) {
        count++;
        struct cairn_event event = {.seq = count,
                                    .ts_ms = (int64_t)count,
                                    .kind = KINDS[data[0] % 4],
                                    .space = space.name,
                                    .payload = cairn_slice(data + 2, data[1])};
        cairn_patterns_module.apply(&space, &event);
        size -= 2u + data[1];
        data += 2u + data[1];
    }
    struct cairn_slice text = cairn_slice(data, size);
    ask(&space, CAIRN_OPERATION_LIST_EPISODES, text);
    ask(&space, CAIRN_OPERATION_LIST_PATTERNS, text);
    ask(&space, CAIRN_OPERATION_GET_EPISODE, text);
    ask(&space, CAIRN_OPERATION_GET_PATTERN, text);
    ask(&space, CAIRN_OPERATION_COMPLETE_EPISODE, text);

    for (uint64_t seq = 1; seq <= count; seq++)
        cairn_patterns_module.forget(&space, &seq, 1);
    struct cairn_digest digest = {0};
    cairn_patterns_module.digest(&space, &digest);
    cairn_assert(digest.low == 0 && digest.high == 0);
    cairn_heap_deinit(&space.heap);
    return 0;
}
