/*
 * 3x3 convolutions of stride 1 by Winograd's F(4x4, 3x3): input tiles of 6x6 pixels, 4 apart,
 * become 36 values per channel; 36 matrix products over the channels take the place of 9 taps for
 * 16 pixels (a quarter of the multiplications); the results become 4x4 output pixels. A job is a
 * range of tiles, all images in a row, and a part of the output channels; its transformed input and
 * the product, a few output channels at a time, live in the worker's buffer. On small maps, where
 * the output channels are cut, the input is transformed once for all of these jobs. Siblings that
 * run together share the transformed input; maps that do, one after the other, the kernel.
 * Transforms are in simd_winograd.h.
 */
#include "engine/kernels/jobs.h"
#include "engine/kernels/native.h"

#define MATRICES  ((size_t)36)
#define OUT_SIDE  4
#define IN_SIDE   6
#define MAX_TILES ((size_t)36) /* per job; the kernel is read once per job */
#define MIN_TILES ((size_t)14)
#define MIN_JOBS  ((size_t)4)
#define FEW_TILES (MIN_JOBS * MIN_TILES) /* below, the output channels are cut instead */

/* Blocks of output channels whose product is made, and read, before the next ones': at MAX_TILES
 * 324 KiB, which stay in the second level of cache. The input is read again for each. */
#define PRODUCT_BLOCKS 4

/* What reading one packed value costs, in multiplications of a thread: kernels come from memory,
 * once per pass over the network for all maps together. */
#define READ_COST 33

/* Where memory is short: pixels that a kernel must serve to be worth four times its size. Time
 * saved per byte is proportional to them. */
#define LOW_MEMORY_PIXELS 4096

static size_t tiles_along(int64_t pixels)
{
    return (size_t)(pixels + OUT_SIDE - 1) / OUT_SIDE;
}

static size_t image_tiles(struct sb_shape out)
{
    return tiles_along(out.h) * tiles_along(out.w);
}

/* Of all images. */
static size_t map_tiles(const struct sb_kernel_call *call)
{
    return (size_t)call->out.n * image_tiles(call->out);
}

static size_t all_tiles(const struct sb_kernel_call *call)
{
    size_t tiles = 0;
    for (; call; call = call->next_map)
        tiles += map_tiles(call);
    return tiles;
}

static bool is_3x3(const struct sb_window *w)
{
    return w->kernel_h == 3 && w->kernel_w == 3 && w->stride_h == 1 && w->stride_w == 1;
}

/* Whether the smaller number of multiplications pays for the larger kernel and the transforms:
 * not on small maps, nor with few channels. */
static bool pays(const struct sb_kernel_call *call)
{
    if (call->low_memory)
        return call->slot_pixels >= LOW_MEMORY_PIXELS;
    const size_t cin = sb_blocks(call->in[0].c) * SB_BLOCK;
    const size_t cout = sb_blocks(call->out.c) * SB_BLOCK;
    const size_t images = (size_t)call->out.n;
    const double taps = 9.0 * (double)cin * (double)cout, matrices = 4 * taps;
    const double pixels = (double)(images * sb_pixels(call->out));
    const double reads = READ_COST * (call->slot_pixels ? pixels / (double)call->slot_pixels : 1);
    const double direct = taps * (pixels + reads);
    const double tiles = (double)(images * image_tiles(call->out));
    const double transforms = 36.0 * 16 * tiles * (double)(cin + cout);
    return matrices * (tiles + reads) + transforms < direct;
}

static bool supports(const struct sb_kernel_call *call)
{
    return is_3x3(&call->step->node->u.window);
}

/* G = the values of 1, x, x^2 at the points, over the product of distances to the other points. */
static void transform_row(const double g[3], double u[6])
{
    const double p = 0.70710678118654752440, q = 1.41421356237309504880;
    const double even_p = (g[0] + g[2] / 2) / -1.5, odd_p = p * g[1] / -1.5;
    const double even_q = (g[0] + g[2] * 2) / 6, odd_q = q * g[1] / 6;
    u[0] = g[0];
    u[1] = even_p + odd_p;
    u[2] = even_p - odd_p;
    u[3] = even_q + odd_q;
    u[4] = even_q - odd_q;
    u[5] = g[2];
}

/* G g G^T times scale. */
static void transform_kernel(const float g[9], double scale, float u[36])
{
    double rows[3][6];
    for (int y = 0; y < 3; y++) {
        const double row[3] = {(double)g[y * 3], (double)g[y * 3 + 1], (double)g[y * 3 + 2]};
        transform_row(row, rows[y]);
    }
    for (int x = 0; x < 6; x++) {
        const double column[3] = {rows[0][x], rows[1][x], rows[2][x]};
        double t[6];
        transform_row(column, t);
        for (int y = 0; y < 6; y++)
            u[y * 6 + x] = (float)(t[y] * scale);
    }
}

/* Floats of one packed matrix: panel after panel, step after step. */
static size_t matrix_floats(const struct sb_kernel_call *call)
{
    return sb_panels_floats(call->out.c, sb_blocks(call->in[0].c) * SB_BLOCK);
}

static size_t packed_bytes(const struct sb_kernel_call *call)
{
    return MATRICES * matrix_floats(call) * sizeof(float);
}

/* One input channel by the channels of one panel, into all matrices. */
static void pack_step(const struct sb_kernel_call *call, const float *kernel, const double *scale,
                      size_t first, size_t width, size_t channel, float *out)
{
    const size_t cin = (size_t)call->in[0].c, cout = (size_t)call->out.c;
    const size_t step = matrix_floats(call);
    for (size_t i = 0; i < width; i++) {
        const size_t c = first + i;
        float u[36] = {0};
        if (c < cout && channel < cin)
            transform_kernel(kernel + (c * cin + channel) * 9, scale ? scale[c] : 1, u);
        for (size_t m = 0; m < MATRICES; m++)
            out[m * step + i] = u[m];
    }
}

static void pack(const struct sb_kernel_call *call, const float *kernel, const double *scale,
                 void *packed)
{
    const size_t channels = sb_blocks(call->in[0].c) * SB_BLOCK;
    float *out = packed;
    for (size_t p = 0; p < sb_panels(call->simd, call->out.c); p++) {
        const size_t first = p * (size_t)call->simd->panel_blocks * SB_BLOCK;
        const size_t width = sb_panel_blocks(call->simd, call->out.c, p) * SB_BLOCK;
        for (size_t c = 0; c < channels; c++, out += width)
            pack_step(call, kernel, scale, first, width, c, out);
    }
}

struct cut {
    size_t tiles; /* per job */
    size_t tile_jobs;
    size_t panels; /* per job */
    size_t panel_jobs;
    size_t group;             /* panels whose product is in the buffer at a time */
    size_t in_step, out_step; /* floats of one matrix in a worker's buffer */
};

/* Tiles of a job, of `all`: as many jobs for each thread, unless they became too small. */
static size_t job_tiles(const struct sb_kernel_call *call, size_t all)
{
    if (all < FEW_TILES)
        return all;
    const size_t threads = (size_t)call->threads;
    const size_t least = sb_pieces(all, MAX_TILES), jobs = least < MIN_JOBS ? MIN_JOBS : least;
    const size_t even = sb_pieces(jobs, threads) * threads;
    return sb_pieces(all, all < even * MIN_TILES ? jobs : even);
}

static struct cut cut_jobs(const struct sb_kernel_call *call)
{
    const size_t all = all_tiles(call);
    const size_t panels = sb_chain_panels(call), full = (size_t)call->simd->panel_blocks;
    struct cut cut = {.tiles = job_tiles(call, all)};
    cut.tile_jobs = sb_pieces(all, cut.tiles);
    cut.panels = sb_even_piece(panels, sb_pieces(panels, sb_pieces(MIN_JOBS, cut.tile_jobs)));
    cut.panel_jobs = sb_pieces(panels, cut.panels);
    cut.group = sb_even_piece(cut.panels, PRODUCT_BLOCKS / full);
    /* a block more than needed: matrices must not be a multiple of 4096 bytes apart, where all
     * values of a tile would share one set of the cache */
    cut.in_step = (sb_blocks(call->in[0].c) * cut.tiles + 1) * SB_BLOCK;
    cut.out_step = (cut.group * full * cut.tiles + 1) * SB_BLOCK;
    return cut;
}

/* Whether several jobs read the same transformed input, which then is no worker's own. */
static bool shares_input(const struct cut *cut)
{
    return cut->panel_jobs > 1;
}

static size_t worker_floats(const struct cut *cut)
{
    return MATRICES * ((shares_input(cut) ? 0 : cut->in_step) + cut->out_step);
}

static size_t shared_floats(const struct cut *cut)
{
    return shares_input(cut) ? MATRICES * cut->in_step : 0;
}

static size_t workspace_bytes(const struct sb_kernel_call *call)
{
    const struct cut cut = cut_jobs(call);
    return (shared_floats(&cut) + (size_t)call->threads * worker_floats(&cut)) * sizeof(float);
}

/* Where a tile lies: its map, image and the output pixel of its corner. */
struct corner {
    const struct sb_kernel_call *call; /* on this map, the first of siblings: whose input is read */
    size_t map, image;
    int64_t y, x;
};

/* One job at work. */
struct part {
    const struct sb_kernel_call *call; /* of the chain: whose output is made */
    const struct cut *cut;
    struct corner corners[FEW_TILES]; /* more than MAX_TILES */
    size_t tiles;
    size_t panel, panels; /* of the output */
    float *in, *out;      /* transformed input and product */
};

static void find_corners(struct part *p, size_t first)
{
    const struct sb_kernel_call *call = p->call;
    size_t tile = first, map = 0;
    for (size_t t = 0; t < p->tiles; t++, tile++) {
        for (; tile >= map_tiles(call); call = call->next_map, map++)
            tile -= map_tiles(call);
        const size_t along = tiles_along(call->out.w), per_image = image_tiles(call->out);
        p->corners[t] = (struct corner){.call = call,
                                        .map = map,
                                        .image = tile / per_image,
                                        .y = (int64_t)(tile % per_image / along) * OUT_SIDE,
                                        .x = (int64_t)(tile % along) * OUT_SIDE};
    }
}

static int limit(int64_t v, int hi)
{
    return v < 0 ? 0 : v > hi ? hi : (int)v;
}

/* All tiles of one block of channels: neighbours share rows of the input. */
static void transform_input_block(const struct part *p, size_t block)
{
    for (size_t t = 0; t < p->tiles; t++) {
        const struct corner corner = p->corners[t];
        const struct sb_kernel_call *call = corner.call;
        const struct sb_window *w = &call->step->node->u.window;
        const struct sb_shape in = call->in[0];
        const float *planes = call->inputs[0] + block * sb_pixels(in) * SB_BLOCK;
        const int64_t y = corner.y - w->pad_top, x = corner.x - w->pad_left;
        const struct sb_winograd_tile tile = {
            .matrices = p->in + (block * p->tiles + t) * SB_BLOCK,
            .step = p->cut->in_step,
            .y0 = limit(-y, IN_SIDE),
            .y1 = limit(in.h - y, IN_SIDE),
            .x0 = limit(-x, IN_SIDE),
            .x1 = limit(in.w - x, IN_SIDE),
            .in = planes + corner.image * sb_image_floats(in) + (y * in.w + x) * SB_BLOCK,
            .in_row = (size_t)in.w * SB_BLOCK,
        };
        call->simd->winograd_input(&tile);
    }
}

/* The packed panel that is multiplied after this one; past the end after the last of all. */
static const float *next_panel(const struct part *p, size_t matrix, size_t panel)
{
    const struct sb_kernel_call *call = p->call;
    const bool last = panel + 1 == p->panels;
    const size_t next = p->panel + (last ? 0 : panel + 1);
    return (const float *)call->packed + (matrix + last) * matrix_floats(call) +
           next * (size_t)call->simd->panel_blocks * SB_BLOCK * sb_blocks(call->in[0].c) * SB_BLOCK;
}

/* One matrix by one panel. */
static void multiply_panel(const struct part *p, size_t matrix, size_t panel)
{
    const struct sb_kernel_call *call = p->call;
    const struct sb_simd *simd = call->simd;
    const size_t k = sb_blocks(call->in[0].c) * SB_BLOCK;
    const size_t full = (size_t)simd->panel_blocks;
    const size_t blocks = sb_panel_blocks(simd, call->out.c, p->panel + panel);
    const float *in = p->in + matrix * p->cut->in_step;
    float *out = p->out + matrix * p->cut->out_step + panel * full * p->tiles * SB_BLOCK;
    struct sb_gemm_tile tile = {
        .a_step = p->tiles * SB_BLOCK,
        .blocks = sb_blocks(call->in[0].c),
        .b = (const float *)call->packed + matrix * matrix_floats(call) +
             (p->panel + panel) * full * SB_BLOCK * k,
        .c_step = p->tiles * SB_BLOCK,
    };
    const size_t pieces = sb_pieces(p->tiles, (size_t)simd->tile_rows);
    const float *next = next_panel(p, matrix, panel);
    const size_t lines = sb_pieces(blocks * SB_BLOCK, pieces); /* the tiles together fetch all */
    size_t done = 0;
    for (size_t i = 0; i < pieces; i++) {
        const size_t rows = (p->tiles - done) / (pieces - i);
        tile.ahead = (struct sb_ahead){next + i * lines * k, lines * SB_BLOCK, lines};
        tile.a = in + done * SB_BLOCK;
        tile.c = out + done * SB_BLOCK;
        simd->gemm[blocks - 1][rows](&tile);
        done += rows;
    }
}

static const struct sb_kernel_call *on_map(const struct sb_kernel_call *call, size_t map)
{
    for (; map > 0; map--)
        call = call->next_map;
    return call;
}

/* All tiles of one block of output channels, number `index` of the part. */
static void transform_output_block(const struct part *p, size_t index)
{
    const size_t block = p->panel * (size_t)p->call->simd->panel_blocks + index;
    for (size_t t = 0; t < p->tiles; t++) {
        const struct corner corner = p->corners[t];
        const struct sb_kernel_call *call = on_map(p->call, corner.map);
        const struct sb_shape out = call->out;
        const size_t place =
            corner.image * sb_image_floats(out) +
            ((size_t)(corner.y * out.w + corner.x) + block * sb_pixels(out)) * SB_BLOCK;
        const struct sb_winograd_tile tile = {
            .matrices = p->out + (index * p->tiles + t) * SB_BLOCK,
            .step = p->cut->out_step,
            .y1 = limit(out.h - corner.y, OUT_SIDE),
            .x1 = limit(out.w - corner.x, OUT_SIDE),
            .out = call->output + place,
            .out_row = (size_t)out.w * SB_BLOCK,
            .epilogue = sb_row_epilogue(call, block, place),
        };
        call->simd->winograd_output(&tile);
    }
}

static size_t part_blocks(const struct part *p)
{
    const size_t full = (size_t)p->call->simd->panel_blocks;
    const size_t left = sb_blocks(p->call->out.c) - p->panel * full;
    return p->panels * full < left ? p->panels * full : left;
}

/* The product and the output of the part's panels. */
static void make_output(const struct part *p)
{
    for (size_t m = 0; m < MATRICES; m++) {
        for (size_t panel = 0; panel < p->panels; panel++)
            multiply_panel(p, m, panel);
    }
    for (size_t b = 0; b < part_blocks(p); b++)
        transform_output_block(p, b);
}

struct context {
    const struct sb_kernel_call *call;
    struct cut cut;
    size_t tile_job; /* at work where its input is shared */
};

/* A range of tiles in the hands of a worker. */
static struct part find_part(const struct context *c, size_t tile_job, int worker)
{
    const struct sb_kernel_call *call = c->call;
    const struct cut *cut = &c->cut;
    const size_t all = all_tiles(call);
    float *const workspace = call->workspace;
    float *const own = workspace + shared_floats(cut) + (size_t)worker * worker_floats(cut);
    struct part part = {
        .call = call,
        .cut = cut,
        .tiles = sb_piece_length(all, cut->tiles, tile_job),
        .in = shares_input(cut) ? workspace : own,
        .out = shares_input(cut) ? own : own + MATRICES * cut->in_step,
    };
    find_corners(&part, tile_job * cut->tiles);
    return part;
}

/* Panels [first, end) of the chain, group by group. */
static void make_panels(const struct context *c, struct part *part, size_t first, size_t end)
{
    for (; first < end; first += c->cut.group) {
        const size_t left = end - first, count = left < c->cut.group ? left : c->cut.group;
        struct sb_chain_walk walk = sb_chain_walk(c->call, first, count);
        while (sb_chain_next(&walk)) {
            part->call = walk.call;
            part->panel = walk.panel;
            part->panels = walk.panels;
            make_output(part);
        }
    }
}

static void tiles_job(void *ctx, size_t job, int worker)
{
    const struct context *c = ctx;
    struct part part = find_part(c, job, worker);
    for (size_t b = 0; b < sb_blocks(c->call->in[0].c); b++)
        transform_input_block(&part, b);
    make_panels(c, &part, 0, sb_chain_panels(c->call));
}

static void input_job(void *ctx, size_t block, int worker)
{
    const struct context *c = ctx;
    const struct part part = find_part(c, c->tile_job, worker);
    transform_input_block(&part, block);
}

static void panels_job(void *ctx, size_t job, int worker)
{
    const struct context *c = ctx;
    const size_t panels = c->cut.panels;
    struct part part = find_part(c, c->tile_job, worker);
    const size_t first = job * panels;
    make_panels(c, &part, first, first + sb_piece_length(sb_chain_panels(c->call), panels, job));
}

static int run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    struct context c = {.call = call, .cut = cut_jobs(call)};
    if (!shares_input(&c.cut)) {
        sb_pool_run_near(call->pool, c.cut.tile_jobs, tiles_job, &c);
        return 0;
    }
    for (; c.tile_job < c.cut.tile_jobs; c.tile_job++) {
        sb_pool_run_near(call->pool, sb_blocks(call->in[0].c), input_job, &c);
        sb_pool_run_near(call->pool, c.cut.panel_jobs, panels_job, &c);
    }
    return 0;
}

const struct sb_kernel sb_kernel_winograd_native = {
    .name = "winograd_native",
    .op = SB_OP_CONV,
    .in_layout = SB_LAYOUT_BLOCKED,
    .out_layout = SB_LAYOUT_BLOCKED,
    .inplace = SB_INPLACE_RESIDUAL,
    .joins = true,
    .joins_maps = true,
    .supports = supports,
    .pays = pays,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .workspace_bytes = workspace_bytes,
    .run = run,
};
