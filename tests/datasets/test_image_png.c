/* PNG: every kind of file becomes RGB, broken files are errors, written files read back. */
#include "tests/test.h"

#include "base/file.h"
#include "base/mem.h"
#include "datasets/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#define W 13
#define H 9

struct bytes {
    uint8_t data[16384];
    size_t size;
};

static void append(png_structp png, png_bytep data, size_t count)
{
    struct bytes *out = png_get_io_ptr(png);
    assert_true(out->size + count <= sizeof(out->data));
    memcpy(out->data + out->size, data, count);
    out->size += count;
}

static void flush(png_structp png)
{
    (void)png;
}

/* A W x H PNG of one colour type and depth. Byte b of row y is y * 16 + b, so that the expected
 * pixels can be told; the palette is (i, 255 - i, i / 2). */
static void make_png(struct bytes *out, int color_type, int depth, int interlace)
{
    out->size = 0;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(png, out, append, flush);
    png_set_IHDR(png, info, W, H, depth, color_type, interlace, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    if (color_type == PNG_COLOR_TYPE_PALETTE) {
        png_color palette[256];
        for (int i = 0; i < 256; i++)
            palette[i] = (png_color){(uint8_t)i, (uint8_t)(255 - i), (uint8_t)(i / 2)};
        png_set_PLTE(png, info, palette, 1 << depth);
        const uint8_t alpha[2] = {0, 128};
        png_set_tRNS(png, info, alpha, 2, NULL);
    }
    png_write_info(png, info);
    const int passes = png_set_interlace_handling(png);
    for (int pass = 0; pass < passes; pass++) {
        for (int y = 0; y < H; y++) {
            uint8_t row[W * 8];
            for (int b = 0; b < W * 8; b++)
                row[b] = (uint8_t)(y * 16 + b);
            png_write_row(png, row);
        }
    }
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
}

/* Value of channel c (as stored) of a pixel as 8 bits, from the rule of make_png(). */
static int stored(int x, int y, int c, int channels, int depth)
{
    const int bit = (x * channels + c) * depth;
    const int byte = (y * 16 + bit / 8) & 255;
    if (depth >= 8)
        return byte;
    const int value = (byte >> (8 - depth - bit % 8)) & ((1 << depth) - 1);
    return value;
}

static void expected_pixel(int x, int y, int color_type, int depth, uint8_t rgb[3])
{
    const int channels = color_type == PNG_COLOR_TYPE_RGB          ? 3
                         : color_type == PNG_COLOR_TYPE_RGB_ALPHA  ? 4
                         : color_type == PNG_COLOR_TYPE_GRAY_ALPHA ? 2
                                                                   : 1;
    for (int c = 0; c < 3; c++) {
        const int v = stored(x, y, channels >= 3 ? c : 0, channels, depth);
        if (color_type == PNG_COLOR_TYPE_PALETTE)
            rgb[c] = (uint8_t)(c == 0 ? v : (c == 1 ? 255 - v : v / 2));
        else
            rgb[c] = (uint8_t)(depth < 8 ? v * 255 / ((1 << depth) - 1) : v);
    }
}

static void test_png__every_kind_becomes_rgb(void **state)
{
    (void)state;
    static const struct {
        int color_type, depth;
    } kinds[] = {
        {PNG_COLOR_TYPE_GRAY, 1},        {PNG_COLOR_TYPE_GRAY, 2},
        {PNG_COLOR_TYPE_GRAY, 4},        {PNG_COLOR_TYPE_GRAY, 8},
        {PNG_COLOR_TYPE_GRAY, 16},       {PNG_COLOR_TYPE_GRAY_ALPHA, 8},
        {PNG_COLOR_TYPE_GRAY_ALPHA, 16}, {PNG_COLOR_TYPE_RGB, 8},
        {PNG_COLOR_TYPE_RGB, 16},        {PNG_COLOR_TYPE_RGB_ALPHA, 8},
        {PNG_COLOR_TYPE_RGB_ALPHA, 16},  {PNG_COLOR_TYPE_PALETTE, 1},
        {PNG_COLOR_TYPE_PALETTE, 2},     {PNG_COLOR_TYPE_PALETTE, 4},
        {PNG_COLOR_TYPE_PALETTE, 8},
    };
    for (size_t i = 0; i < 2 * sizeof(kinds) / sizeof(kinds[0]); i++) {
        const int type = kinds[i / 2].color_type, depth = kinds[i / 2].depth;
        struct bytes file;
        make_png(&file, type, depth, i % 2 ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE);
        struct sb_error err;
        struct sb_image image;
        assert_ok(sb_image_decode(file.data, file.size, NULL, &image, &err), &err);
        assert_int_equal(image.width, W);
        assert_int_equal(image.height, H);
        for (int at = 0; at < W * H; at++) {
            uint8_t rgb[3];
            expected_pixel(at % W, at / W, type, depth, rgb);
            assert_memory_equal(image.pixels + at * 3, rgb, 3);
        }
        sb_image_release(&image);
    }
}

static void test_png__cut_anywhere_is_an_error(void **state)
{
    (void)state;
    struct bytes file;
    make_png(&file, PNG_COLOR_TYPE_RGB, 8, PNG_INTERLACE_ADAM7);
    for (size_t size = 0; size < file.size; size++) {
        uint8_t *copy = malloc(size + 1);
        memcpy(copy, file.data, size);
        struct sb_error err;
        struct sb_image image;
        assert_int_equal(sb_image_decode(copy, size, NULL, &image, &err), SB_EFORMAT);
        assert_null(image.pixels);
        free(copy);
    }
}

static void test_png__survives_any_flipped_byte(void **state)
{
    (void)state;
    struct bytes file;
    make_png(&file, PNG_COLOR_TYPE_PALETTE, 4, PNG_INTERLACE_NONE);
    int failed = 0;
    for (size_t at = 0; at < file.size; at++) {
        struct sb_error err;
        struct sb_image image;
        file.data[at] ^= 0xff;
        const int rc = sb_image_decode(file.data, file.size, NULL, &image, &err);
        assert_true(rc == 0 || rc == SB_EFORMAT);
        failed += rc != 0;
        sb_image_release(&image);
        file.data[at] ^= 0xff;
    }
    assert_true(failed > 100); /* the checksums of the chunks see nearly all */
}

static uint32_t crc_of(const uint8_t *data, size_t size)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

static void put_u32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* A header that promises gigabytes fails before anything of that size is allocated. */
static void test_png__bomb_header_is_refused(void **state)
{
    (void)state;
    static const struct {
        uint32_t width, height;
        const char *message;
    } cases[] = {
        {60000, 60000, "3600000000 pixels, expected at most 100000000"},
        {0x7fffffff, 1, "expected sides of at most 65500"},
        {9000, 9000, "bytes cannot hold"},
        {0, 5, "broken PNG"},
        {5, 0x80000001u, "broken PNG"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bytes file;
        make_png(&file, PNG_COLOR_TYPE_RGB, 8, PNG_INTERLACE_NONE);
        put_u32(file.data + 16, cases[i].width);
        put_u32(file.data + 20, cases[i].height);
        put_u32(file.data + 29, crc_of(file.data + 12, 17));
        sb_mem_reset_peaks();
        struct sb_mem_stats before, after;
        sb_mem_get_stats(&before);
        struct sb_error err;
        struct sb_image image;
        assert_int_equal(sb_image_decode(file.data, file.size, NULL, &image, &err), SB_EFORMAT);
        assert_non_null(strstr(err.message, cases[i].message));
        if (!strstr(err.message, "broken PNG"))
            assert_int_equal(err.offset, 16);
        sb_mem_get_stats(&after);
        assert_true(after.peak_total_bytes - before.current_total_bytes < 100000);
    }
}

static void test_png__written_file_reads_back(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_image image, back;
    assert_ok(sb_image_create(&image, 37, 5, &err), &err);
    for (int i = 0; i < 37 * 5 * 3; i++)
        image.pixels[i] = (uint8_t)(i * 7);
    char *path = sb_path_join(test_scratch(), "out.png");
    assert_ok(sb_image_save_png(&image, path, &err), &err);
    assert_ok(sb_image_load(path, NULL, &back, &err), &err);
    assert_int_equal(back.width, 37);
    assert_int_equal(back.height, 5);
    assert_memory_equal(back.pixels, image.pixels, 37 * 5 * 3);
    sb_image_release(&back);
    sb_free(path);
    path = sb_path_join(test_scratch(), "absent/out.png");
    assert_int_equal(sb_image_save_png(&image, path, &err), SB_EIO);
    assert_string_equal(err.path, path);
    sb_free(path);
    sb_image_release(&image);
}

static void test_image__refuses_what_it_does_not_know(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_image image;
    assert_int_equal(sb_image_decode("GIF89a..", 8, NULL, &image, &err), SB_EFORMAT);
    assert_non_null(strstr(err.message, "starts with \"GIF89a..\""));
    assert_int_equal(sb_image_decode("", 0, NULL, &image, &err), SB_EFORMAT);
    assert_int_equal(sb_image_load("/nonexistent/a.png", NULL, &image, &err), SB_EIO);
    assert_string_equal(err.path, "/nonexistent/a.png");
    assert_int_equal(sb_image_create(&image, 0, 5, &err), SB_EINVAL);
}

static void test_png__full_disk_is_named(void **state)
{
    (void)state;
    struct sb_image image;
    struct sb_error err;
    assert_ok(sb_image_create(&image, 128, 128, &err), &err);
    for (size_t i = 0; i < (size_t)128 * 128 * 3; i++)
        image.pixels[i] = (uint8_t)(i * i >> 3); /* too lively to be compressed into one buffer */
    assert_int_equal(sb_image_save_png(&image, "/dev/full", &err), SB_EIO);
    assert_string_equal(err.message, "cannot write: No space left on device");
    sb_image_release(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_png__every_kind_becomes_rgb),
        cmocka_unit_test(test_png__cut_anywhere_is_an_error),
        cmocka_unit_test(test_png__survives_any_flipped_byte),
        cmocka_unit_test(test_png__bomb_header_is_refused),
        cmocka_unit_test(test_png__written_file_reads_back),
        cmocka_unit_test(test_png__full_disk_is_named),
        cmocka_unit_test(test_image__refuses_what_it_does_not_know),
    };
    return cmocka_run_group_tests_name("datasets/image_png", tests, NULL, NULL);
}
