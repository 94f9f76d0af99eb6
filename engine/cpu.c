/* What the CPU can. See cpu.h. */
#include "engine/cpu.h"

#include <string.h>

enum sb_cpu sb_cpu_detect(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        return SB_CPU_AVX512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return SB_CPU_AVX2;
#endif
    return SB_CPU_PORTABLE;
}

bool sb_cpu_has_bf16(void)
{
#if defined(__x86_64__)
    return sb_cpu_detect() == SB_CPU_AVX512 && __builtin_cpu_supports("avx512bf16");
#else
    return false;
#endif
}

const char *sb_cpu_name(enum sb_cpu cpu)
{
    static const char *const names[SB_CPU_COUNT] = {"portable", "avx2", "avx512"};
    return names[cpu];
}

int sb_cpu_parse(const char *name, enum sb_cpu *out, struct sb_error *err)
{
    for (int c = 0; c < SB_CPU_COUNT; c++) {
        if (strcmp(name, sb_cpu_name((enum sb_cpu)c)) != 0)
            continue;
        if (c > (int)sb_cpu_detect())
            return sb_error_set(err, SB_EUNSUPPORTED, "this CPU has no %s, only %s", name,
                                sb_cpu_name(sb_cpu_detect()));
        *out = (enum sb_cpu)c;
        return 0;
    }
    return sb_error_set(err, SB_EINVAL, "unknown CPU level '%s', expected portable, avx2 or avx512",
                        name);
}
