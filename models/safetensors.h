/*
 * Writing .safetensors (github.com/huggingface/safetensors): 8 bytes header length, a JSON header
 * with type, shape and data range of each tensor, then the data. Reading is sb_tensors_open().
 * The same tensors give the same bytes. The order is that of the reference implementation: by
 * descending alignment of the type, so that every array is aligned, then by name. No metadata is
 * written.
 */
#ifndef SB_MODELS_SAFETENSORS_H
#define SB_MODELS_SAFETENSORS_H

#include "models/tensors.h"

/* False for types that the format does not have: strings, quantized values. */
bool sb_safetensors_can_store(const struct sb_tensor *tensor);

/*
 * Writes `count` tensors (each used: name, dtype, type, ndim, shape, bytes, data) through a
 * temporary file. `source`, when not NULL, is the open file that they come from: they are verified
 * before they are written and their pages given back after. SB_EUNSUPPORTED where can_store() is
 * false, SB_EINVAL for two of one name.
 */
int sb_safetensors_write(const char *path, const struct sb_tensor *const *tensors, size_t count,
                         const struct sb_tensors *source, struct sb_error *err);

#endif
