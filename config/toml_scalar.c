/* Strings, numbers and booleans. */
#include "config/toml_internal.h"

#include <math.h>
#include <stdlib.h>

#include "runtime/base/assert.h"
#include "runtime/base/error.h"
#include "runtime/base/utf8.h"

#define PLAIN_BYTES_MAX 255

int cairn_toml_refuse(struct cairn_toml_parser *parser, uint32_t offset, const char *why)
{
    if (parser->result == 0) {
        parser->result = -EBADMSG;
        parser->toml->error = why;
        parser->toml->error_offset = offset;
    }
    return parser->result;
}

/* Strings. */

struct string {
    char quote;
    bool is_multiline;
};

static bool at_quotes(const struct cairn_toml_parser *parser, char quote, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (cairn_toml_peek(parser, i) != quote)
            return false;
    }
    return true;
}

static uint32_t newline_bytes(const struct cairn_toml_parser *parser)
{
    if (cairn_toml_peek(parser, 0) == '\n')
        return 1;
    return cairn_toml_peek(parser, 0) == '\r' && cairn_toml_peek(parser, 1) == '\n' ? 2 : 0;
}

static int append_code_point(struct cairn_toml_parser *parser, uint32_t digits)
{
    uint32_t start = parser->at - 2;
    uint32_t point = 0;
    for (uint32_t i = 0; i < digits; i++) {
        char byte = cairn_toml_peek(parser, 0);
        const char *hex = "0123456789abcdef0123456789ABCDEF";
        const char *found = byte == '\0' ? NULL : strchr(hex, byte);
        if (found == NULL)
            return cairn_toml_refuse(parser, parser->at, "a hexadecimal digit is expected");
        point = point << 4 | (uint32_t)((found - hex) % 16);
        parser->at++;
    }
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
        return cairn_toml_refuse(parser, start, "not a Unicode scalar value");
    char encoded[4];
    cairn_buffer_append(&parser->toml->text, encoded, cairn_utf8_encode(encoded, point));
    return 0;
}

/* A backslash at the end of a line swallows all white space up to the next text. */
static int skip_line_end(struct cairn_toml_parser *parser)
{
    uint32_t start = parser->at - 1;
    bool has_newline = false;
    for (;;) {
        uint32_t newline = newline_bytes(parser);
        char byte = cairn_toml_peek(parser, 0);
        if (newline == 0 && byte != ' ' && byte != '\t')
            break;
        has_newline |= newline > 0;
        parser->at += newline > 0 ? newline : 1;
    }
    return has_newline ? 0 : cairn_toml_refuse(parser, start, "no such escape in a string");
}

static int append_escape(struct cairn_toml_parser *parser, bool is_multiline)
{
    static const char LETTERS[] = "btnfr\"\\";
    static const char MEANINGS[] = "\b\t\n\f\r\"\\";

    parser->at++;
    char byte = cairn_toml_peek(parser, 0);
    if (is_multiline && (byte == ' ' || byte == '\t' || newline_bytes(parser) > 0))
        return skip_line_end(parser);
    const char *letter = byte == '\0' ? NULL : strchr(LETTERS, byte);
    if (letter == NULL && byte != 'u' && byte != 'U')
        return cairn_toml_refuse(parser, parser->at - 1, "no such escape in a string");
    parser->at++;
    if (letter == NULL)
        return append_code_point(parser, byte == 'u' ? 4 : 8);
    cairn_buffer_append_byte(&parser->toml->text, MEANINGS[letter - LETTERS]);
    return 0;
}

/* A byte of text, or a newline where the string may have one. */
static int append_plain(struct cairn_toml_parser *parser, bool is_multiline)
{
    uint32_t newline = newline_bytes(parser);
    uint8_t byte = (uint8_t)cairn_toml_peek(parser, 0);
    if (parser->at == parser->bytes || (newline > 0 && !is_multiline))
        return cairn_toml_refuse(parser, parser->at, "the string is not closed");
    if (newline == 0 && ((byte < ' ' && byte != '\t') || byte == 0x7f))
        return cairn_toml_refuse(parser, parser->at, "a control character must be escaped");
    uint32_t length = newline > 0 ? newline : 1;
    cairn_buffer_append(&parser->toml->text, parser->data + parser->at, length);
    parser->at += length;
    return 0;
}

/* Three quotes close, but up to two more in front of them belong to the text. */
static bool at_end_of_string(struct cairn_toml_parser *parser, const struct string *string)
{
    if (!string->is_multiline)
        return cairn_toml_peek(parser, 0) == string->quote;
    if (!at_quotes(parser, string->quote, 3))
        return false;
    while (at_quotes(parser, string->quote, 4)) {
        if (at_quotes(parser, string->quote, 6))
            return true;
        cairn_buffer_append_byte(&parser->toml->text, string->quote);
        parser->at++;
    }
    return true;
}

static int scan_content(struct cairn_toml_parser *parser, const struct string *string)
{
    while (parser->result == 0 && !at_end_of_string(parser, string)) {
        if (string->quote == '"' && cairn_toml_peek(parser, 0) == '\\')
            append_escape(parser, string->is_multiline);
        else
            append_plain(parser, string->is_multiline);
    }
    return parser->result;
}

int cairn_toml_scan_string(struct cairn_toml_parser *parser, bool may_span_lines,
                           struct cairn_slice *text)
{
    struct cairn_buffer *buffer = &parser->toml->text;
    struct string string = {.quote = cairn_toml_peek(parser, 0)};
    string.is_multiline = may_span_lines && at_quotes(parser, string.quote, 3);

    /* Text is never longer than its spelling, so with this room no string ever moves. */
    if (buffer->data == NULL && cairn_buffer_reserve(buffer, parser->bytes) == NULL) {
        parser->result = -ENOMEM;
        return parser->result;
    }
    size_t start = buffer->bytes;
    uint32_t quotes = string.is_multiline ? 3 : 1;
    parser->at += quotes;
    if (string.is_multiline)
        parser->at += newline_bytes(parser); /* one right after the quotes is not content */
    if (scan_content(parser, &string) < 0)
        return parser->result;
    parser->at += quotes;
    cairn_assert(buffer->bytes <= parser->bytes);
    *text = cairn_slice(buffer->data + start, buffer->bytes - start);
    return 0;
}

/* Numbers and booleans. */

static bool is_plain_byte(char byte)
{
    return cairn_toml_is_digit(byte) || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') || byte == '+' || byte == '-' || byte == '_' ||
           byte == '.' || byte == ':';
}

/* A date may have a space before its time. */
static struct cairn_slice plain_token(const struct cairn_toml_parser *parser)
{
    uint32_t bytes = 0;
    while (is_plain_byte(cairn_toml_peek(parser, bytes)))
        bytes++;
    if (bytes == 10 && cairn_toml_peek(parser, 4) == '-' && cairn_toml_peek(parser, bytes) == ' ' &&
        cairn_toml_is_digit(cairn_toml_peek(parser, bytes + 1))) {
        bytes++;
        while (is_plain_byte(cairn_toml_peek(parser, bytes)))
            bytes++;
    }
    return cairn_slice(parser->data + parser->at, bytes);
}

/* Copy a number without its underscores, which must stand between two digits. Returns its length,
 * 0 if it is too long or an underscore stands elsewhere. */
static size_t without_underscores(struct cairn_slice token, const char *digits,
                                  char target[PLAIN_BYTES_MAX + 1])
{
    size_t length = 0;
    if (token.bytes > PLAIN_BYTES_MAX)
        return 0;
    for (size_t i = 0; i < token.bytes; i++) {
        if (token.data[i] != '_') {
            target[length++] = token.data[i];
            continue;
        }
        if (i == 0 || i + 1 == token.bytes || strchr(digits, token.data[i - 1]) == NULL ||
            strchr(digits, token.data[i + 1]) == NULL)
            return 0;
    }
    target[length] = '\0';
    return length;
}

static size_t digits_prefix(const char *text)
{
    return strspn(text, "0123456789");
}

/* [+-] digits without a leading zero [. digits] [e [+-] digits] */
static bool is_decimal(const char *text, bool *is_float)
{
    *is_float = false;
    text += *text == '+' || *text == '-';
    size_t whole = digits_prefix(text);
    if (whole == 0 || (whole > 1 && *text == '0'))
        return false;
    text += whole;
    if (*text == '.') {
        size_t fraction = digits_prefix(text + 1);
        if (fraction == 0)
            return false;
        text += 1 + fraction;
        *is_float = true;
    }
    if (*text == 'e' || *text == 'E') {
        text += 1 + (text[1] == '+' || text[1] == '-');
        size_t exponent = digits_prefix(text);
        if (exponent == 0)
            return false;
        text += exponent;
        *is_float = true;
    }
    return *text == '\0';
}

static bool scan_special_float(struct cairn_slice token, struct cairn_toml_node *node)
{
    bool is_negative = token.bytes > 0 && token.data[0] == '-';
    bool has_sign = is_negative || (token.bytes > 0 && token.data[0] == '+');
    struct cairn_slice name = cairn_slice(token.data + has_sign, token.bytes - has_sign);
    if (!cairn_slice_is(name, "inf") && !cairn_slice_is(name, "nan"))
        return false;
    node->type = CAIRN_TOML_FLOAT;
    node->value.number = name.data[0] == 'i' ? (double)INFINITY : (double)NAN;
    if (is_negative)
        node->value.number = -node->value.number;
    return true;
}

static bool scan_decimal(struct cairn_slice token, struct cairn_toml_node *node)
{
    char text[PLAIN_BYTES_MAX + 1] = {0};
    bool is_float;
    size_t length = without_underscores(token, "0123456789", text);
    if (length == 0 || !is_decimal(text, &is_float))
        return false;
    if (is_float) {
        node->type = CAIRN_TOML_FLOAT;
        node->value.number = strtod(text, NULL);
        return true;
    }
    node->type = CAIRN_TOML_INTEGER;
    size_t sign = text[0] == '+';
    return cairn_slice_to_i64(cairn_slice(text + sign, length - sign), &node->value.integer);
}

static bool scan_prefixed(struct cairn_slice token, struct cairn_toml_node *node)
{
    static const struct {
        char letter;
        int base;
        const char *digits;
    } BASES[] = {{'x', 16, "0123456789abcdefABCDEF"}, {'o', 8, "01234567"}, {'b', 2, "01"}};
    char text[PLAIN_BYTES_MAX + 1];

    for (size_t i = 0; i < sizeof(BASES) / sizeof(BASES[0]); i++) {
        if (token.bytes < 3 || token.data[0] != '0' || token.data[1] != BASES[i].letter)
            continue;
        struct cairn_slice spelled = cairn_slice(token.data + 2, token.bytes - 2);
        size_t length = without_underscores(spelled, BASES[i].digits, text);
        if (length == 0 || strspn(text, BASES[i].digits) != length)
            return false;
        errno = 0;
        node->type = CAIRN_TOML_INTEGER;
        node->value.integer = strtoll(text, NULL, BASES[i].base);
        return errno == 0;
    }
    return false;
}

static bool scan_boolean(struct cairn_slice token, struct cairn_toml_node *node)
{
    bool is_true = cairn_slice_is(token, "true");
    if (!is_true && !cairn_slice_is(token, "false"))
        return false;
    node->type = CAIRN_TOML_BOOL;
    node->value.boolean = is_true;
    return true;
}

static bool scan_time(struct cairn_slice token, struct cairn_toml_node *node)
{
    enum cairn_toml_type type = cairn_toml_time_type(token);
    if (type == CAIRN_TOML_TABLE)
        return false;
    node->type = type;
    node->value.text = token;
    return true;
}

int cairn_toml_scan_plain(struct cairn_toml_parser *parser, struct cairn_toml_node *node)
{
    struct cairn_slice token = plain_token(parser);
    if (token.bytes == 0)
        return cairn_toml_refuse(parser, parser->at, "a value is expected");
    if (!scan_boolean(token, node) && !scan_special_float(token, node) &&
        !scan_decimal(token, node) && !scan_prefixed(token, node) && !scan_time(token, node))
        return cairn_toml_refuse(parser, parser->at,
                                 "not a number, boolean, date or time; strings need quotes");
    parser->at += (uint32_t)token.bytes;
    return 0;
}
