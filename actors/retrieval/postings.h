/* actors/retrieval/postings.h: which documents hold a term, and how often.
 *
 * A posting is a pair (number, count), numbers ascending, written as
 *
 *     varint(delta << 1 | count == 1) [varint(count) if it is not 1]
 *
 * where delta >= 1 is the distance to the number before (from 0 for the first). No posting
 * therefore begins with a zero byte, and a zero byte ends a run of them.
 *
 * The postings of a term are a list of chunks of 16, 32, 64, 128, 256, 256 ... bytes in the heap:
 *
 *     +------+-------------------------- - - -+
 *     | next | postings, then zeros           |     next: cairn_ref of the following chunk, 0: none
 *     +------+-------------------------- - - -+
 *
 * A posting never spans two chunks. Appending is split in two, so that an event is indexed whole or
 * not at all: _reserve makes room and may fail; _append cannot.
 *
 * Ownership   A list is 16 bytes inside its owner's block; its chunks are in the same heap.
 * Context     One owner. A reader holds pointers: it is void after the next allocation.
 * Errors      -ENOMEM from _reserve: nothing that can be seen has changed.
 * Cost        Append O(1); reading is sequential within a chunk.
 * Source      Chunk growth as in-memory indexes have it (Büttcher, Clarke, Cormack 2010, ch. 7).
 */
#pragma once

#include <stdbool.h>

#include "runtime/base/heap.h"

#define CAIRN_POSTINGS_CHUNK_BYTES_MIN 16u
#define CAIRN_POSTINGS_CHUNK_BYTES_MAX 256u
#define CAIRN_POSTING_BYTES_MAX        10u

struct cairn_postings {
    cairn_ref head; /* 0: no posting yet */
    cairn_ref tail;
    uint32_t last;       /* number of the last posting */
    uint16_t tail_used;  /* bytes, with `next` */
    uint16_t tail_bytes; /* size of the tail chunk */
};

/* ---- one posting ---- */

static inline size_t cairn_posting_encode(uint8_t *target, uint32_t delta, uint32_t count)
{
    size_t bytes = cairn_varint_encode(target, (uint64_t)delta << 1 | (count == 1));
    return count == 1 ? bytes : bytes + cairn_varint_encode(target + bytes, count);
}

/* Our own bytes, written by encode: read without bounds. */
static inline uint32_t cairn_posting_varint(const uint8_t **at, uint32_t first)
{
    uint64_t value = first & 0x7f;
    for (unsigned shift = 7; first >= 0x80; shift += 7) {
        first = *(*at)++;
        value |= (uint64_t)(first & 0x7f) << shift;
    }
    return (uint32_t)value;
}

/* The posting at `*at`, which steps over it. False, and no step, at a zero byte. `*number` holds
 * the number before it. Numbers stay below 2^31, so that delta << 1 fits 32 bits. */
static inline bool cairn_posting_decode(const uint8_t **at, uint32_t *number, uint32_t *count)
{
    uint32_t first = **at;
    if (first == 0)
        return false;
    (*at)++;
    uint32_t value = first < 0x80 ? first : cairn_posting_varint(at, first);
    *number += value >> 1;
    *count = 1;
    if ((value & 1) == 0) {
        first = *(*at)++;
        *count = cairn_posting_varint(at, first);
    }
    return true;
}

/* ---- a list ---- */

/* Room for (number, count); number is above the last one. */
int cairn_postings_reserve(struct cairn_heap *heap, struct cairn_postings postings, uint32_t number,
                           uint32_t count, struct cairn_postings *reserved);
/* Write what was reserved for. */
void cairn_postings_append(const struct cairn_heap *heap, struct cairn_postings *postings,
                           uint32_t number, uint32_t count);
/* Free and wipe every chunk: the list is empty. */
void cairn_postings_clear(struct cairn_heap *heap, struct cairn_postings *postings);

struct cairn_postings_reader {
    const uint8_t *at, *end; /* within the chunk */
    uint32_t number, count;  /* of the posting last read */
    uint32_t chunk_bytes;
    cairn_ref next;
};

void cairn_postings_open(const struct cairn_postings *postings,
                         struct cairn_postings_reader *reader);
/* To the next chunk. False: there is none. */
bool cairn_postings_turn(const struct cairn_heap *heap, struct cairn_postings_reader *reader);

/* False at the end. */
static inline bool cairn_postings_next(const struct cairn_heap *heap,
                                       struct cairn_postings_reader *reader)
{
    while (reader->at == reader->end ||
           !cairn_posting_decode(&reader->at, &reader->number, &reader->count))
        if (!cairn_postings_turn(heap, reader))
            return false;
    return true;
}
