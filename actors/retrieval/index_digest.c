/* The digest of an index: what a user could see of it, by strings, numbers and times alone. Items
 * are fixed structs of 128-bit hashes of the strings, so that adding one is a single short hash. */
#include "actors/retrieval/index.h"

#include "runtime/base/heap_names.h"

enum item {
    ITEM_DOCUMENT = 1,
    ITEM_POSTING = 2,
    ITEM_LANGUAGE = 3,
};

struct document_item {
    struct cairn_digest space, channel, author, label;
    uint64_t seq;
    int64_t ts_ms;
    int64_t expires_at_ms;
    uint32_t source;
    uint32_t length;
};

struct posting_item {
    struct cairn_digest space, term;
    uint64_t seq;
    uint64_t count;
};

struct language_item {
    struct cairn_digest space;
    uint64_t language;
};

static struct cairn_digest digest_of(struct cairn_slice text)
{
    return cairn_digest_item(text.data, text.bytes, 0);
}

static void add_documents(const struct cairn_heap *heap, struct cairn_digest space,
                          struct cairn_digest *digest)
{
    const struct cairn_index *index = cairn_index_of(heap);
    for (uint32_t number = 1; number <= index->documents.count; number++) {
        struct cairn_document document;
        cairn_documents_read(heap, &index->documents, number, &document);
        if (!document.is_alive)
            continue;
        struct document_item item = {
            .space = space,
            .channel = digest_of(cairn_heap_names_text(heap, index->names, document.channel)),
            .author = digest_of(cairn_heap_names_text(heap, index->names, document.author)),
            .label = digest_of(cairn_heap_names_text(heap, index->names, document.label)),
            .seq = document.seq,
            .ts_ms = document.ts_ms,
            .expires_at_ms = document.has_expiry ? document.expires_at_ms : INT64_MAX,
            .source = document.source,
            .length = document.length};
        cairn_digest_add(digest, cairn_digest_item(&item, sizeof(item), ITEM_DOCUMENT));
    }
}

static void add_postings(const struct cairn_heap *heap, struct posting_item item,
                         const struct cairn_postings *postings, struct cairn_digest *digest)
{
    const struct cairn_index *index = cairn_index_of(heap);
    const cairn_ref *pages = cairn_heap_at(heap, index->documents.pages);
    struct cairn_postings_reader reader;
    cairn_postings_open(postings, &reader);
    while (cairn_postings_next(heap, &reader)) {
        const struct cairn_document_page *page = cairn_documents_page(heap, pages, reader.number);
        uint32_t row = cairn_documents_row(reader.number);
        if (!cairn_shape_is_alive(page->shape[row]))
            continue;
        item.seq = page->seq[row];
        item.count = reader.count;
        cairn_digest_add(digest, cairn_digest_item(&item, sizeof(item), ITEM_POSTING));
    }
}

static void add_terms(const struct cairn_heap *heap, struct cairn_digest space,
                      struct cairn_digest *digest)
{
    const struct cairn_index *index = cairn_index_of(heap);
    if (index->entries == 0)
        return;
    const struct cairn_index_entry *entries = cairn_heap_at(heap, index->entries);
    for (uint32_t id = 1; id <= index->entry_capacity; id++) {
        if (entries[id - 1].document_count == 0)
            continue;
        struct posting_item item = {
            .space = space, .term = digest_of(cairn_heap_names_text(heap, index->terms, id))};
        add_postings(heap, item, &entries[id - 1].postings, digest);
    }
}

void cairn_index_digest(const struct cairn_heap *heap, struct cairn_slice space,
                        struct cairn_digest *digest)
{
    const struct cairn_index *index = cairn_index_of(heap);
    struct cairn_digest name = digest_of(space);
    add_documents(heap, name, digest);
    add_terms(heap, name, digest);
    if (index->language_count == 0)
        return;
    struct language_item item = {.space = name, .language = index->language};
    cairn_digest_add(digest, cairn_digest_item(&item, sizeof(item), ITEM_LANGUAGE));
}
