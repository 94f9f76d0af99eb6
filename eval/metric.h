/*
 * Metrics. A metric is what one evaluation tool measures: a row of a table with its similarity,
 * parameters, rules, and the statistics it prints. A new metric is a new row.
 */
#ifndef SB_EVAL_METRIC_H
#define SB_EVAL_METRIC_H

#include "eval/coco_params.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What annotation files have beside COCO's members. */
enum sb_protocol {
    SB_PROTOCOL_COCO,
    SB_PROTOCOL_LVIS,     /* images: neg_category_ids, not_exhaustive_category_ids; categories:
                             frequency */
    SB_PROTOCOL_CROWDPOSE /* images: crowdIndex */
};

/* Which area ranges a row of statistics has a line for. */
enum sb_stat_area { SB_STAT_ALL_AREAS, SB_STAT_EACH_AREA /* but the one that is "all" */ };
/* Which limits of detections. */
enum sb_stat_limit { SB_STAT_FIXED, SB_STAT_THIRD, SB_STAT_EACH_LIMIT };
/* Over which classes or images. */
enum sb_stat_group { SB_STAT_EVERYTHING, SB_STAT_EACH_FREQUENCY, SB_STAT_EACH_CROWDING };

struct sb_stat_row {
    bool is_ap; /* average precision; else average recall */
    double iou; /* the threshold, 0 = mean over all */
    enum sb_stat_area areas;
    enum sb_stat_limit limits;
    enum sb_stat_group groups;
};

/* Names of the groups, in order; SB_STAT_GROUPS each. */
#define SB_STAT_GROUPS 3
extern const char *const sb_frequency_names[SB_STAT_GROUPS]; /* "r", "c", "f" */
extern const char *const sb_crowding_names[SB_STAT_GROUPS];  /* "easy", "medium", "hard" */

/* How a tool prints a statistic. */
enum sb_stat_text { SB_TEXT_PYCOCOTOOLS, SB_TEXT_XTCOCOTOOLS, SB_TEXT_LVIS };

struct sb_rule_choice {
    enum sb_rule rule;
    uint8_t value;
};

struct sb_metric {
    const char *name; /* unique: "bbox", "lvis-bbox" */
    const char *tool; /* whose numbers these are */
    enum sb_protocol protocol;
    enum sb_iou_type iou_type;
    const struct sb_area_range *areas; /* each of the counts' lists is not empty */
    size_t area_count;
    const int32_t *max_dets;
    size_t max_det_count;
    int32_t fixed_limit;  /* of SB_STAT_FIXED */
    const double *sigmas; /* times 10: the division belongs to the definition; NULL = none */
    size_t sigma_count;
    const struct sb_rule_choice *rules; /* other than value 0 */
    size_t rule_count;
    const struct sb_stat_row *stats;
    size_t stat_count;
    enum sb_stat_text text;
};

/* The metric of a protocol and a similarity; NULL when there is none. */
const struct sb_metric *sb_metric_find(enum sb_protocol protocol, enum sb_iou_type type);
/* The metric of that name; NULL when there is none. */
const struct sb_metric *sb_metric_named(const char *name);
void sb_coco_params_init(struct sb_coco_params *params, const struct sb_metric *metric);
/* The limit of detections that a row of statistics means (for SB_STAT_EACH_LIMIT the i-th). */
int32_t sb_stat_limit(const struct sb_coco_params *params, enum sb_stat_limit limit, size_t i);
/* Index of the area range that overall statistics use: "all", or the first where there is none of
 * that name. */
size_t sb_stat_overall_area(const struct sb_coco_params *params);
/* True when some statistic needs the precision at the m-th limit. */
bool sb_stat_needs_precision(const struct sb_coco_params *params, size_t m);

#endif
