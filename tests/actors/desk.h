/* tests/actors/desk.h: a running system, and an actor at a desk in it that stands for all
 * connections: it sends the test's requests on, and keeps what comes back, in order.
 *
 * Requests that are sent together leave in one turn, so that with one worker they lie in the
 * receiver's mailbox before it handles the first. Waiting has a deadline that is only there to
 * fail. */
#pragma once

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "actors/messages.h"
#include "actors/request.h"
#include "tests/support/unit.h"

#define DESK_DEADLINE_S   60
#define DESK_SEND         2000u
#define DESK_FOLLOWED_MAX 256

/* cmocka's assertions would jump off another thread's stack. */
#define actor_assert(condition)                                                                    \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

struct desk {
    struct cairn_system *system;
    struct cairn_actor_ref ref;
    uint32_t worker; /* the last one: where the desk and what desk_spawn makes run */
    /* Called in the desk's turn for each answer. May be NULL. */
    void (*observe)(void *context, const struct cairn_request *request);
    void *context;

    pthread_mutex_t mutex; /* guards the rest */
    sem_t answered, followed;
    struct cairn_request *first;
    struct cairn_request **end;
    struct cairn_batch *batches[DESK_FOLLOWED_MAX]; /* as followed; NULL: the stream has ended */
    uint32_t batch_count;
};

struct desk_errand {
    struct cairn_actor_ref to;
    uint32_t type;
    uint32_t count;
    struct cairn_request *requests[];
};

static inline void desk_run_errand(struct cairn_turn *turn, struct desk_errand *errand)
{
    for (uint32_t i = 0; i < errand->count; i++) {
        struct cairn_request *request = errand->requests[i];
        if (request == NULL) {
            actor_assert(cairn_turn_tell(turn, errand->to, errand->type, 0) == 0);
            continue;
        }
        request->connection = cairn_turn_self(turn);
        cairn_request_send(turn, errand->to, errand->type, request, false);
    }
    free(errand);
}

static inline void desk_keep_answer(struct desk *desk, struct cairn_request *request)
{
    if (desk->observe != NULL)
        desk->observe(desk->context, request);
    pthread_mutex_lock(&desk->mutex);
    request->next = NULL;
    *desk->end = request;
    desk->end = &request->next;
    pthread_mutex_unlock(&desk->mutex);
    sem_post(&desk->answered);
}

static inline int desk_behaviour(struct cairn_turn *turn, void *state,
                                 struct cairn_message *message)
{
    struct desk *desk = state;
    switch (message->type) {
    case DESK_SEND:
        desk_run_errand(turn, (struct desk_errand *)(uintptr_t)message->value);
        break;
    case CAIRN_MESSAGE_ANSWER:
        desk_keep_answer(desk, cairn_request_of(message));
        break;
    case CAIRN_MESSAGE_FOLLOWED:
        pthread_mutex_lock(&desk->mutex);
        actor_assert(desk->batch_count < DESK_FOLLOWED_MAX);
        desk->batches[desk->batch_count++] = (struct cairn_batch *)(uintptr_t)message->value;
        pthread_mutex_unlock(&desk->mutex);
        sem_post(&desk->followed);
        break;
    case CAIRN_MESSAGE_STOP:
        return CAIRN_TURN_STOP;
    default:
        break;
    }
    return CAIRN_TURN_OK;
}

/* ---- life ---- */

static inline void desk_start(struct desk *desk, uint32_t workers, bool posix_io)
{
    const struct cairn_system_options options = {
        .worker_count = workers,
        .posix_io = posix_io,
        .work_stealing = true,
        .message_pools = true,
        .defer_taskrun = true,
        .turn_messages = 64,
        .turn_us = 100,
        .mailbox_bound = 1024,
        .seed = 7,
    };
    const struct cairn_actor_options actor = {.name = "desk",
                                              .behaviour = desk_behaviour,
                                              .state = desk,
                                              .flags = CAIRN_ACTOR_PINNED,
                                              .worker = workers - 1};
    *desk = (struct desk){.end = &desk->first, .worker = workers - 1};
    pthread_mutex_init(&desk->mutex, NULL);
    sem_init(&desk->answered, 0, 0);
    sem_init(&desk->followed, 0, 0);
    assert_int_equal(cairn_system_create(&options, &desk->system), 0);
    assert_int_equal(cairn_system_start(desk->system), 0);
    assert_int_equal(cairn_system_spawn(desk->system, &actor, &desk->ref), 0);
}

/* On the desk's worker. */
static inline struct cairn_actor_ref desk_spawn(struct desk *desk, const char *name,
                                                cairn_behaviour behaviour, void *state)
{
    const struct cairn_actor_options options = {.name = name,
                                                .behaviour = behaviour,
                                                .state = state,
                                                .flags = CAIRN_ACTOR_PINNED,
                                                .worker = desk->worker};
    struct cairn_actor_ref ref;
    assert_int_equal(cairn_system_spawn(desk->system, &options, &ref), 0);
    return ref;
}

/* All other actors have ended. What was not received is destroyed. */
static inline void desk_stop(struct desk *desk)
{
    cairn_system_stop_actor(desk->system, desk->ref);
    cairn_system_stop(desk->system);
    cairn_system_destroy(desk->system);
    while (desk->first != NULL) {
        struct cairn_request *request = desk->first;
        desk->first = request->next;
        cairn_request_destroy(request);
    }
    for (uint32_t i = 0; i < desk->batch_count; i++)
        cairn_batch_release(desk->batches[i]);
    pthread_mutex_destroy(&desk->mutex);
    sem_destroy(&desk->answered);
    sem_destroy(&desk->followed);
}

/* ---- sending ---- */

static inline void desk_tell(struct desk *desk, struct cairn_actor_ref to, uint32_t type,
                             uint64_t value)
{
    assert_int_equal(cairn_system_send(desk->system, to, type, value, NULL, 0), 0);
}

/* All in one turn; they are taken. */
static inline void desk_send(struct desk *desk, struct cairn_actor_ref to, uint32_t type,
                             struct cairn_request *const requests[], uint32_t count)
{
    size_t bytes = count * sizeof(struct cairn_request *);
    struct desk_errand *errand = malloc(sizeof(*errand) + bytes);
    *errand = (struct desk_errand){.to = to, .type = type, .count = count};
    memcpy(errand->requests, requests, bytes);
    desk_tell(desk, desk->ref, DESK_SEND, (uint64_t)(uintptr_t)errand);
}

static inline void desk_post(struct desk *desk, struct cairn_actor_ref to,
                             struct cairn_request *request)
{
    desk_send(desk, to, CAIRN_MESSAGE_REQUEST, &request, 1);
}

/* ---- receiving ---- */

static inline void desk_wait(sem_t *semaphore)
{
    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += DESK_DEADLINE_S;
    int result = sem_timedwait(semaphore, &deadline);
    while (result != 0 && errno == EINTR)
        result = sem_timedwait(semaphore, &deadline);
    assert_int_equal(result, 0);
}

static inline struct cairn_request *desk_take(struct desk *desk)
{
    pthread_mutex_lock(&desk->mutex);
    struct cairn_request *request = desk->first;
    desk->first = request->next;
    if (desk->first == NULL)
        desk->end = &desk->first;
    pthread_mutex_unlock(&desk->mutex);
    return request;
}

/* The next answer, rendered. The test destroys it. Its text gets a terminator behind its end. */
static inline struct cairn_request *desk_receive(struct desk *desk)
{
    desk_wait(&desk->answered);
    struct cairn_request *request = desk_take(desk);
    if (request->render != NULL)
        request->render(request);
    cairn_buffer_append_byte(&request->answer, '\0');
    return request;
}

static inline bool desk_has_answer(struct desk *desk)
{
    int count = 0;
    sem_getvalue(&desk->answered, &count);
    return count > 0;
}

static inline struct cairn_request *desk_ask(struct desk *desk, struct cairn_actor_ref to,
                                             struct cairn_request *request)
{
    desk_post(desk, to, request);
    return desk_receive(desk);
}

/* The answer has this status and holds `part`. */
static inline void desk_check(struct cairn_request *request, int status, const char *part)
{
    if (request->status != status || strstr(request->answer.data, part) == NULL)
        fail_msg("wanted %d with `%s`, got %d: %s", status, part, request->status,
                 request->answer.data);
}

/* The next answer does; it is destroyed. */
static inline void desk_expect(struct desk *desk, int status, const char *part)
{
    struct cairn_request *request = desk_receive(desk);
    desk_check(request, status, part);
    cairn_request_destroy(request);
}
