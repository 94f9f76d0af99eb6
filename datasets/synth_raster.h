/*
 * The rasteriser of the embedded data set: filled shapes with soft edges on an RGB canvas, in
 * integer arithmetic alone, so that the same calls give the same pixels on every machine. What it
 * draws between sb_pen_start() and the next one also collects in a coverage plane, from which the
 * masks come.
 *
 * Shapes are given in an object's own coordinates: x to the right, y down, SB_UNIT = the object's
 * size, origin where the pen's place says (for most objects the middle of their foot). Angles are
 * in 1/1024 of a turn, clockwise.
 */
#ifndef SB_DATASETS_SYNTH_RASTER_H
#define SB_DATASETS_SYNTH_RASTER_H

#include "base/error.h"
#include "base/rng.h"
#include "datasets/image.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SB_UNIT             1024
#define SB_TURN             1024
#define SB_CANVAS_MAX_WIDTH 1024 /* pixels */

struct sb_rgb {
    uint8_t r, g, b;
};

struct sb_point {
    int x, y; /* units */
};

/* How a shape is coloured. */
struct sb_paint {
    struct sb_rgb colour;
    int shade;       /* lighter at the top, darker at the bottom, by this much / 256; 0 = flat */
    int grain;       /* strength of the noise texture, 0..255 */
    int scale;       /* size of the texture's grains in units */
    uint8_t opacity; /* 255 = covers what is below */
};

struct sb_canvas {
    struct sb_image *image; /* borrowed */
    uint8_t *coverage; /* (height, width) of what the pen drew since its start, 0..255; owned */
    int left, top, right, bottom; /* pixels that the coverage may be set in; empty: left >= right */
};
int sb_canvas_init(struct sb_canvas *canvas, struct sb_image *image, struct sb_error *err);
void sb_canvas_release(struct sb_canvas *canvas);

/* Where and how an object is drawn. */
struct sb_pen {
    struct sb_canvas *canvas;
    int32_t xx, xy, yx, yy; /* 1/256 pixel per SB_UNIT units */
    int32_t x, y;           /* origin, 1/256 pixel */
    uint32_t seed;          /* of the texture */
    struct sb_rgb haze;     /* colours fade to this ... */
    int haze_amount;        /* ... by this much / 256 */
    bool mask_only;         /* collect coverage, leave the image alone */
};

/* Clears the coverage; origin at (x, y) pixels, SB_UNIT units long `size` pixels, turned by angle,
 * mirrored when flip. x, y and size in 1/256 pixel. */
void sb_pen_start(struct sb_pen *pen, struct sb_canvas *canvas, int32_t x, int32_t y, int32_t size,
                  int angle, bool flip);
/* A pen for a part: origin moved by (x, y) units of `pen`, scaled by scale / SB_UNIT, turned. */
struct sb_pen sb_pen_part(const struct sb_pen *pen, int x, int y, int scale, int angle);

/* Closed polygon of n (3..64) corners. */
void sb_draw_polygon(const struct sb_pen *pen, const struct sb_point *corners, int n,
                     const struct sb_paint *paint);
/* The same with its corners rounded off to a smooth outline. */
void sb_draw_blob(const struct sb_pen *pen, const struct sb_point *corners, int n,
                  const struct sb_paint *paint);
void sb_draw_rectangle(const struct sb_pen *pen, int left, int top, int right, int bottom,
                       const struct sb_paint *paint);
void sb_draw_ellipse(const struct sb_pen *pen, int x, int y, int radius_x, int radius_y,
                     const struct sb_paint *paint);
/* A round-ended stroke from (x0, y0) of radius r0 to (x1, y1) of radius r1. */
void sb_draw_limb(const struct sb_pen *pen, int x0, int y0, int r0, int x1, int y1, int r1,
                  const struct sb_paint *paint);
/* An outlined ellipse: a ring of this width, inside the radii. */
void sb_draw_ring(const struct sb_pen *pen, int x, int y, int radius_x, int radius_y, int width,
                  const struct sb_paint *paint);

/* sin and cos of an angle, times 16384. */
int32_t sb_sine(int angle);
int32_t sb_cosine(int angle);

/* Smooth noise 0..255 at pixel position (x, y) in 1/256 pixel, grains of `grain` 1/256 pixel. */
int sb_noise(int32_t x, int32_t y, int32_t grain, uint32_t seed);
/* Two layers of it, the second one turned, so that the lattice does not show: fur, stone, leaves.
 */
int sb_fine_noise(int32_t x, int32_t y, int32_t grain, uint32_t seed);
/* Four octaves of it: clouds, hills, stains. */
int sb_noise_octaves(int32_t x, int32_t y, int32_t grain, uint32_t seed);

/* An opaque paint. */
struct sb_paint sb_paint(struct sb_rgb colour, int shade, int grain);
/* amount / 256 of the way from a to b. */
struct sb_rgb sb_mix(struct sb_rgb a, struct sb_rgb b, int amount);
/* A colour with every channel moved by up to +-amount. */
struct sb_rgb sb_vary(struct sb_rgb colour, int amount, struct sb_rng *rng);
/* lo..hi, both included. */
int sb_pick(struct sb_rng *rng, int lo, int hi);
/* True in `percent` of 100 cases. */
bool sb_chance(struct sb_rng *rng, int percent);

#endif
