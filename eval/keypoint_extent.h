/* The box around the keypoints of a detection, as pycocotools' loadRes() takes it. */
#ifndef SB_EVAL_KEYPOINT_EXTENT_H
#define SB_EVAL_KEYPOINT_EXTENT_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

struct sb_extent {
    double x0, y0, x1, y1;
};

/* Of x, y, v, x, y, v, ...: only keypoints with v > 0, or all. numpy's min and max: NaN wins. */
static inline struct sb_extent sb_extent_of(const double *xyv, size_t numbers, bool labelled)
{
    struct sb_extent e = {INFINITY, INFINITY, -INFINITY, -INFINITY};
    bool x_nan = false, y_nan = false;
    for (size_t i = 0; i < numbers; i += 3) {
        if (labelled && !(i + 2 < numbers && xyv[i + 2] > 0))
            continue;
        const double x = xyv[i], y = i + 1 < numbers ? xyv[i + 1] : xyv[1];
        x_nan = x_nan || isnan(x);
        y_nan = y_nan || isnan(y);
        e.x0 = x < e.x0 ? x : e.x0;
        e.x1 = x > e.x1 ? x : e.x1;
        e.y0 = y < e.y0 ? y : e.y0;
        e.y1 = y > e.y1 ? y : e.y1;
    }
    if (x_nan)
        e.x0 = e.x1 = NAN;
    if (y_nan)
        e.y0 = e.y1 = NAN;
    return e;
}

/* Some keypoint of x, y, v, x, y, v, ... has v > 0. */
static inline bool sb_any_labelled(const double *xyv, size_t numbers)
{
    for (size_t i = 2; i < numbers; i += 3) {
        if (xyv[i] > 0)
            return true;
    }
    return false;
}

static inline bool sb_extent_is(const struct sb_extent *a, const struct sb_extent *b)
{
    return a->x0 == b->x0 && a->y0 == b->y0 && a->x1 == b->x1 && a->y1 == b->y1;
}

#endif
