/*
 * The initialisers of an ONNX model: ModelProto.graph.initializer, each a TensorProto (onnx.proto
 * of github.com/onnx/onnx). The file is walked in place, because an unpacked model would hold every
 * array a second time. Arrays in raw_data, float_data and double_data stay in the mapped file;
 * int32_data and int64_data are variable-length numbers, decoded onto the heap.
 */
#include "models/tensors_build.h"
#include "models/wire.h"

#include <string.h>

/* Field numbers */
enum { MODEL_GRAPH = 7 };
enum { GRAPH_INITIALIZER = 5, GRAPH_SPARSE_INITIALIZER = 15 };
enum {
    TENSOR_DIMS = 1,
    TENSOR_DATA_TYPE = 2,
    TENSOR_FLOAT_DATA = 4,
    TENSOR_INT32_DATA = 5,
    TENSOR_STRING_DATA = 6,
    TENSOR_INT64_DATA = 7,
    TENSOR_NAME = 8,
    TENSOR_RAW_DATA = 9,
    TENSOR_DOUBLE_DATA = 10,
    TENSOR_UINT64_DATA = 11,
    TENSOR_DATA_LOCATION = 14
};

/* TensorProto.DataType */
static const struct type {
    enum sb_dtype dtype;
    const char *name;  /* NULL: unknown */
    size_t elem_bytes; /* of opaque types */
} types[] = {
    [1] = {SB_F32, "float32", 0},
    [2] = {SB_U8, "uint8", 0},
    [3] = {SB_I8, "int8", 0},
    [4] = {SB_U16, "uint16", 0},
    [5] = {SB_I16, "int16", 0},
    [6] = {SB_I32, "int32", 0},
    [7] = {SB_I64, "int64", 0},
    [8] = {SB_OPAQUE, "string", 0},
    [9] = {SB_BOOL, "bool", 0},
    [10] = {SB_F16, "float16", 0},
    [11] = {SB_F64, "float64", 0},
    [12] = {SB_U32, "uint32", 0},
    [13] = {SB_U64, "uint64", 0},
    [14] = {SB_OPAQUE, "complex64", 8},
    [15] = {SB_OPAQUE, "complex128", 16},
    [16] = {SB_BF16, "bfloat16", 0},
    [17] = {SB_OPAQUE, "float8_e4m3fn", 1},
    [18] = {SB_OPAQUE, "float8_e4m3fnuz", 1},
    [19] = {SB_OPAQUE, "float8_e5m2", 1},
    [20] = {SB_OPAQUE, "float8_e5m2fnuz", 1},
};
#define N_TYPES (sizeof(types) / sizeof(types[0]))

struct reader {
    struct sb_tensors *tensors;
    size_t file;
    const char *base; /* start of the map */
    size_t graphs;
};

/* What was seen of one TensorProto. */
struct initializer {
    const char *start; /* of the message */
    const char *name;
    size_t name_length;
    uint64_t type;
    int64_t shape[SB_TENSOR_MAX_DIMS];
    size_t ndim;
    uint32_t data_field; /* number of the field that holds the values, 0 = none yet */
    const char *data;
    size_t size;
};

static int64_t offset_of(const struct reader *r, const char *p)
{
    return p - r->base;
}

static int bad_initializer(const struct reader *r, const struct initializer *t, const char *what,
                           struct sb_error *err)
{
    const int length = t->name_length < 200 ? (int)t->name_length : 200;
    return sb_tensors_bad(r->tensors, r->file, offset_of(r, t->start), err, "initialiser '%.*s' %s",
                          length, t->name ? t->name : "", what);
}

static void add_dim(struct initializer *t, uint64_t value)
{
    if (t->ndim < SB_TENSOR_MAX_DIMS)
        t->shape[t->ndim] = (int64_t)value;
    t->ndim++; /* too many are refused by sb_tensors_add() */
}

/* dims: one number, or a packed array of them. */
static bool read_dims(struct initializer *t, const struct sb_wire_field *f)
{
    if (f->type == SB_WIRE_VARINT) {
        add_dim(t, f->value);
        return true;
    }
    size_t pos = 0;
    uint64_t value;
    while (f->type == SB_WIRE_BYTES && pos < f->size) {
        if (!sb_read_varint(f->data, f->size, &pos, &value))
            return false;
        add_dim(t, value);
    }
    return f->type == SB_WIRE_BYTES;
}

static int read_field(const struct reader *r, struct initializer *t, const struct sb_wire_field *f,
                      struct sb_error *err)
{
    switch (f->number) {
    case TENSOR_DIMS:
        return read_dims(t, f) ? 0 : bad_initializer(r, t, "has broken dimensions", err);
    case TENSOR_DATA_TYPE:
        t->type = f->value;
        return 0;
    case TENSOR_NAME:
        t->name = f->data;
        t->name_length = f->size;
        return 0;
    case TENSOR_DATA_LOCATION:
        if (f->value == 0)
            return 0;
        bad_initializer(r, t, "has its data in another file, which is not supported", err);
        return sb_error_hint(err, "save the model again with the weights inside");
    case TENSOR_FLOAT_DATA:
    case TENSOR_DOUBLE_DATA:
    case TENSOR_INT32_DATA:
    case TENSOR_INT64_DATA:
    case TENSOR_UINT64_DATA:
    case TENSOR_STRING_DATA:
    case TENSOR_RAW_DATA:
        if (t->data_field || f->type != SB_WIRE_BYTES)
            return bad_initializer(r, t, "has its values in several fields, expected one array",
                                   err);
        t->data_field = f->number;
        t->data = f->data;
        t->size = f->size;
        return 0;
    default:
        return 0; /* names for people, and what newer versions add */
    }
}

/* Values of int32_data, int64_data and uint64_data: one varint per value, of which the stored type
 * takes the low bytes (float16 is stored as its bits). */
static int decode_varints(const struct reader *r, const struct initializer *t,
                          struct sb_tensor_claim *c, struct sb_error *err)
{
    const size_t width = sb_dtype_bytes(c->dtype);
    size_t count = 0, pos = 0;
    uint64_t value;
    for (; pos < t->size; count++) {
        if (!sb_read_varint(t->data, t->size, &pos, &value))
            return bad_initializer(r, t, "has broken values", err);
    }
    char *out; /* count <= size of the file, so the product cannot overflow */
    const int rc = sb_tensors_heap(r->tensors, r->file, count * width, &out, &c->file, err);
    if (rc)
        return rc;
    pos = 0;
    for (size_t i = 0; i < count; i++) {
        sb_read_varint(t->data, t->size, &pos, &value);
        memcpy(out + i * width, &value, width);
    }
    c->offset = 0;
    c->bytes = count * width;
    return 0;
}

/* True when `field` is where the format stores values of this type (raw_data holds any). */
static bool field_fits(uint32_t field, enum sb_dtype dtype)
{
    switch (field) {
    case TENSOR_FLOAT_DATA:
        return dtype == SB_F32;
    case TENSOR_DOUBLE_DATA:
        return dtype == SB_F64;
    case TENSOR_INT64_DATA:
        return dtype == SB_I64;
    case TENSOR_UINT64_DATA:
        return dtype == SB_U32 || dtype == SB_U64;
    case TENSOR_INT32_DATA:
        return sb_dtype_bytes(dtype) <= 4 && dtype != SB_F32 && dtype != SB_U32 &&
               dtype != SB_OPAQUE;
    default:
        return true;
    }
}

static int claim_initializer(const struct reader *r, const struct initializer *t,
                             struct sb_error *err)
{
    if (t->type >= N_TYPES || !types[t->type].name)
        return bad_initializer(r, t, "has an unknown type", err);
    const struct type *type = &types[t->type];
    if (!field_fits(t->data_field, type->dtype))
        return bad_initializer(r, t, "has its values in the field of another type", err);
    struct sb_tensor_claim c = {.name = t->name, .name_length = t->name_length};
    c.dtype = type->dtype;
    c.type = type->name;
    c.elem_bytes = type->elem_bytes;
    c.shape = t->shape;
    c.ndim = t->ndim;
    c.file = c.at_file = r->file;
    c.at = offset_of(r, t->start);
    c.bytes = t->size;
    c.offset = t->size ? (uint64_t)offset_of(r, t->data) : 0;
    const bool varints = t->data_field == TENSOR_INT32_DATA || t->data_field == TENSOR_INT64_DATA ||
                         t->data_field == TENSOR_UINT64_DATA;
    const int rc = varints && t->size ? decode_varints(r, t, &c, err) : 0;
    return rc ? rc : sb_tensors_add(r->tensors, &c, err);
}

static int read_initializer(const struct reader *r, const struct sb_wire_field *message,
                            struct sb_error *err)
{
    struct initializer t = {.start = message->data};
    struct sb_wire w = {message->data, message->size, 0};
    struct sb_wire_field f;
    int more, rc = 0;
    while (rc == 0 && (more = sb_wire_next(&w, &f)) != 0)
        rc = more > 0 ? read_field(r, &t, &f, err)
                      : bad_initializer(r, &t, "is a broken message", err);
    return rc ? rc : claim_initializer(r, &t, err);
}

static int read_graph(const struct reader *r, const struct sb_wire_field *message,
                      struct sb_error *err)
{
    struct sb_wire w = {message->data, message->size, 0};
    struct sb_wire_field f;
    int more, rc = 0;
    while (rc == 0 && (more = sb_wire_next(&w, &f)) != 0) {
        if (more < 0)
            rc = sb_tensors_bad(r->tensors, r->file, offset_of(r, w.data + w.pos), err,
                                "a broken field in the graph of an ONNX model");
        else if (f.number == GRAPH_INITIALIZER && f.type == SB_WIRE_BYTES)
            rc = read_initializer(r, &f, err);
        else if (f.number == GRAPH_SPARSE_INITIALIZER)
            rc = sb_tensors_bad(r->tensors, r->file, offset_of(r, w.data + w.pos), err,
                                "the model has sparse initialisers, which are not supported");
    }
    return rc;
}

int sb_onnx_read(struct sb_tensors *tensors, const char *path, struct sb_error *err)
{
    struct reader r = {.tensors = tensors};
    int rc = sb_tensors_map(tensors, path, &r.file, err);
    if (rc)
        return rc;
    const struct sb_map map = tensors->files[r.file].map;
    r.base = map.data;
    struct sb_wire w = {map.data, map.size, 0};
    struct sb_wire_field f;
    int more;
    while (rc == 0 && (more = sb_wire_next(&w, &f)) != 0) {
        if (more < 0)
            rc = sb_tensors_bad(tensors, r.file, (int64_t)w.pos, err,
                                "not an ONNX model, or one that is cut off");
        else if (f.number == MODEL_GRAPH && f.type == SB_WIRE_BYTES && ++r.graphs)
            rc = read_graph(&r, &f, err);
    }
    if (rc == 0 && r.graphs == 0)
        rc = sb_tensors_bad(tensors, r.file, 0, err, "an ONNX model without a graph");
    return rc;
}
