/*
 * Change points: a series as levels and the steps between them. The fit is the piecewise-constant
 * function u that minimises
 *
 *     sum |y_i - u_i|  +  penalty x (number of steps)                          (Potts functional,
 * L1)
 *
 * exactly, by dynamic programming. Levels are medians, so single outliers move nothing. Segments
 * have at least `least` values, except the last one, which may be the beginning of a step that more
 * values will confirm or not.
 */
#ifndef SB_BENCH_CHANGE_POINTS_H
#define SB_BENCH_CHANGE_POINTS_H

#include "base/error.h"

#include <stddef.h>

/* Mean absolute deviation of the values around their levels, estimated from the differences of
 * neighbours, which know no levels: median |y_i+1 - y_i| / 1.15 (1.146 for Laplace, 1.19 for normal
 * noise). 0 for fewer than three values. NaN when out of memory. */
double sb_neighbour_noise(const double *y, size_t count);

/* The penalty for noise of this mean absolute deviation: 2 noise ln(count). Twice that of the
 * Bayesian information criterion for Laplace noise with two unknowns per step (level and place):
 * sessions on one machine are less independent than that criterion takes them for. */
double sb_step_penalty(double noise, size_t count);

/* first[k] becomes the index of the first value of segment k, *segments how many there are; `first`
 * has room for count. Time grows with count squared. */
int sb_fit_levels(const double *y, size_t count, double penalty, size_t least, size_t *first,
                  size_t *segments, struct sb_error *err);

/* Median of y[0..count); NaN when out of memory or empty. */
double sb_median_of(const double *y, size_t count);

#endif
