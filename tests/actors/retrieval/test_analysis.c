#include "actors/retrieval/analysis.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/support/unit.h"

/* The terms of a text, with a space between them. Static text. */
static const char *terms_of(const char *text, enum cairn_language language)
{
    static char terms[4096];
    struct cairn_analyzer analyzer;
    struct cairn_term term;
    size_t at = 0;
    cairn_analyzer_init(&analyzer);
    cairn_analyzer_begin(&analyzer, cairn_slice_of(text), language);
    terms[0] = 0;
    while (cairn_analyzer_next(&analyzer, &term))
        at += (size_t)snprintf(terms + at, sizeof(terms) - at, at == 0 ? "%.*s" : " %.*s",
                               (int)term.text.bytes, term.text.data);
    assert_false(analyzer.failed);
    cairn_analyzer_deinit(&analyzer);
    return terms;
}

#define assert_terms(text, expected)                                                               \
    assert_string_equal(terms_of(text, CAIRN_LANGUAGE_NONE), expected)
#define assert_english(text, expected)                                                             \
    assert_string_equal(terms_of(text, CAIRN_LANGUAGE_ENGLISH), expected)

static void words_are_cut_at_everything_that_is_no_letter_or_digit(void **state)
{
    (void)state;
    assert_terms("Hello, world! x86-64 (v2.0)", "hello world x86 64 v2 0");
    assert_terms("don't", "don t");
    assert_terms("", "");
    assert_terms(" \t\n...!?", "");
    assert_terms("a", "a");
}

static void english_words_are_stemmed_and_others_are_not(void **state)
{
    (void)state;
    assert_english("The runners were running happily", "the runner were run happili");
    assert_english("connections connected connecting", "connect connect connect");
    assert_terms("connections connected", "connections connected");
    assert_english("utf8s running2", "utf8s running2");
    assert_english("\xd1\x81\xd0\xbb\xd0\xbe\xd0\xb2\xd0\xb0",
                   "\xd1\x81\xd0\xbb\xd0\xbe\xd0\xb2\xd0\xb0");
}

static void a_term_knows_the_word_it_was_stemmed_from(void **state)
{
    (void)state;
    struct cairn_analyzer analyzer;
    struct cairn_term term;
    cairn_analyzer_init(&analyzer);
    cairn_analyzer_begin(&analyzer, cairn_slice_of("Connections"), CAIRN_LANGUAGE_ENGLISH);
    assert_true(cairn_analyzer_next(&analyzer, &term));
    assert_true(cairn_slice_is(term.text, "connect"));
    assert_true(cairn_slice_is(term.word, "connections"));
    assert_false(cairn_analyzer_next(&analyzer, &term));
    assert_false(cairn_analyzer_next(&analyzer, &term));
    cairn_analyzer_deinit(&analyzer);
}

static void identifiers_are_kept_whole_and_split(void **state)
{
    (void)state;
    assert_terms("getUserById", "getuserbyid get user by id");
    assert_terms("snake_case_name", "snake_case_name snake case name");
    assert_terms("HTTPServer", "httpserver http server");
    assert_terms("base64Decode", "base64decode base64 decode");
    assert_terms("MAX_RETRY_COUNT", "max_retry_count max retry count");
    assert_terms("__init__", "init");
    assert_terms("_x", "x");
    assert_terms("a__b", "a__b");
    assert_terms("ENOENT Linux LINUX", "enoent linux linux");
    assert_terms("3FA85F64", "3fa85f64");
    assert_english("getUserNames", "getusernam get user name");
}

static void parts_of_one_letter_are_left_out(void **state)
{
    (void)state;
    assert_terms("iPhone", "iphone phone");
    assert_terms("x_y", "x_y");
}

static void case_accents_and_compatibility_forms_are_folded(void **state)
{
    (void)state;
    assert_terms("Caf\xc3\xa9 CAF\xc3\x89 cafe\xcc\x81", "cafe cafe cafe");
    assert_terms("Stra\xc3\x9f"
                 "e STRASSE",
                 "strasse strasse");
    assert_terms("\xef\xbc\xa1\xef\xbc\xa2\xef\xbc\xa3", "abc"); /* full width */
    assert_terms("\xef\xac\x81nd", "find");                      /* ligature fi */
    assert_terms("\xce\xa3\xce\x8a\xce\xa3\xce\xa5\xce\xa6\xce\x9f\xce\xa3 "
                 "\xcf\x83\xce\xaf\xcf\x83\xcf\x85\xcf\x86\xce\xbf\xcf\x82",
                 "\xcf\x83\xce\xb9\xcf\x83\xcf\x85\xcf\x86\xce\xbf\xcf\x83 "
                 "\xcf\x83\xce\xb9\xcf\x83\xcf\x85\xcf\x86\xce\xbf\xcf\x83");
    assert_terms("co\xc2\xadoperate", "cooperate"); /* soft hyphen */
    assert_terms("x\xc2\xb2", "x2");
    assert_terms("\xc2\xbd", "12");
}

/* Outside Latin and Greek a mark makes another letter. */
static void marks_of_other_scripts_stay(void **state)
{
    (void)state;
    assert_string_not_equal(terms_of("\xd0\xb9", CAIRN_LANGUAGE_NONE), "\xd0\xb8");
    /* Devanagari: the vowel sign belongs to the word. */
    assert_terms("\xe0\xa4\x95\xe0\xa4\xbf\xe0\xa4\xa4\xe0\xa4\xbe\xe0\xa4\xac",
                 "\xe0\xa4\x95\xe0\xa4\xbf\xe0\xa4\xa4\xe0\xa4\xbe\xe0\xa4\xac");
}

static void scripts_without_spaces_become_pairs(void **state)
{
    (void)state;
    assert_terms("\xe6\x9d\xb1", "\xe6\x9d\xb1");
    assert_terms("\xe6\x9d\xb1\xe4\xba\xac", "\xe6\x9d\xb1\xe4\xba\xac");
    assert_terms("\xe6\x9d\xb1\xe4\xba\xac\xe9\x83\xbd",
                 "\xe6\x9d\xb1\xe4\xba\xac \xe4\xba\xac\xe9\x83\xbd");
    assert_terms("\xe6\x9d\xb1\xe4\xba\xac Tokyo \xe9\x83\xbd",
                 "\xe6\x9d\xb1\xe4\xba\xac tokyo \xe9\x83\xbd");
    assert_terms("PC\xe6\x9d\xb1\xe4\xba\xac", "pc \xe6\x9d\xb1\xe4\xba\xac");
    assert_terms("\xed\x95\x9c\xea\xb5\xad\xec\x96\xb4",
                 "\xed\x95\x9c\xea\xb5\xad \xea\xb5\xad\xec\x96\xb4"); /* Hangul */
    assert_terms("\xe6\x9d\xb1\xe3\x80\x82\xe4\xba\xac", "\xe6\x9d\xb1 \xe4\xba\xac");
}

static void an_emoji_is_a_term_and_its_modifiers_are_none(void **state)
{
    (void)state;
    assert_terms("ok \xf0\x9f\x91\x8d!", "ok \xf0\x9f\x91\x8d");
    assert_terms("\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd", "\xf0\x9f\x91\x8d");
    assert_terms("\xe2\x9d\xa4\xef\xb8\x8f", "\xe2\x9d\xa4");
    assert_terms("\xe2\x94\x80\xe2\x94\x80 \xc2\xb0 \xc2\xa9", ""); /* lines, degrees, copyright */
}

static void bytes_that_are_not_utf8_separate(void **state)
{
    (void)state;
    assert_terms("ab\xff"
                 "cd",
                 "ab cd");
    assert_terms("ab\xc3", "ab");
    assert_terms("\xed\xa0\x80x", "x");
    assert_terms("\xc0\xafx", "x");
}

static void a_term_is_cut_at_64_bytes_between_characters(void **state)
{
    (void)state;
    char word[200];
    for (size_t bytes = 63; bytes <= 65; bytes++) {
        memset(word, 'z', bytes);
        word[bytes] = 0;
        assert_int_equal(strlen(terms_of(word, CAIRN_LANGUAGE_NONE)), bytes > 64 ? 64 : bytes);
    }
    memset(word, 'z', 63);
    memcpy(word + 63,
           "\xd1\x8f"
           "zz",
           5); /* two bytes from 63 on do not fit, nor what follows */
    assert_int_equal(strlen(terms_of(word, CAIRN_LANGUAGE_NONE)), 63);
}

static size_t count_terms(struct cairn_slice text, size_t *bytes_max)
{
    struct cairn_analyzer analyzer;
    struct cairn_term term;
    size_t count = 0;
    cairn_analyzer_init(&analyzer);
    cairn_analyzer_begin(&analyzer, text, CAIRN_LANGUAGE_ENGLISH);
    while (cairn_analyzer_next(&analyzer, &term)) {
        count++;
        *bytes_max = term.text.bytes > *bytes_max ? term.text.bytes : *bytes_max;
    }
    cairn_analyzer_deinit(&analyzer);
    return count;
}

static void a_text_of_a_mebibyte_is_read_to_its_end(void **state)
{
    (void)state;
    enum { BYTES = 1 << 20 };
    char *text = malloc(BYTES);
    assert_non_null(text);
    size_t bytes_max = 0;
    memset(text, 'a', BYTES);
    assert_int_equal(count_terms(cairn_slice(text, BYTES), &bytes_max), 1);
    assert_int_equal(bytes_max, CAIRN_TERM_BYTES_MAX);
    for (size_t i = 1; i < BYTES; i += 2)
        text[i] = ' ';
    assert_int_equal(count_terms(cairn_slice(text, BYTES), &bytes_max), BYTES / 2);
    /* A single identifier of single letters: whole, and no parts. */
    for (size_t i = 1; i < BYTES; i += 2)
        text[i] = '_';
    assert_int_equal(count_terms(cairn_slice(text, BYTES), &bytes_max), 1);
    for (size_t i = 0; i + 3 < BYTES; i += 4)
        memcpy(text + i, "abC_", 4);
    assert_int_equal(count_terms(cairn_slice(text, BYTES), &bytes_max), 1 + BYTES / 4);
    free(text);
}

static void languages_go_by_their_names(void **state)
{
    (void)state;
    enum cairn_language language = CAIRN_LANGUAGE_NONE;
    assert_true(cairn_language_of(cairn_slice_of("english"), &language));
    assert_int_equal(language, CAIRN_LANGUAGE_ENGLISH);
    assert_false(cairn_language_of(cairn_slice_of("klingon"), &language));
    assert_int_equal(language, CAIRN_LANGUAGE_ENGLISH);
    assert_string_equal(cairn_language_name(CAIRN_LANGUAGE_NONE), "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_cut_at_everything_that_is_no_letter_or_digit),
        cmocka_unit_test(english_words_are_stemmed_and_others_are_not),
        cmocka_unit_test(a_term_knows_the_word_it_was_stemmed_from),
        cmocka_unit_test(identifiers_are_kept_whole_and_split),
        cmocka_unit_test(parts_of_one_letter_are_left_out),
        cmocka_unit_test(case_accents_and_compatibility_forms_are_folded),
        cmocka_unit_test(marks_of_other_scripts_stay),
        cmocka_unit_test(scripts_without_spaces_become_pairs),
        cmocka_unit_test(an_emoji_is_a_term_and_its_modifiers_are_none),
        cmocka_unit_test(bytes_that_are_not_utf8_separate),
        cmocka_unit_test(a_term_is_cut_at_64_bytes_between_characters),
        cmocka_unit_test(a_text_of_a_mebibyte_is_read_to_its_end),
        cmocka_unit_test(languages_go_by_their_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
