/* Readers beside a live writer, at random places, and behind a writer that failed. */
#include "tests/storage/fixture.h"

static int set_up_posix(void **state)
{
    *state = fixture_create(CAIRN_IO_POSIX, 0);
    return 0;
}

static int set_up_uring(void **state)
{
    *state = fixture_create(CAIRN_IO_URING, 0);
    return 0;
}

static int set_up_sim(void **state)
{
    *state = fixture_create(CAIRN_IO_SIM, 23);
    return 0;
}

static int tear_down(void **state)
{
    fixture_destroy(*state);
    return 0;
}

static struct cairn_reader *open_reader(struct fixture *fixture, uint32_t cache_blocks)
{
    struct cairn_reader *reader = NULL;
    assert_int_equal(cairn_reader_open(fixture->io, fixture->directory, cache_blocks, &reader), 0);
    return reader;
}

static void assert_holds(const struct cairn_reader_block *block, uint64_t seq)
{
    struct sample sample = {0};
    assert_true(seq >= block->first_seq && seq < block->first_seq + block->event_count);
    assert_int_equal(block->events[seq - block->first_seq].seq, seq);
    assert_true(sample_matches(&sample, &block->events[seq - block->first_seq]));
    sample_deinit(&sample);
}

static void there_is_no_ledger_in_an_empty_place(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_reader *reader = NULL;
    assert_int_equal(cairn_reader_open(fixture->io, fixture->directory, 2, &reader), -ENOENT);
    assert_int_equal(cairn_io_make_directory(fixture->io, fixture->root), 0);
    assert_int_equal(cairn_reader_open(fixture->io, fixture->root, 2, &reader), -ENOENT);
    assert_null(reader);
}

static void an_empty_ledger_ends_at_once(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_reader_block *block = NULL;
    assert_int_equal(fixture_open(fixture), 0);
    struct cairn_reader *reader = open_reader(fixture, 2);
    assert_int_equal(cairn_reader_last_seq(reader), 0);
    assert_int_equal(cairn_reader_first_seq(reader), 1);
    assert_int_equal(cairn_reader_acquire(reader, 0, &block), -ENOENT);
    assert_int_equal(cairn_reader_acquire(reader, 1, &block), -ENODATA);
    cairn_reader_close(reader);
}

/* The naive model: the n-th event is a function of n. Appends, flushes, reopenings and reads come at
 * random; whatever was written is read as it was appended. */
static void random_use_reads_as_the_model_says(void **state)
{
    struct fixture *fixture = *state;
    uint64_t seed = 4711;
    print_message("seed %llu\n", (unsigned long long)seed);
    struct cairn_random random;
    cairn_random_init(&random, seed);
    fixture->options.segment_bytes = 131072;
    fixture->options.block_bytes = 8192;
    assert_int_equal(fixture_open(fixture), 0);
    struct cairn_reader *reader = open_reader(fixture, 3);
    struct cairn_reader_block *held = NULL;

    for (int step = 0; step < 1500; step++) {
        uint64_t choice = cairn_random_below(&random, 20);
        uint64_t last_seq = cairn_reader_last_seq(reader);
        assert_true(last_seq >= fixture->progress.written_seq);
        assert_true(last_seq < cairn_ledger_next_seq(fixture->ledger));
        if (choice < 8) {
            assert_int_equal(fixture_append(fixture, (uint32_t)choice * 2), 0);
        } else if (choice < 10) {
            cairn_ledger_flush(fixture->ledger, choice == 9);
            cairn_io_poll(fixture->io, 0);
        } else if (choice < 12) {
            assert_int_equal(fixture_flush(fixture), 0);
        } else if (choice < 19 && last_seq > 0) {
            struct cairn_reader_block *block = NULL;
            uint64_t seq = 1 + cairn_random_below(&random, last_seq);
            assert_int_equal(cairn_reader_acquire(reader, seq, &block), 0);
            assert_holds(block, seq);
            if (held != NULL) {
                assert_holds(held, held->first_seq);
                cairn_reader_release(reader, held);
            }
            held = block;
        } else if (cairn_random_below(&random, 10) == 0) {
            assert_int_equal(fixture_close(fixture), 0);
            assert_int_equal(fixture_open(fixture), 0);
        }
    }
    if (held != NULL)
        cairn_reader_release(reader, held);
    cairn_reader_close(reader);
    uint64_t last_seq = cairn_ledger_next_seq(fixture->ledger) - 1;
    assert_int_equal(fixture_close(fixture), 0);
    assert_int_equal(fixture_check(fixture), last_seq);
    assert_int_equal(fixture_verify(fixture).result.faults, 0);
}

static void a_held_block_keeps_its_bytes_while_others_come_and_go(void **state)
{
    struct fixture *fixture = *state;
    fixture->options.segment_bytes = 65536;
    fixture->options.block_bytes = 4096;
    assert_int_equal(fixture_open(fixture), 0);
    assert_int_equal(fixture_append(fixture, 5000), 0);
    assert_int_equal(fixture_flush(fixture), 0);
    struct cairn_reader *reader = open_reader(fixture, 1);
    struct cairn_reader_block *first = NULL;
    assert_int_equal(cairn_reader_acquire(reader, 1, &first), 0);
    for (uint64_t seq = 1; seq <= 5000; seq += 13) {
        struct cairn_reader_block *block = NULL;
        assert_int_equal(cairn_reader_acquire(reader, seq, &block), 0);
        assert_holds(block, seq);
        cairn_reader_release(reader, block);
    }
    for (uint64_t seq = first->first_seq; seq < first->first_seq + first->event_count; seq++)
        assert_holds(first, seq);
    cairn_reader_release(reader, first);
    cairn_reader_close(reader);
}

static void a_cached_block_is_the_same_block(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_reader_block *first = NULL;
    struct cairn_reader_block *second = NULL;
    assert_int_equal(fixture_open(fixture), 0);
    fixture_append_block(fixture, 10);
    struct cairn_reader *reader = open_reader(fixture, 2);
    assert_int_equal(cairn_reader_acquire(reader, 3, &first), 0);
    assert_int_equal(cairn_reader_acquire(reader, 7, &second), 0);
    assert_ptr_equal(first, second);
    assert_int_equal(first->references, 2);
    cairn_reader_release(reader, second);
    cairn_reader_release(reader, first);
    assert_int_equal(cairn_reader_acquire(reader, 9, &second), 0);
    assert_ptr_equal(first, second);
    cairn_reader_release(reader, second);
    cairn_reader_close(reader);
}

/* A header may be on the disk before its body is: that block is not shown, and is no damage. */
static void a_torn_block_becomes_readable_once_it_is_whole(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_reader_block *block = NULL;
    uint8_t body[64];
    uint8_t zeros[64] = {0};
    fixture->options.compress_threshold = UINT32_MAX;
    assert_int_equal(fixture_open(fixture), 0);
    fixture_append_block(fixture, 50);
    int fd = fixture_segment(fixture, 1);
    fixture_read(fixture, fd, body, sizeof(body), 4096 + 512);
    fixture_write(fixture, fd, zeros, sizeof(zeros), 4096 + 512);

    struct cairn_reader *reader = open_reader(fixture, 2);
    assert_int_equal(cairn_reader_last_seq(reader), 0);
    assert_int_equal(cairn_reader_acquire(reader, 1, &block), -ENODATA);
    fixture_write(fixture, fd, body, sizeof(body), 4096 + 512);
    assert_int_equal(cairn_reader_last_seq(reader), 50);
    assert_int_equal(cairn_reader_acquire(reader, 50, &block), 0);
    cairn_reader_release(reader, block);
    cairn_reader_close(reader);
    cairn_io_close(fixture->io, fd);
}

static void a_reader_follows_a_writer_that_left_a_failed_segment(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(fixture_open(fixture), 0);
    fixture_append_block(fixture, 10);
    struct cairn_reader *reader = open_reader(fixture, 4);
    for (int round = 0; round < 6; round++) {
        struct cairn_reader_block *block = NULL;
        cairn_sim_fail(fixture->sim, CAIRN_SIM_WRITE, 0, 1, -EIO);
        fixture_append_block(fixture, 10);
        fixture_append_block(fixture, 10);
        uint64_t last_seq = cairn_reader_last_seq(reader);
        assert_int_equal(last_seq, 10 + 20 * (round + 1));
        for (uint64_t seq = 1; seq <= last_seq; seq += 3) {
            assert_int_equal(cairn_reader_acquire(reader, seq, &block), 0);
            assert_holds(block, seq);
            cairn_reader_release(reader, block);
        }
    }
    cairn_reader_close(reader);
}

/* A segment full of short names, far more than one table keeps at hand. */
static void names_are_found_from_any_block_of_any_segment(void **state)
{
    struct fixture *fixture = *state;
    fixture->options.segment_bytes = 65536;
    fixture->options.block_bytes = 4096;
    assert_int_equal(fixture_open(fixture), 0);
    assert_int_equal(fixture_append(fixture, 9000), 0);
    assert_int_equal(fixture_flush(fixture), 0);
    struct cairn_random random;
    cairn_random_init(&random, 5);
    struct cairn_reader *reader = open_reader(fixture, 2);
    for (int i = 0; i < 300; i++) {
        struct cairn_reader_block *block = NULL;
        uint64_t seq = 1 + cairn_random_below(&random, 9000);
        assert_int_equal(cairn_reader_acquire(reader, seq, &block), 0);
        assert_holds(block, seq);
        cairn_reader_release(reader, block);
    }
    cairn_reader_close(reader);
}

#define OVER_EACH(test)                                                                            \
    {#test " (posix)", test, set_up_posix, tear_down, NULL},                                       \
        {#test " (uring)", test, set_up_uring, tear_down, NULL},                                   \
    {                                                                                              \
#test " (sim)", test, set_up_sim, tear_down, NULL                                          \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(there_is_no_ledger_in_an_empty_place, set_up_posix,
                                        tear_down),
        OVER_EACH(an_empty_ledger_ends_at_once),
        OVER_EACH(random_use_reads_as_the_model_says),
        cmocka_unit_test_setup_teardown(a_held_block_keeps_its_bytes_while_others_come_and_go,
                                        set_up_sim, tear_down),
        cmocka_unit_test_setup_teardown(a_cached_block_is_the_same_block, set_up_sim, tear_down),
        cmocka_unit_test_setup_teardown(a_torn_block_becomes_readable_once_it_is_whole, set_up_sim,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_reader_follows_a_writer_that_left_a_failed_segment,
                                        set_up_sim, tear_down),
        cmocka_unit_test_setup_teardown(names_are_found_from_any_block_of_any_segment, set_up_sim,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
