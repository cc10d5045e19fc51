#include "actors/retrieval/index.h"

#include <errno.h>

#define ENTRIES_MIN   16u
#define LANGUAGES_MIN 2u

int cairn_index_create(struct cairn_heap *heap, enum cairn_language language)
{
    cairn_ref root = cairn_heap_alloc(heap, sizeof(struct cairn_index));
    cairn_ref terms = root == 0 ? 0 : cairn_heap_names_create(heap);
    cairn_ref names = terms == 0 ? 0 : cairn_heap_names_create(heap);
    if (names == 0)
        return -ENOMEM;
    cairn_heap_set_root(heap, root);
    *cairn_index_of(heap) = (struct cairn_index){
        .terms = terms, .names = names, .language = language, .default_language = language};
    return 0;
}

static struct cairn_index_entry *entry_of(const struct cairn_heap *heap, uint32_t term)
{
    const struct cairn_index *index = cairn_index_of(heap);
    cairn_assert(term >= 1 && term <= index->entry_capacity);
    struct cairn_index_entry *entries = cairn_heap_at(heap, index->entries);
    return &entries[term - 1];
}

/* ---- adding: everything that may fail first, then everything that is seen ---- */

static int reserve_entries(struct cairn_heap *heap, const struct cairn_index_input *input)
{
    uint32_t highest = input->tally_count == 0 ? 0 : input->tallies[input->tally_count - 1].term;
    struct cairn_index *index = cairn_index_of(heap);
    if (highest <= index->entry_capacity)
        return 0;
    uint64_t capacity = index->entry_capacity == 0 ? ENTRIES_MIN : index->entry_capacity;
    while (capacity < highest)
        capacity *= 2;
    cairn_ref entries = cairn_heap_grow(
        heap, index->entries, (uint64_t)index->entry_capacity * sizeof(struct cairn_index_entry),
        capacity * sizeof(struct cairn_index_entry));
    if (entries == 0)
        return -ENOMEM;
    index = cairn_index_of(heap);
    index->entries = entries;
    index->entry_capacity = (uint32_t)capacity;
    return 0;
}

static int acquire_name(struct cairn_heap *heap, struct cairn_slice text, uint32_t *id)
{
    if (text.bytes == 0)
        return 0;
    *id = cairn_heap_names_acquire(heap, cairn_index_of(heap)->names, text);
    return *id == 0 ? -ENOMEM : 0;
}

static void release_names(struct cairn_heap *heap, const struct cairn_document *document)
{
    cairn_ref names = cairn_index_of(heap)->names;
    cairn_heap_names_release(heap, names, document->channel);
    cairn_heap_names_release(heap, names, document->author);
    cairn_heap_names_release(heap, names, document->label);
}

/* On failure the names acquired so far are in `document`, to be released. */
static int acquire_names(struct cairn_heap *heap, const struct cairn_index_input *input,
                         struct cairn_document *document)
{
    int result = acquire_name(heap, input->channel, &document->channel);
    if (result == 0)
        result = acquire_name(heap, input->author, &document->author);
    if (result == 0)
        result = acquire_name(heap, input->label, &document->label);
    return result;
}

static int reserve_postings(struct cairn_heap *heap, const struct cairn_index_input *input)
{
    uint32_t number = cairn_index_of(heap)->documents.count + 1;
    for (uint32_t i = 0; i < input->tally_count; i++) {
        struct cairn_tally tally = input->tallies[i];
        struct cairn_postings reserved;
        int result = cairn_postings_reserve(heap, entry_of(heap, tally.term)->postings, number,
                                            tally.count, &reserved);
        if (result < 0)
            return result;
        entry_of(heap, tally.term)->postings = reserved;
    }
    return 0;
}

/* Chunks reserved for terms that no document has: their ids may serve other terms next. */
static void clear_unused_postings(struct cairn_heap *heap, const struct cairn_index_input *input)
{
    for (uint32_t i = 0; i < input->tally_count; i++) {
        struct cairn_index_entry *entry = entry_of(heap, input->tallies[i].term);
        if (entry->document_count == 0)
            cairn_postings_clear(heap, &entry->postings);
    }
}

static void commit(const struct cairn_heap *heap, const struct cairn_index_input *input,
                   const struct cairn_document *document, cairn_ref forward)
{
    struct cairn_index *index = cairn_index_of(heap);
    uint32_t number = cairn_documents_append(heap, &index->documents, document, forward);
    for (uint32_t i = 0; i < input->tally_count; i++) {
        struct cairn_index_entry *entry = entry_of(heap, input->tallies[i].term);
        cairn_postings_append(heap, &entry->postings, number, input->tallies[i].count);
        entry->document_count++;
    }
    index->alive_count++;
    index->alive_length += document->length;
}

/* The table is a part of the root block, which moves with the heap: work on a copy. */
static int reserve_document(struct cairn_heap *heap, const struct cairn_index_input *input,
                            const struct cairn_document *document, cairn_ref *forward)
{
    struct cairn_documents documents = cairn_index_of(heap)->documents;
    int result = cairn_documents_reserve(heap, &documents, document, input->tallies,
                                         input->tally_count, forward);
    cairn_index_of(heap)->documents = documents;
    return result;
}

int cairn_index_add(struct cairn_heap *heap, const struct cairn_index_input *input)
{
    struct cairn_document document = {.seq = input->seq,
                                      .ts_ms = input->ts_ms,
                                      .expires_at_ms = input->expires_at_ms,
                                      .has_expiry = input->has_expiry,
                                      .is_alive = true,
                                      .source = input->source,
                                      .length = input->length};
    cairn_ref forward = 0;
    int result = reserve_entries(heap, input);
    if (result < 0)
        return result;
    result = acquire_names(heap, input, &document);
    if (result < 0)
        goto release_names;
    result = reserve_document(heap, input, &document, &forward);
    if (result < 0)
        goto release_names;
    result = reserve_postings(heap, input);
    if (result < 0)
        goto release_document;
    commit(heap, input, &document, forward);
    return 0;

release_document:
    clear_unused_postings(heap, input);
    cairn_documents_release_forward(heap, &document, forward);
release_names:
    release_names(heap, &document);
    return result;
}

/* ---- forgetting ---- */

static void forget_term(struct cairn_heap *heap, uint32_t term)
{
    struct cairn_index_entry *entry = entry_of(heap, term);
    cairn_assert(entry->document_count > 0);
    if (--entry->document_count == 0)
        cairn_postings_clear(heap, &entry->postings);
    cairn_heap_names_release(heap, cairn_index_of(heap)->terms, term);
}

static void forget_document(struct cairn_heap *heap, uint32_t number)
{
    struct cairn_index *index = cairn_index_of(heap);
    struct cairn_document document;
    cairn_documents_read(heap, &index->documents, number, &document);
    if (!document.is_alive)
        return;
    const uint8_t *at = cairn_documents_tallies(heap, &index->documents, number);
    uint32_t term = 0, count;
    while (cairn_posting_decode(&at, &term, &count))
        forget_term(heap, term);
    cairn_documents_kill(heap, &index->documents, number);
    release_names(heap, &document);
    index->alive_count--;
    index->alive_length -= document.length;
}

static struct cairn_language_event *language_events(const struct cairn_heap *heap)
{
    const struct cairn_index *index = cairn_index_of(heap);
    return index->language_count == 0 ? NULL : cairn_heap_at(heap, index->languages);
}

static void choose_language(const struct cairn_heap *heap)
{
    struct cairn_index *index = cairn_index_of(heap);
    const struct cairn_language_event *events = language_events(heap);
    index->language =
        events == NULL ? index->default_language : events[index->language_count - 1].language;
}

static void forget_language(const struct cairn_heap *heap, uint64_t seq)
{
    struct cairn_index *index = cairn_index_of(heap);
    struct cairn_language_event *events = language_events(heap);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < index->language_count; i++)
        if (events[i].seq != seq)
            events[kept++] = events[i];
    if (kept == index->language_count)
        return;
    index->language_count = kept;
    choose_language(heap);
}

void cairn_index_forget(struct cairn_heap *heap, uint64_t seq)
{
    uint32_t number = cairn_documents_find(heap, &cairn_index_of(heap)->documents, seq);
    if (number != 0)
        forget_document(heap, number);
    else
        forget_language(heap, seq);
}

/* ---- languages ---- */

int cairn_index_set_language(struct cairn_heap *heap, uint64_t seq, enum cairn_language language)
{
    struct cairn_index *index = cairn_index_of(heap);
    if (index->language_count == index->language_capacity) {
        uint32_t capacity =
            index->language_capacity == 0 ? LANGUAGES_MIN : index->language_capacity * 2;
        cairn_ref languages = cairn_heap_grow(
            heap, index->languages, index->language_capacity * sizeof(struct cairn_language_event),
            capacity * sizeof(struct cairn_language_event));
        if (languages == 0)
            return -ENOMEM;
        index = cairn_index_of(heap);
        index->languages = languages;
        index->language_capacity = capacity;
    }
    struct cairn_language_event *events = cairn_heap_at(heap, index->languages);
    events[index->language_count++] =
        (struct cairn_language_event){.seq = seq, .language = language};
    index->language = language;
    return 0;
}

const struct cairn_index_entry *cairn_index_find(const struct cairn_heap *heap,
                                                 struct cairn_slice term)
{
    uint32_t id = cairn_heap_names_find(heap, cairn_index_of(heap)->terms, term);
    return id == 0 ? NULL : entry_of(heap, id);
}
