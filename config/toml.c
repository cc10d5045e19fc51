/* The structure of a document: lines, headers, dotted keys, arrays and inline tables.
 *
 * TOML lets a table be written in several places, but each place only once. Who may add to a table
 * is decided by how it came to be (its origin):
 *
 *     origin      [header] on it    header through it    dotted key through it
 *     PATH        once: HEADER      yes                  yes: becomes DOTS
 *     HEADER      no                yes                  no
 *     DOTS        no                yes                  from the lines of the same table only
 *     TABLES      [[header]] only   its last element     no
 *     VALUE       no                no                   no
 */
#include "config/toml.h"

#include "config/toml_internal.h"
#include "runtime/base/assert.h"
#include "runtime/base/error.h"
#include "runtime/base/utf8.h"

struct key_path {
    struct cairn_slice parts[CAIRN_TOML_DEPTH_MAX];
    uint32_t offsets[CAIRN_TOML_DEPTH_MAX];
    uint32_t count;
};

/* White space, comments, ends of lines. */

static void skip_blanks(struct cairn_toml_parser *parser)
{
    while (cairn_toml_peek(parser, 0) == ' ' || cairn_toml_peek(parser, 0) == '\t')
        parser->at++;
}

static int skip_comment(struct cairn_toml_parser *parser)
{
    if (cairn_toml_peek(parser, 0) != '#')
        return 0;
    while (parser->at < parser->bytes && cairn_toml_peek(parser, 0) != '\n') {
        uint8_t byte = (uint8_t)cairn_toml_peek(parser, 0);
        bool ends_line = byte == '\r' && cairn_toml_peek(parser, 1) == '\n';
        if (ends_line)
            break;
        if ((byte < ' ' && byte != '\t') || byte == 0x7f)
            return cairn_toml_refuse(parser, parser->at, "a control character in a comment");
        parser->at++;
    }
    return 0;
}

static bool take_newline(struct cairn_toml_parser *parser)
{
    if (cairn_toml_peek(parser, 0) == '\n') {
        parser->at++;
        return true;
    }
    if (cairn_toml_peek(parser, 0) == '\r' && cairn_toml_peek(parser, 1) == '\n') {
        parser->at += 2;
        return true;
    }
    return false;
}

static int expect_end_of_line(struct cairn_toml_parser *parser)
{
    skip_blanks(parser);
    if (skip_comment(parser) < 0)
        return parser->result;
    if (parser->at < parser->bytes && !take_newline(parser))
        return cairn_toml_refuse(parser, parser->at, "the end of the line is expected");
    return 0;
}

/* Blanks, comments and newlines, which arrays may hold between their elements. */
static int skip_space_in_array(struct cairn_toml_parser *parser)
{
    do {
        skip_blanks(parser);
        if (skip_comment(parser) < 0)
            return parser->result;
    } while (take_newline(parser));
    return 0;
}

/* Keys. */

static bool is_bare_byte(char byte)
{
    return cairn_toml_is_digit(byte) || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') || byte == '_' || byte == '-';
}

static int scan_key_part(struct cairn_toml_parser *parser, struct cairn_slice *part)
{
    char byte = cairn_toml_peek(parser, 0);
    if (byte == '"' || byte == '\'')
        return cairn_toml_scan_string(parser, false, part);
    uint32_t start = parser->at;
    while (is_bare_byte(cairn_toml_peek(parser, 0)))
        parser->at++;
    if (parser->at == start)
        return cairn_toml_refuse(parser, start, "a key is expected");
    *part = cairn_slice(parser->data + start, parser->at - start);
    return 0;
}

static int scan_key(struct cairn_toml_parser *parser, struct key_path *path)
{
    path->count = 0;
    do {
        parser->at += path->count > 0; /* the dot */
        skip_blanks(parser);
        if (path->count == CAIRN_TOML_DEPTH_MAX)
            return cairn_toml_refuse(parser, parser->at, "a key of more than 64 parts");
        path->offsets[path->count] = parser->at;
        if (scan_key_part(parser, &path->parts[path->count]) < 0)
            return parser->result;
        path->count++;
        skip_blanks(parser);
    } while (cairn_toml_peek(parser, 0) == '.');
    return 0;
}

static uint32_t add(struct cairn_toml_parser *parser, uint32_t parent, const struct key_path *path,
                    uint32_t part, enum cairn_toml_type type, enum cairn_toml_origin origin)
{
    struct cairn_slice key = path == NULL ? CAIRN_SLICE_EMPTY : path->parts[part];
    uint32_t index = cairn_toml_add(parser->toml, parent, key, type, origin);
    if (index == 0) {
        parser->result = -ENOMEM;
        return 0;
    }
    struct cairn_toml_node *node = &parser->toml->nodes[index];
    node->key_offset = path == NULL ? parser->at : path->offsets[part];
    node->value_offset = parser->at;
    return index;
}

/* Headers. */

/* From a table through one part of a header. 0 on an error. */
static uint32_t walk_header(struct cairn_toml_parser *parser, uint32_t table,
                            const struct key_path *path, uint32_t part)
{
    uint32_t found = cairn_toml_find(parser->toml, table, path->parts[part]);
    if (found == 0)
        return add(parser, table, path, part, CAIRN_TOML_TABLE, CAIRN_TOML_OF_PATH);
    const struct cairn_toml_node *node = cairn_toml_at(parser->toml, found);
    if (node->origin == CAIRN_TOML_OF_TABLES)
        return node->last;
    if (node->origin == CAIRN_TOML_OF_VALUE) {
        cairn_toml_refuse(parser, path->offsets[part], "this key has a value already");
        return 0;
    }
    return found;
}

static uint32_t open_table(struct cairn_toml_parser *parser, uint32_t parent,
                           const struct key_path *path)
{
    uint32_t last = path->count - 1;
    uint32_t found = cairn_toml_find(parser->toml, parent, path->parts[last]);
    if (found == 0)
        return add(parser, parent, path, last, CAIRN_TOML_TABLE, CAIRN_TOML_OF_HEADER);
    struct cairn_toml_node *node = &parser->toml->nodes[found];
    if (node->origin != CAIRN_TOML_OF_PATH) {
        cairn_toml_refuse(parser, path->offsets[last], "this table is defined already");
        return 0;
    }
    node->origin = CAIRN_TOML_OF_HEADER;
    node->key_offset = path->offsets[last];
    return found;
}

static uint32_t open_element(struct cairn_toml_parser *parser, uint32_t parent,
                             const struct key_path *path)
{
    uint32_t last = path->count - 1;
    uint32_t array = cairn_toml_find(parser->toml, parent, path->parts[last]);
    if (array == 0)
        array = add(parser, parent, path, last, CAIRN_TOML_ARRAY, CAIRN_TOML_OF_TABLES);
    else if (cairn_toml_at(parser->toml, array)->origin != CAIRN_TOML_OF_TABLES)
        cairn_toml_refuse(parser, path->offsets[last], "this key is not an array of tables");
    if (parser->result < 0)
        return 0;
    return add(parser, array, NULL, 0, CAIRN_TOML_TABLE, CAIRN_TOML_OF_HEADER);
}

/* [a.b] or [[a.b]]: the table that the next lines belong to. */
static int parse_header(struct cairn_toml_parser *parser, uint32_t *table)
{
    struct key_path path;
    bool is_element = cairn_toml_peek(parser, 1) == '[';
    parser->at += is_element ? 2 : 1;
    if (scan_key(parser, &path) < 0)
        return parser->result;
    if (cairn_toml_peek(parser, 0) != ']' || (is_element && cairn_toml_peek(parser, 1) != ']'))
        return cairn_toml_refuse(parser, parser->at,
                                 is_element ? "]] is expected" : "] is expected");
    parser->at += is_element ? 2 : 1;

    uint32_t parent = 0;
    for (uint32_t part = 0; part + 1 < path.count; part++) {
        parent = walk_header(parser, parent, &path, part);
        if (parser->result < 0)
            return parser->result;
    }
    *table = is_element ? open_element(parser, parent, &path) : open_table(parser, parent, &path);
    return parser->result < 0 ? parser->result : expect_end_of_line(parser);
}

/* Keys and values. */

/* From a table through one part of a dotted key, on behalf of the lines of `section`. */
static uint32_t walk_dots(struct cairn_toml_parser *parser, uint32_t table, uint32_t section,
                          const struct key_path *path, uint32_t part)
{
    uint32_t found = cairn_toml_find(parser->toml, table, path->parts[part]);
    if (found == 0)
        found = add(parser, table, path, part, CAIRN_TOML_TABLE, CAIRN_TOML_OF_PATH);
    if (parser->result < 0)
        return 0;
    struct cairn_toml_node *node = &parser->toml->nodes[found];
    bool is_own = node->origin == CAIRN_TOML_OF_DOTS && node->section == section;
    if (node->origin != CAIRN_TOML_OF_PATH && !is_own) {
        cairn_toml_refuse(parser, path->offsets[part], "this key is defined already");
        return 0;
    }
    node->origin = CAIRN_TOML_OF_DOTS;
    node->section = section;
    return found;
}

/* `a.b = ` in the lines of `section`: where the value goes. */
static int parse_key(struct cairn_toml_parser *parser, uint32_t section, struct key_path *path,
                     uint32_t *table)
{
    if (scan_key(parser, path) < 0)
        return parser->result;
    if (cairn_toml_peek(parser, 0) != '=')
        return cairn_toml_refuse(parser, parser->at, "= is expected after a key");
    parser->at++;
    skip_blanks(parser);

    *table = section;
    for (uint32_t part = 0; part + 1 < path->count; part++) {
        *table = walk_dots(parser, *table, section, path, part);
        if (parser->result < 0)
            return parser->result;
    }
    if (cairn_toml_find(parser->toml, *table, path->parts[path->count - 1]) != 0)
        return cairn_toml_refuse(parser, path->offsets[path->count - 1],
                                 "this key is defined already");
    return 0;
}

/* The containers open around the cursor, innermost last. */
struct nesting {
    uint32_t containers[CAIRN_TOML_DEPTH_MAX];
    uint32_t depth;
};

static int open_container(struct cairn_toml_parser *parser, struct nesting *nesting, uint32_t index)
{
    if (nesting->depth == CAIRN_TOML_DEPTH_MAX)
        return cairn_toml_refuse(parser, parser->at, "nested more than 64 deep");
    struct cairn_toml_node *node = &parser->toml->nodes[index];
    node->type = cairn_toml_peek(parser, 0) == '[' ? CAIRN_TOML_ARRAY : CAIRN_TOML_TABLE;
    nesting->containers[nesting->depth++] = index;
    parser->at++;
    return 0;
}

/* Add the value at the cursor: all of a scalar, or a container that stands open afterwards. */
static int begin_value(struct cairn_toml_parser *parser, struct nesting *nesting, uint32_t parent,
                       const struct key_path *path)
{
    uint32_t part = path == NULL ? 0 : path->count - 1;
    uint32_t index = add(parser, parent, path, part, CAIRN_TOML_STRING, CAIRN_TOML_OF_VALUE);
    if (index == 0)
        return parser->result;
    struct cairn_toml_node *node = &parser->toml->nodes[index];
    switch (cairn_toml_peek(parser, 0)) {
    case '"':
    case '\'':
        return cairn_toml_scan_string(parser, true, &node->value.text);
    case '[':
    case '{':
        return open_container(parser, nesting, index);
    default:
        return cairn_toml_scan_plain(parser, node);
    }
}

static void skip_space(struct cairn_toml_parser *parser, bool is_array)
{
    if (is_array)
        skip_space_in_array(parser);
    else
        skip_blanks(parser);
}

/* Step over the comma before the next item. True when the container has been closed instead, which
 * only in an array may come after a comma. */
static bool is_closed(struct cairn_toml_parser *parser, bool is_array, bool is_first)
{
    skip_space(parser, is_array);
    bool has_comma = !is_first && cairn_toml_peek(parser, 0) == ',';
    if (has_comma) {
        parser->at++;
        skip_space(parser, is_array);
    }
    if (cairn_toml_peek(parser, 0) == (is_array ? ']' : '}') && (is_array || !has_comma)) {
        parser->at++;
        return true;
    }
    if (!is_first && !has_comma)
        cairn_toml_refuse(parser, parser->at,
                          is_array ? "a comma or ] is expected" : "a comma or } is expected");
    return false;
}

/* The end of the innermost container, or one more item of it. */
static int step(struct cairn_toml_parser *parser, struct nesting *nesting)
{
    uint32_t container = nesting->containers[nesting->depth - 1];
    const struct cairn_toml_node *node = cairn_toml_at(parser->toml, container);
    bool is_array = node->type == CAIRN_TOML_ARRAY;
    if (is_closed(parser, is_array, node->first == 0)) {
        nesting->depth--;
        return parser->result;
    }
    if (parser->result < 0)
        return parser->result;
    if (is_array)
        return begin_value(parser, nesting, container, NULL);

    struct key_path path;
    uint32_t table;
    if (parse_key(parser, container, &path, &table) < 0)
        return parser->result;
    return begin_value(parser, nesting, table, &path);
}

static int parse_key_value(struct cairn_toml_parser *parser, uint32_t section)
{
    struct key_path path;
    struct nesting nesting;
    uint32_t table = section;
    if (parse_key(parser, section, &path, &table) < 0)
        return parser->result;
    nesting.depth = 0;
    begin_value(parser, &nesting, table, &path);
    while (parser->result == 0 && nesting.depth > 0)
        step(parser, &nesting);
    return parser->result < 0 ? parser->result : expect_end_of_line(parser);
}

/* The document. */

static int parse_line(struct cairn_toml_parser *parser, uint32_t *section)
{
    skip_blanks(parser);
    switch (cairn_toml_peek(parser, 0)) {
    case '[':
        return parse_header(parser, section);
    case '#':
    case '\n':
    case '\r':
        return expect_end_of_line(parser);
    default:
        if (parser->at == parser->bytes)
            return 0;
        return parse_key_value(parser, *section);
    }
}

static int parse_document(struct cairn_toml_parser *parser)
{
    size_t valid = cairn_utf8_valid_prefix(cairn_slice(parser->data, parser->bytes));
    if (valid < parser->bytes)
        return cairn_toml_refuse(parser, (uint32_t)valid, "not valid UTF-8");
    cairn_toml_add(parser->toml, 0, CAIRN_SLICE_EMPTY, CAIRN_TOML_TABLE, CAIRN_TOML_OF_HEADER);
    if (parser->toml->nodes_count == 0)
        return -ENOMEM;
    if (parser->bytes >= 3 && memcmp(parser->data, "\xef\xbb\xbf", 3) == 0)
        parser->at = 3; /* the byte order mark of some editors */
    uint32_t section = 0;
    while (parser->result == 0 && parser->at < parser->bytes)
        parse_line(parser, &section);
    return parser->result;
}

int cairn_toml_parse(struct cairn_toml *toml, struct cairn_slice text)
{
    *toml = (struct cairn_toml){.source = text};
    if (text.bytes > CAIRN_TOML_BYTES_MAX) {
        toml->error = "the file is larger than 1 MiB";
        return -EFBIG;
    }
    struct cairn_toml_parser parser = {
        .toml = toml,
        .data = text.data,
        .bytes = (uint32_t)text.bytes,
    };
    int result = parse_document(&parser);
    if (result == -ENOMEM)
        toml->error = "out of memory";
    if (result < 0)
        cairn_toml_deinit(toml);
    return result;
}
