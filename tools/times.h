/* tools/times.h: times as command lines spell them.
 *
 * A number is a sequence; `@1700000000000` is Unix milliseconds; 2026-01-31, 2026-01-31T12:30:00Z and
 * with an offset (+02:00) are ISO 8601.
 *
 * Source   design.md, section 7, "Command-line times"; days by Howard Hinnant's civil calendar.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct cairn_bound {
    bool is_set;
    bool is_seq;
    uint64_t seq;
    int64_t ts_ms;
};

/* `text` NULL: not set. -EINVAL after a message. */
int cairn_bound_parse(const char *command, const char *option, const char *text,
                      struct cairn_bound *bound);
/* After a sequence (exclusive), from a time (inclusive). */
bool cairn_bound_is_after(const struct cairn_bound *bound, uint64_t seq, int64_t ts_ms);
/* Up to a sequence (inclusive), before a time (exclusive). */
bool cairn_bound_is_before(const struct cairn_bound *bound, uint64_t seq, int64_t ts_ms);

/* "2026-01-31T12:30:00Z" into `text`, which is returned. */
const char *cairn_time_format(int64_t ts_ms, char text[32]);
