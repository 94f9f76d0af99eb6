/*
 * Layouts of weights: TensorFlow's variables and the slots of models/graph.h.
 *
 *   op        variable                     slot
 *   conv      (kh, kw, in, out)            (out, in, kh, kw)
 *   dwconv    (kh, kw, channels, 1)        (channels, 1, kh, kw)
 *   deconv    (kh, kw, out, in)            (in, out, kh, kw)
 *   fc        (h * w * channels, out)      (out, channels * h * w)
 *
 * which are all one permutation, (K, I, O) to (O, I, K). Biases and batch norm vectors are the same
 * in both.
 */
#ifndef SB_MODELS_LAYOUT_H
#define SB_MODELS_LAYOUT_H

#include "base/dtype.h"
#include "models/graph.h"

#include <stddef.h>

/* Shape of the variable that holds a slot; returns its number of dimensions. */
int sb_variable_shape(const struct sb_slot *slot, size_t shape[4]);

/* A variable's values (of that shape, any alignment, any type but OPAQUE) as the slot's. */
void sb_layout_from_variable(const struct sb_slot *slot, enum sb_dtype type, const void *variable,
                             float *out);
/* The reverse, for writers: sb_slot_count() floats. */
void sb_layout_to_variable(const struct sb_slot *slot, const float *values, float *out);

#endif
