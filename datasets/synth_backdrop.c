/* Skies, towns, meadows and shores, and the camera. See synth_backdrop.h. */
#include "datasets/synth_backdrop.h"

#include "datasets/synth_objects.h"

#include <string.h>

static void put(struct sb_image *image, int x, int y, struct sb_rgb c)
{
    memcpy(image->pixels + 3 * ((size_t)y * (size_t)image->width + (size_t)x), &c, 3);
}

static struct sb_rgb get(const struct sb_image *image, int x, int y)
{
    struct sb_rgb c;
    memcpy(&c, image->pixels + 3 * ((size_t)y * (size_t)image->width + (size_t)x), 3);
    return c;
}

static int limit(int v)
{
    return v < 0 ? 0 : v > 255 ? 255 : v;
}

/* A colour made lighter or darker by noise n (0..255) of a strength. */
static struct sb_rgb rough(struct sb_rgb c, int n, int strength)
{
    const int light = 256 + (n - 128) * strength / 128;
    return SB_RGB((uint8_t)limit(c.r * light / 256), (uint8_t)limit(c.g * light / 256),
                  (uint8_t)limit(c.b * light / 256));
}

struct weather {
    struct sb_rgb zenith, low, cloud;
    int cover; /* noise above this is cloud */
};

static struct weather weather_of(struct sb_rng *rng)
{
    static const struct weather kinds[] = {
        {{66, 124, 196}, {176, 206, 226}, {244, 246, 248}, 150}, /* fair */
        {{96, 150, 208}, {206, 222, 232}, {250, 250, 250}, 120},
        {{150, 160, 170}, {204, 208, 210}, {184, 190, 196}, 110}, /* overcast */
        {{86, 88, 140}, {242, 178, 120}, {250, 196, 160}, 140},   /* evening */
    };
    struct weather w = kinds[sb_pick(rng, 0, 3)];
    w.zenith = sb_vary(w.zenith, 14, rng);
    w.low = sb_vary(w.low, 10, rng);
    w.cover += sb_pick(rng, -20, 40);
    return w;
}

static void paint_sky(struct sb_image *image, const struct weather *w, int horizon, uint32_t seed)
{
    for (int y = 0; y < horizon; y++) {
        const struct sb_rgb clear = sb_mix(w->zenith, w->low, y * 256 / horizon);
        for (int x = 0; x < image->width; x++) {
            const int n = sb_noise_octaves(x * 256, y * 640, 60 * 256, seed);
            const int cloud = limit((n - w->cover) * 5);
            put(image, x, y, sb_mix(clear, w->cloud, cloud));
        }
    }
}

/* A ridge of hills or woods in front of the sky: `height` rows at most. */
static void paint_ridge(struct sb_image *image, int horizon, int height, int grain,
                        struct sb_rgb colour, uint32_t seed)
{
    for (int x = 0; x < image->width; x++) {
        const int rise = height * sb_noise_octaves(x * 256, 0, grain * 256, seed) / 255;
        for (int y = horizon - rise < 0 ? 0 : horizon - rise; y < horizon; y++)
            put(image, x, y, rough(colour, sb_noise(x * 256, y * 256, 600, seed + 9), 22));
    }
}

/* Texture of the ground at a pixel: grains shrink with distance. */
static int ground_noise(int x, int y, int horizon, int width, uint32_t seed)
{
    const int32_t depth = y - horizon + 3;
    const int32_t u = (int32_t)((int64_t)(x - width / 2) * 256 * 256 / depth);
    const int32_t v = 256 * 256 * 60 / depth;
    return (sb_noise(u, v, 420, seed) + sb_noise(u, v, 90, seed + 1) +
            sb_noise(x * 256, y * 256, 300, seed + 2)) /
           3;
}

static void paint_ground(struct sb_image *image, int from, int horizon, struct sb_rgb near,
                         struct sb_rgb far, int strength, uint32_t seed)
{
    for (int y = from; y < image->height; y++) {
        const struct sb_rgb base =
            sb_mix(far, near, 256 * (y - horizon) / (image->height - horizon));
        for (int x = 0; x < image->width; x++)
            put(image, x, y,
                rough(base, ground_noise(x, y, horizon, image->width, seed), strength));
    }
}

static void paint_building(struct sb_canvas *canvas, int left, int right, int top, int foot,
                           struct sb_rng *rng)
{
    static const struct sb_rgb walls[] = {
        {150, 110, 90}, {186, 172, 150}, {120, 124, 132}, {200, 190, 176}, {136, 84, 70}};
    const struct sb_rgb wall = sb_vary(walls[sb_pick(rng, 0, 4)], 12, rng);
    const struct sb_paint brick = {wall, 14, 20, 2, 255};
    const struct sb_paint roof = sb_paint(sb_mix(wall, SB_RGB(40, 30, 30), 130), 20, 0);
    const struct sb_paint lit = sb_paint(SB_RGB(240, 214, 140), 0, 0);
    const struct sb_paint pane = sb_paint(sb_mix(wall, SB_RGB(40, 56, 76), 190), 60, 0);
    struct sb_pen pen;
    sb_pen_start(&pen, canvas, 0, 0, SB_UNIT * 256, 0, false); /* units are pixels */
    sb_draw_rectangle(&pen, left, top, right, foot, &brick);
    sb_draw_rectangle(&pen, left - 1, top - 3, right + 1, top, &roof);
    const int step_x = sb_pick(rng, 7, 12), step_y = sb_pick(rng, 8, 13);
    for (int y = top + 5; y + step_y - 3 < foot; y += step_y) {
        for (int x = left + 4; x + step_x - 3 < right; x += step_x)
            sb_draw_rectangle(&pen, x, y, x + step_x - 4, y + step_y - 5,
                              sb_chance(rng, 12) ? &lit : &pane);
    }
}

/* Road edges and dashes that run to a vanishing point on the horizon. */
static void paint_road(struct sb_canvas *canvas, int horizon, struct sb_rng *rng)
{
    const int bottom = canvas->image->height, width = canvas->image->width;
    const int far = horizon + 4 + (bottom - horizon) / sb_pick(rng, 8, 14);
    const struct sb_paint kerb = sb_paint(SB_RGB(168, 164, 158), 0, 20);
    const struct sb_paint dash = sb_paint(SB_RGB(222, 220, 206), 0, 10);
    struct sb_pen pen;
    sb_pen_start(&pen, canvas, 0, 0, SB_UNIT * 256, 0, false);
    sb_draw_rectangle(&pen, 0, far - 2, width, far, &kerb);
    const int lane = far + (bottom - far) * sb_pick(rng, 25, 45) / 100;
    const int depth = 1 + (lane - horizon) / 24, shift = sb_pick(rng, 0, 40);
    for (int x = -shift; x < width; x += 44)
        sb_draw_rectangle(&pen, x, lane, x + 24, lane + depth, &dash);
}

static void paint_street(struct sb_canvas *canvas, struct sb_backdrop *b, struct sb_rng *rng)
{
    const int width = canvas->image->width, foot = b->horizon + 6;
    for (int x = -sb_pick(rng, 0, 30); x < width;) {
        const int wide = sb_pick(rng, 26, 70), tall = sb_pick(rng, 20, b->horizon - 6);
        if (!sb_chance(rng, 15)) /* a gap now and then */
            paint_building(canvas, x, x + wide, b->horizon - tall, foot, rng);
        x += wide + sb_pick(rng, 0, 2);
    }
    const int grey = sb_pick(rng, 84, 120);
    const struct sb_rgb asphalt = {(uint8_t)grey, (uint8_t)grey, (uint8_t)(grey + 4)};
    paint_ground(canvas->image, b->horizon, b->horizon, asphalt, sb_mix(asphalt, b->haze, 80), 26,
                 (uint32_t)sb_rng_u64(rng));
    paint_road(canvas, b->horizon, rng);
}

static void paint_fence(struct sb_canvas *canvas, int y, int tall, struct sb_rng *rng)
{
    const struct sb_paint wood = sb_paint(sb_vary(SB_RGB(120, 94, 66), 20, rng), 20, 30);
    const int width = canvas->image->width, pitch = tall * sb_pick(rng, 12, 20) / 10;
    struct sb_pen pen;
    sb_pen_start(&pen, canvas, 0, 0, SB_UNIT * 256, 0, false);
    for (int x = sb_pick(rng, -pitch, 0); x < width; x += pitch)
        sb_draw_rectangle(&pen, x, y - tall, x + 1 + tall / 8, y, &wood);
    sb_draw_rectangle(&pen, 0, y - tall * 8 / 10, width, y - tall * 7 / 10, &wood);
    sb_draw_rectangle(&pen, 0, y - tall * 4 / 10, width, y - tall * 3 / 10, &wood);
}

static void paint_meadow(struct sb_canvas *canvas, struct sb_backdrop *b, struct sb_rng *rng)
{
    const struct sb_rgb grass = sb_vary(SB_RGB(98, 138, 58), 24, rng);
    const struct sb_rgb wood = sb_mix(sb_vary(SB_RGB(60, 88, 60), 16, rng), b->haze, 60);
    const uint32_t seed = (uint32_t)sb_rng_u64(rng);
    paint_ridge(canvas->image, b->horizon, sb_pick(rng, 20, 70), 90, sb_mix(wood, b->haze, 150),
                seed);
    paint_ridge(canvas->image, b->horizon, sb_pick(rng, 8, 34), 26, wood, seed + 100);
    paint_ground(canvas->image, b->horizon, b->horizon, grass, sb_mix(grass, b->haze, 110), 60,
                 seed + 200);
    if (sb_chance(rng, 35)) {
        const int y = b->horizon + sb_pick(rng, 8, 40);
        const int tall = 110 * (y - b->horizon) / b->camera_cm;
        if (tall >= 4)
            paint_fence(canvas, y, tall < 60 ? tall : 60, rng);
    }
}

static void paint_sea(struct sb_image *image, const struct sb_backdrop *b, struct sb_rgb water,
                      uint32_t seed)
{
    for (int y = b->horizon; y <= b->waterline; y++) {
        const int depth = y - b->horizon + 2;
        for (int x = 0; x < image->width; x++) {
            const int n = (sb_noise(x * 256, y * 256 * 24 / depth, 4000, seed) +
                           sb_noise(x * 256, y * 1800, 256 * (2 + depth / 6), seed + 1)) /
                          2;
            struct sb_rgb c = sb_mix(b->haze, water, limit(80 + depth * 3));
            c = rough(c, n, 60);
            put(image, x, y, n > 190 ? sb_mix(c, SB_RGB(240, 244, 244), (n - 190) * 3) : c);
        }
    }
}

static void paint_shore(struct sb_canvas *canvas, struct sb_backdrop *b, struct sb_rng *rng)
{
    const struct sb_rgb sand = sb_vary(SB_RGB(206, 184, 142), 14, rng);
    const struct sb_rgb water = sb_vary(SB_RGB(38, 96, 120), 22, rng);
    const uint32_t seed = (uint32_t)sb_rng_u64(rng);
    struct sb_image *image = canvas->image;
    b->waterline = b->horizon + (image->height - b->horizon) * sb_pick(rng, 30, 70) / 100;
    if (sb_chance(rng, 50))
        paint_ridge(image, b->horizon, sb_pick(rng, 6, 26), 70,
                    sb_mix(SB_RGB(80, 96, 100), b->haze, 120), seed);
    paint_sea(image, b, water, seed + 1);
    paint_ground(image, b->waterline, b->horizon, sand, sb_mix(sand, b->haze, 60), 24, seed + 2);
    for (int x = 0; x < image->width; x++) { /* the edge of the surf wanders */
        const int edge = b->waterline + sb_noise_octaves(x * 256, 0, 24 * 256, seed + 3) / 32 - 3;
        for (int y = b->waterline; y < edge + 2 && y < image->height; y++)
            put(image, x, y,
                y < edge
                    ? rough(sb_mix(water, sand, 120), sb_noise(x * 256, y * 256, 900, seed), 30)
                    : SB_RGB(236, 238, 232));
    }
}

void sb_backdrop_paint(struct sb_canvas *canvas, struct sb_rng *rng, struct sb_backdrop *out)
{
    static const int cameras[] = {40, 60, 90, 140, 170, 300};
    struct sb_image *image = canvas->image;
    const struct weather weather = weather_of(rng);
    out->place = (enum sb_place)sb_pick(rng, 0, SB_PLACES - 1);
    out->horizon = image->height * sb_pick(rng, 24, 56) / 100;
    out->waterline = out->horizon;
    const int camera = cameras[sb_pick(rng, 0, 5)];
    out->camera_cm = camera * sb_pick(rng, 80, 125) / 100;
    out->haze = weather.low;
    paint_sky(image, &weather, out->horizon, (uint32_t)sb_rng_u64(rng));
    if (out->place == SB_PLACE_STREET)
        paint_street(canvas, out, rng);
    else if (out->place == SB_PLACE_MEADOW)
        paint_meadow(canvas, out, rng);
    else
        paint_shore(canvas, out, rng);
}

/* 1-2-1 filter along rows, then columns; in place with one delayed value. */
static void blur(struct sb_image *image)
{
    const size_t row = (size_t)image->width * 3;
    for (int y = 0; y < image->height; y++) {
        uint8_t *p = image->pixels + (size_t)y * row;
        for (size_t c = 0; c < 3; c++) {
            int before = p[c];
            for (size_t i = c; i + 3 < row; i += 3) {
                const int here = p[i];
                p[i] = (uint8_t)((before + 2 * here + p[i + 3] + 2) / 4);
                before = here;
            }
        }
    }
    for (size_t x = 0; x < row; x++) {
        int before = image->pixels[x];
        for (int y = 0; y + 1 < image->height; y++) {
            uint8_t *p = image->pixels + (size_t)y * row + x;
            const int here = *p;
            *p = (uint8_t)((before + 2 * here + p[row] + 2) / 4);
            before = here;
        }
    }
}

void sb_photograph(struct sb_image *image, struct sb_rng *rng)
{
    const int exposure = sb_pick(rng, 205, 300), noise = sb_pick(rng, 0, 14);
    const int corners = sb_pick(rng, 0, 70), offset = sb_pick(rng, -12, 12);
    int gain[3];
    for (int c = 0; c < 3; c++)
        gain[c] = exposure * sb_pick(rng, 240, 272) / 256;
    if (sb_chance(rng, 35))
        blur(image);
    const int cx = image->width / 2, cy = image->height / 2, reach = cx * cx + cy * cy;
    for (int y = 0; y < image->height; y++) {
        for (int x = 0; x < image->width; x++) {
            const int away = (x - cx) * (x - cx) + (y - cy) * (y - cy);
            const int light = 256 - corners * away / reach;
            const struct sb_rgb in = get(image, x, y);
            const uint64_t bits = sb_rng_u64(rng);
            const int n = (int)(bits & 255) + (int)(bits >> 8 & 255) - 255; /* -255..255 */
            const int grain = n * noise / 255;
            put(image, x, y,
                SB_RGB((uint8_t)limit(in.r * gain[0] / 256 * light / 256 + offset + grain),
                       (uint8_t)limit(in.g * gain[1] / 256 * light / 256 + offset + grain),
                       (uint8_t)limit(in.b * gain[2] / 256 * light / 256 + offset + grain)));
        }
    }
}
