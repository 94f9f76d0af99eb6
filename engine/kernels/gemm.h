/* The matrix product of the openblas engine: single-threaded calls from our own workers (OpenBLAS'
 * threads fight with ours and lose on small problems). */
#ifndef SB_ENGINE_KERNELS_GEMM_H
#define SB_ENGINE_KERNELS_GEMM_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Opens OpenBLAS and tells it to run every call on the caller alone. Must have succeeded before the
 * first sb_gemm(). SB_EUNSUPPORTED where there is no OpenBLAS. */
int sb_gemm_setup(struct sb_error *err);
/* True when a dimension fits OpenBLAS' integers. */
bool sb_gemm_fits(size_t dimension);
/* c (m, n) = a (m, k) * b (k, n), row-major; ld* are the distances between rows in floats. */
void sb_gemm(float *c, size_t ldc, const float *a, size_t lda, const float *b, size_t ldb, size_t m,
             size_t n, size_t k);
/* c (m, n) = a (m, k) * b^T, b (n, k). */
void sb_gemm_transposed(float *c, size_t ldc, const float *a, size_t lda, const float *b,
                        size_t ldb, size_t m, size_t n, size_t k);
/* packed (rows, k) = kernel, row r times scale[r] (NULL = 1), rounded once. */
void sb_gemm_pack_rows(float *packed, const float *kernel, const double *scale, size_t rows,
                       size_t k);
/* Bytes of a panel of k rows, rounded so that panels of different workers share no cache line. */
size_t sb_gemm_panel_bytes(size_t k, size_t columns);

#endif
