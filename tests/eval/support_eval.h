/* What the tests of the evaluator share: one call from files to results. */
#ifndef SB_TESTS_EVAL_SUPPORT_EVAL_H
#define SB_TESTS_EVAL_SUPPORT_EVAL_H

#include "eval/coco_eval.h"
#include "eval/coco_summary.h"

struct test_eval {
    struct sb_pool *pool;
    struct sb_coco_gt gt;
    struct sb_coco_dt dt;
    struct sb_coco_eval eval;
    struct sb_coco_summary summary;
};

/* Loads both files, evaluates and summarises; on error everything is released. */
int test_eval_run(struct test_eval *e, const char *gt, const char *dt,
                  const struct sb_coco_params *params, enum sb_eval_detail detail, int threads,
                  struct sb_error *err);
void test_eval_release(struct test_eval *e);

#endif
