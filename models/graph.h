/*
 * The graph of a model: nodes in topological order, each with an op, typed parameters, input
 * edges, an inferred output shape, a level tag, a block path and weight slots. Graphs are built
 * only by the block library (models/blocks.h), so every variant is made of the same blocks; costs,
 * engine, export and plots only read them.
 *
 * Shapes are (N, C, H, W). Tensors with fewer dimensions use 1: a matrix of R rows and C columns is
 * (R, C, 1, 1). Boxes are ymin, xmin, ymax, xmax in input pixels; rows past the valid count have
 * score -1. Weight layouts are those of ONNX and PyTorch:
 *   conv kernel (Cout, Cin, kh, kw) · depthwise kernel (C, 1, kh, kw) · transposed conv kernel
 *   (Cin, Cout, kh, kw) · fully connected kernel (Cout, Cin * H * W), columns in C, H, W order.
 *
 * Example: one conv-BN-ReLU
 *     struct sb_graph *g = sb_graph_new("tiny", &err);
 *     int x = sb_graph_input(g, "input", shape, &err);      // node index, or < 0
 *     ...
 *     sb_graph_free(&g);
 */
#ifndef SB_MODELS_GRAPH_H
#define SB_MODELS_GRAPH_H

#include "base/error.h"
#include "models/level.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sb_op {
    SB_OP_INPUT,      /* a tensor given by the caller */
    SB_OP_CONV,       /* 2-D convolution, optional bias */
    SB_OP_DWCONV,     /* depthwise convolution, multiplier 1, optional bias */
    SB_OP_DECONV,     /* transposed convolution, optional bias */
    SB_OP_FC,         /* matrix product over the flattened C, H, W of each N, optional bias */
    SB_OP_BATCHNORM,  /* inference form: (x - mean) * gamma / sqrt(variance + epsilon) + beta */
    SB_OP_ACT,        /* element-wise activation */
    SB_OP_ADD,        /* element-wise sum of >= 2 inputs of equal shape, left to right */
    SB_OP_MUL,        /* x * y; y may be (N, C, 1, 1): a gate per channel */
    SB_OP_SCALE,      /* x * constant (the mean over levels divides by their number) */
    SB_OP_MAXPOOL,    /* max pool; padding never wins */
    SB_OP_GLOBAL_AVG, /* mean over H, W -> (N, C, 1, 1) */
    SB_OP_GLOBAL_MAX, /* max over H, W -> (N, C, 1, 1) */
    SB_OP_RESIZE,     /* nearest: source index = floor(dst * in / out), no half-pixel offset */
    SB_OP_SOFTMAX,    /* over C */
    SB_OP_PROPOSALS,  /* RPN scores and deltas of all levels -> (N * R, 5, 1, 1): box, score */
    SB_OP_ROI_ALIGN, /* features of all levels + rows whose first 4 are a box -> (N * R, C, k, k) */
    SB_OP_DETECTIONS, /* class scores (after softmax), deltas, proposals -> (N * D, 6, 1, 1): box,
                         score, class */
    SB_OP_SELECT,     /* x (N, C, H, W), rows of 6 -> (N, 1, H, W): each row's class channel of x */
    SB_OP_COUNT
};

enum sb_act { SB_ACT_NONE, SB_ACT_RELU, SB_ACT_SWISH, SB_ACT_SIGMOID };

/* What a weight slot holds; gives its layout and which checkpoint variable it maps to. */
enum sb_slot_kind {
    SB_SLOT_KERNEL,
    SB_SLOT_BIAS,
    SB_SLOT_GAMMA,
    SB_SLOT_BETA,
    SB_SLOT_MEAN,
    SB_SLOT_VARIANCE
};

/* How the published code initialises a kernel. Only cost counting needs it (profilers count the
 * arithmetic of initialisers): values are drawn by models/weights.h. */
enum sb_init {
    SB_INIT_NORMAL, /* value * deviation + mean */
    SB_INIT_GLOROT  /* uniform: value * (high - low) + low; depthwise kernels, FPN, fc6 */
};

struct sb_shape {
    int64_t n, c, h, w; /* each 1..2^31-1; 4 * their product fits in size_t */
};

/* Kernel, stride and explicit zero padding of conv, dwconv, deconv and maxpool. */
struct sb_window {
    int kernel_h, kernel_w;
    int stride_h, stride_w;
    int pad_top, pad_left, pad_bottom, pad_right;
};

/* Parameters of the region ops; fields that an op does not use are 0. */
struct sb_region_params {
    int min_level, max_level; /* pyramid levels of the inputs */
    int image_h, image_w;     /* output_size: boxes are clipped to [0, size - 1] */
    int pre_nms_top_k;        /* per level (proposals) or per class (detections) */
    int post_nms_top_k;       /* rows of the output per image */
    int roi_size;             /* ROI_ALIGN: k */
    int anchor_scales;        /* scales per octave */
    int num_ratios;
    double aspect_ratios[8]; /* w / h */
    double anchor_size;      /* anchor side = anchor_size * 2^level */
    double nms_threshold;    /* a box is suppressed at IoU >= this */
    double score_threshold;  /* strict: kept only above */
    double box_weights[4];   /* ty, tx, th, tw are divided by these */
    double soft_nms_sigma;   /* DETECTIONS: > 0 soft NMS with this sigma; 0 hard */
};

struct sb_node {
    enum sb_op op;
    int *inputs; /* indices of earlier nodes, owned by the graph */
    int num_inputs;
    struct sb_shape shape; /* output */
    enum sb_level level;
    const char *path;   /* unique: "backbone/block14/conv2/conv", owned by the graph */
    const char *block;  /* prefix of path that names the block: "backbone/block14" */
    const char *output; /* name under which it is a model output ("feature_p3"), or NULL */
    int slots[4]; /* indices of weight slots: CONV.. kernel, bias; BN gamma, beta, mean, var */
    int num_slots;
    union {
        struct sb_window window; /* CONV, DWCONV, DECONV, MAXPOOL */
        struct {
            double epsilon;
        } batchnorm;
        struct {
            enum sb_act kind;
        } act;
        struct {
            double factor;
        } scale;
        struct {
            bool
                repeats; /* enlarges by a whole factor by repeating pixels, see sb_graph_repeat() */
        } resize;
        struct sb_region_params region; /* PROPOSALS, ROI_ALIGN, DETECTIONS */
    } u;
};

/* One trainable (or moving-statistics) tensor; shared layers have one slot used by many nodes. */
struct sb_slot {
    const char *name; /* canonical: "backbone/block14/conv2/conv/kernel", owned by the graph */
    enum sb_slot_kind kind;
    enum sb_op op;     /* op of the nodes that use it: gives the layout */
    enum sb_init init; /* kernels only */
    int ndim;
    int64_t shape[4];  /* layout of the file comment; unused = 1 */
    int64_t fc_chw[3]; /* FC kernel: C, H, W of the flattened input (TensorFlow: H, W, C) */
};

struct sb_graph {
    char *name; /* "retinanet-spinenet-49" */
    struct sb_node *nodes;
    size_t num_nodes, cap_nodes;
    struct sb_slot *slots;
    size_t num_slots, cap_slots;
    char **strings; /* every path and name above */
    size_t num_strings, cap_strings;
    const char *block;   /* of the nodes to come, see sb_graph_set_block() */
    enum sb_level level; /* of the nodes to come */
    enum sb_init init;   /* of the kernels to come, see sb_graph_set_init() */
    size_t *slot_table;  /* hash of slot names: index + 1, or 0; cap_table is a power of two */
    size_t cap_table;
};

struct sb_graph *sb_graph_new(const char *name, struct sb_error *err);
void sb_graph_free(struct sb_graph **graph);

/* "conv", "batchnorm", ... */
const char *sb_op_name(enum sb_op op);
const char *sb_act_name(enum sb_act act);
const char *sb_slot_kind_name(enum sb_slot_kind kind);
/* "(1, 256, 80, 80)" in buf. */
#define SB_SHAPE_TEXT 96
const char *sb_shape_text(struct sb_shape shape, char buf[SB_SHAPE_TEXT]);
bool sb_shape_equal(struct sb_shape a, struct sb_shape b);
/* Elements of a shape. */
size_t sb_shape_count(struct sb_shape shape);
/* Elements of a slot. */
size_t sb_slot_count(const struct sb_slot *slot);
/* Index of the node that is output `name`, or -1. */
int sb_graph_find_output(const struct sb_graph *graph, const char *name);
/* Index of the slot of that canonical name, or -1. */
int sb_graph_find_slot(const struct sb_graph *graph, const char *name);
/* Trainable values: all slots but moving means and variances. */
size_t sb_graph_params(const struct sb_graph *graph);

/*
 * Building. Each adds one node, infers its shape and returns its index (>= 0) or a negative
 * sb_err with both shapes in the message. A negative input index stands for an earlier call that
 * failed: it is returned as it is and err keeps the first message, so a chain of calls needs one
 * check at its end. `path` is copied. The block and level of a node are what the last
 * sb_graph_set_block() said; "" is no block.
 * Weight slots: `weights` names them ("backbone/stem/conv" makes ".../kernel" and ".../bias"); NULL
 * takes the node's path. A second node with the same name shares the slot; a different shape is an
 * error.
 */
int sb_graph_set_block(struct sb_graph *graph, const char *block, enum sb_level level,
                       struct sb_error *err);
/* Initialiser of the kernels that are added from now on (default NORMAL); depthwise kernels are
 * always GLOROT. */
void sb_graph_set_init(struct sb_graph *graph, enum sb_init init);
int sb_graph_input(struct sb_graph *graph, const char *path, struct sb_shape shape,
                   struct sb_error *err);
int sb_graph_conv(struct sb_graph *graph, int input, const char *path, const char *weights,
                  int64_t cout, struct sb_window window, bool bias, struct sb_error *err);
int sb_graph_dwconv(struct sb_graph *graph, int input, const char *path, const char *weights,
                    struct sb_window window, bool bias, struct sb_error *err);
int sb_graph_deconv(struct sb_graph *graph, int input, const char *path, const char *weights,
                    int64_t cout, struct sb_window window, bool bias, struct sb_error *err);
int sb_graph_fc(struct sb_graph *graph, int input, const char *path, const char *weights,
                int64_t cout, bool bias, struct sb_error *err);
int sb_graph_batchnorm(struct sb_graph *graph, int input, const char *path, const char *weights,
                       double epsilon, struct sb_error *err);
int sb_graph_act(struct sb_graph *graph, int input, const char *path, enum sb_act act,
                 struct sb_error *err);
int sb_graph_add(struct sb_graph *graph, const int *inputs, int num_inputs, const char *path,
                 struct sb_error *err);
int sb_graph_mul(struct sb_graph *graph, int x, int y, const char *path, struct sb_error *err);
int sb_graph_scale(struct sb_graph *graph, int input, const char *path, double factor,
                   struct sb_error *err);
int sb_graph_maxpool(struct sb_graph *graph, int input, const char *path, struct sb_window window,
                     struct sb_error *err);
/* op: GLOBAL_AVG, GLOBAL_MAX or SOFTMAX */
int sb_graph_unary(struct sb_graph *graph, enum sb_op op, int input, const char *path,
                   struct sb_error *err);
int sb_graph_resize(struct sb_graph *graph, int input, const char *path, int64_t h, int64_t w,
                    struct sb_error *err);
/*
 * Inputs, with L = max_level - min_level + 1 levels ascending and `shape` the output's shape:
 *
 * PROPOSALS: L scores (N, A, H, W), then L deltas (N, 4 A, H, W).
 *     shape (N * post_nms_top_k, 5, 1, 1)
 *
 * ROI_ALIGN: L features (N, C, H, W), then rows (M, 5 or 6, 1, 1), M a multiple of N, image by
 * image.
 *     shape (M, C, roi_size, roi_size)
 *
 * DETECTIONS: scores (M, classes, 1, 1), deltas (M, 4 classes, 1, 1), proposals (M, 5, 1, 1).
 *     shape (N * post_nms_top_k, 6, 1, 1)
 */
/* A RESIZE by a whole factor that the published code spells as repeated pixels. The values are
 * those of sb_graph_resize(); profilers count the arithmetic of its target size. */
int sb_graph_repeat(struct sb_graph *graph, int input, const char *path, int64_t factor,
                    struct sb_error *err);
int sb_graph_region(struct sb_graph *graph, enum sb_op op, const int *inputs, int num_inputs,
                    const char *path, struct sb_shape shape, const struct sb_region_params *params,
                    struct sb_error *err);
/* x and the rows of a DETECTIONS node, one per N of x. */
int sb_graph_select(struct sb_graph *graph, int x, int rows, const char *path,
                    struct sb_error *err);
/* Marks a node as a model output. */
int sb_graph_output(struct sb_graph *graph, int node, const char *name, struct sb_error *err);

/* Checks every invariant above (edges point back, shapes re-infer, names unique, every op known).
 */
int sb_graph_check(const struct sb_graph *graph, struct sb_error *err);

#endif
