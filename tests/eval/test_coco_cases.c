/* eval/coco_*.c end to end: published data sets give pycocotools' statistics to the last bit. */
#include "base/file.h"
#include "tests/eval/support_eval.h"

#include "tests/test.h"

#include <stdlib.h>
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
    {"coco/instances_val2014_100.json",
     "coco/instances_val2014_fakesegm100_results.json",
     SB_IOU_SEGM,
     {0.3195452758576433, 0.5622883972521636, 0.29892653412086784, 0.3873740315997837,
      0.31018272403369485, 0.3269339071005138, 0.2682297225711534, 0.41544868114906375,
      0.4168394992198818, 0.4694498622754236, 0.37675922666197265, 0.3814715099715099}},
    {"coco/instances_val2014_100.json",
     "coco/instances_val2014_fakebbox100_results.json",
     SB_IOU_SEGM,
     {0.13216871724940724, 0.3488394479598221, 0.0745055408332098, 0.16749221647165125,
      0.11125941873876223, 0.16918904731162443, 0.12508702602523036, 0.18018078559064407,
      0.18123499804485652, 0.19562762244975038, 0.1330406911928651, 0.21853276353276355}},
    {"coco/yolact_pseudo_gt.json",
     "coco/yolact_darknet53_segm.json",
     SB_IOU_SEGM,
     {0.6201856861529014, 0.8142618048845399, 0.6620850304192187, 0.43033834853860076,
      0.6515272814835844, 0.709491775411163, 0.5312058692941046, 0.694328101636925,
      0.7005431366019602, 0.5320323895323895, 0.7346739318457015, 0.7681412845489823}},
    {"keypoints/one_image_gt.json",
     "keypoints/one_image_dt.json",
     SB_IOU_KEYPOINTS,
     {0.5048844884488449, 0.7227722772277227, 0.6336633663366337, 0.46633663366336636,
      0.7504950495049505, 0.5181818181818182, 0.7272727272727273, 0.6363636363636364,
      0.4666666666666666, 0.75}},
    {"boundary/gt.json",
     "boundary/dt.json",
     SB_IOU_SEGM,
     {0.6947194719471946, 0.6947194719471946, 0.6947194719471946, -1, 0.7920792079207921, 0.0,
      0.6666666666666666, 0.75, 0.75, -1, 0.7916666666666666, 0.0}},
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
    struct test_eval e;
    struct sb_error err;
    const char *const gt = test_data_or_skip(c->gt), *const dt = test_data_or_skip(c->dt);
    sb_coco_params_defaults(&params, c->type);
    assert_ok(test_eval_run(&e, gt, dt, &params, SB_EVAL_STATS, threads, &err), &err);
    assert_int_equal(e.summary.count, c->type == SB_IOU_KEYPOINTS ? 10 : 12);
    for (size_t i = 0; i < e.summary.count; i++) {
        if (e.summary.stats[i].value != c->stats[i])
            fail_msg("%s, statistic %zu: %.17g, expected %.17g", c->dt, i, e.summary.stats[i].value,
                     c->stats[i]);
    }
    test_eval_release(&e);
}

/* A file of the data, from the first `from` to the first `until` (both NULL: all of it), with words
 * replaced by others of the same length: its path in the scratch folder. */
static const char *changed_copy(const char *path, const char *from, const char *until,
                                const char *const (*words)[2], size_t count)
{
    struct sb_map map;
    struct sb_error err;
    assert_ok(sb_map_open(&map, path, &err), &err);
    char *const text = calloc(map.size + 1, 1);
    assert_non_null(text);
    memcpy(text, map.data, map.size);
    sb_map_release(&map);
    char *const start = from ? strstr(text, from) : text;
    assert_non_null(start);
    char *const end = until ? strstr(start, until) : NULL;
    if (end)
        *end = '\0';
    for (size_t i = 0; i < count; i++) {
        const size_t length = strlen(words[i][0]);
        for (char *at = start; (at = strstr(at, words[i][0])); at += length)
            memcpy(at, words[i][1], length);
    }
    const char *const copy = test_write_text("changed.json", start);
    free(text);
    return copy;
}

static void check_metric(const char *metric, const char *gt, const char *dt, bool any_masks,
                         const double *expected, size_t count)
{
    for (int threads = 1; threads <= 3; threads++) {
        struct sb_coco_params params;
        struct test_eval e;
        struct sb_error err;
        sb_coco_params_init(&params, sb_metric_named(metric));
        if (any_masks)
            sb_coco_params_set_rule(&params, SB_RULE_RESULT_MASKS, SB_RESULT_MASKS_ANY);
        assert_ok(test_eval_run(&e, gt, dt, &params, SB_EVAL_STATS, threads, &err), &err);
        assert_int_equal(e.summary.count, count);
        for (size_t i = 0; i < count; i++) {
            if (e.summary.stats[i].value != expected[i])
                fail_msg("%s, statistic %zu: %.17g, expected %.17g", metric, i,
                         e.summary.stats[i].value, expected[i]);
        }
        test_eval_release(&e);
    }
}

/* Results whose boxes have another name are those of their polygons. */
static void test_coco_cases__boundaries(void **state)
{
    (void)state;
    static const char *const words[][2] = {{"\"bbox\"", "\"xbox\""}};
    static const double expected[] = {0.6947194719471946,
                                      0.6947194719471946,
                                      0.6947194719471946,
                                      -1,
                                      0.7367986798679867,
                                      0,
                                      0.6666666666666666,
                                      0.75,
                                      0.75,
                                      -1,
                                      0.7916666666666666,
                                      0};
    const char *const gt = test_data_or_skip("boundary/gt.json");
    const char *const dt =
        changed_copy(test_data_or_skip("boundary/dt.json"), NULL, NULL, words, 1);
    check_metric("boundary", gt, dt, true, expected, 12);
}

static void test_coco_cases__crowdpose(void **state)
{
    (void)state;
    static const double expected[] = {0.7877215935879303,
                                      0.9881188118811886,
                                      0.7314356435643564,
                                      0.8222222222222223,
                                      1,
                                      0.7777777777777778,
                                      1,
                                      0.9802,
                                      0.4116};
    check_metric("crowdpose", test_data_or_skip("keypoints/example_crowdpose_val.json"),
                 test_data_or_skip("keypoints/example_crowdpose_preds.json"), false, expected, 9);
}

/* Results made of the objects: areas as scores, categories that begin with 8 mistaken for others.
 * Expected are the statistics of lvis-api 0.5.3 with numpy 2.4.6. */
static void test_coco_cases__lvis(void **state)
{
    (void)state;
    static const char *const words[][2] = {{"\"area\": ", "\"score\":"},
                                           {"\"category_id\": 8", "\"category_id\": 9"}};
    static const double expected[] = {0.9263157894736842, 0.9263157894736842, 0.9263157894736842,
                                      0.8928571428571429, 0.9157894736842105, 0.8985507246376812,
                                      0.9999999999999998, 0.9333333333333333, 0.9245283018867925,
                                      0.9263157894736842, 0.8928571428571429, 0.9157894736842105,
                                      0.8985507246376812};
    const char *const gt = test_data_or_skip("lvis/lvis_val_100.json");
    const char *const dt = changed_copy(gt, "[{\"segmentation\"", ", \"info\"", words, 2);
    check_metric("lvis-bbox", gt, dt, false, expected, 13);
    check_metric("lvis-segm", gt, dt, false, expected, 13);
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
        cmocka_unit_test(test_coco_cases__boundaries),
        cmocka_unit_test(test_coco_cases__crowdpose),
        cmocka_unit_test(test_coco_cases__lvis),
    };
    return cmocka_run_group_tests_name("eval/coco_cases", tests, NULL, NULL);
}
