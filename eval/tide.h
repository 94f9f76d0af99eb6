/*
 * What kind of error each detection is, and how much AP each kind costs: TIDE (Bolya, Foley, Hays,
 * Hoffman, "TIDE: A General Toolbox for Identifying Object Detection Errors", ECCV 2020), with the
 * decisions of its reference implementation tidecv 1.0.1:
 *
 *   - an image's 100 best detections, best first; each takes the most similar free object of its
 *     class when the similarity is at least SB_TIDE_HIT, of equal ones the first;
 *   - a detection without an object that lies on an ignored region of its class (more than
 *     SB_TIDE_HIT of its own area) does not count, but still belongs to a kind of error;
 *   - kinds are asked in the order Loc, Cls, Dupe, Bkg, Both;
 *   - AP is at SB_TIDE_HIT, with recall points i / 100, over the classes that have an object or a
 *     detection; a class with detections and no object has AP 0.
 *
 * Images are walked in order of id; equal scores of different images rank in that order.
 */
#ifndef SB_EVAL_TIDE_H
#define SB_EVAL_TIDE_H

#include "eval/bootstrap.h"
#include "eval/image_pass.h"

#define SB_TIDE_HIT        0.5
#define SB_TIDE_BACKGROUND 0.1

enum sb_tide_kind {
    SB_TIDE_CLS,   /* on an object of another class */
    SB_TIDE_LOC,   /* on an object of its class, but not well enough */
    SB_TIDE_BOTH,  /* neither class nor place are right */
    SB_TIDE_DUPE,  /* on an object of its class that a better detection has */
    SB_TIDE_BKG,   /* on nothing */
    SB_TIDE_MISS,  /* an object that no detection finds and no Cls or Loc error lies on */
    SB_TIDE_KINDS, /* number of kinds of errors */
    SB_TIDE_RIGHT = SB_TIDE_KINDS,
    SB_TIDE_SKIPPED /* not among the image's best, or without a known class */
};

#define SB_NO_ROW UINT32_MAX

/* Gains that are resampled: of the kinds, then all wrong detections, all objects that are missed.
 */
enum { SB_TIDE_GAIN_WRONG = SB_TIDE_KINDS, SB_TIDE_GAIN_MISSED, SB_TIDE_GAINS };

/* Pairs of detections and objects. Arrays are by row of the detections or of the ground truth. */
struct sb_tide_pairs {
    uint8_t *kind;   /* enum sb_tide_kind of each detection */
    uint8_t *spared; /* 1: lies on an ignored region, counts neither way */
    uint32_t *on;    /* object of a right detection or a Cls or Loc error; else SB_NO_ROW */
    uint32_t *by;    /* detection that has the object; or SB_NO_ROW */
    uint32_t
        *fixed_by; /* of an object without one: the best Cls or Loc error on it; or SB_NO_ROW */
};

struct sb_tide {
    struct sb_tide_pairs pairs;
    size_t classes;                 /* 1 without categories */
    double ap;                      /* 0..1; NaN without objects and detections */
    double delta_ap[SB_TIDE_KINDS]; /* gained when all errors of a kind are fixed, >= 0 */
    double delta_false_positive;    /* ... when every wrong detection ranks last */
    double delta_false_negative;    /* ... when objects without a detection are gone */
    int64_t counts[SB_TIDE_KINDS];
    int64_t (*class_counts)[SB_TIDE_KINDS + 1]; /* (classes) kinds, then right ones */
    double (*class_delta_ap)[SB_TIDE_KINDS];    /* (classes) AP that the class gains when all errors
                                                   of a kind are fixed, of whatever class; NaN
                                                   without objects; a loss is kept */
    /* The same gains in resamples of the images (bootstrap.h), where gains of kinds are >= 0, too:
     * (SB_TIDE_GAINS, resamples), NaN without objects and detections. */
    size_t resamples;
    double *samples;
    /* Of errors on objects of area range 1, 2, ... of the evaluation; of those that lie on none
     * (Both, Dupe, Bkg), on detections of that area. */
    double size_delta_ap[SB_EVAL_MAX_AREAS][SB_TIDE_KINDS];
    int64_t size_counts[SB_EVAL_MAX_AREAS][SB_TIDE_KINDS];
};

/* "Cls", "Loc", "Both", "Dupe", "Bkg", "Miss" */
const char *sb_tide_name(enum sb_tide_kind kind);

/* With resamples of the images that sb_bootstrap_draw() draws with this seed. */
int sb_tide_evaluate(struct sb_tide *tide, const struct sb_image_index *index,
                     const struct sb_coco_gt *gt, const struct sb_coco_dt *dt,
                     const struct sb_coco_params *params, size_t resamples, uint64_t seed,
                     struct sb_pool *pool, struct sb_error *err);
/* A gain with its 95 % interval over the resamples. */
int sb_tide_interval(const struct sb_tide *tide, size_t gain, struct sb_estimate *out,
                     struct sb_error *err);
void sb_tide_release(struct sb_tide *tide);

#endif
