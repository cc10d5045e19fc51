#include "actors/system_checkpoint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/ingest/directory.h"
#include "runtime/base/hash.h"
#include "runtime/base/log.h"
#include "storage/checkpoint.h"
#include "storage/reader.h"

#define CHECKPOINT_NAME "models"
#define DIRECTORY_NAME  "directory"
#define NAME_BYTES_MAX  256

static const char *const names[CAIRN_PROJECTION_COUNT] = {"training", "patterns", "retrieval",
                                                          "facts"};

/* Any module's new schema makes old checkpoints useless: their versions are one number. */
static uint32_t schema_version(void)
{
    const uint32_t versions[] = {
        cairn_training_module.schema_version,  cairn_patterns_module.schema_version,
        cairn_retrieval_module.schema_version, cairn_facts_module.schema_version,
        cairn_directory_module.schema_version,
    };
    return (uint32_t)cairn_hash64(versions, sizeof(versions));
}

/* ---- saving ---- */

static void save_projection(struct cairn_checkpoint_writer *writer, const char *name,
                            struct cairn_projection *projection)
{
    char section[NAME_BYTES_MAX];
    for (uint32_t i = 0; i < cairn_projection_space_count(projection); i++) {
        const struct cairn_projection_space *space = cairn_projection_space_at(projection, i);
        int length = snprintf(section, sizeof(section), "%s/%.*s", name, (int)space->name.bytes,
                              space->name.data);
        cairn_checkpoint_add(writer, cairn_slice(section, (size_t)length), space->applied_seq,
                             cairn_heap_image(&space->heap));
    }
}

int cairn_models_save(struct cairn_models *models, struct cairn_io *io, const char *directory,
                      uint64_t head_seq)
{
    struct cairn_checkpoint_writer writer;
    struct cairn_checkpoint_info info = {.schema_version = schema_version(),
                                         .ledger_seq = head_seq};
    int result = cairn_checkpoint_begin(&writer, io, directory, CHECKPOINT_NAME, &info);
    if (result < 0)
        return result;
    for (unsigned id = 0; id < CAIRN_PROJECTION_COUNT; id++) {
        for (uint32_t shard = 0; shard < models->shards.count; shard++)
            save_projection(&writer, names[id], models->shards.projections[id][shard]);
    }
    save_projection(&writer, DIRECTORY_NAME, models->directory);
    return cairn_checkpoint_commit(&writer);
}

/* ---- loading ---- */

/* The projection that a section belongs to, and the space's name in it. */
static struct cairn_projection *projection_of(struct cairn_models *models,
                                              struct cairn_slice section, struct cairn_slice *space)
{
    const char *slash = memchr(section.data, '/', section.bytes);
    if (slash == NULL)
        return NULL;
    struct cairn_slice name = cairn_slice(section.data, (size_t)(slash - section.data));
    *space = cairn_slice(slash + 1, section.bytes - name.bytes - 1);
    if (cairn_slice_is(name, DIRECTORY_NAME))
        return models->directory;
    for (unsigned id = 0; id < CAIRN_PROJECTION_COUNT; id++) {
        if (cairn_slice_is(name, names[id]))
            return models->shards.projections[id][cairn_shards_of(&models->shards, *space)];
    }
    return NULL;
}

static struct cairn_projection_space *space_of(struct cairn_models *models,
                                               const struct cairn_checkpoint_section *section)
{
    struct cairn_slice name;
    struct cairn_projection *projection = projection_of(models, section->name, &name);
    return projection == NULL ? NULL : cairn_projection_ensure(projection, name);
}

struct loading {
    struct cairn_models *models;
    bool is_short; /* of memory, or of budget: a space was left without its model */
};

/* A space begins with an empty model, which the stored one replaces. */
static void *place_section(void *context, const struct cairn_checkpoint_section *section)
{
    struct loading *loading = context;
    struct cairn_projection_space *space = space_of(loading->models, section);
    void *place = NULL;
    if (space != NULL) {
        uint64_t budget_bytes = space->heap.budget_bytes;
        cairn_heap_deinit(&space->heap);
        cairn_heap_init(&space->heap, budget_bytes);
        place = cairn_heap_prepare(&space->heap, section->bytes);
    }
    loading->is_short = loading->is_short || place == NULL;
    return place;
}

static int adopt_section(void *context, const struct cairn_checkpoint_section *section,
                         void *content)
{
    struct loading *loading = context;
    struct cairn_projection_space *space = space_of(loading->models, section);
    (void)content;
    if (space == NULL)
        return -ENOMEM;
    int result = cairn_heap_adopt(&space->heap, section->bytes);
    if (result < 0)
        return result;
    space->applied_seq = section->applied_seq;
    return 0;
}

/* What the ledger holds now, so that a checkpoint of something longer is not believed. */
static uint64_t ledger_last_seq(struct cairn_io *io, const char *ledger_directory)
{
    struct cairn_reader *reader;
    if (cairn_reader_open(io, ledger_directory, 1, &reader) < 0)
        return 0;
    uint64_t seq = cairn_reader_last_seq(reader);
    cairn_reader_close(reader);
    return seq;
}

static int try_load(struct cairn_models *models, struct cairn_io *io, const char *directory,
                    uint64_t seq)
{
    struct cairn_checkpoint_info info;
    struct loading loading = {.models = models};
    struct cairn_checkpoint_reader reader = {
        .destination = place_section, .loaded = adopt_section, .context = &loading};
    int result = cairn_checkpoint_info(io, directory, CHECKPOINT_NAME, seq, &info);
    if (result == 0 && info.schema_version != schema_version())
        result = -EPROTONOSUPPORT;
    if (result == 0)
        result = cairn_checkpoint_load(io, directory, CHECKPOINT_NAME, seq, &reader, &info);
    return result == 0 && loading.is_short ? -ENOMEM : result;
}

int cairn_models_load(struct cairn_models *models, const struct cairn_settings *settings,
                      struct cairn_io *io, const char *directory, const char *ledger_directory,
                      uint64_t *replay_from_seq)
{
    uint64_t seqs[CAIRN_CHECKPOINTS_KEPT];
    uint64_t last_seq = ledger_last_seq(io, ledger_directory);
    int count = cairn_checkpoint_list(io, directory, CHECKPOINT_NAME, seqs, CAIRN_CHECKPOINTS_KEPT);
    *replay_from_seq = 1;
    for (int i = 0; i < count; i++) {
        int result = seqs[i] > last_seq ? -ESTALE : try_load(models, io, directory, seqs[i]);
        if (result == 0) {
            *replay_from_seq = seqs[i] + 1;
            return 0;
        }
        cairn_log(CAIRN_LOG_WARN, "checkpoint_ignored", cairn_log_u64("seq", seqs[i]),
                  cairn_log_error("error", result),
                  cairn_log_text("detail", "the models are rebuilt from the ledger"));
        cairn_models_deinit(models);
        result = cairn_models_init(models, settings);
        if (result < 0)
            return result;
    }
    return 0;
}
