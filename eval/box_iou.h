/* Intersection over union of boxes, the arithmetic of pycocotools' bbIou step by step. */
#ifndef SB_EVAL_BOX_IOU_H
#define SB_EVAL_BOX_IOU_H

#include <stdbool.h>

/* A box as comparisons need it. */
struct sb_corners {
    double x0, y0, x1, y1, area;
    bool has_nan; /* some corner is NaN */
};

/* From x, y, width, height. */
static inline struct sb_corners sb_corners(const double box[4])
{
    struct sb_corners c = {box[0],          box[1],          box[2] + box[0],
                           box[3] + box[1], box[2] * box[3], false};
    const double all = c.x0 + c.x1 + c.y0 + c.y1; /* infinities of both signs give NaN, too: fine */
    c.has_nan = all != all;
    return c;
}

/* C's fmin and fmax: a NaN gives way to the other value. */
static inline double sb_fmin(double a, double b)
{
    return a < b || b != b ? a : b;
}

static inline double sb_fmax(double a, double b)
{
    return a > b || b != b ? a : b;
}

/* Width and height of the common part; not positive where there is none. */
static inline void sb_overlap(const struct sb_corners *a, const struct sb_corners *b, double *w,
                              double *h)
{
    if (a->has_nan || b->has_nan) {
        *w = sb_fmin(a->x1, b->x1) - sb_fmax(a->x0, b->x0);
        *h = sb_fmin(a->y1, b->y1) - sb_fmax(a->y0, b->y0);
    } else { /* the same in single instructions */
        *w = (a->x1 < b->x1 ? a->x1 : b->x1) - (a->x0 > b->x0 ? a->x0 : b->x0);
        *h = (a->y1 < b->y1 ? a->y1 : b->y1) - (a->y0 > b->y0 ? a->y0 : b->y0);
    }
}

/* For a crowd the union is the detection's own area. Values that are surely below `bar` may be
 * given as 0, without the division. */
static inline double sb_corner_iou(const struct sb_corners *dt, const struct sb_corners *gt,
                                   bool crowd, double bar)
{
    double w, h;
    sb_overlap(dt, gt, &w, &h);
    if (w <= 0 || h <= 0)
        return 0;
    const double both = w * h;
    const double either = crowd ? dt->area : dt->area + gt->area - both;
    if (both < bar * (1 - 1e-9) * either && either > 0)
        return 0;
    return both / either;
}

#endif
