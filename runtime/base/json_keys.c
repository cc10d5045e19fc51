/* The keys of all open objects lie on one stack, innermost on top, and in one hash table with
 * linear probing. Keys leave in the reverse order of their coming, so emptying a slot restores the
 * table exactly as it was before that key: no tombstones, and nothing to clear per object. */
#include "runtime/base/json_internal.h"

#include <stdlib.h>

#include "runtime/base/assert.h"
#include "runtime/base/error.h"
#include "runtime/base/hash.h"

#define SLOTS_MIN       64u
#define KEEP_TEXT_BYTES (1u << 20)

struct cairn_json_key {
    const char *data; /* unescaped: in the text or in the scratch */
    uint32_t bytes;
    uint32_t depth; /* of the object that it belongs to */
    uint32_t hash;
    uint32_t slot;
};

void cairn_json_scratch_begin(struct cairn_json_scratch *scratch, size_t text_bytes)
{
    /* One huge request must not hold its memory for as long as the connection lives. */
    if (scratch->text.capacity > KEEP_TEXT_BYTES || scratch->text.failed)
        cairn_buffer_deinit(&scratch->text);
    cairn_buffer_clear(&scratch->text);
    scratch->text_bytes_max = text_bytes;
    scratch->reader = NULL;
    cairn_json_keys_clear(scratch);
}

void cairn_json_scratch_deinit(struct cairn_json_scratch *scratch)
{
    cairn_buffer_deinit(&scratch->text);
    free(scratch->keys);
    free(scratch->slots);
    *scratch = (struct cairn_json_scratch){.seed = scratch->seed};
}

void cairn_json_keys_clear(struct cairn_json_scratch *scratch)
{
    for (uint32_t i = 0; i < scratch->keys_count; i++)
        scratch->slots[scratch->keys[i].slot] = 0;
    scratch->keys_count = 0;
}

static void place(struct cairn_json_scratch *scratch, uint32_t index)
{
    uint32_t mask = scratch->slots_count - 1;
    uint32_t slot = scratch->keys[index].hash & mask;
    while (scratch->slots[slot] != 0)
        slot = (slot + 1) & mask;
    scratch->slots[slot] = index + 1;
    scratch->keys[index].slot = slot;
}

static int grow(struct cairn_json_scratch *scratch)
{
    uint32_t slots_count = scratch->slots_count == 0 ? SLOTS_MIN : scratch->slots_count * 2;
    if (slots_count / 2 > CAIRN_JSON_KEYS_MAX)
        return -EFBIG;

    uint32_t *slots = calloc(slots_count, sizeof(*slots));
    if (slots == NULL)
        return -ENOMEM;
    struct cairn_json_key *keys =
        realloc(scratch->keys, slots_count / 2 * sizeof(struct cairn_json_key));
    if (keys == NULL) {
        free(slots);
        return -ENOMEM;
    }
    free(scratch->slots);
    scratch->keys = keys;
    scratch->slots = slots;
    scratch->slots_count = slots_count;
    for (uint32_t i = 0; i < scratch->keys_count; i++)
        place(scratch, i);
    return 0;
}

static bool is_known(const struct cairn_json_scratch *scratch, const struct cairn_json_key *key)
{
    uint32_t mask = scratch->slots_count - 1;
    for (uint32_t slot = key->hash & mask; scratch->slots[slot] != 0; slot = (slot + 1) & mask) {
        const struct cairn_json_key *other = &scratch->keys[scratch->slots[slot] - 1];
        if (other->hash == key->hash && other->depth == key->depth && other->bytes == key->bytes &&
            memcmp(other->data, key->data, key->bytes) == 0)
            return true;
    }
    return false;
}

int cairn_json_keys_add(struct cairn_json_scratch *scratch, struct cairn_slice key, uint32_t depth)
{
    if (scratch->keys_count == scratch->slots_count / 2) {
        int result = grow(scratch);
        if (result < 0)
            return result;
    }
    cairn_assert(scratch->keys_count == 0 || scratch->keys[scratch->keys_count - 1].depth <= depth);

    struct cairn_json_key *added = &scratch->keys[scratch->keys_count];
    added->data = key.data;
    added->bytes = (uint32_t)key.bytes;
    added->depth = depth;
    added->hash = (uint32_t)XXH3_64bits_withSeed(key.data, key.bytes, scratch->seed + depth);
    if (is_known(scratch, added))
        return -EBADMSG;
    place(scratch, scratch->keys_count++);
    return 0;
}

void cairn_json_keys_leave(struct cairn_json_scratch *scratch, uint32_t depth)
{
    while (scratch->keys_count > 0 && scratch->keys[scratch->keys_count - 1].depth == depth)
        scratch->slots[scratch->keys[--scratch->keys_count].slot] = 0;
}
