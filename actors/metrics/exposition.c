#include "actors/metrics/exposition.h"

#include "runtime/base/json_writer.h"

void cairn_exposition_family(struct cairn_exposition *exposition, const char *name,
                             const char *type, const char *help)
{
    size_t bytes = strlen(name);
    bool is_counter = strcmp(type, "counter") == 0;
    if (exposition->is_openmetrics && is_counter && bytes > 6)
        bytes -= strlen("_total");
    cairn_buffer_printf(exposition->buffer, "# HELP %.*s %s\n# TYPE %.*s %s\n", (int)bytes, name,
                        help, (int)bytes, name, type);
}

static void begin_sample(struct cairn_exposition *exposition, const char *name, const char *suffix,
                         const char *labels)
{
    cairn_buffer_append_text(exposition->buffer, name);
    cairn_buffer_append_text(exposition->buffer, suffix);
    if (labels[0] != '\0')
        cairn_buffer_printf(exposition->buffer, "{%s}", labels);
    cairn_buffer_append_byte(exposition->buffer, ' ');
}

void cairn_exposition_u64(struct cairn_exposition *exposition, const char *name, const char *labels,
                          uint64_t value)
{
    begin_sample(exposition, name, "", labels);
    cairn_buffer_append_u64(exposition->buffer, value);
    cairn_buffer_append_byte(exposition->buffer, '\n');
}

void cairn_exposition_double(struct cairn_exposition *exposition, const char *name,
                             const char *labels, double value)
{
    begin_sample(exposition, name, "", labels);
    cairn_json_append_double(exposition->buffer, value);
    cairn_buffer_append_byte(exposition->buffer, '\n');
}

void cairn_exposition_histogram(struct cairn_exposition *exposition, const char *name,
                                const char *labels, const struct cairn_histogram *histogram)
{
    const char *comma = labels[0] == '\0' ? "" : ",";
    uint64_t count = 0;
    for (size_t i = 0; i < CAIRN_HISTOGRAM_BUCKETS; i++) {
        bool is_last = i == CAIRN_HISTOGRAM_BUCKETS - 1;
        count += histogram->counts[i];
        cairn_buffer_printf(exposition->buffer, "%s_bucket{%s%sle=\"%s\"} %llu\n", name, labels,
                            comma, is_last ? "+Inf" : cairn_histogram_bounds_text[i],
                            (unsigned long long)count);
    }
    begin_sample(exposition, name, "_sum", labels);
    cairn_json_append_double(exposition->buffer, (double)histogram->sum_ns / 1e9);
    cairn_buffer_append_byte(exposition->buffer, '\n');
    begin_sample(exposition, name, "_count", labels);
    cairn_buffer_append_u64(exposition->buffer, histogram->count);
    cairn_buffer_append_byte(exposition->buffer, '\n');
}

void cairn_exposition_end(struct cairn_exposition *exposition)
{
    if (exposition->is_openmetrics)
        cairn_buffer_append_text(exposition->buffer, "# EOF\n");
}
