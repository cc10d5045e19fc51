#include "config/toml.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "tests/support/corpus.h"
#include "tests/support/unit.h"

static struct cairn_json_scratch scratch;

static void assert_refused(const char *text, const char *why, uint32_t line, uint32_t column)
{
    struct cairn_toml toml;
    assert_int_equal(cairn_toml_parse(&toml, cairn_slice_of(text)), -EBADMSG);
    struct cairn_toml_place place = cairn_toml_place(cairn_slice_of(text), toml.error_offset);
    assert_string_equal(toml.error, why);
    assert_int_equal(place.line, line);
    assert_int_equal(place.column, column);
}

static const struct cairn_toml_node *member(const struct cairn_toml *toml, uint32_t table,
                                            const char *key)
{
    uint32_t index = cairn_toml_find(toml, table, cairn_slice_of(key));
    assert_int_not_equal(index, 0);
    return cairn_toml_at(toml, index);
}

static void a_document_becomes_a_tree_that_knows_its_places(void **state)
{
    (void)state;
    const char *text = "# settings\n[server]\nlisten = \"127.0.0.1:7700\"\n"
                       "  limits.body = 0x10\n\n[[rule]]\nk1 = 1.5\n[[rule]]\non = [true, false]\n";
    struct cairn_toml toml;
    assert_int_equal(cairn_toml_parse(&toml, cairn_slice_of(text)), 0);

    uint32_t server = cairn_toml_find(&toml, 0, cairn_slice_of("server"));
    const struct cairn_toml_node *listen = member(&toml, server, "listen");
    assert_true(cairn_slice_is(listen->value.text, "127.0.0.1:7700"));
    struct cairn_toml_place place = cairn_toml_place(toml.source, listen->value_offset);
    assert_int_equal(place.line, 3);
    assert_int_equal(place.column, 10);
    uint32_t limits = cairn_toml_find(&toml, server, cairn_slice_of("limits"));
    assert_int_equal(member(&toml, limits, "body")->value.integer, 16);

    const struct cairn_toml_node *rules = member(&toml, 0, "rule");
    assert_true(member(&toml, rules->first, "k1")->value.number == 1.5);
    const struct cairn_toml_node *on = member(&toml, rules->last, "on");
    assert_true(cairn_toml_at(&toml, on->first)->value.boolean);
    assert_false(cairn_toml_at(&toml, on->last)->value.boolean);
    assert_int_equal(cairn_toml_find(&toml, server, cairn_slice_of("nothing")), 0);
    cairn_toml_deinit(&toml);
}

static void an_empty_document_is_an_empty_table(void **state)
{
    (void)state;
    struct cairn_toml toml;
    assert_int_equal(cairn_toml_parse(&toml, CAIRN_SLICE_EMPTY), 0);
    assert_int_equal(cairn_toml_at(&toml, 0)->first, 0);
    cairn_toml_deinit(&toml);
}

static void errors_say_where_and_why(void **state)
{
    (void)state;
    assert_refused("a = 1\nb = \n", "a value is expected", 2, 5);
    assert_refused("a = 1 2\n", "the end of the line is expected", 1, 7);
    assert_refused("a = 1\na = 2\n", "this key is defined already", 2, 1);
    assert_refused("[a]\n[b]\n [a]\n", "this table is defined already", 3, 3);
    assert_refused("a = yes\n", "not a number, boolean, date or time; strings need quotes", 1, 5);
    assert_refused("\xc3\xa9 = 1\n", "a key is expected", 1, 1);
    assert_refused("\"\xc3\xa9\" 1\n", "= is expected after a key", 1, 5);
    assert_refused("a = \"x\n", "the string is not closed", 1, 7);
    assert_refused("a = \"\\q\"\n", "no such escape in a string", 1, 6);
    assert_refused("a = [1 2]\n", "a comma or ] is expected", 1, 8);
    assert_refused("a = {b = 1,}\n", "a key is expected", 1, 12);
    assert_refused("[a\n", "] is expected", 1, 3);
    assert_refused("a = \"\xff\"\n", "not valid UTF-8", 1, 6);
    assert_refused("a.b = 1\na.b.c = 2\n", "this key is defined already", 2, 3);
}

static int parse_nested(int depth)
{
    struct cairn_buffer text = {0};
    struct cairn_toml toml;
    cairn_buffer_append_text(&text, "a = ");
    for (int i = 0; i < depth; i++)
        cairn_buffer_append_text(&text, i % 2 == 0 ? "[" : "{a = ");
    cairn_buffer_append_text(&text, "1");
    for (int i = depth - 1; i >= 0; i--)
        cairn_buffer_append_byte(&text, i % 2 == 0 ? ']' : '}');
    int result = cairn_toml_parse(&toml, cairn_buffer_slice(&text));
    if (result == 0)
        cairn_toml_deinit(&toml);
    cairn_buffer_deinit(&text);
    return result;
}

static void depth_is_limited_to_64(void **state)
{
    (void)state;
    assert_int_equal(parse_nested(63), 0);
    assert_int_equal(parse_nested(64), 0);
    assert_int_equal(parse_nested(65), -EBADMSG);
    assert_int_equal(parse_nested(50000), -EBADMSG);
}

static void a_file_over_the_limit_is_refused(void **state)
{
    (void)state;
    struct cairn_toml toml;
    char *text = malloc(CAIRN_TOML_BYTES_MAX + 1);
    memset(text, '\n', CAIRN_TOML_BYTES_MAX + 1);
    assert_int_equal(cairn_toml_parse(&toml, cairn_slice(text, CAIRN_TOML_BYTES_MAX)), 0);
    cairn_toml_deinit(&toml);
    assert_int_equal(cairn_toml_parse(&toml, cairn_slice(text, CAIRN_TOML_BYTES_MAX + 1)), -EFBIG);
    free(text);
}

/* Keys hash into one table for the whole document: it must find every one of very many. */
static void many_keys_are_all_found_and_none_twice(void **state)
{
    (void)state;
    enum { TABLES = 100, KEYS = 100 };
    struct cairn_buffer text = {0};
    struct cairn_toml toml;
    char key[32];
    for (int table = 0; table < TABLES; table++) {
        cairn_buffer_printf(&text, "[t%d]\n", table);
        for (int i = 0; i < KEYS; i++)
            cairn_buffer_printf(&text, "k%d = %d\n", i, table * KEYS + i);
    }
    assert_int_equal(cairn_toml_parse(&toml, cairn_buffer_slice(&text)), 0);
    for (int table = 0; table < TABLES; table++) {
        snprintf(key, sizeof(key), "t%d", table);
        uint32_t index = cairn_toml_find(&toml, 0, cairn_slice_of(key));
        for (int i = 0; i < KEYS; i++) {
            snprintf(key, sizeof(key), "k%d", i);
            assert_int_equal(member(&toml, index, key)->value.integer, table * KEYS + i);
        }
    }
    cairn_toml_deinit(&toml);
    cairn_buffer_deinit(&text);
}

/* The public corpus: trees are compared by rendering both sides in one canonical form. */

static int by_text(const void *a, const void *b)
{
    const char *const *left = a, *const *right = b;
    return strcmp(*left, *right);
}

/* A date and time as `2024-01-02T03:04:05.5Z`: upper case, T, no zeros at the end of a fraction. */
static void append_time(struct cairn_buffer *out, struct cairn_slice text)
{
    bool in_fraction = false;
    size_t zeros = 0;
    for (size_t i = 0; i < text.bytes; i++) {
        char byte = text.data[i] == ' ' || text.data[i] == 't' ? 'T' : text.data[i];
        byte = byte == 'z' ? 'Z' : byte;
        if (byte == '.' || (in_fraction && byte == '0')) {
            in_fraction = true;
            zeros++; /* held back until a digit shows that they count */
            continue;
        }
        if (in_fraction && byte >= '1' && byte <= '9')
            cairn_buffer_append(out, text.data + i - zeros, zeros);
        else
            in_fraction = false;
        zeros = 0;
        cairn_buffer_append_byte(out, byte);
    }
}

static void append_number(struct cairn_buffer *out, double number)
{
    if (isnan(number))
        cairn_buffer_append_text(out, "nan");
    else
        cairn_buffer_printf(out, "%.17g", number);
}

static void append_leaf(struct cairn_buffer *out, const char *path, const char *type,
                        struct cairn_slice value)
{
    cairn_buffer_append_text(out, path);
    cairn_buffer_printf(out, " %s ", type);
    for (size_t i = 0; i < value.bytes; i++)
        cairn_buffer_printf(out, value.data[i] == '\n' ? "\\n" : "%c", value.data[i]);
    cairn_buffer_append_byte(out, '\0');
}

static const char *leaf_type(enum cairn_toml_type type)
{
    static const char *const NAMES[] = {
        [CAIRN_TOML_TABLE] = "table",
        [CAIRN_TOML_ARRAY] = "array",
        [CAIRN_TOML_STRING] = "string",
        [CAIRN_TOML_INTEGER] = "integer",
        [CAIRN_TOML_FLOAT] = "float",
        [CAIRN_TOML_BOOL] = "bool",
        [CAIRN_TOML_OFFSET_DATETIME] = "datetime",
        [CAIRN_TOML_LOCAL_DATETIME] = "datetime-local",
        [CAIRN_TOML_LOCAL_DATE] = "date-local",
        [CAIRN_TOML_LOCAL_TIME] = "time-local",
    };
    return NAMES[type];
}

static void render_value(const struct cairn_toml_node *node, struct cairn_buffer *value)
{
    switch (node->type) {
    case CAIRN_TOML_TABLE:
    case CAIRN_TOML_ARRAY:
        break;
    case CAIRN_TOML_STRING:
        cairn_buffer_append_slice(value, node->value.text);
        break;
    case CAIRN_TOML_INTEGER:
        cairn_buffer_append_i64(value, node->value.integer);
        break;
    case CAIRN_TOML_FLOAT:
        append_number(value, node->value.number);
        break;
    case CAIRN_TOML_BOOL:
        cairn_buffer_append_text(value, node->value.boolean ? "true" : "false");
        break;
    default:
        append_time(value, node->value.text);
    }
}

/* The path from the root, elements by their position. */
static void render_path(const struct cairn_toml *toml, uint32_t index, struct cairn_buffer *path)
{
    uint32_t chain[256];
    int length = 0;
    for (; index != 0; index = cairn_toml_at(toml, index)->parent)
        chain[length++] = index;
    while (length-- > 0) {
        const struct cairn_toml_node *node = cairn_toml_at(toml, chain[length]);
        const struct cairn_toml_node *parent = cairn_toml_at(toml, node->parent);
        if (parent->type == CAIRN_TOML_TABLE) {
            cairn_buffer_printf(path, "/%.*s", (int)node->key.bytes, node->key.data);
            continue;
        }
        int position = 0;
        for (uint32_t i = parent->first; i != chain[length]; i = cairn_toml_at(toml, i)->next)
            position++;
        cairn_buffer_printf(path, "/%d", position);
    }
    cairn_buffer_append_byte(path, '\0');
}

static void render_toml(const struct cairn_toml *toml, struct cairn_buffer *out)
{
    for (uint32_t i = 0; i < toml->nodes_count; i++) {
        struct cairn_buffer path = {0}, value = {0};
        render_path(toml, i, &path);
        render_value(cairn_toml_at(toml, i), &value);
        append_leaf(out, path.data, leaf_type(cairn_toml_at(toml, i)->type),
                    cairn_buffer_slice(&value));
        cairn_buffer_deinit(&path);
        cairn_buffer_deinit(&value);
    }
}

static void render_scalar(struct cairn_buffer *out, const char *path, struct cairn_slice type,
                          struct cairn_slice text)
{
    struct cairn_buffer value = {0};
    char name[32];
    snprintf(name, sizeof(name), "%.*s", (int)type.bytes, type.data);
    if (strcmp(name, "float") == 0) {
        char number[400];
        snprintf(number, sizeof(number), "%.*s", (int)text.bytes, text.data);
        append_number(&value, strtod(number, NULL));
    } else if (strstr(name, "time") != NULL) {
        append_time(&value, text);
    } else {
        cairn_buffer_append_slice(&value, text);
    }
    append_leaf(out, path, name, cairn_buffer_slice(&value));
    cairn_buffer_deinit(&value);
}

/* {"type": "...", "value": "..."} with two string members, or else a table. */
static bool is_scalar(struct cairn_slice raw, struct cairn_slice *type, struct cairn_slice *value)
{
    static const char *const NAMES[] = {"type", "value"};
    struct cairn_json_scratch inner = {0};
    struct cairn_json_reader reader;
    struct cairn_slice key, texts[2];
    int found = 0, others = 0;
    cairn_json_reader_init(&reader, raw, &inner);
    cairn_json_enter_object(&reader);
    while (cairn_json_next_member(&reader, &key)) {
        int index = cairn_json_key_index(key, NAMES, 2);
        if (index < 0 || cairn_json_peek(&reader) != CAIRN_JSON_STRING) {
            others++;
            continue;
        }
        cairn_json_read_raw(&reader, &texts[index]);
        found++;
    }
    bool is_one = cairn_json_finish(&reader) == 0 && found == 2 && others == 0;
    cairn_json_scratch_deinit(&inner);
    if (is_one) {
        *type = texts[0];
        *value = texts[1];
    }
    return is_one;
}

static void unquote(struct cairn_slice raw, struct cairn_slice *text)
{
    struct cairn_json_reader reader;
    cairn_json_reader_init(&reader, raw, &scratch);
    cairn_json_read_string(&reader, text);
    assert_int_equal(cairn_json_finish(&reader), 0);
}

/* Values of the expected tree that are still to be rendered, with their paths: a list, so that
 * nothing recurses. */
struct pending {
    char *path;
    struct cairn_slice raw;
};

struct work {
    struct pending *items;
    size_t count, capacity;
};

static void push(struct work *work, const char *path, const char *name, struct cairn_slice raw)
{
    if (work->count == work->capacity) {
        work->capacity = work->capacity == 0 ? 64 : work->capacity * 2;
        work->items = realloc(work->items, work->capacity * sizeof(*work->items));
    }
    size_t bytes = strlen(path) + (name == NULL ? 0 : strlen(name)) + 2;
    char *copy = malloc(bytes);
    snprintf(copy, bytes, "%s%s%s", path, name == NULL ? "" : "/", name == NULL ? "" : name);
    work->items[work->count++] = (struct pending){.path = copy, .raw = raw};
}

static void push_members(struct work *work, const struct pending *item)
{
    struct cairn_json_scratch inner = {0};
    struct cairn_json_reader reader;
    struct cairn_slice key, raw;
    cairn_json_reader_init(&reader, item->raw, &inner);
    cairn_json_enter_object(&reader);
    while (cairn_json_next_member(&reader, &key)) {
        char name[512];
        snprintf(name, sizeof(name), "%.*s", (int)key.bytes, key.data);
        cairn_json_read_raw(&reader, &raw);
        push(work, item->path, name, raw);
    }
    assert_int_equal(cairn_json_finish(&reader), 0);
    cairn_json_scratch_deinit(&inner);
}

static void push_elements(struct work *work, const struct pending *item)
{
    struct cairn_json_scratch inner = {0};
    struct cairn_json_reader reader;
    struct cairn_slice raw;
    cairn_json_reader_init(&reader, item->raw, &inner);
    cairn_json_enter_array(&reader);
    for (int i = 0; cairn_json_next_element(&reader); i++) {
        char name[16];
        snprintf(name, sizeof(name), "%d", i);
        cairn_json_read_raw(&reader, &raw);
        push(work, item->path, name, raw);
    }
    assert_int_equal(cairn_json_finish(&reader), 0);
    cairn_json_scratch_deinit(&inner);
}

static void render_expected(struct cairn_slice json, struct cairn_buffer *out)
{
    struct work work = {0};
    size_t start = 0;
    while (start < json.bytes && json.data[start] != '{')
        start++;
    push(&work, "", NULL, cairn_slice(json.data + start, json.bytes - start));
    while (work.count > 0) {
        struct pending item = work.items[--work.count];
        struct cairn_slice type, value;
        if (item.raw.data[0] == '[') {
            append_leaf(out, item.path, "array", CAIRN_SLICE_EMPTY);
            push_elements(&work, &item);
        } else if (is_scalar(item.raw, &type, &value)) {
            unquote(type, &type);
            unquote(value, &value);
            render_scalar(out, item.path, type, value);
        } else {
            append_leaf(out, item.path, "table", CAIRN_SLICE_EMPTY);
            push_members(&work, &item);
        }
        free(item.path);
    }
    free(work.items);
}

/* Order of members means nothing: sort the lines of both renderings and compare. */
static void compare(const char *path, struct cairn_buffer *actual, struct cairn_buffer *expected)
{
    enum { LINES_MAX = 4096 };
    static const char *lines[2][LINES_MAX];
    struct cairn_buffer *buffers[2] = {actual, expected};
    size_t counts[2] = {0};
    for (int side = 0; side < 2; side++) {
        for (size_t at = 0; at < buffers[side]->bytes; at += strlen(buffers[side]->data + at) + 1) {
            assert_true(counts[side] < LINES_MAX);
            lines[side][counts[side]++] = buffers[side]->data + at;
        }
        qsort(lines[side], counts[side], sizeof(lines[side][0]), by_text);
    }
    for (size_t i = 0; i < counts[0] || i < counts[1]; i++) {
        const char *have = i < counts[0] ? lines[0][i] : "nothing";
        const char *want = i < counts[1] ? lines[1][i] : "nothing";
        if (strcmp(have, want) != 0)
            fail_msg("%s: have \"%s\", want \"%s\"", path, have, want);
    }
}

static void check_valid(const char *path, void *context)
{
    (void)context;
    char twin[4096];
    snprintf(twin, sizeof(twin), "%.*s.json", (int)(strlen(path) - strlen(".toml")), path);
    struct cairn_buffer text = {0}, json = {0}, actual = {0}, expected = {0};
    struct cairn_toml toml;
    assert_true(corpus_read(path, &text));
    assert_true(corpus_read(twin, &json));
    if (cairn_toml_parse(&toml, cairn_buffer_slice(&text)) < 0)
        fail_msg("%s:%u: %s", path,
                 cairn_toml_place(cairn_buffer_slice(&text), toml.error_offset).line, toml.error);
    cairn_json_scratch_begin(&scratch, json.bytes);
    render_toml(&toml, &actual);
    render_expected(cairn_buffer_slice(&json), &expected);
    compare(path, &actual, &expected);
    cairn_toml_deinit(&toml);
    cairn_buffer_deinit(&text);
    cairn_buffer_deinit(&json);
    cairn_buffer_deinit(&actual);
    cairn_buffer_deinit(&expected);
}

static void check_invalid(const char *path, void *context)
{
    (void)context;
    struct cairn_buffer text = {0};
    struct cairn_toml toml;
    assert_true(corpus_read(path, &text));
    int result = cairn_toml_parse(&toml, cairn_buffer_slice(&text));
    if (result == 0)
        fail_msg("%s: accepted", path);
    assert_int_equal(result, -EBADMSG);
    assert_non_null(toml.error);
    assert_true(toml.error_offset <= text.bytes);
    cairn_buffer_deinit(&text);
}

static void the_valid_files_of_the_public_corpus_give_their_trees(void **state)
{
    (void)state;
    const char *directory = corpus_path("toml-test/valid");
    if (directory == NULL)
        skip();
    assert_int_equal(corpus_each(directory, ".toml", check_valid, NULL), 210);
}

static void the_invalid_files_of_the_public_corpus_are_refused(void **state)
{
    (void)state;
    const char *directory = corpus_path("toml-test/invalid");
    if (directory == NULL)
        skip();
    assert_int_equal(corpus_each(directory, ".toml", check_invalid, NULL), 499);
}

static int free_scratch(void **state)
{
    (void)state;
    cairn_json_scratch_deinit(&scratch);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_becomes_a_tree_that_knows_its_places),
        cmocka_unit_test(an_empty_document_is_an_empty_table),
        cmocka_unit_test(errors_say_where_and_why),
        cmocka_unit_test(depth_is_limited_to_64),
        cmocka_unit_test(a_file_over_the_limit_is_refused),
        cmocka_unit_test(many_keys_are_all_found_and_none_twice),
        cmocka_unit_test(the_valid_files_of_the_public_corpus_give_their_trees),
        cmocka_unit_test(the_invalid_files_of_the_public_corpus_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, free_scratch);
}
