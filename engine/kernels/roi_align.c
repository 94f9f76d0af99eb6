/*
 * RoIAlign as the official detection code does it: each box reads the level of its size, one
 * bilinear sample per bin at the bin's centre, coordinates in units of the level's stride without a
 * half-pixel shift, indices clipped to the map, weights from the fraction before clipping.
 *   y = (ymin + (i + 0.5) * (ymax - ymin) / k) / 2^level, x likewise
 * Level: floor(log2(sqrt(area) / 224)) + 4 within the pyramid's levels (Lin et al. 2017, "Feature
 * pyramid networks for object detection", eq. 1); boxes of no or negative area take the lowest.
 */
#include "engine/kernels/roi_level.h"

#include "engine/kernels/kernels.h"

#include <math.h>

#define MAX_BINS 64 /* bins per side, for the tables on the stack */

int sb_roi_level(const float *box, int min_level, int max_level)
{
    const double area = ((double)box[2] - (double)box[0]) * ((double)box[3] - (double)box[1]);
    if (!(area > 0))
        return min_level;
    const double level = floor(log2(sqrt(area) / 224)) + 4;
    return level < min_level ? min_level : level > max_level ? max_level : (int)level;
}

/* The two source indices of a bin along one axis and the weight of the second. */
struct sample {
    int64_t low, high;
    float weight;
};

/* Limits before converting: coordinates may be anything, NaN included. */
static int64_t clip_index(float v, int64_t size)
{
    return v > 0 ? v < (float)(size - 1) ? (int64_t)v : size - 1 : 0;
}

static void place_samples(struct sample *samples, int bins, float from, float to, float stride,
                          int64_t size)
{
    for (int i = 0; i < bins; i++) {
        const float pos = (from + ((float)i + 0.5f) * (to - from) / (float)bins) / stride;
        const float low = floorf(pos);
        samples[i].low = clip_index(low, size);
        samples[i].high = clip_index(low + 1, size);
        samples[i].weight = pos - low;
    }
}

static void sample_plane(float *out, const float *plane, int64_t width, const struct sample *ys,
                         const struct sample *xs, int bins)
{
    for (int i = 0; i < bins; i++) {
        const float *row0 = plane + ys[i].low * width;
        const float *row1 = plane + ys[i].high * width;
        const float wy = ys[i].weight;
        for (int j = 0; j < bins; j++) {
            const float wx = xs[j].weight;
            const float top = row0[xs[j].low] * (1 - wx) + row0[xs[j].high] * wx;
            const float bottom = row1[xs[j].low] * (1 - wx) + row1[xs[j].high] * wx;
            *out++ = top * (1 - wy) + bottom * wy;
        }
    }
}

/* The same for a plane of blocks. */
static void sample_block(float *out, const float *plane, int64_t width, const struct sample *ys,
                         const struct sample *xs, int bins)
{
    for (int i = 0; i < bins; i++) {
        const float *row0 = plane + ys[i].low * width * SB_BLOCK;
        const float *row1 = plane + ys[i].high * width * SB_BLOCK;
        const float wy = ys[i].weight;
        for (int j = 0; j < bins; j++, out += SB_BLOCK) {
            const float wx = xs[j].weight;
            const float *a = row0 + xs[j].low * SB_BLOCK, *b = row0 + xs[j].high * SB_BLOCK;
            const float *c = row1 + xs[j].low * SB_BLOCK, *d = row1 + xs[j].high * SB_BLOCK;
            for (int k = 0; k < SB_BLOCK; k++) {
                const float top = a[k] * (1 - wx) + b[k] * wx;
                const float bottom = c[k] * (1 - wx) + d[k] * wx;
                out[k] = top * (1 - wy) + bottom * wy;
            }
        }
    }
}

static bool supports(const struct sb_kernel_call *call)
{
    return call->step->node->u.region.roi_size <= MAX_BINS;
}

/* Where one box samples: its level's map and image, and the places along both axes. */
struct region {
    struct sb_shape map;
    const float *maps; /* of the level */
    size_t image;
    int bins; /* per side */
    struct sample ys[MAX_BINS], xs[MAX_BINS];
};

/* Boxes lie box_step floats apart. */
static void find_region(const struct sb_kernel_call *call, size_t roi, size_t box_step,
                        struct region *r)
{
    const struct sb_region_params *params = &call->step->node->u.region;
    const float *box = call->inputs[call->num_inputs - 1] + roi * box_step;
    const int level = sb_roi_level(box, params->min_level, params->max_level);
    const float stride = (float)((int64_t)1 << level);
    r->map = call->in[level - params->min_level];
    r->maps = call->inputs[level - params->min_level];
    r->image = roi / (size_t)(call->out.n / r->map.n);
    r->bins = params->roi_size;
    place_samples(r->ys, r->bins, box[0], box[2], stride, r->map.h);
    place_samples(r->xs, r->bins, box[1], box[3], stride, r->map.w);
}

static void roi_job(void *ctx, size_t roi, int worker)
{
    (void)worker;
    const struct sb_kernel_call *call = ctx;
    struct region r;
    find_region(call, roi, (size_t)call->in[call->num_inputs - 1].c, &r);
    const size_t plane = (size_t)(r.map.h * r.map.w), bins = (size_t)r.bins * (size_t)r.bins;
    const float *in = r.maps + r.image * (size_t)r.map.c * plane;
    float *out = call->output + roi * (size_t)r.map.c * bins;
    for (int64_t c = 0; c < r.map.c; c++, in += plane, out += bins)
        sample_plane(out, in, r.map.w, r.ys, r.xs, r.bins);
}

static void blocked_job(void *ctx, size_t roi, int worker)
{
    (void)worker;
    const struct sb_kernel_call *call = ctx;
    struct region r;
    find_region(call, roi, SB_BLOCK, &r);
    const size_t blocks = sb_layout_count(r.map, SB_LAYOUT_BLOCKED) /
                          (size_t)(r.map.n * r.map.h * r.map.w * SB_BLOCK);
    const size_t plane = (size_t)(r.map.h * r.map.w) * SB_BLOCK;
    const size_t bins = (size_t)r.bins * (size_t)r.bins * SB_BLOCK;
    const float *in = r.maps + r.image * blocks * plane;
    float *out = call->output + roi * blocks * bins;
    for (size_t b = 0; b < blocks; b++, in += plane, out += bins)
        sample_block(out, in, r.map.w, r.ys, r.xs, r.bins);
}

static int run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    sb_pool_run(call->pool, (size_t)call->out.n, roi_job, (void *)call);
    return 0;
}

static int blocked_run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    sb_pool_run(call->pool, (size_t)call->out.n, blocked_job, (void *)call);
    return 0;
}

/* Boxes come in rows of up to 16 values, one block. */
const struct sb_kernel sb_kernel_roi_align_native = {
    .name = "roi_align_native",
    .op = SB_OP_ROI_ALIGN,
    .in_layout = SB_LAYOUT_BLOCKED,
    .out_layout = SB_LAYOUT_BLOCKED,
    .supports = supports,
    .run = blocked_run,
};
const struct sb_kernel sb_kernel_roi_align = {
    .name = "roi_align",
    .op = SB_OP_ROI_ALIGN,
    .supports = supports,
    .run = run,
};
