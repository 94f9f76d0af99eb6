/*
 * Evaluation of one class: groups its objects and detections by image, ranks, matches, accumulates.
 * Memory belongs to a worker and is kept from class to class.
 */
#ifndef SB_EVAL_CLASS_EVAL_H
#define SB_EVAL_CLASS_EVAL_H

#include "base/bump_arena.h"
#include "eval/coco_eval.h"
#include "eval/match.h"
#include "eval/pair_sort.h"
#include "eval/similarity.h"

#include <stddef.h>
#include <stdint.h>

/* The detections or objects of one image: [first, first + count) of the class's order. */
struct sb_image_run {
    int32_t image;
    uint32_t first, count;
};

/* A slot on the walk down the scores. */
struct sb_ranked {
    uint32_t slot;
    uint32_t rank; /* among the detections of its image (and class), 0 = best */
    uint32_t info; /* copy of the slot's, made once it is matched */
};

/* One area range on the walk down the scores. At the n-th hit of threshold t, misses[t * stride +
 * n] counts the misses before it. */
struct sb_curve {
    size_t area;
    size_t stride;    /* room per threshold */
    uint32_t *misses; /* (T, stride) */
    double *score;    /* (T, stride) of the hits; NULL unless asked for */
    uint32_t inside;  /* detections of matching size so far */
    uint32_t hits[SB_EVAL_MAX_IOUS];
    uint32_t
        outside[SB_EVAL_MAX_IOUS]; /* hits of another size minus ignored ones of this, mod 2^32 */
};

/*
 * One class being evaluated. "Slots" are its detections within the limit, image by image, best
 * first. All arrays lie in the arenas.
 */
struct sb_class_work {
    struct sb_arena arena;
    struct sb_arena step_arena; /* what sorting needs, then records and boxes */
    /* objects, by image, file order inside */
    size_t gt_count;
    uint32_t *gt_rows;             /* rows of the ground truth */
    uint8_t *gt_flags;             /* SB_ANN_... */
    uint32_t *gt_ignored;          /* bit per area range */
    struct sb_corners *gt_corners; /* only to compare boxes */
    size_t gt_run_count;
    struct sb_image_run *gt_runs;
    int64_t counted[SB_EVAL_MAX_AREAS]; /* objects not ignored, per area range */
    /* detections */
    size_t slot_count;
    uint32_t *slot_rows; /* rows of the detections */
    double *slot_scores;
    uint32_t *slot_info;     /* area bits and SB_MATCH_RECORD */
    uint32_t *slot_ranks;    /* among the image's detections, where limits are per image; or NULL */
    double (*slot_boxes)[4]; /* only to compare boxes */
    uint32_t *records;       /* (slots, sb_match_record_words()) */
    size_t dt_run_count;
    struct sb_image_run *dt_runs; /* slots of each image */
    struct sb_ranked *by_score;   /* best score first; ties by image, then rank */
    /* accumulation */
    struct sb_arena curve_arena;
    uint32_t *event_misses; /* (T, objects) at each hit */
    double *event_scores, *envelope;
    uint32_t *tallies;   /* (A, M, tally_size()) hits by the first limit that lets them in */
    uint32_t *first_hit; /* (R) hits needed to reach a recall point */
    size_t curve_count;
    struct sb_curve *curves; /* (A) */
    /* of the thread that matches a span of images */
    struct sb_sim_scratch similarity;
    struct sb_match_scratch match;
    uint32_t *stand_ins; /* rows of detections compared in place of an image's */
    size_t stand_in_capacity;
    struct sb_notes notes;
};

void sb_class_work_release(struct sb_class_work *work);

/* Sorts the class's rows (of gt and dt) into runs and slots. */
int sb_class_prepare(struct sb_class_work *work, const struct sb_similarity *sim,
                     const uint32_t *gt_rows, size_t gt_count, const uint32_t *dt_rows,
                     size_t dt_count, struct sb_error *err);
/* Matches the slots of runs [from, to) of work->dt_runs; similarity and match scratch are those of
 * `own`, which may be work itself. Spans may run at once. */
int sb_class_match(struct sb_class_work *work, struct sb_class_work *own,
                   const struct sb_similarity *sim, size_t from, size_t to, struct sb_error *err);
/* Writes class k of every plane of eval. */
int sb_class_accumulate(struct sb_class_work *work, size_t k, struct sb_coco_eval *eval,
                        struct sb_error *err);
/* Hits needed until recall reaches each recall point, as numpy.searchsorted(rc, points) finds them;
 * 0 stands for the very first detection. */
void sb_first_hits(const struct sb_coco_params *params, int64_t objects, uint32_t *first_hit);

#endif
