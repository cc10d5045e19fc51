#include "runtime/supervision.h"

static uint32_t backoff_limit_ms(const struct cairn_supervision_options *options, uint32_t failure)
{
    uint64_t limit_ms = options->backoff_min_ms > 0 ? options->backoff_min_ms : 1;
    for (uint32_t i = 1; i < failure && limit_ms < options->backoff_max_ms; i++)
        limit_ms *= 2;
    if (limit_ms > options->backoff_max_ms)
        limit_ms = options->backoff_max_ms > 0 ? options->backoff_max_ms : 1;
    return (uint32_t)limit_ms;
}

bool cairn_supervision_allows(const struct cairn_supervision_options *options,
                              struct cairn_failures *failures, uint32_t now_ms,
                              struct cairn_random *random, uint32_t *delay_ms)
{
    /* Unsigned differences, so that a clock of 32 bits may wrap. */
    bool window_over = now_ms - failures->window_start_ms >= options->restart_window_ms;
    if (failures->count == 0 || window_over)
        *failures = (struct cairn_failures){.window_start_ms = now_ms};
    if (failures->count >= options->restart_max || failures->count == UINT16_MAX)
        return false;

    failures->count++;
    uint32_t limit_ms = backoff_limit_ms(options, failures->count);
    *delay_ms = 1 + (uint32_t)cairn_random_below(random, limit_ms);
    return true;
}
