/* actors/retrieval/documents.h: the documents of a space, in the order of the ledger.
 *
 * A document's number is its position, from 1. Numbers are never reused and never reordered, so
 * that neighbours in time are neighbours here. The table is a list of pages of 64 documents, one
 * column an attribute, 32 bytes a document:
 *
 *     page    | seq x 64 | ts_ms x 64 | shape x 64 | channel x 64 | author x 64 | forward x 64 |
 *     shape   u32: length << 8 | HAS_LABEL | HAS_EXPIRY | ALIVE | source (2 bits)
 *
 * `forward` names the document's block of the forward index, which says what the text would:
 *
 *     [varint label] [u64 expires_at_ms] postings (term id, frequency) as in postings.h, zero byte
 *
 * so that a document can be taken out exactly, and rescored, without its text.
 *
 * Ownership   Everything is in the heap of the space; the table is a part of its owner's block.
 * Context     One owner. Pointers are void after the next allocation.
 * Units       Lengths count terms with repetition.
 * Errors      -ENOMEM: nothing that can be seen has changed. -ENOBUFS: 2^31 - 1 documents.
 * Cost        Two dependent loads an attribute; 32 bytes a document, and its forward block.
 */
#pragma once

#include "actors/retrieval/postings.h"

#define CAIRN_DOCUMENTS_PER_PAGE  64u
#define CAIRN_DOCUMENT_LENGTH_MAX ((1u << 24) - 1)

/* What a document was made from. Stored; never renumber. */
enum cairn_source {
    CAIRN_SOURCE_MESSAGE = 0,
    CAIRN_SOURCE_EPISODE = 1,
    CAIRN_SOURCE_FACT = 2,
    CAIRN_SOURCE_CUSTOM = 3,
    CAIRN_SOURCE_COUNT,
};

struct cairn_documents {
    cairn_ref pages; /* cairn_ref x page_capacity */
    uint32_t page_capacity;
    uint32_t count; /* dead ones too */
    uint32_t reserved;
};

struct cairn_document {
    uint64_t seq;
    int64_t ts_ms;
    int64_t expires_at_ms; /* if has_expiry */
    bool has_expiry;
    bool is_alive;
    enum cairn_source source;
    uint32_t channel; /* ids of names, 0: none */
    uint32_t author;
    uint32_t label; /* an episode's domain, a custom event's kind */
    uint32_t length;
};

/* How often a term occurs. */
struct cairn_tally {
    uint32_t term;
    uint32_t count;
};

struct cairn_document_page {
    uint64_t seq[CAIRN_DOCUMENTS_PER_PAGE];
    int64_t ts_ms[CAIRN_DOCUMENTS_PER_PAGE];
    uint32_t shape[CAIRN_DOCUMENTS_PER_PAGE];
    uint32_t channel[CAIRN_DOCUMENTS_PER_PAGE];
    uint32_t author[CAIRN_DOCUMENTS_PER_PAGE];
    cairn_ref forward[CAIRN_DOCUMENTS_PER_PAGE];
};
static_assert(sizeof(struct cairn_document_page) == 2048, "a page fills its size class");

/* Room for one more document with these tallies (ascending by term). On success *forward is its
 * block, filled, to be handed to _append; only forgetting frees it. */
int cairn_documents_reserve(struct cairn_heap *heap, struct cairn_documents *documents,
                            const struct cairn_document *document,
                            const struct cairn_tally *tallies, uint32_t tally_count,
                            cairn_ref *forward);
/* The number of the new document; its sequence is above all others. */
uint32_t cairn_documents_append(const struct cairn_heap *heap, struct cairn_documents *documents,
                                const struct cairn_document *document, cairn_ref forward);
/* Undo a reserve. Also wipes the terms of a document that is forgotten. */
void cairn_documents_release_forward(struct cairn_heap *heap, const struct cairn_document *document,
                                     cairn_ref forward);

/* The number of the document made from `seq`, dead or alive; 0: none. */
uint32_t cairn_documents_find(const struct cairn_heap *heap,
                              const struct cairn_documents *documents, uint64_t seq);
void cairn_documents_read(const struct cairn_heap *heap, const struct cairn_documents *documents,
                          uint32_t number, struct cairn_document *document);
/* Mark as dead, and drop its forward block. */
void cairn_documents_kill(struct cairn_heap *heap, struct cairn_documents *documents,
                          uint32_t number);
/* Where the tallies of a living document begin, for cairn_posting_decode. */
const uint8_t *cairn_documents_tallies(const struct cairn_heap *heap,
                                       const struct cairn_documents *documents, uint32_t number);

/* ---- columns, for loops over many documents ---- */

static inline const struct cairn_document_page *
cairn_documents_page(const struct cairn_heap *heap, const cairn_ref *pages, uint32_t number)
{
    return cairn_heap_at(heap, pages[(number - 1) / CAIRN_DOCUMENTS_PER_PAGE]);
}

static inline uint32_t cairn_documents_row(uint32_t number)
{
    return (number - 1) % CAIRN_DOCUMENTS_PER_PAGE;
}

static inline uint32_t cairn_shape_length(uint32_t shape)
{
    return shape >> 8;
}

static inline bool cairn_shape_is_alive(uint32_t shape)
{
    return (shape & 4) != 0;
}

static inline enum cairn_source cairn_shape_source(uint32_t shape)
{
    return (enum cairn_source)(shape & 3);
}
