/* Patterns as R4 defines them, extracted by a model that counts everything anew from strings, against
 * what the module keeps up incrementally. */
#include "actors/patterns/sequence.h"

#include <math.h>

#include "runtime/base/heap_names.h"
#include "runtime/base/random.h"
#include "tests/actors/patterns/played.h"

#define BUDGET   (256u << 20)
#define EPISODES 160
#define RUNS_MAX 20000
#define RUN_TEXT 128

static const struct cairn_patterns_options OPTIONS = {
    .support = 3, .min_success = 0.7, .length_max = 5};

/* ---- the naive model: every run of every completed episode as a text "domain|a>b>" ---- */

struct run {
    char text[RUN_TEXT];
    uint32_t support;
    uint32_t success_halves;
    uint32_t last_episode; /* + 1 */
};

struct runs {
    struct run *items;
    uint32_t count;
};

static void runs_count(struct runs *runs, const char *text, uint32_t episode, uint32_t halves)
{
    uint32_t at = 0;
    while (at < runs->count && strcmp(runs->items[at].text, text) != 0)
        at++;
    if (at == runs->count) {
        assert_true(runs->count < RUNS_MAX);
        runs->count++;
        runs->items[at] = (struct run){0};
        snprintf(runs->items[at].text, RUN_TEXT, "%s", text);
    }
    if (runs->items[at].last_episode == episode + 1)
        return;
    runs->items[at].last_episode = episode + 1;
    runs->items[at].support++;
    runs->items[at].success_halves += halves;
}

static uint32_t tool_count(const struct played *episode)
{
    uint32_t count = 0;
    while (count < PLAYED_STEPS_MAX && episode->tools[count] != NULL)
        count++;
    return count;
}

static void runs_extract(struct runs *runs, const struct played *episodes, uint32_t count)
{
    for (uint32_t e = 0; e < count; e++) {
        const struct played *episode = &episodes[e];
        if (episode->seq_count == 0 || episode->outcome == NULL)
            continue;
        uint32_t halves = strcmp(episode->outcome, "success") == 0   ? 2
                          : strcmp(episode->outcome, "partial") == 0 ? 1
                                                                     : 0;
        for (uint32_t from = 0; from < tool_count(episode); from++) {
            char text[RUN_TEXT];
            int used = snprintf(text, sizeof(text), "%s|", episode->domain);
            for (uint32_t n = 0; n < 5 && from + n < tool_count(episode); n++) {
                used += snprintf(text + used, sizeof(text) - (size_t)used, "%s>",
                                 episode->tools[from + n]);
                if (n >= 1)
                    runs_count(runs, text, e, halves);
            }
        }
    }
}

static bool contains(const char *longer, const char *text)
{
    const char *tools = strchr(text, '|') + 1;
    size_t domain_bytes = (size_t)(tools - text);
    if (strlen(longer) <= strlen(text) || strncmp(longer, text, domain_bytes) != 0)
        return false;
    /* Tool names are single letters, so a match of the text is a match of whole tools. */
    return strstr(longer + domain_bytes, tools) != NULL;
}

static bool is_pattern(const struct runs *runs, const struct run *run)
{
    if (run->support < OPTIONS.support ||
        run->success_halves / (2.0 * run->support) < OPTIONS.min_success)
        return false;
    for (uint32_t i = 0; i < runs->count; i++) {
        if (runs->items[i].support == run->support && contains(runs->items[i].text, run->text))
            return false;
    }
    return true;
}

/* ---- the module's side ---- */

static void text_of(const struct cairn_heap *heap, const struct cairn_sequence *sequence,
                    char text[RUN_TEXT])
{
    cairn_ref names = cairn_patterns_model_of(heap)->names;
    struct cairn_slice name = cairn_heap_names_text(heap, names, sequence->domain);
    int used = snprintf(text, RUN_TEXT, "%.*s|", (int)name.bytes, name.data);
    for (uint32_t i = 0; i < sequence->length; i++) {
        name = cairn_heap_names_text(heap, names, sequence->tools[i]);
        used += snprintf(text + used, RUN_TEXT - (size_t)used, "%.*s>", (int)name.bytes, name.data);
    }
}

static const struct run *find_run(const struct runs *runs, const char *text)
{
    for (uint32_t i = 0; i < runs->count; i++) {
        if (strcmp(runs->items[i].text, text) == 0)
            return &runs->items[i];
    }
    return NULL;
}

static int list_patterns(struct cairn_heap *heap, cairn_ref **patterns)
{
    struct cairn_sequence_filter filter = {.success_min = OPTIONS.min_success};
    return cairn_sequences_list(heap, cairn_patterns_model_of(heap)->sequences, &filter, patterns);
}

static void check_against_model(struct projected *patterns, const struct played *episodes,
                                uint32_t count)
{
    struct cairn_heap *heap = &patterns->space.heap;
    struct runs runs = {.items = malloc(RUNS_MAX * sizeof(struct run))};
    runs_extract(&runs, episodes, count);

    uint32_t wanted = 0;
    for (uint32_t i = 0; i < runs.count; i++)
        wanted += is_pattern(&runs, &runs.items[i]);
    cairn_ref *found;
    int found_count = list_patterns(heap, &found);
    assert_int_equal(found_count, wanted);
    for (int i = 0; i < found_count; i++) {
        const struct cairn_sequence *sequence = cairn_sequence_at(heap, found[i]);
        struct cairn_sequence_filter filter = {.success_min = OPTIONS.min_success};
        char text[RUN_TEXT];
        text_of(heap, sequence, text);
        const struct run *run = find_run(&runs, text);
        assert_non_null(run);
        assert_true(is_pattern(&runs, run));
        assert_int_equal(run->support, sequence->support);
        assert_int_equal(run->success_halves, sequence->success_halves);
        assert_int_equal(cairn_sequences_find(heap, cairn_patterns_model_of(heap)->sequences,
                                              sequence->id, &filter),
                         found[i]);
    }
    uint32_t cursor = 0, counted = 0;
    while (cairn_sequences_next(heap, cairn_patterns_model_of(heap)->sequences, &cursor) != 0)
        counted++;
    assert_int_equal(counted, runs.count);
    free(found);
    free(runs.items);
}

/* A model that has only ever seen what is left. */
static void check_against_rebuilt(struct projected *patterns, const bool *is_forgotten)
{
    struct projected again;
    projected_init(&again, &cairn_patterns_module, "home", &OPTIONS, BUDGET);
    for (uint32_t i = 0; i < patterns->ledger->count; i++) {
        if (!is_forgotten[i])
            again.module->apply(&again.space, &patterns->ledger->events[i]);
    }
    assert_true(projected_equal(patterns, &again));
    projected_deinit(&again);
}

/* ---- random episodes ---- */

static const char *const TOOLS[] = {"a", "b", "c", "d", "e"};
static const char *const OUTCOMES[] = {"success", "success", "success", "partial", "failure", NULL};

static void invent(struct played *episode, uint32_t number, struct cairn_random *random)
{
    *episode = (struct played){.number = number,
                               .domain = cairn_random_below(random, 3) == 0 ? "web" : "shell",
                               .outcome = OUTCOMES[cairn_random_below(random, 6)]};
    uint64_t count = cairn_random_below(random, 9);
    for (uint64_t i = 0; i < count; i++)
        episode->tools[i] = TOOLS[cairn_random_below(random, cairn_random_below(random, 5) + 1)];
}

static void incremental_counts_equal_full_extraction_with_forgets(void **state)
{
    (void)state;
    static struct played episodes[EPISODES];
    static bool is_forgotten[EPISODES * (PLAYED_STEPS_MAX + 2)];
    const uint64_t seed = 20;
    struct projected patterns;
    struct cairn_random random;
    print_message("seed=%llu\n", (unsigned long long)seed);
    cairn_random_init(&random, seed);
    projected_init(&patterns, &cairn_patterns_module, "home", &OPTIONS, BUDGET);

    for (uint32_t number = 0; number < EPISODES; number++) {
        invent(&episodes[number], number, &random);
        played_play(&patterns, &episodes[number]);
        assert_int_equal(patterns.result, 0);
        if (cairn_random_below(&random, 3) == 0) {
            struct played *gone = &episodes[cairn_random_below(&random, number + 1)];
            played_forget(&patterns, gone);
            for (uint32_t i = 0; i < gone->seq_count; i++)
                is_forgotten[gone->seqs[i] - 1] = true;
            gone->seq_count = 0;
        }
        if (number % 40 == 39) {
            projected_reload(&patterns);
            check_against_model(&patterns, episodes, number + 1);
            check_against_rebuilt(&patterns, is_forgotten);
        }
    }
    projected_deinit(&patterns);
}

/* Any event may be forgotten alone: the model is then as if it had never been. A forgotten
 * completion leaves an open episode, a forgotten step brings its neighbours together. */
static void forgetting_single_events_equals_never_having_seen_them(void **state)
{
    (void)state;
    static bool is_forgotten[EPISODES * (PLAYED_STEPS_MAX + 2)];
    const uint64_t seed = 21;
    struct projected patterns;
    struct cairn_random random;
    print_message("seed=%llu\n", (unsigned long long)seed);
    cairn_random_init(&random, seed);
    projected_init(&patterns, &cairn_patterns_module, "home", &OPTIONS, BUDGET);
    for (uint32_t number = 0; number < EPISODES; number++) {
        struct played episode;
        invent(&episode, number, &random);
        played_play(&patterns, &episode);
        for (int i = 0; i < 2; i++) {
            uint64_t seq = 1 + cairn_random_below(&random, patterns.seq);
            projected_forget(&patterns, seq);
            assert_int_equal(patterns.result, 0);
            is_forgotten[seq - 1] = true;
        }
        if (number % 20 == 19)
            check_against_rebuilt(&patterns, is_forgotten);
    }
    projected_deinit(&patterns);
}

static void forgetting_everything_leaves_an_empty_model(void **state)
{
    (void)state;
    static struct played episodes[EPISODES];
    struct projected patterns;
    struct cairn_random random;
    cairn_random_init(&random, 22);
    projected_init(&patterns, &cairn_patterns_module, "home", &OPTIONS, BUDGET);
    for (uint32_t number = 0; number < EPISODES; number++) {
        invent(&episodes[number], number, &random);
        played_play(&patterns, &episodes[number]);
    }
    for (uint32_t number = 0; number < EPISODES; number++)
        played_forget(&patterns, &episodes[number]);
    struct cairn_digest digest = projected_digest(&patterns);
    assert_true(digest.low == 0 && digest.high == 0);
    const struct cairn_patterns_model *model = cairn_patterns_model_of(&patterns.space.heap);
    assert_int_equal(cairn_heap_names_count(&patterns.space.heap, model->names), 0);
    projected_deinit(&patterns);
}

/* ---- planted patterns ---- */

enum { PLANTED = 20, PLANTED_EPISODES = 1000 };

/* Pattern p is 2 to 5 tools of its own; around it lie tools that no other episode has. One in five
 * episodes of an odd pattern succeeds in part. */
static void plant(struct projected *patterns, uint32_t number)
{
    char names[8][32];
    uint32_t pattern = number % PLANTED;
    uint32_t length = 2 + pattern % 4;
    played_begin(patterns, number, pattern % 2 == 0 ? "even" : "odd");
    snprintf(names[0], sizeof(names[0]), "before-%u", number);
    played_step(patterns, number, names[0], NULL);
    for (uint32_t i = 0; i < length; i++) {
        snprintf(names[1 + i], sizeof(names[1 + i]), "tool-%u-%u", pattern, i);
        played_step(patterns, number, names[1 + i], NULL);
    }
    snprintf(names[7], sizeof(names[7]), "after-%u", number);
    played_step(patterns, number, names[7], NULL);
    played_end(patterns, number,
               number / PLANTED % 5 == 0 && pattern % 2 == 1 ? "partial" : "success");
}

static void twenty_planted_patterns_are_found_with_their_counts(void **state)
{
    (void)state;
    struct projected patterns;
    projected_init(&patterns, &cairn_patterns_module, "home", &OPTIONS, BUDGET);
    for (uint32_t number = 0; number < PLANTED_EPISODES; number++)
        plant(&patterns, number);
    cairn_ref *found;
    int count = list_patterns(&patterns.space.heap, &found);
    assert_int_equal(count, PLANTED);
    for (int i = 0; i < count; i++) {
        const struct cairn_sequence *sequence = cairn_sequence_at(&patterns.space.heap, found[i]);
        char text[RUN_TEXT];
        unsigned pattern;
        text_of(&patterns.space.heap, sequence, text);
        assert_int_equal(sscanf(strchr(text, '|') + 1, "tool-%u-0>", &pattern), 1);
        assert_int_equal(sequence->length, 2 + pattern % 4);
        assert_int_equal(sequence->support, PLANTED_EPISODES / PLANTED);
        assert_int_equal(sequence->success_halves, pattern % 2 == 1 ? 90 : 100);
    }
    free(found);
    projected_deinit(&patterns);
}

/* The digest has sequence numbers in it; the patterns, with ids and counts, do not. */
static void the_order_of_arrival_does_not_change_the_set(void **state)
{
    (void)state;
    struct projected forward, backward;
    cairn_ref *left, *right;
    projected_init(&forward, &cairn_patterns_module, "home", &OPTIONS, BUDGET);
    projected_init(&backward, &cairn_patterns_module, "home", &OPTIONS, BUDGET);
    for (uint32_t number = 0; number < 200; number++) {
        plant(&forward, number);
        plant(&backward, 199 - number);
    }
    int count = list_patterns(&forward.space.heap, &left);
    assert_int_equal(list_patterns(&backward.space.heap, &right), count);
    assert_int_equal(count, PLANTED);
    for (int i = 0; i < count; i++) {
        const struct cairn_sequence *one = cairn_sequence_at(&forward.space.heap, left[i]);
        int same = 0;
        for (int j = 0; j < count; j++) {
            const struct cairn_sequence *other = cairn_sequence_at(&backward.space.heap, right[j]);
            same += one->id.low == other->id.low && one->id.high == other->id.high &&
                    one->support == other->support && one->success_halves == other->success_halves;
        }
        assert_int_equal(same, 1);
    }
    free(left);
    free(right);
    projected_deinit(&forward);
    projected_deinit(&backward);
}

/* ---- limits ---- */

static int patterns_of(uint32_t episodes, uint32_t successes, uint32_t partials, uint32_t steps)
{
    struct projected patterns;
    cairn_ref *found;
    projected_init(&patterns, &cairn_patterns_module, "home", &OPTIONS, BUDGET);
    for (uint32_t number = 0; number < episodes; number++) {
        struct played episode = {.number = number,
                                 .domain = "web",
                                 .outcome = number < successes              ? "success"
                                            : number < successes + partials ? "partial"
                                                                            : "failure"};
        for (uint32_t i = 0; i < steps; i++)
            episode.tools[i] = TOOLS[i % 5];
        played_play(&patterns, &episode);
    }
    int count = list_patterns(&patterns.space.heap, &found);
    free(found);
    projected_deinit(&patterns);
    return count;
}

static void support_success_and_length_begin_at_their_limits(void **state)
{
    (void)state;
    assert_int_equal(patterns_of(2, 2, 0, 2), 0);
    assert_int_equal(patterns_of(3, 3, 0, 2), 1);
    assert_int_equal(patterns_of(4, 4, 0, 2), 1);
    assert_int_equal(patterns_of(10, 6, 1, 2), 0); /* 6.5 of 10 */
    assert_int_equal(patterns_of(10, 7, 0, 2), 1);
    assert_int_equal(patterns_of(10, 6, 2, 2), 1); /* 7 of 10: a partial one counts half */
    assert_int_equal(patterns_of(3, 3, 0, 0), 0);
    assert_int_equal(patterns_of(3, 3, 0, 1), 0);
    assert_int_equal(patterns_of(3, 3, 0, 5), 1);
    assert_int_equal(patterns_of(3, 3, 0, 6), 2); /* a..e and b..a, both five long */
}

static void confidence_is_wilsons_lower_bound(void **state)
{
    (void)state;
    static const struct {
        uint32_t support, halves;
        double wanted;
    } cases[] = {{3, 6, 0.438494}, {10, 20, 0.722460}, {10, 14, 0.396773}, {100, 180, 0.825632}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct cairn_sequence sequence = {.support = cases[i].support,
                                          .success_halves = cases[i].halves};
        assert_true(fabs(cairn_sequence_confidence(&sequence) - cases[i].wanted) < 1e-5);
    }
}

static void a_lower_threshold_finds_what_was_counted_before_it(void **state)
{
    (void)state;
    struct projected patterns;
    struct cairn_heap *heap = &patterns.space.heap;
    cairn_ref *found;
    projected_init(&patterns, &cairn_patterns_module, "home", &OPTIONS, BUDGET);
    for (uint32_t number = 0; number < 2; number++)
        played_play(&patterns, &(struct played){.number = number,
                                                .domain = "web",
                                                .tools = {"a", "b"},
                                                .outcome = "success"});
    assert_int_equal(list_patterns(heap, &found), 0);
    free(found);
    cairn_sequences_set_threshold(heap, cairn_patterns_model_of(heap)->sequences, 2);
    assert_int_equal(list_patterns(heap, &found), 1);
    free(found);
    cairn_sequences_set_threshold(heap, cairn_patterns_model_of(heap)->sequences, 3);
    assert_int_equal(list_patterns(heap, &found), 0);
    free(found);
    projected_deinit(&patterns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(incremental_counts_equal_full_extraction_with_forgets),
        cmocka_unit_test(forgetting_single_events_equals_never_having_seen_them),
        cmocka_unit_test(forgetting_everything_leaves_an_empty_model),
        cmocka_unit_test(twenty_planted_patterns_are_found_with_their_counts),
        cmocka_unit_test(the_order_of_arrival_does_not_change_the_set),
        cmocka_unit_test(support_success_and_length_begin_at_their_limits),
        cmocka_unit_test(confidence_is_wilsons_lower_bound),
        cmocka_unit_test(a_lower_threshold_finds_what_was_counted_before_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
