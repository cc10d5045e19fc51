#include "actors/retrieval/postings.h"

#include <errno.h>

#define LINK_BYTES sizeof(cairn_ref)

static uint32_t next_chunk_bytes(uint32_t chunk_bytes)
{
    if (chunk_bytes == 0)
        return CAIRN_POSTINGS_CHUNK_BYTES_MIN;
    return chunk_bytes < CAIRN_POSTINGS_CHUNK_BYTES_MAX ? chunk_bytes * 2 : chunk_bytes;
}

int cairn_postings_reserve(struct cairn_heap *heap, struct cairn_postings postings, uint32_t number,
                           uint32_t count, struct cairn_postings *reserved)
{
    cairn_assert(number > postings.last && number <= INT32_MAX && count >= 1);
    uint8_t encoded[CAIRN_POSTING_BYTES_MAX];
    size_t bytes = cairn_posting_encode(encoded, number - postings.last, count);
    *reserved = postings;
    if (postings.tail_used + bytes <= postings.tail_bytes)
        return 0;

    uint32_t chunk_bytes = next_chunk_bytes(postings.tail_bytes);
    cairn_ref chunk = cairn_heap_alloc(heap, chunk_bytes);
    if (chunk == 0)
        return -ENOMEM;
    if (postings.tail == 0)
        reserved->head = chunk;
    else
        memcpy(cairn_heap_at(heap, postings.tail), &chunk, LINK_BYTES);
    reserved->tail = chunk;
    reserved->tail_used = LINK_BYTES;
    reserved->tail_bytes = (uint16_t)chunk_bytes;
    return 0;
}

void cairn_postings_append(const struct cairn_heap *heap, struct cairn_postings *postings,
                           uint32_t number, uint32_t count)
{
    uint8_t encoded[CAIRN_POSTING_BYTES_MAX];
    size_t bytes = cairn_posting_encode(encoded, number - postings->last, count);
    cairn_assert(postings->tail_used + bytes <= postings->tail_bytes);
    memcpy((uint8_t *)cairn_heap_at(heap, postings->tail) + postings->tail_used, encoded, bytes);
    postings->tail_used = (uint16_t)(postings->tail_used + bytes);
    postings->last = number;
}

void cairn_postings_clear(struct cairn_heap *heap, struct cairn_postings *postings)
{
    uint32_t chunk_bytes = 0;
    cairn_ref chunk = postings->head;
    while (chunk != 0) {
        chunk_bytes = next_chunk_bytes(chunk_bytes);
        cairn_ref next;
        memcpy(&next, cairn_heap_at(heap, chunk), LINK_BYTES);
        memset(cairn_heap_at(heap, chunk), 0, chunk_bytes);
        cairn_heap_free(heap, chunk, chunk_bytes);
        chunk = next;
    }
    *postings = (struct cairn_postings){0};
}

void cairn_postings_open(const struct cairn_postings *postings,
                         struct cairn_postings_reader *reader)
{
    *reader = (struct cairn_postings_reader){.next = postings->head};
}

bool cairn_postings_turn(const struct cairn_heap *heap, struct cairn_postings_reader *reader)
{
    if (reader->next == 0)
        return false;
    const uint8_t *chunk = cairn_heap_at(heap, reader->next);
    reader->chunk_bytes = next_chunk_bytes(reader->chunk_bytes);
    memcpy(&reader->next, chunk, LINK_BYTES);
    reader->at = chunk + LINK_BYTES;
    reader->end = chunk + reader->chunk_bytes;
    return true;
}
