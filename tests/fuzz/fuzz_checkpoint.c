/* A checkpoint from arbitrary bytes behind a header whose checksum is right; and with the checksums
 * of its first section's head made right as well. The file lives in a simulated world. */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/assert.h"
#include "runtime/base/hash.h"
#include "runtime/io/sim.h"
#include "storage/checkpoint.h"

#define HEADER_BYTES  128u
#define SECTION_BYTES 40u
#define DESTINATION   65536u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *destination(void *context, const struct cairn_checkpoint_section *section)
{
    return section->bytes <= DESTINATION ? context : NULL;
}

static int loaded(void *context, const struct cairn_checkpoint_section *section, void *content)
{
    cairn_assert(content == context);
    cairn_assert(section->name.bytes <= CAIRN_CHECKPOINT_SECTION_NAME_MAX);
    return 0;
}

static void sign_header(uint8_t *file, uint64_t file_bytes)
{
    memcpy(file, "CAIRNCKP", 8);
    cairn_store_u32(file + 8, 1);
    cairn_store_u64(file + 16, 7);
    cairn_store_u64(file + 40, file_bytes);
    memset(file + 48, 0, 64);
    file[48] = 'x';
    cairn_store_u64(file + 120, cairn_hash64(file, 120));
}

static void sign_section(uint8_t *file, uint64_t file_bytes)
{
    uint8_t *head = file + HEADER_BYTES;
    if (file_bytes < HEADER_BYTES + SECTION_BYTES)
        return;
    uint64_t room = file_bytes - HEADER_BYTES - SECTION_BYTES;
    uint32_t name_bytes = cairn_load_u32(head);
    if (name_bytes > room)
        return;
    uint64_t part = cairn_hash64(head, 32);
    cairn_store_u64(head + 32, XXH3_64bits_withSeed(head + SECTION_BYTES, name_bytes, part));
}

static void try_file(struct cairn_io *io, const uint8_t *file, size_t bytes, void *memory)
{
    struct cairn_checkpoint_info info;
    struct cairn_checkpoint_reader reader = {
        .destination = destination, .loaded = loaded, .context = memory};
    int fd = cairn_io_open(io, "x-00000000000000000007.ckpt",
                           CAIRN_IO_OPEN_WRITE | CAIRN_IO_OPEN_CREATE | CAIRN_IO_OPEN_TRUNC);
    cairn_assert(fd >= 0);
    cairn_assert(cairn_io_write_now(io, fd, file, bytes, 0) == 0);
    cairn_io_close(io, fd);
    (void)cairn_checkpoint_load(io, ".", "x", 7, &reader, &info);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cairn_sim_options world = {.seed = 1};
    struct cairn_sim *sim = NULL;
    struct cairn_io *io = NULL;
    cairn_assert(cairn_sim_create(&world, &sim) == 0);
    struct cairn_io_options options = {.queue_entries = 4, .sim = sim};
    cairn_assert(cairn_io_create(CAIRN_IO_SIM, &options, &io) == 0);

    size_t bytes = size < HEADER_BYTES ? HEADER_BYTES : size;
    uint8_t *file = calloc(1, bytes);
    void *memory = malloc(DESTINATION);
    cairn_assert(file != NULL && memory != NULL);
    if (size > 0)
        memcpy(file, data, size);
    sign_header(file, bytes);
    try_file(io, file, bytes, memory);
    sign_section(file, bytes);
    try_file(io, file, bytes, memory);

    free(memory);
    free(file);
    cairn_io_destroy(io);
    cairn_sim_destroy(sim);
    return 0;
}
