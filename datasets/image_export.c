/* Scaling and JPEG. See image_export.h. */
#include "datasets/image_export.h"

#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

/* Mean of the pixels in columns [x0, x1) and rows [y0, y1), parts of pixels by their share. */
static void mean_of(const struct sb_image *in, const double x[2], const double y[2], uint8_t rgb[3])
{
    double sum[3] = {0, 0, 0}, weights = 0;
    for (int row = (int)y[0]; row < in->height && row < y[1]; row++) {
        const double high = fmin(row + 1, y[1]) - fmax(row, y[0]);
        for (int column = (int)x[0]; column < in->width && column < x[1]; column++) {
            const double weight = high * (fmin(column + 1, x[1]) - fmax(column, x[0]));
            const uint8_t *const p =
                in->pixels + ((size_t)row * (size_t)in->width + (size_t)column) * 3;
            for (int c = 0; c < 3; c++)
                sum[c] += weight * p[c];
            weights += weight;
        }
    }
    for (int c = 0; c < 3; c++)
        rgb[c] = (uint8_t)(weights > 0 ? sum[c] / weights + 0.5 : 0);
}

int sb_image_scale(const struct sb_image *in, int width, int height, struct sb_image *out,
                   struct sb_error *err)
{
    const int rc = sb_image_create(out, width, height, err);
    if (rc)
        return rc;
    const double sx = (double)in->width / width, sy = (double)in->height / height;
    uint8_t *to = out->pixels;
    for (int row = 0; row < height; row++) {
        const double y[2] = {row * sy, (row + 1) * sy};
        for (int column = 0; column < width; column++, to += 3) {
            const double x[2] = {column * sx, (column + 1) * sx};
            mean_of(in, x, y, to);
        }
    }
    return 0;
}

void sb_image_paste(const struct sb_image *in, int x, int y, struct sb_image *out)
{
    const int left = x < 0 ? -x : 0;
    const int right = x + in->width > out->width ? out->width - x : in->width;
    for (int row = 0; row < in->height && left < right; row++) {
        if (y + row < 0 || y + row >= out->height)
            continue;
        memcpy(out->pixels + ((size_t)(y + row) * (size_t)out->width + (size_t)(x + left)) * 3,
               in->pixels + ((size_t)row * (size_t)in->width + (size_t)left) * 3,
               (size_t)(right - left) * 3);
    }
}

/* What must survive a jump out of libjpeg. */
struct encoder {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    jmp_buf jump;
    unsigned char *data; /* libjpeg's, to be freed by free() */
    unsigned long size;
};

static void on_error(j_common_ptr jpeg)
{
    struct encoder *const e = jpeg->client_data;
    longjmp(e->jump, 1);
}

static bool run_encoder(struct encoder *e, const struct sb_image *image, int quality)
{
    struct jpeg_compress_struct *const jpeg = &e->jpeg;
    if (setjmp(e->jump))
        return false;
    jpeg_mem_dest(jpeg, &e->data, &e->size);
    jpeg->image_width = (JDIMENSION)image->width;
    jpeg->image_height = (JDIMENSION)image->height;
    jpeg->input_components = 3;
    jpeg->in_color_space = JCS_RGB;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, quality, TRUE);
    jpeg->optimize_coding = TRUE;
    jpeg_start_compress(jpeg, TRUE);
    while (jpeg->next_scanline < jpeg->image_height) {
        JSAMPROW row = image->pixels + (size_t)jpeg->next_scanline * (size_t)image->width * 3;
        jpeg_write_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_compress(jpeg);
    return true;
}

int sb_image_encode_jpeg(const struct sb_image *image, int quality, struct sb_str *out,
                         struct sb_error *err)
{
    struct encoder e = {.data = NULL, .size = 0};
    e.jpeg.err = jpeg_std_error(&e.errors);
    e.errors.error_exit = on_error;
    e.jpeg.client_data = &e;
    jpeg_create_compress(&e.jpeg);
    const bool ok = run_encoder(&e, image, quality);
    jpeg_destroy_compress(&e.jpeg);
    if (ok)
        sb_str_append(out, (const char *)e.data, e.size);
    free(e.data);
    return ok && !out->failed ? 0 : sb_error_nomem(err, "the JPEG encoder", e.size);
}
