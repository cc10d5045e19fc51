/* storage/reader.h: reading a ledger, live or not, without disturbing its writer.
 *
 * A reader finds the segments of a directory by itself and keeps an index of their blocks: block
 * headers are read once and kept (about 40 bytes a block). Decoded blocks are shared by reference,
 * and the last few stay cached.
 *
 * Ownership   A block is acquired and released; events in it are borrowed until then.
 * Context     One thread per reader. Any number of readers beside one writer, in any process.
 * Errors      -ENODATA: the end, as far as written. -EBADMSG: a block is not valid (a torn tail of
 *             a live or killed ledger reads as the end, not as this). -ENOENT: no such sequence.
 * Cost        A cached block: O(log blocks). Otherwise one read and one decompression of 64 KiB.
 */
#pragma once

#include "runtime/io/io.h"
#include "storage/event.h"

struct cairn_reader;

/* A decoded block: its events in order, `first_seq` up. */
struct cairn_reader_block {
    uint64_t first_seq;
    uint32_t event_count;
    uint32_t references;              /* the reader's */
    const struct cairn_event *events; /* names and payloads live as long as the block */
    uint64_t raw_bytes, stored_bytes;
};

/* -ENOENT: there is no ledger in `directory` (DIR/ledger/0). `cache_blocks`: decoded blocks kept. */
int cairn_reader_open(struct cairn_io *io, const char *directory, uint32_t cache_blocks,
                      struct cairn_reader **reader);
void cairn_reader_close(struct cairn_reader *reader);

/* The block that holds `seq`, acquired. Looks again for what the writer appended meanwhile. */
int cairn_reader_acquire(struct cairn_reader *reader, uint64_t seq,
                         struct cairn_reader_block **block);
void cairn_reader_release(struct cairn_reader *reader, struct cairn_reader_block *block);

/* Highest sequence readable now (refreshes). 0: empty. */
uint64_t cairn_reader_last_seq(struct cairn_reader *reader);
/* Lowest sequence still there. 1 unless segments were retired. */
uint64_t cairn_reader_first_seq(struct cairn_reader *reader);
