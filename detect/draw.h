/*
 * Drawing detections onto an image: masks and boxes in a colour per class, labels with name and
 * score that avoid each other. Line and text sizes follow the image size.
 *
 *     const struct sb_drawing drawing = {.box = {x, y, w, h}, .score = 0.87, .name = "dog"};
 *     sb_draw_detections(&image, &drawing, 1);
 *     sb_image_save_png(&image, "out.png", &err);
 */
#ifndef SB_DETECT_DRAW_H
#define SB_DETECT_DRAW_H

#include "datasets/image.h"
#include "datasets/rle.h"

#include <stddef.h>
#include <stdint.h>

/* What a drawing stands for. All but the first have one colour each, which colour-blind readers
 * tell apart, and lines of their own: solid, dashed, dotted. */
enum sb_drawing_style {
    SB_DRAW_CLASS,  /* a colour per class */
    SB_DRAW_RIGHT,  /* a detection that is right, an object that was found */
    SB_DRAW_FALSE,  /* a detection that is wrong */
    SB_DRAW_MISSED, /* an object that was not found */
    SB_DRAW_IGNORED /* neither counts */
};

struct sb_drawing {
    double box[4];             /* x, y, w, h in pixels of the image */
    double score;              /* shown in per cent; NaN: an object, without score */
    int64_t category_id;       /* gives the colour */
    const char *name;          /* shown before the score; NULL shows the category id */
    const struct sb_rle *mask; /* of the image's size, or NULL */
    enum sb_drawing_style style;
    const double (*keypoints)[2]; /* x, y in pixels, NaN for those that are not there; or NULL */
    size_t keypoint_count;        /* 17: joined as COCO's persons are */
};

/* Draws all; the first is drawn last, so that it lies on top, and places its label first: pass them
 * best first. At most 1000 are drawn. */
void sb_draw_detections(struct sb_image *image, const struct sb_drawing *drawings, size_t count);

/* Only the masks; where several lie on each other, a pixel has the colour of the first. To draw
 * them before an image is made smaller, boxes and labels after it. */
void sb_draw_masks(struct sb_image *image, const struct sb_drawing *drawings, size_t count);
/* What sb_draw_masks() leaves: boxes, keypoints, labels. */
void sb_draw_outlines(struct sb_image *image, const struct sb_drawing *drawings, size_t count);

/* The colour of a drawing. */
void sb_drawing_color(const struct sb_drawing *drawing, uint8_t rgb[3]);
/* The colour of a category: the same for every image, neighbouring ids far apart. */
void sb_category_color(int64_t category_id, uint8_t rgb[3]);

#endif
