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

struct sample {
    const struct sb_metric *metric;
    bool use_cats;
    size_t stat_count;
    double stats[16];
    uint64_t digests[3];   /* precision, scores, recall */
    char gt[512], dt[512]; /* paths */
};

enum { TYPE, USE_CATS, STATS, PRECISION, SCORES, RECALL, GT, DT };
static const struct sb_scan_name names[] = {
    SB_SCAN_NAME("type"),      SB_SCAN_NAME("use_cats"), SB_SCAN_NAME("stats"),
    SB_SCAN_NAME("precision"), SB_SCAN_NAME("scores"),   SB_SCAN_NAME("recall"),
    SB_SCAN_NAME("gt"),        SB_SCAN_NAME("dt"),       SB_SCAN_NAMES_END};

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

static int read_member(struct sb_scan *s, int key, struct sample *sample)
{
    char text[32] = "";
    int rc;
    switch (key) {
    case TYPE:
        rc = read_text(s, text, sizeof(text));
        sample->metric = sb_metric_named(text);
        assert_non_null(sample->metric);
        return rc;
    case USE_CATS:
        return sb_scan_bool(s, &sample->use_cats);
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
        if (i == SB_ARRAY_SCORES && sample->metric->protocol == SB_PROTOCOL_LVIS)
            continue; /* lvis-api has no such array */
        assert_ok(sb_coco_eval_array(eval, (enum sb_eval_array)i, &array, &err), &err);
        const uint64_t digest = sb_fnv1a(SB_FNV_START, array.data, array.count * sizeof(double));
        if (digest != sample->digests[i])
            fail_msg("sample %zu: array %d differs", line, i);
        sb_npy_release(&array);
    }
}

/* Over ranks, which cut so small a file anywhere, nothing changes. */
static void check_ranks(const struct sample *sample, const struct sb_coco_params *params,
                        size_t line)
{
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
    struct sb_coco_params params;
    struct test_eval e;
    struct sb_error err;
    sb_coco_params_init(&params, sample->metric);
    params.use_cats = sample->use_cats;
    assert_ok(test_eval_run(&e, sample->gt, sample->dt, &params, SB_EVAL_ARRAYS,
                            1 + (int)(line % 3), &err),
              &err);
    assert_int_equal(e.summary.count, sample->stat_count);
    for (size_t i = 0; i < e.summary.count; i++) {
        if (e.summary.stats[i].value != sample->stats[i])
            fail_msg("sample %zu, statistic %zu: %.17g, expected %.17g", line, i,
                     e.summary.stats[i].value, sample->stats[i]);
    }
    check_arrays(&e.eval, sample, line);
    test_eval_release(&e);
    check_ranks(sample, &params, line);
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
    };
    return cmocka_run_group_tests_name("eval/coco_parity", tests, NULL, NULL);
}
