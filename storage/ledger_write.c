/* The disk's side of the writer: blocks and flushes.
 *
 * A block is encoded when a write slot is free, so that as many events as wait share it. It is
 * written with RWF_DSYNC if it must be durable and everything before it is durable or on its way to
 * be by itself; RWF_DSYNC may vouch for its own bytes alone. Otherwise it is written plainly, and a
 * flush (fdatasync) follows when somebody wants it durable.
 */
#include "storage/ledger_internal.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/assert.h"
#include "runtime/base/error.h"
#include "runtime/base/time.h"
#include "storage/codec.h"
#include "storage/strings.h"

#define ATTEMPTS_MAX 16u

uint64_t cairn_ledger_align(uint64_t bytes)
{
    return (bytes + CAIRN_BLOCK_ALIGN_BYTES - 1) / CAIRN_BLOCK_ALIGN_BYTES *
           CAIRN_BLOCK_ALIGN_BYTES;
}

bool cairn_ledger_is_busy(const struct cairn_ledger *ledger)
{
    return ledger->flight_count > 0 || ledger->syncing || ledger->spare.busy;
}

/* ---- the queue ---- */

static void advance_written(struct cairn_ledger *ledger)
{
    struct cairn_pending *pending = ledger->unwritten;
    while (pending != NULL && pending->state >= CAIRN_PENDING_WRITTEN) {
        uint64_t last_seq = cairn_pending_last_seq(pending);
        if (last_seq > ledger->written_seq) /* not when it is written again elsewhere */
            ledger->written_seq = last_seq;
        pending = pending->next;
    }
    ledger->unwritten = pending;
}

static void pop_oldest(struct cairn_ledger *ledger)
{
    struct cairn_pending *pending = ledger->oldest;
    ledger->durable_seq = cairn_pending_last_seq(pending);
    ledger->durable_blocks = pending->header.number + 1;
    memcpy(ledger->durable_hash, pending->header.hash, sizeof(ledger->durable_hash));
    ledger->failures = 0;

    ledger->oldest = pending->next;
    if (ledger->last == pending)
        ledger->last = NULL;
    cairn_pending_release(&ledger->pool, pending);
}

static void advance(struct cairn_ledger *ledger)
{
    advance_written(ledger);
    while (ledger->oldest != NULL && ledger->oldest != ledger->unwritten &&
           ledger->oldest->state == CAIRN_PENDING_DURABLE)
        pop_oldest(ledger);
    cairn_assert(ledger->durable_seq <= ledger->written_seq);
    cairn_assert(ledger->written_seq < ledger->next_seq);
}

static bool wants_durable(const struct cairn_ledger *ledger, const struct cairn_pending *pending)
{
    return pending->seal || pending->first_seq <= ledger->durable_want_seq;
}

/* A block leaves when it takes no more events, or when somebody waits for one of its events. */
static bool may_be_sent(const struct cairn_ledger *ledger, const struct cairn_pending *pending)
{
    return pending != ledger->open || pending->first_seq <= ledger->written_want_seq ||
           wants_durable(ledger, pending);
}

void cairn_ledger_report(struct cairn_ledger *ledger)
{
    struct cairn_ledger_progress now = {.written_seq = ledger->written_seq,
                                        .durable_seq = ledger->durable_seq,
                                        .error = ledger->error};
    if (now.written_seq == ledger->reported.written_seq &&
        now.durable_seq == ledger->reported.durable_seq && now.error == ledger->reported.error)
        return;
    ledger->reported = now;
    if (ledger->options.progress != NULL)
        ledger->options.progress(ledger->options.context, &now);
}

/* ---- writes ---- */

static void settle(struct cairn_ledger *ledger)
{
    ledger->active_ns = cairn_io_monotonic_ns(ledger->io);
    advance(ledger);
    cairn_spare_step(&ledger->spare);
    cairn_ledger_pump(ledger);
    cairn_ledger_report(ledger);
}

static void submit(struct cairn_flight *flight);

/* What a frame has room for unless a block is larger: names may come on top of block_bytes. */
static uint64_t usual_frame_bytes(const struct cairn_flight *flight)
{
    return 2 * cairn_ledger_align(flight->ledger->options.block_bytes);
}

static void shrink_frame(struct cairn_flight *flight)
{
    if (flight->frame_capacity <= usual_frame_bytes(flight))
        return;
    free(flight->frame);
    flight->frame = NULL;
    flight->frame_capacity = 0;
}

/* True when there is more to write of this block: the disk was interrupted, or wrote a part. */
static bool goes_on(struct cairn_flight *flight, int result)
{
    if (result == -EINTR || result == -EAGAIN)
        return ++flight->attempts < ATTEMPTS_MAX;
    if (result <= 0)
        return false;
    flight->frame_done += (uint64_t)result / CAIRN_BLOCK_ALIGN_BYTES * CAIRN_BLOCK_ALIGN_BYTES;
    return flight->frame_done < flight->frame_bytes && ++flight->attempts < ATTEMPTS_MAX;
}

static void complete_write(struct cairn_io_op *op, const struct cairn_io_completion *completion)
{
    struct cairn_flight *flight = op->context;
    struct cairn_ledger *ledger = flight->ledger;
    struct cairn_pending *pending = flight->pending;
    if (goes_on(flight, completion->result)) {
        submit(flight);
        return;
    }

    if (flight->frame_done == flight->frame_bytes)
        pending->state = pending->dsync ? CAIRN_PENDING_DURABLE : CAIRN_PENDING_WRITTEN;
    else
        ledger->failed = true;
    flight->pending = NULL;
    ledger->flight_count--;
    shrink_frame(flight);
    settle(ledger);
}

static void submit(struct cairn_flight *flight)
{
    struct cairn_ledger *ledger = flight->ledger;
    flight->op = (struct cairn_io_op){.complete = complete_write, .context = flight};
    cairn_io_write(ledger->io, &flight->op, ledger->fd, flight->frame + flight->frame_done,
                   (uint32_t)(flight->frame_bytes - flight->frame_done),
                   flight->offset + flight->frame_done, flight->pending->dsync);
}

static int ensure_frame(struct cairn_flight *flight, uint64_t bytes)
{
    if (flight->frame_capacity >= bytes)
        return 0;
    if (bytes < usual_frame_bytes(flight))
        bytes = usual_frame_bytes(flight);
    uint8_t *frame = aligned_alloc(CAIRN_BLOCK_ALIGN_BYTES, (size_t)bytes);
    if (frame == NULL)
        return -ENOMEM;
    free(flight->frame);
    flight->frame = frame;
    flight->frame_capacity = bytes;
    return 0;
}

/* Compress if that saves at least one unit of 4096; store otherwise. */
static void fill_body(struct cairn_ledger *ledger, uint8_t *frame,
                      struct cairn_block_header *header)
{
    const uint8_t *raw = (const uint8_t *)ledger->raw.data;
    uint8_t *body = frame + CAIRN_BLOCK_HEADER_BYTES;
    size_t encoded = 0;
    if (header->raw_bytes >= ledger->options.compress_threshold && header->raw_bytes > 0)
        encoded =
            cairn_codec_encode(CAIRN_CODEC_LZ4, raw, header->raw_bytes, body, header->raw_bytes);
    if (encoded > 0 &&
        cairn_block_frame_bytes((uint32_t)encoded) < cairn_block_frame_bytes(header->raw_bytes)) {
        header->codec = CAIRN_CODEC_LZ4;
        header->stored_bytes = (uint32_t)encoded;
        return;
    }
    header->codec = CAIRN_CODEC_STORED;
    header->stored_bytes = header->raw_bytes;
    if (header->raw_bytes > 0)
        memcpy(body, raw, header->raw_bytes);
}

static int encode(struct cairn_flight *flight, struct cairn_pending *pending)
{
    struct cairn_ledger *ledger = flight->ledger;
    struct cairn_block_header *header = &pending->header;
    *header = (struct cairn_block_header){
        .segment_id = ledger->segment.segment_id,
        .first_seq = pending->first_seq,
        .durable_seq = ledger->durable_seq,
        .prev_hash = cairn_block_hash_short(ledger->last_hash),
        .number = ledger->number,
        .flags = pending->seal ? CAIRN_BLOCK_IDLE_SEAL : 0,
    };
    int result = cairn_pending_encode(pending, &ledger->table, &ledger->raw, header);
    if (result == 0 && ensure_frame(flight, cairn_block_frame_bytes(header->raw_bytes)) < 0) {
        ledger->table.epoch++; /* its names go into the table again, under new ids */
        result = -ENOMEM;
    }
    if (result < 0)
        return result;
    fill_body(ledger, flight->frame, header);
    flight->frame_bytes = cairn_block_frame_bytes(header->stored_bytes);
    return 0;
}

static void count_block(struct cairn_ledger *ledger, const struct cairn_flight *flight)
{
    const struct cairn_block_header *header = &flight->pending->header;
    ledger->stats.raw_bytes += header->raw_bytes;
    ledger->stats.stored_bytes += header->stored_bytes;
    ledger->stats.bytes_on_disk += flight->frame_bytes;
    ledger->stats.blocks++;
    ledger->stats.seals += flight->pending->seal;
    ledger->blocks_since_seal = flight->pending->seal ? 0 : ledger->blocks_since_seal + 1;
}

/* Whether all that was sent before is durable, or will be by its own RWF_DSYNC. */
static bool all_before_are_dsync(const struct cairn_ledger *ledger)
{
    for (const struct cairn_pending *p = ledger->oldest; p != ledger->unsent; p = p->next)
        if (!p->dsync && p->state != CAIRN_PENDING_DURABLE)
            return false;
    return true;
}

static struct cairn_flight *free_flight(struct cairn_ledger *ledger)
{
    for (uint32_t i = 0; i < ledger->options.blocks_in_flight; i++)
        if (ledger->flights[i].pending == NULL)
            return &ledger->flights[i];
    return NULL;
}

static void launch(struct cairn_flight *flight, struct cairn_pending *pending)
{
    struct cairn_ledger *ledger = flight->ledger;
    cairn_block_seal(flight->frame, &pending->header);
    pending->dsync =
        ledger->direct && wants_durable(ledger, pending) && all_before_are_dsync(ledger);
    pending->state = CAIRN_PENDING_SENT;
    pending->synced = false;

    flight->pending = pending;
    flight->frame_done = 0;
    flight->attempts = 0;
    flight->offset = ledger->tail;
    ledger->tail += flight->frame_bytes;
    ledger->number++;
    memcpy(ledger->last_hash, pending->header.hash, sizeof(ledger->last_hash));
    ledger->vouched_seq = pending->header.durable_seq;
    ledger->unsent = pending->next;
    if (ledger->open == pending)
        ledger->open = NULL;
    ledger->flight_count++;
    count_block(ledger, flight);
    submit(flight);
}

/* False when nothing more can be sent now. */
static bool send_next(struct cairn_ledger *ledger)
{
    struct cairn_pending *pending = ledger->unsent;
    struct cairn_flight *flight = free_flight(ledger);
    if (pending == NULL || flight == NULL || !may_be_sent(ledger, pending))
        return false;
    if (encode(flight, pending) < 0)
        return false; /* no memory: again after the next completion or tick */
    if (ledger->tail + flight->frame_bytes > ledger->segment_bytes ||
        ledger->table.string_bytes > CAIRN_STRINGS_BYTES_MAX / 2) {
        ledger->roll_bytes = CAIRN_SEGMENT_HEADER_BYTES + flight->frame_bytes;
        if (ledger->roll_bytes < ledger->options.segment_bytes)
            ledger->roll_bytes = ledger->options.segment_bytes;
        return false;
    }
    launch(flight, pending);
    return true;
}

/* ---- flushes ---- */

static void complete_sync(struct cairn_io_op *op, const struct cairn_io_completion *completion)
{
    struct cairn_ledger *ledger = op->context;
    ledger->syncing = false;
    ledger->stats.flushes++;
    if (completion->result < 0)
        ledger->failed = true; /* never again on this descriptor: the kernel may have let go */
    for (struct cairn_pending *p = ledger->oldest; p != ledger->unsent; p = p->next) {
        if (p->synced && !ledger->failed)
            p->state = CAIRN_PENDING_DURABLE;
        p->synced = false;
    }
    settle(ledger);
}

static bool flush_is_due(const struct cairn_ledger *ledger)
{
    for (const struct cairn_pending *p = ledger->oldest; p != ledger->unsent; p = p->next)
        if (p->state == CAIRN_PENDING_WRITTEN)
            return wants_durable(ledger, p) || ledger->roll_bytes > 0;
    return false;
}

/* A flush covers the writes that completed before it began, and no others. */
static void start_sync(struct cairn_ledger *ledger)
{
    if (ledger->syncing || !flush_is_due(ledger))
        return;
    for (struct cairn_pending *p = ledger->oldest; p != ledger->unsent; p = p->next)
        p->synced = p->state == CAIRN_PENDING_WRITTEN;
    ledger->syncing = true;
    ledger->sync_op = (struct cairn_io_op){.complete = complete_sync, .context = ledger};
    cairn_io_sync(ledger->io, &ledger->sync_op, ledger->fd);
}

/* ---- all together ---- */

/* Half of what may wait is written and not durable: from here on, room is worth a flush. */
static void make_room(struct cairn_ledger *ledger)
{
    if (ledger->pool.used > ledger->pool.limit / 2 &&
        ledger->durable_want_seq < ledger->written_seq)
        ledger->durable_want_seq = ledger->written_seq;
}

void cairn_ledger_pump(struct cairn_ledger *ledger)
{
    bool again = true;
    cairn_ledger_prepare_spare(ledger);
    while (again && ledger->error == 0) {
        if (ledger->failed) {
            if (ledger->flight_count > 0 || ledger->syncing)
                return;
            cairn_ledger_leave_failed_segment(ledger);
            again = true;
        } else if (ledger->roll_bytes > 0) {
            cairn_ledger_change_segment(ledger);
            again = ledger->roll_bytes == 0;
        } else {
            again = send_next(ledger) || ledger->roll_bytes > 0;
        }
    }
    make_room(ledger);
    if (ledger->error == 0 && !ledger->failed)
        start_sync(ledger);
}

int cairn_ledger_push_seal(struct cairn_ledger *ledger)
{
    struct cairn_pending *pending = cairn_pending_acquire(&ledger->pool, 0);
    if (pending == NULL)
        return -ENOBUFS;
    pending->seal = true;
    pending->first_seq = ledger->next_seq;
    pending->appended_ns = cairn_io_monotonic_ns(ledger->io);
    if (ledger->last != NULL)
        ledger->last->next = pending;
    else
        ledger->oldest = pending;
    ledger->last = pending;
    ledger->open = NULL;
    if (ledger->unsent == NULL)
        ledger->unsent = pending;
    if (ledger->unwritten == NULL)
        ledger->unwritten = pending;
    return 0;
}
