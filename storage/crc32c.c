#include "storage/crc32c.h"

#include "runtime/base/bytes.h"

/* The remainder of each four-bit value: two steps a byte, and a table that fits a cache line. */
static const uint32_t nibble_table[16] = {
    0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
    0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

uint32_t cairn_crc32c_scalar(uint32_t crc, const void *data, size_t bytes)
{
    const uint8_t *byte = data;
    crc = ~crc;
    for (size_t i = 0; i < bytes; i++) {
        crc ^= byte[i];
        crc = (crc >> 4) ^ nibble_table[crc & 15];
        crc = (crc >> 4) ^ nibble_table[crc & 15];
    }
    return ~crc;
}

#if defined(__x86_64__)

__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(uint32_t crc, const uint8_t *data,
                                                               size_t bytes)
{
    uint64_t wide = ~crc;
    for (; bytes >= 8; bytes -= 8, data += 8)
        wide = __builtin_ia32_crc32di(wide, cairn_load_u64(data));

    uint32_t narrow = (uint32_t)wide;
    for (; bytes > 0; bytes--, data++)
        narrow = __builtin_ia32_crc32qi(narrow, *data);
    return ~narrow;
}

uint32_t cairn_crc32c(uint32_t crc, const void *data, size_t bytes)
{
    if (__builtin_cpu_supports("sse4.2"))
        return crc32c_sse42(crc, data, bytes);
    return cairn_crc32c_scalar(crc, data, bytes);
}

#else

uint32_t cairn_crc32c(uint32_t crc, const void *data, size_t bytes)
{
    return cairn_crc32c_scalar(crc, data, bytes);
}

#endif
