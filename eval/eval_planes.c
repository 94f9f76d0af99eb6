/* The arrays of an evaluation. See eval_planes.h. */
#include "eval/eval_planes.h"

#include "base/mem.h"
#include "base/size.h"
#include "eval/coco_categories.h"

#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

static double *new_plane(size_t count)
{
    double *plane = sb_malloc(count * sizeof(*plane), TAG);
    for (size_t i = 0; plane && i < count; i++)
        plane[i] = -1;
    return plane;
}

int sb_eval_planes_make(struct sb_coco_eval *e, enum sb_eval_detail detail, struct sb_error *err)
{
    const struct sb_coco_params *const p = &e->params;
    const size_t planes = p->area_count * p->max_det_count;
    size_t cells;
    if (!sb_mul_size(p->iou_count * p->recall_count, e->classes, &cells))
        return sb_error_nomem(err, "precision", SIZE_MAX);
    e->precision = sb_calloc(planes, sizeof(*e->precision), TAG);
    e->scores = sb_calloc(planes, sizeof(*e->scores), TAG);
    e->recall = sb_calloc(planes, sizeof(*e->recall), TAG);
    e->objects = sb_calloc(p->area_count * e->classes, sizeof(*e->objects), TAG);
    e->detections = sb_calloc(e->classes, sizeof(*e->detections), TAG);
    bool ok = e->precision && e->scores && e->recall && e->objects && e->detections;
    for (size_t i = 0; ok && i < planes; i++) {
        const bool arrays = detail == SB_EVAL_ARRAYS;
        ok = (e->recall[i] = new_plane(p->iou_count * e->classes)) != NULL;
        const size_t m = i % p->max_det_count;
        if (ok && (arrays || m == sb_category_limit(p) || sb_stat_needs_precision(p, m)))
            ok = (e->precision[i] = new_plane(cells)) != NULL;
        if (ok && arrays)
            ok = (e->scores[i] = new_plane(cells)) != NULL;
    }
    return ok ? 0 : sb_error_nomem(err, "precision", cells * sizeof(double));
}

static void free_planes(double ***planes, size_t count)
{
    for (size_t i = 0; *planes && i < count; i++)
        sb_free((*planes)[i]);
    sb_free(*planes);
    *planes = NULL;
}

void sb_coco_eval_release(struct sb_coco_eval *e)
{
    const size_t planes = e->params.area_count * e->params.max_det_count;
    free_planes(&e->precision, planes);
    free_planes(&e->scores, planes);
    free_planes(&e->recall, planes);
    sb_free(e->objects);
    sb_free(e->detections);
    sb_free(e->class_group);
    memset(e, 0, sizeof(*e));
}
