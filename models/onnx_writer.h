/*
 * Builds an ONNX model node by node and writes it. Values are named strings: every function that
 * makes one returns its name, which lives as long as the writer, for use as input of later nodes;
 * nodes must be added in topological order. What a graph of models/graph.h becomes is in
 * models/onnx_export.h.
 *
 *     struct sb_onnx *o = sb_onnx_new("tiny");
 *     const char *x = sb_onnx_input(o, "x", 2, (int64_t[]){1, 8});
 *     sb_onnx_op2(o, "Mul", x, sb_onnx_f32(o, 0.5f));
 *     sb_onnx_output(o, sb_onnx_name(o, "y"), SB_ONNX_F32, 2, (int64_t[]){1, 8});
 *     int rc = sb_onnx_write(o, "tiny.onnx", &err);
 *     sb_onnx_free(&o);
 *
 * An allocation failure is remembered and reported by sb_onnx_write(); after it, and for a NULL
 * writer, the functions return "" and do nothing.
 */
#ifndef SB_MODELS_ONNX_WRITER_H
#define SB_MODELS_ONNX_WRITER_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Standard operators of this version; IR version 8 goes with it. */
#define SB_ONNX_OPSET 17
/* Bytes that a model may have: Protocol Buffers end at 2 GiB. */
#define SB_ONNX_MAX_BYTES 2147483647

/* TensorProto.DataType */
enum sb_onnx_type { SB_ONNX_F32 = 1, SB_ONNX_I32 = 6, SB_ONNX_I64 = 7, SB_ONNX_F64 = 11 };

struct sb_onnx;

/* NULL when out of memory. */
struct sb_onnx *sb_onnx_new(const char *graph_name);
void sb_onnx_free(struct sb_onnx **onnx);

/* A sentence about the model, for people. */
void sb_onnx_describe(struct sb_onnx *onnx, const char *text);
/* Names of values made from now on start with it: "proposals" gives "proposals/TopK_17". */
void sb_onnx_scope(struct sb_onnx *onnx, const char *prefix);

/* A float32 input of the model. */
const char *sb_onnx_input(struct sb_onnx *onnx, const char *name, int ndim, const int64_t *dims);
/* Declares a value as output of the model, under the name that it has. */
void sb_onnx_output(struct sb_onnx *onnx, const char *value, enum sb_onnx_type type, int ndim,
                    const int64_t *dims);

/* Constants. Values are copied, except sb_onnx_weights(): they must stay until written. */
const char *sb_onnx_weights(struct sb_onnx *onnx, const char *name, int ndim, const int64_t *dims,
                            const float *values);
const char *sb_onnx_constant(struct sb_onnx *onnx, enum sb_onnx_type type, int ndim,
                             const int64_t *dims, const void *values);
/* A scalar; a vector. */
const char *sb_onnx_f32(struct sb_onnx *onnx, float value);
const char *sb_onnx_i64(struct sb_onnx *onnx, int64_t value);
const char *sb_onnx_f32s(struct sb_onnx *onnx, size_t count, const float *values);
const char *sb_onnx_i64s(struct sb_onnx *onnx, size_t count, const int64_t *values);

/* A node with one output; "" is an absent optional input. */
const char *sb_onnx_op(struct sb_onnx *onnx, const char *op_type, const char *const *inputs,
                       int num_inputs);
const char *sb_onnx_op1(struct sb_onnx *onnx, const char *op_type, const char *a);
const char *sb_onnx_op2(struct sb_onnx *onnx, const char *op_type, const char *a, const char *b);
const char *sb_onnx_op3(struct sb_onnx *onnx, const char *op_type, const char *a, const char *b,
                        const char *c);
/* The last node: its output gets this name, which must be new; another output; its attributes. */
const char *sb_onnx_name(struct sb_onnx *onnx, const char *name);
const char *sb_onnx_second(struct sb_onnx *onnx);
void sb_onnx_attr_int(struct sb_onnx *onnx, const char *name, int64_t value);
void sb_onnx_attr_ints(struct sb_onnx *onnx, const char *name, size_t count, const int64_t *values);
void sb_onnx_attr_float(struct sb_onnx *onnx, const char *name, float value);
void sb_onnx_attr_text(struct sb_onnx *onnx, const char *name, const char *value);

/* Writes the model to a temporary name and renames it. SB_EUNSUPPORTED above SB_ONNX_MAX_BYTES. The
 * same calls give the same bytes. */
int sb_onnx_write(struct sb_onnx *onnx, const char *path, struct sb_error *err);

#endif
