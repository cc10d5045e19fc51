/* What ingest answers of what it knows: lists, events, spaces, settings, receipts, digests, and the
 * stream of events to those that follow. */
#include "runtime/base/json.h"
#include "tests/actors/ingest_room.h"

static int set_up(void **state)
{
    struct room *room = room_create(true);
    room_open(room);
    *state = room;
    return 0;
}

static int tear_down(void **state)
{
    room_destroy(*state);
    return 0;
}

static struct cairn_request *ask(struct room *room, enum cairn_operation operation,
                                 const char *space, const char *first, const char *query)
{
    return desk_ask(&room->desk, room->ref, room_request(operation, space, first, NULL, query));
}

static void expect(struct room *room, enum cairn_operation operation, const char *space,
                   const char *first, const char *query, int status, const char *part)
{
    room_expect(room, room_request(operation, space, first, NULL, query), status, part);
}

/* ---- lists ---- */

/* The sequences of a page's items; *cursor is empty at the end. */
static uint32_t read_page(const struct cairn_request *request, uint64_t *seqs, char cursor[32])
{
    struct cairn_json_scratch scratch = {0};
    struct cairn_json_reader reader;
    struct cairn_slice key, text = cairn_slice_of(request->answer.data);
    uint32_t count = 0;
    cursor[0] = '\0';
    cairn_json_scratch_begin(&scratch, text.bytes);
    cairn_json_reader_init(&reader, text, &scratch);
    cairn_json_enter_object(&reader);
    while (cairn_json_next_member(&reader, &key)) {
        if (cairn_slice_is(key, "next_cursor")) {
            if (!cairn_json_take_null(&reader) && cairn_json_read_string(&reader, &text) == 0)
                snprintf(cursor, 32, "%.*s", (int)text.bytes, text.data);
            continue;
        }
        cairn_json_enter_array(&reader);
        while (cairn_json_next_element(&reader)) {
            cairn_json_enter_object(&reader);
            while (cairn_json_next_member(&reader, &key)) {
                if (cairn_slice_is(key, "seq"))
                    cairn_json_read_u64(&reader, &seqs[count]);
            }
            count++;
        }
    }
    assert_int_equal(cairn_json_finish(&reader), 0);
    cairn_json_scratch_deinit(&scratch);
    return count;
}

/* All pages of `limit` give together what one page gives. */
static void pages_of_any_length_give_the_same_list(void **state)
{
    struct room *room = *state;
    uint64_t all[200], page[200];
    char cursor[32], query[96];
    for (int i = 0; i < 10; i++) {
        room_fill(room, "a", i % 2 == 0 ? "ann" : "ben", 3);
        room_fill(room, "b", "ann", 1);
    }
    expect(room, CAIRN_OPERATION_FORGET_MESSAGE, "a", "6", NULL, 200, "");
    struct cairn_request *request =
        ask(room, CAIRN_OPERATION_LIST_MESSAGES, "a", NULL, "author=ann");
    uint32_t count = read_page(request, all, cursor);
    assert_int_equal(count, 15);
    assert_string_equal(cursor, "");
    cairn_request_destroy(request);
    for (uint32_t limit = 1; limit <= 16; limit++) {
        uint32_t at = 0;
        snprintf(query, sizeof(query), "author=ann&limit=%u", limit);
        do {
            request = ask(room, CAIRN_OPERATION_LIST_MESSAGES, "a", NULL, query);
            uint32_t got = read_page(request, page, cursor);
            assert_true(got <= limit && at + got <= count);
            assert_memory_equal(page, all + at, got * sizeof(all[0]));
            at += got;
            snprintf(query, sizeof(query), "author=ann&limit=%u&cursor=%s", limit, cursor);
            cairn_request_destroy(request);
        } while (cursor[0] != '\0');
        assert_int_equal(at, count);
    }
}

static void a_list_is_narrowed_as_asked(void **state)
{
    struct room *room = *state;
    static const struct {
        const char *query;
        int status;
        const char *part;
    } cases[] = {
        {"channel=d", 200, "{\"items\":[{\"seq\":2,"},
        {"channel=none", 200, "{\"items\":[],\"next_cursor\":null}"},
        {"since=1700000000001", 200, "{\"items\":[{\"seq\":3,"},
        {"until=1700000000000", 200, "{\"items\":[]"},
        {"since=1700000000000&until=1700000000001&limit=1", 200, "\"next_cursor\":\"1\""},
        {"limit=0", 400, "limit must be"},
        {"limit=1001", 400, "limit must be"},
        {"limit=x", 400, "limit"},
        {"cursor=x", 400, "cursor"},
        {"since=x", 400, "since"},
        {"cursor=18446744073709551615", 200, "{\"items\":[],"},
    };
    room_fill(room, "a", "ann", 1);
    room_expect(room,
                room_write(CAIRN_OPERATION_POST_MESSAGES, "a", NULL, NULL,
                           "{\"channel\":\"d\",\"author\":\"ben\",\"text\":\"x\"}\n"
                           "{\"channel\":\"c\",\"author\":\"ben\",\"text\":\"y\","
                           "\"ts\":1700000000001}"),
                200, "");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect(room, CAIRN_OPERATION_LIST_MESSAGES, "a", NULL, cases[i].query, cases[i].status,
               cases[i].part);
    expect(room, CAIRN_OPERATION_LIST_MESSAGES, "b", NULL, NULL, 404, "no space");
}

static void events_are_listed_as_lines_by_kind(void **state)
{
    struct room *room = *state;
    room_fill(room, "a", "ann", 1);
    room_expect(room,
                room_write(CAIRN_OPERATION_POST_EVENTS, "a", NULL, NULL,
                           "{\"kind\":\"note\",\"content\":\"n\"}"),
                200, "");
    struct cairn_request *request = ask(room, CAIRN_OPERATION_LIST_EVENTS, "a", NULL, NULL);
    assert_string_equal(request->content_type, "application/x-ndjson");
    assert_string_equal(request->answer.data,
                        "{\"seq\":1,\"ts\":1700000000000,\"kind\":\"message\",\"space\":\"a\","
                        "\"channel\":\"c\",\"author\":\"ann\",\"text\":\"0\"}\n"
                        "{\"seq\":2,\"ts\":1700000000000,\"kind\":\"note\",\"space\":\"a\","
                        "\"content\":\"n\"}\n");
    cairn_request_destroy(request);
    expect(room, CAIRN_OPERATION_LIST_EVENTS, "a", NULL, "kind=note", 200, "{\"seq\":2,");
    expect(room, CAIRN_OPERATION_LIST_EVENTS, "a", NULL, "since=1", 200, "{\"seq\":2,");
    request = ask(room, CAIRN_OPERATION_LIST_EVENTS, "a", NULL, "kind=nothing");
    assert_string_equal(request->answer.data, "");
    cairn_request_destroy(request);
}

static void one_event_is_shown_to_its_space_alone(void **state)
{
    struct room *room = *state;
    room_fill(room, "a", "ann", 1);
    room_fill(room, "b", "ben", 1);
    expect(room, CAIRN_OPERATION_GET_MESSAGE, "a", "1", NULL, 200, "{\"seq\":1,");
    static const char *const others[] = {"2", "0", "3", "x", "18446744073709551615"};
    for (int i = 0; i < 5; i++)
        expect(room, CAIRN_OPERATION_GET_MESSAGE, "a", others[i], NULL, 404, "no message");
}

/* ---- forgets ---- */

static void a_forget_has_a_receipt_and_its_events_are_gone(void **state)
{
    struct room *room = *state;
    room_fill(room, "a", "ann", 2);
    expect(room, CAIRN_OPERATION_FORGET_AUTHOR, "a", "ann", NULL, 200, "");
    expect(room, CAIRN_OPERATION_GET_FORGET, "a", "3", NULL, 200,
           "\"scope\":\"author\",\"author\":\"ann\",\"forgotten\":2,");
    expect(room, CAIRN_OPERATION_GET_FORGET, "a", "1", NULL, 404, "no forget");
    expect(room, CAIRN_OPERATION_GET_MESSAGE, "a", "3", NULL, 404, "");
    expect(room, CAIRN_OPERATION_GET_MESSAGE, "a", "1", NULL, 404, "");
    room_reopen(room);
    expect(room, CAIRN_OPERATION_GET_FORGET, "a", "3", NULL, 200, "\"forgotten\":2,");
}

/* ---- spaces and settings ---- */

static void spaces_are_listed_with_their_totals(void **state)
{
    struct room *room = *state;
    expect(room, CAIRN_OPERATION_LIST_SPACES, "", NULL, NULL, 200,
           "{\"items\":[],\"next_cursor\":null}");
    room_fill(room, "a", "ann", 2);
    room_fill(room, "b", "ann", 1);
    expect(room, CAIRN_OPERATION_GET_SPACE, "a", NULL, NULL, 200,
           "{\"space\":\"a\",\"events\":2,\"by_kind\":{\"message\":2},\"forgotten\":0,");
    struct cairn_request *request = ask(room, CAIRN_OPERATION_LIST_SPACES, "", NULL, "limit=1");
    desk_check(request, 200, "\"space\":\"a\"");
    desk_check(request, 200, "\"next_cursor\":\"1\"");
    assert_null(strstr(request->answer.data, "\"space\":\"b\""));
    cairn_request_destroy(request);
    expect(room, CAIRN_OPERATION_LIST_SPACES, "", NULL, "limit=1&cursor=1", 200, "\"space\":\"b\"");
    expect(room, CAIRN_OPERATION_FORGET_SPACE, "a", NULL, NULL, 200, "\"forgotten\":2");
    request = ask(room, CAIRN_OPERATION_LIST_SPACES, "", NULL, NULL);
    assert_null(strstr(request->answer.data, "\"space\":\"a\""));
    cairn_request_destroy(request);
}

static void settings_are_the_defaults_under_what_was_put(void **state)
{
    struct room *room = *state;
    expect(room, CAIRN_OPERATION_GET_SETTINGS, "a", NULL, NULL, 404, "no space");
    room_fill(room, "a", "ann", 1);
    expect(room, CAIRN_OPERATION_GET_SETTINGS, "a", NULL, NULL, 200,
           "{\"language\":\"english\",\"state_size\":2,\"channel_chains\":true,\"listen\":[],"
           "\"autorespond\":[],\"quotas\":{}}");
    room_expect(room,
                room_write(CAIRN_OPERATION_PUT_SETTINGS, "a", NULL, NULL,
                           "{\"quotas\":{\"x\":1.0},\"state_size\":3}"),
                200, "");
    expect(room, CAIRN_OPERATION_GET_SETTINGS, "a", NULL, NULL, 200,
           "{\"language\":\"english\",\"state_size\":3,\"channel_chains\":true,\"listen\":[],"
           "\"autorespond\":[],\"quotas\":{\"x\":1.0}}");
}

/* ---- digests ---- */

static void a_digest_adds_up_every_shard(void **state)
{
    struct room *room = *state;
    room_fill(room, "a", "ann", 2);
    struct cairn_request *requests[3];
    for (int i = 0; i < 3; i++)
        requests[i] = room_request(CAIRN_OPERATION_DIGEST, "", NULL, NULL, NULL);
    desk_send(&room->desk, room->ref, CAIRN_MESSAGE_REQUEST, requests, 3);
    for (int i = 0; i < 3; i++)
        desk_expect(&room->desk, 200,
                    "{\"seq\":2,\"training\":\"00000000000000000000000000000003\","
                    "\"patterns\":\"00000000000000000000000000000003\","
                    "\"retrieval\":\"00000000000000000000000000000003\","
                    "\"facts\":\"00000000000000000000000000000003\"}");
}

static void a_digest_without_one_of_the_shards_is_none(void **state)
{
    struct room *room = *state;
    struct cairn_actor_ref *ended = &room->refs[CAIRN_PROJECTION_RETRIEVAL][1];
    cairn_system_stop_actor(room->desk.system, *ended);
    expect(room, CAIRN_OPERATION_DIGEST, "", NULL, NULL, 503, "has stopped");
    *ended = desk_spawn(&room->desk, "sink", sink_behaviour,
                        &room->sinks[CAIRN_PROJECTION_RETRIEVAL][1]);
    expect(room, CAIRN_OPERATION_DIGEST, "", NULL, NULL, 200, "\"seq\":0");
}

/* ---- following ---- */

static void follow(struct room *room, const char *space, const char *query, int status,
                   const char *part)
{
    struct cairn_request *request =
        room_request(CAIRN_OPERATION_LIST_EVENTS, space, NULL, NULL, query);
    desk_send(&room->desk, room->ref, CAIRN_MESSAGE_FOLLOW, &request, 1);
    desk_expect(&room->desk, status, part);
}

static void unfollow(struct room *room)
{
    struct cairn_request *nothing = NULL;
    desk_send(&room->desk, room->ref, CAIRN_MESSAGE_UNFOLLOW, &nothing, 1);
}

static uint64_t followed_seq(struct room *room, uint32_t index)
{
    pthread_mutex_lock(&room->desk.mutex);
    const struct cairn_batch *batch = room->desk.batches[index];
    pthread_mutex_unlock(&room->desk.mutex);
    return batch == NULL ? 0 : batch->events[0].seq;
}

static void a_follower_is_told_what_its_space_commits(void **state)
{
    struct room *room = *state;
    room_fill(room, "a", "ann", 1);
    follow(room, "a", NULL, 200, "");
    room_fill(room, "b", "ann", 1);
    room_fill(room, "a", "ann", 2);
    expect(room, CAIRN_OPERATION_FORGET_MESSAGE, "a", "1", NULL, 200, "");
    unfollow(room);
    for (int i = 0; i < 4; i++)
        desk_wait(&room->desk.followed);
    room_fill(room, "a", "ann", 1);
    assert_int_equal(room->desk.batch_count, 4);
    assert_int_equal(followed_seq(room, 0), 3);
    assert_int_equal(followed_seq(room, 1), 4);
    assert_int_equal(followed_seq(room, 2), 5);
    assert_int_equal(followed_seq(room, 3), 0); /* the end of the stream */
}

static void a_follower_may_have_what_was_before(void **state)
{
    struct room *room = *state;
    room_fill(room, "a", "ann", 3);
    struct cairn_request *request =
        room_request(CAIRN_OPERATION_LIST_EVENTS, "a", NULL, NULL, "since=1");
    desk_send(&room->desk, room->ref, CAIRN_MESSAGE_FOLLOW, &request, 1);
    request = desk_receive(&room->desk);
    assert_string_equal(request->content_type, "text/event-stream");
    assert_int_equal(request->seq, 3); /* what it covers */
    assert_true(strncmp(request->answer.data, "id: 2\ndata: {\"seq\":2,", 20) == 0);
    assert_non_null(strstr(request->answer.data, "\n\nid: 3\ndata: {\"seq\":3,"));
    cairn_request_destroy(request);
    room_fill(room, "a", "ann", 1);
    desk_wait(&room->desk.followed);
    assert_int_equal(followed_seq(room, 0), 4);
    unfollow(room);
    desk_wait(&room->desk.followed);
}

static void a_follower_that_asks_wrongly_is_none(void **state)
{
    struct room *room = *state;
    room_fill(room, "a", "ann", 1);
    follow(room, "a", "since=x", 400, "since");
    room_fill(room, "a", "ann", 1);
    assert_int_equal(room->desk.batch_count, 0);
}

static void a_follower_may_come_before_its_space(void **state)
{
    struct room *room = *state;
    follow(room, "new", NULL, 200, "");
    room_fill(room, "new", "ann", 1);
    desk_wait(&room->desk.followed);
    assert_int_equal(followed_seq(room, 0), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pages_of_any_length_give_the_same_list),
        TEST(a_list_is_narrowed_as_asked),
        TEST(events_are_listed_as_lines_by_kind),
        TEST(one_event_is_shown_to_its_space_alone),
        TEST(a_forget_has_a_receipt_and_its_events_are_gone),
        TEST(spaces_are_listed_with_their_totals),
        TEST(settings_are_the_defaults_under_what_was_put),
        TEST(a_digest_adds_up_every_shard),
        TEST(a_digest_without_one_of_the_shards_is_none),
        TEST(a_follower_is_told_what_its_space_commits),
        TEST(a_follower_may_have_what_was_before),
        TEST(a_follower_that_asks_wrongly_is_none),
        TEST(a_follower_may_come_before_its_space),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
