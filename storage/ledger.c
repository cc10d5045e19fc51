/* The caller's side of the writer: appending, asking for durability, passing time. */
#include "storage/ledger_internal.h"

#include "runtime/base/assert.h"
#include "runtime/base/error.h"
#include "runtime/base/time.h"
#include "storage/record.h"

#define SEAL_DELAY_MAX_MS 1000u
#define SPARSE_BLOCKS     2u /* fewer between two seals: the next one waits longer */
#define SPARE_STEP_MS     2u
#define SPARE_RETRY_MS    1000u
#define BUSY_TICK_MS      10u

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
    if (cairn_ledger_has_no_room(ledger))
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
    struct cairn_names *fresh = cairn_names_create(CAIRN_LEDGER_NAMES_BYTES);
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
        if (result == -ENOBUFS && before.last == NULL && ledger->pool.used == ledger->pool.limit)
            result = -EFBIG; /* nothing waits, so waiting will not help */
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
