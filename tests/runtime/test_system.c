/* What every system does: messages arrive, in order and once; actors live and end. */
#include <string.h>

#include "tests/runtime/system_fixture.h"

/* ---- sending ---- */

#define ROUNDS 20000

struct player {
    struct cairn_actor_ref other;
    struct signal *finished;
    uint64_t last;
};

static int play(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    struct player *player = state;
    if (message->type == CAIRN_MESSAGE_START)
        return CAIRN_TURN_OK;
    behaviour_assert(message->value > player->last);
    player->last = message->value;
    if (message->value >= ROUNDS)
        signal_raise(player->finished);
    if (message->value <= ROUNDS)
        behaviour_assert(cairn_turn_tell(turn, player->other, MESSAGE_GO, message->value + 1) == 0);
    return CAIRN_TURN_OK;
}

static void a_ball_goes_to_and_fro_between_two_workers(void **state)
{
    struct cairn_system *system = start(*state, 2);
    struct signal finished;
    signal_init(&finished);
    static struct player players[2];
    memset(players, 0, sizeof(players));
    players[0].finished = players[1].finished = &finished;
    struct cairn_actor_ref first = spawn_on(system, 0, CAIRN_ACTOR_PINNED, play, &players[0]);
    struct cairn_actor_ref second = spawn_on(system, 1, CAIRN_ACTOR_PINNED, play, &players[1]);
    players[0].other = second;
    players[1].other = first;
    post(system, first, MESSAGE_GO, 1);
    signal_wait(&finished);
    signal_wait(&finished);
    finish(system);
}

#define PRODUCERS 6
#define EACH      20000

struct counter {
    uint64_t seen;
    uint64_t last_of[PRODUCERS];
    struct signal finished;
};

struct producer {
    uint64_t index;
    struct cairn_actor_ref consumer;
    uint64_t sent;
};

static int count(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    (void)turn;
    struct counter *counter = state;
    if (message->type != MESSAGE_WORK)
        return CAIRN_TURN_OK;
    uint64_t producer = message->value >> 32;
    uint64_t number = message->value & UINT32_MAX;
    behaviour_assert(counter->last_of[producer] + 1 == number);
    counter->last_of[producer] = number;
    if (++counter->seen == PRODUCERS * EACH)
        signal_raise(&counter->finished);
    return CAIRN_TURN_OK;
}

static int produce(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    (void)message;
    struct producer *producer = state;
    for (int i = 0; i < 100 && producer->sent < EACH; i++) {
        uint64_t value = producer->index << 32 | (producer->sent + 1);
        struct cairn_message *one = cairn_turn_message(turn, MESSAGE_WORK, value, 0);
        behaviour_assert(one != NULL);
        if (cairn_turn_try_send(turn, producer->consumer, one) < 0) {
            cairn_turn_discard(turn, one);
            break;
        }
        producer->sent++;
    }
    if (producer->sent < EACH)
        cairn_turn_tell(turn, cairn_turn_self(turn), MESSAGE_GO, 0);
    return CAIRN_TURN_OK;
}

static void many_producers_lose_nothing_and_keep_their_order(void **state)
{
    struct cairn_system *system = start(*state, 3);
    static struct counter counter;
    static struct producer producers[PRODUCERS];
    counter = (struct counter){0};
    signal_init(&counter.finished);
    struct cairn_actor_ref consumer = spawn(system, count, &counter);
    for (uint64_t i = 0; i < PRODUCERS; i++) {
        producers[i] = (struct producer){.index = i, .consumer = consumer};
        spawn(system, produce, &producers[i]);
    }
    signal_wait(&counter.finished);
    finish(system);
    assert_int_equal(counter.seen, PRODUCERS * EACH);
}

static int check_payload(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    (void)turn;
    if (message->type != MESSAGE_WORK)
        return CAIRN_TURN_OK;
    for (uint64_t i = 0; i < message->value; i++)
        behaviour_assert(message->payload[i] == (uint8_t)(i * 7));
    behaviour_assert(cairn_actor_ref_is_nobody(message->from));
    signal_raise(state);
    return CAIRN_TURN_OK;
}

static void a_payload_of_any_size_arrives_from_outside(void **state)
{
    struct cairn_system *system = start(*state, 2);
    struct signal arrived;
    signal_init(&arrived);
    struct cairn_actor_ref ref = spawn(system, check_payload, &arrived);
    uint8_t payload[5000];
    for (size_t i = 0; i < sizeof(payload); i++)
        payload[i] = (uint8_t)(i * 7);
    static const size_t sizes[] = {0, 1, 32, 33, 224, 225, 992, 993, 5000};
    for (size_t i = 0; i < 9; i++)
        assert_int_equal(cairn_system_send(system, ref, MESSAGE_WORK, sizes[i], payload, sizes[i]),
                         0);
    for (size_t i = 0; i < 9; i++)
        signal_wait(&arrived);
    finish(system);
}

/* ---- bounds ---- */

#define BOUND 10

struct bounded {
    struct cairn_actor_ref sink;
    struct signal finished;
};

static int fill(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    struct bounded *bounded = state;
    if (message->type != MESSAGE_GO)
        return CAIRN_TURN_OK;
    /* The sink runs on this worker, so it does not run now. */
    struct cairn_message *one = NULL;
    for (int i = 0; i < BOUND; i++) {
        one = cairn_turn_message(turn, MESSAGE_WORK, 0, 0);
        behaviour_assert(cairn_turn_try_send(turn, bounded->sink, one) == 0);
    }
    one = cairn_turn_message(turn, MESSAGE_WORK, 0, 0);
    behaviour_assert(cairn_turn_try_send(turn, bounded->sink, one) == -ENOBUFS);
    behaviour_assert(cairn_turn_send(turn, bounded->sink, one) == 0); /* never refused */
    return CAIRN_TURN_OK;
}

static int sink(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    (void)turn;
    if (message->type == MESSAGE_WORK)
        signal_raise(state);
    return CAIRN_TURN_OK;
}

static void a_full_mailbox_refuses_new_work_and_takes_all_else(void **state)
{
    struct cairn_system *system = start(*state, 2);
    static struct bounded bounded;
    signal_init(&bounded.finished);
    const struct cairn_actor_options options = {
        .name = "sink",
        .behaviour = sink,
        .state = &bounded.finished,
        .flags = CAIRN_ACTOR_PINNED,
        .worker = 1,
        .mailbox_bound = BOUND,
    };
    assert_int_equal(cairn_system_spawn(system, &options, &bounded.sink), 0);
    post(system, bounded.sink, MESSAGE_WORK, 0); /* START has been handled when this is */
    signal_wait(&bounded.finished);
    struct cairn_actor_ref filler = spawn_on(system, 1, CAIRN_ACTOR_PINNED, fill, &bounded);
    for (int round = 0; round < 3; round++) {
        post(system, filler, MESSAGE_GO, 0);
        for (int i = 0; i < BOUND + 1; i++)
            signal_wait(&bounded.finished);
    }
    finish(system);
}

/* ---- keeping ---- */

#define KEPT 300

struct keeper {
    struct cairn_message *kept[KEPT];
    size_t count;
    struct cairn_actor_ref next;
    struct signal finished;
};

/* Keeps messages in the order they come, and sends them on in the opposite one. */
static int keep(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    struct keeper *keeper = state;
    if (message->type != MESSAGE_WORK)
        return CAIRN_TURN_OK;
    if (message->value % 3 == 0) /* some are let go */
        return CAIRN_TURN_OK;
    cairn_turn_keep(turn, message);
    keeper->kept[keeper->count++] = message;
    if (message->value != KEPT - 1)
        return CAIRN_TURN_OK;
    while (keeper->count > 0)
        behaviour_assert(cairn_turn_send(turn, keeper->next, keeper->kept[--keeper->count]) == 0);
    return CAIRN_TURN_OK;
}

static int take_backwards(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    (void)turn;
    struct keeper *keeper = state;
    if (message->type != MESSAGE_WORK)
        return CAIRN_TURN_OK;
    static uint64_t last;
    behaviour_assert(message->value == KEPT - 1 || message->value < last);
    last = message->value;
    if (message->value == 1)
        signal_raise(&keeper->finished);
    return CAIRN_TURN_OK;
}

static void kept_messages_are_the_actors_to_send_on(void **state)
{
    struct cairn_system *system = start(*state, 2);
    static struct keeper keeper;
    keeper = (struct keeper){0};
    signal_init(&keeper.finished);
    keeper.next = spawn(system, take_backwards, &keeper);
    struct cairn_actor_ref ref = spawn(system, keep, &keeper);
    for (uint64_t i = 0; i < KEPT; i++)
        post(system, ref, MESSAGE_WORK, i);
    signal_wait(&keeper.finished);
    finish(system);
}

/* ---- beginnings and ends ---- */

struct life {
    int starts;
    int messages;
    int releases;
    struct signal released;
};

static int live(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    (void)turn;
    struct life *life = state;
    behaviour_assert(life->releases == 0);
    if (message->type == CAIRN_MESSAGE_START) {
        behaviour_assert(life->messages == 0);
        life->starts++;
        return CAIRN_TURN_OK;
    }
    behaviour_assert(life->starts == 1);
    life->messages++;
    return message->type == CAIRN_MESSAGE_STOP ? CAIRN_TURN_STOP : CAIRN_TURN_OK;
}

static void release(void *state)
{
    struct life *life = state;
    life->releases++;
    signal_raise(&life->released);
}

static struct cairn_actor_ref spawn_life(struct cairn_system *system, struct life *life)
{
    *life = (struct life){0};
    signal_init(&life->released);
    const struct cairn_actor_options options = {
        .name = "life",
        .behaviour = live,
        .state = life,
        .release = release,
        .worker = UINT32_MAX,
    };
    struct cairn_actor_ref ref;
    assert_int_equal(cairn_system_spawn(system, &options, &ref), 0);
    return ref;
}

static void a_stopped_actor_is_released_once_and_its_reference_is_stale(void **state)
{
    struct cairn_system *system = start(*state, 2);
    static struct life life;
    struct cairn_actor_ref ref = spawn_life(system, &life);
    post(system, ref, MESSAGE_WORK, 0);
    cairn_system_stop_actor(system, ref);
    assert_int_equal(life.starts, 1);
    assert_int_equal(life.messages, 2);
    assert_int_equal(life.releases, 1);
    assert_int_equal(cairn_system_send(system, ref, MESSAGE_WORK, 0, NULL, 0), -ESTALE);
    cairn_system_stop_actor(system, ref); /* again: nothing to wait for */
    finish(system);
    assert_int_equal(life.releases, 1);
}

static void stopping_the_system_releases_every_actor(void **state)
{
    struct cairn_system *system = start(*state, 3);
    static struct life lives[50];
    for (size_t i = 0; i < 50; i++)
        post(system, spawn_life(system, &lives[i]), MESSAGE_WORK, 0);
    finish(system);
    for (size_t i = 0; i < 50; i++)
        assert_int_equal(lives[i].releases, 1);
}

static void a_system_that_never_ran_releases_its_actors(void **state)
{
    struct cairn_system_options options = options_of(*state, 2);
    struct cairn_system *system;
    static struct life life;
    assert_int_equal(cairn_system_create(&options, &system), 0);
    post(system, spawn_life(system, &life), MESSAGE_WORK, 0);
    cairn_system_destroy(system);
    assert_int_equal(life.starts, 0);
    assert_int_equal(life.releases, 1);
}

static void an_actor_spawned_before_the_start_runs_after_it(void **state)
{
    struct cairn_system_options options = options_of(*state, 2);
    struct cairn_system *system;
    static struct life life;
    assert_int_equal(cairn_system_create(&options, &system), 0);
    struct cairn_actor_ref ref = spawn_life(system, &life);
    post(system, ref, CAIRN_MESSAGE_STOP, 0);
    assert_int_equal(cairn_system_start(system), 0);
    signal_wait(&life.released);
    finish(system);
}

/* Queued work of every kind is left behind: in mailboxes, in run queues, in timers. */
static int leave_work(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    (void)message;
    struct cairn_actor_ref self = cairn_turn_self(turn);
    for (int i = 0; i < 20; i++) {
        struct cairn_message *big = cairn_turn_message(turn, MESSAGE_WORK, 0, (size_t)i * 100);
        behaviour_assert(cairn_turn_send(turn, self, big) == 0);
    }
    behaviour_assert(cairn_turn_timer(turn, 1000000, 0) != 0);
    if (message->type == CAIRN_MESSAGE_START)
        signal_raise(state);
    return CAIRN_TURN_OK;
}

static int leave_some_work(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    static _Thread_local unsigned calls;
    return calls++ < 200 ? leave_work(turn, state, message) : CAIRN_TURN_OK;
}

static void stopping_with_messages_queued_frees_them(void **state)
{
    struct cairn_system *system = start(*state, 2);
    struct signal begun;
    signal_init(&begun);
    for (int i = 0; i < 10; i++)
        spawn(system, leave_some_work, &begun);
    for (int i = 0; i < 2; i++)
        signal_wait(&begun);
    finish(system);
}

#define LIVES 3000

struct parent {
    struct cairn_actor_ref stale;
    int ended;
    struct signal finished;
};

static int end_at_once(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    (void)turn, (void)state;
    return message->type == MESSAGE_GO ? CAIRN_TURN_STOP : CAIRN_TURN_OK;
}

/* A new child whenever the last has ended: slots are used again, references to the dead are not. */
static int raise_children(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    struct parent *parent = state;
    if (message->type == CAIRN_MESSAGE_DOWN) {
        parent->ended++;
        parent->stale = message->from;
    }
    if (parent->ended == LIVES) {
        signal_raise(&parent->finished);
        return CAIRN_TURN_OK;
    }
    const struct cairn_actor_options options = {
        .name = "child", .behaviour = end_at_once, .worker = UINT32_MAX};
    struct cairn_actor_ref child;
    behaviour_assert(cairn_turn_spawn(turn, &options, &child) == 0);
    behaviour_assert(cairn_turn_monitor(turn, child) == 0);
    behaviour_assert(cairn_turn_tell(turn, child, MESSAGE_GO, 0) == 0);
    if (!cairn_actor_ref_is_nobody(parent->stale))
        behaviour_assert(cairn_turn_tell(turn, parent->stale, MESSAGE_GO, 0) == -ESTALE);
    return CAIRN_TURN_OK;
}

static void slots_of_ended_actors_are_used_again_safely(void **state)
{
    struct cairn_system *system = start(*state, 2);
    static struct parent parents[4];
    for (size_t i = 0; i < 4; i++) {
        parents[i] = (struct parent){0};
        signal_init(&parents[i].finished);
        spawn(system, raise_children, &parents[i]);
    }
    for (size_t i = 0; i < 4; i++)
        signal_wait(&parents[i].finished);

    struct cairn_actor_stats rows[4];
    assert_int_equal(cairn_system_actor_stats(system, rows, 4), 2);
    assert_string_equal(rows[1].name, "child");
    assert_true(rows[1].turns >= 4 * LIVES);
    finish(system);
}

static void bad_options_are_refused(void **state)
{
    struct cairn_system *system = start(*state, 2);
    struct cairn_actor_ref ref;
    struct cairn_actor_options options = {.name = "bad", .worker = UINT32_MAX};
    assert_int_equal(cairn_system_spawn(system, &options, &ref), -EINVAL);
    options.behaviour = live;
    options.worker = 2;
    assert_int_equal(cairn_system_spawn(system, &options, &ref), -EINVAL);
    finish(system);
}

/* ---- the world ---- */

struct world {
    uint64_t in_turn[3]; /* written by the runner of that worker, looked at by the pauser */
    bool stop;
    struct signal finished;
};

static int spin_in_turns(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    (void)message;
    struct world *world = state;
    uint64_t *mine = &world->in_turn[cairn_turn_worker(turn)];
    if (world->stop)
        return CAIRN_TURN_STOP;
    *mine = 1; /* plain on purpose: TSan sees a pauser that looks too early */
    for (volatile int i = 0; i < 50; i++)
        continue;
    *mine = 0;
    cairn_turn_tell(turn, cairn_turn_self(turn), MESSAGE_GO, 0);
    return CAIRN_TURN_OK;
}

static int pause_often(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    (void)message;
    struct world *world = state;
    uint32_t self = cairn_turn_worker(turn);
    static int pauses;
    cairn_turn_pause_others(turn);
    for (uint32_t i = 0; i < 3; i++)
        behaviour_assert(i == self || world->in_turn[i] == 0);
    bool last = ++pauses >= 400;
    if (last) {
        world->stop = true;
        pauses = 0;
    }
    cairn_turn_resume_others(turn);
    if (last) {
        signal_raise(&world->finished);
        return CAIRN_TURN_STOP;
    }
    if (world->stop)
        return CAIRN_TURN_STOP;
    cairn_turn_tell(turn, cairn_turn_self(turn), MESSAGE_GO, 0);
    return CAIRN_TURN_OK;
}

static void the_world_stands_still_for_one_pauser_at_a_time(void **state)
{
    struct cairn_system *system = start(*state, 3);
    static struct world world;
    world = (struct world){0};
    signal_init(&world.finished);
    for (uint32_t i = 0; i < 3; i++)
        spawn_on(system, i, CAIRN_ACTOR_PINNED, spin_in_turns, &world);
    spawn_on(system, 0, CAIRN_ACTOR_PINNED, pause_often, &world);
    spawn_on(system, 1, CAIRN_ACTOR_PINNED, pause_often, &world);
    signal_wait(&world.finished);
    finish(system);
}

#define CASE(test)                                                                                 \
    {                                                                                              \
#test, test                                                                                \
    }

int main(void)
{
    static const struct test_case cases[] = {
        CASE(a_ball_goes_to_and_fro_between_two_workers),
        CASE(many_producers_lose_nothing_and_keep_their_order),
        CASE(a_payload_of_any_size_arrives_from_outside),
        CASE(a_full_mailbox_refuses_new_work_and_takes_all_else),
        CASE(kept_messages_are_the_actors_to_send_on),
        CASE(a_stopped_actor_is_released_once_and_its_reference_is_stale),
        CASE(stopping_the_system_releases_every_actor),
        CASE(a_system_that_never_ran_releases_its_actors),
        CASE(an_actor_spawned_before_the_start_runs_after_it),
        CASE(stopping_with_messages_queued_frees_them),
        CASE(slots_of_ended_actors_are_used_again_safely),
        CASE(bad_options_are_refused),
        CASE(the_world_stands_still_for_one_pauser_at_a_time),
    };
    return run_over_variants("system", cases, sizeof(cases) / sizeof(cases[0]));
}
