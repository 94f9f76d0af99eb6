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
    sb_jw_string(w, "metric", p->metric->name);
    sb_jw_string(w, "tool", p->metric->tool);
    sb_jw_string(w, "iou_type", sb_iou_type_name(p->iou_type));
    if (p->iou_type == SB_IOU_BOUNDARY)
        sb_jw_double(w, "dilation_ratio", p->dilation_ratio);
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
    if (sb_compares_keypoints(p))
        doubles(w, "sigmas", p->sigmas, p->keypoint_count);
    sb_jw_object(w, "rules");
    for (int r = 0; r < SB_RULES; r++) {
        const struct sb_rule_row *const row = sb_rule_row((enum sb_rule)r);
        sb_jw_string(w, row->option, row->values[p->rules[r]]);
    }
    sb_jw_end(w);
    sb_jw_end(w);
}

/* null where there is no object. */
static void stat_json(struct sb_jw *w, const char *key, double value)
{
    if (value > -1)
        sb_jw_double(w, key, value);
    else
        sb_jw_null(w, key);
}

static void category_json(const struct sb_coco_params *p, const struct sb_coco_gt *gt, size_t k,
                          const struct sb_category_stats *stats, struct sb_jw *w)
{
    sb_jw_object(w, NULL);
    if (p->use_cats) {
        sb_id_json(&gt->ids, gt->categories.ids[k], w, "id");
        sb_jw_string(w, "name", gt->category_names[k]);
    }
    for (size_t c = 0; c < sb_category_columns(p); c++) {
        char name[SB_CATEGORY_NAME_BYTES];
        const double value = sb_category_value(p, stats, c);
        sb_category_column_name(p, c, name);
        if (sb_category_is_count(c))
            sb_jw_int(w, name, (int64_t)value);
        else
            stat_json(w, name, value);
    }
    sb_jw_end(w);
}

void sb_coco_report_members(const struct sb_coco_eval *eval, const struct sb_coco_summary *summary,
                            const struct sb_coco_gt *gt, const struct sb_category_list *categories,
                            const struct sb_warnings *warnings, struct sb_jw *w)
{
    sb_jw_array(w, "stats");
    for (size_t i = 0; i < summary->count; i++)
        sb_jw_double(w, NULL, summary->stats[i].value);
    sb_jw_end(w);
    params_json(&eval->params, w);
    sb_warnings_json(warnings, w);
    sb_jw_array(w, "per_category");
    for (size_t i = 0; i < categories->count; i++) {
        const size_t k = categories->classes[i];
        category_json(&eval->params, gt, k, &categories->stats[k], w);
    }
    sb_jw_end(w);
}

int sb_coco_eval_array(const struct sb_coco_eval *eval, enum sb_eval_array which,
                       struct sb_npy *out, struct sb_error *err)
{
    const struct sb_coco_params *const p = &eval->params;
    double *const *const planes = which == SB_ARRAY_PRECISION ? eval->precision
                                  : which == SB_ARRAY_SCORES  ? eval->scores
                                                              : eval->recall;
    const size_t count = p->area_count * p->max_det_count;
    const size_t points = which == SB_ARRAY_RECALL ? 1 : p->recall_count;
    const size_t cells = p->iou_count * points * eval->classes;
    size_t bytes;
    memset(out, 0, sizeof(*out));
    out->dtype = SB_F64;
    out->shape[out->ndim++] = p->iou_count;
    if (which != SB_ARRAY_RECALL)
        out->shape[out->ndim++] = points;
    out->shape[out->ndim++] = eval->classes;
    out->shape[out->ndim++] = p->area_count;
    if (p->metric->protocol != SB_PROTOCOL_LVIS ||
        p->max_det_count > 1) /* lvis-api has no limits */
        out->shape[out->ndim++] = p->max_det_count;
    out->count = cells * count;
    double *const all =
        sb_mul_size(cells, count * sizeof(double), &bytes) ? sb_malloc(bytes, TAG) : NULL;
    if (!all)
        return sb_error_nomem(err, "arrays of an evaluation", cells);
    for (size_t i = 0; i < count; i++) { /* from (K, T, R) to (T, R, K, A * M) */
        for (size_t k = 0; k < eval->classes; k++) {
            for (size_t j = 0; j < p->iou_count * points; j++)
                all[(j * eval->classes + k) * count + i] = planes[i][k * p->iou_count * points + j];
        }
    }
    out->data = all;
    return 0;
}

int sb_coco_dump_arrays(const struct sb_coco_eval *eval, const char *dir, struct sb_error *err)
{
    static const char *const names[] = {"precision.npy", "scores.npy", "recall.npy"};
    int rc = sb_make_dirs(dir, err);
    for (int i = SB_ARRAY_PRECISION; rc == 0 && i <= SB_ARRAY_RECALL; i++) {
        struct sb_npy array;
        char *const path = sb_path_join(dir, names[i]);
        rc = path ? sb_coco_eval_array(eval, (enum sb_eval_array)i, &array, err)
                  : sb_error_nomem(err, "a path", 1);
        if (rc == 0) {
            rc = sb_npy_save(path, SB_F64, array.ndim, array.shape, array.data, err);
            sb_npy_release(&array);
        }
        sb_free(path);
    }
    return rc;
}
