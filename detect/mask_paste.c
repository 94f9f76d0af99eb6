/* Pasting masks. Only the part inside the image is resized. See mask_paste.h. */
#include "detect/mask_paste.h"

#include "base/mem.h"
#include "detect/scratch.h"

#include <math.h>
#include <string.h>

/* One output coordinate: value = p[index] * (1 - t) + p[next] * t. */
struct tap {
    int index, next;
    float t;
};

/* One axis of the pasted mask. */
struct span {
    int start;    /* image coordinate of its first pixel, may be negative */
    int size;     /* pixels, >= 1 */
    int from, to; /* the part inside the image; empty when from >= to */
};

/* A coordinate truncated towards zero; what does not fit an int (or is no number) becomes 0. */
static int truncated(float v)
{
    return v > -1e9f && v < 1e9f ? (int)v : 0;
}

/* The span of a box side after growing by `scale` about its centre. float32, as officially. */
static struct span make_span(float low, float length, float scale, int limit)
{
    const float half = length * 0.5f, centre = low + half;
    const float grown = half * scale;
    const int first = truncated(centre - grown), last = truncated(centre + grown);
    struct span s = {first, last - first + 1, first, last + 1};
    s.size = s.size > 1 ? s.size : 1;
    s.from = s.from > 0 ? s.from : 0;
    s.to = s.to < limit ? s.to : limit;
    return s;
}

/* OpenCV's bilinear tap of output coordinate i: half-pixel centres, edges repeated. */
static struct tap make_tap(int i, int in, int out)
{
    const double scale = (double)in / out;
    const float position = (float)((i + 0.5) * scale - 0.5);
    const int lower = (int)floorf(position);
    struct tap tap = {lower, lower + 1, position - (float)lower};
    if (lower < 0)
        tap = (struct tap){0, 0, 0.0f};
    if (lower >= in - 1)
        tap = (struct tap){in - 1, in - 1, 0.0f};
    return tap;
}

struct paste {
    int padded;           /* side of the probabilities with their ring of zeros */
    float *probabilities; /* (padded, padded) */
    struct tap *taps;     /* one per column inside the image */
    struct span x, y;
};

static void lay_out(struct paste *p, struct sb_scratch *s)
{
    const size_t side = (size_t)p->padded;
    const size_t columns = p->x.to > p->x.from ? (size_t)(p->x.to - p->x.from) : 0;
    p->probabilities = sb_scratch_take(s, side * side, sizeof(float));
    p->taps = sb_scratch_take(s, columns, sizeof(*p->taps));
}

static void paste_row(const struct paste *p, int y, float threshold, uint8_t *row)
{
    const struct tap v = make_tap(y - p->y.start, p->padded, p->y.size);
    const float *const top = p->probabilities + (size_t)v.index * (size_t)p->padded;
    const float *const bottom = p->probabilities + (size_t)v.next * (size_t)p->padded;
    for (int x = p->x.from; x < p->x.to; x++) {
        const struct tap h = p->taps[x - p->x.from];
        const float a = top[h.index] * (1.0f - h.t) + top[h.next] * h.t;
        const float b = bottom[h.index] * (1.0f - h.t) + bottom[h.next] * h.t;
        row[x] = a * (1.0f - v.t) + b * v.t > threshold;
    }
}

static void prepare(struct paste *p, const float *probabilities, int size)
{
    memset(p->probabilities, 0, (size_t)p->padded * (size_t)p->padded * sizeof(float));
    for (int y = 0; y < size; y++)
        memcpy(p->probabilities + (size_t)(y + 1) * (size_t)p->padded + 1,
               probabilities + (size_t)y * (size_t)size, (size_t)size * sizeof(float));
    for (int x = p->x.from; x < p->x.to; x++)
        p->taps[x - p->x.from] = make_tap(x - p->x.start, p->padded, p->x.size);
}

int sb_mask_paste(const float *probabilities, int size, const float box[4], float threshold,
                  uint8_t *mask, int height, int width, struct sb_error *err)
{
    struct paste p = {.padded = size + 2};
    const float scale = (float)((double)p.padded / size);
    p.x = make_span(box[0], box[2], scale, width);
    p.y = make_span(box[1], box[3], scale, height);
    struct sb_scratch s = {NULL, 0};
    lay_out(&p, &s);
    s.memory = sb_malloc(s.used, SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!s.memory)
        return sb_error_nomem(err, "pasting a mask", s.used);
    s.used = 0;
    lay_out(&p, &s);
    memset(mask, 0, (size_t)height * (size_t)width);
    prepare(&p, probabilities, size);
    for (int y = p.y.from; y < p.y.to; y++)
        paste_row(&p, y, threshold, mask + (size_t)y * (size_t)width);
    sb_free(s.memory);
    return 0;
}
