/* tests/support/projected.h: one space of one projection module, without actors: events go in, the
 * ledger is a batch that keeps them, and requests are answered and rendered as the actors would. */
#pragma once

#include <stdlib.h>

#include "actors/projection.h"
#include "tests/support/unit.h"

struct projected {
    const struct cairn_projection_module *module;
    struct cairn_projection_space space;
    struct cairn_batch *ledger;  /* all events applied, none forgotten */
    struct cairn_buffer payload; /* of the event under construction */
    uint64_t seq;                /* last one given */
    int result;                  /* of the last apply or forget */
};

static inline void projected_init(struct projected *projected,
                                  const struct cairn_projection_module *module, const char *space,
                                  const void *options, uint64_t budget_bytes)
{
    *projected = (struct projected){.module = module, .ledger = cairn_batch_create(16)};
    projected->space.name = cairn_slice_of(space);
    projected->space.options = options;
    cairn_heap_init(&projected->space.heap, budget_bytes);
    assert_int_equal(module->init(&projected->space), 0);
}

static inline void projected_deinit(struct projected *projected)
{
    cairn_heap_deinit(&projected->space.heap);
    cairn_batch_release(projected->ledger);
    cairn_buffer_deinit(&projected->payload);
}

/* Fields of the next event, in ascending order of tag; NULL leaves one out. */
static inline void projected_put(struct projected *projected, enum cairn_field field,
                                 const char *text)
{
    if (text != NULL)
        cairn_event_put(&projected->payload, field, cairn_slice_of(text));
}

/* Apply an event of what was put, as the next of the ledger. Returns its sequence number. */
static inline uint64_t projected_apply(struct projected *projected, uint8_t kind, int64_t ts_ms,
                                       const char *author)
{
    struct cairn_event event = {.seq = ++projected->seq,
                                .ts_ms = ts_ms,
                                .kind = kind,
                                .space = projected->space.name,
                                .author =
                                    author == NULL ? CAIRN_SLICE_EMPTY : cairn_slice_of(author),
                                .payload = cairn_buffer_slice(&projected->payload)};
    assert_int_equal(cairn_batch_add(projected->ledger, &event), 0);
    projected->result = projected->module->apply(&projected->space, &event);
    cairn_buffer_clear(&projected->payload);
    return event.seq;
}

static inline void projected_forget(struct projected *projected, uint64_t seq)
{
    projected->result = projected->module->forget(&projected->space, &seq, 1);
}

static inline struct cairn_digest projected_digest(const struct projected *projected)
{
    struct cairn_digest digest = {0};
    projected->module->digest(&projected->space, &digest);
    return digest;
}

static inline bool projected_equal(const struct projected *a, const struct projected *b)
{
    struct cairn_digest left = projected_digest(a), right = projected_digest(b);
    return left.low == right.low && left.high == right.high;
}

/* Replace the model by one that was loaded from its own image. */
static inline void projected_reload(struct projected *projected)
{
    struct cairn_heap loaded;
    struct cairn_slice image = cairn_heap_image(&projected->space.heap);
    cairn_heap_init(&loaded, projected->space.heap.budget_bytes);
    uint8_t *target = cairn_heap_prepare(&loaded, image.bytes);
    assert_non_null(target);
    memcpy(target, image.data, image.bytes);
    assert_int_equal(cairn_heap_adopt(&loaded, image.bytes), 0);
    cairn_heap_deinit(&projected->space.heap);
    projected->space.heap = loaded;
}

static inline void projected_fetch(const struct projected *projected, struct cairn_request *request)
{
    static const struct cairn_event nothing;
    request->fetched = cairn_batch_create(request->fetch_count);
    for (uint32_t i = 0; i < request->fetch_count; i++) {
        const struct cairn_event *found = &nothing;
        for (uint32_t at = 0; at < projected->ledger->count; at++) {
            if (projected->ledger->events[at].seq == request->fetch[i])
                found = &projected->ledger->events[at];
        }
        assert_int_equal(cairn_batch_add(request->fetched, found), 0);
    }
}

/* The answered request: check status and answer, then destroy it. `space` false: the shard has none.
 * The answer gets a terminator behind its end. */
static inline struct cairn_request *projected_ask(struct projected *projected,
                                                  enum cairn_operation operation, bool has_space,
                                                  const char *first, const char *second,
                                                  const char *query)
{
    struct cairn_request *request = cairn_request_create();
    request->operation = operation;
    request->space = projected->space.name;
    request->seq = projected->seq;
    request->query = cairn_slice_of(query == NULL ? "" : query);
    request->parameters[0] = cairn_slice_of(first == NULL ? "" : first);
    request->parameters[1] = cairn_slice_of(second == NULL ? "" : second);
    struct cairn_projection_space *space = has_space ? &projected->space : NULL;
    while (projected->module->answer(space, request) == CAIRN_ANSWER_AGAIN)
        assert_int_equal(request->status, 0);
    if (request->fetch_count > 0)
        projected_fetch(projected, request);
    if (request->render != NULL)
        request->render(request);
    cairn_buffer_append_byte(&request->answer, '\0');
    assert_false(request->answer.failed);
    return request;
}

/* Ask, and check status and whole answer (NULL: any). */
static inline void projected_expect(struct projected *projected, enum cairn_operation operation,
                                    const char *first, const char *second, const char *query,
                                    int status, const char *answer)
{
    struct cairn_request *request = projected_ask(projected, operation, true, first, second, query);
    if (answer != NULL)
        assert_string_equal(request->answer.data, answer);
    assert_int_equal(request->status, status);
    cairn_request_destroy(request);
}
