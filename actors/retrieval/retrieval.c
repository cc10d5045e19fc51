#include "actors/retrieval/retrieval.h"

#include <errno.h>
#include <stdlib.h>

#include "actors/retrieval/event_text.h"
#include "actors/retrieval/index.h"
#include "actors/retrieval/retrieval_internal.h"
#include "actors/retrieval/search_api.h"

static int init(struct cairn_projection_space *space)
{
    const struct cairn_retrieval_options *options = space->options;
    enum cairn_language language;
    if (!cairn_language_of(cairn_slice_of(options->language), &language))
        return -EINVAL;
    return cairn_index_create(&space->heap, language);
}

static void *cache_create(const void *options)
{
    (void)options;
    struct cairn_retrieval_cache *cache = calloc(1, sizeof(*cache));
    if (cache != NULL)
        cairn_analyzer_init(&cache->analyzer);
    return cache;
}

static void cache_destroy(void *state)
{
    struct cairn_retrieval_cache *cache = state;
    if (cache == NULL)
        return;
    cairn_analyzer_deinit(&cache->analyzer);
    cairn_collector_deinit(&cache->collector);
    cairn_json_scratch_deinit(&cache->scratch);
    free(cache);
}

struct cairn_retrieval_cache *cairn_retrieval_cache_of(struct cairn_projection_space *space)
{
    if (space->cache == NULL)
        space->cache = cache_create(space->options);
    return space->cache;
}

/* ---- applying: texts to term ids, each occurrence holding its term ---- */

struct collection {
    struct cairn_heap *heap;
    struct cairn_retrieval_cache *cache;
};

/* Terms on their way to ids: a few at a time, so that the memory each will touch is asked for before
 * the first is waited for. */
#define TERMS_AHEAD 16

struct ahead {
    uint64_t hash;
    uint32_t bytes;
    char text[CAIRN_TERM_BYTES_MAX];
};

static int acquire_ahead(struct collection *collection, const struct ahead *ahead, uint32_t count)
{
    cairn_ref terms = cairn_index_of(collection->heap)->terms;
    struct cairn_collector *collector = &collection->cache->collector;
    for (uint32_t i = 0; i < count && collector->count < CAIRN_DOCUMENT_LENGTH_MAX; i++) {
        uint32_t id = cairn_heap_names_acquire_hashed(
            collection->heap, terms, cairn_slice(ahead[i].text, ahead[i].bytes), ahead[i].hash);
        if (id == 0)
            return -ENOMEM;
        if (cairn_collector_add(collector, id) < 0) {
            cairn_heap_names_release(collection->heap, terms, id);
            return -ENOMEM;
        }
    }
    return 0;
}

static int collect_text(void *context, struct cairn_slice text)
{
    struct collection *collection = context;
    struct cairn_analyzer *analyzer = &collection->cache->analyzer;
    const struct cairn_index *index = cairn_index_of(collection->heap);
    cairn_ref terms = index->terms;
    struct ahead ahead[TERMS_AHEAD];
    uint32_t count = 0;
    struct cairn_term term;
    int result = 0;
    cairn_analyzer_begin(analyzer, text, (enum cairn_language)index->language);
    while (result == 0 && collection->cache->collector.count < CAIRN_DOCUMENT_LENGTH_MAX &&
           cairn_analyzer_next(analyzer, &term)) {
        struct ahead *next = &ahead[count++];
        cairn_assert(term.text.bytes <= sizeof(next->text));
        memcpy(next->text, term.text.data, term.text.bytes);
        next->bytes = (uint32_t)term.text.bytes;
        next->hash = cairn_hash64_slice(term.text);
        cairn_heap_names_prefetch(collection->heap, terms, next->hash);
        if (count == TERMS_AHEAD) {
            result = acquire_ahead(collection, ahead, count);
            count = 0;
        }
    }
    if (result == 0)
        result = acquire_ahead(collection, ahead, count);
    return result == 0 && analyzer->failed ? -ENOMEM : result;
}

static void release_occurrences(struct cairn_heap *heap, const struct cairn_collector *collector)
{
    for (uint32_t i = 0; i < collector->count; i++)
        cairn_heap_names_release(heap, cairn_index_of(heap)->terms, collector->ids[i]);
}

/* The index holds a term once a document, however often the document has it. */
static void release_repetitions(struct cairn_heap *heap, const struct cairn_collector *collector)
{
    for (uint32_t i = 1; i < collector->count; i++)
        if (collector->ids[i] == collector->ids[i - 1])
            cairn_heap_names_release(heap, cairn_index_of(heap)->terms, collector->ids[i]);
}

static struct cairn_slice label_of(const struct cairn_event *event)
{
    struct cairn_slice label = CAIRN_SLICE_EMPTY;
    if (event->kind == CAIRN_EVENT_EPISODE)
        cairn_event_field(event, CAIRN_FIELD_DOMAIN, &label);
    if (event->kind == CAIRN_EVENT_CUSTOM)
        cairn_event_field(event, CAIRN_FIELD_NAME, &label);
    return label;
}

static int add_document(struct cairn_heap *heap, const struct cairn_event *event,
                        enum cairn_source source, struct cairn_collector *collector)
{
    struct cairn_index_input input = {.seq = event->seq,
                                      .ts_ms = event->ts_ms,
                                      .source = source,
                                      .channel = event->channel,
                                      .author = event->author,
                                      .label = label_of(event),
                                      .tallies = collector->tallies,
                                      .tally_count = collector->tally_count,
                                      .length = collector->count};
    input.has_expiry = cairn_event_field_i64(event, CAIRN_FIELD_EXPIRES_AT, &input.expires_at_ms);
    return cairn_index_add(heap, &input);
}

static int apply_document(struct cairn_projection_space *space, const struct cairn_event *event,
                          enum cairn_source source)
{
    struct collection collection = {.heap = &space->heap, .cache = cairn_retrieval_cache_of(space)};
    if (collection.cache == NULL)
        return -ENOMEM;
    struct cairn_collector *collector = &collection.cache->collector;
    struct cairn_event_text_visitor visitor = {.visit = collect_text, .context = &collection};
    cairn_collector_begin(collector);
    int result = cairn_event_texts(event, &collection.cache->scratch, &visitor);
    if (result == 0)
        result = cairn_collector_finish(collector);
    if (result == 0)
        result = add_document(&space->heap, event, source, collector);
    if (result == 0)
        release_repetitions(&space->heap, collector);
    else
        release_occurrences(&space->heap, collector);
    return result;
}

/* ---- settings ---- */

static int apply_settings(struct cairn_projection_space *space, const struct cairn_event *event)
{
    struct cairn_retrieval_cache *cache = cairn_retrieval_cache_of(space);
    struct cairn_slice settings, key, name;
    enum cairn_language language = CAIRN_LANGUAGE_COUNT;
    if (cache == NULL)
        return -ENOMEM;
    if (!cairn_event_field(event, CAIRN_FIELD_SETTINGS, &settings))
        return 0;
    struct cairn_json_reader reader;
    cairn_json_scratch_begin(&cache->scratch, settings.bytes);
    cairn_json_reader_init(&reader, settings, &cache->scratch);
    cairn_json_enter_object(&reader);
    while (cairn_json_next_member(&reader, &key))
        if (cairn_slice_is(key, "language") && cairn_json_read_string(&reader, &name) == 0)
            cairn_language_of(name, &language);
    if (cairn_json_finish(&reader) < 0)
        return reader.result == -ENOMEM ? -ENOMEM : 0;
    if (language == CAIRN_LANGUAGE_COUNT)
        return 0;
    return cairn_index_set_language(&space->heap, event->seq, language);
}

static int apply(struct cairn_projection_space *space, const struct cairn_event *event)
{
    switch (event->kind) {
    case CAIRN_EVENT_MESSAGE:
        return apply_document(space, event, CAIRN_SOURCE_MESSAGE);
    case CAIRN_EVENT_EPISODE:
        return apply_document(space, event, CAIRN_SOURCE_EPISODE);
    case CAIRN_EVENT_FACT:
        return apply_document(space, event, CAIRN_SOURCE_FACT);
    case CAIRN_EVENT_CUSTOM:
        return apply_document(space, event, CAIRN_SOURCE_CUSTOM);
    case CAIRN_EVENT_SETTINGS:
        return apply_settings(space, event);
    default:
        return 0;
    }
}

static int forget(struct cairn_projection_space *space, const uint64_t *seqs, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        cairn_index_forget(&space->heap, seqs[i]);
    return 0;
}

static void digest(const struct cairn_projection_space *space, struct cairn_digest *sum)
{
    cairn_index_digest(&space->heap, space->name, sum);
}

const struct cairn_projection_module cairn_retrieval_module = {
    .name = "retrieval",
    .schema_version = 1,
    .kinds = UINT64_C(1) << CAIRN_EVENT_MESSAGE | UINT64_C(1) << CAIRN_EVENT_CUSTOM |
             UINT64_C(1) << CAIRN_EVENT_EPISODE | UINT64_C(1) << CAIRN_EVENT_FACT,
    .stage = CAIRN_STAGE_RETRIEVAL,
    .init = init,
    .cache_create = cache_create,
    .cache_destroy = cache_destroy,
    .apply = apply,
    .forget = forget,
    .answer = cairn_search_answer,
    .digest = digest,
};
