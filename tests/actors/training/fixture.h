/* tests/actors/training/fixture.h: a space with the training module on it, fed by hand. */
#pragma once

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "actors/training/corpus.h"
#include "actors/training/training_internal.h"
#include "runtime/base/heap_names.h"
#include "runtime/base/random.h"
#include "tests/support/unit.h"

#define FIXTURE_BUDGET (UINT64_C(256) << 20)

struct fixture {
    struct cairn_training_options options;
    struct cairn_projection_space space;
};

static inline void fixture_open_with(struct fixture *fixture, const char *name,
                                     struct cairn_training_options options, uint64_t budget)
{
    *fixture = (struct fixture){.options = options};
    fixture->space.name = cairn_slice_of(name);
    fixture->space.options = &fixture->options;
    cairn_heap_init(&fixture->space.heap, budget);
    fixture->space.cache = cairn_training_module.cache_create(&fixture->options);
    assert_non_null(fixture->space.cache);
    assert_int_equal(cairn_training_module.init(&fixture->space), 0);
}

static inline void fixture_open(struct fixture *fixture, const char *name, uint32_t state_size)
{
    struct cairn_training_options options = {
        .alias_tables = true, .channel_cache_mb = 16, .state_size = state_size};
    fixture_open_with(fixture, name, options, FIXTURE_BUDGET);
}

static inline void fixture_close(struct fixture *fixture)
{
    cairn_training_module.cache_destroy(fixture->space.cache);
    cairn_heap_deinit(&fixture->space.heap);
}

static inline int fixture_apply(struct fixture *fixture, uint8_t kind, uint64_t seq,
                                const char *channel, struct cairn_buffer *payload)
{
    struct cairn_event event = {.seq = seq,
                                .kind = kind,
                                .space = fixture->space.name,
                                .channel = cairn_slice_of(channel),
                                .author = cairn_slice_of("ann"),
                                .payload = cairn_buffer_slice(payload)};
    int result = cairn_training_module.apply(&fixture->space, &event);
    cairn_buffer_deinit(payload);
    return result;
}

static inline int fixture_learn_slice(struct fixture *fixture, uint64_t seq, const char *channel,
                                      struct cairn_slice text)
{
    struct cairn_buffer payload = {0};
    cairn_event_put(&payload, CAIRN_FIELD_TEXT, text);
    return fixture_apply(fixture, CAIRN_EVENT_MESSAGE, seq, channel, &payload);
}

static inline void fixture_learn(struct fixture *fixture, uint64_t seq, const char *channel,
                                 const char *text)
{
    assert_int_equal(fixture_learn_slice(fixture, seq, channel, cairn_slice_of(text)), 0);
}

static inline void fixture_settings(struct fixture *fixture, uint64_t seq, const char *json)
{
    struct cairn_buffer payload = {0};
    cairn_event_put(&payload, CAIRN_FIELD_SETTINGS, cairn_slice_of(json));
    assert_int_equal(fixture_apply(fixture, CAIRN_EVENT_SETTINGS, seq, "", &payload), 0);
}

static inline void fixture_forget(struct fixture *fixture, uint64_t seq)
{
    assert_int_equal(cairn_training_module.forget(&fixture->space, &seq, 1), 0);
}

static inline struct cairn_digest fixture_digest(const struct fixture *fixture)
{
    struct cairn_digest digest = {0};
    cairn_training_module.digest(&fixture->space, &digest);
    return digest;
}

static inline void assert_digest_equal(struct cairn_digest a, struct cairn_digest b)
{
    assert_true(a.low == b.low && a.high == b.high);
}

static inline void assert_digest_not_equal(struct cairn_digest a, struct cairn_digest b)
{
    assert_false(a.low == b.low && a.high == b.high);
}

/* The answered request, complete as its client would see it; destroy it. */
static inline struct cairn_request *fixture_generate_random(struct fixture *fixture,
                                                            const char *body, uint64_t random)
{
    struct cairn_request *request = cairn_request_create();
    assert_non_null(request);
    request->operation = CAIRN_OPERATION_GENERATE;
    request->body = cairn_slice_of(body);
    request->space = fixture->space.name;
    request->random = random;
    for (int turns = 0; turns < 1000000; turns++) {
        if (cairn_training_answer(&fixture->space, request) == CAIRN_ANSWER_DONE)
            break;
    }
    assert_int_not_equal(request->status, 0);
    if (request->render != NULL)
        request->render(request);
    cairn_buffer_append_byte(&request->answer, '\0');
    return request;
}

static inline struct cairn_request *fixture_generate(struct fixture *fixture, const char *body)
{
    return fixture_generate_random(fixture, body, 7);
}

/* The string behind "text":" in an answer, which has no escapes. */
static inline struct cairn_slice fixture_text_of(const struct cairn_request *request)
{
    assert_int_equal(request->status, 200);
    const char *text = strstr(request->answer.data, "\"text\":\"");
    assert_non_null(text);
    text += strlen("\"text\":\"");
    return cairn_slice(text, strcspn(text, "\""));
}

static inline uint64_t fixture_number_of(const struct cairn_request *request, const char *key)
{
    const char *at = strstr(request->answer.data, key);
    assert_non_null(at);
    return strtoull(at + strlen(key), NULL, 10);
}

/* The value that chi-square stays below with 99.9 % (Wilson and Hilferty's approximation). */
static inline double fixture_chi_square_limit(uint32_t freedom)
{
    double ninth = 2.0 / (9.0 * freedom);
    double root = 1.0 - ninth + 3.0902 * sqrt(ninth);
    return freedom * root * root * root;
}

static inline double fixture_chi_square(const uint64_t *seen, const uint32_t *weights,
                                        uint32_t count, uint64_t draws)
{
    double total = 0;
    double sum = 0;
    for (uint32_t i = 0; i < count; i++)
        total += weights[i];
    for (uint32_t i = 0; i < count; i++) {
        double expected = (double)draws * weights[i] / total;
        double difference = (double)seen[i] - expected;
        sum += expected == 0 ? 0 : difference * difference / expected;
    }
    return sum;
}
