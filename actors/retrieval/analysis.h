/* actors/retrieval/analysis.h: a text to the terms by which it is found.
 *
 *     cairn_analyzer_begin(&analyzer, text, language);
 *     while (cairn_analyzer_next(&analyzer, &term))
 *         use(term.text);
 *     if (analyzer.failed)
 *         return -ENOMEM;
 *
 * A term is one of
 *   - a word: a run of letters, digits and their marks, case-folded, compatibility-decomposed
 *     (NFKD), without accents on Latin and Greek letters; stemmed if it is all a-z and the language
 *     is English;
 *   - an identifier (`getUserById`, `snake_case`, `HTTPServer`): whole as above, then its parts of
 *     two bytes or more, split at `_` and at changes of case;
 *   - two neighbouring characters of a script that is written without spaces (Han, kana, Hangul,
 *     Thai, Lao, Khmer, Burmese), or one that stands alone;
 *   - an emoji.
 * Everything else separates, as do bytes that are not UTF-8. Terms are cut at 64 bytes between
 * characters. The same text and language give the same terms, always.
 *
 * Ownership   Borrows the text until the last next; a term is good until the following next.
 * Context     One owner.
 * Cost        O(bytes). ASCII does not go through utf8proc, nor a word whose stem is known through
 *             Snowball.
 * Source      Unicode 15 by utf8proc; docs: retrieval design, 3.2 (7).
 */
#pragma once

#include <stdbool.h>

#include "actors/retrieval/stemming.h"
#include "runtime/base/bytes.h"

#define CAIRN_TERM_BYTES_MAX 64u

/* Stored; never renumber. */
enum cairn_language {
    CAIRN_LANGUAGE_NONE = 0, /* no stemming, no stopwords */
    CAIRN_LANGUAGE_ENGLISH = 1,
    CAIRN_LANGUAGE_COUNT,
};

/* "none", "english". */
const char *cairn_language_name(enum cairn_language language);
/* False, and *language unchanged, for any other name. */
bool cairn_language_of(struct cairn_slice name, enum cairn_language *language);

struct cairn_term {
    struct cairn_slice text; /* what is indexed; 1..64 bytes */
    struct cairn_slice word; /* the same before stemming */
};

struct cairn_analyzer {
    struct cairn_stemmer stemmer;
    struct cairn_slice text; /* borrowed */
    size_t at;
    size_t part_at, part_end; /* of the identifier whose parts come next; equal: none */
    bool follows_pair;        /* the character at `at` has been the second of a pair */
    bool failed;              /* no memory: the terms so far are not all */
    enum cairn_language language;
    size_t word_bytes;
    char word[CAIRN_TERM_BYTES_MAX];
};

void cairn_analyzer_init(struct cairn_analyzer *analyzer);
void cairn_analyzer_deinit(struct cairn_analyzer *analyzer);

void cairn_analyzer_begin(struct cairn_analyzer *analyzer, struct cairn_slice text,
                          enum cairn_language language);
/* False at the end of the text, or when `failed`. */
bool cairn_analyzer_next(struct cairn_analyzer *analyzer, struct cairn_term *term);
