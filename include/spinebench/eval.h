/*
 * The evaluator of spinebench as a library: COCO average precision and recall of boxes, masks,
 * their boundaries and keypoints. Arrays in, statistics out; files are possible, never needed. The
 * numbers are those of pycocotools 2.0.11, bit for bit, whatever the number of threads.
 *
 *     struct spinebench_options options;
 *     spinebench_options_defaults(&options, sizeof(options), SPINEBENCH_BBOX);
 *     struct spinebench_objects objects = {.size = sizeof(objects)};
 *     ... objects.image_ids = ..., objects.bbox = ...
 *     if (spinebench_truth_new(&truth, &objects, &options, &error)) puts(error.message);
 *     struct spinebench_detections detections = {.size = sizeof(detections)};
 *     ...
 *     if (spinebench_evaluate(&result, truth, &detections, &error)) ...
 *     puts(spinebench_result_text(result));
 *     spinebench_result_free(&result);
 *     spinebench_truth_free(&truth);
 *
 * Compile and link with what `pkg-config --cflags --libs spinebench` prints. examples/ap.c in the
 * source is a whole program.
 *
 * Conventions. Functions that can fail return 0 or a negative enum spinebench_status and fill
 * *error, which may be NULL; nothing is printed and the process never ends here. Arrays are read
 * during the call and stay the caller's. Every struct starts with its size, which the caller sets:
 * later versions append members, and a program built against this header keeps working with them.
 * Members that are zero mean the default. Functions on different handles may run at the same time,
 * and so may several evaluations against one ground truth.
 */
#ifndef SB_INCLUDE_SPINEBENCH_EVAL_H
#define SB_INCLUDE_SPINEBENCH_EVAL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum spinebench_status {
    SPINEBENCH_OK = 0,
    SPINEBENCH_EINVAL = -1,       /* an argument or option */
    SPINEBENCH_EFORMAT = -2,      /* the content of an array or file is not what it should be */
    SPINEBENCH_EIO = -3,          /* open or read of a file */
    SPINEBENCH_ENOMEM = -4,       /* an allocation failed or a size would overflow */
    SPINEBENCH_EUNSUPPORTED = -6, /* well-formed, but nothing here handles it */
    SPINEBENCH_EINTERNAL = -7     /* a bug in the library */
};

struct spinebench_error {
    int32_t status;     /* enum spinebench_status */
    char message[2044]; /* what is wrong and where, what was expected; no line feed at the end */
};

enum spinebench_similarity {
    SPINEBENCH_BBOX = 0,      /* IoU of boxes */
    SPINEBENCH_SEGM = 1,      /* IoU of masks */
    SPINEBENCH_KEYPOINTS = 2, /* object keypoint similarity */
    SPINEBENCH_BOUNDARY = 3   /* the smaller one of the IoU of masks and of their boundaries */
};

/* Whose evaluation. */
enum spinebench_protocol {
    SPINEBENCH_COCO = 0,
    SPINEBENCH_LVIS = 1,     /* lvis-api: boxes and masks; boundary-iou-api: boundaries */
    SPINEBENCH_CROWDPOSE = 2 /* xtcocotools: keypoints */
};

/* A range of object areas in square pixels, both bounds inclusive. */
struct spinebench_area {
    double lo, hi;
    const char *name; /* "small"; at most 23 bytes */
};

/* Lists that are NULL have their default and a count of 0. */
struct spinebench_options {
    size_t size;
    int32_t similarity;     /* enum spinebench_similarity */
    int32_t threads;        /* 0 = one per CPU */
    int32_t class_agnostic; /* 1 = all categories as one */
    int32_t arrays;         /* 1 = keep precision, recall and scores: spinebench_result_array() */
    int32_t numpy_mean;     /* order of summation: 0 or 2 = numpy 2.3 and later, 1 = before */
    int32_t protocol;       /* enum spinebench_protocol */
    size_t iou_threshold_count; /* T, at most 128; default 0.5, 0.55, ..., 0.95 */
    const double *iou_thresholds;
    size_t recall_point_count; /* R, at most 1024, ascending; default 0, 0.01, ..., 1 */
    const double *recall_points;
    size_t area_count; /* A, at most 31; default all, small, medium, large (keypoints: no small) */
    const struct spinebench_area *areas;
    size_t max_det_count; /* M, at most 16, ascending; default 1, 10, 100 (keypoints: 20) */
    const int32_t *max_dets;
    size_t keypoint_count; /* of an object, at most 256; default 17 */
    const double *sigmas;  /* per keypoint; default COCO's */
    double dilation_ratio; /* width of boundaries in image diagonals; 0 = 0.02 */
    size_t rule_count;
    const char *const *rules; /* "id-zero=match", ...: options of `spinebench eval coco` about data
                                 where tools differ */
};

/* Fills *options; size is sizeof(struct spinebench_options) as the caller knows it. */
void spinebench_options_defaults(struct spinebench_options *options, size_t size,
                                 int32_t similarity);

/*
 * Ground truth: images, categories, and objects in the order of the annotation file, which decides
 * ties. Ids are any numbers; an object of an image or category that is not listed does not count,
 * unless the rule unknown-objects says otherwise. What no rule and no similarity of the options
 * asks for may be NULL, and is not looked at.
 */
struct spinebench_objects {
    size_t size;
    size_t image_count;
    const int64_t *image_ids;
    const int32_t *image_heights, *image_widths; /* pixels; for masks and gt-area=mask */
    size_t category_count;
    const int64_t *category_ids;
    const char *const *category_names; /* UTF-8; may be NULL */
    size_t count;                      /* of objects; the arrays below have so many entries */
    const int64_t *ids;                /* NULL = 1, 2, 3, ... */
    const int64_t *image_id, *category_id;
    const double *bbox;     /* (count, 4) x, y, width, height; for boxes, keypoints, gt-area=box */
    const double *area;     /* square pixels; NULL = of the mask, or of the box */
    const uint8_t *iscrowd; /* not 0 = a crowd region; NULL = none is */
    const char *const *masks;     /* COCO's compressed run-length text, of the image's size */
    const double *keypoints;      /* (count, keypoint_count, 3) x, y, visibility */
    const int32_t *num_keypoints; /* 0 = the object is ignored; NULL = counts visibility > 0 */
    const uint8_t *ignore; /* not 0 = ignored where the rule ignore-flag is "either", as for LVIS
                              and boundaries; NULL = none is */
    /* CrowdPose, per image: crowdIndex of the file, 0 to 1 */
    const double *crowd_indices;
    /* LVIS, per category: 'r', 'c' or 'f' (rare, common, frequent) */
    const char *category_frequencies;
    /* LVIS, per image: how many categories it does not have for sure (neg_category_ids of the
       file), and their ids, one image after the other. NULL = none */
    const size_t *negative_counts;
    const int64_t *negative_ids;
    /* The same for categories that were not annotated to the end (not_exhaustive_category_ids) */
    const size_t *not_exhaustive_counts;
    const int64_t *not_exhaustive_ids;
};

/*
 * What was found. Detections carry what is compared and nothing else, as results files that hold
 * only masks or keypoints: their area is that of what is compared. So the rules about files that
 * carry more or lack something (det-area, empty-results, missing-fields, result-masks,
 * short-polygons) change nothing here: no detections are no error.
 */
struct spinebench_detections {
    size_t size;
    size_t count; /* in the order of the results file, which decides ties between equal scores */
    const int64_t *image_id, *category_id;
    const double *score;
    const double *bbox;       /* (count, 4) x, y, width, height; only boxes need it */
    const char *const *masks; /* compressed run-length text, of the image's size */
    const double *keypoints;  /* (count, keypoint_count, 3); the third number, above 0 = visible, is
                                 for CrowdPose and the rules unlabelled and keypoint-area */
};

/* Ground truth, ready for any number of evaluations. */
struct spinebench_truth;

int spinebench_truth_new(struct spinebench_truth **truth, const struct spinebench_objects *objects,
                         const struct spinebench_options *options, struct spinebench_error *error);
/* From a COCO annotation file. */
int spinebench_truth_load(struct spinebench_truth **truth, const char *path,
                          const struct spinebench_options *options, struct spinebench_error *error);
/* Frees and sets *truth to NULL. */
void spinebench_truth_free(struct spinebench_truth **truth);

/* What came out. The ground truth must outlive it. */
struct spinebench_result;

/* With the options of the ground truth. A detection of an unknown image is an error, unless the
 * rule unknown-images says otherwise. */
int spinebench_evaluate(struct spinebench_result **result, const struct spinebench_truth *truth,
                        const struct spinebench_detections *detections,
                        struct spinebench_error *error);
/* From a COCO results file. */
int spinebench_evaluate_file(struct spinebench_result **result, struct spinebench_truth *truth,
                             const char *path, struct spinebench_error *error);
/* Frees and sets *result to NULL. */
void spinebench_result_free(struct spinebench_result **result);

/* The lines that the protocol's tool prints. Valid as long as the result, as all text from it. */
const char *spinebench_result_text(const struct spinebench_result *result);
/* Detections of categories that the ground truth does not have: they did not count. */
size_t spinebench_result_unknown(const struct spinebench_result *result);

/* A line of the summary. */
struct spinebench_stat {
    size_t size;
    const char *name; /* "AP", "AP50", "AP_small", "AR100", ... */
    const char *area; /* name of the area range */
    double iou;       /* threshold; 0 = mean over all */
    double value;     /* 0 to 1; -1 where there is no object */
    int32_t max_dets; /* limit of detections */
    int32_t is_recall;
};

/* Statistics in the tool's order: 12 by default, 10 for keypoints, 13 for LVIS, 9 for CrowdPose. */
size_t spinebench_result_stats(const struct spinebench_result *result);
int spinebench_result_stat(const struct spinebench_result *result, size_t index,
                           struct spinebench_stat *stat);

/* Statistics of a category; -1 where there is no object. */
struct spinebench_category {
    size_t size;
    int64_t id;       /* 0 when class-agnostic, or text in the file */
    const char *name; /* "" when there is none */
    int64_t objects, detections;
    double ap, ap50, ap75, ar;
    size_t area_count;
    const double *ap_by_area, *ar_by_area; /* per area range of the options */
};

/* Categories in ascending order of ids; one when class-agnostic. */
size_t spinebench_result_categories(const struct spinebench_result *result);
int spinebench_result_category(const struct spinebench_result *result, size_t index,
                               struct spinebench_category *category);

enum spinebench_array {
    SPINEBENCH_PRECISION = 0, /* (T, R, K, A, M) */
    SPINEBENCH_SCORES = 1,    /* (T, R, K, A, M) */
    SPINEBENCH_RECALL = 2     /* (T, K, A, M) */
};

/* One of pycocotools' arrays in C order, valid as long as the result; shape gets its dimensions, 0
 * behind the last. SPINEBENCH_EINVAL unless options.arrays was set. */
int spinebench_result_array(const struct spinebench_result *result, int32_t which,
                            const double **data, size_t shape[5], struct spinebench_error *error);

/*
 * Masks as COCO's compressed run-length text. Both write at most `size` bytes of it to text, the
 * end mark included, and return its whole length without the end mark, or a negative status.
 */
/* From bytes, row by row, `stride` bytes per row; not 0 is foreground. */
int64_t spinebench_mask_from_bytes(char *text, size_t size, const uint8_t *mask, uint32_t height,
                                   uint32_t width, size_t stride, struct spinebench_error *error);
/* From the union of polygons: points x, y one after the other, point_counts[i] of polygon i. */
int64_t spinebench_mask_from_polygons(char *text, size_t size, const double *points,
                                      const size_t *point_counts, size_t polygons, uint32_t height,
                                      uint32_t width, struct spinebench_error *error);

/* "0.1.0" */
const char *spinebench_version(void);

#ifdef __cplusplus
}
#endif

#endif
