/* What a ledger is after a crash, and after damage. A torn tail is cut and kept aside; damage of
 * acknowledged data is refused, and nothing is changed. */
#include "storage/block.h"
#include "storage/walker.h"
#include "tests/storage/fixture.h"

#define SEGMENT_BYTES 262144u

struct place {
    uint64_t offset;
    uint64_t first_seq;
    uint64_t frame_bytes;
    uint32_t event_count;
};

/* The blocks of the first segment, in order. Returns how many. */
static size_t list_blocks(struct fixture *fixture, struct place *places, size_t capacity)
{
    struct cairn_walker walker = {0};
    struct cairn_block_header header;
    size_t count = 0;
    int fd = fixture_segment(fixture, 1);
    assert_int_equal(cairn_walker_init(&walker, fixture->io, fd), 0);
    while (cairn_walker_look(&walker, &header) == 0 && count < capacity) {
        places[count++] =
            (struct place){.offset = walker.offset,
                           .first_seq = header.first_seq,
                           .frame_bytes = cairn_block_frame_bytes(header.stored_bytes),
                           .event_count = header.event_count};
        cairn_walker_step(&walker, &header);
    }
    cairn_io_close(fixture->io, fd);
    return count;
}

/* Six blocks of several pages, as a killed process leaves them: nothing vouches for the last one. */
static int set_up(void **state)
{
    struct fixture *fixture = fixture_create(CAIRN_IO_SIM, 17);
    fixture->options.segment_bytes = SEGMENT_BYTES;
    fixture->options.compress_threshold = UINT32_MAX;
    assert_int_equal(fixture_open(fixture), 0);
    for (int i = 0; i < 6; i++)
        fixture_append_block(fixture, 60);
    cairn_sim_kill(fixture->sim);
    (void)fixture_close(fixture);
    cairn_io_destroy(fixture->io);
    assert_int_equal(fixture_enter(fixture), 0);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    fixture_destroy(*state);
    return 0;
}

static uint8_t *read_segment(struct fixture *fixture)
{
    uint8_t *bytes = malloc(SEGMENT_BYTES);
    int fd = fixture_segment(fixture, 1);
    fixture_read(fixture, fd, bytes, SEGMENT_BYTES, 0);
    cairn_io_close(fixture->io, fd);
    return bytes;
}

static void write_segment(struct fixture *fixture, const uint8_t *bytes)
{
    int fd = fixture_segment(fixture, 1);
    fixture_write(fixture, fd, bytes, SEGMENT_BYTES, 0);
    assert_int_equal(cairn_io_sync_now(fixture->io, fd), 0);
    cairn_io_close(fixture->io, fd);
}

static void a_killed_writer_loses_nothing(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(fixture_open(fixture), 0);
    assert_int_equal(fixture->recovery.last_seq, 360);
    assert_int_equal(fixture->recovery.torn_bytes, 0);
    assert_int_equal(fixture_check(fixture), 360);
}

/* The last block, cut at every sector: what follows the cut never reached the disk. */
static void a_tail_torn_anywhere_is_cut_and_gone_on_from(void **state)
{
    struct fixture *fixture = *state;
    struct place places[16];
    assert_int_equal(list_blocks(fixture, places, 16), 6);
    const struct place *last = &places[5];
    uint8_t *whole = read_segment(fixture);
    uint8_t *torn = malloc(SEGMENT_BYTES);
    assert_true(last->frame_bytes >= 8192);

    for (uint64_t kept = 0; kept < last->frame_bytes; kept += 512) {
        memcpy(torn, whole, SEGMENT_BYTES);
        memset(torn + last->offset + kept, 0, last->frame_bytes - kept);
        if (memcmp(torn, whole, SEGMENT_BYTES) == 0)
            continue; /* only padding was cut off */
        write_segment(fixture, torn);
        assert_int_equal(fixture_check(fixture), 300);
        assert_int_equal(fixture_verify(fixture).result.faults, 0);
        assert_int_equal(fixture_open(fixture), 0);
        assert_int_equal(fixture->recovery.last_seq, 300);
        assert_int_equal(fixture->recovery.torn_bytes, (kept + 4095) / 4096 * 4096);
        fixture_append_block(fixture, 61);
        assert_int_equal(fixture_close(fixture), 0);
        assert_int_equal(fixture_check(fixture), 361);
        assert_int_equal(fixture_verify(fixture).result.faults, 0);
    }
    free(torn);
    free(whole);
}

static int find_torn(void *context, const char *name)
{
    snprintf(context, 128, "%s", name);
    return 0;
}

static void torn_bytes_are_kept_aside(void **state)
{
    struct fixture *fixture = *state;
    struct place places[16];
    char name[128] = "";
    char directory[256];
    char path[512];
    list_blocks(fixture, places, 16);
    uint8_t *bytes = read_segment(fixture);
    memset(bytes + places[5].offset, 0, 512);
    write_segment(fixture, bytes);
    assert_int_equal(fixture_open(fixture), 0);

    snprintf(directory, sizeof(directory), "%s/torn", fixture->directory);
    assert_int_equal(cairn_io_list(fixture->io, directory, find_torn, name), 0);
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    int fd = cairn_io_open(fixture->io, path, CAIRN_IO_OPEN_READ);
    assert_true(fd >= 0);
    assert_int_equal(cairn_io_size(fixture->io, fd), fixture->recovery.torn_bytes);
    uint8_t *kept = malloc(fixture->recovery.torn_bytes);
    fixture_read(fixture, fd, kept, fixture->recovery.torn_bytes, 0);
    assert_memory_equal(kept, bytes + places[5].offset, fixture->recovery.torn_bytes);
    cairn_io_close(fixture->io, fd);
    free(kept);

    /* In the segment there are zeros now, to its end. */
    uint8_t *after = read_segment(fixture);
    for (uint64_t i = places[5].offset; i < SEGMENT_BYTES; i++)
        assert_int_equal(after[i], 0);
    free(after);
    free(bytes);
}

/* All blocks but the last are vouched for by their successors. */
static void a_flip_in_acknowledged_data_is_refused_and_nothing_is_changed(void **state)
{
    struct fixture *fixture = *state;
    struct place places[16];
    assert_int_equal(list_blocks(fixture, places, 16), 6);
    uint8_t *whole = read_segment(fixture);
    for (size_t i = 0; i < 5; i++) {
        uint64_t spots[] = {0,
                            6,
                            8,
                            16,
                            20,
                            24,
                            32,
                            56,
                            60,
                            64,
                            72,
                            80,
                            84,
                            88,
                            92,
                            96,
                            97,
                            500,
                            places[i].frame_bytes / 2,
                            places[i].frame_bytes - 1};
        for (size_t j = 0; j < sizeof(spots) / sizeof(*spots); j++) {
            whole[places[i].offset + spots[j]] ^= 4;
            write_segment(fixture, whole);
            assert_int_equal(fixture_open(fixture), -EBADMSG);
            assert_non_null(strstr(fixture->recovery.detail, "00000000000000000001.seg"));
            uint8_t *after = read_segment(fixture);
            assert_memory_equal(after, whole, SEGMENT_BYTES);
            free(after);

            struct faults faults = fixture_verify(fixture);
            assert_true(faults.result.faults >= 1);
            assert_int_equal(faults.first.offset, places[i].offset);
            assert_int_equal(faults.first.seq, places[i].first_seq);

            struct cairn_reader *reader = NULL;
            struct cairn_reader_block *block = NULL;
            assert_int_equal(cairn_reader_open(fixture->io, fixture->directory, 2, &reader), 0);
            assert_int_equal(cairn_reader_acquire(reader, places[i].first_seq, &block), -EBADMSG);
            cairn_reader_close(reader);
            whole[places[i].offset + spots[j]] ^= 4;
        }
    }
    free(whole);
}

static void zeroed_blocks_in_the_middle_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct place places[16];
    list_blocks(fixture, places, 16);
    uint8_t *bytes = read_segment(fixture);
    memset(bytes + places[2].offset, 0, places[4].offset - places[2].offset);
    write_segment(fixture, bytes);
    assert_int_equal(fixture_open(fixture), -EBADMSG);
    assert_true(fixture_verify(fixture).result.faults >= 1);

    struct cairn_reader *reader = NULL;
    struct cairn_reader_block *block = NULL;
    assert_int_equal(cairn_reader_open(fixture->io, fixture->directory, 2, &reader), 0);
    assert_int_equal(cairn_reader_last_seq(reader), 120);
    assert_int_equal(cairn_reader_acquire(reader, 121, &block), -EBADMSG);
    cairn_reader_close(reader);
    free(bytes);
}

static void swapped_and_copied_blocks_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct place places[16];
    list_blocks(fixture, places, 16);
    uint8_t *whole = read_segment(fixture);
    uint8_t *changed = malloc(SEGMENT_BYTES);
    for (size_t i = 1; i < 5; i++) {
        uint64_t bytes = places[i].frame_bytes < places[i - 1].frame_bytes
                             ? places[i].frame_bytes
                             : places[i - 1].frame_bytes;
        memcpy(changed, whole, SEGMENT_BYTES);
        memcpy(changed + places[i].offset, whole + places[i - 1].offset, bytes);
        write_segment(fixture, changed);
        assert_int_equal(fixture_open(fixture), -EBADMSG);
        memcpy(changed + places[i - 1].offset, whole + places[i].offset, bytes);
        write_segment(fixture, changed);
        assert_int_equal(fixture_open(fixture), -EBADMSG);
        assert_true(fixture_verify(fixture).result.faults >= 1);
    }
    free(changed);
    free(whole);
}

/* After an idle seal nothing is in doubt: any flip of an event is refused. */
static void a_sealed_ledger_has_no_doubtful_block(void **state)
{
    struct fixture *fixture = *state;
    struct place places[16];
    assert_int_equal(fixture_open(fixture), 0);
    assert_int_equal(fixture_close(fixture), 0); /* closing seals */
    assert_int_equal(list_blocks(fixture, places, 16), 7);
    assert_int_equal(places[6].event_count, 0);
    uint8_t *whole = read_segment(fixture);
    for (size_t i = 0; i < 6; i++) {
        for (uint64_t at = 0; at < places[i].frame_bytes; at += 331) {
            whole[places[i].offset + at] ^= 128;
            write_segment(fixture, whole);
            assert_int_equal(fixture_open(fixture), -EBADMSG);
            whole[places[i].offset + at] ^= 128;
        }
    }
    free(whole);
}

/* The blocks of an earlier life of the same disk space carry another segment id. */
static void stale_blocks_of_an_earlier_life_are_not_read(void **state)
{
    struct fixture *fixture = *state;
    struct place places[16];
    list_blocks(fixture, places, 16);
    uint8_t *old = read_segment(fixture);
    char path[256];
    snprintf(path, sizeof(path), "%s/00000000000000000001.seg", fixture->directory);
    assert_int_equal(cairn_io_unlink(fixture->io, path), 0);
    assert_int_equal(fixture_open(fixture), 0);
    assert_int_equal(fixture_close(fixture), 0);

    uint8_t *fresh = read_segment(fixture);
    memcpy(old, fresh, CAIRN_SEGMENT_HEADER_BYTES);
    write_segment(fixture, old);
    assert_int_equal(fixture_check(fixture), 0);
    assert_int_equal(fixture_open(fixture), 0);
    assert_int_equal(fixture->recovery.last_seq, 0);
    assert_true(fixture->recovery.torn_bytes > 0);
    fixture_append_block(fixture, 5);
    assert_int_equal(fixture_check(fixture), 5);
    free(fresh);
    free(old);
}

/* A crash cannot break more blocks than may be unflushed. Blocks without events are used, since for
 * them no sequence is vouched for: only their number tells. */
static void more_broken_blocks_than_can_be_in_flight_are_damage(void **state)
{
    (void)state;
    for (uint32_t missing = 1; missing <= 6; missing++) {
        struct fixture *fixture = fixture_create(CAIRN_IO_SIM, 4);
        assert_int_equal(fixture_open(fixture), 0);
        assert_int_equal(fixture_close(fixture), 0);
        struct cairn_segment_header header;
        uint8_t segment[CAIRN_SEGMENT_HEADER_BYTES];
        int fd = fixture_segment(fixture, 1);
        fixture_read(fixture, fd, segment, sizeof(segment), 0);
        assert_int_equal(cairn_segment_decode(segment, sizeof(segment), &header), 0);
        header.blocks_unflushed_max = 4;
        cairn_segment_encode(segment, &header);
        fixture_write(fixture, fd, segment, sizeof(segment), 0);

        uint8_t frame[CAIRN_BLOCK_ALIGN_BYTES] = {0};
        struct cairn_block_header lone = {
            .segment_id = header.segment_id, .first_seq = 1, .number = missing};
        cairn_block_seal(frame, &lone);
        fixture_write(fixture, fd, frame, sizeof(frame),
                      CAIRN_SEGMENT_HEADER_BYTES + missing * CAIRN_BLOCK_ALIGN_BYTES);
        assert_int_equal(cairn_io_sync_now(fixture->io, fd), 0);
        cairn_io_close(fixture->io, fd);
        assert_int_equal(fixture_open(fixture), missing < 4 ? 0 : -EBADMSG);
        fixture_destroy(fixture);
    }
}

static void a_missing_or_strange_segment_is_refused(void **state)
{
    struct fixture *fixture = *state;
    char from[256];
    char to[256];
    fixture->options.segment_bytes = 65536;
    assert_int_equal(fixture_open(fixture), 0);
    for (int i = 0; i < 30; i++)
        fixture_append_block(fixture, 60);
    assert_int_equal(fixture_close(fixture), 0);

    struct cairn_segment_list list = {0};
    assert_int_equal(cairn_segment_list(fixture->io, fixture->directory, &list), 0);
    assert_true(list.count >= 3);
    char name[CAIRN_SEGMENT_NAME_BYTES];
    cairn_segment_name(name, list.first_seqs[1]);
    snprintf(from, sizeof(from), "%s/%s", fixture->directory, name);
    snprintf(to, sizeof(to), "%s/aside", fixture->directory);
    assert_int_equal(cairn_io_rename(fixture->io, from, to), 0);
    assert_int_equal(fixture_open(fixture), -EBADMSG);
    assert_true(fixture_verify(fixture).result.faults >= 1);
    assert_int_equal(cairn_io_rename(fixture->io, to, from), 0);

    cairn_segment_name(name, list.first_seqs[1] + 1);
    snprintf(to, sizeof(to), "%s/%s", fixture->directory, name);
    assert_int_equal(cairn_io_rename(fixture->io, from, to), 0);
    assert_int_equal(fixture_open(fixture), -EBADMSG);
    assert_int_equal(cairn_io_rename(fixture->io, to, from), 0);
    assert_int_equal(fixture_open(fixture), 0);
    cairn_segment_list_deinit(&list);
}

/* ---- crashes at random moments, over and over on what the last one left ---- */

struct run {
    struct fixture *fixture;
    struct cairn_random random;
    uint64_t crashes;
    uint64_t torn;
};

static void act(struct run *run)
{
    struct fixture *fixture = run->fixture;
    uint64_t choice = cairn_random_below(&run->random, 16);
    if (choice < 8)
        (void)fixture_append(fixture, (uint32_t)cairn_random_below(&run->random, 30));
    else if (choice < 10)
        cairn_ledger_flush(fixture->ledger, false);
    else if (choice < 13)
        cairn_ledger_flush(fixture->ledger, true);
    else if (choice < 15)
        cairn_io_poll(fixture->io, cairn_random_below(&run->random, 300000));
    else
        (void)cairn_ledger_tick(fixture->ledger);
}

static void live_and_crash(struct run *run)
{
    struct fixture *fixture = run->fixture;
    assert_int_equal(fixture_open(fixture), 0);
    uint64_t base_seq = fixture->recovery.last_seq;
    uint64_t steps = cairn_random_below(&run->random, 60);
    bool faulty = cairn_random_below(&run->random, 3) == 0;
    if (faulty)
        cairn_sim_fail(fixture->sim, CAIRN_SIM_WRITE | CAIRN_SIM_SYNC | CAIRN_SIM_NAME,
                       cairn_random_below(&run->random, 60),
                       1 + cairn_random_below(&run->random, 3), -EIO);
    for (uint64_t i = 0; i < steps; i++)
        act(run);
    cairn_sim_fail(fixture->sim, CAIRN_SIM_DISK, 0, 0, 0);

    /* Beside a disk that fails, a kill too is only promised what is durable. */
    bool killed = !faulty && cairn_random_below(&run->random, 3) == 0;
    uint64_t safe_seq = killed ? fixture->progress.written_seq : fixture->progress.durable_seq;
    safe_seq = safe_seq > base_seq ? safe_seq : base_seq;
    uint64_t last_seq = cairn_ledger_next_seq(fixture->ledger) - 1;
    if (killed)
        cairn_sim_kill(fixture->sim);
    else
        cairn_sim_crash(fixture->sim);
    (void)fixture_close(fixture);
    cairn_io_destroy(fixture->io);
    assert_int_equal(fixture_enter(fixture), 0);

    int result = fixture_open(fixture);
    if (result < 0)
        print_message("%s: %s\n", strerror(-result), fixture->recovery.detail);
    assert_int_equal(result, 0);                         /* no crash is mistaken for damage */
    assert_true(fixture->recovery.last_seq >= safe_seq); /* nothing acknowledged is lost */
    assert_true(fixture->recovery.last_seq <= last_seq); /* and nothing invented */
    run->torn += fixture->recovery.torn_bytes > 0;
    assert_int_equal(fixture_close(fixture), 0);
    assert_int_equal(fixture_check(fixture), fixture->recovery.last_seq);
    assert_int_equal(fixture_verify(fixture).result.faults, 0);
    run->crashes++;
}

static void no_crash_loses_or_invents_an_event(void **state)
{
    (void)state;
    struct run run = {0};
    uint64_t seeds =
        getenv("CAIRN_TEST_SEEDS") ? strtoull(getenv("CAIRN_TEST_SEEDS"), NULL, 10) : 40;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        cairn_random_init(&run.random, seed);
        run.fixture = fixture_create(CAIRN_IO_SIM, seed);
        run.fixture->options.segment_bytes = 65536 + cairn_random_below(&run.random, 2) * 65536;
        run.fixture->options.block_bytes = 4096u << cairn_random_below(&run.random, 4);
        run.fixture->options.blocks_in_flight = 1 + (uint32_t)cairn_random_below(&run.random, 8);
        print_message("seed %llu\n", (unsigned long long)seed);
        for (int i = 0; i < 10; i++)
            live_and_crash(&run);
        fixture_destroy(run.fixture);
    }
    print_message("%llu crashes, %llu torn tails\n", (unsigned long long)run.crashes,
                  (unsigned long long)run.torn);
    assert_true(run.torn > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_killed_writer_loses_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_tail_torn_anywhere_is_cut_and_gone_on_from, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(torn_bytes_are_kept_aside, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_flip_in_acknowledged_data_is_refused_and_nothing_is_changed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(zeroed_blocks_in_the_middle_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(swapped_and_copied_blocks_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_sealed_ledger_has_no_doubtful_block, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stale_blocks_of_an_earlier_life_are_not_read, set_up,
                                        tear_down),
        cmocka_unit_test(more_broken_blocks_than_can_be_in_flight_are_damage),
        cmocka_unit_test_setup_teardown(a_missing_or_strange_segment_is_refused, set_up, tear_down),
        cmocka_unit_test(no_crash_loses_or_invents_an_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
