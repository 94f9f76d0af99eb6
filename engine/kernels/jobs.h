/* Cutting work into jobs by the shape alone, so that results do not depend on the thread count. */
#ifndef SB_ENGINE_KERNELS_JOBS_H
#define SB_ENGINE_KERNELS_JOBS_H

#include <stddef.h>

/* Elements of a job of an element-wise kernel: 64 KiB per operand, large against a job's cost. */
#define SB_JOB_ELEMENTS ((size_t)16384)

/* Number of pieces of `size` in `total`. */
static inline size_t sb_pieces(size_t total, size_t size)
{
    return (total + size - 1) / size;
}

/* Length of piece i. */
static inline size_t sb_piece_length(size_t total, size_t size, size_t i)
{
    return total - i * size < size ? total - i * size : size;
}

/* Size of pieces that are as equal as possible and not above `limit`. */
static inline size_t sb_even_piece(size_t total, size_t limit)
{
    return sb_pieces(total, sb_pieces(total, limit));
}

#endif
