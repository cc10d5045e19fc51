/* bench/bench_actors.c: the actor benchmarks, through the public API.
 *
 *     bench_actors [CASE...]      pp1 pp2 count fanin ring create skynet
 *
 * Each case runs once to warm up and RUNS times to measure, in a system of its own, and prints the
 * median as name<TAB>value<TAB>unit; spread and settings go to stderr. Time is taken by the actors
 * themselves, from the first message to the handling of the last. The work is defined in
 * docs/benchmarks.md. */
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/actor.h"
#include "runtime/base/assert.h"
#include "runtime/base/time.h"

#define RUNS 5

enum {
    MESSAGE_GO = CAIRN_MESSAGE_USER,
    MESSAGE_BALL,
    MESSAGE_ADD,
    MESSAGE_DONE,
};

/* What the whole of a run knows; `finished` is the main thread's. */
struct run {
    uint64_t started_ns;
    uint64_t finished_ns;
    sem_t finished;
};

static void finish(struct run *run, struct cairn_turn *turn)
{
    run->finished_ns = cairn_turn_clock_ns(turn);
    sem_post(&run->finished);
}

static void tell(struct cairn_turn *turn, struct cairn_actor_ref to, uint32_t type, uint64_t value)
{
    int result = cairn_turn_tell(turn, to, type, value);
    cairn_assert(result == 0);
}

static struct cairn_actor_ref spawn(struct cairn_turn *turn, cairn_behaviour behaviour, void *state)
{
    const struct cairn_actor_options options = {
        .name = "bench",
        .behaviour = behaviour,
        .state = state,
        .worker = UINT32_MAX,
    };
    struct cairn_actor_ref ref;
    int result = cairn_turn_spawn(turn, &options, &ref);
    cairn_assert(result == 0);
    return ref;
}

/* ---- pp1, pp2: one ball between two actors ---- */

#define PINGPONG_ROUNDS 1000000

struct pingpong {
    struct run *run;
    uint64_t left;
};

static int pong(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    (void)state;
    if (message->type == MESSAGE_BALL)
        tell(turn, message->from, MESSAGE_BALL, message->value);
    return CAIRN_TURN_OK;
}

static int ping(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    struct pingpong *pingpong = state;
    if (message->type == CAIRN_MESSAGE_START) {
        pingpong->left = PINGPONG_ROUNDS;
        pingpong->run->started_ns = cairn_turn_clock_ns(turn);
        tell(turn, spawn(turn, pong, NULL), MESSAGE_BALL, 0);
    } else if (--pingpong->left > 0) {
        tell(turn, message->from, MESSAGE_BALL, message->value + 1);
    } else {
        finish(pingpong->run, turn);
    }
    return CAIRN_TURN_OK;
}

/* ---- count, fanin: producers to one consumer, bounded by its mailbox ---- */

#define PRODUCERS_MAX  8
#define PRODUCER_BATCH 1000

struct counting {
    struct run *run;
    struct cairn_actor_ref consumer;
    uint64_t expected;
    uint64_t seen;
    uint64_t producer_count;
    uint64_t left[PRODUCERS_MAX];
};

struct producer {
    struct counting *counting;
    uint64_t left;
};

static int produce(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    (void)message;
    struct producer *producer = state;
    for (int i = 0; i < PRODUCER_BATCH && producer->left > 0; i++) {
        struct cairn_message *one = cairn_turn_message(turn, MESSAGE_ADD, 1, 0);
        if (cairn_turn_try_send(turn, producer->counting->consumer, one) < 0) {
            cairn_turn_discard(turn, one);
            break;
        }
        producer->left--;
    }
    if (producer->left > 0)
        tell(turn, cairn_turn_self(turn), MESSAGE_GO, 0);
    return CAIRN_TURN_OK;
}

static int consume(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    struct counting *counting = state;
    if (message->type == MESSAGE_ADD) {
        counting->seen += message->value;
        if (counting->seen == counting->expected)
            finish(counting->run, turn);
    }
    return CAIRN_TURN_OK;
}

static int start_counting(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    struct counting *counting = state;
    if (message->type != CAIRN_MESSAGE_START)
        return CAIRN_TURN_OK;
    counting->run->started_ns = cairn_turn_clock_ns(turn);
    counting->consumer = spawn(turn, consume, counting);
    for (uint64_t i = 0; i < counting->producer_count; i++) {
        struct producer *producer = calloc(1, sizeof(*producer));
        cairn_assert(producer != NULL);
        *producer = (struct producer){counting, counting->expected / counting->producer_count};
        const struct cairn_actor_options options = {
            .name = "producer",
            .behaviour = produce,
            .state = producer,
            .release = free,
            .worker = UINT32_MAX,
        };
        struct cairn_actor_ref ref;
        int result = cairn_turn_spawn(turn, &options, &ref);
        cairn_assert(result == 0);
    }
    return CAIRN_TURN_OK;
}

/* ---- ring: one token through a thousand actors ---- */

#define RING_ACTORS 1000
#define RING_HOPS   5000000

struct ring {
    struct run *run;
    struct ring_node {
        struct ring *ring;
        struct cairn_actor_ref next;
    } nodes[RING_ACTORS];
};

static int hop(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    struct ring_node *node = state;
    if (message->type != MESSAGE_BALL)
        return CAIRN_TURN_OK;
    if (message->value == 0)
        finish(node->ring->run, turn);
    else
        tell(turn, node->next, MESSAGE_BALL, message->value - 1);
    return CAIRN_TURN_OK;
}

static int start_ring(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    struct ring *ring = state;
    if (message->type != CAIRN_MESSAGE_START)
        return CAIRN_TURN_OK;
    struct cairn_actor_ref first = {0};
    for (size_t i = RING_ACTORS; i-- > 0;) {
        ring->nodes[i].ring = ring;
        struct cairn_actor_ref ref = spawn(turn, hop, &ring->nodes[i]);
        if (i > 0)
            ring->nodes[i - 1].next = ref;
        else
            first = ref;
    }
    /* Set before any message is sent: nodes read it only on a ball. */
    ring->nodes[RING_ACTORS - 1].next = first;
    ring->run->started_ns = cairn_turn_clock_ns(turn);
    tell(turn, first, MESSAGE_BALL, RING_HOPS);
    return CAIRN_TURN_OK;
}

/* ---- create: a million short lives ---- */

#define CREATE_ACTORS 1000000
#define CREATE_BATCH  1000

struct creation {
    struct run *run;
    struct cairn_actor_ref collector;
    uint64_t created;
    uint64_t collected;
};

static int live_briefly(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    const struct creation *creation = state;
    if (message->type != MESSAGE_GO)
        return CAIRN_TURN_OK;
    tell(turn, creation->collector, MESSAGE_DONE, 1);
    return CAIRN_TURN_STOP;
}

static int collect(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    struct creation *creation = state;
    if (message->type == MESSAGE_DONE && ++creation->collected == CREATE_ACTORS)
        finish(creation->run, turn);
    return CAIRN_TURN_OK;
}

static int create(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    struct creation *creation = state;
    if (message->type == CAIRN_MESSAGE_START) {
        creation->run->started_ns = cairn_turn_clock_ns(turn);
        creation->collector = spawn(turn, collect, creation);
    }
    for (int i = 0; i < CREATE_BATCH && creation->created < CREATE_ACTORS; i++) {
        tell(turn, spawn(turn, live_briefly, creation), MESSAGE_GO, 0);
        creation->created++;
    }
    if (creation->created < CREATE_ACTORS)
        tell(turn, cairn_turn_self(turn), MESSAGE_GO, 0);
    return CAIRN_TURN_OK;
}

/* ---- skynet: a tree of a million leaves ---- */

#define SKYNET_LEAVES 1000000
#define SKYNET_FANOUT 10
#define SKYNET_SUM    UINT64_C(499999500000)

struct node {
    struct run *run; /* of the root alone */
    struct cairn_actor_ref parent;
    uint64_t first;
    uint64_t size;
    uint64_t sum;
    uint32_t answers;
};

static int skynet(struct cairn_turn *turn, void *state, struct cairn_message *message);

static void spawn_children(struct cairn_turn *turn, const struct node *node)
{
    for (uint64_t i = 0; i < SKYNET_FANOUT; i++) {
        struct node *child = malloc(sizeof(*child));
        cairn_assert(child != NULL);
        uint64_t size = node->size / SKYNET_FANOUT;
        *child = (struct node){
            .parent = cairn_turn_self(turn), .first = node->first + i * size, .size = size};
        const struct cairn_actor_options options = {
            .name = "skynet",
            .behaviour = skynet,
            .state = child,
            .release = free,
            .worker = UINT32_MAX,
        };
        struct cairn_actor_ref ref;
        int result = cairn_turn_spawn(turn, &options, &ref);
        cairn_assert(result == 0);
    }
}

static int answer(struct cairn_turn *turn, struct node *node, uint64_t sum)
{
    if (node->run == NULL) {
        tell(turn, node->parent, MESSAGE_ADD, sum);
        return CAIRN_TURN_STOP;
    }
    cairn_assert(sum == SKYNET_SUM);
    finish(node->run, turn);
    return CAIRN_TURN_OK;
}

static int skynet(struct cairn_turn *turn, void *state, struct cairn_message *message)
{
    struct node *node = state;
    if (message->type == CAIRN_MESSAGE_START) {
        if (node->run != NULL)
            node->run->started_ns = cairn_turn_clock_ns(turn);
        if (node->size == 1)
            return answer(turn, node, node->first);
        spawn_children(turn, node);
        return CAIRN_TURN_OK;
    }
    node->sum += message->value;
    node->answers++;
    return node->answers == SKYNET_FANOUT ? answer(turn, node, node->sum) : CAIRN_TURN_OK;
}

/* ---- running a case ---- */

struct bench_case {
    const char *name;
    const char *unit;
    uint32_t workers;
    double operations;
    cairn_behaviour behaviour;
    void *(*make_state)(struct run *run);
};

static void *make_pingpong(struct run *run)
{
    struct pingpong *state = calloc(1, sizeof(*state));
    cairn_assert(state != NULL);
    state->run = run;
    return state;
}

static void *make_counting(struct run *run, uint64_t producers, uint64_t expected)
{
    struct counting *state = calloc(1, sizeof(*state));
    cairn_assert(state != NULL);
    state->run = run;
    state->producer_count = producers;
    state->expected = expected;
    return state;
}

static void *make_count(struct run *run)
{
    return make_counting(run, 1, 10000000);
}

static void *make_fanin(struct run *run)
{
    return make_counting(run, 8, 8000000);
}

static void *make_ring(struct run *run)
{
    struct ring *state = calloc(1, sizeof(*state));
    cairn_assert(state != NULL);
    state->run = run;
    return state;
}

static void *make_creation(struct run *run)
{
    struct creation *state = calloc(1, sizeof(*state));
    cairn_assert(state != NULL);
    state->run = run;
    return state;
}

static void *make_skynet(struct run *run)
{
    struct node *state = calloc(1, sizeof(*state));
    cairn_assert(state != NULL);
    *state = (struct node){.run = run, .size = SKYNET_LEAVES};
    return state;
}

static const struct bench_case cases[] = {
    {"pp1", "msg/s", 1, 2.0 * PINGPONG_ROUNDS, ping, make_pingpong},
    {"pp2", "msg/s", 2, 2.0 * PINGPONG_ROUNDS, ping, make_pingpong},
    {"count", "msg/s", 2, 10000000, start_counting, make_count},
    {"fanin", "msg/s", 2, 8000000, start_counting, make_fanin},
    {"ring", "hops/s", 2, RING_HOPS, start_ring, make_ring},
    {"create", "actors/s", 2, CREATE_ACTORS, create, make_creation},
    {"skynet", "actors/s", 2, 1111111, skynet, make_skynet},
};

static double run_once(const struct bench_case *bench)
{
    const struct cairn_system_options options = {
        .worker_count = bench->workers,
        .work_stealing = true,
        .message_pools = true,
        .defer_taskrun = true,
        .spin_us = 20,
    };
    struct run run = {0};
    sem_init(&run.finished, 0, 0);
    void *state = bench->make_state(&run);
    struct cairn_system *system;
    int result = cairn_system_create(&options, &system);
    cairn_assert(result == 0);
    result = cairn_system_start(system);
    cairn_assert(result == 0);

    const struct cairn_actor_options root = {
        .name = "root", .behaviour = bench->behaviour, .state = state, .worker = 0};
    struct cairn_actor_ref ref;
    result = cairn_system_spawn(system, &root, &ref);
    cairn_assert(result == 0);
    while (sem_wait(&run.finished) != 0)
        continue;
    cairn_system_stop(system);
    cairn_system_destroy(system);
    sem_destroy(&run.finished);
    free(state);
    return bench->operations * (double)CAIRN_NS_PER_S / (double)(run.finished_ns - run.started_ns);
}

static int compare(const void *a, const void *b)
{
    double difference = *(const double *)a - *(const double *)b;
    return (difference > 0) - (difference < 0);
}

static void run_case(const struct bench_case *bench)
{
    double rates[RUNS];
    run_once(bench);
    for (int i = 0; i < RUNS; i++)
        rates[i] = run_once(bench);
    qsort(rates, RUNS, sizeof(rates[0]), compare);
    printf("%s\t%.0f\t%s\n", bench->name, rates[RUNS / 2], bench->unit);
    fprintf(stderr, "%s workers=%u runs=%d least=%.0f most=%.0f\n", bench->name, bench->workers,
            RUNS, rates[0], rates[RUNS - 1]);
    fflush(stdout);
}

static bool is_wanted(const char *name, int argument_count, char **arguments)
{
    for (int i = 1; i < argument_count; i++)
        if (strcmp(arguments[i], name) == 0)
            return true;
    return argument_count == 1;
}

int main(int argument_count, char **arguments)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (is_wanted(cases[i].name, argument_count, arguments))
            run_case(&cases[i]);
    return 0;
}
