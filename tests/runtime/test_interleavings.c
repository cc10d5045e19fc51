/* Every interleaving of the mailbox and of the park protocol, as step machines.
 *
 * A machine is a small struct of shared memory and program counters; a step is one atomic access
 * of one thread. The search visits every state that can be reached and checks the invariants in
 * each. It models what mailbox.c and worker.c do under sequential consistency; that their fences
 * give them that is for the stress tests.
 *
 * So that the search itself is known to look, each machine can be broken in one place, and the
 * fault must then be found. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/unit.h"

#define STATES_MAX  (1u << 20)
#define STATE_BYTES 48
#define THREADS_MAX 4

/* ---- the search ---- */

struct machine {
    size_t bytes; /* of a state; compared as bytes, so it has no padding */
    int threads;
    /* Take one step of `thread`. False: it cannot move. Sets *wrong when an invariant breaks. */
    bool (*step)(void *state, int thread, bool *wrong);
    /* No thread can move: is this a good end? */
    bool (*is_good_end)(const void *state);
};

struct search {
    uint8_t (*states)[STATE_BYTES]; /* in the order found; also the list of those to explore */
    uint32_t (*next)[THREADS_MAX];  /* per state and thread: the state after its step */
    bool *can_end;                  /* a good end can be reached from it */
    uint32_t *table;                /* hash to index + 1 */
    uint32_t count;
};

static uint32_t hash_of(const uint8_t *state, size_t bytes)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < bytes; i++)
        hash = (hash ^ state[i]) * 16777619u;
    return hash;
}

/* The index of `state`, added if it is new. */
static uint32_t visit(struct search *search, const struct machine *machine, const uint8_t *state)
{
    uint32_t slot = hash_of(state, machine->bytes) & (2 * STATES_MAX - 1);
    while (search->table[slot] != 0) {
        uint32_t index = search->table[slot] - 1;
        if (memcmp(search->states[index], state, machine->bytes) == 0)
            return index;
        slot = (slot + 1) & (2 * STATES_MAX - 1);
    }
    assert_true(search->count < STATES_MAX);
    memcpy(search->states[search->count], state, machine->bytes);
    search->table[slot] = search->count + 1;
    return search->count++;
}

/* All steps out of one state. False if one breaks an invariant. */
static bool expand(struct search *search, const struct machine *machine, uint32_t index)
{
    bool moved = false;
    for (int thread = 0; thread < machine->threads; thread++) {
        _Alignas(8) uint8_t state[STATE_BYTES];
        bool wrong = false;
        memcpy(state, search->states[index], STATE_BYTES);
        search->next[index][thread] = index;
        if (!machine->step(state, thread, &wrong))
            continue;
        if (wrong)
            return false;
        moved = true;
        search->next[index][thread] = visit(search, machine, state);
    }
    search->can_end[index] = !moved && machine->is_good_end(search->states[index]);
    return true;
}

/* From every state a good end must be within reach: a bad end is a lost message, a state that only
 * goes round in circles waits for one. */
static bool all_can_end(struct search *search, const struct machine *machine)
{
    bool changed = true;
    while (changed) {
        changed = false;
        for (uint32_t i = search->count; i-- > 0;) {
            bool can_end = search->can_end[i];
            for (int thread = 0; thread < machine->threads; thread++)
                can_end |= search->can_end[search->next[i][thread]];
            changed |= can_end != search->can_end[i];
            search->can_end[i] = can_end;
        }
    }
    bool all = true;
    for (uint32_t i = 0; i < search->count; i++)
        all &= search->can_end[i];
    return all;
}

/* Returns true if every state keeps the invariants and can still come to a good end. */
static bool explore(const struct machine *machine, const void *initial)
{
    assert_true(machine->bytes <= STATE_BYTES && machine->threads <= THREADS_MAX);
    struct search search = {
        .states = calloc(STATES_MAX, STATE_BYTES),
        .next = calloc(STATES_MAX, sizeof(*search.next)),
        .can_end = calloc(STATES_MAX, sizeof(*search.can_end)),
        .table = calloc(2 * STATES_MAX, sizeof(*search.table)),
    };
    assert_true(search.states && search.next && search.can_end && search.table);

    bool right = true;
    uint8_t first[STATE_BYTES] = {0};
    memcpy(first, initial, machine->bytes);
    visit(&search, machine, first);
    for (uint32_t i = 0; i < search.count && right; i++)
        right = expand(&search, machine, i);
    right = right && all_can_end(&search, machine);
    print_message("%u states\n", search.count);
    free(search.states);
    free(search.next);
    free(search.can_end);
    free(search.table);
    return right;
}

/* ---- the mailbox: two senders of two messages each, two workers ---- */

enum { STUB = 0, NODES = 5, NONE = 0xff, IDLE = 0x80 };
enum { SENDERS = 2, EACH = 2, WORKERS = 2 };

enum fault { NO_FAULT, KEEP_WITHOUT_WAITING, STORE_INSTEAD_OF_SWAP };

enum { SEND_EXCHANGE, SEND_LINK, SEND_SCHEDULE, SEND_DONE };
enum { RUN_TAKE, RUN_POP, RUN_CHECK, RUN_CLEAR, RUN_SWAP, RUN_STORE, RUN_AGAIN };
enum { KEEP_CLEAR = RUN_AGAIN + 1, KEEP_SWAP, KEEP_WAIT };

struct mailbox_state {
    uint8_t tail; /* node, | IDLE */
    uint8_t head;
    uint8_t next[NODES];
    uint8_t queued; /* times the actor is in run queues */
    uint8_t runners;
    uint8_t handled;
    uint8_t last_of[SENDERS];
    uint8_t fault;
    uint8_t send_at[SENDERS], sent[SENDERS], previous[SENDERS];
    uint8_t run_at[WORKERS], saved[WORKERS];
};

static bool step_sender(struct mailbox_state *s, int i)
{
    uint8_t node = (uint8_t)(1 + i * EACH + s->sent[i]);
    switch (s->send_at[i]) {
    case SEND_EXCHANGE:
        s->next[node] = NONE;
        s->previous[i] = s->tail;
        s->tail = node;
        s->send_at[i] = SEND_LINK;
        return true;
    case SEND_LINK:
        s->next[s->previous[i] & ~IDLE] = node;
        s->send_at[i] = SEND_SCHEDULE;
        return true;
    case SEND_SCHEDULE:
        if (s->previous[i] & IDLE)
            s->queued++;
        s->previous[i] = 0;
        s->sent[i]++;
        s->send_at[i] = s->sent[i] == EACH ? SEND_DONE : SEND_EXCHANGE;
        return true;
    default:
        return false;
    }
}

static void handle(struct mailbox_state *s, uint8_t node, bool *wrong)
{
    int sender = (node - 1) / EACH;
    uint8_t number = (uint8_t)((node - 1) % EACH + 1);
    *wrong |= s->last_of[sender] + 1 != number; /* each sender's messages in order, once */
    s->last_of[sender] = number;
    s->handled++;
}

static bool step_runner(struct mailbox_state *s, int i, bool *wrong)
{
    uint8_t next = s->next[s->head];
    switch (s->run_at[i]) {
    case RUN_TAKE:
        if (s->queued == 0)
            return false;
        s->queued--;
        s->runners++;
        *wrong |= s->runners > 1;
        s->run_at[i] = RUN_POP;
        return true;
    case RUN_POP:
        if (next == NONE) {
            s->run_at[i] = RUN_CHECK;
            return true;
        }
        s->head = next;
        handle(s, next, wrong);
        /* The first message of each sender is kept: taken out of the list. */
        s->run_at[i] = (next - 1) % EACH == 0 ? KEEP_CLEAR : RUN_POP;
        return true;
    case KEEP_CLEAR:
        s->saved[i] = s->head;
        s->next[STUB] = NONE;
        s->head = STUB;
        s->run_at[i] = s->next[s->saved[i]] == NONE ? KEEP_SWAP : KEEP_WAIT;
        return true;
    case KEEP_SWAP:
        s->run_at[i] = s->tail == s->saved[i] ? RUN_POP : KEEP_WAIT;
        if (s->tail == s->saved[i])
            s->tail = STUB;
        return true;
    case KEEP_WAIT:
        if (s->next[s->saved[i]] == NONE && s->fault != KEEP_WITHOUT_WAITING)
            return false; /* until the sender has linked */
        s->next[STUB] = s->next[s->saved[i]];
        s->run_at[i] = RUN_POP;
        return true;
    case RUN_CHECK:
        s->run_at[i] = next == NONE ? RUN_CLEAR : RUN_AGAIN;
        return true;
    case RUN_CLEAR:
        s->saved[i] = s->head;
        if (s->head != STUB)
            s->next[STUB] = NONE;
        s->head = STUB;
        s->run_at[i] = s->fault == STORE_INSTEAD_OF_SWAP ? RUN_STORE : RUN_SWAP;
        return true;
    case RUN_SWAP:
        if (s->tail != s->saved[i]) {
            s->head = s->saved[i];
            s->run_at[i] = RUN_AGAIN;
            return true;
        }
        s->tail = STUB | IDLE;
        s->runners--;
        s->run_at[i] = RUN_TAKE;
        return true;
    case RUN_STORE: /* the planted fault: looks like RUN_SWAP, but is a plain store */
        s->tail = STUB | IDLE;
        s->runners--;
        s->run_at[i] = RUN_TAKE;
        return true;
    default: /* RUN_AGAIN */
        s->queued++;
        s->runners--;
        s->run_at[i] = RUN_TAKE;
        return true;
    }
}

static bool step_mailbox(void *state, int thread, bool *wrong)
{
    struct mailbox_state *s = state;
    if (thread < SENDERS)
        return step_sender(s, thread);
    return step_runner(s, thread - SENDERS, wrong);
}

static bool is_all_handled(const void *state)
{
    const struct mailbox_state *s = state;
    return s->handled == SENDERS * EACH && s->tail == (STUB | IDLE) && s->head == STUB;
}

static const struct machine mailbox_machine = {
    .bytes = sizeof(struct mailbox_state),
    .threads = SENDERS + WORKERS,
    .step = step_mailbox,
    .is_good_end = is_all_handled,
};

static struct mailbox_state mailbox_at_rest(enum fault fault)
{
    struct mailbox_state state = {.tail = STUB | IDLE, .fault = (uint8_t)fault};
    memset(state.next, NONE, sizeof(state.next));
    return state;
}

static void the_mailbox_loses_nothing_in_any_interleaving(void **state)
{
    (void)state;
    struct mailbox_state initial = mailbox_at_rest(NO_FAULT);
    assert_true(explore(&mailbox_machine, &initial));
}

static void going_idle_by_a_plain_store_is_found_out(void **state)
{
    (void)state;
    struct mailbox_state initial = mailbox_at_rest(STORE_INSTEAD_OF_SWAP);
    assert_false(explore(&mailbox_machine, &initial));
}

static void keeping_over_a_gap_is_found_out(void **state)
{
    (void)state;
    struct mailbox_state initial = mailbox_at_rest(KEEP_WITHOUT_WAITING);
    assert_false(explore(&mailbox_machine, &initial));
}

/* ---- parking: one worker, two wakers with two pieces of work each ---- */

enum { RUNNING, PARKED, NOTIFIED };
enum { WORK_LOOK, WORK_PARK, WORK_LOOK_AGAIN, WORK_SLEEP };
enum { WAKE_PUBLISH, WAKE_LOOK, WAKE_SWAP, WAKE_RING, WAKE_DONE };

struct park_state {
    uint8_t work;
    uint8_t done;
    uint8_t park;
    uint8_t rung; /* the poll that sleeps, or the next one, returns */
    uint8_t worker_at;
    uint8_t look_only_before; /* the planted fault */
    uint8_t waker_at[2], published[2];
};

static bool step_waker(struct park_state *s, int i)
{
    switch (s->waker_at[i]) {
    case WAKE_PUBLISH:
        s->work++;
        s->waker_at[i] = WAKE_LOOK;
        return true;
    case WAKE_LOOK:
        s->waker_at[i] = s->park == PARKED ? WAKE_SWAP : WAKE_DONE;
        break;
    case WAKE_SWAP:
        s->waker_at[i] = s->park == PARKED ? WAKE_RING : WAKE_DONE;
        if (s->park == PARKED)
            s->park = NOTIFIED;
        break;
    case WAKE_RING:
        s->rung = 1;
        s->waker_at[i] = WAKE_DONE;
        break;
    default:
        return false;
    }
    if (s->waker_at[i] == WAKE_DONE && ++s->published[i] < 2)
        s->waker_at[i] = WAKE_PUBLISH;
    return true;
}

static bool step_worker(struct park_state *s)
{
    switch (s->worker_at) {
    case WORK_LOOK:
        s->done = (uint8_t)(s->done + s->work);
        s->worker_at = s->work > 0 ? WORK_LOOK : WORK_PARK;
        s->work = 0;
        return true;
    case WORK_PARK:
        s->park = PARKED;
        s->worker_at = s->look_only_before ? WORK_SLEEP : WORK_LOOK_AGAIN;
        return true;
    case WORK_LOOK_AGAIN:
        s->worker_at = s->work > 0 ? WORK_LOOK : WORK_SLEEP;
        if (s->work > 0)
            s->park = RUNNING;
        return true;
    default: /* WORK_SLEEP */
        if (!s->rung)
            return false;
        s->rung = 0;
        s->park = RUNNING;
        s->worker_at = WORK_LOOK;
        return true;
    }
}

static bool step_park(void *state, int thread, bool *wrong)
{
    (void)wrong;
    return thread < 2 ? step_waker(state, thread) : step_worker(state);
}

static bool is_all_done(const void *state)
{
    const struct park_state *s = state;
    return s->work == 0 && s->done == 4;
}

static const struct machine park_machine = {
    .bytes = sizeof(struct park_state),
    .threads = 3,
    .step = step_park,
    .is_good_end = is_all_done,
};

static void no_wake_up_is_lost_in_any_interleaving(void **state)
{
    (void)state;
    struct park_state initial = {0};
    assert_true(explore(&park_machine, &initial));
}

static void parking_without_looking_again_is_found_out(void **state)
{
    (void)state;
    struct park_state initial = {.look_only_before = 1};
    assert_false(explore(&park_machine, &initial));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mailbox_loses_nothing_in_any_interleaving),
        cmocka_unit_test(going_idle_by_a_plain_store_is_found_out),
        cmocka_unit_test(keeping_over_a_gap_is_found_out),
        cmocka_unit_test(no_wake_up_is_lost_in_any_interleaving),
        cmocka_unit_test(parking_without_looking_again_is_found_out),
    };
    return cmocka_run_group_tests_name("interleavings", tests, NULL, NULL);
}
