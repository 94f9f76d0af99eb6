/*
 * Anchor boxes of RetinaNet and of the RPN (tensorflow/tpu models/official/detection, anchor.py).
 * Rows: levels ascending, then y, x, then scales (outer) and aspect ratios (inner) of a cell. With
 * side = anchor_size * 2^level * 2^(scale / num_scales), w = side * sqrt(ratio) and h = side /
 * sqrt(ratio); centres lie at (i + 0.5) * 2^level. Anchors are not clipped to the image.
 */
#ifndef SB_DETECT_ANCHORS_H
#define SB_DETECT_ANCHORS_H

#include "base/error.h"
#include "detect/box.h"
#include "models/model.h"

#include <stddef.h>

struct sb_anchors {
    int min_level, max_level;
    int per_cell;             /* scales * ratios */
    int rows[SB_LEVEL_COUNT]; /* cells of each level, by level number */
    int columns[SB_LEVEL_COUNT];
    size_t start[SB_LEVEL_COUNT + 1]; /* first row of each level; start[max_level + 1] = count */
    size_t count;
    struct sb_box *boxes; /* count, owned */
};

/* Anchors of a network input of padded_h x padded_w. SB_EINVAL when levels are outside 1..7, a
 * ratio or size is not positive, or a side is no multiple of 2^max_level. */
int sb_anchors_init(struct sb_anchors *anchors, const struct sb_anchor_config *config, int padded_h,
                    int padded_w, struct sb_error *err);
void sb_anchors_release(struct sb_anchors *anchors);

/* Anchors one by one, without memory: SB_EINVAL as above for what does not depend on the input
 * size. */
int sb_anchor_config_check(const struct sb_anchor_config *config, struct sb_error *err);
/* The num_scales * num_ratios anchors of a cell relative to its centre, for a checked config. */
void sb_anchor_cell(const struct sb_anchor_config *config, int level, struct sb_box *cell);
/* The anchor `offset` (of sb_anchor_cell()) at row y and column x of a level. */
struct sb_box sb_anchor_at(struct sb_box offset, int level, int y, int x);

#endif
