/* storage/verify.h: every checksum, sequence number and hash link of a ledger, read-only.
 *
 * Context   One thread; any process; beside a live writer.
 */
#pragma once

#include "runtime/io/io.h"

struct cairn_verify_fault {
    const char *segment; /* file name, borrowed for the call */
    uint64_t offset;
    uint64_t seq;     /* the first sequence that cannot be vouched for */
    const char *what; /* "body checksum", "hash link", ... */
    bool torn;        /* a torn tail: told, and no fault */
};

struct cairn_verify_options {
    bool deep; /* also decompress and decode every record */
    void (*fault)(void *context, const struct cairn_verify_fault *fault);
    void (*progress)(void *context, uint64_t bytes_done, uint64_t bytes_total); /* may be NULL */
    void *context;
};

struct cairn_verify_result {
    uint64_t segments, blocks, events, first_seq, last_seq, durable_seq;
    uint64_t raw_bytes, stored_bytes;
    uint64_t faults, torn_bytes;
};

/* 0 when it could be read, whatever was found: see result->faults. */
int cairn_verify(struct cairn_io *io, const char *directory,
                 const struct cairn_verify_options *options, struct cairn_verify_result *result);
