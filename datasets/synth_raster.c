/*
 * Scan conversion for the embedded data set. A shape becomes a polygon in 1/256 pixel; each row of
 * pixels is cut by four lines, and the exact overlap of the spans with each pixel adds up to its
 * coverage, 0..1024. See synth_raster.h.
 */
#include "datasets/synth_raster.h"

#include "base/mem.h"

#include <string.h>

#define MAX_POINTS 256
#define ROUNDINGS  3 /* corner-cutting steps of a blob: 64 << 3 would be too many points */
#define SUBROWS    4
#define FULL       (SUBROWS * 256)
#define ARC_STEPS  40 /* corners of an ellipse */

struct path {
    int n;
    int32_t x[MAX_POINTS], y[MAX_POINTS]; /* 1/256 pixel */
};

/* sin(i * 90 degrees / 64) * 16384 */
static const int16_t quarter_sine[65] = {
    0,     402,   804,   1205,  1606,  2006,  2404,  2801,  3196,  3590,  3981,  4370,  4756,
    5139,  5520,  5897,  6270,  6639,  7005,  7366,  7723,  8076,  8423,  8765,  9102,  9434,
    9760,  10080, 10394, 10702, 11003, 11297, 11585, 11866, 12140, 12406, 12665, 12916, 13160,
    13395, 13623, 13842, 14053, 14256, 14449, 14635, 14811, 14978, 15137, 15286, 15426, 15557,
    15679, 15791, 15893, 15986, 16069, 16143, 16207, 16261, 16305, 16340, 16364, 16379, 16384,
};

int32_t sb_sine(int angle)
{
    angle &= SB_TURN - 1;
    const int half = angle & (SB_TURN / 2 - 1);
    const int a = half > SB_TURN / 4 ? SB_TURN / 2 - half : half; /* 0..256 */
    const int i = a >> 2, t = a & 3;
    const int32_t value = t ? (quarter_sine[i] * (4 - t) + quarter_sine[i + 1] * t) / 4 //
                            : quarter_sine[i];
    return angle >= SB_TURN / 2 ? -value : value;
}

int32_t sb_cosine(int angle)
{
    return sb_sine(angle + SB_TURN / 4);
}

int sb_canvas_init(struct sb_canvas *canvas, struct sb_image *image, struct sb_error *err)
{
    memset(canvas, 0, sizeof(*canvas));
    if (image->width > SB_CANVAS_MAX_WIDTH)
        return sb_error_set(err, SB_EINVAL, "a canvas of %d pixels, expected at most %d",
                            image->width, SB_CANVAS_MAX_WIDTH);
    const size_t pixels = (size_t)image->width * (size_t)image->height;
    canvas->image = image;
    canvas->coverage = sb_calloc(pixels, 1, SB_MEM_TAG(SB_MEM_DATA, 0));
    return canvas->coverage ? 0 : sb_error_nomem(err, "a canvas", pixels);
}

void sb_canvas_release(struct sb_canvas *canvas)
{
    sb_free(canvas->coverage);
    memset(canvas, 0, sizeof(*canvas));
}

static void clear_coverage(struct sb_canvas *c)
{
    for (int y = c->top; y < c->bottom && c->left < c->right; y++)
        memset(c->coverage + (size_t)y * (size_t)c->image->width + c->left, 0,
               (size_t)(c->right - c->left));
    c->left = c->image->width;
    c->top = c->image->height;
    c->right = c->bottom = 0;
}

void sb_pen_start(struct sb_pen *pen, struct sb_canvas *canvas, int32_t x, int32_t y, int32_t size,
                  int angle, bool flip)
{
    memset(pen, 0, sizeof(*pen));
    clear_coverage(canvas);
    pen->canvas = canvas;
    pen->x = x;
    pen->y = y;
    pen->xx = (int32_t)((int64_t)size * sb_cosine(angle) / 16384) * (flip ? -1 : 1);
    pen->yx = (int32_t)((int64_t)size * sb_sine(angle) / 16384) * (flip ? -1 : 1);
    pen->xy = (int32_t)((int64_t)size * -sb_sine(angle) / 16384);
    pen->yy = (int32_t)((int64_t)size * sb_cosine(angle) / 16384);
}

static int32_t to_x(const struct sb_pen *pen, int x, int y)
{
    return pen->x + (int32_t)(((int64_t)pen->xx * x + (int64_t)pen->xy * y) / SB_UNIT);
}

static int32_t to_y(const struct sb_pen *pen, int x, int y)
{
    return pen->y + (int32_t)(((int64_t)pen->yx * x + (int64_t)pen->yy * y) / SB_UNIT);
}

struct sb_pen sb_pen_part(const struct sb_pen *pen, int x, int y, int scale, int angle)
{
    struct sb_pen part = *pen;
    const int64_t c = sb_cosine(angle), s = sb_sine(angle), unit = (int64_t)16384 * SB_UNIT;
    part.x = to_x(pen, x, y);
    part.y = to_y(pen, x, y);
    part.xx = (int32_t)((pen->xx * c + pen->xy * s) * scale / unit);
    part.xy = (int32_t)((pen->xy * c - pen->xx * s) * scale / unit);
    part.yx = (int32_t)((pen->yx * c + pen->yy * s) * scale / unit);
    part.yy = (int32_t)((pen->yy * c - pen->yx * s) * scale / unit);
    return part;
}

/* What a row of a shape needs: the colour of each pixel. */
struct brush {
    const struct sb_pen *pen;
    const struct sb_paint *paint;
    int32_t top, height; /* of the shape, 1/256 pixel, for the shade */
    int32_t grain;       /* texture scale, 1/256 pixel */
};

static int clamp(int v, int lo, int hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

static struct sb_rgb shaded(const struct brush *b, int x, int y)
{
    const struct sb_paint *p = b->paint;
    int light = 256;
    if (p->shade && b->height > 0) {
        const int t = (int)(((int64_t)y * 256 + 128 - b->top) * 512 / b->height) - 256;
        light -= p->shade * clamp(t, -256, 256) / 256;
    }
    if (p->grain && b->grain >= 128)
        light += (sb_fine_noise(x * 256, y * 256, b->grain, b->pen->seed) - 128) * p->grain / 128;
    const struct sb_rgb lit = {(uint8_t)clamp(p->colour.r * light / 256, 0, 255),
                               (uint8_t)clamp(p->colour.g * light / 256, 0, 255),
                               (uint8_t)clamp(p->colour.b * light / 256, 0, 255)};
    return sb_mix(lit, b->pen->haze, b->pen->haze_amount);
}

/* alpha: 0..FULL */
static void blend(const struct brush *b, int x, int y, int alpha)
{
    struct sb_canvas *c = b->pen->canvas;
    const size_t at = (size_t)y * (size_t)c->image->width + (size_t)x;
    alpha = alpha * b->paint->opacity / 255;
    c->coverage[at] = (uint8_t)(c->coverage[at] + (255 - c->coverage[at]) * alpha / FULL);
    if (b->pen->mask_only || alpha == 0)
        return;
    const struct sb_rgb ink = shaded(b, x, y);
    uint8_t *rgb = c->image->pixels + 3 * at;
    rgb[0] = (uint8_t)(rgb[0] + (ink.r - rgb[0]) * alpha / FULL);
    rgb[1] = (uint8_t)(rgb[1] + (ink.g - rgb[1]) * alpha / FULL);
    rgb[2] = (uint8_t)(rgb[2] + (ink.b - rgb[2]) * alpha / FULL);
}

/* x of the crossings of the path with the horizontal line at y, in rising order; their number. */
static int crossings(const struct path *p, int32_t y, int32_t *out)
{
    int count = 0;
    for (int i = 0, j = p->n - 1; i < p->n; j = i++) {
        if ((p->y[i] <= y) == (p->y[j] <= y))
            continue;
        const int64_t along = (int64_t)(y - p->y[i]) * (p->x[j] - p->x[i]);
        const int32_t x = p->x[i] + (int32_t)(along / (p->y[j] - p->y[i]));
        int k = count++;
        for (; k > 0 && out[k - 1] > x; k--)
            out[k] = out[k - 1];
        out[k] = x;
    }
    return count;
}

/* Adds the overlap of [from, to) with each pixel to cover[]; left..right are the pixels to see. */
static void add_span(int32_t from, int32_t to, int left, int right, int *cover)
{
    from = from < left * 256 ? left * 256 : from;
    to = to > right * 256 ? right * 256 : to;
    if (from >= to)
        return;
    const int first = from / 256, last = (to - 1) / 256;
    for (int x = first; x <= last; x++) {
        const int32_t a = x * 256 > from ? x * 256 : from;
        const int32_t b = (x + 1) * 256 < to ? (x + 1) * 256 : to;
        cover[x - left] += b - a;
    }
}

/* Pixel range that lo..hi (1/256 pixel) touches, within 0..limit. */
static void pixel_range(int32_t lo, int32_t hi, int limit, int *first, int *end)
{
    *first = clamp(lo >= 0 ? lo / 256 : 0, 0, limit);
    *end = clamp(hi >= 0 ? hi / 256 + 1 : 0, 0, limit);
}

static void grow_bounds(struct sb_canvas *c, int left, int top, int right, int bottom)
{
    c->left = left < c->left ? left : c->left;
    c->top = top < c->top ? top : c->top;
    c->right = right > c->right ? right : c->right;
    c->bottom = bottom > c->bottom ? bottom : c->bottom;
}

static void fill(const struct sb_pen *pen, const struct path *p, const struct sb_paint *paint)
{
    int32_t lo_x = p->x[0], hi_x = p->x[0], lo_y = p->y[0], hi_y = p->y[0];
    for (int i = 1; i < p->n; i++) {
        lo_x = p->x[i] < lo_x ? p->x[i] : lo_x;
        hi_x = p->x[i] > hi_x ? p->x[i] : hi_x;
        lo_y = p->y[i] < lo_y ? p->y[i] : lo_y;
        hi_y = p->y[i] > hi_y ? p->y[i] : hi_y;
    }
    int left, right, top, bottom;
    pixel_range(lo_x, hi_x, pen->canvas->image->width, &left, &right);
    pixel_range(lo_y, hi_y, pen->canvas->image->height, &top, &bottom);
    if (left >= right || top >= bottom)
        return;
    grow_bounds(pen->canvas, left, top, right, bottom);
    const int32_t size = pen->xx * (pen->xx < 0 ? -1 : 1) + pen->yx * (pen->yx < 0 ? -1 : 1);
    const struct brush brush = {pen, paint, lo_y, hi_y - lo_y,
                                (int32_t)((int64_t)size * paint->scale / SB_UNIT)};
    int cover[SB_CANVAS_MAX_WIDTH];
    for (int y = top; y < bottom; y++) {
        memset(cover, 0, (size_t)(right - left) * sizeof(*cover));
        for (int s = 0; s < SUBROWS; s++) {
            int32_t x[MAX_POINTS];
            const int n = crossings(p, y * 256 + (2 * s + 1) * 128 / SUBROWS, x);
            for (int i = 0; i + 1 < n; i += 2)
                add_span(x[i], x[i + 1], left, right, cover);
        }
        for (int px = left; px < right; px++) {
            if (cover[px - left])
                blend(&brush, px, y, cover[px - left]);
        }
    }
}

static void add_point(const struct sb_pen *pen, struct path *p, int x, int y)
{
    p->x[p->n] = to_x(pen, x, y);
    p->y[p->n++] = to_y(pen, x, y);
}

void sb_draw_polygon(const struct sb_pen *pen, const struct sb_point *corners, int n,
                     const struct sb_paint *paint)
{
    struct path p = {.n = 0};
    for (int i = 0; i < n && i < MAX_POINTS; i++)
        add_point(pen, &p, corners[i].x, corners[i].y);
    fill(pen, &p, paint);
}

/* One step of Chaikin's corner cutting (1974): each edge keeps its middle half. */
static void cut_corners(const struct path *in, struct path *out)
{
    out->n = 0;
    for (int i = 0; i < in->n; i++) {
        const int j = i + 1 < in->n ? i + 1 : 0;
        out->x[out->n] = (3 * in->x[i] + in->x[j]) / 4;
        out->y[out->n++] = (3 * in->y[i] + in->y[j]) / 4;
        out->x[out->n] = (in->x[i] + 3 * in->x[j]) / 4;
        out->y[out->n++] = (in->y[i] + 3 * in->y[j]) / 4;
    }
}

void sb_draw_blob(const struct sb_pen *pen, const struct sb_point *corners, int n,
                  const struct sb_paint *paint)
{
    struct path p = {.n = 0}, q;
    for (int i = 0; i < n && i < MAX_POINTS; i++)
        add_point(pen, &p, corners[i].x, corners[i].y);
    for (int i = 0; i < ROUNDINGS && 2 * p.n <= MAX_POINTS; i++) {
        cut_corners(&p, &q);
        p = q;
    }
    fill(pen, &p, paint);
}

void sb_draw_rectangle(const struct sb_pen *pen, int left, int top, int right, int bottom,
                       const struct sb_paint *paint)
{
    struct path p = {.n = 0};
    add_point(pen, &p, left, top);
    add_point(pen, &p, right, top);
    add_point(pen, &p, right, bottom);
    add_point(pen, &p, left, bottom);
    fill(pen, &p, paint);
}

/* Appends ARC_STEPS + 1 points of an ellipse, once around. */
static void add_ellipse(const struct sb_pen *pen, struct path *p, int x, int y, int rx, int ry)
{
    for (int i = 0; i <= ARC_STEPS; i++) {
        const int angle = i * SB_TURN / ARC_STEPS;
        add_point(pen, p, x + (int)((int64_t)rx * sb_cosine(angle) / 16384),
                  y + (int)((int64_t)ry * sb_sine(angle) / 16384));
    }
}

void sb_draw_ellipse(const struct sb_pen *pen, int x, int y, int radius_x, int radius_y,
                     const struct sb_paint *paint)
{
    struct path p = {.n = 0};
    add_ellipse(pen, &p, x, y, radius_x, radius_y);
    fill(pen, &p, paint);
}

void sb_draw_ring(const struct sb_pen *pen, int x, int y, int radius_x, int radius_y, int width,
                  const struct sb_paint *paint)
{
    struct path p = {.n = 0};
    add_ellipse(pen, &p, x, y, radius_x, radius_y);
    add_ellipse(pen, &p, x, y, radius_x - width, radius_y - width);
    fill(pen, &p, paint); /* crossings are paired, so the inner ellipse is a hole */
}

static int32_t integer_root(int64_t v)
{
    int64_t root = 0;
    for (int64_t bit = (int64_t)1 << 31; bit; bit >>= 1) {
        if ((root + bit) * (root + bit) <= v)
            root += bit;
    }
    return (int32_t)root;
}

void sb_draw_limb(const struct sb_pen *pen, int x0, int y0, int r0, int x1, int y1, int r1,
                  const struct sb_paint *paint)
{
    struct path p = {.n = 0};
    const int64_t dx = x1 - x0, dy = y1 - y0;
    const int64_t length =
        integer_root(dx * dx + dy * dy) > 0 ? integer_root(dx * dx + dy * dy) : 1;
    const int steps = ARC_STEPS / 2;
    for (int i = 0; i <= 2 * steps + 1; i++) {
        const bool far = i > steps;
        const int angle = SB_TURN / 4 + (far ? i - 1 : i) * (SB_TURN / 2) / steps;
        const int64_t along = sb_cosine(angle), across = sb_sine(angle), r = far ? r1 : r0;
        add_point(pen, &p,
                  (far ? x1 : x0) + (int)(r * (along * dx - across * dy) / (length * 16384)),
                  (far ? y1 : y0) + (int)(r * (along * dy + across * dx) / (length * 16384)));
    }
    fill(pen, &p, paint);
}

/* A value 0..255 for a lattice point. */
static int lattice(int32_t x, int32_t y, uint32_t seed)
{
    const uint64_t key = (uint64_t)(uint32_t)x << 32 | (uint32_t)y;
    return (int)(sb_rng_mix(key + (uint64_t)seed * 0x9e3779b97f4a7c15u) & 255);
}

int sb_noise(int32_t x, int32_t y, int32_t grain, uint32_t seed)
{
    const int32_t gx = x >= 0 ? x / grain : -1 - (-1 - x) / grain; /* rounds down */
    const int32_t gy = y >= 0 ? y / grain : -1 - (-1 - y) / grain;
    const int32_t fx = (int32_t)((int64_t)(x - gx * grain) * 256 / grain);
    const int32_t fy = (int32_t)((int64_t)(y - gy * grain) * 256 / grain);
    const int32_t sx = fx * fx * (768 - 2 * fx) / 65536; /* smooth step, 0..256 */
    const int32_t sy = fy * fy * (768 - 2 * fy) / 65536;
    const int top = lattice(gx, gy, seed) * (256 - sx) + lattice(gx + 1, gy, seed) * sx;
    const int bottom = lattice(gx, gy + 1, seed) * (256 - sx) + lattice(gx + 1, gy + 1, seed) * sx;
    return (int)(((int64_t)top * (256 - sy) + (int64_t)bottom * sy) / 65536);
}

int sb_fine_noise(int32_t x, int32_t y, int32_t grain, uint32_t seed)
{
    const int32_t fine = grain / 2 > 64 ? grain / 2 : 64;
    return (sb_noise(x, y, grain, seed) + sb_noise(x + y, x - y, fine * 3 / 2, seed + 1)) / 2;
}

int sb_noise_octaves(int32_t x, int32_t y, int32_t grain, uint32_t seed)
{
    int sum = 0;
    for (int i = 0; i < 4; i++) {
        const int32_t g = grain >> i > 64 ? grain >> i : 64;
        const int n = i % 2 ? sb_noise(x + y, x - y, g * 3 / 2, seed + (uint32_t)i)
                            : sb_noise(x, y, g, seed + (uint32_t)i);
        sum += n << (3 - i);
    }
    return sum / 15;
}

struct sb_paint sb_paint(struct sb_rgb colour, int shade, int grain)
{
    const struct sb_paint p = {colour, shade, grain, 60, 255};
    return p;
}

struct sb_rgb sb_mix(struct sb_rgb a, struct sb_rgb b, int amount)
{
    const struct sb_rgb out = {(uint8_t)(a.r + (b.r - a.r) * amount / 256),
                               (uint8_t)(a.g + (b.g - a.g) * amount / 256),
                               (uint8_t)(a.b + (b.b - a.b) * amount / 256)};
    return out;
}

struct sb_rgb sb_vary(struct sb_rgb colour, int amount, struct sb_rng *rng)
{
    const int r = colour.r + sb_pick(rng, -amount, amount);
    const int g = colour.g + sb_pick(rng, -amount, amount);
    const int b = colour.b + sb_pick(rng, -amount, amount);
    const struct sb_rgb out = {(uint8_t)clamp(r, 0, 255), (uint8_t)clamp(g, 0, 255),
                               (uint8_t)clamp(b, 0, 255)};
    return out;
}

int sb_pick(struct sb_rng *rng, int lo, int hi)
{
    return lo + (int)sb_rng_below(rng, (uint32_t)(hi - lo + 1));
}

bool sb_chance(struct sb_rng *rng, int percent)
{
    return sb_pick(rng, 0, 99) < percent;
}
