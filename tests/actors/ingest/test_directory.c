/* The directory against a list that is searched from end to end. */
#include "actors/ingest/directory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/random.h"
#include "tests/support/projected.h"

#define BUDGET   (UINT64_C(64) << 20)
#define ROWS_MAX 4000
#define EPISODES 40
#define IDS      60

/* ---- the naive model ---- */

struct naive_row {
    uint64_t seq;
    int64_t ts_ms;
    uint64_t bytes;
    char channel[16], author[16], name[16];
    int episode; /* -1: none */
    uint8_t kind;
    bool is_forgotten;
};

struct naive_key {
    uint64_t seq; /* 0: never used */
    uint64_t content;
};

struct model {
    struct projected projected;
    struct naive_row rows[ROWS_MAX];
    uint32_t row_count;
    struct naive_key keys[IDS];
    int episodes[EPISODES]; /* enum cairn_episode_state */
    char settings[32];
    uint64_t last_seq;
};

static struct model *model_create(uint64_t budget_bytes)
{
    struct model *model = calloc(1, sizeof(*model));
    projected_init(&model->projected, &cairn_directory_module, "lab", NULL, budget_bytes);
    return model;
}

static void model_destroy(struct model *model)
{
    projected_deinit(&model->projected);
    free(model);
}

static void uuid_of(int episode, uint8_t uuid[16])
{
    memset(uuid, 0xa5, 16);
    uuid[0] = (uint8_t)episode; /* all else alike: a weak hash would show */
}

static bool is_named(uint8_t kind)
{
    return kind == CAIRN_EVENT_FACT || kind == CAIRN_EVENT_CUSTOM;
}

static bool is_of_episode(uint8_t kind)
{
    return kind == CAIRN_EVENT_EPISODE || kind == CAIRN_EVENT_STEP ||
           kind == CAIRN_EVENT_COMPLETION;
}

/* ---- the same step for both ---- */

static void pick(struct cairn_random *random, char letter, unsigned of, char name[16])
{
    snprintf(name, 16, "%c%u", letter, (unsigned)cairn_random_below(random, of));
}

static struct naive_row draw_row(struct model *model, struct cairn_random *random)
{
    static const uint8_t kinds[] = {
        CAIRN_EVENT_MESSAGE,  CAIRN_EVENT_MESSAGE,    CAIRN_EVENT_MESSAGE, CAIRN_EVENT_EPISODE,
        CAIRN_EVENT_STEP,     CAIRN_EVENT_COMPLETION, CAIRN_EVENT_FACT,    CAIRN_EVENT_CUSTOM,
        CAIRN_EVENT_SETTINGS, CAIRN_EVENT_FEEDBACK};
    struct naive_row row = {.episode = -1};
    row.kind = kinds[cairn_random_below(random, sizeof(kinds))];
    row.ts_ms = (int64_t)cairn_random_below(random, 1000) - 100;
    /* Gaps are other spaces' events. */
    row.seq = model->last_seq += 1 + cairn_random_below(random, 3);
    if (row.kind == CAIRN_EVENT_MESSAGE) {
        pick(random, 'c', 3, row.channel);
        pick(random, 'a', 5, row.author);
    }
    if (row.kind == CAIRN_EVENT_FACT)
        pick(random, 'a', 5, row.author);
    if (is_named(row.kind))
        pick(random, 'n', 4, row.name);
    if (is_of_episode(row.kind))
        row.episode = (int)cairn_random_below(random, EPISODES);
    return row;
}

static struct cairn_event begin_event(struct model *model, const struct naive_row *row)
{
    cairn_buffer_clear(&model->projected.payload);
    return (struct cairn_event){.seq = row->seq,
                                .ts_ms = row->ts_ms,
                                .kind = row->kind,
                                .space = model->projected.space.name,
                                .channel = cairn_slice_of(row->channel),
                                .author = cairn_slice_of(row->author)};
}

static void put_fields(struct model *model, const struct naive_row *row, int id)
{
    struct cairn_buffer *payload = &model->projected.payload;
    uint8_t uuid[16];
    char client_id[16];
    snprintf(client_id, sizeof(client_id), "id%d", id);
    if (row->kind == CAIRN_EVENT_MESSAGE)
        cairn_event_put(payload, CAIRN_FIELD_TEXT, cairn_slice_of(row->author));
    if (row->kind == CAIRN_EVENT_MESSAGE && id >= 0)
        cairn_event_put(payload, CAIRN_FIELD_CLIENT_ID, cairn_slice_of(client_id));
    uuid_of(row->episode, uuid);
    if (row->episode >= 0)
        cairn_event_put(payload, CAIRN_FIELD_EPISODE, cairn_slice(uuid, 16));
    if (row->kind == CAIRN_EVENT_FACT)
        cairn_event_put(payload, CAIRN_FIELD_KEY, cairn_slice_of(row->name));
    if (row->kind == CAIRN_EVENT_CUSTOM)
        cairn_event_put(payload, CAIRN_FIELD_NAME, cairn_slice_of(row->name));
    if (row->kind == CAIRN_EVENT_SETTINGS)
        cairn_event_put(payload, CAIRN_FIELD_SETTINGS, cairn_slice_of(model->settings));
}

static void note_in_naive(struct model *model, const struct naive_row *row)
{
    model->rows[model->row_count++] = *row;
    if (row->episode >= 0 && model->episodes[row->episode] == CAIRN_EPISODE_UNKNOWN)
        model->episodes[row->episode] = CAIRN_EPISODE_OPEN;
    if (row->kind == CAIRN_EVENT_COMPLETION)
        model->episodes[row->episode] = CAIRN_EPISODE_COMPLETED;
}

/* An episode that was forgotten is not written to again: ingest refuses that. */
static bool is_possible(const struct model *model, const struct naive_row *row)
{
    for (uint32_t i = 0; row->episode >= 0 && i < model->row_count; i++) {
        if (model->rows[i].is_forgotten && model->rows[i].episode == row->episode)
            return false;
    }
    return true;
}

static void add_event(struct model *model, struct cairn_random *random)
{
    struct naive_row row = draw_row(model, random);
    int id = cairn_random_below(random, 2) == 0 ? (int)cairn_random_below(random, IDS) : -1;
    if (!is_possible(model, &row))
        return;
    if (row.kind == CAIRN_EVENT_SETTINGS)
        snprintf(model->settings, sizeof(model->settings), "{\"state_size\":%u}",
                 (unsigned)row.seq);
    struct cairn_event event = begin_event(model, &row);
    put_fields(model, &row, id);
    event.payload = cairn_buffer_slice(&model->projected.payload);
    row.bytes = event.payload.bytes;
    assert_int_equal(cairn_directory_module.apply(&model->projected.space, &event), 0);
    note_in_naive(model, &row);
    if (row.kind == CAIRN_EVENT_MESSAGE && id >= 0) {
        char client_id[16];
        snprintf(client_id, sizeof(client_id), "id%d", id);
        struct cairn_directory_key key = cairn_directory_key_of(&event, cairn_slice_of(client_id));
        model->keys[id] = (struct naive_key){.seq = row.seq, .content = key.content};
    }
}

/* ---- selections ---- */

struct drawn_filter {
    struct cairn_directory_filter filter;
    char channel[16], author[16], name[16];
    uint8_t uuid[16];
    int episode;
};

static bool sometimes(struct cairn_random *random)
{
    return cairn_random_below(random, 4) == 0;
}

/* `drawn` must stay where it is: the filter borrows from it. */
static void draw_filter(struct model *model, struct cairn_random *random,
                        struct drawn_filter *drawn)
{
    *drawn = (struct drawn_filter){.episode = -1};
    struct cairn_directory_filter *filter = &drawn->filter;
    if (sometimes(random))
        pick(random, 'c', 4, drawn->channel);
    if (sometimes(random))
        pick(random, 'a', 6, drawn->author);
    if (sometimes(random))
        pick(random, 'n', 5, drawn->name);
    if (sometimes(random)) {
        drawn->episode = (int)cairn_random_below(random, EPISODES + 5);
        uuid_of(drawn->episode, drawn->uuid);
        filter->episode = cairn_slice(drawn->uuid, 16);
    }
    filter->channel = cairn_slice_of(drawn->channel);
    filter->author = cairn_slice_of(drawn->author);
    filter->name = cairn_slice_of(drawn->name);
    if (sometimes(random))
        filter->kind = (uint8_t)(CAIRN_EVENT_MESSAGE + cairn_random_below(random, 16));
    if (sometimes(random))
        filter->seq = cairn_random_below(random, model->last_seq + 2);
    if (sometimes(random))
        filter->after_seq = cairn_random_below(random, model->last_seq + 2);
    if (sometimes(random))
        filter->up_to_seq = cairn_random_below(random, model->last_seq + 2);
    filter->has_since = sometimes(random);
    filter->since_ms = (int64_t)cairn_random_below(random, 1000) - 100;
    filter->has_until = sometimes(random);
    filter->until_ms = (int64_t)cairn_random_below(random, 1000) - 100;
}

static bool naive_matches(const struct naive_row *row, const struct drawn_filter *drawn)
{
    const struct cairn_directory_filter *filter = &drawn->filter;
    bool is_by_name = drawn->channel[0] != '\0' || drawn->author[0] != '\0';
    if (row->is_forgotten || (filter->kind != 0 && row->kind != filter->kind))
        return false;
    if (row->kind == CAIRN_EVENT_FORGET && is_by_name)
        return false;
    if (drawn->channel[0] != '\0' && strcmp(row->channel, drawn->channel) != 0)
        return false;
    if (drawn->author[0] != '\0' && strcmp(row->author, drawn->author) != 0)
        return false;
    if (drawn->name[0] != '\0' && (!is_named(row->kind) || strcmp(row->name, drawn->name) != 0))
        return false;
    if (drawn->episode >= 0 && (!is_of_episode(row->kind) || row->episode != drawn->episode))
        return false;
    if (filter->seq != 0 && row->seq != filter->seq)
        return false;
    if (filter->seq == 0 &&
        (row->seq <= filter->after_seq || (filter->up_to_seq != 0 && row->seq > filter->up_to_seq)))
        return false;
    return (!filter->has_since || row->ts_ms >= filter->since_ms) &&
           (!filter->has_until || row->ts_ms < filter->until_ms);
}

static void check_filter(struct model *model, struct cairn_random *random)
{
    struct drawn_filter drawn;
    uint32_t position = 0;
    draw_filter(model, random, &drawn);
    for (uint32_t i = 0; i < model->row_count; i++) {
        if (naive_matches(&model->rows[i], &drawn))
            assert_int_equal(
                cairn_directory_next(&model->projected.space, &drawn.filter, &position),
                model->rows[i].seq);
    }
    assert_int_equal(cairn_directory_next(&model->projected.space, &drawn.filter, &position), 0);
    assert_int_equal(cairn_directory_next(&model->projected.space, &drawn.filter, &position), 0);
}

/* ---- forgetting ---- */

static void forget_naive(struct model *model, struct naive_row *row)
{
    row->is_forgotten = true;
    if (row->kind == CAIRN_EVENT_EPISODE)
        model->episodes[row->episode] = CAIRN_EPISODE_UNKNOWN;
}

/* Take out what a filter selects (as many as a DELETE would), and note the forget as a row. */
static void forget_some(struct model *model, struct cairn_random *random)
{
    static uint64_t seqs[ROWS_MAX + 1];
    struct drawn_filter drawn;
    uint32_t count = 0;
    draw_filter(model, random, &drawn);
    for (uint32_t i = 0; i < model->row_count && count < 40; i++) {
        struct naive_row *row = &model->rows[i];
        if (row->kind == CAIRN_EVENT_FORGET || !naive_matches(row, &drawn))
            continue;
        seqs[count++] = row->seq;
        forget_naive(model, row);
    }
    seqs[count++] = model->last_seq + 1; /* not there: ignored */
    assert_int_equal(cairn_directory_module.forget(&model->projected.space, seqs, count), 0);
    assert_int_equal(cairn_directory_module.forget(&model->projected.space, seqs, count), 0);

    struct naive_row row = {
        .kind = CAIRN_EVENT_FORGET, .episode = -1, .seq = model->last_seq += 2, .ts_ms = 5};
    memcpy(row.channel, drawn.channel, sizeof(row.channel));
    memcpy(row.author, drawn.author, sizeof(row.author));
    struct cairn_event event = begin_event(model, &row);
    assert_int_equal(cairn_directory_module.apply(&model->projected.space, &event), 0);
    note_in_naive(model, &row);
}

/* ---- comparing all of it ---- */

static void check_totals(const struct model *model)
{
    struct cairn_directory_totals totals, expected = {0};
    for (uint32_t i = 0; i < model->row_count; i++) {
        const struct naive_row *row = &model->rows[i];
        if (row->kind == CAIRN_EVENT_FORGET)
            continue;
        expected.forgotten += row->is_forgotten;
        expected.payload_bytes += row->bytes;
        if (row->is_forgotten)
            continue;
        if (expected.first_seq == 0) {
            expected.first_seq = row->seq;
            expected.first_ts_ms = expected.last_ts_ms = row->ts_ms;
        }
        expected.live++;
        expected.by_kind[row->kind]++;
        expected.last_seq = row->seq;
        if (row->ts_ms < expected.first_ts_ms)
            expected.first_ts_ms = row->ts_ms;
        if (row->ts_ms > expected.last_ts_ms)
            expected.last_ts_ms = row->ts_ms;
    }
    cairn_directory_totals(&model->projected.space, &totals);
    assert_memory_equal(&totals, &expected, sizeof(totals));
}

static void check_keys(const struct model *model)
{
    struct cairn_event event = {.space = model->projected.space.name};
    for (int id = 0; id < IDS; id++) {
        char client_id[16];
        struct cairn_directory_key found;
        snprintf(client_id, sizeof(client_id), "id%d", id);
        struct cairn_directory_key key = cairn_directory_key_of(&event, cairn_slice_of(client_id));
        bool is_known = cairn_directory_find_key(&model->projected.space, &key, &found);
        assert_int_equal(is_known, model->keys[id].seq != 0);
        if (!is_known)
            continue;
        assert_int_equal(found.seq, model->keys[id].seq);
        assert_true(found.content == model->keys[id].content);
    }
}

static void check_all(struct model *model, struct cairn_random *random)
{
    const struct cairn_projection_space *space = &model->projected.space;
    uint8_t uuid[16];
    for (int i = 0; i < 40; i++)
        check_filter(model, random);
    for (uint32_t i = 0; i < model->row_count; i++) {
        const struct naive_row *row = &model->rows[i];
        assert_int_equal(cairn_directory_kind(space, row->seq),
                         row->is_forgotten ? CAIRN_EVENT_NONE : row->kind);
    }
    assert_int_equal(cairn_directory_kind(space, 0), CAIRN_EVENT_NONE);
    assert_int_equal(cairn_directory_kind(space, model->last_seq + 1), CAIRN_EVENT_NONE);
    for (int episode = 0; episode < EPISODES; episode++) {
        uuid_of(episode, uuid);
        assert_int_equal(cairn_directory_episode(space, cairn_slice(uuid, 16)),
                         model->episodes[episode]);
    }
    assert_int_equal(cairn_directory_episode(space, cairn_slice(uuid, 15)), CAIRN_EPISODE_UNKNOWN);
    assert_true(cairn_slice_is(cairn_directory_settings(space), model->settings));
    check_totals(model);
    check_keys(model);
}

static void it_agrees_with_a_list_that_is_searched_from_end_to_end(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct cairn_random random;
        struct model *model = model_create(BUDGET);
        cairn_random_init(&random, seed);
        print_message("seed %llu\n", (unsigned long long)seed);
        for (int step = 0; step < 1500; step++) {
            if (cairn_random_below(&random, 40) == 0)
                forget_some(model, &random);
            else
                add_event(model, &random);
            if (step % 100 == 0)
                check_all(model, &random);
            if (step % 311 == 0)
                projected_reload(&model->projected);
        }
        check_all(model, &random);
        model_destroy(model);
    }
}

/* ---- single facts ---- */

static void a_loaded_image_has_the_same_digest(void **state)
{
    (void)state;
    struct cairn_random random;
    struct model *model = model_create(BUDGET);
    cairn_random_init(&random, 9);
    for (int i = 0; i < 300; i++)
        add_event(model, &random);
    struct cairn_digest before = projected_digest(&model->projected);
    projected_reload(&model->projected);
    struct cairn_digest after = projected_digest(&model->projected);
    assert_true(before.low == after.low && before.high == after.high);
    forget_some(model, &random);
    after = projected_digest(&model->projected);
    assert_false(before.low == after.low && before.high == after.high);
    model_destroy(model);
}

static void nothing_comes_after_the_last_sequence_there_can_be(void **state)
{
    (void)state;
    struct cairn_random random;
    struct cairn_directory_filter filter = {.after_seq = UINT64_MAX};
    uint32_t position = 0;
    struct model *model = model_create(BUDGET);
    cairn_random_init(&random, 1);
    add_event(model, &random);
    assert_int_equal(cairn_directory_next(&model->projected.space, &filter, &position), 0);
    model_destroy(model);
}

/* Keys of two spaces and ids of like content are told apart. */
static void a_key_is_of_its_space_and_its_content_of_all_that_was_sent(void **state)
{
    (void)state;
    struct cairn_slice id = cairn_slice_of("id");
    struct cairn_event event = {.kind = CAIRN_EVENT_MESSAGE,
                                .space = cairn_slice_of("a"),
                                .channel = cairn_slice_of("c"),
                                .author = cairn_slice_of("x"),
                                .payload = cairn_slice_of("p")};
    struct cairn_directory_key key = cairn_directory_key_of(&event, id);
    struct cairn_event other = event;
    other.space = cairn_slice_of("b");
    assert_true(cairn_directory_key_of(&other, id).low != key.low);
    const char *const changed[] = {"d", "y", "q"};
    for (int i = 0; i < 3; i++) {
        other = event;
        *(i == 0   ? &other.channel
          : i == 1 ? &other.author
                   : &other.payload) = cairn_slice_of(changed[i]);
        struct cairn_directory_key others = cairn_directory_key_of(&other, id);
        assert_true(others.low == key.low && others.high == key.high);
        assert_true(others.content != key.content);
    }
}

static void a_full_directory_says_so_and_keeps_what_it_has(void **state)
{
    (void)state;
    struct model *model = model_create(16384);
    struct cairn_directory_totals totals;
    struct cairn_directory_filter filter = {0};
    uint64_t seq = 0;
    int result = 0;
    while (result == 0) {
        struct naive_row row = {.kind = CAIRN_EVENT_MESSAGE, .episode = -1, .seq = ++seq};
        snprintf(row.author, sizeof(row.author), "a%u", (unsigned)(seq % 100));
        struct cairn_event event = begin_event(model, &row);
        put_fields(model, &row, (int)seq);
        event.payload = cairn_buffer_slice(&model->projected.payload);
        result = cairn_directory_module.apply(&model->projected.space, &event);
        assert_true(seq < 10000);
    }
    assert_int_equal(result, -ENOMEM);
    cairn_directory_totals(&model->projected.space, &totals);
    assert_int_equal(totals.live, seq - 1);
    assert_int_equal(cairn_directory_kind(&model->projected.space, seq), CAIRN_EVENT_NONE);
    uint32_t position = 0;
    for (uint64_t expected = 1; expected < seq; expected++)
        assert_int_equal(cairn_directory_next(&model->projected.space, &filter, &position),
                         expected);
    assert_int_equal(cairn_directory_next(&model->projected.space, &filter, &position), 0);
    model_destroy(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_agrees_with_a_list_that_is_searched_from_end_to_end),
        cmocka_unit_test(a_loaded_image_has_the_same_digest),
        cmocka_unit_test(nothing_comes_after_the_last_sequence_there_can_be),
        cmocka_unit_test(a_key_is_of_its_space_and_its_content_of_all_that_was_sent),
        cmocka_unit_test(a_full_directory_says_so_and_keeps_what_it_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
