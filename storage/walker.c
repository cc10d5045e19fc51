#include "storage/walker.h"

#include <stdlib.h>

#include "runtime/base/assert.h"
#include "runtime/base/error.h"

#define SCAN_BYTES (256u << 10)

static int broken(struct cairn_walker *walker, const char *what)
{
    walker->what = what;
    return -EBADMSG;
}

int cairn_walker_init(struct cairn_walker *walker, struct cairn_io *io, int fd)
{
    uint8_t bytes[CAIRN_SEGMENT_HEADER_BYTES];
    struct cairn_walker fresh = {.io = io, .fd = fd, .offset = CAIRN_SEGMENT_HEADER_BYTES};

    int64_t size = cairn_io_size(io, fd);
    if (size < 0)
        return (int)size;
    int64_t count = cairn_io_read_now(io, fd, bytes, sizeof(bytes), 0);
    if (count < 0)
        return (int)count;
    int result = cairn_segment_decode(bytes, (size_t)count, &fresh.header);
    if (result < 0) {
        walker->what = "segment header";
        return result;
    }
    fresh.file_bytes = (uint64_t)size;
    fresh.next_seq = fresh.header.first_seq;
    cairn_block_hash(bytes, sizeof(bytes), fresh.last_hash);
    *walker = fresh;
    return 0;
}

static int check_place(struct cairn_walker *walker, const struct cairn_block_header *header)
{
    if (header->number != walker->number)
        return broken(walker, "block number");
    if (header->first_seq != walker->next_seq)
        return broken(walker, "sequence");
    if (header->prev_hash != cairn_block_hash_short(walker->last_hash))
        return broken(walker, "hash link");
    if (cairn_block_frame_bytes(header->stored_bytes) > walker->file_bytes - walker->offset)
        return broken(walker, "length");
    return 0;
}

static int read_header(struct cairn_walker *walker, uint8_t bytes[CAIRN_BLOCK_HEADER_BYTES])
{
    if (walker->file_bytes < walker->offset + CAIRN_BLOCK_ALIGN_BYTES)
        return -ENODATA;
    int64_t count =
        cairn_io_read_now(walker->io, walker->fd, bytes, CAIRN_BLOCK_HEADER_BYTES, walker->offset);
    if (count < 0)
        return (int)count;
    return count == CAIRN_BLOCK_HEADER_BYTES ? 0 : broken(walker, "file cut short");
}

static int read_valid_header(struct cairn_walker *walker, struct cairn_block_header *header)
{
    uint8_t bytes[CAIRN_BLOCK_HEADER_BYTES];
    int result = read_header(walker, bytes);
    if (result < 0)
        return result;
    result = cairn_block_decode_header(bytes, sizeof(bytes), walker->header.segment_id, header);
    if (result < 0) {
        walker->what = result == -EPROTONOSUPPORT ? "unknown codec" : "block header";
        return result;
    }
    cairn_block_hash(bytes, sizeof(bytes), header->hash);
    return 0;
}

int cairn_walker_look(struct cairn_walker *walker, struct cairn_block_header *header)
{
    struct cairn_block_header found;
    int result = read_valid_header(walker, &found);
    if (result == 0)
        result = check_place(walker, &found);
    if (result == 0)
        *header = found;
    return result;
}

int cairn_walker_look_again(struct cairn_walker *walker, struct cairn_block_header *header)
{
    struct cairn_block_header found;
    int result = read_valid_header(walker, &found);
    if (result == 0 && found.number != walker->number)
        result = broken(walker, "block number");
    if (result == 0)
        *header = found;
    return result;
}

int cairn_walker_load(struct cairn_walker *walker, const struct cairn_block_header *header,
                      struct cairn_buffer *frame)
{
    size_t bytes = (size_t)cairn_block_frame_bytes(header->stored_bytes);
    cairn_buffer_clear(frame);
    char *target = cairn_buffer_reserve(frame, bytes);
    if (target == NULL)
        return -ENOMEM;
    int64_t count = cairn_io_read_now(walker->io, walker->fd, target, bytes, walker->offset);
    if (count < 0)
        return (int)count;
    if ((size_t)count != bytes)
        return broken(walker, "file cut short");
    frame->bytes = bytes;
    if (cairn_block_check_body((const uint8_t *)frame->data, header) < 0)
        return broken(walker, "body checksum");
    return 0;
}

void cairn_walker_step(struct cairn_walker *walker, const struct cairn_block_header *header)
{
    cairn_assert(header->number == walker->number);

    walker->offset += cairn_block_frame_bytes(header->stored_bytes);
    walker->number++;
    walker->next_seq += header->event_count;
    if (header->durable_seq > walker->durable_seq)
        walker->durable_seq = header->durable_seq;
    memcpy(walker->last_hash, header->hash, sizeof(walker->last_hash));
}

static bool page_is_zero(const uint8_t *page)
{
    uint64_t any = 0;
    for (size_t i = 0; i < CAIRN_BLOCK_ALIGN_BYTES; i += sizeof(any))
        any |= cairn_load_u64(page + i);
    return any == 0;
}

static void examine_page(const struct cairn_walker *walker, const uint8_t *page, uint64_t offset,
                         struct cairn_walker_rest *rest)
{
    struct cairn_block_header header;
    if (page_is_zero(page))
        return;
    rest->end_offset = offset + CAIRN_BLOCK_ALIGN_BYTES;
    if (cairn_block_decode_header(page, CAIRN_BLOCK_ALIGN_BYTES, walker->header.segment_id,
                                  &header) < 0)
        return;
    rest->blocks++;
    if (header.durable_seq > rest->durable_seq)
        rest->durable_seq = header.durable_seq;
    if (header.number > rest->number_last)
        rest->number_last = header.number;
}

/* A file cut within a page is padded with zeros to examine it. */
static int64_t read_pages(struct cairn_walker *walker, uint8_t *pages, uint64_t offset)
{
    int64_t count = cairn_io_read_now(walker->io, walker->fd, pages, SCAN_BYTES, offset);
    if (count <= 0)
        return count;
    size_t over = (size_t)count % CAIRN_BLOCK_ALIGN_BYTES;
    size_t missing = over == 0 ? 0 : CAIRN_BLOCK_ALIGN_BYTES - over;
    memset(pages + count, 0, missing);
    return count + (int64_t)missing;
}

int cairn_walker_scan(struct cairn_walker *walker, struct cairn_walker_rest *rest)
{
    struct cairn_walker_rest found = {.end_offset = walker->offset};
    uint8_t *pages = malloc(SCAN_BYTES);
    if (pages == NULL)
        return -ENOMEM;

    int64_t count = 0;
    for (uint64_t offset = walker->offset; offset < walker->file_bytes; offset += (uint64_t)count) {
        count = read_pages(walker, pages, offset);
        if (count <= 0)
            break;
        for (int64_t at = 0; at < count; at += CAIRN_BLOCK_ALIGN_BYTES)
            examine_page(walker, pages + at, offset + (uint64_t)at, &found);
    }
    free(pages);
    if (count < 0)
        return (int)count;
    *rest = found;
    return 0;
}

bool cairn_walker_is_torn(const struct cairn_walker *walker, const struct cairn_walker_rest *rest)
{
    if (walker->durable_seq >= walker->next_seq || rest->durable_seq >= walker->next_seq)
        return false;
    if (rest->blocks == 0 || rest->number_last < walker->number)
        return true;
    return rest->number_last - walker->number < walker->header.blocks_unflushed_max;
}

/* Headers behind a break are taken at their word: each is a new start for the checks. */
static void stand_before(struct cairn_walker *walker, uint64_t offset,
                         const struct cairn_block_header *header)
{
    walker->offset = offset;
    walker->number = header->number;
    walker->next_seq = header->first_seq;
    cairn_store_u64(walker->last_hash, header->prev_hash);
}

int cairn_walker_resync(struct cairn_walker *walker)
{
    uint8_t bytes[CAIRN_BLOCK_HEADER_BYTES];
    struct cairn_block_header header;
    uint64_t offset = walker->offset + CAIRN_BLOCK_ALIGN_BYTES;
    for (; offset + CAIRN_BLOCK_ALIGN_BYTES <= walker->file_bytes;
         offset += CAIRN_BLOCK_ALIGN_BYTES) {
        int64_t count = cairn_io_read_now(walker->io, walker->fd, bytes, sizeof(bytes), offset);
        if (count < 0)
            return (int)count;
        if (cairn_block_decode_header(bytes, (size_t)count, walker->header.segment_id, &header) < 0)
            continue;
        if (header.number < walker->number || header.first_seq < walker->next_seq)
            continue;
        stand_before(walker, offset, &header);
        return 0;
    }
    return -ENODATA;
}
