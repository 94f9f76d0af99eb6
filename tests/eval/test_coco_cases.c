/* eval/coco_*.c end to end: published data sets give pycocotools' statistics to the last bit. */
#include "eval/coco_eval.h"
#include "eval/coco_summary.h"

#include "tests/test.h"

#include <string.h>

struct expected_case {
    const char *gt, *dt;
    enum sb_iou_type type;
    double stats[12];
};

static const struct expected_case cases[] = {
    {"coco/instances_val2014_100.json",
     "coco/instances_val2014_fakebbox100_results.json",
     SB_IOU_BBOX,
     {0.5045806987249628, 0.6969727247299577, 0.5729816669904824, 0.5856257209410443,
      0.5193996948036719, 0.5013978986347466, 0.38681277964578054, 0.5936795762842003,
      0.595352982877607, 0.6398109626113442, 0.5664205978994309, 0.5642905982905982}},
    {"coco/yolact_pseudo_gt.json",
     "coco/yolact_darknet53_bbox.json",
     SB_IOU_BBOX,
     {0.6196385031072207, 0.8454320857642825, 0.7412430297508803, 0.5168335726090152,
      0.6316723256915387, 0.6697612778595643, 0.5342915597474421, 0.7041603788368493,
      0.7104792805233981, 0.5966489703989704, 0.7062084538018633, 0.7613208940026475}},
    {"boundary/gt.json",
     "boundary/dt.json",
     SB_IOU_BBOX,
     {0.6947194719471946, 0.6947194719471946, 0.6947194719471946, -1, 0.7920792079207921, 0.0,
      0.6666666666666666, 0.75, 0.75, -1, 0.7916666666666666, 0.0}},
};
#define N_CASES (sizeof(cases) / sizeof(cases[0]))

static void check_case(const struct expected_case *c, int threads)
{
    struct sb_coco_params params;
    struct sb_coco_gt gt;
    struct sb_coco_dt dt;
    struct sb_coco_eval eval;
    struct sb_coco_summary summary;
    struct sb_error err;
    const char *const gt_path = test_data_or_skip(c->gt);
    const char *const dt_path = test_data_or_skip(c->dt);
    struct sb_pool *pool = sb_pool_new(threads, &err);
    sb_coco_params_defaults(&params, c->type);
    assert_ok(sb_coco_gt_load(&gt, gt_path, &params, pool, &err), &err);
    assert_ok(sb_coco_dt_load(&dt, dt_path, &gt, &params, pool, &err), &err);
    assert_ok(sb_coco_evaluate(&eval, &gt, &dt, &params, SB_EVAL_STATS, pool, &err), &err);
    assert_ok(sb_coco_summarize(&eval, SB_NUMPY_WHOLE, &summary, &err), &err);
    assert_int_equal(summary.count, c->type == SB_IOU_KEYPOINTS ? 10 : 12);
    for (size_t i = 0; i < summary.count; i++) {
        if (summary.stats[i].value != c->stats[i])
            fail_msg("%s, statistic %zu: %.17g, expected %.17g", c->dt, i, summary.stats[i].value,
                     c->stats[i]);
    }
    sb_coco_eval_release(&eval);
    sb_coco_dt_release(&dt);
    sb_coco_gt_release(&gt);
    sb_pool_free(&pool);
}

static void test_coco_cases__statistics_are_exact(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CASES; i++)
        check_case(&cases[i], 1);
}

static void test_coco_cases__threads_do_not_matter(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CASES; i++) {
        check_case(&cases[i], 2);
        check_case(&cases[i], 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_coco_cases__statistics_are_exact),
        cmocka_unit_test(test_coco_cases__threads_do_not_matter),
    };
    return cmocka_run_group_tests_name("eval/coco_cases", tests, NULL, NULL);
}
