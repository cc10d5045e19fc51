/* runtime/supervision.h: whether a failed actor is restarted, and how long it backs off.
 *
 * The n-th failure within the window waits a random time up to backoff_min_ms * 2^(n-1), at most
 * backoff_max_ms (full jitter: many actors that fail together do not come back together). After
 * restart_max failures the next one within the window is not restarted but escalated. A window
 * begins with the first failure after the last one has passed.
 *
 * Context   Pure: the caller passes clock and randomness.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/random.h"

struct cairn_supervision_options {
    uint32_t restart_max;
    uint32_t restart_window_ms;
    uint32_t backoff_min_ms;
    uint32_t backoff_max_ms;
};

struct cairn_failures {
    uint32_t window_start_ms;
    uint16_t count; /* in the window */
};

/* Count a failure at `now_ms`. True: restart after *delay_ms, at least 1. False: escalate. */
bool cairn_supervision_allows(const struct cairn_supervision_options *options,
                              struct cairn_failures *failures, uint32_t now_ms,
                              struct cairn_random *random, uint32_t *delay_ms);
