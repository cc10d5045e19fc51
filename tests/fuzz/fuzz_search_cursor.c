/* What reads as a cursor is written back as the same text. */
#include "actors/retrieval/search_cursor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct cairn_search_cursor cursor;
    char text[CAIRN_SEARCH_CURSOR_BYTES];
    if (cairn_search_cursor_decode(cairn_slice(data, bytes), &cursor) < 0)
        return 0;
    cairn_search_cursor_encode(cursor, text);
    cairn_assert(cairn_slice_equal(cairn_slice(text, sizeof(text)), cairn_slice(data, bytes)));
    return 0;
}
