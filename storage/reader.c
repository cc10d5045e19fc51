/* To decode a block, the string table of its segment must hold all entries of the blocks before it
 * and its own. A table is loaded as far as needed and kept while decoded blocks borrow from it.
 */
#include "storage/reader_internal.h"

#include <stdlib.h>

#include "runtime/base/assert.h"
#include "runtime/base/error.h"
#include "storage/unpack.h"

#define TABLES_KEPT 4u

struct cairn_reader_decoded {
    struct cairn_reader_block public; /* first: callers have its address */
    struct cairn_reader_decoded *next;
    struct cairn_reader_table *table; /* one reference */
    uint8_t *raw;                     /* owned */
    struct cairn_event *events;       /* owned */
};

/* ---- string tables ---- */

static void free_oldest_table(struct cairn_reader *reader)
{
    struct cairn_reader_segment *oldest = NULL;
    uint32_t count = 0;
    for (uint32_t i = 0; i < reader->segment_count; i++) {
        struct cairn_reader_segment *segment = reader->segments[i];
        if (segment->table == NULL)
            continue;
        count++;
        if (segment->table->references == 0 &&
            (oldest == NULL || segment->table->used_at < oldest->table->used_at))
            oldest = segment;
    }
    if (count < TABLES_KEPT || oldest == NULL)
        return;
    cairn_reader_table_free(oldest->table);
    oldest->table = NULL;
}

static int ensure_table(struct cairn_reader *reader, struct cairn_reader_segment *segment)
{
    if (segment->table == NULL) {
        free_oldest_table(reader);
        segment->table = calloc(1, sizeof(*segment->table));
        if (segment->table == NULL)
            return -ENOMEM;
    }
    segment->table->used_at = ++reader->clock;
    return 0;
}

/* ---- decoding ---- */

static uint8_t *decode_frame(struct cairn_reader *reader, const struct cairn_block_header *header,
                             int *result)
{
    uint8_t *raw = malloc(header->raw_bytes > 0 ? header->raw_bytes : 1);
    *result = raw == NULL
                  ? -ENOMEM
                  : cairn_block_decode_body((const uint8_t *)reader->frame.data, header, raw);
    if (*result == 0)
        return raw;
    free(raw);
    return NULL;
}

/* Add the names of the blocks before `index` that are not in the table yet. */
static int load_table(struct cairn_reader *reader, struct cairn_reader_segment *segment,
                      uint32_t index)
{
    struct cairn_reader_table *table = segment->table;
    while (table->loaded < index) {
        struct cairn_block_header header;
        int result = cairn_reader_load(reader, segment, &segment->entries[table->loaded], &header);
        if (result == 0 && header.record_count > header.event_count) {
            uint8_t *raw = decode_frame(reader, &header, &result);
            if (raw != NULL)
                result = cairn_unpack(&header, raw, &table->strings, true, NULL);
            free(raw);
        }
        if (result < 0)
            return result;
        table->loaded++;
    }
    return 0;
}

static int fill_block(struct cairn_reader *reader, struct cairn_reader_segment *segment,
                      uint32_t index, struct cairn_reader_decoded *block)
{
    struct cairn_block_header header;
    struct cairn_reader_table *table = segment->table;
    int result = cairn_reader_load(reader, segment, &segment->entries[index], &header);
    if (result < 0)
        return result;
    block->raw = decode_frame(reader, &header, &result);
    block->events = malloc((header.event_count + 1) * sizeof(*block->events));
    if (block->raw == NULL)
        return result;
    if (block->events == NULL)
        return -ENOMEM;

    bool define = table->loaded == index;
    result = cairn_unpack(&header, block->raw, &table->strings, define, block->events);
    if (result < 0)
        return result;
    if (define)
        table->loaded++;
    block->public.first_seq = header.first_seq;
    block->public.event_count = header.event_count;
    block->public.events = block->events;
    block->public.raw_bytes = header.raw_bytes;
    block->public.stored_bytes = cairn_block_frame_bytes(header.stored_bytes);
    return 0;
}

static void block_free(struct cairn_reader_decoded *block)
{
    if (block->table != NULL)
        block->table->references--;
    free(block->raw);
    free(block->events);
    free(block);
}

static int decode_block(struct cairn_reader *reader, struct cairn_reader_segment *segment,
                        uint32_t index, struct cairn_reader_decoded **block)
{
    int result = ensure_table(reader, segment);
    if (result == 0)
        result = load_table(reader, segment, index);
    if (result < 0)
        return result;
    struct cairn_reader_decoded *decoded = calloc(1, sizeof(*decoded));
    if (decoded == NULL)
        return -ENOMEM;
    result = fill_block(reader, segment, index, decoded);
    if (result < 0) {
        block_free(decoded);
        return result;
    }
    decoded->table = segment->table;
    decoded->table->references++;
    *block = decoded;
    return 0;
}

/* ---- the cache ---- */

static void push_block(struct cairn_reader *reader, struct cairn_reader_decoded *block)
{
    block->next = reader->blocks;
    reader->blocks = block;
}

static struct cairn_reader_decoded *take_cached(struct cairn_reader *reader, uint64_t seq)
{
    for (struct cairn_reader_decoded **link = &reader->blocks; *link != NULL;
         link = &(*link)->next) {
        struct cairn_reader_decoded *block = *link;
        if (seq - block->public.first_seq >= block->public.event_count)
            continue;
        *link = block->next;
        return block;
    }
    return NULL;
}

/* Free the blocks nobody holds that are over the number to keep, least recently used first. */
void cairn_reader_trim(struct cairn_reader *reader, uint32_t keep)
{
    uint32_t idle = 0;
    for (struct cairn_reader_decoded **link = &reader->blocks; *link != NULL;) {
        struct cairn_reader_decoded *block = *link;
        if (block->public.references > 0 || ++idle <= keep) {
            link = &block->next;
            continue;
        }
        *link = block->next;
        block_free(block);
    }
}

/* ---- what callers see ---- */

static int refresh_all(struct cairn_reader *reader)
{
    int grown = 1;
    while (grown > 0)
        grown = cairn_reader_refresh(reader);
    return grown;
}

int cairn_reader_open(struct cairn_io *io, const char *directory, uint32_t cache_blocks,
                      struct cairn_reader **reader)
{
    struct cairn_reader *opened = calloc(1, sizeof(*opened));
    if (opened == NULL)
        return -ENOMEM;
    *opened = (struct cairn_reader){.io = io, .cache_blocks = cache_blocks, .opening = true};
    opened->directory = strdup(directory);
    int result = opened->directory == NULL ? -ENOMEM : refresh_all(opened);
    if (result == 0 && opened->segment_count == 0)
        result = -ENOENT;
    if (result < 0) {
        cairn_reader_close(opened);
        return result;
    }
    opened->opening = false;
    *reader = opened;
    return 0;
}

void cairn_reader_close(struct cairn_reader *reader)
{
    cairn_reader_trim(reader, 0);
    cairn_assert(reader->blocks == NULL); /* all were released */
    cairn_reader_segments_free(reader);
    cairn_buffer_deinit(&reader->frame);
    free(reader->directory);
    free(reader);
}

static int find_block(struct cairn_reader *reader, uint64_t seq,
                      struct cairn_reader_decoded **block)
{
    struct cairn_reader_segment *segment = NULL;
    uint32_t index = 0;
    int result = cairn_reader_locate(reader, seq, &segment, &index);
    int grown = result == -ENODATA ? 1 : 0;
    while (result == -ENODATA && grown > 0) {
        grown = cairn_reader_refresh(reader);
        result = grown < 0 ? grown : cairn_reader_locate(reader, seq, &segment, &index);
    }
    return result < 0 ? result : decode_block(reader, segment, index, block);
}

int cairn_reader_acquire(struct cairn_reader *reader, uint64_t seq,
                         struct cairn_reader_block **block)
{
    struct cairn_reader_decoded *found = take_cached(reader, seq);
    if (found == NULL) {
        int result = find_block(reader, seq, &found);
        if (result < 0)
            return result;
    }
    found->public.references++;
    push_block(reader, found);
    *block = &found->public;
    return 0;
}

void cairn_reader_release(struct cairn_reader *reader, struct cairn_reader_block *block)
{
    cairn_assert(block->references > 0);

    block->references--;
    cairn_reader_trim(reader, reader->cache_blocks);
}

uint64_t cairn_reader_last_seq(struct cairn_reader *reader)
{
    (void)refresh_all(reader); /* what cannot be looked at is not readable */
    const struct cairn_reader_segment *last = cairn_reader_newest(reader);
    if (last->entry_count == 0)
        return last->first_seq - 1;
    const struct cairn_reader_entry *entry = &last->entries[last->entry_count - 1];
    return entry->first_seq + entry->event_count - 1;
}

uint64_t cairn_reader_first_seq(struct cairn_reader *reader)
{
    return reader->segments[0]->first_seq;
}
