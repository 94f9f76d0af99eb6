/*
 * Convolution as a matrix product with OpenBLAS: out (Cout, pixels) = kernel (Cout, K) * panel
 * (K, pixels), K = Cin * kh * kw. Pixels are cut into chunks whose panel stays in cache; each job
 * builds the panel of its chunk and calls the single-threaded sgemm. A 1x1 convolution of stride 1
 * needs no panel: the image is one. On small maps the output channels are cut as well, so that
 * there is work for every thread.
 */
#include "engine/kernels/epilogue.h"
#include "engine/kernels/gemm.h"
#include "engine/kernels/im2col.h"
#include "engine/kernels/jobs.h"

#define PANEL_FLOATS ((size_t)384 * 1024) /* 1.5 MiB: L2, and some of L3 */
#define MIN_COLUMNS  ((size_t)64)         /* below, sgemm's packing of the kernel dominates */
#define MAX_COLUMNS  ((size_t)2048)
#define MIN_JOBS     ((size_t)4)  /* per image, where the shape allows */
#define MIN_ROWS     ((size_t)64) /* of a job that has a part of the channels */

/* How one image is cut into jobs. */
struct cut {
    size_t k;       /* length of the sums */
    size_t pixels;  /* of the output plane */
    size_t columns; /* pixels per job */
    size_t col_jobs;
    size_t rows; /* output channels per job */
    size_t row_jobs;
};

static bool is_direct(const struct sb_kernel_call *call)
{
    const struct sb_window *w = &call->step->node->u.window;
    return w->kernel_h == 1 && w->kernel_w == 1 && w->stride_h == 1 && w->stride_w == 1 &&
           w->pad_top == 0 && w->pad_left == 0 && w->pad_bottom == 0 && w->pad_right == 0;
}

static size_t inner_length(const struct sb_kernel_call *call)
{
    const struct sb_window *w = &call->step->node->u.window;
    return (size_t)(call->in[0].c * w->kernel_h * w->kernel_w);
}

static struct cut cut_jobs(const struct sb_kernel_call *call)
{
    struct cut cut = {.k = inner_length(call), .pixels = (size_t)(call->out.h * call->out.w)};
    const size_t channels = (size_t)call->out.c;
    size_t limit = PANEL_FLOATS / cut.k;
    limit = limit < MIN_COLUMNS ? MIN_COLUMNS : limit > MAX_COLUMNS ? MAX_COLUMNS : limit;
    cut.columns = sb_even_piece(cut.pixels, limit);
    if (sb_pieces(cut.pixels, cut.columns) < MIN_JOBS && cut.pixels / MIN_JOBS >= MIN_COLUMNS)
        cut.columns = sb_pieces(cut.pixels, MIN_JOBS);
    cut.col_jobs = sb_pieces(cut.pixels, cut.columns);
    const size_t row_jobs = sb_pieces(MIN_JOBS, cut.col_jobs);
    cut.rows = sb_pieces(channels, row_jobs);
    if (cut.rows < MIN_ROWS)
        cut.rows = channels < MIN_ROWS ? channels : MIN_ROWS;
    cut.row_jobs = sb_pieces(channels, cut.rows);
    return cut;
}

static bool fits_blas(const struct sb_kernel_call *call)
{
    return sb_gemm_fits(inner_length(call)) && sb_gemm_fits((size_t)(call->out.h * call->out.w)) &&
           sb_gemm_fits((size_t)call->out.c);
}

static bool supports_1x1(const struct sb_kernel_call *call)
{
    return is_direct(call) && fits_blas(call);
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

static size_t panel_bytes(const struct sb_kernel_call *call)
{
    const struct cut cut = cut_jobs(call);
    return sb_gemm_panel_bytes(cut.k, cut.columns);
}

static size_t workspace_bytes(const struct sb_kernel_call *call)
{
    return (size_t)call->threads * panel_bytes(call);
}

struct context {
    const struct sb_kernel_call *call;
    struct cut cut;
    size_t panel_bytes; /* 0: the image itself is the panel */
};

static void conv_job(void *ctx, size_t job, int worker)
{
    const struct context *c = ctx;
    const struct sb_kernel_call *call = c->call;
    const struct cut *cut = &c->cut;
    const size_t row_job = job % cut->row_jobs;
    const size_t col_job = job / cut->row_jobs % cut->col_jobs;
    const size_t image = job / cut->row_jobs / cut->col_jobs;
    const size_t first = col_job * cut->columns;
    const size_t columns = sb_piece_length(cut->pixels, cut->columns, col_job);
    const size_t first_row = row_job * cut->rows;
    const size_t rows = sb_piece_length((size_t)call->out.c, cut->rows, row_job);

    const float *in = call->inputs[0] + image * (size_t)(call->in->c * call->in->h * call->in->w);
    float *out = call->output + (image * (size_t)call->out.c + first_row) * cut->pixels + first;
    const float *b = in + first;
    size_t ldb = cut->pixels;
    if (c->panel_bytes > 0) {
        float *panel = (float *)((char *)call->workspace + (size_t)worker * c->panel_bytes);
        sb_im2col(panel, in, &call->in[0], &call->out, &call->step->node->u.window, first, columns);
        b = panel;
        ldb = columns;
    }
    const float *a = (const float *)call->packed + first_row * cut->k;
    sb_gemm(out, cut->pixels, a, cut->k, b, ldb, rows, columns, cut->k);
    for (size_t r = 0; r < rows; r++)
        sb_epilogue_row(call, (int64_t)(first_row + r), out + r * cut->pixels, columns);
}

static int run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    struct context c = {call, cut_jobs(call), is_direct(call) ? 0 : panel_bytes(call)};
    sb_pool_run(call->pool, (size_t)call->out.n * c.cut.col_jobs * c.cut.row_jobs, conv_job, &c);
    return 0;
}

const struct sb_kernel sb_kernel_conv_1x1_openblas = {
    .name = "conv_1x1_openblas",
    .op = SB_OP_CONV,
    .supports = supports_1x1,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .run = run,
};
const struct sb_kernel sb_kernel_conv_im2col_openblas = {
    .name = "conv_im2col_openblas",
    .op = SB_OP_CONV,
    .supports = fits_blas,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .workspace_bytes = workspace_bytes,
    .run = run,
};
