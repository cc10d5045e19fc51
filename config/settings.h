/* config/settings.h: every setting of cairn, as plain values.
 *
 * Settings come in layers, each over the one before: defaults, a file (performance-config.toml),
 * CAIRN_SECTION__KEY in the environment, --set section.key=value. One table (config/keys.h) knows
 * every key; what is not in it is refused, with the name that was probably meant.
 *
 * actors/system.c alone reads this struct and hands each module its own options.
 *
 * Ownership   Plain values: a settings struct owns nothing and may be copied.
 * Context     One thread. Only cairn_settings_load_file does I/O.
 * Units       In the names: _bytes, _mb (MiB), _ms, _us, _secs.
 * Errors      -EINVAL: `error` says file:line:column, what is wrong and what would be right.
 *             Loading a file adds -ENOENT and what else opening and reading give.
 */
#pragma once

#include "runtime/base/bytes.h"

struct cairn_io;
struct cairn_setting_key;

#define CAIRN_SETTING_TEXT_BYTES 1024 /* with the NUL */
#define CAIRN_SETTING_ITEM_BYTES 132
#define CAIRN_SETTING_LIST_MAX   16
#define CAIRN_SETTING_KEYS_MAX   128

struct cairn_setting_list {
    uint64_t count;
    char items[CAIRN_SETTING_LIST_MAX][CAIRN_SETTING_ITEM_BYTES];
};

struct cairn_settings {
    struct {
        char listen[CAIRN_SETTING_TEXT_BYTES];
        char token_file[CAIRN_SETTING_TEXT_BYTES];
        char data[CAIRN_SETTING_TEXT_BYTES];
        char log_level[CAIRN_SETTING_ITEM_BYTES];
        uint64_t max_body_bytes;
        uint64_t max_header_bytes;
        uint64_t max_connections;
        uint64_t idle_timeout_ms;
        uint64_t header_timeout_ms;
        uint64_t body_timeout_ms;
        uint64_t pipeline_max;
    } server;
    struct {
        bool uring;
        bool defer_taskrun;
        bool multishot;
        bool sqpoll;
        bool iopoll;
        uint64_t receive_buffers;
        uint64_t receive_buffer_bytes;
    } io;
    struct {
        bool use_dashmap;
        bool work_stealing;
        bool pinning;
        bool message_pools;
        uint64_t cache_shards;
        uint64_t shards;
        uint64_t workers;
        uint64_t spin_us;
        uint64_t turn_us;
        uint64_t turn_messages;
        uint64_t mailbox;
    } concurrency;
    struct {
        bool direct;
        bool compress;
        uint64_t compress_threshold;
        uint64_t block_bytes;
        uint64_t blocks_in_flight;
        uint64_t seal_idle_ms;
        uint64_t read_cache_blocks;
    } ledger;
    struct {
        char durability[CAIRN_SETTING_ITEM_BYTES];
        char turso_compression[CAIRN_SETTING_ITEM_BYTES];
        uint64_t flush_interval_ms;
        uint64_t segment_bytes;
        uint64_t checkpoint_events;
        uint64_t checkpoint_idle_ms;
        uint64_t turso_pool_min;
        uint64_t turso_pool_max;
        uint64_t turso_compression_threshold;
        uint64_t redb_batch_size;
        uint64_t redb_cache_size;
        uint64_t redb_cache_ttl_secs;
    } storage;
    struct {
        uint64_t queue_batches;
        uint64_t lag_events;
        uint64_t batch_events;
    } ingest;
    struct {
        uint64_t projection_mb;
        uint64_t requests_mb;
    } memory;
    struct {
        bool alias_tables;
        uint64_t channel_cache_mb;
        uint64_t state_size;
    } training;
    struct {
        char language[CAIRN_SETTING_ITEM_BYTES];
        double k1;
        double b;
        uint64_t wait_ms;
    } retrieval;
    struct {
        uint64_t token_budget;
    } context;
    struct {
        uint64_t history;
    } facts;
    struct {
        uint64_t support;
        double min_success;
    } patterns;
    struct {
        bool enabled;
        uint64_t slow_ms;
        uint64_t slow_log_entries;
    } metrics;
    struct {
        bool enabled;
    } alerts;
    struct {
        uint64_t percentage;
        struct cairn_setting_list spaces;
    } rollout;
    struct {
        bool batch_enabled;
        bool lazy_validation;
        bool parallel_writes;
        uint64_t batch_size;
    } episode_creation;
    struct {
        uint64_t buffer_size;
        uint64_t flush_interval_ms;
        uint64_t compression_threshold;
    } step_logging;
    struct {
        bool parallel_extraction;
        bool async_embedding;
        bool incremental_patterns;
    } episode_completion;
    struct {
        bool parallel;
        bool simd_enabled;
        bool cache_enabled;
        uint64_t sample_threshold;
    } pattern_extraction;
    struct {
        bool hybrid_search;
        bool batch_similarity;
        uint64_t query_cache_size;
        uint64_t query_cache_ttl_secs;
    } memory_retrieval;
    struct {
        bool local_fallback;
        bool simd_similarity;
        uint64_t batch_size;
        uint64_t cache_size;
    } embeddings;

    /* By key: set by a file, the environment or --set, be it to its default. */
    bool is_given[CAIRN_SETTING_KEYS_MAX];
};

struct cairn_settings_error {
    char text[768];
};

void cairn_settings_defaults(struct cairn_settings *settings);

/* ---- layers: on failure `settings` is as it was ---- */

/* `name` is what messages call the text. */
int cairn_settings_load(struct cairn_settings *settings, struct cairn_slice text, const char *name,
                        struct cairn_settings_error *error);
int cairn_settings_load_file(struct cairn_settings *settings, struct cairn_io *io, const char *path,
                             struct cairn_settings_error *error);
/* All CAIRN_SECTION__KEY=value of a NULL-terminated environment; other variables are left alone. */
int cairn_settings_apply_environment(struct cairn_settings *settings, char *const environment[],
                                     struct cairn_settings_error *error);
/* "section.key=value". Text needs no quotes. */
int cairn_settings_apply_override(struct cairn_settings *settings, const char *override,
                                  struct cairn_settings_error *error);

/* ---- what several keys decide together ---- */

/* Shards of each projection: one if [concurrency] use_dashmap is off. */
uint32_t cairn_settings_shards(const struct cairn_settings *settings);
/* Raw bytes from which a block is compressed; UINT32_MAX if none is. */
uint32_t cairn_settings_compress_threshold(const struct cairn_settings *settings);

/* ---- output ---- */

/* Effective settings. Secret ones are left out. */
void cairn_settings_print_toml(const struct cairn_settings *settings, struct cairn_buffer *out);
void cairn_settings_print_json(const struct cairn_settings *settings, struct cairn_buffer *out);
/* The file that is shipped: every key with its default and a line about it. */
void cairn_settings_document(struct cairn_buffer *out);

/* ---- reload ---- */

/* The keys whose values differ. Returns how many; at most CAIRN_SETTING_KEYS_MAX. */
uint32_t cairn_settings_diff(const struct cairn_settings *from, const struct cairn_settings *to,
                             const struct cairn_setting_key *changed[CAIRN_SETTING_KEYS_MAX]);
/* Take over what takes effect without a restart; the rest of `running` stays. */
void cairn_settings_reload(struct cairn_settings *running, const struct cairn_settings *loaded);
/* The keys that were given but do nothing yet, to be logged once. Returns how many. */
uint32_t cairn_settings_idle(const struct cairn_settings *settings,
                             const struct cairn_setting_key *idle[CAIRN_SETTING_KEYS_MAX]);
