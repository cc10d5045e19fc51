/* actors/retrieval/stemming.h: English words to their stems, with a memory for the common ones.
 *
 * Snowball costs a few hundred nanoseconds a word and chat repeats its words, so stems are kept in
 * a direct-mapped table of 64-byte entries that starts empty and grows with the misses, up to 256
 * KiB. The table only saves time: a stem is a function of the word alone.
 *
 * Ownership   The stemmer owns its memory. A stem is borrowed until the next call.
 * Context     One owner.
 * Errors      An empty stem: no memory. (No word has an empty stem.)
 * Source      The English ("Porter2") algorithm of snowballstem.org, by libstemmer.
 */
#pragma once

#include <stdint.h>

#include "runtime/base/bytes.h"

struct sb_stemmer;
struct cairn_stem;

struct cairn_stemmer {
    struct sb_stemmer *snowball; /* owned; made at the first word */
    struct cairn_stem *stems;    /* owned; NULL: nothing kept yet */
    uint32_t capacity;           /* a power of two */
    uint32_t misses;             /* since the table last grew */
};

void cairn_stemmer_init(struct cairn_stemmer *stemmer);
void cairn_stemmer_deinit(struct cairn_stemmer *stemmer);

/* `word` is 1..64 bytes of a-z. */
struct cairn_slice cairn_stemmer_stem(struct cairn_stemmer *stemmer, struct cairn_slice word);
