/*
 * Vectors of VEC_FLOATS floats for the instruction set that a file is compiled for: the common
 * vocabulary of simd_*.h. Operators (+ - *) work on `vec` as on floats.
 */
#ifndef SB_ENGINE_KERNELS_SIMD_VEC_H
#define SB_ENGINE_KERNELS_SIMD_VEC_H

#include <stddef.h>
#include <stdint.h>

#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#endif

/* Kernels are instantiated with constant sizes, which only pays when everything is inlined. */
#define SIMD_INLINE static inline __attribute__((always_inline))

#if defined(__AVX512F__)

#define VEC_FLOATS 16
typedef __m512 vec;

SIMD_INLINE vec vec_load(const float *p)
{
    return _mm512_load_ps(p);
}
SIMD_INLINE vec vec_loadu(const float *p)
{
    return _mm512_loadu_ps(p);
}
SIMD_INLINE void vec_store(float *p, vec v)
{
    _mm512_store_ps(p, v);
}
SIMD_INLINE void vec_storeu(float *p, vec v)
{
    _mm512_storeu_ps(p, v);
}
SIMD_INLINE vec vec_set(float x)
{
    return _mm512_set1_ps(x);
}
/* a * b + c in one rounding where the CPU can. */
SIMD_INLINE vec vec_fma(vec a, vec b, vec c)
{
    return _mm512_fmadd_ps(a, b, c);
}
/* c - a * b */
SIMD_INLINE vec vec_fnma(vec a, vec b, vec c)
{
    return _mm512_fnmadd_ps(a, b, c);
}
SIMD_INLINE vec vec_max(vec a, vec b)
{
    return _mm512_max_ps(a, b);
}
SIMD_INLINE vec vec_min(vec a, vec b)
{
    return _mm512_min_ps(a, b);
}

#elif defined(__AVX2__)

#define VEC_FLOATS 8
typedef __m256 vec;

SIMD_INLINE vec vec_load(const float *p)
{
    return _mm256_load_ps(p);
}
SIMD_INLINE vec vec_loadu(const float *p)
{
    return _mm256_loadu_ps(p);
}
SIMD_INLINE void vec_store(float *p, vec v)
{
    _mm256_store_ps(p, v);
}
SIMD_INLINE void vec_storeu(float *p, vec v)
{
    _mm256_storeu_ps(p, v);
}
SIMD_INLINE vec vec_set(float x)
{
    return _mm256_set1_ps(x);
}
SIMD_INLINE vec vec_fma(vec a, vec b, vec c)
{
    return _mm256_fmadd_ps(a, b, c);
}
SIMD_INLINE vec vec_fnma(vec a, vec b, vec c)
{
    return _mm256_fnmadd_ps(a, b, c);
}
SIMD_INLINE vec vec_max(vec a, vec b)
{
    return _mm256_max_ps(a, b);
}
SIMD_INLINE vec vec_min(vec a, vec b)
{
    return _mm256_min_ps(a, b);
}

#else

#define VEC_FLOATS 4
typedef float vec __attribute__((vector_size(16)));
typedef float vec_unaligned __attribute__((vector_size(16), aligned(4), may_alias));
typedef int32_t vec_mask __attribute__((vector_size(16)));

SIMD_INLINE vec vec_load(const float *p)
{
    return *(const vec_unaligned *)p;
}
SIMD_INLINE vec vec_loadu(const float *p)
{
    return *(const vec_unaligned *)p;
}
SIMD_INLINE void vec_store(float *p, vec v)
{
    *(vec_unaligned *)p = v;
}
SIMD_INLINE void vec_storeu(float *p, vec v)
{
    *(vec_unaligned *)p = v;
}
SIMD_INLINE vec vec_set(float x)
{
    return (vec){x, x, x, x};
}
SIMD_INLINE vec vec_fma(vec a, vec b, vec c)
{
    return a * b + c;
}
SIMD_INLINE vec vec_fnma(vec a, vec b, vec c)
{
    return c - a * b;
}
/* `a` where the mask is set, else b. */
SIMD_INLINE vec vec_pick(vec_mask mask, vec a, vec b)
{
    return (vec)((mask & (vec_mask)a) | (~mask & (vec_mask)b));
}
SIMD_INLINE vec vec_max(vec a, vec b)
{
    return vec_pick(a > b, a, b);
}
SIMD_INLINE vec vec_min(vec a, vec b)
{
    return vec_pick(a < b, a, b);
}

#endif

#define BLOCK_VECS (16 / VEC_FLOATS) /* vectors per pixel of a block */

typedef int32_t vec_int __attribute__((vector_size(4 * VEC_FLOATS)));

SIMD_INLINE vec vec_zero(void)
{
    return vec_set(0);
}

/*
 * For sums that take most registers. vec_accumulate() is vec_fma() in the register of `sum`, and
 * vec_new_sum() a zero in one of its own. Left to itself, gcc lets a product's result replace an
 * operand that is not needed any more and copies one zero to all sums: it moves sums around, spills
 * some, and a product in the first level of cache takes a tenth longer (Zen 3; with AVX-512 this
 * was not measured).
 */
#if defined(__AVX2__) && !defined(__AVX512F__)
SIMD_INLINE vec vec_accumulate(vec a, vec b, vec sum)
{
    __asm__("vfmadd231ps %2, %1, %0" : "+x"(sum) : "x"(a), "x"(b));
    return sum;
}
SIMD_INLINE vec vec_new_sum(void)
{
    vec sum;
    __asm__ volatile("vxorps %0, %0, %0" : "=x"(sum));
    return sum;
}
#else
SIMD_INLINE vec vec_accumulate(vec a, vec b, vec sum)
{
    return vec_fma(a, b, sum);
}
SIMD_INLINE vec vec_new_sum(void)
{
    return vec_zero();
}
#endif

/*
 * exp(-x) for any finite x, relative error below 2e-7 + 2e-8 |x| where products are fused (6e-8 |x|
 * where not); 0 and infinity beyond what float holds are cut to the smallest and largest normal
 * results. exp(-x) = 2^n 2^f with n the integer nearest to -x log2 e: what the rounding of log2 e
 * costs vanishes in sigmoid and swish, whose values hardly depend on exp(-x) where x is large. 2^f,
 * |f| <= 1/2, is the polynomial of degree 5 whose largest relative error on that range is smallest,
 * 7.5e-8 (by Remez' exchange).
 */
SIMD_INLINE vec vec_exp_minus(vec x)
{
    x = vec_min(vec_max(x, vec_set(-88.37f)), vec_set(87.33f));
    /* adding 1.5 * 2^23 leaves the nearest integer in the low bits of the sum */
    const vec magic = vec_set(12582912.0f), log2_e = vec_set(1.44269504f);
    const vec shifted = vec_fnma(x, log2_e, magic);
    const vec f = vec_fnma(x, log2_e, magic - shifted);
    vec p = vec_set(1.32764608e-3f);
    p = vec_fma(p, f, vec_set(9.67555307e-3f));
    p = vec_fma(p, f, vec_set(5.55071346e-2f));
    p = vec_fma(p, f, vec_set(2.40221202e-1f));
    p = vec_fma(p, f, vec_set(6.93146944e-1f));
    p = vec_fma(p, f, vec_set(1.00000012f));
    const vec_int exponent = (vec_int)shifted << 23;
    return (vec)((vec_int)p + exponent);
}

#endif
