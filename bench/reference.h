/*
 * The reference kernel: a matrix product of fixed size through OpenBLAS, timed in the same session
 * as the models. A latency divided by it keeps most of what the program does and loses most of what
 * the machine does (clock, neighbours), so histories are made of such ratios (bench/history.h).
 */
#ifndef SB_BENCH_REFERENCE_H
#define SB_BENCH_REFERENCE_H

#include "base/error.h"

/* C = A B with square float32 matrices; 2 x 256^3 = 33.6 million operations. */
#define SB_REFERENCE_SIZE 256

/* Median nanoseconds of one product while each of `threads` threads works on its own; takes about
 * 50 ms. SB_EUNSUPPORTED where there is no OpenBLAS. */
int sb_reference_time(int threads, double *ns, struct sb_error *err);

#endif
