/* The caller's side of the writer: opening and closing. */
#include "storage/ledger_internal.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/assert.h"
#include "runtime/base/error.h"
#include "storage/recovery.h"

#define SEGMENT_BYTES_MIN 65536u
#define BLOCK_BYTES_MIN   4096u
#define BLOCK_BYTES_MAX   (256u << 10)

#define WAITING_BYTES_MAX  (64u << 20) /* of blocks not yet durable; one call may bring as much */
#define WAITING_BLOCKS_MIN 32u

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
    ledger->names = cairn_names_create(CAIRN_LEDGER_NAMES_BYTES);
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

/* Wait until nothing waits any more, or nothing more can be done about it. */
static void settle(struct cairn_ledger *ledger)
{
    cairn_ledger_pump(ledger);
    while (ledger->error == 0 && ledger->oldest != NULL && !cairn_ledger_has_no_room(ledger)) {
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
    if (result == 0 && cairn_ledger_has_no_room(ledger))
        result = ledger->spare.error;

    release_all(ledger);
    cairn_spare_deinit(&ledger->spare);
    cairn_io_close(ledger->io, ledger->fd);
    cairn_io_close(ledger->io, ledger->lock_fd);
    free(ledger->directory);
    free(ledger);
    return result;
}
