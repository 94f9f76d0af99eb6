/* Overflow-checked sizes. Every product of numbers that came from outside goes through these. */
#ifndef SB_BASE_SIZE_H
#define SB_BASE_SIZE_H

#include <stdbool.h>
#include <stddef.h>

/* *out = a * b; false (and *out untouched) when it does not fit. */
static inline bool sb_mul_size(size_t a, size_t b, size_t *out)
{
    size_t r;
    if (__builtin_mul_overflow(a, b, &r))
        return false;
    *out = r;
    return true;
}

/* *out = a + b; false (and *out untouched) when it does not fit. */
static inline bool sb_add_size(size_t a, size_t b, size_t *out)
{
    size_t r;
    if (__builtin_add_overflow(a, b, &r))
        return false;
    *out = r;
    return true;
}

/* n rounded up to a multiple of align (a power of two); n must be <= SIZE_MAX - align. */
static inline size_t sb_align_size(size_t n, size_t align)
{
    return (n + align - 1) & ~(align - 1);
}

/* The sum of sizes that are known to fit. */
static inline size_t sb_sum_sizes(const size_t *sizes, size_t count)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++)
        total += sizes[i];
    return total;
}

#endif
