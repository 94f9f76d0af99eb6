/*
 * eval/tide*.c, bootstrap.c, operating_point.c, confusion.c, diagnosis*.c: the numbers of tidecv,
 * of pycocotools on resampled data sets and of plain Python (scripts/oracle_diagnosis.py) on public
 * data; small data sets with known answers; no memory lost or crash when memory runs out.
 */
#include "eval/diagnosis.h"

#include "tests/runner.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOLERANCE 1e-12 /* sums are taken in another order */

static struct sb_error err;

/* Loaded data and its diagnosis. */
struct diagnosed {
    struct sb_coco_params params;
    struct sb_coco_gt gt;
    struct sb_coco_dt dt;
    struct sb_diagnosis d;
};

static int diagnose(struct diagnosed *t, const char *gt, const char *dt, enum sb_iou_type type,
                    size_t resamples, int threads)
{
    struct sb_pool *pool = threads > 1 ? sb_pool_new(threads, &err) : NULL;
    const struct sb_diagnosis_options options = {resamples, 1};
    memset(t, 0, sizeof(*t));
    sb_coco_params_defaults(&t->params, type);
    int rc = sb_coco_gt_load(&t->gt, gt, &t->params, pool, &err);
    if (rc == 0) {
        rc = sb_coco_dt_load(&t->dt, dt, &t->gt, &t->params, pool, &err);
        if (rc == 0)
            rc = sb_diagnose(&t->d, &t->gt, &t->dt, &t->params, &options, pool, &err);
        if (rc) {
            sb_coco_dt_release(&t->dt);
            sb_coco_gt_release(&t->gt);
        }
    }
    sb_pool_free(&pool);
    return rc;
}

static void release(struct diagnosed *t)
{
    sb_diagnosis_release(&t->d);
    sb_coco_dt_release(&t->dt);
    sb_coco_gt_release(&t->gt);
}

/* Text is "VALUE VALUE ..."; fails unless they are those of expected. */
static void check_values(const char *what, const char *text, const double *found, size_t count)
{
    char *end = (char *)(uintptr_t)text;
    for (size_t i = 0; i < count; i++) {
        const double expected = strtod(end, &end);
        if (!(fabs(found[i] - expected) <= TOLERANCE))
            fail_msg("%s, value %zu: %.17g, expected %.17g", what, i, found[i], expected);
    }
}

static void check_tide(const struct sb_tide *t, const char *text)
{
    double found[3 + SB_TIDE_KINDS] = {t->ap};
    memcpy(found + 1, t->delta_ap, sizeof(t->delta_ap));
    found[1 + SB_TIDE_KINDS] = t->delta_false_positive;
    found[2 + SB_TIDE_KINDS] = t->delta_false_negative;
    check_values("TIDE", text, found, 3 + SB_TIDE_KINDS);
}

/* What the reference does not split. Classes average to the whole, or less: a class of detections
 * alone leaves the mean when all of them are fixed. By size every error counts once, on
 * the border of two ranges in both, as in COCO. */
static void check_parts(const struct diagnosed *t)
{
    const struct sb_tide *const tide = &t->d.tide;
    for (int kind = 0; kind < SB_TIDE_KINDS; kind++) {
        double sum = 0;
        int64_t errors = 0;
        size_t classes = 0;
        for (size_t k = 0; k < tide->classes; k++) {
            sum += isnan(tide->class_delta_ap[k][kind]) ? 0 : tide->class_delta_ap[k][kind];
            classes += t->d.eval.objects[k] > 0 || t->d.eval.detections[k] > 0;
        }
        if (kind != SB_TIDE_MISS) /* which may leave a class without objects */
            assert_true(sum / (double)classes <= tide->delta_ap[kind] + 1e-9);
        for (size_t a = 1; a < t->d.params.area_count; a++) {
            errors += tide->size_counts[a][kind];
            assert_true(tide->size_delta_ap[a][kind] <= tide->delta_ap[kind] + 1e-9);
        }
        assert_in_range(errors, tide->counts[kind], tide->counts[kind] + 2);
    }
}

static void check_kinds(const struct diagnosed *t, const char *text)
{
    double found[SB_TIDE_KINDS];
    check_parts(t);
    for (int e = 0; e < SB_TIDE_KINDS; e++)
        found[e] = (double)t->d.tide.counts[e];
    check_values("kinds of errors", text, found, SB_TIDE_KINDS);
}

static void check_resample(const struct sb_bootstrap *b, const char *text)
{
    char *values;
    const size_t r = strtoul(text, &values, 10);
    double found[6];
    for (size_t i = 0; i < 6; i++)
        found[i] = b->samples[i * b->resamples + r];
    check_values("resample", values, found, 6);
}

static void check_interval(const struct sb_bootstrap *b, const char *text)
{
    char *values;
    struct sb_estimate e;
    assert_ok(sb_bootstrap_interval(b, strtoul(text, &values, 10), &e, &err), &err);
    const double found[] = {e.low, e.high};
    check_values("interval", values, found, 2);
}

static void check_gains(const struct sb_tide *t, const char *text)
{
    char *values;
    const size_t r = strtoul(text, &values, 10);
    double found[SB_TIDE_GAINS];
    for (size_t gain = 0; gain < SB_TIDE_GAINS; gain++)
        found[gain] = t->samples[gain * t->resamples + r];
    check_values("gains of a resample", values, found, SB_TIDE_GAINS);
}

static void check_point(const struct sb_diagnosis *d, const char *text)
{
    char *values;
    const long k = strtol(text, &values, 10);
    const struct sb_operating_point *p = k < 0 ? &d->point : &d->points[k];
    const double found[] = {p->score, p->f1, p->precision, p->recall};
    check_values("best F1", values, found, 4);
}

static void check_calibration(const struct sb_calibration *c, const char *text)
{
    const double found[] = {c->ece, c->mce};
    check_values("calibration", text, found, 2);
}

/* Takes the expected count off the matrix; all cells must be 0 in the end. */
static void check_confusion(struct sb_confusion *c, const char *text)
{
    char *p;
    const long truth = strtol(text, &p, 10), predicted = strtol(p, &p, 10);
    const size_t side = c->classes + 1;
    const size_t row = truth < 0 ? c->classes : (size_t)truth;
    const size_t column = predicted < 0 ? c->classes : (size_t)predicted;
    c->cells[row * side + column] -= strtol(p, &p, 10);
}

static void check_no_cells_left(const struct sb_confusion *c)
{
    const size_t side = c->classes + 1;
    for (size_t i = 0; i < side * side; i++) {
        if (c->cells[i] != 0)
            fail_msg("confusion of %zu and %zu: %lld too many", i / side, i % side,
                     (long long)c->cells[i]);
    }
}

static void check_line(struct diagnosed *t, const char *word, const char *rest)
{
    if (strcmp(word, "tide") == 0)
        check_tide(&t->d.tide, rest);
    else if (strcmp(word, "kinds") == 0)
        check_kinds(t, rest);
    else if (strcmp(word, "gains") == 0)
        check_gains(&t->d.tide, rest);
    else if (strcmp(word, "resample") == 0)
        check_resample(&t->d.bootstrap, rest);
    else if (strcmp(word, "interval") == 0)
        check_interval(&t->d.bootstrap, rest);
    else if (strcmp(word, "f1") == 0)
        check_point(&t->d, rest);
    else if (strcmp(word, "calibration") == 0)
        check_calibration(&t->d.overall, rest);
    else if (strcmp(word, "confusion") == 0)
        check_confusion(&t->d.confusion, rest);
    else
        fail_msg("unknown expectation '%s'", word);
}

/* The lines of one set of expectations, from behind "set ..." to the next set or pair; returns
 * what follows. */
static char *check_set(char *line, struct diagnosed *t)
{
    size_t lines = 0;
    while (*line && strncmp(line, "set ", 4) != 0 && strncmp(line, "pair ", 5) != 0) {
        char *const end = strchr(line, '\n'), *const space = strchr(line, ' ');
        *end = *space = '\0';
        check_line(t, line, space + 1);
        line = end + 1;
        lines++;
    }
    assert_true(lines > 20);
    check_no_cells_left(&t->d.confusion);
    return line;
}

static void check_pair(char *line)
{
    char gt[128], base_name[128], head_name[128], word[32];
    struct diagnosed base, head;
    assert_int_equal(sscanf(line, "pair %127s %127s %127s %31s", gt, base_name, head_name, word),
                     4);
    assert_ok(
        diagnose(&base, test_data_or_skip(gt), test_data_or_skip(base_name), SB_IOU_BBOX, 10, 2),
        &err);
    assert_ok(
        diagnose(&head, test_data_or_skip(gt), test_data_or_skip(head_name), SB_IOU_BBOX, 10, 1),
        &err);
    for (size_t i = 0; i < 6; i++) {
        struct sb_estimate e;
        double not_above;
        char *values;
        line = strchr(line, '\n') + 1;
        assert_int_equal(strtoul(line + strlen("difference"), &values, 10), i);
        assert_ok(
            sb_bootstrap_difference(&base.d.bootstrap, &head.d.bootstrap, i, &e, &not_above, &err),
            &err);
        const double found[] = {e.low, e.high, not_above};
        check_values("difference", values, found, 3);
    }
    release(&base);
    release(&head);
}

static void test_diagnosis__numbers_are_those_of_the_reference_implementations(void **state)
{
    (void)state;
    struct sb_str text = SB_STR_INIT;
    assert_true(test_read_file(test_source("golden/diagnosis.txt"), &text));
    char *line = strchr(text.data, '\n') + 1;
    size_t sets = 0;
    for (; strncmp(line, "set ", 4) == 0; sets++) {
        char gt[128], dt[128], word[32];
        enum sb_iou_type type;
        struct diagnosed t;
        assert_int_equal(sscanf(line, "set %127s %127s %31s", gt, dt, word), 3);
        assert_true(sb_iou_type_parse(word, &type));
        assert_ok(diagnose(&t, test_data_or_skip(gt), test_data_or_skip(dt), type, 10,
                           1 + (int)(sets % 2)),
                  &err);
        line = check_set(strchr(line, '\n') + 1, &t);
        release(&t);
    }
    assert_int_equal(sets, 4);
    check_pair(line);
    sb_str_release(&text);
}

/* Two images, a class each, and one class that only detections have. */
static const char small_gt[] =
    "{\"images\": [{\"id\": 1, \"width\": 100, \"height\": 100},"
    " {\"id\": 2, \"width\": 100, \"height\": 100}],"
    " \"categories\": [{\"id\": 1, \"name\": \"a\"}, {\"id\": 2, \"name\": \"b\"},"
    " {\"id\": 3, \"name\": \"c\"}],"
    " \"annotations\": ["
    "{\"id\": 1, \"image_id\": 1, \"category_id\": 1, \"bbox\": [10, 10, 20, 20], \"area\": 400,"
    " \"iscrowd\": 0},"
    "{\"id\": 2, \"image_id\": 2, \"category_id\": 2, \"bbox\": [50, 50, 20, 20], \"area\": 400,"
    " \"iscrowd\": 0},"
    "{\"id\": 3, \"image_id\": 2, \"category_id\": 2, \"bbox\": [0, 0, 30, 30], \"area\": 900,"
    " \"iscrowd\": 1}]}";

static const char *small_dt(const char *detections)
{
    return test_write_text("small_dt.json", detections);
}

static void small_case(struct diagnosed *t, const char *detections)
{
    assert_ok(diagnose(t, test_write_text("small_gt.json", small_gt), small_dt(detections),
                       SB_IOU_BBOX, 20, 1),
              &err);
}

static void test_diagnosis__every_kind_of_error_is_told_apart(void **state)
{
    (void)state;
    struct diagnosed t;
    small_case(&t, "[{\"image_id\": 1, \"category_id\": 1, \"bbox\": [10, 10, 20, 20], \"score\": "
                   "0.9}," /* right
                            */
                   "{\"image_id\": 1, \"category_id\": 1, \"bbox\": [11, 10, 20, 20], \"score\": "
                   "0.8}," /* Dupe
                            */
                   "{\"image_id\": 1, \"category_id\": 2, \"bbox\": [10, 10, 20, 20], \"score\": "
                   "0.7}," /* Cls
                            */
                   "{\"image_id\": 1, \"category_id\": 1, \"bbox\": [20, 20, 20, 20], \"score\": "
                   "0.6}," /* Loc
                            */
                   "{\"image_id\": 1, \"category_id\": 3, \"bbox\": [20, 10, 20, 20], \"score\": "
                   "0.5}," /* Both
                            */
                   "{\"image_id\": 1, \"category_id\": 1, \"bbox\": [70, 70, 20, 20], \"score\": "
                   "0.4}," /* Bkg
                            */
                   "{\"image_id\": 2, \"category_id\": 2, \"bbox\": [2, 2, 20, 20], \"score\": "
                   "0.3}]"); /* spared
                              */
    const uint8_t kinds[] = {SB_TIDE_RIGHT, SB_TIDE_DUPE, SB_TIDE_CLS, SB_TIDE_LOC,
                             SB_TIDE_BOTH,  SB_TIDE_BKG,  SB_TIDE_BKG};
    assert_memory_equal(t.d.tide.pairs.kind, kinds, sizeof(kinds));
    for (size_t i = 0; i < 7; i++)
        assert_int_equal(t.d.tide.pairs.spared[i], i == 6);
    assert_int_equal(t.d.tide.counts[SB_TIDE_MISS], 1);
    /* a: a hit at the top; b: a miss; c: no object */
    assert_true(fabs(t.d.tide.ap - 1.0 / 3) < TOLERANCE);
    /* without the one missed object b has no object, but its detections still make it a class */
    assert_true(fabs(t.d.tide.delta_ap[SB_TIDE_MISS]) < TOLERANCE);
    /* every object and detection is small */
    for (int kind = 0; kind < SB_TIDE_KINDS; kind++) {
        assert_int_equal(t.d.tide.size_counts[1][kind], t.d.tide.counts[kind]);
        assert_int_equal(t.d.tide.size_counts[2][kind], 0);
        assert_true(t.d.tide.size_delta_ap[1][kind] == t.d.tide.delta_ap[kind]);
        assert_true(t.d.tide.size_delta_ap[2][kind] == 0);
    }
    assert_true(isnan(t.d.tide.class_delta_ap[2][SB_TIDE_CLS]));
    assert_true(t.d.points[0].score == 0.9 && t.d.points[0].f1 == 1);
    assert_true(isnan(t.d.points[1].score) && isnan(t.d.points[2].score));
    release(&t);
}

static void test_diagnosis__nothing_right_gives_no_numbers_but_no_nonsense(void **state)
{
    (void)state;
    struct diagnosed t;
    struct sb_str text = SB_STR_INIT;
    struct sb_jw w;
    small_case(&t,
               "[{\"image_id\": 1, \"category_id\": 3, \"bbox\": [80, 80, 5, 5], \"score\": 2.5},"
               "{\"image_id\": 1, \"category_id\": 3, \"bbox\": [80, 80, 5, 5], \"score\": -1}]");
    assert_true(t.d.tide.ap == 0 && isnan(t.d.point.score));
    assert_true(t.d.overall.count[0] == 1 && t.d.overall.count[SB_CALIBRATION_BINS - 1] == 1);
    sb_jw_init(&w, &text, 0);
    assert_ok(sb_diagnosis_json(&t.d, &t.d, &t.gt, &w, NULL, &err), &err);
    assert_null(strstr(text.data, "nan"));
    assert_non_null(strstr(text.data, "\"score\": null"));
    sb_str_release(&text);
    release(&t);
}

static void test_diagnosis__threads_and_seed_decide_nothing_and_everything(void **state)
{
    (void)state;
    const char *gt = test_data_or_skip("coco/instances_val2014_100.json");
    const char *dt = test_data_or_skip("coco/instances_val2014_fakebbox100_results.json");
    struct diagnosed one, three;
    assert_ok(diagnose(&one, gt, dt, SB_IOU_BBOX, 30, 1), &err);
    assert_ok(diagnose(&three, gt, dt, SB_IOU_BBOX, 30, 3), &err);
    const struct sb_bootstrap *const a = &one.d.bootstrap, *const b = &three.d.bootstrap;
    assert_memory_equal(a->samples, b->samples, a->stats * a->resamples * sizeof(double));
    uint32_t times[100], other[100], total = 0;
    sb_bootstrap_draw(1, 5, 100, times);
    sb_bootstrap_draw(2, 5, 100, other);
    for (size_t i = 0; i < 100; i++)
        total += times[i];
    assert_int_equal(total, 100);
    assert_memory_not_equal(times, other, sizeof(times));
    release(&one);
    release(&three);
}

static void test_diagnosis__keypoints_have_one_too(void **state)
{
    (void)state;
    struct diagnosed t;
    assert_ok(diagnose(&t, test_data_or_skip("keypoints/one_image_gt.json"),
                       test_data_or_skip("keypoints/one_image_dt.json"), SB_IOU_KEYPOINTS, 5, 1),
              &err);
    /* one image: every resample is the data set itself */
    for (size_t r = 0; r < 5; r++)
        assert_true(fabs(t.d.bootstrap.samples[r] - 0.5048844884488449) < TOLERANCE);
    release(&t);
}

static int diagnose_small(void *ctx)
{
    struct diagnosed t;
    struct sb_str text = SB_STR_INIT;
    struct sb_jw w;
    const char *const *const paths = ctx;
    int rc = diagnose(&t, paths[0], paths[1], SB_IOU_BBOX, 2, 1);
    if (rc)
        return rc;
    sb_jw_init(&w, &text, 0);
    rc = sb_diagnosis_json(&t.d, NULL, &t.gt, &w, NULL, &err);
    if (rc == 0 && text.failed)
        rc = SB_ENOMEM;
    sb_str_release(&text);
    release(&t);
    return rc;
}

static void test_diagnosis__survives_every_failing_allocation(void **state)
{
    (void)state;
    char gt[512], dt[512];
    snprintf(gt, sizeof(gt), "%s", test_write_text("small_gt.json", small_gt));
    snprintf(dt, sizeof(dt), "%s",
             small_dt("[{\"image_id\": 1, \"category_id\": 1, \"bbox\": [10, 10, 20, 20],"
                      " \"score\": 0.9}]"));
    const char *paths[] = {gt, dt};
    test_every_allocation_fails(diagnose_small, paths);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_diagnosis__numbers_are_those_of_the_reference_implementations),
        cmocka_unit_test(test_diagnosis__every_kind_of_error_is_told_apart),
        cmocka_unit_test(test_diagnosis__nothing_right_gives_no_numbers_but_no_nonsense),
        cmocka_unit_test(test_diagnosis__threads_and_seed_decide_nothing_and_everything),
        cmocka_unit_test(test_diagnosis__keypoints_have_one_too),
        cmocka_unit_test(test_diagnosis__survives_every_failing_allocation),
    };
    return cmocka_run_group_tests_name("eval/diagnosis", tests, NULL, NULL);
}
