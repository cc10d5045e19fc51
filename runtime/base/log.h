/* runtime/base/log.h: one line of logfmt for each event worth an operator's eye.
 *
 *     cairn_log(CAIRN_LOG_WARN, "ledger_truncated", cairn_log_u64("segment", 12),
 *               cairn_log_error("error", -EBADMSG));
 *
 *     warn ledger_truncated segment=12 error=EBADMSG
 *
 * Level and event first, then key=value. Values with spaces, quotes, equals signs or control
 * characters are quoted and escaped. There is no time: whatever collects stderr knows it.
 *
 * runtime/ and storage/ return errors and count events; actors and tools log, once, where the
 * meaning is known, and nothing per message above debug.
 *
 * Context   Any thread: a line is one write, so lines never mix. Level and sink are the process's.
 * Errors    None: a line that cannot be written is lost. A line over CAIRN_LOG_LINE_BYTES_MAX is
 *           cut and ends in "...".
 * Cost      One comparison when the level is off; the arguments are evaluated.
 */
#pragma once

#include "runtime/base/bytes.h"

#define CAIRN_LOG_LINE_BYTES_MAX 4096

enum cairn_log_level { CAIRN_LOG_DEBUG, CAIRN_LOG_INFO, CAIRN_LOG_WARN, CAIRN_LOG_ERROR };

enum cairn_log_type {
    CAIRN_LOG_TEXT,
    CAIRN_LOG_U64,
    CAIRN_LOG_I64,
    CAIRN_LOG_DOUBLE,
    CAIRN_LOG_BOOL,
    CAIRN_LOG_ERRNO,
};

struct cairn_log_field {
    const char *key; /* NULL ends a list of fields */
    enum cairn_log_type type;
    union {
        struct cairn_slice text; /* borrowed until the line is written */
        uint64_t u64;
        int64_t i64;
        double number;
        bool boolean;
    } value;
};

#define cairn_log(level, event, ...)                                                               \
    cairn_log_write(level, event,                                                                  \
                    (const struct cairn_log_field[]){__VA_ARGS__ __VA_OPT__(, ){.key = NULL}})

void cairn_log_write(enum cairn_log_level level, const char *event,
                     const struct cairn_log_field fields[]);

/* Lines below `level` are dropped; the start value is info. */
void cairn_log_set_level(enum cairn_log_level level);
bool cairn_log_is_on(enum cairn_log_level level);

/* Where lines go, newline included; NULL is stderr. Before other threads start. */
void cairn_log_set_sink(void (*sink)(struct cairn_slice line, void *context), void *context);

static inline struct cairn_log_field cairn_log_slice(const char *key, struct cairn_slice text)
{
    return (struct cairn_log_field){.key = key, .type = CAIRN_LOG_TEXT, .value.text = text};
}

static inline struct cairn_log_field cairn_log_text(const char *key, const char *text)
{
    return cairn_log_slice(key, cairn_slice_of(text));
}

static inline struct cairn_log_field cairn_log_u64(const char *key, uint64_t value)
{
    return (struct cairn_log_field){.key = key, .type = CAIRN_LOG_U64, .value.u64 = value};
}

static inline struct cairn_log_field cairn_log_i64(const char *key, int64_t value)
{
    return (struct cairn_log_field){.key = key, .type = CAIRN_LOG_I64, .value.i64 = value};
}

static inline struct cairn_log_field cairn_log_double(const char *key, double value)
{
    return (struct cairn_log_field){.key = key, .type = CAIRN_LOG_DOUBLE, .value.number = value};
}

static inline struct cairn_log_field cairn_log_bool(const char *key, bool value)
{
    return (struct cairn_log_field){.key = key, .type = CAIRN_LOG_BOOL, .value.boolean = value};
}

/* A negative errno, written by its name. */
static inline struct cairn_log_field cairn_log_error(const char *key, int error)
{
    return (struct cairn_log_field){.key = key, .type = CAIRN_LOG_ERRNO, .value.i64 = error};
}
