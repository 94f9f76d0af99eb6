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

static bool supports(const struct sb_kernel_call *call)
{
    return call->step->node->u.region.roi_size <= MAX_BINS;
}

static void roi_job(void *ctx, size_t roi, int worker)
{
    (void)worker;
    const struct sb_kernel_call *call = ctx;
    const struct sb_region_params *params = &call->step->node->u.region;
    const int boxes = call->num_inputs - 1;
    const float *box = call->inputs[boxes] + roi * (size_t)call->in[boxes].c;
    const int level = sb_roi_level(box, params->min_level, params->max_level);
    const struct sb_shape map = call->in[level - params->min_level];
    const size_t image = roi / (size_t)(call->out.n / map.n);
    struct sample ys[MAX_BINS], xs[MAX_BINS];
    const float stride = (float)((int64_t)1 << level);
    place_samples(ys, params->roi_size, box[0], box[2], stride, map.h);
    place_samples(xs, params->roi_size, box[1], box[3], stride, map.w);
    const size_t plane = (size_t)(map.h * map.w);
    const size_t bins = (size_t)params->roi_size * (size_t)params->roi_size;
    const float *in = call->inputs[level - params->min_level] + image * (size_t)map.c * plane;
    float *out = call->output + roi * (size_t)map.c * bins;
    for (int64_t c = 0; c < map.c; c++, in += plane, out += bins)
        sample_plane(out, in, map.w, ys, xs, params->roi_size);
}

static int run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    sb_pool_run(call->pool, (size_t)call->out.n, roi_job, (void *)call);
    return 0;
}

const struct sb_kernel sb_kernel_roi_align = {
    .name = "roi_align",
    .op = SB_OP_ROI_ALIGN,
    .supports = supports,
    .run = run,
};
