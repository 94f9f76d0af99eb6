/*
 * Packed weights, kept apart from plans, so that plans of one model at several sizes share them:
 * the second plan packs nothing and is made in milliseconds.
 *
 *     struct sb_packed *packed = sb_packed_new(NULL, &err);
 *     options.packed = packed;
 *     struct sb_plan *large = sb_plan_new(graph_640, &weights, &options, &err);
 *     struct sb_plan *small = sb_plan_new(graph_320, &weights, &options, &err);   // same model
 *     ... sb_plan_free() of both ...
 *     sb_packed_free(&packed);
 *
 * The ranks of a machine can have them once for all: the first one packs, in memory that they
 * share.
 *
 * A weight slot may be packed for more than one kernel, and with or without the scale of a batch
 * normalisation. Plans may run at the same time, but are made one after the other.
 */
#ifndef SB_ENGINE_PACKED_H
#define SB_ENGINE_PACKED_H

#include "base/error.h"
#include "base/ranks.h"
#include "models/graph.h"
#include "models/level.h"
#include "models/weights.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sb_packed;
struct sb_kernel;
struct sb_simd;

/* Empty; it becomes a network's with the first plan. ranks, borrowed, or NULL: whose machines have
 * it once; they then make the same plans in the same order, and free it together. */
struct sb_packed *sb_packed_new(struct sb_ranks *ranks, struct sb_error *err);
/* After every plan that uses it. */
void sb_packed_free(struct sb_packed **packed);
/* Bytes of all that is packed. */
size_t sb_packed_bytes(const struct sb_packed *packed);

/* For plans alone. ------------------------------------------------------------------------------*/

/* One packed kernel. */
struct sb_packed_item {
    int slot;
    const struct sb_kernel *kernel;
    const struct sb_simd *simd;
    uint64_t scale; /* digest of the scale that was multiplied in; 0: none */
    enum sb_level level;
    size_t bytes;
    void *data;    /* NULL until sb_packed_allocate() */
    bool fresh;    /* not packed yet, by anybody */
    unsigned user; /* number of the plan that counted it last */
};

/* SB_EINVAL when the store holds another network's weights. */
int sb_packed_join(struct sb_packed *packed, const struct sb_graph *graph,
                   const struct sb_weights *weights, struct sb_error *err);
/* The item with the same slot, kernel, simd and scale as `like`, or a new one that is `like`; NULL
 * when memory is short. Its index is stable, its address is not. */
int sb_packed_find(struct sb_packed *packed, const struct sb_packed_item *like, size_t *index,
                   struct sb_error *err);
struct sb_packed_item *sb_packed_item(struct sb_packed *packed, size_t index);
/* True where what is fresh has to be packed: not on ranks that another one does it for. */
bool sb_packed_is_filled_here(const struct sb_packed *packed);
/* Allocates what is fresh. */
int sb_packed_allocate(struct sb_packed *packed, struct sb_error *err);
/* What was fresh is packed. */
void sb_packed_done(struct sb_packed *packed);
/* Drops what is fresh, after a failure; harmless when nothing is. */
void sb_packed_drop_fresh(struct sb_packed *packed);
/* A number for a plan that is being made. */
unsigned sb_packed_next_user(struct sb_packed *packed);

#endif
