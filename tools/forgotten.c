#include "tools/forgotten.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "actors/ingest/directory.h"
#include "actors/ingest/ingest_internal.h"

#define HEAP_BUDGET (UINT64_C(16) << 30)

static int mark(struct cairn_forgotten *forgotten, uint64_t seq)
{
    uint64_t word = seq / 64;
    if (word >= forgotten->capacity) {
        uint64_t capacity = word + word / 2 + 64;
        uint64_t *bits = realloc(forgotten->bits, capacity * sizeof(*bits));
        if (bits == NULL)
            return -ENOMEM;
        memset(bits + forgotten->capacity, 0, (capacity - forgotten->capacity) * sizeof(*bits));
        forgotten->bits = bits;
        forgotten->capacity = capacity;
    }
    forgotten->bits[word] |= UINT64_C(1) << (seq % 64);
    return 0;
}

static int apply_forget(struct cairn_forgotten *forgotten, struct cairn_projection *directory,
                        struct cairn_projection_space *space, const struct cairn_event *event)
{
    struct cairn_batch *batch = cairn_batch_create(1);
    uint64_t *seqs = NULL;
    uint32_t count = 0;
    int result = batch == NULL ? -ENOMEM : cairn_batch_add(batch, event);
    if (result == 0)
        result = cairn_ingest_select(space, event, &seqs, &count);
    for (uint32_t i = 0; result == 0 && i < count; i++)
        result = mark(forgotten, seqs[i]);
    if (result == 0)
        result = cairn_batch_set_removed(batch, seqs, count);
    if (result == 0)
        result = cairn_ingest_record(directory, batch);
    free(seqs);
    cairn_batch_release(batch);
    return result;
}

static int apply_block(struct cairn_forgotten *forgotten, struct cairn_projection *directory,
                       const struct cairn_reader_block *block)
{
    int result = 0;
    for (uint32_t i = 0; result == 0 && i < block->event_count; i++) {
        const struct cairn_event *event = &block->events[i];
        struct cairn_projection_space *space = cairn_projection_ensure(directory, event->space);
        if (space == NULL)
            return -ENOMEM;
        if (event->kind == CAIRN_EVENT_FORGET) {
            result = apply_forget(forgotten, directory, space, event);
        } else {
            result = cairn_directory_module.apply(space, event);
            space->applied_seq = event->seq;
        }
    }
    return result;
}

int cairn_forgotten_init(struct cairn_forgotten *forgotten, struct cairn_reader *reader)
{
    struct cairn_watermark watermark = {0};
    struct cairn_projection_options options = {.module = &cairn_directory_module,
                                               .heap_budget_bytes = HEAP_BUDGET,
                                               .watermark = &watermark};
    struct cairn_projection *directory;
    struct cairn_reader_block *block;
    *forgotten = (struct cairn_forgotten){0};
    int result = cairn_projection_create(&options, &directory);
    if (result < 0)
        return result;
    uint64_t seq = cairn_reader_first_seq(reader);
    while (result == 0) {
        result = cairn_reader_acquire(reader, seq == 0 ? 1 : seq, &block);
        if (result < 0)
            break;
        result = apply_block(forgotten, directory, block);
        seq = block->first_seq + block->event_count;
        cairn_reader_release(reader, block);
    }
    cairn_projection_destroy(directory);
    if (result == -ENODATA)
        return 0;
    cairn_forgotten_deinit(forgotten);
    return result;
}

void cairn_forgotten_deinit(struct cairn_forgotten *forgotten)
{
    free(forgotten->bits);
    *forgotten = (struct cairn_forgotten){0};
}

bool cairn_forgotten_is(const struct cairn_forgotten *forgotten, uint64_t seq)
{
    return seq / 64 < forgotten->capacity && (forgotten->bits[seq / 64] >> (seq % 64) & 1) != 0;
}
