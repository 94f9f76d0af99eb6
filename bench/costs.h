/*
 * Static costs of a graph: what each node multiplies, adds, stores and reads, from shapes alone.
 * Every op has a rule (a table in costs.c); an op without one is an error, never a silent zero.
 *
 *     struct sb_costs costs;
 *     int rc = sb_costs_count(&costs, graph, &err);
 *     ... costs.total.macs, costs.level[SB_LEVEL_3].params, costs.node[i].output_bytes ...
 *     sb_costs_release(&costs);
 *
 * The counts are kept apart by what they are, so that each convention for "FLOPs" is one formula
 * over them (bench/conventions.h). Weights shared by several nodes count once, with the node that
 * comes first. Not to be confused with engine/plan.h, which tells what an engine really stores.
 */
#ifndef SB_BENCH_COSTS_H
#define SB_BENCH_COSTS_H

#include "base/error.h"
#include "models/graph.h"

#include <stddef.h>
#include <stdint.h>

/* Costs of one node, or the sum over some. Elements are of whole batches. */
struct sb_cost {
    int64_t nodes;          /* nodes counted */
    int64_t params;         /* trainable values: kernels, biases, gamma, beta */
    int64_t macs;           /* multiply-adds of conv, dwconv, deconv and fc on the padded input */
    int64_t dw_macs;        /* of these, depthwise */
    int64_t bias_adds;      /* output elements of layers with a bias */
    int64_t pool_ops;       /* kernel area x output elements of max pools */
    int64_t bn_elements;    /* batch norm: output elements */
    int64_t bn_channels;    /* batch norm: channels of distinct parameter sets */
    int64_t add_elements;   /* sums: (inputs - 1) x output elements */
    int64_t gate_elements;  /* products x * y: output elements */
    int64_t scale_elements; /* products with or divisions by a constant: output elements */
    int64_t swish_elements; /* swish activations: output elements */
    int64_t mean_elements;  /* means over height and width: input elements */
    int64_t softmax_elements;
    int64_t resize_scalars; /* 2 per enlargement by repeated pixels: its target size */
    int64_t kernel_values;  /* values of distinct conv and fc kernels */
    int64_t glorot_kernels; /* distinct kernels with a Glorot-uniform initialiser */
    int64_t region_ops;     /* box arithmetic of proposals, RoIAlign, detections, without adds */
    int64_t region_adds;    /* and its adds */
    int64_t input_bytes;    /* float32 values read from other nodes */
    int64_t output_bytes;   /* float32 values written */
};

struct sb_costs {
    size_t num_nodes;
    struct sb_cost *node; /* num_nodes, owned; in graph order */
    struct sb_cost level[SB_LEVEL_COUNT];
    struct sb_cost total;
    /* The most bytes alive at once when every node runs in order, a value dies after its last
     * reader, and element-wise nodes overwrite an input that dies with them. Model inputs are
     * the caller's and outputs its result: both live to the end. A lower bound for any arena. */
    int64_t live_peak_bytes;
    size_t live_peak_node; /* where that happens */
};

/* On failure (an op without a rule, out of memory) nothing needs to be released. */
int sb_costs_count(struct sb_costs *out, const struct sb_graph *graph, struct sb_error *err);
void sb_costs_release(struct sb_costs *costs);

/* *sum += *cost, field by field. */
void sb_cost_add(struct sb_cost *sum, const struct sb_cost *cost);

#endif
