/* What the reader accepts must be a sound tree: every child has its parent, every member is found.
 * Settings from the same bytes must load, or be refused with a reason and without an effect. */
#include "config/toml.h"

#include "config/settings.h"
#include "runtime/base/assert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check_tree(const struct cairn_toml *toml)
{
    uint32_t reached = 0;
    for (uint32_t i = 0; i < toml->nodes_count; i++) {
        const struct cairn_toml_node *node = cairn_toml_at(toml, i);
        bool is_table = node->type == CAIRN_TOML_TABLE;
        bool is_container = is_table || node->type == CAIRN_TOML_ARRAY;
        cairn_assert(is_container || node->first == 0);
        cairn_assert(node->value_offset <= toml->source.bytes);
        for (uint32_t child = node->first; child != 0; child = cairn_toml_at(toml, child)->next) {
            cairn_assert(cairn_toml_at(toml, child)->parent == i);
            if (is_table)
                cairn_assert(cairn_toml_find(toml, i, cairn_toml_at(toml, child)->key) == child);
            reached++;
        }
    }
    cairn_assert(reached + 1 == toml->nodes_count);
}

static void check_settings(struct cairn_slice text)
{
    static struct cairn_settings defaults, settings;
    static struct cairn_settings_error error;
    cairn_settings_defaults(&defaults);
    cairn_settings_defaults(&settings);
    error.text[0] = '\0';
    if (cairn_settings_load(&settings, text, "fuzz", &error) == 0)
        return;
    cairn_assert(error.text[0] != '\0');
    cairn_assert(memcmp(&settings, &defaults, sizeof(settings)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct cairn_toml toml;
    struct cairn_slice text = cairn_slice(data, bytes);
    check_settings(text);
    if (cairn_toml_parse(&toml, text) < 0) {
        cairn_assert(toml.error != NULL);
        cairn_assert(cairn_toml_place(text, toml.error_offset).line >= 1);
        return 0;
    }
    check_tree(&toml);
    cairn_toml_deinit(&toml);
    return 0;
}
