/* storage/names.h: the writer's side of string tables: text to the id it has in this segment.
 *
 * Names are numbered once (`add`), when an event is appended. Which id a name has in the string
 * table of a segment is settled later, when the block is encoded, since only then the segment is
 * known:
 *
 *     "discord" --add--> name 7 --define--> id 3 in this segment's table (and 1 in the next one's)
 *
 * `epoch` stands for a string table: the writer counts it up for each new segment.
 *
 * Ownership   Reference counted by the blocks that wait; a full one is replaced by an empty one.
 * Context     One owner.
 * Errors      add returns 0 when the budget is used up.
 * Cost        add: a hash and about a cache line.
 */
#pragma once

#include "runtime/base/heap.h"

struct cairn_names;

/* With one reference. NULL: no memory. */
struct cairn_names *cairn_names_create(uint64_t budget_bytes);
struct cairn_names *cairn_names_acquire(struct cairn_names *names);
void cairn_names_release(struct cairn_names *names); /* NULL is fine */

/* The number of `text`, which is not empty. 0: full. */
uint32_t cairn_names_add(struct cairn_names *names, struct cairn_slice text);
/* How many there are: one more after an add of a new text. */
uint32_t cairn_names_count(const struct cairn_names *names);
/* Borrowed until the next add. */
struct cairn_slice cairn_names_text(const struct cairn_names *names, uint32_t name);

/* The id of `name` in the table `epoch`, 0 if it has none there. */
uint32_t cairn_names_id(const struct cairn_names *names, uint32_t name, uint32_t epoch);
void cairn_names_define(struct cairn_names *names, uint32_t name, uint32_t epoch, uint32_t id);
