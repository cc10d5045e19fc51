/* tools/signals.h: SIGTERM, SIGINT and SIGHUP as flags, one of the two allowed mutable globals.
 *
 * Context   Installed once, by the main thread, before other threads start.
 */
#pragma once

#include <stdbool.h>

struct cairn_io;

/* Wakes `io` when a signal came. A second SIGINT exits at once. SIGPIPE is ignored. */
void cairn_signals_install(struct cairn_io *io);
bool cairn_signals_stop_asked(void);
/* True once for each SIGHUP. */
bool cairn_signals_take_reload(void);
