/*
 * What a spec says, typed and checked: every number within its range, levels and parents in order.
 * Members, defaults and rules are described for users in docs/specs.md; defaults stand in
 * model_spec.c and backbone_spec.c. Building a graph from it is the families' work (family.h).
 */
#ifndef SB_MODELS_MODEL_SPEC_H
#define SB_MODELS_MODEL_SPEC_H

#include "base/error.h"
#include "base/json.h"
#include "models/blocks.h"
#include "models/model.h"
#include "models/spec.h"

#include <stdbool.h>
#include <stdint.h>

#define SB_SPEC_MAX_FILTERS  65536
#define SB_SPEC_MAX_REPEATS  64
#define SB_SPEC_MAX_BLOCKS   128
#define SB_SPEC_MAX_PARENTS  4
#define SB_SPEC_MAX_IMPLICIT 8
#define SB_SPEC_MAX_NAMES    128
#define SB_SPEC_NAME_SIZE    48
#define SB_SPEC_MAX_NODES    32 /* of a NAS-FPN cell, its inputs included */

enum sb_family { SB_FAMILY_SPINENET, SB_FAMILY_SPINENET_MBCONV, SB_FAMILY_RESNET };
/* "spinenet", "spinenet_mbconv", "resnet" */
const char *sb_family_name(enum sb_family family);

/* A block of a scale-permuted network. Stem blocks have no parents: they run in sequence. */
struct sb_permuted_block {
    int level;
    enum sb_block_type type;
    int64_t filters;                  /* scaled */
    int parents[SB_SPEC_MAX_PARENTS]; /* earlier blocks, stem included */
    int num_parents;
    int implicit[SB_SPEC_MAX_IMPLICIT]; /* childless blocks that are added to this output block */
    int num_implicit;
    bool output; /* its level's map goes to the endpoint of that level */
    bool used;   /* an output block, or one that leads to one */
};

/* "spinenet" and "spinenet_mbconv". */
struct sb_permuted_spec {
    struct sb_permuted_block blocks[SB_SPEC_MAX_BLOCKS]; /* stem first */
    int num_blocks;
    int num_stem;
    int block_repeats;
    int64_t stem_filters; /* of the first convolution, scaled */
    int64_t endpoint_filters;
    double resample_alpha; /* SpineNet */
    int expand_ratio;      /* MBConv */
    double se_ratio;       /* MBConv */
};

struct sb_resnet_spec {
    enum sb_block_type type;
    int64_t stem_filters;
    int repeats[4];     /* blocks of C2..C5 */
    int64_t filters[4]; /* of their 3x3 convolutions */
};

struct sb_backbone_spec {
    char name[96];
    enum sb_family family;
    enum sb_act act;
    int min_level, max_level; /* of what it puts out */
    union {
        struct sb_permuted_spec permuted;
        struct sb_resnet_spec resnet;
    } u;
};

enum sb_neck_type { SB_NECK_NONE, SB_NECK_FPN, SB_NECK_NASFPN };

/* A merging node of a NAS-FPN cell; indices 0.. are the cell's inputs, ascending by level. */
struct sb_cell_node {
    int level;
    bool attention; /* else sum */
    int inputs[2];
    bool output;
};

struct sb_neck_spec {
    enum sb_neck_type type;
    int64_t filters;
    int repeats;                                  /* NAS-FPN */
    struct sb_cell_node nodes[SB_SPEC_MAX_NODES]; /* NAS-FPN, the inputs first */
    int num_nodes;
};

/* A tower of 3x3 convolutions: RetinaNet and RPN heads, box and mask heads. */
struct sb_tower_spec {
    int convs;
    int64_t filters;
    bool separable;  /* RetinaNet */
    int fcs;         /* box head */
    int64_t fc_dims; /* box head */
};

struct sb_proposal_spec {
    int pre_nms_top_k;  /* per level */
    int post_nms_top_k; /* per level and over all levels */
    double nms_threshold;
};

struct sb_maskrcnn_spec {
    struct sb_tower_spec rpn, box, mask;
    struct sb_proposal_spec proposals;
    int box_roi_size, mask_roi_size;
    double box_weights[4]; /* ty, tx, th, tw */
};

struct sb_model_spec {
    char name[96];
    char description[512]; /* "" if none, cut when longer */
    enum sb_task task;
    int size_h, size_w;                                     /* default input size */
    int num_classes;                                        /* background included */
    int first_class;                                        /* of classifiers: that of label 0 */
    int num_names;                                          /* 0, or num_classes - 1 */
    char class_names[SB_SPEC_MAX_NAMES][SB_SPEC_NAME_SIZE]; /* from class 1 */
    enum sb_act act;
    double epsilon;
    bool sync_batchnorm;
    int min_level, max_level; /* of the pyramid that the heads read */
    struct sb_backbone_spec backbone;
    struct sb_neck_spec neck;
    struct sb_tower_spec head; /* RetinaNet */
    struct sb_maskrcnn_spec maskrcnn;
    bool aggregate_all; /* classification: mean over all levels, else the top one */
    struct sb_anchor_config anchor;
    struct sb_postprocess_config postprocess;
};

/* Reads a merged spec (spec.h). A document with "family" and no "task" is a bare backbone. */
int sb_model_spec_parse(const struct sb_json *root, struct sb_model_spec *out,
                        struct sb_error *err);

/* The backbone's part, without the members that a model lays over it. */
int sb_backbone_spec_parse(const struct sb_json *at, struct sb_backbone_spec *out,
                           struct sb_error *err);

/* The members of a scale-permuted network. */
int sb_permuted_spec_parse(const struct sb_json *at, struct sb_backbone_spec *out,
                           struct sb_error *err);

/* "neck", for a pyramid of min_level..max_level over a ResNet. */
int sb_neck_spec_parse(const struct sb_json *root, struct sb_model_spec *out, struct sb_error *err);
/* "head" of RetinaNet and classification; "rpn", "proposals", "box_head", "mask_head". */
int sb_head_spec_parse(const struct sb_json *root, struct sb_model_spec *out, struct sb_error *err);

/* An activation by name ("relu", "swish"); the member may be absent: *act keeps its value. */
int sb_spec_opt_act(const struct sb_json *at, struct sb_error *err, enum sb_act *act);
/* A number within (0, hi]; the member may be absent. */
int sb_spec_opt_positive(const struct sb_json *at, const char *key, double hi, double *value,
                         struct sb_error *err);
/* A threshold or ratio from 0 to 1; the member may be absent. */
int sb_spec_opt_fraction(const struct sb_json *at, const char *key, double *value,
                         struct sb_error *err);
/* An optional member as int within [lo, hi]. */
int sb_spec_opt_int(const struct sb_json *at, const char *key, int lo, int hi, int *value,
                    struct sb_error *err);

#endif
