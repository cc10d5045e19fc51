/* storage/crc32c.h: CRC32C, the checksum of everything on disk.
 *
 * Detects damage, not an adversary. Chaining works as expected: the checksum of `a` followed by `b`
 * is cairn_crc32c(cairn_crc32c(0, a), b).
 *
 * Context   Pure functions.
 * Cost      About 6 GB/s with SSE4.2, chosen at run time; the plain twin about 0.3 GB/s.
 * Source    RFC 3720, appendix B.4; polynomial 0x1edc6f41, reflected.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

uint32_t cairn_crc32c(uint32_t crc, const void *data, size_t bytes);

/* The plain twin: reference, and what processors without SSE4.2 run. */
uint32_t cairn_crc32c_scalar(uint32_t crc, const void *data, size_t bytes);
