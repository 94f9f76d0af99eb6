/* The table of inner loops for a CPU level. See simd.h. */
#include "engine/kernels/simd.h"

const struct sb_simd *sb_simd(enum sb_cpu cpu)
{
#if defined(__x86_64__)
    if (cpu == SB_CPU_AVX512)
        return &sb_simd_avx512;
    if (cpu == SB_CPU_AVX2)
        return &sb_simd_avx2;
#else
    (void)cpu;
#endif
    return &sb_simd_portable;
}
