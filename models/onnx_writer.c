/*
 * The messages of models/onnx.proto, filled and packed with protobuf-c. Everything small lives in
 * blocks that are freed at once; weights are packed straight from where they are. See
 * onnx_writer.h.
 */
#include "models/onnx_writer.h"

#include "base/build.h"
#include "base/dtype.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/size.h"
#include "models/onnx.pb-c.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define TAG         SB_MEM_TAG(SB_MEM_DATA, 0)
#define IR_VERSION  8
#define BLOCK_BYTES 65536

/* AttributeProto.AttributeType */
enum { ATTR_FLOAT = 1, ATTR_INT = 2, ATTR_STRING = 3, ATTR_INTS = 7 };

struct block {
    struct block *next;
    size_t used, size;
    max_align_t data[];
};

/* An array of pointers to messages or strings, as protobuf-c wants them. */
struct list {
    void **items; /* owned */
    size_t count, capacity;
};

struct sb_onnx {
    struct block *blocks;
    struct list nodes, tensors, inputs, outputs;
    Onnx__NodeProto *last;
    const char *name, *description, *scope;
    size_t serial; /* names the next value */
    bool failed;   /* out of memory */
};

struct sb_onnx *sb_onnx_new(const char *graph_name)
{
    struct sb_onnx *onnx = sb_calloc(1, sizeof(*onnx), TAG);
    if (!onnx)
        return NULL;
    onnx->scope = onnx->description = "";
    onnx->name = graph_name;
    return onnx;
}

void sb_onnx_free(struct sb_onnx **onnx)
{
    if (!*onnx)
        return;
    for (struct block *b = (*onnx)->blocks, *next; b; b = next) {
        next = b->next;
        sb_free(b);
    }
    sb_free((*onnx)->nodes.items);
    sb_free((*onnx)->tensors.items);
    sb_free((*onnx)->inputs.items);
    sb_free((*onnx)->outputs.items);
    sb_free(*onnx);
    *onnx = NULL;
}

/* Zeroed memory that lives as long as the writer; NULL after a failure. */
static void *take(struct sb_onnx *onnx, size_t count, size_t size)
{
    size_t bytes, total;
    const size_t align = sizeof(max_align_t);
    if (!onnx || onnx->failed)
        return NULL;
    struct block *b = onnx->blocks;
    if (sb_mul_size(count, size, &bytes) && sb_add_size(bytes, align - 1, &bytes)) {
        bytes = bytes / align * align;
        if (b && b->size - b->used >= bytes) {
            b->used += bytes;
            return (char *)b->data + b->used - bytes;
        }
        const size_t room = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
        b = sb_add_size(sizeof(*b), room, &total) ? sb_calloc(1, total, TAG) : NULL;
        if (b) {
            *b = (struct block){onnx->blocks, bytes, room};
            onnx->blocks = b;
            return b->data;
        }
    }
    onnx->failed = true;
    return NULL;
}

static bool push(struct sb_onnx *onnx, struct list *list, void *item)
{
    if (!item || sb_grow(&list->items, &list->capacity, list->count + 1, sizeof(*list->items), TAG))
        onnx->failed = true;
    else
        list->items[list->count++] = item;
    return !onnx->failed;
}

static char *copy_text(struct sb_onnx *onnx, const char *text)
{
    const size_t size = strlen(text) + 1;
    char *copy = take(onnx, size, 1);
    return copy ? memcpy(copy, text, size) : NULL;
}

static int64_t *copy_ints(struct sb_onnx *onnx, size_t count, const int64_t *values)
{
    int64_t *copy = take(onnx, count + 1, sizeof(*copy));
    if (copy && count)
        memcpy(copy, values, count * sizeof(*copy));
    return copy;
}

/* "SCOPE/WHAT_SERIAL", never given out before. */
static char *fresh_name(struct sb_onnx *onnx, const char *what)
{
    char name[512];
    if (!onnx)
        return NULL;
    snprintf(name, sizeof(name), "%.400s/%.60s_%zu", onnx->scope, what, onnx->serial++);
    return copy_text(onnx, name);
}

void sb_onnx_describe(struct sb_onnx *onnx, const char *text)
{
    const char *copy = copy_text(onnx, text);
    if (copy)
        onnx->description = copy;
}

void sb_onnx_scope(struct sb_onnx *onnx, const char *prefix)
{
    const char *copy = copy_text(onnx, prefix);
    if (copy)
        onnx->scope = copy;
}

/* ---- inputs and outputs of the model ---- */

static Onnx__TensorShapeProto *make_shape(struct sb_onnx *onnx, int ndim, const int64_t *dims)
{
    Onnx__TensorShapeProto *shape = take(onnx, 1, sizeof(*shape));
    Onnx__TensorShapeProto__Dimension **dim = take(onnx, (size_t)ndim + 1, sizeof(*dim));
    Onnx__TensorShapeProto__Dimension *d = take(onnx, (size_t)ndim + 1, sizeof(*d));
    if (!shape || !dim || !d)
        return NULL;
    for (int i = 0; i < ndim; i++) {
        onnx__tensor_shape_proto__dimension__init(&d[i]);
        d[i].has_dim_value = true;
        d[i].dim_value = dims[i];
        dim[i] = &d[i];
    }
    onnx__tensor_shape_proto__init(shape);
    shape->dim = dim;
    shape->n_dim = (size_t)ndim;
    return shape;
}

static const char *add_value_info(struct sb_onnx *onnx, struct list *list, const char *name,
                                  enum sb_onnx_type type, int ndim, const int64_t *dims)
{
    Onnx__ValueInfoProto *info = take(onnx, 1, sizeof(*info));
    Onnx__TypeProto *outer = take(onnx, 1, sizeof(*outer));
    Onnx__TypeProto__Tensor *tensor = take(onnx, 1, sizeof(*tensor));
    Onnx__TensorShapeProto *shape = make_shape(onnx, ndim, dims);
    char *copy = copy_text(onnx, name);
    if (!info || !outer || !tensor || !shape || !copy)
        return "";
    onnx__type_proto__tensor__init(tensor);
    tensor->has_elem_type = true;
    tensor->elem_type = (int32_t)type;
    tensor->shape = shape;
    onnx__type_proto__init(outer);
    outer->tensor_type = tensor;
    onnx__value_info_proto__init(info);
    info->name = copy;
    info->type = outer;
    return push(onnx, list, info) ? copy : "";
}

const char *sb_onnx_input(struct sb_onnx *onnx, const char *name, int ndim, const int64_t *dims)
{
    return onnx ? add_value_info(onnx, &onnx->inputs, name, SB_ONNX_F32, ndim, dims) : "";
}

void sb_onnx_output(struct sb_onnx *onnx, const char *value, enum sb_onnx_type type, int ndim,
                    const int64_t *dims)
{
    if (onnx)
        add_value_info(onnx, &onnx->outputs, value, type, ndim, dims);
}

/* ---- constants ---- */

static size_t type_bytes(enum sb_onnx_type type)
{
    return type == SB_ONNX_F32 || type == SB_ONNX_I32 ? 4 : 8;
}

static size_t count_of(int ndim, const int64_t *dims)
{
    size_t count = 1;
    for (int i = 0; i < ndim; i++)
        count *= (size_t)dims[i]; /* the caller has such an array in memory */
    return count;
}

/* `name` and `values` must live as long as the writer. */
static const char *add_tensor(struct sb_onnx *onnx, char *name, enum sb_onnx_type type, int ndim,
                              const int64_t *dims, const void *values)
{
    Onnx__TensorProto *t = take(onnx, 1, sizeof(*t));
    int64_t *copy = copy_ints(onnx, (size_t)ndim, dims);
    if (!t || !copy || !name)
        return "";
    onnx__tensor_proto__init(t);
    t->name = name;
    t->dims = copy;
    t->n_dims = (size_t)ndim;
    t->has_data_type = true;
    t->data_type = (int32_t)type;
    t->has_raw_data = true;
    t->raw_data.data = (uint8_t *)(uintptr_t)values; /* only read */
    t->raw_data.len = count_of(ndim, dims) * type_bytes(type);
    return push(onnx, &onnx->tensors, t) ? name : "";
}

const char *sb_onnx_weights(struct sb_onnx *onnx, const char *name, int ndim, const int64_t *dims,
                            const float *values)
{
    return add_tensor(onnx, copy_text(onnx, name), SB_ONNX_F32, ndim, dims, values);
}

const char *sb_onnx_constant(struct sb_onnx *onnx, enum sb_onnx_type type, int ndim,
                             const int64_t *dims, const void *values)
{
    const size_t bytes = count_of(ndim, dims) * type_bytes(type);
    void *copy = take(onnx, bytes + 1, 1);
    if (!copy)
        return "";
    memcpy(copy, values, bytes);
    return add_tensor(onnx, fresh_name(onnx, "constant"), type, ndim, dims, copy);
}

const char *sb_onnx_f32(struct sb_onnx *onnx, float value)
{
    return sb_onnx_constant(onnx, SB_ONNX_F32, 0, NULL, &value);
}

const char *sb_onnx_i64(struct sb_onnx *onnx, int64_t value)
{
    return sb_onnx_constant(onnx, SB_ONNX_I64, 0, NULL, &value);
}

const char *sb_onnx_f32s(struct sb_onnx *onnx, size_t count, const float *values)
{
    const int64_t dim = (int64_t)count;
    return sb_onnx_constant(onnx, SB_ONNX_F32, 1, &dim, values);
}

const char *sb_onnx_i64s(struct sb_onnx *onnx, size_t count, const int64_t *values)
{
    const int64_t dim = (int64_t)count;
    return sb_onnx_constant(onnx, SB_ONNX_I64, 1, &dim, values);
}

/* ---- nodes ---- */

/* Room for a second output, which protobuf-c reads from n_output alone. */
static bool set_outputs(struct sb_onnx *onnx, Onnx__NodeProto *node, const char *op_type)
{
    char **outputs = take(onnx, 2, sizeof(*outputs));
    char *name = fresh_name(onnx, op_type);
    if (!outputs || !name)
        return false;
    outputs[0] = name;
    node->output = outputs;
    node->n_output = 1;
    node->name = name;
    return true;
}

const char *sb_onnx_op(struct sb_onnx *onnx, const char *op_type, const char *const *inputs,
                       int num_inputs)
{
    Onnx__NodeProto *node = take(onnx, 1, sizeof(*node));
    char **copy = take(onnx, (size_t)num_inputs + 1, sizeof(*copy));
    if (!node || !copy)
        return "";
    onnx__node_proto__init(node);
    for (int i = 0; i < num_inputs; i++)
        copy[i] = (char *)(uintptr_t)inputs[i]; /* names live as long as the writer */
    node->input = copy;
    node->n_input = (size_t)num_inputs;
    node->op_type = copy_text(onnx, op_type);
    if (!node->op_type || !set_outputs(onnx, node, op_type) || !push(onnx, &onnx->nodes, node))
        return "";
    onnx->last = node;
    return node->output[0];
}

const char *sb_onnx_op1(struct sb_onnx *onnx, const char *op_type, const char *a)
{
    return sb_onnx_op(onnx, op_type, &a, 1);
}

const char *sb_onnx_op2(struct sb_onnx *onnx, const char *op_type, const char *a, const char *b)
{
    const char *const inputs[2] = {a, b};
    return sb_onnx_op(onnx, op_type, inputs, 2);
}

const char *sb_onnx_op3(struct sb_onnx *onnx, const char *op_type, const char *a, const char *b,
                        const char *c)
{
    const char *const inputs[3] = {a, b, c};
    return sb_onnx_op(onnx, op_type, inputs, 3);
}

const char *sb_onnx_name(struct sb_onnx *onnx, const char *name)
{
    char *copy = copy_text(onnx, name);
    if (!copy || !onnx->last)
        return "";
    onnx->last->output[0] = onnx->last->name = copy;
    return copy;
}

const char *sb_onnx_second(struct sb_onnx *onnx)
{
    char *name = fresh_name(onnx, "second");
    if (!name || !onnx->last)
        return "";
    onnx->last->output[1] = name;
    onnx->last->n_output = 2;
    return name;
}

/* ---- attributes of the last node ---- */

static Onnx__AttributeProto *add_attribute(struct sb_onnx *onnx, const char *name, int type)
{
    Onnx__AttributeProto *a = take(onnx, 1, sizeof(*a));
    char *copy = copy_text(onnx, name);
    if (!a || !copy || !onnx->last)
        return NULL;
    Onnx__NodeProto *node = onnx->last;
    Onnx__AttributeProto **all = take(onnx, node->n_attribute + 1, sizeof(Onnx__AttributeProto *));
    if (!all)
        return NULL;
    for (size_t i = 0; i < node->n_attribute; i++)
        all[i] = node->attribute[i];
    all[node->n_attribute++] = a;
    node->attribute = all;
    onnx__attribute_proto__init(a);
    a->name = copy;
    a->has_type = true;
    a->type = type;
    return a;
}

void sb_onnx_attr_int(struct sb_onnx *onnx, const char *name, int64_t value)
{
    Onnx__AttributeProto *a = add_attribute(onnx, name, ATTR_INT);
    if (a) {
        a->has_i = true;
        a->i = value;
    }
}

void sb_onnx_attr_ints(struct sb_onnx *onnx, const char *name, size_t count, const int64_t *values)
{
    int64_t *copy = copy_ints(onnx, count, values);
    Onnx__AttributeProto *a = copy ? add_attribute(onnx, name, ATTR_INTS) : NULL;
    if (a) {
        a->ints = copy;
        a->n_ints = count;
    }
}

void sb_onnx_attr_float(struct sb_onnx *onnx, const char *name, float value)
{
    Onnx__AttributeProto *a = add_attribute(onnx, name, ATTR_FLOAT);
    if (a) {
        a->has_f = true;
        a->f = value;
    }
}

void sb_onnx_attr_text(struct sb_onnx *onnx, const char *name, const char *value)
{
    char *copy = copy_text(onnx, value);
    Onnx__AttributeProto *a = copy ? add_attribute(onnx, name, ATTR_STRING) : NULL;
    if (a) {
        a->has_s = true;
        a->s.data = (uint8_t *)copy;
        a->s.len = strlen(value);
    }
}

/* ---- writing ---- */

/* A protobuf-c buffer that writes to a file. */
struct sink {
    ProtobufCBuffer base;
    FILE *fp;
    int error; /* errno of the first failure */
};

static void append(ProtobufCBuffer *buffer, size_t length, const uint8_t *data)
{
    struct sink *sink = (struct sink *)buffer;
    if (!sink->error && length && fwrite(data, 1, length, sink->fp) != length)
        sink->error = errno ? errno : EIO;
}

static int write_model(const Onnx__ModelProto *model, const char *path, struct sb_error *err)
{
    struct sb_outfile out;
    int rc = sb_outfile_open(&out, path, err);
    if (rc)
        return rc;
    struct sink sink = {.base = {append}, .fp = out.fp};
    onnx__model_proto__pack_to_buffer(model, &sink.base);
    if (sink.error) {
        errno = sink.error;
        rc = sb_error_errno(err, "cannot write", path);
    }
    if (rc == 0)
        rc = sb_outfile_commit(&out, err);
    sb_outfile_abort(&out);
    return rc;
}

int sb_onnx_write(struct sb_onnx *onnx, const char *path, struct sb_error *err)
{
    if (!onnx || onnx->failed)
        return sb_error_nomem(err, "an ONNX model", BLOCK_BYTES);
    Onnx__GraphProto graph = ONNX__GRAPH_PROTO__INIT;
    Onnx__OperatorSetIdProto opset = ONNX__OPERATOR_SET_ID_PROTO__INIT, *opsets[1] = {&opset};
    Onnx__ModelProto model = ONNX__MODEL_PROTO__INIT;
    graph.name = (char *)(uintptr_t)onnx->name;
    graph.node = (Onnx__NodeProto **)onnx->nodes.items;
    graph.n_node = onnx->nodes.count;
    graph.initializer = (Onnx__TensorProto **)onnx->tensors.items;
    graph.n_initializer = onnx->tensors.count;
    graph.input = (Onnx__ValueInfoProto **)onnx->inputs.items;
    graph.n_input = onnx->inputs.count;
    graph.output = (Onnx__ValueInfoProto **)onnx->outputs.items;
    graph.n_output = onnx->outputs.count;
    opset.domain = "";
    opset.has_version = true;
    opset.version = SB_ONNX_OPSET;
    model.has_ir_version = true;
    model.ir_version = IR_VERSION;
    model.producer_name = "spinebench";
    model.producer_version = (char *)(uintptr_t)sb_build.version;
    model.doc_string = (char *)(uintptr_t)onnx->description;
    model.graph = &graph;
    model.opset_import = opsets;
    model.n_opset_import = 1;
    const size_t bytes = onnx__model_proto__get_packed_size(&model);
    if (bytes > SB_ONNX_MAX_BYTES)
        return sb_error_set(err, SB_EUNSUPPORTED,
                            "the model takes %zu bytes, but an ONNX file holds at most %d", bytes,
                            SB_ONNX_MAX_BYTES);
    return write_model(&model, path, err);
}
