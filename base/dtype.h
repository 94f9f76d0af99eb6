/*
 * Types of array elements, as .npy files and weight files know them. All files read here are
 * little-endian, as is every machine this runs on.
 */
#ifndef SB_BASE_DTYPE_H
#define SB_BASE_DTYPE_H

#include <stdbool.h>
#include <stddef.h>

enum sb_dtype {
    SB_F32,
    SB_F64,
    SB_I32,
    SB_I64,
    SB_U8,
    SB_BOOL, /* one byte, 0 or 1 */
    SB_F16,  /* IEEE 754 binary16 */
    SB_BF16, /* the upper half of a float32 */
    SB_I8,
    SB_I16,
    SB_U16,
    SB_U32,
    SB_U64,
    SB_OPAQUE, /* bytes that no function here converts: strings, quantized or complex values */
    SB_DTYPES
};

/* Bytes of one value; 1 for OPAQUE. */
size_t sb_dtype_bytes(enum sb_dtype type);
/* "float32", ... */
const char *sb_dtype_name(enum sb_dtype type);
/* True for float16, bfloat16, float32 and float64. */
bool sb_dtype_is_float(enum sb_dtype type);

/* Converts count values at `in` (any alignment); floats as a C cast does, booleans to 0 or 1.
 * type must not be OPAQUE. */
void sb_dtype_to_f32(enum sb_dtype type, const void *in, size_t count, float *out);
void sb_dtype_to_f64(enum sb_dtype type, const void *in, size_t count, double *out);

#endif
