/* runtime/base/uuid.h: UUIDs as 16 bytes and as text, and time-ordered ones (version 7).
 *
 *     48 bits: Unix ms | 4: version 7 | 12: counter | 2: variant | 62: random
 *
 * Ids of one generator ascend in byte order, whatever the clock does: within a millisecond the
 * counter orders them, and when it runs over, or the clock steps back, the generator's own time
 * goes on.
 *
 * Context   Pure. A generator has one owner; time and randomness are passed in.
 * Errors    -EINVAL: the text is not a UUID.
 * Source    RFC 9562, 4 and 5.7; the counter is method 1 of 6.2.
 */
#pragma once

#include <stdint.h>

#include "runtime/base/bytes.h"

#define CAIRN_UUID_BYTES      16
#define CAIRN_UUID_TEXT_BYTES 36

/* Zeroed is ready. To go on after a restart, set both from the last id given out. */
struct cairn_uuid_generator {
    uint64_t last_ms;
    uint32_t counter;
};

/* 8-4-4-4-12 hexadecimal digits of either case, nothing around them. Any version. */
int cairn_uuid_parse(struct cairn_slice text, uint8_t uuid[CAIRN_UUID_BYTES]);

/* Lower case, no terminator. */
void cairn_uuid_format(const uint8_t uuid[CAIRN_UUID_BYTES], char text[CAIRN_UUID_TEXT_BYTES]);

void cairn_uuid_v7(struct cairn_uuid_generator *generator, uint64_t now_ms, uint64_t random,
                   uint8_t uuid[CAIRN_UUID_BYTES]);
