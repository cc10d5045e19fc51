#include "actors/retrieval/documents.h"

#include <errno.h>

#define SHAPE_ALIVE      (1u << 2)
#define SHAPE_HAS_EXPIRY (1u << 3)
#define SHAPE_HAS_LABEL  (1u << 4)
#define SHAPE_LENGTH     8
#define PAGES_MIN        4u

static uint32_t shape_of(const struct cairn_document *document)
{
    return document->length << SHAPE_LENGTH | (uint32_t)document->source |
           (document->is_alive ? SHAPE_ALIVE : 0) | (document->has_expiry ? SHAPE_HAS_EXPIRY : 0) |
           (document->label != 0 ? SHAPE_HAS_LABEL : 0);
}

/* ---- the forward index ---- */

static uint64_t extras_bytes(const struct cairn_document *document)
{
    uint8_t label[CAIRN_VARINT_BYTES_MAX];
    return (document->label != 0 ? cairn_varint_encode(label, document->label) : 0) +
           (document->has_expiry ? sizeof(uint64_t) : 0);
}

static uint64_t tallies_bytes(const struct cairn_tally *tallies, uint32_t tally_count)
{
    uint8_t encoded[CAIRN_POSTING_BYTES_MAX];
    uint64_t bytes = 1; /* the zero at the end */
    uint32_t last = 0;
    for (uint32_t i = 0; i < tally_count; i++) {
        bytes += cairn_posting_encode(encoded, tallies[i].term - last, tallies[i].count);
        last = tallies[i].term;
    }
    return bytes;
}

static void write_forward(uint8_t *at, const struct cairn_document *document,
                          const struct cairn_tally *tallies, uint32_t tally_count)
{
    if (document->label != 0)
        at += cairn_varint_encode(at, document->label);
    if (document->has_expiry) {
        cairn_store_u64(at, (uint64_t)document->expires_at_ms);
        at += sizeof(uint64_t);
    }
    uint32_t last = 0;
    for (uint32_t i = 0; i < tally_count; i++) {
        at += cairn_posting_encode(at, tallies[i].term - last, tallies[i].count);
        last = tallies[i].term;
    }
    *at = 0;
}

/* ---- the table ---- */

static int ensure_page(struct cairn_heap *heap, struct cairn_documents *documents)
{
    uint32_t page = documents->count / CAIRN_DOCUMENTS_PER_PAGE;
    if (page == documents->page_capacity) {
        uint32_t capacity = page == 0 ? PAGES_MIN : page * 2;
        cairn_ref pages =
            cairn_heap_grow(heap, documents->pages, (uint64_t)page * sizeof(cairn_ref),
                            (uint64_t)capacity * sizeof(cairn_ref));
        if (pages == 0)
            return -ENOMEM;
        documents->pages = pages;
        documents->page_capacity = capacity;
    }
    const cairn_ref *pages = cairn_heap_at(heap, documents->pages);
    if (pages[page] != 0)
        return 0;
    cairn_ref fresh = cairn_heap_alloc(heap, sizeof(struct cairn_document_page));
    if (fresh == 0)
        return -ENOMEM;
    ((cairn_ref *)cairn_heap_at(heap, documents->pages))[page] = fresh;
    return 0;
}

static struct cairn_document_page *page_of(const struct cairn_heap *heap,
                                           const struct cairn_documents *documents, uint32_t number)
{
    cairn_assert(number >= 1 && number <= documents->count);
    const cairn_ref *pages = cairn_heap_at(heap, documents->pages);
    return cairn_heap_at(heap, pages[(number - 1) / CAIRN_DOCUMENTS_PER_PAGE]);
}

int cairn_documents_reserve(struct cairn_heap *heap, struct cairn_documents *documents,
                            const struct cairn_document *document,
                            const struct cairn_tally *tallies, uint32_t tally_count,
                            cairn_ref *forward)
{
    cairn_assert(document->length <= CAIRN_DOCUMENT_LENGTH_MAX);
    if (documents->count >= INT32_MAX)
        return -ENOBUFS;
    int result = ensure_page(heap, documents);
    if (result < 0)
        return result;
    uint64_t bytes = extras_bytes(document) + tallies_bytes(tallies, tally_count);
    cairn_ref block = cairn_heap_alloc(heap, bytes);
    if (block == 0)
        return -ENOMEM;
    write_forward(cairn_heap_at(heap, block), document, tallies, tally_count);
    *forward = block;
    return 0;
}

uint32_t cairn_documents_append(const struct cairn_heap *heap, struct cairn_documents *documents,
                                const struct cairn_document *document, cairn_ref forward)
{
    uint32_t number = ++documents->count;
    struct cairn_document_page *page = page_of(heap, documents, number);
    uint32_t row = cairn_documents_row(number);
    page->seq[row] = document->seq;
    page->ts_ms[row] = document->ts_ms;
    page->shape[row] = shape_of(document);
    page->channel[row] = document->channel;
    page->author[row] = document->author;
    page->forward[row] = forward;
    return number;
}

void cairn_documents_release_forward(struct cairn_heap *heap, const struct cairn_document *document,
                                     cairn_ref forward)
{
    uint8_t *block = cairn_heap_at(heap, forward);
    const uint8_t *at = block + extras_bytes(document);
    uint32_t term = 0, count;
    while (cairn_posting_decode(&at, &term, &count)) {
    }
    size_t bytes = (size_t)(at - block) + 1;
    memset(block, 0, bytes);
    cairn_heap_free(heap, forward, bytes);
}

uint32_t cairn_documents_find(const struct cairn_heap *heap,
                              const struct cairn_documents *documents, uint64_t seq)
{
    uint32_t low = 1, high = documents->count;
    while (low <= high) {
        uint32_t middle = low + (high - low) / 2;
        uint64_t found = page_of(heap, documents, middle)->seq[cairn_documents_row(middle)];
        if (found == seq)
            return middle;
        if (found < seq)
            low = middle + 1;
        else
            high = middle - 1;
    }
    return 0;
}

static void read_extras(const struct cairn_heap *heap, uint32_t shape, cairn_ref forward,
                        struct cairn_document *document)
{
    const uint8_t *at = cairn_heap_at(heap, forward);
    if ((shape & SHAPE_HAS_LABEL) != 0) {
        uint32_t first = *at++;
        document->label = cairn_posting_varint(&at, first);
    }
    if ((shape & SHAPE_HAS_EXPIRY) != 0)
        document->expires_at_ms = (int64_t)cairn_load_u64(at);
}

void cairn_documents_read(const struct cairn_heap *heap, const struct cairn_documents *documents,
                          uint32_t number, struct cairn_document *document)
{
    const struct cairn_document_page *page = page_of(heap, documents, number);
    uint32_t row = cairn_documents_row(number);
    uint32_t shape = page->shape[row];
    *document = (struct cairn_document){.seq = page->seq[row],
                                        .ts_ms = page->ts_ms[row],
                                        .has_expiry = (shape & SHAPE_HAS_EXPIRY) != 0,
                                        .is_alive = cairn_shape_is_alive(shape),
                                        .source = cairn_shape_source(shape),
                                        .channel = page->channel[row],
                                        .author = page->author[row],
                                        .length = cairn_shape_length(shape)};
    if (document->is_alive)
        read_extras(heap, shape, page->forward[row], document);
}

void cairn_documents_kill(struct cairn_heap *heap, struct cairn_documents *documents,
                          uint32_t number)
{
    struct cairn_document document;
    cairn_documents_read(heap, documents, number, &document);
    cairn_assert(document.is_alive);
    struct cairn_document_page *page = page_of(heap, documents, number);
    uint32_t row = cairn_documents_row(number);
    cairn_documents_release_forward(heap, &document, page->forward[row]);
    page->shape[row] = 0;
    page->channel[row] = page->author[row] = 0;
    page->forward[row] = 0;
    page->ts_ms[row] = 0;
}

const uint8_t *cairn_documents_tallies(const struct cairn_heap *heap,
                                       const struct cairn_documents *documents, uint32_t number)
{
    struct cairn_document document;
    cairn_documents_read(heap, documents, number, &document);
    cairn_assert(document.is_alive);
    cairn_ref forward = page_of(heap, documents, number)->forward[cairn_documents_row(number)];
    return (const uint8_t *)cairn_heap_at(heap, forward) + extras_bytes(&document);
}
