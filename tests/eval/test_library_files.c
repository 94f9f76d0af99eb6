/*
 * The library: arrays give what the same numbers in a file give, bit for bit, for every similarity,
 * protocol, rule and number of threads.
 */
#include "base/rng.h"
#include "base/str.h"

#include "tests/eval/support_library.h"
#include "tests/test.h"

#include <string.h>

static void put_doubles(struct sb_str *out, const char *key, const double *values, size_t count)
{
    sb_str_printf(out, ", \"%s\": [", key);
    for (size_t i = 0; i < count; i++)
        sb_str_printf(out, "%s%.17g", i ? ", " : "", values[i]);
    sb_str_puts(out, "]");
}

static void put_mask(struct sb_str *out, const char *text)
{
    sb_str_printf(out, ", \"segmentation\": {\"size\": [%d, %d], \"counts\": \"", SIDE, SIDE);
    for (; *text; text++)
        sb_str_printf(out, "%s%c", *text == '\\' ? "\\" : "", *text);
    sb_str_puts(out, "\"}");
}

static const char *write_text(const char *name, struct sb_str *text)
{
    assert_false(text->failed);
    const char *const path = test_write(name, sb_str_text(text), text->length);
    sb_str_release(text);
    return path;
}

static const int64_t *put_ids(struct sb_str *out, const char *key, const int64_t *ids, size_t count)
{
    sb_str_printf(out, ", \"%s\": [", key);
    for (size_t i = 0; i < count; i++)
        sb_str_printf(out, "%s%d", i ? ", " : "", (int)ids[i]);
    sb_str_puts(out, "]");
    return ids + count;
}

static void put_images(struct sb_str *out, const struct data *d)
{
    const int64_t *negative = d->negative_ids, *not_exhaustive = d->not_exhaustive_ids;
    sb_str_puts(out, "{\"images\": [");
    for (int i = 0; i < IMAGES; i++) {
        sb_str_printf(out, "%s{\"id\": %d, \"height\": %d, \"width\": %d, \"crowdIndex\": %.17g",
                      i ? ", " : "", (int)d->image_ids[i], SIDE, SIDE, d->crowd_indices[i]);
        negative = put_ids(out, "neg_category_ids", negative, d->negative_counts[i]);
        not_exhaustive = put_ids(out, "not_exhaustive_category_ids", not_exhaustive,
                                 d->not_exhaustive_counts[i]);
        sb_str_puts(out, "}");
    }
    sb_str_puts(out, "], \"categories\": [");
    for (int k = 0; k < CATEGORIES; k++)
        sb_str_printf(out, "%s{\"id\": %d, \"frequency\": \"%c\"}", k ? ", " : "",
                      (int)d->category_ids[k], d->category_frequencies[k]);
}

static const char *write_objects(const struct data *d)
{
    struct sb_str out = SB_STR_INIT;
    put_images(&out, d);
    sb_str_puts(&out, "], \"annotations\": [");
    for (size_t i = 0; i < OBJECTS; i++) {
        sb_str_printf(&out,
                      "%s{\"id\": %d, \"image_id\": %d, \"category_id\": %d, \"iscrowd\": %d, "
                      "\"ignore\": %d, \"num_keypoints\": %d, \"area\": %.17g",
                      i ? ",\n" : "", (int)d->ids[i], (int)d->image_id[i], (int)d->category_id[i],
                      d->iscrowd[i], d->ignore[i], (int)d->num_keypoints[i], d->area[i]);
        put_doubles(&out, "bbox", d->bbox + 4 * i, 4);
        put_doubles(&out, "keypoints", d->keypoints + 3 * POINTS * i, 3 * POINTS);
        put_mask(&out, d->mask_text[i]);
        sb_str_puts(&out, "}");
    }
    sb_str_puts(&out, "]}");
    return write_text("objects.json", &out);
}

/* Results that carry nothing but what is compared, as arrays do. */
static const char *write_detections(const struct data *d, int32_t similarity)
{
    struct sb_str out = SB_STR_INIT;
    sb_str_puts(&out, "[");
    for (size_t i = 0; i < FOUND; i++) {
        sb_str_printf(&out, "%s{\"image_id\": %d, \"category_id\": %d, \"score\": %.17g",
                      i ? ",\n" : "", (int)d->found_image[i], (int)d->found_category[i],
                      d->score[i]);
        if (similarity == SPINEBENCH_BBOX)
            put_doubles(&out, "bbox", d->found_bbox + 4 * i, 4);
        if (similarity == SPINEBENCH_SEGM || similarity == SPINEBENCH_BOUNDARY)
            put_mask(&out, d->found_mask_text[i]);
        if (similarity == SPINEBENCH_KEYPOINTS)
            put_doubles(&out, "keypoints", d->found_keypoints + 3 * POINTS * i, 3 * POINTS);
        sb_str_puts(&out, "}");
    }
    sb_str_puts(&out, "]");
    return write_text("detections.json", &out);
}

/* A number that tells results apart: of the statistics. */
static uint64_t digest_of(const struct spinebench_result *result)
{
    uint64_t digest = 0;
    for (size_t i = 0; i < spinebench_result_stats(result); i++) {
        struct spinebench_stat s = {.size = sizeof(s)};
        uint64_t bits;
        assert_int_equal(spinebench_result_stat(result, i, &s), 0);
        memcpy(&bits, &s.value, sizeof(bits));
        digest = sb_rng_mix(digest ^ bits);
    }
    return digest;
}

/* From files with one thread, then from arrays with 1, 2 and 7. Returns what tells results apart.
 */
static uint64_t check_options(const struct data *d, struct spinebench_options options)
{
    const int32_t similarity = options.similarity;
    struct spinebench_truth *from_file, *from_arrays;
    struct spinebench_result *expected, *result;
    struct spinebench_error error;
    const struct spinebench_objects objects = objects_of(d);
    const struct spinebench_detections found = detections_of(d);
    assert_fine(spinebench_truth_load(&from_file, write_objects(d), &options, &error), &error);
    assert_fine(
        spinebench_evaluate_file(&expected, from_file, write_detections(d, similarity), &error),
        &error);
    struct spinebench_stat ap = {.size = sizeof(ap)};
    assert_int_equal(spinebench_result_stat(expected, 0, &ap), 0);
    assert_string_equal(ap.name, "AP");
    assert_true(ap.value < 0.95); /* there is something to compare */
    assert_true(ap.value > 0.01 || options.class_agnostic);
    assert_true(spinebench_result_unknown(expected) > 0);
    const uint64_t digest = digest_of(expected);
    static const int32_t threads[] = {1, 2, 7};
    for (size_t i = 0; i < 3; i++) {
        options.threads = threads[i];
        assert_fine(spinebench_truth_new(&from_arrays, &objects, &options, &error), &error);
        assert_fine(spinebench_evaluate(&result, from_arrays, &found, &error), &error);
        assert_same(expected, result);
        spinebench_result_free(&result);
        assert_null(result);
        spinebench_truth_free(&from_arrays);
        assert_null(from_arrays);
    }
    spinebench_result_free(&expected);
    spinebench_truth_free(&from_file);
    return digest;
}

static void test_library_files__similarities(void **state)
{
    (void)state;
    static const int32_t similarities[] = {SPINEBENCH_BBOX, SPINEBENCH_SEGM, SPINEBENCH_BOUNDARY,
                                           SPINEBENCH_KEYPOINTS};
    for (size_t i = 0; i < sizeof(similarities) / sizeof(similarities[0]); i++) {
        struct data *const d = make_data((uint64_t)similarities[i] + 1);
        check_options(d, options_of(similarities[i], 1));
        test_free(d);
    }
}

/* With all categories as one, the rows of a category that is listed twice count twice. */
static void test_library_files__repeated_categories(void **state)
{
    (void)state;
    struct data *const d = make_data(40);
    struct spinebench_options options = options_of(SPINEBENCH_BBOX, 1);
    d->category_ids[1] = d->category_ids[0];
    check_options(d, options);
    options.class_agnostic = 1;
    check_options(d, options);
    test_free(d);
}

/* LVIS with its lists per image and frequencies, CrowdPose with its crowding. */
static void test_library_files__protocols(void **state)
{
    (void)state;
    static const int32_t protocols[][2] = {{SPINEBENCH_LVIS, SPINEBENCH_BBOX},
                                           {SPINEBENCH_LVIS, SPINEBENCH_SEGM},
                                           {SPINEBENCH_LVIS, SPINEBENCH_BOUNDARY},
                                           {SPINEBENCH_CROWDPOSE, SPINEBENCH_KEYPOINTS}};
    for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
        struct data *const d = make_data(20 + i);
        struct spinebench_options options = options_of(protocols[i][1], 1);
        options.sigmas = test_sigmas;
        options.keypoint_count = POINTS;
        const uint64_t as_coco = check_options(d, options);
        options.protocol = protocols[i][0];
        assert_true(check_options(d, options) != as_coco);
        test_free(d);
    }
}

/* A rule, and whether these data meet it. */
struct rule_case {
    int32_t similarity, class_agnostic;
    const char *rule;
    bool tells;
};

static const struct rule_case rule_cases[] = {
    {SPINEBENCH_BBOX, 0, "id-zero=match", true},
    {SPINEBENCH_BBOX, 0, "id-zero=negative", true},
    {SPINEBENCH_BBOX, 0, "repeated-ids=each", true},
    {SPINEBENCH_BBOX, 0, "ignore-flag=either", true},
    {SPINEBENCH_BBOX, 0, "crowd=off", true},
    {SPINEBENCH_BBOX, 0, "gt-area=box", true},
    {SPINEBENCH_BBOX, 0, "gt-area=mask", true},
    {SPINEBENCH_BBOX, 0, "gt-area=person", true},
    {SPINEBENCH_BBOX, 0, "empty-areas=drop", true},
    {SPINEBENCH_BBOX, 0, "area-bounds=half-open", false},
    {SPINEBENCH_BBOX, 0, "max-dets-scope=image", true},
    {SPINEBENCH_BBOX, 0, "tie=first", false},
    {SPINEBENCH_BBOX, 0, "eps=none", false},
    {SPINEBENCH_BBOX, 0, "unknown-cats=drop", false},
    {SPINEBENCH_BBOX, 0, "unknown-objects=drop", false},
    {SPINEBENCH_BBOX, 0, "ap-points=11", true},
    {SPINEBENCH_SEGM, 0, "gt-area=mask", true},
    {SPINEBENCH_SEGM, 0, "gt-area=box", true},
    {SPINEBENCH_SEGM, 0, "det-area=mask", false},
    {SPINEBENCH_SEGM, 0, "rle-compat=exact", false},
    {SPINEBENCH_SEGM, 0, "result-masks=any", false},
    {SPINEBENCH_KEYPOINTS, 0, "keypoint-area=visible", true},
    {SPINEBENCH_KEYPOINTS, 0, "unlabelled=drop", true},
    {SPINEBENCH_KEYPOINTS, 0, "missing-fields=fill", false},
    {SPINEBENCH_KEYPOINTS, 1, "no-cats-oks=all", true},
    {SPINEBENCH_KEYPOINTS, 0, "gt-area=person", true},
};

/* Objects without area, the best detection on the object with id 0, a pose of which nothing is
 * seen.
 */
static void meet_rules(struct data *d)
{
    d->area[3] = d->area[4] = 0;
    d->iscrowd[7] = 0;
    d->found_image[0] = d->image_id[7];
    d->found_category[0] = d->category_id[7];
    d->score[0] = 1;
    memcpy(d->found_bbox, d->bbox + (size_t)4 * 7, 4 * sizeof(double));
    for (size_t k = 0; k < POINTS; k++)
        d->found_keypoints[3 * POINTS + 3 * k + 2] = 0;
}

static void test_library_files__rules(void **state)
{
    (void)state;
    static const struct spinebench_area areas[] = {{0, 1e10, "all"}, {300, 1500, "some"}};
    static const int32_t limits[] = {5, 10};
    for (size_t i = 0; i < sizeof(rule_cases) / sizeof(rule_cases[0]); i++) {
        const struct rule_case *const c = &rule_cases[i];
        struct data *const d = make_data(30);
        struct spinebench_options options = options_of(c->similarity, 1);
        options.class_agnostic = c->class_agnostic;
        options.areas = areas;
        options.area_count = 2;
        options.max_dets = limits;
        options.max_det_count = 2;
        const char *const rules[] = {"summary-maxdets=largest", c->rule};
        options.rules = rules;
        options.rule_count = 1;
        meet_rules(d);
        const uint64_t without = check_options(d, options);
        options.rule_count = 2;
        if ((check_options(d, options) != without) != c->tells)
            fail_msg("%s: %s, expected otherwise", c->rule, c->tells ? "no change" : "a change");
        test_free(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_library_files__similarities),
        cmocka_unit_test(test_library_files__repeated_categories),
        cmocka_unit_test(test_library_files__protocols),
        cmocka_unit_test(test_library_files__rules),
    };
    return cmocka_run_group_tests_name("eval/library_files", tests, NULL, NULL);
}
