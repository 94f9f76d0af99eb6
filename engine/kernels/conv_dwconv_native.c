/*
 * A 1x1 convolution and the depthwise convolution that reads it, in one: the widest map of a mobile
 * network's block never gets to memory. A job is a strip of output rows of one panel of channels.
 * It makes the rows under the window of the next few output rows in a worker's buffer, then those
 * output rows; rows that the next ones need again move to the front of the buffer. Only the rows
 * where strips meet are made twice. Where the global mean of the result follows, every output row's
 * sums are put down while it is in cache, and added up at the end, in the same order for any cut.
 * Sums are those of two steps, but that long ones are not cut into stretches: one panel stays in
 * cache as it is.
 */
#include "engine/kernels/jobs.h"
#include "engine/kernels/native.h"

#include <string.h>

#define BUFFER_FLOATS ((size_t)16 * 1024) /* of a panel's block: rows of the map between */
#define STRIP_FLOATS  ((size_t)96 * 1024) /* input that stays in L2 for all panels of a strip */
#define MIN_JOBS      ((size_t)8)         /* where several threads take jobs */

struct cut {
    size_t strip; /* output rows per job */
    size_t strips;
    size_t panels;
    size_t batch;  /* output rows made at a time */
    size_t rows;   /* rows of the map between that they need */
    size_t row;    /* floats of such a row */
    size_t blocks; /* in a full panel */
};

/* Any cut gives the same bits, so it may depend on the number of threads. */
static struct cut cut_jobs(const struct sb_kernel_call *conv)
{
    const struct sb_kernel_call *dw = conv->next;
    const struct sb_window *w = &dw->step->node->u.window;
    const size_t height = (size_t)dw->out.h, stride = (size_t)w->stride_h;
    const size_t kernel = (size_t)w->kernel_h, width = (size_t)conv->out.w * SB_BLOCK;
    struct cut cut = {.panels = sb_panels(conv->simd, conv->out.c),
                      .row = width,
                      .blocks = (size_t)conv->simd->panel_blocks};
    const size_t fit = STRIP_FLOATS / (width * sb_blocks(conv->in[0].c)) / stride;
    cut.strip = sb_even_piece(height, fit < kernel ? kernel : fit);
    const size_t planes = cut.panels * (size_t)conv->out.n;
    if (conv->threads > 1 && planes * sb_pieces(height, cut.strip) < MIN_JOBS)
        cut.strip = sb_even_piece(height, sb_pieces(height, sb_pieces(MIN_JOBS, planes)));
    cut.strips = sb_pieces(height, cut.strip);
    const size_t room = BUFFER_FLOATS / width;
    cut.batch = room > kernel ? (room - kernel) / stride + 1 : 1;
    cut.batch = cut.batch < cut.strip ? cut.batch : cut.strip;
    cut.rows = (cut.batch - 1) * stride + kernel;
    return cut;
}

static size_t worker_floats(const struct cut *cut)
{
    return cut->blocks * cut->rows * cut->row;
}

/* Sums of output rows for the mean: (image, block, row, 16). */
static size_t num_sums(const struct sb_kernel_call *dw)
{
    return dw->next ? (size_t)dw->out.n * sb_blocks(dw->out.c) * (size_t)dw->out.h * SB_BLOCK : 0;
}

static size_t workspace_bytes(const struct sb_kernel_call *conv)
{
    const struct cut cut = cut_jobs(conv);
    return num_sums(conv->next) * sizeof(double) +
           (size_t)conv->threads * worker_floats(&cut) * sizeof(float);
}

/* One job at work. */
struct strip {
    const struct sb_kernel_call *conv, *dw;
    const struct cut *cut;
    size_t image, panel;
    size_t blocks; /* of the panel */
    /* (blocks, cut->rows, columns, 16): rows [first, end) of the map between */
    float *buffer;
    int64_t first, end;
};

static int64_t clamp(int64_t v, int64_t hi)
{
    return v < 0 ? 0 : v > hi ? hi : v;
}

/* Row `y` of the map between, in block `block` of the panel. */
static float *buffer_row(const struct strip *s, size_t block, int64_t y)
{
    return s->buffer + (block * s->cut->rows + (size_t)(y - s->first)) * s->cut->row;
}

/* Makes the buffer hold rows [first, end). */
static void make_rows(struct strip *s, int64_t first, int64_t end)
{
    const struct sb_kernel_call *conv = s->conv;
    const size_t plane = sb_pixels(conv->in[0]) * SB_BLOCK, row = s->cut->row;
    const int64_t kept = s->end > first ? s->end - first : 0;
    for (size_t b = 0; b < s->blocks && kept > 0; b++)
        memmove(buffer_row(s, b, s->first), buffer_row(s, b, first),
                (size_t)kept * row * sizeof(float));
    s->first = first;
    s->end = end;
    const struct sb_product product = {
        .call = conv,
        .a = conv->inputs[0] + s->image * sb_image_floats(conv->in[0]) +
             (size_t)(first + kept) * row,
        .a_step = plane,
        .blocks = sb_blocks(conv->in[0].c),
        .count = sb_blocks(conv->in[0].c),
        .half = sb_last_block_is_half(conv->in[0].c),
        .out = buffer_row(s, 0, first + kept),
        .plane = s->cut->rows * row,
        .pixels = (size_t)(end - first - kept) * (size_t)conv->out.w,
        .panel = s->panel,
        .panels = 1,
    };
    if (product.pixels > 0)
        sb_run_product(&product);
}

static double *row_sums(const struct sb_kernel_call *conv, size_t plane, int64_t y)
{
    const size_t row = plane * (size_t)conv->next->out.h + (size_t)y;
    return (double *)conv->workspace + row * SB_BLOCK;
}

static void sum_row(const struct strip *s, size_t block, int64_t y, const float *row)
{
    const size_t plane = s->image * sb_blocks(s->dw->out.c) + block;
    double *sums = row_sums(s->conv, plane, y);
    memset(sums, 0, SB_BLOCK * sizeof(*sums));
    s->dw->simd->add_pixels(sums, row, (size_t)s->dw->out.w);
}

/* Output rows [y, y + count) from the buffer, which is the input that the window sees: its first
 * row takes the place of the map's. */
static void make_output(const struct strip *s, int64_t y, size_t count)
{
    const struct sb_kernel_call *dw = s->dw;
    struct sb_window window = dw->step->node->u.window;
    const size_t taps = (size_t)window.kernel_h * (size_t)window.kernel_w;
    const size_t width = (size_t)dw->out.w, plane = sb_pixels(dw->out);
    window.pad_top += (int)(s->first - y * window.stride_h);
    for (size_t b = 0; b < s->blocks; b++) {
        const size_t block = s->panel * s->cut->blocks + b;
        size_t start =
            s->image * sb_image_floats(dw->out) + (block * plane + (size_t)y * width) * SB_BLOCK;
        struct sb_window_row row = {
            .in = buffer_row(s, b, s->first),
            .weights = (const float *)dw->packed + block * taps * SB_BLOCK,
            .in_h = s->end - s->first,
            .in_w = dw->in[0].w,
            .out_w = dw->out.w,
            .window = &window,
        };
        for (; row.y < (int64_t)count; row.y++, start += width * SB_BLOCK) {
            const struct sb_row_epilogue epilogue = sb_row_epilogue(dw, block, start);
            row.out = dw->output + start;
            dw->simd->dwconv(&row);
            dw->simd->epilogue(&epilogue, row.out, width); /* while the row is in cache */
            if (dw->next)
                sum_row(s, block, y + row.y, row.out);
        }
    }
}

struct context {
    const struct sb_kernel_call *conv;
    struct cut cut;
};

static void strip_job(void *ctx, size_t job, int worker)
{
    const struct context *c = ctx;
    const struct cut *cut = &c->cut;
    const struct sb_kernel_call *conv = c->conv;
    const struct sb_window *w = &conv->next->step->node->u.window;
    const size_t index = job / cut->panels % cut->strips;
    struct strip s = {
        .conv = conv,
        .dw = conv->next,
        .cut = cut,
        .image = job / cut->panels / cut->strips,
        .panel = job % cut->panels,
        .buffer = (float *)((double *)conv->workspace + num_sums(conv->next)) +
                  (size_t)worker * worker_floats(cut),
    };
    s.blocks = sb_panel_blocks(conv->simd, conv->out.c, s.panel);
    const size_t start = index * cut->strip;
    const size_t end = start + sb_piece_length((size_t)s.dw->out.h, cut->strip, index);
    for (size_t y = start; y < end; y += cut->batch) {
        const size_t count = end - y < cut->batch ? end - y : cut->batch;
        const int64_t top = (int64_t)y * w->stride_h - w->pad_top;
        const int64_t bottom = top + (int64_t)(count - 1) * w->stride_h + w->kernel_h;
        const int64_t first = clamp(top, conv->out.h), last = clamp(bottom, conv->out.h);
        make_rows(&s, first, last);
        make_output(&s, (int64_t)y, count);
    }
}

/* The mean of one plane from the sums of its rows. */
static void mean_of_plane(const struct sb_kernel_call *conv, size_t plane)
{
    const struct sb_kernel_call *dw = conv->next;
    double sums[SB_BLOCK] = {0};
    for (int64_t y = 0; y < dw->out.h; y++) {
        const double *row = row_sums(conv, plane, y);
        for (size_t c = 0; c < SB_BLOCK; c++)
            sums[c] += row[c];
    }
    for (size_t c = 0; c < SB_BLOCK; c++)
        dw->next->output[plane * SB_BLOCK + c] = (float)(sums[c] / (double)sb_pixels(dw->out));
}

static int run(const struct sb_kernel_call *conv, struct sb_error *err)
{
    (void)err;
    const struct sb_kernel_call *dw = conv->next;
    struct context c = {conv, cut_jobs(conv)};
    sb_pool_run_near(conv->pool, (size_t)conv->out.n * c.cut.strips * c.cut.panels, strip_job, &c);
    for (size_t plane = 0; dw->next && plane < (size_t)dw->out.n * sb_blocks(dw->out.c); plane++)
        mean_of_plane(conv, plane);
    return 0;
}

const struct sb_kernel sb_kernel_conv_1x1_dwconv_native = {
    .name = "conv_1x1_dwconv_native",
    .op = SB_OP_CONV,
    .in_layout = SB_LAYOUT_BLOCKED,
    .out_layout = SB_LAYOUT_BLOCKED,
    .packed_bytes = sb_conv_packed_bytes,
    .pack = sb_conv_pack,
    .workspace_bytes = workspace_bytes,
    .run = run,
};
