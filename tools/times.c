#include "tools/times.h"

#include <errno.h>
#include <stdio.h>

#include "runtime/base/bytes.h"

#define MS_PER_DAY INT64_C(86400000)

/* Days from 1970-01-01 to a date of the Gregorian calendar; years begin in March. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void date_of(int64_t days, int *year, int *month, int *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153;
    *day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1);
    *month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    *year = (int)(year_of_era + era * 400 + (*month <= 2));
}

/* Exactly `digits` digits and a value within the limits; moves `*text` behind them. */
static bool take_number(const char **text, int digits, int min, int max, int *value)
{
    int number = 0;
    for (int i = 0; i < digits; i++, (*text)++) {
        if (**text < '0' || **text > '9')
            return false;
        number = number * 10 + (**text - '0');
    }
    *value = number;
    return number >= min && number <= max;
}

static bool take(const char **text, char expected)
{
    if (**text != expected)
        return false;
    (*text)++;
    return true;
}

/* Z, +hh:mm or -hh:mm: what a local time is ahead of UTC. */
static bool take_offset(const char **text, int *minutes)
{
    int hour, minute;
    *minutes = 0;
    if (take(text, 'Z'))
        return true;
    bool is_behind = **text == '-';
    if ((!take(text, '-') && !take(text, '+')) || !take_number(text, 2, 0, 23, &hour) ||
        !take(text, ':') || !take_number(text, 2, 0, 59, &minute))
        return false;
    *minutes = is_behind ? -(hour * 60 + minute) : hour * 60 + minute;
    return true;
}

static bool take_time(const char **text, int *seconds)
{
    int hour, minute, second;
    if (!take(text, 'T') || !take_number(text, 2, 0, 23, &hour) || !take(text, ':') ||
        !take_number(text, 2, 0, 59, &minute) || !take(text, ':') ||
        !take_number(text, 2, 0, 60, &second)) /* 60 is a leap second */
        return false;
    *seconds = (hour * 60 + minute) * 60 + second;
    return true;
}

/* A day that the calendar does not have, like 2026-02-29, is another day when it comes back. */
static bool take_date(const char **text, int64_t *days)
{
    int year, month, day, actual_year, actual_month, actual_day;
    if (!take_number(text, 4, 0, 9999, &year) || !take(text, '-') ||
        !take_number(text, 2, 1, 12, &month) || !take(text, '-') ||
        !take_number(text, 2, 1, 31, &day))
        return false;
    *days = days_of(year, month, day);
    date_of(*days, &actual_year, &actual_month, &actual_day);
    return actual_day == day;
}

/* A date alone is its midnight in UTC. */
static bool parse_iso(const char *text, int64_t *ts_ms)
{
    int64_t days;
    int seconds = 0, offset_minutes = 0;
    if (!take_date(&text, &days))
        return false;
    if (*text != '\0' && (!take_time(&text, &seconds) || !take_offset(&text, &offset_minutes)))
        return false;
    *ts_ms = (days * 86400 + seconds - offset_minutes * INT64_C(60)) * 1000;
    return *text == '\0';
}

int cairn_bound_parse(const char *command, const char *option, const char *text,
                      struct cairn_bound *bound)
{
    *bound = (struct cairn_bound){.is_set = text != NULL};
    if (text == NULL)
        return 0;
    if (cairn_slice_to_u64(cairn_slice_of(text), &bound->seq)) {
        bound->is_seq = true;
        return 0;
    }
    if (text[0] == '@' && cairn_slice_to_i64(cairn_slice_of(text + 1), &bound->ts_ms))
        return 0;
    if (parse_iso(text, &bound->ts_ms))
        return 0;
    fprintf(stderr,
            "cairn %s: %s must be a sequence number, @milliseconds or 2026-01-31T12:30:00Z, not "
            "\"%s\"\n",
            command, option, text);
    return -EINVAL;
}

bool cairn_bound_is_after(const struct cairn_bound *bound, uint64_t seq, int64_t ts_ms)
{
    if (!bound->is_set)
        return true;
    return bound->is_seq ? seq > bound->seq : ts_ms >= bound->ts_ms;
}

bool cairn_bound_is_before(const struct cairn_bound *bound, uint64_t seq, int64_t ts_ms)
{
    if (!bound->is_set)
        return true;
    return bound->is_seq ? seq <= bound->seq : ts_ms < bound->ts_ms;
}

const char *cairn_time_format(int64_t ts_ms, char text[32])
{
    int year, month, day;
    int64_t of_day_ms = ts_ms % MS_PER_DAY;
    int64_t days = ts_ms / MS_PER_DAY - (of_day_ms < 0);
    int64_t second = (of_day_ms < 0 ? of_day_ms + MS_PER_DAY : of_day_ms) / 1000;
    date_of(days, &year, &month, &day);
    snprintf(text, 32, "%04d-%02d-%02dT%02d:%02d:%02dZ", year % 10000, month, day,
             (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60));
    return text;
}
