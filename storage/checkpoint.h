/* storage/checkpoint.h: a state at one point of the ledger, stored so that it can be trusted.
 *
 *     NAME-NNNNNNNNNNNNNNNNNNNN.ckpt     the 20 digits are the ledger sequence
 *     +--------+-----------+-------+-----------+-------+--- - - ---+
 *     | header | section 0 | bytes | section 1 | bytes | ...       |
 *     +--------+-----------+-------+-----------+-------+--- - - ---+
 *
 *     header, 128 bytes           0 magic "CAIRNCKP"   8 format u32    12 schema_version u32
 *                                16 ledger_seq u64    24 chain_hash u64
 *                                32 section_count u64 40 bytes u64 (of the file)
 *                                48 name u8[64], zero-padded          112 zeros
 *                               120 checksum u64: XXH3 of bytes 0-119
 *     section                     0 name_bytes u32     4 zero u32      8 applied_seq u64
 *                                16 bytes u64         24 checksum u64: XXH3 of the raw bytes
 *                                32 head_checksum u64: XXH3 of bytes 0-31 and the name
 *                                40 name, then the raw bytes, each padded with zeros to 8
 *
 * A checkpoint is valid if and only if all checksums match, the sections fill the file exactly, and
 * their number is the header's. The header is written last, when all is known, so that a file cut
 * short is never valid. A checkpoint is a cache: whoever finds it damaged or of another version
 * rebuilds from the ledger.
 *
 * Writing goes to a temporary file, which is flushed and then renamed; the two newest are kept.
 *
 * Ownership   Borrows everything.
 * Context     The synchronous half of `io`: one thread, or a forked child with its own.
 * Errors      -EBADMSG: damaged, of another format, or of another name. -ENOENT: there is none.
 * Cost        One pass over the bytes, either way.
 */
#pragma once

#include "runtime/base/bytes.h"
#include "runtime/io/io.h"

#define CAIRN_CHECKPOINT_NAME_BYTES_MAX   64u
#define CAIRN_CHECKPOINT_SECTION_NAME_MAX 4096u
#define CAIRN_CHECKPOINTS_KEPT            2u

struct cairn_checkpoint_info {
    uint32_t schema_version;
    uint64_t ledger_seq; /* the state is a function of the ledger up to here */
    uint64_t chain_hash; /* of the ledger there */
    uint64_t section_count;
};

/* ---- writing ---- */

struct cairn_checkpoint_writer {
    struct cairn_io *io;
    const char *directory;
    const char *name;
    struct cairn_checkpoint_info info;
    uint64_t offset;
    int fd;
    int error; /* the first one; later calls do nothing */
};

/* Begin a checkpoint of `name` (letters, digits, - and _) in `directory`, which is created when
 * missing (one level). `info->section_count` is counted, not read. */
int cairn_checkpoint_begin(struct cairn_checkpoint_writer *writer, struct cairn_io *io,
                           const char *directory, const char *name,
                           const struct cairn_checkpoint_info *info);
/* Errors are kept and returned by commit. */
void cairn_checkpoint_add(struct cairn_checkpoint_writer *writer, struct cairn_slice section,
                          uint64_t applied_seq, struct cairn_slice content);
/* Finish, flush, give it its name, and delete all but the newest two. */
int cairn_checkpoint_commit(struct cairn_checkpoint_writer *writer);
void cairn_checkpoint_abort(struct cairn_checkpoint_writer *writer);

/* ---- reading ---- */

struct cairn_checkpoint_section {
    struct cairn_slice name;
    uint64_t applied_seq;
    uint64_t bytes;
};

struct cairn_checkpoint_reader {
    /* Where the section's bytes go: memory for section->bytes, or NULL to pass over it. */
    void *(*destination)(void *context, const struct cairn_checkpoint_section *section);
    /* Its bytes are there and their checksum matches. Not called for one passed over. A negative
     * result ends the reading and is returned. */
    int (*loaded)(void *context, const struct cairn_checkpoint_section *section, void *content);
    void *context;
};

/* The sequences of the checkpoints of `name` in `directory`, newest first; at most `capacity`.
 * Returns how many. 0 also when the directory does not exist. */
int cairn_checkpoint_list(struct cairn_io *io, const char *directory, const char *name,
                          uint64_t *ledger_seqs, uint32_t capacity);
/* The header alone. */
int cairn_checkpoint_info(struct cairn_io *io, const char *directory, const char *name,
                          uint64_t ledger_seq, struct cairn_checkpoint_info *info);
/* Read all sections in order. On -EBADMSG some may have been loaded: throw them away. */
int cairn_checkpoint_load(struct cairn_io *io, const char *directory, const char *name,
                          uint64_t ledger_seq, const struct cairn_checkpoint_reader *reader,
                          struct cairn_checkpoint_info *info);
int cairn_checkpoint_delete(struct cairn_io *io, const char *directory, const char *name,
                            uint64_t ledger_seq);
