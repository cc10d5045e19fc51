/* The caller's side of the writer: opening, appending, asking for durability, passing time. */
#include "storage/ledger_internal.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/assert.h"
#include "runtime/base/error.h"
#include "runtime/base/time.h"
#include "storage/record.h"
#include "storage/recovery.h"

#define SEGMENT_BYTES_MIN 65536u
#define BLOCK_BYTES_MIN   4096u
#define BLOCK_BYTES_MAX   (256u << 10)

#define WAITING_BYTES_MAX  (32u << 20) /* of blocks not yet durable */
#define WAITING_BLOCKS_MIN 32u
#define NAMES_BYTES_MAX    (16u << 20)

#define SEAL_DELAY_MAX_MS 1000u
#define SPARSE_BLOCKS     2u /* fewer between two seals: the next one waits longer */
#define SPARE_STEP_MS     2u
#define SPARE_RETRY_MS    1000u
#define BUSY_TICK_MS      10u

/* ---- opening and closing ---- */

static bool options_are_possible(const struct cairn_ledger_options *options)
{
    return options->segment_bytes >= SEGMENT_BYTES_MIN &&
           options->segment_bytes % CAIRN_BLOCK_ALIGN_BYTES == 0 &&
           options->blocks_in_flight >= 1 &&
           options->blocks_in_flight <= CAIRN_BLOCKS_IN_FLIGHT_MAX &&
           options->block_bytes >= BLOCK_BYTES_MIN && options->block_bytes <= BLOCK_BYTES_MAX;
}

/* Each level of "a/b/c" is made, as far as it is missing; its name is durable once its parent is
 * flushed. A parent that we may pass but not read was there before us. */
static int make_directories(struct cairn_io *io, const char *path)
{
    char partial[CAIRN_SEGMENT_PATH_BYTES];
    char parent[CAIRN_SEGMENT_PATH_BYTES] = ".";
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof(partial))
        return -ENAMETOOLONG;
    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(partial, path, i);
        partial[i] = '\0';
        int result = cairn_io_make_directory(io, partial);
        if (result == 0)
            result = cairn_io_sync_directory(io, parent);
        if (result < 0 && result != -EACCES)
            return result;
        memcpy(parent, partial, i + 1);
    }
    return 0;
}

static int lock_directory(struct cairn_ledger *ledger)
{
    char path[CAIRN_SEGMENT_PATH_BYTES];
    int result = cairn_segment_path(path, ledger->directory, "LOCK");
    if (result < 0)
        return result;
    int fd = cairn_io_open(ledger->io, path, CAIRN_IO_OPEN_WRITE | CAIRN_IO_OPEN_CREATE);
    if (fd < 0)
        return fd;
    result = cairn_io_lock(ledger->io, fd);
    if (result < 0) {
        cairn_io_close(ledger->io, fd);
        return result;
    }
    ledger->lock_fd = fd;
    return 0;
}

/* Whether the file system takes O_DIRECT, asked of the lock file: it is always there. */
static bool takes_direct(struct cairn_ledger *ledger)
{
    char path[CAIRN_SEGMENT_PATH_BYTES];
    if (!ledger->options.direct || cairn_segment_path(path, ledger->directory, "LOCK") < 0)
        return false;
    int fd = cairn_io_open(ledger->io, path, CAIRN_IO_OPEN_WRITE | CAIRN_IO_OPEN_DIRECT);
    if (fd < 0)
        return false;
    cairn_io_close(ledger->io, fd);
    return true;
}

static int continue_segment(struct cairn_ledger *ledger, const struct cairn_recovery_tail *tail)
{
    char name[CAIRN_SEGMENT_NAME_BYTES];
    char path[CAIRN_SEGMENT_PATH_BYTES];
    cairn_segment_name(name, tail->header.first_seq);
    int result = cairn_segment_path(path, ledger->directory, name);
    if (result < 0)
        return result;
    int fd = cairn_io_open(ledger->io, path,
                           CAIRN_IO_OPEN_WRITE | (ledger->direct ? CAIRN_IO_OPEN_DIRECT : 0));
    if (fd < 0)
        return fd;

    ledger->fd = fd;
    ledger->segment = tail->header;
    ledger->segment_bytes = tail->file_bytes;
    ledger->tail = tail->offset;
    ledger->number = tail->blocks;
    ledger->durable_blocks = tail->blocks;
    ledger->table = tail->table;
    ledger->vouched_seq = tail->durable_seq;
    memcpy(ledger->last_hash, tail->last_hash, sizeof(ledger->last_hash));
    memcpy(ledger->durable_hash, tail->last_hash, sizeof(ledger->durable_hash));
    return 0;
}

/* The bound that recovery relies on is in the segment's header: keep to it. */
static void set_limits(struct cairn_ledger *ledger, const struct cairn_recovery_tail *tail)
{
    uint32_t limit = WAITING_BYTES_MAX / ledger->options.block_bytes;
    limit = limit > WAITING_BLOCKS_MIN ? limit : WAITING_BLOCKS_MIN;
    if (!tail->empty && tail->header.blocks_unflushed_max < limit)
        limit = tail->header.blocks_unflushed_max;
    ledger->pool.limit = limit;
    ledger->pool.block_bytes = ledger->options.block_bytes;
}

static void set_sequences(struct cairn_ledger *ledger, const struct cairn_recovery_tail *tail)
{
    ledger->next_seq = tail->next_seq;
    ledger->written_seq = ledger->durable_seq = tail->next_seq - 1;
    ledger->reported.written_seq = ledger->reported.durable_seq = tail->next_seq - 1;
    ledger->seal_delay_ms = ledger->options.seal_idle_ms;
    ledger->active_ns = cairn_io_monotonic_ns(ledger->io);
    for (uint32_t i = 0; i < CAIRN_BLOCKS_IN_FLIGHT_MAX; i++)
        ledger->flights[i].ledger = ledger;
}

static int open_locked(struct cairn_ledger *ledger, struct cairn_ledger_recovery *report)
{
    struct cairn_recovery_tail tail;
    int result = cairn_recover(ledger->io, ledger->directory, &tail, report);
    if (result < 0)
        return result;

    ledger->direct = takes_direct(ledger);
    report->buffered_io = !ledger->direct;
    set_limits(ledger, &tail);
    set_sequences(ledger, &tail);
    ledger->stats.segments = report->segments;
    ledger->names = cairn_names_create(NAMES_BYTES_MAX);
    if (ledger->names == NULL)
        return -ENOMEM;

    result = cairn_spare_init(&ledger->spare, ledger->io, ledger->directory,
                              ledger->options.segment_bytes, ledger->direct);
    if (result < 0)
        goto release_names;
    result = tail.empty ? cairn_ledger_begin(ledger) : continue_segment(ledger, &tail);
    if (result < 0)
        goto deinit_spare;
    return 0;

deinit_spare:
    cairn_spare_deinit(&ledger->spare);
release_names:
    cairn_names_release(ledger->names);
    return result;
}

int cairn_ledger_open(struct cairn_io *io, const struct cairn_ledger_options *options,
                      struct cairn_ledger_recovery *recovery, struct cairn_ledger **ledger)
{
    if (!options_are_possible(options))
        return -EINVAL;

    *recovery = (struct cairn_ledger_recovery){0};
    struct cairn_ledger *opened = calloc(1, sizeof(*opened));
    if (opened == NULL)
        return -ENOMEM;
    *opened = (struct cairn_ledger){.io = io, .options = *options, .fd = -1, .lock_fd = -1};

    int result = -ENOMEM;
    opened->directory = strdup(options->directory);
    if (opened->directory == NULL)
        goto free_ledger;
    opened->options.directory = opened->directory;
    result = make_directories(io, opened->directory);
    if (result == 0)
        result = lock_directory(opened);
    if (result < 0)
        goto free_directory;
    result = open_locked(opened, recovery);
    if (result < 0)
        goto unlock;
    *ledger = opened;
    return 0;

unlock:
    cairn_io_close(io, opened->lock_fd);
free_directory:
    free(opened->directory);
free_ledger:
    free(opened);
    return result;
}

static bool has_no_room(const struct cairn_ledger *ledger)
{
    return ledger->roll_bytes > 0 && ledger->spare.state == CAIRN_SPARE_FAILED &&
           ledger->spare.error == -ENOSPC;
}

/* Wait until nothing waits any more, or nothing more can be done about it. */
static void settle(struct cairn_ledger *ledger)
{
    cairn_ledger_pump(ledger);
    while (ledger->error == 0 && ledger->oldest != NULL && !has_no_room(ledger)) {
        if (!cairn_ledger_is_busy(ledger))
            ledger->error = -ENOMEM; /* the only reason not to send what waits */
        else
            cairn_io_poll(ledger->io, UINT64_MAX);
    }
}

/* Everything durable, and vouched for: a ledger closed properly has no doubtful last block. */
static void drain(struct cairn_ledger *ledger)
{
    cairn_ledger_flush(ledger, true);
    settle(ledger);
    if (ledger->error == 0 && ledger->oldest == NULL && ledger->vouched_seq < ledger->durable_seq &&
        cairn_ledger_push_seal(ledger) == 0)
        settle(ledger);
    ledger->spare.urgent = false;
    while (cairn_ledger_is_busy(ledger))
        cairn_io_poll(ledger->io, UINT64_MAX);
}

static void release_all(struct cairn_ledger *ledger)
{
    while (ledger->oldest != NULL) {
        struct cairn_pending *next = ledger->oldest->next;
        cairn_pending_release(&ledger->pool, ledger->oldest);
        ledger->oldest = next;
    }
    cairn_pending_pool_deinit(&ledger->pool);
    cairn_names_release(ledger->names);
    for (uint32_t i = 0; i < CAIRN_BLOCKS_IN_FLIGHT_MAX; i++)
        free(ledger->flights[i].frame);
    cairn_buffer_deinit(&ledger->raw);
}

int cairn_ledger_close(struct cairn_ledger *ledger)
{
    drain(ledger);
    int result = ledger->error;
    if (result == 0 && has_no_room(ledger))
        result = ledger->spare.error;

    release_all(ledger);
    cairn_spare_deinit(&ledger->spare);
    cairn_io_close(ledger->io, ledger->fd);
    cairn_io_close(ledger->io, ledger->lock_fd);
    free(ledger->directory);
    free(ledger);
    return result;
}

/* ---- appending ---- */

uint64_t cairn_ledger_next_seq(const struct cairn_ledger *ledger)
{
    return ledger->next_seq;
}

static int check_event(const struct cairn_event *event)
{
    if (event->kind < CAIRN_RECORD_EVENT_FIRST ||
        event->space.bytes > CAIRN_RECORD_NAME_BYTES_MAX ||
        event->channel.bytes > CAIRN_RECORD_NAME_BYTES_MAX ||
        event->author.bytes > CAIRN_RECORD_NAME_BYTES_MAX)
        return -EINVAL;
    if (event->payload.bytes > CAIRN_PENDING_EVENT_BYTES_MAX)
        return -EFBIG;
    return cairn_event_payload_is_valid(event->payload) ? 0 : -EINVAL;
}

static int check_append(const struct cairn_ledger *ledger, const struct cairn_event *events,
                        uint32_t count)
{
    if (ledger->error != 0)
        return ledger->error;
    if (has_no_room(ledger))
        return ledger->spare.error;
    for (uint32_t i = 0; i < count; i++) {
        cairn_assert(events[i].seq == ledger->next_seq + i);
        int result = check_event(&events[i]);
        if (result < 0)
            return result;
    }
    return 0;
}

static struct cairn_pending *push_open(struct cairn_ledger *ledger, size_t payload_bytes)
{
    struct cairn_pending *pending = cairn_pending_acquire(&ledger->pool, payload_bytes);
    if (pending == NULL)
        return NULL;
    pending->first_seq = ledger->next_seq;
    pending->appended_ns = cairn_io_monotonic_ns(ledger->io);
    if (ledger->last != NULL)
        ledger->last->next = pending;
    else
        ledger->oldest = pending;
    ledger->last = ledger->open = pending;
    return pending;
}

/* Names that are full are replaced; blocks that wait keep the old ones as long as they need them.
 */
static bool renew_names(struct cairn_ledger *ledger)
{
    struct cairn_names *fresh = cairn_names_create(NAMES_BYTES_MAX);
    if (fresh == NULL)
        return false;
    cairn_names_release(ledger->names);
    ledger->names = fresh;
    return true;
}

static int append_one(struct cairn_ledger *ledger, const struct cairn_event *event)
{
    int result = -ENOBUFS;
    if (ledger->open != NULL &&
        (ledger->open->names == NULL || ledger->open->names == ledger->names))
        result = cairn_pending_add(ledger->open, ledger->names, event);
    if (result == -ENOBUFS && push_open(ledger, event->payload.bytes) != NULL)
        result = cairn_pending_add(ledger->open, ledger->names, event);
    /* An empty block had no room: it is the names that are full. */
    if (result == -ENOBUFS && ledger->open != NULL && ledger->open->event_count == 0 &&
        renew_names(ledger))
        result = cairn_pending_add(ledger->open, ledger->names, event);
    if (result == 0)
        ledger->next_seq++;
    return result;
}

/* What an append may change and a failed one puts back. */
struct savepoint {
    struct cairn_pending *last;
    struct cairn_pending *open;
    struct cairn_pending content;
    uint64_t next_seq;
};

static struct savepoint save(const struct cairn_ledger *ledger)
{
    struct savepoint savepoint = {
        .last = ledger->last, .open = ledger->open, .next_seq = ledger->next_seq};
    if (ledger->open != NULL)
        savepoint.content = *ledger->open;
    return savepoint;
}

static void roll_back(struct cairn_ledger *ledger, const struct savepoint *savepoint)
{
    struct cairn_pending *added = savepoint->last != NULL ? savepoint->last->next : ledger->oldest;
    while (added != NULL) {
        struct cairn_pending *next = added->next;
        cairn_pending_release(&ledger->pool, added);
        added = next;
    }
    ledger->last = savepoint->last;
    ledger->open = savepoint->open;
    ledger->next_seq = savepoint->next_seq;
    if (savepoint->last == NULL)
        ledger->oldest = NULL;
    else
        savepoint->last->next = NULL;
    if (savepoint->open != NULL) {
        if (savepoint->content.names == NULL)
            cairn_names_release(savepoint->open->names);
        *savepoint->open = savepoint->content;
    }
}

/* Blocks that append added behind what was sent. */
static void note_added(struct cairn_ledger *ledger, const struct savepoint *before)
{
    struct cairn_pending *added = before->last != NULL ? before->last->next : ledger->oldest;
    if (ledger->unsent == NULL)
        ledger->unsent = added;
    if (ledger->unwritten == NULL)
        ledger->unwritten = added;
}

int cairn_ledger_append(struct cairn_ledger *ledger, const struct cairn_event *events,
                        uint32_t count)
{
    int result = check_append(ledger, events, count);
    struct savepoint before = save(ledger);
    for (uint32_t i = 0; result == 0 && i < count; i++) {
        result = append_one(ledger, &events[i]);
        if (result < 0)
            roll_back(ledger, &before);
    }
    if (result < 0 || count == 0)
        return result;
    note_added(ledger, &before);
    cairn_ledger_pump(ledger);
    return 0;
}

void cairn_ledger_flush(struct cairn_ledger *ledger, bool durable)
{
    uint64_t last_seq = ledger->next_seq - 1;
    ledger->written_want_seq = last_seq;
    if (durable)
        ledger->durable_want_seq = last_seq;
    cairn_ledger_pump(ledger);
}

/* ---- time ---- */

static uint64_t sooner(uint64_t a_ms, uint64_t b_ms)
{
    return a_ms < b_ms ? a_ms : b_ms;
}

/* Milliseconds from now to `since_ns + delay_ms`, 0 when that is past, rounded up. */
static uint64_t left_ms(uint64_t now_ns, uint64_t since_ns, uint64_t delay_ms)
{
    uint64_t due_ns = since_ns + delay_ms * CAIRN_NS_PER_MS;
    return now_ns >= due_ns ? 0 : (due_ns - now_ns + CAIRN_NS_PER_MS - 1) / CAIRN_NS_PER_MS;
}

static uint64_t tick_flush(struct cairn_ledger *ledger, uint64_t now_ns)
{
    if (ledger->oldest == NULL)
        return UINT64_MAX;
    uint64_t left = left_ms(now_ns, ledger->oldest->appended_ns, ledger->options.flush_interval_ms);
    if (left > 0)
        return left;
    cairn_ledger_flush(ledger, true);
    return BUSY_TICK_MS; /* only should the disk not answer: completions go on by themselves */
}

static void adapt_seal_delay(struct cairn_ledger *ledger)
{
    uint64_t delay_ms = ledger->options.seal_idle_ms;
    if (ledger->blocks_since_seal < SPARSE_BLOCKS)
        delay_ms = ledger->seal_delay_ms * 2;
    uint64_t most_ms = delay_ms < SEAL_DELAY_MAX_MS ? delay_ms : SEAL_DELAY_MAX_MS;
    ledger->seal_delay_ms =
        most_ms > ledger->options.seal_idle_ms ? most_ms : ledger->options.seal_idle_ms;
}

static uint64_t tick_seal(struct cairn_ledger *ledger, uint64_t now_ns)
{
    if (ledger->oldest != NULL || ledger->vouched_seq >= ledger->durable_seq)
        return UINT64_MAX;
    uint64_t left = left_ms(now_ns, ledger->active_ns, ledger->seal_delay_ms);
    if (left > 0)
        return left;
    adapt_seal_delay(ledger);
    if (cairn_ledger_push_seal(ledger) < 0)
        return ledger->seal_delay_ms;
    cairn_ledger_pump(ledger);
    return BUSY_TICK_MS;
}

static uint64_t tick_spare(struct cairn_ledger *ledger, uint64_t now_ns)
{
    struct cairn_spare *spare = &ledger->spare;
    if (spare->state == CAIRN_SPARE_FAILED) {
        uint64_t left = left_ms(now_ns, ledger->spare_failed_ns, SPARE_RETRY_MS);
        if (left > 0)
            return left;
        ledger->spare_failed_ns = now_ns;
        cairn_spare_start(spare, ledger->options.segment_bytes);
        cairn_ledger_pump(ledger);
    }
    cairn_spare_step(spare);
    bool working = spare->state == CAIRN_SPARE_FILLING || spare->state == CAIRN_SPARE_FLUSHING;
    return working ? SPARE_STEP_MS : UINT64_MAX;
}

uint64_t cairn_ledger_tick(struct cairn_ledger *ledger)
{
    if (ledger->error != 0) {
        cairn_ledger_report(ledger);
        return UINT64_MAX;
    }
    uint64_t now_ns = cairn_io_monotonic_ns(ledger->io);
    uint64_t next_ms = tick_flush(ledger, now_ns);
    next_ms = sooner(next_ms, tick_seal(ledger, now_ns));
    return sooner(next_ms, tick_spare(ledger, now_ns));
}

void cairn_ledger_stats(const struct cairn_ledger *ledger, struct cairn_ledger_stats *stats)
{
    *stats = ledger->stats;
}
