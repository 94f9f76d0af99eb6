/*
 * How quiet is this machine right now? Fixed work without memory traffic is timed many times in a
 * row; on a quiet machine all times are nearly the same.
 */
#ifndef SB_BENCH_NOISE_H
#define SB_BENCH_NOISE_H

#include "base/str.h"

/* Above this, single times are not worth much. */
#define SB_NOISE_LIMIT 0.05

/* 90th percentile / minimum - 1 of fixed work of about a millisecond, over about 0.1 s. */
double sb_noise_probe(void);

/* Appends one line of advice when the noise is above the limit. */
void sb_noise_advice(double noise, struct sb_str *out);

#endif
