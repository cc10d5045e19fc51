#include "actors/retrieval/stemming.h"

#include <stdio.h>

#include "runtime/base/random.h"
#include "tests/support/unit.h"

static const char *const endings[] = {"",    "s",    "ed",  "ing",  "ly",    "ness",
                                      "ies", "tion", "ful", "ment", "ation", "izer"};

static struct cairn_slice random_word(struct cairn_random *random, char word[64])
{
    size_t bytes = 1 + cairn_random_below(random, 40);
    for (size_t i = 0; i < bytes; i++)
        word[i] = (char)('a' + cairn_random_below(random, bytes < 5 ? 26 : 3));
    const char *ending = endings[cairn_random_below(random, sizeof(endings) / sizeof(*endings))];
    memcpy(word + bytes, ending, strlen(ending));
    return cairn_slice(word, bytes + strlen(ending));
}

/* A stemmer that knows many words, at every size of its table, against one that knows none. */
static void what_is_remembered_never_changes_a_stem(void **state)
{
    (void)state;
    enum { STEPS = 60000 };
    struct cairn_stemmer old, fresh;
    struct cairn_random random;
    char word[64], stem[64];
    cairn_random_init(&random, 11);
    cairn_stemmer_init(&old);
    for (int step = 0; step < STEPS; step++) {
        struct cairn_slice text = random_word(&random, word);
        struct cairn_slice known = cairn_stemmer_stem(&old, text);
        assert_in_range(known.bytes, 1, text.bytes);
        memcpy(stem, known.data, known.bytes);
        if (step % 64 != 0)
            continue;
        cairn_stemmer_init(&fresh);
        struct cairn_slice expected = cairn_stemmer_stem(&fresh, text);
        if (!cairn_slice_equal(expected, cairn_slice(stem, known.bytes)))
            fail_msg("seed 11, step %d: %.*s", step, (int)text.bytes, word);
        cairn_stemmer_deinit(&fresh);
    }
    cairn_stemmer_deinit(&old);
}

static void the_table_stays_within_its_bound(void **state)
{
    (void)state;
    struct cairn_stemmer stemmer;
    char word[32];
    cairn_stemmer_init(&stemmer);
    for (unsigned i = 0; i < 100000; i++) {
        int bytes = snprintf(word, sizeof(word), "q%c%c%c%c", 'a' + i % 26, 'a' + i / 26 % 26,
                             'a' + i / 676 % 26, 'a' + i / 17576 % 26);
        cairn_stemmer_stem(&stemmer, cairn_slice(word, (size_t)bytes));
    }
    assert_int_equal(stemmer.capacity, 4096);
    cairn_stemmer_deinit(&stemmer);
}

static void words_of_the_longest_kept_length_and_beyond_are_stemmed_alike(void **state)
{
    (void)state;
    struct cairn_stemmer stemmer;
    char word[65];
    cairn_stemmer_init(&stemmer);
    for (size_t bytes = 29; bytes <= 64; bytes++) {
        memset(word, 'b', bytes);
        memcpy(word + bytes - 3, "ing", 3);
        word[0] = 'a';
        for (int again = 0; again < 2; again++) {
            struct cairn_slice stem = cairn_stemmer_stem(&stemmer, cairn_slice(word, bytes));
            assert_int_equal(stem.bytes, bytes - 4); /* "ing", and one of the doubled b */
        }
    }
    cairn_stemmer_deinit(&stemmer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_remembered_never_changes_a_stem),
        cmocka_unit_test(the_table_stays_within_its_bound),
        cmocka_unit_test(words_of_the_longest_kept_length_and_beyond_are_stemmed_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
