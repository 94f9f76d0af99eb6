/* Images: life cycle, limits and the choice of decoder. The decoders are image_jpeg.c and
 * image_png.c, EXIF orientation is image_exif.c. See image.h. */
#include "datasets/image.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/size.h"
#include "datasets/image_codec.h"

#include <string.h>

void sb_image_options_defaults(struct sb_image_options *options)
{
    memset(options, 0, sizeof(*options));
    options->max_side = 65500;
    options->max_pixels = 100000000;
}

int sb_image_check_size(uint32_t width, uint32_t height, const struct sb_image_options *options,
                        struct sb_error *err)
{
    if (width < 1 || height < 1)
        return sb_error_set(err, SB_EFORMAT, "the header says %u x %u pixels", width, height);
    const uint32_t side = (uint32_t)options->max_side;
    if (width > side || height > side)
        return sb_error_set(err, SB_EFORMAT,
                            "the header says %u x %u pixels, expected sides of at most %u", width,
                            height, side);
    const int64_t pixels = (int64_t)width * height;
    if (pixels > options->max_pixels)
        return sb_error_set(err, SB_EFORMAT,
                            "the header says %u x %u = %lld pixels, expected at most %lld", width,
                            height, (long long)pixels, (long long)options->max_pixels);
    return 0;
}

int sb_image_create(struct sb_image *image, int width, int height, struct sb_error *err)
{
    memset(image, 0, sizeof(*image));
    if (width < 1 || height < 1)
        return sb_error_set(err, SB_EINVAL, "image of %d x %d pixels", width, height);
    size_t bytes = 0;
    const bool fits =
        sb_mul_size((size_t)width, (size_t)height, &bytes) && sb_mul_size(bytes, 3, &bytes);
    image->pixels = fits ? sb_calloc(bytes, 1, SB_MEM_TAG(SB_MEM_DATA, 0)) : NULL;
    if (!image->pixels)
        return sb_error_nomem(err, "an image", bytes);
    image->width = width;
    image->height = height;
    return 0;
}

void sb_image_release(struct sb_image *image)
{
    sb_free(image->pixels);
    memset(image, 0, sizeof(*image));
}

static int unknown_format(const uint8_t *data, size_t size, struct sb_error *err)
{
    if (size == 0)
        return sb_error_set(err, SB_EFORMAT, "empty file, expected a JPEG or PNG image");
    char start[16] = "";
    for (size_t i = 0; i < size && i < 8; i++)
        start[i] = (char)(data[i] >= 0x20 && data[i] < 0x7f ? data[i] : '.');
    sb_error_set(err, SB_EFORMAT, "neither JPEG nor PNG: the file starts with \"%s\"", start);
    sb_error_offset(err, 0);
    return sb_error_hint(err, "convert other formats to PNG first");
}

int sb_image_decode(const void *data, size_t size, const struct sb_image_options *options,
                    struct sb_image *out, struct sb_error *err)
{
    static const uint8_t jpeg[3] = {0xff, 0xd8, 0xff};
    static const uint8_t png[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    struct sb_image_options defaults;
    sb_image_options_defaults(&defaults);
    memset(out, 0, sizeof(*out));
    if (size >= sizeof(jpeg) && memcmp(data, jpeg, sizeof(jpeg)) == 0)
        return sb_jpeg_decode(data, size, options ? options : &defaults, out, err);
    if (size >= sizeof(png) && memcmp(data, png, sizeof(png)) == 0)
        return sb_png_decode(data, size, options ? options : &defaults, out, err);
    return unknown_format(data, size, err);
}

int sb_image_load(const char *path, const struct sb_image_options *options, struct sb_image *out,
                  struct sb_error *err)
{
    struct sb_map map;
    memset(out, 0, sizeof(*out));
    int rc = sb_map_open(&map, path, err);
    if (rc)
        return rc;
    rc = sb_image_decode(map.data, map.size, options, out, err);
    if (rc)
        sb_error_file(err, path);
    sb_map_release(&map);
    return rc;
}
