/* Answering generate: parse, find the chain, try until a text passes, write it. A request comes back
 * with CAIRN_ANSWER_AGAIN while its channel's chain is being made, and between stretches of tries;
 * what it needs to go on is in request->results and names nothing in the model. A seeded one makes
 * all its tries in one turn, so that no other event comes between them. */
#include <errno.h>
#include <stdlib.h>

#include "actors/training/generate_body.h"
#include "actors/training/generator.h"
#include "actors/training/training_internal.h"
#include "runtime/base/heap_names.h"
#include "runtime/base/json_writer.h"

#define TRIES_A_TURN   100u
#define TEXT_BYTES_MAX (UINT64_C(1) << 20)

enum refusal { REFUSED_SCORE, REFUSED_VERBATIM, REFUSED_REFERENCES, REFUSED_LONG, REFUSAL_COUNT };

/* What a request keeps from turn to turn, in one block that `free` takes back. */
struct generation {
    struct cairn_random random;
    uint32_t tries;
    uint32_t refusals[REFUSAL_COUNT];
    uint32_t reference_count;
    uint64_t *seqs; /* in this block, like the next two */
    uint32_t *tokens;
    uint32_t *references;
};

static struct generation *generation_create(const struct cairn_generate_body *body, uint64_t random)
{
    /* A start has at most CHAIN_ORDER_MAX words, whatever max_words says; a step more is the end. */
    size_t words = (size_t)body->words_max + CAIRN_CHAIN_ORDER_MAX + 1;
    struct generation *generation =
        calloc(1, sizeof(*generation) + words * (sizeof(uint64_t) + 2 * sizeof(uint32_t)));
    if (generation == NULL)
        return NULL;
    generation->seqs = (uint64_t *)(void *)(generation + 1);
    generation->tokens = (uint32_t *)(void *)(generation->seqs + words);
    generation->references = generation->tokens + words;
    cairn_random_init(&generation->random, body->has_seed ? body->seed : random);
    return generation;
}

static struct generation *generation_of(struct cairn_request *request,
                                        const struct cairn_generate_body *body)
{
    if (request->results == NULL)
        request->results = generation_create(body, request->random);
    return request->results;
}

/* ---- the chain ---- */

static int shown(struct cairn_slice text)
{
    return text.bytes > 128 ? 128 : (int)text.bytes;
}

static enum cairn_answer refuse_empty(struct cairn_request *request,
                                      const struct cairn_generate_body *body)
{
    if (body->channel.bytes > 0)
        cairn_request_problem(request, 422,
                              "the corpus is empty for channel `%.*s`: nothing was learned there",
                              shown(body->channel), body->channel.data);
    else
        cairn_request_problem(request, 422,
                              "the corpus is empty: nothing was learned in this space");
    return CAIRN_ANSWER_DONE;
}

/* Whether all messages of the space are in this one channel: then the space's chain is its. */
static bool is_whole_space(const struct cairn_projection_space *space, uint32_t channel)
{
    const struct cairn_corpus *corpus = cairn_corpus_of(&space->heap);
    return channel == 0 || (corpus->unchanneled == 0 &&
                            cairn_heap_names_count(&space->heap, corpus->channels) == 1);
}

static enum cairn_answer refuse_chain(struct cairn_request *request,
                                      const struct cairn_projection_space *space,
                                      const struct cairn_generate_body *body, int result)
{
    const struct cairn_training_options *options = space->options;
    if (result == -ENOBUFS)
        cairn_request_problem(request, 422,
                              "the chain of channel `%.*s` does not fit into [training] "
                              "channel_cache_mb = %u; raise it, or ask for the whole space",
                              shown(body->channel), body->channel.data, options->channel_cache_mb);
    else
        cairn_request_problem(request, 503, "no memory for the chain of this channel");
    return CAIRN_ANSWER_DONE;
}

/* 1 with the generator ready, 0 to come again, negative. */
static int choose_chain(struct cairn_projection_space *space, uint32_t channel,
                        struct cairn_generator *generator)
{
    struct cairn_training_cache *cache = space->cache;
    generator->space = &space->heap;
    generator->draws = cache->draws;
    if (is_whole_space(space, channel)) {
        generator->heap = &space->heap;
        generator->chain = cairn_corpus_of(&space->heap)->chain;
        return 1;
    }
    struct cairn_channels_chain chain;
    int result = cairn_channels_get(cache->channels, &space->heap, channel, &chain);
    if (result == 1) {
        generator->heap = chain.heap;
        generator->chain = chain.chain;
        generator->serial = chain.serial;
        generator->channel = channel;
    }
    return result;
}

/* ---- tries ---- */

/* Whether the text passes; its references are found then. */
static bool passes(const struct cairn_generator *generator, const struct cairn_generate_body *body,
                   const struct cairn_generator_text *text, struct generation *generation)
{
    enum refusal refusal = REFUSAL_COUNT;
    if (text->score < body->score_min)
        refusal = REFUSED_SCORE;
    else if (!body->allow_verbatim &&
             cairn_corpus_has_text(generator->space, text->tokens, text->count))
        refusal = REFUSED_VERBATIM;
    else if (cairn_generator_bytes(generator, text) > TEXT_BYTES_MAX)
        refusal = REFUSED_LONG;
    if (refusal == REFUSAL_COUNT) {
        generation->reference_count = cairn_generator_references(generator, text, generation->seqs);
        if (generation->reference_count >= body->references_min)
            return true;
        refusal = REFUSED_REFERENCES;
    }
    generation->refusals[refusal]++;
    return false;
}

static void refuse_tries(struct cairn_request *request, const struct cairn_generate_body *body,
                         const struct generation *generation)
{
    const uint32_t *refusals = generation->refusals;
    struct cairn_buffer why = {0};
    if (refusals[REFUSED_SCORE] > 0)
        cairn_buffer_printf(&why, ", %u scored below min_score %llu", refusals[REFUSED_SCORE],
                            (unsigned long long)body->score_min);
    if (refusals[REFUSED_VERBATIM] > 0)
        cairn_buffer_printf(&why, ", %u equal a trained message", refusals[REFUSED_VERBATIM]);
    if (refusals[REFUSED_REFERENCES] > 0)
        cairn_buffer_printf(&why, ", %u had fewer than min_refs %llu sources",
                            refusals[REFUSED_REFERENCES], (unsigned long long)body->references_min);
    if (refusals[REFUSED_LONG] > 0)
        cairn_buffer_printf(&why, ", %u were over 1 MiB", refusals[REFUSED_LONG]);
    struct cairn_slice reasons = cairn_buffer_slice(&why);
    if (why.failed || reasons.bytes < 2)
        reasons = cairn_slice_of(", no memory to say why");
    cairn_request_problem(request, 422, "no text passed in %u tries: %.*s", generation->tries,
                          (int)reasons.bytes - 2, reasons.data + 2);
    cairn_buffer_deinit(&why);
}

/* The connection knows at the end how long this took. */
static void render(struct cairn_request *request)
{
    cairn_buffer_append_text(&request->answer, ",\"took_us\":");
    cairn_buffer_append_u64(&request->answer, request->stage_ns[CAIRN_STAGE_TRAINING] / 1000);
    cairn_buffer_append_byte(&request->answer, '}');
}

static void write_answer(struct cairn_request *request, const struct cairn_generator *generator,
                         const struct cairn_generate_body *body,
                         const struct cairn_generator_text *text,
                         const struct generation *generation)
{
    struct cairn_buffer words = {0};
    struct cairn_json_writer writer;
    cairn_generator_write(generator, text, &words);
    cairn_json_writer_init(&writer, &request->answer);
    cairn_json_begin_object(&writer);
    cairn_json_member_string(&writer, "text", cairn_buffer_slice(&words));
    cairn_json_member_u64(&writer, "score", text->score);
    cairn_json_member_array(&writer, "refs");
    for (uint32_t i = 0; i < generation->reference_count; i++)
        cairn_json_write_u64(&writer, generation->seqs[i]);
    cairn_json_end_array(&writer);
    cairn_json_member_u64(&writer, "tries", generation->tries);
    if (body->has_start)
        cairn_json_member_bool(&writer, "seed_used", text->start_count > 0);
    request->answer.failed |= words.failed;
    cairn_buffer_deinit(&words);
    request->status = 200;
    request->render = render; /* closes the object */
}

static enum cairn_answer try_texts(struct cairn_request *request,
                                   const struct cairn_generator *generator,
                                   const struct cairn_generate_body *body,
                                   struct generation *generation)
{
    struct cairn_generator_text text = {.tokens = generation->tokens,
                                        .references = generation->references};
    if (body->has_start)
        text.start_count = cairn_generator_start(generator, body->start, generation->tokens);
    uint32_t last = body->tries_max;
    if (!body->has_seed && last - generation->tries > TRIES_A_TURN)
        last = generation->tries + TRIES_A_TURN;

    while (generation->tries < last) {
        generation->tries++;
        if (cairn_generator_walk(generator, &generation->random, body->words_max, &text) < 0) {
            cairn_request_problem(request, 503, "no memory for a draw");
            return CAIRN_ANSWER_DONE;
        }
        if (passes(generator, body, &text, generation)) {
            write_answer(request, generator, body, &text, generation);
            return CAIRN_ANSWER_DONE;
        }
    }
    if (generation->tries < body->tries_max)
        return CAIRN_ANSWER_AGAIN;
    refuse_tries(request, body, generation);
    return CAIRN_ANSWER_DONE;
}

/* ---- the request ---- */

/* 0 to go on with the chain of *channel (0: the space's); else the request is answered. */
static int check(struct cairn_projection_space *space, struct cairn_request *request,
                 const struct cairn_generate_body *body, uint32_t *channel)
{
    if (space == NULL) {
        refuse_empty(request, body);
        return -ENOENT;
    }
    const struct cairn_corpus *corpus = cairn_corpus_of(&space->heap);
    struct cairn_shape shape =
        cairn_shape_now(&space->heap, corpus->shape, corpus->state_size_default);
    if (body->state_size != 0 && body->state_size != shape.state_size) {
        cairn_request_problem(request, 422,
                              "state_size %u is not trained; this space's chains have %u",
                              body->state_size, shape.state_size);
        return -EINVAL;
    }
    if (body->channel.bytes > 0 && !shape.channel_chains) {
        cairn_request_problem(request, 422,
                              "this space's setting channel_chains is false: there are no chains "
                              "of single channels; leave out `channel` for the whole space");
        return -EINVAL;
    }
    *channel = 0;
    if (body->channel.bytes > 0)
        *channel = cairn_heap_names_find(&space->heap, corpus->channels, body->channel);
    if ((body->channel.bytes > 0 && *channel == 0) ||
        cairn_forward_count(&space->heap, corpus->forward) == 0) {
        refuse_empty(request, body);
        return -ENOENT;
    }
    return 0;
}

static enum cairn_answer answer_body(struct cairn_projection_space *space,
                                     struct cairn_request *request,
                                     const struct cairn_generate_body *body)
{
    uint32_t channel;
    if (check(space, request, body, &channel) < 0)
        return CAIRN_ANSWER_DONE;
    struct generation *generation = generation_of(request, body);
    if (generation == NULL || space->cache == NULL) {
        cairn_request_problem(request, 503, "no memory");
        return CAIRN_ANSWER_DONE;
    }
    struct cairn_generator generator = {.is_ordered = body->has_seed};
    int result = choose_chain(space, channel, &generator);
    if (result == 0)
        return CAIRN_ANSWER_AGAIN;
    if (result < 0)
        return refuse_chain(request, space, body, result);
    return try_texts(request, &generator, body, generation);
}

enum cairn_answer cairn_training_answer(struct cairn_projection_space *space,
                                        struct cairn_request *request)
{
    struct cairn_json_scratch scratch = {.seed = request->random};
    struct cairn_generate_body body;
    enum cairn_answer answer = CAIRN_ANSWER_DONE;
    int result = cairn_generate_body_parse(request->body, &scratch, &body);
    if (request->operation != CAIRN_OPERATION_GENERATE)
        cairn_request_problem(request, 404, "training does not answer this");
    else if (result < 0)
        cairn_request_problem(request, 400, "%s", body.error);
    else
        answer = answer_body(space, request, &body);
    cairn_json_scratch_deinit(&scratch);
    return answer;
}
