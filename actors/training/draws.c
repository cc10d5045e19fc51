#include "actors/training/draws.h"

#include <stdlib.h>

#include "actors/training/alias.h"

#define SLOTS_MIN 64u
#define SLOTS_MAX 16384u

enum kind { KIND_ALIAS, KIND_ORDERED };

/* An entry of a sorted table: counts up to and with this one, and where it is in the block. */
struct step {
    uint32_t reach;
    uint32_t slot;
};

struct table {
    uint64_t chain;
    cairn_ref block;
    uint32_t stamp;
    uint32_t kind;
    uint32_t draws; /* since the block last changed */
    uint32_t count;
    void *cells; /* owned: struct cairn_alias_cell or struct step; NULL: not made */
};
static_assert(sizeof(struct cairn_alias_cell) == sizeof(struct step), "one size for both kinds");

struct draws_scratch {
    struct cairn_order_item *items; /* owned */
    uint32_t capacity;
};

struct cairn_draws {
    struct table *slots; /* owned, direct-mapped; NULL until first used */
    uint32_t slot_count;
    uint32_t evicted; /* since the slots were made */
    bool use_tables;
    uint64_t bytes_max;
    struct draws_scratch scratch;
    struct cairn_draws_counts counts;
};

struct cairn_draws *cairn_draws_create(bool use_tables, uint64_t bytes_max)
{
    struct cairn_draws *draws = calloc(1, sizeof(*draws));
    if (draws == NULL)
        return NULL;
    draws->use_tables = use_tables;
    draws->bytes_max = bytes_max;
    return draws;
}

static void drop(struct cairn_draws *draws, struct table *table)
{
    if (table->cells != NULL)
        draws->counts.bytes -= table->count * sizeof(struct step);
    free(table->cells);
    *table = (struct table){0};
}

void cairn_draws_clear(struct cairn_draws *draws)
{
    for (uint32_t i = 0; i < draws->slot_count; i++)
        drop(draws, &draws->slots[i]);
    free(draws->slots);
    free(draws->scratch.items);
    draws->slots = NULL;
    draws->slot_count = 0;
    draws->scratch = (struct draws_scratch){0};
}

void cairn_draws_destroy(struct cairn_draws *draws)
{
    if (draws == NULL)
        return;
    cairn_draws_clear(draws);
    free(draws);
}

struct cairn_draws_counts cairn_draws_counts(const struct cairn_draws *draws)
{
    return draws->counts;
}

/* Slots for the tables; more of them when the prefixes in use push each other out. */
static bool ensure_slots(struct cairn_draws *draws)
{
    if (draws->slots != NULL &&
        (draws->evicted < draws->slot_count || draws->slot_count == SLOTS_MAX))
        return true;
    uint32_t slot_count = draws->slots == NULL ? SLOTS_MIN : draws->slot_count * 2;
    cairn_draws_clear(draws);
    draws->slots = calloc(slot_count, sizeof(*draws->slots));
    draws->slot_count = draws->slots == NULL ? 0 : slot_count;
    draws->evicted = 0;
    return draws->slots != NULL;
}

/* The slot for tables of this block, emptied if it held something else. NULL: no memory. */
static struct table *claim(struct cairn_draws *draws, uint64_t chain,
                           const struct cairn_successors *successors, enum kind kind)
{
    if (!ensure_slots(draws))
        return NULL;
    uint64_t seed = chain * 31 + successors->block * UINT64_C(2) + kind;
    struct table *table = &draws->slots[cairn_random_splitmix(&seed) & (draws->slot_count - 1)];
    bool is_same = table->draws > 0 && table->chain == chain && table->block == successors->block &&
                   table->kind == kind;
    if (is_same && table->stamp == successors->stamp)
        return table;
    draws->evicted += table->draws > 0 && !is_same;
    drop(draws, table);
    *table = (struct table){.chain = chain,
                            .block = successors->block,
                            .stamp = successors->stamp,
                            .kind = kind,
                            .count = kind == KIND_ALIAS ? successors->slots : successors->fanout};
    return table;
}

/* Whether a table over these successors may be made: everything else goes if it must. */
static bool take_bytes(struct cairn_draws *draws, struct table *kept)
{
    uint64_t bytes = kept->count * sizeof(struct step);
    if (bytes > draws->bytes_max)
        return false;
    if (draws->counts.bytes + bytes > draws->bytes_max) {
        for (uint32_t i = 0; i < draws->slot_count; i++) {
            if (&draws->slots[i] != kept)
                drop(draws, &draws->slots[i]);
        }
    }
    draws->counts.bytes += bytes;
    return true;
}

static void make_alias(const struct cairn_successors *successors, struct table *table)
{
    struct cairn_alias_cell *cells = malloc(table->count * sizeof(*cells));
    struct cairn_alias_work *work = malloc(table->count * sizeof(*work));
    if (cells != NULL && work != NULL) {
        for (uint32_t i = 0; i < table->count; i++)
            work[i].weight = successors->entries[i].count;
        cairn_alias_build(cells, work, table->count, successors->total);
        table->cells = cells;
        cells = NULL;
    }
    free(cells);
    free(work);
}

static bool ensure_scratch(struct draws_scratch *scratch, uint32_t count)
{
    if (count <= scratch->capacity)
        return true;
    struct cairn_order_item *items = malloc(count * sizeof(*items));
    if (items == NULL)
        return false;
    free(scratch->items);
    *scratch = (struct draws_scratch){.items = items, .capacity = count};
    return true;
}

static void make_ordered(struct cairn_draws *draws, const struct cairn_successors *successors,
                         const struct cairn_order_words *words, struct table *table)
{
    struct step *steps = malloc(table->count * sizeof(*steps));
    if (steps == NULL || !ensure_scratch(&draws->scratch, table->count)) {
        free(steps);
        return;
    }
    struct cairn_order_item *items = draws->scratch.items;
    cairn_order_gather(words, successors, items);
    cairn_order_sort(words, items, table->count);
    uint32_t reach = 0;
    for (uint32_t i = 0; i < table->count; i++) {
        reach += items[i].count;
        steps[i] = (struct step){.reach = reach, .slot = items[i].slot};
    }
    table->cells = steps;
}

/* The table to draw from, NULL where a plain draw does. */
static const struct table *table_for(struct cairn_draws *draws, uint64_t chain,
                                     const struct cairn_successors *successors, enum kind kind,
                                     const struct cairn_order_words *words)
{
    if (!draws->use_tables || successors->fanout < CAIRN_DRAWS_FANOUT_MIN)
        return NULL;
    struct table *table = claim(draws, chain, successors, kind);
    if (table == NULL)
        return NULL;
    if (table->draws < CAIRN_DRAWS_WAIT)
        table->draws++;
    if (table->cells != NULL)
        return table;
    if (table->draws < CAIRN_DRAWS_WAIT || !take_bytes(draws, table))
        return NULL;
    if (kind == KIND_ALIAS)
        make_alias(successors, table);
    else
        make_ordered(draws, successors, words, table);
    if (table->cells == NULL) {
        draws->counts.bytes -= table->count * sizeof(struct step);
        return NULL;
    }
    draws->counts.tables_made++;
    return table;
}

static const struct cairn_successor *scan(const struct cairn_successors *successors, uint32_t point)
{
    uint32_t slot = 0;
    while (point >= successors->entries[slot].count) {
        point -= successors->entries[slot++].count;
        cairn_assert(slot < successors->slots);
    }
    return &successors->entries[slot];
}

const struct cairn_successor *cairn_draws_pick(struct cairn_draws *draws, uint64_t chain,
                                               const struct cairn_successors *successors,
                                               struct cairn_random *random)
{
    if (successors->fanout == 1)
        return scan(successors, 0);
    const struct table *table = table_for(draws, chain, successors, KIND_ALIAS, NULL);
    if (table == NULL) {
        draws->counts.plain++;
        return scan(successors, (uint32_t)cairn_random_below(random, successors->total));
    }
    draws->counts.from_table++;
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it forgets that claim() empties the slot */
    uint32_t slot = cairn_alias_draw(table->cells, table->count, successors->total, random);
    return &successors->entries[slot];
}

/* The first step that reaches beyond `point`. */
static uint32_t search(const struct step *steps, uint32_t count, uint32_t point)
{
    uint32_t low = 0;
    uint32_t high = count - 1;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (steps[middle].reach > point)
            high = middle;
        else
            low = middle + 1;
    }
    return steps[low].slot;
}

const struct cairn_successor *cairn_draws_pick_ordered(struct cairn_draws *draws, uint64_t chain,
                                                       const struct cairn_successors *successors,
                                                       const struct cairn_order_words *words,
                                                       struct cairn_random *random)
{
    if (successors->fanout == 1)
        return scan(successors, 0);
    const struct table *table = table_for(draws, chain, successors, KIND_ORDERED, words);
    if (table == NULL && !ensure_scratch(&draws->scratch, successors->fanout))
        return NULL;
    uint32_t point = (uint32_t)cairn_random_below(random, successors->total);
    if (table != NULL) {
        draws->counts.from_table++;
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it forgets that claim() empties the slot */
        return &successors->entries[search(table->cells, table->count, point)];
    }
    draws->counts.plain++;
    cairn_order_gather(words, successors, draws->scratch.items);
    uint32_t slot = cairn_order_select(words, draws->scratch.items, successors->fanout, point);
    return &successors->entries[slot];
}
