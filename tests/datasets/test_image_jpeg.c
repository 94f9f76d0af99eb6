/* JPEG decoding: TensorFlow's pixels, kinds of files, EXIF, and broken files. */
#include "tests/test.h"

#include "base/file.h"
#include "base/mem.h"
#include "datasets/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#define W 40
#define H 24

struct bytes {
    uint8_t *data; /* malloc'ed by libjpeg */
    unsigned long size;
};

struct kind {
    int components; /* 1 grey, 3 RGB stored as YCbCr, 4 CMYK */
    bool progressive;
    bool adobe;      /* CMYK: write the Adobe marker */
    int orientation; /* 0 = no EXIF block */
};

static void write_exif(struct jpeg_compress_struct *c, int orientation)
{
    const uint8_t block[] = {
        'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42,
        0,   0,   0,   8, /* directory at 8 */
        0,   1,           /* one entry */
        1,   18,  0,   3,   0, 0, 0,   1,   0, (uint8_t)orientation,
        0,   0,   0,   0,   0, 0,
    };
    jpeg_write_marker(c, JPEG_APP0 + 1, block, sizeof(block));
}

/* A W x H JPEG of quality 95 from (H, W, components) values. */
static struct bytes make_jpeg(const uint8_t *values, struct kind kind)
{
    struct bytes out = {NULL, 0};
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr errors;
    c.err = jpeg_std_error(&errors);
    jpeg_create_compress(&c);
    jpeg_mem_dest(&c, &out.data, &out.size);
    c.image_width = W;
    c.image_height = H;
    c.input_components = kind.components;
    c.in_color_space =
        kind.components == 1 ? JCS_GRAYSCALE : (kind.components == 3 ? JCS_RGB : JCS_CMYK);
    jpeg_set_defaults(&c);
    jpeg_set_quality(&c, 95, TRUE);
    c.write_Adobe_marker = kind.adobe;
    if (kind.progressive)
        jpeg_simple_progression(&c);
    jpeg_start_compress(&c, TRUE);
    if (kind.orientation)
        write_exif(&c, kind.orientation);
    for (int y = 0; y < H; y++) {
        uint8_t row[W * 4];
        memcpy(row, values + y * W * kind.components, (size_t)(W * kind.components));
        JSAMPROW rows = row;
        jpeg_write_scanlines(&c, &rows, 1);
    }
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    return out;
}

/* Smooth values, so that JPEG's loss is small. */
static void gradient(uint8_t *values, int components)
{
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            for (int c = 0; c < components; c++)
                values[(y * W + x) * components + c] =
                    (uint8_t)(40 + x * (c == 0 ? 4 : 1) + y * (c == 1 ? 5 : 1));
}

static const uint8_t *pixel(const struct sb_image *image, int x, int y)
{
    return image->pixels + (y * image->width + x) * 3;
}

static void test_jpeg__gives_the_pixels_of_tensorflow(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_image ours, theirs;
    assert_ok(
        sb_image_load(test_data_or_skip("coco/tiny80_val2017/000000223747.jpg"), NULL, &ours, &err),
        &err);
    assert_ok(sb_image_load(test_data_or_skip("golden/preprocess/000000223747_decoded.png"), NULL,
                            &theirs, &err),
              &err);
    assert_int_equal(ours.width, 500);
    assert_int_equal(ours.height, 370);
    assert_int_equal(theirs.width, 500);
    assert_int_equal(theirs.height, 370);
    assert_memory_equal(ours.pixels, theirs.pixels, 500 * 370 * 3);
    sb_image_release(&ours);
    sb_image_release(&theirs);
}

static void test_jpeg__reads_grey_and_progressive(void **state)
{
    (void)state;
    const struct kind kinds[] = {
        {1, false, false, 0}, {1, true, false, 0}, {3, false, false, 0}, {3, true, false, 0}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const int n = kinds[i].components;
        uint8_t values[H * W * 3];
        gradient(values, n);
        struct bytes file = make_jpeg(values, kinds[i]);
        struct sb_error err;
        struct sb_image image;
        assert_ok(sb_image_decode(file.data, file.size, NULL, &image, &err), &err);
        assert_int_equal(image.width, W);
        assert_int_equal(image.height, H);
        for (int at = 0; at < W * H; at++)
            for (int c = 0; c < 3; c++)
                assert_in_range(image.pixels[at * 3 + c] + 8 - values[at * n + (n == 1 ? 0 : c)], 0,
                                16);
        sb_image_release(&image);
        free(file.data);
    }
}

static void test_jpeg__multiplies_cmyk_out(void **state)
{
    (void)state;
    const uint8_t ink[4] = {200, 100, 50, 180};
    uint8_t values[H * W * 4];
    for (int i = 0; i < H * W; i++)
        memcpy(values + i * 4, ink, 4);
    for (int adobe = 0; adobe < 2; adobe++) {
        struct bytes file = make_jpeg(values, (struct kind){4, false, adobe != 0, 0});
        struct sb_error err;
        struct sb_image image;
        assert_ok(sb_image_decode(file.data, file.size, NULL, &image, &err), &err);
        for (int c = 0; c < 3; c++) {
            const int expected =
                adobe ? ink[c] * ink[3] / 255 : (255 - ink[c]) * (255 - ink[3]) / 255;
            assert_in_range(pixel(&image, 9, 9)[c] + 2 - expected, 0, 4);
        }
        sb_image_release(&image);
        free(file.data);
    }
}

/* The corner of the stored image that is at the top left of the upright one, per orientation. */
static void test_jpeg__turns_by_exif_only_when_asked(void **state)
{
    (void)state;
    static const int stored_x[9] = {0, 0, W - 1, W - 1, 0, 0, 0, W - 1, W - 1};
    static const int stored_y[9] = {0, 0, 0, H - 1, H - 1, 0, H - 1, H - 1, 0};
    uint8_t values[H * W * 3];
    gradient(values, 3);
    for (int orientation = 1; orientation <= 8; orientation++) {
        struct bytes file = make_jpeg(values, (struct kind){3, false, false, orientation});
        struct sb_error err;
        struct sb_image plain, turned;
        struct sb_image_options options;
        sb_image_options_defaults(&options);
        assert_ok(sb_image_decode(file.data, file.size, &options, &plain, &err), &err);
        options.apply_exif = true;
        assert_ok(sb_image_decode(file.data, file.size, &options, &turned, &err), &err);
        assert_int_equal(plain.width, W);
        assert_int_equal(turned.width, orientation < 5 ? W : H);
        assert_int_equal(turned.height, orientation < 5 ? H : W);
        assert_memory_equal(pixel(&turned, 0, 0),
                            pixel(&plain, stored_x[orientation], stored_y[orientation]), 3);
        const int far_x = W - 1 - stored_x[orientation], far_y = H - 1 - stored_y[orientation];
        assert_memory_equal(pixel(&turned, turned.width - 1, turned.height - 1),
                            pixel(&plain, far_x, far_y), 3);
        sb_image_release(&plain);
        sb_image_release(&turned);
        free(file.data);
    }
}

/* Wherever a file is cut, decoding fails with a message and leaves nothing behind. */
static void test_jpeg__cut_anywhere_is_an_error(void **state)
{
    (void)state;
    uint8_t values[H * W * 3];
    gradient(values, 3);
    for (int progressive = 0; progressive < 2; progressive++) {
        struct bytes file = make_jpeg(values, (struct kind){3, progressive != 0, false, 6});
        for (unsigned long size = 0; size < file.size; size++) {
            struct sb_error err;
            struct sb_image image;
            uint8_t *copy = malloc(size + 1); /* exact size: sanitizers see reads past it */
            memcpy(copy, file.data, size);
            const int rc = sb_image_decode(copy, size, NULL, &image, &err);
            assert_int_equal(rc, SB_EFORMAT);
            assert_null(image.pixels);
            assert_true(err.message[0] != '\0');
            free(copy);
        }
        free(file.data);
    }
}

/* Overwrites bytes one by one: decoding may succeed or fail, but must not crash or leak. */
static void test_jpeg__survives_any_flipped_byte(void **state)
{
    (void)state;
    uint8_t values[H * W * 3];
    gradient(values, 3);
    struct bytes file = make_jpeg(values, (struct kind){3, false, false, 3});
    struct sb_image_options options;
    sb_image_options_defaults(&options);
    options.apply_exif = true;
    options.max_pixels = 1000000; /* a flipped header must not cost minutes */
    for (unsigned long at = 0; at < file.size; at++) {
        struct sb_error err;
        struct sb_image image;
        const uint8_t kept = file.data[at];
        file.data[at] = (uint8_t)(kept ^ 0xff);
        const int rc = sb_image_decode(file.data, file.size, &options, &image, &err);
        assert_true(rc == 0 || rc == SB_EFORMAT);
        sb_image_release(&image);
        file.data[at] = kept;
    }
    free(file.data);
}

static void test_jpeg__header_larger_than_the_limit_is_an_error(void **state)
{
    (void)state;
    uint8_t values[H * W * 3];
    gradient(values, 3);
    struct bytes file = make_jpeg(values, (struct kind){3, false, false, 0});
    struct sb_image_options options;
    sb_image_options_defaults(&options);
    options.max_pixels = W * H - 1;
    struct sb_error err;
    struct sb_image image;
    assert_int_equal(sb_image_decode(file.data, file.size, &options, &image, &err), SB_EFORMAT);
    assert_non_null(strstr(err.message, "40 x 24 = 960 pixels, expected at most 959"));
    options.max_pixels = W * H;
    options.max_side = W - 1;
    assert_int_equal(sb_image_decode(file.data, file.size, &options, &image, &err), SB_EFORMAT);
    assert_non_null(strstr(err.message, "expected sides of at most 39"));
    assert_true(err.offset > 0 && (size_t)err.offset < file.size);
    free(file.data);
}

static void test_jpeg__message_has_file_and_position(void **state)
{
    (void)state;
    uint8_t values[H * W * 3];
    gradient(values, 3);
    struct bytes file = make_jpeg(values, (struct kind){3, false, false, 0});
    struct sb_error err;
    char *path = sb_path_join(test_scratch(), "cut.jpg");
    assert_ok(sb_write_file(path, file.data, file.size - 20, &err), &err);
    struct sb_image image;
    assert_int_equal(sb_image_load(path, NULL, &image, &err), SB_EFORMAT);
    assert_string_equal(err.path, path);
    assert_true(err.offset > 600 && err.offset <= (int64_t)file.size - 20);
    assert_non_null(strstr(err.message, "broken JPEG: the file ends in the middle"));
    sb_free(path);
    free(file.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jpeg__gives_the_pixels_of_tensorflow),
        cmocka_unit_test(test_jpeg__reads_grey_and_progressive),
        cmocka_unit_test(test_jpeg__multiplies_cmyk_out),
        cmocka_unit_test(test_jpeg__turns_by_exif_only_when_asked),
        cmocka_unit_test(test_jpeg__cut_anywhere_is_an_error),
        cmocka_unit_test(test_jpeg__survives_any_flipped_byte),
        cmocka_unit_test(test_jpeg__header_larger_than_the_limit_is_an_error),
        cmocka_unit_test(test_jpeg__message_has_file_and_position),
    };
    return cmocka_run_group_tests_name("datasets/image_jpeg", tests, NULL, NULL);
}
