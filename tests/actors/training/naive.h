/* tests/actors/training/naive.h: what the training module should have learned, the plain way: a list
 * of messages, and everything else counted anew from their strings. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/hash.h"

#define NAIVE_MESSAGES_MAX 400
#define NAIVE_TOKENS_MAX   32
#define NAIVE_BYTES_MAX    256

struct naive_message {
    uint64_t seq;
    bool is_there;
    char channel[16];
    char text[NAIVE_BYTES_MAX];
};

struct naive {
    struct naive_message messages[NAIVE_MESSAGES_MAX];
    uint32_t count;
    uint32_t state_size;
    bool is_shape_told;
    bool channel_chains;
};

struct naive_transition {
    const char *symbols[6]; /* prefix, next; "\1" is before a message, "\2" its end */
    uint32_t count;
    uint64_t seq; /* lowest */
};

struct naive_tokens {
    char bytes[NAIVE_BYTES_MAX];
    const char *tokens[NAIVE_TOKENS_MAX];
    uint32_t count;
};

static inline void naive_split(const char *text, struct naive_tokens *tokens)
{
    size_t bytes = strnlen(text, sizeof(tokens->bytes) - 1);
    memcpy(tokens->bytes, text, bytes);
    tokens->bytes[bytes] = 0;
    tokens->count = 0;
    char *rest = tokens->bytes;
    for (char *token; (token = strtok_r(rest, " ", &rest)) != NULL;)
        tokens->tokens[tokens->count++] = token;
}

static inline const char *naive_symbol(const struct naive_tokens *tokens, int32_t at)
{
    if (at < 0)
        return "\1";
    return at < (int32_t)tokens->count ? tokens->tokens[at] : "\2";
}

static inline bool naive_same(const struct naive_transition *transition, const char *const *symbols,
                              uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(transition->symbols[i], symbols[i]) != 0)
            return false;
    }
    return true;
}

/* All transitions of the messages in `channel` (NULL: all). Symbols point into `tokens`, which the
 * caller gives one of for each message. Returns how many. */
static inline uint32_t naive_transitions(const struct naive *naive, const char *channel,
                                         struct naive_tokens *tokens,
                                         struct naive_transition *transitions)
{
    uint32_t count = 0;
    uint32_t k = naive->state_size;
    for (uint32_t m = 0; m < naive->count; m++) {
        const struct naive_message *message = &naive->messages[m];
        naive_split(message->text, &tokens[m]);
        if (!message->is_there || (channel != NULL && strcmp(channel, message->channel) != 0))
            continue;
        for (int32_t at = 0; tokens[m].count > 0 && at <= (int32_t)tokens[m].count; at++) {
            const char *symbols[6];
            for (uint32_t i = 0; i <= k; i++)
                symbols[i] = naive_symbol(&tokens[m], at - (int32_t)k + (int32_t)i);
            uint32_t t = 0;
            while (t < count && !naive_same(&transitions[t], symbols, k + 1))
                t++;
            if (t == count) {
                transitions[count++] = (struct naive_transition){.seq = message->seq};
                memcpy(transitions[t].symbols, symbols, sizeof(symbols[0]) * (k + 1));
            }
            transitions[t].count++;
        }
    }
    return count;
}

/* ---- the digest, as docs and header describe it, from strings alone ---- */

static inline uint64_t naive_hash(const char *symbol)
{
    if (symbol[0] == 1)
        return UINT64_C(0x6e69676562);
    return symbol[0] == 2 ? UINT64_C(0x646e65) : XXH3_64bits(symbol, strlen(symbol));
}

static inline void naive_add(struct cairn_digest *digest, const char *space, uint64_t kind,
                             const uint64_t *words, size_t count)
{
    XXH128_hash_t hash = XXH3_128bits_withSeed(words, count * sizeof(*words),
                                               XXH3_64bits(space, strlen(space)) + kind);
    unsigned __int128 sum = (unsigned __int128)digest->high << 64 | digest->low;
    sum += (unsigned __int128)hash.high64 << 64 | hash.low64;
    digest->low = (uint64_t)sum;
    digest->high = (uint64_t)(sum >> 64);
}

static inline struct cairn_digest naive_digest(const struct naive *naive, const char *space,
                                               struct naive_tokens *tokens,
                                               struct naive_transition *transitions)
{
    struct cairn_digest digest = {0};
    uint64_t words[8];
    uint32_t count = naive_transitions(naive, NULL, tokens, transitions);
    for (uint32_t t = 0; t < count; t++) {
        for (uint32_t i = 0; i <= naive->state_size; i++)
            words[i] = naive_hash(transitions[t].symbols[i]);
        words[naive->state_size + 1] = transitions[t].count;
        naive_add(&digest, space, 1, words, naive->state_size + 2);
    }
    for (uint32_t m = 0; m < naive->count; m++) {
        const struct naive_message *message = &naive->messages[m];
        if (!message->is_there || tokens[m].count == 0)
            continue;
        uint64_t text = 0;
        for (uint32_t i = 0; i < tokens[m].count; i++) {
            uint64_t hash = naive_hash(tokens[m].tokens[i]);
            text = XXH3_64bits_withSeed(&hash, sizeof(hash), text);
        }
        words[0] = message->seq;
        words[1] = message->channel[0] == '\0' ? 0 : naive_hash(message->channel);
        words[2] = text;
        naive_add(&digest, space, 2, words, 3);
    }
    if (naive->is_shape_told) {
        words[0] = naive->state_size;
        words[1] = naive->channel_chains;
        naive_add(&digest, space, 3, words, 2);
    }
    return digest;
}
