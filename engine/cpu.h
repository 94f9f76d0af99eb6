/*
 * CPU levels: the instruction sets that fast kernels are written for. The level is found at run
 * time, so one program runs everywhere; a lower one can be asked for, to test it or to compare.
 */
#ifndef SB_ENGINE_CPU_H
#define SB_ENGINE_CPU_H

#include "base/error.h"

#include <stdbool.h>

enum sb_cpu {
    SB_CPU_PORTABLE, /* plain C with vectors of four floats: any CPU */
    SB_CPU_AVX2,     /* x86-64 with AVX2 and FMA */
    SB_CPU_AVX512,   /* x86-64 with AVX-512 F, BW, DQ and VL */
    SB_CPU_COUNT
};

/* The highest level that this CPU, its operating system and this build have. */
enum sb_cpu sb_cpu_detect(void);
/* Whether the CPU has AVX512-BF16. */
bool sb_cpu_has_bf16(void);
/* "portable", "avx2", "avx512" */
const char *sb_cpu_name(enum sb_cpu cpu);
/* The level of a name; SB_EINVAL, naming the known ones, for another text, and SB_EUNSUPPORTED for
 * a level above sb_cpu_detect(). */
int sb_cpu_parse(const char *name, enum sb_cpu *out, struct sb_error *err);

#endif
