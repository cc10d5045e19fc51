#include "actors/retrieval/search_terms.h"

#include <errno.h>
#include <stdlib.h>

#include "actors/retrieval/stopwords.h"

/* Append the terms to the buffer, each behind its length in a byte. Returns how many. */
static uint32_t analyze(struct cairn_search_terms *terms, struct cairn_analyzer *analyzer,
                        struct cairn_slice query, enum cairn_language language, bool with_stopwords)
{
    static_assert(CAIRN_TERM_BYTES_MAX < 256, "a term's length fits a byte");
    struct cairn_term term;
    uint32_t count = 0;
    cairn_analyzer_begin(analyzer, query, language);
    while (cairn_analyzer_next(analyzer, &term)) {
        if (!with_stopwords && cairn_stopwords_contain(term.word))
            continue;
        cairn_buffer_append_byte(&terms->texts, (char)term.text.bytes);
        cairn_buffer_append_slice(&terms->texts, term.text);
        count++;
    }
    return count;
}

static int compare(const void *a, const void *b)
{
    const struct cairn_scorer_term *left = a, *right = b;
    return cairn_slice_compare(left->text, right->text);
}

static void point_into_texts(struct cairn_search_terms *terms)
{
    const char *at = terms->texts.data;
    for (uint32_t i = 0; i < terms->count; i++) {
        uint8_t bytes = (uint8_t)*at++;
        terms->terms[i].text = cairn_slice(at, bytes);
        at += bytes;
    }
}

/* Sorted terms: count equal ones, look them up, keep those that are known. */
static void look_up(struct cairn_search_terms *terms, const struct cairn_heap *heap)
{
    uint32_t kept = 0;
    uint32_t next;
    for (uint32_t i = 0; i < terms->count; i = next) {
        struct cairn_scorer_term term = terms->terms[i];
        next = i + 1;
        while (next < terms->count && cairn_slice_equal(terms->terms[next].text, term.text))
            next++;
        term.repeated = next - i;
        term.entry = cairn_index_find(heap, term.text);
        if (term.entry != NULL)
            terms->terms[kept++] = term;
    }
    terms->count = kept;
}

int cairn_search_terms_init(struct cairn_search_terms *terms, const struct cairn_heap *heap,
                            struct cairn_analyzer *analyzer, struct cairn_slice query)
{
    enum cairn_language language = (enum cairn_language)cairn_index_of(heap)->language;
    *terms = (struct cairn_search_terms){0};
    terms->count = analyze(terms, analyzer, query, language, language == CAIRN_LANGUAGE_NONE);
    if (terms->count == 0)
        terms->count = analyze(terms, analyzer, query, language, true);
    if (terms->texts.failed || analyzer->failed)
        return -ENOMEM;
    if (terms->count == 0)
        return 0;
    terms->terms = calloc(terms->count, sizeof(*terms->terms));
    if (terms->terms == NULL)
        return -ENOMEM;
    point_into_texts(terms);
    qsort(terms->terms, terms->count, sizeof(*terms->terms), compare);
    look_up(terms, heap);
    return 0;
}

void cairn_search_terms_deinit(struct cairn_search_terms *terms)
{
    cairn_buffer_deinit(&terms->texts);
    free(terms->terms);
    *terms = (struct cairn_search_terms){0};
}
