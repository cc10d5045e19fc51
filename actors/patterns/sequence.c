#include "actors/patterns/sequence.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#include "runtime/base/hash.h"
#include "runtime/base/heap_names.h"
#include "runtime/base/heap_table.h"

#define ID_SEED UINT64_C(0x746f6f6c5f736571) /* "tool_seq": other kinds hash apart */

struct sequences {
    cairn_ref names;
    cairn_ref by_id; /* table: low half of the id -> sequence */
    cairn_ref first; /* of those with support >= threshold */
    uint32_t length_max;
    uint32_t threshold;
    uint32_t stamp;
    uint32_t linked_count;
};

/* A run inside an episode. */
struct window {
    const struct cairn_sequence_tool *tools;
    uint32_t length;
};

static struct sequences *sequences_at(const struct cairn_heap *heap, cairn_ref ref)
{
    return cairn_heap_at(heap, ref);
}

static struct cairn_sequence *sequence_at(const struct cairn_heap *heap, cairn_ref ref)
{
    return cairn_heap_at(heap, ref);
}

static uint64_t bytes_of(uint32_t length)
{
    return offsetof(struct cairn_sequence, tools) + length * sizeof(uint32_t);
}

cairn_ref cairn_sequences_create(struct cairn_heap *heap, cairn_ref names, uint32_t length_max,
                                 uint32_t threshold)
{
    cairn_assert(length_max >= CAIRN_SEQUENCE_LENGTH_MIN);
    cairn_assert(length_max <= CAIRN_SEQUENCE_LENGTH_MAX);
    cairn_assert(threshold >= 1);
    cairn_ref ref = cairn_heap_alloc(heap, sizeof(struct sequences));
    cairn_ref by_id = ref == 0 ? 0 : cairn_heap_table_create(heap);
    if (by_id == 0)
        return 0;
    *sequences_at(heap, ref) = (struct sequences){
        .names = names, .by_id = by_id, .length_max = length_max, .threshold = threshold};
    return ref;
}

/* ---- windows: every run of an episode, place by place, short ones first ---- */

static bool next_window(const struct cairn_sequence_source *source, uint32_t length_max,
                        uint32_t *place, struct window *window)
{
    uint32_t left = source->tool_count - *place;
    if (window->length >= CAIRN_SEQUENCE_LENGTH_MIN && window->length < length_max &&
        window->length < left) {
        window->length++;
        return true;
    }
    if (window->length > 0)
        (*place)++;
    if (source->tool_count < CAIRN_SEQUENCE_LENGTH_MIN ||
        *place > source->tool_count - CAIRN_SEQUENCE_LENGTH_MIN)
        return false;
    *window = (struct window){&source->tools[*place], CAIRN_SEQUENCE_LENGTH_MIN};
    return true;
}

static struct cairn_sequence_id id_of(uint64_t domain_hash, const struct window *window)
{
    uint64_t hashes[1 + CAIRN_SEQUENCE_LENGTH_MAX];
    hashes[0] = domain_hash;
    for (uint32_t i = 0; i < window->length; i++)
        hashes[1 + i] = window->tools[i].hash;
    struct cairn_digest id =
        cairn_digest_item(hashes, (1 + window->length) * sizeof(hashes[0]), ID_SEED);
    return (struct cairn_sequence_id){.low = id.low, .high = id.high};
}

static bool is_same(const struct cairn_sequence *sequence, uint32_t domain,
                    const struct window *window)
{
    if (sequence->domain != domain || sequence->length != window->length)
        return false;
    for (uint32_t i = 0; i < window->length; i++) {
        if (sequence->tools[i] != window->tools[i].name)
            return false;
    }
    return true;
}

static cairn_ref find_window(const struct cairn_heap *heap, cairn_ref ref,
                             const struct cairn_sequence_source *source,
                             const struct window *window)
{
    struct cairn_sequence_id id = id_of(source->domain_hash, window);
    cairn_ref by_id = sequences_at(heap, ref)->by_id;
    uint32_t cursor = 0;
    cairn_ref found;
    while ((found = cairn_heap_table_find(heap, by_id, id.low, &cursor)) != 0) {
        if (is_same(sequence_at(heap, found), source->domain, window))
            break;
    }
    return found;
}

/* ---- the linked ones ---- */

static bool is_linked(const struct cairn_heap *heap, cairn_ref ref,
                      const struct cairn_sequence *sequence)
{
    return sequence->support >= sequences_at(heap, ref)->threshold;
}

static void link_sequence(struct cairn_heap *heap, cairn_ref ref, cairn_ref target)
{
    struct sequences *sequences = sequences_at(heap, ref);
    struct cairn_sequence *sequence = sequence_at(heap, target);
    sequence->previous = 0;
    sequence->next = sequences->first;
    if (sequence->next != 0)
        sequence_at(heap, sequence->next)->previous = target;
    sequences->first = target;
    sequences->linked_count++;
}

static void unlink_sequence(struct cairn_heap *heap, cairn_ref ref, cairn_ref target)
{
    struct sequences *sequences = sequences_at(heap, ref);
    const struct cairn_sequence *sequence = sequence_at(heap, target);
    if (sequence->next != 0)
        sequence_at(heap, sequence->next)->previous = sequence->previous;
    if (sequence->previous != 0)
        sequence_at(heap, sequence->previous)->next = sequence->next;
    else
        sequences->first = sequence->next;
    sequences->linked_count--;
}

void cairn_sequences_set_threshold(struct cairn_heap *heap, cairn_ref ref, uint32_t threshold)
{
    cairn_assert(threshold >= 1);
    struct sequences *sequences = sequences_at(heap, ref);
    if (sequences->threshold == threshold)
        return;
    sequences->threshold = threshold;
    sequences->first = 0;
    sequences->linked_count = 0;
    uint32_t cursor = 0;
    cairn_ref target;
    while ((target = cairn_sequences_next(heap, ref, &cursor)) != 0) {
        if (is_linked(heap, ref, sequence_at(heap, target)))
            link_sequence(heap, ref, target);
    }
}

/* ---- counting ---- */

/* A number that no sequence carries yet, to mark what a walk has met. */
static uint32_t next_stamp(struct cairn_heap *heap, cairn_ref ref)
{
    struct sequences *sequences = sequences_at(heap, ref);
    if (sequences->stamp == UINT32_MAX) {
        uint32_t cursor = 0;
        cairn_ref target;
        while ((target = cairn_sequences_next(heap, ref, &cursor)) != 0)
            sequence_at(heap, target)->stamp = 0;
        sequences->stamp = 0;
    }
    return ++sequences->stamp;
}

static cairn_ref create_sequence(struct cairn_heap *heap, cairn_ref ref,
                                 const struct cairn_sequence_source *source,
                                 const struct window *window)
{
    struct cairn_sequence_id id = id_of(source->domain_hash, window);
    if (cairn_heap_table_reserve(heap, sequences_at(heap, ref)->by_id, 1) < 0)
        return 0;
    cairn_ref created = cairn_heap_alloc(heap, bytes_of(window->length));
    if (created == 0)
        return 0;
    struct cairn_sequence *sequence = sequence_at(heap, created);
    sequence->id = id;
    sequence->domain = source->domain;
    sequence->length = window->length;
    for (uint32_t i = 0; i < window->length; i++)
        sequence->tools[i] = window->tools[i].name;
    int result =
        cairn_heap_table_add(heap, sequences_at(heap, ref)->by_id, sequence->id.low, created);
    cairn_assert(result == 0);
    return created;
}

static void free_sequence(struct cairn_heap *heap, cairn_ref ref, cairn_ref target)
{
    const struct cairn_sequence *sequence = sequence_at(heap, target);
    cairn_assert(sequence->support == 0);
    bool was_there =
        cairn_heap_table_remove(heap, sequences_at(heap, ref)->by_id, sequence->id.low, target);
    cairn_assert(was_there);
    cairn_heap_free(heap, target, bytes_of(sequence->length));
}

/* Free those of the episode's sequences that nobody supports: the undoing of ensure_all. */
static void free_unsupported(struct cairn_heap *heap, cairn_ref ref,
                             const struct cairn_sequence_source *source)
{
    uint32_t length_max = sequences_at(heap, ref)->length_max;
    uint32_t place = 0;
    struct window window = {0};
    while (next_window(source, length_max, &place, &window)) {
        cairn_ref target = find_window(heap, ref, source, &window);
        if (target != 0 && sequence_at(heap, target)->support == 0)
            free_sequence(heap, ref, target);
    }
}

static int ensure_all(struct cairn_heap *heap, cairn_ref ref,
                      const struct cairn_sequence_source *source)
{
    uint32_t length_max = sequences_at(heap, ref)->length_max;
    uint32_t place = 0;
    struct window window = {0};
    while (next_window(source, length_max, &place, &window)) {
        if (find_window(heap, ref, source, &window) == 0 &&
            create_sequence(heap, ref, source, &window) == 0) {
            free_unsupported(heap, ref, source);
            return -ENOMEM;
        }
    }
    return 0;
}

int cairn_sequences_train(struct cairn_heap *heap, cairn_ref ref,
                          const struct cairn_sequence_source *source)
{
    int result = ensure_all(heap, ref, source);
    if (result < 0)
        return result;

    uint32_t stamp = next_stamp(heap, ref);
    struct sequences *sequences = sequences_at(heap, ref);
    uint32_t place = 0;
    struct window window = {0};
    while (next_window(source, sequences->length_max, &place, &window)) {
        cairn_ref target = find_window(heap, ref, source, &window);
        struct cairn_sequence *sequence = sequence_at(heap, target);
        if (sequence->stamp == stamp)
            continue; /* an episode counts once, however often the run is in it */
        sequence->stamp = stamp;
        sequence->success_halves += source->success_halves;
        if (++sequence->support == sequences->threshold)
            link_sequence(heap, ref, target);
    }
    return 0;
}

void cairn_sequences_untrain(struct cairn_heap *heap, cairn_ref ref,
                             const struct cairn_sequence_source *source)
{
    uint32_t stamp = next_stamp(heap, ref);
    struct sequences *sequences = sequences_at(heap, ref);
    uint32_t place = 0;
    struct window window = {0};
    while (next_window(source, sequences->length_max, &place, &window)) {
        cairn_ref target = find_window(heap, ref, source, &window);
        if (target == 0)
            continue; /* was in the episode twice, and has just been freed */
        struct cairn_sequence *sequence = sequence_at(heap, target);
        if (sequence->stamp == stamp)
            continue;
        cairn_assert(sequence->support > 0);
        cairn_assert(sequence->success_halves >= source->success_halves);
        sequence->stamp = stamp;
        sequence->success_halves -= source->success_halves;
        if (sequence->support-- == sequences->threshold)
            unlink_sequence(heap, ref, target);
        if (sequence->support == 0)
            free_sequence(heap, ref, target);
    }
}

/* ---- patterns ---- */

static bool is_contained(const struct cairn_sequence *part, const struct cairn_sequence *whole)
{
    if (part->domain != whole->domain)
        return false;
    for (uint32_t from = 0; from + part->length <= whole->length; from++) {
        if (memcmp(part->tools, whole->tools + from, part->length * sizeof(uint32_t)) == 0)
            return true;
    }
    return false;
}

static bool qualifies(const struct cairn_heap *heap, cairn_ref ref,
                      const struct cairn_sequence *sequence,
                      const struct cairn_sequence_filter *filter)
{
    return is_linked(heap, ref, sequence) &&
           (filter->domain == 0 || sequence->domain == filter->domain) &&
           cairn_sequence_success_rate(sequence) >= filter->success_min;
}

/* Stamp the two sequences that `longer` has in it with one tool less, if they are as frequent. */
static void stamp_parts(struct cairn_heap *heap, cairn_ref ref, cairn_ref longer, uint32_t stamp)
{
    const struct cairn_sequence *sequence = sequence_at(heap, longer);
    if (sequence->length == CAIRN_SEQUENCE_LENGTH_MIN)
        return;
    cairn_ref names = sequences_at(heap, ref)->names;
    struct cairn_sequence_tool tools[CAIRN_SEQUENCE_LENGTH_MAX];
    for (uint32_t i = 0; i < sequence->length; i++)
        tools[i] = (struct cairn_sequence_tool){
            .hash = cairn_heap_names_hash(heap, names, sequence->tools[i]),
            .name = sequence->tools[i]};
    struct cairn_sequence_source source = {
        .domain = sequence->domain,
        .domain_hash = cairn_heap_names_hash(heap, names, sequence->domain)};

    for (uint32_t side = 0; side < 2; side++) {
        struct window part = {tools + side, sequence->length - 1};
        cairn_ref found = find_window(heap, ref, &source, &part);
        cairn_assert(found != 0);
        if (sequence_at(heap, found)->support == sequence->support)
            sequence_at(heap, found)->stamp = stamp;
    }
}

int cairn_sequences_list(struct cairn_heap *heap, cairn_ref ref,
                         const struct cairn_sequence_filter *filter, cairn_ref **patterns)
{
    uint32_t linked_count = sequences_at(heap, ref)->linked_count;
    cairn_ref *list = malloc((linked_count + UINT64_C(1)) * sizeof(*list));
    if (list == NULL)
        return -ENOMEM;
    uint32_t contained = next_stamp(heap, ref);
    cairn_ref first = sequences_at(heap, ref)->first;
    for (cairn_ref at = first; at != 0; at = sequence_at(heap, at)->next)
        stamp_parts(heap, ref, at, contained);

    uint32_t count = 0;
    for (cairn_ref at = first; at != 0; at = sequence_at(heap, at)->next) {
        const struct cairn_sequence *sequence = sequence_at(heap, at);
        if (sequence->stamp != contained && qualifies(heap, ref, sequence, filter))
            list[count++] = at;
    }
    *patterns = list;
    return (int)count;
}

/* Whatever is as frequent as a sequence of this episode and contains it is in this episode too, so
 * its own windows tell all. */
int cairn_sequences_list_of(struct cairn_heap *heap, cairn_ref ref,
                            const struct cairn_sequence_source *source,
                            const struct cairn_sequence_filter *filter, cairn_ref **patterns)
{
    uint32_t length_max = sequences_at(heap, ref)->length_max;
    uint64_t windows = (uint64_t)source->tool_count * (length_max - 1);
    cairn_ref *list = malloc((windows + 1) * sizeof(*list));
    if (list == NULL)
        return -ENOMEM;
    uint32_t contained = next_stamp(heap, ref);
    uint32_t listed = next_stamp(heap, ref);

    uint32_t place = 0;
    struct window window = {0};
    while (next_window(source, length_max, &place, &window))
        stamp_parts(heap, ref, find_window(heap, ref, source, &window), contained);

    uint32_t count = 0;
    place = 0;
    window = (struct window){0};
    while (next_window(source, length_max, &place, &window)) {
        cairn_ref found = find_window(heap, ref, source, &window);
        struct cairn_sequence *sequence = sequence_at(heap, found);
        if (sequence->stamp == contained || sequence->stamp == listed ||
            !qualifies(heap, ref, sequence, filter))
            continue;
        sequence->stamp = listed;
        list[count++] = found;
    }
    *patterns = list;
    return (int)count;
}

static bool is_part_of_as_frequent(const struct cairn_heap *heap, cairn_ref ref,
                                   const struct cairn_sequence *sequence)
{
    for (cairn_ref at = sequences_at(heap, ref)->first; at != 0; at = sequence_at(heap, at)->next) {
        const struct cairn_sequence *other = sequence_at(heap, at);
        if (other->length == sequence->length + 1 && other->support == sequence->support &&
            is_contained(sequence, other))
            return true;
    }
    return false;
}

cairn_ref cairn_sequences_find(struct cairn_heap *heap, cairn_ref ref, struct cairn_sequence_id id,
                               const struct cairn_sequence_filter *filter)
{
    cairn_ref by_id = sequences_at(heap, ref)->by_id;
    uint32_t cursor = 0;
    cairn_ref found;
    while ((found = cairn_heap_table_find(heap, by_id, id.low, &cursor)) != 0) {
        const struct cairn_sequence *sequence = sequence_at(heap, found);
        if (sequence->id.high == id.high && qualifies(heap, ref, sequence, filter) &&
            !is_part_of_as_frequent(heap, ref, sequence))
            break;
    }
    return found;
}

cairn_ref cairn_sequences_next(const struct cairn_heap *heap, cairn_ref ref, uint32_t *cursor)
{
    return cairn_heap_table_next(heap, sequences_at(heap, ref)->by_id, cursor);
}

double cairn_sequence_success_rate(const struct cairn_sequence *sequence)
{
    return sequence->success_halves / (2.0 * sequence->support);
}

double cairn_sequence_confidence(const struct cairn_sequence *sequence)
{
    const double z = 1.96;
    double rate = cairn_sequence_success_rate(sequence);
    double n = sequence->support;
    double spread = z * sqrt(rate * (1 - rate) / n + z * z / (4 * n * n));
    double low = (rate + z * z / (2 * n) - spread) / (1 + z * z / n);
    return low < 0 ? 0 : low;
}
