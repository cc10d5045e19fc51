#include "actors/training/generate_body.h"

#include <errno.h>
#include <stdio.h>

#include "actors/training/chain.h"
#include "runtime/base/suggest.h"
#include "runtime/base/utf8.h"

#define CHANNEL_BYTES_MAX 128u

enum field {
    CHANNEL,
    START,
    STATE_SIZE,
    MAX_WORDS,
    MIN_SCORE,
    MIN_REFS,
    MAX_TRIES,
    ALLOW_VERBATIM,
    RNG_SEED,
    MIN_SEQ,
    FIELD_COUNT,
};

static const char *const NAMES[FIELD_COUNT] = {
    [CHANNEL] = "channel",     [START] = "start",         [STATE_SIZE] = "state_size",
    [MAX_WORDS] = "max_words", [MIN_SCORE] = "min_score", [MIN_REFS] = "min_refs",
    [MAX_TRIES] = "max_tries", [RNG_SEED] = "rng_seed",   [ALLOW_VERBATIM] = "allow_verbatim",
    [MIN_SEQ] = "min_seq",
};

static int fail(struct cairn_generate_body *body, struct cairn_json_reader *reader,
                const char *error)
{
    if (body->error[0] == '\0')
        snprintf(body->error, sizeof(body->error), "%s", error);
    return cairn_json_fail(reader, "refused");
}

static int refuse_unknown(struct cairn_generate_body *body, struct cairn_json_reader *reader,
                          struct cairn_slice key)
{
    char error[sizeof(body->error)];
    const char *nearest = cairn_suggest(key, NAMES, FIELD_COUNT);
    int shown = key.bytes > CAIRN_SUGGEST_BYTES_MAX ? 0 : (int)key.bytes;
    snprintf(error, sizeof(error), "unknown field `%.*s`%s%s%s", shown, key.data,
             nearest == NULL ? "" : "; did you mean `", nearest == NULL ? "" : nearest,
             nearest == NULL ? "" : "`?");
    return fail(body, reader, error);
}

static int read_number(struct cairn_generate_body *body, struct cairn_json_reader *reader,
                       enum field field, uint64_t least, uint64_t most, uint64_t *value)
{
    char error[sizeof(body->error)];
    uint64_t number = 0;
    bool is_number = cairn_json_peek(reader) == CAIRN_JSON_NUMBER;
    if (is_number && cairn_json_read_u64(reader, &number) == 0 && number >= least &&
        number <= most) {
        *value = number;
        return 0;
    }
    snprintf(error, sizeof(error), "`%s` must be an integer from %llu to %llu", NAMES[field],
             (unsigned long long)least, (unsigned long long)most);
    return fail(body, reader, error);
}

static int read_u32(struct cairn_generate_body *body, struct cairn_json_reader *reader,
                    enum field field, uint32_t most, uint32_t *value)
{
    uint64_t number = 0;
    int result = read_number(body, reader, field, 1, most, &number);
    if (result == 0)
        *value = (uint32_t)number;
    return result;
}

static int read_text(struct cairn_generate_body *body, struct cairn_json_reader *reader,
                     enum field field, struct cairn_slice *value)
{
    char error[sizeof(body->error)];
    if (cairn_json_peek(reader) == CAIRN_JSON_STRING)
        return cairn_json_read_string(reader, value);
    snprintf(error, sizeof(error), "`%s` must be a string", NAMES[field]);
    return fail(body, reader, error);
}

static int read_channel(struct cairn_generate_body *body, struct cairn_json_reader *reader)
{
    int result = read_text(body, reader, CHANNEL, &body->channel);
    if (result < 0)
        return result;
    if (body->channel.bytes >= 1 && body->channel.bytes <= CHANNEL_BYTES_MAX &&
        !cairn_utf8_has_control(body->channel))
        return 0;
    return fail(body, reader, "`channel` must be 1 to 128 bytes without control characters");
}

static int read_verbatim(struct cairn_generate_body *body, struct cairn_json_reader *reader)
{
    if (cairn_json_peek(reader) == CAIRN_JSON_BOOL)
        return cairn_json_read_bool(reader, &body->allow_verbatim);
    return fail(body, reader, "`allow_verbatim` must be true or false");
}

static int read_member(struct cairn_generate_body *body, struct cairn_json_reader *reader,
                       struct cairn_slice key)
{
    uint64_t min_seq; /* the projection has waited for it */
    switch (cairn_json_key_index(key, NAMES, FIELD_COUNT)) {
    case CHANNEL:
        return read_channel(body, reader);
    case START:
        body->has_start = true;
        return read_text(body, reader, START, &body->start);
    case STATE_SIZE:
        return read_u32(body, reader, STATE_SIZE, CAIRN_CHAIN_ORDER_MAX, &body->state_size);
    case MAX_WORDS:
        return read_u32(body, reader, MAX_WORDS, CAIRN_GENERATE_WORDS_MAX, &body->words_max);
    case MIN_SCORE:
        return read_number(body, reader, MIN_SCORE, 0, UINT64_MAX, &body->score_min);
    case MIN_REFS:
        return read_number(body, reader, MIN_REFS, 0, UINT64_MAX, &body->references_min);
    case MAX_TRIES:
        return read_u32(body, reader, MAX_TRIES, CAIRN_GENERATE_TRIES_MAX, &body->tries_max);
    case ALLOW_VERBATIM:
        return read_verbatim(body, reader);
    case RNG_SEED:
        body->has_seed = true;
        return read_number(body, reader, RNG_SEED, 0, UINT64_MAX, &body->seed);
    case MIN_SEQ:
        return read_number(body, reader, MIN_SEQ, 0, UINT64_MAX, &min_seq);
    default:
        return refuse_unknown(body, reader, key);
    }
}

int cairn_generate_body_parse(struct cairn_slice text, struct cairn_json_scratch *scratch,
                              struct cairn_generate_body *body)
{
    *body = (struct cairn_generate_body){.words_max = 100, .tries_max = 100};
    if (text.bytes == 0)
        return 0;
    struct cairn_json_reader reader;
    struct cairn_slice key;
    cairn_json_scratch_begin(scratch, text.bytes);
    cairn_json_reader_init(&reader, text, scratch);
    cairn_json_enter_object(&reader);
    while (cairn_json_next_member(&reader, &key))
        read_member(body, &reader, key);
    if (cairn_json_finish(&reader) == 0)
        return 0;
    if (body->error[0] == '\0')
        snprintf(body->error, sizeof(body->error), "the body is not right at byte %u: %s",
                 reader.error_offset, reader.error);
    return -EINVAL;
}
