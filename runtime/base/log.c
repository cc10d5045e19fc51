#include "runtime/base/log.h"

#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "runtime/base/assert.h"

static const char *const LEVELS[] = {"debug", "info", "warn", "error"};
static const char CUT[] = "...\n";

/* The log sink, one of the two mutable globals that cairn has. Relaxed: a level that changes may be
 * seen a little later by other threads, and orders nothing. */
static _Atomic int level_min = CAIRN_LOG_INFO;
static void (*sink_write)(struct cairn_slice line, void *context);
static void *sink_context;

struct line {
    char text[CAIRN_LOG_LINE_BYTES_MAX];
    size_t bytes;
    bool is_cut;
};

void cairn_log_set_level(enum cairn_log_level level)
{
    atomic_store_explicit(&level_min, (int)level, memory_order_relaxed);
}

bool cairn_log_is_on(enum cairn_log_level level)
{
    return (int)level >= atomic_load_explicit(&level_min, memory_order_relaxed);
}

void cairn_log_set_sink(void (*sink)(struct cairn_slice line, void *context), void *context)
{
    sink_write = sink;
    sink_context = context;
}

static void append(struct line *line, const char *text, size_t bytes)
{
    size_t room = sizeof(line->text) - strlen(CUT) - line->bytes;
    if (line->is_cut)
        return;
    if (bytes > room) {
        line->is_cut = true;
        bytes = room;
    }
    memcpy(line->text + line->bytes, text, bytes);
    line->bytes += bytes;
}

static bool is_plain(struct cairn_slice text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        uint8_t byte = (uint8_t)text.data[i];
        if (byte <= ' ' || byte == '"' || byte == '=' || byte == '\\' || byte == 0x7f)
            return false;
    }
    return text.bytes > 0;
}

static void append_quoted(struct line *line, struct cairn_slice text)
{
    append(line, "\"", 1);
    for (size_t i = 0; i < text.bytes && !line->is_cut; i++) {
        uint8_t byte = (uint8_t)text.data[i];
        char escape[8];
        int length;
        if (byte == '\n')
            length = snprintf(escape, sizeof(escape), "\\n");
        else if (byte < ' ' || byte == 0x7f)
            length = snprintf(escape, sizeof(escape), "\\x%02x", byte);
        else
            length =
                snprintf(escape, sizeof(escape), byte == '"' || byte == '\\' ? "\\%c" : "%c", byte);
        append(line, escape, (size_t)length);
    }
    append(line, "\"", 1);
}

static void append_text(struct line *line, struct cairn_slice text)
{
    if (is_plain(text))
        append(line, text.data, text.bytes);
    else
        append_quoted(line, text);
}

static void append_field(struct line *line, const struct cairn_log_field *field)
{
    char number[32];
    const char *text = number;
    append(line, " ", 1);
    append(line, field->key, strlen(field->key));
    append(line, "=", 1);

    switch (field->type) {
    case CAIRN_LOG_TEXT:
        append_text(line, field->value.text);
        return;
    case CAIRN_LOG_U64:
        snprintf(number, sizeof(number), "%llu", (unsigned long long)field->value.u64);
        break;
    case CAIRN_LOG_I64:
        snprintf(number, sizeof(number), "%lld", (long long)field->value.i64);
        break;
    case CAIRN_LOG_DOUBLE:
        snprintf(number, sizeof(number), "%.6g", field->value.number);
        break;
    case CAIRN_LOG_BOOL:
        text = field->value.boolean ? "true" : "false";
        break;
    case CAIRN_LOG_ERRNO:
        text = strerrorname_np((int)-field->value.i64);
        if (text == NULL) {
            snprintf(number, sizeof(number), "%lld", (long long)field->value.i64);
            text = number;
        }
        break;
    }
    append(line, text, strlen(text));
}

static void emit(struct line *line)
{
    const char *end = line->is_cut ? CUT : "\n";
    memcpy(line->text + line->bytes, end, strlen(end));
    line->bytes += strlen(end);
    if (sink_write != NULL) {
        sink_write(cairn_slice(line->text, line->bytes), sink_context);
        return;
    }
    /* There is nowhere to report that reporting failed. */
    ssize_t written = write(STDERR_FILENO, line->text, line->bytes);
    (void)written;
}

void cairn_log_write(enum cairn_log_level level, const char *event,
                     const struct cairn_log_field fields[])
{
    struct line line;
    cairn_assert((size_t)level < sizeof(LEVELS) / sizeof(LEVELS[0]));
    if (!cairn_log_is_on(level))
        return;
    line.bytes = 0;
    line.is_cut = false;
    append(&line, LEVELS[level], strlen(LEVELS[level]));
    append(&line, " ", 1);
    append(&line, event, strlen(event));
    for (const struct cairn_log_field *field = fields; field->key != NULL; field++)
        append_field(&line, field);
    emit(&line);
}
