/* Load, evaluate, summarise. See coco_files.h. */
#include "eval/coco_files.h"

#include "eval/coco_eval.h"

#include <string.h>

static int summarize(const struct sb_coco_eval *eval, struct sb_coco_result *out,
                     struct sb_error *err)
{
    struct sb_coco_summary summary;
    const int rc = sb_coco_summarize(eval, SB_NUMPY_WHOLE, &summary, err);
    if (rc)
        return rc;
    out->count = summary.count;
    for (size_t i = 0; i < summary.count; i++)
        out->stats[i] = summary.stats[i].value;
    sb_coco_summary_text(&summary, &out->text);
    return out->text.failed ? sb_error_nomem(err, "the summary", out->text.length) : 0;
}

int sb_coco_evaluate_files(const char *annotations, const char *results, enum sb_iou_type type,
                           struct sb_pool *pool, struct sb_coco_result *out, struct sb_error *err)
{
    struct sb_coco_params params;
    struct sb_coco_gt gt;
    struct sb_coco_dt dt;
    struct sb_coco_eval eval;
    memset(out, 0, sizeof(*out));
    sb_coco_params_defaults(&params, type);
    int rc = sb_coco_gt_load(&gt, annotations, &params, pool, err);
    if (rc)
        return rc;
    rc = sb_coco_dt_load(&dt, results, &gt, &params, pool, err);
    if (rc == 0) {
        rc = sb_coco_evaluate(&eval, &gt, &dt, &params, SB_EVAL_STATS, pool, err);
        sb_coco_dt_release(&dt);
    }
    sb_coco_gt_release(&gt);
    if (rc)
        return rc;
    rc = summarize(&eval, out, err);
    sb_coco_eval_release(&eval);
    if (rc)
        sb_coco_result_release(out);
    return rc;
}

void sb_coco_result_release(struct sb_coco_result *result)
{
    sb_str_release(&result->text);
    memset(result, 0, sizeof(*result));
}
