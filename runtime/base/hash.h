/* runtime/base/hash.h: XXH3 under cairn's names, and the order-independent state digest.
 *
 * Context   Pure functions. XXH3 is stable across machines and versions (xxHash >= 0.8.0).
 * Source    github.com/Cyan4973/xxHash; the digest is api.md, section 5.
 */
#pragma once

#include <stdint.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "runtime/base/bytes.h"

static inline uint64_t cairn_hash64(const void *data, size_t bytes)
{
    return XXH3_64bits(data, bytes);
}

static inline uint64_t cairn_hash64_slice(struct cairn_slice slice)
{
    return XXH3_64bits(slice.data, slice.bytes);
}

/* A 128-bit sum of item hashes: adding items in any order gives the same digest, and removing an
 * item is subtracting it. */
struct cairn_digest {
    uint64_t low;
    uint64_t high;
};

static inline struct cairn_digest cairn_digest_item(const void *data, size_t bytes, uint64_t seed)
{
    XXH128_hash_t hash = XXH3_128bits_withSeed(data, bytes, seed);
    return (struct cairn_digest){.low = hash.low64, .high = hash.high64};
}

static inline void cairn_digest_add(struct cairn_digest *digest, struct cairn_digest item)
{
    digest->low += item.low;
    digest->high += item.high + (digest->low < item.low);
}

static inline void cairn_digest_subtract(struct cairn_digest *digest, struct cairn_digest item)
{
    uint64_t borrow = digest->low < item.low;
    digest->low -= item.low;
    digest->high -= item.high + borrow;
}
