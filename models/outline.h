/*
 * The outline of a model: its blocks and the edges between them, for listings and drawings. It is
 * read off the graph, so it shows what is built, implicit edges included; what the graph does not
 * say, the types and order of the backbone's blocks, comes from the spec.
 *
 *     struct sb_outline o;
 *     int rc = sb_outline_init(&o, model, &err);
 *     ... o.blocks[o.edges[i].from].name ...
 *     sb_outline_release(&o);
 */
#ifndef SB_MODELS_OUTLINE_H
#define SB_MODELS_OUTLINE_H

#include "base/error.h"
#include "base/str.h"
#include "models/model.h"

#include <stdbool.h>
#include <stddef.h>

/* Parts of a model, in the order of a drawing. */
enum sb_part { SB_PART_INPUT, SB_PART_BACKBONE, SB_PART_NECK, SB_PART_HEAD };

struct sb_outline_block {
    const char *name; /* "backbone/block14", borrowed from the graph */
    const char *kind; /* "bottleneck", "residual", "mbconv", "stem", "endpoint", "fpn", "nasfpn",
                         "class head", ...; static */
    enum sb_part part;
    enum sb_level level;
    struct sb_shape shape; /* of its last node */
    size_t num_nodes;
    size_t params;      /* trainable values first used here */
    const char *output; /* name of its last model output, or NULL; borrowed */
    bool is_stem;       /* of the backbone, before the permuted part */
    bool is_output;     /* backbone block whose map goes to an endpoint */
};

enum sb_edge_kind {
    SB_EDGE_PLAIN,     /* the map as it is */
    SB_EDGE_RESAMPLED, /* through a cross-scale connection */
    SB_EDGE_IMPLICIT   /* added to an output block because nothing else reads it */
};
struct sb_outline_edge {
    size_t from, to; /* indices of blocks */
    enum sb_edge_kind kind;
};

struct sb_outline {
    struct sb_outline_block *blocks; /* in order of computation, owned */
    size_t num_blocks, cap_blocks;
    struct sb_outline_edge *edges; /* by `to`, then in order of use, owned */
    size_t num_edges, cap_edges;
};

/* The model must outlive the outline. On failure nothing needs to be released. */
int sb_outline_init(struct sb_outline *out, const struct sb_model *model, struct sb_error *err);
void sb_outline_release(struct sb_outline *outline);

/* "plain", "resampled", "implicit" */
const char *sb_edge_kind_name(enum sb_edge_kind kind);

/* A Graphviz document: blocks on ranks by level. */
void sb_outline_dot(const struct sb_outline *outline, const char *title, struct sb_str *out);

/* A gnuplot script (base/gnuplot.h) that draws backbone and neck: blocks in order from left to
 * right at the height of their level, output blocks marked, edges by kind; and the size it wants.
 */
int sb_outline_gnuplot(const struct sb_outline *outline, const char *title, struct sb_str *out,
                       int *width, int *height, struct sb_error *err);

#endif
