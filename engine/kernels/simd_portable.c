/* The inner loops for any CPU: vectors of four floats. See simd.h. */
#include "engine/kernels/simd_gemm.h"
#include "engine/kernels/simd_rows.h"
#include "engine/kernels/simd_winograd.h"

GEMM_TILE(1, 1)
GEMM_TILE(2, 1)

const struct sb_simd sb_simd_portable = {
    .cpu = SB_CPU_PORTABLE,
    .tile_rows = 2,
    .panel_blocks = 1,
    .stretch = 16,
    .gemm =
        {
            {NULL, gemm_1_1, gemm_2_1},
        },
    .gather =
        {
            {NULL, gather_1_1, gather_2_1},
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
