/* storage/strings.h: the reader's side of string tables: id to text, for one segment.
 *
 * Ownership   Owns its texts. They do not move, and live until deinit.
 * Context     One owner.
 * Errors      -EBADMSG: a text no writer would have written, or more of them than a segment may
 *             have. -ENOMEM.
 * Cost        find: one load.
 */
#pragma once

#include "runtime/base/bytes.h"

/* The writer leaves a segment when its names reach half of this. */
#define CAIRN_STRINGS_BYTES_MAX (256u << 20)

struct cairn_strings_chunk;

struct cairn_strings {
    struct cairn_slice *texts; /* owned; id - 1 */
    uint32_t count;
    uint32_t capacity;
    struct cairn_strings_chunk *chunks; /* owned */
    uint64_t bytes;
};

void cairn_strings_deinit(struct cairn_strings *strings);
/* The next id's text; copied. */
int cairn_strings_add(struct cairn_strings *strings, struct cairn_slice text);
/* Id 0 is the empty text. False: no such id. */
static inline bool cairn_strings_find(const struct cairn_strings *strings, uint32_t id,
                                      struct cairn_slice *text)
{
    if (id > strings->count)
        return false;
    *text = id == 0 ? CAIRN_SLICE_EMPTY : strings->texts[id - 1];
    return true;
}
