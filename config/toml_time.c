/* Dates and times of RFC 3339, as TOML spells them. Settings have none; they are read so that
 * every TOML file can be. */
#include "config/toml_internal.h"

struct cursor {
    const char *at;
    const char *end;
};

static bool take(struct cursor *cursor, const char *any_of)
{
    if (cursor->at == cursor->end || strchr(any_of, *cursor->at) == NULL)
        return false;
    cursor->at++;
    return true;
}

/* Exactly `digits` digits whose value is within the limits. */
static bool take_number(struct cursor *cursor, int digits, int min, int max, int *value)
{
    int number = 0;
    for (int i = 0; i < digits; i++) {
        if (cursor->at == cursor->end || !cairn_toml_is_digit(*cursor->at))
            return false;
        number = number * 10 + (*cursor->at++ - '0');
    }
    *value = number;
    return number >= min && number <= max;
}

static int days_in_month(int year, int month)
{
    static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return DAYS[month - 1] + (month == 2 && is_leap);
}

static bool take_date(struct cursor *cursor)
{
    int year, month, day;
    return take_number(cursor, 4, 0, 9999, &year) && take(cursor, "-") &&
           take_number(cursor, 2, 1, 12, &month) && take(cursor, "-") &&
           take_number(cursor, 2, 1, days_in_month(year, month), &day);
}

static bool take_time(struct cursor *cursor)
{
    int hour, minute, second;
    if (!take_number(cursor, 2, 0, 23, &hour) || !take(cursor, ":") ||
        !take_number(cursor, 2, 0, 59, &minute) || !take(cursor, ":") ||
        !take_number(cursor, 2, 0, 60, &second)) /* 60 is a leap second */
        return false;
    if (!take(cursor, "."))
        return true;
    const char *fraction = cursor->at;
    while (cursor->at < cursor->end && cairn_toml_is_digit(*cursor->at))
        cursor->at++;
    return cursor->at > fraction;
}

static bool take_offset(struct cursor *cursor)
{
    int hour, minute;
    if (take(cursor, "Zz"))
        return true;
    return take(cursor, "+-") && take_number(cursor, 2, 0, 23, &hour) && take(cursor, ":") &&
           take_number(cursor, 2, 0, 59, &minute);
}

enum cairn_toml_type cairn_toml_time_type(struct cairn_slice text)
{
    struct cursor cursor = {.at = text.data, .end = text.data + text.bytes};
    if (text.bytes > 2 && text.data[2] == ':')
        return take_time(&cursor) && cursor.at == cursor.end ? CAIRN_TOML_LOCAL_TIME
                                                             : CAIRN_TOML_TABLE;
    if (!take_date(&cursor))
        return CAIRN_TOML_TABLE;
    if (cursor.at == cursor.end)
        return CAIRN_TOML_LOCAL_DATE;
    if (!take(&cursor, "Tt ") || !take_time(&cursor))
        return CAIRN_TOML_TABLE;
    if (cursor.at == cursor.end)
        return CAIRN_TOML_LOCAL_DATETIME;
    return take_offset(&cursor) && cursor.at == cursor.end ? CAIRN_TOML_OFFSET_DATETIME
                                                           : CAIRN_TOML_TABLE;
}
