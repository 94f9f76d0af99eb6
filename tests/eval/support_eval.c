/* See support_eval.h. */
#include "tests/eval/support_eval.h"

#include <string.h>

int test_eval_run(struct test_eval *e, const char *gt, const char *dt,
                  const struct sb_coco_params *params, enum sb_eval_detail detail, int threads,
                  struct sb_error *err)
{
    memset(e, 0, sizeof(*e));
    e->pool = sb_pool_new(threads, err);
    if (!e->pool)
        return err->code;
    int rc = sb_coco_gt_load(&e->gt, gt, params, e->pool, err);
    if (rc == 0) {
        rc = sb_coco_dt_load(&e->dt, dt, &e->gt, params, e->pool, err);
        if (rc == 0)
            rc = sb_coco_evaluate(&e->eval, &e->gt, &e->dt, params, detail, e->pool, err);
        if (rc == 0)
            rc = sb_coco_summarize(&e->eval, SB_NUMPY_WHOLE, &e->summary, err);
    }
    if (rc)
        test_eval_release(e);
    return rc;
}

void test_eval_release(struct test_eval *e)
{
    sb_coco_eval_release(&e->eval);
    sb_coco_dt_release(&e->dt);
    sb_coco_gt_release(&e->gt);
    sb_pool_free(&e->pool);
}
