/* Models stored and loaded again, and checkpoints that must not be believed. */
#include "actors/system_checkpoint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "actors/ingest/directory.h"
#include "actors/ingest/ingest_internal.h"
#include "runtime/base/random.h"
#include "runtime/base/time.h"
#include "runtime/io/io.h"
#include "storage/checkpoint.h"
#include "storage/event_json.h"
#include "tests/support/unit.h"

#define EVENTS 1200
#define SPACES 5

struct fixture {
    char root[64];
    char ledger_path[96];
    char checkpoint_path[96];
    struct cairn_io *io;
    struct cairn_settings settings;
    struct cairn_ledger *ledger;
    struct cairn_ledger_progress progress;
    struct cairn_event_parser parser;
    struct cairn_random random;
    uint64_t seq; /* last in the ledger */
};

static void on_progress(void *context, const struct cairn_ledger_progress *progress)
{
    ((struct fixture *)context)->progress = *progress;
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    const struct cairn_io_options io = {.queue_entries = 64};
    snprintf(fixture->root, sizeof(fixture->root), "/tmp/cairn-test-XXXXXX");
    assert_non_null(mkdtemp(fixture->root));
    snprintf(fixture->ledger_path, sizeof(fixture->ledger_path), "%s/ledger/0", fixture->root);
    snprintf(fixture->checkpoint_path, sizeof(fixture->checkpoint_path), "%s/checkpoints",
             fixture->root);
    assert_int_equal(cairn_io_create(CAIRN_IO_POSIX, &io, &fixture->io), 0);
    cairn_settings_defaults(&fixture->settings);
    cairn_random_init(&fixture->random, 5);
    const struct cairn_ledger_options options = {.directory = fixture->ledger_path,
                                                 .segment_bytes = 1u << 20,
                                                 .blocks_in_flight = 2,
                                                 .block_bytes = 64u << 10,
                                                 .compress_threshold = 1024,
                                                 .flush_interval_ms = 100,
                                                 .seal_idle_ms = 5,
                                                 .progress = on_progress,
                                                 .context = fixture};
    struct cairn_ledger_recovery recovery;
    assert_int_equal(cairn_ledger_open(fixture->io, &options, &recovery, &fixture->ledger), 0);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    char command[128];
    assert_int_equal(cairn_ledger_close(fixture->ledger), 0);
    cairn_event_parser_deinit(&fixture->parser);
    cairn_io_destroy(fixture->io);
    snprintf(command, sizeof(command), "rm -rf %s", fixture->root);
    assert_int_equal(system(command), 0);
    free(fixture);
    return 0;
}

/* ---- events into the ledger and into models ---- */

static void draw_words(struct fixture *fixture, char *text, size_t bytes)
{
    size_t at = 0;
    for (int i = 0; i < 8; i++)
        at += (size_t)snprintf(text + at, bytes - at, "%sw%u", i > 0 ? " " : "",
                               (unsigned)cairn_random_below(&fixture->random, 800));
}

/* The next event of a random kind and space: of an episode, each space has one. */
static void draw_event(struct fixture *fixture, struct cairn_event *event)
{
    static const char *const spaces[SPACES] = {"a", "b", "c", "d", "e"};
    static uint8_t uuid[16];
    char words[128], json[512];
    unsigned space = (unsigned)cairn_random_below(&fixture->random, SPACES);
    uint64_t what = cairn_random_below(&fixture->random, 10);
    draw_words(fixture, words, sizeof(words));
    memset(uuid, (int)space + 1, sizeof(uuid));
    struct cairn_event_given given = {.space = cairn_slice_of(spaces[space]),
                                      .ts_ms = 1700000000000 + (int64_t)fixture->seq};
    uint8_t kind = what < 7   ? CAIRN_EVENT_MESSAGE
                   : what < 8 ? CAIRN_EVENT_FACT
                   : what < 9 ? CAIRN_EVENT_EPISODE
                              : CAIRN_EVENT_STEP;
    if (kind == CAIRN_EVENT_MESSAGE) {
        snprintf(json, sizeof(json),
                 "{\"channel\":\"c\",\"author\":\"a%u\",\"text\":\"%s\",\"id\":\"%u\"}",
                 (unsigned)(fixture->seq % 7), words, (unsigned)fixture->seq);
    } else if (kind == CAIRN_EVENT_FACT) {
        snprintf(json, sizeof(json), "{\"value\":\"%s\"}", words);
        given.author = cairn_slice_of("ann");
        given.key = cairn_slice_of("mood");
    } else if (kind == CAIRN_EVENT_EPISODE) {
        snprintf(json, sizeof(json), "{\"task\":\"%s\",\"domain\":\"d\"}", words);
        given.episode = cairn_slice(uuid, sizeof(uuid));
    } else {
        snprintf(json, sizeof(json), "{\"tool\":\"t\",\"action\":\"%s\",\"ok\":true}", words);
        given.episode = cairn_slice(uuid, sizeof(uuid));
    }
    /* Names lie in the parser, so the text must stand as long as the event. */
    static char kept[512];
    snprintf(kept, sizeof(kept), "%s", json);
    if (cairn_event_parse(&fixture->parser, kind, cairn_slice_of(kept), &given, event) < 0)
        fail_msg("%s: %s", json, fixture->parser.error);
    event->seq = ++fixture->seq;
}

static void apply(struct cairn_models *models, const struct cairn_event *event)
{
    struct cairn_batch *batch = cairn_batch_create(1);
    assert_int_equal(cairn_batch_add(batch, event), 0);
    batch->shard = cairn_shards_of(&models->shards, event->space);
    for (unsigned id = 0; id < CAIRN_PROJECTION_COUNT; id++)
        assert_int_equal(
            cairn_projection_apply(models->shards.projections[id][batch->shard], batch), 0);
    assert_int_equal(cairn_ingest_record(models->directory, batch), 0);
    cairn_batch_release(batch);
}

/* `others` may be NULL: models that get the same. */
static void go_on(struct fixture *fixture, struct cairn_models *models, struct cairn_models *others,
                  uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct cairn_event event = {0};
        draw_event(fixture, &event);
        while (cairn_ledger_append(fixture->ledger, &event, 1) == -ENOBUFS)
            cairn_io_poll(fixture->io, UINT64_MAX);
        apply(models, &event);
        if (others != NULL)
            apply(others, &event);
    }
    cairn_ledger_flush(fixture->ledger, true);
    while (fixture->progress.durable_seq < fixture->seq)
        cairn_io_poll(fixture->io, CAIRN_NS_PER_MS);
}

/* ---- comparing ---- */

static void check_equal(const struct cairn_models *a, const struct cairn_models *b)
{
    struct cairn_digest left[CAIRN_PROJECTION_COUNT + 1] = {0};
    struct cairn_digest right[CAIRN_PROJECTION_COUNT + 1] = {0};
    cairn_models_digest(a, left);
    cairn_models_digest(b, right);
    cairn_projection_digest(a->directory, &left[CAIRN_PROJECTION_COUNT]);
    cairn_projection_digest(b->directory, &right[CAIRN_PROJECTION_COUNT]);
    assert_memory_equal(left, right, sizeof(left));
    assert_true(left[0].low != 0);
}

static void check_empty(const struct cairn_models *models)
{
    struct cairn_digest digests[CAIRN_PROJECTION_COUNT];
    cairn_models_digest(models, digests);
    for (int id = 0; id < CAIRN_PROJECTION_COUNT; id++)
        assert_true(digests[id].low == 0 && digests[id].high == 0);
    assert_int_equal(cairn_projection_space_count(models->directory), 0);
}

/* Into fresh models. Returns the first sequence that they lack. */
static uint64_t load(struct fixture *fixture, struct cairn_models *models)
{
    uint64_t from_seq = 0;
    assert_int_equal(cairn_models_init(models, &fixture->settings), 0);
    assert_int_equal(cairn_models_load(models, &fixture->settings, fixture->io,
                                       fixture->checkpoint_path, fixture->ledger_path, &from_seq),
                     0);
    return from_seq;
}

static void save(struct fixture *fixture, struct cairn_models *models, uint64_t seq)
{
    assert_int_equal(cairn_models_save(models, fixture->io, fixture->checkpoint_path, seq), 0);
}

static void checkpoint_file(const struct fixture *fixture, uint64_t seq, char path[256])
{
    snprintf(path, 256, "%s/models-%020llu.ckpt", fixture->checkpoint_path,
             (unsigned long long)seq);
}

/* ---- what must be believed ---- */

static void without_a_checkpoint_everything_is_replayed(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_models models;
    assert_int_equal(load(fixture, &models), 1);
    check_empty(&models);
    cairn_models_deinit(&models);
}

static void loaded_models_are_the_stored_ones_and_go_on_like_them(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_models models, loaded;
    assert_int_equal(cairn_models_init(&models, &fixture->settings), 0);
    go_on(fixture, &models, NULL, EVENTS);
    save(fixture, &models, EVENTS);
    assert_int_equal(load(fixture, &loaded), EVENTS + 1);
    check_equal(&models, &loaded);
    go_on(fixture, &models, &loaded, 300);
    check_equal(&models, &loaded);

    /* A copy of a copy, and what a replay would feed twice. */
    save(fixture, &loaded, EVENTS + 300);
    cairn_models_deinit(&loaded);
    assert_int_equal(load(fixture, &loaded), EVENTS + 301);
    check_equal(&models, &loaded);
    cairn_models_deinit(&models);
    cairn_models_deinit(&loaded);
}

static void the_number_of_shards_may_change(void **state)
{
    struct fixture *fixture = *state;
    static const uint64_t shards[] = {1, 3, 64};
    struct cairn_models models, loaded;
    assert_int_equal(cairn_models_init(&models, &fixture->settings), 0);
    go_on(fixture, &models, NULL, 300);
    save(fixture, &models, 300);
    for (int i = 0; i < 3; i++) {
        fixture->settings.concurrency.shards = shards[i];
        assert_int_equal(load(fixture, &loaded), 301);
        check_equal(&models, &loaded);
        cairn_models_deinit(&loaded);
    }
    cairn_models_deinit(&models);
}

/* ---- what must not ---- */

static void a_checkpoint_of_more_than_the_ledger_holds_is_not_believed(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_models models, loaded;
    assert_int_equal(cairn_models_init(&models, &fixture->settings), 0);
    go_on(fixture, &models, NULL, 100);
    save(fixture, &models, 101);
    assert_int_equal(load(fixture, &loaded), 1);
    check_empty(&loaded);
    cairn_models_deinit(&loaded);
    save(fixture, &models, 100);
    assert_int_equal(load(fixture, &loaded), 101);
    cairn_models_deinit(&loaded);
    cairn_models_deinit(&models);
}

static void damage(const char *path, long offset)
{
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, offset, SEEK_SET), 0);
    int byte = fgetc(file);
    assert_int_equal(fseek(file, offset, SEEK_SET), 0);
    fputc(byte ^ 0x20, file);
    fclose(file);
}

static long size_of(const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long bytes = ftell(file);
    fclose(file);
    return bytes;
}

/* A flipped bit anywhere, and it is left aside for the older one; what it had loaded is gone. */
static void a_damaged_checkpoint_gives_way_to_the_older_one(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_models models, older, loaded;
    char path[256];
    assert_int_equal(cairn_models_init(&models, &fixture->settings), 0);
    go_on(fixture, &models, NULL, 200);
    save(fixture, &models, 200);
    assert_int_equal(load(fixture, &older), 201);
    go_on(fixture, &models, NULL, 100);
    save(fixture, &models, 300);
    checkpoint_file(fixture, 300, path);
    long bytes = size_of(path);
    for (int i = 0; i < 12; i++) {
        long offset = i == 0   ? 0
                      : i == 1 ? bytes - 9
                               : (long)cairn_random_below(&fixture->random, (uint64_t)bytes - 8);
        damage(path, offset);
        uint64_t from_seq = load(fixture, &loaded);
        if (from_seq != 201)
            fail_msg("byte %ld of %ld: from %llu", offset, bytes, (unsigned long long)from_seq);
        check_equal(&older, &loaded);
        cairn_models_deinit(&loaded);
        damage(path, offset); /* and back */
    }
    assert_int_equal(load(fixture, &loaded), 301);
    check_equal(&models, &loaded);
    cairn_models_deinit(&loaded);
    cairn_models_deinit(&older);
    cairn_models_deinit(&models);
}

static void a_checkpoint_cut_short_is_not_believed(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_models models, loaded;
    char path[256];
    assert_int_equal(cairn_models_init(&models, &fixture->settings), 0);
    go_on(fixture, &models, NULL, 100);
    save(fixture, &models, 100);
    checkpoint_file(fixture, 100, path);
    long bytes = size_of(path);
    const long lengths[] = {bytes - 1, bytes / 2, 128, 127, 0};
    for (int i = 0; i < 5; i++) {
        assert_int_equal(truncate(path, lengths[i]), 0);
        assert_int_equal(load(fixture, &loaded), 1);
        check_empty(&loaded);
        cairn_models_deinit(&loaded);
    }
    cairn_models_deinit(&models);
}

/* A checkpoint of one section, whole in itself. */
static void write_foreign(struct fixture *fixture, uint32_t schema_version, const char *section,
                          struct cairn_slice content)
{
    struct cairn_checkpoint_writer writer;
    const struct cairn_checkpoint_info info = {.schema_version = schema_version,
                                               .ledger_seq = fixture->seq};
    assert_int_equal(
        cairn_checkpoint_begin(&writer, fixture->io, fixture->checkpoint_path, "models", &info), 0);
    cairn_checkpoint_add(&writer, cairn_slice_of(section), 1, content);
    assert_int_equal(cairn_checkpoint_commit(&writer), 0);
}

static uint32_t current_schema(struct fixture *fixture, uint64_t seq)
{
    struct cairn_checkpoint_info info;
    assert_int_equal(
        cairn_checkpoint_info(fixture->io, fixture->checkpoint_path, "models", seq, &info), 0);
    return info.schema_version;
}

static void a_checkpoint_of_another_schema_is_not_believed(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_models models, loaded;
    assert_int_equal(cairn_models_init(&models, &fixture->settings), 0);
    go_on(fixture, &models, NULL, 50);
    save(fixture, &models, 50);
    uint32_t version = current_schema(fixture, 50);
    write_foreign(fixture, version + 1, "training/a", cairn_slice_of("x"));
    assert_int_equal(load(fixture, &loaded), 1);
    check_empty(&loaded);
    cairn_models_deinit(&loaded);
    cairn_models_deinit(&models);
}

static void a_section_of_nobody_makes_it_unbelievable(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_models models, loaded;
    assert_int_equal(cairn_models_init(&models, &fixture->settings), 0);
    go_on(fixture, &models, NULL, 50);
    save(fixture, &models, 50);
    uint32_t version = current_schema(fixture, 50);
    write_foreign(fixture, version, "weather/a", cairn_slice_of("sunny"));
    assert_int_equal(load(fixture, &loaded), 1);
    cairn_models_deinit(&loaded);
    write_foreign(fixture, version, "weather", cairn_slice_of("sunny"));
    assert_int_equal(load(fixture, &loaded), 1);
    cairn_models_deinit(&loaded);
    cairn_models_deinit(&models);
}

static void a_section_that_is_no_model_makes_it_unbelievable(void **state)
{
    static const char *const sections[] = {"training/a", "directory/a"};
    struct fixture *fixture = *state;
    struct cairn_models models, loaded;
    char zeros[256] = {0};
    assert_int_equal(cairn_models_init(&models, &fixture->settings), 0);
    go_on(fixture, &models, NULL, 50);
    save(fixture, &models, 50);
    uint32_t version = current_schema(fixture, 50);
    for (int i = 0; i < 2; i++) {
        write_foreign(fixture, version, sections[i], cairn_slice(zeros, sizeof(zeros)));
        assert_int_equal(load(fixture, &loaded), 1);
        check_empty(&loaded);
        cairn_models_deinit(&loaded);
    }
    cairn_models_deinit(&models);
}

/* Somebody lowered the budget: what no longer fits is rebuilt as far as it fits; no space is left
 * without its model. */
static void models_beyond_the_budget_are_rebuilt(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_models models, loaded;
    assert_int_equal(cairn_models_init(&models, &fixture->settings), 0);
    go_on(fixture, &models, NULL, 30000);
    save(fixture, &models, 30000);
    fixture->settings.memory.projection_mb = 1;
    assert_int_equal(load(fixture, &loaded), 1);
    check_empty(&loaded);
    go_on(fixture, &loaded, NULL, 50);
    cairn_models_deinit(&loaded);
    cairn_models_deinit(&models);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_a_checkpoint_everything_is_replayed),
        TEST(loaded_models_are_the_stored_ones_and_go_on_like_them),
        TEST(the_number_of_shards_may_change),
        TEST(a_checkpoint_of_more_than_the_ledger_holds_is_not_believed),
        TEST(a_damaged_checkpoint_gives_way_to_the_older_one),
        TEST(a_checkpoint_cut_short_is_not_believed),
        TEST(a_checkpoint_of_another_schema_is_not_believed),
        TEST(a_section_of_nobody_makes_it_unbelievable),
        TEST(a_section_that_is_no_model_makes_it_unbelievable),
        TEST(models_beyond_the_budget_are_rebuilt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
