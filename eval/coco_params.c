/* Parameters of an evaluation: defaults and checks. See coco_params.h. */
#include "eval/coco_params.h"

#include <string.h>

static const char *const type_names[] = {"bbox", "segm", "keypoints"};
#define N_TYPES (sizeof(type_names) / sizeof(type_names[0]))

static const struct sb_area_range area_all = {0.0, 1e5 * 1e5, "all"};
static const struct sb_area_range area_small = {0.0, 32.0 * 32.0, "small"};
static const struct sb_area_range area_medium = {32.0 * 32.0, 96.0 * 96.0, "medium"};
static const struct sb_area_range area_large = {96.0 * 96.0, 1e5 * 1e5, "large"};

/* Standard deviations per COCO keypoint, times 10: the division belongs to the definition. */
static const double coco_sigmas[] = {.26, .25, .25,  .35,  .35, .79, .79, .72, .72,
                                     .62, .62, 1.07, 1.07, .87, .87, .89, .89};

void sb_linspace(double start, double stop, size_t count, double *out)
{
    const double step = count > 1 ? (stop - start) / (double)(count - 1) : 0.0;
    for (size_t i = 0; i < count; i++)
        out[i] = (double)i * step + start;
    if (count > 1)
        out[count - 1] = stop;
}

const char *sb_iou_type_name(enum sb_iou_type type)
{
    return type_names[type];
}

bool sb_iou_type_parse(const char *name, enum sb_iou_type *type)
{
    for (size_t i = 0; i < N_TYPES; i++) {
        if (strcmp(name, type_names[i]) == 0) {
            *type = (enum sb_iou_type)i;
            return true;
        }
    }
    return false;
}

void sb_coco_params_defaults(struct sb_coco_params *params, enum sb_iou_type iou_type)
{
    memset(params, 0, sizeof(*params));
    params->iou_type = iou_type;
    params->iou_count = 10;
    sb_linspace(0.5, 0.95, params->iou_count, params->iou_thresholds);
    params->recall_count = 101;
    sb_linspace(0.0, 1.0, params->recall_count, params->recall_points);
    params->use_cats = true;
    struct sb_area_range *area = params->areas;
    *area++ = area_all;
    if (iou_type != SB_IOU_KEYPOINTS)
        *area++ = area_small;
    *area++ = area_medium;
    *area++ = area_large;
    params->area_count = (size_t)(area - params->areas);
    if (iou_type == SB_IOU_KEYPOINTS) {
        params->max_det_count = 1;
        params->max_dets[0] = 20;
    } else {
        params->max_det_count = 3;
        params->max_dets[0] = 1;
        params->max_dets[1] = 10;
        params->max_dets[2] = 100;
    }
    params->keypoint_count = sizeof(coco_sigmas) / sizeof(coco_sigmas[0]);
    for (size_t i = 0; i < params->keypoint_count; i++)
        params->sigmas[i] = coco_sigmas[i] / 10.0;
}

static int check_count(const char *what, size_t count, size_t most, struct sb_error *err)
{
    if (count >= 1 && count <= most)
        return 0;
    return sb_error_set(err, SB_EINVAL, "%zu %s, expected 1 to %zu", count, what, most);
}

int sb_coco_params_check(const struct sb_coco_params *p, struct sb_error *err)
{
    int rc = check_count("IoU thresholds", p->iou_count, SB_EVAL_MAX_IOUS, err);
    if (rc == 0)
        rc = check_count("recall points", p->recall_count, SB_EVAL_MAX_RECALLS, err);
    if (rc == 0)
        rc = check_count("area ranges", p->area_count, SB_EVAL_MAX_AREAS, err);
    if (rc == 0)
        rc = check_count("limits of detections", p->max_det_count, SB_EVAL_MAX_MAX_DETS, err);
    if (rc == 0 && p->iou_type == SB_IOU_KEYPOINTS)
        rc = check_count("keypoints", p->keypoint_count, SB_EVAL_MAX_KEYPOINTS, err);
    for (size_t i = 0; rc == 0 && i < p->iou_count; i++) {
        if (!(p->iou_thresholds[i] > 0 && p->iou_thresholds[i] <= 1))
            rc =
                sb_error_set(err, SB_EINVAL, "IoU threshold %g, expected more than 0 and at most 1",
                             p->iou_thresholds[i]);
    }
    for (size_t i = 0; rc == 0 && i < p->recall_count; i++) {
        if (!(p->recall_points[i] >= 0 && p->recall_points[i] <= 1))
            rc = sb_error_set(err, SB_EINVAL, "recall point %g, expected 0 to 1",
                              p->recall_points[i]);
        else if (i > 0 && p->recall_points[i] < p->recall_points[i - 1])
            rc = sb_error_set(err, SB_EINVAL, "recall point %g follows %g, expected ascending",
                              p->recall_points[i], p->recall_points[i - 1]);
    }
    for (size_t i = 0; rc == 0 && i < p->max_det_count; i++) {
        if (p->max_dets[i] < 1 || (i > 0 && p->max_dets[i] <= p->max_dets[i - 1]))
            rc = sb_error_set(err, SB_EINVAL,
                              "limits of detections must be positive and ascending, got %d",
                              (int)p->max_dets[i]);
    }
    return rc;
}
