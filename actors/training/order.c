#include "actors/training/order.h"

#include <stdlib.h>

#include "runtime/base/heap_names.h"

/* Below this a sort is as quick as a selection. */
#define SORTED_MAX 12u

static struct cairn_slice text_of(const struct cairn_order_words *words, uint32_t token)
{
    return cairn_heap_names_text(words->heap, words->words, token);
}

static uint64_t key_of(struct cairn_slice text)
{
    uint64_t key = 0;
    if (text.bytes > 0)
        memcpy(&key, text.data, text.bytes < sizeof(key) ? text.bytes : sizeof(key));
    return __builtin_bswap64(key);
}

void cairn_order_gather(const struct cairn_order_words *words,
                        const struct cairn_successors *successors, struct cairn_order_item *items)
{
    uint32_t count = 0;
    for (uint32_t slot = 0; slot < successors->slots; slot++) {
        const struct cairn_successor *entry = &successors->entries[slot];
        if (entry->count == 0)
            continue;
        items[count++] = (struct cairn_order_item){.key = key_of(text_of(words, entry->token)),
                                                   .slot = slot,
                                                   .token = entry->token,
                                                   .count = entry->count};
    }
    cairn_assert(count == successors->fanout);
}

static int compare(const void *left, const void *right, void *context)
{
    const struct cairn_order_item *a = left;
    const struct cairn_order_item *b = right;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return cairn_slice_compare(text_of(context, a->token), text_of(context, b->token));
}

void cairn_order_sort(const struct cairn_order_words *words, struct cairn_order_item *items,
                      uint32_t count)
{
    struct cairn_order_words context = *words;
    qsort_r(items, count, sizeof(*items), compare, &context);
}

static void swap(struct cairn_order_item *a, struct cairn_order_item *b)
{
    struct cairn_order_item item = *a;
    *a = *b;
    *b = item;
}

/* Put what comes before the pivot in front of it; returns the pivot's place. */
static uint32_t partition(struct cairn_order_words *words, struct cairn_order_item *items,
                          uint32_t count, uint32_t pivot)
{
    uint32_t place = 0;
    swap(&items[pivot], &items[count - 1]);
    for (uint32_t i = 0; i < count - 1; i++) {
        if (compare(&items[i], &items[count - 1], words) < 0)
            swap(&items[i], &items[place++]);
    }
    swap(&items[place], &items[count - 1]);
    return place;
}

static uint64_t weight_of(const struct cairn_order_item *items, uint32_t count)
{
    uint64_t weight = 0;
    for (uint32_t i = 0; i < count; i++)
        weight += items[i].count;
    return weight;
}

static uint32_t walk(const struct cairn_order_item *items, uint32_t count, uint64_t point)
{
    uint32_t i = 0;
    while (point >= items[i].count) {
        point -= items[i++].count;
        cairn_assert(i < count);
    }
    return items[i].slot;
}

uint32_t cairn_order_select(const struct cairn_order_words *words, struct cairn_order_item *items,
                            uint32_t count, uint32_t point)
{
    struct cairn_order_words context = *words;
    uint64_t left = point;
    uint64_t mix = count;
    while (count > SORTED_MAX) {
        /* Any pivot is right; a scattered one is quick whatever order the items are in. */
        mix = mix * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        uint32_t place = partition(&context, items, count, (uint32_t)((mix >> 33) % count));
        uint64_t weight = weight_of(items, place);
        if (left < weight) {
            count = place;
        } else if (left - weight < items[place].count) {
            return items[place].slot;
        } else {
            left -= weight + items[place].count;
            items += place + 1;
            count -= place + 1;
        }
    }
    cairn_order_sort(words, items, count);
    return walk(items, count, left);
}
