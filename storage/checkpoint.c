#include "storage/checkpoint.h"

#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/assert.h"
#include "runtime/base/error.h"
#include "runtime/base/hash.h"

#define FORMAT 1u

#define PATH_BYTES         4096u
#define HEADER_BYTES       128u
#define SECTION_HEAD_BYTES 40u
#define PADDING_BYTES      8u
#define LISTED_MAX         64u

static const char magic[8] = {'C', 'A', 'I', 'R', 'N', 'C', 'K', 'P'};

enum header_offset {
    HEADER_MAGIC = 0,
    HEADER_FORMAT = 8,
    HEADER_SCHEMA = 12,
    HEADER_LEDGER_SEQ = 16,
    HEADER_CHAIN_HASH = 24,
    HEADER_SECTIONS = 32,
    HEADER_FILE_BYTES = 40,
    HEADER_NAME = 48,
    HEADER_ZEROS = 112,
    HEADER_CHECKSUM = 120,
};
static_assert(HEADER_NAME + CAIRN_CHECKPOINT_NAME_BYTES_MAX == HEADER_ZEROS, "no gap");
static_assert(HEADER_CHECKSUM + sizeof(uint64_t) == HEADER_BYTES, "the checksum is last");

enum section_offset {
    SECTION_NAME_BYTES = 0,
    SECTION_APPLIED_SEQ = 8,
    SECTION_BYTES = 16,
    SECTION_CHECKSUM = 24,
    SECTION_HEAD_CHECKSUM = 32,
};
static_assert(SECTION_HEAD_CHECKSUM + sizeof(uint64_t) == SECTION_HEAD_BYTES, "checksum is last");

static uint64_t padded(uint64_t bytes)
{
    return (bytes + PADDING_BYTES - 1) / PADDING_BYTES * PADDING_BYTES;
}

/* ---- names ---- */

static bool name_is_possible(const char *name)
{
    size_t length = strlen(name);
    if (length == 0 || length > CAIRN_CHECKPOINT_NAME_BYTES_MAX)
        return false;
    return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
           length;
}

static int file_path(char path[PATH_BYTES], const char *directory, const char *name,
                     uint64_t ledger_seq, const char *suffix)
{
    int length = snprintf(path, PATH_BYTES, "%s/%s-%020llu.%s", directory, name,
                          (unsigned long long)ledger_seq, suffix);
    return length >= 0 && (size_t)length < PATH_BYTES ? 0 : -ENAMETOOLONG;
}

struct listing {
    struct cairn_slice name;
    uint64_t *ledger_seqs;
    uint32_t capacity;
    uint32_t count;
};

/* "NAME-" and 20 digits and ".ckpt", nothing else. */
static bool parse_name(struct cairn_slice name, const char *file, uint64_t *ledger_seq)
{
    size_t length = strlen(file);
    if (length != name.bytes + 1 + 20 + 5 || memcmp(file, name.data, name.bytes) != 0 ||
        file[name.bytes] != '-' || strcmp(file + length - 5, ".ckpt") != 0)
        return false;
    return cairn_slice_to_u64(cairn_slice(file + name.bytes + 1, 20), ledger_seq);
}

/* Insert in descending order; the smallest falls off a full list. */
static int list_entry(void *context, const char *file)
{
    struct listing *listing = context;
    uint64_t ledger_seq = 0;
    if (!parse_name(listing->name, file, &ledger_seq))
        return 0;
    uint32_t at = 0;
    while (at < listing->count && listing->ledger_seqs[at] > ledger_seq)
        at++;
    if (at == listing->capacity)
        return 0;
    if (listing->count < listing->capacity)
        listing->count++;
    memmove(listing->ledger_seqs + at + 1, listing->ledger_seqs + at,
            (listing->count - at - 1) * sizeof(*listing->ledger_seqs));
    listing->ledger_seqs[at] = ledger_seq;
    return 0;
}

int cairn_checkpoint_list(struct cairn_io *io, const char *directory, const char *name,
                          uint64_t *ledger_seqs, uint32_t capacity)
{
    struct listing listing = {
        .name = cairn_slice_of(name), .ledger_seqs = ledger_seqs, .capacity = capacity};
    int result = cairn_io_list(io, directory, list_entry, &listing);
    if (result == -ENOENT)
        return 0;
    return result < 0 ? result : (int)listing.count;
}

int cairn_checkpoint_delete(struct cairn_io *io, const char *directory, const char *name,
                            uint64_t ledger_seq)
{
    char path[PATH_BYTES];
    int result = file_path(path, directory, name, ledger_seq, "ckpt");
    return result < 0 ? result : cairn_io_unlink(io, path);
}

/* ---- writing ---- */

/* A file is no safer than the name of the directory that it is in. */
static int make_directory(struct cairn_io *io, const char *directory)
{
    char parent[PATH_BYTES];
    const char *slash = strrchr(directory, '/');
    size_t bytes = slash == NULL ? 0 : (size_t)(slash - directory);
    if (bytes >= sizeof(parent))
        return -ENAMETOOLONG;
    int result = cairn_io_make_directory(io, directory);
    if (result < 0)
        return result;
    memcpy(parent, directory, bytes);
    parent[bytes] = '\0';
    if (bytes == 0)
        memcpy(parent, slash == NULL ? "." : "/", 2);
    return cairn_io_sync_directory(io, parent);
}

int cairn_checkpoint_begin(struct cairn_checkpoint_writer *writer, struct cairn_io *io,
                           const char *directory, const char *name,
                           const struct cairn_checkpoint_info *info)
{
    char path[PATH_BYTES];
    if (!name_is_possible(name))
        return -EINVAL;
    int result = make_directory(io, directory);
    if (result == 0)
        result = file_path(path, directory, name, info->ledger_seq, "tmp");
    if (result < 0)
        return result;
    int fd =
        cairn_io_open(io, path, CAIRN_IO_OPEN_WRITE | CAIRN_IO_OPEN_CREATE | CAIRN_IO_OPEN_TRUNC);
    if (fd < 0)
        return fd;
    *writer = (struct cairn_checkpoint_writer){.io = io,
                                               .directory = directory,
                                               .name = name,
                                               .info = *info,
                                               .offset = HEADER_BYTES,
                                               .fd = fd};
    writer->info.section_count = 0;
    return 0;
}

/* Append `bytes` and zeros up to a multiple of 8. */
static void append(struct cairn_checkpoint_writer *writer, const void *data, uint64_t bytes)
{
    static const uint8_t zeros[PADDING_BYTES];
    if (writer->error == 0 && bytes > 0)
        writer->error =
            cairn_io_write_now(writer->io, writer->fd, data, (size_t)bytes, writer->offset);
    uint64_t padding = padded(bytes) - bytes;
    if (writer->error == 0 && padding > 0)
        writer->error = cairn_io_write_now(writer->io, writer->fd, zeros, (size_t)padding,
                                           writer->offset + bytes);
    writer->offset += padded(bytes);
}

static uint64_t head_checksum(const uint8_t *head, struct cairn_slice name)
{
    uint64_t part = cairn_hash64(head, SECTION_HEAD_CHECKSUM);
    return XXH3_64bits_withSeed(name.data, name.bytes, part);
}

void cairn_checkpoint_add(struct cairn_checkpoint_writer *writer, struct cairn_slice section,
                          uint64_t applied_seq, struct cairn_slice content)
{
    uint8_t head[SECTION_HEAD_BYTES] = {0};
    if (section.bytes > CAIRN_CHECKPOINT_SECTION_NAME_MAX && writer->error == 0)
        writer->error = -EINVAL;
    cairn_store_u32(head + SECTION_NAME_BYTES, (uint32_t)section.bytes);
    cairn_store_u64(head + SECTION_APPLIED_SEQ, applied_seq);
    cairn_store_u64(head + SECTION_BYTES, content.bytes);
    cairn_store_u64(head + SECTION_CHECKSUM, cairn_hash64_slice(content));
    cairn_store_u64(head + SECTION_HEAD_CHECKSUM, head_checksum(head, section));
    append(writer, head, sizeof(head));
    append(writer, section.data, section.bytes);
    append(writer, content.data, content.bytes);
    writer->info.section_count++;
}

static void encode_header(const struct cairn_checkpoint_writer *writer, uint8_t *header)
{
    memset(header, 0, HEADER_BYTES);
    memcpy(header + HEADER_MAGIC, magic, sizeof(magic));
    cairn_store_u32(header + HEADER_FORMAT, FORMAT);
    cairn_store_u32(header + HEADER_SCHEMA, writer->info.schema_version);
    cairn_store_u64(header + HEADER_LEDGER_SEQ, writer->info.ledger_seq);
    cairn_store_u64(header + HEADER_CHAIN_HASH, writer->info.chain_hash);
    cairn_store_u64(header + HEADER_SECTIONS, writer->info.section_count);
    cairn_store_u64(header + HEADER_FILE_BYTES, writer->offset);
    memcpy(header + HEADER_NAME, writer->name, strlen(writer->name));
    cairn_store_u64(header + HEADER_CHECKSUM, cairn_hash64(header, HEADER_CHECKSUM));
}

static int finish_file(struct cairn_checkpoint_writer *writer)
{
    uint8_t header[HEADER_BYTES];
    encode_header(writer, header);
    int result = writer->error;
    if (result == 0)
        result = cairn_io_write_now(writer->io, writer->fd, header, sizeof(header), 0);
    return result == 0 ? cairn_io_sync_now(writer->io, writer->fd) : result;
}

static int give_name(struct cairn_checkpoint_writer *writer)
{
    char from[PATH_BYTES];
    char to[PATH_BYTES];
    uint64_t seq = writer->info.ledger_seq;
    int result = file_path(from, writer->directory, writer->name, seq, "tmp");
    if (result == 0)
        result = file_path(to, writer->directory, writer->name, seq, "ckpt");
    if (result == 0)
        result = cairn_io_rename(writer->io, from, to);
    return result == 0 ? cairn_io_sync_directory(writer->io, writer->directory) : result;
}

/* An old one that cannot be deleted does no harm but take room. */
static void delete_old(struct cairn_checkpoint_writer *writer)
{
    uint64_t seqs[LISTED_MAX];
    int count =
        cairn_checkpoint_list(writer->io, writer->directory, writer->name, seqs, LISTED_MAX);
    for (int i = (int)CAIRN_CHECKPOINTS_KEPT; i < count; i++)
        (void)cairn_checkpoint_delete(writer->io, writer->directory, writer->name, seqs[i]);
}

int cairn_checkpoint_commit(struct cairn_checkpoint_writer *writer)
{
    int result = finish_file(writer);
    if (result < 0) {
        cairn_checkpoint_abort(writer);
        return result;
    }
    cairn_io_close(writer->io, writer->fd);
    result = give_name(writer);
    if (result == 0)
        delete_old(writer);
    return result;
}

void cairn_checkpoint_abort(struct cairn_checkpoint_writer *writer)
{
    char path[PATH_BYTES];
    cairn_io_close(writer->io, writer->fd);
    if (file_path(path, writer->directory, writer->name, writer->info.ledger_seq, "tmp") == 0)
        (void)cairn_io_unlink(writer->io, path);
}

/* ---- reading ---- */

struct loading {
    struct cairn_io *io;
    const struct cairn_checkpoint_reader *reader;
    int fd;
    uint64_t offset;
    uint64_t file_bytes;
};

static int read_exactly(struct loading *loading, void *target, uint64_t bytes)
{
    if (bytes > loading->file_bytes - loading->offset)
        return -EBADMSG;
    int64_t count =
        cairn_io_read_now(loading->io, loading->fd, target, (size_t)bytes, loading->offset);
    if (count < 0)
        return (int)count;
    loading->offset += bytes;
    return (uint64_t)count == bytes ? 0 : -EBADMSG;
}

/* Padding is zero, so that there is one valid file for each content. */
static int read_padding(struct loading *loading, uint64_t bytes)
{
    uint8_t padding[PADDING_BYTES] = {0};
    int result = read_exactly(loading, padding, padded(bytes) - bytes);
    return result == 0 && cairn_load_u64(padding) != 0 ? -EBADMSG : result;
}

static int decode_header(const uint8_t *header, const char *name, uint64_t ledger_seq,
                         uint64_t file_bytes, struct cairn_checkpoint_info *info)
{
    char padded_name[CAIRN_CHECKPOINT_NAME_BYTES_MAX] = {0};
    memcpy(padded_name, name, strlen(name));
    if (memcmp(header, magic, sizeof(magic)) != 0 ||
        cairn_load_u64(header + HEADER_CHECKSUM) != cairn_hash64(header, HEADER_CHECKSUM) ||
        cairn_load_u32(header + HEADER_FORMAT) != FORMAT ||
        cairn_load_u64(header + HEADER_LEDGER_SEQ) != ledger_seq ||
        cairn_load_u64(header + HEADER_FILE_BYTES) != file_bytes ||
        memcmp(header + HEADER_NAME, padded_name, sizeof(padded_name)) != 0)
        return -EBADMSG;
    *info = (struct cairn_checkpoint_info){
        .schema_version = cairn_load_u32(header + HEADER_SCHEMA),
        .ledger_seq = ledger_seq,
        .chain_hash = cairn_load_u64(header + HEADER_CHAIN_HASH),
        .section_count = cairn_load_u64(header + HEADER_SECTIONS),
    };
    return 0;
}

static int open_checkpoint(struct loading *loading, const char *directory, const char *name,
                           uint64_t ledger_seq, struct cairn_checkpoint_info *info)
{
    char path[PATH_BYTES];
    uint8_t header[HEADER_BYTES];
    if (!name_is_possible(name))
        return -EINVAL;
    int result = file_path(path, directory, name, ledger_seq, "ckpt");
    if (result < 0)
        return result;
    loading->fd = cairn_io_open(loading->io, path, CAIRN_IO_OPEN_READ);
    if (loading->fd < 0)
        return loading->fd;
    int64_t bytes = cairn_io_size(loading->io, loading->fd);
    loading->file_bytes = bytes < 0 ? 0 : (uint64_t)bytes;
    result = bytes < 0 ? (int)bytes : read_exactly(loading, header, sizeof(header));
    if (result == 0)
        result = decode_header(header, name, ledger_seq, loading->file_bytes, info);
    if (result < 0)
        cairn_io_close(loading->io, loading->fd);
    return result;
}

int cairn_checkpoint_info(struct cairn_io *io, const char *directory, const char *name,
                          uint64_t ledger_seq, struct cairn_checkpoint_info *info)
{
    struct loading loading = {.io = io};
    int result = open_checkpoint(&loading, directory, name, ledger_seq, info);
    if (result == 0)
        cairn_io_close(io, loading.fd);
    return result;
}

static int load_content(struct loading *loading, const struct cairn_checkpoint_section *section,
                        uint64_t checksum)
{
    if (section->bytes > loading->file_bytes - loading->offset)
        return -EBADMSG;
    void *content = loading->reader->destination(loading->reader->context, section);
    if (content == NULL) {
        loading->offset += section->bytes;
        return 0;
    }
    int result = read_exactly(loading, content, section->bytes);
    if (result < 0)
        return result;
    if (cairn_hash64(content, (size_t)section->bytes) != checksum)
        return -EBADMSG;
    return loading->reader->loaded(loading->reader->context, section, content);
}

static int load_section(struct loading *loading, char *name)
{
    uint8_t head[SECTION_HEAD_BYTES];
    int result = read_exactly(loading, head, sizeof(head));
    if (result < 0)
        return result;
    uint32_t name_bytes = cairn_load_u32(head + SECTION_NAME_BYTES);
    if (name_bytes > CAIRN_CHECKPOINT_SECTION_NAME_MAX)
        return -EBADMSG;
    result = read_exactly(loading, name, name_bytes);
    if (result == 0)
        result = read_padding(loading, name_bytes);
    if (result < 0)
        return result;

    struct cairn_checkpoint_section section = {
        .name = cairn_slice(name, name_bytes),
        .applied_seq = cairn_load_u64(head + SECTION_APPLIED_SEQ),
        .bytes = cairn_load_u64(head + SECTION_BYTES),
    };
    if (head_checksum(head, section.name) != cairn_load_u64(head + SECTION_HEAD_CHECKSUM))
        return -EBADMSG;
    result = load_content(loading, &section, cairn_load_u64(head + SECTION_CHECKSUM));
    return result < 0 ? result : read_padding(loading, section.bytes);
}

static int load_sections(struct loading *loading, uint64_t count)
{
    char *name = malloc(CAIRN_CHECKPOINT_SECTION_NAME_MAX);
    int result = name == NULL ? -ENOMEM : 0;
    for (uint64_t i = 0; result >= 0 && i < count; i++)
        result = load_section(loading, name);
    free(name);
    if (result < 0)
        return result;
    return loading->offset == loading->file_bytes ? 0 : -EBADMSG;
}

int cairn_checkpoint_load(struct cairn_io *io, const char *directory, const char *name,
                          uint64_t ledger_seq, const struct cairn_checkpoint_reader *reader,
                          struct cairn_checkpoint_info *info)
{
    struct cairn_checkpoint_info found;
    struct loading loading = {.io = io, .reader = reader};
    int result = open_checkpoint(&loading, directory, name, ledger_seq, &found);
    if (result < 0)
        return result;
    result = load_sections(&loading, found.section_count);
    cairn_io_close(io, loading.fd);
    if (result == 0)
        *info = found;
    return result;
}
