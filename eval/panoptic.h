/*
 * Panoptic quality (Kirillov and others 2019, "Panoptic Segmentation") of a prediction, with
 * panopticapi's numbers to the last bit: PQ = SQ * RQ over matched segments, per category and as
 * means over all categories, things and stuff.
 *
 *     struct sb_panoptic pq;
 *     rc = sb_panoptic_evaluate(&pq, &truth, &predicted, &options, pool, &err);
 *     ... pq.means[SB_PANOPTIC_ALL].pq, pq.categories[k].tp ...
 *     sb_panoptic_release(&pq);
 */
#ifndef SB_EVAL_PANOPTIC_H
#define SB_EVAL_PANOPTIC_H

#include "base/json.h"
#include "eval/panoptic_set.h"

struct sb_panoptic_options {
    const char *truth_dir, *predicted_dir; /* of the PNGs */
    size_t parts; /* sums of IoU are made per so many equal parts of the images and then added, as
                     panopticapi does with its processes: 1 or more */
};

enum sb_panoptic_group {
    SB_PANOPTIC_ALL,
    SB_PANOPTIC_THINGS,
    SB_PANOPTIC_STUFF,
    SB_PANOPTIC_GROUPS
};
/* "All", "Things", "Stuff" */
const char *sb_panoptic_group_name(enum sb_panoptic_group group);

/* Means over the categories of a group that occur; NaN when none does. */
struct sb_panoptic_mean {
    double pq, sq, rq; /* 0 to 1 */
    size_t n;          /* categories */
};

struct sb_panoptic_quality {
    double pq, sq, rq; /* 0 to 1; 0 where the category does not occur */
    double iou;        /* sum over matches */
    int64_t tp, fp, fn;
};

struct sb_panoptic {
    const struct sb_panoptic_set *truth; /* borrowed */
    size_t category_count;
    struct sb_panoptic_quality *categories; /* as truth->categories */
    struct sb_panoptic_mean means[SB_PANOPTIC_GROUPS];
    size_t images;
    size_t extra_images; /* predictions of images that the ground truth does not have */
};

/* Every image of the ground truth must have a prediction. Errors name the file, the image, ids. */
int sb_panoptic_evaluate(struct sb_panoptic *pq, const struct sb_panoptic_set *truth,
                         const struct sb_panoptic_set *predicted,
                         const struct sb_panoptic_options *options, struct sb_pool *pool,
                         struct sb_error *err);
void sb_panoptic_release(struct sb_panoptic *pq);

static inline bool sb_panoptic_occurs(const struct sb_panoptic_quality *q)
{
    return q->tp + q->fp + q->fn > 0;
}

/* Appends the table that panopticapi prints; "-" for the means of a group that is empty. */
void sb_panoptic_text(const struct sb_panoptic *pq, struct sb_str *out);
/* Writes {"all": {"pq", "sq", "rq", "n"}, "things": ..., "stuff": ..., "per_category": [...]}. */
void sb_panoptic_json(const struct sb_panoptic *pq, struct sb_jw *w, const char *key);

#endif
