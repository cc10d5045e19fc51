/* actors/retrieval/index.h: the text index of one space, inside the heap of that space.
 *
 *     index --+-- terms      names: term -> id, held once for each living document that has it
 *             +-- names      names: channels, authors, domains, kinds -> id
 *             +-- entries    by term id: how many living documents, postings
 *             +-- documents  the table, and from it the forward index
 *             +-- languages  who set the language, and to what
 *
 * Statistics (documents, their lengths, documents of a term) are of the living documents of this
 * space and of nothing else. What is forgotten is subtracted by the forward index; its postings
 * stay, dead, until the last living document of their term goes. A term, a channel or an author
 * that nobody holds any more is overwritten.
 *
 * Ownership   All in the heap; its root is the index.
 * Context     One owner. Adding, forgetting and setting move the heap.
 * Errors      -ENOMEM: the budget is used up, the index is as it was. -ENOBUFS: 2^31 documents.
 * Cost        Adding: linear in the distinct terms. Bytes a message: README.md.
 */
#pragma once

#include "actors/retrieval/analysis.h"
#include "actors/retrieval/documents.h"
#include "runtime/base/hash.h"
#include "runtime/base/heap_names.h"

struct cairn_index_entry {
    uint32_t document_count; /* living documents with this term */
    struct cairn_postings postings;
};

struct cairn_index {
    cairn_ref terms;
    cairn_ref names;
    cairn_ref entries; /* struct cairn_index_entry, by term id - 1 */
    uint32_t entry_capacity;
    struct cairn_documents documents;
    uint64_t alive_length; /* sum of the lengths of the living documents */
    uint32_t alive_count;
    uint32_t language;         /* enum cairn_language: of the documents to come */
    uint32_t default_language; /* until a settings event says otherwise */
    cairn_ref languages;       /* struct cairn_language_event, ascending */
    uint32_t language_count;
    uint32_t language_capacity;
};

struct cairn_language_event {
    uint64_t seq;
    uint32_t language;
    uint32_t reserved;
};

/* A document to be added. Tallies are ascending by term; each term is held once in `terms` for this
 * document: the index takes the holds over if it succeeds. */
struct cairn_index_input {
    uint64_t seq; /* above all sequences before */
    int64_t ts_ms;
    int64_t expires_at_ms;
    bool has_expiry;
    enum cairn_source source;
    struct cairn_slice channel, author, label; /* empty: none */
    const struct cairn_tally *tallies;
    uint32_t tally_count;
    uint32_t length;
};

int cairn_index_create(struct cairn_heap *heap, enum cairn_language language);

static inline struct cairn_index *cairn_index_of(const struct cairn_heap *heap)
{
    return cairn_heap_at(heap, cairn_heap_root(heap));
}

int cairn_index_add(struct cairn_heap *heap, const struct cairn_index_input *input);
/* Take a document or a language setting out again; unknown and dead ones are ignored. */
void cairn_index_forget(struct cairn_heap *heap, uint64_t seq);
/* The language from event `seq` on. */
int cairn_index_set_language(struct cairn_heap *heap, uint64_t seq, enum cairn_language language);

/* The entry of a term that some living document has; NULL: none has. */
const struct cairn_index_entry *cairn_index_find(const struct cairn_heap *heap,
                                                 struct cairn_slice term);

/* Add every living document, every posting and the language, by their strings. */
void cairn_index_digest(const struct cairn_heap *heap, struct cairn_slice space,
                        struct cairn_digest *digest);
