#include "actors/retrieval/search_cursor.h"

#include <errno.h>

#include "tests/support/unit.h"

static void a_cursor_reads_back_as_it_was_written(void **state)
{
    (void)state;
    static const double SCORES[] = {0.1, 1e-300, 12.75, 1e300};
    for (size_t i = 0; i < sizeof(SCORES) / sizeof(*SCORES); i++) {
        struct cairn_search_cursor cursor = {.fingerprint = UINT64_MAX - i,
                                             .after = {.score = SCORES[i], .seq = i << 60 | 1}};
        struct cairn_search_cursor decoded;
        char text[CAIRN_SEARCH_CURSOR_BYTES];
        cairn_search_cursor_encode(cursor, text);
        assert_int_equal(cairn_search_cursor_decode(cairn_slice(text, sizeof(text)), &decoded), 0);
        assert_int_equal(decoded.fingerprint, cursor.fingerprint);
        assert_true(decoded.after.score == cursor.after.score);
        assert_int_equal(decoded.after.seq, cursor.after.seq);
    }
}

static void anything_else_is_refused_and_leaves_the_cursor_alone(void **state)
{
    (void)state;
    char text[CAIRN_SEARCH_CURSOR_BYTES];
    struct cairn_search_cursor cursor = {.fingerprint = 7, .after = {.score = 1, .seq = 1}};
    cairn_search_cursor_encode(cursor, text);
    struct cairn_search_cursor decoded = {.fingerprint = 99};
    for (size_t bytes = 0; bytes < sizeof(text); bytes++)
        assert_int_equal(cairn_search_cursor_decode(cairn_slice(text, bytes), &decoded), -EINVAL);
    for (size_t i = 0; i < sizeof(text); i++) {
        char kept = text[i];
        text[i] = "gG -"[i % 4];
        assert_int_equal(cairn_search_cursor_decode(cairn_slice(text, sizeof(text)), &decoded),
                         -EINVAL);
        text[i] = kept;
    }
    memcpy(text + 16, "7ff8000000000000", 16); /* a score that is not a number */
    assert_int_equal(cairn_search_cursor_decode(cairn_slice(text, sizeof(text)), &decoded),
                     -EINVAL);
    assert_int_equal(decoded.fingerprint, 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cursor_reads_back_as_it_was_written),
        cmocka_unit_test(anything_else_is_refused_and_leaves_the_cursor_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
