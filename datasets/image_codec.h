/* Between image.c and its decoders; everybody else includes datasets/image.h. */
#ifndef SB_DATASETS_IMAGE_CODEC_H
#define SB_DATASETS_IMAGE_CODEC_H

#include "datasets/image.h"

/* Decoders: data starts with the format's signature; options is not NULL; on failure *out is
 * empty. */
int sb_jpeg_decode(const uint8_t *data, size_t size, const struct sb_image_options *options,
                   struct sb_image *out, struct sb_error *err);
int sb_png_decode(const uint8_t *data, size_t size, const struct sb_image_options *options,
                  struct sb_image *out, struct sb_error *err);

/* SB_EFORMAT, with the limit in the message, unless a header's size is within the options. */
int sb_image_check_size(uint32_t width, uint32_t height, const struct sb_image_options *options,
                        struct sb_error *err);

/* Orientation 1..8 from the content of a JPEG's APP1 segment (TIFF 6.0 structure, tag 274 of EXIF
 * 2.3); 1 when there is none or the structure is broken. */
int sb_exif_orientation(const uint8_t *data, size_t size);
/* Turns and mirrors the image so that orientation 2..8 becomes 1; other values change nothing. */
int sb_image_orient(struct sb_image *image, int orientation, struct sb_error *err);

#endif
