/*
 * Open weight files: what all formats share. The readers (tf_bundle.c, safetensors.c,
 * onnx_initializers.c) claim arrays; here the claims are checked, sorted and looked up.
 */
#include "models/tensors.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/size.h"
#include "models/tensors_build.h"
#include "models/zoo.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TAG             SB_MEM_TAG(SB_MEM_DATA, 0)
#define MAX_NAME_LENGTH 4096

int sb_tensors_bad(const struct sb_tensors *tensors, size_t file, int64_t offset,
                   struct sb_error *err, const char *fmt, ...)
{
    char message[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    sb_error_set(err, SB_EFORMAT, "%s", message);
    sb_error_file(err, tensors->files[file].path);
    return sb_error_offset(err, offset);
}

/* Appends a file that has a path but no bytes yet. */
static int add_file(struct sb_tensors *tensors, const char *path, size_t *index,
                    struct sb_error *err)
{
    if (sb_grow(&tensors->files, &tensors->cap_files, tensors->num_files + 1,
                sizeof(*tensors->files), TAG))
        return sb_error_nomem(err, "a file table", sizeof(*tensors->files));
    struct sb_tensor_file file = {.path = sb_strdup(path)};
    if (!file.path)
        return sb_error_nomem(err, "a path", strlen(path));
    *index = tensors->num_files;
    tensors->files[tensors->num_files++] = file;
    return 0;
}

static int take_embedded(struct sb_tensor_file *file, const char *name, struct sb_error *err)
{
    const struct sb_embedded *const found = sb_zoo_weights(name);
    if (!found) {
        sb_error_set(err, SB_ENOTFOUND, "no embedded weights '%.80s'", name);
        return sb_error_hint(err, "'spinebench models' marks the models that have some");
    }
    file->embedded = true;
    file->map.data = (const char *)found->data;
    file->map.size = found->size;
    return 0;
}

int sb_tensors_map(struct sb_tensors *tensors, const char *path, size_t *index,
                   struct sb_error *err)
{
    size_t added;
    const char *const embedded = sb_zoo_weights_name(path);
    int rc = add_file(tensors, path, &added, err);
    if (rc == 0)
        rc = embedded ? take_embedded(&tensors->files[added], embedded, err)
                      : sb_map_open(&tensors->files[added].map, path, err);
    if (rc == 0)
        *index = added;
    return rc;
}

int sb_tensors_heap(struct sb_tensors *tensors, size_t source, size_t size, char **data,
                    size_t *index, struct sb_error *err)
{
    const int rc = add_file(tensors, tensors->files[source].path, index, err);
    if (rc)
        return rc;
    struct sb_tensor_file *file = &tensors->files[*index];
    file->heap = sb_malloc(size, TAG);
    if (!file->heap)
        return sb_error_nomem(err, "a decoded array", size);
    file->map.data = file->heap;
    file->map.size = size;
    *data = file->heap;
    return 0;
}

/* Bytes of the UTF-8 character at p, 0 for a control character or malformed text. */
static size_t utf8_length(const unsigned char *p, size_t room)
{
    if (p[0] < 0x80)
        return p[0] >= 32 && p[0] != 127;
    const size_t n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || n > room)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    }
    /* overlong forms, surrogates, beyond U+10FFFF */
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
        (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return n;
}

/* Names end up on terminals and in JSON headers: UTF-8 without control characters. */
static bool is_printable(const char *name, size_t length)
{
    size_t pos = 0;
    while (pos < length) {
        const size_t n = utf8_length((const unsigned char *)name + pos, length - pos);
        if (n == 0)
            return false;
        pos += n;
    }
    return true;
}

static int check_name(const struct sb_tensors *tensors, const struct sb_tensor_claim *c,
                      struct sb_error *err)
{
    if (c->name_length == 0)
        return sb_tensors_bad(tensors, c->at_file, c->at, err, "a tensor has an empty name");
    if (c->name_length > MAX_NAME_LENGTH)
        return sb_tensors_bad(tensors, c->at_file, c->at, err,
                              "a tensor's name has %zu bytes, expected at most %d", c->name_length,
                              MAX_NAME_LENGTH);
    if (!is_printable(c->name, c->name_length))
        return sb_tensors_bad(tensors, c->at_file, c->at, err,
                              "a tensor's name is not printable UTF-8");
    return 0;
}

/* Shape and size into t; name must be set, for messages. */
static int check_size(const struct sb_tensors *tensors, const struct sb_tensor_claim *c,
                      struct sb_tensor *t, struct sb_error *err)
{
    if (c->ndim > SB_TENSOR_MAX_DIMS)
        return sb_tensors_bad(tensors, c->at_file, c->at, err,
                              "tensor '%.200s' has %zu dimensions, expected at most %d", t->name,
                              c->ndim, SB_TENSOR_MAX_DIMS);
    size_t nbytes = c->dtype == SB_OPAQUE ? c->elem_bytes : sb_dtype_bytes(c->dtype);
    const bool known = nbytes != 0;
    t->ndim = (int)c->ndim;
    t->count = 1;
    for (size_t d = 0; d < c->ndim; d++) {
        if (c->shape[d] < 0)
            return sb_tensors_bad(tensors, c->at_file, c->at, err,
                                  "dimension %zu of tensor '%.200s' is %lld", d, t->name,
                                  (long long)c->shape[d]);
        t->shape[d] = (size_t)c->shape[d];
        if (!sb_mul_size(t->count, t->shape[d], &t->count) ||
            !sb_mul_size(nbytes, t->shape[d], &nbytes))
            return sb_tensors_bad(tensors, c->at_file, c->at, err,
                                  "the size of tensor '%.200s' overflows", t->name);
    }
    if (known && nbytes != c->bytes)
        return sb_tensors_bad(tensors, c->at_file, c->at, err,
                              "tensor '%.200s' has %llu bytes, expected %zu for its shape and type",
                              t->name, (unsigned long long)c->bytes, nbytes);
    return 0;
}

static int check_range(const struct sb_tensors *tensors, const struct sb_tensor_claim *c,
                       struct sb_tensor *t, struct sb_error *err)
{
    const struct sb_map *map = &tensors->files[c->file].map;
    if (c->offset > map->size || c->bytes > map->size - c->offset)
        return sb_tensors_bad(tensors, c->at_file, c->at, err,
                              "tensor '%.200s' is at bytes %llu to %llu of '%.200s', which has %zu",
                              t->name, (unsigned long long)c->offset,
                              (unsigned long long)c->offset + c->bytes,
                              sb_path_base(tensors->files[c->file].path), map->size);
    t->file = c->file;
    t->offset = (size_t)c->offset;
    t->bytes = (size_t)c->bytes;
    t->data = t->bytes ? (const unsigned char *)map->data + t->offset : NULL;
    return 0;
}

static char *copy_name(const char *name, size_t length)
{
    char *copy = sb_malloc(length + 1, TAG);
    if (!copy)
        return NULL;
    memcpy(copy, name, length);
    copy[length] = '\0';
    return copy;
}

int sb_tensors_add(struct sb_tensors *tensors, const struct sb_tensor_claim *claim,
                   struct sb_error *err)
{
    int rc = check_name(tensors, claim, err);
    if (rc)
        return rc;
    char *name = copy_name(claim->name, claim->name_length);
    if (!name ||
        sb_grow(&tensors->items, &tensors->cap, tensors->count + 1, sizeof(*tensors->items), TAG)) {
        sb_free(name);
        return sb_error_nomem(err, "a tensor table", sizeof(*tensors->items));
    }
    struct sb_tensor *t = &tensors->items[tensors->count++]; /* owns name from here on */
    *t = (struct sb_tensor){.name = name, .dtype = claim->dtype};
    t->type = claim->type ? claim->type : sb_dtype_name(claim->dtype);
    t->has_crc = claim->has_crc;
    t->crc = claim->crc;
    rc = check_size(tensors, claim, t, err);
    return rc ? rc : check_range(tensors, claim, t, err);
}

static int by_name(const void *a, const void *b)
{
    const struct sb_tensor *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static int by_place(const void *a, const void *b)
{
    const struct sb_tensor *x = *(const struct sb_tensor *const *)a;
    const struct sb_tensor *y = *(const struct sb_tensor *const *)b;
    if (x->file != y->file)
        return x->file < y->file ? -1 : 1;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* No byte may belong to two arrays. */
static int check_overlaps(const struct sb_tensors *tensors, struct sb_error *err)
{
    const struct sb_tensor **order =
        sb_calloc(tensors->count, sizeof(const struct sb_tensor *), TAG);
    if (!order)
        return sb_error_nomem(err, "a tensor table",
                              tensors->count * sizeof(const struct sb_tensor *));
    size_t n = 0;
    for (size_t i = 0; i < tensors->count; i++) {
        if (tensors->items[i].bytes)
            order[n++] = &tensors->items[i];
    }
    qsort(order, n, sizeof(const struct sb_tensor *), by_place);
    int rc = 0;
    for (size_t i = 1; i < n && rc == 0; i++) {
        const struct sb_tensor *a = order[i - 1], *b = order[i];
        if (a->file == b->file && a->offset + a->bytes > b->offset)
            rc = sb_tensors_bad(tensors, b->file, (int64_t)b->offset, err,
                                "tensors '%.200s' and '%.200s' overlap", a->name, b->name);
    }
    sb_free(order);
    return rc;
}

static int finish(struct sb_tensors *tensors, struct sb_error *err)
{
    if (tensors->count)
        qsort(tensors->items, tensors->count, sizeof(*tensors->items), by_name);
    for (size_t i = 1; i < tensors->count; i++) {
        if (strcmp(tensors->items[i - 1].name, tensors->items[i].name) == 0)
            return sb_tensors_bad(tensors, 0, -1, err, "two tensors are named '%.200s'",
                                  tensors->items[i].name);
    }
    return check_overlaps(tensors, err);
}

static int read_any(struct sb_tensors *tensors, const char *path, struct sb_error *err)
{
    if (sb_zoo_weights_name(path) || sb_ends_with(path, ".safetensors")) {
        tensors->format = "safetensors";
        return sb_safetensors_read(tensors, path, err);
    }
    if (sb_ends_with(path, ".onnx")) {
        tensors->format = "ONNX";
        return sb_onnx_read(tensors, path, err);
    }
    tensors->format = "TensorFlow checkpoint";
    return sb_tf_bundle_read(tensors, path, err);
}

struct sb_tensors *sb_tensors_open(const char *path, struct sb_error *err)
{
    struct sb_tensors *tensors = sb_calloc(1, sizeof(*tensors), TAG);
    if (!tensors) {
        sb_error_nomem(err, "a weight file", sizeof(*tensors));
        return NULL;
    }
    tensors->path = sb_strdup(path);
    int rc =
        tensors->path ? read_any(tensors, path, err) : sb_error_nomem(err, "a path", strlen(path));
    if (rc == 0)
        rc = finish(tensors, err);
    if (rc)
        sb_tensors_free(&tensors);
    return tensors;
}

void sb_tensors_free(struct sb_tensors **tensors)
{
    struct sb_tensors *t = *tensors;
    if (!t)
        return;
    for (size_t i = 0; i < t->num_files; i++) {
        struct sb_tensor_file *file = &t->files[i];
        if (!file->heap && !file->embedded)
            sb_map_release(&file->map);
        sb_free(file->heap);
        sb_free(file->path);
    }
    for (size_t i = 0; i < t->count; i++)
        sb_free((char *)(uintptr_t)t->items[i].name);
    sb_free(t->files);
    sb_free(t->items);
    sb_free(t->path);
    sb_free(t);
    *tensors = NULL;
}

const char *sb_tensors_format(const struct sb_tensors *tensors)
{
    return tensors->format;
}

const char *sb_tensors_path(const struct sb_tensors *tensors)
{
    return tensors->path;
}

int64_t sb_tensors_images_seen(const struct sb_tensors *tensors)
{
    return tensors->images_seen;
}

size_t sb_tensors_file_bytes(const struct sb_tensors *tensors)
{
    size_t total = 0;
    for (size_t i = 0; i < tensors->num_files; i++) {
        if (!tensors->files[i].heap)
            total += tensors->files[i].map.size;
    }
    return total;
}

size_t sb_tensors_count(const struct sb_tensors *tensors)
{
    return tensors->count;
}

const struct sb_tensor *sb_tensors_at(const struct sb_tensors *tensors, size_t index)
{
    return &tensors->items[index];
}

const struct sb_tensor *sb_tensors_find(const struct sb_tensors *tensors, const char *name)
{
    const struct sb_tensor key = {.name = name};
    if (!tensors->count)
        return NULL;
    return bsearch(&key, tensors->items, tensors->count, sizeof(key), by_name);
}

int sb_tensors_verify(const struct sb_tensors *tensors, const struct sb_tensor *tensor,
                      struct sb_error *err)
{
    if (!tensor->has_crc)
        return 0;
    const uint32_t crc = sb_crc32c(0, tensor->data, tensor->bytes);
    if (crc == tensor->crc)
        return 0;
    sb_tensors_bad(tensors, tensor->file, (int64_t)tensor->offset, err,
                   "the checksum of tensor '%.200s' is %08x, expected %08x", tensor->name, crc,
                   tensor->crc);
    return sb_error_hint(err, "the file is damaged; copy it again");
}

/* Advice on the pages that hold any of the array. It is only advice, so failure is ignored. */
static void advise(const struct sb_tensors *tensors, const struct sb_tensor *t, int advice)
{
    if (!t->bytes || tensors->files[t->file].heap || tensors->files[t->file].embedded)
        return;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t start = t->offset & ~(page - 1);
    const char *map = tensors->files[t->file].map.data;
    madvise((void *)(uintptr_t)(map + start), t->offset + t->bytes - start, advice);
}

void sb_tensors_prefetch(const struct sb_tensors *tensors, const struct sb_tensor *tensor)
{
    advise(tensors, tensor, MADV_WILLNEED);
}

void sb_tensors_discard(const struct sb_tensors *tensors, const struct sb_tensor *tensor)
{
    advise(tensors, tensor, MADV_DONTNEED);
}
