#include "actors/retrieval/scorer.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define WINDOW        4096u /* documents: their sums are 32 KiB */
#define LENGTHS_KNOWN 256u  /* saturation of a single occurrence, by length */

struct source {
    struct cairn_postings_reader reader; /* stands on a posting not yet added */
    double weight;                       /* repeated * idf */
};

struct ranking {
    const struct cairn_heap *heap;
    const struct cairn_documents *documents;
    const cairn_ref *pages;
    const struct cairn_scorer_query *query;
    double mean_length;
    struct source *sources; /* in the order of terms, exhausted ones dropped */
    uint32_t source_count;
    struct cairn_hit *hits; /* a heap, the worst on top */
    uint32_t count, capacity;
    double single[LENGTHS_KNOWN]; /* saturation(1, length) */
    double sums[WINDOW];
    uint64_t touched[WINDOW / 64];
};

/* ---- the top of the ranking ---- */

static bool is_worse(struct cairn_hit a, struct cairn_hit b)
{
    return a.score < b.score || (a.score == b.score && a.seq > b.seq);
}

static void sift_down(struct cairn_hit *hits, uint32_t count, struct cairn_hit hit)
{
    uint32_t at = 0;
    for (uint32_t child = 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && is_worse(hits[child + 1], hits[child]))
            child++;
        if (!is_worse(hits[child], hit))
            break;
        hits[at] = hits[child];
        at = child;
    }
    hits[at] = hit;
}

static void sift_up(struct cairn_hit *hits, uint32_t at, struct cairn_hit hit)
{
    while (at > 0 && is_worse(hit, hits[(at - 1) / 2])) {
        hits[at] = hits[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    hits[at] = hit;
}

static void take(struct ranking *ranking, struct cairn_hit hit)
{
    if (ranking->count < ranking->capacity)
        sift_up(ranking->hits, ranking->count++, hit);
    else
        sift_down(ranking->hits, ranking->count, hit);
}

/* Worst to the end, again and again: best first remains. */
static void sort_best_first(struct cairn_hit *hits, uint32_t count)
{
    while (count > 1) {
        struct cairn_hit worst = hits[0];
        count--;
        sift_down(hits, count, hits[count]);
        hits[count] = worst;
    }
}

/* ---- filters ---- */

static bool has_kind(const struct cairn_scorer_filter *filter, enum cairn_source source,
                     uint32_t label)
{
    if ((filter->sources & 1u << source) != 0)
        return true;
    for (uint32_t i = 0; i < filter->kind_count; i++)
        if (source == CAIRN_SOURCE_CUSTOM && filter->kinds[i] == label)
            return true;
    return false;
}

static bool passes(const struct ranking *ranking, uint32_t number)
{
    const struct cairn_scorer_filter *filter = &ranking->query->filter;
    struct cairn_document document;
    cairn_documents_read(ranking->heap, ranking->documents, number, &document);
    if (document.ts_ms < filter->since_ms || document.ts_ms >= filter->until_ms)
        return false;
    if (filter->channel != 0 && document.channel != filter->channel)
        return false;
    if (filter->author != 0 && document.author != filter->author)
        return false;
    if (document.has_expiry && document.expires_at_ms <= filter->now_ms)
        return false;
    if (filter->domain != 0 &&
        (document.source != CAIRN_SOURCE_EPISODE || document.label != filter->domain))
        return false;
    return has_kind(filter, document.source, document.label);
}

/* ---- scoring ---- */

static double saturation(const struct ranking *ranking, uint32_t count, uint32_t length)
{
    double k1 = ranking->query->k1, b = ranking->query->b, frequency = count;
    double norm = k1 * (1 - b + b * length / ranking->mean_length);
    return frequency * (k1 + 1) / (frequency + norm);
}

/* Add the postings below `end`. False when the term has no more. */
static bool add_postings(struct ranking *ranking, struct source *source, uint32_t first,
                         uint32_t end)
{
    struct cairn_postings_reader reader = source->reader;
    bool has_more = true;
    while (has_more && reader.number < end) {
        uint32_t slot = reader.number - first;
        const struct cairn_document_page *page =
            cairn_documents_page(ranking->heap, ranking->pages, reader.number);
        uint32_t length = cairn_shape_length(page->shape[cairn_documents_row(reader.number)]);
        double part = reader.count == 1 && length < LENGTHS_KNOWN
                          ? ranking->single[length]
                          : saturation(ranking, reader.count, length);
        ranking->sums[slot] += source->weight * part;
        ranking->touched[slot / 64] |= UINT64_C(1) << slot % 64;
        has_more = cairn_postings_next(ranking->heap, &reader);
    }
    source->reader = reader;
    return has_more;
}

static void consider(struct ranking *ranking, uint32_t number, double score)
{
    /* Documents come in the order of their sequences, so at equal scores the earlier stays. */
    if (ranking->count == ranking->capacity && score <= ranking->hits[0].score)
        return;
    const struct cairn_document_page *page =
        cairn_documents_page(ranking->heap, ranking->pages, number);
    uint32_t row = cairn_documents_row(number);
    struct cairn_hit hit = {.score = score, .seq = page->seq[row]};
    if (!cairn_shape_is_alive(page->shape[row]))
        return;
    if (ranking->query->has_after && !is_worse(hit, ranking->query->after))
        return;
    if (passes(ranking, number))
        take(ranking, hit);
}

/* Hand the touched documents on, and leave the window clean. */
static void sweep_window(struct ranking *ranking, uint32_t first)
{
    for (uint32_t word = 0; word < WINDOW / 64; word++) {
        uint64_t bits = ranking->touched[word];
        ranking->touched[word] = 0;
        for (; bits != 0; bits &= bits - 1) {
            uint32_t slot = word * 64 + (uint32_t)__builtin_ctzll(bits);
            consider(ranking, first + slot, ranking->sums[slot]);
            ranking->sums[slot] = 0;
        }
    }
}

/* The first document that any term still has. */
static uint32_t next_number(const struct ranking *ranking)
{
    uint32_t number = UINT32_MAX;
    for (uint32_t i = 0; i < ranking->source_count; i++)
        if (ranking->sources[i].reader.number < number)
            number = ranking->sources[i].reader.number;
    return number;
}

static void score_window(struct ranking *ranking, uint32_t first)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < ranking->source_count; i++) {
        struct source source = ranking->sources[i];
        if (source.reader.number >= first + WINDOW ||
            add_postings(ranking, &source, first, first + WINDOW))
            ranking->sources[kept++] = source;
    }
    ranking->source_count = kept;
    sweep_window(ranking, first);
}

static void open_terms(struct ranking *ranking, double alive_count)
{
    const struct cairn_scorer_query *query = ranking->query;
    for (uint32_t i = 0; i < query->term_count; i++) {
        const struct cairn_scorer_term *term = &query->terms[i];
        struct source source;
        cairn_postings_open(&term->entry->postings, &source.reader);
        if (!cairn_postings_next(ranking->heap, &source.reader))
            continue;
        double documents = term->entry->document_count;
        double idf = log(1 + (alive_count - documents + 0.5) / (documents + 0.5));
        source.weight = term->repeated * idf;
        ranking->sources[ranking->source_count++] = source;
    }
}

static void rank(struct ranking *ranking, const struct cairn_index *index)
{
    ranking->mean_length = (double)index->alive_length / index->alive_count;
    for (uint32_t length = 0; length < LENGTHS_KNOWN; length++)
        ranking->single[length] = saturation(ranking, 1, length);
    open_terms(ranking, index->alive_count);
    while (ranking->source_count > 0)
        score_window(ranking, next_number(ranking) / WINDOW * WINDOW);
    sort_best_first(ranking->hits, ranking->count);
}

int cairn_scorer_rank(const struct cairn_heap *heap, const struct cairn_scorer_query *query,
                      struct cairn_hit *hits, uint32_t capacity)
{
    cairn_assert(capacity >= 1);
    const struct cairn_index *index = cairn_index_of(heap);
    if (query->term_count == 0 || index->alive_length == 0)
        return 0;
    struct ranking *ranking = calloc(1, sizeof(*ranking));
    struct source *sources = calloc(query->term_count, sizeof(*sources));
    int result = -ENOMEM;
    if (ranking != NULL && sources != NULL) {
        ranking->heap = heap;
        ranking->documents = &index->documents;
        ranking->pages = cairn_heap_at(heap, index->documents.pages);
        ranking->query = query;
        ranking->sources = sources;
        ranking->hits = hits;
        ranking->capacity = capacity;
        rank(ranking, index);
        result = (int)ranking->count;
    }
    free(sources);
    free(ranking);
    return result;
}
