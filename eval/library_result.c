/* Evaluation and results of the library. See library.h and include/spinebench/eval.h. */
#include "eval/library.h"

#include "base/mem.h"
#include "eval/coco_categories.h"
#include "eval/coco_report.h"
#include "eval/coco_summary.h"

#include <string.h>

#define TAG        SB_MEM_TAG(SB_MEM_DATA, 0)
#define NAME_BYTES 40
#define ARRAYS     3

_Static_assert((int)SPINEBENCH_PRECISION == SB_ARRAY_PRECISION &&
                   (int)SPINEBENCH_SCORES == SB_ARRAY_SCORES &&
                   (int)SPINEBENCH_RECALL == SB_ARRAY_RECALL,
               "public arrays are the internal ones");

struct spinebench_result {
    const struct spinebench_truth *truth; /* borrowed */
    struct sb_coco_eval eval;
    struct sb_coco_summary summary;
    char (*names)[NAME_BYTES];            /* of the summary's statistics, owned */
    struct sb_category_stats *categories; /* per class, owned */
    struct sb_str text;
    struct sb_npy arrays[ARRAYS]; /* empty unless asked for */
    size_t unknown;
};

void spinebench_result_free(struct spinebench_result **result)
{
    struct spinebench_result *const r = result ? *result : NULL;
    if (!r)
        return;
    for (int i = 0; i < ARRAYS; i++)
        sb_npy_release(&r->arrays[i]);
    sb_coco_eval_release(&r->eval);
    sb_free(r->names);
    sb_free(r->categories);
    sb_str_release(&r->text);
    sb_free(r);
    *result = NULL;
}

/* Statistics, text and arrays of r->eval. */
static int summarize(struct spinebench_result *r, struct sb_error *err)
{
    const struct spinebench_truth *const t = r->truth;
    int rc = sb_coco_summarize(&r->eval, t->order, &r->summary, err);
    if (rc)
        return rc;
    sb_coco_summary_text(&r->summary, &r->text);
    r->names = sb_calloc(r->summary.count, sizeof(*r->names), TAG);
    r->categories = sb_calloc(r->eval.classes, sizeof(*r->categories), TAG);
    if (r->text.failed || !r->names || !r->categories)
        return sb_error_nomem(err, "a summary", r->eval.classes * sizeof(*r->categories));
    for (size_t i = 0; i < r->summary.count; i++)
        sb_coco_stat_name(&r->summary.stats[i], &r->eval.params, r->names[i], NAME_BYTES);
    for (size_t k = 0; k < r->eval.classes; k++)
        sb_category_stats(&r->eval, k, t->order, &r->categories[k]);
    for (int i = 0; rc == 0 && t->arrays && i < ARRAYS; i++)
        rc = sb_coco_eval_array(&r->eval, (enum sb_eval_array)i, &r->arrays[i], err);
    return rc;
}

/* Takes dt over. */
static int evaluate(struct spinebench_result **result, const struct spinebench_truth *t,
                    struct sb_coco_dt *dt, struct sb_pool *pool, struct sb_error *err)
{
    struct spinebench_result *r = sb_calloc(1, sizeof(*r), TAG);
    int rc = r ? 0 : sb_error_nomem(err, "a result", sizeof(*r));
    if (rc == 0) {
        r->truth = t;
        r->unknown = (size_t)dt->notes.count[SB_RULE_UNKNOWN_CATS];
        rc = sb_coco_evaluate(&r->eval, &t->gt, dt, &t->params,
                              t->arrays ? SB_EVAL_ARRAYS : SB_EVAL_STATS, pool, err);
    }
    sb_coco_dt_release(dt);
    if (rc == 0)
        rc = summarize(r, err);
    if (rc)
        spinebench_result_free(&r);
    *result = r;
    return rc;
}

int spinebench_evaluate(struct spinebench_result **result, const struct spinebench_truth *truth,
                        const struct spinebench_detections *detections,
                        struct spinebench_error *error)
{
    struct sb_coco_dt dt;
    struct sb_error err;
    sb_error_init(&err);
    if (!result || !truth) {
        sb_error_set(&err, SB_EINVAL, "%s: NULL", result ? "truth" : "result");
        return sb_library_error(error, &err);
    }
    *result = NULL;
    if (sb_library_detections(&dt, truth, detections, &err) == 0) {
        struct sb_pool *pool = sb_pool_new(truth->threads, &err);
        if (pool)
            evaluate(result, truth, &dt, pool, &err);
        else
            sb_coco_dt_release(&dt);
        sb_pool_free(&pool);
    }
    return sb_library_error(error, &err);
}

int spinebench_evaluate_file(struct spinebench_result **result, struct spinebench_truth *truth,
                             const char *path, struct spinebench_error *error)
{
    struct sb_coco_dt dt;
    struct sb_error err;
    sb_error_init(&err);
    if (!result || !truth || !path) {
        sb_error_set(&err, SB_EINVAL, "%s: NULL", !result ? "result" : truth ? "path" : "truth");
        return sb_library_error(error, &err);
    }
    *result = NULL;
    struct sb_pool *pool = sb_pool_new(truth->threads, &err);
    if (pool && sb_coco_dt_load(&dt, path, &truth->gt, &truth->params, pool, &err) == 0)
        evaluate(result, truth, &dt, pool, &err);
    sb_pool_free(&pool);
    return sb_library_error(error, &err);
}

const char *spinebench_result_text(const struct spinebench_result *result)
{
    return result ? sb_str_text(&result->text) : "";
}

size_t spinebench_result_unknown(const struct spinebench_result *result)
{
    return result ? result->unknown : 0;
}

size_t spinebench_result_stats(const struct spinebench_result *result)
{
    return result ? result->summary.count : 0;
}

int spinebench_result_stat(const struct spinebench_result *result, size_t index,
                           struct spinebench_stat *stat)
{
    if (!result || index >= result->summary.count)
        return SPINEBENCH_EINVAL;
    const struct sb_coco_stat *const s = &result->summary.stats[index];
    const struct spinebench_stat own = {
        .name = result->names[index],
        .area = s->area,
        .iou = s->iou,
        .value = s->value,
        .max_dets = s->max_dets,
        .is_recall = !s->is_ap,
    };
    return sb_library_give(stat, &own, sizeof(own)) ? 0 : SPINEBENCH_EINVAL;
}

size_t spinebench_result_categories(const struct spinebench_result *result)
{
    return result ? result->eval.classes : 0;
}

int spinebench_result_category(const struct spinebench_result *result, size_t index,
                               struct spinebench_category *category)
{
    if (!result || index >= result->eval.classes)
        return SPINEBENCH_EINVAL;
    const struct sb_coco_gt *const gt = &result->truth->gt;
    const struct sb_category_stats *const s = &result->categories[index];
    const bool classes = result->eval.params.use_cats;
    const bool plain = classes && gt->categories.ids[index] >= SB_ID_LOWEST;
    const struct spinebench_category own = {
        .id = plain ? gt->categories.ids[index] : 0,
        .name = classes ? gt->category_names[index] : "",
        .objects = s->objects,
        .detections = s->detections,
        .ap = s->ap,
        .ap50 = s->ap50,
        .ap75 = s->ap75,
        .ar = s->ar,
        .area_count = result->eval.params.area_count,
        .ap_by_area = s->ap_by_area,
        .ar_by_area = s->ar_by_area,
    };
    return sb_library_give(category, &own, sizeof(own)) ? 0 : SPINEBENCH_EINVAL;
}

static int check_array(const struct spinebench_result *result, int32_t which, const double **data,
                       const size_t *shape, struct sb_error *err)
{
    if (!result || !data || !shape)
        return sb_error_set(err, SB_EINVAL, "%s: NULL",
                            !result ? "result"
                            : data  ? "shape"
                                    : "data");
    if (which < 0 || which >= ARRAYS)
        return sb_error_set(err, SB_EINVAL, "which: unknown array %d", (int)which);
    if (!result->truth->arrays)
        return sb_error_set(err, SB_EINVAL, "arrays are kept only when options.arrays is 1");
    return 0;
}

int spinebench_result_array(const struct spinebench_result *result, int32_t which,
                            const double **data, size_t shape[5], struct spinebench_error *error)
{
    struct sb_error err;
    sb_error_init(&err);
    if (check_array(result, which, data, shape, &err) == 0) {
        const struct sb_npy *const array = &result->arrays[which];
        for (int i = 0; i < 5; i++)
            shape[i] = i < array->ndim ? array->shape[i] : 0;
        *data = array->data;
    }
    return sb_library_error(error, &err);
}
