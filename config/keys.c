/* One line of doc says what a key does and what it costs; default and effect are added where the
 * table is printed. "Accepted, no effect because ..." names what will use the key. */
#include "config/keys.h"

#define FIELD(section_, name_) (((struct cairn_settings *)0)->section_.name_)

/* clang-format off */
/* _Generic has no default here, so a key whose field has another type does not compile. */
#define KEY(section_, name_, type_, c_type, effect_)                                               \
    .section = #section_, .name = #name_, .type = type_, .effect = CAIRN_SETTING_##effect_,        \
    .offset = offsetof(struct cairn_settings, section_.name_) +                                    \
              _Generic(FIELD(section_, name_), c_type: 0u),                                        \
    .bytes = sizeof(FIELD(section_, name_))

#define FLAG(section_, name_, preset_, effect_, doc_)                                              \
    {KEY(section_, name_, CAIRN_SETTING_FLAG, bool, effect_), .preset.flag = preset_, .doc = doc_}
#define AMOUNT(section_, name_, preset_, min_, max_, effect_, ...)                                 \
    {KEY(section_, name_, CAIRN_SETTING_AMOUNT, uint64_t, effect_), .preset.amount = preset_,      \
     .min = min_, .max = max_, .doc = __VA_ARGS__}
#define RATIO(section_, name_, preset_, min_, max_, effect_, doc_)                                 \
    {KEY(section_, name_, CAIRN_SETTING_RATIO, double, effect_), .preset.ratio = preset_,          \
     .ratio_min = min_, .ratio_max = max_, .doc = doc_}
#define TEXT(section_, name_, preset_, effect_, ...)                                               \
    {KEY(section_, name_, CAIRN_SETTING_TEXT, char *, effect_), .preset.text = preset_,            \
     .doc = __VA_ARGS__}
#define CHOICE(section_, name_, preset_, choices_, effect_, doc_)                                  \
    {KEY(section_, name_, CAIRN_SETTING_CHOICE, char *, effect_), .preset.text = preset_,          \
     .choices = choices_, .doc = doc_}
#define LIST(section_, name_, effect_, doc_)                                                       \
    {KEY(section_, name_, CAIRN_SETTING_LIST, struct cairn_setting_list, effect_), .doc = doc_}
/* clang-format on */

#define MIB  (UINT64_C(1) << 20)
#define GIB  (UINT64_C(1) << 30)
#define HOUR UINT64_C(3600000) /* in milliseconds */
#define MANY UINT64_C(1000000000)

static const char *const LOG_LEVELS[] = {"debug", "info", "warn", "error", NULL};
static const char *const DURABILITIES[] = {"durable", "buffered", NULL};
static const char *const CODECS[] = {"zstd", "lz4", "none", NULL};
static const char *const LANGUAGES[] = {"english", "none", NULL};

static const struct cairn_setting_section SECTIONS[] = {
    {"server", "The HTTP service and where its data lies."},
    {"io", "How the kernel is spoken to: the ring and its plain twin."},
    {"concurrency", "Workers, shards and mailboxes."},
    {"ledger", "Blocks of the ledger: size, compression, writing."},
    {"storage", "Durability, segments and checkpoints; turso_* is the ledger, redb_* the caches."},
    {"ingest", "Admission of new events."},
    {"memory", "Budgets that nothing grows past."},
    {"training", "Markov chains and the texts that they generate."},
    {"retrieval", "Full-text search."},
    {"context", "Contexts put together for a language model."},
    {"facts", "Facts and their history."},
    {"patterns", "What is learned from episodes."},
    {"metrics", "Measurements and the slow log."},
    {"alerts", "Rules over the metrics."},
    {"rollout", "Switches for a part of the spaces."},
    {"episode_creation", "Starting episodes."},
    {"step_logging", "Steps of episodes."},
    {"episode_completion", "Completing episodes."},
    {"pattern_extraction", "How patterns are computed."},
    {"memory_retrieval", "Hybrid retrieval and its caches."},
    {"embeddings", "Vectors of texts."},
};

#define NO_EFFECT "Accepted, no effect because "

static const struct cairn_setting_key KEYS[] = {
    TEXT(server, listen, "127.0.0.1:7700", RESTART,
         "HOST:PORT to serve on; port 0 lets the kernel choose; beyond loopback a token_file is "
         "needed.",
         .is_endpoint = true),
    TEXT(server, token_file, "", RESTART,
         "File with a line for each token, TOKEN-HASH role=... spaces=...; empty: no "
         "authentication.",
         .may_be_empty = true, .is_secret = true),
    TEXT(server, data, "./cairn-data", RESTART,
         "Data directory; created when missing; about 200 MiB when empty."),
    CHOICE(server, log_level, "info", LOG_LEVELS, RELOAD,
           "Lines below this level are not logged; debug costs a line for each message."),
    AMOUNT(server, max_body_bytes, 32 * MIB, 1024, GIB, RESTART,
           "Largest request body, 413 above; each connection may hold one in memory."),
    AMOUNT(server, max_header_bytes, 16384, 1024, MIB, RESTART,
           "Largest request line and headers together, 431 above."),
    AMOUNT(server, max_connections, 10000, 1, 1000000, RESTART,
           "Connections beyond this many are closed at once; each costs some KiB and a "
           "descriptor."),
    AMOUNT(server, idle_timeout_ms, 60000, 1, HOUR * 24, RESTART,
           "A connection without a request is closed after this long."),
    AMOUNT(server, header_timeout_ms, 10000, 1, HOUR, RESTART,
           "A request whose headers are not whole after this long is given up."),
    AMOUNT(server, body_timeout_ms, 30000, 1, HOUR, RESTART,
           "A request whose body brings nothing for this long is given up."),
    AMOUNT(server, pipeline_max, 64, 1, 4096, RESTART,
           "Requests of one connection in progress at a time; beyond them it is not read."),

    FLAG(
        io, uring, true, RESTART,
        "Disk and network through io_uring; off: plain system calls, several for each completion."),
    FLAG(io, defer_taskrun, true, RESTART,
         "Completions are handled when the worker asks, not when the kernel likes; costs nothing."),
    FLAG(io, multishot, true, RESTART,
         "One accept or receive serves many completions; off: each is armed anew."),
    FLAG(io, sqpoll, false, IDLE,
         NO_EFFECT "a kernel thread that polls the ring harms machines of few cores; a later "
                   "cairn tune will try it."),
    FLAG(io, iopoll, false, IDLE,
         NO_EFFECT "polled disk queues are rare and need a driver set up for them; a later cairn "
                   "tune will try it."),
    AMOUNT(io, receive_buffers, 512, 8, 32768, RESTART,
           "Receive buffers of each worker, a power of two; memory is this times "
           "receive_buffer_bytes.",
           .is_power_of_two = true),
    AMOUNT(io, receive_buffer_bytes, 16384, 1024, MIB, RESTART,
           "Bytes of one receive buffer; larger ones need fewer completions for bulk bodies.",
           .multiple_of = 1024),

    FLAG(concurrency, use_dashmap, true, RESTART,
         "State split into shards with one writer each; off: a single shard."),
    AMOUNT(concurrency, cache_shards, 16, 1, 4096, IDLE,
           NO_EFFECT "each shard of the state has caches of its own; the query cache will be "
                     "split by it."),
    FLAG(concurrency, work_stealing, true, RESTART,
         "Idle workers take actors from busy ones; off: actors stay where they began."),
    AMOUNT(concurrency, shards, 16, 1, 1024, RESTART,
           "Shards of each projection; more of them spread spaces better and cost memory."),
    AMOUNT(concurrency, workers, 0, 0, 1024, RESTART,
           "Worker threads, each with a ring; 0: one for each processor."),
    FLAG(concurrency, pinning, false, RESTART,
         "Bind each worker to a processor; helps alone on a machine, harms beside other load."),
    FLAG(concurrency, message_pools, true, RESTART,
         "Messages come from pools of each worker; off: from the allocator, one by one."),
    AMOUNT(concurrency, spin_us, 20, 0, 1000, RESTART,
           "How long a worker without work looks for some before it sleeps; costs processor time."),
    AMOUNT(concurrency, turn_us, 100, 1, 100000, RESTART,
           "Longest turn of an actor; longer ones raise throughput and the others' delay."),
    AMOUNT(concurrency, turn_messages, 64, 1, 65536, RESTART,
           "Most messages that an actor handles in a turn."),
    AMOUNT(concurrency, mailbox, 1024, 16, 1 << 20, RESTART,
           "Messages that wait for an actor before senders are held back."),

    FLAG(ledger, direct, true, RESTART,
         "Write past the page cache where the file system allows it; off: buffered and flushed."),
    FLAG(ledger, compress, true, RESTART,
         "Compress blocks with lz4: less to write, some microseconds a block; off: raw."),
    AMOUNT(ledger, compress_threshold, 8192, 0, 262144, RESTART,
           "Raw bytes from which a block is compressed; below, a write costs the same either way."),
    AMOUNT(ledger, block_bytes, 65536, 4096, 262144, RESTART,
           "Raw bytes at which a block is full; larger ones compress better and are slower to "
           "read.",
           .multiple_of = 4096),
    AMOUNT(ledger, blocks_in_flight, 2, 1, 8, RESTART,
           "Blocks being written at a time; more of them hide a slow flush."),
    AMOUNT(ledger, seal_idle_ms, 5, 1, 60000, RESTART,
           "After this much quiet an empty block seals the last one; backs off to 1 s."),
    AMOUNT(ledger, read_cache_blocks, 256, 1, 65536, RESTART,
           "Decoded blocks kept for reading events back; each takes about block_bytes."),

    CHOICE(storage, durability, "durable", DURABILITIES, RESTART,
           "When writes are acknowledged by default: durable after the flush, buffered before it."),
    AMOUNT(storage, flush_interval_ms, 100, 1, 60000, RESTART,
           "Buffered events are on the disk at most this much later: what a power cut may take."),
    AMOUNT(storage, segment_bytes, 64 * MIB, MIB, GIB, RESTART,
           "Bytes of a ledger file; lower it where disk is scarce.", .multiple_of = 4096),
    AMOUNT(storage, checkpoint_events, 100000, 0, MANY, RESTART,
           "A checkpoint after so many events, which bounds recovery; 0: only when idle."),
    AMOUNT(storage, checkpoint_idle_ms, 2000, 10, HOUR, RESTART,
           "A checkpoint after this much quiet, if anything is new."),
    AMOUNT(storage, turso_pool_min, 2, 0, 1024, IDLE,
           NO_EFFECT "the ledger is in this process and needs no connections; a replicated ledger "
                     "will."),
    AMOUNT(storage, turso_pool_max, 16, 1, 1024, IDLE,
           NO_EFFECT "the ledger is in this process and needs no connections; a replicated ledger "
                     "will."),
    CHOICE(storage, turso_compression, "zstd", CODECS, RESTART,
           "Codec of the ledger: zstd means the best that is built in, which is lz4; none: raw."),
    AMOUNT(storage, turso_compression_threshold, 1024, 0, MANY, IDLE,
           NO_EFFECT "whole blocks are compressed, not events ([ledger] compress_threshold); the "
                     "compaction of sealed segments will use it."),
    AMOUNT(storage, redb_batch_size, 100, 1, MANY, IDLE,
           NO_EFFECT "models are updated in memory, without a cache to write to; a cache on disk "
                     "will use it."),
    AMOUNT(storage, redb_cache_size, 10000, 0, MANY, IDLE,
           NO_EFFECT "models are whole in memory ([memory] projection_mb); a cache on disk will "
                     "use it."),
    AMOUNT(storage, redb_cache_ttl_secs, 1800, 0, MANY, IDLE,
           NO_EFFECT "models never grow stale; a cache on disk will use it."),

    AMOUNT(ingest, queue_batches, 1024, 1, 1 << 20, RESTART,
           "Write requests that may wait; more are answered 503 with Retry-After."),
    AMOUNT(ingest, lag_events, 200000, 1000, MANY, RESTART,
           "Events that a projection may lag behind before writes are held back."),
    AMOUNT(ingest, batch_events, 1000, 1, 100000, IDLE,
           NO_EFFECT "the events of a request are appended together; catching up from the ledger "
                     "in turns will use it."),

    AMOUNT(memory, projection_mb, 4096, 1, 32768, RESTART,
           "Largest model of one space in one projection, in MiB; beyond it the space is full."),
    AMOUNT(memory, requests_mb, 256, 1, 65536, RESTART,
           "MiB that the bodies of all requests may take together; beyond it one is answered 503."),

    FLAG(training, alias_tables, true, RESTART,
         "Draw successors in constant time, for some memory; off: by cumulative counts."),
    AMOUNT(training, channel_cache_mb, 64, 0, 65536, RESTART,
           "Memory for chains of single channels, built when asked for, in MiB."),
    AMOUNT(training, state_size, 2, 1, 5, RESTART,
           "Order of the chains of new spaces: words that decide the next one."),

    RATIO(retrieval, k1, 1.2, 0, 10, RESTART,
          "BM25: how soon a term's repetitions in a text stop counting."),
    RATIO(retrieval, b, 0.75, 0, 1, RESTART, "BM25: how much long texts are held back."),
    AMOUNT(retrieval, wait_ms, 1000, 0, 60000, RESTART,
           "How long a read with min_seq waits for that event before it is answered 503."),
    CHOICE(retrieval, language, "english", LANGUAGES, RESTART,
           "Stemming and stop words of new spaces; none: words as they are."),

    AMOUNT(context, token_budget, 1500, 1, 1000000, IDLE,
           NO_EFFECT "contexts are not put together yet; requests that name no budget of tokens "
                     "will use it."),

    AMOUNT(facts, history, 16, 1, 65536, IDLE,
           NO_EFFECT
           "all values of a fact are kept, and a request says how many it wants; trimming "
           "old values will use it."),

    AMOUNT(patterns, support, 3, 1, MANY, RESTART,
           "Distinct episodes that must show a pattern before it is told."),
    RATIO(patterns, min_success, 0.7, 0, 1, RESTART,
          "Share of successes from which a pattern is recommended."),
    FLAG(metrics, enabled, true, RESTART, "Measure stages and actors; off: /metrics is bare."),
    AMOUNT(metrics, slow_ms, 50, 0, HOUR, RESTART,
           "Requests slower than this go to the slow log with all their stages."),
    AMOUNT(metrics, slow_log_entries, 128, 1, 65536, RESTART,
           "Slow requests that are remembered; older ones are dropped."),

    FLAG(alerts, enabled, false, IDLE,
         NO_EFFECT "there are no alert rules yet; they will come with the pushed metrics."),

    AMOUNT(rollout, percentage, 100, 0, 100, IDLE,
           NO_EFFECT "switches hold for all spaces; metered trials of a switch will use it."),
    LIST(rollout, spaces, IDLE,
         NO_EFFECT "switches hold for all spaces; metered trials of a switch will use it."),

    FLAG(episode_creation, batch_enabled, true, IDLE,
         NO_EFFECT "what arrives together always shares a block and a flush; a measured off side "
                   "will use it."),
    AMOUNT(episode_creation, batch_size, 10, 1, MANY, IDLE,
           NO_EFFECT "a batch is what arrived during the last flush; a learned batch size will "
                     "use it."),
    FLAG(episode_creation, lazy_validation, true, IDLE,
         NO_EFFECT "an episode is checked before it is acknowledged, in microseconds; templates "
                   "of task types will use it."),
    FLAG(episode_creation, parallel_writes, true, IDLE,
         NO_EFFECT "one writer gives the ledger its order; the partitions of scale-out will use "
                   "it."),

    AMOUNT(step_logging, buffer_size, 100, 1, MANY, IDLE,
           NO_EFFECT "steps are written with the request that brings them; the staging ring of "
                     "buffered writes will use it."),
    AMOUNT(step_logging, flush_interval_ms, 100, 1, HOUR, IDLE,
           NO_EFFECT "[storage] flush_interval_ms holds for all events; the staging ring of "
                     "buffered writes will use it."),
    AMOUNT(step_logging, compression_threshold, 1024, 0, MANY, IDLE,
           NO_EFFECT "whole blocks are compressed, not steps ([ledger] compress_threshold); "
                     "clipping of long observations will use it."),

    FLAG(episode_completion, parallel_extraction, true, IDLE,
         NO_EFFECT "extractors run one after the other in their shard; forking them over the "
                   "workers will use it."),
    FLAG(episode_completion, async_embedding, true, IDLE,
         NO_EFFECT "episodes have no embeddings yet; the embedding actor will use it."),
    FLAG(episode_completion, incremental_patterns, true, IDLE,
         NO_EFFECT "patterns are always kept up to date episode by episode; a full extraction as "
                   "its off side will use it."),

    FLAG(pattern_extraction, parallel, true, IDLE,
         NO_EFFECT "shards are the parallelism of extraction; forking one large space will use "
                   "it."),
    FLAG(pattern_extraction, simd_enabled, true, IDLE,
         NO_EFFECT "episodes are compared in plain C; wide similarity kernels will use it."),
    FLAG(pattern_extraction, cache_enabled, true, IDLE,
         NO_EFFECT "patterns are kept, not computed on demand; a cache of recommendations will "
                   "use it."),
    AMOUNT(pattern_extraction, sample_threshold, 1000, 1, MANY, IDLE,
           NO_EFFECT "every episode counts; clustering of very large domains will sample from "
                     "here on."),

    FLAG(memory_retrieval, hybrid_search, true, IDLE,
         NO_EFFECT "there are no vectors to fuse with the text index yet; the vector index will "
                   "use it."),
    AMOUNT(memory_retrieval, query_cache_size, 10000, 0, MANY, IDLE,
           NO_EFFECT "each query is answered anew; the query cache will hold this many."),
    AMOUNT(memory_retrieval, query_cache_ttl_secs, 3600, 0, MANY, IDLE,
           NO_EFFECT "each query is answered anew; the query cache will keep answers this long."),
    FLAG(memory_retrieval, batch_similarity, true, IDLE,
         NO_EFFECT "there are no vectors to compare yet; the vector index will use it."),

    AMOUNT(embeddings, batch_size, 100, 1, MANY, IDLE,
           NO_EFFECT "no embedding service is called yet; the embedding actor will use it."),
    AMOUNT(embeddings, cache_size, 10000, 0, MANY, IDLE,
           NO_EFFECT "no embedding service is called yet; the embedding actor will use it."),
    FLAG(embeddings, local_fallback, true, IDLE,
         NO_EFFECT "no embedding service is called yet; hashed vectors will stand in for it."),
    FLAG(embeddings, simd_similarity, true, IDLE,
         NO_EFFECT "there are no vectors to compare yet; the vector index will use it."),
};

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

static_assert(COUNT(KEYS) <= CAIRN_SETTING_KEYS_MAX, "settings remember which keys were given");

const struct cairn_setting_key *cairn_setting_keys(uint32_t *count)
{
    *count = COUNT(KEYS);
    return KEYS;
}

const struct cairn_setting_section *cairn_setting_sections(uint32_t *count)
{
    *count = COUNT(SECTIONS);
    return SECTIONS;
}

const struct cairn_setting_key *cairn_setting_find(struct cairn_slice section,
                                                   struct cairn_slice name)
{
    for (uint32_t i = 0; i < COUNT(KEYS); i++) {
        if (cairn_slice_is(section, KEYS[i].section) && cairn_slice_is(name, KEYS[i].name))
            return &KEYS[i];
    }
    return NULL;
}

const char *cairn_setting_effect_name(enum cairn_setting_effect effect)
{
    static const char *const NAMES[] = {
        [CAIRN_SETTING_RESTART] = "restart",
        [CAIRN_SETTING_RELOAD] = "reload",
        [CAIRN_SETTING_IDLE] = "never yet",
    };
    return NAMES[effect];
}
