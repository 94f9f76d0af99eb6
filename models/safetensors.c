/*
 * .safetensors in and out. The header is small and parsed as a JSON tree; everything in it is
 * checked as strictly as the reference implementation does: no member but the three of a tensor, no
 * gap, no overlap, no byte that belongs to none.
 */
#include "models/safetensors.h"

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "models/tensors_build.h"
#include "models/wire.h"

#include <stdlib.h>
#include <string.h>

#define TAG               SB_MEM_TAG(SB_MEM_DATA, 0)
#define LENGTH_BYTES      8
#define MAX_HEADER_BYTES  100000000 /* as the reference implementation */
#define MAX_EXACT_INTEGER ((int64_t)1 << 53)
#define METADATA          "__metadata__"
#define IMAGES_SEEN       "images_seen"

/* In the order of the format's own type list: by alignment, which is the order of writing. */
static const struct type {
    const char *code;
    enum sb_dtype dtype;
    const char *name;  /* of opaque types: as in sb_tensor.type */
    size_t elem_bytes; /* of opaque types */
} types[] = {
    {"BOOL", SB_BOOL, NULL, 0},
    {"U8", SB_U8, NULL, 0},
    {"I8", SB_I8, NULL, 0},
    {"F8_E5M2", SB_OPAQUE, "float8_e5m2", 1},
    {"F8_E4M3", SB_OPAQUE, "float8_e4m3fn", 1},
    {"I16", SB_I16, NULL, 0},
    {"U16", SB_U16, NULL, 0},
    {"F16", SB_F16, NULL, 0},
    {"BF16", SB_BF16, NULL, 0},
    {"I32", SB_I32, NULL, 0},
    {"U32", SB_U32, NULL, 0},
    {"F32", SB_F32, NULL, 0},
    {"C64", SB_OPAQUE, "complex64", 8},
    {"F64", SB_F64, NULL, 0},
    {"I64", SB_I64, NULL, 0},
    {"U64", SB_U64, NULL, 0},
};
#define N_TYPES (sizeof(types) / sizeof(types[0]))

static const struct type *type_of_code(const char *code)
{
    for (size_t i = 0; i < N_TYPES; i++) {
        if (strcmp(types[i].code, code) == 0)
            return &types[i];
    }
    return NULL;
}

static const struct type *type_of_tensor(const struct sb_tensor *t)
{
    for (size_t i = 0; i < N_TYPES; i++) {
        if (types[i].dtype == t->dtype && (!types[i].name || strcmp(types[i].name, t->type) == 0))
            return &types[i];
    }
    return NULL;
}

/* -- reading ---------------------------------------------------------------------------------- */

static int read_shape(const struct sb_json *tensor, int64_t *shape, size_t *ndim,
                      struct sb_error *err)
{
    struct sb_json array, elem;
    int rc = sb_json_get_array(tensor, "shape", &array, ndim, err);
    size_t d = 0;
    for (bool more = rc == 0 && sb_json_first(&array, &elem); more && rc == 0;
         more = sb_json_next(&elem)) {
        if (d < SB_TENSOR_MAX_DIMS) /* more of them are refused by sb_tensors_add() */
            rc = sb_json_int(&elem, 0, MAX_EXACT_INTEGER, &shape[d++], err);
    }
    return rc;
}

static int read_range(const struct sb_json *tensor, int64_t range[2], struct sb_error *err)
{
    struct sb_json array, elem;
    size_t n;
    int rc = sb_json_get_array(tensor, "data_offsets", &array, &n, err);
    if (rc)
        return rc;
    if (n != 2)
        return sb_json_expected(&array, "[begin, end]", err);
    sb_json_first(&array, &elem);
    rc = sb_json_int(&elem, 0, MAX_EXACT_INTEGER, &range[0], err);
    if (rc == 0) {
        sb_json_next(&elem);
        rc = sb_json_int(&elem, range[0], MAX_EXACT_INTEGER, &range[1], err);
    }
    return rc;
}

static int read_type(const struct sb_json *tensor, struct sb_tensor_claim *c, struct sb_error *err)
{
    struct sb_json dtype;
    const char *code;
    int rc = sb_json_get(tensor, "dtype", &dtype, err);
    if (rc == 0)
        rc = sb_json_string(&dtype, &code, err);
    if (rc)
        return rc;
    const struct type *type = type_of_code(code);
    if (!type)
        return sb_json_expected(&dtype, "a known type (F32, F16, BF16, ...)", err);
    c->dtype = type->dtype;
    c->type = type->name;
    c->elem_bytes = type->elem_bytes;
    return 0;
}

/* One member of the header; `start` is where the data starts in the file. */
static int read_tensor(struct sb_tensors *tensors, const struct sb_json *at, size_t start,
                       struct sb_error *err)
{
    static const char *const members[] = {"dtype", "shape", "data_offsets", NULL};
    int64_t shape[SB_TENSOR_MAX_DIMS], range[2] = {0};
    struct sb_tensor_claim c = {.name = at->item->string, .shape = shape, .at = LENGTH_BYTES};
    c.name_length = strlen(c.name);
    int rc = sb_json_only(at, members, err);
    if (rc == 0)
        rc = read_type(at, &c, err);
    if (rc == 0)
        rc = read_shape(at, shape, &c.ndim, err);
    if (rc == 0)
        rc = read_range(at, range, err);
    if (rc)
        return rc;
    c.offset = (uint64_t)start + (uint64_t)range[0];
    c.bytes = (uint64_t)(range[1] - range[0]);
    return sb_tensors_add(tensors, &c, err);
}

/* A count in digits; 0 for other text, which other programs may put there. */
static int64_t read_count(const char *text)
{
    const size_t digits = strspn(text, "0123456789");
    return digits > 0 && digits <= 15 && !text[digits] ? strtoll(text, NULL, 10) : 0;
}

/* Free-form text about the file: pairs of strings. */
static int read_metadata(struct sb_tensors *tensors, const struct sb_json *at, struct sb_error *err)
{
    if (!cJSON_IsObject(at->item))
        return sb_json_expected(at, "an object of strings", err);
    struct sb_json value;
    for (bool more = sb_json_first_member(at, &value); more;
         more = sb_json_next_member(at, &value)) {
        if (!cJSON_IsString(value.item))
            return sb_json_expected(&value, "a string", err);
        if (strcmp(value.item->string, IMAGES_SEEN) == 0)
            tensors->images_seen = read_count(value.item->valuestring);
    }
    return 0;
}

static int read_members(struct sb_tensors *tensors, const struct sb_json *root, size_t start,
                        struct sb_error *err)
{
    int rc = 0;
    struct sb_json member;
    size_t bytes = 0;
    if (!cJSON_IsObject(root->item))
        return sb_json_expected(root, "an object", err);
    for (bool more = sb_json_first_member(root, &member); more && rc == 0;
         more = sb_json_next_member(root, &member)) {
        if (strcmp(member.item->string, METADATA) == 0) {
            rc = read_metadata(tensors, &member, err);
        } else {
            rc = read_tensor(tensors, &member, start, err);
            bytes += rc ? 0 : tensors->items[tensors->count - 1].bytes;
        }
    }
    /* With no overlap (checked for every format) an equal sum means that there is no gap. */
    const size_t data_bytes = tensors->files[0].map.size - start;
    if (rc == 0 && bytes != data_bytes)
        rc = sb_tensors_bad(tensors, 0, (int64_t)start, err,
                            "the tensors cover %zu bytes of data, the file has %zu", bytes,
                            data_bytes);
    return rc;
}

int sb_safetensors_read(struct sb_tensors *tensors, const char *path, struct sb_error *err)
{
    size_t file;
    int rc = sb_tensors_map(tensors, path, &file, err);
    if (rc)
        return rc;
    const struct sb_map map = tensors->files[file].map;
    if (map.size < LENGTH_BYTES)
        return sb_tensors_bad(tensors, file, 0, err, "too short to be a .safetensors file");
    const uint64_t length = sb_read_u32(map.data) | (uint64_t)sb_read_u32(map.data + 4) << 32;
    if (length > MAX_HEADER_BYTES || length > map.size - LENGTH_BYTES)
        return sb_tensors_bad(
            tensors, file, 0, err, "the header has %llu bytes, expected at most %zu",
            (unsigned long long)length,
            map.size < MAX_HEADER_BYTES ? map.size - LENGTH_BYTES : (size_t)MAX_HEADER_BYTES);
    const char *header = map.data + LENGTH_BYTES;
    if (length == 0 || header[0] != '{')
        return sb_tensors_bad(tensors, file, LENGTH_BYTES, err, "the header does not start with {");
    cJSON *doc;
    rc = sb_json_parse(header, (size_t)length, path, &doc, err);
    if (rc)
        return rc;
    const struct sb_json root = sb_json_root(doc, path);
    rc = read_members(tensors, &root, LENGTH_BYTES + (size_t)length, err);
    cJSON_Delete(doc);
    return rc;
}

/* -- writing ---------------------------------------------------------------------------------- */

bool sb_safetensors_can_store(const struct sb_tensor *tensor)
{
    return type_of_tensor(tensor) != NULL;
}

static int by_alignment(const void *a, const void *b)
{
    const struct sb_tensor *x = *(const struct sb_tensor *const *)a;
    const struct sb_tensor *y = *(const struct sb_tensor *const *)b;
    const struct type *tx = type_of_tensor(x), *ty = type_of_tensor(y);
    if (tx != ty)
        return tx > ty ? -1 : 1;
    return strcmp(x->name, y->name);
}

static int by_name(const void *a, const void *b)
{
    const struct sb_tensor *x = *(const struct sb_tensor *const *)a;
    const struct sb_tensor *y = *(const struct sb_tensor *const *)b;
    return strcmp(x->name, y->name);
}

/* Puts the tensors into the order of writing; refuses what cannot be written. */
static int sort_for_writing(const struct sb_tensor **order, size_t count, const char *path,
                            struct sb_error *err)
{
    qsort(order, count, sizeof(const struct sb_tensor *), by_name);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && strcmp(order[i - 1]->name, order[i]->name) == 0)
            return sb_error_set(err, SB_EINVAL, "two tensors are named '%.200s'", order[i]->name);
        if (!sb_safetensors_can_store(order[i])) {
            sb_error_set(err, SB_EUNSUPPORTED, ".safetensors has no type for '%.200s' (%s)",
                         order[i]->name, order[i]->type);
            return sb_error_file(err, path);
        }
    }
    qsort(order, count, sizeof(const struct sb_tensor *), by_alignment);
    return 0;
}

static void write_header(const struct sb_tensor *const *order, size_t count, struct sb_str *header)
{
    struct sb_jw w;
    size_t offset = 0;
    sb_jw_init(&w, header, 0);
    sb_jw_object(&w, NULL);
    for (size_t i = 0; i < count; i++) {
        const struct sb_tensor *t = order[i];
        sb_jw_object(&w, t->name);
        sb_jw_string(&w, "dtype", type_of_tensor(t)->code);
        sb_jw_array(&w, "shape");
        for (int d = 0; d < t->ndim; d++)
            sb_jw_uint(&w, NULL, t->shape[d]);
        sb_jw_end(&w);
        sb_jw_array(&w, "data_offsets");
        sb_jw_uint(&w, NULL, offset);
        sb_jw_uint(&w, NULL, offset + t->bytes);
        sb_jw_end(&w);
        sb_jw_end(&w);
        offset += t->bytes;
    }
    sb_jw_end(&w);
    while (header->length % 8 != 0 && !header->failed)
        sb_str_puts(header, " ");
}

static int write_data(FILE *fp, const struct sb_tensor *const *order, size_t count,
                      const struct sb_tensors *source, struct sb_error *err)
{
    for (size_t i = 0; i < count; i++) {
        const struct sb_tensor *t = order[i];
        const int rc = source ? sb_tensors_verify(source, t, err) : 0;
        if (rc)
            return rc;
        if (t->bytes)
            fwrite(t->data, 1, t->bytes, fp); /* commit checks the stream for errors */
        if (source)
            sb_tensors_discard(source, t);
    }
    return 0;
}

static int write_file(const char *path, const struct sb_tensor *const *order, size_t count,
                      const struct sb_tensors *source, struct sb_error *err)
{
    struct sb_str header = SB_STR_INIT;
    write_header(order, count, &header);
    struct sb_outfile out = {0};
    int rc = header.failed ? sb_error_nomem(err, "a header", header.length)
                           : sb_outfile_open(&out, path, err);
    if (rc == 0) {
        unsigned char length[LENGTH_BYTES];
        for (int i = 0; i < LENGTH_BYTES; i++)
            length[i] = (unsigned char)(header.length >> (8 * i));
        fwrite(length, 1, sizeof(length), out.fp);
        fwrite(header.data, 1, header.length, out.fp);
        rc = write_data(out.fp, order, count, source, err);
        if (rc == 0)
            rc = sb_outfile_commit(&out, err);
    }
    sb_outfile_abort(&out);
    sb_str_release(&header);
    return rc;
}

int sb_safetensors_write(const char *path, const struct sb_tensor *const *tensors, size_t count,
                         const struct sb_tensors *source, struct sb_error *err)
{
    const struct sb_tensor **order = sb_calloc(count, sizeof(const struct sb_tensor *), TAG);
    if (!order)
        return sb_error_nomem(err, "a tensor table", count * sizeof(const struct sb_tensor *));
    int rc = 0;
    if (count) {
        memcpy(order, tensors, count * sizeof(const struct sb_tensor *));
        rc = sort_for_writing(order, count, path, err);
    }
    if (rc == 0)
        rc = write_file(path, order, count, source, err);
    sb_free(order);
    return rc;
}
