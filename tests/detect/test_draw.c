/* Drawing: glyphs, clipping, boxes where they belong, labels that avoid each other. */
#include "tests/test.h"

#include "base/mem.h"
#include "detect/canvas.h"
#include "detect/draw.h"
#include "detect/font.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct sb_image grey(int width, int height)
{
    struct sb_error err;
    struct sb_image image;
    assert_ok(sb_image_create(&image, width, height, &err), &err);
    memset(image.pixels, 128, (size_t)width * (size_t)height * 3);
    return image;
}

static const uint8_t *pixel(const struct sb_image *image, int x, int y)
{
    return image->pixels + (y * image->width + x) * 3;
}

static void test_font__characters_differ(void **state)
{
    (void)state;
    for (int a = ' '; a < '~'; a++) {
        for (int b = a + 1; b <= '~'; b++) {
            bool same = true;
            for (int i = 0; i < 5 * SB_FONT_ROWS; i++)
                same = same && sb_glyph_pixel((char)a, i % 5, i / 5) ==
                                   sb_glyph_pixel((char)b, i % 5, i / 5);
            if (same)
                fail_msg("'%c' and '%c' look the same", a, b);
        }
    }
    assert_int_equal(sb_label_width("il"), 1 + 1 + 2);
    assert_int_equal(sb_label_width(""), 0);
    assert_int_equal(sb_glyph_width('\xc3'), sb_glyph_width('?'));
    assert_false(sb_glyph_pixel('A', -1, 0) || sb_glyph_pixel('A', 5, 0) ||
                 sb_glyph_pixel('A', 0, SB_FONT_ROWS));
}

static void test_canvas__clips_everything(void **state)
{
    (void)state;
    static const struct sb_rect rects[] = {
        {-5, -5, 3, 3}, {8, 8, 100, 100}, {-100, 4, 100, 5}, {5, 5, 2, 2}, {50, 50, 60, 60}};
    const uint8_t red[3] = {255, 0, 0};
    struct sb_image image = grey(10, 10);
    for (size_t i = 0; i < sizeof(rects) / sizeof(rects[0]); i++) {
        sb_fill_rect(&image, rects[i], red, 255);
        sb_draw_frame(&image, rects[i], 3, red, 100);
        sb_draw_text(&image, rects[i].x0, rects[i].y0, 2, "Wj", red);
    }
    assert_memory_equal(pixel(&image, 0, 0), red, 3);
    assert_memory_equal(pixel(&image, 9, 9), red, 3);
    sb_image_release(&image);
}

static void test_canvas__frame_is_hollow_and_blends(void **state)
{
    (void)state;
    const uint8_t white[3] = {255, 255, 255}, mixed[3] = {192, 192, 192};
    struct sb_image image = grey(20, 20);
    sb_draw_frame(&image, (struct sb_rect){2, 2, 12, 12}, 2, white, 128);
    for (int y = 0; y < 20; y++) {
        for (int x = 0; x < 20; x++) {
            const bool inside = x >= 2 && x < 12 && y >= 2 && y < 12;
            const bool hollow = x >= 4 && x < 10 && y >= 4 && y < 10;
            const uint8_t *expected = inside && !hollow ? mixed : NULL;
            if (expected) /* every pixel of the frame is blended exactly once */
                assert_memory_equal(pixel(&image, x, y), expected, 3);
            else
                assert_int_equal(pixel(&image, x, y)[0], 128);
        }
    }
    sb_image_release(&image);
}

static void test_draw__frames_the_box_in_its_colour(void **state)
{
    (void)state;
    uint8_t rgb[3];
    struct sb_image image = grey(100, 80);
    const struct sb_drawing d = {
        .box = {30, 40, 20, 30}, .score = 0.5, .category_id = 18, .name = "dog"};
    sb_draw_detections(&image, &d, 1);
    sb_category_color(18, rgb);
    assert_memory_equal(pixel(&image, 30, 60), rgb, 3);
    assert_memory_equal(pixel(&image, 50, 60), rgb, 3);
    assert_memory_equal(pixel(&image, 40, 70), rgb, 3);
    assert_int_equal(pixel(&image, 40, 60)[0], 128); /* inside */
    assert_int_equal(pixel(&image, 10, 60)[0], 128); /* outside */
    assert_true(memcmp(pixel(&image, 33, 35), (const uint8_t[]){128, 128, 128}, 3) !=
                0); /* label */
    sb_image_release(&image);
}

/* A pixel under two masks is tinted once, by the better detection's. */
static void test_draw__masks_do_not_add_up(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_image one = grey(40, 30), two = grey(40, 30);
    uint8_t bytes[30 * 40];
    memset(bytes, 1, sizeof(bytes));
    struct sb_rle mask = {0};
    assert_ok(sb_rle_from_mask(&mask, 30, 40, bytes, 40, &err), &err);
    const struct sb_drawing drawings[] = {{.category_id = 3, .mask = &mask},
                                          {.category_id = 4, .mask = &mask}};
    sb_draw_masks(&one, drawings, 1);
    sb_draw_masks(&two, drawings, 2);
    assert_memory_equal(one.pixels, two.pixels, sizeof(bytes) * 3);
    sb_rle_release(&mask);
    sb_image_release(&one);
    sb_image_release(&two);
}

static void test_draw__mask_covers_its_pixels(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_image image = grey(40, 30);
    uint8_t bytes[30 * 40] = {0};
    bytes[12 * 40 + 7] = 1; /* row 12, column 7 */
    struct sb_rle mask = {0};
    assert_ok(sb_rle_from_mask(&mask, 30, 40, bytes, 40, &err), &err);
    const struct sb_drawing d = {
        .box = {100, 100, 1, 1}, .score = 0.5, .category_id = 3, .name = "x", .mask = &mask};
    sb_draw_detections(&image, &d, 1);
    assert_true(memcmp(pixel(&image, 7, 12), (const uint8_t[]){128, 128, 128}, 3) != 0);
    assert_int_equal(pixel(&image, 12, 7)[0], 128);
    sb_rle_release(&mask);
    sb_image_release(&image);
}

/* Two equal boxes: both labels can be read, so more label pixels than with one. */
static void test_draw__labels_do_not_cover_each_other(void **state)
{
    (void)state;
    const struct sb_drawing d[2] = {
        {.box = {60, 100, 40, 40}, .score = 0.9, .category_id = 1, .name = "first"},
        {.box = {60, 100, 40, 40}, .score = 0.8, .category_id = 2, .name = "second"}};
    int counts[2] = {0, 0};
    for (int n = 1; n <= 2; n++) {
        uint8_t rgb[3];
        struct sb_image image = grey(200, 200);
        sb_draw_detections(&image, d, (size_t)n);
        sb_category_color(1, rgb);
        for (int i = 0; i < 200 * 200; i++) /* background of the first label, opacity 230 */
            counts[n - 1] += abs(image.pixels[3 * i] - rgb[0]) < 14 &&
                             abs(image.pixels[3 * i + 1] - rgb[1]) < 14 &&
                             abs(image.pixels[3 * i + 2] - rgb[2]) < 14;
        sb_image_release(&image);
    }
    assert_true(counts[0] > 100);
    assert_int_equal(counts[0], counts[1]);
}

static void test_draw__any_box_and_any_image_is_safe(void **state)
{
    (void)state;
    static const double values[] = {-1e300, -5, 0, 3.7, 1e9, INFINITY, NAN};
    for (int size = 1; size <= 33; size += 16) {
        struct sb_image image = grey(size, size);
        struct sb_drawing d[7 * 7];
        double points[17][2];
        for (int i = 0; i < 34; i++)
            points[i / 2][i % 2] = values[i % 7];
        for (int i = 0; i < 49; i++)
            d[i] = (struct sb_drawing){
                .box = {values[i % 7], values[i / 7], values[(i + 3) % 7], values[i % 5]},
                .score = values[i % 7],
                .category_id = i * 1000003,
                .name = i % 2 ? NULL : "a very long name that goes on and on and on and on",
                .style = (enum sb_drawing_style)(i % 5),
                .keypoints = (const double(*)[2])points,
                .keypoint_count = 17};
        sb_draw_detections(&image, d, 49);
        sb_image_release(&image);
    }
}

/* Colours and lines of right, wrong, missed and ignored differ; none is hidden. */
static void test_draw__styles_differ_in_colour_and_line(void **state)
{
    (void)state;
    int drawn[5];
    for (int style = SB_DRAW_RIGHT; style <= SB_DRAW_IGNORED; style++) {
        struct sb_image image = grey(400, 400);
        const struct sb_drawing d = {.box = {20, 100, 300, 250},
                                     .score = NAN,
                                     .name = "",
                                     .style = (enum sb_drawing_style)style};
        uint8_t rgb[3];
        sb_drawing_color(&d, rgb);
        sb_draw_detections(&image, &d, 1);
        drawn[style] = 0;
        for (int x = 40; x < 300; x++) /* along the lower edge */
            drawn[style] += memcmp(pixel(&image, x, 350), rgb, 3) == 0;
        sb_image_release(&image);
    }
    assert_int_equal(drawn[SB_DRAW_RIGHT], 260);
    assert_in_range(drawn[SB_DRAW_FALSE], 140, 175);
    assert_in_range(drawn[SB_DRAW_MISSED], 120, 140);
}

static void test_draw__keypoints_are_joined(void **state)
{
    (void)state;
    struct sb_image image = grey(100, 100);
    double points[17][2];
    for (int i = 0; i < 17; i++)
        points[i][0] = points[i][1] = NAN;
    points[5][0] = points[5][1] = points[6][1] = 20;
    points[6][0] = 80;
    const struct sb_drawing d = {.box = {10, 10, 80, 80},
                                 .score = NAN,
                                 .name = "",
                                 .style = SB_DRAW_RIGHT,
                                 .keypoints = (const double(*)[2])points,
                                 .keypoint_count = 17};
    uint8_t rgb[3];
    sb_drawing_color(&d, rgb);
    sb_draw_detections(&image, &d, 1);
    assert_memory_equal(pixel(&image, 50, 20), rgb, 3); /* between the shoulders */
    assert_int_equal(pixel(&image, 50, 50)[0], 128);
    sb_image_release(&image);
}

static void test_draw__colours_of_neighbours_differ(void **state)
{
    (void)state;
    for (int id = 0; id < 90; id++) {
        uint8_t a[3], b[3];
        sb_category_color(id, a);
        sb_category_color(id + 1, b);
        assert_true(abs(a[0] - b[0]) + abs(a[1] - b[1]) + abs(a[2] - b[2]) > 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_font__characters_differ),
        cmocka_unit_test(test_canvas__clips_everything),
        cmocka_unit_test(test_canvas__frame_is_hollow_and_blends),
        cmocka_unit_test(test_draw__frames_the_box_in_its_colour),
        cmocka_unit_test(test_draw__mask_covers_its_pixels),
        cmocka_unit_test(test_draw__masks_do_not_add_up),
        cmocka_unit_test(test_draw__labels_do_not_cover_each_other),
        cmocka_unit_test(test_draw__any_box_and_any_image_is_safe),
        cmocka_unit_test(test_draw__styles_differ_in_colour_and_line),
        cmocka_unit_test(test_draw__keypoints_are_joined),
        cmocka_unit_test(test_draw__colours_of_neighbours_differ),
    };
    return cmocka_run_group_tests_name("detect/draw", tests, NULL, NULL);
}
