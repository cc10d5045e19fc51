/* tests/actors/retrieval/fixture.h: a space with an index, events to fill it, and questions. */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "actors/retrieval/retrieval.h"
#include "actors/retrieval/search_api.h"
#include "runtime/base/assert.h"

#define BUDGET (UINT64_C(256) << 20)

static const struct cairn_retrieval_options english = {.k1 = 1.2, .b = 0.75, .language = "english"};

static inline void space_open(struct cairn_projection_space *space, const char *name,
                              const struct cairn_retrieval_options *options)
{
    *space = (struct cairn_projection_space){.name = cairn_slice_of(name), .options = options};
    cairn_heap_init(&space->heap, BUDGET);
    cairn_assert(cairn_retrieval_module.init(space) == 0);
}

static inline void space_close(struct cairn_projection_space *space)
{
    cairn_retrieval_module.cache_destroy(space->cache);
    cairn_heap_deinit(&space->heap);
}

static inline struct cairn_digest space_digest(const struct cairn_projection_space *space)
{
    struct cairn_digest digest = {0};
    cairn_retrieval_module.digest(space, &digest);
    return digest;
}

static inline bool digest_equal(struct cairn_digest a, struct cairn_digest b)
{
    return a.low == b.low && a.high == b.high;
}

static inline int forget_one(struct cairn_projection_space *space, uint64_t seq)
{
    return cairn_retrieval_module.forget(space, &seq, 1);
}

/* ---- events ---- */

/* An event whose payload is `payload`, which the caller fills with cairn_event_put and frees. */
static inline struct cairn_event event_of(uint8_t kind, uint64_t seq,
                                          const struct cairn_buffer *payload)
{
    return (struct cairn_event){.seq = seq,
                                .kind = kind,
                                .ts_ms = 1700000000000 + (int64_t)seq,
                                .channel = cairn_slice_of(""),
                                .author = cairn_slice_of(""),
                                .space = cairn_slice_of(""),
                                .payload = cairn_buffer_slice(payload)};
}

static inline int say_bytes(struct cairn_projection_space *space, uint64_t seq, const char *channel,
                            const char *author, struct cairn_slice text)
{
    struct cairn_buffer payload = {0};
    cairn_event_put(&payload, CAIRN_FIELD_TEXT, text);
    struct cairn_event event = event_of(CAIRN_EVENT_MESSAGE, seq, &payload);
    event.channel = cairn_slice_of(channel);
    event.author = cairn_slice_of(author);
    int result = cairn_retrieval_module.apply(space, &event);
    cairn_buffer_deinit(&payload);
    return result;
}

static inline void say(struct cairn_projection_space *space, uint64_t seq, const char *text)
{
    cairn_assert(say_bytes(space, seq, "general", "ann", cairn_slice_of(text)) == 0);
}

/* One field, and another unless its tag is 0; tags ascending. */
static inline void tell(struct cairn_projection_space *space, uint8_t kind, uint64_t seq,
                        enum cairn_field first, const char *first_value, enum cairn_field second,
                        const char *second_value)
{
    struct cairn_buffer payload = {0};
    cairn_event_put(&payload, first, cairn_slice_of(first_value));
    if (second_value != NULL)
        cairn_event_put(&payload, second, cairn_slice_of(second_value));
    struct cairn_event event = event_of(kind, seq, &payload);
    event.author = cairn_slice_of(kind == CAIRN_EVENT_FACT ? "zoe" : "");
    cairn_assert(cairn_retrieval_module.apply(space, &event) == 0);
    cairn_buffer_deinit(&payload);
}

/* ---- questions ---- */

/* The answered request: hits in `fetch` and `results`. The body must live as long. */
static inline struct cairn_request *ask_at(struct cairn_projection_space *space, const char *body,
                                           int64_t now_ms)
{
    struct cairn_request *request = cairn_request_create();
    cairn_assert(request != NULL);
    request->operation = CAIRN_OPERATION_SEARCH;
    request->body = cairn_slice_of(body);
    request->now_ms = now_ms;
    cairn_assert(cairn_retrieval_module.answer(space, request) == CAIRN_ANSWER_DONE);
    return request;
}

static inline struct cairn_request *ask(struct cairn_projection_space *space, const char *body)
{
    return ask_at(space, body, 1700000000000);
}

/* "3 1 2": the hits of a search, best first; "400" for a problem. Static text. */
static inline const char *found(struct cairn_projection_space *space, const char *body)
{
    static char text[4096];
    struct cairn_request *request = ask(space, body);
    size_t at = 0;
    text[0] = 0;
    if (request->status != 0)
        at += (size_t)snprintf(text, sizeof(text), "%d", request->status);
    for (uint32_t i = 0; i < request->fetch_count; i++)
        at += (size_t)snprintf(text + at, sizeof(text) - at, at == 0 ? "%u" : " %u",
                               (unsigned)request->fetch[i]);
    cairn_request_destroy(request);
    return text;
}
