/* tools/tool.h: what the commands of `cairn` share: exit statuses, their platform, their settings.
 *
 * Source   api.md, section 1.
 */
#pragma once

#include <stdbool.h>

#include "config/settings.h"
#include "runtime/io/io.h"
#include "tools/args.h"

#define CAIRN_VERSION "0.1.0"

enum cairn_exit {
    CAIRN_EXIT_DONE = 0,
    CAIRN_EXIT_FAULT = 1, /* the work found a fault, or failed */
    CAIRN_EXIT_USAGE = 2,
    CAIRN_EXIT_IO = 74,
    CAIRN_EXIT_LOCKED = 75,
    CAIRN_EXIT_SETTINGS = 78,
};

/* Each command: arguments after its name; returns an exit status. */
int cairn_tool_serve(int argc, char *argv[]);
int cairn_tool_replay(int argc, char *argv[]);
int cairn_tool_verify(int argc, char *argv[]);
int cairn_tool_stat(int argc, char *argv[]);
int cairn_tool_dump(int argc, char *argv[]);
int cairn_tool_digest(int argc, char *argv[]);
int cairn_tool_import(int argc, char *argv[]);
int cairn_tool_search(int argc, char *argv[]);
int cairn_tool_generate(int argc, char *argv[]);

/* Load [demo] data into the service at HOST:PORT, if its ledger is empty. */
int cairn_tool_load_demo(struct cairn_io *io, const char *listen);

/* A platform for synchronous work on this thread. NULL after a message. */
struct cairn_io *cairn_tool_io(const char *command);

/* Defaults, the file, the environment, overrides. 0, or CAIRN_EXIT_SETTINGS after a message. */
int cairn_tool_settings(const char *command, struct cairn_io *io, const char *file,
                        const struct cairn_repeated *overrides, struct cairn_settings *settings);

/* "DIR/ledger/0" of a data directory that holds a ledger. 0, or an exit status after a message. */
int cairn_tool_ledger_path(const char *command, struct cairn_io *io, const char *directory,
                           char *path, size_t path_bytes);

/* Progress on stderr, if that is a terminal, at most ten times a second. */
struct cairn_progress {
    struct cairn_io *io;
    const char *what;
    const char *unit;
    uint64_t started_ns, shown_ns;
    bool is_shown;
};
void cairn_progress_begin(struct cairn_progress *progress, struct cairn_io *io, const char *what,
                          const char *unit);
/* `total` 0: not known. */
void cairn_progress_show(struct cairn_progress *progress, uint64_t done, uint64_t total);
void cairn_progress_end(struct cairn_progress *progress);
