/* Channel order and file shapes of tensors. See outputs.h. */
#include "engine/outputs.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

/* Columns of the rows that PROPOSALS and DETECTIONS put out. */
enum { ROW_BOX = 0, ROW_SCORE = 4, ROW_CLASS = 5 };

void sb_nchw_to_nhwc(float *out, const float *in, struct sb_shape shape)
{
    const int64_t pixels = shape.h * shape.w;
    for (int64_t n = 0; n < shape.n; n++) {
        for (int64_t i = 0; i < pixels; i++) {
            for (int64_t c = 0; c < shape.c; c++)
                *out++ = in[(n * shape.c + c) * pixels + i];
        }
    }
}

void sb_nhwc_to_nchw(float *out, const float *in, struct sb_shape shape)
{
    const int64_t pixels = shape.h * shape.w;
    for (int64_t n = 0; n < shape.n; n++) {
        for (int64_t c = 0; c < shape.c; c++) {
            for (int64_t i = 0; i < pixels; i++)
                *out++ = in[(n * pixels + i) * shape.c + c];
        }
    }
}

/* Where the arrays of one node go. */
struct writer {
    const struct sb_node *node;
    size_t batch, rows; /* rows per image */
    const float *data;
    struct sb_output_array *out;
    size_t *count;
    struct sb_error *err;
};

/* Starts the next array, with dims (batch, rows) when `rows` is set, or (batch); allocates `each`
 * values per image or row. NULL when out of memory. */
static struct sb_output_array *start(const struct writer *w, const char *name, enum sb_dtype dtype,
                                     bool rows, size_t each)
{
    struct sb_output_array *a = &w->out[*w->count];
    const size_t values = w->batch * (rows ? w->rows : 1) * each;
    memset(a, 0, sizeof(*a));
    snprintf(a->name, sizeof(a->name), "%s", name);
    a->dtype = dtype;
    a->dims[a->ndim++] = w->batch;
    if (rows)
        a->dims[a->ndim++] = w->rows;
    a->data = sb_calloc(values, sb_dtype_bytes(dtype), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!a->data) {
        sb_error_nomem(w->err, name, values * sb_dtype_bytes(dtype));
        return NULL;
    }
    ++*w->count;
    return a;
}

static int write_tensor(const struct writer *w)
{
    const struct sb_shape s = w->node->shape;
    const bool rows = w->rows > 1;
    struct sb_output_array *a = start(w, w->node->output, SB_F32, rows, (size_t)(s.c * s.h * s.w));
    if (!a)
        return SB_ENOMEM;
    const bool map = s.h * s.w > 1 || (!rows && w->node->op != SB_OP_FC);
    if (map) {
        a->dims[a->ndim++] = (size_t)s.h;
        a->dims[a->ndim++] = (size_t)s.w;
    }
    if (!(rows && map && s.c == 1))
        a->dims[a->ndim++] = (size_t)s.c;
    sb_nchw_to_nhwc(a->data, w->data, s);
    return 0;
}

/* Columns [first, first + width) of all rows. */
static int write_columns(const struct writer *w, const char *name, size_t first, size_t width)
{
    struct sb_output_array *a = start(w, name, SB_F32, true, width);
    if (!a)
        return SB_ENOMEM;
    if (width > 1)
        a->dims[a->ndim++] = width;
    const size_t columns = (size_t)w->node->shape.c;
    float *out = a->data;
    for (size_t r = 0; r < w->batch * w->rows; r++) {
        for (size_t k = 0; k < width; k++)
            *out++ = w->data[r * columns + first + k];
    }
    return 0;
}

static int write_classes(const struct writer *w)
{
    struct sb_output_array *a = start(w, "detection_classes", SB_I32, true, 1);
    if (!a)
        return SB_ENOMEM;
    int32_t *out = a->data;
    for (size_t r = 0; r < w->batch * w->rows; r++)
        out[r] = (int32_t)w->data[r * (size_t)w->node->shape.c + ROW_CLASS];
    return 0;
}

static int write_count(const struct writer *w)
{
    struct sb_output_array *a = start(w, "num_detections", SB_I32, false, 1);
    if (!a)
        return SB_ENOMEM;
    int32_t *out = a->data;
    for (size_t r = 0; r < w->batch * w->rows; r++)
        out[r / w->rows] += w->data[r * (size_t)w->node->shape.c + ROW_SCORE] >= 0;
    return 0;
}

static int write_detections(const struct writer *w)
{
    int rc = write_columns(w, "detection_boxes", ROW_BOX, 4);
    if (rc == 0)
        rc = write_columns(w, "detection_scores", ROW_SCORE, 1);
    if (rc == 0)
        rc = write_classes(w);
    return rc ? rc : write_count(w);
}

static int write_proposals(const struct writer *w)
{
    const int rc = write_columns(w, "roi_boxes", ROW_BOX, 4);
    return rc ? rc : write_columns(w, "roi_scores", ROW_SCORE, 1);
}

int sb_output_arrays(const struct sb_node *node, int64_t batch, const float *data,
                     struct sb_output_array out[SB_OUTPUT_ARRAYS], size_t *count,
                     struct sb_error *err)
{
    const struct writer w = {.node = node,
                             .batch = (size_t)batch,
                             .rows = (size_t)(node->shape.n / batch),
                             .data = data,
                             .out = out,
                             .count = count,
                             .err = err};
    *count = 0;
    int rc;
    if (node->op == SB_OP_PROPOSALS)
        rc = write_proposals(&w);
    else if (node->op == SB_OP_DETECTIONS)
        rc = write_detections(&w);
    else
        rc = write_tensor(&w);
    if (rc)
        sb_output_arrays_release(out, *count);
    return rc;
}

void sb_output_arrays_release(struct sb_output_array *arrays, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sb_free(arrays[i].data);
}
