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

static void add_stat(struct sb_coco_summary *s, bool is_ap, double iou, const char *area,
                     int32_t max_dets)
{
    const struct sb_coco_stat stat = {is_ap, iou, area, max_dets, -1};
    s->stats[s->count++] = stat;
}

/* The range that overall lines use: "all", or the first where there is none of that name. */
static const char *overall_area(const struct sb_coco_params *p)
{
    for (size_t a = 0; a < p->area_count; a++) {
        if (strcmp(p->areas[a].name, "all") == 0)
            return p->areas[a].name;
    }
    return p->areas[0].name;
}

static void add_areas(struct sb_coco_summary *s, const struct sb_coco_params *p, bool is_ap,
                      const char *overall, int32_t max_dets)
{
    for (size_t a = 0; a < p->area_count; a++) {
        if (strcmp(p->areas[a].name, overall) != 0)
            add_stat(s, is_ap, 0, p->areas[a].name, max_dets);
    }
}

/* Boxes and masks: the headline is always at 100 detections, the rest at the third limit. */
static void plan_detections(struct sb_coco_summary *s, const struct sb_coco_params *p)
{
    const size_t limits = p->max_det_count < 3 ? p->max_det_count : 3;
    const int32_t most = p->max_dets[limits - 1];
    const char *const all = overall_area(p);
    add_stat(s, true, 0, all, 100);
    add_stat(s, true, .5, all, most);
    add_stat(s, true, .75, all, most);
    add_areas(s, p, true, all, most);
    for (size_t m = 0; m < limits; m++)
        add_stat(s, false, 0, all, p->max_dets[m]);
    add_areas(s, p, false, all, most);
}

static void plan_keypoints(struct sb_coco_summary *s, const struct sb_coco_params *p)
{
    const char *const all = overall_area(p);
    for (int is_ap = 1; is_ap >= 0; is_ap--) {
        add_stat(s, is_ap, 0, all, 20);
        add_stat(s, is_ap, .5, all, 20);
        add_stat(s, is_ap, .75, all, 20);
        add_areas(s, p, is_ap, all, 20);
    }
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

/* Values that count, in the order of pycocotools' arrays: threshold, recall point, class. */
static double mean_of(const struct summarizer *z, const struct sb_coco_stat *stat)
{
    const struct sb_coco_params *const p = &z->eval->params;
    const double *const plane = find_plane(z->eval, stat);
    const size_t points = stat->is_ap ? p->recall_count : 1;
    size_t n = 0;
    for (size_t t = 0; plane && t < p->iou_count; t++) {
        if (stat->iou != 0 && stat->iou != p->iou_thresholds[t])
            continue;
        for (size_t r = 0; r < points; r++) {
            for (size_t k = 0; k < z->eval->classes; k++) {
                const double v = plane[(k * p->iou_count + t) * points + r];
                z->kept[n] = v;
                n += v > -1;
            }
        }
    }
    return n ? sb_numpy_mean(z->kept, n, z->order) : -1;
}

int sb_coco_summarize(const struct sb_coco_eval *eval, enum sb_numpy_order order,
                      struct sb_coco_summary *summary, struct sb_error *err)
{
    const struct sb_coco_params *const p = &eval->params;
    const size_t most = p->iou_count * p->recall_count * eval->classes + 1;
    memset(summary, 0, sizeof(*summary));
    summary->iou_first = p->iou_thresholds[0];
    summary->iou_last = p->iou_thresholds[p->iou_count - 1];
    struct summarizer z = {eval, order, summary, sb_malloc(most * sizeof(double), TAG)};
    if (!z.kept)
        return sb_error_nomem(err, "a summary", most * sizeof(double));
    if (p->iou_type == SB_IOU_KEYPOINTS)
        plan_keypoints(summary, p);
    else
        plan_detections(summary, p);
    for (size_t i = 0; i < summary->count; i++)
        summary->stats[i].value = mean_of(&z, &summary->stats[i]);
    sb_free(z.kept);
    return 0;
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
        sb_str_printf(out, " %-18s %s @[ IoU=%-9s | area=%6s | maxDets=%3d ] = %0.3f\n",
                      s->is_ap ? "Average Precision" : "Average Recall", s->is_ap ? "(AP)" : "(AR)",
                      iou, s->area, (int)s->max_dets, s->value);
    }
}
