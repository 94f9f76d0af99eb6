/*
 * Official preprocessing. A source row is normalised (256 values per channel: a table) and
 * stretched horizontally once; two such rows make one output row. See preprocess.h.
 */
#include "datasets/preprocess.h"

#include "base/mem.h"
#include "base/size.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static const float mean[3] = {0.485f, 0.456f, 0.406f};
static const float deviation[3] = {0.229f, 0.224f, 0.225f};

/* One output coordinate: value = source[lower] + (source[upper] - source[lower]) * t. */
struct tap {
    int lower, upper;
    float t;
};

/* The rectangle of an image that is resized. */
struct crop {
    int x, y, width, height;
};

/* State of one resize. */
struct resizer {
    const struct sb_image *image;
    struct crop crop;
    int out_w;
    float table[3][256]; /* normalised value of each byte */
    struct tap *taps_x;  /* out_w */
    struct tap *taps_y;  /* out_h */
    float *rows[2];      /* (3, out_w): stretched source rows */
    int held[2];         /* which source row each holds; -1 = none */
};

static void fill_taps(struct tap *taps, int in, int out)
{
    const float scale = (float)in / (float)out;
    for (int i = 0; i < out; i++) {
        const float position = (float)i * scale;
        const float lower = floorf(position);
        const int upper = (int)ceilf(position);
        taps[i].lower = (int)lower;
        taps[i].upper = upper < in ? upper : in - 1;
        taps[i].t = position - lower;
    }
}

static void fill_table(float table[3][256])
{
    for (int c = 0; c < 3; c++)
        for (int v = 0; v < 256; v++)
            table[c][v] = ((float)v * (1.0f / 255.0f) - mean[c]) / deviation[c];
}

static int resizer_init(struct resizer *r, const struct sb_image *image, struct crop crop,
                        int out_h, int out_w, struct sb_error *err)
{
    memset(r, 0, sizeof(*r));
    r->image = image;
    r->crop = crop;
    r->out_w = out_w;
    r->held[0] = r->held[1] = -1;
    const unsigned tag = SB_MEM_TAG(SB_MEM_DATA, 0);
    r->taps_x = sb_calloc((size_t)out_w, sizeof(*r->taps_x), tag);
    r->taps_y = sb_calloc((size_t)out_h, sizeof(*r->taps_y), tag);
    for (int i = 0; i < 2; i++)
        r->rows[i] = sb_calloc((size_t)out_w, 3 * sizeof(float), tag);
    if (!r->taps_x || !r->taps_y || !r->rows[0] || !r->rows[1])
        return sb_error_nomem(err, "resizing an image", (size_t)out_w * 6 * sizeof(float));
    fill_taps(r->taps_x, crop.width, out_w);
    fill_taps(r->taps_y, crop.height, out_h);
    fill_table(r->table);
    return 0;
}

static void resizer_release(struct resizer *r)
{
    sb_free(r->taps_x);
    sb_free(r->taps_y);
    sb_free(r->rows[0]);
    sb_free(r->rows[1]);
}

/* Row y of the crop, stretched to out_w; the two rows last used are kept. */
static const float *stretched_row(struct resizer *r, int y)
{
    for (int i = 0; i < 2; i++)
        if (r->held[i] == y)
            return r->rows[i];
    const int slot = r->held[0] < r->held[1] ? 0 : 1; /* rows are asked for in ascending order */
    r->held[slot] = y;
    const size_t start = (size_t)(r->crop.y + y) * (size_t)r->image->width + (size_t)r->crop.x;
    const uint8_t *const source = r->image->pixels + start * 3;
    for (int x = 0; x < r->out_w; x++) {
        const struct tap tap = r->taps_x[x];
        const uint8_t *const left = source + (size_t)tap.lower * 3;
        const uint8_t *const right = source + (size_t)tap.upper * 3;
        for (int c = 0; c < 3; c++) {
            const float a = r->table[c][left[c]], b = r->table[c][right[c]];
            r->rows[slot][c * r->out_w + x] = a + (b - a) * tap.t;
        }
    }
    return r->rows[slot];
}

/* Output row y into out[c * plane + x]. */
static void resize_row(struct resizer *r, int y, size_t plane, float *out)
{
    const struct tap tap = r->taps_y[y];
    const float *const top = stretched_row(r, tap.lower);
    const float *const bottom = stretched_row(r, tap.upper);
    for (int c = 0; c < 3; c++) {
        const float *const a = top + (size_t)c * r->out_w;
        const float *const b = bottom + (size_t)c * r->out_w;
        float *const to = out + (size_t)c * plane;
        for (int x = 0; x < r->out_w; x++)
            to[x] = a[x] + (b[x] - a[x]) * tap.t;
    }
}

/* Resizes a crop to the top left out_h x out_w of planes with padded_h x padded_w values. */
static int resize_into(const struct sb_image *image, struct crop crop, int out_h, int out_w,
                       int padded_h, int padded_w, float *out, struct sb_error *err)
{
    struct resizer r;
    const int rc = resizer_init(&r, image, crop, out_h, out_w, err);
    const size_t plane = (size_t)padded_h * (size_t)padded_w;
    if (rc == 0) {
        memset(out, 0, plane * 3 * sizeof(float));
        for (int y = 0; y < out_h; y++)
            resize_row(&r, y, plane, out + (size_t)y * (size_t)padded_w);
    }
    resizer_release(&r);
    return rc;
}

/* Size of one axis after scaling, and the scale that results from its rounding. */
static int scaled_size(float size, float scale, int limit, float *axis_scale)
{
    float scaled = rintf(size * scale); /* half to even, in the default rounding mode */
    scaled = scaled < 1.0f ? 1.0f : scaled;
    scaled = scaled > (float)limit ? (float)limit : scaled;
    *axis_scale = scaled / size;
    return (int)scaled;
}

void sb_image_info_compute(int image_h, int image_w, int output_h, int output_w,
                           struct sb_image_info *info)
{
    assert(image_h > 0 && image_w > 0 && output_h > 0 && output_w > 0);
    memset(info, 0, sizeof(*info));
    info->original[0] = (float)image_h;
    info->original[1] = (float)image_w;
    info->output[0] = (float)output_h;
    info->output[1] = (float)output_w;
    const float scale_y = info->output[0] / info->original[0];
    const float scale_x = info->output[1] / info->original[1];
    const float scale = scale_y < scale_x ? scale_y : scale_x;
    info->scaled_h = scaled_size(info->original[0], scale, output_h, &info->scale[0]);
    info->scaled_w = scaled_size(info->original[1], scale, output_w, &info->scale[1]);
}

int sb_preprocess_detection(const struct sb_image *image, int output_h, int output_w, int padded_h,
                            int padded_w, float *out, struct sb_image_info *info,
                            struct sb_error *err)
{
    assert(padded_h >= output_h && padded_w >= output_w);
    sb_image_info_compute(image->height, image->width, output_h, output_w, info);
    const struct crop whole = {0, 0, image->width, image->height};
    return resize_into(image, whole, info->scaled_h, info->scaled_w, padded_h, padded_w, out, err);
}

/* Crop side and offsets as the official code truncates them: the side from the short axis, offsets
 * from the untruncated product. 0.875 is 7/8, so both are exact in float. */
static struct crop centre_crop(const struct sb_image *image)
{
    const int shorter = image->width < image->height ? image->width : image->height;
    const double side = 0.875 * shorter;
    struct crop crop;
    crop.width = crop.height = side < 1 ? 1 : (int)side;
    crop.x = (int)((image->width - side) / 2);
    crop.y = (int)((image->height - side) / 2);
    return crop;
}

int sb_preprocess_classification(const struct sb_image *image, int size, float *out,
                                 struct sb_error *err)
{
    return resize_into(image, centre_crop(image), size, size, size, size, out, err);
}
