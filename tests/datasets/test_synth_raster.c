/* datasets/synth_raster.c: areas, edges, transforms, and nothing outside the canvas. */
#include "datasets/synth_raster.h"

#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

#define SIDE 64

struct sheet {
    struct sb_image image;
    struct sb_canvas canvas;
    struct sb_pen pen;
};

/* A black canvas; units are pixels. */
static void open_sheet(struct sheet *s)
{
    struct sb_error err;
    assert_ok(sb_image_create(&s->image, SIDE, SIDE, &err), &err);
    assert_ok(sb_canvas_init(&s->canvas, &s->image, &err), &err);
    sb_pen_start(&s->pen, &s->canvas, 0, 0, SB_UNIT * 256, 0, false);
}

static void close_sheet(struct sheet *s)
{
    sb_canvas_release(&s->canvas);
    sb_image_release(&s->image);
}

static double area(const struct sheet *s)
{
    double sum = 0;
    for (int i = 0; i < SIDE * SIDE; i++)
        sum += s->canvas.coverage[i];
    return sum / 255;
}

static const struct sb_paint white = {{255, 255, 255}, 0, 0, 1, 255};

static void test_raster__sine_is_within_a_step_of_the_real_one(void **state)
{
    (void)state;
    /* sin of 0, 30, 45, 60, 90 degrees times 16384; a turn has 1024 steps */
    assert_int_equal(sb_sine(0), 0);
    assert_int_equal(sb_sine(SB_TURN / 4), 16384);
    assert_int_equal(sb_sine(SB_TURN / 2), 0);
    assert_int_equal(sb_sine(3 * SB_TURN / 4), -16384);
    assert_int_equal(sb_sine(SB_TURN / 8), 11585);
    assert_in_range(sb_sine(SB_TURN / 12), 8090, 8192); /* 29.9 degrees: 85 steps */
    for (int a = -2000; a < 2000; a++) {
        assert_int_equal(sb_sine(a), -sb_sine(-a));
        assert_int_equal(sb_cosine(a), sb_sine(a + SB_TURN / 4));
        const int64_t one = (int64_t)sb_sine(a) * sb_sine(a) + (int64_t)sb_cosine(a) * sb_cosine(a);
        assert_true(llabs(one - ((int64_t)1 << 28)) < 200000);
    }
}

static void test_raster__rectangles_cover_their_area(void **state)
{
    (void)state;
    struct sheet s;
    open_sheet(&s);
    sb_draw_rectangle(&s.pen, 10, 20, 30, 25, &white);
    assert_true(area(&s) == 100);
    assert_int_equal(s.canvas.coverage[20 * SIDE + 10], 255);
    assert_int_equal(s.canvas.coverage[20 * SIDE + 9], 0);
    assert_int_equal(s.canvas.coverage[19 * SIDE + 10], 0);
    assert_int_equal(s.canvas.coverage[25 * SIDE + 10], 0);
    assert_int_equal(s.image.pixels[3 * (24 * SIDE + 29)], 255);
    /* half a pixel to the right and down: the edges are half covered */
    sb_pen_start(&s.pen, &s.canvas, 128, 128, SB_UNIT * 256, 0, false);
    assert_true(area(&s) == 0); /* a new object */
    sb_draw_rectangle(&s.pen, 10, 20, 12, 22, &white);
    assert_int_equal(s.canvas.coverage[21 * SIDE + 10], 127);
    assert_int_equal(s.canvas.coverage[21 * SIDE + 11], 255);
    assert_int_equal(s.canvas.coverage[20 * SIDE + 10], 63);
    close_sheet(&s);
}

/* Starts the pen anew; units are 1/16 pixel, so that corners of curves are not rounded away. */
static void fine_pen(struct sheet *s)
{
    sb_pen_start(&s->pen, &s->canvas, 0, 0, SB_UNIT * 16, 0, false);
}

static void test_raster__round_shapes_have_round_areas(void **state)
{
    (void)state;
    struct sheet s;
    open_sheet(&s);
    fine_pen(&s);
    sb_draw_ellipse(&s.pen, 32 * 16, 32 * 16, 20 * 16, 10 * 16, &white);
    assert_true(area(&s) > 618 && area(&s) < 632); /* pi * 200 = 628 */
    fine_pen(&s);
    sb_draw_ring(&s.pen, 32 * 16, 32 * 16, 20 * 16, 20 * 16, 5 * 16, &white);
    assert_true(area(&s) > 541 && area(&s) < 555); /* pi * (400 - 225) = 550 */
    assert_int_equal(s.canvas.coverage[32 * SIDE + 32], 0);
    assert_int_equal(s.canvas.coverage[32 * SIDE + 50], 255);
    fine_pen(&s);
    sb_draw_limb(&s.pen, 20 * 16, 30 * 16, 5 * 16, 40 * 16, 30 * 16, 5 * 16, &white);
    assert_true(area(&s) > 273 && area(&s) < 283); /* 20 * 10 + pi * 25 = 279 */
    fine_pen(&s);
    sb_draw_limb(&s.pen, 20 * 16, 30 * 16, 80, 20 * 16, 30 * 16, 80, &white);
    assert_true(area(&s) < 80); /* of no length: nothing, or a dot */
    close_sheet(&s);
}

static void test_raster__transforms_keep_areas(void **state)
{
    (void)state;
    static const struct sb_point corners[] = {{-256, -256}, {256, -256}, {256, 256}, {-256, 256}};
    struct sheet s;
    open_sheet(&s);
    for (int angle = 0; angle < SB_TURN; angle += 100) {
        for (int flip = 0; flip < 2; flip++) {
            sb_pen_start(&s.pen, &s.canvas, 32 * 256, 32 * 256, 40 * 256, angle, flip);
            sb_draw_polygon(&s.pen, corners, 4, &white);
            assert_true(area(&s) > 395 && area(&s) < 405); /* 20 x 20 */
            sb_pen_start(&s.pen, &s.canvas, 32 * 256, 32 * 256, 80 * 256, angle, flip);
            const struct sb_pen half = sb_pen_part(&s.pen, 0, 0, SB_UNIT / 2, 77);
            sb_draw_polygon(&half, corners, 4, &white);
            assert_true(area(&s) > 395 && area(&s) < 405);
        }
    }
    sb_pen_start(&s.pen, &s.canvas, 32 * 256, 32 * 256, 40 * 256, 0, true);
    sb_draw_rectangle(&s.pen, 0, 0, 512, 512, &white); /* mirrored: left of the origin */
    assert_int_equal(s.canvas.coverage[40 * SIDE + 20], 255);
    assert_int_equal(s.canvas.coverage[40 * SIDE + 44], 0);
    close_sheet(&s);
}

static void test_raster__shapes_are_clipped(void **state)
{
    (void)state;
    struct sheet s;
    open_sheet(&s);
    sb_draw_rectangle(&s.pen, -500, -500, 5000, 5000, &white);
    assert_true(area(&s) == SIDE * SIDE);
    sb_pen_start(&s.pen, &s.canvas, 0, 0, SB_UNIT * 256, 0, false);
    sb_draw_rectangle(&s.pen, 100, 0, 200, 10, &white);
    sb_draw_rectangle(&s.pen, -100, 0, -1, 10, &white);
    sb_draw_ellipse(&s.pen, 32, 300, 50, 50, &white);
    assert_true(area(&s) == 0);
    fine_pen(&s);
    sb_draw_ellipse(&s.pen, 0, 0, 160, 160, &white);
    assert_true(area(&s) > 75 && area(&s) < 81); /* a quarter of the disc */
    close_sheet(&s);
}

static void test_raster__mask_only_leaves_the_picture(void **state)
{
    (void)state;
    struct sheet s;
    open_sheet(&s);
    s.pen.mask_only = true;
    sb_draw_rectangle(&s.pen, 10, 10, 20, 20, &white);
    assert_true(area(&s) == 100);
    for (int i = 0; i < SIDE * SIDE * 3; i++)
        assert_int_equal(s.image.pixels[i], 0);
    close_sheet(&s);
}

static void test_raster__noise_is_smooth_and_spread(void **state)
{
    (void)state;
    int low = 255, high = 0;
    for (int x = -20000; x < 20000; x += 16) {
        const int n = sb_noise(x, x / 3, 512, 5), next = sb_noise(x + 16, x / 3, 512, 5);
        assert_in_range(n, 0, 255);
        assert_true(abs(n - next) <= 16);
        low = n < low ? n : low;
        high = n > high ? n : high;
    }
    assert_true(low < 20 && high > 235);
    assert_int_equal(sb_noise(777, 99, 300, 1), sb_noise(777, 99, 300, 1));
}

static void test_raster__wide_canvases_are_refused(void **state)
{
    (void)state;
    struct sb_image image = {SB_CANVAS_MAX_WIDTH + 1, 1, NULL};
    struct sb_canvas canvas;
    struct sb_error err;
    assert_int_equal(sb_canvas_init(&canvas, &image, &err), SB_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_raster__sine_is_within_a_step_of_the_real_one),
        cmocka_unit_test(test_raster__rectangles_cover_their_area),
        cmocka_unit_test(test_raster__round_shapes_have_round_areas),
        cmocka_unit_test(test_raster__transforms_keep_areas),
        cmocka_unit_test(test_raster__shapes_are_clipped),
        cmocka_unit_test(test_raster__mask_only_leaves_the_picture),
        cmocka_unit_test(test_raster__noise_is_smooth_and_spread),
        cmocka_unit_test(test_raster__wide_canvases_are_refused),
    };
    return cmocka_run_group_tests_name("datasets/synth_raster", tests, NULL, NULL);
}
