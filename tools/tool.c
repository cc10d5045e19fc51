#include "tools/tool.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SHOW_NS (UINT64_C(100) * 1000000)

extern char **environ;

struct cairn_io *cairn_tool_io(const char *command)
{
    struct cairn_io_options options = {.queue_entries = 16};
    struct cairn_io *io;
    int result = cairn_io_create(CAIRN_IO_POSIX, &options, &io);
    if (result == 0)
        return io;
    fprintf(stderr, "cairn %s: cannot start: %s\n", command, strerror(-result));
    return NULL;
}

int cairn_tool_settings(const char *command, struct cairn_io *io, const char *file,
                        const struct cairn_repeated *overrides, struct cairn_settings *settings)
{
    struct cairn_settings_error error = {0};
    int result = 0;
    cairn_settings_defaults(settings);
    if (file != NULL)
        result = cairn_settings_load_file(settings, io, file, &error);
    if (result == 0)
        result = cairn_settings_apply_environment(settings, environ, &error);
    for (size_t i = 0; result == 0 && overrides != NULL && i < overrides->count; i++)
        result = cairn_settings_apply_override(settings, overrides->values[i], &error);
    if (result == 0)
        return 0;
    if (error.text[0] == '\0')
        snprintf(error.text, sizeof(error.text), "%s: %s", file, strerror(-result));
    fprintf(stderr, "cairn %s: %s\n", command, error.text);
    return CAIRN_EXIT_SETTINGS;
}

static int any_entry(void *context, const char *name)
{
    (void)context;
    (void)name;
    return 1;
}

int cairn_tool_ledger_path(const char *command, struct cairn_io *io, const char *directory,
                           char *path, size_t path_bytes)
{
    int length = snprintf(path, path_bytes, "%s/ledger/0", directory);
    int result =
        length < (int)path_bytes ? cairn_io_list(io, path, any_entry, NULL) : -ENAMETOOLONG;
    if (result >= 0)
        return 0;
    if (result == -ENOENT || result == -ENOTDIR)
        fprintf(stderr,
                "cairn %s: there is no ledger in %s (looked for %s); name the data directory that "
                "cairn serve uses\n",
                command, directory, path);
    else
        fprintf(stderr, "cairn %s: cannot read %s: %s\n", command, path, strerror(-result));
    return CAIRN_EXIT_IO;
}

void cairn_progress_begin(struct cairn_progress *progress, struct cairn_io *io, const char *what,
                          const char *unit)
{
    *progress = (struct cairn_progress){
        .io = io, .what = what, .unit = unit, .started_ns = cairn_io_monotonic_ns(io)};
}

void cairn_progress_show(struct cairn_progress *progress, uint64_t done, uint64_t total)
{
    uint64_t now_ns = cairn_io_monotonic_ns(progress->io);
    if (now_ns - progress->shown_ns < SHOW_NS || isatty(STDERR_FILENO) == 0)
        return;
    progress->shown_ns = now_ns;
    progress->is_shown = true;
    double seconds = (double)(now_ns - progress->started_ns) / 1e9;
    double rate = seconds > 0 ? (double)done / seconds : 0;
    fprintf(stderr, "\r%s %llu %s, %.0f/s", progress->what, (unsigned long long)done,
            progress->unit, rate);
    if (total > 0 && rate > 0)
        fprintf(stderr, ", %.0f%%, %.0f s left   ", 100.0 * (double)done / (double)total,
                (double)(total - done) / rate);
    fflush(stderr);
}

void cairn_progress_end(struct cairn_progress *progress)
{
    if (progress->is_shown)
        fputc('\n', stderr);
}
