/* The inner loops for x86-64 with AVX-512. See simd.h. */
#if defined(__x86_64__)
#include "engine/kernels/simd_gemm.h"
#include "engine/kernels/simd_rows.h"
#include "engine/kernels/simd_winograd.h"

GEMM_TILE(1, 1)
GEMM_TILE(2, 1)
GEMM_TILE(3, 1)
GEMM_TILE(4, 1)
GEMM_TILE(5, 1)
GEMM_TILE(6, 1)
GEMM_TILE(7, 1)
GEMM_TILE(8, 1)
GEMM_TILE(9, 1)
GEMM_TILE(10, 1)
GEMM_TILE(11, 1)
GEMM_TILE(12, 1)
GEMM_TILE(13, 1)
GEMM_TILE(14, 1)
GEMM_TILE(1, 2)
GEMM_TILE(2, 2)
GEMM_TILE(3, 2)
GEMM_TILE(4, 2)
GEMM_TILE(5, 2)
GEMM_TILE(6, 2)
GEMM_TILE(7, 2)
GEMM_TILE(8, 2)
GEMM_TILE(9, 2)
GEMM_TILE(10, 2)
GEMM_TILE(11, 2)
GEMM_TILE(12, 2)
GEMM_TILE(13, 2)
GEMM_TILE(14, 2)

const struct sb_simd sb_simd_avx512 = {
    .cpu = SB_CPU_AVX512,
    .tile_rows = 14,
    .panel_blocks = 2,
    .stretch = 32,
    .gemm =
        {
            {NULL, gemm_1_1, gemm_2_1, gemm_3_1, gemm_4_1, gemm_5_1, gemm_6_1, gemm_7_1, gemm_8_1,
             gemm_9_1, gemm_10_1, gemm_11_1, gemm_12_1, gemm_13_1, gemm_14_1},
            {NULL, gemm_1_2, gemm_2_2, gemm_3_2, gemm_4_2, gemm_5_2, gemm_6_2, gemm_7_2, gemm_8_2,
             gemm_9_2, gemm_10_2, gemm_11_2, gemm_12_2, gemm_13_2, gemm_14_2},
        },
    .gather =
        {
            {NULL, gather_1_1, gather_2_1, gather_3_1, gather_4_1, gather_5_1, gather_6_1,
             gather_7_1, gather_8_1, gather_9_1, gather_10_1, gather_11_1, gather_12_1, gather_13_1,
             gather_14_1},
            {NULL, gather_1_2, gather_2_2, gather_3_2, gather_4_2, gather_5_2, gather_6_2,
             gather_7_2, gather_8_2, gather_9_2, gather_10_2, gather_11_2, gather_12_2, gather_13_2,
             gather_14_2},
        },
    .act = act_row,
    .epilogue = epilogue_row,
    .add_pixels = add_pixels,
    .dwconv = dwconv_row,
    .maxpool = maxpool_row,
    .winograd_input = winograd_input,
    .winograd_output = winograd_output,
    .to_plain = to_plain,
    .to_blocked = to_blocked,
};
#endif
