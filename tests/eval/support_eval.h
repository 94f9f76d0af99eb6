/* What the tests of the evaluator share: one call from files to results. */
#ifndef SB_TESTS_EVAL_SUPPORT_EVAL_H
#define SB_TESTS_EVAL_SUPPORT_EVAL_H

#include "eval/coco_eval.h"
#include "eval/coco_report.h"
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

/* An evaluation as values that two runs can be compared by. */
struct test_outcome {
    int rc;
    struct sb_error err;
    size_t stat_count;
    double stats[SB_SUMMARY_MAX];
    uint64_t digests[3]; /* precision, scores, recall: enum sb_eval_array */
    struct sb_notes notes;
    uint64_t sent, column_bytes; /* of all ranks; no part of the comparison */
};

/* One process with `threads` threads; `ranks` of them where that is more than 1, each with as many
 * threads. */
void test_eval_outcome(const char *gt, const char *dt, const struct sb_coco_params *params,
                       int ranks, int threads, struct test_outcome *out);
/* Fails the test unless both are the same; `what` says which case it is. */
void test_assert_same_outcome(const struct test_outcome *a, const struct test_outcome *b,
                              const char *what);

#endif
