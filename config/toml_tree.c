#include "config/toml_internal.h"

#include <stdlib.h>

#include "runtime/base/assert.h"
#include "runtime/base/error.h"
#include "runtime/base/hash.h"
#include "runtime/base/utf8.h"

#define NODES_MIN 64u

void cairn_toml_deinit(struct cairn_toml *toml)
{
    free(toml->nodes);
    free(toml->slots);
    cairn_buffer_deinit(&toml->text);
    toml->nodes = NULL;
    toml->slots = NULL;
    toml->nodes_count = 0;
    toml->nodes_capacity = 0;
    toml->slots_count = 0;
}

static uint32_t slot_of(const struct cairn_toml *toml, uint32_t table, struct cairn_slice key)
{
    uint64_t hash = XXH3_64bits_withSeed(key.data, key.bytes, table);
    uint32_t mask = toml->slots_count - 1;
    uint32_t slot = (uint32_t)hash & mask;
    while (toml->slots[slot] != 0) {
        const struct cairn_toml_node *node = &toml->nodes[toml->slots[slot]];
        if (node->parent == table && cairn_slice_equal(node->key, key))
            break;
        slot = (slot + 1) & mask;
    }
    return slot;
}

uint32_t cairn_toml_find(const struct cairn_toml *toml, uint32_t table, struct cairn_slice key)
{
    return toml->slots_count == 0 ? 0 : toml->slots[slot_of(toml, table, key)];
}

static bool is_member(const struct cairn_toml *toml, uint32_t index)
{
    return index > 0 && toml->nodes[toml->nodes[index].parent].type == CAIRN_TOML_TABLE;
}

static bool grow(struct cairn_toml *toml)
{
    uint32_t capacity = toml->nodes_capacity == 0 ? NODES_MIN : toml->nodes_capacity * 2;
    struct cairn_toml_node *nodes = realloc(toml->nodes, capacity * sizeof(*nodes));
    if (nodes == NULL)
        return false;
    toml->nodes = nodes;
    toml->nodes_capacity = capacity;

    uint32_t *slots = calloc((size_t)capacity * 2, sizeof(*slots));
    if (slots == NULL)
        return false;
    free(toml->slots);
    toml->slots = slots;
    toml->slots_count = capacity * 2;
    for (uint32_t i = 0; i < toml->nodes_count; i++) {
        if (is_member(toml, i))
            toml->slots[slot_of(toml, toml->nodes[i].parent, toml->nodes[i].key)] = i;
    }
    return true;
}

static void append_child(struct cairn_toml *toml, uint32_t parent, uint32_t child)
{
    struct cairn_toml_node *node = &toml->nodes[parent];
    if (node->first == 0)
        node->first = child;
    else
        toml->nodes[node->last].next = child;
    node->last = child;
}

uint32_t cairn_toml_add(struct cairn_toml *toml, uint32_t parent, struct cairn_slice key,
                        enum cairn_toml_type type, enum cairn_toml_origin origin)
{
    if (toml->nodes_count == toml->nodes_capacity && !grow(toml))
        return 0;
    uint32_t index = toml->nodes_count++;
    toml->nodes[index] = (struct cairn_toml_node){
        .key = key,
        .type = type,
        .origin = origin,
        .parent = parent,
    };
    if (index == 0)
        return 0;
    append_child(toml, parent, index);
    if (is_member(toml, index)) {
        uint32_t slot = slot_of(toml, parent, key);
        cairn_assert(toml->slots[slot] == 0);
        toml->slots[slot] = index;
    }
    return index;
}

const char *cairn_toml_type_name(enum cairn_toml_type type)
{
    switch (type) {
    case CAIRN_TOML_TABLE:
        return "a table";
    case CAIRN_TOML_ARRAY:
        return "an array";
    case CAIRN_TOML_STRING:
        return "a string";
    case CAIRN_TOML_INTEGER:
        return "an integer";
    case CAIRN_TOML_FLOAT:
        return "a float";
    case CAIRN_TOML_BOOL:
        return "a boolean";
    case CAIRN_TOML_OFFSET_DATETIME:
    case CAIRN_TOML_LOCAL_DATETIME:
    case CAIRN_TOML_LOCAL_DATE:
    case CAIRN_TOML_LOCAL_TIME:
        break;
    }
    return "a date or time";
}

struct cairn_toml_place cairn_toml_place(struct cairn_slice text, uint32_t offset)
{
    struct cairn_toml_place place = {.line = 1};
    uint32_t start = 0;
    cairn_assert(offset <= text.bytes);
    for (uint32_t i = 0; i < offset; i++) {
        if (text.data[i] == '\n') {
            place.line++;
            start = i + 1;
        }
    }
    place.column = 1 + (uint32_t)cairn_utf8_count(cairn_slice(text.data + start, offset - start));
    return place;
}
