#include "actors/training/draws.h"

#include "actors/training/alias.h"
#include "tests/actors/training/fixture.h"

#define DRAWS UINT64_C(1000000)

/* A block with these weights; its tokens are named so that ids and bytes disagree in their order. */
struct table {
    struct cairn_heap heap;
    cairn_ref words;
    cairn_ref block;
    uint64_t chain;
    uint32_t tokens[5000];
    uint32_t count;
};

static void table_open(struct table *table, const uint32_t *weights, uint32_t count,
                       uint64_t shuffle)
{
    struct cairn_random random;
    uint32_t order[5000];
    cairn_random_init(&random, shuffle);
    cairn_heap_init(&table->heap, 64u << 20);
    table->words = cairn_heap_names_create(&table->heap);
    table->count = count;
    table->chain = shuffle;
    for (uint32_t i = 0; i < count; i++)
        order[i] = i;
    for (uint32_t i = count; i > 1; i--) {
        uint32_t other = (uint32_t)cairn_random_below(&random, i);
        uint32_t swapped = order[i - 1];
        order[i - 1] = order[other];
        order[other] = swapped;
    }
    for (uint32_t i = 0; i < count; i++) {
        char name[32]; /* the first eight bytes of many are the same */
        snprintf(name, sizeof(name), "the-word-%05u", order[i] * 7);
        uint32_t token = order[i] == 0 ? 0
                                       : cairn_heap_names_acquire(&table->heap, table->words,
                                                                  cairn_slice_of(name));
        table->tokens[order[i]] = token;
        struct cairn_successor first = {.token = token, .count = weights[order[i]]};
        if (i == 0)
            table->block = cairn_successors_create(&table->heap, first);
        for (uint32_t n = 0; i > 0 && n < weights[order[i]]; n++)
            table->block = cairn_successors_add(&table->heap, table->block, token, 0, i);
    }
}

static uint32_t index_of(const struct table *table, uint32_t token)
{
    uint32_t i = 0;
    while (table->tokens[i] != token)
        i++;
    return i;
}

static uint32_t draw(struct table *table, struct cairn_draws *draws, bool is_ordered,
                     struct cairn_random *random)
{
    struct cairn_successors view = cairn_successors_view(&table->heap, table->block);
    struct cairn_order_words words = {.heap = &table->heap, .words = table->words};
    const struct cairn_successor *picked =
        is_ordered ? cairn_draws_pick_ordered(draws, table->chain, &view, &words, random)
                   : cairn_draws_pick(draws, table->chain, &view, random);
    assert_non_null(picked);
    return picked->token;
}

static void both_arms_draw_by_the_counts(void **state)
{
    (void)state;
    static const uint32_t weights[] = {500, 300, 100, 100, 1, 7, 33, 2, 900, 60, 5, 5};
    enum { COUNT = sizeof(weights) / sizeof(*weights) };
    for (int arm = 0; arm < 4; arm++) {
        struct table table;
        uint64_t seen[COUNT] = {0};
        bool has_tables = arm % 2 == 1;
        bool is_ordered = arm >= 2;
        struct cairn_draws *draws = cairn_draws_create(has_tables, 1u << 20);
        struct cairn_random random;
        cairn_random_init(&random, 1234 + (uint64_t)arm);
        table_open(&table, weights, COUNT, 1);
        for (uint64_t i = 0; i < DRAWS; i++)
            seen[index_of(&table, draw(&table, draws, is_ordered, &random))]++;

        double limit = fixture_chi_square_limit(COUNT - 1);
        assert_true(fixture_chi_square(seen, weights, COUNT, DRAWS) < limit);
        /* A bias of one draw in a hundred, planted, would be seen. */
        seen[8] += DRAWS / 100;
        seen[0] -= DRAWS / 100;
        assert_true(fixture_chi_square(seen, weights, COUNT, DRAWS) > limit);

        struct cairn_draws_counts counts = cairn_draws_counts(draws);
        assert_int_equal(counts.plain, has_tables ? CAIRN_DRAWS_WAIT - 1 : DRAWS);
        assert_int_equal(counts.from_table, has_tables ? DRAWS - counts.plain : 0);
        cairn_draws_destroy(draws);
        cairn_heap_deinit(&table.heap);
    }
}

/* The mistake that copies a probability into the table before it is final (features.md, B1). */
static void alias_cells_that_are_filled_too_early_are_seen(void **state)
{
    (void)state;
    static const uint32_t weights[] = {5, 3, 1, 1};
    struct cairn_alias_work work[4];
    struct cairn_alias_cell cells[4];
    struct cairn_random random;
    double limit = fixture_chi_square_limit(3);
    for (int is_planted = 0; is_planted < 2; is_planted++) {
        uint64_t seen[4] = {0};
        for (int i = 0; i < 4; i++)
            work[i].weight = weights[i];
        cairn_alias_build(cells, work, 4, 10);
        if (is_planted) {
            for (int i = 0; i < 4; i++)
                cells[i].cut = weights[i] * 4 < 10 ? weights[i] * 4 : 10;
        }
        cairn_random_init(&random, 5);
        for (uint64_t i = 0; i < DRAWS; i++)
            seen[cairn_alias_draw(cells, 4, 10, &random)]++;
        assert_int_equal(fixture_chi_square(seen, weights, 4, DRAWS) > limit, is_planted);
    }
}

/* The mass of each index, summed over the cells, is n times its weight: no rounding anywhere. */
static void alias_cells_hold_the_weights_exactly(void **state)
{
    (void)state;
    struct cairn_random random;
    cairn_random_init(&random, 77);
    for (int round = 0; round < 300; round++) {
        struct cairn_alias_work work[64];
        struct cairn_alias_cell cells[64];
        uint32_t weights[64];
        uint64_t mass[64] = {0};
        uint32_t count = 1 + (uint32_t)cairn_random_below(&random, 64);
        uint64_t total = 0;
        for (uint32_t i = 0; i < count; i++) {
            uint64_t range = UINT64_C(1) << cairn_random_below(&random, 26);
            weights[i] = (uint32_t)cairn_random_below(&random, range + (i == 0)) + (i == 0);
            work[i].weight = weights[i];
            total += weights[i];
        }
        cairn_alias_build(cells, work, count, (uint32_t)total);
        for (uint32_t i = 0; i < count; i++) {
            mass[i] += cells[i].cut;
            mass[cells[i].alias] += total - cells[i].cut;
        }
        for (uint32_t i = 0; i < count; i++)
            assert_true(mass[i] == (uint64_t)count * weights[i]);
    }
}

static void the_largest_weights_do_not_overflow_the_cells(void **state)
{
    (void)state;
    struct cairn_alias_work work[3] = {{.weight = UINT32_MAX - 2}, {.weight = 1}, {.weight = 1}};
    struct cairn_alias_cell cells[3];
    cairn_alias_build(cells, work, 3, UINT32_MAX);
    uint64_t mass = (uint64_t)cells[0].cut;
    for (int i = 1; i < 3; i++) {
        assert_int_equal(cells[i].alias, 0);
        assert_int_equal(cells[i].cut, 3);
        mass += UINT32_MAX - (uint64_t)cells[i].cut;
    }
    assert_true(mass == 3 * (uint64_t)(UINT32_MAX - 2));
}

/* Ids and insertion differ, tables are on or off, sorted or selected: the outcome is the same. */
static void an_ordered_draw_depends_on_strings_and_counts_alone(void **state)
{
    (void)state;
    uint32_t weights[300];
    for (uint32_t i = 0; i < 300; i++)
        weights[i] = 1 + i * 37 % 11;
    for (uint32_t count = 2; count <= 300; count += count < 20 ? 1 : 70) {
        struct table tables[2];
        struct cairn_draws *draws[2] = {cairn_draws_create(false, 0),
                                        cairn_draws_create(true, 1u << 20)};
        struct cairn_random random[2];
        for (int i = 0; i < 2; i++) {
            table_open(&tables[i], weights, count, 10 + (uint64_t)i);
            cairn_random_init(&random[i], 99);
        }
        for (int i = 0; i < 200; i++) {
            struct cairn_random copy = random[0];
            uint32_t total = cairn_successors_view(&tables[0].heap, tables[0].block).total;
            uint32_t point = (uint32_t)cairn_random_below(&copy, total);
            uint32_t expected = 0;
            while (point >= weights[expected])
                point -= weights[expected++];
            for (int t = 0; t < 2; t++)
                assert_int_equal(index_of(&tables[t], draw(&tables[t], draws[t], true, &random[t])),
                                 expected);
        }
        for (int i = 0; i < 2; i++) {
            cairn_draws_destroy(draws[i]);
            cairn_heap_deinit(&tables[i].heap);
        }
    }
}

/* Counts change, and tokens go, while the fan-out still asks for a table. */
static void a_changed_prefix_is_not_drawn_from_an_old_table(void **state)
{
    (void)state;
    uint32_t weights[24];
    struct table table;
    struct cairn_draws *draws = cairn_draws_create(true, 1u << 20);
    struct cairn_random random;
    uint64_t seen[24] = {0};
    for (uint32_t i = 0; i < 24; i++)
        weights[i] = 2;
    cairn_random_init(&random, 4);
    table_open(&table, weights, 24, 2);
    for (int i = 0; i < 100; i++)
        draw(&table, draws, i % 2, &random);
    assert_int_equal(cairn_draws_counts(draws).tables_made, 2);
    for (uint32_t i = 0; i < 24; i++) {
        for (; weights[i] > i % 3; weights[i]--)
            cairn_successors_remove(&table.heap, table.block, table.tokens[i], 1000 + i);
    }
    for (uint64_t i = 0; i < 100000; i++)
        seen[index_of(&table, draw(&table, draws, i % 2, &random))]++;
    assert_int_equal(cairn_draws_counts(draws).tables_made, 4);
    for (uint32_t i = 0; i < 24; i++)
        assert_true(weights[i] > 0 || seen[i] == 0);
    assert_true(fixture_chi_square(seen, weights, 24, 100000) < fixture_chi_square_limit(15));
    cairn_draws_destroy(draws);
    cairn_heap_deinit(&table.heap);
}

static void tables_stay_within_their_budget(void **state)
{
    (void)state;
    uint32_t weights[1000];
    for (uint32_t i = 0; i < 1000; i++)
        weights[i] = 1;
    for (uint64_t budget = 0; budget <= 64000; budget += 8000) {
        struct table tables[4];
        struct cairn_draws *draws = cairn_draws_create(true, budget);
        struct cairn_random random;
        cairn_random_init(&random, 4);
        for (uint32_t t = 0; t < 4; t++)
            table_open(&tables[t], weights, 1000 - t, t);
        for (int i = 0; i < 400; i++) {
            draw(&tables[i % 4], draws, i % 3 == 0, &random);
            assert_true(cairn_draws_counts(draws).bytes <= budget);
        }
        assert_int_equal(cairn_draws_counts(draws).from_table > 0, budget >= 8000);
        cairn_draws_destroy(draws);
        for (uint32_t t = 0; t < 4; t++)
            cairn_heap_deinit(&tables[t].heap);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_arms_draw_by_the_counts),
        cmocka_unit_test(alias_cells_that_are_filled_too_early_are_seen),
        cmocka_unit_test(alias_cells_hold_the_weights_exactly),
        cmocka_unit_test(the_largest_weights_do_not_overflow_the_cells),
        cmocka_unit_test(an_ordered_draw_depends_on_strings_and_counts_alone),
        cmocka_unit_test(a_changed_prefix_is_not_drawn_from_an_old_table),
        cmocka_unit_test(tables_stay_within_their_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
