/* runtime/base/random.h: a seeded generator, so that a run can be replayed.
 *
 * Context   Pure; a generator has one owner. Not for secrets.
 * Source    xoshiro256** 1.0 (Blackman, Vigna), seeded by splitmix64; bounded draws by Lemire 2019.
 */
#pragma once

#include <stdint.h>

struct cairn_random {
    uint64_t state[4];
};

static inline uint64_t cairn_random_splitmix(uint64_t *seed)
{
    uint64_t z = (*seed += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline void cairn_random_init(struct cairn_random *random, uint64_t seed)
{
    for (int i = 0; i < 4; i++)
        random->state[i] = cairn_random_splitmix(&seed);
}

static inline uint64_t cairn_random_rotate(uint64_t x, int bits)
{
    return (x << bits) | (x >> (64 - bits));
}

static inline uint64_t cairn_random_next(struct cairn_random *random)
{
    uint64_t *s = random->state;
    uint64_t result = cairn_random_rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = cairn_random_rotate(s[3], 45);
    return result;
}

/* Uniform in [0, bound), without bias. `bound` is at least 1. */
static inline uint64_t cairn_random_below(struct cairn_random *random, uint64_t bound)
{
    unsigned __int128 product = (unsigned __int128)cairn_random_next(random) * bound;
    if ((uint64_t)product < bound) {
        uint64_t threshold = (0 - bound) % bound;
        while ((uint64_t)product < threshold)
            product = (unsigned __int128)cairn_random_next(random) * bound;
    }
    return (uint64_t)(product >> 64);
}
