/*
 * Looks through a COCO annotation file (instances, keypoints, panoptic, LVIS, iNaturalist's JSON),
 * and the image files it names, for what would spoil an evaluation or a training, and counts what
 * is in it.
 *
 *     const struct sb_check_folders folders = {"val", NULL};
 *     int rc = sb_coco_check("gt.json", &folders, pool, on_finding, ctx, &stats, &err);
 *     ... stats.all.annotations, stats.findings[SB_FINDING_BOX_OUTSIDE] ...
 *     sb_coco_stats_release(&stats);
 */
#ifndef SB_DATASETS_COCO_CHECK_H
#define SB_DATASETS_COCO_CHECK_H

#include "base/pool.h"
#include "datasets/coco_images.h"

#include <stddef.h>
#include <stdint.h>

enum sb_finding {
    SB_FINDING_MISSING_FILE,       /* an image is not in the folder */
    SB_FINDING_BROKEN_FILE,        /* it cannot be decoded */
    SB_FINDING_WRONG_SIZE,         /* its size is not what the annotation file says */
    SB_FINDING_DUPLICATE_IMAGE,    /* two images with one id or one file name */
    SB_FINDING_DUPLICATE_CATEGORY, /* two categories with one id */
    SB_FINDING_DUPLICATE_ID,       /* two annotations with one id; two segments of one image */
    SB_FINDING_UNKNOWN_IMAGE,      /* an annotation of an image that is not listed */
    SB_FINDING_UNKNOWN_CATEGORY,   /* or of such a category */
    SB_FINDING_EMPTY_BOX,          /* width or height not above 0 */
    SB_FINDING_BOX_OUTSIDE,        /* reaches more than half a pixel out of its image */
    SB_FINDING_DEGENERATE_POLYGON, /* odd or fewer than 6 numbers, or no extent in x or y */
    SB_FINDING_BROKEN_MASK,        /* runs that are none, or do not fill the image */
    SB_FINDING_WRONG_KEYPOINTS,    /* not x, y, v each; v not 0, 1, 2; outside; a wrong
                                      num_keypoints */
    SB_FINDING_WRONG_SEGMENTS,     /* panoptic segments and the pixels of the PNG differ */
    SB_FINDING_NO_LABEL,           /* an image of a list (list_check.h) has no label */
    SB_FINDING_UNUSED_CATEGORY,    /* no annotation has it, but others do */
    SB_FINDINGS
};
/* "missing image file", ... */
const char *sb_finding_name(enum sb_finding kind);

/* Annotations, or segments, of all categories or of one. Sizes are by area, without crowds: below
 * 32^2, to 96^2, above; what has neither box nor area has no size. */
struct sb_coco_counts {
    size_t annotations, crowds, small, medium, large;
};

/* How many there are of several things: the least, the middle one (the upper of two), the most. */
struct sb_spread {
    size_t fewest, median, most;
};
/* Of sizes[count], which are sorted; all 0 for none. */
void sb_spread_of(size_t *sizes, size_t count, struct sb_spread *out);

/* Images by annotations: the most that fall into each bin. */
#define SB_CROWDING_BINS 7
extern const size_t sb_crowding_limits[SB_CROWDING_BINS];

struct sb_coco_stats {
    struct sb_coco_images set;           /* images and categories, owned */
    size_t findings[SB_FINDINGS];        /* how many of each */
    struct sb_coco_counts all;           /* over all categories */
    struct sb_coco_counts *per_category; /* by the index of set.categories; owned */
    struct sb_spread category_sizes;     /* annotations per category */
    size_t crowding[SB_CROWDING_BINS];   /* images; the first bin is those without annotations */
    size_t most_per_image;               /* annotations of the fullest image */
    double shortest_side, longest_side;  /* of boxes that are not empty, pixels */
};

/* Where files are looked for; NULL leaves them out. */
struct sb_check_folders {
    const char *images;
    const char *segments; /* PNGs of a panoptic file */
};

/* Receives every finding in words ("annotation 7: box ..."). */
typedef void (*sb_finding_fn)(void *ctx, enum sb_finding kind, const char *text);

/* folders may be NULL, and so may pool. Findings are no error: SB_EFORMAT is for a file that cannot
 * be read as annotations at all, or lists no image. */
int sb_coco_check(const char *path, const struct sb_check_folders *folders, struct sb_pool *pool,
                  sb_finding_fn found, void *ctx, struct sb_coco_stats *out, struct sb_error *err);
void sb_coco_stats_release(struct sb_coco_stats *stats);

#endif
