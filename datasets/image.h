/*
 * 8-bit RGB images from JPEG and PNG files, and PNG output. The pixels are those that TensorFlow's
 * decoder gives, so that scores can be compared with the published models:
 *
 * - JPEG through libjpeg-turbo with the fast integer DCT (JDCT_IFAST, TensorFlow's default, not
 *   libjpeg's) and fancy chroma upsampling. Grey becomes RGB. CMYK and YCCK are multiplied out as
 *   TensorFlow does: inverted inks when the Adobe marker is there, plain inks otherwise.
 * - PNG of every kind: palette, 1 to 16 bits, grey, interlaced. 16-bit values keep their high byte,
 *   alpha and transparent colours are dropped, gamma and colour profiles are ignored.
 * - The EXIF orientation of a JPEG is ignored, as TensorFlow ignores it: COCO's boxes refer to the
 *   pixels as stored. `apply_exif` turns the picture upright instead, for photos from a camera.
 *
 * A file that ends early, or whose compressed data breaks off or holds impossible codes, is an
 * error (libjpeg alone would go on with grey blocks). Width, height and their product are checked
 * in the header, before anything of their size is allocated.
 *
 *     struct sb_image image;
 *     int rc = sb_image_load("photo.jpg", NULL, &image, &err);
 *     ... image.pixels[(y * image.width + x) * 3 + channel] ...
 *     sb_image_release(&image);
 */
#ifndef SB_DATASETS_IMAGE_H
#define SB_DATASETS_IMAGE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sb_image {
    int width, height; /* pixels, >= 1; 0 when empty */
    uint8_t *pixels;   /* (height, width, 3), red first, rows without padding; owned */
};

struct sb_image_options {
    bool apply_exif;    /* turn JPEGs by their EXIF orientation; default false */
    int max_side;       /* largest width and height; default 65500, the limit of JPEG */
    int64_t max_pixels; /* largest width * height; default 100,000,000 */
};
void sb_image_options_defaults(struct sb_image_options *options);

/* Reads a JPEG or PNG file; the kind is told by its content, not its name. options NULL = defaults.
 * On failure *out is empty and err has the file and, where it is known, the byte position. */
int sb_image_load(const char *path, const struct sb_image_options *options, struct sb_image *out,
                  struct sb_error *err);
/* The same from memory. */
int sb_image_decode(const void *data, size_t size, const struct sb_image_options *options,
                    struct sb_image *out, struct sb_error *err);

/* A black image. SB_EINVAL unless both sides are >= 1, SB_ENOMEM when it does not fit. */
int sb_image_create(struct sb_image *image, int width, int height, struct sb_error *err);
void sb_image_release(struct sb_image *image);

/* Writes an 8-bit RGB PNG; nothing appears under path unless it is complete. */
int sb_image_save_png(const struct sb_image *image, const char *path, struct sb_error *err);

#endif
