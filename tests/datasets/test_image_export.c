/* datasets/image_export.c: means of pixels, pasting within bounds, JPEG that is read back. */
#include "datasets/image_export.h"

#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

static struct sb_error err;

static struct sb_image stripes(int width, int height)
{
    struct sb_image image;
    assert_ok(sb_image_create(&image, width, height, &err), &err);
    for (int i = 0; i < width * height; i++)
        memset(image.pixels + 3 * i, i % width < width / 2 ? 40 : 200, 3);
    return image;
}

static void test_image__scaling_takes_means(void **state)
{
    (void)state;
    struct sb_image in = stripes(6, 4), out;
    assert_ok(sb_image_scale(&in, 3, 2, &out, &err), &err);
    const uint8_t expected[] = {40, 120, 200};
    for (int i = 0; i < 6; i++)
        assert_int_equal(out.pixels[3 * i], expected[i % 3]);
    sb_image_release(&out);
    assert_ok(sb_image_scale(&in, 12, 4, &out, &err), &err); /* larger: pixels repeat */
    assert_int_equal(out.pixels[3 * 5], 40);
    assert_int_equal(out.pixels[3 * 6], 200);
    sb_image_release(&out);
    sb_image_release(&in);
}

static void test_image__pasting_cuts_off_what_does_not_fit(void **state)
{
    (void)state;
    struct sb_image in = stripes(4, 4), out;
    assert_ok(sb_image_create(&out, 3, 3, &err), &err);
    sb_image_paste(&in, -2, 1, &out);
    assert_int_equal(out.pixels[0], 0);
    assert_int_equal(out.pixels[3 * 3], 200);
    assert_int_equal(out.pixels[3 * 5], 0);
    sb_image_paste(&in, 2, -3, &out);
    assert_int_equal(out.pixels[3 * 2], 40);
    sb_image_paste(&in, 50, 50, &out);
    sb_image_release(&out);
    sb_image_release(&in);
}

static void test_image__jpeg_is_read_back(void **state)
{
    (void)state;
    struct sb_image in = stripes(64, 32), out;
    struct sb_str text = SB_STR_INIT;
    assert_ok(sb_image_encode_jpeg(&in, 90, &text, &err), &err);
    assert_ok(sb_image_decode(text.data, text.length, NULL, &out, &err), &err);
    assert_int_equal(out.width, 64);
    assert_int_equal(out.height, 32);
    assert_true(abs(out.pixels[0] - 40) < 6);
    assert_true(abs(out.pixels[3 * 63] - 200) < 6);
    sb_str_release(&text);
    sb_image_release(&out);
    sb_image_release(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_image__scaling_takes_means),
        cmocka_unit_test(test_image__pasting_cuts_off_what_does_not_fit),
        cmocka_unit_test(test_image__jpeg_is_read_back),
    };
    return cmocka_run_group_tests_name("datasets/image_export", tests, NULL, NULL);
}
