/* What the reader accepts must survive compacting, and compacting twice must change nothing. */
#include "runtime/base/json.h"

#include "runtime/base/assert.h"
#include "runtime/base/error.h"
#include "runtime/base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* Take every value by its own type, so that unescaping and the conversions run too. */
static void read_all(struct cairn_json_reader *reader)
{
    struct cairn_slice text;
    double number;
    bool boolean;
    bool is_object[CAIRN_JSON_DEPTH_MAX];
    uint32_t depth = 0;
    bool is_due = true;
    while (reader->result == 0 && (is_due || depth > 0)) {
        if (!is_due) {
            is_due = is_object[depth - 1] ? cairn_json_next_member(reader, &text)
                                          : cairn_json_next_element(reader);
            depth -= !is_due;
            continue;
        }
        is_due = false;
        switch (cairn_json_peek(reader)) {
        case CAIRN_JSON_OBJECT:
        case CAIRN_JSON_ARRAY:
            if (depth == CAIRN_JSON_DEPTH_MAX) {
                cairn_json_skip(reader);
                break;
            }
            is_object[depth] = cairn_json_peek(reader) == CAIRN_JSON_OBJECT;
            if (is_object[depth++])
                cairn_json_enter_object(reader);
            else
                cairn_json_enter_array(reader);
            break;
        case CAIRN_JSON_STRING:
            if (cairn_json_read_string(reader, &text) == 0)
                cairn_assert(cairn_utf8_is_valid(text));
            break;
        case CAIRN_JSON_NUMBER:
            cairn_json_read_double(reader, &number);
            break;
        case CAIRN_JSON_BOOL:
            cairn_json_read_bool(reader, &boolean);
            break;
        default:
            if (!cairn_json_take_null(reader))
                cairn_json_skip(reader);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct cairn_json_scratch scratch = {0};
    struct cairn_json_reader reader;
    struct cairn_buffer once = {0}, twice = {0};
    struct cairn_slice input = cairn_slice(data, bytes), raw;

    cairn_json_scratch_begin(&scratch, bytes);
    cairn_json_reader_init(&reader, input, &scratch);
    read_all(&reader);
    int typed = cairn_json_finish(&reader);

    cairn_json_reader_init(&reader, input, &scratch);
    cairn_json_read_raw(&reader, &raw);
    int skipped = cairn_json_finish(&reader);
    cairn_assert(skipped == 0 || typed < 0);
    cairn_assert(skipped < 0 || typed == 0 || typed == -EINVAL);

    if (skipped == 0) {
        cairn_json_append_compact(&once, raw);
        cairn_json_reader_init(&reader, cairn_buffer_slice(&once), &scratch);
        cairn_assert(cairn_json_finish(&reader) == 0);
        cairn_json_append_compact(&twice, cairn_buffer_slice(&once));
        cairn_assert(cairn_slice_equal(cairn_buffer_slice(&once), cairn_buffer_slice(&twice)));
    }
    cairn_buffer_deinit(&once);
    cairn_buffer_deinit(&twice);
    cairn_json_scratch_deinit(&scratch);
    return 0;
}
