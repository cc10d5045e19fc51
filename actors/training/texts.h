/* actors/training/texts.h: which texts are trained, and how often, by a hash of their tokens.
 *
 * An entry names the first message that brought its hash, and counts all. Two texts may meet in one
 * hash: who needs certainty compares the messages, from the first on.
 *
 * Ownership   A block of the heap, named by its reference.
 * Context     One owner, as the heap.
 * Errors      -ENOMEM: the heap is full, nothing has changed. Removing allocates nothing.
 * Cost        O(1), about 27 bytes a distinct text.
 */
#pragma once

#include "runtime/base/heap.h"

cairn_ref cairn_texts_create(struct cairn_heap *heap);
int cairn_texts_add(struct cairn_heap *heap, cairn_ref texts, uint64_t hash, uint32_t ordinal);
/* One message less; its hash is there. */
void cairn_texts_remove(struct cairn_heap *heap, cairn_ref texts, uint64_t hash);
/* False if no trained text has this hash; else the ordinal of the first message that had. */
bool cairn_texts_find(const struct cairn_heap *heap, cairn_ref texts, uint64_t hash,
                      uint32_t *first);
