#include "actors/patterns/traits.h"

#include <errno.h>
#include <strings.h>

/* Scratch for `json` and readers over it; -ENOMEM is the only error that matters here. */
static int finish(struct cairn_json_reader *reader)
{
    return cairn_json_finish(reader) == -ENOMEM ? -ENOMEM : 0;
}

static void read_tags(struct cairn_traits *traits, struct cairn_json_reader *reader)
{
    struct cairn_slice tag;
    cairn_json_enter_array(reader);
    while (cairn_json_next_element(reader)) {
        if (cairn_json_peek(reader) != CAIRN_JSON_STRING)
            continue;
        if (cairn_json_read_string(reader, &tag) == 0 &&
            traits->tag_count < CAIRN_EPISODE_TAGS_MAX && tag.bytes > 0)
            traits->tags[traits->tag_count++] = tag;
    }
}

static enum cairn_complexity complexity_of(struct cairn_slice name)
{
    static const struct {
        const char *name;
        enum cairn_complexity complexity;
    } known[] = {
        {"simple", CAIRN_COMPLEXITY_SIMPLE},
        {"moderate", CAIRN_COMPLEXITY_MODERATE},
        {"complex", CAIRN_COMPLEXITY_COMPLEX},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (name.bytes == strlen(known[i].name) &&
            strncasecmp(name.data, known[i].name, name.bytes) == 0)
            return known[i].complexity;
    }
    return CAIRN_COMPLEXITY_NOT_TOLD;
}

static void read_context(struct cairn_traits *traits, struct cairn_json_reader *reader)
{
    struct cairn_slice key, text;
    cairn_json_enter_object(reader);
    while (cairn_json_next_member(reader, &key)) {
        if (cairn_slice_is(key, "complexity") && cairn_json_peek(reader) == CAIRN_JSON_STRING &&
            cairn_json_read_string(reader, &text) == 0)
            traits->complexity = complexity_of(text);
    }
}

/* A number, or a string that spells one. */
static bool read_figure(struct cairn_json_reader *reader, double *figure)
{
    struct cairn_slice text;
    struct cairn_json_scratch scratch = {0};
    struct cairn_json_reader inner;
    switch (cairn_json_peek(reader)) {
    case CAIRN_JSON_NUMBER:
        return cairn_json_read_double(reader, figure) == 0;
    case CAIRN_JSON_STRING:
        if (cairn_json_read_string(reader, &text) < 0)
            return false;
        cairn_json_reader_init(&inner, text, &scratch);
        cairn_json_read_double(&inner, figure);
        int result = cairn_json_finish(&inner);
        cairn_json_scratch_deinit(&scratch);
        return result == 0;
    default:
        return false;
    }
}

static void read_meta(struct cairn_traits *traits, struct cairn_json_reader *reader)
{
    struct cairn_slice key;
    double figure;
    cairn_json_enter_object(reader);
    while (cairn_json_next_member(reader, &key)) {
        bool is_coverage = cairn_slice_is(key, "test_coverage");
        bool is_lint = cairn_slice_is(key, "clippy_warnings");
        if ((!is_coverage && !is_lint) || !read_figure(reader, &figure))
            continue;
        if (is_coverage)
            traits->coverage = figure;
        else
            traits->is_lint_free = figure == 0;
    }
}

static int read_field(struct cairn_traits *traits, const struct cairn_event *event,
                      enum cairn_field field,
                      void (*read)(struct cairn_traits *, struct cairn_json_reader *))
{
    struct cairn_slice json;
    struct cairn_json_reader reader;
    if (!cairn_event_field(event, field, &json))
        return 0;
    cairn_json_reader_init(&reader, json, &traits->scratch);
    read(traits, &reader);
    return finish(&reader);
}

static size_t field_bytes(const struct cairn_event *event, enum cairn_field field)
{
    struct cairn_slice json;
    return cairn_event_field(event, field, &json) ? json.bytes : 0;
}

int cairn_traits_init(struct cairn_traits *traits, const struct cairn_event *event)
{
    *traits = (struct cairn_traits){0};
    cairn_json_scratch_begin(&traits->scratch, field_bytes(event, CAIRN_FIELD_TAGS) +
                                                   field_bytes(event, CAIRN_FIELD_CONTEXT) +
                                                   field_bytes(event, CAIRN_FIELD_META));
    int result = read_field(traits, event, CAIRN_FIELD_TAGS, read_tags);
    if (result == 0)
        result = read_field(traits, event, CAIRN_FIELD_CONTEXT, read_context);
    if (result == 0)
        result = read_field(traits, event, CAIRN_FIELD_META, read_meta);
    if (result < 0)
        cairn_traits_deinit(traits);
    return result;
}

void cairn_traits_deinit(struct cairn_traits *traits)
{
    cairn_json_scratch_deinit(&traits->scratch);
}

static void look_at_artifact(struct cairn_json_reader *reader, struct cairn_artifact_traits *traits)
{
    struct cairn_slice raw;
    if (cairn_json_read_raw(reader, &raw) < 0)
        return;
    traits->count++;
    traits->has_test = traits->has_test || memmem(raw.data, raw.bytes, "test", 4) != NULL ||
                       memmem(raw.data, raw.bytes, "coverage", 8) != NULL;
}

int cairn_artifact_traits_of(const struct cairn_event *event, struct cairn_artifact_traits *traits)
{
    struct cairn_slice json;
    struct cairn_json_reader reader;
    struct cairn_json_scratch scratch = {0};
    *traits = (struct cairn_artifact_traits){0};
    if (!cairn_event_field(event, CAIRN_FIELD_ARTIFACTS, &json))
        return 0;
    cairn_json_scratch_begin(&scratch, json.bytes);
    cairn_json_reader_init(&reader, json, &scratch);
    if (cairn_json_peek(&reader) != CAIRN_JSON_ARRAY) {
        if (!cairn_json_take_null(&reader))
            look_at_artifact(&reader, traits);
    } else {
        cairn_json_enter_array(&reader);
        while (cairn_json_next_element(&reader))
            look_at_artifact(&reader, traits);
    }
    int result = finish(&reader);
    cairn_json_scratch_deinit(&scratch);
    return result;
}
