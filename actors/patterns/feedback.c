#include "actors/patterns/feedback.h"

#include <errno.h>

#include "runtime/base/heap_table.h"

static struct cairn_feedback *feedback_at(const struct cairn_heap *heap, cairn_ref ref)
{
    return cairn_heap_at(heap, ref);
}

cairn_ref cairn_feedback_create(struct cairn_heap *heap)
{
    return cairn_heap_table_create(heap);
}

static cairn_ref find(const struct cairn_heap *heap, cairn_ref table, struct cairn_sequence_id id)
{
    uint32_t cursor = 0;
    cairn_ref found;
    while ((found = cairn_heap_table_find(heap, table, id.low, &cursor)) != 0) {
        if (feedback_at(heap, found)->pattern.high == id.high)
            break;
    }
    return found;
}

static cairn_ref find_or_create(struct cairn_heap *heap, cairn_ref table,
                                struct cairn_sequence_id id)
{
    cairn_ref found = find(heap, table, id);
    if (found != 0 || cairn_heap_table_reserve(heap, table, 1) < 0)
        return found;
    cairn_ref created = cairn_heap_alloc(heap, sizeof(struct cairn_feedback));
    if (created == 0)
        return 0;
    feedback_at(heap, created)->pattern = id;
    int result = cairn_heap_table_add(heap, table, id.low, created);
    cairn_assert(result == 0);
    return created;
}

static void free_if_empty(struct cairn_heap *heap, cairn_ref table, cairn_ref ref)
{
    const struct cairn_feedback *feedback = feedback_at(heap, ref);
    if (feedback->helped > 0 || feedback->not_helped > 0)
        return;
    cairn_heap_table_remove(heap, table, feedback->pattern.low, ref);
    cairn_heap_free(heap, ref, sizeof(*feedback));
}

int cairn_feedback_add(struct cairn_heap *heap, cairn_ref table, const struct cairn_event *event,
                       cairn_ref *vote)
{
    struct cairn_slice text;
    struct cairn_sequence_id id;
    if (!cairn_event_field(event, CAIRN_FIELD_PATTERN, &text) || !cairn_pattern_id_parse(text, &id))
        return -EINVAL;
    cairn_ref ref = find_or_create(heap, table, id);
    if (ref == 0)
        return -ENOMEM;
    cairn_ref cast = cairn_heap_alloc(heap, sizeof(struct cairn_vote));
    if (cast == 0) {
        free_if_empty(heap, table, ref);
        return -ENOMEM;
    }
    bool is_helped = cairn_event_field_bool(event, CAIRN_FIELD_HELPED, false);
    *(struct cairn_vote *)cairn_heap_at(heap, cast) =
        (struct cairn_vote){.is_helped = is_helped, .feedback = ref};
    feedback_at(heap, ref)->helped += is_helped;
    feedback_at(heap, ref)->not_helped += !is_helped;
    *vote = cast;
    return 0;
}

void cairn_feedback_remove(struct cairn_heap *heap, cairn_ref table, cairn_ref vote)
{
    const struct cairn_vote *cast = cairn_heap_at(heap, vote);
    cairn_ref ref = cast->feedback;
    feedback_at(heap, ref)->helped -= cast->is_helped != 0;
    feedback_at(heap, ref)->not_helped -= cast->is_helped == 0;
    cairn_heap_free(heap, vote, sizeof(*cast));
    free_if_empty(heap, table, ref);
}

struct cairn_feedback cairn_feedback_of(const struct cairn_heap *heap, cairn_ref table,
                                        struct cairn_sequence_id pattern)
{
    cairn_ref found = find(heap, table, pattern);
    return found == 0 ? (struct cairn_feedback){.pattern = pattern} : *feedback_at(heap, found);
}

cairn_ref cairn_feedback_next(const struct cairn_heap *heap, cairn_ref table, uint32_t *cursor)
{
    return cairn_heap_table_next(heap, table, cursor);
}

/* ---- ids ---- */

static void format_half(uint64_t half, char *text)
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 15; i >= 0; i--, half >>= 4)
        text[i] = digits[half & 15];
}

static bool parse_half(const char *text, uint64_t *half)
{
    *half = 0;
    for (int i = 0; i < 16; i++) {
        char digit = text[i];
        if (digit >= '0' && digit <= '9')
            *half = *half << 4 | (uint64_t)(digit - '0');
        else if (digit >= 'a' && digit <= 'f')
            *half = *half << 4 | (uint64_t)(digit - 'a' + 10);
        else
            return false;
    }
    return true;
}

void cairn_pattern_id_format(struct cairn_sequence_id id, char text[CAIRN_PATTERN_ID_TEXT_BYTES])
{
    format_half(id.high, text);
    format_half(id.low, text + 16);
}

bool cairn_pattern_id_parse(struct cairn_slice text, struct cairn_sequence_id *id)
{
    return text.bytes == CAIRN_PATTERN_ID_TEXT_BYTES && parse_half(text.data, &id->high) &&
           parse_half(text.data + 16, &id->low);
}
