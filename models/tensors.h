/*
 * An open weight file: named, typed arrays in the file's own layout. The file stays memory-mapped
 * and arrays point into the map, so opening costs little memory and a file that is larger than it
 * can still be listed.
 *
 * Formats, told apart by the path:
 *   - TensorFlow V2 checkpoint (tensor bundle): its prefix as TensorFlow names it ("model.ckpt"),
 * its .index file, a folder with a `checkpoint` file, or a folder with just one .index file;
 *   - .safetensors;
 *   - .onnx: the initialisers of the main graph;
 *   - embedded:NAME: models/weights/NAME.safetensors as it was when the program was built.
 *
 * Opening checks everything that says where arrays are: sizes, overflow, overlaps, checksums of the
 * index. The arrays' own checksums (checkpoints only) are checked by sb_tensors_verify(), which has
 * to read them: callers verify an array before they use it.
 *
 *     struct sb_tensors *file = sb_tensors_open("model.ckpt", &err);
 *     const struct sb_tensor *t = sb_tensors_find(file, "spinenet/conv2d/kernel");
 *     if (t && sb_tensors_verify(file, t, &err) == 0)
 *         sb_dtype_to_f32(t->dtype, t->data, t->count, values);
 *     sb_tensors_free(&file);
 */
#ifndef SB_MODELS_TENSORS_H
#define SB_MODELS_TENSORS_H

#include "base/dtype.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SB_TENSOR_MAX_DIMS 8

struct sb_tensor {
    const char *name; /* printable, not empty, unique in the file; owned by the file */
    enum sb_dtype dtype;
    const char *type; /* the type in words: sb_dtype_name(), or for OPAQUE "string", "complex64" */
    int ndim;         /* 0 = scalar */
    size_t shape[SB_TENSOR_MAX_DIMS];
    size_t count;              /* product of shape */
    size_t bytes;              /* count * sb_dtype_bytes(dtype), except for OPAQUE */
    const unsigned char *data; /* any alignment; NULL when bytes is 0 */
    size_t file;               /* which of the mapped files holds it */
    size_t offset;             /* of data in that file */
    bool has_crc;
    uint32_t crc; /* CRC-32C of data */
};

struct sb_tensors;

/* NULL and err on failure. */
struct sb_tensors *sb_tensors_open(const char *path, struct sb_error *err);
void sb_tensors_free(struct sb_tensors **tensors);

/* "TensorFlow checkpoint", "safetensors", "ONNX". */
const char *sb_tensors_format(const struct sb_tensors *tensors);
/* The path it was opened by. */
const char *sb_tensors_path(const struct sb_tensors *tensors);
/* Images that the training took in all epochs, from the metadata of a .safetensors file
 * ("images_seen"); 0 where the file does not say. */
int64_t sb_tensors_images_seen(const struct sb_tensors *tensors);
/* Bytes of all mapped files: the index too. */
size_t sb_tensors_file_bytes(const struct sb_tensors *tensors);
size_t sb_tensors_count(const struct sb_tensors *tensors);
/* index < count; ascending by name (bytewise). */
const struct sb_tensor *sb_tensors_at(const struct sb_tensors *tensors, size_t index);
/* NULL when there is none of that name. */
const struct sb_tensor *sb_tensors_find(const struct sb_tensors *tensors, const char *name);

/* Compares the array with its checksum, where it has one; SB_EFORMAT with file and offset. */
int sb_tensors_verify(const struct sb_tensors *tensors, const struct sb_tensor *tensor,
                      struct sb_error *err);
/* Hints that the array is about to be read whole. Thread-safe, as verify and discard are. */
void sb_tensors_prefetch(const struct sb_tensors *tensors, const struct sb_tensor *tensor);
/* Gives the array's pages back to the system; data stays readable, from the disk again. */
void sb_tensors_discard(const struct sb_tensors *tensors, const struct sb_tensor *tensor);

#endif
