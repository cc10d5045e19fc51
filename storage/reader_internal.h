/* storage/reader_internal.h: the reader's state, shared by reader.c (blocks: decoding, caching) and
 * reader_index.c (which blocks there are, and where). */
#pragma once

#include "storage/reader.h"
#include "storage/strings.h"
#include "storage/walker.h"

struct cairn_reader_entry {
    uint64_t first_seq;
    uint64_t offset;
    uint32_t event_count;
    uint32_t number;
};

/* The string table of a segment, as far as it was needed. */
struct cairn_reader_table {
    struct cairn_strings strings;
    uint32_t loaded;     /* blocks whose entries are in it */
    uint32_t references; /* decoded blocks that borrow from it */
    uint64_t used_at;
};

struct cairn_reader_segment {
    uint64_t first_seq;
    struct cairn_walker walker; /* behind the last entry; its fd is -1 while the file is closed */
    struct cairn_reader_entry *entries; /* owned; one for each block */
    uint32_t entry_count;
    uint32_t entry_capacity;
    struct cairn_reader_table *table; /* owned; NULL until needed */
    uint64_t used_at;
    uint64_t scanned_offset; /* the break that was last examined */
    bool damaged;            /* it ends in a break that is no torn tail */
};

struct cairn_reader {
    struct cairn_io *io;                    /* borrowed */
    char *directory;                        /* owned */
    struct cairn_reader_segment **segments; /* owned; ascending */
    uint32_t segment_count;
    uint32_t segment_capacity;
    struct cairn_reader_decoded *blocks; /* owned; most recently used first */
    uint32_t cache_blocks;
    struct cairn_buffer frame; /* scratch: the block being read */
    uint64_t clock;            /* counts uses */
    bool opening;
};

/* Look for what the writer did since. Returns 1 when there is more than before, else 0. */
int cairn_reader_refresh(struct cairn_reader *reader);
/* The entry that holds `seq`. -ENODATA: behind the end. -ENOENT: before the first. -EBADMSG. */
int cairn_reader_locate(struct cairn_reader *reader, uint64_t seq,
                        struct cairn_reader_segment **segment, uint32_t *index);
/* The checked frame of an entry into reader->frame. */
int cairn_reader_load(struct cairn_reader *reader, struct cairn_reader_segment *segment,
                      const struct cairn_reader_entry *entry, struct cairn_block_header *header);
struct cairn_reader_segment *cairn_reader_newest(const struct cairn_reader *reader); /* or NULL */
void cairn_reader_segments_free(struct cairn_reader *reader);
void cairn_reader_table_free(struct cairn_reader_table *table); /* NULL is fine */
/* Free the decoded blocks that nobody holds, but for the `keep` most recent. */
void cairn_reader_trim(struct cairn_reader *reader, uint32_t keep);
