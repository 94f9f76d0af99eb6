/* Decoding of box deltas. See boxcode.h. */
#include "detect/boxcode.h"

#include <math.h>
#include <stddef.h>

/* One axis: corners of the decoded box. */
static void decode_axis(float shift, float log_size, float low, float high, float *out_low,
                        float *out_high)
{
    const float size = high - low + 1.0f;
    const float centre = low + 0.5f * size;
    const float limited = log_size < SB_BOX_MAX_LOG_SIZE ? log_size : SB_BOX_MAX_LOG_SIZE;
    const float new_size = expf(limited) * size;
    *out_low = shift * size + centre - 0.5f * new_size;
    *out_high = *out_low + new_size - 1.0f;
}

struct sb_box sb_box_decode(struct sb_box_delta delta, struct sb_box anchor,
                            const double weights[4])
{
    if (weights) {
        delta.ty /= (float)weights[0];
        delta.tx /= (float)weights[1];
        delta.th /= (float)weights[2];
        delta.tw /= (float)weights[3];
    }
    struct sb_box out;
    decode_axis(delta.ty, delta.th, anchor.ymin, anchor.ymax, &out.ymin, &out.ymax);
    decode_axis(delta.tx, delta.tw, anchor.xmin, anchor.xmax, &out.xmin, &out.xmax);
    return out;
}

static float limit(float value, int size)
{
    const float high = (float)(size - 1);
    const float below = value < high ? value : high;
    return below > 0.0f ? below : 0.0f;
}

struct sb_box sb_box_clip(struct sb_box box, int height, int width)
{
    const struct sb_box out = {limit(box.ymin, height), limit(box.xmin, width),
                               limit(box.ymax, height), limit(box.xmax, width)};
    return out;
}
