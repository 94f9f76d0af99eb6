/* datasets/coco_check.c: every kind of finding, statistics, and files that are no annotations. */
#include "datasets/coco_check.h"

#include "base/file.h"
#include "datasets/image.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

struct heard {
    size_t count[SB_FINDINGS];
    char last[SB_FINDINGS][256];
};

static void listen(void *ctx, enum sb_finding kind, const char *text)
{
    struct heard *h = ctx;
    h->count[kind]++;
    snprintf(h->last[kind], sizeof(h->last[kind]), "%s", text);
}

#define IMAGES                                                                                     \
    "\"images\": [{\"id\": 5, \"file_name\": \"a.png\", \"width\": 100, \"height\": 50},"          \
    "{\"id\": 3, \"file_name\": \"b.png\", \"width\": 10, \"height\": 10},"                        \
    "{\"id\": 4, \"file_name\": \"c.png\"}], "                                                     \
    "\"categories\": [{\"id\": 9, \"name\": \"cat\"}, {\"id\": 2, \"name\": \"dog\"}]"

/* An annotation of image 5 and category 9 with these other members. */
#define ANN(id, rest) "{\"id\": " #id ", \"image_id\": 5, \"category_id\": 9" rest "}"

static const char *write_annotations(const char *annotations)
{
    static char text[4096];
    snprintf(text, sizeof(text), "{%s, \"annotations\": [%s]}", IMAGES, annotations);
    return test_write_text("gt.json", text);
}

static void test_coco_check__names_every_kind(void **state)
{
    (void)state;
    static const struct {
        const char *annotations;
        enum sb_finding kind;
        const char *text;
    } cases[] = {
        {ANN(1, "") "," ANN(2, "") "," ANN(1, ""), SB_FINDING_DUPLICATE_ID, "annotation 1"},
        {"{\"id\": 1, \"image_id\": 7, \"category_id\": 9}", SB_FINDING_UNKNOWN_IMAGE,
         "annotation 1: image 7"},
        {"{\"id\": 1, \"image_id\": 5, \"category_id\": 8}", SB_FINDING_UNKNOWN_CATEGORY,
         "annotation 1: category 8"},
        {ANN(1, ", \"bbox\": [1, 1, 0, 5]"), SB_FINDING_EMPTY_BOX,
         "annotation 1: box [1, 1, 0, 5]"},
        {ANN(1, ", \"bbox\": [1, 1, NaN, 5]"), SB_FINDING_EMPTY_BOX, "annotation 1: box"},
        {ANN(1, ", \"bbox\": [90, 1, 10.6, 5]"), SB_FINDING_BOX_OUTSIDE,
         "annotation 1: box [90, 1, 10.6, 5] in an image of 100 x 50 pixels"},
        {ANN(1, ", \"bbox\": [-0.6, 1, 9, 5]"), SB_FINDING_BOX_OUTSIDE, "annotation 1: box"},
        {ANN(1, ", \"segmentation\": [[1, 1, 2, 2]]"), SB_FINDING_DEGENERATE_POLYGON,
         "annotation 1: polygon of 4 numbers, 1 x 1 pixels"},
        {ANN(1, ", \"segmentation\": [[1, 1, 2, 2, 3, 1, 4]]"), SB_FINDING_DEGENERATE_POLYGON,
         "annotation 1: polygon of 7 numbers"},
        {ANN(1, ", \"segmentation\": [[0,0,1,0,0,1], [1, 1, 1, 2, 1, 3]]"),
         SB_FINDING_DEGENERATE_POLYGON, "annotation 1: polygon of 6 numbers, 0 x 2 pixels"},
        {ANN(1, ", \"segmentation\": {\"size\": [50, 100], \"counts\": [1, 2]}"),
         SB_FINDING_BROKEN_MASK, "annotation 1: the runs of a mask sum to 3 pixels"},
        {ANN(1, ", \"segmentation\": {\"size\": [50, 100], \"counts\": \"#!\"}"),
         SB_FINDING_BROKEN_MASK, "annotation 1: the counts of a mask have"},
        {ANN(1, ", \"segmentation\": {\"size\": [100000000, 100000000], \"counts\": \"0\"}"),
         SB_FINDING_BROKEN_MASK, "annotation 1: a mask of 100000000 x 100000000 pixels"},
        {ANN(1, ", \"segmentation\": {\"size\": [2, 2], \"counts\": [4]}"), SB_FINDING_BROKEN_MASK,
         "annotation 1: mask of 2 x 2 pixels in an image of 100 x 50"},
        {ANN(1, ", \"keypoints\": [1, 1, 2, 5, 5]"), SB_FINDING_WRONG_KEYPOINTS,
         "annotation 1: 5 numbers, expected three per keypoint"},
        {ANN(1, ", \"keypoints\": [1, 1, 2, 5, 5, 3]"), SB_FINDING_WRONG_KEYPOINTS,
         "annotation 1: keypoint 2 has a visibility"},
        {ANN(1, ", \"keypoints\": [1, 51, 0, 5, 51, 1]"), SB_FINDING_WRONG_KEYPOINTS,
         "annotation 1: keypoint 2 lies outside of its image"},
        {ANN(1, ", \"keypoints\": [1, 1, 2], \"num_keypoints\": 0"), SB_FINDING_WRONG_KEYPOINTS,
         "annotation 1: 1 labelled keypoints, num_keypoints is 0"},
        {"{\"image_id\": 5, \"segments_info\": [{\"id\": 8, \"category_id\": 9}, {\"id\": 8, "
         "\"category_id\": 9}]}",
         SB_FINDING_DUPLICATE_ID, "image 5: segment 8"},
        {"{\"image_id\": 5, \"segments_info\": [{\"id\": 8, \"category_id\": 1}]}",
         SB_FINDING_UNKNOWN_CATEGORY, "image 5: segment 8: category 1"},
        {"{\"image_id\": 5, \"segments_info\": [{\"id\": 8, \"category_id\": 9, \"bbox\": [0, 0, "
         "0, 0]}]}",
         SB_FINDING_EMPTY_BOX, "image 5: segment 8: box [0, 0, 0, 0]"},
        {ANN(1, ""), SB_FINDING_UNUSED_CATEGORY, "category 2 (dog)"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct heard h = {{0}, {{0}}};
        struct sb_coco_stats stats;
        struct sb_error err;
        const char *path = write_annotations(cases[i].annotations);
        assert_ok(sb_coco_check(path, NULL, NULL, listen, &h, &stats, &err), &err);
        assert_int_equal(h.count[cases[i].kind], 1);
        assert_int_equal(stats.findings[cases[i].kind], 1);
        assert_ptr_equal(strstr(h.last[cases[i].kind], cases[i].text), h.last[cases[i].kind]);
        for (int k = 0; k < SB_FINDINGS; k++)
            assert_true(h.count[k] == 0 || k == (int)cases[i].kind ||
                        k == SB_FINDING_UNUSED_CATEGORY);
        sb_coco_stats_release(&stats);
    }
}

static void test_coco_check__accepts_what_is_right(void **state)
{
    (void)state;
    struct heard h = {{0}, {{0}}};
    struct sb_coco_stats stats;
    struct sb_error err;
    const char *path = write_annotations(
        ANN(1, ", \"bbox\": [0, 0, 100.4, 50], \"area\": 9217, \"segmentation\": "
               "[[0,0,9,0,9,9]]") "," ANN(2, ", \"bbox\": [3, 3, 10, 20], "
                                             "\"area\": 1024") "," ANN(3, ", \"bbox\": [3, 3, 2, "
                                                                          "4]") ", {\"id\": 4, "
                                                                                "\"image_id\": 4, "
                                                                                "\"category_id\": "
                                                                                "2, "
                                                                                "\"bbox\": [0, 0, "
                                                                                "999, 999], "
                                                                                "\"iscrowd\": 1, "
                                                                                "\"segmentation\": "
                                                                                "{\"size\": [9, "
                                                                                "9], "
                                                                                "\"counts\": "
                                                                                "[81]}}");
    assert_ok(sb_coco_check(path, NULL, NULL, listen, &h, &stats, &err), &err);
    for (int k = 0; k < SB_FINDINGS; k++)
        assert_int_equal(h.count[k], 0);
    assert_int_equal(stats.all.annotations, 4);
    assert_int_equal(stats.all.crowds, 1);
    assert_int_equal(stats.all.small, 1);
    assert_int_equal(stats.all.medium, 1);
    assert_int_equal(stats.all.large, 1);
    assert_int_equal(stats.per_category[0].annotations, 3);
    assert_int_equal(stats.per_category[1].crowds, 1);
    assert_int_equal(stats.category_sizes.fewest, 1);
    assert_int_equal(stats.category_sizes.most, 3);
    assert_int_equal(stats.crowding[0], 1);
    assert_int_equal(stats.most_per_image, 3);
    assert_true(stats.shortest_side == 2 && stats.longest_side == 999);
    sb_coco_stats_release(&stats);
}

static void test_coco_check__looks_into_image_files(void **state)
{
    (void)state;
    struct heard h = {{0}, {{0}}};
    struct sb_coco_stats stats;
    struct sb_error err;
    struct sb_image image;
    assert_ok(sb_make_dirs(test_path("files"), &err), &err);
    assert_ok(sb_image_create(&image, 10, 11, &err), &err);
    assert_ok(sb_image_save_png(&image, test_path("files/b.png"), &err), &err);
    sb_image_release(&image);
    test_write_text("files/c.png", "no picture");
    struct sb_pool *pool = sb_pool_new(2, &err);
    char dir[512];
    snprintf(dir, sizeof(dir), "%s", test_path("files"));
    const struct sb_check_folders folders = {dir, NULL};
    static const char annotations[] =
        "{\"id\": 1, \"image_id\": 5, \"category_id\": 9, \"bbox\": [0, 0, 100.4, 50], \"area\": "
        "9217,"
        " \"segmentation\": [[0, 0, 9, 0, 9, 9]]},"
        "{\"id\": 2, \"image_id\": 5, \"category_id\": 9, \"bbox\": [3, 3, 10, 20], \"area\": "
        "1024},"
        "{\"id\": 3, \"image_id\": 5, \"category_id\": 9, \"bbox\": [3, 3, 2, 4]},"
        "{\"id\": 4, \"image_id\": 4, \"category_id\": 2, \"bbox\": [0, 0, 999, 999],"
        " \"iscrowd\": 1, \"segmentation\": {\"size\": [9, 9], \"counts\": [81]}}";
    const char *path = write_annotations(annotations);
    assert_ok(sb_coco_check(path, &folders, pool, listen, &h, &stats, &err), &err);
    sb_pool_free(&pool);
    assert_int_equal(h.count[SB_FINDING_MISSING_FILE], 1);
    assert_string_equal(h.last[SB_FINDING_MISSING_FILE], "image 5: a.png");
    assert_int_equal(h.count[SB_FINDING_WRONG_SIZE], 1);
    assert_string_equal(h.last[SB_FINDING_WRONG_SIZE],
                        "image 3: b.png has 10 x 11 pixels, listed as 10 x 10");
    assert_int_equal(h.count[SB_FINDING_BROKEN_FILE], 1);
    sb_coco_stats_release(&stats);
}

static void test_coco_check__refuses_what_are_no_annotations(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "[]",
        "{\"annotations\": []}",
        "{\"images\": []}",
        "{\"images\": [{\"id\": 1, \"file_name\": \"a\"}], \"annotations\": [{\"id\": 1}]}",
        "{\"images\": [{\"id\": 1, \"file_name\": \"a\"}], \"annotations\": [{\"segments_info\": "
        "[]}]}",
        "{\"images\": [{\"id\": 1, \"file_name\": \"a\"}], \"annotations\": [{\"image_id\": 1, "
        "\"segments_info\": [{\"id\": 1}]}]}",
        "{\"images\": [{\"id\": 1, \"file_name\": \"a\"}], \"annotations\": [{\"image_id\": 1, "
        "\"segments_info\": {}}]}",
        "{\"images\": [{\"id\": 1, \"file_name\": \"a\"}], \"annotations\": [{\"id\": 1, "
        "\"image_id\": 1, \"category_id\": 1, "
        "\"keypoints\": [1, \"x\"]}]}",
        "{\"images\": [{\"id\": 1, \"file_name\": \"a\"}], \"annotations\": [{\"id\": 1, "
        "\"image_id\": 1, \"category_id\": \"x\"}]}",
        "{\"images\": [{\"id\": 1, \"file_name\": \"a\"}], \"annotations\": [{\"id\": 1, "
        "\"image_id\": 1, \"category_id\": 1, "
        "\"bbox\": [1, 2, 3]}]}",
        "{\"images\": [{\"id\": 1, \"file_name\": \"a\"}], \"annotations\": [{\"id\": 1, "
        "\"image_id\": 1, \"category_id\": 1, "
        "\"segmentation\": [[\"x\"]]}]}",
        "{\"images\": [{\"id\": 1, \"file_name\": \"a\"}], \"annotations\": [{\"id\": 1, "
        "\"image_id\": 1, \"category_id\": 1, \"segmentation\": {\"size\": [9, 9]}}]}",
        "{\"images\": [{\"id\": 1, \"file_name\": \"a\"}], \"annotations\": [",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct sb_coco_stats stats;
        struct sb_error err;
        const char *path = test_write_text("bad.json", texts[i]);
        assert_int_equal(sb_coco_check(path, NULL, NULL, NULL, NULL, &stats, &err), SB_EFORMAT);
        assert_non_null(strstr(err.path, "bad.json"));
    }
}

static void test_coco_check__lists_and_ids_that_occur_twice(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum sb_finding kind;
        const char *finding;
    } cases[] = {
        {"{\"images\": [{\"id\": 1, \"file_name\": \"a\"}, {\"id\": 1, \"file_name\": \"b\"}]}",
         SB_FINDING_DUPLICATE_IMAGE, "image 1"},
        {"{\"images\": [{\"id\": 1, \"file_name\": \"a\"}, {\"id\": 2, \"file_name\": \"a\"}]}",
         SB_FINDING_DUPLICATE_IMAGE, "images 1 and 2: a"},
        {"{\"images\": [{\"id\": 1, \"file_name\": \"a\"}], \"categories\": [{\"id\": 3}, "
         "{\"id\": 3}]}",
         SB_FINDING_DUPLICATE_CATEGORY, "category 3"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct heard h = {{0}, {{0}}};
        struct sb_coco_stats stats;
        struct sb_error err;
        const char *path = test_write_text("twice.json", cases[i].text);
        assert_ok(sb_coco_check(path, NULL, NULL, listen, &h, &stats, &err), &err);
        for (int k = 0; k < SB_FINDINGS; k++)
            assert_int_equal(h.count[k], k == (int)cases[i].kind);
        assert_string_equal(h.last[cases[i].kind], cases[i].finding);
        assert_int_equal(stats.all.annotations, 0);
        sb_coco_stats_release(&stats);
    }
}

/* A picture of 4 x 1 pixels with segments 5, 5, 256 and none. */
static void write_segments(const char *path)
{
    struct sb_image image;
    struct sb_error err;
    assert_ok(sb_image_create(&image, 4, 1, &err), &err);
    image.pixels[0] = image.pixels[3] = 5;
    image.pixels[7] = 1;
    assert_ok(sb_image_save_png(&image, path, &err), &err);
    sb_image_release(&image);
}

static void test_coco_check__compares_segments_with_their_png(void **state)
{
    (void)state;
    static const struct {
        const char *file, *segments;
        enum sb_finding kind; /* SB_FINDINGS: none */
        const char *finding;
    } cases[] = {
        {"s.png", "{\"id\": 256, \"category_id\": 9}, {\"id\": 5, \"category_id\": 2, \"area\": 2}",
         SB_FINDINGS, NULL},
        {"s.png", "{\"id\": 256, \"category_id\": 9}, {\"id\": 5, \"category_id\": 2, \"area\": 3}",
         SB_FINDING_WRONG_SEGMENTS, "image 5: segment 5 has 2 pixels, listed with 3"},
        {"s.png", "{\"id\": 5, \"category_id\": 9}, {\"id\": 6, \"category_id\": 2}",
         SB_FINDING_WRONG_SEGMENTS, "image 5: segment 6 is not in its PNG"},
        {"s.png", "{\"id\": 256, \"category_id\": 9}", SB_FINDING_WRONG_SEGMENTS,
         "image 5: 2 pixels of segment 5, which is not listed"},
        {"none.png", "{\"id\": 256, \"category_id\": 9}", SB_FINDING_MISSING_FILE,
         "image 5: none.png"},
        {"text.png", "{\"id\": 256, \"category_id\": 9}", SB_FINDING_BROKEN_FILE,
         "image 5: text.png: "},
    };
    struct sb_error err;
    assert_ok(sb_make_dirs(test_path("segments"), &err), &err);
    write_segments(test_path("segments/s.png"));
    test_write_text("segments/text.png", "no picture");
    char dir[512];
    snprintf(dir, sizeof(dir), "%s", test_path("segments"));
    const struct sb_check_folders folders = {NULL, dir};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[512];
        struct heard h = {{0}, {{0}}};
        struct sb_coco_stats stats;
        snprintf(text, sizeof(text),
                 "{\"image_id\": 5, \"file_name\": \"%s\", \"segments_info\": [%s]}", cases[i].file,
                 cases[i].segments);
        const char *path = write_annotations(text);
        assert_ok(sb_coco_check(path, &folders, NULL, listen, &h, &stats, &err), &err);
        for (int k = 0; k < SB_FINDING_UNUSED_CATEGORY; k++)
            assert_int_equal(h.count[k], k == (int)cases[i].kind);
        if (cases[i].finding)
            assert_ptr_equal(strstr(h.last[cases[i].kind], cases[i].finding),
                             h.last[cases[i].kind]);
        sb_coco_stats_release(&stats);
    }
}

static void test_coco_check__real_sets_of_other_kinds_are_clean(void **state)
{
    (void)state;
    static const struct {
        const char *file, *segments;
        size_t images, annotations;
    } cases[] = {
        {"panoptic/panoptic_examples.json", "panoptic/panoptic_examples", 2, 50},
        {"panoptic/images_info_examples.json", NULL, 2, 0},
        {"keypoints/person_keypoints_val2017.json", NULL, 2346, 6352},
        {"lvis/lvis_val_100.json", NULL, 100, 977},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char gt[512];
        struct sb_coco_stats stats;
        struct sb_error err;
        snprintf(gt, sizeof(gt), "%s", test_data_or_skip(cases[i].file));
        const struct sb_check_folders folders = {
            NULL, cases[i].segments ? test_data_or_skip(cases[i].segments) : NULL};
        assert_ok(sb_coco_check(gt, &folders, NULL, NULL, NULL, &stats, &err), &err);
        for (int k = 0; k < SB_FINDING_UNUSED_CATEGORY; k++)
            assert_int_equal(stats.findings[k], 0);
        assert_int_equal(stats.set.num_images, cases[i].images);
        assert_int_equal(stats.all.annotations, cases[i].annotations);
        sb_coco_stats_release(&stats);
    }
}

static int check_once(void *path)
{
    struct sb_coco_stats stats;
    struct sb_error err;
    const int rc = sb_coco_check(path, NULL, NULL, NULL, NULL, &stats, &err);
    sb_coco_stats_release(&stats);
    return rc;
}

static void test_coco_check__survives_failing_allocations(void **state)
{
    (void)state;
    char path[512];
    snprintf(path, sizeof(path), "%s", write_annotations(ANN(1, ", \"bbox\": [1, 1, 0, 5]")));
    test_every_allocation_fails(check_once, path);
}

static void test_coco_check__real_data_is_clean(void **state)
{
    (void)state;
    const char *path = test_data_or_skip("coco/tiny80_annotations/instances_val2017.json");
    const char *images = test_data_or_skip("coco/tiny80_val2017");
    struct heard h = {{0}, {{0}}};
    struct sb_coco_stats stats;
    struct sb_error err;
    const struct sb_check_folders folders = {images, NULL};
    assert_ok(sb_coco_check(path, &folders, NULL, listen, &h, &stats, &err), &err);
    for (int k = 0; k < SB_FINDINGS; k++)
        assert_int_equal(stats.findings[k], 0);
    assert_int_equal(stats.all.annotations, 815);
    assert_int_equal(stats.all.crowds, 11);
    sb_coco_stats_release(&stats);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_coco_check__names_every_kind),
        cmocka_unit_test(test_coco_check__accepts_what_is_right),
        cmocka_unit_test(test_coco_check__looks_into_image_files),
        cmocka_unit_test(test_coco_check__refuses_what_are_no_annotations),
        cmocka_unit_test(test_coco_check__lists_and_ids_that_occur_twice),
        cmocka_unit_test(test_coco_check__compares_segments_with_their_png),
        cmocka_unit_test(test_coco_check__real_sets_of_other_kinds_are_clean),
        cmocka_unit_test(test_coco_check__survives_failing_allocations),
        cmocka_unit_test(test_coco_check__real_data_is_clean),
    };
    return cmocka_run_group_tests_name("datasets/coco_check", tests, NULL, NULL);
}
