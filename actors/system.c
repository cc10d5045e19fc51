#include "actors/system.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/gateway/listener.h"
#include "actors/ingest/fetcher.h"
#include "actors/ingest/ingest.h"
#include "actors/ingest/writes.h"
#include "actors/metrics/metrics.h"
#include "actors/system_checkpoint.h"
#include "actors/system_models.h"
#include "runtime/base/log.h"
#include "runtime/io/thread.h"
#include "storage/event_json.h"

#define PATH_BYTES_MAX   4096
#define WAIT_NS          (UINT64_C(100) * 1000000)
#define TOKEN_FILE_BYTES (1u << 20)

struct cairn_service {
    struct cairn_service_options options;
    struct cairn_service_report *report; /* the starter's; NULL once started */
    struct cairn_models models;
    struct cairn_system *system;
    struct cairn_ingest *ingest;
    struct cairn_fetcher *fetcher;
    struct cairn_metrics *metrics;
    struct cairn_auth *auth;
    struct cairn_actor_ref ingest_ref, fetcher_ref, metrics_ref, listener_ref;
    struct cairn_gateway_options gateway;
    struct cairn_writes_options writes;
    struct cairn_buffer config_json;
    char ledger_directory[PATH_BYTES_MAX];
    char checkpoint_directory[PATH_BYTES_MAX];
    char space_settings[96];
    char listen_host[128];
    int lock_fd; /* DIR/LOCK: one service a data directory */
    int listen_socket;
    uint16_t listen_port;
    uint64_t replay_from_seq;
    _Atomic int readiness;
};

static int fail(struct cairn_service_report *report, int result, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int fail(struct cairn_service_report *report, int result, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(report->detail, sizeof(report->detail), format, arguments);
    va_end(arguments);
    report->result = result;
    return result;
}

/* ---- directories and sockets ---- */

static int make_directories(struct cairn_service *service, struct cairn_service_report *report)
{
    static const char *const parts[] = {"", "/ledger", "/ledger/0", "/checkpoints"};
    char path[PATH_BYTES_MAX];
    struct cairn_io *io = service->options.io;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        int length =
            snprintf(path, sizeof(path), "%s%s", service->options.data_directory, parts[i]);
        if (length >= (int)sizeof(path) - 64)
            return fail(report, -ENAMETOOLONG, "the data directory's path is too long");
        int result = cairn_io_make_directory(io, path);
        if (result < 0)
            return fail(report, result,
                        "cannot make %s: %s; give a directory that can be written "
                        "with --data",
                        path, strerror(-result));
    }
    snprintf(service->ledger_directory, PATH_BYTES_MAX, "%.4000s/ledger/0",
             service->options.data_directory);
    snprintf(service->checkpoint_directory, PATH_BYTES_MAX, "%.4000s/checkpoints",
             service->options.data_directory);
    return 0;
}

static int lock_directory(struct cairn_service *service, struct cairn_service_report *report)
{
    char path[PATH_BYTES_MAX];
    struct cairn_io *io = service->options.io;
    snprintf(path, sizeof(path), "%.4000s/LOCK", service->options.data_directory);
    int fd = cairn_io_open(io, path, CAIRN_IO_OPEN_WRITE | CAIRN_IO_OPEN_CREATE);
    if (fd < 0)
        return fail(report, fd, "cannot open %s: %s", path, strerror(-fd));
    int result = cairn_io_lock(io, fd);
    if (result < 0) {
        cairn_io_close(io, fd);
        return fail(report, result, "%s is in use by another cairn",
                    service->options.data_directory);
    }
    service->lock_fd = fd;
    return 0;
}

static bool is_loopback(const char *host)
{
    return strncmp(host, "127.", 4) == 0 || strcmp(host, "localhost") == 0 ||
           strcmp(host, "::1") == 0 || strcmp(host, "[::1]") == 0;
}

/* HOST:PORT; the host may be in brackets. */
static int split_listen(struct cairn_service *service, struct cairn_service_report *report)
{
    const char *listen = service->options.settings->server.listen;
    const char *colon = strrchr(listen, ':');
    uint64_t port;
    size_t host_bytes = colon == NULL ? 0 : (size_t)(colon - listen);
    if (colon == NULL || host_bytes == 0 || host_bytes >= sizeof(service->listen_host) ||
        !cairn_slice_to_u64(cairn_slice_of(colon + 1), &port) || port > UINT16_MAX)
        return fail(report, -EINVAL, "server.listen must be HOST:PORT, not \"%s\"", listen);
    memcpy(service->listen_host, listen, host_bytes);
    service->listen_port = (uint16_t)port;
    return 0;
}

static int listen_on_socket(struct cairn_service *service, struct cairn_service_report *report)
{
    int result = split_listen(service, report);
    if (result < 0)
        return result;
    if (!is_loopback(service->listen_host) && service->auth == NULL)
        return fail(report, -EINVAL,
                    "refusing to listen on %s without a token file: anyone who reaches it could "
                    "read and forget everything; set server.token_file, or listen on 127.0.0.1",
                    service->listen_host);
    int socket = cairn_io_listen(service->options.io, service->listen_host, service->listen_port,
                                 &service->listen_port);
    if (socket < 0)
        return fail(report, socket, "cannot listen on %s: %s%s",
                    service->options.settings->server.listen, strerror(-socket),
                    socket == -EADDRINUSE ? "; another service has the port, choose one with "
                                            "--listen"
                                          : "");
    service->listen_socket = socket;
    snprintf(report->listen, sizeof(report->listen), "%.110s:%u", service->listen_host,
             service->listen_port);
    return 0;
}

static int load_tokens(struct cairn_service *service, struct cairn_service_report *report)
{
    const char *path = service->options.settings->server.token_file;
    struct cairn_io *io = service->options.io;
    struct cairn_auth_error error = {0};
    if (path[0] == '\0')
        return 0;
    int fd = cairn_io_open(io, path, CAIRN_IO_OPEN_READ);
    if (fd < 0)
        return fail(report, -EINVAL, "cannot read the token file %s: %s", path, strerror(-fd));
    char *bytes = malloc(TOKEN_FILE_BYTES);
    int64_t length =
        bytes == NULL ? -ENOMEM : cairn_io_read_now(io, fd, bytes, TOKEN_FILE_BYTES, 0);
    cairn_io_close(io, fd);
    int result = length < 0
                     ? (int)length
                     : cairn_auth_parse(cairn_slice(bytes, (size_t)length), &service->auth, &error);
    free(bytes);
    if (result < 0)
        return fail(report, -EINVAL, "%s:%u: %s", path, error.line,
                    error.why == NULL ? strerror(-result) : error.why);
    return 0;
}

/* ---- callbacks from the actors ---- */

/* On ingest's worker. */
static void on_ready(void *context, const struct cairn_ingest_report *found)
{
    struct cairn_service *service = context;
    service->report->result = found->result;
    service->report->recovery = found->recovery;
    service->report->replayed_events = found->replayed_events;
    service->report->seq = found->recovery.last_seq;
    cairn_io_wake(service->options.io, NULL);
}

struct save {
    struct cairn_service *service;
    uint64_t seq;
};

/* In the forked child, which has the models as they were and no other thread. */
static int save_in_child(void *argument)
{
    const struct save *save = argument;
    struct cairn_io_options options = {.queue_entries = 8};
    struct cairn_io *io;
    if (cairn_io_create(CAIRN_IO_POSIX, &options, &io) < 0)
        return 1;
    int result = cairn_models_save(&save->service->models, io, save->service->checkpoint_directory,
                                   save->seq);
    return result < 0 ? 1 : 0;
}

static int fork_checkpoint(void *context, struct cairn_io *io, uint64_t seq)
{
    struct save save = {.service = context, .seq = seq};
    (void)io;
    return cairn_process_fork(save_in_child, &save);
}

static void render_event(void *context, const struct cairn_event *event, struct cairn_buffer *json)
{
    struct cairn_json_writer writer;
    (void)context;
    cairn_json_writer_init(&writer, json);
    cairn_event_write(&writer, event);
}

/* ---- actors ---- */

static int spawn(struct cairn_service *service, const char *name, cairn_behaviour behaviour,
                 void *state, uint32_t flags, uint32_t worker, struct cairn_actor_ref *ref)
{
    struct cairn_actor_options options = {.name = name,
                                          .behaviour = behaviour,
                                          .state = state,
                                          .flags = flags,
                                          .worker =
                                              worker % cairn_system_worker_count(service->system),
                                          .restart = CAIRN_RESTART_TRANSIENT};
    return cairn_system_spawn(service->system, &options, ref);
}

static int spawn_metrics(struct cairn_service *service)
{
    const struct cairn_settings *settings = service->options.settings;
    struct cairn_metrics_options options = {
        .system = service->system,
        .shards = &service->models.shards,
        .committed_seq = &service->models.committed_seq,
        .slow_ms = (uint32_t)settings->metrics.slow_ms,
        .slow_entries = (uint32_t)settings->metrics.slow_log_entries,
        .version = service->options.version,
    };
    int result = cairn_metrics_create(&options, &service->metrics);
    if (result < 0)
        return result;
    return spawn(service, "metrics", cairn_metrics_behaviour, service->metrics, 0, 1,
                 &service->metrics_ref);
}

static int spawn_fetcher(struct cairn_service *service)
{
    struct cairn_fetcher_options options = {
        .directory = service->ledger_directory,
        .cache_blocks = (uint32_t)service->options.settings->ledger.read_cache_blocks};
    int result = cairn_fetcher_create(&options, &service->fetcher);
    if (result < 0)
        return result;
    return spawn(service, "fetcher", cairn_fetcher_behaviour, service->fetcher, CAIRN_ACTOR_PINNED,
                 1, &service->fetcher_ref);
}

static void read_ledger_options(const struct cairn_service *service,
                                struct cairn_ledger_options *options)
{
    const struct cairn_settings *settings = service->options.settings;
    *options = (struct cairn_ledger_options){
        .directory = service->ledger_directory,
        .segment_bytes = settings->storage.segment_bytes,
        .blocks_in_flight = (uint32_t)settings->ledger.blocks_in_flight,
        .block_bytes = (uint32_t)settings->ledger.block_bytes,
        .compress_threshold = cairn_settings_compress_threshold(settings),
        .flush_interval_ms = (uint32_t)settings->storage.flush_interval_ms,
        .seal_idle_ms = (uint32_t)settings->ledger.seal_idle_ms,
        .direct = settings->ledger.direct,
    };
}

/* Only what differs from what every model assumes. */
static void write_space_settings(struct cairn_service *service)
{
    const struct cairn_settings *settings = service->options.settings;
    if (settings->training.state_size != 2 || strcmp(settings->retrieval.language, "english") != 0)
        snprintf(service->space_settings, sizeof(service->space_settings),
                 "{\"language\":\"%.32s\",\"state_size\":%u}", settings->retrieval.language,
                 (unsigned)settings->training.state_size);
}

static int spawn_ingest(struct cairn_service *service)
{
    const struct cairn_settings *settings = service->options.settings;
    write_space_settings(service);
    struct cairn_ingest_options options = {
        .shards = &service->models.shards,
        .directory = service->models.directory,
        .reader = service->fetcher_ref,
        .metrics = service->metrics_ref,
        .committed_seq = &service->models.committed_seq,
        .readiness = &service->readiness,
        .replay_from_seq = service->replay_from_seq,
        .lag_events_max = settings->ingest.lag_events,
        .queue_max = (uint32_t)settings->ingest.queue_batches,
        .state_size = (uint32_t)settings->training.state_size,
        .language = settings->retrieval.language,
        .space_settings = service->space_settings[0] == '\0' ? NULL : service->space_settings,
        .checkpoint_events = settings->storage.checkpoint_events,
        .checkpoint_idle_ms = (uint32_t)settings->storage.checkpoint_idle_ms,
        .checkpoint = fork_checkpoint,
        .ready = on_ready,
        .context = service,
    };
    read_ledger_options(service, &options.ledger);
    int result = cairn_ingest_create(&options, &service->ingest);
    if (result < 0)
        return result;
    return spawn(service, "ingest", cairn_ingest_behaviour, service->ingest,
                 CAIRN_ACTOR_PINNED | CAIRN_ACTOR_SYSTEM, 0, &service->ingest_ref);
}

static void read_gateway_options(struct cairn_service *service)
{
    const struct cairn_settings *settings = service->options.settings;
    const struct cairn_shards *shards = &service->models.shards;
    service->writes.durable = strcmp(settings->storage.durability, "durable") == 0;
    service->writes.shards = shards->count;
    cairn_settings_print_json(settings, &service->config_json);
    service->gateway = (struct cairn_gateway_options){
        .targets = {.ingest = service->ingest_ref,
                    .metrics = service->metrics_ref,
                    .training = shards->refs[CAIRN_PROJECTION_TRAINING],
                    .patterns = shards->refs[CAIRN_PROJECTION_PATTERNS],
                    .retrieval = shards->refs[CAIRN_PROJECTION_RETRIEVAL],
                    .facts = shards->refs[CAIRN_PROJECTION_FACTS],
                    .shard_count = shards->count},
        .is_unmeasured = !settings->metrics.enabled,
        .limits = {.connections_max = (uint32_t)settings->server.max_connections,
                   .pipeline_max = (uint32_t)settings->server.pipeline_max,
                   .head_bytes_max = (uint32_t)settings->server.max_header_bytes,
                   .body_bytes_max = settings->server.max_body_bytes,
                   .bodies_bytes_max = settings->memory.requests_mb << 20,
                   .idle_timeout_ms = (uint32_t)settings->server.idle_timeout_ms,
                   .header_timeout_ms = (uint32_t)settings->server.header_timeout_ms,
                   .body_timeout_ms = (uint32_t)settings->server.body_timeout_ms},
        .auth = service->auth,
        .listen_host = service->listen_host,
        .is_loopback = is_loopback(service->listen_host),
        .is_durable = service->writes.durable,
        .readiness = &service->readiness,
        .committed_seq = &service->models.committed_seq,
        .parse_write = cairn_writes_parse,
        .render_event = render_event,
        .context = &service->writes,
        .config_json = cairn_buffer_slice(&service->config_json),
        .version = service->options.version,
    };
    cairn_gateway_limits_complete(&service->gateway.limits);
}

static int spawn_listener(struct cairn_service *service)
{
    struct cairn_listener_options options = {.gateway = &service->gateway,
                                             .socket = service->listen_socket,
                                             .worker_count =
                                                 cairn_system_worker_count(service->system)};
    int result = cairn_listener_spawn(service->system, &options, &service->listener_ref);
    if (result == 0)
        service->listen_socket = -1; /* the listener's now */
    return result;
}

/* Ingest's options name the fetcher and metrics, the models' the fetcher: so in this order. */
static int spawn_actors(struct cairn_service *service)
{
    int result = spawn_metrics(service);
    if (result == 0)
        result = spawn_fetcher(service);
    if (result < 0)
        return result;
    cairn_models_set_reader(&service->models, service->fetcher_ref);
    result = cairn_models_spawn(&service->models, service->system);
    if (result == 0)
        result = spawn_ingest(service);
    if (result < 0)
        return result;
    read_gateway_options(service);
    return spawn_listener(service);
}

static void wait_until_recovered(struct cairn_service *service)
{
    while (atomic_load_explicit(&service->readiness, memory_order_acquire) ==
           CAIRN_READINESS_STARTING)
        cairn_io_poll(service->options.io, WAIT_NS);
}

/* ---- life cycle ---- */

static void stop_actor(struct cairn_service *service, struct cairn_actor_ref *ref)
{
    if (!cairn_actor_ref_is_nobody(*ref))
        cairn_system_stop_actor(service->system, *ref);
    *ref = (struct cairn_actor_ref){0};
}

/* In the order in which work flows: no more requests, then no more events, then the models. */
static void stop_actors(struct cairn_service *service)
{
    stop_actor(service, &service->listener_ref);
    stop_actor(service, &service->ingest_ref);
    cairn_models_stop(&service->models, service->system);
    stop_actor(service, &service->fetcher_ref);
    stop_actor(service, &service->metrics_ref);
}

static void service_free(struct cairn_service *service)
{
    if (service->system != NULL)
        cairn_system_destroy(service->system);
    if (service->ingest != NULL)
        cairn_ingest_destroy(service->ingest);
    if (service->fetcher != NULL)
        cairn_fetcher_destroy(service->fetcher);
    if (service->metrics != NULL)
        cairn_metrics_destroy(service->metrics);
    if (service->listen_socket >= 0)
        cairn_io_close(service->options.io, service->listen_socket);
    if (service->lock_fd >= 0)
        cairn_io_close(service->options.io, service->lock_fd);
    if (service->auth != NULL)
        cairn_auth_destroy(service->auth);
    cairn_buffer_deinit(&service->config_json);
    cairn_models_deinit(&service->models);
    free(service);
}

static int prepare(struct cairn_service *service, struct cairn_service_report *report)
{
    int result = load_tokens(service, report);
    if (result == 0)
        result = make_directories(service, report);
    if (result == 0)
        result = lock_directory(service, report);
    if (result == 0)
        result = listen_on_socket(service, report);
    if (result < 0)
        return result;
    result = cairn_models_init(&service->models, service->options.settings);
    if (result == 0)
        result = cairn_models_load(&service->models, service->options.settings, service->options.io,
                                   service->checkpoint_directory, service->ledger_directory,
                                   &service->replay_from_seq);
    if (result < 0)
        return fail(report, result, "no memory for the models");
    report->checkpoint_seq = service->replay_from_seq - 1;
    return 0;
}

static int run_system(struct cairn_service *service, struct cairn_service_report *report)
{
    struct cairn_system_options options;
    cairn_models_system_options(service->options.settings, &options);
    int result = cairn_system_create(&options, &service->system);
    if (result == 0)
        result = cairn_system_start(service->system);
    if (result < 0)
        return fail(report, result, "cannot start the workers: %s", strerror(-result));
    result = spawn_actors(service);
    if (result < 0)
        return fail(report, result, "cannot start the actors: %s", strerror(-result));
    return 0;
}

static void tell_open_failure(struct cairn_service *service, struct cairn_service_report *report)
{
    const char *directory = service->options.data_directory;
    int result = report->result;
    if (result == -EWOULDBLOCK)
        fail(report, result, "%s is in use by another cairn", directory);
    else if (result == -EBADMSG)
        fail(report, result,
             "%s is damaged where it was acknowledged: %.200s; nothing was changed; "
             "run: cairn verify %s",
             directory, report->recovery.detail, directory);
    else
        fail(report, result, "cannot open the ledger in %s: %s", directory, strerror(-result));
}

int cairn_service_start(const struct cairn_service_options *options,
                        struct cairn_service_report *report, struct cairn_service **service)
{
    *report = (struct cairn_service_report){0};
    struct cairn_service *created = calloc(1, sizeof(*created));
    if (created == NULL)
        return fail(report, -ENOMEM, "no memory");
    created->options = *options;
    created->report = report;
    created->listen_socket = -1;
    created->lock_fd = -1;
    uint64_t from_ns = cairn_io_monotonic_ns(options->io);

    int result = prepare(created, report);
    if (result < 0)
        goto free_service;
    result = run_system(created, report);
    if (result < 0)
        goto stop_system;
    wait_until_recovered(created);
    if (report->result < 0) {
        tell_open_failure(created, report);
        result = report->result;
        goto stop_system;
    }
    report->recovered_ms = (cairn_io_monotonic_ns(options->io) - from_ns) / 1000000;
    created->report = NULL;
    *service = created;
    return 0;

stop_system:
    if (created->system != NULL) {
        stop_actors(created);
        cairn_system_stop(created->system);
    }
free_service:
    service_free(created);
    return result;
}

uint64_t cairn_service_seq(const struct cairn_service *service)
{
    return atomic_load_explicit(&service->models.committed_seq, memory_order_acquire);
}

void cairn_service_stop(struct cairn_service *service)
{
    stop_actors(service);
    cairn_system_stop(service->system);
    uint64_t seq = cairn_service_seq(service);
    int result = cairn_models_save(&service->models, service->options.io,
                                   service->checkpoint_directory, seq);
    if (result < 0)
        cairn_log(CAIRN_LOG_WARN, "checkpoint_failed", cairn_log_error("error", result));
    service_free(service);
}
