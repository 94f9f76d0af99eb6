/* The box around all keypoints of a detection, labelled or not, as pycocotools' loadRes() takes it.
 */
#ifndef SB_EVAL_KEYPOINT_EXTENT_H
#define SB_EVAL_KEYPOINT_EXTENT_H

#include <math.h>

struct sb_extent {
    double lo[2], hi[2]; /* x, y */
};

static inline void sb_extent_init(struct sb_extent *e)
{
    *e = (struct sb_extent){{INFINITY, INFINITY}, {-INFINITY, -INFINITY}};
}

/* axis 0 = x, 1 = y. min and max are numpy's: NaN wins. */
static inline void sb_extent_add(struct sb_extent *e, int axis, double v)
{
    if (v < e->lo[axis] || isnan(v))
        e->lo[axis] = v;
    if (v > e->hi[axis] || isnan(v))
        e->hi[axis] = v;
}

/* x, y, width, height */
static inline void sb_extent_box(const struct sb_extent *e, double box[4])
{
    for (int axis = 0; axis < 2; axis++) {
        box[axis] = e->lo[axis];
        box[axis + 2] = e->hi[axis] - e->lo[axis];
    }
}

#endif
