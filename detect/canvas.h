/* Drawing primitives on 8-bit RGB images. Everything is clipped to the image. */
#ifndef SB_DETECT_CANVAS_H
#define SB_DETECT_CANVAS_H

#include "datasets/image.h"

#include <stdint.h>

/* Pixels x0 <= x < x1, y0 <= y < y1; empty when not. */
struct sb_rect {
    int x0, y0, x1, y1;
};

/* Mixes colour into a pixel or rectangle: opacity 0 nothing, 255 the colour alone. */
void sb_blend_pixel(struct sb_image *image, int x, int y, const uint8_t rgb[3], int opacity);
void sb_fill_rect(struct sb_image *image, struct sb_rect rect, const uint8_t rgb[3], int opacity);
/* The frame of `thickness` pixels inside rect. */
void sb_draw_frame(struct sb_image *image, struct sb_rect rect, int thickness, const uint8_t rgb[3],
                   int opacity);
/* The same in dashes: `on` pixels drawn, `off` left out, along each side. */
void sb_draw_dashes(struct sb_image *image, struct sb_rect rect, int thickness, int on, int off,
                    const uint8_t rgb[3]);
/* A line from one pixel to another, thickness x thickness pixels at each step; one far longer than
 * the image is left out. */
void sb_draw_line(struct sb_image *image, int x0, int y0, int x1, int y1, int thickness,
                  const uint8_t rgb[3]);
/* Text whose glyphs start at (x, y), top left; each font pixel is scale x scale. */
void sb_draw_text(struct sb_image *image, int x, int y, int scale, const char *text,
                  const uint8_t rgb[3]);

#endif
