/*
 * The library's interface: statistics, parameters, callers with older and newer structs, wrong
 * input. That arrays give what files give is in test_library_files.c.
 */
#include "base/mem.h"

#include "tests/eval/support_library.h"
#include "tests/test.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static struct spinebench_result *evaluate(const struct data *d,
                                          const struct spinebench_options *options,
                                          struct spinebench_truth **truth)
{
    struct spinebench_result *result;
    struct spinebench_error error;
    const struct spinebench_objects objects = objects_of(d);
    const struct spinebench_detections found = detections_of(d);
    assert_fine(spinebench_truth_new(truth, &objects, options, &error), &error);
    assert_fine(spinebench_evaluate(&result, *truth, &found, &error), &error);
    return result;
}

/* AP of a category is the mean of its precision; the mean over categories is the headline. */
static void test_library__categories(void **state)
{
    (void)state;
    struct data *const d = make_data(3);
    const struct spinebench_options options = options_of(SPINEBENCH_BBOX, 2);
    struct spinebench_truth *truth;
    struct spinebench_result *const result = evaluate(d, &options, &truth);
    struct spinebench_stat ap = {.size = sizeof(ap)};
    double sum = 0;
    int64_t objects = 0;
    assert_int_equal(spinebench_result_categories(result), CATEGORIES);
    for (size_t k = 0; k < CATEGORIES; k++) {
        struct spinebench_category c = {.size = sizeof(c)};
        assert_int_equal(spinebench_result_category(result, k, &c), 0);
        assert_int_equal(c.id, d->category_ids[CATEGORIES - 1 - k]); /* ascending */
        assert_string_equal(c.name, test_category_names[CATEGORIES - 1 - k]);
        assert_int_equal(c.area_count, 4);
        assert_true(c.ap == c.ap_by_area[0] && c.ar == c.ar_by_area[0]);
        assert_true(c.ap50 >= c.ap && c.ap50 >= c.ap75 && c.ar >= 0);
        assert_true(c.ap_by_area[3] == -1); /* no object is large */
        sum += c.ap;
        objects += c.objects;
    }
    assert_int_equal(spinebench_result_stat(result, 0, &ap), 0);
    assert_true(fabs(sum / CATEGORIES - ap.value) < 1e-12);
    assert_in_range(objects, OBJECTS / 2, OBJECTS);
    struct spinebench_category c = {.size = sizeof(c)};
    assert_int_equal(spinebench_result_category(result, CATEGORIES, &c), SPINEBENCH_EINVAL);
    assert_int_equal(spinebench_result_stat(result, 12, &ap), SPINEBENCH_EINVAL);
    struct spinebench_result *freed = result;
    spinebench_result_free(&freed);
    spinebench_truth_free(&truth);
    test_free(d);
}

/* Own thresholds, ranges and limits. */
static void test_library__own_parameters(void **state)
{
    (void)state;
    struct data *const d = make_data(4);
    static const double thresholds[] = {0.25, 0.75}, points[] = {0, 0.5, 1};
    static const struct spinebench_area areas[] = {{0, 1e10, "all"}, {0, 500, "tiny"}};
    static const int32_t limits[] = {2, 100};
    struct spinebench_options options = options_of(SPINEBENCH_BBOX, 1);
    options.class_agnostic = 1;
    options.iou_thresholds = thresholds;
    options.iou_threshold_count = 2;
    options.recall_points = points;
    options.recall_point_count = 3;
    options.areas = areas;
    options.area_count = 2;
    options.max_dets = limits;
    options.max_det_count = 2;
    struct spinebench_truth *truth;
    struct spinebench_result *result = evaluate(d, &options, &truth);
    struct spinebench_error error;
    const double *data;
    size_t shape[5];
    assert_fine(spinebench_result_array(result, SPINEBENCH_PRECISION, &data, shape, &error),
                &error);
    assert_memory_equal(shape, ((size_t[]){2, 3, 1, 2, 2}), sizeof(shape));
    assert_fine(spinebench_result_array(result, SPINEBENCH_RECALL, &data, shape, &error), &error);
    assert_memory_equal(shape, ((size_t[]){2, 1, 2, 2, 0}), sizeof(shape));
    static const char *const names[] = {"AP", "AP50", "AP75", "AP_tiny", "AR2", "AR100", "AR_tiny"};
    assert_int_equal(spinebench_result_stats(result), 7);
    for (size_t i = 0; i < 7; i++) {
        struct spinebench_stat s = {.size = sizeof(s)};
        assert_int_equal(spinebench_result_stat(result, i, &s), 0);
        assert_string_equal(s.name, names[i]);
        assert_int_equal(s.is_recall, i >= 4);
    }
    spinebench_result_free(&result);
    spinebench_truth_free(&truth);
    test_free(d);
}

/* Areas and numbers of keypoints are filled in where they are not given. */
static void test_library__defaults_are_computed(void **state)
{
    (void)state;
    static const int32_t similarities[] = {SPINEBENCH_BBOX, SPINEBENCH_SEGM, SPINEBENCH_KEYPOINTS};
    for (size_t i = 0; i < 3; i++) {
        struct data *const d = make_data(5 + i);
        const struct spinebench_options options = options_of(similarities[i], 1);
        struct spinebench_objects objects = objects_of(d);
        const struct spinebench_detections found = detections_of(d);
        struct spinebench_truth *given, *computed;
        struct spinebench_result *a, *b;
        struct spinebench_error error;
        for (size_t k = 0; k < OBJECTS; k++) {
            d->area[k] = d->bbox[4 * k + 2] * d->bbox[4 * k + 3];
            d->num_keypoints[k] = 0;
            for (size_t p = 0; p < POINTS; p++)
                d->num_keypoints[k] += d->keypoints[(k * POINTS + p) * 3 + 2] > 0;
        }
        objects.area = similarities[i] == SPINEBENCH_SEGM ? NULL : d->area;
        assert_fine(spinebench_truth_new(&given, &objects, &options, &error), &error);
        objects.area = NULL;
        objects.num_keypoints = NULL;
        assert_fine(spinebench_truth_new(&computed, &objects, &options, &error), &error);
        assert_fine(spinebench_evaluate(&a, given, &found, &error), &error);
        assert_fine(spinebench_evaluate(&b, computed, &found, &error), &error);
        assert_same(a, b);
        spinebench_result_free(&a);
        spinebench_result_free(&b);
        spinebench_truth_free(&given);
        spinebench_truth_free(&computed);
        test_free(d);
    }
}

/* CrowdPose's and a rule's numbers from files: what `eval coco` prints for them. */
static void test_library__protocols_and_rules_of_files(void **state)
{
    (void)state;
    const char *const gt = test_data_or_skip("keypoints/example_crowdpose_val.json");
    const char *const dt = test_data_or_skip("keypoints/example_crowdpose_preds.json");
    static const char *const rules[] = {"ap-points=11"};
    struct spinebench_options options = options_of(SPINEBENCH_KEYPOINTS, 1);
    struct spinebench_truth *truth;
    struct spinebench_result *result;
    struct spinebench_error error;
    struct spinebench_stat first = {.size = sizeof(first)}, hard = {.size = sizeof(hard)};
    double ap[2];
    options.protocol = SPINEBENCH_CROWDPOSE;
    options.rules = rules;
    for (size_t i = 0; i < 2; i++) {
        options.rule_count = i;
        assert_fine(spinebench_truth_load(&truth, gt, &options, &error), &error);
        assert_fine(spinebench_evaluate_file(&result, truth, dt, &error), &error);
        assert_int_equal(spinebench_result_stats(result), 9);
        assert_int_equal(spinebench_result_stat(result, 0, &first), 0);
        assert_int_equal(spinebench_result_stat(result, 8, &hard), 0);
        assert_string_equal(hard.name, "AP_hard");
        ap[i] = first.value;
        spinebench_result_free(&result);
        spinebench_truth_free(&truth);
    }
    assert_true(ap[0] == 0.7877215935879303);
    assert_true(ap[1] == 0.76247835497835492); /* as eval coco --ap-points 11 */
}

/* A program built against a shorter header, and against a longer one. */
static void test_library__structs_of_other_versions(void **state)
{
    (void)state;
    struct data *const d = make_data(8);
    struct spinebench_options options = options_of(SPINEBENCH_BBOX, 1);
    struct spinebench_truth *truth;
    struct spinebench_result *result = evaluate(d, &options, &truth);
    struct spinebench_error error;
    struct {
        struct spinebench_stat stat;
        char more[16];
    } stat = {.stat = {.size = sizeof(stat)}};
    assert_int_equal(spinebench_result_stat(result, 0, &stat.stat), 0);
    assert_int_equal(stat.stat.size, sizeof(stat));
    struct spinebench_stat older = {.size = offsetof(struct spinebench_stat, value), .value = 77};
    assert_int_equal(spinebench_result_stat(result, 0, &older), 0);
    assert_string_equal(older.name, "AP");
    assert_true(older.value == 77); /* not its to write */
    older.size = 3;
    assert_int_equal(spinebench_result_stat(result, 0, &older), SPINEBENCH_EINVAL);
    spinebench_result_free(&result);
    spinebench_truth_free(&truth);

    struct {
        struct spinebench_options options;
        int64_t more;
    } newer;
    const struct spinebench_objects objects = objects_of(d);
    memset(&newer, 0xff, sizeof(newer));
    spinebench_options_defaults(&newer.options, sizeof(newer), SPINEBENCH_BBOX);
    assert_int_equal(newer.more, 0);
    assert_fine(spinebench_truth_new(&truth, &objects, &newer.options, &error), &error);
    spinebench_truth_free(&truth);
    newer.more = 1;
    assert_failed(spinebench_truth_new(&truth, &objects, &newer.options, &error), &error,
                  SPINEBENCH_EINVAL, "does not know");
    options.size = 2 * sizeof(size_t); /* similarity and threads only */
    assert_fine(spinebench_truth_new(&truth, &objects, &options, &error), &error);
    spinebench_truth_free(&truth);
    options.size = 0;
    assert_failed(spinebench_truth_new(&truth, &objects, &options, &error), &error,
                  SPINEBENCH_EINVAL, "options: size is 0");
    test_free(d);
}

/* Each row spoils good options, objects or detections and says what the message must name. */
struct bad_case {
    void (*spoil)(struct spinebench_options *o, struct spinebench_objects *g,
                  struct spinebench_detections *d);
    int32_t similarity;
    int status;
    const char *part;
};

#define SPOIL(name, statement)                                                                     \
    static void spoil_##name(struct spinebench_options *o, struct spinebench_objects *g,           \
                             struct spinebench_detections *d)                                      \
    {                                                                                              \
        (void)o;                                                                                   \
        (void)g;                                                                                   \
        (void)d;                                                                                   \
        statement;                                                                                 \
    }

static const char *const no_rule = "id-zer=match", *const no_word = "id-zero=maybe",
                         *const object_rule = "unknown-objects=error",
                         *const class_rule = "unknown-cats=error";
static const int64_t strange_objects[OBJECTS] = {1, 2, 3};
static const double two = 2, falling[] = {1, 0};
static const int32_t falling_limits[] = {5, 3}, negative[IMAGES] = {-1}, huge[IMAGES] = {70000};
static const struct spinebench_area nameless = {0, 1, NULL},
                                    long_name = {0, 1, "a name of twenty-four bytes"};
static const int64_t far_ids[FOUND] = {INT64_MIN}, strange_images[FOUND] = {1, 2, 3};
static const char *no_masks[FOUND], *bad_masks[FOUND] = {"PP~"};

SPOIL(similarity, o->similarity = 9)
SPOIL(threads, o->threads = -1)
SPOIL(protocol, o->protocol = 3)
SPOIL(lvis_points, o->protocol = SPINEBENCH_LVIS)
SPOIL(frequencies, (o->protocol = SPINEBENCH_LVIS, g->category_frequencies = NULL))
SPOIL(frequency, (o->protocol = SPINEBENCH_LVIS, g->category_frequencies = "fxr"))
SPOIL(negative, (o->protocol = SPINEBENCH_LVIS, g->negative_ids = NULL))
SPOIL(not_exhaustive, (o->protocol = SPINEBENCH_LVIS, g->not_exhaustive_ids = NULL))
SPOIL(crowding, (o->protocol = SPINEBENCH_CROWDPOSE, o->sigmas = test_sigmas,
                 o->keypoint_count = POINTS, g->crowd_indices = NULL))
SPOIL(rule_null, o->rule_count = 1)
SPOIL(rule_name, (o->rules = &no_rule, o->rule_count = 1))
SPOIL(rule_word, (o->rules = &no_word, o->rule_count = 1))
SPOIL(object_rule, (o->rules = &object_rule, o->rule_count = 1, g->image_id = strange_objects))
SPOIL(object_class, (o->rules = &object_rule, o->rule_count = 1, g->category_id = strange_objects))
SPOIL(class_rule, (o->rules = &class_rule, o->rule_count = 1))
SPOIL(numpy, o->numpy_mean = 3)
SPOIL(threshold, (o->iou_thresholds = &two, o->iou_threshold_count = 1))
SPOIL(null_list, o->iou_threshold_count = 1)
SPOIL(empty_list, o->iou_thresholds = &two)
SPOIL(long_list, (o->iou_thresholds = &two, o->iou_threshold_count = SIZE_MAX))
SPOIL(recall, (o->recall_points = falling, o->recall_point_count = 2))
SPOIL(limits, (o->max_dets = falling_limits, o->max_det_count = 2))
SPOIL(areas, (o->areas = &nameless, o->area_count = 1))
SPOIL(area_name, (o->areas = &long_name, o->area_count = 1))
SPOIL(many_areas, (o->areas = &long_name, o->area_count = 32))
SPOIL(sigmas, o->keypoint_count = 5)
SPOIL(images, g->image_ids = NULL)
SPOIL(sizes, g->image_heights = NULL)
SPOIL(size, g->image_widths = negative)
SPOIL(area_of_image, g->image_heights = g->image_widths = huge)
SPOIL(categories, g->category_ids = NULL)
SPOIL(image_id, g->image_id = NULL)
SPOIL(category_id, g->category_id = NULL)
SPOIL(boxes, g->bbox = NULL)
SPOIL(masks, g->masks = NULL)
SPOIL(no_mask, g->masks = no_masks)
SPOIL(bad_mask, g->masks = bad_masks)
SPOIL(keypoints, g->keypoints = NULL)
SPOIL(far_id, g->ids = far_ids)
SPOIL(far_image, g->image_ids = far_ids)
SPOIL(too_many, g->count = UINT32_MAX)
SPOIL(objects_size, g->size = 0)
SPOIL(found_image, d->image_id = NULL)
SPOIL(found_category, d->category_id = NULL)
SPOIL(score, d->score = NULL)
SPOIL(found_boxes, d->bbox = NULL)
SPOIL(found_masks, d->masks = bad_masks)
SPOIL(found_points, d->keypoints = NULL)
SPOIL(unknown_image, d->image_id = strange_images)
SPOIL(found_far, d->image_id = far_ids)
SPOIL(found_many, d->count = UINT32_MAX)
SPOIL(found_size, d->size = 1)

static const struct bad_case bad_cases[] = {
    {spoil_similarity, SPINEBENCH_BBOX, SPINEBENCH_EINVAL, "unknown similarity 9"},
    {spoil_threads, SPINEBENCH_BBOX, SPINEBENCH_EINVAL, "-1 threads"},
    {spoil_protocol, SPINEBENCH_BBOX, SPINEBENCH_EINVAL, "protocol 3"},
    {spoil_lvis_points, SPINEBENCH_KEYPOINTS, SPINEBENCH_EINVAL, "protocol 1 does not have"},
    {spoil_frequencies, SPINEBENCH_BBOX, SPINEBENCH_EINVAL,
     "objects.category_frequencies is NULL, expected 3 entries"},
    {spoil_frequency, SPINEBENCH_BBOX, SPINEBENCH_EFORMAT,
     "objects.category_frequencies[1] is 120, expected 'r', 'c' or 'f'"},
    {spoil_negative, SPINEBENCH_BBOX, SPINEBENCH_EINVAL, "objects.negative_ids is NULL"},
    {spoil_not_exhaustive, SPINEBENCH_BBOX, SPINEBENCH_EINVAL,
     "objects.not_exhaustive_ids is NULL"},
    {spoil_crowding, SPINEBENCH_KEYPOINTS, SPINEBENCH_EINVAL,
     "objects.crowd_indices is NULL, expected 12 entries"},
    {spoil_rule_null, SPINEBENCH_BBOX, SPINEBENCH_EINVAL, "1 rules at NULL"},
    {spoil_rule_name, SPINEBENCH_BBOX, SPINEBENCH_EINVAL, "unknown rule 'id-zer=match'"},
    {spoil_rule_word, SPINEBENCH_BBOX, SPINEBENCH_EINVAL, "maybe"},
    {spoil_object_rule, SPINEBENCH_BBOX, SPINEBENCH_EFORMAT,
     "150 objects belong to images that the ground truth does not have: 1, 2, 3, 0"},
    {spoil_object_class, SPINEBENCH_BBOX, SPINEBENCH_EFORMAT,
     "150 objects belong to categories that the ground truth does not have: 1, 2, 3, 0"},
    {spoil_class_rule, SPINEBENCH_BBOX, SPINEBENCH_EFORMAT,
     "belong to categories that the ground truth does not have: 4711"},
    {spoil_numpy, SPINEBENCH_BBOX, SPINEBENCH_EINVAL, "numpy_mean is 3"},
    {spoil_threshold, SPINEBENCH_BBOX, SPINEBENCH_EINVAL, "IoU threshold 2"},
    {spoil_null_list, SPINEBENCH_BBOX, SPINEBENCH_EINVAL, "1 IoU thresholds at NULL"},
    {spoil_empty_list, SPINEBENCH_BBOX, SPINEBENCH_EINVAL, "0 IoU thresholds"},
    {spoil_long_list, SPINEBENCH_BBOX, SPINEBENCH_EINVAL, "expected 1 to 128"},
    {spoil_recall, SPINEBENCH_BBOX, SPINEBENCH_EINVAL, "expected ascending"},
    {spoil_limits, SPINEBENCH_BBOX, SPINEBENCH_EINVAL, "positive and ascending"},
    {spoil_areas, SPINEBENCH_BBOX, SPINEBENCH_EINVAL, "area range 0 needs a name"},
    {spoil_area_name, SPINEBENCH_BBOX, SPINEBENCH_EINVAL, "at most 23 bytes"},
    {spoil_many_areas, SPINEBENCH_BBOX, SPINEBENCH_EINVAL, "32 area ranges"},
    {spoil_sigmas, SPINEBENCH_KEYPOINTS, SPINEBENCH_EINVAL, "5 sigmas at NULL"},
    {spoil_images, SPINEBENCH_BBOX, SPINEBENCH_EINVAL,
     "objects.image_ids is NULL, expected 12 entries"},
    {spoil_sizes, SPINEBENCH_SEGM, SPINEBENCH_EINVAL, "objects.image_heights is NULL"},
    {spoil_size, SPINEBENCH_SEGM, SPINEBENCH_EINVAL,
     "objects.image_heights[0], image_widths[0]: 64 x -1, expected 0 or more"},
    {spoil_area_of_image, SPINEBENCH_BOUNDARY, SPINEBENCH_EFORMAT, "70000 x 70000"},
    {spoil_categories, SPINEBENCH_BBOX, SPINEBENCH_EINVAL, "objects.category_ids is NULL"},
    {spoil_image_id, SPINEBENCH_BBOX, SPINEBENCH_EINVAL, "objects.image_id is NULL"},
    {spoil_category_id, SPINEBENCH_BBOX, SPINEBENCH_EINVAL, "objects.category_id is NULL"},
    {spoil_boxes, SPINEBENCH_BBOX, SPINEBENCH_EINVAL, "objects.bbox is NULL, expected 150 entries"},
    {spoil_masks, SPINEBENCH_SEGM, SPINEBENCH_EINVAL, "objects.masks is NULL"},
    {spoil_no_mask, SPINEBENCH_SEGM, SPINEBENCH_EINVAL, "objects.masks[0] is NULL"},
    {spoil_bad_mask, SPINEBENCH_SEGM, SPINEBENCH_EFORMAT, "objects.masks[0]: the counts of a mask"},
    {spoil_keypoints, SPINEBENCH_KEYPOINTS, SPINEBENCH_EINVAL, "objects.keypoints is NULL"},
    {spoil_far_id, SPINEBENCH_BBOX, SPINEBENCH_EINVAL,
     "objects.ids[0]: -9223372036854775808 is below"},
    {spoil_far_image, SPINEBENCH_BBOX, SPINEBENCH_EINVAL,
     "objects.image_ids[0]: -9223372036854775808"},
    {spoil_too_many, SPINEBENCH_BBOX, SPINEBENCH_EUNSUPPORTED, "2^32 - 2 objects"},
    {spoil_objects_size, SPINEBENCH_BBOX, SPINEBENCH_EINVAL, "objects: size is 0"},
    {spoil_found_image, SPINEBENCH_BBOX, SPINEBENCH_EINVAL, "detections.image_id is NULL"},
    {spoil_found_category, SPINEBENCH_BBOX, SPINEBENCH_EINVAL, "detections.category_id is NULL"},
    {spoil_score, SPINEBENCH_BBOX, SPINEBENCH_EINVAL,
     "detections.score is NULL, expected 400 entries"},
    {spoil_found_boxes, SPINEBENCH_BBOX, SPINEBENCH_EINVAL, "detections.bbox is NULL"},
    {spoil_found_masks, SPINEBENCH_SEGM, SPINEBENCH_EFORMAT,
     "detections.masks[0]: the counts of a mask"},
    {spoil_found_points, SPINEBENCH_KEYPOINTS, SPINEBENCH_EINVAL, "detections.keypoints is NULL"},
    {spoil_unknown_image, SPINEBENCH_BBOX, SPINEBENCH_EFORMAT, "does not have: 1, 2, 3, 0"},
    {spoil_found_far, SPINEBENCH_BBOX, SPINEBENCH_EINVAL, "is below"},
    {spoil_found_many, SPINEBENCH_BBOX, SPINEBENCH_EUNSUPPORTED, "2^32 - 2 detections"},
    {spoil_found_size, SPINEBENCH_BBOX, SPINEBENCH_EINVAL, "detections: size is 1"},
};

static void test_library__refuses_bad_input(void **state)
{
    (void)state;
    struct data *const d = make_data(9);
    for (size_t i = 0; i < sizeof(bad_cases) / sizeof(bad_cases[0]); i++) {
        const struct bad_case *const c = &bad_cases[i];
        struct spinebench_options options = options_of(c->similarity, 1);
        struct spinebench_objects objects = objects_of(d);
        struct spinebench_detections found = detections_of(d);
        struct spinebench_truth *truth = NULL;
        struct spinebench_result *result = NULL;
        struct spinebench_error error;
        c->spoil(&options, &objects, &found);
        int rc = spinebench_truth_new(&truth, &objects, &options, &error);
        if (rc == 0)
            rc = spinebench_evaluate(&result, truth, &found, &error);
        assert_failed(rc, &error, c->status, c->part);
        assert_null(result);
        spinebench_truth_free(&truth);
    }
    test_free(d);
}

static void test_library__refuses_null(void **state)
{
    (void)state;
    struct spinebench_truth *truth = NULL;
    struct spinebench_result *result = NULL;
    struct spinebench_error error;
    const struct spinebench_options options = options_of(SPINEBENCH_BBOX, 1);
    struct spinebench_objects objects = {.size = sizeof(objects)};
    size_t shape[5];
    const double *data;
    assert_failed(spinebench_truth_new(NULL, &objects, &options, &error), &error, SPINEBENCH_EINVAL,
                  "truth: NULL");
    assert_failed(spinebench_truth_new(&truth, NULL, &options, &error), &error, SPINEBENCH_EINVAL,
                  "objects: NULL");
    assert_failed(spinebench_truth_new(&truth, &objects, NULL, &error), &error, SPINEBENCH_EINVAL,
                  "options: NULL");
    assert_failed(spinebench_truth_load(&truth, NULL, &options, &error), &error, SPINEBENCH_EINVAL,
                  "path: NULL");
    assert_failed(spinebench_truth_load(&truth, "/absent.json", &options, &error), &error,
                  SPINEBENCH_EIO, "/absent.json");
    assert_null(truth);
    assert_int_equal(spinebench_truth_load(&truth, "/absent.json", &options, NULL), SPINEBENCH_EIO);
    assert_fine(spinebench_truth_new(&truth, &objects, &options, &error), &error); /* no object */
    assert_failed(spinebench_evaluate(&result, truth, NULL, &error), &error, SPINEBENCH_EINVAL,
                  "detections: NULL");
    assert_failed(spinebench_evaluate_file(&result, truth, "/absent.json", &error), &error,
                  SPINEBENCH_EIO, "/absent.json");
    assert_failed(spinebench_result_array(NULL, 0, &data, shape, &error), &error, SPINEBENCH_EINVAL,
                  "NULL");
    assert_string_equal(spinebench_result_text(NULL), "");
    assert_int_equal(spinebench_result_stats(NULL), 0);
    spinebench_result_free(&result);
    spinebench_result_free(NULL);
    spinebench_truth_free(&truth);
    spinebench_truth_free(NULL);
}

static void test_library__arrays_only_where_asked(void **state)
{
    (void)state;
    struct data *const d = make_data(10);
    struct spinebench_options options = options_of(SPINEBENCH_BBOX, 1);
    options.arrays = 0;
    struct spinebench_truth *truth;
    struct spinebench_result *result = evaluate(d, &options, &truth);
    struct spinebench_error error;
    size_t shape[5];
    const double *data;
    assert_failed(spinebench_result_array(result, SPINEBENCH_RECALL, &data, shape, &error), &error,
                  SPINEBENCH_EINVAL, "options.arrays");
    spinebench_result_free(&result);
    spinebench_truth_free(&truth);
    test_free(d);
}

struct shared_truth {
    const struct spinebench_truth *truth;
    const struct spinebench_detections *found;
    struct spinebench_result *result;
    struct spinebench_error error;
};

static void *evaluate_shared(void *arg)
{
    struct shared_truth *const s = arg;
    spinebench_evaluate(&s->result, s->truth, s->found, &s->error);
    return NULL;
}

static void test_library__one_truth_many_threads(void **state)
{
    (void)state;
    struct data *const d = make_data(11);
    const struct spinebench_options options = options_of(SPINEBENCH_SEGM, 2);
    const struct spinebench_detections found = detections_of(d);
    struct spinebench_truth *truth;
    struct spinebench_result *expected = evaluate(d, &options, &truth);
    struct shared_truth shared[4];
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        shared[i] = (struct shared_truth){.truth = truth, .found = &found};
        assert_int_equal(pthread_create(&threads[i], NULL, evaluate_shared, &shared[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_fine(shared[i].error.status, &shared[i].error);
        assert_same(expected, shared[i].result);
        spinebench_result_free(&shared[i].result);
    }
    spinebench_result_free(&expected);
    spinebench_truth_free(&truth);
    test_free(d);
}

static void test_library__masks_from_bytes_and_polygons(void **state)
{
    (void)state;
    static const double square[] = {2, 1, 6, 1, 6, 4, 2, 4, 0, 0, 2, 0, 2, 2, 0, 2};
    static const size_t counts[] = {4, 4};
    uint8_t bytes[8 * 10] = {0};
    char a[64], b[64], tiny[4];
    struct spinebench_error error;
    for (size_t y = 0; y < 8; y++) {
        for (size_t x = 0; x < 8; x++)
            bytes[y * 10 + x] = (x >= 2 && x < 6 && y >= 1 && y < 4) || (x < 2 && y < 2);
    }
    const int64_t length = spinebench_mask_from_bytes(a, sizeof(a), bytes, 8, 8, 10, &error);
    assert_int_equal(length, strlen(a));
    assert_int_equal(spinebench_mask_from_polygons(b, sizeof(b), square, counts, 2, 8, 8, &error),
                     length);
    assert_string_equal(a, b);
    assert_int_equal(spinebench_mask_from_bytes(tiny, sizeof(tiny), bytes, 8, 8, 10, &error),
                     length);
    assert_memory_equal(tiny, a, 3); /* cut, and ended */
    assert_int_equal(tiny[3], '\0');
    assert_int_equal(spinebench_mask_from_bytes(NULL, 0, bytes, 8, 8, 10, &error), length);
    assert_failed((int)spinebench_mask_from_bytes(a, sizeof(a), bytes, 8, 8, 7, &error), &error,
                  SPINEBENCH_EINVAL, "stride is 7, expected at least the width 8");
    assert_failed((int)spinebench_mask_from_bytes(a, sizeof(a), NULL, 8, 8, 8, &error), &error,
                  SPINEBENCH_EINVAL, "mask is NULL");
    assert_failed((int)spinebench_mask_from_polygons(a, sizeof(a), square, counts, 0, 8, 8, &error),
                  &error, SPINEBENCH_EINVAL, "polygons is 0");
    assert_failed(
        (int)spinebench_mask_from_polygons(a, sizeof(a), square, counts, 2, 70000, 70000, &error),
        &error, SPINEBENCH_EFORMAT, "too large");
}

static int try_allocations(void *ctx)
{
    const struct data *const d = ctx;
    struct spinebench_options options = options_of(SPINEBENCH_SEGM, 1);
    options.protocol = SPINEBENCH_LVIS; /* which takes the most arrays */
    const struct spinebench_objects objects = objects_of(d);
    const struct spinebench_detections found = detections_of(d);
    struct spinebench_truth *truth;
    struct spinebench_result *result;
    struct spinebench_error error;
    int rc = spinebench_truth_new(&truth, &objects, &options, &error);
    if (rc)
        return rc;
    rc = spinebench_evaluate(&result, truth, &found, &error);
    spinebench_result_free(&result);
    spinebench_truth_free(&truth);
    return rc;
}

static void test_library__every_allocation_may_fail(void **state)
{
    (void)state;
    struct data *const d = make_data(12);
    test_every_allocation_fails(try_allocations, d);
    test_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_library__categories),
        cmocka_unit_test(test_library__own_parameters),
        cmocka_unit_test(test_library__defaults_are_computed),
        cmocka_unit_test(test_library__protocols_and_rules_of_files),
        cmocka_unit_test(test_library__structs_of_other_versions),
        cmocka_unit_test(test_library__refuses_bad_input),
        cmocka_unit_test(test_library__refuses_null),
        cmocka_unit_test(test_library__arrays_only_where_asked),
        cmocka_unit_test(test_library__one_truth_many_threads),
        cmocka_unit_test(test_library__masks_from_bytes_and_polygons),
        cmocka_unit_test(test_library__every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("eval/library", tests, NULL, NULL);
}
