/*
 * COCO evaluation: detections against ground truth, for every class, area range, limit of
 * detections and IoU threshold. Numbers equal those of the metric's tool (pycocotools 2.0.11 and
 * its relatives) bit for bit, whatever the number of threads.
 *
 *     struct sb_coco_eval eval;
 *     rc = sb_coco_evaluate(&eval, &gt, &dt, &params, SB_EVAL_STATS, pool, &err);
 *     ... sb_coco_summarize(&eval, &summary) ...
 *     sb_coco_eval_release(&eval);
 *
 * Results lie in planes, one per pair of area range a and limit m: plane a * M + m.
 */
#ifndef SB_EVAL_COCO_EVAL_H
#define SB_EVAL_COCO_EVAL_H

#include "base/pool.h"
#include "eval/coco_dt.h"
#include "eval/coco_gt.h"
#include "eval/metric.h"

enum sb_eval_detail {
    SB_EVAL_STATS, /* precision where the summary needs it */
    SB_EVAL_ARRAYS /* precision and scores of every plane */
};

struct sb_coco_eval {
    struct sb_coco_params params;
    size_t classes;       /* K; 1 without categories */
    double **precision;   /* per plane (K, T, R), -1 = class without objects; NULL = not computed */
    double **scores;      /* per plane (K, T, R); NULL unless SB_EVAL_ARRAYS */
    double **recall;      /* per plane (K, T) */
    int64_t *objects;     /* (A, K) objects that count (not ignored) */
    int64_t *detections;  /* (K) within the largest limit */
    uint8_t *class_group; /* (K) LVIS: index into sb_frequency_names; NULL without */
    double crowding_ap[SB_STAT_GROUPS]; /* CrowdPose: AP of easy, medium and hard images */
    struct sb_notes notes;              /* what matching and accumulation met */
};

/* Plane of area range a and limit m. */
static inline size_t sb_eval_plane(const struct sb_coco_params *params, size_t area, size_t limit)
{
    return area * params->max_det_count + limit;
}

int sb_coco_evaluate(struct sb_coco_eval *eval, const struct sb_coco_gt *gt,
                     const struct sb_coco_dt *dt, const struct sb_coco_params *params,
                     enum sb_eval_detail detail, struct sb_pool *pool, struct sb_error *err);
/* The same over ranks, gt and dt being those of this rank's images. Rank 0 gets what one process
 * would; on the others only params, classes and notes are filled. Collective; team NULL is one
 * process. */
int sb_coco_evaluate_ranks(struct sb_coco_eval *eval, const struct sb_coco_gt *gt,
                           const struct sb_coco_dt *dt, const struct sb_coco_params *params,
                           enum sb_eval_detail detail, struct sb_eval_ranks *team,
                           struct sb_pool *pool, struct sb_error *err);
void sb_coco_eval_release(struct sb_coco_eval *eval);

#endif
