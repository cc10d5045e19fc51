#include "actors/training/tokens.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/support/unit.h"

static void assert_tokens(const char *text, const char *const *expected, size_t count)
{
    struct cairn_slice rest = cairn_slice_of(text);
    struct cairn_slice token;
    assert_int_equal(cairn_tokens_count(rest), count);
    for (size_t i = 0; i < count; i++) {
        assert_true(cairn_tokens_next(&rest, &token));
        assert_int_equal(token.bytes, strlen(expected[i]));
        assert_memory_equal(token.data, expected[i], token.bytes);
    }
    assert_false(cairn_tokens_next(&rest, &token));
    assert_false(cairn_tokens_next(&rest, &token));
}

static void a_text_is_split_at_ascii_white_space(void **state)
{
    (void)state;
    assert_tokens("one two", (const char *[]){"one", "two"}, 2);
    assert_tokens("  one\t\n\v\f\r two  ", (const char *[]){"one", "two"}, 2);
    assert_tokens("one", (const char *[]){"one"}, 1);
    assert_tokens("", NULL, 0);
    assert_tokens(" \n ", NULL, 0);
}

static void a_text_is_split_at_unicode_white_space(void **state)
{
    (void)state;
    static const char *const spaces[] = {
        "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x8a",
        "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"};
    for (size_t i = 0; i < sizeof(spaces) / sizeof(*spaces); i++) {
        char text[16];
        snprintf(text, sizeof(text), "%sa%s%sb%s", spaces[i], spaces[i], spaces[i], spaces[i]);
        assert_tokens(text, (const char *[]){"a", "b"}, 2);
    }
}

/* One code point below and above each range, and other characters with the same first bytes. */
static void everything_else_belongs_to_a_word(void **state)
{
    (void)state;
    static const char *const words[] = {
        "\xc2\x84",     "\xc2\x86",     "\xc2\xa1",     "\xe1\x9a\x81",     "\xe2\x80\x8b",
        "\xe2\x80\xa7", "\xe2\x80\xaa", "\xe2\x81\xa0", "\xe3\x80\x81",     "\xe2\x82\xac",
        "na\xc3\xafve", "\x1f",         "\x7f",         "\xf0\x9f\x98\x80", "a,b.c!"};
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        assert_tokens(words[i], &words[i], 1);
}

/* Bytes are taken as they come, and never read beyond the end. */
static void a_cut_character_is_part_of_its_word(void **state)
{
    (void)state;
    static const char *const cuts[] = {"\xc2", "\xe2", "\xe2\x80", "\xe3\x80", "\xe1\x9a"};
    for (size_t i = 0; i < sizeof(cuts) / sizeof(*cuts); i++) {
        size_t bytes = strlen(cuts[i]);
        char *text = malloc(bytes); /* exactly so large, for the sanitizer */
        assert_non_null(text);
        memcpy(text, cuts[i], bytes);
        assert_int_equal(cairn_tokens_count(cairn_slice(text, bytes)), 1);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_is_split_at_ascii_white_space),
        cmocka_unit_test(a_text_is_split_at_unicode_white_space),
        cmocka_unit_test(everything_else_belongs_to_a_word),
        cmocka_unit_test(a_cut_character_is_part_of_its_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
