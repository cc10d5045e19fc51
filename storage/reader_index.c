/* The index has one entry per block, found by walking headers; segments in ascending order own
 * their entries. Only the newest segment's walk is unfinished, and taken up again by a refresh.
 *
 * In the newest segment a header may be there before its body is. A header vouches for everything
 * up to its durable_seq; what no header vouches for yet has its body checked before it is shown,
 * and is looked at again later if it is not whole.
 */
#include "storage/reader_internal.h"

#include <stdlib.h>

#include "runtime/base/assert.h"
#include "runtime/base/error.h"

#define FILES_KEPT 8u

/* ---- files ---- */

static int open_path(struct cairn_reader *reader, uint64_t first_seq)
{
    char name[CAIRN_SEGMENT_NAME_BYTES];
    char path[CAIRN_SEGMENT_PATH_BYTES];
    cairn_segment_name(name, first_seq);
    int result = cairn_segment_path(path, reader->directory, name);
    return result < 0 ? result : cairn_io_open(reader->io, path, CAIRN_IO_OPEN_READ);
}

static void close_file(struct cairn_reader *reader, struct cairn_reader_segment *segment)
{
    if (segment->walker.fd >= 0)
        cairn_io_close(reader->io, segment->walker.fd);
    segment->walker.fd = -1;
}

static void close_oldest_file(struct cairn_reader *reader)
{
    struct cairn_reader_segment *oldest = NULL;
    uint32_t open_count = 0;
    for (uint32_t i = 0; i < reader->segment_count; i++) {
        struct cairn_reader_segment *segment = reader->segments[i];
        if (segment->walker.fd < 0)
            continue;
        open_count++;
        if (oldest == NULL || segment->used_at < oldest->used_at)
            oldest = segment;
    }
    if (open_count > FILES_KEPT)
        close_file(reader, oldest);
}

/* A file opened again under its name must be the one it was. */
static int ensure_file(struct cairn_reader *reader, struct cairn_reader_segment *segment)
{
    struct cairn_walker fresh = {0};
    segment->used_at = ++reader->clock;
    if (segment->walker.fd >= 0)
        return 0;
    int fd = open_path(reader, segment->first_seq);
    if (fd < 0)
        return fd;
    int result = cairn_walker_init(&fresh, reader->io, fd);
    if (result == 0 && fresh.header.segment_id != segment->walker.header.segment_id)
        result = -ESTALE;
    if (result < 0) {
        cairn_io_close(reader->io, fd);
        return result;
    }
    segment->walker.fd = fd;
    close_oldest_file(reader);
    return 0;
}

int cairn_reader_load(struct cairn_reader *reader, struct cairn_reader_segment *segment,
                      const struct cairn_reader_entry *entry, struct cairn_block_header *header)
{
    int result = ensure_file(reader, segment);
    if (result < 0)
        return result;

    /* A walker of its own: the segment's stands at its end. */
    struct cairn_walker at = segment->walker;
    char *bytes = cairn_buffer_reserve(&reader->frame, CAIRN_BLOCK_HEADER_BYTES);
    cairn_buffer_clear(&reader->frame);
    if (bytes == NULL)
        return -ENOMEM;
    at.offset = entry->offset;
    int64_t count =
        cairn_io_read_now(reader->io, at.fd, bytes, CAIRN_BLOCK_HEADER_BYTES, at.offset);
    if (count < 0)
        return (int)count;
    result = cairn_block_decode_header((const uint8_t *)bytes, (size_t)count, at.header.segment_id,
                                       header);
    if (result < 0)
        return result == -ENODATA ? -EBADMSG : result;
    if (header->first_seq != entry->first_seq || header->number != entry->number ||
        header->event_count != entry->event_count)
        return -EBADMSG;
    return cairn_walker_load(&at, header, &reader->frame);
}

/* ---- the index ---- */

static int push_entry(struct cairn_reader_segment *segment, const struct cairn_block_header *header,
                      uint64_t offset)
{
    if (segment->entry_count == segment->entry_capacity) {
        uint32_t capacity = segment->entry_capacity == 0 ? 64 : segment->entry_capacity * 2;
        struct cairn_reader_entry *grown = realloc(segment->entries, capacity * sizeof(*grown));
        if (grown == NULL)
            return -ENOMEM;
        segment->entries = grown;
        segment->entry_capacity = capacity;
    }
    segment->entries[segment->entry_count++] = (struct cairn_reader_entry){
        .first_seq = header->first_seq,
        .offset = offset,
        .event_count = header->event_count,
        .number = header->number,
    };
    return 0;
}

/* Walk on to the end of what is there, or to block `until`, where the next segment took over. */
static int walk_on(struct cairn_reader_segment *segment, uint32_t until)
{
    struct cairn_walker *walker = &segment->walker;
    while (walker->number < until) {
        struct cairn_block_header header;
        uint64_t offset = walker->offset;
        int result = cairn_walker_look(walker, &header);
        if (result == 0)
            result = push_entry(segment, &header, offset);
        if (result < 0)
            return result;
        cairn_walker_step(walker, &header);
    }
    return 0;
}

/* Stand before entry `index` again. */
static int walk_back(struct cairn_reader_segment *segment, uint32_t index)
{
    struct cairn_walker fresh = {0};
    struct cairn_walker *walker = &segment->walker;
    uint64_t durable_seq = walker->durable_seq;
    int result = cairn_walker_init(&fresh, walker->io, walker->fd);
    if (result < 0)
        return result;
    segment->entry_count = index;
    *walker = fresh;
    walker->durable_seq = durable_seq;
    if (index == 0)
        return 0;

    /* The entry before was walked over: it is taken at its word for a start, and walked again. */
    const struct cairn_reader_entry *entry = &segment->entries[index - 1];
    struct cairn_block_header header;
    walker->offset = entry->offset;
    walker->number = entry->number;
    walker->next_seq = entry->first_seq;
    result = cairn_walker_look_again(walker, &header);
    if (result == 0)
        cairn_walker_step(walker, &header);
    return result;
}

/* The first entry, from `index` on, that no header vouches for. */
static uint32_t first_doubtful(const struct cairn_reader_segment *segment, uint32_t index)
{
    uint32_t doubtful = segment->entry_count;
    while (doubtful > index) {
        const struct cairn_reader_entry *entry = &segment->entries[doubtful - 1];
        if (entry->first_seq + entry->event_count <= segment->walker.durable_seq + 1)
            break;
        doubtful--;
    }
    return doubtful;
}

/* Of what was found from entry `index` on, show no block whose body is not there. */
static int check_tail(struct cairn_reader *reader, struct cairn_reader_segment *segment,
                      uint32_t index)
{
    uint32_t doubtful = first_doubtful(segment, index);
    while (doubtful < segment->entry_count) {
        struct cairn_block_header header;
        int result = cairn_reader_load(reader, segment, &segment->entries[doubtful], &header);
        if (result == -EBADMSG) {
            int back = walk_back(segment, doubtful);
            return back < 0 ? back : result;
        }
        if (result < 0)
            return result;
        doubtful++;
    }
    return 0;
}

/* Whether the end of the newest segment is damage. Zeros are examined when the reader is opened;
 * later, behind a live writer, they are just the end. */
static int judge_end(struct cairn_reader *reader, struct cairn_reader_segment *segment, int found)
{
    struct cairn_walker_rest rest;
    struct cairn_block_header header;
    struct cairn_walker *walker = &segment->walker;
    if (segment->scanned_offset == walker->offset || (found == -ENODATA && !reader->opening))
        return 0;
    segment->scanned_offset = walker->offset;
    int result = cairn_walker_scan(walker, &rest);
    if (result < 0)
        return result;
    /* The writer may have finished the block while the rest was read. */
    segment->damaged =
        !cairn_walker_is_torn(walker, &rest) && cairn_walker_look(walker, &header) < 0;
    return 0;
}

static int refresh_newest(struct cairn_reader *reader, struct cairn_reader_segment *segment)
{
    uint32_t entries_before = segment->entry_count;
    int result = ensure_file(reader, segment);
    if (result < 0)
        return result;
    int found = walk_on(segment, UINT32_MAX);
    if (found != -ENODATA && found != -EBADMSG)
        return found;
    result = check_tail(reader, segment, entries_before);
    if (result == -EBADMSG)
        found = result;
    else if (result < 0)
        return result;
    result = judge_end(reader, segment, found);
    return result < 0 ? result : segment->entry_count > entries_before;
}

/* A segment with a successor must be whole up to where that took over. */
static int finish_segment(struct cairn_reader *reader, struct cairn_reader_segment *segment,
                          const struct cairn_segment_header *next)
{
    if (segment->walker.number >= next->prev_blocks) {
        segment->damaged = false;
        while (segment->entry_count > next->prev_blocks)
            segment->entry_count--;
        return 0;
    }
    int result = ensure_file(reader, segment);
    if (result < 0)
        return result;
    result = walk_on(segment, next->prev_blocks);
    if (result < 0 && result != -ENODATA && result != -EBADMSG)
        return result;
    segment->damaged = result < 0 || segment->walker.next_seq != next->first_seq;
    return 0;
}

/* ---- segments ---- */

void cairn_reader_table_free(struct cairn_reader_table *table)
{
    if (table == NULL)
        return;
    cairn_assert(table->references == 0);
    cairn_strings_deinit(&table->strings);
    free(table);
}

static void segment_free(struct cairn_reader *reader, struct cairn_reader_segment *segment)
{
    close_file(reader, segment);
    cairn_reader_table_free(segment->table);
    free(segment->entries);
    free(segment);
}

void cairn_reader_segments_free(struct cairn_reader *reader)
{
    for (uint32_t i = 0; i < reader->segment_count; i++)
        segment_free(reader, reader->segments[i]);
    free(reader->segments);
}

static int open_segment(struct cairn_reader *reader, uint64_t first_seq,
                        struct cairn_reader_segment **segment)
{
    int fd = open_path(reader, first_seq);
    if (fd < 0)
        return fd;
    struct cairn_reader_segment *opened = calloc(1, sizeof(*opened));
    int result = opened == NULL ? -ENOMEM : cairn_walker_init(&opened->walker, reader->io, fd);
    if (result == 0 && opened->walker.header.first_seq != first_seq)
        result = -EBADMSG;
    if (result < 0) {
        cairn_io_close(reader->io, fd);
        free(opened);
        return result;
    }
    opened->first_seq = first_seq;
    opened->used_at = ++reader->clock;
    *segment = opened;
    return 0;
}

struct cairn_reader_segment *cairn_reader_newest(const struct cairn_reader *reader)
{
    return reader->segment_count > 0 ? reader->segments[reader->segment_count - 1] : NULL;
}

static int push_segment(struct cairn_reader *reader, struct cairn_reader_segment *segment)
{
    if (reader->segment_count == reader->segment_capacity) {
        uint32_t capacity = reader->segment_capacity == 0 ? 16 : reader->segment_capacity * 2;
        struct cairn_reader_segment **grown =
            realloc(reader->segments, capacity * sizeof(struct cairn_reader_segment *));
        if (grown == NULL)
            return -ENOMEM;
        reader->segments = grown;
        reader->segment_capacity = capacity;
    }
    reader->segments[reader->segment_count++] = segment;
    return 0;
}

static int add_segment(struct cairn_reader *reader, uint64_t first_seq)
{
    struct cairn_reader_segment *segment = NULL;
    struct cairn_reader_segment *last = cairn_reader_newest(reader);
    int result = open_segment(reader, first_seq, &segment);
    if (result < 0)
        return result;
    if (last != NULL)
        result = finish_segment(reader, last, &segment->walker.header);
    if (result == 0)
        result = push_segment(reader, segment);
    if (result < 0) {
        segment_free(reader, segment);
        return result;
    }
    close_oldest_file(reader);
    return 0;
}

/* A writer that fails before anything in its newest segment is durable puts that aside and begins
 * another under the same name. While somebody holds blocks of the old one, it stays. */
static int replace_if_renamed(struct cairn_reader *reader)
{
    struct cairn_reader_segment *last = cairn_reader_newest(reader);
    struct cairn_reader_segment *fresh = NULL;
    int result = last == NULL ? -ENOENT : open_segment(reader, last->first_seq, &fresh);
    if (result < 0)
        return result == -ENOENT ? 0 : result;
    bool same = fresh->walker.header.segment_id == last->walker.header.segment_id;
    if (!same)
        cairn_reader_trim(reader, 0);
    if (same || (last->table != NULL && last->table->references > 0)) {
        segment_free(reader, fresh);
        return 0;
    }
    reader->segments[reader->segment_count - 1] = fresh;
    segment_free(reader, last);
    return refresh_newest(reader, fresh);
}

static int add_new_segments(struct cairn_reader *reader)
{
    struct cairn_segment_list list = {0};
    struct cairn_reader_segment *last = cairn_reader_newest(reader);
    int result = cairn_segment_list(reader->io, reader->directory, &list);
    for (size_t i = 0; result == 0 && i < list.count; i++)
        if (last == NULL || list.first_seqs[i] > last->first_seq)
            result = add_segment(reader, list.first_seqs[i]);
    cairn_segment_list_deinit(&list);
    return result;
}

/* More blocks in the newest segment; or newer segments; or another segment of the same name. */
int cairn_reader_refresh(struct cairn_reader *reader)
{
    struct cairn_reader_segment *last = cairn_reader_newest(reader);
    int result = last != NULL ? refresh_newest(reader, last) : 0;
    if (result != 0)
        return result;
    result = add_new_segments(reader);
    if (result < 0)
        return result;
    if (cairn_reader_newest(reader) == last)
        return replace_if_renamed(reader);
    result = refresh_newest(reader, cairn_reader_newest(reader));
    return result < 0 ? result : 1;
}

/* The last segment that begins at or before `seq`, NULL if all begin later. */
static struct cairn_reader_segment *find_segment(const struct cairn_reader *reader, uint64_t seq)
{
    uint32_t low = 0;
    uint32_t high = reader->segment_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (reader->segments[middle]->first_seq <= seq)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? reader->segments[low - 1] : NULL;
}

/* The last entry that begins at or before `seq`: blocks without events stand before their like. */
static uint32_t find_entry(const struct cairn_reader_segment *segment, uint64_t seq)
{
    uint32_t low = 0;
    uint32_t high = segment->entry_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (segment->entries[middle].first_seq <= seq)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? low - 1 : UINT32_MAX;
}

int cairn_reader_locate(struct cairn_reader *reader, uint64_t seq,
                        struct cairn_reader_segment **segment, uint32_t *index)
{
    *segment = find_segment(reader, seq);
    if (*segment == NULL)
        return -ENOENT;
    *index = find_entry(*segment, seq);
    if (*index != UINT32_MAX) {
        const struct cairn_reader_entry *entry = &(*segment)->entries[*index];
        if (seq - entry->first_seq < entry->event_count)
            return 0;
    }
    return (*segment)->damaged || *segment != cairn_reader_newest(reader) ? -EBADMSG : -ENODATA;
}
