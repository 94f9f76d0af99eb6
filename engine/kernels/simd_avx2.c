/* The inner loops for x86-64 with AVX2 and FMA. See simd.h. */
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

const struct sb_simd sb_simd_avx2 = {
    .cpu = SB_CPU_AVX2,
    .tile_rows = 6,
    .panel_blocks = 1,
    .stretch = 16,
    .gemm =
        {
            {NULL, gemm_1_1, gemm_2_1, gemm_3_1, gemm_4_1, gemm_5_1, gemm_6_1},
        },
    .gather =
        {
            {NULL, gather_1_1, gather_2_1, gather_3_1, gather_4_1, gather_5_1, gather_6_1},
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
