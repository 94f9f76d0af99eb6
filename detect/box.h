/*
 * Boxes as the models have them: ymin, xmin, ymax, xmax in pixels of the network input. An array of
 * them is a (N, 4) tensor. Sizes are plain differences unless a function says otherwise; boxes of
 * zero or negative size exist (small decoded ones do) and are handled as their function says.
 */
#ifndef SB_DETECT_BOX_H
#define SB_DETECT_BOX_H

struct sb_box {
    float ymin, xmin, ymax, xmax;
};

/* A final detection. */
struct sb_scored_box {
    struct sb_box box;
    float score;  /* -1 in rows past the valid count */
    int class_id; /* 1 .. num_classes - 1 */
};

#endif
