/* Reading and writing .npy. The header is a Python dict literal; only the form that NumPy writes is
 * accepted. See npy.h. */
#include "base/npy.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/size.h"
#include "base/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* NULL where NumPy has no such type. */
static const char *const descrs[SB_DTYPES] = {
    [SB_F32] = "<f4", [SB_F64] = "<f8",  [SB_I32] = "<i4", [SB_I64] = "<i8",
    [SB_U8] = "|u1",  [SB_BOOL] = "|b1", [SB_F16] = "<f2", [SB_I8] = "|i1",
    [SB_I16] = "<i2", [SB_U16] = "<u2",  [SB_U32] = "<u4", [SB_U64] = "<u8",
};

static int bad(const char *path, int64_t offset, const char *what, struct sb_error *err)
{
    sb_error_set(err, SB_EFORMAT, "not a readable .npy file: %s", what);
    sb_error_file(err, path);
    sb_error_offset(err, offset);
    return SB_EFORMAT;
}

/* The text after "'key':" in the header, or NULL. */
static const char *header_value(const char *header, const char *key)
{
    const char *p = strstr(header, key);
    if (!p)
        return NULL;
    p += strlen(key);
    while (*p == ' ' || *p == ':')
        p++;
    return p;
}

static int parse_shape(const char *p, struct sb_npy *out)
{
    if (*p++ != '(')
        return SB_EFORMAT;
    out->ndim = 0;
    out->count = 1;
    while (*p != ')') {
        char *end;
        errno = 0;
        const unsigned long long n = strtoull(p, &end, 10);
        if (*p < '0' || *p > '9' || errno || out->ndim == SB_NPY_MAX_DIMS ||
            !sb_mul_size(out->count, n, &out->count))
            return SB_EFORMAT;
        out->shape[out->ndim++] = n;
        p = end;
        if (*p == ',')
            p++;
        else if (*p != ')')
            return SB_EFORMAT;
        while (*p == ' ')
            p++;
    }
    return 0;
}

static int parse_header(const char *header, const char *path, struct sb_npy *out,
                        struct sb_error *err)
{
    const char *descr = header_value(header, "'descr'");
    const char *order = header_value(header, "'fortran_order'");
    const char *shape = header_value(header, "'shape'");
    if (!descr || !order || !shape)
        return bad(path, 10, "header lacks descr, fortran_order or shape", err);
    if (strncmp(order, "False", 5) != 0)
        return bad(path, 10, "Fortran order (save numpy.ascontiguousarray(x) instead)", err);
    size_t t = 0;
    while (t < SB_DTYPES && !(descrs[t] && descr[0] == '\'' && descr[4] == '\'' &&
                              strncmp(descr + 1, descrs[t], 3) == 0))
        t++;
    if (t == SB_DTYPES)
        return bad(path, 10, "unsupported type (little-endian floats, integers and bool are)", err);
    out->dtype = (enum sb_dtype)t;
    if (parse_shape(shape, out))
        return bad(path, 10, "invalid shape", err);
    return 0;
}

/* Finds header text and data start; version 1 has a 2-byte header length, later ones 4. */
static int find_header(const struct sb_map *map, const char *path, size_t *start, size_t *length,
                       struct sb_error *err)
{
    if (map->size < 12 || memcmp(map->data, "\x93NUMPY", 6) != 0)
        return bad(path, 0, "the magic string is missing", err);
    const unsigned char *b = (const unsigned char *)map->data;
    const int major = b[6];
    if (major < 1 || major > 3)
        return bad(path, 6, "unknown format version", err);
    *start = major == 1 ? 10 : 12;
    *length = (size_t)b[8] | (size_t)b[9] << 8;
    if (major > 1)
        *length |= (size_t)b[10] << 16 | (size_t)b[11] << 24;
    if (*length > map->size - *start || *length > 65536)
        return bad(path, 8, "the header is cut off", err);
    return 0;
}

static int load_mapped(const struct sb_map *map, const char *path, struct sb_npy *out,
                       struct sb_error *err)
{
    size_t start, length, bytes;
    int rc = find_header(map, path, &start, &length, err);
    if (rc)
        return rc;
    struct sb_str header = SB_STR_INIT;
    sb_str_append(&header, map->data + start, length);
    rc = header.failed ? sb_error_nomem(err, "a header", length)
                       : parse_header(sb_str_text(&header), path, out, err);
    sb_str_release(&header);
    if (rc)
        return rc;
    if (!sb_mul_size(out->count, sb_dtype_bytes(out->dtype), &bytes) ||
        bytes != map->size - start - length)
        return bad(path, (int64_t)(start + length), "data size and shape disagree", err);
    out->data = sb_malloc(bytes, SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!out->data)
        return sb_error_nomem(err, "an array", bytes);
    memcpy(out->data, map->data + start + length, bytes);
    return 0;
}

int sb_npy_load(const char *path, struct sb_npy *out, struct sb_error *err)
{
    memset(out, 0, sizeof(*out));
    struct sb_map map;
    int rc = sb_map_open(&map, path, err);
    if (rc)
        return rc;
    rc = load_mapped(&map, path, out, err);
    sb_map_release(&map);
    return rc;
}

void sb_npy_release(struct sb_npy *array)
{
    sb_free(array->data);
    memset(array, 0, sizeof(*array));
}

int sb_npy_save(const char *path, enum sb_dtype dtype, int ndim, const size_t *shape,
                const void *data, struct sb_error *err)
{
    if (!descrs[dtype])
        return sb_error_set(err, SB_EUNSUPPORTED, ".npy has no %s", sb_dtype_name(dtype));
    if (ndim < 0 || ndim > SB_NPY_MAX_DIMS)
        return sb_error_set(err, SB_EINVAL, "%d dimensions, expected 0 to %d", ndim,
                            SB_NPY_MAX_DIMS);
    struct sb_str h = SB_STR_INIT;
    size_t bytes = sb_dtype_bytes(dtype);
    sb_str_printf(&h, "{'descr': '%s', 'fortran_order': False, 'shape': (", descrs[dtype]);
    for (int i = 0; i < ndim; i++) {
        sb_str_printf(&h, "%s%zu%s", i ? ", " : "", shape[i], ndim == 1 ? "," : "");
        if (!sb_mul_size(bytes, shape[i], &bytes)) {
            sb_str_release(&h);
            return sb_error_set(err, SB_ENOMEM, "array too large to save");
        }
    }
    sb_str_puts(&h, "), }");
    while ((10 + h.length + 1) % 64 != 0 && !h.failed)
        sb_str_puts(&h, " ");
    sb_str_puts(&h, "\n");
    struct sb_outfile out = {0};
    int rc = h.failed ? sb_error_nomem(err, "a header", 128) : sb_outfile_open(&out, path, err);
    if (rc == 0) {
        const unsigned char lead[10] = {0x93,
                                        'N',
                                        'U',
                                        'M',
                                        'P',
                                        'Y',
                                        1,
                                        0,
                                        (unsigned char)(h.length & 255),
                                        (unsigned char)(h.length >> 8)};
        fwrite(lead, 1, sizeof(lead), out.fp); /* commit checks the stream for errors */
        fwrite(h.data, 1, h.length, out.fp);
        if (bytes)
            fwrite(data, 1, bytes, out.fp);
        rc = sb_outfile_commit(&out, err);
    }
    sb_str_release(&h);
    return rc;
}
