/*
 * A fixed sample of random edge cases with what pycocotools 2.0.11 and its relatives gave for them:
 * statistics as numbers, arrays as digests. scripts/parity_coco.py makes the files and compares
 * many more.
 */
#include "base/file.h"
#include "base/hash.h"
#include "base/json_scan.h"
#include "eval/coco_report.h"
#include "tests/eval/support_eval.h"

#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

#define MAX_CHOSEN 8

/* Ids to evaluate, as words. */
struct chosen {
    char texts[MAX_CHOSEN][24];
    const char *words[MAX_CHOSEN];
    size_t count;
};

struct sample {
    struct sb_coco_params params;
    struct chosen images, categories;
    bool own_params; /* no statistics are stored: pycocotools' ask for its own limits and areas */
    size_t stat_count;
    double stats[16];
    uint64_t digests[3];   /* precision, scores, recall */
    char gt[512], dt[512]; /* paths */
};

enum { TYPE, USE_CATS, STATS, PRECISION, SCORES, RECALL, GT, DT, PARAMS };
static const struct sb_scan_name names[] = {SB_SCAN_NAME("type"),   SB_SCAN_NAME("use_cats"),
                                            SB_SCAN_NAME("stats"),  SB_SCAN_NAME("precision"),
                                            SB_SCAN_NAME("scores"), SB_SCAN_NAME("recall"),
                                            SB_SCAN_NAME("gt"),     SB_SCAN_NAME("dt"),
                                            SB_SCAN_NAME("params"), SB_SCAN_NAMES_END};

/* Copies the value at s->pos into a file of the scratch folder. */
static int extract(struct sb_scan *s, const char *name, char *path, size_t size)
{
    const char *const start = s->pos;
    const int rc = sb_scan_skip(s);
    snprintf(path, size, "%s/%s", test_scratch(), name);
    return rc ? rc : sb_write_file(path, start, (size_t)(s->pos - start), s->err);
}

static int read_text(struct sb_scan *s, char *out, size_t size)
{
    struct sb_scan_text text;
    const int rc = sb_scan_string(s, &text);
    if (rc == 0)
        snprintf(out, size, "%.*s", (int)text.length, text.data);
    return rc;
}

static int read_stats(struct sb_scan *s, struct sample *sample)
{
    bool first = true;
    int rc = sb_scan_open_array(s);
    while (rc == 0 && (rc = sb_scan_element(s, &first)) == 1) {
        assert_true(sample->stat_count < sizeof(sample->stats) / sizeof(sample->stats[0]));
        rc = sb_scan_double(s, &sample->stats[sample->stat_count++]);
    }
    return rc;
}

static int read_areas(struct sb_scan *s, struct sb_coco_params *p)
{
    bool first = true;
    int rc = sb_scan_open_array(s);
    for (p->area_count = 0; rc == 0 && (rc = sb_scan_element(s, &first)) == 1; p->area_count++) {
        struct sb_area_range *const area = &p->areas[p->area_count];
        bool inner = true;
        rc = sb_scan_open_array(s);
        rc = rc ? rc : sb_scan_element(s, &inner);
        rc = rc == 1 ? read_text(s, area->name, sizeof(area->name)) : rc;
        rc = rc ? rc : sb_scan_element(s, &inner);
        rc = rc == 1 ? sb_scan_double(s, &area->lo) : rc;
        rc = rc ? rc : sb_scan_element(s, &inner);
        rc = rc == 1 ? sb_scan_double(s, &area->hi) : rc;
        rc = rc ? rc : sb_scan_element(s, &inner); /* 0: the end */
    }
    return rc;
}

static int read_numbers(struct sb_scan *s, double *out, size_t room, size_t *count)
{
    bool first = true;
    int rc = sb_scan_open_array(s);
    for (*count = 0; rc == 0 && (rc = sb_scan_element(s, &first)) == 1; ++*count) {
        assert_true(*count < room);
        rc = sb_scan_double(s, &out[*count]);
    }
    return rc;
}

static int read_limits(struct sb_scan *s, struct sb_coco_params *p)
{
    double limits[SB_EVAL_MAX_MAX_DETS];
    const int rc = read_numbers(s, limits, SB_EVAL_MAX_MAX_DETS, &p->max_det_count);
    for (size_t i = 0; rc == 0 && i < p->max_det_count; i++)
        p->max_dets[i] = (int32_t)limits[i];
    return rc;
}

static int read_chosen(struct sb_scan *s, struct chosen *c, struct sb_chosen *out)
{
    bool first = true;
    int rc = sb_scan_open_array(s);
    for (; rc == 0 && (rc = sb_scan_element(s, &first)) == 1; c->count++) {
        assert_true(c->count < MAX_CHOSEN);
        c->words[c->count] = c->texts[c->count];
        rc = read_text(s, c->texts[c->count], sizeof(c->texts[0]));
    }
    *out = (struct sb_chosen){c->count, c->words};
    return rc;
}

/* Parameters of the sample's own; its type came before. */
static int read_params(struct sb_scan *s, struct sample *sample)
{
    enum { IOUS, RECALLS, LIMITS, AREAS, IMAGES, CATEGORIES };
    static const struct sb_scan_name members[] = {SB_SCAN_NAME("iou_thresholds"),
                                                  SB_SCAN_NAME("recall_points"),
                                                  SB_SCAN_NAME("max_dets"),
                                                  SB_SCAN_NAME("areas"),
                                                  SB_SCAN_NAME("images"),
                                                  SB_SCAN_NAME("categories"),
                                                  SB_SCAN_NAMES_END};
    struct sb_scan_record rec = {.names = members};
    struct sb_coco_params *const p = &sample->params;
    int key, rc = sb_scan_open_object(s, &rec);
    sample->own_params = true;
    while (rc == 0 && (key = sb_scan_key(s, &rec)) != SB_SCAN_END) {
        if (key == IOUS)
            rc = read_numbers(s, p->iou_thresholds, SB_EVAL_MAX_IOUS, &p->iou_count);
        else if (key == RECALLS)
            rc = read_numbers(s, p->recall_points, SB_EVAL_MAX_RECALLS, &p->recall_count);
        else if (key == LIMITS)
            rc = read_limits(s, p);
        else if (key == AREAS)
            rc = read_areas(s, p);
        else if (key == IMAGES)
            rc = read_chosen(s, &sample->images, &p->images);
        else if (key == CATEGORIES)
            rc = read_chosen(s, &sample->categories, &p->categories);
        else
            rc = key < 0 ? key : sb_scan_expected(s, "a known member");
    }
    return rc;
}

static int read_member(struct sb_scan *s, int key, struct sample *sample)
{
    char text[32] = "";
    int rc;
    switch (key) {
    case TYPE:
        rc = read_text(s, text, sizeof(text));
        assert_non_null(sb_metric_named(text));
        sb_coco_params_init(&sample->params, sb_metric_named(text));
        return rc;
    case USE_CATS:
        return sb_scan_bool(s, &sample->params.use_cats);
    case PARAMS:
        return read_params(s, sample);
    case STATS:
        return read_stats(s, sample);
    case PRECISION:
    case SCORES:
    case RECALL:
        rc = read_text(s, text, sizeof(text));
        sample->digests[key - PRECISION] = strtoull(text, NULL, 16);
        return rc;
    case GT:
        return extract(s, "gt.json", sample->gt, sizeof(sample->gt));
    case DT:
        return extract(s, "dt.json", sample->dt, sizeof(sample->dt));
    default:
        return key < 0 ? key : sb_scan_expected(s, "a known member");
    }
}

static int read_sample(struct sb_scan *s, struct sample *sample)
{
    struct sb_scan_record rec = {.names = names};
    int key, rc = sb_scan_open_object(s, &rec);
    while (rc == 0 && (key = sb_scan_key(s, &rec)) != SB_SCAN_END)
        rc = read_member(s, key, sample);
    return rc;
}

static void check_arrays(const struct sb_coco_eval *eval, const struct sample *sample, size_t line)
{
    for (int i = SB_ARRAY_PRECISION; i <= SB_ARRAY_RECALL; i++) {
        struct sb_npy array;
        struct sb_error err;
        if (i == SB_ARRAY_SCORES && sample->params.metric->protocol == SB_PROTOCOL_LVIS)
            continue; /* lvis-api has no such array */
        assert_ok(sb_coco_eval_array(eval, (enum sb_eval_array)i, &array, &err), &err);
        const uint64_t digest = sb_fnv1a(SB_FNV_START, array.data, array.count * sizeof(double));
        if (digest != sample->digests[i])
            fail_msg("sample %zu: array %d differs", line, i);
        sb_npy_release(&array);
    }
}

/* Over ranks, which cut so small a file anywhere, nothing changes. */
static void check_ranks(const struct sample *sample, size_t line)
{
    const struct sb_coco_params *const params = &sample->params;
    struct test_outcome one, many;
    char what[64];
    test_eval_outcome(sample->gt, sample->dt, params, 1, 1, &one);
    for (int ranks = 2; ranks <= 5; ranks += ranks == 3 ? 2 : 1) {
        snprintf(what, sizeof(what), "sample %zu on %d ranks", line, ranks);
        test_eval_outcome(sample->gt, sample->dt, params, ranks, 1, &many);
        test_assert_same_outcome(&one, &many, what);
    }
}

static void check_sample(const struct sample *sample, size_t line)
{
    struct test_eval e;
    struct sb_error err;
    assert_ok(test_eval_run(&e, sample->gt, sample->dt, &sample->params, SB_EVAL_ARRAYS,
                            1 + (int)(line % 3), &err),
              &err);
    assert_true(sample->own_params || e.summary.count == sample->stat_count);
    for (size_t i = 0; i < sample->stat_count; i++) {
        if (e.summary.stats[i].value != sample->stats[i])
            fail_msg("sample %zu, statistic %zu: %.17g, expected %.17g", line, i,
                     e.summary.stats[i].value, sample->stats[i]);
    }
    check_arrays(&e.eval, sample, line);
    test_eval_release(&e);
    check_ranks(sample, line);
}

static void check_file(const char *name, size_t expected_samples)
{
    struct sb_map map;
    struct sb_error err;
    struct sb_scan s;
    size_t line = 0;
    assert_ok(sb_map_open(&map, test_source(name), &err), &err);
    assert_ok(sb_scan_init(&s, map.data, map.size, name, &err), &err);
    while (s.pos < s.end) {
        struct sample sample = {0};
        assert_ok(read_sample(&s, &sample), &err);
        check_sample(&sample, ++line);
        s.pos += *s.pos == '\n';
    }
    sb_map_release(&map);
    assert_true(line >= expected_samples);
}

static void test_coco_parity__boxes(void **state)
{
    (void)state;
    check_file("eval/parity/bbox.jsonl", 51);
}

static void test_coco_parity__masks(void **state)
{
    (void)state;
    check_file("eval/parity/segm.jsonl", 40);
}

static void test_coco_parity__keypoints(void **state)
{
    (void)state;
    check_file("eval/parity/keypoints.jsonl", 23);
}

static void test_coco_parity__boundaries(void **state)
{
    (void)state;
    check_file("eval/parity/boundary.jsonl", 12);
}

static void test_coco_parity__crowdpose(void **state)
{
    (void)state;
    check_file("eval/parity/crowdpose.jsonl", 16);
}

static void test_coco_parity__lvis_boxes(void **state)
{
    (void)state;
    check_file("eval/parity/lvis_bbox.jsonl", 20);
}

static void test_coco_parity__lvis_masks(void **state)
{
    (void)state;
    check_file("eval/parity/lvis_segm.jsonl", 16);
}

static void test_coco_parity__lvis_boundaries(void **state)
{
    (void)state;
    check_file("eval/parity/lvis_boundary.jsonl", 11);
}

/* Thresholds, recall points, area ranges, limits, images and categories of the sample's own. */
static void test_coco_parity__own_parameters(void **state)
{
    (void)state;
    check_file("eval/parity/own_params.jsonl", 18);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_coco_parity__boxes),
        cmocka_unit_test(test_coco_parity__masks),
        cmocka_unit_test(test_coco_parity__keypoints),
        cmocka_unit_test(test_coco_parity__boundaries),
        cmocka_unit_test(test_coco_parity__crowdpose),
        cmocka_unit_test(test_coco_parity__lvis_boxes),
        cmocka_unit_test(test_coco_parity__lvis_masks),
        cmocka_unit_test(test_coco_parity__lvis_boundaries),
        cmocka_unit_test(test_coco_parity__own_parameters),
    };
    return cmocka_run_group_tests_name("eval/coco_parity", tests, NULL, NULL);
}
