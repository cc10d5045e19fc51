#include "storage/strings.h"

#include <stdlib.h>

#include "runtime/base/error.h"
#include "storage/record.h"

#define CHUNK_BYTES 32768u
static_assert(CAIRN_RECORD_NAME_BYTES_MAX <= CHUNK_BYTES, "a name fits a chunk");

struct cairn_strings_chunk {
    struct cairn_strings_chunk *next;
    size_t used;
    char bytes[CHUNK_BYTES];
};

void cairn_strings_deinit(struct cairn_strings *strings)
{
    while (strings->chunks != NULL) {
        struct cairn_strings_chunk *chunk = strings->chunks;
        strings->chunks = chunk->next;
        free(chunk);
    }
    free(strings->texts);
    *strings = (struct cairn_strings){0};
}

static int ensure_slot(struct cairn_strings *strings)
{
    if (strings->count < strings->capacity)
        return 0;
    uint32_t capacity = strings->capacity == 0 ? 64 : strings->capacity * 2;
    struct cairn_slice *grown = realloc(strings->texts, capacity * sizeof(*grown));
    if (grown == NULL)
        return -ENOMEM;
    strings->texts = grown;
    strings->capacity = capacity;
    return 0;
}

static char *take_bytes(struct cairn_strings *strings, size_t bytes)
{
    struct cairn_strings_chunk *chunk = strings->chunks;
    if (chunk == NULL || CHUNK_BYTES - chunk->used < bytes) {
        chunk = malloc(sizeof(*chunk));
        if (chunk == NULL)
            return NULL;
        chunk->next = strings->chunks;
        chunk->used = 0;
        strings->chunks = chunk;
    }
    char *taken = chunk->bytes + chunk->used;
    chunk->used += bytes;
    return taken;
}

int cairn_strings_add(struct cairn_strings *strings, struct cairn_slice text)
{
    /* The slice counts too: short names must not be a way to take more memory than the bound. */
    uint64_t bytes = strings->bytes + text.bytes + sizeof(text);
    if (text.bytes == 0 || text.bytes > CAIRN_RECORD_NAME_BYTES_MAX ||
        bytes > CAIRN_STRINGS_BYTES_MAX)
        return -EBADMSG;

    int result = ensure_slot(strings);
    if (result < 0)
        return result;
    char *copy = take_bytes(strings, text.bytes);
    if (copy == NULL)
        return -ENOMEM;
    memcpy(copy, text.data, text.bytes);
    strings->texts[strings->count++] = cairn_slice(copy, text.bytes);
    strings->bytes = bytes;
    return 0;
}
