#include "storage/checkpoint.h"

#include "tests/storage/fixture.h"

#define DIRECTORY "checkpoints"

static const struct cairn_checkpoint_info example = {
    .schema_version = 3, .ledger_seq = 1000, .chain_hash = 77};

static int set_up(void **state)
{
    *state = fixture_create(CAIRN_IO_SIM, 9);
    return 0;
}

static int tear_down(void **state)
{
    fixture_destroy(*state);
    return 0;
}

/* Section i: its name and `i * 37` bytes of its number. */
static int write_checkpoint(struct fixture *fixture, const char *name,
                            const struct cairn_checkpoint_info *info, uint8_t sections)
{
    struct cairn_checkpoint_writer writer;
    int result = cairn_checkpoint_begin(&writer, fixture->io, DIRECTORY, name, info);
    if (result < 0)
        return result;
    for (uint8_t i = 0; i < sections; i++) {
        char section[16];
        char content[256 * 37];
        snprintf(section, sizeof(section), "space-%u", i);
        memset(content, i, (size_t)i * 37);
        cairn_checkpoint_add(&writer, cairn_slice_of(section), 900u + i,
                             cairn_slice(content, (size_t)i * 37));
    }
    return cairn_checkpoint_commit(&writer);
}

struct loaded {
    uint8_t *memory;
    uint32_t sections;
    bool skip_odd;
};

static void *destination(void *context, const struct cairn_checkpoint_section *section)
{
    struct loaded *loaded = context;
    if (loaded->skip_odd && section->applied_seq % 2 == 1)
        return NULL;
    free(loaded->memory);
    loaded->memory = malloc(section->bytes + 1);
    return loaded->memory;
}

static int accept(void *context, const struct cairn_checkpoint_section *section, void *content)
{
    struct loaded *loaded = context;
    const uint8_t *bytes = content;
    char name[16];
    uint64_t i = section->applied_seq - 900;
    snprintf(name, sizeof(name), "space-%u", (unsigned)i);
    assert_true(cairn_slice_is(section->name, name));
    assert_int_equal(section->bytes, i * 37);
    for (uint64_t at = 0; at < section->bytes; at++)
        assert_int_equal(bytes[at], i);
    loaded->sections++;
    return 0;
}

static int load(struct fixture *fixture, const char *name, uint64_t ledger_seq,
                struct loaded *loaded, struct cairn_checkpoint_info *info)
{
    struct cairn_checkpoint_reader reader = {
        .destination = destination, .loaded = accept, .context = loaded};
    int result = cairn_checkpoint_load(fixture->io, DIRECTORY, name, ledger_seq, &reader, info);
    free(loaded->memory);
    loaded->memory = NULL;
    return result;
}

static void sections_come_back_as_they_were_added(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_checkpoint_info info;
    struct loaded loaded = {0};
    assert_int_equal(write_checkpoint(fixture, "training-3", &example, 20), 0);
    assert_int_equal(load(fixture, "training-3", 1000, &loaded, &info), 0);
    assert_int_equal(loaded.sections, 20);
    assert_int_equal(info.schema_version, 3);
    assert_int_equal(info.ledger_seq, 1000);
    assert_int_equal(info.chain_hash, 77);
    assert_int_equal(info.section_count, 20);
    assert_int_equal(cairn_checkpoint_info(fixture->io, DIRECTORY, "training-3", 1000, &info), 0);
}

static void sections_may_be_passed_over(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_checkpoint_info info;
    struct loaded loaded = {.skip_odd = true};
    assert_int_equal(write_checkpoint(fixture, "facts", &example, 9), 0);
    assert_int_equal(load(fixture, "facts", 1000, &loaded, &info), 0);
    assert_int_equal(loaded.sections, 5);
}

static void a_checkpoint_may_be_empty(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_checkpoint_info info;
    struct loaded loaded = {0};
    assert_int_equal(write_checkpoint(fixture, "empty", &example, 0), 0);
    assert_int_equal(load(fixture, "empty", 1000, &loaded, &info), 0);
    assert_int_equal(info.section_count, 0);
}

static void the_two_newest_are_kept(void **state)
{
    struct fixture *fixture = *state;
    uint64_t seqs[8];
    for (uint64_t seq = 10; seq <= 50; seq += 10) {
        struct cairn_checkpoint_info info = {.ledger_seq = seq};
        assert_int_equal(write_checkpoint(fixture, "a", &info, 2), 0);
        assert_int_equal(write_checkpoint(fixture, "a-b", &info, 2), 0);
    }
    assert_int_equal(cairn_checkpoint_list(fixture->io, DIRECTORY, "a", seqs, 8), 2);
    assert_int_equal(seqs[0], 50);
    assert_int_equal(seqs[1], 40);
    assert_int_equal(cairn_checkpoint_list(fixture->io, DIRECTORY, "a", seqs, 1), 1);
    assert_int_equal(seqs[0], 50);
    assert_int_equal(cairn_checkpoint_delete(fixture->io, DIRECTORY, "a", 50), 0);
    assert_int_equal(cairn_checkpoint_list(fixture->io, DIRECTORY, "a", seqs, 8), 1);
    assert_int_equal(cairn_checkpoint_list(fixture->io, DIRECTORY, "a-b", seqs, 8), 2);
    assert_int_equal(cairn_checkpoint_list(fixture->io, "nowhere", "a", seqs, 8), 0);
}

static void any_damaged_or_missing_byte_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_checkpoint_info info;
    const char *path = DIRECTORY "/x-00000000000000001000.ckpt";
    assert_int_equal(write_checkpoint(fixture, "x", &example, 4), 0);
    int fd = cairn_io_open(fixture->io, path, CAIRN_IO_OPEN_WRITE);
    int64_t bytes = cairn_io_size(fixture->io, fd);
    for (uint64_t offset = 0; offset < (uint64_t)bytes; offset++) {
        struct loaded loaded = {0};
        fixture_flip(fixture, fd, offset, 0x20);
        assert_int_equal(load(fixture, "x", 1000, &loaded, &info), -EBADMSG);
        fixture_flip(fixture, fd, offset, 0x20);
    }
    for (int64_t kept = bytes - 1; kept >= 0; kept -= 5) {
        struct loaded loaded = {0};
        assert_int_equal(cairn_io_truncate(fixture->io, fd, (uint64_t)kept), 0);
        assert_int_equal(load(fixture, "x", 1000, &loaded, &info), -EBADMSG);
    }
    cairn_io_close(fixture->io, fd);
}

static void another_name_or_sequence_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_checkpoint_info info;
    struct loaded loaded = {0};
    assert_int_equal(write_checkpoint(fixture, "x", &example, 4), 0);
    assert_int_equal(load(fixture, "x", 999, &loaded, &info), -ENOENT);
    assert_int_equal(cairn_io_rename(fixture->io, DIRECTORY "/x-00000000000000001000.ckpt",
                                     DIRECTORY "/y-00000000000000001000.ckpt"),
                     0);
    assert_int_equal(load(fixture, "y", 1000, &loaded, &info), -EBADMSG);
    assert_int_equal(write_checkpoint(fixture, "a/b", &example, 1), -EINVAL);
    assert_int_equal(write_checkpoint(fixture, "", &example, 1), -EINVAL);
}

/* At any moment there is either the old checkpoint or the new one, whole. */
static void a_crash_leaves_a_whole_checkpoint_or_none(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 60; seed++) {
        struct fixture *fixture = fixture_create(CAIRN_IO_SIM, seed);
        struct cairn_checkpoint_info info = {.ledger_seq = 5};
        uint64_t seqs[4];
        assert_int_equal(write_checkpoint(fixture, "x", &info, 5), 0);
        cairn_sim_fail(fixture->sim, CAIRN_SIM_WRITE | CAIRN_SIM_SYNC | CAIRN_SIM_NAME, seed, 1,
                       -EIO);
        info.ledger_seq = 6;
        int result = write_checkpoint(fixture, "x", &info, 5);
        cairn_sim_fail(fixture->sim, CAIRN_SIM_DISK, 0, 0, 0);
        fixture_crash(fixture);
        int count = cairn_checkpoint_list(fixture->io, DIRECTORY, "x", seqs, 4);
        assert_true(count >= 1);
        assert_int_equal(seqs[count - 1], 5);
        assert_true(result < 0 || seqs[0] == 6);
        for (int i = 0; i < count; i++) {
            struct loaded loaded = {0};
            assert_int_equal(load(fixture, "x", seqs[i], &loaded, &info), 0);
            assert_int_equal(loaded.sections, 5);
        }
        fixture_destroy(fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sections_come_back_as_they_were_added, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sections_may_be_passed_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_checkpoint_may_be_empty, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_two_newest_are_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(any_damaged_or_missing_byte_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_name_or_sequence_is_refused, set_up, tear_down),
        cmocka_unit_test(a_crash_leaves_a_whole_checkpoint_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
