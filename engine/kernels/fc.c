/* Fully connected layer with OpenBLAS: out (N, Cout) = x (N, K) * kernel^T (Cout, K). Jobs are
 * blocks of rows and of output channels. */
#include "engine/kernels/epilogue.h"
#include "engine/kernels/gemm.h"
#include "engine/kernels/jobs.h"

#define BLOCK_ROWS     ((size_t)128)
#define BLOCK_CHANNELS ((size_t)128)

static size_t inner_length(const struct sb_kernel_call *call)
{
    return (size_t)(call->in[0].c * call->in[0].h * call->in[0].w);
}

static bool supports(const struct sb_kernel_call *call)
{
    return sb_gemm_fits(inner_length(call)) && sb_gemm_fits((size_t)call->out.c) &&
           sb_gemm_fits((size_t)call->out.n);
}

static size_t packed_bytes(const struct sb_kernel_call *call)
{
    return (size_t)call->out.c * inner_length(call) * sizeof(float);
}

static void pack(const struct sb_kernel_call *call, const float *kernel, const double *scale,
                 void *packed)
{
    sb_gemm_pack_rows(packed, kernel, scale, (size_t)call->out.c, inner_length(call));
}

static void fc_job(void *ctx, size_t job, int worker)
{
    (void)worker;
    const struct sb_kernel_call *call = ctx;
    const size_t k = inner_length(call);
    const size_t channels = (size_t)call->out.c;
    const size_t channel_jobs = sb_pieces(channels, BLOCK_CHANNELS);
    const size_t row_job = job / channel_jobs;
    const size_t channel_job = job % channel_jobs;
    const size_t first = channel_job * BLOCK_CHANNELS;
    const size_t count = sb_piece_length(channels, BLOCK_CHANNELS, channel_job);
    const size_t first_row = row_job * BLOCK_ROWS;
    const size_t rows = sb_piece_length((size_t)call->out.n, BLOCK_ROWS, row_job);
    float *out = call->output + first_row * channels + first;
    sb_gemm_transposed(out, channels, call->inputs[0] + first_row * k, k,
                       (const float *)call->packed + first * k, k, rows, count, k);
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < count; c++)
            sb_epilogue_row(call, (int64_t)(first + c), out + r * channels + c, 1);
    }
}

static int run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    const size_t jobs =
        sb_pieces((size_t)call->out.n, BLOCK_ROWS) * sb_pieces((size_t)call->out.c, BLOCK_CHANNELS);
    sb_pool_run(call->pool, jobs, fc_job, (void *)call);
    return 0;
}

const struct sb_kernel sb_kernel_fc_openblas = {
    .name = "fc_openblas",
    .op = SB_OP_FC,
    .blas = true,
    .supports = supports,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .run = run,
};
