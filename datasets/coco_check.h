/*
 * Looks through a COCO annotation file, and the image files it names, for what would spoil an
 * evaluation or a training, and counts what is in it.
 *
 *     int rc = sb_coco_check("gt.json", "val", pool, on_finding, ctx, &stats, &err);
 *     ... stats.annotations, stats.per_category[i], stats.findings[SB_FINDING_BOX_OUTSIDE] ...
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
    SB_FINDING_DUPLICATE_ID,       /* two annotations with one id */
    SB_FINDING_UNKNOWN_IMAGE,      /* an annotation of an image that is not listed */
    SB_FINDING_UNKNOWN_CATEGORY,   /* or of such a category */
    SB_FINDING_EMPTY_BOX,          /* width or height not above 0 */
    SB_FINDING_BOX_OUTSIDE,        /* reaches more than half a pixel out of its image */
    SB_FINDING_DEGENERATE_POLYGON, /* odd or fewer than 6 numbers, or no extent in x or y */
    SB_FINDING_UNUSED_CATEGORY,    /* no annotation has it */
    SB_FINDINGS
};
/* "missing image file", ... */
const char *sb_finding_name(enum sb_finding kind);

struct sb_coco_stats {
    struct sb_coco_images set;    /* images and categories, owned */
    size_t findings[SB_FINDINGS]; /* how many of each */
    size_t annotations, crowds;
    size_t small, medium, large; /* not crowds, by area: < 32^2, to 96^2, above */
    size_t *per_category;        /* annotations, crowds included, per set.categories; owned */
    size_t empty_images;         /* images without annotations */
    size_t most_per_image;       /* annotations of the fullest image */
    double shortest_side, longest_side; /* of boxes that are not empty, pixels */
};

/* Receives every finding in words ("annotation 7: box ..."). */
typedef void (*sb_finding_fn)(void *ctx, enum sb_finding kind, const char *text);

/* images_dir NULL leaves the files out. pool may be NULL. Findings are no error: SB_EFORMAT is for
 * a file that cannot be read as annotations at all. */
int sb_coco_check(const char *path, const char *images_dir, struct sb_pool *pool,
                  sb_finding_fn found, void *ctx, struct sb_coco_stats *out, struct sb_error *err);
void sb_coco_stats_release(struct sb_coco_stats *stats);

#endif
