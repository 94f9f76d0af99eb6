/* Shape inference, shared by the builders (graph_build.c) and the checker (graph_check.c). */
#ifndef SB_MODELS_GRAPH_SHAPE_H
#define SB_MODELS_GRAPH_SHAPE_H

#include "base/error.h"
#include "models/graph.h"

/* 0 when every dimension is 1..2^31-1 and the tensor's bytes fit in size_t; `path` is for the
 * message. */
int sb_shape_check(struct sb_shape shape, const char *path, struct sb_error *err);

/*
 * Output shape of a node from its inputs, parameters and slots. INPUT, RESIZE and the region ops
 * take it partly from node->shape, which is checked against the inputs. The node's input and slot
 * indices must be valid. Failures name the node's path and both shapes.
 */
int sb_graph_infer(const struct sb_graph *graph, const struct sb_node *node, struct sb_shape *out,
                   struct sb_error *err);

#endif
