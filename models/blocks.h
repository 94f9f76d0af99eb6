/*
 * The block library: the parts that every model is made of. A family (family_*.c), neck or head
 * calls these and nothing else of the graph but outputs and the region ops.
 *
 * Every function returns the index of the node with its result, or a negative sb_err; a negative
 * input passes through (see graph.h), so a chain of blocks is checked once at its end.
 *
 * Canonical names. A node's path is PART/BLOCK/[GROUP/]UNIT/LAYER and its weight slots append
 * kernel, bias, gamma, beta, moving_mean or moving_variance. Layers are conv, dwconv, deconv, fc,
 * bn; numbers count from 0 in the order of creation of the published code:
 *
 *     backbone/stem/conv0                            stem convolution
 *     backbone/block{n}/repeat{r}/shortcut           projection, where there is one
 *     backbone/block{n}/repeat{r}/conv{k}            k = 0, 1, 2 (bottleneck), 0, 1 (residual)
 *     backbone/block{n}/repeat{r}/expand, depthwise, se_reduce, se_expand, project    (MBConv)
 *     backbone/block{n}/parent{j}/conv{k}            resampling of the j-th parent; k counts what
 * is there: first 1x1, [3x3 stride 2], last 1x1 backbone/block{n}/parent{j}/down{k}, project   the
 * same, separable (MBConv) backbone/p{l}/endpoint                         endpoint convolution of
 * level l backbone/stage{s}/block{i}/shortcut, conv{k}   ResNet, s = 2..5 neck/p{l}/lateral, post,
 * down                  FPN; its final batch norms are neck/p{l}/bn neck/cell{c}/node{n} NAS-FPN,
 * nodes 5.. as published head/class/conv{k}, head/box/conv{k}           RetinaNet towers, shared by
 * the levels; head/class/conv{k}/p{l}/bn                     their batch norms are not
 *     head/class/predict, head/box/predict
 *     rpn/conv{k}, rpn/conv{k}/p{l}/bn, rpn/score, rpn/box
 *     box_head/conv{k}, box_head/fc{k}, box_head/class, box_head/box
 *     mask_head/conv{k}, mask_head/up, mask_head/logits
 *     classifier
 *
 * so that "backbone/block14/repeat0/conv1/conv/kernel" and ".../conv1/bn/gamma" are slots. Shared
 * layers are named without the level, their nodes with it ("head/class/p3/conv0/conv").
 *
 * Order of creation: slots of a graph appear in the order in which the published code creates its
 * variables within each of its scopes (shortcut before the main path, first parent before the
 * second, endpoints in ascending level order after all blocks). Automatic numbering ("conv2d_7")
 * is therefore the rank of a slot among those of its scope and kind.
 */
#ifndef SB_MODELS_BLOCKS_H
#define SB_MODELS_BLOCKS_H

#include "base/error.h"
#include "models/graph.h"

#include <stdbool.h>
#include <stdint.h>

#define SB_MIN_LEVEL 1
#define SB_MAX_LEVEL 7

/* What the blocks of one model share. */
struct sb_builder {
    struct sb_graph *graph; /* borrowed */
    struct sb_error *err;   /* borrowed */
    enum sb_act act;        /* of every unit that has one */
    double epsilon;         /* of every batch norm */
};

/* A path by value: sb_pathf("%s/conv%d", prefix, k).text lives to the end of the expression. */
struct sb_path {
    char text[160];
};
struct sb_path sb_pathf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* One map per level; nodes[l] is valid for min_level..max_level. */
struct sb_pyramid {
    int min_level, max_level;
    int nodes[SB_MAX_LEVEL + 1];
};

/* "p3" .. of a level tag. */
enum sb_level sb_level_of(int level);

/* ceil(size / 2^level): the side of a level's map. */
int64_t sb_level_side(int64_t size, int level);

/*
 * Windows. TensorFlow's SAME keeps ceil(size / stride), the padding's smaller half in front, and
 * depends on the input; the backbones' fixed padding (kernel - 1 in all when stride > 1) does not.
 */
struct sb_window sb_window_same(struct sb_shape in, int kernel, int stride);
struct sb_window sb_window_fixed(struct sb_shape in, int kernel, int stride);

/* A convolution with what follows it. Its nodes are PATH/conv (or dwconv), PATH/bn and PATH/act. */
enum sb_unit_flags {
    SB_UNIT_BIAS = 1,
    SB_UNIT_BN = 2,
    SB_UNIT_ACT = 4,
    SB_UNIT_SAME = 8,      /* SAME padding also for stride > 1 (necks); else fixed (backbones) */
    SB_UNIT_DEPTHWISE = 16 /* filters is ignored */
};
struct sb_unit {
    int64_t filters;
    int kernel;
    int stride;
    unsigned flags;
};
int sb_unit_add(const struct sb_builder *b, int x, const char *path, struct sb_unit unit);
/* The same with weights named `weights` and batch norm weights named `bn` ("head/conv0",
 * "head/conv0/p3"); NULL takes the path. */
int sb_unit_shared(const struct sb_builder *b, int x, const char *path, const char *weights,
                   const char *bn, struct sb_unit unit);
/* 3x3 depthwise without bias, then 1x1 with bias, nothing between; then BN and activation by flags.
 * Nodes PATH/depthwise/dwconv, PATH/pointwise/conv. */
int sb_separable_shared(const struct sb_builder *b, int x, const char *path, const char *weights,
                        const char *bn, int64_t filters, unsigned flags);

enum sb_block_type { SB_BLOCK_BOTTLENECK, SB_BLOCK_RESIDUAL, SB_BLOCK_MBCONV };
/* "bottleneck", "residual", "mbconv" */
const char *sb_block_type_name(enum sb_block_type type);

/* One block, or `repeats` of one in sequence. */
struct sb_block {
    enum sb_block_type type;
    int64_t filters; /* of the 3x3 convolution (MBConv: of the output) */
    int stride;      /* of the first repeat */
    int repeats;
    bool project;     /* projection shortcut even where shapes would allow the identity */
    int expand_ratio; /* MBConv: expanded channels per input channel */
    double se_ratio;  /* MBConv: squeezed channels per input channel; 0 = no squeeze-excite */
};
/* Channels that a block puts out: 4 * filters of a bottleneck, else filters. */
int64_t sb_block_channels(enum sb_block_type type, int64_t filters);
/* Nodes PATH/shortcut, PATH/conv0, ...; the block's final activation is PATH/act. */
int sb_block_once(const struct sb_builder *b, int x, const char *path,
                  const struct sb_block *block);
/* Repeats under PATH/repeat0, PATH/repeat1, ... */
int sb_block_group(const struct sb_builder *b, int x, const char *path,
                   const struct sb_block *block);

/* A map of the permuted network that a later block reads. */
struct sb_source {
    int node;
    int level;
    int64_t filters; /* of its block, before a bottleneck's factor 4 */
};
/* What a block's merged input looks like. */
struct sb_target {
    int level;
    int64_t height, width, channels;
};
/*
 * Cross-scale resampling: 1x1 to int(alpha * filters), BN, activation; to a smaller size 3x3
 * stride 2, BN, activation, and a max pool when the ratio exceeds 2; to a larger one nearest
 * neighbour; last 1x1 to the target's channels, BN.
 */
int sb_resample(const struct sb_builder *b, struct sb_source from, struct sb_target to,
                double alpha, const char *path);
/* MBConv networks: 3x3 stride 2 depthwise, BN, activation per factor 2, or nearest neighbour; last
 * 1x1 as above. */
int sb_resample_separable(const struct sb_builder *b, struct sb_source from, struct sb_target to,
                          const char *path);

/* Nearest neighbour to height x width, by repetition where the factor is whole; x itself where it
 * has that size. */
int sb_resize_to(const struct sb_builder *b, int x, int64_t height, int64_t width,
                 const char *path);
/* Sum, or the node itself when there is one. */
int sb_sum(const struct sb_builder *b, const int *nodes, int count, const char *path);
/* Max pool with SAME padding. */
int sb_maxpool_same(const struct sb_builder *b, int x, int kernel, int stride, const char *path);
/* The builder's activation. */
int sb_activate(const struct sb_builder *b, int x, const char *path);
/* sb_graph_set_block() at a pyramid level. */
int sb_begin_block(const struct sb_builder *b, const char *block, enum sb_level level);
/* Marks pyramid maps as outputs PREFIX3, PREFIX4, ... ("feature_p"). */
int sb_pyramid_outputs(const struct sb_builder *b, const struct sb_pyramid *p, const char *prefix);

#endif
