/* The table, printed: as TOML, as JSON, and as the documented file that is shipped. */
#include "config/settings_internal.h"

#include "runtime/base/json_writer.h"

static void append_quoted(struct cairn_buffer *out, const char *text)
{
    /* Without control characters, which settings refuse, JSON and TOML quote alike. */
    cairn_json_append_quoted(out, cairn_slice_of(text));
}

static void append_list(struct cairn_buffer *out, const struct cairn_setting_list *list)
{
    cairn_buffer_append_byte(out, '[');
    for (uint64_t i = 0; i < list->count; i++) {
        if (i > 0)
            cairn_buffer_append_text(out, ", ");
        append_quoted(out, list->items[i]);
    }
    cairn_buffer_append_byte(out, ']');
}

/* A float in TOML has a point or an exponent. */
static void append_ratio(struct cairn_buffer *out, double ratio)
{
    size_t start = out->bytes;
    cairn_json_append_double(out, ratio);
    if (out->failed)
        return;
    if (memchr(out->data + start, '.', out->bytes - start) == NULL &&
        memchr(out->data + start, 'e', out->bytes - start) == NULL)
        cairn_buffer_append_text(out, ".0");
}

static void append_value(struct cairn_buffer *out, const struct cairn_settings *settings,
                         const struct cairn_setting_key *key)
{
    const void *value = cairn_setting_value_of(settings, key);
    switch (key->type) {
    case CAIRN_SETTING_FLAG:
        cairn_buffer_append_text(out, *(const bool *)value ? "true" : "false");
        break;
    case CAIRN_SETTING_AMOUNT:
        cairn_buffer_append_u64(out, *(const uint64_t *)value);
        break;
    case CAIRN_SETTING_RATIO:
        append_ratio(out, *(const double *)value);
        break;
    case CAIRN_SETTING_TEXT:
    case CAIRN_SETTING_CHOICE:
        append_quoted(out, value);
        break;
    case CAIRN_SETTING_LIST:
        append_list(out, value);
        break;
    }
}

static bool is_of(const struct cairn_setting_key *key, const struct cairn_setting_section *section)
{
    return strcmp(key->section, section->name) == 0;
}

static void append_toml_key(struct cairn_buffer *out, const struct cairn_settings *settings,
                            const struct cairn_setting_key *key)
{
    if (key->is_secret) {
        cairn_buffer_printf(out, "# %s is not shown\n", key->name);
        return;
    }
    cairn_buffer_printf(out, "%s = ", key->name);
    append_value(out, settings, key);
    cairn_buffer_append_byte(out, '\n');
}

void cairn_settings_print_toml(const struct cairn_settings *settings, struct cairn_buffer *out)
{
    uint32_t sections_count, keys_count;
    const struct cairn_setting_section *sections = cairn_setting_sections(&sections_count);
    const struct cairn_setting_key *keys = cairn_setting_keys(&keys_count);
    for (uint32_t section = 0; section < sections_count; section++) {
        cairn_buffer_printf(out, "%s[%s]\n", section == 0 ? "" : "\n", sections[section].name);
        for (uint32_t i = 0; i < keys_count; i++) {
            if (is_of(&keys[i], &sections[section]))
                append_toml_key(out, settings, &keys[i]);
        }
    }
}

void cairn_settings_print_json(const struct cairn_settings *settings, struct cairn_buffer *out)
{
    uint32_t sections_count, keys_count;
    const struct cairn_setting_section *sections = cairn_setting_sections(&sections_count);
    const struct cairn_setting_key *keys = cairn_setting_keys(&keys_count);
    for (uint32_t section = 0; section < sections_count; section++) {
        cairn_buffer_append_byte(out, section == 0 ? '{' : ',');
        append_quoted(out, sections[section].name);
        char separator = '{';
        cairn_buffer_append_byte(out, ':');
        for (uint32_t i = 0; i < keys_count; i++) {
            if (!is_of(&keys[i], &sections[section]) || keys[i].is_secret)
                continue;
            cairn_buffer_append_byte(out, separator);
            append_quoted(out, keys[i].name);
            cairn_buffer_append_byte(out, ':');
            append_value(out, settings, &keys[i]);
            separator = ',';
        }
        cairn_buffer_append_byte(out, '}');
    }
    cairn_buffer_append_byte(out, '}');
}

static void document_key(struct cairn_buffer *out, const struct cairn_settings *defaults,
                         const struct cairn_setting_key *key)
{
    cairn_buffer_printf(out, "# %s", key->doc);
    if (key->type == CAIRN_SETTING_AMOUNT)
        cairn_buffer_printf(out, " Range %llu to %llu.", (unsigned long long)key->min,
                            (unsigned long long)key->max);
    if (key->type == CAIRN_SETTING_RATIO)
        cairn_buffer_printf(out, " Range %g to %g.", key->ratio_min, key->ratio_max);
    cairn_buffer_append_text(out, " Default ");
    append_value(out, defaults, key);
    cairn_buffer_printf(out, "; takes effect: %s.\n%s = ", cairn_setting_effect_name(key->effect),
                        key->name);
    append_value(out, defaults, key);
    cairn_buffer_append_byte(out, '\n');
}

void cairn_settings_document(struct cairn_buffer *out)
{
    struct cairn_settings defaults;
    uint32_t sections_count, keys_count;
    const struct cairn_setting_section *sections = cairn_setting_sections(&sections_count);
    const struct cairn_setting_key *keys = cairn_setting_keys(&keys_count);
    cairn_settings_defaults(&defaults);
    cairn_buffer_append_text(
        out,
        "# performance-config.toml: every setting of cairn, at its default.\n"
        "#\n"
        "# cairn serve --config performance-config.toml reads it; CAIRN_SECTION__KEY in the\n"
        "# environment goes over it, and --set section.key=value over both. A setting takes\n"
        "# effect at the next start (restart) or at SIGHUP (reload).\n"
        "#\n"
        "# Written from the table in config/keys.c; edit that, not this (config/README.md).\n");
    for (uint32_t section = 0; section < sections_count; section++) {
        cairn_buffer_printf(out, "\n# %s\n[%s]\n", sections[section].doc, sections[section].name);
        for (uint32_t i = 0; i < keys_count; i++) {
            if (is_of(&keys[i], &sections[section]))
                document_key(out, &defaults, &keys[i]);
        }
    }
}
