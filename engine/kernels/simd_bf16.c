/* The inner loops for AVX512-BF16. See simd_bf16.h. */
#if defined(__x86_64__)
#include "engine/kernels/simd_bf16.h"

#include "engine/kernels/simd_gemm.h"

/* sums[r][v] += the products of 16 steps of k, in pairs. */
SIMD_INLINE void bf16_block(const uint16_t *a, const uint16_t *b, size_t a_step, const int rows,
                            const int vecs, vec sums[SB_MAX_TILE_ROWS][MAX_VECS])
{
#pragma GCC unroll 2
    for (int k = 0; k < 8; k++) {
        const uint16_t *panel = b + k * vecs * 32;
        __m512bh weights[MAX_VECS];
#pragma GCC unroll 4
        for (int v = 0; v < vecs; v++) {
            weights[v] = (__m512bh)_mm512_load_si512(panel + v * 32);
            __builtin_prefetch((const char *)(panel + v * 32) + PREFETCH_BYTES);
        }
        if (2 * k < rows)
            __builtin_prefetch(a + 2 * a_step + k * 32);
#pragma GCC unroll 16
        for (int r = 0; r < rows; r++) {
            int32_t pair;
            __builtin_memcpy(&pair, a + r * 16 + 2 * k, sizeof(pair));
            const __m512bh value = (__m512bh)_mm512_set1_epi32(pair);
#pragma GCC unroll 4
            for (int v = 0; v < vecs; v++)
                sums[r][v] = _mm512_dpbf16_ps(sums[r][v], value, weights[v]);
        }
    }
}

SIMD_INLINE void bf16_tile(const struct sb_gemm_tile *t, const int rows, const int vecs)
{
    const uint16_t *a = (const uint16_t *)(const void *)t->a;
    const uint16_t *b = (const uint16_t *)(const void *)t->b;
    vec sums[SB_MAX_TILE_ROWS][MAX_VECS];
    gemm_announce(t, rows, vecs);
    gemm_clear(rows, vecs, sums);
    for (size_t q = 0; q < t->blocks; q++, a += t->a_step, b += 16 * vecs * 16)
        bf16_block(a, b, t->a_step, rows, vecs, sums);
    gemm_finish(t, rows, vecs, sums);
    gemm_store(t, rows, vecs, sums);
}

static void convert(uint16_t *out, const float *in, size_t n)
{
    for (size_t i = 0; i < n; i += 16) {
        const __m256bh values = _mm512_cvtneps_pbh(_mm512_loadu_ps(in + i));
        _mm256_storeu_si256((__m256i *)(void *)(out + i), (__m256i)values);
    }
}

#define BF16_TILE(rows, blocks)                                                                    \
    static void bf16_##rows##_##blocks(const struct sb_gemm_tile *t)                               \
    {                                                                                              \
        bf16_tile(t, rows, blocks);                                                                \
    }

BF16_TILE(1, 1)
BF16_TILE(2, 1)
BF16_TILE(3, 1)
BF16_TILE(4, 1)
BF16_TILE(5, 1)
BF16_TILE(6, 1)
BF16_TILE(7, 1)
BF16_TILE(8, 1)
BF16_TILE(9, 1)
BF16_TILE(10, 1)
BF16_TILE(11, 1)
BF16_TILE(12, 1)
BF16_TILE(13, 1)
BF16_TILE(14, 1)
BF16_TILE(1, 2)
BF16_TILE(2, 2)
BF16_TILE(3, 2)
BF16_TILE(4, 2)
BF16_TILE(5, 2)
BF16_TILE(6, 2)
BF16_TILE(7, 2)
BF16_TILE(8, 2)
BF16_TILE(9, 2)
BF16_TILE(10, 2)
BF16_TILE(11, 2)
BF16_TILE(12, 2)
BF16_TILE(13, 2)
BF16_TILE(14, 2)

const struct sb_simd_bf16 sb_simd_bf16_avx512 = {
    .gemm =
        {
            {NULL, bf16_1_1, bf16_2_1, bf16_3_1, bf16_4_1, bf16_5_1, bf16_6_1, bf16_7_1, bf16_8_1,
             bf16_9_1, bf16_10_1, bf16_11_1, bf16_12_1, bf16_13_1, bf16_14_1},
            {NULL, bf16_1_2, bf16_2_2, bf16_3_2, bf16_4_2, bf16_5_2, bf16_6_2, bf16_7_2, bf16_8_2,
             bf16_9_2, bf16_10_2, bf16_11_2, bf16_12_2, bf16_13_2, bf16_14_2},
        },
    .convert = convert,
};
#endif
