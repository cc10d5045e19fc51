/* runtime/io/thread.h: threads and processes, the part of the platform that has no instance.
 *
 * Context   Any thread.
 * Errors    Negative errno.
 */
#pragma once

#include <stdint.h>

struct cairn_thread {
    unsigned long id;
};

int cairn_thread_start(struct cairn_thread *thread, const char *name, void (*run)(void *argument),
                       void *argument);
void cairn_thread_join(struct cairn_thread *thread);
/* Bind the calling thread to one of the processors it may use, counted from 0. -EINVAL: it may not
 * use that many. */
int cairn_thread_pin(uint32_t processor);
uint32_t cairn_thread_processor_count(void);
/* Let another thread run: for start-up and shutdown, never on a hot path. */
void cairn_thread_yield(void);

/* Run `work` in a forked child that shares the memory as it is now, copy on write; the child exits
 * with what `work` returns (0..127). It has none of our descriptors but the standard ones, and ends
 * with the calling thread. Returns the child's id. */
int cairn_process_fork(int (*work)(void *argument), void *argument);
/* -EAGAIN: still running. Otherwise its exit status, or -ECHILD / 128 + signal. */
int cairn_process_poll(int child);
