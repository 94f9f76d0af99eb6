/* Calls into OpenBLAS. See gemm.h. */
#include "engine/kernels/gemm.h"

#include "base/size.h"
#include "engine/kernels/openblas.h"

#include <limits.h>
#include <string.h>

int sb_gemm_setup(struct sb_error *err)
{
    const struct sb_openblas *const blas = sb_openblas_open(err);
    if (!blas)
        return SB_EUNSUPPORTED;
    blas->set_num_threads(1);
    return 0;
}

bool sb_gemm_fits(size_t dimension)
{
    return dimension <= INT_MAX;
}

void sb_gemm(float *c, size_t ldc, const float *a, size_t lda, const float *b, size_t ldb, size_t m,
             size_t n, size_t k)
{
    const struct sb_openblas *const blas = sb_openblas_open(NULL); /* sb_gemm_setup() succeeded */
    blas->sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)m, (int)n, (int)k, 1, a, (int)lda,
                b, (int)ldb, 0, c, (int)ldc);
}

void sb_gemm_transposed(float *c, size_t ldc, const float *a, size_t lda, const float *b,
                        size_t ldb, size_t m, size_t n, size_t k)
{
    const struct sb_openblas *const blas = sb_openblas_open(NULL);
    blas->sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)m, (int)n, (int)k, 1, a, (int)lda, b,
                (int)ldb, 0, c, (int)ldc);
}

void sb_gemm_pack_rows(float *packed, const float *kernel, const double *scale, size_t rows,
                       size_t k)
{
    if (!scale) {
        memcpy(packed, kernel, rows * k * sizeof(*packed));
        return;
    }
    for (size_t r = 0; r < rows; r++) {
        for (size_t i = r * k; i < (r + 1) * k; i++)
            packed[i] = (float)((double)kernel[i] * scale[r]);
    }
}

size_t sb_gemm_panel_bytes(size_t k, size_t columns)
{
    return sb_align_size(k * columns * sizeof(float), 64);
}
