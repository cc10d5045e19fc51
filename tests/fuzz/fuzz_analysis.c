/* Any bytes give terms within their bounds, and the same ones again. */
#include "actors/retrieval/analysis.h"
#include "runtime/base/assert.h"
#include "runtime/base/hash.h"
#include "runtime/base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static uint64_t hash_terms(struct cairn_analyzer *analyzer, struct cairn_slice text,
                           enum cairn_language language)
{
    struct cairn_term term;
    uint64_t hash = 0;
    size_t count = 0;
    cairn_analyzer_begin(analyzer, text, language);
    while (cairn_analyzer_next(analyzer, &term)) {
        cairn_assert(term.text.bytes >= 1 && term.text.bytes <= CAIRN_TERM_BYTES_MAX);
        cairn_assert(term.word.bytes >= 1 && term.word.bytes <= CAIRN_TERM_BYTES_MAX);
        cairn_assert(cairn_utf8_is_valid(term.text));
        hash = XXH3_64bits_withSeed(term.text.data, term.text.bytes, hash);
        count++;
    }
    cairn_assert(!analyzer->failed && count <= text.bytes);
    return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct cairn_slice text = cairn_slice(data, bytes);
    struct cairn_analyzer analyzer;
    cairn_analyzer_init(&analyzer);
    uint64_t first = hash_terms(&analyzer, text, CAIRN_LANGUAGE_ENGLISH);
    hash_terms(&analyzer, text, CAIRN_LANGUAGE_NONE);
    cairn_assert(hash_terms(&analyzer, text, CAIRN_LANGUAGE_ENGLISH) == first);
    cairn_analyzer_deinit(&analyzer);
    return 0;
}
