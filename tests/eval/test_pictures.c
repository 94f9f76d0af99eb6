/* eval/pictures.c: which images are the worst, and what their pictures show. */
#include "eval/pictures.h"

#include "base/mem.h"
#include "detect/draw.h"
#include "tests/test.h"

#include <string.h>

static struct sb_error err;

static const char gt_text[] =
    "{\"images\": [{\"id\": 1, \"width\": 120, \"height\": 80}, {\"id\": 2, \"width\": 120,"
    " \"height\": 80}, {\"id\": 3, \"width\": 120, \"height\": 80}, {\"id\": 4, \"width\": 120,"
    " \"height\": 80}], \"categories\": [{\"id\": 1, \"name\": \"a\"}], \"annotations\": ["
    "{\"id\": 1, \"image_id\": 1, \"category_id\": 1, \"bbox\": [10, 10, 40, 40], \"area\": 1600,"
    " \"iscrowd\": 0, \"segmentation\": [[10, 10, 50, 10, 50, 50, 10, 50]]},"
    "{\"id\": 2, \"image_id\": 2, \"category_id\": 1, \"bbox\": [10, 10, 40, 40], \"area\": 1600,"
    " \"iscrowd\": 0, \"segmentation\": [[10, 10, 50, 10, 50, 50, 10, 50]]},"
    "{\"id\": 3, \"image_id\": 3, \"category_id\": 1, \"bbox\": [10, 10, 40, 40], \"area\": 1600,"
    " \"iscrowd\": 0, \"segmentation\": [[10, 10, 50, 10, 50, 50, 10, 50]]}]}";

/* Image 1: found; image 2: found, and one wrong; image 3: missed; image 4 has nothing. */
static const char dt_text[] =
    "[{\"image_id\": 1, \"category_id\": 1, \"bbox\": [10, 10, 40, 40], \"score\": 0.9},"
    "{\"image_id\": 2, \"category_id\": 1, \"bbox\": [70, 20, 40, 40], \"score\": 0.85},"
    "{\"image_id\": 2, \"category_id\": 1, \"bbox\": [10, 10, 40, 40], \"score\": 0.8}]";

/* Masks of 40 x 40 pixels without boxes: on the object of image 1, and a wrong one at (70, 20). */
static const char mask_text[] =
    "[{\"image_id\": 1, \"category_id\": 1, \"score\": 0.7, \"segmentation\": {\"size\": [80, 120],"
    " \"counts\": "
    "\"Zi0X1X100000000000000000000000000000000000000000000000000000000000000000000000000000f^5\"}},"
    "{\"image_id\": 2, \"category_id\": 1, \"score\": 0.8, \"segmentation\": {\"size\": [80, 120],"
    " \"counts\": "
    "\"d_"
    "5X1X100000000000000000000000000000000000000000000000000000000000000000000000000000\\\\h0\"}}]";

struct fixture {
    struct sb_coco_params params;
    struct sb_coco_gt gt;
    struct sb_coco_dt dt;
    struct sb_diagnosis d;
};

static void load(struct fixture *f, enum sb_iou_type type, const char *results)
{
    const struct sb_diagnosis_options options = {1, 1};
    sb_coco_params_defaults(&f->params, type);
    assert_ok(sb_coco_gt_load(&f->gt, test_write_text("gt.json", gt_text), &f->params, NULL, &err),
              &err);
    assert_ok(sb_coco_dt_load(&f->dt, test_write_text("dt.json", results), &f->gt, &f->params, NULL,
                              &err),
              &err);
    assert_ok(sb_diagnose(&f->d, &f->gt, &f->dt, &f->params, &options, NULL, &err), &err);
}

static void release(struct fixture *f)
{
    sb_diagnosis_release(&f->d);
    sb_coco_dt_release(&f->dt);
    sb_coco_gt_release(&f->gt);
}

static void test_pictures__the_worst_image_comes_first(void **state)
{
    (void)state;
    struct fixture f;
    struct sb_image_score *scores;
    size_t count;
    load(&f, SB_IOU_BBOX, dt_text);
    assert_ok(sb_score_images(&f.d, &f.gt, &f.dt, &scores, &count, &err), &err);
    assert_int_equal(count, 3); /* the empty image is not among them */
    const struct sb_image_score expected[] = {{2, 0, 1, 0}, {1, 1, 0, 1}, {0, 1, 0, 0}};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(scores[i].image, expected[i].image);
        assert_int_equal(scores[i].found, expected[i].found);
        assert_int_equal(scores[i].missed, expected[i].missed);
        assert_int_equal(scores[i].wrong, expected[i].wrong);
    }
    sb_free(scores);
    release(&f);
}

/* Pixels of a part of the picture that have the colour of a style. */
static int count_style(const struct sb_image *image, int from, int to, enum sb_drawing_style style)
{
    const struct sb_drawing d = {.style = style};
    uint8_t rgb[3];
    int count = 0;
    sb_drawing_color(&d, rgb);
    for (int y = 0; y < image->height; y++) {
        for (int x = from; x < to; x++)
            count += memcmp(image->pixels + 3 * (y * image->width + x), rgb, 3) == 0;
    }
    return count;
}

static void draw(const struct fixture *f, const struct sb_image_score *score, int side,
                 struct sb_image *out)
{
    struct sb_image pixels;
    assert_ok(sb_image_create(&pixels, 120, 80, &err), &err);
    assert_ok(sb_picture_make(&f->d, &f->gt, &f->dt, score, "x.jpg", &pixels, side, out, &err),
              &err);
    sb_image_release(&pixels);
}

static void test_pictures__objects_left_and_detections_right(void **state)
{
    (void)state;
    static const enum sb_iou_type types[] = {SB_IOU_BBOX, SB_IOU_SEGM};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct fixture f;
        struct sb_image picture;
        load(&f, types[i], dt_text);
        const struct sb_image_score wrong = {1, 1, 0, 1}, missed = {2, 0, 1, 0};
        draw(&f, &wrong, 200, &picture);
        const int half = picture.width / 2;
        assert_int_equal(picture.width, 2 * 120 + 6); /* never larger than the image */
        assert_true(count_style(&picture, 0, half, SB_DRAW_RIGHT) > 100);
        assert_int_equal(count_style(&picture, 0, half, SB_DRAW_FALSE), 0);
        assert_true(count_style(&picture, half, picture.width, SB_DRAW_RIGHT) > 100);
        assert_true(count_style(&picture, half, picture.width, SB_DRAW_FALSE) > 50);
        sb_image_release(&picture);
        draw(&f, &missed, 60, &picture);
        assert_int_equal(picture.width, 2 * 60 + 6);
        assert_true(count_style(&picture, 0, 60, SB_DRAW_MISSED) > 20);
        sb_image_release(&picture);
        release(&f);
    }
}

static void test_pictures__a_mask_alone_has_its_box(void **state)
{
    (void)state;
    const struct sb_image_score wrong = {1, 0, 1, 1};
    struct fixture f;
    struct sb_image picture;
    load(&f, SB_IOU_SEGM, mask_text);
    draw(&f, &wrong, 200, &picture);
    const int right_edge = 120 + 6 + 110;
    assert_true(count_style(&picture, right_edge - 2, right_edge + 2, SB_DRAW_FALSE) > 10);
    sb_image_release(&picture);
    release(&f);
}

/* Pixels of a column that are not white, above the panels. */
static int ink_above(const struct sb_image *image, int x, int rows)
{
    int count = 0;
    for (int y = 0; y < rows; y++)
        count += image->pixels[3 * (y * image->width + x)] < 128;
    return count;
}

static void test_pictures__titles_of_narrow_panels_stay_apart(void **state)
{
    (void)state;
    const struct sb_image_score wrong = {1, 1, 0, 1};
    struct fixture f;
    struct sb_image picture;
    load(&f, SB_IOU_BBOX, dt_text);
    draw(&f, &wrong, 36, &picture); /* narrower than "1 found, 0 missed" */
    const int strip = picture.height - 24, second = strip / 2;
    int name = 0, titles = 0;
    for (int x = 36; x < 36 + 6; x++) {
        name += ink_above(&picture, x, second);
        titles += ink_above(&picture, x, strip);
    }
    assert_int_equal(titles, name); /* nothing in the second line between the panels */
    assert_true(ink_above(&picture, 4, strip) > 0);
    sb_image_release(&picture);
    release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pictures__the_worst_image_comes_first),
        cmocka_unit_test(test_pictures__objects_left_and_detections_right),
        cmocka_unit_test(test_pictures__a_mask_alone_has_its_box),
        cmocka_unit_test(test_pictures__titles_of_narrow_panels_stay_apart),
    };
    return cmocka_run_group_tests_name("eval/pictures", tests, NULL, NULL);
}
