/* Element types and their conversion to float. Input may have any alignment, so values are loaded
 * with memcpy, which compiles to plain (vector) loads. See dtype.h. */
#include "base/dtype.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

static const struct {
    const char *name;
    size_t bytes;
} types[SB_DTYPES] = {
    [SB_F32] = {"float32", 4}, [SB_F64] = {"float64", 8},   [SB_I32] = {"int32", 4},
    [SB_I64] = {"int64", 8},   [SB_U8] = {"uint8", 1},      [SB_BOOL] = {"bool", 1},
    [SB_F16] = {"float16", 2}, [SB_BF16] = {"bfloat16", 2}, [SB_I8] = {"int8", 1},
    [SB_I16] = {"int16", 2},   [SB_U16] = {"uint16", 2},    [SB_U32] = {"uint32", 4},
    [SB_U64] = {"uint64", 8},  [SB_OPAQUE] = {"opaque", 1},
};

size_t sb_dtype_bytes(enum sb_dtype type)
{
    return types[type].bytes;
}

const char *sb_dtype_name(enum sb_dtype type)
{
    return types[type].name;
}

bool sb_dtype_is_float(enum sb_dtype type)
{
    return type == SB_F32 || type == SB_F64 || type == SB_F16 || type == SB_BF16;
}

static float float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static float float_of_bf16(uint16_t bits)
{
    return float_of_bits((uint32_t)bits << 16);
}

/* Exact: every binary16 value, subnormals and NaN payloads included, is a float32 value. */
static float float_of_f16(uint16_t bits)
{
    const uint32_t sign = (uint32_t)(bits & 0x8000u) << 16;
    const uint32_t exponent = (bits >> 10) & 31u;
    const uint32_t mantissa = bits & 1023u;
    if (exponent == 0) { /* zero or subnormal: mantissa * 2^-24 */
        const float magnitude = (float)mantissa * 0x1p-24f;
        return sign ? -magnitude : magnitude;
    }
    const uint32_t rebiased = exponent == 31 ? 255 : exponent + 112;
    return float_of_bits(sign | rebiased << 23 | mantissa << 13);
}

static bool bool_of_byte(uint8_t byte)
{
    return byte != 0;
}

/* The loop of one conversion: EXPR turns `value`, of type IN, into the output's type. */
#define CONVERT(IN, OUT, EXPR)                                                                     \
    for (size_t i = 0; i < count; i++) {                                                           \
        IN value;                                                                                  \
        memcpy(&value, bytes + i * sizeof(value), sizeof(value));                                  \
        out[i] = (OUT)(EXPR);                                                                      \
    }                                                                                              \
    return

/* The same table of conversions for float and for double. */
#define CONVERT_ALL(OUT)                                                                           \
    switch (type) {                                                                                \
    case SB_F32:                                                                                   \
        CONVERT(float, OUT, value);                                                                \
    case SB_F64:                                                                                   \
        CONVERT(double, OUT, value);                                                               \
    case SB_I32:                                                                                   \
        CONVERT(int32_t, OUT, value);                                                              \
    case SB_I64:                                                                                   \
        CONVERT(int64_t, OUT, value);                                                              \
    case SB_U8:                                                                                    \
        CONVERT(uint8_t, OUT, value);                                                              \
    case SB_BOOL:                                                                                  \
        CONVERT(uint8_t, OUT, bool_of_byte(value));                                                \
    case SB_F16:                                                                                   \
        CONVERT(uint16_t, OUT, float_of_f16(value));                                               \
    case SB_BF16:                                                                                  \
        CONVERT(uint16_t, OUT, float_of_bf16(value));                                              \
    case SB_I8:                                                                                    \
        CONVERT(int8_t, OUT, value);                                                               \
    case SB_I16:                                                                                   \
        CONVERT(int16_t, OUT, value);                                                              \
    case SB_U16:                                                                                   \
        CONVERT(uint16_t, OUT, value);                                                             \
    case SB_U32:                                                                                   \
        CONVERT(uint32_t, OUT, value);                                                             \
    case SB_U64:                                                                                   \
        CONVERT(uint64_t, OUT, value);                                                             \
    case SB_OPAQUE:                                                                                \
    case SB_DTYPES:                                                                                \
        break;                                                                                     \
    }                                                                                              \
    assert(!"no conversion for this type")

void sb_dtype_to_f32(enum sb_dtype type, const void *in, size_t count, float *out)
{
    const unsigned char *bytes = in;
    if (type == SB_F32) { /* by far the most common: a copy */
        if (count)
            memcpy(out, in, count * sizeof(*out));
        return;
    }
    CONVERT_ALL(float);
}

void sb_dtype_to_f64(enum sb_dtype type, const void *in, size_t count, double *out)
{
    const unsigned char *bytes = in;
    CONVERT_ALL(double);
}
