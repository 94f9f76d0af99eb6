/*
 * eval/rules.c end to end: what every rule does to data that it touches, at its default and at its
 * other values. The statistics follow by hand: a hit on the only object is 1, on one of two is
 * 51/101 (the recall points up to 0.5), behind a miss 1/2. Precision is a little below 1 by the
 * rule `eps`.
 */
#include "base/json_scan.h"
#include "eval/coco_eval.h"
#include "eval/coco_summary.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define REFUSED     (-2) /* an error of the format is expected */
#define ONE_OF_TWO  (51 / 101.0)
#define AP          0
#define AP50        1
#define AP_SMALL    3
#define AP_MEDIUM   3 /* of keypoints */
#define AR_OF_LIMIT 6 /* with one limit of detections */

/* Texts with ' for ". */
#define HEAD                                                                                       \
    "{'images':[{'id':1,'height':40,'width':40}],'categories':[{'id':1},{'id':2}],'annotations':["
#define OBJECT(id, box, rest)                                                                      \
    "{'id':" id ",'image_id':1,'category_id':1,'bbox':" box ",'iscrowd':0," rest "}"
#define RESULT(score, rest) "{'image_id':1,'category_id':1,'score':" score "," rest "}"
#define BOX_A               "[0,0,10,10]"
#define BOX_B               "[20,20,10,10]"
#define HIT_A               RESULT("0.5", "'bbox':" BOX_A)
#define A                   OBJECT("1", BOX_A, "'area':100")
#define B                   OBJECT("2", BOX_B, "'area':100")
#define SQUARE(x)           "'segmentation':[[" x ",0," x ",4,4,4,4,0]]"
#define POSE_OBJECT                                                                                \
    OBJECT("1", "[10,10,50,50]",                                                                   \
           "'area':2500,'num_keypoints':3,'keypoints':[10,10,2,60,60,2,30,30,2]")
#define POSE_HIT RESULT("0.5", "'keypoints':[10,10,1,60,60,1,30,30,1]")

struct rule_case {
    const char *name;
    enum sb_rule rule;
    enum sb_iou_type type;
    const char *gt, *dt;
    size_t stat;       /* index of the statistic */
    double otherwise;  /* at the default */
    uint8_t value;     /* of the rule */
    double expected;   /* at that value */
    int32_t limit;     /* the only limit of detections; 0 = the defaults */
    bool without_cats; /* all categories as one */
};

static const struct rule_case cases[] = {
    {"an object with id 0 can be hit", SB_RULE_ID_ZERO, SB_IOU_BBOX,
     HEAD OBJECT("0", BOX_A, "'area':100") "]}", "[" HIT_A "]", AP, 0, SB_ID_ZERO_MATCH, 1, 0, 0},
    {"an object with a negative id cannot", SB_RULE_ID_ZERO, SB_IOU_BBOX,
     HEAD OBJECT("-1", BOX_A, "'area':100") "]}", "[" HIT_A "]", AP, 1, SB_ID_ZERO_NEGATIVE, 0, 0,
     0},
    {"annotations of one id are two", SB_RULE_REPEATED_IDS, SB_IOU_BBOX,
     HEAD A "," OBJECT("1", BOX_B, "'area':100") "]}", "[" HIT_A "]", AP, 0, SB_REPEATED_EACH,
     ONE_OF_TWO, 0, 0},
    {"the ignore flag is heard", SB_RULE_IGNORE_FLAG, SB_IOU_BBOX,
     HEAD A "," OBJECT("2", BOX_B, "'area':100,'ignore':1") "]}", "[" HIT_A "]", AP, ONE_OF_TWO,
     SB_IGNORE_EITHER, 1, 0, 0},
    {"a crowd is an object", SB_RULE_CROWD, SB_IOU_BBOX,
     HEAD A ",{'id':2,'image_id':1,'category_id':1,'bbox':" BOX_B ",'iscrowd':1,'area':100}]}",
     "[" HIT_A "]", AP, 1, SB_CROWD_OFF, ONE_OF_TWO, 0, 0},
    {"missing fields are filled", SB_RULE_MISSING_FIELDS, SB_IOU_BBOX,
     HEAD "{'id':1,'image_id':1,'category_id':1,'bbox':" BOX_A "}]}", "[" HIT_A "]", AP_SMALL,
     REFUSED, SB_MISSING_FILL, 1, 0, 0},
    {"objects of unknown categories are refused", SB_RULE_UNKNOWN_OBJECTS, SB_IOU_BBOX,
     HEAD A ",{'id':2,'image_id':1,'category_id':9,'bbox':" BOX_B ",'iscrowd':0,'area':100}]}",
     "[" HIT_A "]", AP, 1, SB_UNKNOWN_OBJECTS_ERROR, REFUSED, 0, 0},
    {"objects of unknown images are refused", SB_RULE_UNKNOWN_OBJECTS, SB_IOU_BBOX,
     HEAD A ",{'id':2,'image_id':5,'category_id':1,'bbox':" BOX_B ",'iscrowd':0,'area':100}]}",
     "[" HIT_A "]", AP, 1, SB_UNKNOWN_OBJECTS_ERROR, REFUSED, 0, 0},
    {"results of unknown images are left out", SB_RULE_UNKNOWN_IMAGES, SB_IOU_BBOX, HEAD A "]}",
     "[" HIT_A ",{'image_id':5,'category_id':1,'score':0.9,'bbox':" BOX_B "}]", AP, REFUSED,
     SB_UNKNOWN_IMAGES_DROP, 1, 0, 0},
    {"results of unknown categories are refused", SB_RULE_UNKNOWN_CATS, SB_IOU_BBOX, HEAD A "]}",
     "[" HIT_A ",{'image_id':1,'category_id':9,'score':0.9,'bbox':" BOX_B "}]", AP, 1,
     SB_UNKNOWN_CATS_ERROR, REFUSED, 0, 0},
    {"no results are all misses", SB_RULE_EMPTY_RESULTS, SB_IOU_BBOX, HEAD A "]}", "[]", AP,
     REFUSED, SB_EMPTY_RESULTS_ZEROS, 0, 0, 0},
    {"the box is the size of an object", SB_RULE_GT_AREA, SB_IOU_BBOX,
     HEAD OBJECT("1", BOX_A, "'area':5000") "]}", "[" HIT_A "]", AP_SMALL, -1, SB_GT_AREA_BOX, 1, 0,
     0},
    {"the mask is the size of an object", SB_RULE_GT_AREA, SB_IOU_SEGM,
     HEAD OBJECT("1", "[0,0,4,4]", "'area':5000," SQUARE("0")) "]}",
     "[" RESULT("0.5", "'bbox':[0,0,4,4]") "]", AP_SMALL, -1, SB_GT_AREA_MASK, 1, 0, 0},
    {"0.53 of the box is the size of a person", SB_RULE_GT_AREA, SB_IOU_BBOX,
     HEAD OBJECT("1", "[0,0,40,30]", "'area':1200") "]}",
     "[" RESULT("0.5", "'bbox':[0,0,40,30]") "]", AP_SMALL, -1, SB_GT_AREA_PERSON, 1, 0, 0},
    {"the mask is the size of a result", SB_RULE_DET_AREA, SB_IOU_SEGM,
     HEAD OBJECT("1", "[0,0,4,4]", "'area':16," SQUARE("0")) "]}",
     "[" RESULT("0.5", "'bbox':[0,0,4,4]") "," RESULT(
         "0.9", "'bbox':[0,0,40,40],'segmentation':{'size':[40,40],'counts':[1200,9,391]}") "]",
     AP_SMALL, 1, SB_DET_AREA_MASK, 0.5, 0, 0},
    {"labelled keypoints are the size of a pose", SB_RULE_KEYPOINT_AREA, SB_IOU_KEYPOINTS,
     HEAD POSE_OBJECT "]}",
     "[" POSE_HIT "," RESULT("0.9", "'keypoints':[0,0,0,150,150,1,200,200,1]") "]", AP_MEDIUM, 1,
     SB_KEYPOINT_AREA_VISIBLE, 0.5, 0, 0},
    {"objects without an area are left out", SB_RULE_EMPTY_AREAS, SB_IOU_BBOX,
     HEAD A "," OBJECT("2", BOX_B, "'area':0") "]}", "[" HIT_A "]", AP, ONE_OF_TWO,
     SB_EMPTY_AREAS_DROP, 1, 0, 0},
    {"a bound belongs to one range", SB_RULE_AREA_BOUNDS, SB_IOU_BBOX,
     HEAD OBJECT("1", BOX_A, "'area':1024") "]}", "[" HIT_A "]", AP_SMALL, 1, SB_BOUNDS_HALF_OPEN,
     -1, 0, 0},
    {"a limit holds over the classes of an image", SB_RULE_SCOPE, SB_IOU_BBOX,
     HEAD A ",{'id':2,'image_id':1,'category_id':2,'bbox':" BOX_B ",'iscrowd':0,'area':100}]}",
     "[" HIT_A ",{'image_id':1,'category_id':2,'score':0.4,'bbox':" BOX_B "}]", AR_OF_LIMIT, 1,
     SB_SCOPE_IMAGE, 0.5, 1, 0},
    {"the first of equals gets the match", SB_RULE_TIE, SB_IOU_BBOX,
     HEAD OBJECT("0", BOX_A, "'area':100") "," A "]}", "[" HIT_A "]", AP, ONE_OF_TWO, SB_TIE_FIRST,
     0, 0, 0},
    /* 3 of 4 pixels: thresholds up to 0.75; behind two runs of 0 nothing is counted: 3 of 3 */
    {"runs of length 0 do not end a comparison", SB_RULE_RLE_COMPAT, SB_IOU_SEGM,
     "{'images':[{'id':1,'height':8,'width':1}],'categories':[{'id':1}],'annotations':[" OBJECT(
         "1", "[0,0,1,4]", "'area':4,'segmentation':{'size':[8,1],'counts':[0,3,0,1,4]}") "]}",
     "[" RESULT("0.5", "'segmentation':{'size':[8,1],'counts':'030M5'}") "]", AP, 1, SB_RLE_EXACT,
     0.6, 0, 0},
    {"short polygons are empty", SB_RULE_SHORT_POLYGONS, SB_IOU_SEGM,
     HEAD OBJECT("1", "[0,0,4,4]", "'area':16," SQUARE("0")) "," OBJECT(
         "2", "[9,9,2,2]", "'area':4,'segmentation':[[9,9,11,11]]") "]}",
     "[" RESULT("0.5", "'bbox':[0,0,4,4]") "]", AP, REFUSED, SB_SHORT_POLYGONS_EMPTY, ONE_OF_TWO, 0,
     0},
    {"results may be polygons", SB_RULE_RESULT_MASKS, SB_IOU_SEGM,
     HEAD OBJECT("1", "[0,0,4,4]", "'area':16," SQUARE("0")) "]}",
     "[" RESULT("0.5", SQUARE("0")) "]", AP, REFUSED, SB_RESULT_MASKS_ANY, 1, 0, 0},
    {"boxes of results may come from polygons", SB_RULE_RESULT_MASKS, SB_IOU_BBOX,
     HEAD OBJECT("1", "[0,0,4,4]", "'area':16") "]}", "[" RESULT("0.5", SQUARE("0")) "]", AP,
     REFUSED, SB_RESULT_MASKS_ANY, 1, 0, 0},
    {"poses without a labelled keypoint are left out", SB_RULE_UNLABELLED, SB_IOU_KEYPOINTS,
     HEAD POSE_OBJECT "]}",
     "[" POSE_HIT "," RESULT("0.9", "'keypoints':[100,100,0,150,150,0,200,200,0]") "]", AP, 0.5,
     SB_UNLABELLED_DROP, 1, 0, 0},
    {"keypoints are compared without categories", SB_RULE_NO_CATS_OKS, SB_IOU_KEYPOINTS,
     HEAD POSE_OBJECT "]}", "[" POSE_HIT "]", AP, 0, SB_NO_CATS_OKS_ALL, 1, 0, true},
    {"11 recall points", SB_RULE_AP_POINTS, SB_IOU_BBOX, HEAD A "," B "]}", "[" HIT_A "]", AP,
     ONE_OF_TWO, SB_AP_POINTS_11, 6 / 11.0, 0, 0},
    {"the area under the curve", SB_RULE_AP_POINTS, SB_IOU_BBOX, HEAD A "," B "]}", "[" HIT_A "]",
     AP, ONE_OF_TWO, SB_AP_POINTS_ALL, 0.5, 0, 0},
    {"the largest limit is that of the summary", SB_RULE_SUMMARY_MAXDETS, SB_IOU_BBOX, HEAD A "]}",
     "[" HIT_A "]", AP, -1, SB_SUMMARY_LARGEST, 1, 7, 0},
};
#define N_CASES (sizeof(cases) / sizeof(cases[0]))

/* A text with its quotes, as a map (file.h) of memory to be freed. */
static struct sb_map quoted(const char *text)
{
    const size_t size = strlen(text);
    char *const copy = calloc(size + SB_SCAN_PADDING, 1);
    assert_non_null(copy);
    for (size_t i = 0; i < size; i++)
        copy[i] = text[i] == '\'' ? '"' : text[i];
    return (struct sb_map){.data = copy, .size = size, .borrowed = true};
}

static double summarize(const struct sb_coco_eval *eval, size_t stat)
{
    struct sb_coco_summary summary;
    struct sb_error err = {0};
    assert_ok(sb_coco_summarize(eval, SB_NUMPY_WHOLE, &summary, &err), &err);
    assert_true(stat < summary.count);
    return summary.stats[stat].value;
}

/* The statistic, or REFUSED. */
static double evaluate(const char *gt_text, const char *dt_text,
                       const struct sb_coco_params *params, size_t stat)
{
    struct sb_map gt_map = quoted(gt_text), dt_map = quoted(dt_text);
    struct sb_coco_gt gt;
    struct sb_coco_dt dt;
    struct sb_coco_eval eval;
    struct sb_error err = {0};
    double value = REFUSED;
    int rc = sb_coco_gt_read(&gt, &gt_map, "gt", params, NULL, NULL, &err);
    if (rc == 0) {
        rc = sb_coco_dt_read(&dt, &dt_map, "dt", &gt, params, NULL, NULL, &err);
        if (rc == 0) {
            assert_ok(sb_coco_evaluate(&eval, &gt, &dt, params, SB_EVAL_STATS, NULL, &err), &err);
            value = summarize(&eval, stat);
            sb_coco_eval_release(&eval);
            sb_coco_dt_release(&dt);
        }
        sb_coco_gt_release(&gt);
    }
    assert_true(rc == 0 || (rc == SB_EFORMAT && err.offset >= 0));
    free((char *)gt_map.data);
    free((char *)dt_map.data);
    return value;
}

static void params_of(const struct rule_case *c, struct sb_coco_params *params)
{
    sb_coco_params_defaults(params, c->type);
    params->use_cats = !c->without_cats;
    params->keypoint_count = c->type == SB_IOU_KEYPOINTS ? 3 : 0;
    if (c->limit) {
        params->max_dets[0] = c->limit;
        params->max_det_count = 1;
    }
}

static void check(const struct rule_case *c, const struct sb_coco_params *params, double expected)
{
    const double value = evaluate(c->gt, c->dt, params, c->stat);
    if (!(fabs(value - expected) < 1e-12))
        fail_msg("%s: --%s %s gives %.17g, expected %.17g", c->name, sb_rule_row(c->rule)->option,
                 sb_rule_row(c->rule)->values[params->rules[c->rule]], value, expected);
}

static void test_rules__have_the_effect_that_they_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CASES; i++) {
        struct sb_coco_params params;
        params_of(&cases[i], &params);
        check(&cases[i], &params, cases[i].otherwise);
        sb_coco_params_set_rule(&params, cases[i].rule, cases[i].value);
        check(&cases[i], &params, cases[i].expected);
    }
}

/* The term that keeps pycocotools from dividing by 0 is seen in the last bit only. */
static void test_rules__eps_is_in_the_last_bits(void **state)
{
    (void)state;
    struct sb_coco_params params;
    sb_coco_params_defaults(&params, SB_IOU_BBOX);
    assert_true(evaluate(HEAD A "]}", "[" HIT_A "]", &params, AP) == 0.9999999999999998);
    assert_true(evaluate(HEAD A "]}", "[" HIT_A "]", &params, AP50) == 0.9999999999999999);
    sb_coco_params_set_rule(&params, SB_RULE_EPS, SB_EPS_NONE);
    assert_true(evaluate(HEAD A "]}", "[" HIT_A "]", &params, AP) == 1);
}

/* 7 of 10 objects: the recall 7 / 10 is below 70 * 0.01. */
static void test_rules__hundredths_are_reached_where_products_are_not(void **state)
{
    (void)state;
    struct sb_str gt = SB_STR_INIT, dt = SB_STR_INIT;
    struct sb_coco_params params;
    for (int i = 0; i < 10; i++)
        sb_str_printf(&gt, "%s" OBJECT("%d", "[%d,0,10,10]", "'area':100"), i ? "," : HEAD, i + 1,
                      100 * i);
    sb_str_puts(&gt, "]}");
    for (int i = 0; i < 7; i++)
        sb_str_printf(&dt, "%s" RESULT("0.5", "'bbox':[%d,0,10,10]"), i ? "," : "[", 100 * i);
    sb_str_puts(&dt, "]");
    assert_false(gt.failed || dt.failed);
    sb_coco_params_defaults(&params, SB_IOU_BBOX);
    const double products = evaluate(sb_str_text(&gt), sb_str_text(&dt), &params, AP);
    sb_coco_params_set_rule(&params, SB_RULE_AP_POINTS, SB_AP_POINTS_HUNDREDTHS);
    const double hundredths = evaluate(sb_str_text(&gt), sb_str_text(&dt), &params, AP);
    assert_true(fabs(products - 70 / 101.0) < 1e-12);
    assert_true(fabs(hundredths - 71 / 101.0) < 1e-12);
    sb_str_release(&gt);
    sb_str_release(&dt);
}

/* Every value of every rule but those that ask for nothing has a case. */
static void test_rules__all_have_a_case(void **state)
{
    (void)state;
    for (size_t r = 0; r < SB_RULES; r++) {
        for (uint8_t v = 1; v < SB_RULE_VALUES && sb_rule_row((enum sb_rule)r)->values[v]; v++) {
            bool found =
                r == SB_RULE_EPS || (r == SB_RULE_AP_POINTS && v == SB_AP_POINTS_HUNDREDTHS);
            for (size_t i = 0; i < N_CASES; i++)
                found = found || (cases[i].rule == r && cases[i].value == v);
            if (!found)
                fail_msg("--%s %s has no case", sb_rule_row((enum sb_rule)r)->option,
                         sb_rule_row((enum sb_rule)r)->values[v]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules__have_the_effect_that_they_say),
        cmocka_unit_test(test_rules__eps_is_in_the_last_bits),
        cmocka_unit_test(test_rules__hundredths_are_reached_where_products_are_not),
        cmocka_unit_test(test_rules__all_have_a_case),
    };
    return cmocka_run_group_tests_name("eval/rules", tests, NULL, NULL);
}
