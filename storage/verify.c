/* Segments are checked in order, each against what the one before left: the next sequence, the id,
 * the hash of its last block. A fault does not end the work: it is told once, and the checks begin
 * anew at the next valid header.
 */
#include "storage/verify.h"

#include <stdlib.h>

#include "runtime/base/error.h"
#include "storage/strings.h"
#include "storage/unpack.h"
#include "storage/walker.h"

struct verify {
    struct cairn_io *io;
    const char *directory;
    const struct cairn_verify_options *options;
    struct cairn_verify_result *result;
    struct cairn_segment_list segments;
    struct cairn_buffer frame;
    struct cairn_buffer raw;
    struct cairn_strings strings; /* of the segment at hand, when deep */
    bool strings_broken;          /* a block that may define names was not readable */
    struct cairn_walker walker;
    char name[CAIRN_SEGMENT_NAME_BYTES];
    uint64_t bytes_done;
    uint64_t bytes_total;
};

/* What the segment after says about the end of this one. */
struct successor {
    struct cairn_segment_header header;
    bool exists; /* there is a next segment */
    bool valid;  /* and its header could be read */
};

static void tell(struct verify *verify, uint64_t offset, uint64_t seq, const char *what, bool torn)
{
    struct cairn_verify_fault fault = {
        .segment = verify->name, .offset = offset, .seq = seq, .what = what, .torn = torn};
    if (!torn)
        verify->result->faults++;
    if (verify->options->fault != NULL)
        verify->options->fault(verify->options->context, &fault);
}

static void tell_here(struct verify *verify, const char *what)
{
    tell(verify, verify->walker.offset, verify->walker.next_seq, what, false);
}

static void show_progress(struct verify *verify)
{
    if (verify->options->progress != NULL)
        verify->options->progress(verify->options->context,
                                  verify->bytes_done + verify->walker.offset, verify->bytes_total);
}

static int open_at(struct verify *verify, size_t index)
{
    char path[CAIRN_SEGMENT_PATH_BYTES];
    cairn_segment_name(verify->name, verify->segments.first_seqs[index]);
    int result = cairn_segment_path(path, verify->directory, verify->name);
    return result < 0 ? result : cairn_io_open(verify->io, path, CAIRN_IO_OPEN_READ);
}

static int find_successor(struct verify *verify, size_t index, struct successor *successor)
{
    struct cairn_walker walker = {0};
    *successor = (struct successor){.exists = index + 1 < verify->segments.count};
    if (!successor->exists)
        return 0;
    int fd = open_at(verify, index + 1);
    if (fd < 0)
        return fd;
    int result = cairn_walker_init(&walker, verify->io, fd);
    cairn_io_close(verify->io, fd);
    cairn_segment_name(verify->name, verify->segments.first_seqs[index]);
    if (result < 0)
        return result == -EBADMSG || result == -EPROTONOSUPPORT ? 0 : result;
    successor->valid = true;
    successor->header = walker.header;
    return 0;
}

static int check_records(struct verify *verify, const struct cairn_block_header *header)
{
    cairn_buffer_clear(&verify->raw);
    uint8_t *raw = (uint8_t *)cairn_buffer_reserve(&verify->raw, (size_t)header->raw_bytes + 1);
    struct cairn_event *events = malloc(((size_t)header->event_count + 1) * sizeof(*events));
    int result = raw == NULL || events == NULL ? -ENOMEM : 0;
    if (result == 0)
        result = cairn_block_decode_body((const uint8_t *)verify->frame.data, header, raw);
    if (result == 0)
        result = cairn_unpack(header, raw, &verify->strings, true, events);
    free(events);
    return result;
}

/* A block whose header is in place. Returns 0 also when a fault was told. */
static int check_block(struct verify *verify, const struct cairn_block_header *header)
{
    struct cairn_walker *walker = &verify->walker;
    int result = cairn_walker_load(walker, header, &verify->frame);
    if (result == -EBADMSG) {
        verify->strings_broken = true;
        tell_here(verify, walker->what);
        return 0;
    }
    if (result < 0 || !verify->options->deep || verify->strings_broken)
        return result;
    result = check_records(verify, header);
    if (result == -EBADMSG || result == -EPROTONOSUPPORT) {
        tell_here(verify, result == -EBADMSG ? "records" : "a later version's record");
        verify->strings_broken = true;
        return 0;
    }
    return result;
}

static void count_block(struct verify *verify, const struct cairn_block_header *header)
{
    struct cairn_verify_result *result = verify->result;
    result->blocks++;
    result->events += header->event_count;
    result->raw_bytes += header->raw_bytes;
    result->stored_bytes += cairn_block_frame_bytes(header->stored_bytes);
    if (header->durable_seq > result->durable_seq)
        result->durable_seq = header->durable_seq;
    if (header->event_count > 0)
        result->last_seq = header->first_seq + header->event_count - 1;
}

/* The newest segment may end in a torn tail; -EAGAIN when the break was none on a second look: a
 * writer finished the block meanwhile. */
static int judge_end(struct verify *verify, const char *what)
{
    struct cairn_walker *walker = &verify->walker;
    struct cairn_walker_rest rest;
    struct cairn_block_header header;
    int result = cairn_walker_scan(walker, &rest);
    if (result < 0)
        return result;
    if (cairn_walker_is_torn(walker, &rest)) {
        verify->result->torn_bytes = rest.end_offset - walker->offset;
        if (verify->result->torn_bytes > 0)
            tell(verify, walker->offset, walker->next_seq, "torn tail", true);
        return -ENODATA;
    }
    if (cairn_walker_look(walker, &header) == 0 &&
        cairn_walker_load(walker, &header, &verify->frame) == 0)
        return -EAGAIN;
    tell_here(verify, what);
    return 0;
}

/* After a fault was told at a place with no valid header: the next one, if there is any. */
static int go_on_behind(struct verify *verify)
{
    verify->strings_broken = true;
    return cairn_walker_resync(&verify->walker);
}

/* At a place where look failed. 0 or -EAGAIN: go on from where the walker stands. -ENODATA: end. */
static int handle_break(struct verify *verify, const struct successor *successor, int found)
{
    const char *what = found == -ENODATA ? "blocks are missing" : verify->walker.what;
    if (successor->exists) {
        tell_here(verify, what);
        return go_on_behind(verify);
    }
    int result = judge_end(verify, what);
    return result == 0 ? go_on_behind(verify) : result;
}

/* A valid header with a bad body, at the end of the newest segment, may be torn as well. */
static int handle_tail_block(struct verify *verify, const struct cairn_block_header *header)
{
    int result = cairn_walker_load(&verify->walker, header, &verify->frame);
    if (result != -EBADMSG)
        return result;
    struct cairn_walker_rest rest;
    result = cairn_walker_scan(&verify->walker, &rest);
    if (result < 0 || !cairn_walker_is_torn(&verify->walker, &rest))
        return result;
    return judge_end(verify, "body checksum");
}

static bool is_past_end(const struct verify *verify, const struct successor *successor)
{
    return successor->valid && verify->walker.number >= successor->header.prev_blocks;
}

static int check_blocks(struct verify *verify, const struct successor *successor)
{
    int result = 0;
    while (result == 0 && !is_past_end(verify, successor)) {
        struct cairn_block_header header;
        int found = cairn_walker_look(&verify->walker, &header);
        if (found == -ENODATA || found == -EBADMSG || found == -EPROTONOSUPPORT) {
            result = handle_break(verify, successor, found);
            result = result == -EAGAIN ? 0 : result;
            continue;
        }
        result = found;
        if (result == 0 && !successor->exists)
            result = handle_tail_block(verify, &header);
        if (result == 0)
            result = check_block(verify, &header);
        if (result < 0)
            break;
        count_block(verify, &header);
        cairn_walker_step(&verify->walker, &header);
        show_progress(verify);
    }
    return result == -ENODATA ? 0 : result;
}

/* The next segment says how this one ended: with which sequence, and which block's hash. */
static void check_link(struct verify *verify, const struct successor *successor)
{
    const struct cairn_walker *walker = &verify->walker;
    if (!successor->valid || walker->number != successor->header.prev_blocks)
        return; /* told already, as a break here or a bad header there */
    if (successor->header.prev_segment_id != walker->header.segment_id)
        tell_here(verify, "segment link: one is missing behind it");
    else if (successor->header.first_seq != walker->next_seq)
        tell_here(verify, "sequence at the end of the segment");
    else if (memcmp(successor->header.prev_last_hash, walker->last_hash,
                    sizeof(walker->last_hash)) != 0)
        tell_here(verify, "hash link to the next segment");
}

static int check_opened(struct verify *verify, size_t index, int fd)
{
    struct successor successor;
    uint64_t named = verify->segments.first_seqs[index];
    int result = cairn_walker_init(&verify->walker, verify->io, fd);
    if (result == -EBADMSG || result == -EPROTONOSUPPORT) {
        tell(verify, 0, named, "segment header", false);
        return 0;
    }
    if (result == 0 && verify->walker.header.first_seq != named)
        tell(verify, 0, named, "segment has another's name", false);
    if (result == 0)
        result = find_successor(verify, index, &successor);
    if (result == 0)
        result = check_blocks(verify, &successor);
    if (result == 0)
        check_link(verify, &successor);
    verify->bytes_done += verify->walker.file_bytes;
    return result;
}

static int check_segment(struct verify *verify, size_t index)
{
    int fd = open_at(verify, index);
    if (fd < 0)
        return fd;
    verify->walker = (struct cairn_walker){0};
    verify->strings_broken = false;
    cairn_strings_deinit(&verify->strings);
    int result = check_opened(verify, index, fd);
    cairn_io_close(verify->io, fd);
    verify->result->segments++;
    return result;
}

static int sum_sizes(struct verify *verify)
{
    for (size_t i = 0; i < verify->segments.count; i++) {
        int fd = open_at(verify, i);
        if (fd < 0)
            return fd;
        int64_t bytes = cairn_io_size(verify->io, fd);
        cairn_io_close(verify->io, fd);
        if (bytes < 0)
            return (int)bytes;
        verify->bytes_total += (uint64_t)bytes;
    }
    return 0;
}

int cairn_verify(struct cairn_io *io, const char *directory,
                 const struct cairn_verify_options *options, struct cairn_verify_result *result)
{
    struct verify verify = {.io = io, .directory = directory, .options = options, .result = result};
    *result = (struct cairn_verify_result){0};
    int status = cairn_segment_list(io, directory, &verify.segments);
    if (status == 0)
        status = sum_sizes(&verify);
    if (status == 0 && verify.segments.count > 0)
        result->first_seq = verify.segments.first_seqs[0];
    for (size_t i = 0; status == 0 && i < verify.segments.count; i++)
        status = check_segment(&verify, i);

    cairn_segment_list_deinit(&verify.segments);
    cairn_strings_deinit(&verify.strings);
    cairn_buffer_deinit(&verify.frame);
    cairn_buffer_deinit(&verify.raw);
    return status;
}
