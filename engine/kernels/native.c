/* Panels and products of the native engine. See native.h. */
#include "engine/kernels/native.h"

#include "engine/kernels/jobs.h"

#include <string.h>

size_t sb_panels(const struct sb_simd *simd, int64_t channels)
{
    return sb_pieces(sb_blocks(channels), (size_t)simd->panel_blocks);
}

size_t sb_panel_blocks(const struct sb_simd *simd, int64_t channels, size_t panel)
{
    return sb_piece_length(sb_blocks(channels), (size_t)simd->panel_blocks, panel);
}

size_t sb_panels_floats(int64_t cout, size_t steps)
{
    return sb_blocks(cout) * SB_BLOCK * steps;
}

/* One step (tap, channel) of a panel: its `width` channels from `first` on. */
static void pack_step(float *out, const float *kernel, const double *scale, size_t first,
                      size_t width, size_t cout, size_t distance)
{
    for (size_t i = 0; i < width; i++) {
        const size_t c = first + i;
        const double s = scale && c < cout ? scale[c] : 1;
        out[i] = c < cout ? (float)((double)kernel[c * distance] * s) : 0;
    }
}

void sb_pack_panels(float *packed, const struct sb_simd *simd, const float *kernel,
                    const double *scale, int64_t cout, int64_t cin, int64_t taps)
{
    const size_t channels = sb_blocks(cin) * SB_BLOCK, distance = (size_t)(cin * taps);
    for (size_t p = 0; p < sb_panels(simd, cout); p++) {
        const size_t first = p * (size_t)simd->panel_blocks * SB_BLOCK;
        const size_t width = sb_panel_blocks(simd, cout, p) * SB_BLOCK;
        for (size_t tap = 0; tap < (size_t)taps; tap++) {
            for (size_t c = 0; c < channels; c++, packed += width) {
                if (c < (size_t)cin)
                    pack_step(packed, kernel + c * (size_t)taps + tap, scale, first, width,
                              (size_t)cout, distance);
                else
                    memset(packed, 0, width * sizeof(*packed));
            }
        }
    }
}

size_t sb_chain_panels(const struct sb_kernel_call *call)
{
    size_t panels = 0;
    for (; call; call = call->next)
        panels += sb_panels(call->simd, call->out.c);
    return panels;
}

struct sb_chain_walk sb_chain_walk(const struct sb_kernel_call *call, size_t first, size_t count)
{
    return (struct sb_chain_walk){.next = call, .first = first, .left = count};
}

bool sb_chain_next(struct sb_chain_walk *w)
{
    for (; w->next && w->left; w->next = w->next->next) {
        const size_t own = sb_panels(w->next->simd, w->next->out.c);
        if (w->first >= own) {
            w->first -= own;
            continue;
        }
        w->call = w->next;
        w->panel = w->first;
        w->panels = own - w->first < w->left ? own - w->first : w->left;
        w->first = 0;
        w->left -= w->panels;
        w->next = w->next->next;
        return true;
    }
    return false;
}

struct sb_row_epilogue sb_row_epilogue(const struct sb_kernel_call *call, size_t block,
                                       size_t start)
{
    return (struct sb_row_epilogue){
        .scale = call->scale ? call->scale + block * SB_BLOCK : NULL,
        .shift = call->shift ? call->shift + block * SB_BLOCK : NULL,
        .residual = call->residual ? call->residual + start : NULL,
        .act = call->step->act,
    };
}

void sb_tile_epilogue(const struct sb_kernel_call *call, size_t block, struct sb_gemm_tile *tile)
{
    tile->scale = call->scale ? call->scale + block * SB_BLOCK : NULL;
    tile->shift = call->shift ? call->shift + block * SB_BLOCK : NULL;
    tile->residual = call->residual ? call->residual + (tile->c - call->output) : NULL;
    tile->relu = call->step->act == SB_ACT_RELU;
}

void sb_finish_tile(const struct sb_kernel_call *call, const struct sb_gemm_tile *tile, size_t rows,
                    size_t blocks)
{
    const enum sb_act act = call->step->act;
    if (act == SB_ACT_NONE || act == SB_ACT_RELU)
        return;
    for (size_t j = 0; j < blocks; j++)
        call->simd->act(act, tile->c + j * tile->c_step, rows * SB_BLOCK);
}

size_t sb_sums_floats(const struct sb_simd *simd, size_t pixels, size_t panels)
{
    return panels * (size_t)simd->panel_blocks * pixels * SB_BLOCK;
}

/* Packed panels below this size stay in the second level of cache anyway. */
#define AHEAD_FLOATS ((size_t)32 * 1024)

/* What the first of `tiles` tiles fetches of panel `next`; each one takes `lines` cache lines of
 * every block, so that together they fetch its stretch. */
static struct sb_ahead find_ahead(const struct sb_product *p, size_t next, size_t tiles)
{
    const struct sb_simd *simd = p->call->simd;
    const size_t floats = SB_BLOCK * p->blocks * SB_BLOCK; /* of one block of channels */
    const size_t block = next * (size_t)simd->panel_blocks;
    const size_t width = sb_panel_blocks(simd, p->call->out.c, next) * SB_BLOCK;
    const size_t lines = sb_pieces(width, tiles); /* a step of k is width / 16 lines */
    return (struct sb_ahead){
        .at = (const float *)p->call->packed + block * floats + p->from * SB_BLOCK * width,
        .step = lines * SB_BLOCK,
        .lines = p->panels * floats > AHEAD_FLOATS ? lines : 0,
    };
}

/* Puts the pixels that a smaller residual has for `out`, in `blocks` planes, there: tiles add to
 * what lies where they write. */
static void enlarge_residual(const struct sb_kernel_call *call, float *out, size_t pixels,
                             size_t blocks)
{
    const struct sb_shape from = call->residual_shape, to = call->out;
    const size_t start = (size_t)(out - call->output) / SB_BLOCK, plane = sb_pixels(to);
    for (size_t b = 0; b < blocks; b++, out += plane * SB_BLOCK) {
        const float *in = call->residual + (start / plane + b) * sb_pixels(from) * SB_BLOCK;
        int64_t y = (int64_t)(start % plane) / to.w, x = (int64_t)(start % plane) % to.w;
        for (size_t i = 0; i < pixels; y++, x = 0) {
            const float *row = in + y * from.h / to.h * from.w * SB_BLOCK;
            for (; x < to.w && i < pixels; x++, i++)
                memcpy(out + i * SB_BLOCK, row + x * from.w / to.w * SB_BLOCK,
                       SB_BLOCK * sizeof(*out));
        }
    }
}

/* The tiles of panel `index` of the product: as equal as possible, so that none is much too small.
 * Little is left to do between two of them: a short sum hides no divisions. */
static void run_panel(const struct sb_product *p, size_t index)
{
    const struct sb_kernel_call *call = p->call;
    const struct sb_simd *simd = call->simd;
    const size_t panel = p->panel + index;
    const size_t block = panel * (size_t)simd->panel_blocks;
    const size_t blocks = sb_panel_blocks(simd, call->out.c, panel);
    const size_t tiles = sb_pieces(p->pixels, (size_t)simd->tile_rows);
    const size_t next = index + 1 < p->panels ? panel + 1 : p->panel;
    const bool last = p->from + p->count == p->blocks;
    float *sums = p->from > 0 || !last ? p->sums + sb_sums_floats(simd, p->pixels, index) : NULL;
    float *out = last ? p->out + index * (size_t)simd->panel_blocks * p->plane : sums;
    struct sb_gemm_tile tile = {
        .a = p->a,
        .a_step = p->a_step,
        .blocks = p->count,
        .half = last && p->half,
        .b = (const float *)call->packed + block * SB_BLOCK * p->blocks * SB_BLOCK +
             p->from * SB_BLOCK * blocks * SB_BLOCK,
        .c = out,
        .c_step = last ? p->plane : p->pixels * SB_BLOCK,
        .partial = p->from > 0 ? sums : NULL,
        .partial_step = p->pixels * SB_BLOCK,
        .ahead = find_ahead(p, next, tiles),
    };
    if (last)
        sb_tile_epilogue(call, block, &tile);
    if (last && call->residual_shape.n) {
        enlarge_residual(call, out, p->pixels, blocks);
        tile.residual = out;
    }
    const size_t least = p->pixels / tiles, small = tiles - p->pixels % tiles;
    const size_t fetched = tile.ahead.step * p->count;
    for (size_t t = 0; t < tiles; t++) {
        const size_t rows = least + (t >= small), floats = rows * SB_BLOCK;
        simd->gemm[blocks - 1][rows](&tile);
        tile.a += floats;
        tile.c += floats;
        if (tile.partial)
            tile.partial += floats;
        if (tile.residual)
            tile.residual += floats;
        tile.ahead.at += fetched;
    }
    tile.c = out; /* all of them: a long loop costs half as much per value */
    if (last)
        sb_finish_tile(call, &tile, p->pixels, blocks);
}

void sb_run_product(const struct sb_product *product)
{
    for (size_t p = 0; p < product->panels; p++)
        run_panel(product, p);
}
