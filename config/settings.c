#include "config/settings.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/settings_internal.h"
#include "runtime/base/assert.h"
#include "runtime/base/error.h"
#include "runtime/io/io.h"

#define VARIABLE_PREFIX    "CAIRN_"
#define NAME_BYTES_MAX     64
#define OVERRIDE_BYTES_MAX 4096

void cairn_settings_defaults(struct cairn_settings *settings)
{
    uint32_t count;
    const struct cairn_setting_key *keys = cairn_setting_keys(&count);
    memset(settings, 0, sizeof(*settings));
    for (uint32_t i = 0; i < count; i++) {
        void *value = cairn_setting_value(settings, &keys[i]);
        switch (keys[i].type) {
        case CAIRN_SETTING_FLAG:
            memcpy(value, &keys[i].preset.flag, sizeof(bool));
            break;
        case CAIRN_SETTING_AMOUNT:
            memcpy(value, &keys[i].preset.amount, sizeof(uint64_t));
            break;
        case CAIRN_SETTING_RATIO:
            memcpy(value, &keys[i].preset.ratio, sizeof(double));
            break;
        case CAIRN_SETTING_TEXT:
        case CAIRN_SETTING_CHOICE:
            memcpy(value, keys[i].preset.text, strlen(keys[i].preset.text));
            break;
        case CAIRN_SETTING_LIST:
            break;
        }
    }
}

/* A file. */

static bool is_section(struct cairn_slice name)
{
    uint32_t count;
    const struct cairn_setting_section *sections = cairn_setting_sections(&count);
    for (uint32_t i = 0; i < count; i++) {
        if (cairn_slice_is(name, sections[i].name))
            return true;
    }
    return false;
}

static int load_section(struct cairn_settings *settings, const struct cairn_toml *toml,
                        uint32_t section, const struct cairn_setting_origin *origin,
                        struct cairn_settings_error *error)
{
    const struct cairn_toml_node *table = cairn_toml_at(toml, section);
    if (!is_section(table->key))
        return cairn_settings_refuse_section(error, origin, table->key_offset, table->key);
    if (table->type != CAIRN_TOML_TABLE)
        return cairn_settings_refuse(error, origin, table->key_offset,
                                     "%.*s is a section: write [%.*s] on a line of its own",
                                     (int)table->key.bytes, table->key.data, (int)table->key.bytes,
                                     table->key.data);
    for (uint32_t i = table->first; i != 0; i = cairn_toml_at(toml, i)->next) {
        const struct cairn_toml_node *node = cairn_toml_at(toml, i);
        const struct cairn_setting_key *key = cairn_setting_find(table->key, node->key);
        if (key == NULL)
            return cairn_settings_refuse_key(error, origin, node->key_offset, table->key,
                                             node->key);
        int result = cairn_settings_assign(settings, key, toml, i, origin, error);
        if (result < 0)
            return result;
    }
    return 0;
}

static int load_tree(struct cairn_settings *settings, const struct cairn_toml *toml,
                     const struct cairn_setting_origin *origin, struct cairn_settings_error *error)
{
    struct cairn_settings loaded = *settings;
    const struct cairn_toml_node *root = cairn_toml_at(toml, 0);
    for (uint32_t i = root->first; i != 0; i = cairn_toml_at(toml, i)->next) {
        int result = load_section(&loaded, toml, i, origin, error);
        if (result < 0)
            return result;
    }
    *settings = loaded;
    return 0;
}

int cairn_settings_load(struct cairn_settings *settings, struct cairn_slice text, const char *name,
                        struct cairn_settings_error *error)
{
    struct cairn_toml toml;
    struct cairn_setting_origin origin = {.name = name, .text = &text};
    int result = cairn_toml_parse(&toml, text);
    if (result < 0)
        return cairn_settings_refuse(error, &origin, toml.error_offset, "%s", toml.error);
    result = load_tree(settings, &toml, &origin, error);
    cairn_toml_deinit(&toml);
    return result;
}

static int read_file(struct cairn_io *io, int fd, struct cairn_buffer *text)
{
    int64_t size = cairn_io_size(io, fd);
    if (size < 0)
        return (int)size;
    if (size > (int64_t)CAIRN_TOML_BYTES_MAX)
        return -EFBIG;
    char *target = cairn_buffer_reserve(text, (size_t)size);
    if (target == NULL)
        return -ENOMEM;
    int64_t bytes = cairn_io_read_now(io, fd, target, (size_t)size, 0);
    if (bytes < 0)
        return (int)bytes;
    text->bytes = (size_t)bytes;
    return 0;
}

int cairn_settings_load_file(struct cairn_settings *settings, struct cairn_io *io, const char *path,
                             struct cairn_settings_error *error)
{
    struct cairn_buffer text = {0};
    int fd = cairn_io_open(io, path, CAIRN_IO_OPEN_READ);
    int result = fd;
    if (fd >= 0) {
        result = read_file(io, fd, &text);
        cairn_io_close(io, fd);
    }
    if (result < 0)
        snprintf(error->text, sizeof(error->text), "%.512s: %s", path, strerror(-result));
    else
        result = cairn_settings_load(settings, cairn_buffer_slice(&text), path, error);
    cairn_buffer_deinit(&text);
    return result;
}

/* The environment and the command line: one value at a time, without places. */

/* Read `value` as the TOML value that it would be in a file; it must be one, and the only one. */
static int assign_spelled(struct cairn_settings *settings, const struct cairn_setting_key *key,
                          struct cairn_slice value, const struct cairn_setting_origin *origin,
                          struct cairn_settings_error *error)
{
    struct cairn_toml toml;
    struct cairn_buffer line = {0};
    cairn_buffer_append_text(&line, "value = ");
    cairn_buffer_append_slice(&line, value);
    int result = cairn_toml_parse(&toml, cairn_buffer_slice(&line));
    if (result < 0) {
        result = cairn_settings_refuse_value(error, origin, key, value);
    } else {
        const struct cairn_toml_node *root = cairn_toml_at(&toml, 0);
        result = root->first == root->last
                     ? cairn_settings_assign(settings, key, &toml, root->first, origin, error)
                     : cairn_settings_refuse_value(error, origin, key, value);
        cairn_toml_deinit(&toml);
    }
    cairn_buffer_deinit(&line);
    return result;
}

static int assign_value(struct cairn_settings *settings, struct cairn_slice section,
                        struct cairn_slice name, struct cairn_slice value,
                        const struct cairn_setting_origin *origin,
                        struct cairn_settings_error *error)
{
    if (!is_section(section))
        return cairn_settings_refuse_section(error, origin, 0, section);
    const struct cairn_setting_key *key = cairn_setting_find(section, name);
    if (key == NULL)
        return cairn_settings_refuse_key(error, origin, 0, section, name);
    bool is_text = key->type == CAIRN_SETTING_TEXT || key->type == CAIRN_SETTING_CHOICE;
    bool is_quoted = value.bytes > 0 && (value.data[0] == '"' || value.data[0] == '\'');
    if (is_text && !is_quoted)
        return cairn_settings_assign_text(settings, key, value, origin, error);
    return assign_spelled(settings, key, value, origin, error);
}

int cairn_settings_apply_override(struct cairn_settings *settings, const char *override,
                                  struct cairn_settings_error *error)
{
    char name[OVERRIDE_BYTES_MAX];
    struct cairn_setting_origin origin = {.name = name};
    snprintf(name, sizeof(name), "--set %s", override);
    const char *equals = strchr(override, '=');
    const char *dot = strchr(override, '.');
    if (equals == NULL || dot == NULL || dot > equals)
        return cairn_settings_refuse(error, &origin, 0, "section.key=value is expected");
    return assign_value(settings, cairn_slice(override, (size_t)(dot - override)),
                        cairn_slice(dot + 1, (size_t)(equals - dot - 1)),
                        cairn_slice_of(equals + 1), &origin, error);
}

/* SERVER__MAX_BODY_BYTES to server__max_body_bytes. */
static struct cairn_slice lower(struct cairn_slice text, char target[NAME_BYTES_MAX])
{
    size_t bytes = text.bytes < NAME_BYTES_MAX ? text.bytes : NAME_BYTES_MAX;
    for (size_t i = 0; i < bytes; i++) {
        bool is_upper = text.data[i] >= 'A' && text.data[i] <= 'Z';
        target[i] = (char)(is_upper ? text.data[i] - 'A' + 'a' : text.data[i]);
    }
    return cairn_slice(target, bytes);
}

/* One variable; 0 if it is not for settings. */
static int apply_variable(struct cairn_settings *settings, const char *variable,
                          struct cairn_settings_error *error)
{
    char section[NAME_BYTES_MAX], name[NAME_BYTES_MAX], label[OVERRIDE_BYTES_MAX];
    struct cairn_setting_origin origin = {.name = label};
    if (strncmp(variable, VARIABLE_PREFIX, strlen(VARIABLE_PREFIX)) != 0)
        return 0;
    const char *start = variable + strlen(VARIABLE_PREFIX);
    const char *equals = strchr(variable, '=');
    const char *middle = strstr(start, "__");
    if (equals == NULL || middle == NULL || middle > equals)
        return 0;
    snprintf(label, sizeof(label), "%.*s", (int)(equals - variable), variable);
    struct cairn_slice left = cairn_slice(start, (size_t)(middle - start));
    struct cairn_slice right = cairn_slice(middle + 2, (size_t)(equals - middle) - 2);
    return assign_value(settings, lower(left, section), lower(right, name),
                        cairn_slice_of(equals + 1), &origin, error);
}

int cairn_settings_apply_environment(struct cairn_settings *settings, char *const environment[],
                                     struct cairn_settings_error *error)
{
    struct cairn_settings applied = *settings;
    for (size_t i = 0; environment[i] != NULL; i++) {
        int result = apply_variable(&applied, environment[i], error);
        if (result < 0)
            return result;
    }
    *settings = applied;
    return 0;
}

/* What several keys decide together. */

uint32_t cairn_settings_shards(const struct cairn_settings *settings)
{
    return settings->concurrency.use_dashmap ? (uint32_t)settings->concurrency.shards : 1;
}

uint32_t cairn_settings_compress_threshold(const struct cairn_settings *settings)
{
    bool is_raw =
        !settings->ledger.compress || strcmp(settings->storage.turso_compression, "none") == 0;
    return is_raw ? UINT32_MAX : (uint32_t)settings->ledger.compress_threshold;
}

/* Reload. */

/* Values are compared as bytes: text is padded with zeros, and ratios are never not-a-number. */
static bool is_equal(const struct cairn_settings *a, const struct cairn_settings *b,
                     const struct cairn_setting_key *key)
{
    return memcmp(cairn_setting_value_of(a, key), cairn_setting_value_of(b, key), key->bytes) == 0;
}

uint32_t cairn_settings_diff(const struct cairn_settings *from, const struct cairn_settings *to,
                             const struct cairn_setting_key *changed[CAIRN_SETTING_KEYS_MAX])
{
    uint32_t count, found = 0;
    const struct cairn_setting_key *keys = cairn_setting_keys(&count);
    for (uint32_t i = 0; i < count; i++) {
        if (!is_equal(from, to, &keys[i]))
            changed[found++] = &keys[i];
    }
    return found;
}

void cairn_settings_reload(struct cairn_settings *running, const struct cairn_settings *loaded)
{
    uint32_t count;
    const struct cairn_setting_key *keys = cairn_setting_keys(&count);
    for (uint32_t i = 0; i < count; i++) {
        if (keys[i].effect == CAIRN_SETTING_RELOAD)
            memcpy(cairn_setting_value(running, &keys[i]), cairn_setting_value_of(loaded, &keys[i]),
                   keys[i].bytes);
    }
}

uint32_t cairn_settings_idle(const struct cairn_settings *settings,
                             const struct cairn_setting_key *idle[CAIRN_SETTING_KEYS_MAX])
{
    uint32_t count, found = 0;
    const struct cairn_setting_key *keys = cairn_setting_keys(&count);
    for (uint32_t i = 0; i < count; i++) {
        if (keys[i].effect == CAIRN_SETTING_IDLE && settings->is_given[i])
            idle[found++] = &keys[i];
    }
    return found;
}
