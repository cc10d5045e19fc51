/* tools/serve.c: `cairn serve`: the service in the foreground. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actors/system.h"
#include "config/keys.h"
#include "runtime/base/log.h"
#include "tools/notify.h"
#include "tools/signals.h"
#include "tools/tool.h"

struct serve {
    const char *config, *data, *listen;
    struct cairn_repeated overrides;
    bool demo, check_config, print_config;
    struct cairn_io *io;
    struct cairn_settings settings;
};

static int parse(struct serve *serve, int argc, char *argv[])
{
    const struct cairn_option options[] = {
        {.name = "--config", .value = &serve->config},
        {.name = "--data", .value = &serve->data},
        {.name = "--listen", .value = &serve->listen},
        {.name = "--set", .repeated = &serve->overrides},
        {.name = "--demo", .flag = &serve->demo},
        {.name = "--check-config", .flag = &serve->check_config},
        {.name = "--print-config", .flag = &serve->print_config},
        {0},
    };
    struct cairn_args args;
    return cairn_args_parse(&args, "serve", argc, argv, options, 0);
}

/* --data and --listen stand over everything else. */
static int load_settings(struct serve *serve, struct cairn_settings *settings)
{
    int status =
        cairn_tool_settings("serve", serve->io, serve->config, &serve->overrides, settings);
    if (status != 0)
        return status;
    if (serve->data != NULL)
        snprintf(settings->server.data, sizeof(settings->server.data), "%s", serve->data);
    if (serve->listen != NULL)
        snprintf(settings->server.listen, sizeof(settings->server.listen), "%s", serve->listen);
    return 0;
}

static void set_log_level(const struct cairn_settings *settings)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    for (int i = 0; i < 4; i++) {
        if (strcmp(settings->server.log_level, levels[i]) == 0)
            cairn_log_set_level((enum cairn_log_level)i);
    }
}

static void log_idle_keys(const struct cairn_settings *settings)
{
    const struct cairn_setting_key *idle[CAIRN_SETTING_KEYS_MAX];
    uint32_t count = cairn_settings_idle(settings, idle);
    for (uint32_t i = 0; i < count; i++)
        cairn_log(CAIRN_LOG_INFO, "setting_without_effect",
                  cairn_log_text("section", idle[i]->section),
                  cairn_log_text("key", idle[i]->name));
}

static int exit_status_of(int result)
{
    switch (result) {
    case -EWOULDBLOCK:
        return CAIRN_EXIT_LOCKED;
    case -EINVAL:
        return CAIRN_EXIT_SETTINGS;
    case -EBADMSG:
        return CAIRN_EXIT_FAULT;
    default:
        return CAIRN_EXIT_IO;
    }
}

static void log_recovery(const struct cairn_service_report *report)
{
    const struct cairn_ledger_recovery *recovery = &report->recovery;
    if (recovery->torn_bytes > 0)
        cairn_log(CAIRN_LOG_WARN, "ledger_torn_tail", cairn_log_u64("bytes", recovery->torn_bytes),
                  cairn_log_text("detail", "a write that a crash cut short; kept in torn/"));
    if (recovery->buffered_io)
        cairn_log(CAIRN_LOG_WARN, "direct_io_refused",
                  cairn_log_text("detail", "the file system takes no O_DIRECT: buffered writes and "
                                           "fdatasync instead"));
    cairn_log(CAIRN_LOG_INFO, "recovered", cairn_log_u64("seq", report->seq),
              cairn_log_u64("checkpoint_seq", report->checkpoint_seq),
              cairn_log_u64("replayed", report->replayed_events),
              cairn_log_u64("ms", report->recovered_ms));
}

static void print_banner(const struct serve *serve, const struct cairn_service_report *report)
{
    const char *bold = getenv("NO_COLOR") == NULL ? "\033[1m" : "";
    const char *plain = getenv("NO_COLOR") == NULL ? "\033[0m" : "";
    fprintf(stderr,
            "%scairn %s%s\n"
            "  http://%s/            status\n"
            "  http://%s/v1/spaces   spaces\n"
            "  http://%s/metrics     metrics\n"
            "  data in %s, %llu events; Ctrl-C stops\n",
            bold, CAIRN_VERSION, plain, report->listen, report->listen, report->listen,
            serve->settings.server.data, (unsigned long long)report->seq);
}

/* SIGHUP: keep the old settings on an error; say what changed and what waits for a restart. */
static void reload(struct serve *serve)
{
    const struct cairn_setting_key *changed[CAIRN_SETTING_KEYS_MAX];
    struct cairn_settings *loaded = malloc(sizeof(*loaded));
    if (loaded == NULL)
        return;
    if (load_settings(serve, loaded) != 0) {
        cairn_log(CAIRN_LOG_WARN, "settings_kept",
                  cairn_log_text("detail", "the file has an error; the old settings stay"));
        free(loaded);
        return;
    }
    uint32_t count = cairn_settings_diff(&serve->settings, loaded, changed);
    for (uint32_t i = 0; i < count; i++)
        cairn_log(CAIRN_LOG_INFO, "setting_changed", cairn_log_text("section", changed[i]->section),
                  cairn_log_text("key", changed[i]->name),
                  cairn_log_text("takes_effect", changed[i]->effect == CAIRN_SETTING_RELOAD
                                                     ? "now"
                                                     : "at a restart"));
    cairn_settings_reload(&serve->settings, loaded);
    set_log_level(&serve->settings);
    free(loaded);
}

static void wait_for_stop(struct serve *serve)
{
    while (!cairn_signals_stop_asked()) {
        cairn_io_poll(serve->io, UINT64_MAX);
        if (cairn_signals_take_reload())
            reload(serve);
    }
}

static int run(struct serve *serve)
{
    struct cairn_service_options options = {.settings = &serve->settings,
                                            .data_directory = serve->settings.server.data,
                                            .io = serve->io,
                                            .version = CAIRN_VERSION};
    struct cairn_service_report report;
    struct cairn_service *service;
    int result = cairn_service_start(&options, &report, &service);
    if (result < 0) {
        fprintf(stderr, "cairn serve: %s\n", report.detail);
        return exit_status_of(result);
    }
    log_recovery(&report);
    int status = CAIRN_EXIT_DONE;
    if (serve->demo && report.seq == 0)
        status = cairn_tool_load_demo(serve->io, report.listen);
    report.seq = cairn_service_seq(service);
    if (isatty(STDERR_FILENO) != 0)
        print_banner(serve, &report);
    printf("ready listen=%s data=%s seq=%llu recovered_ms=%llu\n", report.listen,
           serve->settings.server.data, (unsigned long long)report.seq,
           (unsigned long long)report.recovered_ms);
    fflush(stdout);
    cairn_notify("READY=1");
    if (status == CAIRN_EXIT_DONE)
        wait_for_stop(serve);
    cairn_notify("STOPPING=1");
    cairn_service_stop(service);
    cairn_log(CAIRN_LOG_INFO, "stopped");
    return status;
}

int cairn_tool_serve(int argc, char *argv[])
{
    struct serve *serve = calloc(1, sizeof(*serve));
    if (serve == NULL || parse(serve, argc, argv) < 0) {
        free(serve);
        return CAIRN_EXIT_USAGE;
    }
    int status = CAIRN_EXIT_IO;
    serve->io = cairn_tool_io("serve");
    if (serve->io != NULL)
        status = load_settings(serve, &serve->settings);
    if (status == 0 && serve->print_config) {
        struct cairn_buffer text = {0};
        cairn_settings_print_toml(&serve->settings, &text);
        fwrite(text.data, 1, text.bytes, stdout);
        cairn_buffer_deinit(&text);
    } else if (status == 0 && serve->check_config) {
        printf("settings are good\n");
    } else if (status == 0) {
        set_log_level(&serve->settings);
        log_idle_keys(&serve->settings);
        cairn_signals_install(serve->io);
        status = run(serve);
    }
    if (serve->io != NULL)
        cairn_io_destroy(serve->io);
    free(serve);
    return status;
}
