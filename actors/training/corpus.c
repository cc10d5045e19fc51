#include "actors/training/corpus.h"

#include <errno.h>

#include "actors/training/texts.h"
#include "actors/training/tokens.h"
#include "actors/training/transitions.h"
#include "runtime/base/hash.h"
#include "runtime/base/heap_names.h"

#define WINDOW_MAX          64u
#define UNCOUNTED_BYTES_MAX 1024u

int cairn_corpus_create(struct cairn_heap *heap, uint32_t state_size_default)
{
    cairn_ref ref = cairn_heap_alloc(heap, sizeof(struct cairn_corpus));
    if (ref == 0)
        return -ENOMEM;
    struct cairn_corpus corpus = {
        .words = cairn_heap_names_create(heap),
        .channels = cairn_heap_names_create(heap),
        .forward = cairn_forward_create(heap),
        .texts = cairn_texts_create(heap),
        .chain = cairn_chain_create(heap, state_size_default),
        .shape = cairn_shape_create(heap),
        .state_size_default = state_size_default,
    };
    if (corpus.words == 0 || corpus.channels == 0 || corpus.forward == 0 || corpus.texts == 0 ||
        corpus.chain == 0 || corpus.shape == 0)
        return -ENOMEM;
    memcpy(cairn_heap_at(heap, ref), &corpus, sizeof(corpus));
    cairn_heap_set_root(heap, ref);
    return 0;
}

/* A text's hash goes on from its words' hashes, so that it does not depend on ids. */
static uint64_t hash_on(uint64_t hash, uint64_t next)
{
    return XXH3_64bits_withSeed(&next, sizeof(next), hash);
}

static uint64_t word_hash(const struct cairn_heap *heap, uint32_t word)
{
    return cairn_heap_names_hash(heap, cairn_corpus_of(heap)->words, word);
}

uint64_t cairn_corpus_hash(const struct cairn_heap *heap, struct cairn_forward_reader tokens)
{
    uint32_t window[WINDOW_MAX];
    uint64_t hash = 0;
    uint32_t count;
    while ((count = cairn_forward_read(heap, &tokens, window, WINDOW_MAX)) > 0) {
        for (uint32_t i = 0; i < count; i++)
            hash = hash_on(hash, word_hash(heap, window[i]));
    }
    return hash;
}

static void release_words(struct cairn_heap *heap, struct cairn_forward_reader tokens)
{
    uint32_t window[WINDOW_MAX];
    uint32_t count;
    while ((count = cairn_forward_read(heap, &tokens, window, WINDOW_MAX)) > 0) {
        for (uint32_t i = 0; i < count; i++)
            cairn_heap_names_release(heap, cairn_corpus_of(heap)->words, window[i]);
    }
}

/* A message on its way in. */
struct intake {
    struct cairn_forward_writer writer;
    uint64_t hash;
    uint32_t tokens;
};

/* Some words of a text, on their way in. */
struct words {
    uint32_t count;
    struct cairn_slice texts[WINDOW_MAX];
    uint64_t hashes[WINDOW_MAX];
};

/* Take the next words off *text, and ask for the memory that acquiring them will touch. */
static bool take_words(const struct cairn_heap *heap, cairn_ref names, struct cairn_slice *text,
                       struct words *words)
{
    uint32_t count = 0;
    while (count < WINDOW_MAX && cairn_tokens_next(text, &words->texts[count])) {
        words->hashes[count] = cairn_hash64_slice(words->texts[count]);
        cairn_heap_names_prefetch(heap, names, words->hashes[count++]);
    }
    words->count = count;
    return count > 0;
}

/* Hold the words of `text` and put them behind the writer. */
static int acquire_words(struct cairn_heap *heap, struct intake *intake, struct cairn_slice text)
{
    struct cairn_corpus corpus = *cairn_corpus_of(heap);
    struct words words;
    while (take_words(heap, corpus.words, &text, &words)) {
        for (uint32_t i = 0; i < words.count; i++) {
            uint32_t id = cairn_heap_names_acquire_hashed(heap, corpus.words, words.texts[i],
                                                          words.hashes[i]);
            if (id == 0) {
                release_words(heap, cairn_forward_pending(heap, corpus.forward, &intake->writer));
                return -ENOMEM;
            }
            cairn_forward_put(heap, corpus.forward, &intake->writer, id);
            intake->hash = hash_on(intake->hash, words.hashes[i]);
        }
        intake->tokens += words.count;
    }
    return 0;
}

/* Count the message that `intake` holds, whose words are held. */
static int learn(struct cairn_heap *heap, const struct intake *intake)
{
    struct cairn_corpus corpus = *cairn_corpus_of(heap);
    uint32_t ordinal = cairn_forward_end(heap, corpus.forward);
    struct cairn_forward_reader tokens =
        cairn_forward_pending(heap, corpus.forward, &intake->writer);

    int result = cairn_texts_add(heap, corpus.texts, intake->hash, ordinal);
    if (result < 0)
        goto release;
    result = cairn_transitions_train(heap, tokens, heap, corpus.chain, ordinal);
    if (result < 0)
        goto remove_text;
    cairn_forward_commit(heap, corpus.forward, &intake->writer);
    cairn_corpus_of(heap)->tokens += intake->tokens;
    return 1;

remove_text:
    cairn_texts_remove(heap, corpus.texts, intake->hash);
release:
    release_words(heap, tokens);
    return result;
}

/* At least as many as `text` has: short texts are not worth counting. */
static uint64_t tokens_max(struct cairn_slice text)
{
    return text.bytes <= UNCOUNTED_BYTES_MAX ? text.bytes / 2 + 1 : cairn_tokens_count(text);
}

static int add_text(struct cairn_heap *heap, uint64_t seq, uint32_t channel,
                    struct cairn_slice text)
{
    struct intake intake = {0};
    uint64_t tokens = tokens_max(text);
    if (cairn_corpus_of(heap)->tokens + tokens >= UINT32_MAX)
        return -ENOMEM;
    cairn_ref forward = cairn_corpus_of(heap)->forward;
    int result = cairn_forward_begin(heap, forward, &intake.writer, seq, channel, (uint32_t)tokens);
    if (result == 0)
        result = acquire_words(heap, &intake, text);
    if (result < 0 || intake.tokens == 0)
        return result;
    return learn(heap, &intake);
}

int cairn_corpus_add(struct cairn_heap *heap, uint64_t seq, struct cairn_slice channel,
                     struct cairn_slice text)
{
    uint32_t channel_id = 0;
    if (channel.bytes > 0) {
        channel_id = cairn_heap_names_acquire(heap, cairn_corpus_of(heap)->channels, channel);
        if (channel_id == 0)
            return -ENOMEM;
    }
    int result = add_text(heap, seq, channel_id, text);
    if (result <= 0)
        cairn_heap_names_release(heap, cairn_corpus_of(heap)->channels, channel_id);
    else
        cairn_corpus_of(heap)->unchanneled += channel_id == 0;
    return result;
}

static uint64_t count_tokens(const struct cairn_heap *heap, struct cairn_forward_reader tokens)
{
    uint32_t window[WINDOW_MAX];
    uint64_t total = 0;
    uint32_t count;
    while ((count = cairn_forward_read(heap, &tokens, window, WINDOW_MAX)) > 0)
        total += count;
    return total;
}

void cairn_corpus_remove(struct cairn_heap *heap, const struct cairn_forward_message *message)
{
    struct cairn_corpus *corpus = cairn_corpus_of(heap);
    cairn_transitions_untrain(heap, message->tokens, heap, corpus->chain);
    cairn_texts_remove(heap, corpus->texts, cairn_corpus_hash(heap, message->tokens));
    corpus->tokens -= count_tokens(heap, message->tokens);
    corpus->unchanneled -= message->channel == 0;
    cairn_heap_names_release(heap, corpus->channels, message->channel);
    release_words(heap, message->tokens);
    cairn_forward_remove(heap, corpus->forward, message->ordinal);
}

static int train_all(struct cairn_heap *heap, cairn_ref chain)
{
    struct cairn_forward_cursor cursor = {0};
    struct cairn_forward_message message;
    cairn_ref forward = cairn_corpus_of(heap)->forward;
    while (cairn_forward_next(heap, forward, &cursor, &message)) {
        int result = cairn_transitions_train(heap, message.tokens, heap, chain, message.ordinal);
        if (result < 0)
            return result;
    }
    return 0;
}

int cairn_corpus_set_state_size(struct cairn_heap *heap, uint32_t state_size)
{
    if (cairn_chain_order(heap, cairn_corpus_of(heap)->chain) == state_size)
        return 0;
    cairn_ref chain = cairn_chain_create(heap, state_size);
    int result = chain == 0 ? -ENOMEM : train_all(heap, chain);
    if (result < 0) {
        cairn_chain_destroy(heap, chain);
        return result;
    }
    cairn_chain_destroy(heap, cairn_corpus_of(heap)->chain);
    cairn_corpus_of(heap)->chain = chain;
    return 0;
}

static bool has_tokens(const struct cairn_heap *heap, struct cairn_forward_reader reader,
                       const uint32_t *tokens, uint32_t count)
{
    uint32_t window[WINDOW_MAX];
    uint32_t read;
    while ((read = cairn_forward_read(heap, &reader, window, WINDOW_MAX)) > 0) {
        if (read > count || memcmp(window, tokens, read * sizeof(*tokens)) != 0)
            return false;
        tokens += read;
        count -= read;
    }
    return count == 0;
}

bool cairn_corpus_has_text(const struct cairn_heap *heap, const uint32_t *tokens, uint32_t count)
{
    const struct cairn_corpus *corpus = cairn_corpus_of(heap);
    uint64_t hash = 0;
    for (uint32_t i = 0; i < count; i++)
        hash = hash_on(hash, word_hash(heap, tokens[i]));
    struct cairn_forward_cursor cursor = {0};
    if (!cairn_texts_find(heap, corpus->texts, hash, &cursor.ordinal))
        return false;
    /* Nearly always the first one is it; not so when it was forgotten, or another text's. */
    struct cairn_forward_message message;
    while (cairn_forward_next(heap, corpus->forward, &cursor, &message)) {
        if (has_tokens(heap, message.tokens, tokens, count))
            return true;
    }
    return false;
}

bool cairn_corpus_find_transition(const struct cairn_heap *heap, uint32_t ordinal, uint32_t channel,
                                  const uint32_t *prefix, uint32_t order, uint32_t next,
                                  struct cairn_forward_message *found)
{
    struct cairn_forward_cursor cursor = {.ordinal = ordinal};
    struct cairn_forward_message message;
    while (cairn_forward_next(heap, cairn_corpus_of(heap)->forward, &cursor, &message)) {
        if (channel != 0 && message.channel != channel)
            continue;
        if (!cairn_transitions_contain(heap, message.tokens, prefix, order, next))
            continue;
        *found = message;
        return true;
    }
    return false;
}
