#include "runtime/base/suggest.h"

#define EDITS_MAX        3u
#define PREFIX_BYTES_MIN 2u

static char lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* The usual table of prefixes against prefixes, of which three rows are enough: a swap looks two
 * rows back. */
static uint32_t distance(struct cairn_slice a, struct cairn_slice b)
{
    uint32_t rows[3][CAIRN_SUGGEST_BYTES_MAX + 1];
    for (uint32_t column = 0; column <= b.bytes; column++)
        rows[0][column] = column;
    for (uint32_t i = 1; i <= a.bytes; i++) {
        uint32_t *row = rows[i % 3];
        const uint32_t *above = rows[(i + 2) % 3];
        const uint32_t *above_two = rows[(i + 1) % 3];
        row[0] = i;
        for (uint32_t j = 1; j <= b.bytes; j++) {
            char x = lower(a.data[i - 1]);
            char y = lower(b.data[j - 1]);
            row[j] = smaller(above[j - 1] + (x != y), 1 + smaller(above[j], row[j - 1]));
            if (i > 1 && j > 1 && x == lower(b.data[j - 2]) && y == lower(a.data[i - 2]))
                row[j] = smaller(row[j], above_two[j - 2] + 1);
        }
    }
    return rows[a.bytes % 3][b.bytes];
}

uint32_t cairn_suggest_distance(struct cairn_slice a, struct cairn_slice b, uint32_t limit)
{
    if (a.bytes > CAIRN_SUGGEST_BYTES_MAX || b.bytes > CAIRN_SUGGEST_BYTES_MAX)
        return limit + 1;
    return smaller(distance(a, b), limit + 1);
}

static bool begins(struct cairn_slice prefix, const char *name)
{
    return prefix.bytes >= PREFIX_BYTES_MIN && strlen(name) > prefix.bytes &&
           memcmp(name, prefix.data, prefix.bytes) == 0;
}

/* How wrong a word of this length may be and still be taken for a slip. */
static uint32_t edits_allowed(size_t bytes)
{
    if (bytes < 6)
        return 1;
    return smaller((uint32_t)(bytes / 3), EDITS_MAX);
}

const char *cairn_suggest(struct cairn_slice wrong, const char *const names[], size_t count)
{
    if (wrong.bytes > CAIRN_SUGGEST_BYTES_MAX)
        return NULL;
    uint32_t best_edits = edits_allowed(wrong.bytes) + 1;
    const char *best = NULL;
    const char *continued = NULL;
    size_t continuations = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t edits = cairn_suggest_distance(wrong, cairn_slice_of(names[i]), best_edits);
        if (edits < best_edits) {
            best_edits = edits;
            best = names[i];
        }
        if (begins(wrong, names[i])) {
            continued = names[i];
            continuations++;
        }
    }
    if (best != NULL)
        return best;
    return continuations == 1 ? continued : NULL;
}
