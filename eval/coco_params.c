/* Parameters of an evaluation: defaults and checks. See coco_params.h. */
#include "eval/coco_params.h"

#include "eval/metric.h"

#include <string.h>

static const char *const type_names[] = {"bbox", "segm", "keypoints", "boundary"};
#define N_TYPES (sizeof(type_names) / sizeof(type_names[0]))

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
    sb_coco_params_init(params, sb_metric_find(SB_PROTOCOL_COCO, iou_type));
}

void sb_coco_params_set_rule(struct sb_coco_params *params, enum sb_rule rule, uint8_t value)
{
    params->rules[rule] = value;
    if (rule != SB_RULE_AP_POINTS)
        return;
    params->recall_count = value == SB_AP_POINTS_11 ? 11 : value == SB_AP_POINTS_ALL ? 1 : 101;
    sb_linspace(0, 1, params->recall_count, params->recall_points);
    for (size_t r = 0; value == SB_AP_POINTS_HUNDREDTHS && r < params->recall_count; r++)
        params->recall_points[r] = (double)r / 100;
}

static int check_count(const char *what, size_t count, size_t most, struct sb_error *err)
{
    if (count >= 1 && count <= most)
        return 0;
    return sb_error_set(err, SB_EINVAL, "%zu %s, expected 1 to %zu", count, what, most);
}

static int check_thresholds(const struct sb_coco_params *p, struct sb_error *err)
{
    for (size_t i = 0; i < p->iou_count; i++) {
        if (!(p->iou_thresholds[i] > 0 && p->iou_thresholds[i] <= 1))
            return sb_error_set(err, SB_EINVAL,
                                "IoU threshold %g, expected more than 0 and at most 1",
                                p->iou_thresholds[i]);
    }
    for (size_t i = 0; i < p->recall_count; i++) {
        if (!(p->recall_points[i] >= 0 && p->recall_points[i] <= 1))
            return sb_error_set(err, SB_EINVAL, "recall point %g, expected 0 to 1",
                                p->recall_points[i]);
        if (i > 0 && p->recall_points[i] < p->recall_points[i - 1])
            return sb_error_set(err, SB_EINVAL, "recall point %g follows %g, expected ascending",
                                p->recall_points[i], p->recall_points[i - 1]);
    }
    return 0;
}

static int check_ranges(const struct sb_coco_params *p, struct sb_error *err)
{
    for (size_t i = 0; i < p->area_count; i++) {
        if (!(p->areas[i].lo <= p->areas[i].hi) || p->areas[i].name[0] == '\0')
            return sb_error_set(err, SB_EINVAL,
                                "area range '%s' from %g to %g, expected a name and ascending "
                                "bounds",
                                p->areas[i].name, p->areas[i].lo, p->areas[i].hi);
    }
    for (size_t i = 0; i < p->max_det_count; i++) {
        if (p->max_dets[i] < 1 || (i > 0 && p->max_dets[i] < p->max_dets[i - 1]))
            return sb_error_set(err, SB_EINVAL,
                                "limits of detections must be positive and ascending, got %d",
                                (int)p->max_dets[i]);
    }
    if (p->metric->protocol == SB_PROTOCOL_LVIS && p->max_det_count > 1)
        return sb_error_set(err, SB_EINVAL, "LVIS has one limit of detections, got %zu",
                            p->max_det_count);
    for (size_t i = 0; i < p->keypoint_count; i++) {
        if (!(p->sigmas[i] > 0 && p->sigmas[i] < 1e6))
            return sb_error_set(err, SB_EINVAL, "sigma %g of keypoint %zu, expected more than 0",
                                p->sigmas[i], i + 1);
    }
    if (!(p->dilation_ratio > 0 && p->dilation_ratio <= 1))
        return sb_error_set(err, SB_EINVAL, "dilation ratio %g, expected more than 0, at most 1",
                            p->dilation_ratio);
    return 0;
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
    if (rc == 0 && sb_compares_keypoints(p))
        rc = check_count("keypoints", p->keypoint_count, SB_EVAL_MAX_KEYPOINTS, err);
    if (rc == 0)
        rc = check_thresholds(p, err);
    return rc ? rc : check_ranges(p, err);
}
