/* storage/record.h: the frame around every entry of a block.
 *
 *     +------------+-------+-------+ - - - - - - - - - - - - - - - - - - - +--------- - - -+
 *     | length     | kind  | flags | ts_delta  space  channel  author      | payload       |
 *     +------------+-------+-------+ - - - - - - - - - - - - - - - - - - - +--------- - - -+
 *       varint       u8      u8      4 varints, events only (kind >= 16)      the rest of length
 *
 * `length` counts everything after itself. `ts_delta` is zigzag, from the event before it in the
 * block; the first event's is from the block's ts_min. Space, channel and author are ids into the
 * string table of the segment, 0 for none.
 *
 * Kinds 1-15 are control records: they have no sequence number. CAIRN_RECORD_STRING adds its
 * payload to the segment's string table under the next id, counted from 1.
 *
 * A record is valid if and only if (1) `length` bytes are there, (2) its kind is not 0, and (3)
 * each varint ends within it, and ids fit 32 bits.
 *
 * Ownership   Borrows every buffer; a decoded payload points into the caller's bytes.
 * Context     Pure functions.
 * Units       Times are Unix milliseconds.
 * Errors      -EBADMSG: not a record.
 * Cost        Encoding copies the payload; decoding does not touch it.
 */
#pragma once

#include <stdint.h>

#include "runtime/base/bytes.h"

#define CAIRN_RECORD_STRING      1u  /* control: an entry of the segment's string table */
#define CAIRN_RECORD_EVENT_FIRST 16u /* kinds from here on are events */

/* Flag of a control record: a reader that does not know its kind may pass over it. */
#define CAIRN_RECORD_SKIPPABLE (1u << 0)

/* A space, channel or author. */
#define CAIRN_RECORD_NAME_BYTES_MAX 4096u
/* Everything before the payload: length, kind, flags, time and three ids. */
#define CAIRN_RECORD_OVERHEAD_MAX (5u + 2u + 10u + 15u)
#define CAIRN_RECORD_BYTES_MIN    3u

struct cairn_record {
    int64_t ts_ms; /* events only, as the ids */
    uint32_t space;
    uint32_t channel;
    uint32_t author;
    uint8_t kind;
    uint8_t flags;
    struct cairn_slice payload; /* borrowed */
};

static inline bool cairn_record_is_event(const struct cairn_record *record)
{
    return record->kind >= CAIRN_RECORD_EVENT_FIRST;
}

/* Encode to `target`, which has room for CAIRN_RECORD_OVERHEAD_MAX and the payload.
 * `*ts_previous_ms` is the time of the event before; an event sets it to its own. Returns the bytes
 * written. */
size_t cairn_record_encode(uint8_t *target, const struct cairn_record *record,
                           int64_t *ts_previous_ms);

/* Decode the record at the start of `source`. Returns the bytes consumed; on failure a negative
 * error, and the outputs are unchanged. */
int64_t cairn_record_decode(const uint8_t *source, size_t bytes, int64_t *ts_previous_ms,
                            struct cairn_record *record);
