/* runtime/io/thread.c: threads by pthreads, processes by fork. */
#include "runtime/io/thread.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/assert.h"
#include "runtime/base/error.h"

#define THREAD_NAME_BYTES 16 /* the kernel's limit, with the terminator */

_Static_assert(sizeof(pthread_t) == sizeof(unsigned long), "a thread's id fits its handle");

struct start {
    void (*run)(void *argument);
    void *argument;
    char name[THREAD_NAME_BYTES];
};

static void *thread_main(void *argument)
{
    struct start start = *(struct start *)argument;
    free(argument);
    pthread_setname_np(pthread_self(), start.name);
    start.run(start.argument);
    return NULL;
}

/* Signals meant for the process are handled by the main thread alone, so that a system call of
 * another thread is never cut short by one. */
static void block_process_signals(sigset_t *previous)
{
    sigset_t blocked;
    sigemptyset(&blocked);
    static const int process_signals[] = {SIGINT,  SIGTERM, SIGHUP, SIGQUIT,
                                          SIGUSR1, SIGUSR2, SIGCHLD};
    for (size_t i = 0; i < sizeof(process_signals) / sizeof(process_signals[0]); i++)
        sigaddset(&blocked, process_signals[i]);
    pthread_sigmask(SIG_BLOCK, &blocked, previous);
}

int cairn_thread_start(struct cairn_thread *thread, const char *name, void (*run)(void *argument),
                       void *argument)
{
    struct start *start = calloc(1, sizeof(*start));
    if (start == NULL)
        return -ENOMEM;
    start->run = run;
    start->argument = argument;
    strncpy(start->name, name, sizeof(start->name) - 1);

    sigset_t previous;
    block_process_signals(&previous); /* inherited by the new thread */
    pthread_t id;
    int error = pthread_create(&id, NULL, thread_main, start);
    pthread_sigmask(SIG_SETMASK, &previous, NULL);
    if (error != 0) {
        free(start);
        return -error;
    }
    thread->id = id;
    return 0;
}

void cairn_thread_join(struct cairn_thread *thread)
{
    int error = pthread_join(thread->id, NULL);
    cairn_assert(error == 0);
}

/* The system number of the `index`-th processor that the calling thread may use: a container that
 * is confined to some processors still counts its own from 0. */
static int allowed_processor(uint32_t index)
{
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
        return -errno;
    for (int processor = 0; processor < CPU_SETSIZE; processor++)
        if (CPU_ISSET((size_t)processor, &allowed) && index-- == 0)
            return processor;
    return -EINVAL;
}

int cairn_thread_pin(uint32_t processor)
{
    int number = allowed_processor(processor);
    if (number < 0)
        return number;
    cpu_set_t processors;
    CPU_ZERO(&processors);
    CPU_SET((size_t)number, &processors);
    return -pthread_setaffinity_np(pthread_self(), sizeof(processors), &processors);
}

uint32_t cairn_thread_processor_count(void)
{
    cpu_set_t processors;
    if (sched_getaffinity(0, sizeof(processors), &processors) == 0)
        return (uint32_t)CPU_COUNT(&processors);
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (uint32_t)online : 1;
}

void cairn_thread_yield(void)
{
    sched_yield();
}

int cairn_process_fork(int (*work)(void *argument), void *argument)
{
    pid_t child = fork();
    if (child < 0)
        return -errno;
    if (child == 0) {
        /* The parent's locks and sockets must not outlive it in here. */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close_range(STDERR_FILENO + 1, ~0u, 0);
        _exit(work(argument) & 127);
    }
    return (int)child;
}

int cairn_process_poll(int child)
{
    int status;
    pid_t ended;
    do
        ended = waitpid(child, &status, WNOHANG);
    while (ended < 0 && errno == EINTR);
    if (ended < 0)
        return -errno;
    if (ended == 0)
        return -EAGAIN;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
