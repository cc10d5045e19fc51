/* Ingest when something is in its way: shards that lag, queues that are full, a disk that refuses,
 * a directory without room, stopping, starting, and checkpoints. */
#include <signal.h>
#include <sys/resource.h>

#include "tests/actors/ingest_room.h"

/* Not opened yet: each test says how. */
static int set_up(void **state)
{
    *state = room_create(true);
    return 0;
}

static int tear_down(void **state)
{
    room_destroy(*state);
    return 0;
}

static void send_messages(struct room *room, uint32_t count)
{
    struct cairn_request *requests[100];
    assert_true(count <= 100);
    for (uint32_t i = 0; i < count; i++)
        requests[i] = room_message("a", "ann", "x", NULL);
    desk_send(&room->desk, room->ref, CAIRN_MESSAGE_REQUEST, requests, count);
}

/* Answered behind all that was sent before, although writes may wait. */
static void expect_reads_go_on(struct room *room)
{
    room_expect(room, room_request(CAIRN_OPERATION_LIST_SPACES, "", NULL, NULL, NULL), 200,
                "\"items\":[");
}

static void expect_numbers(struct room *room, uint64_t first, uint64_t last)
{
    for (uint64_t seq = first; seq <= last; seq++) {
        struct cairn_request *request = desk_receive(&room->desk);
        assert_int_equal(request->status, 200);
        assert_int_equal(request->seq, seq);
        cairn_request_destroy(request);
    }
}

/* ---- back-pressure ---- */

static void writes_wait_while_a_shard_lags_and_none_is_lost(void **state)
{
    struct room *room = *state;
    room->options.lag_events_max = 3;
    room_open(room);
    room_fill(room, "a", "ann", 3);
    room->is_held = 1;
    send_messages(room, 4); /* one commit: the lag is looked at behind it */
    expect_numbers(room, 4, 7);
    send_messages(room, 20);
    expect_reads_go_on(room);
    assert_false(desk_has_answer(&room->desk));
    assert_int_equal(room->committed_seq, 7);
    room_release(room);
    expect_numbers(room, 8, 27);
    assert_int_equal(room->log_count, 27);
}

static void order_is_kept_behind_those_that_wait(void **state)
{
    struct room *room = *state;
    room->options.lag_events_max = 1;
    room_open(room);
    room->is_held = 1;
    room_fill(room, "a", "ann", 2);
    struct cairn_request *requests[] = {
        room_message("a", "ben", "1", "i"),
        room_request(CAIRN_OPERATION_FORGET_AUTHOR, "a", "ben", NULL, NULL),
        room_message("a", "ben", "1", "i"),
        room_message("a", "ben", "2", "i"),
    };
    desk_send(&room->desk, room->ref, CAIRN_MESSAGE_REQUEST, requests, 4);
    expect_reads_go_on(room);
    assert_false(desk_has_answer(&room->desk));
    room_release(room);
    desk_expect(&room->desk, 409, "already names event 3");
    desk_expect(&room->desk, 200, "\"first_seq\":3,");
    desk_expect(&room->desk, 200, "\"forgotten\":1,\"seq\":4");
    desk_expect(&room->desk, 200, "\"first_seq\":3,\"last_seq\":3,\"accepted\":0,\"duplicates\":1");
}

static void more_than_the_queue_holds_is_refused_for_now(void **state)
{
    struct room *room = *state;
    room->options.lag_events_max = 1;
    room->options.queue_max = 3;
    room_open(room);
    room->is_held = 1;
    room_fill(room, "a", "ann", 2);
    send_messages(room, 5);
    for (int i = 0; i < 2; i++) {
        struct cairn_request *request = desk_receive(&room->desk);
        desk_check(request, 503, "busy");
        assert_true(request->retry_after_s > 0);
        cairn_request_destroy(request);
    }
    expect_reads_go_on(room);
    assert_false(desk_has_answer(&room->desk));
    room_release(room);
    expect_numbers(room, 3, 5);
    send_messages(room, 3); /* there is room again */
    expect_numbers(room, 6, 8);
}

/* More than the ledger lets wait for the disk: they come again by themselves. */
static void what_the_ledger_has_no_room_for_waits(void **state)
{
    struct room *room = *state;
    struct cairn_request *requests[60];
    struct cairn_buffer body = {0};
    room_open(room);
    cairn_buffer_append_text(&body, "{\"channel\":\"c\",\"author\":\"a\",\"text\":\"");
    for (uint32_t i = 0; i < 200000; i++)
        cairn_buffer_append_byte(&body, (char)('a' + i * 2654435761u % 26));
    cairn_buffer_append_text(&body, "\"}");
    cairn_buffer_append_byte(&body, '\0');
    for (int i = 0; i < 60; i++)
        requests[i] = room_write(CAIRN_OPERATION_POST_MESSAGES, "a", NULL, NULL, body.data);
    desk_send(&room->desk, room->ref, CAIRN_MESSAGE_REQUEST, requests, 60);
    expect_numbers(room, 1, 60);
    room_reopen(room);
    assert_int_equal(room->report.recovery.last_seq, 60);
    cairn_buffer_deinit(&body);
}

/* ---- stopping ---- */

/* When a shard has answered, what was sent before has left the desk: it lies in ingest's mailbox, or
 * is on its way to the disk. */
static void await_arrival(struct room *room)
{
    desk_post(&room->desk, room->refs[0][0],
              room_request(CAIRN_OPERATION_GENERATE, "a", NULL, NULL, NULL));
    struct cairn_request *request = NULL;
    uint32_t others = 0;
    struct cairn_request *kept[64];
    while (request == NULL || request->operation != CAIRN_OPERATION_GENERATE) {
        if (request != NULL)
            kept[others++] = request;
        request = desk_receive(&room->desk);
    }
    cairn_request_destroy(request);
    for (uint32_t i = 0; i < others; i++)
        desk_keep_answer(&room->desk, kept[i]);
}

static void stopping_answers_all_and_keeps_what_it_acknowledged(void **state)
{
    struct room *room = *state;
    uint64_t acknowledged = 0;
    for (int round = 0; round < 5; round++) {
        room_open(room);
        send_messages(room, 50);
        await_arrival(room);
        room_close(room);
        for (int i = 0; i < 50; i++) {
            struct cairn_request *request = desk_receive(&room->desk);
            assert_true(request->status == 200 || request->status == 503);
            if (request->status == 200) {
                assert_int_equal(request->seq, acknowledged + 1);
                acknowledged = request->seq;
            }
            cairn_request_destroy(request);
        }
        assert_false(desk_has_answer(&room->desk));
    }
    room_open(room);
    assert_int_equal(room->report.recovery.last_seq, acknowledged);
}

static void stopping_refuses_those_that_wait(void **state)
{
    struct room *room = *state;
    room->options.lag_events_max = 1;
    room_open(room);
    room->is_held = 1;
    room_fill(room, "a", "ann", 2);
    send_messages(room, 3);
    expect_reads_go_on(room);
    room_close(room);
    for (int i = 0; i < 3; i++)
        desk_expect(&room->desk, 503, "");
}

/* ---- starting ---- */

static void nothing_is_answered_before_all_is_applied(void **state)
{
    struct room *room = *state;
    room_open(room);
    room_fill(room, "a", "ann", 3);
    room_close(room);
    room->is_held = 1;
    room_begin(room);
    room_expect(room, room_message("a", "ann", "x", NULL), 503, "starting");
    room_expect(room, room_request(CAIRN_OPERATION_LIST_MESSAGES, "a", NULL, NULL, NULL), 503,
                "starting");
    assert_int_equal(room->readiness, CAIRN_READINESS_STARTING);
    while (room_noted(room, 0).seq != 1 || room->log_count < 3) /* fed, but not applied */
        cairn_thread_yield();
    room_expect(room, room_message("a", "ann", "x", NULL), 503, "starting");
    room_release(room);
    desk_wait(&room->ready);
    assert_int_equal(room->readiness, CAIRN_READINESS_READY);
    assert_int_equal(room->report.replayed_events, 3);
    room_expect(room, room_message("a", "ann", "x", NULL), 200, "\"first_seq\":4");
}

static void it_can_be_stopped_while_it_starts(void **state)
{
    struct room *room = *state;
    room_open(room);
    room_fill(room, "a", "ann", 3);
    room_close(room);
    room->is_held = 1;
    room_begin(room);
    room_expect(room, room_message("a", "ann", "x", NULL), 503, "starting");
    room_close(room);
    assert_int_equal(room->readiness, CAIRN_READINESS_STARTING);
}

static void a_replay_waits_for_shards_that_lag(void **state)
{
    struct room *room = *state;
    room_open(room);
    for (int i = 0; i < 20; i++)
        room_fill(room, "a", "ann", 10); /* a block each, or nearly */
    room_close(room);
    room->options.lag_events_max = 10;
    room_open(room);
    assert_int_equal(room->report.replayed_events, 200);
    assert_int_equal(room->log_count, 200);
    for (uint32_t i = 0; i < 200; i++)
        assert_int_equal(room_noted(room, i).seq, i + 1);
}

static void a_ledger_that_is_held_by_another_cannot_be_opened(void **state)
{
    struct room *room = *state;
    struct room *other = room_create(true);
    room_open(room);
    other->options.ledger.directory = room->directory_path;
    room_begin(other);
    desk_wait(&other->ready);
    assert_int_equal(other->report.result, -EWOULDBLOCK);
    assert_int_equal(other->readiness, CAIRN_READINESS_FAILED);
    room_expect(other, room_message("a", "ann", "x", NULL), 503, "");
    room_destroy(other);
    room_fill(room, "a", "ann", 1);
}

static int damage(void *context, const char *name)
{
    char path[512];
    const struct room *room = context;
    if (strstr(name, ".seg") == NULL)
        return 0;
    snprintf(path, sizeof(path), "%s/%s", room->directory_path, name);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    /* In the middle of the first block's records, behind which others follow. */
    assert_int_equal(fseek(file, 4096 + 200, SEEK_SET), 0);
    for (int i = 0; i < 16; i++)
        fputc(0xee, file);
    fclose(file);
    return 0;
}

static void a_damaged_ledger_is_told_and_nothing_is_taken(void **state)
{
    struct room *room = *state;
    struct cairn_io *io;
    const struct cairn_io_options options = {.queue_entries = 8};
    room_open(room);
    for (int i = 0; i < 3; i++)
        room_fill(room, "a", "ann", 10);
    room_close(room);
    assert_int_equal(cairn_io_create(CAIRN_IO_POSIX, &options, &io), 0);
    assert_int_equal(cairn_io_list(io, room->directory_path, damage, room), 0);
    cairn_io_destroy(io);
    room_begin(room);
    desk_wait(&room->ready);
    assert_int_equal(room->report.result, -EBADMSG);
    assert_true(strlen(room->report.recovery.detail) > 0);
    assert_int_equal(room->readiness, CAIRN_READINESS_FAILED);
    room_expect(room, room_message("a", "ann", "x", NULL), 503, "");
    room_expect(room, room_request(CAIRN_OPERATION_LIST_SPACES, "", NULL, NULL, NULL), 503, "");
}

/* ---- a disk that refuses ---- */

/* No file may grow, nor be written where it already is: every write fails with EFBIG. */
static void forbid_writing(bool is_forbidden)
{
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = is_forbidden ? 0 : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_disk_that_refuses_ends_writes_and_not_reads(void **state)
{
    struct room *room = *state;
    room_open(room);
    room_fill(room, "a", "ann", 2);
    forbid_writing(true);
    send_messages(room, 5);
    struct cairn_request *requests[5];
    for (int i = 0; i < 5; i++)
        requests[i] = desk_receive(&room->desk);
    forbid_writing(false);
    for (int i = 0; i < 5; i++) {
        assert_true(requests[i]->status == 503 || requests[i]->status == 507);
        cairn_request_destroy(requests[i]);
    }
    assert_int_equal(room->readiness, CAIRN_READINESS_READ_ONLY);
    room_expect(room, room_message("a", "ann", "x", NULL), 503, "cannot be written");
    room_expect(room, room_request(CAIRN_OPERATION_FORGET_MESSAGE, "a", "1", NULL, NULL), 503, "");
    room_expect(room, room_request(CAIRN_OPERATION_LIST_MESSAGES, "a", NULL, NULL, NULL), 200,
                "\"seq\":2,");
    assert_int_equal(room->committed_seq, 2);
    assert_int_equal(room->log_count, 2);
    room_reopen(room); /* what was not acknowledged is not there */
    assert_int_equal(room->report.recovery.last_seq, 2);
    room_fill(room, "a", "ann", 1);
}

/* ---- a directory without room ---- */

static void a_full_directory_loses_no_request(void **state)
{
    struct room *room = *state;
    struct cairn_buffer body = {0};
    room->directory_bytes = 32768;
    room_open(room);
    for (int i = 0; i < 3000; i++)
        cairn_buffer_append_text(&body, "{\"channel\":\"c\",\"author\":\"ann\",\"text\":\"t\"}\n");
    cairn_buffer_append_byte(&body, '\0');
    room_expect(room, room_write(CAIRN_OPERATION_POST_MESSAGES, "a", NULL, NULL, body.data), 200,
                "\"last_seq\":3000,");
    room_expect(room, room_request(CAIRN_OPERATION_FORGET_AUTHOR, "a", "ann", NULL, NULL), 200,
                "\"seq\":3001");
    room_expect(room, room_message("a", "ann", "x", NULL), 200, "\"first_seq\":3002");
    cairn_buffer_deinit(&body);
}

/* ---- checkpoints ---- */

struct checkpoints {
    _Atomic int count;
    _Atomic uint64_t seq;
    int result; /* what the callback returns; 0: fork */
};

static struct checkpoints checkpoints;

static int leave_at_once(void *argument)
{
    (void)argument;
    return 0;
}

static int take_checkpoint(void *context, struct cairn_io *io, uint64_t seq)
{
    (void)context;
    (void)io;
    atomic_store(&checkpoints.seq, seq);
    atomic_fetch_add(&checkpoints.count, 1);
    return checkpoints.result < 0 ? checkpoints.result : cairn_process_fork(leave_at_once, NULL);
}

static void await_checkpoints(int count)
{
    while (atomic_load(&checkpoints.count) < count)
        cairn_thread_yield();
}

static void a_checkpoint_is_of_all_that_was_committed(void **state)
{
    struct room *room = *state;
    checkpoints = (struct checkpoints){0};
    room->options.checkpoint = take_checkpoint;
    room->options.checkpoint_events = 5;
    room->options.checkpoint_idle_ms = 3600000;
    room_open(room);
    for (int round = 1; round <= 3; round++) {
        room_fill(room, "a", "ann", 5);
        await_checkpoints(round);
        assert_int_equal(checkpoints.seq, round * 5);
        assert_int_equal(room->committed_seq, round * 5);
    }
}

static void a_checkpoint_follows_some_quiet(void **state)
{
    struct room *room = *state;
    checkpoints = (struct checkpoints){.result = -EIO}; /* one that fails is told, and no more */
    room->options.checkpoint = take_checkpoint;
    room->options.checkpoint_idle_ms = 1;
    room_open(room);
    room_fill(room, "a", "ann", 1);
    await_checkpoints(1);
    room_fill(room, "a", "ann", 1);
    await_checkpoints(2);
    assert_int_equal(checkpoints.seq, 2);
}

/* While a pressing one waits for quiet, writes wait too: none is lost. */
static void writes_that_wait_for_a_checkpoint_are_not_lost(void **state)
{
    struct room *room = *state;
    checkpoints = (struct checkpoints){0};
    room->options.checkpoint = take_checkpoint;
    room->options.checkpoint_events = 10;
    room->options.checkpoint_idle_ms = 3600000;
    room_open(room);
    uint64_t seq = 0;
    while (atomic_load(&checkpoints.count) < 2) {
        send_messages(room, 50);
        expect_numbers(room, seq + 1, seq + 50);
        seq += 50;
    }
    assert_true(checkpoints.seq <= seq);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(writes_wait_while_a_shard_lags_and_none_is_lost),
        TEST(order_is_kept_behind_those_that_wait),
        TEST(more_than_the_queue_holds_is_refused_for_now),
        TEST(what_the_ledger_has_no_room_for_waits),
        TEST(stopping_answers_all_and_keeps_what_it_acknowledged),
        TEST(stopping_refuses_those_that_wait),
        TEST(nothing_is_answered_before_all_is_applied),
        TEST(it_can_be_stopped_while_it_starts),
        TEST(a_replay_waits_for_shards_that_lag),
        TEST(a_ledger_that_is_held_by_another_cannot_be_opened),
        TEST(a_damaged_ledger_is_told_and_nothing_is_taken),
        TEST(a_disk_that_refuses_ends_writes_and_not_reads),
        TEST(a_full_directory_loses_no_request),
        TEST(a_checkpoint_is_of_all_that_was_committed),
        TEST(a_checkpoint_follows_some_quiet),
        TEST(writes_that_wait_for_a_checkpoint_are_not_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
