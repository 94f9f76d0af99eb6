/*
 * Decimal text to double, correctly rounded (to nearest, ties to even), independent of the locale.
 * Ranking detections depends on equal scores being equal, so "almost right" is wrong here.
 *
 * Three steps, each exact: a single multiplication or division where both operands are exact
 * (W. D. Clinger, "How to read floating point numbers accurately", 1990); a 64 x 128 bit product
 * (D. Lemire, "Number parsing at a gigabyte per second", 2021); the C library for the rest.
 */
#ifndef SB_BASE_DECIMAL_H
#define SB_BASE_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* *value = significand * 10^exponent rounded once; false when the fast methods cannot decide. */
bool sb_decimal_fast(uint64_t significand, int exponent, double *value);

/* The value of a whole number token of the JSON grammar ("-12.50e+3"), however long. The caller has
 * checked the grammar. Too large for a double gives +-infinity, too small gives +-0. */
double sb_decimal_exact(const char *text, size_t length);

#endif
