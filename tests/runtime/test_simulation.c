/* A simulated system: no threads, virtual time, and the same history for the same seed. */
#include "runtime/base/hash.h"
#include "runtime/base/time.h"
#include "runtime/io/io.h"
#include "runtime/io/sim.h"
#include "tests/runtime/system_fixture.h"

#define STEPS_MAX 1000000
#define ACTORS    20
#define HOPS      2000

/* Who handled what, where and when, as one number. */
struct history {
    uint64_t hash;
    uint64_t handled;
    uint32_t workers_seen;
    struct cairn_actor_ref actors[ACTORS];
};

static void note(struct history *history, struct cairn_turn *turn, uint64_t what)
{
    uint64_t entry[4] = {history->hash, cairn_turn_self(turn).slot, what, cairn_turn_now_ns(turn)};
    history->hash = cairn_hash64(entry, sizeof(entry));
    history->handled++;
    history->workers_seen |= 1u << cairn_turn_worker(turn);
}

static int wander(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    struct history *history = state;
    note(history, turn, message->value);
    if (message->type == CAIRN_MESSAGE_START || message->value == 0)
        return CAIRN_TURN_OK;
    if (message->value % 10 == 0 && message->type == MESSAGE_GO) {
        cairn_turn_timer(turn, cairn_turn_random(turn) % 50, message->value);
        return CAIRN_TURN_OK;
    }
    uint64_t next = cairn_turn_random(turn) % ACTORS;
    behaviour_assert(cairn_turn_tell(turn, history->actors[next], MESSAGE_GO, message->value - 1) ==
                     0);
    return CAIRN_TURN_OK;
}

struct outcome {
    uint64_t hash;
    uint64_t handled;
    uint64_t virtual_ns;
    uint32_t workers_seen;
};

static struct outcome run(uint64_t seed)
{
    const struct cairn_sim_options world = {.seed = seed};
    struct cairn_sim *sim;
    assert_int_equal(cairn_sim_create(&world, &sim), 0);
    const struct cairn_system_options options = {
        .worker_count = 3, .work_stealing = true, .message_pools = true, .sim = sim};
    struct cairn_system *system = start_with(&options);

    struct history history = {0};
    for (uint32_t i = 0; i < ACTORS; i++)
        history.actors[i] =
            spawn_on(system, i % 3, i % 2 ? CAIRN_ACTOR_PINNED : 0, wander, &history);
    for (uint32_t i = 0; i < 5; i++)
        post(system, history.actors[i], MESSAGE_GO, HOPS);
    uint64_t expected = ACTORS + 5 * (HOPS + 1 + HOPS / 10);
    for (int steps = 0; history.handled < expected; steps++) {
        assert_true(steps < STEPS_MAX);
        cairn_system_step(system);
    }
    struct outcome outcome = {history.hash, history.handled, cairn_sim_now_ns(sim),
                              history.workers_seen};
    finish(system);
    cairn_sim_destroy(sim);
    return outcome;
}

static void the_same_seed_gives_the_same_history(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct outcome first = run(seed);
        struct outcome second = run(seed);
        print_message("seed %lu hash %016lx\n", (unsigned long)seed, (unsigned long)first.hash);
        assert_int_equal(first.hash, second.hash);
        assert_int_equal(first.virtual_ns, second.virtual_ns);
    }
}

static void another_seed_gives_another_history(void **state)
{
    (void)state;
    assert_int_not_equal(run(1).hash, run(2).hash);
}

static void all_virtual_workers_take_part(void **state)
{
    (void)state;
    assert_int_equal(run(3).workers_seen, 7);
}

/* ---- time ---- */

static int wait_a_day(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    if (message->type == CAIRN_MESSAGE_START)
        cairn_turn_timer(turn, 86400000, 0);
    else
        *(uint64_t *)state = cairn_turn_clock_ns(turn);
    return CAIRN_TURN_OK;
}

static void a_day_passes_in_a_few_steps(void **state)
{
    (void)state;
    const struct cairn_sim_options world = {.seed = 1};
    struct cairn_sim *sim;
    assert_int_equal(cairn_sim_create(&world, &sim), 0);
    const struct cairn_system_options options = {.worker_count = 2, .sim = sim};
    struct cairn_system *system = start_with(&options);
    uint64_t fired_ns = 0;
    spawn(system, wait_a_day, &fired_ns);
    int steps = 0;
    for (; fired_ns == 0 && steps < 100; steps++)
        cairn_system_step(system);
    assert_true(fired_ns >= 86400 * CAIRN_NS_PER_S);
    assert_false(cairn_system_step(system)); /* nothing will ever happen again */
    finish(system);
    cairn_sim_destroy(sim);
}

static int stop_when_told(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    (void)turn, (void)state;
    return message->type == CAIRN_MESSAGE_STOP ? CAIRN_TURN_STOP : CAIRN_TURN_OK;
}

static void an_actor_is_stopped_without_threads(void **state)
{
    (void)state;
    const struct cairn_sim_options world = {.seed = 1};
    struct cairn_sim *sim;
    assert_int_equal(cairn_sim_create(&world, &sim), 0);
    const struct cairn_system_options options = {.worker_count = 2, .sim = sim};
    struct cairn_system *system = start_with(&options);
    struct cairn_actor_ref ref = spawn(system, stop_when_told, NULL);
    cairn_system_stop_actor(system, ref);
    assert_int_equal(cairn_system_send(system, ref, MESSAGE_GO, 0, NULL, 0), -ESTALE);
    finish(system);
    cairn_sim_destroy(sim);
}

/* ---- completions ---- */

struct writer {
    struct cairn_io *io;
    struct cairn_io_op op;
    struct cairn_actor_ref self;
    int fd;
    uint64_t told;
};

/* Runs between two turns, on the worker that owns the instance. */
static void tell_writer(struct cairn_io_op *op, const struct cairn_io_completion *completion)
{
    struct writer *writer = op->context;
    struct cairn_turn *turn = cairn_io_turn(writer->io);
    behaviour_assert(cairn_actor_ref_is_nobody(cairn_turn_self(turn)));
    behaviour_assert(
        cairn_turn_tell(turn, writer->self, MESSAGE_DONE, (uint64_t)completion->result) == 0);
}

static int write_a_file(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    struct writer *writer = state;
    if (message->type == MESSAGE_DONE)
        writer->told = message->value;
    if (message->type != CAIRN_MESSAGE_START)
        return CAIRN_TURN_OK;
    writer->io = cairn_turn_io(turn);
    writer->self = cairn_turn_self(turn);
    writer->op = (struct cairn_io_op){.complete = tell_writer, .context = writer};
    writer->fd = cairn_io_open(writer->io, "file", CAIRN_IO_OPEN_WRITE | CAIRN_IO_OPEN_CREATE);
    behaviour_assert(writer->fd >= 0);
    cairn_io_write(writer->io, &writer->op, writer->fd, "hello", 5, 0, true);
    return CAIRN_TURN_OK;
}

static void a_completion_becomes_a_message(void **state)
{
    (void)state;
    const struct cairn_sim_options world = {.seed = 1};
    struct cairn_sim *sim;
    assert_int_equal(cairn_sim_create(&world, &sim), 0);
    const struct cairn_system_options options = {.worker_count = 2, .sim = sim};
    struct cairn_system *system = start_with(&options);
    struct writer writer = {0};
    spawn_on(system, 1, CAIRN_ACTOR_PINNED, write_a_file, &writer);
    for (int steps = 0; writer.told == 0 && steps < 1000; steps++)
        cairn_system_step(system);
    assert_int_equal(writer.told, 5);
    finish(system);
    cairn_sim_destroy(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_gives_the_same_history),
        cmocka_unit_test(another_seed_gives_another_history),
        cmocka_unit_test(all_virtual_workers_take_part),
        cmocka_unit_test(a_day_passes_in_a_few_steps),
        cmocka_unit_test(an_actor_is_stopped_without_threads),
        cmocka_unit_test(a_completion_becomes_a_message),
    };
    return cmocka_run_group_tests_name("simulation", tests, NULL, NULL);
}
