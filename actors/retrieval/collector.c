#include "actors/retrieval/collector.h"

#include <errno.h>
#include <stdlib.h>

#define CAPACITY_MIN  64u
#define CAPACITY_KEPT 65536u /* above, the arrays are given back after use */
#define INSERTION_MAX 48u    /* longer texts are sorted by qsort */

void cairn_collector_deinit(struct cairn_collector *collector)
{
    free(collector->ids);
    free(collector->tallies);
    *collector = (struct cairn_collector){0};
}

void cairn_collector_begin(struct cairn_collector *collector)
{
    if (collector->capacity > CAPACITY_KEPT)
        cairn_collector_deinit(collector);
    collector->count = 0;
    collector->tally_count = 0;
}

int cairn_collector_add(struct cairn_collector *collector, uint32_t id)
{
    if (collector->count == collector->capacity) {
        uint32_t capacity = collector->capacity == 0 ? CAPACITY_MIN : collector->capacity * 2;
        uint32_t *ids = realloc(collector->ids, (size_t)capacity * sizeof(*ids));
        if (ids == NULL)
            return -ENOMEM;
        collector->ids = ids;
        collector->capacity = capacity;
    }
    collector->ids[collector->count++] = id;
    return 0;
}

static int compare(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static void sort(uint32_t *ids, uint32_t count)
{
    if (count > INSERTION_MAX) {
        qsort(ids, count, sizeof(*ids), compare);
        return;
    }
    for (uint32_t i = 1; i < count; i++) {
        uint32_t id = ids[i];
        uint32_t hole = i;
        for (; hole > 0 && ids[hole - 1] > id; hole--)
            ids[hole] = ids[hole - 1];
        ids[hole] = id;
    }
}

static int ensure_tallies(struct cairn_collector *collector)
{
    if (collector->tally_capacity >= collector->count)
        return 0;
    struct cairn_tally *tallies =
        realloc(collector->tallies, (size_t)collector->capacity * sizeof(*tallies));
    if (tallies == NULL)
        return -ENOMEM;
    collector->tallies = tallies;
    collector->tally_capacity = collector->capacity;
    return 0;
}

int cairn_collector_finish(struct cairn_collector *collector)
{
    int result = ensure_tallies(collector);
    if (result < 0)
        return result;
    sort(collector->ids, collector->count);
    collector->tally_count = 0;
    for (uint32_t i = 0; i < collector->count; i++) {
        bool is_new = i == 0 || collector->ids[i] != collector->ids[i - 1];
        if (is_new)
            collector->tallies[collector->tally_count++] =
                (struct cairn_tally){.term = collector->ids[i]};
        collector->tallies[collector->tally_count - 1].count++;
    }
    return 0;
}
