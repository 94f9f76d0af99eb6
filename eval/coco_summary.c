/* Summaries (cocodataset/cocoapi cocoeval.py, summarize). See coco_summary.h. */
#include "eval/coco_summary.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

struct summarizer {
    const struct sb_coco_eval *eval;
    enum sb_numpy_order order;
    struct sb_coco_summary *summary;
    double *kept; /* values that count, in order */
};

static size_t count_groups(enum sb_stat_group groups)
{
    return groups == SB_STAT_EVERYTHING ? 1 : SB_STAT_GROUPS;
}

/* The lines of one area range. */
static void add_lines(struct sb_coco_summary *s, const struct sb_coco_params *p,
                      const struct sb_stat_row *row, const char *area)
{
    const size_t third = p->max_det_count < 3 ? p->max_det_count : 3;
    const size_t limits = row->limits == SB_STAT_EACH_LIMIT ? third : 1;
    for (size_t m = 0; m < limits; m++) {
        for (size_t g = 0; g < count_groups(row->groups); g++) {
            const int32_t limit = sb_stat_limit(p, row->limits, m);
            const struct sb_coco_stat stat = {row->is_ap,  row->iou, area, limit,
                                              row->groups, g,        -1};
            s->stats[s->count++] = stat;
        }
    }
}

void sb_coco_summary_plan(struct sb_coco_summary *s, const struct sb_coco_params *p)
{
    const size_t all = sb_stat_overall_area(p);
    memset(s, 0, sizeof(*s));
    s->iou_first = p->iou_thresholds[0];
    s->iou_last = p->iou_thresholds[p->iou_count - 1];
    s->text = p->metric->text;
    for (size_t i = 0; i < p->metric->stat_count; i++) {
        const struct sb_stat_row *const row = &p->metric->stats[i];
        if (row->areas == SB_STAT_ALL_AREAS)
            add_lines(s, p, row, p->areas[all].name);
        for (size_t a = 0; row->areas == SB_STAT_EACH_AREA && a < p->area_count; a++) {
            if (a != all)
                add_lines(s, p, row, p->areas[a].name);
        }
    }
}

/* How often the limit is among those of the evaluation: a repeated one counts as often. */
static size_t copies_of(const struct sb_coco_params *p, int32_t limit)
{
    size_t copies = 0;
    for (size_t m = 0; m < p->max_det_count; m++)
        copies += p->max_dets[m] == limit;
    return copies;
}

static const double *find_plane(const struct sb_coco_eval *e, const struct sb_coco_stat *stat)
{
    const struct sb_coco_params *const p = &e->params;
    for (size_t a = 0; a < p->area_count; a++) {
        for (size_t m = 0; m < p->max_det_count; m++) {
            const size_t plane = sb_eval_plane(p, a, m);
            if (strcmp(p->areas[a].name, stat->area) == 0 && p->max_dets[m] == stat->max_dets)
                return stat->is_ap ? e->precision[plane] : e->recall[plane];
        }
    }
    return NULL;
}

/* Whether class k has the frequency of the group; a single class for all has none. */
static bool is_of_group(const struct sb_coco_eval *e, size_t k, size_t group)
{
    return e->class_group && e->class_group[k] == group;
}

/* Values that count, in the order of pycocotools' arrays: threshold, recall point, class. */
static double mean_of(const struct summarizer *z, const struct sb_coco_stat *stat)
{
    const struct sb_coco_params *const p = &z->eval->params;
    const double *const plane = find_plane(z->eval, stat);
    const size_t points = stat->is_ap ? p->recall_count : 1;
    const size_t copies = copies_of(p, stat->max_dets);
    size_t n = 0;
    for (size_t t = 0; plane && t < p->iou_count; t++) {
        if (stat->iou != 0 && stat->iou != p->iou_thresholds[t])
            continue;
        for (size_t r = 0; r < points; r++) {
            for (size_t k = 0; k < z->eval->classes; k++) {
                if (stat->groups == SB_STAT_EACH_FREQUENCY && !is_of_group(z->eval, k, stat->group))
                    continue;
                const double v = plane[(k * p->iou_count + t) * points + r];
                for (size_t i = 0; i < copies && v > -1; i++)
                    z->kept[n++] = v;
            }
        }
    }
    return n ? sb_numpy_mean(z->kept, n, z->order) : -1;
}

int sb_coco_summarize(const struct sb_coco_eval *eval, enum sb_numpy_order order,
                      struct sb_coco_summary *summary, struct sb_error *err)
{
    const struct sb_coco_params *const p = &eval->params;
    const size_t most = p->iou_count * p->recall_count * eval->classes * p->max_det_count + 1;
    sb_coco_summary_plan(summary, p);
    struct summarizer z = {eval, order, summary, sb_malloc(most * sizeof(double), TAG)};
    if (!z.kept)
        return sb_error_nomem(err, "a summary", most * sizeof(double));
    for (size_t i = 0; i < summary->count; i++) {
        struct sb_coco_stat *const stat = &summary->stats[i];
        if (!find_plane(eval, stat))
            summary->notes.count[SB_RULE_SUMMARY_MAXDETS]++;
        stat->value = stat->groups == SB_STAT_EACH_CROWDING ? eval->crowding_ap[stat->group]
                                                            : mean_of(&z, stat);
    }
    sb_free(z.kept);
    return 0;
}

/* lvis-api shortens the names of area ranges but "all" to a letter. */
static void print_line(const struct sb_coco_stat *s, enum sb_stat_text text, const char *iou,
                       struct sb_str *out)
{
    char limit[16];
    snprintf(limit, sizeof(limit), s->max_dets == SB_EVAL_NO_LIMIT ? "all" : "%d",
             (int)s->max_dets);
    sb_str_printf(out, " %-18s %s @[ IoU=%-9s | ",
                  s->is_ap ? "Average Precision" : "Average Recall", s->is_ap ? "(AP)" : "(AR)",
                  iou);
    if (text == SB_TEXT_LVIS) {
        const bool all = strcmp(s->area, "all") == 0;
        sb_str_printf(out, "area=%6.*s | maxDets=%3s catIds=%3s] = %0.3f\n", all ? 23 : 1, s->area,
                      limit, s->groups == SB_STAT_EVERYTHING ? "all" : sb_frequency_names[s->group],
                      s->value);
    } else if (s->groups == SB_STAT_EACH_CROWDING) {
        sb_str_printf(out, "type=%6s | maxDets=%3s ] = %0.3f\n", sb_crowding_names[s->group], limit,
                      s->value);
    } else {
        sb_str_printf(out,
                      text == SB_TEXT_XTCOCOTOOLS ? "area=%6s | maxDets=%3s ] = % 0.3f\n"
                                                  : "area=%6s | maxDets=%3s ] = %0.3f\n",
                      s->area, limit, s->value);
    }
}

void sb_coco_stat_name(const struct sb_coco_stat *stat, const struct sb_coco_params *params,
                       char *name, size_t size)
{
    const char *const kind = stat->is_ap ? "AP" : "AR";
    if (stat->groups == SB_STAT_EACH_FREQUENCY)
        snprintf(name, size, "%s_%s", kind, sb_frequency_names[stat->group]);
    else if (stat->groups == SB_STAT_EACH_CROWDING)
        snprintf(name, size, "%s_%s", kind, sb_crowding_names[stat->group]);
    else if (strcmp(stat->area, params->areas[sb_stat_overall_area(params)].name) != 0)
        snprintf(name, size, "%s_%s", kind, stat->area);
    else if (stat->iou != 0)
        snprintf(name, size, "%s%.4g", kind, 100 * stat->iou);
    else if (!stat->is_ap && !sb_compares_keypoints(params) && stat->max_dets != SB_EVAL_NO_LIMIT)
        snprintf(name, size, "%s%d", kind, (int)stat->max_dets);
    else
        snprintf(name, size, "%s", kind);
}

void sb_coco_summary_text(const struct sb_coco_summary *summary, struct sb_str *out)
{
    for (size_t i = 0; i < summary->count; i++) {
        const struct sb_coco_stat *const s = &summary->stats[i];
        char iou[32];
        if (s->iou != 0)
            snprintf(iou, sizeof(iou), "%.2f", s->iou);
        else
            snprintf(iou, sizeof(iou), "%.2f:%.2f", summary->iou_first, summary->iou_last);
        print_line(s, summary->text, iou, out);
    }
}
