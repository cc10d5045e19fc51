/* The projection actor over the real runtime, with a model that only keeps what it was given. */
#include "actors/projection.h"

#include "runtime/base/random.h"
#include "tests/actors/tally.h"

#define WAIT_MS       10000
#define SHORT_WAIT_MS 10

static int set_up(void **state)
{
    *state = board_create(1, 1, TALLY_BUDGET, WAIT_MS);
    return 0;
}

static int set_up_on_two_workers(void **state)
{
    *state = board_create(1, 2, TALLY_BUDGET, WAIT_MS);
    return 0;
}

static int set_up_in_a_hurry(void **state)
{
    *state = board_create(1, 2, TALLY_BUDGET, SHORT_WAIT_MS);
    return 0;
}

static int set_up_in_a_small_room(void **state)
{
    *state = board_create(1, 1, 4096, WAIT_MS);
    return 0;
}

static int tear_down(void **state)
{
    board_destroy(*state);
    return 0;
}

/* ---- batches and questions ---- */

static void batches_are_applied_in_order(void **state)
{
    struct board *board = *state;
    struct cairn_batch *batches[3];
    for (int i = 0; i < 3; i++)
        batches[i] = board_batch(board, SPACE, CAIRN_EVENT_MESSAGE, 20); /* over a slice each */
    board_publish(board, batches, 3, UINT32_MAX);
    board_expect(board, SPACE, 60, 200, "count=60 last=60 sum=1830;");
    for (int id = 0; id < CAIRN_PROJECTION_COUNT; id++) {
        assert_int_equal(board->watermarks[id][0].routed_seq, 60);
    }
    assert_int_equal(board->watermarks[0][0].applied_seq, 60);
}

static void a_projection_is_sent_only_what_concerns_it(void **state)
{
    struct board *board = *state;
    board->shards.kinds[0] = UINT64_C(1) << CAIRN_EVENT_FACT;
    board_publish_one(board, board_batch(board, SPACE, CAIRN_EVENT_MESSAGE, 5));
    assert_int_equal(board->watermarks[0][0].routed_seq, 0);
    assert_int_equal(board->watermarks[1][0].routed_seq, 5);
    board_expect(board, SPACE, 5, 404, "no such space"); /* at once: nothing was routed to it */
    board_publish_one(board, board_batch(board, SPACE, CAIRN_EVENT_FACT, 1));
    board_expect(board, SPACE, 6, 200, "count=1 last=6");

    struct cairn_batch *first = board_batch(board, "new", CAIRN_EVENT_MESSAGE, 1);
    first->makes_space = true; /* everybody learns of a space */
    board_publish_one(board, first);
    board_expect(board, "new", 7, 200, "count=1 last=7");
}

static void what_the_checkpoint_held_is_not_applied_again(void **state)
{
    static struct cairn_watermark watermark;
    const struct cairn_projection_options options = {
        .module = &tally_module, .heap_budget_bytes = TALLY_BUDGET, .watermark = &watermark};
    struct cairn_projection *projection;
    struct cairn_batch *batch = board_batch(*state, SPACE, CAIRN_EVENT_MESSAGE, 10);
    assert_int_equal(cairn_projection_create(&options, &projection), 0);
    struct cairn_projection_space *space =
        cairn_projection_ensure(projection, cairn_slice_of(SPACE));
    space->applied_seq = 7;
    assert_int_equal(cairn_projection_apply(projection, batch), 0);
    assert_int_equal(tally_of(space)->count, 3);
    assert_int_equal(tally_of(space)->seqs[0], 8);
    assert_int_equal(space->applied_seq, 10);
    cairn_batch_release(batch);
    cairn_projection_destroy(projection);
}

/* The question is in the mailbox before the first slice ends, and that slice takes longer than a turn
 * may: so it is answered behind that slice, and before the rest. */
static void a_question_is_answered_between_the_slices_of_a_batch(void **state)
{
    struct board *board = *state;
    struct cairn_batch *batch = board_batch(board, SPACE, CAIRN_EVENT_TRACE, 1);
    assert_int_equal(cairn_batch_join(batch, board_batch(board, SPACE, CAIRN_EVENT_MESSAGE, 1000)),
                     0);
    board_publish_one(board, batch);
    while (atomic_load(&board->gate.entered) == 0)
        cairn_thread_yield();
    struct cairn_request *requests[] = {
        board_request(SPACE, CAIRN_OPERATION_LIST_PATTERNS, 0),
        board_request(SPACE, CAIRN_OPERATION_LIST_PATTERNS, 1001),
    };
    desk_send(&board->desk, board_shard(board, SPACE), CAIRN_MESSAGE_REQUEST, requests, 2);
    /* Both have left the desk once this is answered: then the gate may open. */
    desk_post(&board->desk, board->refs[1][0],
              board_request("x", CAIRN_OPERATION_LIST_PATTERNS, 0));
    desk_expect(&board->desk, 404, "no such space");
    atomic_store(&board->gate.opened, 1);
    desk_expect(&board->desk, 200, "count=16 last=16 ");
    desk_expect(&board->desk, 200, "count=1001 last=1001 ");
}

static void a_long_answer_is_made_in_turns_while_others_are_answered(void **state)
{
    struct board *board = *state;
    board_publish_one(board, board_batch(board, SPACE, CAIRN_EVENT_MESSAGE, 3));
    struct cairn_request *requests[] = {
        board_request(SPACE, CAIRN_OPERATION_GENERATE, 3),
        board_request(SPACE, CAIRN_OPERATION_GENERATE, 3),
        board_request(SPACE, CAIRN_OPERATION_LIST_PATTERNS, 3),
    };
    desk_send(&board->desk, board_shard(board, SPACE), CAIRN_MESSAGE_REQUEST, requests, 3);
    for (int i = 0; i < 3; i++) {
        struct cairn_request *request = desk_receive(&board->desk);
        desk_check(request, 200, "count=3");
        assert_int_equal(request->operation,
                         i == 0 ? CAIRN_OPERATION_LIST_PATTERNS : CAIRN_OPERATION_GENERATE);
        assert_true(request->progress == (i == 0 ? 0 : TURNS_OF_LONG));
        cairn_request_destroy(request);
    }
}

static void an_answer_with_events_goes_through_the_reader(void **state)
{
    struct board *board = *state;
    board_publish_one(board, board_batch(board, SPACE, CAIRN_EVENT_MESSAGE, 3));
    desk_post(&board->desk, board_shard(board, SPACE),
              board_request(SPACE, CAIRN_OPERATION_SEARCH, 3));
    desk_expect(&board->desk, 200, "; fetched");
    desk_post(&board->desk, board_shard(board, SPACE),
              board_request("other", CAIRN_OPERATION_SEARCH, 3));
    struct cairn_request *request = desk_receive(&board->desk);
    desk_check(request, 404, "no such space");
    assert_null(strstr(request->answer.data, "fetched"));
    cairn_request_destroy(request);
}

/* ---- min_seq ---- */

static void a_question_waits_for_the_event_it_names(void **state)
{
    struct board *board = *state;
    /* Routed and committed, but not arrived yet. */
    struct cairn_batch *batch = board_batch(board, SPACE, CAIRN_EVENT_MESSAGE, 5);
    board->committed_seq = 5;
    board->watermarks[0][0].routed_seq = 5;
    desk_post(&board->desk, board_shard(board, SPACE),
              board_request(SPACE, CAIRN_OPERATION_LIST_PATTERNS, 5));
    desk_post(&board->desk, board_shard(board, SPACE),
              board_request(SPACE, CAIRN_OPERATION_LIST_PATTERNS, 0));
    desk_expect(&board->desk, 404, "no such space"); /* the second, which waits for nothing */
    board_publish_one(board, batch);
    struct cairn_request *request = desk_receive(&board->desk);
    desk_check(request, 200, "count=5 last=5");
    assert_true(request->stage_ns[CAIRN_STAGE_QUEUE] > 0);
    cairn_request_destroy(request);
}

static void a_question_above_the_head_is_refused_at_once(void **state)
{
    struct board *board = *state;
    board_publish_one(board, board_batch(board, SPACE, CAIRN_EVENT_MESSAGE, 5));
    board_expect(board, SPACE, 6, 422, "min_seq 6 is above the ledger's head 5");
    board_expect(board, SPACE, 5, 200, "count=5");
}

static void a_question_that_has_waited_too_long_is_told_how_far_it_is(void **state)
{
    struct board *board = *state;
    board_publish_one(board, board_batch(board, SPACE, CAIRN_EVENT_MESSAGE, 3));
    board_expect(board, SPACE, 3, 200, "count=3");
    board->committed_seq = 9;
    board->watermarks[0][0].routed_seq = 9; /* nothing comes */
    uint64_t from_ns = tally_clock_ns();
    struct cairn_request *request =
        desk_ask(&board->desk, board_shard(board, SPACE),
                 board_request(SPACE, CAIRN_OPERATION_LIST_PATTERNS, 8));
    assert_true(tally_clock_ns() - from_ns >= SHORT_WAIT_MS * CAIRN_NS_PER_MS);
    desk_check(request, 503, "event 8 is not applied yet; applied up to 3");
    assert_true(request->retry_after_s > 0);
    assert_true(request->stage_ns[CAIRN_STAGE_QUEUE] >= SHORT_WAIT_MS * CAIRN_NS_PER_MS);
    cairn_request_destroy(request);
    board_expect(board, SPACE, 3, 200, "count=3"); /* others are served meanwhile */
}

/* Each has a timer of its own, and none is left behind. */
static void many_questions_that_wait_in_vain_are_all_answered(void **state)
{
    struct board *board = *state;
    struct cairn_request *requests[50];
    board->committed_seq = 9;
    board->watermarks[0][0].routed_seq = 9;
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 50; i++)
            requests[i] = board_request(SPACE, CAIRN_OPERATION_LIST_PATTERNS, 9);
        desk_send(&board->desk, board_shard(board, SPACE), CAIRN_MESSAGE_REQUEST, requests, 50);
        for (int i = 0; i < 50; i++)
            desk_expect(&board->desk, 503, "applied up to 0");
    }
}

static void a_question_after_a_forget_waits_for_it_unasked(void **state)
{
    struct board *board = *state;
    const uint64_t seqs[] = {2};
    board_publish_one(board, board_batch(board, SPACE, CAIRN_EVENT_MESSAGE, 2));
    board_expect(board, SPACE, 2, 200, "count=2");
    struct cairn_batch *forget = board_forget(board, SPACE, "message", seqs, 1);
    /* As ingest leaves it before the batch has come. */
    board->watermarks[0][0].routed_seq = 3;
    board->watermarks[0][0].forget_seq = 3;
    board->committed_seq = 3;
    desk_post(&board->desk, board_shard(board, SPACE),
              board_request(SPACE, CAIRN_OPERATION_LIST_PATTERNS, 0));
    board_publish_one(board, forget);
    desk_expect(&board->desk, 200, "count=1 last=1");
}

/* ---- forgetting ---- */

static void a_long_forget_takes_out_exactly_what_it_names(void **state)
{
    struct board *board = *state;
    uint64_t seqs[700];
    uint64_t sum = 0;
    char expected[64];
    board_publish_one(board, board_batch(board, SPACE, CAIRN_EVENT_MESSAGE, 1000));
    for (uint64_t i = 0; i < 700; i++)
        seqs[i] = i + 1 + i / 3;
    for (uint64_t seq = 1, at = 0; seq <= 1000; seq++) {
        if (at < 700 && seqs[at] == seq)
            at++;
        else
            sum += seq;
    }
    board_publish_one(board, board_forget(board, SPACE, "author", seqs, 700));
    snprintf(expected, sizeof(expected), "count=300 last=1000 sum=%llu;", (unsigned long long)sum);
    board_expect(board, SPACE, 1001, 200, expected);
}

/* At, below and above the number that is forgotten between two looks at the clock. */
static void forgets_of_any_length_end(void **state)
{
    struct board *board = *state;
    static const uint32_t lengths[] = {0, 1, 255, 256, 257, 511, 512, 513};
    static uint64_t seqs[600];
    for (size_t i = 0; i < 8; i++) {
        uint64_t first = board->next_seq;
        board_publish_one(board, board_batch(board, SPACE, CAIRN_EVENT_MESSAGE, 600));
        for (uint32_t at = 0; at < lengths[i]; at++)
            seqs[at] = first + at;
        board_publish_one(board, board_forget(board, SPACE, "author", seqs, lengths[i]));
        board_publish_one(board, board_forget(board, SPACE, "space", seqs, 0));
        uint64_t last = board->next_seq - 1;
        board_expect(board, SPACE, last, 200, "count=0 last=0 sum=0;");
        assert_int_equal(board->watermarks[0][0].applied_seq, last);
    }
}

static void forgetting_a_space_drops_its_model_and_no_other(void **state)
{
    struct board *board = *state;
    uint64_t seqs[] = {1, 2, 3};
    board_publish_one(board, board_batch(board, SPACE, CAIRN_EVENT_MESSAGE, 3));
    board_publish_one(board, board_batch(board, "other", CAIRN_EVENT_MESSAGE, 2));
    board_publish_one(board, board_forget(board, SPACE, "space", seqs, 3));
    board_expect(board, SPACE, 6, 200, "count=0");
    board_expect(board, "other", 6, 200, "count=2 last=5");
    board_publish_one(board, board_batch(board, SPACE, CAIRN_EVENT_MESSAGE, 1));
    board_expect(board, SPACE, 7, 200, "count=1 last=7");
}

static void forgetting_in_a_space_that_is_not_there_changes_nothing(void **state)
{
    struct board *board = *state;
    const uint64_t seqs[] = {1};
    board->next_seq = 2;
    board_publish_one(board, board_forget(board, "nowhere", "author", seqs, 1));
    board_expect(board, "nowhere", 2, 404, "no such space");
    assert_int_equal(board->watermarks[0][0].applied_seq, 2);
}

/* ---- digests ---- */

static struct cairn_digest digest_of_seqs(const char *space, uint64_t last_seq)
{
    struct cairn_digest digest = {0};
    for (uint64_t seq = 1; seq <= last_seq; seq++)
        cairn_digest_add(&digest, cairn_digest_item(&seq, sizeof(seq),
                                                    cairn_hash64_slice(cairn_slice_of(space))));
    return digest;
}

static void a_digest_is_of_the_point_where_it_was_asked_for(void **state)
{
    struct board *board = *state;
    struct cairn_batch *batches[4];
    for (int i = 0; i < 4; i++)
        batches[i] = board_batch(board, SPACE, CAIRN_EVENT_MESSAGE, 25);
    board_publish(board, batches, 4, 1);
    for (int i = 0; i < CAIRN_PROJECTION_COUNT; i++)
        desk_wait(&board->digested);
    struct cairn_digest expected = digest_of_seqs(SPACE, 50);
    uint32_t seen = 0;
    for (int i = 0; i < CAIRN_PROJECTION_COUNT; i++) {
        const struct cairn_digest_answer *answer = &board->digests[i];
        seen |= 1u << answer->id;
        assert_int_equal(answer->token, 42);
        assert_int_equal(answer->shard, 0);
        assert_true(answer->digest.low == expected.low && answer->digest.high == expected.high);
    }
    assert_int_equal(seen, 15);
    board_expect(board, SPACE, 100, 200, "count=100");
}

/* ---- stopping ---- */

static void stopping_finishes_what_was_routed(void **state)
{
    struct board *board = *state;
    struct cairn_batch *batches[40];
    const uint64_t seqs[] = {1, 2, 3};
    for (int i = 0; i < 40; i++)
        batches[i] = board_batch(board, SPACE, CAIRN_EVENT_MESSAGE, 100);
    board_publish(board, batches, 40, 20);
    board_publish_one(board, board_forget(board, SPACE, "author", seqs, 3));
    board_stop_shards(board);
    struct cairn_digest digest = {0}, expected = digest_of_seqs(SPACE, 4000);
    struct cairn_digest gone = digest_of_seqs(SPACE, 3);
    cairn_digest_subtract(&expected, gone);
    cairn_projection_digest(board->projections[0][0], &digest);
    assert_true(digest.low == expected.low && digest.high == expected.high);
    assert_int_equal(board->watermarks[0][0].applied_seq, 4001);
}

static void stopping_leaves_nothing_behind_of_those_that_wait(void **state)
{
    struct board *board = *state;
    board->committed_seq = 9;
    board->watermarks[0][0].routed_seq = 9;
    desk_post(&board->desk, board_shard(board, SPACE),
              board_request(SPACE, CAIRN_OPERATION_LIST_PATTERNS, 9));
    board_expect(board, SPACE, 0, 404, "no such space"); /* so the first has come */
}

/* ---- budgets ---- */

static void bytes_are_those_of_all_models_also_of_loaded_ones(void **state)
{
    (void)state;
    static struct cairn_watermark watermark;
    struct desk desk;
    struct cairn_projection *projection;
    const struct cairn_projection_options options = {
        .module = &tally_module, .heap_budget_bytes = TALLY_BUDGET, .watermark = &watermark};
    assert_int_equal(cairn_projection_create(&options, &projection), 0);
    assert_non_null(cairn_projection_ensure(projection, cairn_slice_of("a")));
    assert_non_null(cairn_projection_ensure(projection, cairn_slice_of("b")));
    desk_start(&desk, 1, true);
    struct cairn_actor_ref ref = desk_spawn(&desk, "tally", cairn_projection_behaviour, projection);
    cairn_system_stop_actor(desk.system, ref);
    assert_true(watermark.bytes >= 2 * sizeof(struct tally));
    assert_true(watermark.bytes < 3 * sizeof(struct tally));
    desk_stop(&desk);
    cairn_projection_destroy(projection);
}

static void a_full_model_goes_on_with_what_it_has(void **state)
{
    struct board *board = *state;
    for (int i = 0; i < 17; i++)
        board_publish_one(board, board_batch(board, SPACE, CAIRN_EVENT_MESSAGE, 1000));
    board_expect(board, SPACE, 17000, 200, "count=16384 last=16384");
    assert_int_equal(board->watermarks[0][0].applied_seq, 17000);
    board_publish_one(board, board_batch(board, "other", CAIRN_EVENT_MESSAGE, 1));
    board_expect(board, "other", 17001, 200, "count=1");
}

static void a_space_without_room_for_its_model_has_none(void **state)
{
    struct board *board = *state;
    board_publish_one(board, board_batch(board, SPACE, CAIRN_EVENT_MESSAGE, 10));
    board_expect(board, SPACE, 10, 404, "no such space");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(batches_are_applied_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_projection_is_sent_only_what_concerns_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_the_checkpoint_held_is_not_applied_again, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_question_is_answered_between_the_slices_of_a_batch,
                                        set_up_on_two_workers, tear_down),
        cmocka_unit_test_setup_teardown(a_long_answer_is_made_in_turns_while_others_are_answered,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_answer_with_events_goes_through_the_reader, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_question_waits_for_the_event_it_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_question_above_the_head_is_refused_at_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_question_that_has_waited_too_long_is_told_how_far_it_is,
                                        set_up_in_a_hurry, tear_down),
        cmocka_unit_test_setup_teardown(many_questions_that_wait_in_vain_are_all_answered,
                                        set_up_in_a_hurry, tear_down),
        cmocka_unit_test_setup_teardown(a_question_after_a_forget_waits_for_it_unasked, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_long_forget_takes_out_exactly_what_it_names, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(forgets_of_any_length_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(forgetting_a_space_drops_its_model_and_no_other, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(forgetting_in_a_space_that_is_not_there_changes_nothing,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_digest_is_of_the_point_where_it_was_asked_for, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(stopping_finishes_what_was_routed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stopping_leaves_nothing_behind_of_those_that_wait, set_up,
                                        tear_down),
        cmocka_unit_test(bytes_are_those_of_all_models_also_of_loaded_ones),
        cmocka_unit_test_setup_teardown(a_full_model_goes_on_with_what_it_has, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_space_without_room_for_its_model_has_none,
                                        set_up_in_a_small_room, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
