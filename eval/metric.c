/* The table of metrics. See metric.h. */
#include "eval/metric.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

const char *const sb_frequency_names[SB_STAT_GROUPS] = {"r", "c", "f"};
const char *const sb_crowding_names[SB_STAT_GROUPS] = {"easy", "medium", "hard"};

static const struct sb_area_range areas[] = {{0.0, 1e5 * 1e5, "all"},
                                             {0.0, 32.0 * 32.0, "small"},
                                             {32.0 * 32.0, 96.0 * 96.0, "medium"},
                                             {96.0 * 96.0, 1e5 * 1e5, "large"}};
static const struct sb_area_range person_areas[] = {{0.0, 1e5 * 1e5, "all"},
                                                    {32.0 * 32.0, 96.0 * 96.0, "medium"},
                                                    {96.0 * 96.0, 1e5 * 1e5, "large"}};

static const int32_t coco_limits[] = {1, 10, 100};
static const int32_t person_limits[] = {20};
static const int32_t lvis_limits[] = {300};

static const double coco_sigmas[] = {.26, .25, .25,  .35,  .35, .79, .79, .72, .72,
                                     .62, .62, 1.07, 1.07, .87, .87, .89, .89};
static const double crowdpose_sigmas[] = {.79,  .79, .72, .72, .62, .62, 1.07,
                                          1.07, .87, .87, .89, .89, .79, .79};

static const struct sb_stat_row object_stats[] = {
    {true, 0, SB_STAT_ALL_AREAS, SB_STAT_FIXED, SB_STAT_EVERYTHING},
    {true, .5, SB_STAT_ALL_AREAS, SB_STAT_THIRD, SB_STAT_EVERYTHING},
    {true, .75, SB_STAT_ALL_AREAS, SB_STAT_THIRD, SB_STAT_EVERYTHING},
    {true, 0, SB_STAT_EACH_AREA, SB_STAT_THIRD, SB_STAT_EVERYTHING},
    {false, 0, SB_STAT_ALL_AREAS, SB_STAT_EACH_LIMIT, SB_STAT_EVERYTHING},
    {false, 0, SB_STAT_EACH_AREA, SB_STAT_THIRD, SB_STAT_EVERYTHING},
};

static const struct sb_stat_row person_stats[] = {
    {true, 0, SB_STAT_ALL_AREAS, SB_STAT_FIXED, SB_STAT_EVERYTHING},
    {true, .5, SB_STAT_ALL_AREAS, SB_STAT_FIXED, SB_STAT_EVERYTHING},
    {true, .75, SB_STAT_ALL_AREAS, SB_STAT_FIXED, SB_STAT_EVERYTHING},
    {true, 0, SB_STAT_EACH_AREA, SB_STAT_FIXED, SB_STAT_EVERYTHING},
    {false, 0, SB_STAT_ALL_AREAS, SB_STAT_FIXED, SB_STAT_EVERYTHING},
    {false, .5, SB_STAT_ALL_AREAS, SB_STAT_FIXED, SB_STAT_EVERYTHING},
    {false, .75, SB_STAT_ALL_AREAS, SB_STAT_FIXED, SB_STAT_EVERYTHING},
    {false, 0, SB_STAT_EACH_AREA, SB_STAT_FIXED, SB_STAT_EVERYTHING},
};

static const struct sb_stat_row crowdpose_stats[] = {
    {true, 0, SB_STAT_ALL_AREAS, SB_STAT_FIXED, SB_STAT_EVERYTHING},
    {true, .5, SB_STAT_ALL_AREAS, SB_STAT_FIXED, SB_STAT_EVERYTHING},
    {true, .75, SB_STAT_ALL_AREAS, SB_STAT_FIXED, SB_STAT_EVERYTHING},
    {false, 0, SB_STAT_ALL_AREAS, SB_STAT_FIXED, SB_STAT_EVERYTHING},
    {false, .5, SB_STAT_ALL_AREAS, SB_STAT_FIXED, SB_STAT_EVERYTHING},
    {false, .75, SB_STAT_ALL_AREAS, SB_STAT_FIXED, SB_STAT_EVERYTHING},
    {true, 0, SB_STAT_ALL_AREAS, SB_STAT_FIXED, SB_STAT_EACH_CROWDING},
};

static const struct sb_stat_row lvis_stats[] = {
    {true, 0, SB_STAT_ALL_AREAS, SB_STAT_THIRD, SB_STAT_EVERYTHING},
    {true, .5, SB_STAT_ALL_AREAS, SB_STAT_THIRD, SB_STAT_EVERYTHING},
    {true, .75, SB_STAT_ALL_AREAS, SB_STAT_THIRD, SB_STAT_EVERYTHING},
    {true, 0, SB_STAT_EACH_AREA, SB_STAT_THIRD, SB_STAT_EVERYTHING},
    {true, 0, SB_STAT_ALL_AREAS, SB_STAT_THIRD, SB_STAT_EACH_FREQUENCY},
    {false, 0, SB_STAT_ALL_AREAS, SB_STAT_THIRD, SB_STAT_EVERYTHING},
    {false, 0, SB_STAT_EACH_AREA, SB_STAT_THIRD, SB_STAT_EVERYTHING},
};

static const struct sb_rule_choice boundary_rules[] = {{SB_RULE_IGNORE_FLAG, SB_IGNORE_EITHER}};
static const struct sb_rule_choice crowdpose_rules[] = {
    {SB_RULE_ID_ZERO, SB_ID_ZERO_NEGATIVE},
    {SB_RULE_MISSING_FIELDS, SB_MISSING_FILL},
    {SB_RULE_GT_AREA, SB_GT_AREA_PERSON},
    {SB_RULE_UNLABELLED, SB_UNLABELLED_DROP},
};
static const struct sb_rule_choice lvis_rules[] = {
    {SB_RULE_IGNORE_FLAG, SB_IGNORE_EITHER},
    {SB_RULE_CROWD, SB_CROWD_OFF},
    {SB_RULE_EMPTY_AREAS, SB_EMPTY_AREAS_DROP},
    {SB_RULE_SCOPE, SB_SCOPE_IMAGE},
};
static const struct sb_rule_choice lvis_boundary_rules[] = {
    {SB_RULE_IGNORE_FLAG, SB_IGNORE_EITHER},    {SB_RULE_MISSING_FIELDS, SB_MISSING_FILL},
    {SB_RULE_EMPTY_AREAS, SB_EMPTY_AREAS_DROP}, {SB_RULE_SCOPE, SB_SCOPE_IMAGE},
    {SB_RULE_AREA_BOUNDS, SB_BOUNDS_HALF_OPEN},
};

#define OBJECTS   areas, COUNT(areas), coco_limits, COUNT(coco_limits), 100, NULL, 0
#define PERSONS   person_areas, COUNT(person_areas), person_limits, COUNT(person_limits), 20
#define LVIS      areas, COUNT(areas), lvis_limits, COUNT(lvis_limits), 300, NULL, 0
#define RULES(r)  r, COUNT(r)
#define NO_RULES  NULL, 0
#define STATS(s)  s, COUNT(s)
#define SIGMAS(s) s, COUNT(s)

/* clang-format off: a metric a line or two */
static const struct sb_metric metrics[] = {
    {"bbox", "pycocotools", SB_PROTOCOL_COCO, SB_IOU_BBOX, OBJECTS, NO_RULES, STATS(object_stats),
     SB_TEXT_PYCOCOTOOLS},
    {"segm", "pycocotools", SB_PROTOCOL_COCO, SB_IOU_SEGM, OBJECTS, NO_RULES, STATS(object_stats),
     SB_TEXT_PYCOCOTOOLS},
    {"keypoints", "pycocotools", SB_PROTOCOL_COCO, SB_IOU_KEYPOINTS, PERSONS, SIGMAS(coco_sigmas),
     NO_RULES, STATS(person_stats), SB_TEXT_PYCOCOTOOLS},
    {"boundary", "boundary-iou-api", SB_PROTOCOL_COCO, SB_IOU_BOUNDARY, OBJECTS,
     RULES(boundary_rules), STATS(object_stats), SB_TEXT_PYCOCOTOOLS},
    {"crowdpose", "xtcocotools", SB_PROTOCOL_CROWDPOSE, SB_IOU_KEYPOINTS, PERSONS,
     SIGMAS(crowdpose_sigmas), RULES(crowdpose_rules), STATS(crowdpose_stats), SB_TEXT_XTCOCOTOOLS},
    {"lvis-bbox", "lvis-api", SB_PROTOCOL_LVIS, SB_IOU_BBOX, LVIS, RULES(lvis_rules),
     STATS(lvis_stats), SB_TEXT_LVIS},
    {"lvis-segm", "lvis-api", SB_PROTOCOL_LVIS, SB_IOU_SEGM, LVIS, RULES(lvis_rules),
     STATS(lvis_stats), SB_TEXT_LVIS},
    {"lvis-boundary", "boundary-iou-api", SB_PROTOCOL_LVIS, SB_IOU_BOUNDARY, LVIS,
     RULES(lvis_boundary_rules), STATS(lvis_stats), SB_TEXT_LVIS},
};
/* clang-format on */

const struct sb_metric *sb_metric_find(enum sb_protocol protocol, enum sb_iou_type type)
{
    for (size_t i = 0; i < COUNT(metrics); i++) {
        if (metrics[i].protocol == protocol && metrics[i].iou_type == type)
            return &metrics[i];
    }
    return NULL;
}

const struct sb_metric *sb_metric_named(const char *name)
{
    for (size_t i = 0; i < COUNT(metrics); i++) {
        if (strcmp(metrics[i].name, name) == 0)
            return &metrics[i];
    }
    return NULL;
}

void sb_coco_params_init(struct sb_coco_params *params, const struct sb_metric *metric)
{
    memset(params, 0, sizeof(*params));
    params->metric = metric;
    params->iou_type = metric->iou_type;
    params->iou_count = 10;
    sb_linspace(0.5, 0.95, params->iou_count, params->iou_thresholds);
    params->recall_count = 101;
    sb_linspace(0.0, 1.0, params->recall_count, params->recall_points);
    params->use_cats = true;
    params->area_count = metric->area_count;
    memcpy(params->areas, metric->areas, metric->area_count * sizeof(*metric->areas));
    params->max_det_count = metric->max_det_count;
    memcpy(params->max_dets, metric->max_dets, metric->max_det_count * sizeof(*metric->max_dets));
    params->keypoint_count = metric->sigma_count;
    for (size_t i = 0; i < metric->sigma_count; i++)
        params->sigmas[i] = metric->sigmas[i] / 10.0;
    params->dilation_ratio = 0.02;
    params->crowding[0] = 0.2;
    params->crowding[1] = 0.8;
    for (size_t i = 0; i < metric->rule_count; i++)
        params->rules[metric->rules[i].rule] = metric->rules[i].value;
}

int32_t sb_stat_limit(const struct sb_coco_params *params, enum sb_stat_limit limit, size_t i)
{
    const size_t last = params->max_det_count - 1;
    if (params->rules[SB_RULE_SUMMARY_MAXDETS] == SB_SUMMARY_LARGEST && limit != SB_STAT_EACH_LIMIT)
        return params->max_dets[last];
    switch (limit) {
    case SB_STAT_FIXED:
        return params->metric->fixed_limit;
    case SB_STAT_THIRD:
        return params->max_dets[last < 2 ? last : 2];
    case SB_STAT_EACH_LIMIT:
        break;
    }
    return params->max_dets[i];
}

size_t sb_stat_overall_area(const struct sb_coco_params *params)
{
    for (size_t a = 0; a < params->area_count; a++) {
        if (strcmp(params->areas[a].name, "all") == 0)
            return a;
    }
    return 0;
}

bool sb_stat_needs_precision(const struct sb_coco_params *params, size_t m)
{
    const struct sb_metric *const metric = params->metric;
    for (size_t i = 0; i < metric->stat_count; i++) {
        if (metric->stats[i].is_ap &&
            sb_stat_limit(params, metric->stats[i].limits, m) == params->max_dets[m])
            return true;
    }
    return false;
}
