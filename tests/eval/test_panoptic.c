/*
 * eval/panoptic*.c: a fixed sample of random edge cases with the numbers of panopticapi's
 * definition (scripts/parity_panoptic.py makes it and compares many more), COCO's sample, rules one
 * by one, and wrong input.
 */
#include "base/file.h"
#include "base/mem.h"
#include "datasets/image.h"
#include "eval/panoptic.h"
#include "eval/panoptic_match.h"

#include "tests/test.h"

#include <math.h>
#include <string.h>

/* Writes a picture given as [height, width, pixels, id, pixels, id, ...]. */
static void write_picture(const char *path, const struct sb_json *runs)
{
    struct sb_json e;
    struct sb_image image;
    struct sb_error err;
    int64_t v[2] = {0, 0};
    size_t at = 0, n = 0;
    for (bool ok = sb_json_first(runs, &e); ok; ok = sb_json_next(&e), n++) {
        assert_ok(sb_json_int(&e, 0, 1 << 24, &v[n % 2], &err), &err);
        if (n == 1)
            assert_ok(sb_image_create(&image, (int)v[1], (int)v[0], &err), &err);
        for (int64_t i = 0; n > 1 && n % 2 == 1 && i < v[0]; i++, at++) {
            for (int c = 0; c < 3; c++)
                image.pixels[3 * at + (size_t)c] = (uint8_t)(v[1] >> 8 * c);
        }
    }
    assert_int_equal(at, (size_t)image.width * (size_t)image.height);
    assert_ok(sb_image_save_png(&image, path, &err), &err);
    sb_image_release(&image);
}

static void write_member(const struct sb_json *object, const char *key, const char *path)
{
    struct sb_json member;
    struct sb_error err;
    assert_ok(sb_json_get(object, key, &member, &err), &err);
    char *const text = cJSON_PrintUnformatted(member.item);
    assert_ok(sb_write_file(path, text, strlen(text), &err), &err);
    cJSON_free(text);
}

/* Everything that belongs to one evaluation. */
struct run {
    struct sb_pool *pool;
    struct sb_panoptic_set truth, predicted;
    struct sb_panoptic pq;
};

static int run_files(struct run *r, const char *truth, const char *predicted,
                     const struct sb_panoptic_options *o, int threads, struct sb_error *err)
{
    memset(r, 0, sizeof(*r));
    r->pool = sb_pool_new(threads, err);
    int rc = r->pool ? sb_panoptic_load_truth(&r->truth, truth, r->pool, err) : err->code;
    if (rc == 0) {
        rc = sb_panoptic_load_prediction(&r->predicted, predicted, &r->truth, r->pool, err);
        if (rc == 0)
            rc = sb_panoptic_evaluate(&r->pq, &r->truth, &r->predicted, o, r->pool, err);
        if (rc) {
            sb_panoptic_set_release(&r->predicted);
            sb_panoptic_set_release(&r->truth);
        }
    }
    if (rc)
        sb_pool_free(&r->pool);
    return rc;
}

static void release_run(struct run *r)
{
    sb_panoptic_release(&r->pq);
    sb_panoptic_set_release(&r->predicted);
    sb_panoptic_set_release(&r->truth);
    sb_pool_free(&r->pool);
}

/* The value of a member; NaN for null. */
static double number(const struct sb_json *object, const char *key)
{
    double v = NAN;
    struct sb_error err;
    assert_ok(sb_json_opt_double(object, key, &v, &err), &err);
    return v;
}

static void assert_number(const struct sb_json *object, const char *key, double value, size_t line)
{
    const double expected = number(object, key);
    if (!(value == expected || (!isfinite(value) && isnan(expected))))
        fail_msg("sample %zu, %s: %.17g, expected %.17g", line, key, value, expected);
}

static void check_numbers(const struct sb_json *expected, const struct sb_panoptic *pq, size_t line)
{
    static const char *const groups[] = {"all", "things", "stuff"};
    struct sb_json group, rows, row;
    struct sb_error err;
    size_t count;
    for (int g = 0; g < SB_PANOPTIC_GROUPS; g++) {
        assert_ok(sb_json_get(expected, groups[g], &group, &err), &err);
        assert_number(&group, "pq", pq->means[g].pq, line);
        assert_number(&group, "sq", pq->means[g].sq, line);
        assert_number(&group, "rq", pq->means[g].rq, line);
        assert_number(&group, "n", (double)pq->means[g].n, line);
    }
    assert_ok(sb_json_get_array(expected, "per_category", &rows, &count, &err), &err);
    assert_int_equal(count, pq->category_count);
    size_t k = 0;
    for (bool ok = sb_json_first(&rows, &row); ok; ok = sb_json_next(&row), k++) {
        const struct sb_panoptic_quality *const q = &pq->categories[k];
        assert_number(&row, "id", (double)pq->truth->categories[k].id, line);
        assert_number(&row, "pq", q->pq, line);
        assert_number(&row, "sq", q->sq, line);
        assert_number(&row, "rq", q->rq, line);
        assert_number(&row, "iou", q->iou, line);
        assert_number(&row, "tp", (double)q->tp, line);
        assert_number(&row, "fp", (double)q->fp, line);
        assert_number(&row, "fn", (double)q->fn, line);
    }
}

static void check_sample(const char *text, size_t length, size_t line)
{
    char dir[256], path[512];
    cJSON *doc;
    struct sb_json pictures, picture, expected;
    struct sb_error err;
    int64_t parts;
    assert_ok(sb_json_parse(text, length, "panoptic.jsonl", &doc, &err), &err);
    const struct sb_json root = sb_json_root(doc, "panoptic.jsonl");
    snprintf(dir, sizeof(dir), "%s/sample-%zu", test_scratch(), line);
    snprintf(path, sizeof(path), "%s/gt", dir);
    assert_ok(sb_make_dirs(path, &err), &err);
    snprintf(path, sizeof(path), "%s/pred", dir);
    assert_ok(sb_make_dirs(path, &err), &err);
    assert_ok(sb_json_get(&root, "pictures", &pictures, &err), &err);
    for (bool ok = sb_json_first_member(&pictures, &picture); ok;
         ok = sb_json_next_member(&pictures, &picture)) {
        snprintf(path, sizeof(path), "%s/%s", dir, picture.item->string);
        write_picture(path, &picture);
    }
    char truth[300], predicted[300], truth_dir[300], predicted_dir[300];
    snprintf(truth, sizeof(truth), "%s/gt.json", dir);
    snprintf(predicted, sizeof(predicted), "%s/pred.json", dir);
    snprintf(truth_dir, sizeof(truth_dir), "%s/gt", dir);
    snprintf(predicted_dir, sizeof(predicted_dir), "%s/pred", dir);
    write_member(&root, "gt", truth);
    write_member(&root, "pred", predicted);
    assert_ok(sb_json_get_int(&root, "parts", 1, 100, &parts, &err), &err);
    assert_ok(sb_json_get(&root, "expected", &expected, &err), &err);
    const struct sb_panoptic_options o = {truth_dir, predicted_dir, (size_t)parts};
    struct run r;
    assert_ok(run_files(&r, truth, predicted, &o, 1 + (int)(line % 7), &err), &err);
    check_numbers(&expected, &r.pq, line);
    release_run(&r);
    cJSON_Delete(doc);
}

static void test_panoptic__sample(void **state)
{
    (void)state;
    struct sb_map map;
    struct sb_error err;
    size_t line = 0;
    assert_ok(sb_map_open(&map, test_source("eval/parity/panoptic.jsonl"), &err), &err);
    for (const char *at = map.data, *end;
         (end = memchr(at, '\n', map.size - (size_t)(at - map.data))); at = end + 1)
        check_sample(at, (size_t)(end - at), ++line);
    sb_map_release(&map);
    assert_true(line >= 50);
}

/* COCO's sample against itself. */
static void test_panoptic__truth_is_perfect(void **state)
{
    (void)state;
    const char *const file = test_data_or_skip("panoptic/panoptic_examples.json");
    const char *const dir = test_data_or_skip("panoptic/panoptic_examples");
    const struct sb_panoptic_options o = {dir, dir, 1};
    struct run r;
    struct sb_error err;
    assert_ok(run_files(&r, file, file, &o, 2, &err), &err);
    for (int g = 0; g < SB_PANOPTIC_GROUPS; g++)
        assert_true(r.pq.means[g].pq == 1 && r.pq.means[g].sq == 1 && r.pq.means[g].rq == 1);
    assert_int_equal(r.pq.means[SB_PANOPTIC_ALL].n, 8);
    release_run(&r);
}

/*
 * One image of a row of pixels, a letter an id: '.' is void (0), 'a' is 1, 'b' is 2, ...
 */

static const char *write_row(const char *name, const char *letters)
{
    struct sb_image image;
    struct sb_error err;
    assert_ok(sb_image_create(&image, (int)strlen(letters), 1, &err), &err);
    for (size_t x = 0; letters[x]; x++)
        image.pixels[3 * x] = letters[x] == '.' ? 0 : (uint8_t)(letters[x] - 'a' + 1);
    const char *const path = test_path(name);
    assert_ok(sb_image_save_png(&image, path, &err), &err);
    sb_image_release(&image);
    return path;
}

#define CATEGORIES                                                                                 \
    "\"categories\": [{\"id\": 1, \"name\": \"x\", \"isthing\": 1}, {\"id\": 2, \"isthing\": 0}]"

static const char *write_list(const char *name, const char *file, const char *segments)
{
    char text[2048];
    snprintf(text, sizeof(text),
             "{" CATEGORIES ", \"annotations\": [{\"image_id\": 5, \"file_name\": \"%s\", "
             "\"segments_info\": [%s]}]}",
             file, segments);
    return test_write_text(name, text);
}

/* The category's tp, fp, fn. */
static void assert_tally(const char *truth_row, const char *truths, const char *predicted_row,
                         const char *segments, int64_t tp, int64_t fp, int64_t fn, double iou)
{
    write_row("t.png", truth_row);
    write_row("p.png", predicted_row);
    const struct sb_panoptic_options o = {test_scratch(), test_scratch(), 1};
    const char *const truth = write_list("t.json", "t.png", truths);
    const char *const predicted = write_list("p.json", "p.png", segments);
    struct run r;
    struct sb_error err;
    assert_ok(run_files(&r, truth, predicted, &o, 1, &err), &err);
    assert_int_equal(r.pq.categories[0].tp, tp);
    assert_int_equal(r.pq.categories[0].fp, fp);
    assert_int_equal(r.pq.categories[0].fn, fn);
    assert_true(r.pq.categories[0].iou == iou);
    release_run(&r);
}

#define TRUTH(id, area, crowd)                                                                     \
    "{\"id\": " #id ", \"category_id\": 1, \"area\": " #area ", \"iscrowd\": " #crowd "}"
#define FOUND(id, category) "{\"id\": " #id ", \"category_id\": " #category "}"

static void test_panoptic__half_is_not_enough(void **state)
{
    (void)state;
    assert_tally("aaaa....", TRUTH(1, 4, 0), "aa......", FOUND(1, 1), 0, 1, 1, 0);
    assert_tally("aaaab...", TRUTH(1, 4, 0), "aaa.....", FOUND(1, 1), 1, 0, 0, 0.75);
    assert_tally("aaaa....", TRUTH(1, 4, 0), "aaa.....", FOUND(1, 2), 0, 0, 1, 0); /* class */
}

static void test_panoptic__void_does_not_count(void **state)
{
    (void)state;
    /* three pixels shared, three on void */
    assert_tally("aaaa....", TRUTH(1, 4, 0), "baaaaaa.", FOUND(1, 1) "," FOUND(2, 1), 1, 1, 0,
                 0.75);
    /* more than half on void is forgiven, half is not */
    assert_tally("aa......", "", "aaaaa...", FOUND(1, 1), 0, 0, 0, 0);
    assert_tally("aaa.....", "", "aaaaaa..", FOUND(1, 1), 0, 1, 0, 0);
}

static void test_panoptic__crowds_forgive(void **state)
{
    (void)state;
    assert_tally("aaaabbbb", TRUTH(1, 4, 1) "," TRUTH(2, 4, 0), "aaabbbbb",
                 FOUND(1, 1) "," FOUND(2, 1), 1, 0, 0, 0.8);
    /* of two crowds only the last of the list forgives */
    assert_tally("aaaabbbb", TRUTH(1, 4, 1) "," TRUTH(2, 4, 1), "aaaabbbb",
                 FOUND(1, 1) "," FOUND(2, 1), 0, 1, 0, 0);
    assert_tally("aaaabbbb", TRUTH(2, 4, 1) "," TRUTH(1, 4, 1), "aaaa....", FOUND(1, 1), 0, 0, 0,
                 0);
    assert_tally("aaaabbbb", TRUTH(1, 4, 1) "," TRUTH(2, 4, 1), "aaaa....", FOUND(1, 1), 0, 1, 0,
                 0);
}

static void test_panoptic__empty_groups_are_nan(void **state)
{
    (void)state;
    write_row("t.png", "aa");
    const struct sb_panoptic_options o = {test_scratch(), test_scratch(), 1};
    const char *const truth = write_list("t.json", "t.png", TRUTH(1, 2, 0));
    struct run r;
    struct sb_error err;
    struct sb_str text = SB_STR_INIT;
    assert_ok(run_files(&r, truth, write_list("p.json", "t.png", FOUND(1, 1)), &o, 1, &err), &err);
    assert_true(r.pq.means[SB_PANOPTIC_THINGS].pq == 1);
    assert_true(isnan(r.pq.means[SB_PANOPTIC_STUFF].pq));
    sb_panoptic_text(&r.pq, &text);
    assert_string_equal(sb_str_text(&text), "          |    PQ     SQ     RQ     N\n"
                                            "--------------------------------------\n"
                                            "All       | 100.0  100.0  100.0     1\n"
                                            "Things    | 100.0  100.0  100.0     1\n"
                                            "Stuff     |     -      -      -     0\n");
    sb_str_release(&text);
    release_run(&r);
}

struct bad_case {
    const char *truth, *predicted; /* NULL: a good one */
    enum sb_err code;
    const char *part;
};

#define GOOD_TRUTH                                                                                 \
    "{" CATEGORIES ", \"annotations\": [{\"image_id\": 5, \"file_name\": \"t.png\", "              \
    "\"segments_info\": [" TRUTH(1, 2, 0) "]}]}"
#define IMAGE(member) "{" CATEGORIES ", \"annotations\": [{" member "}]}"
#define LIST(segments)                                                                             \
    IMAGE("\"image_id\": 5, \"file_name\": \"t.png\", \"segments_info\": [" segments "]")
#define FILE_IS(name)                                                                              \
    IMAGE("\"image_id\": 5, \"file_name\": " name ", \"segments_info\": [" FOUND(1, 1) "]")

static const struct bad_case bad_cases[] = {
    {"", NULL, SB_EFORMAT, "bad-t.json"},
    {"[]", NULL, SB_EFORMAT, "(byte 0): expected an object"},
    {"{\"annotations\": []}", NULL, SB_EFORMAT, "\"categories\" is missing"},
    {"{\"categories\": []}", NULL, SB_EFORMAT, "\"annotations\" is missing"},
    {"{\"categories\": {}, \"annotations\": []}", NULL, SB_EFORMAT, "expected an array"},
    {"{\"categories\": [{\"id\": 1}], \"annotations\": []}", NULL, SB_EFORMAT, "\"isthing\""},
    {"{\"categories\": [{\"isthing\": 1}], \"annotations\": []}", NULL, SB_EFORMAT, "\"id\""},
    {"{\"categories\": [{\"id\": 1, \"isthing\": \"yes\"}], \"annotations\": []}", NULL, SB_EFORMAT,
     "expected a number"},
    {"{\"categories\": [{\"id\": 1, \"isthing\": 1}, {\"id\": \"a\", \"isthing\": 1}], "
     "\"annotations\": []}",
     NULL, SB_EFORMAT, "some ids are numbers, others text"},
    {IMAGE("\"file_name\": \"t.png\", \"segments_info\": []"), NULL, SB_EFORMAT, "\"image_id\""},
    {IMAGE("\"image_id\": 5, \"segments_info\": []"), NULL, SB_EFORMAT, "\"file_name\""},
    {IMAGE("\"image_id\": 5, \"file_name\": \"t.png\""), NULL, SB_EFORMAT, "\"segments_info\""},
    {IMAGE("\"image_id\": [5], \"file_name\": \"t.png\""), NULL, SB_EFORMAT, "expected an id"},
    {IMAGE("\"image_id\": 5, \"file_name\": 7"), NULL, SB_EFORMAT, "expected a string"},
    {FILE_IS("\"\""), NULL, SB_EFORMAT, "expected the name of a PNG"},
    {FILE_IS("\"a\\u0000b\""), NULL, SB_EFORMAT, "expected the name of a PNG"},
    {LIST("7"), NULL, SB_EFORMAT, "expected an object"},
    {LIST("{\"category_id\": 1, \"area\": 2, \"iscrowd\": 0}"), NULL, SB_EFORMAT, "\"id\""},
    {LIST("{\"id\": 1, \"area\": 2, \"iscrowd\": 0}"), NULL, SB_EFORMAT, "\"category_id\""},
    {LIST("{\"id\": 1, \"category_id\": 1, \"iscrowd\": 0}"), NULL, SB_EFORMAT, "\"area\""},
    {LIST("{\"id\": 1, \"category_id\": 1, \"area\": 2}"), NULL, SB_EFORMAT, "\"iscrowd\""},
    {LIST("{\"id\": 1, \"category_id\": 1, \"area\": 1e999, \"iscrowd\": 0}"), NULL, SB_EFORMAT,
     "1e999"},
    {LIST("{\"id\": 1, \"id\": 2, \"category_id\": 1}"), NULL, SB_EFORMAT, "twice"},
    {GOOD_TRUTH "x", NULL, SB_EFORMAT, "bad-t.json (byte"},
    {NULL, "", SB_EFORMAT, "bad-p.json"},
    {NULL, "{\"annotations\": []}", SB_EFORMAT, "1 image of the ground truth has no prediction: 5"},
    {NULL, FILE_IS("\"absent.png\""), SB_EIO, "absent.png"},
    {NULL, FILE_IS("\"wide.png\""), SB_EFORMAT, "wide.png: 3 x 1 pixels, expected 2 x 1"},
    {NULL, FILE_IS("\"t.json\""), SB_EFORMAT, "not a PNG file"},
    {NULL, FILE_IS("\"cut.png\""), SB_EFORMAT, "cut.png"},
    {NULL, FILE_IS("\"grey.png\""), SB_EFORMAT, "expected a PNG with red, green and blue"},
    {NULL, LIST(""), SB_EFORMAT, "in the PNG that segments_info does not have: 1"},
    {NULL, LIST(FOUND(1, 1) "," FOUND(9, 1)), SB_EFORMAT, "that the PNG does not have: 9"},
    {NULL, LIST(FOUND(1, 1) "," FOUND(99999999, 1)), SB_EFORMAT, "does not have: 99999999"},
    {NULL, LIST(FOUND(1, 3)), SB_EFORMAT, "a category that the ground truth does not have: 1"},
};

/* A grey PNG of 2 x 1 pixels, by hand. */
static const unsigned char grey_png[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48,
    0x44, 0x52, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x00, 0x00,
    0x00, 0xd1, 0x49, 0x20, 0x56, 0x00, 0x00, 0x00, 0x0b, 0x49, 0x44, 0x41, 0x54, 0x78,
    0x9c, 0x63, 0x64, 0x64, 0x00, 0x00, 0x00, 0x08, 0x00, 0x03, 0x2a, 0xf3, 0x9e, 0x47,
    0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};

static void write_pictures(void)
{
    struct sb_map map;
    struct sb_error err;
    write_row("wide.png", "aaa");
    assert_ok(sb_map_open(&map, write_row("t.png", "aa"), &err), &err);
    test_write("cut.png", map.data, map.size - 30);
    sb_map_release(&map);
    test_write("grey.png", grey_png, sizeof(grey_png));
    test_write_text("t.json", "{}");
}

static void test_panoptic__refuses_bad_input(void **state)
{
    (void)state;
    write_pictures();
    const struct sb_panoptic_options o = {test_scratch(), test_scratch(), 1};
    for (size_t i = 0; i < sizeof(bad_cases) / sizeof(bad_cases[0]); i++) {
        const struct bad_case *const c = &bad_cases[i];
        struct run r;
        struct sb_error err;
        const char *const truth = test_write_text("bad-t.json", c->truth ? c->truth : GOOD_TRUTH);
        const char *const predicted =
            test_write_text("bad-p.json", c->predicted ? c->predicted : LIST(FOUND(1, 1)));
        sb_error_init(&err);
        if (run_files(&r, truth, predicted, &o, 1, &err) == 0)
            fail_msg("case %zu is taken", i);
        assert_error(&err, c->code, c->part);
    }
}

/* The file, the image and the list are named. */
static void test_panoptic__error_says_where(void **state)
{
    (void)state;
    write_pictures();
    const struct sb_panoptic_options o = {test_scratch(), test_scratch(), 1};
    struct run r;
    struct sb_error err;
    const char *const truth = test_write_text("where-t.json", GOOD_TRUTH);
    const char *const predicted = test_write_text("where-p.json", LIST(""));
    assert_int_equal(run_files(&r, truth, predicted, &o, 2, &err), SB_EFORMAT);
    assert_error(&err, SB_EFORMAT, "t.png");
    assert_error(&err, SB_EFORMAT, "it is the prediction of image 5, listed in ");
    assert_error(&err, SB_EFORMAT, "where-p.json");
}

static int try_allocations(void *ctx)
{
    const struct sb_panoptic_options *const o = ctx;
    struct run r;
    struct sb_error err;
    const int rc =
        run_files(&r, test_path("memory-t.json"), test_path("memory-p.json"), o, 1, &err);
    if (rc == 0)
        release_run(&r);
    return rc;
}

static void test_panoptic__every_allocation_may_fail(void **state)
{
    (void)state;
    write_pictures();
    struct sb_panoptic_options o = {test_scratch(), test_scratch(), 1};
    test_write_text("memory-t.json", LIST(TRUTH(1, 2, 0) "," TRUTH(2, 1, 1) "," TRUTH(1, 2, 0)));
    test_write_text("memory-p.json", LIST(FOUND(1, 1)));
    test_every_allocation_fails(try_allocations, &o);
}

/* Noise: every pixel a pair of its own. */
static void test_panoptic__many_pairs(void **state)
{
    (void)state;
    enum { WIDTH = 5000 };
    uint8_t *const truth = test_calloc(3, WIDTH), *const predicted = test_calloc(3, WIDTH);
    struct sb_id_pairs pairs = {0};
    struct sb_error err;
    uint64_t total = 0;
    for (size_t x = 0; x < WIDTH; x++) {
        const size_t id = x * 7919 % 4999;
        truth[3 * x] = predicted[3 * x + 1] = (uint8_t)id;
        truth[3 * x + 1] = predicted[3 * x + 2] = (uint8_t)(id >> 8);
    }
    for (int row = 0; row < 3; row++)
        assert_ok(sb_id_pairs_add_row(&pairs, truth, predicted, WIDTH, &err), &err);
    assert_ok(sb_id_pairs_sort(&pairs, &err), &err);
    assert_int_equal(pairs.count, 4999);
    for (size_t i = 0; i < pairs.count; i++) {
        assert_int_equal(pairs.sorted[i].key, (uint64_t)i << 24 | (uint64_t)i << 8);
        total += pairs.sorted[i].pixels;
    }
    assert_int_equal(total, 3 * WIDTH);
    sb_id_pairs_release(&pairs);
    test_free(truth);
    test_free(predicted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_panoptic__sample),
        cmocka_unit_test(test_panoptic__truth_is_perfect),
        cmocka_unit_test(test_panoptic__half_is_not_enough),
        cmocka_unit_test(test_panoptic__void_does_not_count),
        cmocka_unit_test(test_panoptic__crowds_forgive),
        cmocka_unit_test(test_panoptic__empty_groups_are_nan),
        cmocka_unit_test(test_panoptic__refuses_bad_input),
        cmocka_unit_test(test_panoptic__error_says_where),
        cmocka_unit_test(test_panoptic__every_allocation_may_fail),
        cmocka_unit_test(test_panoptic__many_pairs),
    };
    return cmocka_run_group_tests_name("eval/panoptic", tests, NULL, NULL);
}
