/* storage/codec.h: how the body of a block is compressed.
 *
 * Ownership   Borrows every buffer.
 * Context     Pure functions.
 * Errors      -EBADMSG: the bytes are not what the codec wrote. -EPROTONOSUPPORT: unknown codec.
 * Cost        LZ4: about 0.35 GB/s in, 1.9 GB/s out. Stored: a copy.
 * Source      LZ4 block format (liblz4).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* On disk; never renumber. */
enum cairn_codec {
    CAIRN_CODEC_STORED = 0,
    CAIRN_CODEC_LZ4 = 1,
};

/* Encode into at most `target_capacity` bytes. Returns the bytes written, 0 if it does not fit: the
 * caller then stores. Sources are at most 1 GiB. */
size_t cairn_codec_encode(enum cairn_codec codec, const uint8_t *source, size_t source_bytes,
                          uint8_t *target, size_t target_capacity);

/* Decode to exactly `target_bytes`. `codec` may be any byte from a disk. */
int cairn_codec_decode(uint8_t codec, const uint8_t *source, size_t source_bytes, uint8_t *target,
                       size_t target_bytes);
