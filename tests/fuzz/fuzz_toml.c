/* What the reader accepts must be a sound tree: every child has its parent, every member is found.
 */
#include "config/toml.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct cairn_toml toml;
    struct cairn_slice text = cairn_slice(data, bytes);
    if (cairn_toml_parse(&toml, text) < 0) {
        cairn_assert(toml.error != NULL);
        cairn_assert(cairn_toml_place(text, toml.error_offset).line >= 1);
        return 0;
    }
    check_tree(&toml);
    cairn_toml_deinit(&toml);
    return 0;
}
