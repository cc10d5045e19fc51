#include "storage/names.h"

#include <stdlib.h>

#include "runtime/base/interner.h"

struct definition {
    uint32_t epoch;
    uint32_t id;
};

struct cairn_names {
    struct cairn_heap heap; /* owned; holds the interner alone */
    cairn_ref interner;
    struct definition *definitions; /* owned; by name */
    uint32_t capacity;
    uint32_t references;
};

struct cairn_names *cairn_names_create(uint64_t budget_bytes)
{
    struct cairn_names *names = calloc(1, sizeof(*names));
    if (names == NULL)
        return NULL;
    names->references = 1;
    cairn_heap_init(&names->heap, budget_bytes);
    names->interner = cairn_interner_create(&names->heap);
    if (names->interner == 0) {
        cairn_names_release(names);
        return NULL;
    }
    return names;
}

struct cairn_names *cairn_names_acquire(struct cairn_names *names)
{
    names->references++;
    return names;
}

void cairn_names_release(struct cairn_names *names)
{
    if (names == NULL || --names->references > 0)
        return;
    cairn_heap_deinit(&names->heap);
    free(names->definitions);
    free(names);
}

static bool ensure_definition(struct cairn_names *names, uint32_t name)
{
    if (name < names->capacity)
        return true;
    uint32_t capacity = names->capacity == 0 ? 64 : names->capacity * 2;
    struct definition *grown = realloc(names->definitions, capacity * sizeof(*grown));
    if (grown == NULL)
        return false;
    memset(grown + names->capacity, 0, (capacity - names->capacity) * sizeof(*grown));
    names->definitions = grown;
    names->capacity = capacity;
    return true;
}

uint32_t cairn_names_add(struct cairn_names *names, struct cairn_slice text)
{
    cairn_assert(text.bytes > 0);

    uint32_t name = cairn_interner_add(&names->heap, names->interner, text);
    return name != 0 && ensure_definition(names, name) ? name : 0;
}

uint32_t cairn_names_count(const struct cairn_names *names)
{
    return cairn_interner_count(&names->heap, names->interner);
}

struct cairn_slice cairn_names_text(const struct cairn_names *names, uint32_t name)
{
    return cairn_interner_text(&names->heap, names->interner, name);
}

uint32_t cairn_names_id(const struct cairn_names *names, uint32_t name, uint32_t epoch)
{
    cairn_assert(name < names->capacity);

    const struct definition *definition = &names->definitions[name];
    return definition->epoch == epoch ? definition->id : 0;
}

void cairn_names_define(struct cairn_names *names, uint32_t name, uint32_t epoch, uint32_t id)
{
    cairn_assert(name < names->capacity);

    names->definitions[name] = (struct definition){.epoch = epoch, .id = id};
}
