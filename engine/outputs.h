/*
 * Tensors outside the engine: files hold images and maps as (N, H, W, C), the order of the
 * reference code, while plans work on (N, C, H, W); and rows of boxes are taken apart into named
 * arrays.
 */
#ifndef SB_ENGINE_OUTPUTS_H
#define SB_ENGINE_OUTPUTS_H

#include "base/dtype.h"
#include "base/error.h"
#include "models/graph.h"

#include <stddef.h>

/* out (N, H, W, C) = in (N, C, H, W); `shape` is the latter's. */
void sb_nchw_to_nhwc(float *out, const float *in, struct sb_shape shape);
/* out (N, C, H, W) = in (N, H, W, C); `shape` is the former's. */
void sb_nhwc_to_nchw(float *out, const float *in, struct sb_shape shape);

#define SB_OUTPUT_DIMS   5
#define SB_OUTPUT_ARRAYS 4

/* One array as it goes into a file. */
struct sb_output_array {
    char name[64];
    enum sb_dtype dtype; /* SB_F32 or SB_I32 */
    int ndim;
    size_t dims[SB_OUTPUT_DIMS];
    void *data; /* owned */
};

/*
 * The arrays of one output node whose values are `data` (N, C, H, W), for a model that takes
 * `batch` images, R = N / batch rows per image:
 *   a map                                NAME (batch, H, W, C)
 *   a fully connected layer              NAME (batch, C)
 *   R > 1 rows                           NAME (batch, R, C)
 *   R > 1 maps                           NAME (batch, R, H, W, C), of one channel (batch, R, H, W)
 *   proposals     roi_boxes (batch, R, 4), roi_scores (batch, R)
 *   detections    detection_boxes (batch, R, 4), detection_scores (batch, R), detection_classes
 *                 (batch, R) int32, num_detections (batch) int32: rows whose score is not -1
 * Boxes are ymin, xmin, ymax, xmax in input pixels. *count says how many; release with
 * sb_output_arrays_release().
 */
int sb_output_arrays(const struct sb_node *node, int64_t batch, const float *data,
                     struct sb_output_array out[SB_OUTPUT_ARRAYS], size_t *count,
                     struct sb_error *err);
void sb_output_arrays_release(struct sb_output_array *arrays, size_t count);

#endif
