/*
 * Convolution as a matrix product with OpenBLAS: out (Cout, pixels) = kernel (Cout, K) * panel
 * (K, pixels), K = Cin * kh * kw. Pixels are cut into chunks whose panel stays in cache; each job
 * builds the panel of its chunk and calls the single-threaded sgemm. A 1x1 convolution of stride 1
 * needs no panel: the image is one. On small maps the output channels are cut as well, so that
 * there is work for every thread; many small images (the crops of a second stage) share panels.
 */
#include "engine/kernels/epilogue.h"
#include "engine/kernels/gemm.h"
#include "engine/kernels/im2col.h"
#include "engine/kernels/jobs.h"

#include <string.h>

#define PANEL_FLOATS ((size_t)384 * 1024) /* 1.5 MiB: L2, and some of L3 */
#define MIN_COLUMNS  ((size_t)64)         /* below, sgemm's packing of the kernel dominates */
#define MAX_COLUMNS  ((size_t)2048)
#define MIN_JOBS     ((size_t)4)  /* per image, where the shape allows */
#define MIN_ROWS     ((size_t)64) /* of a job that has a part of the channels */

/* How the work is cut into jobs. Either images are cut into parts (images == 1), or whole small
 * images are put side by side in one panel (columns == pixels). */
struct cut {
    size_t k;      /* length of the sums */
    size_t pixels; /* of the output plane */
    size_t images; /* images per job */
    size_t image_jobs;
    size_t columns; /* pixels of an image per job */
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

static size_t clamp(size_t v, size_t lo, size_t hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

static struct cut cut_jobs(const struct sb_kernel_call *call)
{
    struct cut cut = {.k = inner_length(call), .pixels = (size_t)(call->out.h * call->out.w)};
    const size_t channels = (size_t)call->out.c, images = (size_t)call->out.n;
    const size_t limit = clamp(PANEL_FLOATS / cut.k, MIN_COLUMNS, MAX_COLUMNS);
    cut.columns = sb_even_piece(cut.pixels, limit);
    cut.images = 1;
    if (!is_direct(call) && images > 1 && cut.pixels <= limit / 2)
        cut.images = clamp(limit / cut.pixels, 1, sb_pieces(images, MIN_JOBS));
    else if (sb_pieces(cut.pixels, cut.columns) < MIN_JOBS && cut.pixels / MIN_JOBS >= MIN_COLUMNS)
        cut.columns = sb_pieces(cut.pixels, MIN_JOBS);
    cut.image_jobs = sb_pieces(images, cut.images);
    cut.col_jobs = sb_pieces(cut.pixels, cut.columns);
    cut.rows = sb_pieces(channels, sb_pieces(MIN_JOBS, cut.image_jobs * cut.col_jobs));
    cut.rows = clamp(cut.rows, channels < MIN_ROWS ? channels : MIN_ROWS, channels);
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

/* Of one worker: the panel and, where images lie side by side, the product before it is taken
 * apart. */
static size_t worker_bytes(const struct cut *cut)
{
    const size_t columns = cut->images * cut->columns;
    const size_t product = cut->images > 1 ? sb_gemm_panel_bytes(cut->rows, columns) : 0;
    return sb_gemm_panel_bytes(cut->k, columns) + product;
}

static size_t workspace_bytes(const struct sb_kernel_call *call)
{
    const struct cut cut = cut_jobs(call);
    return (size_t)call->threads * worker_bytes(&cut);
}

struct context {
    const struct sb_kernel_call *call;
    struct cut cut;
    bool direct; /* the image itself is the panel */
};

/* One job: its part of the images, pixels and output channels. */
struct part {
    size_t image, images;
    size_t first, columns;
    size_t row, rows;
};

static struct part find_part(const struct context *c, size_t job)
{
    const struct cut *cut = &c->cut;
    const size_t row_job = job % cut->row_jobs;
    const size_t col_job = job / cut->row_jobs % cut->col_jobs;
    const size_t image_job = job / cut->row_jobs / cut->col_jobs;
    return (struct part){
        .image = image_job * cut->images,
        .images = sb_piece_length((size_t)c->call->out.n, cut->images, image_job),
        .first = col_job * cut->columns,
        .columns = sb_piece_length(cut->pixels, cut->columns, col_job),
        .row = row_job * cut->rows,
        .rows = sb_piece_length((size_t)c->call->out.c, cut->rows, row_job),
    };
}

static const float *image_in(const struct sb_kernel_call *call, size_t image)
{
    return call->inputs[0] + image * (size_t)(call->in->c * call->in->h * call->in->w);
}

/* Where output channel `row` of an image starts. */
static float *plane_out(const struct context *c, size_t image, size_t row)
{
    return c->call->output + (image * (size_t)c->call->out.c + row) * c->cut.pixels;
}

/* Takes the product apart into the planes of its images. */
static void spread(const struct context *c, const struct part *part, const float *product)
{
    for (size_t r = 0; r < part->rows; r++) {
        for (size_t i = 0; i < part->images; i++, product += part->columns) {
            float *out = plane_out(c, part->image + i, part->row + r);
            memcpy(out, product, part->columns * sizeof(*out));
            sb_epilogue_row(c->call, (int64_t)(part->row + r), out, part->columns);
        }
    }
}

/* The product of a job through a panel: at its place in the output, or, where images lie side by
 * side, in the workspace. */
static float *multiply(const struct context *c, const struct part *part, const float *a, int worker)
{
    const struct sb_kernel_call *call = c->call;
    const struct cut *cut = &c->cut;
    char *memory = (char *)call->workspace + (size_t)worker * worker_bytes(cut);
    float *panel = (float *)memory;
    const size_t columns = part->images * part->columns;
    for (size_t i = 0; i < part->images; i++)
        sb_im2col(panel + i * part->columns, columns, image_in(call, part->image + i), &call->in[0],
                  &call->out, &call->step->node->u.window, part->first, part->columns);
    float *out = plane_out(c, part->image, part->row) + part->first;
    size_t stride = cut->pixels;
    if (cut->images > 1) {
        out = (float *)(memory + sb_gemm_panel_bytes(cut->k, cut->images * cut->columns));
        stride = columns;
    }
    sb_gemm(out, stride, a, cut->k, panel, columns, part->rows, columns, cut->k);
    return out;
}

static void conv_job(void *ctx, size_t job, int worker)
{
    const struct context *c = ctx;
    const struct sb_kernel_call *call = c->call;
    const struct cut *cut = &c->cut;
    const struct part part = find_part(c, job);
    const float *a = (const float *)call->packed + part.row * cut->k;
    float *out = plane_out(c, part.image, part.row) + part.first;
    if (c->direct) {
        sb_gemm(out, cut->pixels, a, cut->k, image_in(call, part.image) + part.first, cut->pixels,
                part.rows, part.columns, cut->k);
    } else {
        const float *product = multiply(c, &part, a, worker);
        if (cut->images > 1) {
            spread(c, &part, product);
            return;
        }
    }
    for (size_t r = 0; r < part.rows; r++)
        sb_epilogue_row(call, (int64_t)(part.row + r), out + r * cut->pixels, part.columns);
}

static int run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    struct context c = {call, cut_jobs(call), is_direct(call)};
    sb_pool_run(call->pool, c.cut.image_jobs * c.cut.col_jobs * c.cut.row_jobs, conv_job, &c);
    return 0;
}

const struct sb_kernel sb_kernel_conv_1x1_openblas = {
    .name = "conv_1x1_openblas",
    .op = SB_OP_CONV,
    .blas = true,
    .supports = supports_1x1,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .run = run,
};
const struct sb_kernel sb_kernel_conv_im2col_openblas = {
    .name = "conv_im2col_openblas",
    .op = SB_OP_CONV,
    .blas = true,
    .supports = fits_blas,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .workspace_bytes = workspace_bytes,
    .run = run,
};
