#include "actors/retrieval/stemming.h"

#include <libstemmer.h>
#include <stdlib.h>

#include "runtime/base/assert.h"
#include "runtime/base/hash.h"

#define WORD_BYTES_MAX 31u /* longer words are rare and not kept */
#define CAPACITY_MIN   64u
#define CAPACITY_MAX   4096u /* 256 KiB: about what a second-level cache likes */
#define SHORT_BYTES    2u    /* Snowball leaves words this short as they are */

struct cairn_stem {
    uint8_t word_bytes; /* 0: free */
    uint8_t stem_bytes;
    char word[WORD_BYTES_MAX];
    char stem[WORD_BYTES_MAX];
};
static_assert(sizeof(struct cairn_stem) == 64, "an entry is a cache line");

void cairn_stemmer_init(struct cairn_stemmer *stemmer)
{
    *stemmer = (struct cairn_stemmer){0};
}

void cairn_stemmer_deinit(struct cairn_stemmer *stemmer)
{
    sb_stemmer_delete(stemmer->snowball);
    free(stemmer->stems);
    *stemmer = (struct cairn_stemmer){0};
}

static struct cairn_slice stem_now(struct cairn_stemmer *stemmer, struct cairn_slice word)
{
    if (stemmer->snowball == NULL)
        stemmer->snowball = sb_stemmer_new("english", "UTF_8");
    if (stemmer->snowball == NULL)
        return CAIRN_SLICE_EMPTY;
    const sb_symbol *stem =
        sb_stemmer_stem(stemmer->snowball, (const sb_symbol *)word.data, (int)word.bytes);
    if (stem == NULL)
        return CAIRN_SLICE_EMPTY;
    return cairn_slice(stem, (size_t)sb_stemmer_length(stemmer->snowball));
}

/* A larger table starts empty: what was known comes back with its next use. Without memory the old
 * one goes on. */
static void grow(struct cairn_stemmer *stemmer)
{
    uint32_t capacity = stemmer->capacity == 0 ? CAPACITY_MIN : stemmer->capacity * 4;
    stemmer->misses = 0;
    if (capacity > CAPACITY_MAX)
        return;
    struct cairn_stem *stems = aligned_alloc(64, (size_t)capacity * sizeof(*stems));
    if (stems == NULL)
        return;
    memset(stems, 0, (size_t)capacity * sizeof(*stems));
    free(stemmer->stems);
    stemmer->stems = stems;
    stemmer->capacity = capacity;
}

static void keep(struct cairn_stem *entry, struct cairn_slice word, struct cairn_slice stem)
{
    if (stem.bytes == 0 || stem.bytes > WORD_BYTES_MAX)
        return;
    entry->word_bytes = (uint8_t)word.bytes;
    entry->stem_bytes = (uint8_t)stem.bytes;
    memcpy(entry->word, word.data, word.bytes);
    memcpy(entry->stem, stem.data, stem.bytes);
}

struct cairn_slice cairn_stemmer_stem(struct cairn_stemmer *stemmer, struct cairn_slice word)
{
    cairn_assert(word.bytes > 0 && word.bytes <= 64);
    if (word.bytes <= SHORT_BYTES)
        return word;
    if (word.bytes > WORD_BYTES_MAX)
        return stem_now(stemmer, word);
    if (stemmer->misses >= stemmer->capacity)
        grow(stemmer);
    if (stemmer->stems == NULL)
        return stem_now(stemmer, word);

    struct cairn_stem *entry = &stemmer->stems[cairn_hash64_slice(word) & (stemmer->capacity - 1)];
    if (cairn_slice_equal(cairn_slice(entry->word, entry->word_bytes), word))
        return cairn_slice(entry->stem, entry->stem_bytes);
    stemmer->misses++;
    struct cairn_slice stem = stem_now(stemmer, word);
    keep(entry, word, stem);
    return stem;
}
