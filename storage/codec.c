#include "storage/codec.h"

#include <string.h>

#include <lz4.h>

#include "runtime/base/assert.h"
#include "runtime/base/error.h"

#define SOURCE_BYTES_MAX (1u << 30)

static size_t encode_lz4(const uint8_t *source, size_t source_bytes, uint8_t *target,
                         size_t target_capacity)
{
    int written = LZ4_compress_default((const char *)source, (char *)target, (int)source_bytes,
                                       (int)target_capacity);
    return written > 0 ? (size_t)written : 0;
}

size_t cairn_codec_encode(enum cairn_codec codec, const uint8_t *source, size_t source_bytes,
                          uint8_t *target, size_t target_capacity)
{
    cairn_assert(source_bytes <= SOURCE_BYTES_MAX);
    cairn_assert(target_capacity <= SOURCE_BYTES_MAX);

    if (codec == CAIRN_CODEC_LZ4)
        return encode_lz4(source, source_bytes, target, target_capacity);
    if (source_bytes > target_capacity)
        return 0;
    memcpy(target, source, source_bytes);
    return source_bytes;
}

static int decode_lz4(const uint8_t *source, size_t source_bytes, uint8_t *target,
                      size_t target_bytes)
{
    int written = LZ4_decompress_safe((const char *)source, (char *)target, (int)source_bytes,
                                      (int)target_bytes);
    return written >= 0 && (size_t)written == target_bytes ? 0 : -EBADMSG;
}

int cairn_codec_decode(uint8_t codec, const uint8_t *source, size_t source_bytes, uint8_t *target,
                       size_t target_bytes)
{
    if (source_bytes > SOURCE_BYTES_MAX || target_bytes > SOURCE_BYTES_MAX)
        return -EBADMSG;
    if (codec == CAIRN_CODEC_LZ4)
        return decode_lz4(source, source_bytes, target, target_bytes);
    if (codec != CAIRN_CODEC_STORED)
        return -EPROTONOSUPPORT;
    if (source_bytes != target_bytes)
        return -EBADMSG;
    if (target_bytes > 0)
        memcpy(target, source, target_bytes);
    return 0;
}
