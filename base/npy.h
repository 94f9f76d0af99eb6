/*
 * NumPy .npy files (format 1.0 to 3.0, little-endian, C order), up to 8 dimensions.
 * Types: float32, float64, int32, int64, uint8, bool.
 */
#ifndef SB_BASE_NPY_H
#define SB_BASE_NPY_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

#define SB_NPY_MAX_DIMS 8

enum sb_dtype { SB_F32, SB_F64, SB_I32, SB_I64, SB_U8, SB_BOOL };

/* Bytes of one value. */
size_t sb_dtype_bytes(enum sb_dtype type);
/* "float32", ... */
const char *sb_dtype_name(enum sb_dtype type);

struct sb_npy {
    enum sb_dtype dtype;
    int ndim;                      /* 0 = scalar */
    size_t shape[SB_NPY_MAX_DIMS]; /* elements per dimension */
    size_t count;                  /* product of shape */
    void *data;                    /* count values, owned */
};

/* Reads a whole file. Sizes are checked against the file before anything is allocated. */
int sb_npy_load(const char *path, struct sb_npy *out, struct sb_error *err);
void sb_npy_release(struct sb_npy *array);
/* Writes format 1.0 through a temporary file. */
int sb_npy_save(const char *path, enum sb_dtype dtype, int ndim, const size_t *shape,
                const void *data, struct sb_error *err);

#endif
