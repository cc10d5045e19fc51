#include "storage/recovery.h"

#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/assert.h"
#include "runtime/base/error.h"
#include "storage/strings.h"
#include "storage/unpack.h"
#include "storage/walker.h"

#define COPY_BYTES 65536u

struct recovery {
    struct cairn_io *io;
    const char *directory;
    struct cairn_ledger_recovery *report;
    struct cairn_segment_list segments;
    struct cairn_buffer frame;
    struct cairn_buffer raw;
    struct cairn_strings strings; /* of the newest segment */
    struct cairn_walker walker;   /* over the newest segment */
};

static int open_segment(struct recovery *recovery, uint64_t first_seq, uint32_t flags)
{
    char name[CAIRN_SEGMENT_NAME_BYTES];
    char path[CAIRN_SEGMENT_PATH_BYTES];
    cairn_segment_name(name, first_seq);
    int result = cairn_segment_path(path, recovery->directory, name);
    return result < 0 ? result : cairn_io_open(recovery->io, path, flags);
}

static int corrupt(struct recovery *recovery, uint64_t first_seq, uint64_t offset, uint64_t seq,
                   const char *what)
{
    char name[CAIRN_SEGMENT_NAME_BYTES];
    cairn_segment_name(name, first_seq);
    snprintf(recovery->report->detail, sizeof(recovery->report->detail),
             "segment=%s offset=%llu seq=%llu fault=\"%s\"", name, (unsigned long long)offset,
             (unsigned long long)seq, what);
    return -EBADMSG;
}

/* A segment links to the one before it by id; blocks and hashes are checked when they are read. */
static int check_link(struct recovery *recovery, size_t index,
                      const struct cairn_segment_header *previous,
                      const struct cairn_segment_header *header)
{
    uint64_t named = recovery->segments.first_seqs[index];
    if (header->first_seq != named)
        return corrupt(recovery, named, 0, named, "segment has another's name");
    if (index == 0)
        return 0;
    if (memcmp(header->ledger_id, previous->ledger_id, sizeof(header->ledger_id)) != 0)
        return corrupt(recovery, named, 0, named, "segment of another ledger");
    if (header->prev_segment_id != previous->segment_id)
        return corrupt(recovery, named, 0, named, "segment link: one is missing before it");
    return 0;
}

static int check_segment(struct recovery *recovery, size_t index,
                         struct cairn_segment_header *previous)
{
    struct cairn_walker walker = {0};
    uint64_t named = recovery->segments.first_seqs[index];
    int fd = open_segment(recovery, named, CAIRN_IO_OPEN_READ);
    if (fd < 0)
        return fd;
    int result = cairn_walker_init(&walker, recovery->io, fd);
    cairn_io_close(recovery->io, fd);
    if (result == -EBADMSG)
        return corrupt(recovery, named, 0, named, "segment header");
    if (result < 0)
        return result;
    result = check_link(recovery, index, previous, &walker.header);
    *previous = walker.header;
    return result;
}

static int check_segments(struct recovery *recovery)
{
    struct cairn_segment_header previous = {0};
    for (size_t i = 0; i < recovery->segments.count; i++) {
        int result = check_segment(recovery, i, &previous);
        if (result < 0)
            return result;
    }
    return 0;
}

/* The writer goes on with the segment's string table, so entries are counted on the way. */
static int count_strings(struct recovery *recovery, const struct cairn_block_header *header)
{
    if (header->record_count == header->event_count)
        return 0;
    cairn_buffer_clear(&recovery->raw);
    uint8_t *raw = (uint8_t *)cairn_buffer_reserve(&recovery->raw, header->raw_bytes);
    if (raw == NULL)
        return -ENOMEM;
    int result = cairn_block_decode_body((const uint8_t *)recovery->frame.data, header, raw);
    if (result == 0)
        result = cairn_unpack(header, raw, &recovery->strings, true, NULL);
    if (result == -EBADMSG)
        recovery->walker.what = "records";
    return result;
}

static int pass_block(struct recovery *recovery)
{
    struct cairn_walker *walker = &recovery->walker;
    struct cairn_block_header header;
    int result = cairn_walker_look(walker, &header);
    if (result == 0)
        result = cairn_walker_load(walker, &header, &recovery->frame);
    if (result == 0)
        result = count_strings(recovery, &header);
    if (result == 0)
        cairn_walker_step(walker, &header);
    return result;
}

static int make_torn_directory(struct recovery *recovery, char path[CAIRN_SEGMENT_PATH_BYTES])
{
    int result = cairn_segment_path(path, recovery->directory, "torn");
    return result < 0 ? result : cairn_io_make_directory(recovery->io, path);
}

static int create_torn_file(struct recovery *recovery, const char *torn_directory)
{
    char name[96];
    char path[CAIRN_SEGMENT_PATH_BYTES];
    const struct cairn_walker *walker = &recovery->walker;
    snprintf(name, sizeof(name), "%020llu-%llu-%llu.bytes",
             (unsigned long long)walker->header.first_seq, (unsigned long long)walker->offset,
             (unsigned long long)cairn_io_wall_ms(recovery->io));
    int result = cairn_segment_path(path, torn_directory, name);
    if (result < 0)
        return result;
    return cairn_io_open(recovery->io, path,
                         CAIRN_IO_OPEN_WRITE | CAIRN_IO_OPEN_CREATE | CAIRN_IO_OPEN_TRUNC);
}

/* Copy [offset, end) of the segment to `target`, or zeros over it when there is no target. */
static int for_each_piece(struct recovery *recovery, uint64_t end, int target)
{
    const struct cairn_walker *walker = &recovery->walker;
    uint8_t *piece = calloc(1, COPY_BYTES);
    if (piece == NULL)
        return -ENOMEM;
    int result = 0;
    for (uint64_t offset = walker->offset; result == 0 && offset < end; offset += COPY_BYTES) {
        size_t bytes = end - offset < COPY_BYTES ? (size_t)(end - offset) : COPY_BYTES;
        if (target < 0) {
            result = cairn_io_write_now(walker->io, walker->fd, piece, bytes, offset);
            continue;
        }
        int64_t count = cairn_io_read_now(walker->io, walker->fd, piece, bytes, offset);
        result = count < 0 ? (int)count
                           : cairn_io_write_now(walker->io, target, piece, (size_t)count,
                                                offset - walker->offset);
    }
    free(piece);
    return result;
}

static int keep_torn_bytes(struct recovery *recovery, uint64_t end)
{
    char directory[CAIRN_SEGMENT_PATH_BYTES];
    int result = make_torn_directory(recovery, directory);
    if (result < 0)
        return result;
    int fd = create_torn_file(recovery, directory);
    if (fd < 0)
        return fd;
    result = for_each_piece(recovery, end, fd);
    if (result == 0)
        result = cairn_io_sync_now(recovery->io, fd);
    cairn_io_close(recovery->io, fd);
    if (result == 0)
        result = cairn_io_sync_directory(recovery->io, directory);
    return result == 0 ? cairn_io_sync_directory(recovery->io, recovery->directory) : result;
}

static int cut_tail(struct recovery *recovery, const struct cairn_walker_rest *rest)
{
    struct cairn_walker *walker = &recovery->walker;
    uint64_t end = rest->end_offset < walker->file_bytes ? rest->end_offset : walker->file_bytes;
    int result = keep_torn_bytes(recovery, end);
    if (result == 0)
        result = for_each_piece(recovery, end, -1);
    if (result == 0)
        result = cairn_io_sync_now(recovery->io, walker->fd);
    if (result == 0)
        recovery->report->torn_bytes = end - walker->offset;
    return result;
}

/* The walk ended: at zeros, or at something that is no block. */
static int judge_break(struct recovery *recovery, const char *what)
{
    struct cairn_walker *walker = &recovery->walker;
    struct cairn_walker_rest rest;
    int result = cairn_walker_scan(walker, &rest);
    if (result < 0)
        return result;
    if (!cairn_walker_is_torn(walker, &rest))
        return corrupt(recovery, walker->header.first_seq, walker->offset, walker->next_seq, what);
    if (rest.end_offset == walker->offset)
        return 0;
    return cut_tail(recovery, &rest);
}

static int walk_newest(struct recovery *recovery)
{
    struct cairn_walker *walker = &recovery->walker;
    int result = 0;
    while ((result = pass_block(recovery)) == 0)
        continue;
    if (result != -ENODATA && result != -EBADMSG)
        return result;
    return judge_break(recovery, result == -EBADMSG ? walker->what : "blocks are missing");
}

static void describe(struct recovery *recovery, struct cairn_recovery_tail *tail)
{
    const struct cairn_walker *walker = &recovery->walker;
    struct cairn_ledger_recovery *report = recovery->report;
    *tail = (struct cairn_recovery_tail){
        .header = walker->header,
        .file_bytes = walker->file_bytes,
        .offset = walker->offset,
        .next_seq = walker->next_seq,
        .durable_seq = walker->durable_seq,
        .blocks = walker->number,
        .table = {.epoch = 1,
                  .string_count = recovery->strings.count,
                  .string_bytes = recovery->strings.bytes},
    };
    memcpy(tail->last_hash, walker->last_hash, sizeof(tail->last_hash));
    report->last_seq = walker->next_seq - 1;
    report->segments = recovery->segments.count;
    report->blocks = walker->number;
    report->events = walker->next_seq - recovery->segments.first_seqs[0];
}

static int recover_newest(struct recovery *recovery, struct cairn_recovery_tail *tail)
{
    uint64_t named = recovery->segments.first_seqs[recovery->segments.count - 1];
    int fd = open_segment(recovery, named, CAIRN_IO_OPEN_WRITE);
    if (fd < 0)
        return fd;
    int result = cairn_walker_init(&recovery->walker, recovery->io, fd);
    if (result == 0)
        result = walk_newest(recovery);
    /* What a killed process wrote may still be on its way: only now it is as safe as it looks. */
    if (result == 0)
        result = cairn_io_sync_now(recovery->io, fd);
    if (result == 0)
        describe(recovery, tail);
    cairn_io_close(recovery->io, fd);
    return result;
}

int cairn_recover(struct cairn_io *io, const char *directory, struct cairn_recovery_tail *tail,
                  struct cairn_ledger_recovery *report)
{
    struct recovery recovery = {.io = io, .directory = directory, .report = report};
    int result = cairn_segment_list(io, directory, &recovery.segments);
    if (result < 0)
        return result;

    if (recovery.segments.count == 0)
        *tail = (struct cairn_recovery_tail){.empty = true, .next_seq = 1};
    else
        result = check_segments(&recovery);
    if (result == 0 && recovery.segments.count > 0)
        result = recover_newest(&recovery, tail);

    cairn_segment_list_deinit(&recovery.segments);
    cairn_strings_deinit(&recovery.strings);
    cairn_buffer_deinit(&recovery.frame);
    cairn_buffer_deinit(&recovery.raw);
    return result;
}
