/* The disk's side of the writer: from one segment to the next.
 *
 * A segment is left in two ways. When the next block does not fit, everything sent is made durable
 * first. When a write or flush failed, what is durable stays; the rest of the queue is sent again to
 * the next segment, whose header says how many blocks of this one count.
 */
#include "storage/ledger_internal.h"

#include <string.h>

#include "runtime/base/assert.h"
#include "runtime/base/error.h"
#include "runtime/base/time.h"

/* A spare is begun when so much of the segment is used: a short run needs none. */
#define SPARE_FRACTION 4u

static void refuse(struct cairn_ledger *ledger)
{
    ledger->error = -EROFS;
}

static struct cairn_segment_header next_header(struct cairn_ledger *ledger)
{
    struct cairn_segment_header header = {
        .segment_id = cairn_io_random(ledger->io),
        .first_seq = ledger->durable_seq + 1,
        .created_ns = cairn_io_wall_ms(ledger->io) * (int64_t)CAIRN_NS_PER_MS,
        .prev_segment_id = ledger->segment.segment_id,
        .prev_blocks = ledger->durable_blocks,
        .blocks_in_flight = ledger->options.blocks_in_flight,
        .blocks_unflushed_max = ledger->pool.limit,
        .hw_flags = ledger->direct ? CAIRN_SEGMENT_DSYNC : 0,
    };
    memcpy(header.ledger_id, ledger->segment.ledger_id, sizeof(header.ledger_id));
    memcpy(header.prev_last_hash, ledger->durable_hash, sizeof(header.prev_last_hash));
    return header;
}

/* A segment left before anything in it was durable has the very name that its successor needs, and
 * nothing that counts: it goes out of the way, and its successor takes its place in the chain. */
static int put_aside(struct cairn_ledger *ledger, struct cairn_segment_header *header)
{
    char name[CAIRN_SEGMENT_NAME_BYTES];
    char from[CAIRN_SEGMENT_PATH_BYTES];
    char torn[CAIRN_SEGMENT_PATH_BYTES];
    char to[CAIRN_SEGMENT_PATH_BYTES];
    if (header->first_seq != ledger->segment.first_seq)
        return 0;

    header->prev_segment_id = ledger->segment.prev_segment_id;
    header->prev_blocks = ledger->segment.prev_blocks;
    memcpy(header->prev_last_hash, ledger->segment.prev_last_hash, sizeof(header->prev_last_hash));
    cairn_segment_name(name, header->first_seq);
    if (cairn_segment_path(from, ledger->directory, name) < 0)
        return -ENAMETOOLONG;
    if (ledger->failures == 0)
        return cairn_io_unlink(ledger->io, from); /* never used: its first block was too large */
    if (cairn_segment_path(torn, ledger->directory, "torn") < 0 ||
        cairn_segment_path(to, torn, name) < 0)
        return -ENAMETOOLONG;
    int result = cairn_io_make_directory(ledger->io, torn);
    if (result == 0)
        result = cairn_io_rename(ledger->io, from, to);
    /* Before another file takes the name: a late move must not carry that one away. */
    if (result == 0)
        result = cairn_io_sync_directory(ledger->io, torn);
    return result == 0 ? cairn_io_sync_directory(ledger->io, ledger->directory) : result;
}

static void enter_segment(struct cairn_ledger *ledger, int fd,
                          const struct cairn_segment_header *header,
                          const uint8_t hash[CAIRN_BLOCK_HASH_BYTES])
{
    ledger->fd = fd;
    ledger->segment = *header;
    ledger->tail = CAIRN_SEGMENT_HEADER_BYTES;
    ledger->number = 0;
    ledger->durable_blocks = 0;
    ledger->roll_bytes = 0;
    ledger->table = (struct cairn_pending_table){.epoch = ledger->table.epoch + 1};
    memcpy(ledger->last_hash, hash, sizeof(ledger->last_hash));
    memcpy(ledger->durable_hash, hash, sizeof(ledger->durable_hash));
    ledger->stats.segments++;
    ledger->stats.bytes_on_disk += CAIRN_SEGMENT_HEADER_BYTES;
}

/* Once is bad luck; twice in a row, and nothing more is promised. */
static void count_failure(struct cairn_ledger *ledger)
{
    if (++ledger->failures >= 2)
        refuse(ledger);
}

static void roll(struct cairn_ledger *ledger)
{
    cairn_assert(ledger->oldest == ledger->unsent);
    cairn_assert(ledger->flight_count == 0 && !ledger->syncing);

    uint8_t hash[CAIRN_BLOCK_HASH_BYTES];
    struct cairn_segment_header header = next_header(ledger);
    int result = put_aside(ledger, &header);
    if (result == 0)
        result = cairn_spare_take(&ledger->spare, &header, &ledger->segment_bytes, hash);
    if (result < 0) {
        count_failure(ledger);
        return;
    }
    cairn_io_close(ledger->io, ledger->fd);
    enter_segment(ledger, result, &header, hash);
}

/* Everything that is not durable waits again, in the same order. */
void cairn_ledger_leave_failed_segment(struct cairn_ledger *ledger)
{
    ledger->failed = false;
    count_failure(ledger);
    for (struct cairn_pending *p = ledger->oldest; p != ledger->unsent; p = p->next) {
        p->state = CAIRN_PENDING_WAITING;
        p->dsync = false;
    }
    ledger->unsent = ledger->oldest;
    ledger->unwritten = ledger->oldest;
    ledger->roll_bytes = ledger->options.segment_bytes;
}

/* Without room for another segment, appends are refused until a later try finds some. */
void cairn_ledger_change_segment(struct cairn_ledger *ledger)
{
    if (ledger->spare.state == CAIRN_SPARE_FAILED && ledger->spare.error == -ENOSPC)
        return;
    if (!cairn_spare_is_ready(&ledger->spare, ledger->roll_bytes)) {
        ledger->spare.urgent = true;
        cairn_spare_start(&ledger->spare, ledger->roll_bytes);
        cairn_spare_step(&ledger->spare);
    }
    if (ledger->oldest == ledger->unsent &&
        cairn_spare_is_ready(&ledger->spare, ledger->roll_bytes))
        roll(ledger);
}

bool cairn_ledger_has_no_room(const struct cairn_ledger *ledger)
{
    return ledger->roll_bytes > 0 && ledger->spare.state == CAIRN_SPARE_FAILED &&
           ledger->spare.error == -ENOSPC;
}

static void spare_changed(void *context)
{
    struct cairn_ledger *ledger = context;
    if (ledger->spare.state == CAIRN_SPARE_FAILED) {
        ledger->spare_failed_ns = cairn_io_monotonic_ns(ledger->io);
        if (ledger->roll_bytes > 0 && ledger->spare.error != -ENOSPC)
            count_failure(ledger);
    }
    cairn_ledger_pump(ledger);
    cairn_ledger_report(ledger);
}

int cairn_ledger_begin(struct cairn_ledger *ledger)
{
    uint8_t hash[CAIRN_BLOCK_HASH_BYTES];
    cairn_spare_start(&ledger->spare, ledger->options.segment_bytes);
    int result = cairn_spare_finish_now(&ledger->spare);
    if (result < 0)
        return result;

    struct cairn_segment_header header = next_header(ledger);
    cairn_store_u64(header.ledger_id, cairn_io_random(ledger->io));
    cairn_store_u64(header.ledger_id + 8, cairn_io_random(ledger->io));
    result = cairn_spare_take(&ledger->spare, &header, &ledger->segment_bytes, hash);
    if (result < 0)
        return result;
    enter_segment(ledger, result, &header, hash);
    return 0;
}

void cairn_ledger_prepare_spare(struct cairn_ledger *ledger)
{
    ledger->spare.changed = spare_changed;
    ledger->spare.context = ledger;
    if (ledger->spare.state == CAIRN_SPARE_IDLE &&
        ledger->tail > ledger->segment_bytes / SPARE_FRACTION)
        cairn_spare_start(&ledger->spare, ledger->options.segment_bytes);
}
