/*
 * Drawing detections onto an image: masks and boxes in a colour per class, labels with name and
 * score that avoid each other. Line and text sizes follow the image size.
 *
 *     const struct sb_drawing drawing = {{x, y, w, h}, 0.87, 18, "dog", NULL};
 *     sb_draw_detections(&image, &drawing, 1);
 *     sb_image_save_png(&image, "out.png", &err);
 */
#ifndef SB_DETECT_DRAW_H
#define SB_DETECT_DRAW_H

#include "datasets/image.h"
#include "datasets/rle.h"

#include <stddef.h>
#include <stdint.h>

struct sb_drawing {
    double box[4];             /* x, y, w, h in pixels of the image */
    double score;              /* shown in per cent */
    int64_t category_id;       /* gives the colour */
    const char *name;          /* shown before the score; NULL shows the category id */
    const struct sb_rle *mask; /* of the image's size, or NULL */
};

/* Draws all; the first is drawn last, so that it lies on top, and places its label first: pass them
 * best first. At most 1000 are drawn. */
void sb_draw_detections(struct sb_image *image, const struct sb_drawing *drawings, size_t count);

/* The colour of a category: the same for every image, neighbouring ids far apart. */
void sb_category_color(int64_t category_id, uint8_t rgb[3]);

#endif
