/*
 * What this machine can do at most, measured here and now with a given number of threads: fused
 * multiply-adds from registers, and a triad over arrays larger than the caches. Rows are shown as a
 * share of these, so the share means the same on every machine and in every session.
 */
#ifndef SB_BENCH_PEAK_H
#define SB_BENCH_PEAK_H

#include "base/error.h"

struct sb_peak {
    double flops;        /* float32 operations per second; a multiply-add counts 2 */
    double bytes_per_s;  /* a[i] = b[i] + s * c[i]: 12 bytes per element (McCalpin, STREAM) */
    const char *isa;     /* what the multiply-adds used: "avx512f", "avx2", "portable" */
    double reference_ns; /* of the reference kernel (bench/reference.h), set by who measures it;
                            NaN: there is no OpenBLAS */
};

/* Takes about a quarter of a second: the best of several repetitions. cache_bytes: of the largest
 * cache; arrays are four times that, within limits. */
int sb_measure_peak(int threads, long long cache_bytes, struct sb_peak *out, struct sb_error *err);

#endif
