/* tests/actors/metrics/prometheus.h: does a text keep the grammar and the habits of Prometheus?
 *
 * A small reader that fails the test at the first line that is wrong: names, labels, values, HELP
 * and TYPE before the samples of each family, no family and no series twice, counters that end in
 * _total, histograms whose buckets add up. */
#pragma once

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/unit.h"

#define PROMETHEUS_FAMILIES_MAX 64
#define PROMETHEUS_SERIES_MAX   8192

struct prometheus {
    const char *line; /* where it is, for messages */
    bool is_openmetrics;
    char families[PROMETHEUS_FAMILIES_MAX][128];
    size_t family_count;
    char type[16]; /* of the family at hand; empty before its TYPE */
    char *series[PROMETHEUS_SERIES_MAX];
    double values[PROMETHEUS_SERIES_MAX];
    size_t series_count;
    /* the histogram at hand */
    double bucket_last;
    double bound_last;
    bool has_infinite;
};

static inline void prometheus_fail(const struct prometheus *reader, const char *why)
{
    fail_msg("%s: %.*s", why, (int)strcspn(reader->line, "\n"), reader->line);
}

static inline void prometheus_require(const struct prometheus *reader, bool holds, const char *why)
{
    if (!holds)
        prometheus_fail(reader, why);
}

static inline size_t prometheus_name(const char *text, bool is_label)
{
    size_t bytes = 0;
    while (isalpha((unsigned char)text[bytes]) || text[bytes] == '_' ||
           (text[bytes] == ':' && !is_label) || (bytes > 0 && isdigit((unsigned char)text[bytes])))
        bytes++;
    return bytes;
}

static inline bool prometheus_ends_in(const char *name, const char *end)
{
    size_t name_bytes = strlen(name), end_bytes = strlen(end);
    return name_bytes > end_bytes && strcmp(name + name_bytes - end_bytes, end) == 0;
}

static inline const char *prometheus_family(const struct prometheus *reader)
{
    return reader->families[reader->family_count - 1];
}

/* "# HELP name text" begins a family. */
static inline void prometheus_help(struct prometheus *reader, const char *rest)
{
    size_t bytes = prometheus_name(rest, false);
    prometheus_require(reader, bytes > 0 && rest[bytes] == ' ' && rest[bytes + 1] != '\n',
                       "HELP without a text");
    assert_true(reader->family_count < PROMETHEUS_FAMILIES_MAX && bytes < 128);
    char *family = reader->families[reader->family_count];
    memcpy(family, rest, bytes);
    for (size_t i = 0; i < reader->family_count; i++)
        prometheus_require(reader, strcmp(reader->families[i], family) != 0, "a family twice");
    reader->family_count++;
    reader->type[0] = '\0';
}

static inline void prometheus_type(struct prometheus *reader, const char *rest)
{
    char name[128] = {0};
    prometheus_require(reader, sscanf(rest, "%127s %15s", name, reader->type) == 2, "no TYPE");
    prometheus_require(reader, strcmp(name, prometheus_family(reader)) == 0,
                       "TYPE of another family");
    bool is_counter = strcmp(reader->type, "counter") == 0;
    prometheus_require(reader,
                       is_counter || strcmp(reader->type, "gauge") == 0 ||
                           strcmp(reader->type, "histogram") == 0,
                       "an unknown type");
    prometheus_require(
        reader, prometheus_ends_in(name, "_total") == (is_counter && !reader->is_openmetrics),
        "_total is for counters");
}

/* One `name="value"`; *le is set from the label le. Returns its bytes. */
static inline size_t prometheus_label(struct prometheus *reader, const char *text, double *le)
{
    size_t at = prometheus_name(text, true);
    prometheus_require(reader, at > 0 && text[at] == '=' && text[at + 1] == '"', "no label");
    const char *value = text + at + 2;
    size_t bytes = 0;
    while (value[bytes] != '"') {
        prometheus_require(reader, value[bytes] != '\n' && value[bytes] != '\0', "an open label");
        bool is_escape = value[bytes] == '\\';
        prometheus_require(reader, !is_escape || strchr("\\\"n", value[bytes + 1]) != NULL,
                           "a wrong escape");
        bytes += is_escape ? 2 : 1;
    }
    if (at == 2 && memcmp(text, "le", 2) == 0)
        *le = strtod(value, NULL);
    return at + 2 + bytes + 1;
}

/* The labels in braces at `text`; 0 if there are none. *own is how many bytes stand before le. */
static inline size_t prometheus_labels(struct prometheus *reader, const char *text, double *le)
{
    size_t at = 1;
    if (text[0] != '{')
        return 0;
    while (text[at] != '}') {
        at += prometheus_label(reader, text + at, le);
        prometheus_require(reader, text[at] == ',' || text[at] == '}', "labels without a comma");
        at += text[at] == ',' && text[at + 1] != '}';
    }
    return at + 1;
}

static inline void prometheus_bucket(struct prometheus *reader, double le, double value)
{
    bool is_first = reader->has_infinite;
    if (is_first)
        reader->bucket_last = reader->bound_last = -1;
    prometheus_require(reader, le > reader->bound_last, "buckets do not ascend");
    prometheus_require(reader, value >= reader->bucket_last, "counts do not ascend");
    reader->bound_last = le;
    reader->bucket_last = value;
    reader->has_infinite = le > 1e300;
}

static inline void prometheus_check_suffix(struct prometheus *reader, const char *name, double le,
                                           double value)
{
    const char *family = prometheus_family(reader);
    size_t bytes = strlen(family);
    prometheus_require(reader, strncmp(name, family, bytes) == 0, "a sample of no family");
    const char *suffix = name + bytes;
    if (strcmp(reader->type, "histogram") != 0) {
        bool is_total = reader->is_openmetrics && strcmp(reader->type, "counter") == 0;
        prometheus_require(reader, strcmp(suffix, is_total ? "_total" : "") == 0, "a wrong name");
        return;
    }
    if (strcmp(suffix, "_bucket") == 0)
        prometheus_bucket(reader, le, value);
    else if (strcmp(suffix, "_count") == 0)
        prometheus_require(reader, reader->has_infinite && value == reader->bucket_last,
                           "the count is not the last bucket's");
    else
        prometheus_require(reader, strcmp(suffix, "_sum") == 0 && value >= 0, "a wrong suffix");
}

static inline void prometheus_sample(struct prometheus *reader)
{
    char name[128] = {0};
    char *end;
    double le = -1;
    size_t name_bytes = prometheus_name(reader->line, false);
    prometheus_require(reader, name_bytes > 0 && name_bytes < sizeof(name), "no name");
    prometheus_require(reader, reader->type[0] != '\0', "a sample before its TYPE");
    memcpy(name, reader->line, name_bytes);
    size_t at = name_bytes + prometheus_labels(reader, reader->line + name_bytes, &le);
    prometheus_require(reader, reader->line[at] == ' ', "no space before the value");
    double value = strtod(reader->line + at + 1, &end);
    prometheus_require(reader, end > reader->line + at + 1 && *end == '\n', "no value");
    prometheus_check_suffix(reader, name, le, value);

    assert_true(reader->series_count < PROMETHEUS_SERIES_MAX);
    char *series = strndup(reader->line, at);
    for (size_t i = 0; i < reader->series_count; i++)
        prometheus_require(reader, strcmp(reader->series[i], series) != 0, "a series twice");
    reader->values[reader->series_count] = value;
    reader->series[reader->series_count++] = series;
}

/* Read all of `text`, terminated. */
static inline void prometheus_read(struct prometheus *reader, const char *text, bool is_openmetrics)
{
    *reader = (struct prometheus){.is_openmetrics = is_openmetrics, .has_infinite = true};
    bool is_over = false;
    for (reader->line = text; *reader->line != '\0';
         reader->line = strchr(reader->line, '\n') + 1) {
        prometheus_require(reader, strchr(reader->line, '\n') != NULL, "no end of line");
        prometheus_require(reader, !is_over, "more after the end");
        if (strncmp(reader->line, "# HELP ", 7) == 0)
            prometheus_help(reader, reader->line + 7);
        else if (strncmp(reader->line, "# TYPE ", 7) == 0)
            prometheus_type(reader, reader->line + 7);
        else if (strncmp(reader->line, "# EOF\n", 6) == 0)
            is_over = true;
        else
            prometheus_sample(reader);
    }
    assert_int_equal(is_over, is_openmetrics);
}

/* The value of a series, spelled with its labels. */
static inline double prometheus_value(const struct prometheus *reader, const char *series)
{
    for (size_t i = 0; i < reader->series_count; i++) {
        if (strcmp(reader->series[i], series) == 0)
            return reader->values[i];
    }
    fail_msg("there is no series %s", series);
    return 0;
}

static inline void prometheus_free(struct prometheus *reader)
{
    for (size_t i = 0; i < reader->series_count; i++)
        free(reader->series[i]);
    reader->series_count = 0;
}
