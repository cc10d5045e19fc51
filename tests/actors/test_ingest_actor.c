/* Writes through ingest: numbers, repeats, episodes, forgets, and what is published when. */
#include "tests/actors/ingest_room.h"

static int set_up(void **state)
{
    struct room *room = room_create(true);
    room_open(room);
    *state = room;
    return 0;
}

static int set_up_on_uring(void **state)
{
    struct room *room = room_create(false);
    room_open(room);
    *state = room;
    return 0;
}

static int tear_down(void **state)
{
    room_destroy(*state);
    return 0;
}

/* ---- numbers and order ---- */

static void writes_are_numbered_from_1_without_gaps(void **state)
{
    struct room *room = *state;
    room_expect(room, room_message("a", "ann", "x", NULL), 200,
                "{\"first_seq\":1,\"last_seq\":1,\"accepted\":1,\"duplicates\":0,"
                "\"ack\":\"durable\"}");
    room_expect(
        room,
        room_write(CAIRN_OPERATION_POST_EVENTS, "b", NULL, "ack=buffered",
                   "{\"kind\":\"n\",\"content\":\"1\"}\n{\"kind\":\"n\",\"content\":\"2\"}"),
        200, "{\"first_seq\":2,\"last_seq\":3,\"accepted\":2,\"ack\":\"buffered\"}");
    room_expect(room, room_write(CAIRN_OPERATION_PUT_FACT, "a", "ann", NULL, "{\"value\":1}"), 200,
                "{\"seq\":4,\"ack\":\"durable\"}");
    assert_int_equal(room->committed_seq, 4);
}

/* Whoever reads the answer may ask for the event at once: checked at the desk, for each. */
static void what_is_sent_together_is_answered_in_order_after_it_was_published(void **state)
{
    struct room *room = *state;
    struct cairn_request *requests[100];
    for (uint32_t i = 0; i < 100; i++) {
        char body[128];
        snprintf(body, sizeof(body), "{\"channel\":\"c\",\"author\":\"a\",\"text\":\"%u\"}", i);
        requests[i] = room_write(CAIRN_OPERATION_POST_MESSAGES, i % 3 == 0 ? "a" : "b", NULL,
                                 i % 2 == 0 ? "ack=buffered" : "ack=durable", body);
    }
    desk_send(&room->desk, room->ref, CAIRN_MESSAGE_REQUEST, requests, 100);
    for (uint64_t seq = 1; seq <= 100; seq++) {
        struct cairn_request *request = desk_receive(&room->desk);
        assert_int_equal(request->status, 200);
        assert_int_equal(request->seq, seq);
        assert_int_equal(request->durable, seq % 2 == 0);
        cairn_request_destroy(request);
    }
    assert_int_equal(room->log_count, 100);
    assert_true(room->batch_count < 100); /* those of a commit go to a shard as one */
    room_reopen(room);
    assert_int_equal(room->report.recovery.last_seq, 100);
    assert_int_equal(room->report.replayed_events, 100);
}

static void the_first_write_of_a_space_is_told_to_everybody(void **state)
{
    struct room *room = *state;
    room->shards.kinds[CAIRN_PROJECTION_TRAINING] = UINT64_C(1) << CAIRN_EVENT_FACT;
    room_fill(room, "a", "ann", 2);
    assert_int_equal(room->log_count, 1);
    assert_true(room_noted(room, 0).makes_space);
    room_expect(room, room_write(CAIRN_OPERATION_PUT_FACT, "a", "ann", NULL, "{\"value\":1}"), 200,
                "\"seq\":3");
    assert_int_equal(room->log_count, 2);
    assert_false(room_noted(room, 1).makes_space);
}

/* ---- repeats ---- */

#define LINE(text, id)                                                                             \
    "{\"channel\":\"c\",\"author\":\"a\",\"text\":\"" text "\",\"id\":\"" id "\"}\n"

static struct cairn_request *lines(const char *body)
{
    return room_write(CAIRN_OPERATION_POST_MESSAGES, "a", NULL, NULL, body);
}

static void a_repeat_stores_nothing_and_answers_with_the_original(void **state)
{
    struct room *room = *state;
    room_expect(room, lines(LINE("x", "1") LINE("y", "2") LINE("x", "1")), 200,
                "{\"first_seq\":1,\"last_seq\":2,\"accepted\":2,\"duplicates\":1,");
    room_expect(room, lines(LINE("y", "2")), 200,
                "{\"first_seq\":2,\"last_seq\":2,\"accepted\":0,\"duplicates\":1,");
    room_expect(room, lines(LINE("y", "2") LINE("z", "3") LINE("x", "1")), 200,
                "{\"first_seq\":1,\"last_seq\":3,\"accepted\":1,\"duplicates\":2,");
    assert_int_equal(room->committed_seq, 3);
    assert_int_equal(room->log_count, 3);
    room_reopen(room); /* for as long as the ledger */
    room_expect(room, lines(LINE("x", "1")), 200, "\"first_seq\":1,\"last_seq\":1,\"accepted\":0");
}

static void a_repeat_of_what_is_in_flight_is_as_safe_as_it_asks_when_answered(void **state)
{
    struct room *room = *state;
    struct cairn_request *requests[] = {
        room_write(CAIRN_OPERATION_POST_MESSAGES, "a", NULL, "ack=buffered", LINE("x", "1")),
        room_write(CAIRN_OPERATION_POST_MESSAGES, "a", NULL, "ack=durable", LINE("x", "1")),
        room_write(CAIRN_OPERATION_POST_MESSAGES, "a", NULL, "ack=buffered", LINE("x", "1")),
    };
    desk_send(&room->desk, room->ref, CAIRN_MESSAGE_REQUEST, requests, 3);
    desk_expect(&room->desk, 200, "\"accepted\":1,\"duplicates\":0,\"ack\":\"buffered\"");
    desk_expect(&room->desk, 200, "\"accepted\":0,\"duplicates\":1,\"ack\":\"durable\"");
    desk_expect(&room->desk, 200, "\"accepted\":0,\"duplicates\":1,\"ack\":\"buffered\"");
    assert_int_equal(room->committed_seq, 1);
}

static void the_same_id_with_other_content_is_a_conflict_and_stores_nothing(void **state)
{
    struct room *room = *state;
    room_expect(room, lines(LINE("new", "9") LINE("x", "1") LINE("other", "1")), 409,
                "id \\\"1\\\" already names event 2");
    assert_int_equal(room->committed_seq, 0);
    room_expect(room, room_request(CAIRN_OPERATION_LIST_SPACES, "", NULL, NULL, NULL), 200,
                "\"items\":[]");
    room_expect(room, lines(LINE("x", "1")), 200, "\"first_seq\":1,");
    room_expect(room, lines(LINE("new", "2") LINE("other", "1")), 409, "already names event 1");
    struct cairn_request *requests[] = {lines(LINE("p", "3")), lines(LINE("q", "3")),
                                        lines(LINE("r", "4"))};
    desk_send(&room->desk, room->ref, CAIRN_MESSAGE_REQUEST, requests, 3);
    desk_expect(&room->desk, 409, "already names event 2"); /* at once, before the first is safe */
    desk_expect(&room->desk, 200, "\"first_seq\":2,");
    desk_expect(&room->desk, 200, "\"first_seq\":3,");
    assert_int_equal(room->committed_seq, 3);
}

static void an_id_is_of_its_space(void **state)
{
    struct room *room = *state;
    room_expect(room, room_message("a", "ann", "x", "1"), 200, "\"accepted\":1");
    room_expect(room, room_message("b", "ann", "y", "1"), 200, "\"accepted\":1");
}

/* Many retries of many bodies, all in flight together: each id is stored once. */
static void retries_in_flight_store_each_id_once(void **state)
{
    struct room *room = *state;
    struct cairn_request *requests[90];
    for (int i = 0; i < 90; i++) {
        char id[8];
        snprintf(id, sizeof(id), "%d", i % 30);
        requests[i] = room_message("a", "ann", id, id);
    }
    desk_send(&room->desk, room->ref, CAIRN_MESSAGE_REQUEST, requests, 90);
    for (uint64_t i = 0; i < 90; i++) {
        struct cairn_request *request = desk_receive(&room->desk);
        desk_check(request, 200, i < 30 ? "\"accepted\":1" : "\"duplicates\":1");
        assert_int_equal(request->seq, i % 30 + 1);
        cairn_request_destroy(request);
    }
    assert_int_equal(room->committed_seq, 30);
}

/* ---- a space's beginning ---- */

static void a_space_begins_with_the_settings_of_the_file(void **state)
{
    struct room *room = *state;
    room_close(room);
    room->options.space_settings = "{\"state_size\":3}";
    room_open(room);
    room_expect(room, room_message("a", "ann", "x", "1"), 200, "\"first_seq\":2,\"last_seq\":2,");
    assert_int_equal(room_noted(room, 0).kind, CAIRN_EVENT_SETTINGS);
    assert_true(room_noted(room, 0).makes_space);
    assert_int_equal(room_noted(room, 1).seq, 2);
    room_expect(room, room_message("a", "ann", "y", NULL), 200, "\"first_seq\":3,");
    room_expect(room, room_request(CAIRN_OPERATION_GET_SETTINGS, "a", NULL, NULL, NULL), 200,
                "\"state_size\":3");
    /* Its own settings are its beginning. */
    room_expect(room,
                room_write(CAIRN_OPERATION_PUT_SETTINGS, "b", NULL, NULL, "{\"state_size\":4}"),
                200, "{\"seq\":4,\"settings\":{\"state_size\":4},");
}

static void a_refused_write_does_not_begin_a_space(void **state)
{
    struct room *room = *state;
    room_close(room);
    room->options.space_settings = "{\"state_size\":3}";
    room_open(room);
    room_expect(room, lines(LINE("x", "1") LINE("y", "1")), 409, "already names");
    room_expect(room,
                room_write(CAIRN_OPERATION_POST_STEPS, "b", "01900001-0203-7004-8005-060708090a0b",
                           NULL, "{\"tool\":\"t\",\"action\":\"a\",\"ok\":true}"),
                404, "no such episode");
    room_expect(room,
                room_write(CAIRN_OPERATION_POST_MESSAGES, "c", NULL, "on_error=skip", "x\ny\n"),
                200, "\"accepted\":0");
    assert_int_equal(room->committed_seq, 0);
    assert_int_equal(cairn_projection_space_count(room->directory), 0);
    room_expect(room, room_message("a", "ann", "x", NULL), 200, "\"first_seq\":2,");
}

static void a_body_whose_lines_are_all_rejected_is_answered(void **state)
{
    struct room *room = *state;
    room_expect(
        room, room_write(CAIRN_OPERATION_POST_MESSAGES, "a", NULL, "on_error=skip", "x\ny\n"), 200,
        "{\"first_seq\":null,\"last_seq\":null,\"accepted\":0,\"duplicates\":0,"
        "\"ack\":\"durable\",\"rejected\":[{\"line\":1,");
}

/* ---- episodes ---- */

static void create_episode(struct room *room, char id[37])
{
    struct cairn_request *request =
        desk_ask(&room->desk, room->ref,
                 room_write(CAIRN_OPERATION_CREATE_EPISODE, "a", NULL, NULL, "{\"task\":\"t\"}"));
    assert_int_equal(request->status, 201);
    assert_int_equal(sscanf(request->answer.data, "{\"episode\":\"%36s\"", id), 1);
    cairn_request_destroy(request);
}

#define STEP_BODY  "{\"tool\":\"t\",\"action\":\"a\",\"ok\":true}"
#define COMPLETION "{\"outcome\":\"success\"}"

static void an_episode_takes_steps_until_it_is_completed(void **state)
{
    struct room *room = *state;
    char id[37];
    create_episode(room, id);
    room_expect(room, room_write(CAIRN_OPERATION_POST_STEPS, "a", id, NULL, STEP_BODY), 200,
                "{\"first_seq\":2,\"last_seq\":2,\"accepted\":1,");
    room_expect(room, room_write(CAIRN_OPERATION_POST_STEPS, "b", id, NULL, STEP_BODY), 404,
                "no such episode"); /* of another space */
    struct cairn_request *requests[] = {
        room_write(CAIRN_OPERATION_COMPLETE_EPISODE, "a", id, NULL, COMPLETION),
        room_write(CAIRN_OPERATION_COMPLETE_EPISODE, "a", id, NULL, COMPLETION),
        room_write(CAIRN_OPERATION_POST_STEPS, "a", id, NULL, STEP_BODY),
    };
    desk_send(&room->desk, room->ref, CAIRN_MESSAGE_REQUEST, requests, 3);
    desk_expect(&room->desk, 409, "completed");
    desk_expect(&room->desk, 409, "completed");
    desk_expect(&room->desk, 200, "projection 1 waits for 3;"); /* patterns answers it */
    room_reopen(room);
    room_expect(room, room_write(CAIRN_OPERATION_POST_STEPS, "a", id, NULL, STEP_BODY), 409,
                "completed");
}

static void whole_episodes_get_ids_of_their_own(void **state)
{
    struct room *room = *state;
    char first[37], second[37];
    struct cairn_request *request =
        desk_ask(&room->desk, room->ref,
                 room_write(CAIRN_OPERATION_POST_EPISODES, "a", NULL, NULL,
                            "{\"task\":\"t\",\"outcome\":\"success\",\"steps\":[" STEP_BODY "]}\n"
                            "{\"task\":\"u\",\"outcome\":\"failure\"}\n"));
    desk_check(request, 200, "{\"first_seq\":1,\"last_seq\":5,\"accepted\":2,\"events\":5,");
    assert_int_equal(sscanf(strstr(request->answer.data, "\"episodes\""),
                            "\"episodes\":[\"%36[0-9a-f-]\",\"%36[0-9a-f-]\"]", first, second),
                     2);
    assert_true(strcmp(first, second) < 0); /* they ascend with time */
    cairn_request_destroy(request);
    room_expect(room, room_write(CAIRN_OPERATION_POST_STEPS, "a", second, NULL, STEP_BODY), 409,
                "completed");
}

/* ---- forgetting ---- */

static void forget(struct room *room, enum cairn_operation operation, const char *name,
                   uint32_t count)
{
    char expected[64];
    snprintf(expected, sizeof(expected), "{\"forgotten\":%u,\"seq\":", count);
    room_expect(room, room_request(operation, "a", name, NULL, NULL), 200, expected);
}

static void check_removed(struct room *room, uint32_t count, const uint64_t *seqs)
{
    struct noted noted = room_noted(room, room->log_count - 1);
    assert_int_equal(noted.kind, CAIRN_EVENT_FORGET);
    assert_int_equal(noted.removed_count, count);
    assert_memory_equal(noted.removed, seqs, count * sizeof(seqs[0]));
}

static void a_forget_is_published_with_what_it_removes(void **state)
{
    struct room *room = *state;
    room_fill(room, "a", "ann", 2);
    room_fill(room, "a", "ben", 1);
    room_fill(room, "b", "ann", 1);
    room_expect(room, room_write(CAIRN_OPERATION_PUT_FACT, "a", "ann", NULL, "{\"value\":1}"), 200,
                "\"seq\":5");
    forget(room, CAIRN_OPERATION_FORGET_MESSAGE, "2", 1);
    check_removed(room, 1, (const uint64_t[]){2});
    forget(room, CAIRN_OPERATION_FORGET_AUTHOR, "ann", 2);
    check_removed(room, 2, (const uint64_t[]){1, 5});
    forget(room, CAIRN_OPERATION_FORGET_CHANNEL, "c", 1);
    check_removed(room, 1, (const uint64_t[]){3});
    room_fill(room, "a", "zoe", 3);
    forget(room, CAIRN_OPERATION_FORGET_SPACE, NULL, 3);
    check_removed(room, 3, (const uint64_t[]){9, 10, 11});
    room_expect(room, room_request(CAIRN_OPERATION_GET_MESSAGE, "b", "4", NULL, NULL), 200,
                "\"author\":\"ann\"");
    room_expect(room, room_request(CAIRN_OPERATION_GET_SPACE, "a", NULL, NULL, NULL), 404,
                "no space");
}

static void an_episode_and_a_fact_are_forgotten_whole(void **state)
{
    struct room *room = *state;
    char id[37];
    create_episode(room, id);
    room_expect(room, room_write(CAIRN_OPERATION_POST_STEPS, "a", id, NULL, STEP_BODY), 200, "");
    for (int i = 0; i < 2; i++)
        room_expect(room, room_write(CAIRN_OPERATION_PUT_FACT, "a", "ann", NULL, "{\"value\":1}"),
                    200, "");
    /* Not by their numbers: what belongs together goes together. */
    room_expect(room, room_request(CAIRN_OPERATION_FORGET_MESSAGE, "a", "2", NULL, NULL), 404, "");
    room_expect(room, room_request(CAIRN_OPERATION_FORGET_MESSAGE, "a", "3", NULL, NULL), 404, "");
    forget(room, CAIRN_OPERATION_FORGET_EPISODE, id, 2);
    check_removed(room, 2, (const uint64_t[]){1, 2});
    room_expect(room, room_write(CAIRN_OPERATION_POST_STEPS, "a", id, NULL, STEP_BODY), 404,
                "no such episode");
    room_expect(room, room_request(CAIRN_OPERATION_FORGET_FACT, "a", "ann", "other", NULL), 404,
                "");
    room_expect(room, room_request(CAIRN_OPERATION_FORGET_FACT, "a", "ann", "key", NULL), 200,
                "\"forgotten\":2");
    check_removed(room, 2, (const uint64_t[]){3, 4});
}

static void what_is_not_there_cannot_be_forgotten(void **state)
{
    struct room *room = *state;
    static const char *const targets[] = {
        "0", "2", "x", "", "18446744073709551615", "9223372036854775808"};
    room_fill(room, "a", "ann", 1);
    for (int i = 0; i < 6; i++)
        room_expect(room, room_request(CAIRN_OPERATION_FORGET_MESSAGE, "a", targets[i], NULL, NULL),
                    404, "nothing of that name");
    room_expect(room, room_request(CAIRN_OPERATION_FORGET_MESSAGE, "b", "1", NULL, NULL), 404, "");
    room_expect(room, room_request(CAIRN_OPERATION_FORGET_AUTHOR, "a", "nobody", NULL, NULL), 404,
                "");
    room_expect(room, room_request(CAIRN_OPERATION_FORGET_EPISODE, "a", "no uuid", NULL, NULL), 404,
                "");
    forget(room, CAIRN_OPERATION_FORGET_MESSAGE, "1", 1);
    room_expect(room, room_request(CAIRN_OPERATION_FORGET_MESSAGE, "a", "1", NULL, NULL), 404, "");
    room_expect(room, room_request(CAIRN_OPERATION_FORGET_MESSAGE, "a", "2", NULL, NULL), 404,
                ""); /* a forget is not forgotten */
    assert_int_equal(room->committed_seq, 2);
}

/* What is appended but not yet safe is in the selection; what comes behind is not. */
static void a_forget_stands_in_its_place_among_writes_in_flight(void **state)
{
    struct room *room = *state;
    struct cairn_request *requests[] = {
        room_message("a", "ann", "1", NULL),
        room_message("a", "ann", "2", NULL),
        room_request(CAIRN_OPERATION_FORGET_AUTHOR, "a", "ann", NULL, NULL),
        room_message("a", "ann", "3", NULL),
    };
    desk_send(&room->desk, room->ref, CAIRN_MESSAGE_REQUEST, requests, 4);
    desk_expect(&room->desk, 200, "\"first_seq\":1,");
    desk_expect(&room->desk, 200, "\"first_seq\":2,");
    desk_expect(&room->desk, 200, "{\"forgotten\":2,\"seq\":3,\"ack\":\"durable\"}");
    desk_expect(&room->desk, 200, "\"first_seq\":4,");
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(room_noted(room, i).seq, i + 1);
    assert_int_equal(room_noted(room, 2).removed_count, 2);
    assert_int_equal(room_noted(room, 3).removed_count, 0);
    assert_true(room_noted(room, 3).batch > room_noted(room, 2).batch);
}

static void a_replay_removes_what_was_removed(void **state)
{
    struct room *room = *state;
    room_fill(room, "a", "ann", 3);
    room_fill(room, "a", "ben", 2);
    forget(room, CAIRN_OPERATION_FORGET_AUTHOR, "ann", 3);
    room_fill(room, "a", "ann", 1);
    struct cairn_digest before = {0}, after = {0};
    cairn_projection_digest(room->directory, &before);
    room_reopen(room);
    cairn_projection_digest(room->directory, &after);
    assert_true(before.low == after.low && before.high == after.high);
    assert_int_equal(room->log_count, 7);
    for (uint32_t i = 0; i < 7; i++)
        assert_int_equal(room_noted(room, i).seq, i + 1);
    assert_int_equal(room_noted(room, 5).removed_count, 3);
    assert_int_equal(room_noted(room, 5).removed[2], 3);
    assert_true(room_noted(room, 0).makes_space);
    room_expect(room, room_request(CAIRN_OPERATION_GET_MESSAGE, "a", "1", NULL, NULL), 404, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(writes_are_numbered_from_1_without_gaps),
        TEST(what_is_sent_together_is_answered_in_order_after_it_was_published),
        cmocka_unit_test_setup_teardown(
            what_is_sent_together_is_answered_in_order_after_it_was_published, set_up_on_uring,
            tear_down),
        TEST(the_first_write_of_a_space_is_told_to_everybody),
        TEST(a_repeat_stores_nothing_and_answers_with_the_original),
        TEST(a_repeat_of_what_is_in_flight_is_as_safe_as_it_asks_when_answered),
        TEST(the_same_id_with_other_content_is_a_conflict_and_stores_nothing),
        TEST(an_id_is_of_its_space),
        TEST(retries_in_flight_store_each_id_once),
        TEST(a_space_begins_with_the_settings_of_the_file),
        TEST(a_refused_write_does_not_begin_a_space),
        TEST(a_body_whose_lines_are_all_rejected_is_answered),
        TEST(an_episode_takes_steps_until_it_is_completed),
        TEST(whole_episodes_get_ids_of_their_own),
        TEST(a_forget_is_published_with_what_it_removes),
        TEST(an_episode_and_a_fact_are_forgotten_whole),
        TEST(what_is_not_there_cannot_be_forgotten),
        TEST(a_forget_stands_in_its_place_among_writes_in_flight),
        TEST(a_replay_removes_what_was_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
