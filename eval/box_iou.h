/* Intersection over union of boxes, the arithmetic of pycocotools' bbIou step by step. */
#ifndef SB_EVAL_BOX_IOU_H
#define SB_EVAL_BOX_IOU_H

#include <stdbool.h>

/* C's fmin and fmax without their calls: a NaN gives way to the other value. */
static inline double sb_fmin(double a, double b)
{
    return a < b || b != b ? a : b;
}

static inline double sb_fmax(double a, double b)
{
    return a > b || b != b ? a : b;
}

/* Boxes are x, y, width, height. For a crowd the union is the detection's own area. */
static inline double sb_box_iou(const double dt[4], const double gt[4], bool crowd)
{
    const double w = sb_fmin(dt[2] + dt[0], gt[2] + gt[0]) - sb_fmax(dt[0], gt[0]);
    if (w <= 0)
        return 0;
    const double h = sb_fmin(dt[3] + dt[1], gt[3] + gt[1]) - sb_fmax(dt[1], gt[1]);
    if (h <= 0)
        return 0;
    const double area = dt[2] * dt[3], both = w * h;
    return both / (crowd ? area : area + gt[2] * gt[3] - both);
}

#endif
