#include "actors/training/texts.h"

#include <errno.h>

#include "actors/training/paged_table.h"

#define KEY_WORDS 2u

/* Values of a record, in order. */
enum { COUNT, FIRST, VALUE_WORDS };

struct key {
    uint32_t words[KEY_WORDS];
    uint64_t hash;
};

/* A table's key does not begin with 0; one bit less makes that sure. */
static struct key key_of(uint64_t hash)
{
    struct key key = {.words = {(uint32_t)hash | 1, (uint32_t)(hash >> 32)}};
    key.hash = cairn_paged_table_hash(key.words, KEY_WORDS);
    return key;
}

cairn_ref cairn_texts_create(struct cairn_heap *heap)
{
    return cairn_paged_table_create(heap, KEY_WORDS, VALUE_WORDS);
}

int cairn_texts_add(struct cairn_heap *heap, cairn_ref texts, uint64_t hash, uint32_t ordinal)
{
    struct key key = key_of(hash);
    uint32_t *value = cairn_paged_table_find(heap, texts, key.words, key.hash);
    if (value == NULL) {
        value = cairn_paged_table_add(heap, texts, key.words, key.hash);
        if (value == NULL)
            return -ENOMEM;
        value[FIRST] = ordinal;
    }
    value[COUNT]++;
    return 0;
}

void cairn_texts_remove(struct cairn_heap *heap, cairn_ref texts, uint64_t hash)
{
    struct key key = key_of(hash);
    uint32_t *value = cairn_paged_table_find(heap, texts, key.words, key.hash);
    cairn_assert(value != NULL);
    if (--value[COUNT] == 0)
        cairn_paged_table_remove(heap, texts, key.words, key.hash);
}

bool cairn_texts_find(const struct cairn_heap *heap, cairn_ref texts, uint64_t hash,
                      uint32_t *first)
{
    struct key key = key_of(hash);
    const uint32_t *value = cairn_paged_table_find(heap, texts, key.words, key.hash);
    if (value == NULL)
        return false;
    *first = value[FIRST];
    return true;
}
