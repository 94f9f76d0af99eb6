/* Preprocessing: the official arrays, rounding of sizes, padding, and tiny images. */
#include "tests/test.h"

#include "base/mem.h"
#include "base/npy.h"
#include "datasets/preprocess.h"

#include <math.h>
#include <string.h>

#define TOLERANCE 2e-6f

static struct sb_image golden_image(void)
{
    struct sb_error err;
    struct sb_image image;
    assert_ok(sb_image_load(test_data_or_skip("coco/tiny80_val2017/000000223747.jpg"), NULL, &image,
                            &err),
              &err);
    return image;
}

/* planar is (3, h, w), the file (h, w, 3) or (1, h, w, 3). */
static void assert_equals_file(const float *planar, size_t h, size_t w, const char *name)
{
    struct sb_error err;
    struct sb_npy file;
    assert_ok(sb_npy_load(test_data_or_skip(name), &file, &err), &err);
    assert_int_equal(file.dtype, SB_F32);
    assert_int_equal(file.count, h * w * 3);
    const float *const expected = file.data;
    float worst = 0;
    for (size_t i = 0; i < h * w; i++)
        for (size_t c = 0; c < 3; c++)
            worst = fmaxf(worst, fabsf(planar[c * h * w + i] - expected[i * 3 + c]));
    sb_npy_release(&file);
    print_message("%s: largest difference %.2g\n", name, (double)worst);
    assert_true(worst <= TOLERANCE);
}

static void test_preprocess__detection_equals_the_official_array(void **state)
{
    (void)state;
    static float out[3 * 128 * 128];
    struct sb_error err;
    struct sb_image image = golden_image();
    struct sb_image_info info;
    assert_ok(sb_preprocess_detection(&image, 128, 128, 128, 128, out, &info, &err), &err);
    assert_equals_file(out, 128, 128, "golden/preprocess/000000223747_det128.npy");
    sb_image_release(&image);

    struct sb_npy file;
    assert_ok(sb_npy_load(test_data_or_skip("golden/preprocess/000000223747_det128_info.npy"),
                          &file, &err),
              &err);
    assert_int_equal(file.count, 8);
    assert_memory_equal(file.data, &info, 8 * sizeof(float));
    sb_npy_release(&file);
    assert_int_equal(info.scaled_h, 95);
    assert_int_equal(info.scaled_w, 128);
}

static void test_preprocess__classification_equals_the_official_array(void **state)
{
    (void)state;
    static float out[3 * 96 * 96];
    struct sb_error err;
    struct sb_image image = golden_image();
    assert_ok(sb_preprocess_classification(&image, 96, out, &err), &err);
    assert_equals_file(out, 96, 96, "golden/preprocess/000000223747_cls96.npy");
    sb_image_release(&image);
}

static void test_preprocess__scaled_sizes_round_half_to_even(void **state)
{
    (void)state;
    static const struct {
        int h, w, size, scaled_h, scaled_w;
    } cases[] = {
        {480, 640, 640, 480, 640}, {640, 480, 640, 640, 480},
        {100, 100, 640, 640, 640}, {5, 8, 4, 2, 4},
        {7, 8, 4, 4, 4},           {3, 2000, 640, 1, 640},
        {1, 65500, 128, 1, 128}, /* 0.002 pixels: one is kept */
        {427, 640, 640, 427, 640}, {4000, 3000, 640, 640, 480},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sb_image_info info;
        sb_image_info_compute(cases[i].h, cases[i].w, cases[i].size, cases[i].size, &info);
        assert_int_equal(info.scaled_h, cases[i].scaled_h);
        assert_int_equal(info.scaled_w, cases[i].scaled_w);
        assert_true(info.scale[0] == (float)cases[i].scaled_h / (float)cases[i].h);
        assert_true(info.scale[1] == (float)cases[i].scaled_w / (float)cases[i].w);
    }
}

/* Same size in and out: the values are the normalised pixels, everything beyond is 0, also where
 * the padded size is larger than the output size. */
static void test_preprocess__pads_with_zeros(void **state)
{
    (void)state;
    enum { H = 3, W = 5, OUT = 5, PADDED = 8 };
    struct sb_error err;
    struct sb_image image;
    assert_ok(sb_image_create(&image, W, H, &err), &err);
    for (int i = 0; i < W * H * 3; i++)
        image.pixels[i] = (uint8_t)(i * 5);
    float out[3 * PADDED * PADDED];
    memset(out, 0xff, sizeof(out));
    struct sb_image_info info;
    assert_ok(sb_preprocess_detection(&image, OUT, OUT, PADDED, PADDED, out, &info, &err), &err);
    assert_true(info.output[0] == (float)OUT);
    static const double mean[3] = {0.485, 0.456, 0.406}, deviation[3] = {0.229, 0.224, 0.225};
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < PADDED; y++)
            for (int x = 0; x < PADDED; x++) {
                double expected = 0;
                if (y < H && x < W)
                    expected = (image.pixels[(y * W + x) * 3 + c] / 255.0 - mean[c]) / deviation[c];
                assert_true(fabs(out[(c * PADDED + y) * PADDED + x] - expected) < 1e-6);
            }
    sb_image_release(&image);
}

/* Doubling: legacy positions are 0, 0.5, 1, 1.5, ... and the last one repeats the edge. */
static void test_preprocess__resize_has_no_half_pixel_offset(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_image image;
    assert_ok(sb_image_create(&image, 2, 1, &err), &err);
    memset(image.pixels + 3, 255, 3);
    float out[3 * 4 * 4];
    struct sb_image_info info;
    assert_ok(sb_preprocess_detection(&image, 4, 4, 4, 4, out, &info, &err), &err);
    const double low = -0.485 / 0.229, high = 0.515 / 0.229;
    const double expected[4] = {low, (low + high) / 2, high, high};
    for (int x = 0; x < 4; x++)
        assert_true(fabs(out[x] - expected[x]) < 1e-6);
    assert_int_equal(info.scaled_h, 2);
    sb_image_release(&image);
}

static void test_preprocess__one_pixel_fills_every_size(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_image image;
    assert_ok(sb_image_create(&image, 1, 1, &err), &err);
    float out[3 * 7 * 7];
    assert_ok(sb_preprocess_classification(&image, 7, out, &err), &err);
    for (int i = 0; i < 49; i++)
        assert_true(fabs(out[i] + 0.485 / 0.229) < 1e-6);
    sb_image_release(&image);
}

static void test_preprocess__out_of_memory_is_an_error(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_image image;
    float out[3 * 7 * 7];
    assert_ok(sb_image_create(&image, 9, 9, &err), &err);
    for (long n = 1; n <= 4; n++) {
        sb_mem_fail_after(n);
        const int rc = sb_preprocess_classification(&image, 7, out, &err);
        sb_mem_fail_after(0);
        assert_int_equal(rc, SB_ENOMEM);
    }
    sb_image_release(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_preprocess__detection_equals_the_official_array),
        cmocka_unit_test(test_preprocess__classification_equals_the_official_array),
        cmocka_unit_test(test_preprocess__scaled_sizes_round_half_to_even),
        cmocka_unit_test(test_preprocess__pads_with_zeros),
        cmocka_unit_test(test_preprocess__resize_has_no_half_pixel_offset),
        cmocka_unit_test(test_preprocess__one_pixel_fills_every_size),
        cmocka_unit_test(test_preprocess__out_of_memory_is_an_error),
    };
    return cmocka_run_group_tests_name("datasets/preprocess", tests, NULL, NULL);
}
