/* storage/unpack.h: the raw bytes of a block to events.
 *
 * The bytes are as hostile as the disk they come from: every length, count, id and payload is
 * checked here, and nothing behind this has to check again.
 *
 * Ownership   Events borrow payloads from `raw` and names from `strings`.
 * Context     Pure.
 * Errors      -EBADMSG: not a block's content. -EPROTONOSUPPORT: a control record of a later
 * version that may not be passed over. -ENOMEM. Cost        About 30 ns an event.
 */
#pragma once

#include "storage/block.h"
#include "storage/event.h"
#include "storage/strings.h"

/* `define`: add this block's entries to the string table (each block once, in order); on failure
 * the table is as before. `events` has room for header->event_count; NULL: only entries matter. */
int cairn_unpack(const struct cairn_block_header *header, const uint8_t *raw,
                 struct cairn_strings *strings, bool define, struct cairn_event *events);
