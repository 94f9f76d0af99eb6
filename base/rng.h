/*
 * Deterministic random numbers: SplitMix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom
 * number generators"). The same seed gives the same values on every machine; integer arithmetic
 * only, except where a function says otherwise. Streams are split by seeding with sb_rng_mix().
 */
#ifndef SB_BASE_RNG_H
#define SB_BASE_RNG_H

#include <stdint.h>

struct sb_rng {
    uint64_t state;
};

/* The SplitMix64 finaliser: a bijection that scatters neighbouring inputs. */
static inline uint64_t sb_rng_mix(uint64_t x)
{
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9u;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static inline struct sb_rng sb_rng_seed(uint64_t seed)
{
    struct sb_rng rng = {sb_rng_mix(seed + 0x9e3779b97f4a7c15u)};
    return rng;
}

static inline uint64_t sb_rng_u64(struct sb_rng *rng)
{
    rng->state += 0x9e3779b97f4a7c15u;
    return sb_rng_mix(rng->state);
}

/* Uniform in [0, n), n > 0; unbiased enough for n < 2^32 (multiply-shift). */
static inline uint32_t sb_rng_below(struct sb_rng *rng, uint32_t n)
{
    return (uint32_t)(((sb_rng_u64(rng) >> 32) * n) >> 32);
}

/* Uniform in [0, 1) with 53 bits: exact in double, the same everywhere. */
static inline double sb_rng_double(struct sb_rng *rng)
{
    return (double)(sb_rng_u64(rng) >> 11) * 0x1p-53;
}

/* Approximately normal(0, 1): the sum of 12 uniforms minus 6. Additions only, so the bits are the
 * same on every machine (no libm); the tails end at +-6. */
static inline double sb_rng_normal(struct sb_rng *rng)
{
    double sum = -6.0;
    for (int i = 0; i < 12; i++)
        sum += sb_rng_double(rng);
    return sum;
}

#endif
