/* actors/training/forward.h: every trained message as its tokens, in order of sequence.
 *
 * The chains forget where their counts came from; this index remembers, in about two bytes a token.
 * So a message can be taken out again without the ledger, a reference can be followed, a text can be
 * compared with what was trained, and another chain can be built.
 *
 *     page: 64 messages
 *     +---------------+-----------------+---------+-------------------+- - - - - -
 *     | length varint | sequence varint | channel | token ids, varint | next ...
 *     +---------------+-----------------+---------+-------------------+- - - - - -
 *                       above the page's first                          a removed one: length 0
 *
 * A message's ordinal counts the messages added before it, removed ones included.
 *
 * Ownership   A block of the heap, named by its reference. Messages and readers name bytes by
 *             offset: they stay good while the heap grows, until the index next changes.
 * Context     One owner, as the heap.
 * Errors      -ENOMEM: the heap is full, the index is as it was. Removing allocates nothing.
 * Cost        Finding a message walks at most a page. Around 25 bytes a message of ten tokens.
 */
#pragma once

#include "runtime/base/heap.h"

/* Token ids still to be read. */
struct cairn_forward_reader {
    cairn_ref block;
    uint32_t offset;
    uint32_t end;
};

struct cairn_forward_message {
    uint64_t seq;
    uint32_t ordinal;
    uint32_t channel; /* 0: none */
    struct cairn_forward_reader tokens;
};

/* A message on its way in. */
struct cairn_forward_writer {
    uint64_t seq;
    uint32_t channel;
    uint32_t start;  /* of its tokens, in the last page */
    uint32_t offset; /* behind what was put */
};

cairn_ref cairn_forward_create(struct cairn_heap *heap);

/* Make room behind the last message for one of at most `tokens_max` tokens. `seq` is above all
 * sequences so far. Nothing has changed until _commit, which cannot fail; a writer may be dropped. */
int cairn_forward_begin(struct cairn_heap *heap, cairn_ref forward,
                        struct cairn_forward_writer *writer, uint64_t seq, uint32_t channel,
                        uint32_t tokens_max);
void cairn_forward_put(struct cairn_heap *heap, cairn_ref forward,
                       struct cairn_forward_writer *writer, uint32_t token);
/* The tokens put so far. */
struct cairn_forward_reader cairn_forward_pending(const struct cairn_heap *heap, cairn_ref forward,
                                                  const struct cairn_forward_writer *writer);
void cairn_forward_commit(struct cairn_heap *heap, cairn_ref forward,
                          const struct cairn_forward_writer *writer);

/* Take a message out; it is there. */
void cairn_forward_remove(struct cairn_heap *heap, cairn_ref forward, uint32_t ordinal);

/* False if there is no such message (any more). */
bool cairn_forward_find(const struct cairn_heap *heap, cairn_ref forward, uint64_t seq,
                        struct cairn_forward_message *message);
bool cairn_forward_at(const struct cairn_heap *heap, cairn_ref forward, uint32_t ordinal,
                      struct cairn_forward_message *message);

/* Messages one after the other, from any ordinal on. */
struct cairn_forward_cursor {
    uint32_t ordinal; /* of the next message */
    uint32_t offset;  /* in its page; 0: not yet known */
};
/* False: no more. The cursor's ordinal says where to go on, also after changes to the index if the
 * offset is set to 0. */
bool cairn_forward_next(const struct cairn_heap *heap, cairn_ref forward,
                        struct cairn_forward_cursor *cursor, struct cairn_forward_message *message);

/* Up to `max` ids; 0: no more. */
uint32_t cairn_forward_read(const struct cairn_heap *heap, struct cairn_forward_reader *reader,
                            uint32_t *tokens, uint32_t max);

/* Ordinals given, messages that are there, the last sequence ever added. */
uint32_t cairn_forward_end(const struct cairn_heap *heap, cairn_ref forward);
uint32_t cairn_forward_count(const struct cairn_heap *heap, cairn_ref forward);
uint64_t cairn_forward_last_seq(const struct cairn_heap *heap, cairn_ref forward);
