#include "config/settings.h"

#include <stdio.h>
#include <stdlib.h>

#include "config/keys.h"
#include "config/toml.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/io/io.h"
#include "tests/support/corpus.h"
#include "tests/support/unit.h"

#define SHIPPED "performance-config.toml"

static struct cairn_settings settings;
static struct cairn_settings_error error;

static int start(void **state)
{
    (void)state;
    cairn_settings_defaults(&settings);
    memset(&error, 0, sizeof(error));
    return 0;
}

static int load(const char *text)
{
    return cairn_settings_load(&settings, cairn_slice_of(text), "a.toml", &error);
}

static void assert_refused(const char *text, const char *message)
{
    struct cairn_settings before = settings;
    assert_int_equal(load(text), -EINVAL);
    assert_string_equal(error.text, message);
    assert_memory_equal(&before, &settings, sizeof(settings));
}

static int override(const char *text)
{
    return cairn_settings_apply_override(&settings, text, &error);
}

static void assert_override_refused(const char *text, const char *message)
{
    assert_int_equal(override(text), -EINVAL);
    assert_string_equal(error.text, message);
}

static void defaults_are_those_of_the_table(void **state)
{
    (void)state;
    assert_string_equal(settings.server.listen, "127.0.0.1:7700");
    assert_string_equal(settings.server.data, "./cairn-data");
    assert_string_equal(settings.storage.durability, "durable");
    assert_int_equal(settings.server.max_body_bytes, 33554432);
    assert_int_equal(settings.concurrency.shards, 16);
    assert_true(settings.io.uring);
    assert_false(settings.io.sqpoll);
    assert_true(settings.retrieval.k1 == 1.2);
    assert_int_equal(settings.rollout.spaces.count, 0);
}

static void the_table_is_sound(void **state)
{
    (void)state;
    uint32_t keys_count, sections_count, section = 0;
    const struct cairn_setting_key *keys = cairn_setting_keys(&keys_count);
    const struct cairn_setting_section *sections = cairn_setting_sections(&sections_count);
    for (uint32_t i = 0; i < keys_count; i++) {
        while (section < sections_count && strcmp(keys[i].section, sections[section].name) != 0)
            section++;
        assert_true(section < sections_count);
        assert_ptr_equal(
            cairn_setting_find(cairn_slice_of(keys[i].section), cairn_slice_of(keys[i].name)),
            &keys[i]);
        assert_true(keys[i].offset + keys[i].bytes <= sizeof(settings));
        assert_null(strchr(keys[i].doc, '\n'));
        bool says_no_effect = strstr(keys[i].doc, "no effect because") != NULL;
        assert_int_equal(says_no_effect, keys[i].effect == CAIRN_SETTING_IDLE);
    }
}

static void a_file_goes_over_the_defaults_and_leaves_the_rest(void **state)
{
    (void)state;
    assert_int_equal(load("[server]\nlisten = \"[::1]:0\"\nmax_body_bytes = 0x1000\n"
                          "[io]\nuring = false\n[retrieval]\nk1 = 2\nlanguage = \"none\"\n"
                          "[rollout]\nspaces = [\"a\", \"b\"]\n"),
                     0);
    assert_string_equal(settings.server.listen, "[::1]:0");
    assert_int_equal(settings.server.max_body_bytes, 4096);
    assert_false(settings.io.uring);
    assert_true(settings.retrieval.k1 == 2.0);
    assert_string_equal(settings.retrieval.language, "none");
    assert_int_equal(settings.rollout.spaces.count, 2);
    assert_string_equal(settings.rollout.spaces.items[1], "b");
    assert_int_equal(settings.server.pipeline_max, 64);
}

static void unknown_names_are_refused_with_what_was_meant(void **state)
{
    (void)state;
    assert_refused("[server]\n  lisen = \"x:1\"\n",
                   "a.toml:2:3: unknown key \"lisen\" in [server]; did you mean \"listen\"?");
    assert_refused("[sever]\n", "a.toml:1:2: unknown section [sever]; did you mean [server]?");
    assert_refused("[server]\nuring = true\n",
                   "a.toml:2:1: unknown key \"uring\" in [server]; did you mean [io] uring?");
    assert_refused("[server]\ncolour = 1\n", "a.toml:2:1: unknown key \"colour\" in [server]");
    assert_refused("[banana]\n", "a.toml:1:2: unknown section [banana]");
    assert_refused("[server.limits]\n", "a.toml:1:9: unknown key \"limits\" in [server]");
    assert_refused("server = 1\n",
                   "a.toml:1:1: server is a section: write [server] on a line of its own");
}

static void wrong_types_are_refused_where_they_stand(void **state)
{
    (void)state;
    assert_refused("[io]\nuring = \"yes\"\n",
                   "a.toml:2:9: [io] uring must be true or false, not a string");
    assert_refused("[server]\nlisten = 7700\n",
                   "a.toml:2:10: [server] listen must be a string, not an integer");
    assert_refused("[server]\nmax_body_bytes = 1.5\n",
                   "a.toml:2:18: [server] max_body_bytes must be an integer, not a float");
    assert_refused("[retrieval]\nk1 = true\n",
                   "a.toml:2:6: [retrieval] k1 must be a number, not a boolean");
    assert_refused("[rollout]\nspaces = [\"a\", 1]\n",
                   "a.toml:2:16: [rollout] spaces must be an array of strings; this element is an "
                   "integer");
    assert_refused("[io]\nuring = true\nuring = true\n", "a.toml:3:1: this key is defined already");
}

static void amounts_hold_at_their_limits_and_not_beyond(void **state)
{
    (void)state;
    uint32_t count;
    char text[160];
    const struct cairn_setting_key *keys = cairn_setting_keys(&count);
    for (uint32_t i = 0; i < count; i++) {
        if (keys[i].type != CAIRN_SETTING_AMOUNT)
            continue;
        uint64_t cases[] = {keys[i].min, keys[i].max, keys[i].min - 1, keys[i].max + 1};
        for (int limit = 0; limit < 4; limit++) {
            snprintf(text, sizeof(text), "[%s]\n%s = %lld\n", keys[i].section, keys[i].name,
                     (long long)cases[limit]);
            assert_int_equal(load(text), limit < 2 ? 0 : -EINVAL);
        }
    }
}

static void values_of_the_wrong_shape_are_refused(void **state)
{
    (void)state;
    assert_refused("[io]\nreceive_buffers = 500\n",
                   "a.toml:2:19: [io] receive_buffers must be a power of two, not 500");
    assert_refused("[storage]\nsegment_bytes = 1048577\n",
                   "a.toml:2:17: [storage] segment_bytes must be a multiple of 4096, not 1048577");
    assert_refused("[retrieval]\nb = 1.01\n",
                   "a.toml:2:5: [retrieval] b must be between 0 and 1, not 1.01");
    assert_refused("[retrieval]\nb = nan\n",
                   "a.toml:2:5: [retrieval] b must be between 0 and 1, not nan");
    assert_refused(
        "[storage]\ndurability = \"durabel\"\n",
        "a.toml:2:14: [storage] durability must be one of \"durable\", \"buffered\", not "
        "\"durabel\"; did you mean \"durable\"?");
    assert_refused("[server]\nlisten = \"localhost\"\n",
                   "a.toml:2:10: [server] listen must be HOST:PORT, not \"localhost\"");
    assert_refused("[server]\nlisten = \"::1:70\"\n",
                   "a.toml:2:10: [server] listen must be HOST:PORT, not \"::1:70\"");
    assert_refused("[server]\nlisten = \"a:65536\"\n",
                   "a.toml:2:10: [server] listen must be HOST:PORT, not \"a:65536\"");
    assert_refused("[server]\ndata = \"\"\n", "a.toml:2:8: [server] data must not be empty");
    assert_refused("[server]\ndata = \"a\\nb\"\n",
                   "a.toml:2:8: [server] data must be UTF-8 without control characters");
}

static void text_fits_up_to_its_limit(void **state)
{
    (void)state;
    struct cairn_buffer text = {0};
    for (size_t length = CAIRN_SETTING_TEXT_BYTES - 2; length <= CAIRN_SETTING_TEXT_BYTES;
         length++) {
        cairn_buffer_clear(&text);
        cairn_buffer_append_text(&text, "[server]\ndata = \"");
        for (size_t i = 0; i < length; i++)
            cairn_buffer_append_byte(&text, 'd');
        cairn_buffer_append_text(&text, "\"\n");
        int result = cairn_settings_load(&settings, cairn_buffer_slice(&text), "a.toml", &error);
        assert_int_equal(result, length < CAIRN_SETTING_TEXT_BYTES ? 0 : -EINVAL);
    }
    assert_int_equal(strlen(settings.server.data), CAIRN_SETTING_TEXT_BYTES - 1);
    cairn_buffer_deinit(&text);
}

static void a_file_that_fails_at_its_end_changes_nothing(void **state)
{
    (void)state;
    assert_refused("[io]\nuring = false\n[server]\npipeline_max = 0\n",
                   "a.toml:4:16: [server] pipeline_max must be between 1 and 4096, not 0");
    assert_refused("[io]\nuring = false\nx", "a.toml:3:2: = is expected after a key");
}

static void overrides_need_no_quotes(void **state)
{
    (void)state;
    assert_int_equal(override("server.listen=0.0.0.0:80"), 0);
    assert_int_equal(override("server.data=\"./a b\""), 0);
    assert_int_equal(override("io.uring=false"), 0);
    assert_int_equal(override("ledger.block_bytes=131_072"), 0);
    assert_int_equal(override("storage.durability=buffered"), 0);
    assert_int_equal(override("rollout.spaces=[\"x\"]"), 0);
    assert_int_equal(override("server.token_file="), 0);
    assert_string_equal(settings.server.listen, "0.0.0.0:80");
    assert_string_equal(settings.server.data, "./a b");
    assert_false(settings.io.uring);
    assert_int_equal(settings.ledger.block_bytes, 131072);
    assert_string_equal(settings.storage.durability, "buffered");
    assert_string_equal(settings.rollout.spaces.items[0], "x");
}

static void wrong_overrides_say_which_they_were(void **state)
{
    (void)state;
    assert_override_refused("server.lisen=x:1",
                            "--set server.lisen=x:1: unknown key \"lisen\" in [server]; did you "
                            "mean \"listen\"?");
    assert_override_refused("io.uring=yes",
                            "--set io.uring=yes: [io] uring must be true or false, not \"yes\"");
    assert_override_refused("uring", "--set uring: section.key=value is expected");
    assert_override_refused("io.uring=true\nx=1",
                            "--set io.uring=true\nx=1: [io] uring must be true or false, not "
                            "\"true\nx=1\"");
}

static void the_environment_sets_what_is_named_in_capitals(void **state)
{
    (void)state;
    char *const environment[] = {
        (char[]){"PATH=/bin"},
        (char[]){"CAIRN_TEST_DATA=/data"},
        (char[]){"CAIRN_SERVER__MAX_BODY_BYTES=2048"},
        (char[]){"CAIRN_SERVER__DATA=/var/lib/cairn"},
        NULL,
    };
    assert_int_equal(cairn_settings_apply_environment(&settings, environment, &error), 0);
    assert_int_equal(settings.server.max_body_bytes, 2048);
    assert_string_equal(settings.server.data, "/var/lib/cairn");
}

static void a_wrong_variable_changes_nothing(void **state)
{
    (void)state;
    struct cairn_settings before = settings;
    char *const environment[] = {
        (char[]){"CAIRN_IO__URING=false"},
        (char[]){"CAIRN_SERVER__LISEN=x:1"},
        NULL,
    };
    assert_int_equal(cairn_settings_apply_environment(&settings, environment, &error), -EINVAL);
    assert_string_equal(error.text, "CAIRN_SERVER__LISEN: unknown key \"lisen\" in [server]; did "
                                    "you mean \"listen\"?");
    assert_memory_equal(&before, &settings, sizeof(settings));
}

static void several_keys_decide_shards_and_compression(void **state)
{
    (void)state;
    assert_int_equal(cairn_settings_shards(&settings), 16);
    assert_int_equal(cairn_settings_compress_threshold(&settings), 8192);
    override("concurrency.use_dashmap=false");
    assert_int_equal(cairn_settings_shards(&settings), 1);
    override("storage.turso_compression=none");
    assert_int_equal(cairn_settings_compress_threshold(&settings), UINT32_MAX);
    override("storage.turso_compression=lz4");
    assert_int_equal(cairn_settings_compress_threshold(&settings), 8192);
    override("ledger.compress=false");
    assert_int_equal(cairn_settings_compress_threshold(&settings), UINT32_MAX);
}

static void printed_toml_loads_back_to_the_same_settings(void **state)
{
    (void)state;
    struct cairn_settings back;
    struct cairn_buffer text = {0};
    const struct cairn_setting_key *changed[CAIRN_SETTING_KEYS_MAX];
    override("server.data=/a \"b\" \\c");
    override("retrieval.k1=3");
    override("retrieval.b=0.1");
    override("rollout.spaces=[\"a\", \"b\"]");
    override("server.token_file=/etc/secret");
    cairn_settings_print_toml(&settings, &text);
    cairn_buffer_append_byte(&text, '\0');
    assert_null(strstr(text.data, "/etc/secret"));
    text.bytes--;

    cairn_settings_defaults(&back);
    assert_int_equal(cairn_settings_load(&back, cairn_buffer_slice(&text), "printed", &error), 0);
    assert_int_equal(cairn_settings_diff(&settings, &back, changed), 1);
    assert_string_equal(changed[0]->name, "token_file");
    cairn_buffer_deinit(&text);
}

static void printed_json_is_json_without_secrets(void **state)
{
    (void)state;
    struct cairn_buffer text = {0};
    struct cairn_json_scratch scratch = {0};
    struct cairn_json_reader reader;
    struct cairn_slice section, key;
    uint32_t keys = 0, count;
    cairn_setting_keys(&count);
    override("server.token_file=/etc/secret");
    cairn_settings_print_json(&settings, &text);
    cairn_json_reader_init(&reader, cairn_buffer_slice(&text), &scratch);
    cairn_json_enter_object(&reader);
    while (cairn_json_next_member(&reader, &section)) {
        cairn_json_enter_object(&reader);
        while (cairn_json_next_member(&reader, &key)) {
            assert_non_null(cairn_setting_find(section, key));
            assert_false(cairn_slice_is(key, "token_file"));
            keys++;
        }
    }
    assert_int_equal(cairn_json_finish(&reader), 0);
    assert_int_equal(keys, count - 1);
    cairn_json_scratch_deinit(&scratch);
    cairn_buffer_deinit(&text);
}

static void a_reload_takes_only_what_needs_no_restart(void **state)
{
    (void)state;
    struct cairn_settings loaded = settings;
    const struct cairn_setting_key *changed[CAIRN_SETTING_KEYS_MAX];
    assert_int_equal(cairn_settings_diff(&settings, &loaded, changed), 0);
    assert_int_equal(cairn_settings_apply_override(&loaded, "server.log_level=warn", &error), 0);
    assert_int_equal(cairn_settings_apply_override(&loaded, "server.pipeline_max=7", &error), 0);
    assert_int_equal(cairn_settings_diff(&settings, &loaded, changed), 2);
    assert_string_equal(changed[0]->name, "log_level");
    assert_int_equal(changed[0]->effect, CAIRN_SETTING_RELOAD);
    assert_string_equal(changed[1]->name, "pipeline_max");
    assert_int_equal(changed[1]->effect, CAIRN_SETTING_RESTART);

    cairn_settings_reload(&settings, &loaded);
    assert_string_equal(settings.server.log_level, "warn");
    assert_int_equal(settings.server.pipeline_max, 64);
}

static void keys_without_effect_are_named_when_they_are_given(void **state)
{
    (void)state;
    const struct cairn_setting_key *idle[CAIRN_SETTING_KEYS_MAX];
    assert_int_equal(cairn_settings_idle(&settings, idle), 0);
    assert_int_equal(load("[step_logging]\nbuffer_size = 100\n[io]\nuring = true\n"), 0);
    assert_int_equal(cairn_settings_idle(&settings, idle), 1);
    assert_string_equal(idle[0]->section, "step_logging");
    assert_string_equal(idle[0]->name, "buffer_size");
}

static void a_file_is_read_through_the_seam_and_a_missing_one_is_named(void **state)
{
    (void)state;
    struct cairn_io *io;
    struct cairn_io_options options = {.queue_entries = 8};
    assert_int_equal(cairn_io_create(CAIRN_IO_POSIX, &options, &io), 0);
    override("server.pipeline_max=7");
    assert_int_equal(cairn_settings_load_file(&settings, io, SHIPPED, &error), 0);
    assert_int_equal(settings.server.pipeline_max, 64);
    assert_int_equal(cairn_settings_load_file(&settings, io, "no/such.toml", &error), -ENOENT);
    assert_string_equal(error.text, "no/such.toml: No such file or directory");
    cairn_io_destroy(io);
}

/* The settings file that came with the plan for the service, word for word. */
static void the_file_of_the_plan_loads_and_is_the_default(void **state)
{
    (void)state;
    const struct cairn_setting_key *changed[CAIRN_SETTING_KEYS_MAX];
    struct cairn_settings defaults = settings;
    struct cairn_buffer text = {0};
    const char *path = corpus_path("plan-002-performance-config.toml");
    if (path == NULL)
        skip();
    assert_true(corpus_read(path, &text));
    if (cairn_settings_load(&settings, cairn_buffer_slice(&text), path, &error) < 0)
        fail_msg("%s", error.text);
    assert_int_equal(cairn_settings_diff(&settings, &defaults, changed), 0);
    uint32_t given = 0;
    for (size_t i = 0; i < CAIRN_SETTING_KEYS_MAX; i++)
        given += settings.is_given[i];
    assert_int_equal(given, 32);
    cairn_buffer_deinit(&text);
}

static void the_shipped_file_has_every_key_at_its_default(void **state)
{
    (void)state;
    const struct cairn_setting_key *changed[CAIRN_SETTING_KEYS_MAX];
    struct cairn_settings defaults = settings;
    struct cairn_buffer shipped = {0}, expected = {0};
    uint32_t count;
    cairn_setting_keys(&count);
    assert_true(corpus_read(SHIPPED, &shipped));
    if (cairn_settings_load(&settings, cairn_buffer_slice(&shipped), SHIPPED, &error) < 0)
        fail_msg("%s", error.text);
    assert_int_equal(cairn_settings_diff(&settings, &defaults, changed), 0);
    for (uint32_t i = 0; i < count; i++)
        assert_true(settings.is_given[i]);
    cairn_settings_document(&expected);
    if (!cairn_slice_equal(cairn_buffer_slice(&shipped), cairn_buffer_slice(&expected)))
        fail_msg("%s is old: run this test with --write", SHIPPED);
    cairn_buffer_deinit(&shipped);
    cairn_buffer_deinit(&expected);
}

static int write_shipped(void)
{
    struct cairn_buffer text = {0};
    cairn_settings_document(&text);
    FILE *file = fopen(SHIPPED, "wb");
    bool is_written = file != NULL && fwrite(text.data, 1, text.bytes, file) == text.bytes;
    if (file != NULL && fclose(file) != 0)
        is_written = false;
    cairn_buffer_deinit(&text);
    return is_written ? 0 : 1;
}

int main(int argument_count, char *arguments[])
{
    if (argument_count == 2 && strcmp(arguments[1], "--write") == 0)
        return write_shipped();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(defaults_are_those_of_the_table, start),
        cmocka_unit_test_setup(the_table_is_sound, start),
        cmocka_unit_test_setup(a_file_goes_over_the_defaults_and_leaves_the_rest, start),
        cmocka_unit_test_setup(unknown_names_are_refused_with_what_was_meant, start),
        cmocka_unit_test_setup(wrong_types_are_refused_where_they_stand, start),
        cmocka_unit_test_setup(amounts_hold_at_their_limits_and_not_beyond, start),
        cmocka_unit_test_setup(values_of_the_wrong_shape_are_refused, start),
        cmocka_unit_test_setup(text_fits_up_to_its_limit, start),
        cmocka_unit_test_setup(a_file_that_fails_at_its_end_changes_nothing, start),
        cmocka_unit_test_setup(overrides_need_no_quotes, start),
        cmocka_unit_test_setup(wrong_overrides_say_which_they_were, start),
        cmocka_unit_test_setup(the_environment_sets_what_is_named_in_capitals, start),
        cmocka_unit_test_setup(a_wrong_variable_changes_nothing, start),
        cmocka_unit_test_setup(several_keys_decide_shards_and_compression, start),
        cmocka_unit_test_setup(printed_toml_loads_back_to_the_same_settings, start),
        cmocka_unit_test_setup(printed_json_is_json_without_secrets, start),
        cmocka_unit_test_setup(a_reload_takes_only_what_needs_no_restart, start),
        cmocka_unit_test_setup(keys_without_effect_are_named_when_they_are_given, start),
        cmocka_unit_test_setup(a_file_is_read_through_the_seam_and_a_missing_one_is_named, start),
        cmocka_unit_test_setup(the_file_of_the_plan_loads_and_is_the_default, start),
        cmocka_unit_test_setup(the_shipped_file_has_every_key_at_its_default, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
