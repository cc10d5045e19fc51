/* Types, limits, and what to say when they do not hold. */
#include "config/settings_internal.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "runtime/base/assert.h"
#include "runtime/base/error.h"
#include "runtime/base/suggest.h"
#include "runtime/base/utf8.h"

/* Longer names and values are not worth repeating. */
#define SHOWN_BYTES_MAX 64
#define SHOWN(slice)                                                                               \
    (int)((slice).bytes < SHOWN_BYTES_MAX ? (slice).bytes : SHOWN_BYTES_MAX), (slice).data

int cairn_settings_refuse(struct cairn_settings_error *error,
                          const struct cairn_setting_origin *origin, uint32_t offset,
                          const char *format, ...)
{
    size_t used;
    if (origin->text == NULL) {
        used = (size_t)snprintf(error->text, sizeof(error->text), "%.256s: ", origin->name);
    } else {
        struct cairn_toml_place place = cairn_toml_place(*origin->text, offset);
        used = (size_t)snprintf(error->text, sizeof(error->text), "%.256s:%u:%u: ", origin->name,
                                place.line, place.column);
    }
    cairn_assert(used < sizeof(error->text));
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text + used, sizeof(error->text) - used, format, arguments);
    va_end(arguments);
    return -EINVAL;
}

/* Unknown names. */

int cairn_settings_refuse_section(struct cairn_settings_error *error,
                                  const struct cairn_setting_origin *origin, uint32_t offset,
                                  struct cairn_slice section)
{
    const char *names[CAIRN_SETTING_KEYS_MAX];
    uint32_t count;
    const struct cairn_setting_section *sections = cairn_setting_sections(&count);
    for (uint32_t i = 0; i < count; i++)
        names[i] = sections[i].name;
    const char *meant = cairn_suggest(section, names, count);
    if (meant == NULL)
        return cairn_settings_refuse(error, origin, offset, "unknown section [%.*s]",
                                     SHOWN(section));
    return cairn_settings_refuse(
        error, origin, offset, "unknown section [%.*s]; did you mean [%s]?", SHOWN(section), meant);
}

/* The section that does have a key of this name. NULL if none or several have. */
static const char *section_with(struct cairn_slice name)
{
    uint32_t count;
    const char *section = NULL;
    const struct cairn_setting_key *keys = cairn_setting_keys(&count);
    for (uint32_t i = 0; i < count; i++) {
        if (!cairn_slice_is(name, keys[i].name))
            continue;
        if (section != NULL)
            return NULL;
        section = keys[i].section;
    }
    return section;
}

static const char *nearest_key(struct cairn_slice section, struct cairn_slice name)
{
    const char *names[CAIRN_SETTING_KEYS_MAX];
    uint32_t count, found = 0;
    const struct cairn_setting_key *keys = cairn_setting_keys(&count);
    for (uint32_t i = 0; i < count; i++) {
        if (cairn_slice_is(section, keys[i].section))
            names[found++] = keys[i].name;
    }
    return cairn_suggest(name, names, found);
}

int cairn_settings_refuse_key(struct cairn_settings_error *error,
                              const struct cairn_setting_origin *origin, uint32_t offset,
                              struct cairn_slice section, struct cairn_slice name)
{
    const char *meant = nearest_key(section, name);
    if (meant != NULL)
        return cairn_settings_refuse(error, origin, offset,
                                     "unknown key \"%.*s\" in [%.*s]; did you mean \"%s\"?",
                                     SHOWN(name), SHOWN(section), meant);
    const char *elsewhere = section_with(name);
    if (elsewhere != NULL)
        return cairn_settings_refuse(error, origin, offset,
                                     "unknown key \"%.*s\" in [%.*s]; did you mean [%s] %.*s?",
                                     SHOWN(name), SHOWN(section), elsewhere, SHOWN(name));
    return cairn_settings_refuse(error, origin, offset, "unknown key \"%.*s\" in [%.*s]",
                                 SHOWN(name), SHOWN(section));
}

/* Values. */

struct assignment {
    struct cairn_settings *settings;
    const struct cairn_setting_key *key;
    const struct cairn_setting_origin *origin;
    uint32_t offset;
    struct cairn_settings_error *error;
};

#define REFUSE(assignment, format, ...)                                                            \
    cairn_settings_refuse((assignment)->error, (assignment)->origin, (assignment)->offset,         \
                          "[%s] %s " format, (assignment)->key->section, (assignment)->key->name,  \
                          __VA_ARGS__)

static const char *wanted_type(enum cairn_setting_type type)
{
    static const char *const NAMES[] = {
        [CAIRN_SETTING_FLAG] = "true or false", [CAIRN_SETTING_AMOUNT] = "an integer",
        [CAIRN_SETTING_RATIO] = "a number",     [CAIRN_SETTING_TEXT] = "a string",
        [CAIRN_SETTING_CHOICE] = "a string",    [CAIRN_SETTING_LIST] = "an array of strings",
    };
    return NAMES[type];
}

static void store(const struct assignment *assignment, const void *value, size_t bytes)
{
    uint32_t count;
    const struct cairn_setting_key *keys = cairn_setting_keys(&count);
    cairn_assert(bytes <= assignment->key->bytes);
    memcpy(cairn_setting_value(assignment->settings, assignment->key), value, bytes);
    assignment->settings->is_given[assignment->key - keys] = true;
}

static int assign_amount(const struct assignment *assignment, int64_t value)
{
    const struct cairn_setting_key *key = assignment->key;
    uint64_t amount = (uint64_t)value;
    if (value < 0 || amount < key->min || amount > key->max)
        return REFUSE(assignment, "must be between %llu and %llu, not %lld",
                      (unsigned long long)key->min, (unsigned long long)key->max, (long long)value);
    if (key->is_power_of_two && (amount & (amount - 1)) != 0)
        return REFUSE(assignment, "must be a power of two, not %lld", (long long)value);
    if (key->multiple_of > 1 && amount % key->multiple_of != 0)
        return REFUSE(assignment, "must be a multiple of %llu, not %lld",
                      (unsigned long long)key->multiple_of, (long long)value);
    store(assignment, &amount, sizeof(amount));
    return 0;
}

static int assign_ratio(const struct assignment *assignment, double value)
{
    const struct cairn_setting_key *key = assignment->key;
    /* Written so that not-a-number is refused, too. */
    if (!(value >= key->ratio_min && value <= key->ratio_max))
        return REFUSE(assignment, "must be between %g and %g, not %g", key->ratio_min,
                      key->ratio_max, value);
    store(assignment, &value, sizeof(value));
    return 0;
}

static int assign_choice(const struct assignment *assignment, struct cairn_slice text)
{
    char value[CAIRN_SETTING_ITEM_BYTES] = {0};
    char list[256] = {0};
    size_t count = 0, used = 0;
    for (; assignment->key->choices[count] != NULL; count++) {
        const char *choice = assignment->key->choices[count];
        if (cairn_slice_is(text, choice)) {
            cairn_assert(strlen(choice) < sizeof(value));
            memcpy(value, choice, strlen(choice) + 1);
            store(assignment, value, sizeof(value));
            return 0;
        }
        used += (size_t)snprintf(list + used, sizeof(list) - used, "%s\"%s\"",
                                 count == 0 ? "" : ", ", choice);
        cairn_assert(used < sizeof(list));
    }
    const char *meant = cairn_suggest(text, assignment->key->choices, count);
    if (meant != NULL)
        return REFUSE(assignment, "must be one of %s, not \"%.*s\"; did you mean \"%s\"?", list,
                      SHOWN(text), meant);
    return REFUSE(assignment, "must be one of %s, not \"%.*s\"", list, SHOWN(text));
}

/* HOST:PORT or [HOST]:PORT. */
static bool is_endpoint(struct cairn_slice text)
{
    const char *colon = memrchr(text.data, ':', text.bytes);
    if (colon == NULL || colon == text.data)
        return false;
    size_t host_bytes = (size_t)(colon - text.data);
    bool is_bracketed = text.data[0] == '[' && colon[-1] == ']';
    if (!is_bracketed && memchr(text.data, ':', host_bytes) != NULL)
        return false;
    uint64_t port;
    return cairn_slice_to_u64(cairn_slice(colon + 1, text.bytes - host_bytes - 1), &port) &&
           port <= UINT16_MAX;
}

static int check_text(const struct assignment *assignment, struct cairn_slice text, size_t bytes)
{
    if (text.bytes >= bytes)
        return REFUSE(assignment, "must be shorter than %zu bytes", bytes);
    if (text.bytes == 0 && !assignment->key->may_be_empty)
        return REFUSE(assignment, "%s", "must not be empty");
    if (!cairn_utf8_is_valid(text) || cairn_utf8_has_control(text))
        return REFUSE(assignment, "%s", "must be UTF-8 without control characters");
    if (assignment->key->is_endpoint && !is_endpoint(text))
        return REFUSE(assignment, "must be HOST:PORT, not \"%.*s\"", SHOWN(text));
    return 0;
}

static int assign_string(const struct assignment *assignment, struct cairn_slice text)
{
    char value[CAIRN_SETTING_TEXT_BYTES] = {0};
    if (assignment->key->type == CAIRN_SETTING_CHOICE)
        return assign_choice(assignment, text);
    int result = check_text(assignment, text, sizeof(value));
    if (result < 0)
        return result;
    memcpy(value, text.data, text.bytes);
    store(assignment, value, sizeof(value));
    return 0;
}

static int assign_list(const struct assignment *assignment, const struct cairn_toml *toml,
                       uint32_t array)
{
    struct cairn_setting_list list = {0};
    struct assignment element = *assignment;
    for (uint32_t i = cairn_toml_at(toml, array)->first; i != 0; i = cairn_toml_at(toml, i)->next) {
        const struct cairn_toml_node *node = cairn_toml_at(toml, i);
        element.offset = node->value_offset;
        if (node->type != CAIRN_TOML_STRING)
            return REFUSE(&element, "must be an array of strings; this element is %s",
                          cairn_toml_type_name(node->type));
        if (list.count == CAIRN_SETTING_LIST_MAX)
            return REFUSE(&element, "must have at most %d strings", CAIRN_SETTING_LIST_MAX);
        int result = check_text(&element, node->value.text, CAIRN_SETTING_ITEM_BYTES);
        if (result < 0)
            return result;
        memcpy(list.items[list.count++], node->value.text.data, node->value.text.bytes);
    }
    store(assignment, &list, sizeof(list));
    return 0;
}

int cairn_settings_assign(struct cairn_settings *settings, const struct cairn_setting_key *key,
                          const struct cairn_toml *toml, uint32_t value,
                          const struct cairn_setting_origin *origin,
                          struct cairn_settings_error *error)
{
    const struct cairn_toml_node *node = cairn_toml_at(toml, value);
    struct assignment assignment = {
        .settings = settings,
        .key = key,
        .origin = origin,
        .offset = node->value_offset,
        .error = error,
    };
    bool is_text = key->type == CAIRN_SETTING_TEXT || key->type == CAIRN_SETTING_CHOICE;
    if (is_text && node->type == CAIRN_TOML_STRING)
        return assign_string(&assignment, node->value.text);
    if (key->type == CAIRN_SETTING_AMOUNT && node->type == CAIRN_TOML_INTEGER)
        return assign_amount(&assignment, node->value.integer);
    if (key->type == CAIRN_SETTING_RATIO && node->type == CAIRN_TOML_FLOAT)
        return assign_ratio(&assignment, node->value.number);
    if (key->type == CAIRN_SETTING_RATIO && node->type == CAIRN_TOML_INTEGER)
        return assign_ratio(&assignment, (double)node->value.integer);
    if (key->type == CAIRN_SETTING_LIST && node->type == CAIRN_TOML_ARRAY)
        return assign_list(&assignment, toml, value);
    if (key->type == CAIRN_SETTING_FLAG && node->type == CAIRN_TOML_BOOL) {
        store(&assignment, &node->value.boolean, sizeof(node->value.boolean));
        return 0;
    }
    return REFUSE(&assignment, "must be %s, not %s", wanted_type(key->type),
                  cairn_toml_type_name(node->type));
}

int cairn_settings_assign_text(struct cairn_settings *settings, const struct cairn_setting_key *key,
                               struct cairn_slice text, const struct cairn_setting_origin *origin,
                               struct cairn_settings_error *error)
{
    struct assignment assignment = {
        .settings = settings,
        .key = key,
        .origin = origin,
        .error = error,
    };
    return assign_string(&assignment, text);
}

int cairn_settings_refuse_value(struct cairn_settings_error *error,
                                const struct cairn_setting_origin *origin,
                                const struct cairn_setting_key *key, struct cairn_slice value)
{
    return cairn_settings_refuse(error, origin, 0, "[%s] %s must be %s, not \"%.*s\"", key->section,
                                 key->name, wanted_type(key->type), SHOWN(value));
}
