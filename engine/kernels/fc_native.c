/*
 * Fully connected layers of the native engine: rows of the batch by panels of output channels. The
 * sum runs over a row in the order in which blocked maps lie in memory (block of channels, pixel,
 * channel), and the packed kernel follows it, so rows are read as they are. A job gathers some rows
 * into tiles, a stretch of the sum at a time that stays in cache, and adds stretch by stretch to a
 * buffer of its results.
 */
#include "engine/kernels/jobs.h"
#include "engine/kernels/native.h"

#include <string.h>

#define ROWS_PER_JOB ((size_t)112)
#define STRETCH      ((size_t)32) /* blocks of the sum */
#define MIN_JOBS     ((size_t)8)

/* Blocks of 16 along the sum. */
static size_t inner_blocks(const struct sb_kernel_call *call)
{
    return sb_blocks(call->in[0].c) * sb_pixels(call->in[0]);
}

static size_t packed_bytes(const struct sb_kernel_call *call)
{
    return sb_panels_floats(call->out.c, inner_blocks(call) * SB_BLOCK) * sizeof(float);
}

/* A kernel over (C, H, W) is a convolution whose window is the whole map: taps are pixels. Panels
 * are packed stretch by stretch: (block of channels, pixel) in the order of memory. */
static void pack(const struct sb_kernel_call *call, const float *kernel, const double *scale,
                 void *packed)
{
    const size_t cout = (size_t)call->out.c, cin = (size_t)call->in[0].c;
    const size_t pixels = sb_pixels(call->in[0]);
    float *out = packed;
    for (size_t p = 0; p < sb_panels(call->simd, call->out.c); p++) {
        const size_t first = p * (size_t)call->simd->panel_blocks * SB_BLOCK;
        const size_t width = sb_panel_blocks(call->simd, call->out.c, p) * SB_BLOCK;
        for (size_t block = 0; block < inner_blocks(call); block++) {
            const size_t pixel = block % pixels, base = block / pixels * SB_BLOCK;
            for (size_t i = 0; i < SB_BLOCK; i++, out += width) {
                const size_t channel = base + i;
                const float *column = kernel + channel * pixels + pixel;
                for (size_t c = 0; c < width; c++) {
                    const bool exists = channel < cin && first + c < cout;
                    const double s = exists && scale ? scale[first + c] : 1;
                    out[c] = exists ? (float)((double)column[(first + c) * cin * pixels] * s) : 0;
                }
            }
        }
    }
}

struct cut {
    size_t rows; /* per job */
    size_t row_jobs;
    size_t panels; /* per job */
    size_t panel_jobs;
    size_t stretch; /* blocks */
};

static struct cut cut_jobs(const struct sb_kernel_call *call)
{
    const size_t all = (size_t)call->out.n, panels = sb_panels(call->simd, call->out.c);
    const size_t inner = inner_blocks(call);
    struct cut cut;
    cut.rows = sb_even_piece(all, ROWS_PER_JOB);
    cut.row_jobs = sb_pieces(all, cut.rows);
    cut.panels = sb_even_piece(panels, sb_pieces(panels, sb_pieces(MIN_JOBS, cut.row_jobs)));
    cut.panel_jobs = sb_pieces(panels, cut.panels);
    cut.stretch = inner < STRETCH ? inner : STRETCH;
    return cut;
}

/* A worker's buffer: a stretch of its rows, then its results. */
static size_t worker_floats(const struct sb_kernel_call *call, const struct cut *cut)
{
    return cut->rows * SB_BLOCK * (cut->stretch + cut->panels * (size_t)call->simd->panel_blocks);
}

static size_t workspace_bytes(const struct sb_kernel_call *call)
{
    const struct cut cut = cut_jobs(call);
    return (size_t)call->threads * worker_floats(call, &cut) * sizeof(float);
}

struct part {
    const struct sb_kernel_call *call;
    size_t first, rows;   /* of the batch */
    size_t panel, panels; /* of the output */
    float *in, *out;      /* (blocks, rows, 16) */
};

/* Blocks [block, block + count) of every row. */
static void gather_rows(const struct part *p, size_t block, size_t count)
{
    const size_t length = inner_blocks(p->call) * SB_BLOCK;
    const float *in = p->call->inputs[0] + p->first * length + block * SB_BLOCK;
    for (size_t r = 0; r < p->rows; r++, in += length) {
        for (size_t q = 0; q < count; q++)
            memcpy(p->in + (q * p->rows + r) * SB_BLOCK, in + q * SB_BLOCK, SB_BLOCK * sizeof(*in));
    }
}

/* Adds one stretch of the sum to the results of one panel; the last one ends with the epilogue. */
static void multiply_panel(const struct part *p, size_t index, size_t block, size_t count)
{
    const struct sb_kernel_call *call = p->call;
    const struct sb_simd *simd = call->simd;
    const size_t first = (p->panel + index) * (size_t)simd->panel_blocks; /* output block */
    const size_t blocks = sb_panel_blocks(simd, call->out.c, p->panel + index);
    const size_t inner = inner_blocks(call), width = blocks * SB_BLOCK;
    const bool last = block + count == inner;
    float *out = p->out + index * (size_t)simd->panel_blocks * p->rows * SB_BLOCK;
    struct sb_gemm_tile tile = {
        .a_step = p->rows * SB_BLOCK,
        .blocks = count,
        .b = (const float *)call->packed + first * SB_BLOCK * inner * SB_BLOCK +
             block * SB_BLOCK * width,
        .c_step = p->rows * SB_BLOCK,
    };
    const size_t tiles = sb_pieces(p->rows, (size_t)simd->tile_rows);
    size_t done = 0;
    for (size_t t = 0; t < tiles; t++) {
        const size_t rows = (p->rows - done) / (tiles - t);
        tile.a = p->in + done * SB_BLOCK;
        tile.c = out + done * SB_BLOCK;
        tile.residual = block > 0 ? tile.c : NULL;
        simd->gemm[blocks - 1][rows](&tile);
        done += rows;
    }
    if (!last)
        return;
    const struct sb_row_epilogue epilogue = {.act = call->step->act};
    for (size_t b = 0; b < blocks; b++) {
        struct sb_row_epilogue e = epilogue;
        e.scale = call->scale ? call->scale + (first + b) * SB_BLOCK : NULL;
        e.shift = call->shift ? call->shift + (first + b) * SB_BLOCK : NULL;
        simd->epilogue(&e, out + b * p->rows * SB_BLOCK, p->rows);
    }
}

/* From (blocks, rows, 16) to the plain rows of the output, which add what is added. */
static void write_rows(const struct part *p)
{
    const struct sb_kernel_call *call = p->call;
    const size_t cout = (size_t)call->out.c;
    const size_t channel = p->panel * (size_t)call->simd->panel_blocks * SB_BLOCK;
    const size_t room = p->panels * (size_t)call->simd->panel_blocks * SB_BLOCK;
    const size_t count = cout - channel < room ? cout - channel : room;
    for (size_t r = 0; r < p->rows; r++) {
        float *row = call->output + (p->first + r) * cout + channel;
        for (size_t c = 0; c < count; c += SB_BLOCK) {
            const size_t n = count - c < SB_BLOCK ? count - c : SB_BLOCK;
            memcpy(row + c, p->out + (c / SB_BLOCK * p->rows + r) * SB_BLOCK, n * sizeof(*row));
        }
    }
}

struct context {
    const struct sb_kernel_call *call;
    struct cut cut;
};

static void fc_job(void *ctx, size_t job, int worker)
{
    const struct context *c = ctx;
    const struct sb_kernel_call *call = c->call;
    const struct cut *cut = &c->cut;
    const size_t row_job = job / cut->panel_jobs, panel_job = job % cut->panel_jobs;
    const size_t inner = inner_blocks(call);
    struct part p = {
        .call = call,
        .first = row_job * cut->rows,
        .rows = sb_piece_length((size_t)call->out.n, cut->rows, row_job),
        .panel = panel_job * cut->panels,
        .panels = sb_piece_length(sb_panels(call->simd, call->out.c), cut->panels, panel_job),
        .in = (float *)call->workspace + (size_t)worker * worker_floats(call, cut),
    };
    p.out = p.in + cut->rows * cut->stretch * SB_BLOCK;
    for (size_t block = 0; block < inner; block += cut->stretch) {
        const size_t count = inner - block < cut->stretch ? inner - block : cut->stretch;
        gather_rows(&p, block, count);
        for (size_t i = 0; i < p.panels; i++)
            multiply_panel(&p, i, block, count);
    }
    write_rows(&p);
}

static int run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    struct context c = {call, cut_jobs(call)};
    sb_pool_run_near(call->pool, c.cut.row_jobs * c.cut.panel_jobs, fc_job, &c);
    return 0;
}

/* What is added to a fully connected layer has no network yet; the plain kernel does it. */
static bool supports(const struct sb_kernel_call *call)
{
    return call->step->residual == SB_NO_VALUE;
}

const struct sb_kernel sb_kernel_fc_native = {
    .name = "fc_native",
    .op = SB_OP_FC,
    .in_layout = SB_LAYOUT_BLOCKED,
    .out_layout = SB_LAYOUT_PLAIN,
    .supports = supports,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .workspace_bytes = workspace_bytes,
    .run = run,
};
