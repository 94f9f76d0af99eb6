/* JSON and arrays of an evaluation. See coco_report.h. */
#include "eval/coco_report.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/npy.h"
#include "base/size.h"

#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

static void doubles(struct sb_jw *w, const char *key, const double *values, size_t count)
{
    sb_jw_array(w, key);
    for (size_t i = 0; i < count; i++)
        sb_jw_double(w, NULL, values[i]);
    sb_jw_end(w);
}

static void params_json(const struct sb_coco_params *p, struct sb_jw *w)
{
    sb_jw_object(w, "params");
    sb_jw_string(w, "iou_type", sb_iou_type_name(p->iou_type));
    doubles(w, "iou_thresholds", p->iou_thresholds, p->iou_count);
    doubles(w, "recall_points", p->recall_points, p->recall_count);
    sb_jw_array(w, "areas");
    for (size_t a = 0; a < p->area_count; a++) {
        sb_jw_object(w, NULL);
        sb_jw_string(w, "name", p->areas[a].name);
        sb_jw_double(w, "lo", p->areas[a].lo);
        sb_jw_double(w, "hi", p->areas[a].hi);
        sb_jw_end(w);
    }
    sb_jw_end(w);
    sb_jw_array(w, "max_dets");
    for (size_t m = 0; m < p->max_det_count; m++)
        sb_jw_int(w, NULL, p->max_dets[m]);
    sb_jw_end(w);
    sb_jw_bool(w, "use_cats", p->use_cats);
    if (p->iou_type == SB_IOU_KEYPOINTS)
        doubles(w, "sigmas", p->sigmas, p->keypoint_count);
    sb_jw_end(w);
}

void sb_coco_report_json(const struct sb_coco_eval *eval, const struct sb_coco_summary *summary,
                         const struct sb_coco_gt *gt, struct sb_jw *w, const char *key)
{
    (void)gt;
    sb_jw_object(w, key);
    sb_jw_array(w, "stats");
    for (size_t i = 0; i < summary->count; i++)
        sb_jw_double(w, NULL, summary->stats[i].value);
    sb_jw_end(w);
    params_json(&eval->params, w);
    sb_jw_end(w);
}

/* Planes of `rows` x K values interleaved to (rows, K, A, M). */
static int dump(const struct sb_coco_eval *e, double *const *planes, const size_t *shape, int ndim,
                const char *dir, const char *name, struct sb_error *err)
{
    const size_t count = e->params.area_count * e->params.max_det_count;
    size_t cells = 1, total;
    for (int i = 0; i < ndim - 2; i++)
        cells *= shape[i];
    char *const path = sb_path_join(dir, name);
    double *all = NULL;
    if (sb_mul_size(cells, count * sizeof(double), &total))
        all = sb_malloc(total, TAG);
    int rc = all && path ? 0 : sb_error_nomem(err, name, cells);
    for (size_t p = 0; rc == 0 && p < count; p++) {
        for (size_t i = 0; i < cells; i++)
            all[i * count + p] = planes[p][i];
    }
    if (rc == 0)
        rc = sb_npy_save(path, SB_F64, ndim, shape, all, err);
    sb_free(all);
    sb_free(path);
    return rc;
}

int sb_coco_dump_arrays(const struct sb_coco_eval *eval, const char *dir, struct sb_error *err)
{
    const struct sb_coco_params *const p = &eval->params;
    const size_t curve[] = {p->iou_count, p->recall_count, eval->classes, p->area_count,
                            p->max_det_count};
    const size_t point[] = {p->iou_count, eval->classes, p->area_count, p->max_det_count};
    int rc = sb_make_dirs(dir, err);
    if (rc == 0)
        rc = dump(eval, eval->precision, curve, 5, dir, "precision.npy", err);
    if (rc == 0)
        rc = dump(eval, eval->scores, curve, 5, dir, "scores.npy", err);
    if (rc == 0)
        rc = dump(eval, eval->recall, point, 4, dir, "recall.npy", err);
    return rc;
}
