/* Pictures to look at: smaller copies, and JPEG in memory. */
#ifndef SB_DATASETS_IMAGE_EXPORT_H
#define SB_DATASETS_IMAGE_EXPORT_H

#include "base/str.h"
#include "datasets/image.h"

/* A copy of width x height pixels; each is the mean of the pixels of `in` that it covers. */
int sb_image_scale(const struct sb_image *in, int width, int height, struct sb_image *out,
                   struct sb_error *err);
/* Copies `in` into `out` with its upper left corner at (x, y); what does not fit is cut off. */
void sb_image_paste(const struct sb_image *in, int x, int y, struct sb_image *out);
/* Appends the image as JPEG; quality 1 to 100. */
int sb_image_encode_jpeg(const struct sb_image *image, int quality, struct sb_str *out,
                         struct sb_error *err);

#endif
