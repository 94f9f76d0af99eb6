/*
 * Inner loops in bfloat16 with sums in float32, for CPUs with AVX512-BF16: twice the
 * multiplications of float32 per instruction. The instruction adds the products of two neighbouring
 * channels, so panels hold channels in pairs.
 */
#ifndef SB_ENGINE_KERNELS_SIMD_BF16_H
#define SB_ENGINE_KERNELS_SIMD_BF16_H

#include "engine/kernels/simd.h"

#include <stddef.h>
#include <stdint.h>

struct sb_simd_bf16 {
    /* As sb_simd.gemm of AVX-512 (simd.h), but a and b point to bfloat16 values: a_step counts
     * them, and a panel holds, per pair of k, its channels with both values side by side. */
    sb_gemm_fn gemm[2][SB_MAX_TILE_ROWS + 1];
    /* n floats, a multiple of 16, rounded to nearest even */
    void (*convert)(uint16_t *out, const float *in, size_t n);
};

#if defined(__x86_64__)
extern const struct sb_simd_bf16 sb_simd_bf16_avx512;
#endif

#endif
