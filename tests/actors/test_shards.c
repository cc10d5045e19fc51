/* Several shards, several workers: which shard holds what, how far they are, and that the number of
 * shards and the size of batches change nothing that can be seen. */
#include "actors/shards.h"

#include "runtime/base/random.h"
#include "tests/actors/tally.h"

#define SPACES 40

static void space_name(unsigned space, char name[16])
{
    snprintf(name, 16, "space-%u", space);
}

/* Until every projection has applied all that was routed. */
static void settle(struct board *board)
{
    while (cairn_shards_lag(&board->shards) > 0)
        cairn_thread_yield();
}

static void each_space_has_its_shard_and_sees_no_other(void **state)
{
    (void)state;
    struct board *board = board_create(4, 2, TALLY_BUDGET, 10000);
    uint32_t used = 0;
    char name[16], expected[64];
    for (unsigned i = 0; i < SPACES; i++) {
        space_name(i, name);
        used |= 1u << cairn_shards_of(&board->shards, cairn_slice_of(name));
        board_publish_one(board, board_batch(board, name, CAIRN_EVENT_MESSAGE, i + 1));
    }
    assert_int_equal(used, 15);
    uint64_t head = board->next_seq - 1, last = 0;
    for (unsigned i = 0; i < SPACES; i++) {
        space_name(i, name);
        last += i + 1;
        snprintf(expected, sizeof(expected), "count=%u last=%llu ", i + 1,
                 (unsigned long long)last);
        board_expect(board, name, head, 200, expected);
    }
    settle(board);
    uint32_t spaces = 0;
    for (uint32_t shard = 0; shard < 4; shard++)
        spaces += cairn_projection_space_count(board->projections[0][shard]);
    assert_int_equal(spaces, SPACES);
    board_destroy(board);
}

/* ---- how far they are ---- */

static void lag_is_the_slowest_shards_and_applied_the_lowest_that_waits(void **state)
{
    (void)state;
    static struct cairn_watermark watermarks[CAIRN_PROJECTION_COUNT][2];
    struct cairn_shards shards = {.count = 2};
    for (int id = 0; id < CAIRN_PROJECTION_COUNT; id++)
        shards.watermarks[id] = watermarks[id];
    assert_int_equal(cairn_shards_lag(&shards), 0);
    assert_int_equal(cairn_shards_applied(&shards, CAIRN_PROJECTION_FACTS, 100), 100);

    watermarks[CAIRN_PROJECTION_FACTS][0].routed_seq = 80;
    watermarks[CAIRN_PROJECTION_FACTS][0].applied_seq = 80; /* has all it was sent: the head */
    watermarks[CAIRN_PROJECTION_FACTS][1].routed_seq = 90;
    watermarks[CAIRN_PROJECTION_FACTS][1].applied_seq = 70;
    watermarks[CAIRN_PROJECTION_TRAINING][0].routed_seq = 50;
    watermarks[CAIRN_PROJECTION_TRAINING][0].applied_seq = 45;
    assert_int_equal(cairn_shards_lag(&shards), 20);
    assert_int_equal(cairn_shards_applied(&shards, CAIRN_PROJECTION_FACTS, 100), 70);
    assert_int_equal(cairn_shards_applied(&shards, CAIRN_PROJECTION_TRAINING, 100), 45);
    assert_int_equal(cairn_shards_applied(&shards, CAIRN_PROJECTION_PATTERNS, 100), 100);
}

static void a_shard_that_is_held_up_is_what_lags(void **state)
{
    (void)state;
    struct board *board = board_create(2, 2, TALLY_BUDGET, 10000);
    board_publish_one(board, board_batch(board, SPACE, CAIRN_EVENT_TRACE, 1));
    while (atomic_load(&board->gate.entered) == 0)
        cairn_thread_yield();
    board_publish_one(board, board_batch(board, SPACE, CAIRN_EVENT_MESSAGE, 9));
    assert_int_equal(cairn_shards_lag(&board->shards), 10);
    assert_int_equal(cairn_shards_applied(&board->shards, CAIRN_PROJECTION_TRAINING, 10), 0);
    atomic_store(&board->gate.opened, 1);
    settle(board);
    assert_int_equal(cairn_shards_applied(&board->shards, CAIRN_PROJECTION_TRAINING, 10), 10);
    uint32_t shard = cairn_shards_of(&board->shards, cairn_slice_of(SPACE));
    assert_true(board->watermarks[0][shard].bytes >= sizeof(struct tally));
    board_destroy(board);
}

/* ---- nothing that can be seen depends on shards and batches ---- */

struct history {
    uint64_t live[SPACES][TALLY_MAX]; /* sequences not forgotten */
    uint32_t counts[SPACES];
};

static struct cairn_batch *next_batch(struct board *board, struct history *history,
                                      struct cairn_random *random)
{
    static uint64_t seqs[TALLY_MAX];
    char name[16];
    unsigned space = (unsigned)cairn_random_below(random, SPACES);
    uint32_t *count = &history->counts[space];
    space_name(space, name);
    uint64_t what = cairn_random_below(random, 20);
    if (what == 0) {
        *count = 0;
        return board_forget(board, name, "space", NULL, 0);
    }
    if (what < 4) {
        uint32_t removed = 0, kept = 0;
        for (uint32_t i = 0; i < *count; i++) {
            uint64_t seq = history->live[space][i];
            if (cairn_random_below(random, 3) == 0)
                seqs[removed++] = seq;
            else
                history->live[space][kept++] = seq;
        }
        *count = kept;
        return board_forget(board, name, "author", seqs, removed);
    }
    uint32_t events = 1 + (uint32_t)cairn_random_below(random, 40);
    for (uint32_t i = 0; i < events; i++)
        history->live[space][(*count)++] = board->next_seq + i;
    return board_batch(board, name, CAIRN_EVENT_MESSAGE, events);
}

static struct cairn_digest naive_digest(const struct history *history)
{
    struct cairn_digest digest = {0};
    for (unsigned space = 0; space < SPACES; space++) {
        char name[16];
        space_name(space, name);
        uint64_t seed = cairn_hash64_slice(cairn_slice_of(name));
        for (uint32_t i = 0; i < history->counts[space]; i++)
            cairn_digest_add(&digest, cairn_digest_item(&history->live[space][i], 8, seed));
    }
    return digest;
}

static void check_digests(struct board *board, const struct history *history)
{
    struct cairn_digest expected = naive_digest(history);
    for (int id = 0; id < CAIRN_PROJECTION_COUNT; id++) {
        struct cairn_digest digest = {0};
        for (uint32_t shard = 0; shard < board->shards.count; shard++)
            cairn_projection_digest(board->projections[id][shard], &digest);
        assert_true(digest.low == expected.low && digest.high == expected.high);
    }
}

static void random_batches_and_forgets_end_in_what_a_list_says(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        struct cairn_random random;
        struct history *history = calloc(1, sizeof(*history));
        struct board *board =
            board_create(1 + (uint32_t)seed % 4, 1 + (uint32_t)seed % 2, TALLY_BUDGET, 10000);
        struct cairn_batch *batches[64];
        cairn_random_init(&random, seed);
        print_message("seed %llu\n", (unsigned long long)seed);
        for (int round = 0; round < 20; round++) {
            uint32_t count = 1 + (uint32_t)cairn_random_below(&random, 64);
            for (uint32_t i = 0; i < count; i++)
                batches[i] = next_batch(board, history, &random);
            board_publish(board, batches, count, UINT32_MAX);
        }
        board_stop_shards(board);
        check_digests(board, history);
        board_destroy(board);
        free(history);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_space_has_its_shard_and_sees_no_other),
        cmocka_unit_test(lag_is_the_slowest_shards_and_applied_the_lowest_that_waits),
        cmocka_unit_test(a_shard_that_is_held_up_is_what_lags),
        cmocka_unit_test(random_batches_and_forgets_end_in_what_a_list_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
