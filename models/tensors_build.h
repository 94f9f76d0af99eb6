/*
 * How the readers of the formats fill a struct sb_tensors. Everything that a file claims about an
 * array goes through sb_tensors_add(), which is the one place that checks it against the map.
 */
#ifndef SB_MODELS_TENSORS_BUILD_H
#define SB_MODELS_TENSORS_BUILD_H

#include "base/file.h"
#include "models/tensors.h"

struct sb_tensor_file {
    char *path; /* owned */
    struct sb_map map;
    char *heap;    /* map.data when it is decoded data on the heap, not a mapped file; owned */
    bool embedded; /* map.data is part of the program */
};

struct sb_tensors {
    const char *format;
    char *path; /* as opened, owned */
    struct sb_tensor_file *files;
    size_t num_files, cap_files;
    struct sb_tensor *items; /* names are owned */
    size_t count, cap;
    int64_t images_seen; /* 0: not said */
};

/* Maps a file, or takes an embedded one; its index in *index. The returned map may be read until
 * the tensors are freed. */
int sb_tensors_map(struct sb_tensors *tensors, const char *path, size_t *index,
                   struct sb_error *err);

/* A pseudo-file of `size` bytes on the heap for arrays that the file stores encoded; the caller
 * fills *data. Messages name the file that it was decoded from. */
int sb_tensors_heap(struct sb_tensors *tensors, size_t source, size_t size, char **data,
                    size_t *index, struct sb_error *err);

/* What a file claims about one array. `at` is where it claims so, for messages. */
struct sb_tensor_claim {
    const char *name; /* need not be NUL-terminated */
    size_t name_length;
    enum sb_dtype dtype;
    const char *type;  /* static string, or NULL for sb_dtype_name(dtype) */
    size_t elem_bytes; /* OPAQUE only: bytes of one value, 0 when they differ or are unknown */
    const int64_t *shape;
    size_t ndim;
    size_t file;     /* that holds the data */
    uint64_t offset; /* of the data */
    uint64_t bytes;  /* of the data */
    bool has_crc;
    uint32_t crc;
    size_t at_file; /* that makes the claim */
    int64_t at;     /* byte offset in it, or -1 */
};

/* Checks name, shape, type, size and range, and appends. SB_EFORMAT names the array and `at`. */
int sb_tensors_add(struct sb_tensors *tensors, const struct sb_tensor_claim *claim,
                   struct sb_error *err);

/* Sets err to SB_EFORMAT at an offset (or -1) of a file; for the readers' own messages. */
int sb_tensors_bad(const struct sb_tensors *tensors, size_t file, int64_t offset,
                   struct sb_error *err, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* The readers: each fills an empty sb_tensors from path; the caller frees it on failure. */
int sb_tf_bundle_read(struct sb_tensors *tensors, const char *path, struct sb_error *err);
int sb_safetensors_read(struct sb_tensors *tensors, const char *path, struct sb_error *err);
int sb_onnx_read(struct sb_tensors *tensors, const char *path, struct sb_error *err);

#endif
