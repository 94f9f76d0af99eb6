/*
 * NumPy .npy files (format 1.0 to 3.0, little-endian, C order), up to 8 dimensions.
 * Types: those of base/dtype.h that NumPy has: not bfloat16, not opaque.
 */
#ifndef SB_BASE_NPY_H
#define SB_BASE_NPY_H

#include "base/dtype.h"
#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

#define SB_NPY_MAX_DIMS 8

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
